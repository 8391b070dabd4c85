"""Wrong answers to a04, networks by hand, each with the check that must notice it."""

from autograder.authoring.mutants import mutants_of

mutant = mutants_of("convolutional_networks.py")


# fmt: off
SMALL_LOSS = "loss = loss + self.reg * p[name].square().sum()"
SMALL_GRAD = "grads[name] = grads[name] + 2 * self.reg * p[name]"
KAIMING = "return ((2 if relu else 1) / fan_in) ** 0.5 * torch.randn(*shape, device=device, dtype=dtype)"
SMALL_NET = [
    mutant("small net: half of the regularisation term", "check_three_layer_net_agrees_with_autograd",
           SMALL_LOSS, SMALL_LOSS.replace("self.reg", "0.5 * self.reg")),
    mutant("small net: the regularisation's gradient lacks its 2",
           ("check_three_layer_net_agrees_with_autograd", "check_three_layer_net_on_other_sizes"),
           SMALL_GRAD, SMALL_GRAD.replace("2 * ", "")),
    mutant("small net: seeds the global generator", "check_three_layer_net_on_other_sizes",
           '        self.conv_param = {"stride": 1, "pad": (filter_size - 1) // 2}\n',
           '        torch.manual_seed(0)\n        self.conv_param = {"stride": 1, "pad": (filter_size - 1) // 2}\n'),
    mutant("small net: scales its weights in place for the gradient", "check_three_layer_net_agrees_with_autograd",
           SMALL_GRAD, SMALL_GRAD.replace("2 * self.reg * p[name]", "p[name].mul_(2 * self.reg)")),
    mutant("small net: a ReLU on the scores", "check_three_layer_net_agrees_with_autograd",
           "scores, linear_cache = Linear.forward(hidden", "scores, linear_cache = Linear_ReLU.forward(hidden"),
    mutant("small net: always flattens 32 x 32 images",
           ("check_three_layer_net_agrees_with_autograd", "check_three_layer_net_on_other_sizes"),
           "        p = self.params\n        hidden, conv_cache",
           "        p, X = self.params, X.reshape(-1, 3, 32, 32)\n        hidden, conv_cache"),
    mutant("kaiming: the variance instead of the standard deviation", "check_kaiming_has_the_right_deviation",
           KAIMING, KAIMING.replace(" ** 0.5", "")),
    mutant("kaiming: no gain for ReLU", "check_kaiming_has_the_right_deviation",
           KAIMING, KAIMING.replace("(2 if relu else 1)", "1")),
    mutant("kaiming: fan in without the window", "check_kaiming_has_the_right_deviation",
           "(Din * K * K, (Dout", "(Din, (Dout"),
    mutant("kaiming: filters with inputs first", "check_kaiming_has_the_right_deviation",
           "(Dout, Din, K, K))", "(Din, Dout, K, K))"),
    mutant("kaiming: uniform numbers of the right standard deviation", "check_kaiming_has_the_right_deviation",
           KAIMING, KAIMING.replace("torch.randn(", "3**0.5 * (2 * torch.rand(").replace("dtype)", "dtype) - 1)")),
    mutant("kaiming: calls torch.nn.init", ("check_kaiming_has_the_right_deviation",
                                            "check_kaiming_draws_centred_float32_numbers"),
           KAIMING, """\
weight = torch.empty(*shape, device=device, dtype=dtype)
    return torch.nn.init.normal_(weight, std=((2 if relu else 1) / fan_in) ** 0.5)"""),
    mutant("kaiming: uniform numbers that are all positive", "check_kaiming_draws_centred_float32_numbers",
           KAIMING, KAIMING.replace("torch.randn", "3.46 * torch.rand")),
    mutant("kaiming: seeds the generator", "check_kaiming_draws_centred_float32_numbers",
           "    " + KAIMING, "    torch.manual_seed(0)\n    " + KAIMING),
]

