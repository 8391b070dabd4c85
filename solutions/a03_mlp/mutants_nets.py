"""Wrong answers to a03, nets and their training, each with the check that must notice it."""

from autograder.authoring.mutants import mutants_of

deep = mutants_of("fully_connected_networks.py")


# fmt: off
TWO_LAYERS = [
    deep("two layers: biases at random", "check_two_layer_net_has_its_parameters",
         'self.params["b1"] = torch.zeros(hidden_dim, **options)',
         'self.params["b1"] = torch.randn(hidden_dim, **options)'),
    deep("two layers: weights transposed, as torch's are", "check_two_layer_net_has_its_parameters",
         'weight_scale * torch.randn(hidden_dim, num_classes, **options)',
         'weight_scale * torch.randn(num_classes, hidden_dim, **options)'),
    deep("two layers: uniform weights", "check_two_layer_net_starts_normal",
         'weight_scale * torch.randn(input_dim, hidden_dim, **options)',
         'weight_scale * (2 * torch.rand(input_dim, hidden_dim, **options) - 1) * 3**0.5'),
    deep("two layers: weight_scale taken for the variance", "check_two_layer_net_starts_normal",
         'weight_scale * torch.randn(input_dim, hidden_dim, **options)',
         'weight_scale**0.5 * torch.randn(input_dim, hidden_dim, **options)'),
    deep("two layers: the penalty is missing", "check_two_layer_net_agrees_with_torch",
         "        loss = loss + self.reg * (W1.square().sum() + W2.square().sum())\n", ""),
    deep("two layers: the penalty's gradient lacks its 2", "check_two_layer_net_agrees_with_torch",
         '"W1": dW1 + 2 * self.reg * W1', '"W1": dW1 + self.reg * W1'),
    deep("two layers: ReLU on the scores", "check_two_layer_net_agrees_with_torch",
         'Linear.forward(hidden, W2, self.params["b2"])\n',
         'Linear.forward(hidden, W2, self.params["b2"])\n        scores = scores.clamp(min=0)\n'),
    deep("two layers: the penalty is counted per image", "check_two_layer_net_on_other_inputs",
         "self.reg * (W1.square().sum() + W2.square().sum())",
         "self.reg * (W1.square().sum() + W2.square().sum()) / len(X)"),
    deep("two layers: a new softmax loss that overflows", "check_two_layer_net_on_other_inputs",
         "        loss, dscores = softmax_loss(scores, y)\n        loss = loss + self.reg * (W1",
         "        loss, dscores = softmax_loss(scores, y)\n"
         "        loss = -(scores.exp() / scores.exp().sum(1, keepdim=True))[torch.arange(len(y)), y].log().mean()\n"
         "        loss = loss + self.reg * (W1"),
    deep("two layers: weights decay inside the loss", "check_two_layer_net_leaves_its_parameters",
         '        W1, W2 = self.params["W1"], self.params["W2"]\n',
         '        W1, W2 = self.params["W1"], self.params["W2"]\n        W1 *= 0.99\n'),
]

SOLVER = [
    deep("solver: always images of 3 x 32 x 32", "check_solver_has_a_net_that_fits_the_data",
         'data_dict["X_train"][0].numel()', "3 * 32 * 32"),
    deep("solver: hidden units and classes swapped", "check_solver_has_a_net_that_fits_the_data",
         "TwoLayerNet(input_dim, 128, num_classes, weight_scale",
         "TwoLayerNet(input_dim, num_classes, 2, weight_scale"),
    deep("solver: always float32 on the CPU", "check_solver_has_a_net_that_fits_the_data",
         "reg=3e-3, dtype=dtype, device=device)", "reg=3e-3)"),
    deep("solver: always on the CPU", "check_solver_has_a_net_that_fits_the_data",
         "reg=3e-3, dtype=dtype, device=device)", "reg=3e-3, dtype=dtype)"),
    deep("solver: a learning rate that was never tuned", "check_solver_learns_scenes",
         'optim_config={"learning_rate": 0.1},', 'optim_config={"learning_rate": 1e-3},', calibrates=True),
    deep("solver: weights that start at 1", "check_solver_learns_scenes",
         "weight_scale = (2 / input_dim) ** 0.5", "weight_scale = 1.0", calibrates=True),
]

