"""Wrong answers to network_visualization.py: saliency, attacks and class images."""
# ruff: noqa: E501 - quotes lines of the reference

from autograder.authoring.mutants import first, mutants_of
from autograder.authoring.variants import body

mutant = mutants_of("network_visualization.py")
LINEAR, NETWORK = "check_saliency_of_a_linear_model", "check_saliency_of_a_network"
ALONE, WEIGHTS = "check_saliency_of_images_apart", "check_saliency_leaves_weights_alone"
POINTING, SMALL = "check_saliency_points_at_objects", "check_attacks_succeed_and_are_small"
ATTACK, NEEDED = "check_attack_on_a_linear_model", "check_attack_that_is_not_needed"
ATTACKS, KEPT = "check_attack_on_networks", "check_attack_leaves_the_model_alone"
STEP, STEPS = "check_class_step_on_a_linear_model", "check_class_steps_of_a_network"
EARLIER = "check_class_step_forgets_earlier_gradients"
RIGHT = "    right = model(X).gather(1, y[:, None]).sum()\n"
MAP = "return gradient.abs().amax(dim=1)"
MOVE = "X_fooling = X_fooling.detach() + gradient / gradient.norm()"
OBJECTIVE = "objective = model(x)[0, target_y] - l2_reg * x.square().sum()"
CLIMB = "img += learning_rate * gradient / gradient.norm()"

