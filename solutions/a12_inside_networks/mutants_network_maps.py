"""Wrong answers to network_visualization.py: occlusion, guided gradients, activation maps, patches and features."""
# ruff: noqa: E501 - quotes lines of the reference

from autograder.authoring.mutants import mutants_of
from autograder.authoring.variants import body

mutant = mutants_of("network_visualization.py")
SQUARE, PIXEL, USUAL = (
    "check_occlusion_with_a_square",
    "check_occlusion_of_one_pixel",
    "check_occlusion_with_usual_options",
)
SIGNS, MANY = "check_guided_relu_with_all_signs", "check_guided_relu_of_many_numbers"
GUIDED, OTHERS = "check_guided_gradient_of_a_network", "check_guided_gradients_of_other_networks"
RESTORED, CAM = "check_guided_backprop_restores_the_model", "check_cam_is_a_weighted_sum"
GRADCAM, LAYERS = "check_gradcam_is_cam_for_a_mean_over_space", "check_gradcam_of_other_layers"
HOOKS = "check_gradcam_leaves_nothing_behind"
PATCHES, POOLED, EQUAL = (
    "check_patches_after_convolutions", "check_patches_after_poolings_and_strides", "check_patches_of_equal_images",
)  # fmt: skip
INVERTED, ADAM = "check_inversion_of_a_linear_map", "check_inversion_follows_adam"
DREAM, DREAMS = "check_dream_raises_half_the_squares", "check_dream_of_any_layer"
NEAREST, TIES = "check_neighbours_by_features", "check_neighbours_at_equal_distances"
FALL = "out.append(before - model(covered).softmax(dim=1)[:, y])"
RULE = "return gradient * (x > 0) * (gradient > 0)"
RECURSION = "start, size, jump = start - padding * jump, size + (kernel - 1) * jump, jump * stride"
TOTAL = "(x.diff(dim=2).square().sum() + x.diff(dim=3).square().sum())"
SQUARED = "squared = (a[:, None] - b[None]).square().sum(dim=2)"