DEEP = [
    deep("deep: one layer too few", "check_fully_connected_net_has_its_parameters",
         "for layer in range(1, self.num_layers + 1):", "for layer in range(1, self.num_layers):"),
    deep("deep: parameters numbered from 0", "check_fully_connected_net_has_its_parameters",
         'self.params[f"W{layer}"] = weight_scale', 'self.params[f"W{layer - 1}"] = weight_scale'),
    deep("deep: always float32", "check_fully_connected_net_has_its_parameters",
         "torch.randn(shape, dtype=dtype, device=device)", "torch.randn(shape, device=device)"),
    deep("deep: weight_scale forgotten in the hidden layers", "check_fully_connected_net_starts_normal",
         'self.params[f"W{layer}"] = weight_scale * torch.randn',
         'self.params[f"W{layer}"] = (weight_scale if layer in (1, self.num_layers) else 1.0) * torch.randn'),
    deep("deep: every layer from the same seed", "check_fully_connected_net_starts_normal",
         "            shape = (sizes[layer - 1], sizes[layer])\n",
         "            shape = (sizes[layer - 1], sizes[layer])\n            torch.manual_seed(seed or 0)\n"),
    deep("deep: no ReLU in the hidden layers", "check_deep_scores_agree_with_torch",
         "out, cache = Linear_ReLU.forward(out,", "out, cache = Linear.forward(out,"),
    deep("deep: the first layer is skipped", "check_deep_scores_agree_with_torch",
         "for layer in range(1, self.num_layers):\n            out, cache",
         "for layer in range(min(2, self.num_layers - 1), self.num_layers):\n            out, cache"),
    deep("deep: gradients of the layers in the wrong order", "check_deep_gradients_agree_with_autograd",
         "cache, mask = caches.pop()", "cache, mask = caches.pop(0)"),
    deep("deep: only the last layer is penalised", "check_deep_gradients_agree_with_autograd",
         "        for layer in range(1, last + 1):\n", "        for layer in range(last, last + 1):\n"),
    deep("deep: the penalty's gradient lacks its 2", "check_deep_gradients_agree_with_autograd",
         'grads[f"W{layer}"] + 2 * self.reg * W', 'grads[f"W{layer}"] + self.reg * W'),
    deep("deep: dtype of the images instead of the net's", "check_deep_net_on_other_inputs",
         "out, caches = X.to(self.dtype), []", "out, caches = X, []"),
    deep("deep: images scaled in place", "check_deep_net_on_other_inputs",
         "out, caches = X.to(self.dtype), []", "out, caches = X.mul_(1.001).to(self.dtype), []"),
    deep("deep: dropout when predicting too", "check_dropout_works_in_training_only",
         '"test" if y is None else "train"', '"train"'),
    deep("deep: dropout after the first hidden layer only", "check_dropout_works_in_training_only",
         "            out, mask = Dropout.forward(out, param)\n",
         '            param = param if layer == 1 else {"p": 0.0, "mode": "train"}\n'
         "            out, mask = Dropout.forward(out, param)\n"),
    deep("deep: 0 is no seed", "check_dropout_works_in_training_only",
         '"p": dropout, "seed": seed}', '"p": dropout, "seed": seed or None}'),
    deep("deep: the last layer is not penalised", "check_deep_gradients_agree_with_autograd",
         "        for layer in range(1, last + 1):\n", "        for layer in range(1, last):\n"),
    deep("deep: the gradient passes every ReLU", "check_deep_gradients_agree_with_autograd",
         "Linear_ReLU.backward(dout, cache)\n        for", "Linear.backward(dout, cache)\n        for",
         also=(("out, cache = Linear_ReLU.forward(out,", "before, cache = Linear.forward(out,"),
               ("            # Each layer has a mask",
                "            out = before.clamp(min=0)\n            # Each layer has a mask"))),
    deep("deep: backward ignores dropout", "check_dropout_gradients_follow_the_masks",
         "            dout = Dropout.backward(dout, mask)\n", ""),
    deep("deep: dropout is never switched on", "check_dropout_narrows_the_gap_on_scenes",
         '"test" if y is None else "train"', '"test"', calibrates=True),
    deep("three layers: weights that start too small",
         ("check_three_layers_overfit", "check_three_layers_overfit_other_images"),
         "return 0.07, 0.1\n", "return 0.01, 0.01\n"),
    deep("five layers: the settings of the published net, for other images",
         ("check_five_layers_overfit", "check_five_layers_overfit_other_images"),
         "return 0.1, 0.1\n", "return 0.05, 0.05\n"),
]
# fmt: on

MUTANTS = TWO_LAYERS + SOLVER + DEEP