# fmt: off
MUTANTS = [
    mutant("saliency: leaves evaluation mode", "check_saliency_leaves_weights_alone",
           "right = model(X).gather(1, y[:, None]).sum()\n    (gradient,)",
           "right = model.eval()(X).gather(1, y[:, None]).sum()\n    (gradient,)"),
    mutant("saliency: of the cross-entropy", LINEAR, RIGHT, "    right = F.cross_entropy(model(X), y, reduction='sum')\n"),
    mutant("saliency: of the mean cross-entropy", LINEAR, RIGHT, "    right = F.cross_entropy(model(X), y)\n"),
    mutant("saliency: of the probability", LINEAR, "right = model(X).gather", "right = model(X).softmax(dim=1).gather"),
    mutant("saliency: of all scores", LINEAR, RIGHT, "    right = model(X).sum()\n"),
    mutant("saliency: of the predicted class", LINEAR, RIGHT, "    right = model(X).amax(dim=1).sum()\n"),
    mutant("saliency: of the mean of the scores", LINEAR, "y[:, None]).sum()\n    (gradient,) = torch.autograd.grad(right, X)",
           "y[:, None]).mean()\n    (gradient,) = torch.autograd.grad(right, X)"),
    mutant("saliency: no absolute value", LINEAR, MAP, "return gradient.amax(dim=1)"),
    mutant("saliency: absolute value after the maximum", LINEAR, MAP, "return gradient.amax(dim=1).abs()"),
    mutant("saliency: mean over the colours", LINEAR, MAP, "return gradient.abs().mean(dim=1)"),
    mutant("saliency: scaled to a largest value of 1", LINEAR, MAP,
           "m = gradient.abs().amax(dim=1)\n    return m / m.amax(dim=(1, 2), keepdim=True)"),
    mutant("saliency: scaled by the largest value of the batch", LINEAR, MAP,
           "m = gradient.abs().amax(dim=1)\n    return m / m.max()"),
    mutant("saliency: a map that shows rows as columns", (NETWORK, POINTING), MAP,
           "m = gradient.abs().amax(dim=1)\n    return m.mT.reshape(m.shape)", calibrates=True),
    mutant("saliency: the next image's map", (ALONE, POINTING), MAP, "return gradient.abs().amax(dim=1).roll(1, 0)",
           calibrates=True),
    mutant("saliency: of the last image alone", ALONE, MAP, "return gradient[-1:].abs().amax(dim=1).expand(len(X), -1, -1)"),
    mutant("saliency: in training mode", ALONE, "    right = model(X).gather", "    right = model.train()(X).gather"),
    mutant("saliency: gradients in the weights", WEIGHTS, "    (gradient,) = torch.autograd.grad(right, X)\n    return",
           "    right.backward()\n    gradient = X.grad\n    return"),
    mutant("saliency: freezes the weights for good", WEIGHTS, RIGHT, "    model.requires_grad_(False)\n" + RIGHT),
    mutant("saliency: in place of X", NETWORK, "    return gradient.abs()", "    given.mul_(0)\n    return gradient.abs()",
           also=(("    X = X.detach().clone().requires_grad_()\n    right", "    given = X\n    X = X.detach().clone().requires_grad_()\n    right"),)),
    mutant("saliency: float32", NETWORK, MAP, "return gradient.abs().amax(dim=1).float()", habit="dtype"),
    mutant("attack: not normalised", ATTACK, MOVE, "X_fooling = X_fooling.detach() + gradient"),
    mutant("attack: goes downhill", (ATTACK, SMALL), MOVE, "X_fooling = X_fooling.detach() - gradient / gradient.norm()",
           calibrates=True),
    mutant("attack: goes on to max_iter", (ATTACK, SMALL), "            break\n        (gradient,)",
           "            pass\n        (gradient,)", calibrates=True),
    mutant("attack: one step too many", ATTACK, "    return X_fooling.detach()\n    ### END",
           "    return (X_fooling + gradient / gradient.norm()).detach()\n    ### END"),
    mutant("attack: never looks first", NEEDED, "int(scores.argmax(dim=1)) == target_y", "step > 0 and int(scores.argmax(dim=1)) == target_y"),
    mutant("attack: the largest number as the norm", ATTACK, MOVE, "X_fooling = X_fooling.detach() + gradient / gradient.abs().max()"),
    mutant("attack: the sign of the gradient", ATTACK, MOVE, "X_fooling = X_fooling.detach() + gradient.sign()"),
    mutant("attack: away from the predicted class", ATTACK, "(gradient,) = torch.autograd.grad(scores[0, target_y], X_fooling)",
           "(gradient,) = torch.autograd.grad(-scores.max(), X_fooling)"),
    mutant("attack: against the cross-entropy", ATTACKS, "(gradient,) = torch.autograd.grad(scores[0, target_y], X_fooling)",
           "(gradient,) = torch.autograd.grad(-F.cross_entropy(scores, torch.tensor([target_y])), X_fooling)"),
    mutant("attack: always the first gradient", ATTACKS, "        (gradient,) = torch.autograd.grad(scores[0, target_y], X_fooling)\n",
           "        if step == 0:\n            (gradient,) = torch.autograd.grad(scores[0, target_y], X_fooling)\n"),
    mutant("attack: writes into X", NEEDED, "    X_fooling = X.detach().clone()\n    for step", "    X_fooling = X.detach()\n    for step",
           also=((MOVE, "X_fooling = X_fooling.detach()\n        X_fooling += gradient / gradient.norm()"),)),
    mutant("attack: one iteration more than max_iter", ATTACKS, "for step in range(max_iter):", "for step in range(max_iter + 1):"),
    mutant("attack: 100 iterations, whatever max_iter is", ATTACKS, "for step in range(max_iter):", "for step in range(100):"),
    mutant("attack: gradients in the weights", KEPT, "        (gradient,) = torch.autograd.grad(scores[0, target_y], X_fooling)\n",
           "        scores[0, target_y].backward()\n        gradient = X_fooling.grad\n"),
    mutant("attack: float32", ATTACKS, "    return X_fooling.detach()\n    ### END", "    return X_fooling.detach().float()\n    ### END", habit="dtype"),
    mutant("class image: adds the penalty", STEP, OBJECTIVE, OBJECTIVE.replace("- l2_reg", "+ l2_reg")),
    mutant("attack: stops above the first class", ATTACKS, "if int(scores.argmax(dim=1)) == target_y:",
           "first = int(model(X).argmax())\n        if first == target_y or scores[0, target_y] > scores[0, first]:"),
    mutant("class image: no penalty", STEP, OBJECTIVE, "objective = model(x)[0, target_y]"),
    mutant("class image: the norm, not its square", STEP, OBJECTIVE, OBJECTIVE.replace("x.square().sum()", "x.norm()")),
    mutant("class image: the mean of squares", STEP, OBJECTIVE, OBJECTIVE.replace(".sum()", ".mean()")),
    mutant("class image: of the probability", STEP, OBJECTIVE, OBJECTIVE.replace("model(x)", "model(x).softmax(dim=1)")),
    mutant("class image: downhill", STEP, CLIMB, CLIMB.replace("+=", "-=")),
    mutant("class image: not normalised", STEP, CLIMB, "img += learning_rate * gradient"),
    mutant("class image: a new tensor", STEP, CLIMB, CLIMB.replace("img +=", "img = img +")),
    mutant("class image: a rate of 1", STEP, CLIMB, "img += gradient / gradient.norm()"),
    mutant("class image: the usual rate is 1", STEPS, 'kwargs.pop("learning_rate", 25)', 'kwargs.pop("learning_rate", 1)'),
    mutant("class image: the usual penalty is 0.1", STEPS, 'kwargs.pop("l2_reg", 1e-3)', 'kwargs.pop("l2_reg", 0.1)'),
    mutant("class image: returns a copy", STEPS, "    return img\n    ### END", "    return img.clone()\n    ### END"),
    mutant("class image: float32 on the way", STEPS, CLIMB, "img += (learning_rate * gradient / gradient.norm()).float() * 1.001"),
    mutant("class image: adds to an earlier gradient", EARLIER, body("class_visualization_step", """
        img.requires_grad_()
        (model(img)[0, target_y] - l2_reg * img.square().sum()).backward(inputs=[img])
        with torch.no_grad():
            img += learning_rate * img.grad / img.grad.norm()
        return img
    """)),
    mutant("class image: gradients in the weights", EARLIER, "    (gradient,) = torch.autograd.grad(objective, x)\n",
           "    objective.backward()\n    gradient = x.grad\n"),
    mutant("patches: leaves the layers in evaluation mode", "check_patches_after_convolutions", first("maximal_patches", "[layer.eval() for layer in layers]")),
    mutant("patches: freezes the layers", "check_patches_after_convolutions", first("maximal_patches", "[p.requires_grad_(False) for layer in layers for p in layer.parameters()]")),
    mutant("neighbours: moves its images", "check_neighbours_by_features", first("nearest_in_feature_space", "gallery.mul_(1 + 1e-6)")),
]