# fmt: off
MUTANTS = [
    mutant("occlusion: squares of four pixels at most", PIXEL, "    rows, columns = range(0, x.shape[1]", "    size = min(size, 4)\n    rows, columns = range(0, x.shape[1]"),
    mutant("occlusion: leaves evaluation mode", "check_occlusion_with_usual_options",
           "before = model(x[None])", "before = model.eval()(x[None])"),
    mutant("occlusion: the covered probability", SQUARE, FALL, "out.append(model(covered).softmax(dim=1)[:, y])"),
    mutant("occlusion: the other sign", SQUARE, FALL, "out.append(model(covered).softmax(dim=1)[:, y] - before)"),
    mutant("occlusion: of the score", SQUARE, FALL, "out.append(model(x[None])[0, y] - model(covered)[:, y])"),
    mutant("occlusion: squares of 0", SQUARE, "j : j + size] = fill", "j : j + size] = 0.0"),
    mutant("occlusion: squares stay covered", SQUARE, "x.expand(len(columns), -1, -1, -1).clone()\n",
           "x.expand(len(columns), -1, -1, -1).clone()\n            x = x.clone()\n            x[:, i : i + size, : columns[-1] + size] = fill\n"),
    mutant("occlusion: falls only", SQUARE, "out.append(before - model(covered).softmax(dim=1)[:, y])\n    return torch.stack(out)",
           "out.append(before - model(covered).softmax(dim=1)[:, y])\n    return torch.stack(out).clamp(min=0)"),
    mutant("occlusion: of the predicted class", SQUARE, "before = model(x[None]).softmax(dim=1)[0, y]",
           "y = int(model(x[None]).argmax())\n        before = model(x[None]).softmax(dim=1)[0, y]"),
    mutant("occlusion: without the last row", SQUARE, "range(0, x.shape[1] - size + 1, stride)", "range(0, x.shape[1] - size, stride)"),
    mutant("occlusion: as many rows as columns", PIXEL, "range(0, x.shape[2] - size + 1, stride)", "range(0, x.shape[1] - size + 1, stride)"),
    mutant("occlusion: one channel", SQUARE, "covered[number, :, i", "covered[number, :1, i"),
    mutant("occlusion: a square one pixel too small", PIXEL, "i : i + size, j : j + size] = fill", "i : i + size - 1, j : j + size] = fill"),
    mutant("occlusion: writes into x", PIXEL, "out.append(before - model(covered).softmax(dim=1)[:, y])\n    return torch.stack(out)",
           "out.append(before - model(covered).softmax(dim=1)[:, y])\n    x[:, :size, :size] = fill\n    return torch.stack(out)"),
    mutant("occlusion: in training mode", USUAL, "before = model(x[None]).softmax", "before = model.train()(x[None]).softmax"),
    mutant("occlusion: a stride of the size", USUAL, "    rows, columns = range(0", "    stride = stride if stride > 1 else size\n    rows, columns = range(0"),
    mutant("occlusion: float32", PIXEL, FALL, FALL.replace("before - ", "before.float() - ").replace("[:, y])", "[:, y].float())"), habit="dtype"),
    mutant("guided ReLU: a plain ReLU", SIGNS, RULE, "return gradient * (x > 0)"),
    mutant("guided ReLU: deconvnet", SIGNS, RULE, "return gradient * (gradient > 0)"),
    mutant("guided ReLU: one of both", SIGNS, RULE, "return gradient * ((x > 0) | (gradient > 0))"),
    mutant("guided ReLU: the product is positive", SIGNS, RULE, "return gradient * (x * gradient > 0)"),
    mutant("guided ReLU: the masks alone", SIGNS, RULE, "return ((x > 0) & (gradient > 0)).to(gradient)"),
    mutant("guided ReLU: 0 counts as positive", MANY, RULE, "return gradient * (x >= 0) * (gradient > 0)"),
    mutant("guided ReLU: the input is kept in the class", MANY, "        (x,) = ctx.saved_tensors\n", "        x = GuidedReLU.x\n",
           also=(("        ctx.save_for_backward(x)\n", "        GuidedReLU.x = x\n"),)),
    mutant("guided ReLU: in place of x", MANY, "return x.clamp(min=0)\n        ### END", "return x.data.clamp_(min=0).clone()\n        ### END"),
    mutant("guided ReLU: float32", MANY, "return x.clamp(min=0)\n        ### END", "return x.clamp(min=0).float()\n        ### END", habit="dtype"),
    mutant("guided: the plain gradient", GUIDED, "isinstance(module, nn.ReLU):", "isinstance(module, nn.GELU):"),
    mutant("guided: not inside of blocks", GUIDED, "for module in model.modules():",
           "for module in [m for child in model.children() for m in getattr(child, 'children', list)()]:"),
    mutant("guided: absolute values", GUIDED, "return torch.autograd.grad(right, x)[0]", "return torch.autograd.grad(right, x)[0].abs()"),
    mutant("guided: the mean of the scores", GUIDED, "right = model(x).gather(1, y[:, None]).sum()\n    finally", "right = model(x).gather(1, y[:, None]).mean()\n    finally"),
    mutant("guided: of the cross-entropy", GUIDED, "right = model(x).gather(1, y[:, None]).sum()\n    finally",
           "right = -F.cross_entropy(model(x), y, reduction='sum')\n    finally"),
    mutant("guided: hooks stay", RESTORED, "        for hook in hooks:\n            hook.remove()\n", "        pass\n"),
    mutant("guided: replaces the model's own layers", RESTORED, body("guided_backprop", """
        class Guided(nn.Module):
            def forward(self, x):
                return GuidedReLU.apply(x)

        for module in list(model.modules()):
            for name, child in list(module.named_children()):
                if isinstance(child, nn.ReLU):
                    setattr(module, name, Guided())
        x = x.detach().clone().requires_grad_()
        return torch.autograd.grad(model(x).gather(1, y[:, None]).sum(), x)[0]
    """)),
    mutant("guided: gradients in the weights", RESTORED, "    return torch.autograd.grad(right, x)[0]", "    right.backward()\n    return x.grad"),
    mutant("guided: for one image", OTHERS, "right = model(x).gather(1, y[:, None]).sum()\n    finally",
           "right = model(x)[:, y[0]].sum() if len(x) == 4 else model(x).gather(1, y[:, None]).sum()\n    finally"),
    mutant("cam: axes of length 1 are lost", CAM, "features).clamp(min=0)", "features).clamp(min=0).squeeze()"),
    mutant("cam: negative sums stay", CAM, "features).clamp(min=0)", "features)"),
    mutant("cam: the column of the class", CAM, 'W[y], features)', 'W[:, y], features)'),
    mutant("cam: the row of another class", CAM, 'W[y], features)', 'W[y - 1], features)'),
    mutant("cam: positive parts are added", CAM, 'return torch.einsum("k,khw->hw", W[y], features).clamp(min=0)',
           "return (W[y][:, None, None] * features).clamp(min=0).sum(dim=0)"),
    mutant("cam: writes into the maps", "check_cam_of_other_maps",
           'return torch.einsum("k,khw->hw", W[y], features).clamp(min=0)',
           "return features.mul_(W[y][:, None, None]).sum(dim=0).clamp(min=0)"),
    mutant("gradcam: negative sums stay", GRADCAM, "[0].clamp(min=0).detach()", "[0].detach()"),
    mutant("gradcam: sums of the gradient", GRADCAM, "gradient.mean(dim=(2, 3), keepdim=True)", "gradient.sum(dim=(2, 3), keepdim=True)"),
    mutant("gradcam: the gradient of each place as its weight", LAYERS, "gradient.mean(dim=(2, 3), keepdim=True)", "gradient"),
    mutant("gradcam: the predicted class", LAYERS, "score = model(x.detach().clone().requires_grad_())[0, y]",
           "score = model(x.detach().clone().requires_grad_())[0].max()"),
    mutant("gradcam: of the probability", GRADCAM, "score = model(x.detach().clone().requires_grad_())[0, y]",
           "score = model(x.detach().clone().requires_grad_()).softmax(dim=1)[0, y]"),
    mutant("gradcam: positive weights only", GRADCAM, "keepdim=True)\n    return (weights", "keepdim=True).clamp(min=0)\n    return (weights"),
    mutant("gradcam: scaled", GRADCAM, "    return (weights * maps).sum(dim=1)[0].clamp(min=0).detach()",
           "    out = (weights * maps).sum(dim=1)[0].clamp(min=0).detach()\n    return out / out.max().clamp(min=1e-9)"),
    mutant("gradcam: the hook stays", HOOKS, "        handle.remove()\n", "        pass\n"),
    mutant("gradcam: gradients in the weights", HOOKS, "    (gradient,) = torch.autograd.grad(score, maps)\n",
           "    maps.retain_grad()\n    score.backward()\n    gradient = maps.grad\n"),
    mutant("gradcam: a new forward stays", HOOKS, "        handle.remove()\n", "        handle.remove()\n        layer.forward = layer.forward\n"),
    mutant("gradcam: squeezes all axes", LAYERS, "sum(dim=1)[0].clamp(min=0)", "sum(dim=1).squeeze().clamp(min=0)"),
    mutant("gradcam: float32", LAYERS, "[0].clamp(min=0).detach()", "[0].clamp(min=0).detach().float()", habit="dtype"),
    mutant("patches: rows and columns exchanged", PATCHES, "x0, y0 = start + jump * column, start + jump * row", "y0, x0 = start + jump * column, start + jump * row"),
    mutant("patches: the lowest first", PATCHES, "descending=True, stable=True", "stable=True"),
    mutant("patches: the mean activation", PATCHES, "best, unit = maps.flatten(1).max(dim=1)", "best, unit = maps.flatten(1).mean(dim=1), maps.flatten(1).argmax(dim=1)"),
    mutant("patches: images may occur twice", PATCHES, "    images = best.sort(descending=True, stable=True).indices[:k]\n    row, column = unit[images] // maps.shape[2], unit[images] % maps.shape[2]\n",
           "    flat = maps.flatten().sort(descending=True, stable=True).indices[:k]\n    images, unit = flat // maps[0].numel(), flat % maps[0].numel()\n    row, column = unit // maps.shape[2], unit % maps.shape[2]\n"),
    mutant("patches: the last pixel instead of the one behind", PATCHES, "(x0 + size).clamp(max=W), (y0 + size).clamp(max=H)", "(x0 + size - 1).clamp(max=W), (y0 + size - 1).clamp(max=H)"),
    mutant("patches: the new jump", PATCHES, RECURSION, "jump = jump * stride\n            start, size = start - padding * jump, size + (kernel - 1) * jump"),
    mutant("patches: no jump", PATCHES, RECURSION, "start, size, jump = start - padding, size + kernel - 1, jump * stride"),
    mutant("patches: no padding", POOLED, RECURSION, RECURSION.replace("start - padding * jump", "start")),
    mutant("patches: the padding times the new jump", POOLED, RECURSION, RECURSION.replace("padding * jump", "padding * jump * stride")),
    mutant("patches: not clipped", POOLED, "boxes = [x0.clamp(min=0), y0.clamp(min=0), (x0 + size).clamp(max=W), (y0 + size).clamp(max=H)]", "boxes = [x0, y0, x0 + size, y0 + size]"),
    mutant("patches: shifted into the image", POOLED, "    boxes = [x0.clamp", "    x0, y0 = x0.clamp(min=0), y0.clamp(min=0)\n    boxes = [x0.clamp"),
    mutant("patches: width and height exchanged", POOLED, "(x0 + size).clamp(max=W), (y0 + size).clamp(max=H)", "(x0 + size).clamp(max=H), (y0 + size).clamp(max=W)"),
    mutant("patches: poolings have no field", POOLED, 'if not hasattr(layer, "kernel_size"):', "if not isinstance(layer, nn.Conv2d):"),
    mutant("patches: the last of equal images first", EQUAL, "images = best.sort(descending=True, stable=True).indices[:k]", "images = best.flip(0).sort(descending=True, stable=True).indices[:k].mul(-1).add(len(best) - 1)"),
    mutant("inversion: not divided", INVERTED, 'F.mse_loss(phi(x), target, reduction="sum") / size', 'F.mse_loss(phi(x), target, reduction="sum")'),
    mutant("inversion: means", INVERTED, 'F.mse_loss(phi(x), target, reduction="sum") / size', "F.mse_loss(phi(x), target)"),
    mutant("inversion: the losses are tensors", INVERTED, "losses.append(float(loss.detach()))", "losses.append(loss.detach())"),
    mutant("inversion: returns the start", INVERTED, "return x.detach(), losses", "return start, losses"),
    mutant("inversion: a step less", ADAM, "        optimizer.step()\n", "        if len(losses) < steps - 1:\n            optimizer.step()\n"),
    mutant("inversion: plain gradient descent", ADAM, "torch.optim.Adam([x], lr=learning_rate)", "torch.optim.SGD([x], lr=learning_rate)"),
    mutant("inversion: always the usual rate", ADAM, "torch.optim.Adam([x], lr=learning_rate)", "torch.optim.Adam([x], lr=0.05)"),
    mutant("inversion: variation in rows only", ADAM, TOTAL, "x.diff(dim=3).square().sum()"),
    mutant("inversion: the mean variation", ADAM, TOTAL, TOTAL.replace("sum", "mean")),
    mutant("inversion: absolute differences", ADAM, TOTAL, TOTAL.replace("square", "abs")),
    mutant("inversion: no variation", ADAM, "loss = loss + tv_weight * ", "loss = loss + 0 * "),
    mutant("inversion: gradients add up", ADAM, "(x.grad,) = torch.autograd.grad(loss, x)", "loss.backward()"),
    mutant("inversion: writes into the start", ADAM, "    x = start.detach().clone().requires_grad_()\n    optimizer", "    x = start.detach().requires_grad_()\n    optimizer"),
    mutant("dream: the sum of activations", DREAM, "torch.autograd.grad(activation, x, activation.detach())", "torch.autograd.grad(activation.sum(), x)"),
    mutant("dream: the norm", DREAM, "gradient / gradient.abs().mean()", "gradient / gradient.norm()"),
    mutant("dream: the mean with its sign", DREAM, "gradient / gradient.abs().mean()", "gradient / gradient.mean()"),
    mutant("dream: not divided", DREAM, "gradient / gradient.abs().mean()", "gradient"),
    mutant("dream: downhill", DREAM, "return x.detach() + lr", "return x.detach() - lr"),
    mutant("dream: positive activations only", DREAMS, "activation, x, activation.detach())", "activation, x, activation.detach().clamp(min=0))"),
    mutant("dream: in place", DREAMS, "    x = x.detach().clone().requires_grad_()\n    activation", "    given = x\n    x = x.detach().clone().requires_grad_()\n    activation",
           also=(("    return x.detach() + lr * gradient / gradient.abs().mean()", "    given += lr * gradient / gradient.abs().mean()\n    return given"),)),
    mutant("dream: float32", DREAMS, "return x.detach() + lr * gradient / gradient.abs().mean()", "return (x.detach() + lr * gradient / gradient.abs().mean()).float()", habit="dtype"),
    mutant("neighbours: the farthest", NEAREST, "squared.sort(dim=1, stable=True)", "squared.sort(dim=1, stable=True, descending=True)"),
    mutant("neighbours: by pixels", NEAREST, "a, b = f(queries), f(gallery)", "a, b = queries.flatten(1), gallery.flatten(1)"),
    mutant("neighbours: by the cosine", NEAREST, SQUARED, "squared = -F.normalize(a, dim=1) @ F.normalize(b, dim=1).T"),
    mutant("neighbours: by absolute differences", NEAREST, SQUARED, "squared = (a[:, None] - b[None]).abs().sum(dim=2)"),
    mutant("neighbours: by products", NEAREST, SQUARED, "squared = -a @ b.T"),
    mutant("neighbours: without the first", NEAREST, ".indices[:, :k]", ".indices[:, 1 : k + 1]"),
    mutant("neighbours: the last of equals first", TIES, "return squared.sort(dim=1, stable=True).indices[:, :k]", "return len(b) - 1 - squared.flip(1).sort(dim=1, stable=True).indices[:, :k]"),
]