DEEP_REG = 'grads[f"W{layer}"] = grads[f"W{layer}"] + 2 * self.reg * weight'
SOLVER = """\
    model = DeepConvNet(
        input_dims=tuple(images.shape[1:]),
        num_filters=[8, 32, 64],
        max_pools=[0, 1, 2],
        batchnorm=True,
        num_classes=int(data_dict["y_train"].max()) + 1,
        weight_scale="kaiming",
        reg=1e-4,
        dtype=dtype,
        device=device,
    )
    return Solver(
        model,
        data_dict,
        update_rule=adam,
        optim_config={"learning_rate": 5e-3},
"""
MLP = """\
    class FullyConnected:
        def __init__(self, inputs, hidden, classes):
            self.params = {
                "W1": kaiming_initializer(inputs, hidden, device=device, dtype=dtype),
                "b1": torch.zeros(hidden, device=device, dtype=dtype),
                "W2": kaiming_initializer(hidden, classes, relu=False, device=device, dtype=dtype),
                "b2": torch.zeros(classes, device=device, dtype=dtype),
            }

        def loss(self, X, y=None):
            p = self.params
            hidden, first = Linear_ReLU.forward(X, p["W1"], p["b1"])
            scores, second = Linear.forward(hidden, p["W2"], p["b2"])
            if y is None:
                return scores
            loss, dout = softmax_loss(scores, y)
            dout, dW2, db2 = Linear.backward(dout, second)
            _, dW1, db1 = Linear_ReLU.backward(dout, first)
            return loss, {"W1": dW1, "b1": db1, "W2": dW2, "b2": db2}

    model = FullyConnected(images[0].numel(), 200, 10)
    return Solver(
        model,
        data_dict,
        update_rule=adam,
        optim_config={"learning_rate": 1e-3},
"""
DEEP_SIZES = """\
        channels, height, width = input_dims
        like = {"dtype": dtype, "device": device}
"""
DEEP = [
    mutant("solver: the network ignores the device", "check_solver_trains_a_deep_net_within_the_budget",
           "dtype=dtype,\n        device=device,\n    )\n    return Solver(",
           "dtype=dtype,\n    )\n    return Solver("),
    mutant("deep net: rounds halved sizes up", "check_deep_net_has_its_parameters",
           "height, width = height // 2, width // 2", "height, width = (height + 1) // 2, (width + 1) // 2"),
    mutant("deep net: gamma begins at zero", "check_deep_net_has_its_parameters",
           '["gamma{layer}"] = torch.ones(filters'.replace('["', '[f"'), '[f"gamma{layer}"] = torch.zeros(filters'),
    mutant("deep net: its parameters are always float32", "check_deep_net_has_its_parameters",
           DEEP_SIZES, DEEP_SIZES.replace('"dtype": dtype', '"dtype": torch.float32')),
    mutant("deep net: ignores an initializer other than Kaiming's", "check_deep_net_has_its_parameters", DEEP_SIZES,
           '        weight_initializer = kaiming_initializer if weight_scale == "kaiming" else None\n' + DEEP_SIZES),
    mutant("deep net: takes an initializer for the convolutions only", "check_deep_net_has_its_parameters",
           "weight = weight_initializer(features, num_classes, relu=False, **like)",
           "weight = kaiming_initializer(features, num_classes, relu=False, **like)"),
    mutant("deep net: begins with uniform numbers", "check_deep_net_has_its_parameters",
           "weight_scale * torch.randn(filters, channels, 3, 3, **like)",
           "weight_scale * 3**0.5 * (2 * torch.rand(filters, channels, 3, 3, **like) - 1)"),
    mutant("deep net: scales its weights in place for the gradient", "check_deep_net_agrees_with_autograd",
           DEEP_REG, DEEP_REG.replace("2 * self.reg * weight", "weight.mul_(2 * self.reg)")),
    mutant("deep net: counts the pooled layers from one",
           ("check_deep_net_has_its_parameters", "check_deep_net_agrees_with_autograd"),
           "if layer - 1 in self.max_pools:", "if layer in self.max_pools:", count=2),
    mutant("deep net: the last layer is not regularised", "check_deep_net_agrees_with_autograd",
           "for layer in range(1, last + 1):\n            weight", "for layer in range(1, last):\n            weight"),
    mutant("deep net: skips the gradient of a layer", "check_deep_net_agrees_with_autograd",
           'dout, grads[f"W{layer}"], grads[f"b{layer}"], *normal',
           '_, grads[f"W{layer}"], grads[f"b{layer}"], *normal'),
    mutant("deep net: regularises gamma too", "check_deep_net_with_batch_norm_agrees_with_autograd",
           DEEP_REG, DEEP_REG + '''
            if self.batchnorm and layer < last:
                gamma = p[f"gamma{layer}"]
                loss = loss + self.reg * gamma.square().sum()
                grads[f"gamma{layer}"] = grads[f"gamma{layer}"] + 2 * self.reg * gamma'''),
    mutant("deep net: one set of running statistics for all layers",
           ("check_deep_net_with_batch_norm_agrees_with_autograd", "check_deep_net_predicts_by_running_statistics"),
           "self.bn_params[layer - 1]", "self.bn_params[0]"),
    mutant("deep net: never leaves train mode", "check_deep_net_predicts_by_running_statistics",
           '"test" if y is None else "train"', '"train"'),
    mutant("deep net: the scores' weights get the gain of a ReLU", "check_deep_net_predicts_by_running_statistics",
           "num_classes, relu=False, **like)", "num_classes, relu=True, **like)"),
    mutant("overfitting: the weight scale of the small network, far too small for four layers",
           ("check_overfit_parameters_learn_fifty_images", "check_overfit_parameters_learn_half_of_fifty_images"),
           "return 0.1, 4e-3", "return 1e-3, 1e-3"),
    mutant("solver: the network is always float32", "check_solver_trains_a_deep_net_within_the_budget",
           SOLVER, SOLVER.replace("dtype=dtype", "dtype=torch.float32")),
    mutant("solver: the network is always for 3 x 32 x 32 images", "check_solver_trains_a_deep_net_within_the_budget",
           SOLVER, SOLVER.replace("tuple(images.shape[1:])", "(3, 32, 32)")),
    mutant("solver: the network always has ten classes", "check_solver_trains_a_deep_net_within_the_budget",
           SOLVER, SOLVER.replace('int(data_dict["y_train"].max()) + 1', "10")),
    mutant("solver: trains longer than the budget",
           ("check_solver_trains_a_deep_net_within_the_budget", "check_deep_net_recognises_scenes"),
           "num_epochs=20_000 // len(images)", "num_epochs=40"),
    mutant("solver: trains a fully connected network",
           ("check_solver_trains_a_deep_net_within_the_budget", "check_deep_net_recognises_scenes"),
           SOLVER, MLP, calibrates=True),
]
# fmt: on

MUTANTS = SMALL_NET + DEEP
