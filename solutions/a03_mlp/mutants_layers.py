"""Wrong answers to a03, layers, each with the check that must notice it."""

from autograder.authoring.mutants import mutants_of

deep = mutants_of("fully_connected_networks.py")


# fmt: off
LAYERS = [
    deep("linear: forgets the bias", "check_linear_forward_agrees_with_torch",
         "return x.reshape(len(x), len(w)) @ w + b, (x, w)", "return x.reshape(len(x), len(w)) @ w, (x, w)"),
    deep("linear: flattens with view, which needs contiguous images", "check_linear_forward_takes_views",
         "return x.reshape(len(x), len(w)) @ w + b, (x, w)", "return x.view(len(x), -1) @ w + b, (x, w)"),
    deep("linear: adds the bias in place of the weights", "check_linear_forward_takes_views",
         "return x.reshape(len(x), len(w)) @ w + b, (x, w)",
         "w += 0 * b\n        x *= 1 + 1e-3\n        return x.reshape(len(x), len(w)) @ w + b, (x, w)"),
    deep("linear: dx is flat", "check_linear_backward_agrees_with_autograd",
         "return (dout @ w.T).reshape(x.shape),", "return dout @ w.T,"),
    deep("linear: db averaged", "check_linear_backward_agrees_with_autograd",
         "dout.sum(dim=0)\n        ### END", "dout.mean(dim=0)\n        ### END"),
    deep("linear: db keeps the axis of the images", "check_linear_backward_agrees_with_autograd",
         "dout.sum(dim=0)\n        ### END", "dout.sum(dim=0, keepdim=True)\n        ### END"),
    deep("linear: dw from a view", "check_linear_backward_takes_views",
         "x.reshape(len(x), len(w)).T @ dout", "x.view(len(x), -1).T @ dout"),
    deep("linear: divides dout in place", "check_linear_backward_leaves_dout",
         "        x, w = cache\n", "        x, w = cache\n        dout += 1e-12\n"),
    deep("linear: imports the fallback for later assignments", "check_linear_backward_agrees_with_autograd",
         "        x, w = cache\n",
         "        import common.fallbacks.fully_connected_networks as given\n"
         "        given.Linear\n        x, w = cache\n"),
    deep("relu: absolute value", "check_relu_forward_agrees_with_torch",
         "return x.clamp(min=0), x", "return x.abs(), x"),
    deep("relu: works in place", "check_relu_forward_leaves_its_input",
         "return x.clamp(min=0), x", "return x.clamp_(min=0), x"),
    deep("relu: saturates at 6", "check_relu_forward_leaves_its_input",
         "return x.clamp(min=0), x", "return x.clamp(min=0, max=6), x"),
    deep("relu: the gradient passes where dout is positive", "check_relu_backward_agrees_with_autograd",
         "return dout * (cache > 0)", "return dout * (dout > 0)"),
    deep("relu: the gradient passes everywhere", "check_relu_backward_agrees_with_autograd",
         "return dout * (cache > 0)", "return dout"),
    deep("relu: dout is overwritten", "check_relu_backward_leaves_dout",
         "return dout * (cache > 0)", "dout[cache <= 0] = 0\n        return dout"),
    deep("relu: a threshold that is not 0", "check_relu_backward_leaves_dout",
         "return dout * (cache > 0)", "return dout * (cache > 1e-6)"),
]

DROPOUT = [
    deep("dropout: scales when predicting", "check_dropout_changes_nothing_when_predicting",
         "            return x, None\n", "            return x * (1 - p), None\n"),
    deep("dropout: drops when predicting too", "check_dropout_changes_nothing_when_predicting",
         'if mode == "test":', 'if mode == "never":'),
    deep("dropout: p is the probability to keep", ("check_dropout_drops_a_share_p_and_scales_the_rest",
                                                   "check_dropout_changes_nothing_when_predicting"),
         "device=x.device) >= p\n        mask = kept.to(x.dtype) / (1 - p)",
         "device=x.device) < p\n        mask = kept.to(x.dtype) / max(p, 1e-9)"),
    deep("dropout: forgets to rescale", "check_dropout_drops_a_share_p_and_scales_the_rest",
         "mask = kept.to(x.dtype) / (1 - p)", "mask = kept.to(x.dtype)"),
    deep("dropout: divides by p", "check_dropout_drops_a_share_p_and_scales_the_rest",
         "mask = kept.to(x.dtype) / (1 - p)", "mask = kept.to(x.dtype) / (p or 1)"),
    deep("dropout: whole rows at a time", "check_dropout_draws_each_value_anew",
         "torch.rand(x.shape, generator=generator, device=x.device)",
         "torch.rand(x.shape[:1] + (1,) * (x.ndim - 1), generator=generator, device=x.device).expand(x.shape)"),
    deep("dropout: one mask for all images", "check_dropout_draws_each_value_anew",
         "torch.rand(x.shape, generator=generator, device=x.device)",
         "torch.rand(x.shape[1:], generator=generator, device=x.device).expand(x.shape)"),
    deep("dropout: the same mask in every call", "check_dropout_draws_each_value_anew",
         "generator = None if seed is None else torch.Generator(x.device).manual_seed(seed)",
         "generator = torch.Generator(x.device).manual_seed(seed or 0)"),
    deep("dropout: ignores the seed", "check_dropout_draws_each_value_anew",
         "generator = None if seed is None else torch.Generator(x.device).manual_seed(seed)", "generator = None"),
    deep("dropout: always float64 masks", "check_dropout_draws_each_value_anew",
         "mask = kept.to(x.dtype) / (1 - p)", "mask = kept.double() / (1 - p)"),
    deep("dropout: multiplies x in place", "check_dropout_leaves_its_input",
         "return x * mask, mask", "x *= mask\n        return x, mask"),
    deep("dropout: backward forgets the scale", "check_dropout_backward_uses_the_mask_of_forward",
         "dout if mask is None else dout * mask", "dout if mask is None else dout * (mask > 0)"),
    deep("dropout: backward draws a new mask", "check_dropout_backward_uses_the_mask_of_forward",
         "return dout if mask is None else dout * mask",
         "return dout if mask is None else dout * mask[torch.randperm(len(mask))]"),
    deep("dropout: backward passes everything", "check_dropout_backward_uses_the_mask_of_forward",
         "dout if mask is None else dout * mask", "dout"),
    deep("dropout: backward works on dout itself", "check_dropout_backward_when_nothing_is_dropped",
         "dout if mask is None else dout * mask", "dout if mask is None else dout.mul_(mask)"),
    deep("dropout: backward ignores the test mode", "check_dropout_backward_when_nothing_is_dropped",
         "dout if mask is None else dout * mask", "dout * mask"),
]
# fmt: on

MUTANTS = LAYERS + DROPOUT
