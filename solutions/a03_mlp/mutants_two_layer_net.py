"""Wrong answers to a03, the two-layer net, each with the check that must notice it."""

from autograder.authoring.mutants import mutants_of

ALL = "for name in params:\n            params[name] = params[name] - learning_rate * grads[name]"
SOFTMAX = """\
    log_probabilities = scores - scores.logsumexp(dim=1, keepdim=True)  # (N, C)
"""
PENALTY = "+ reg * (W1.square().sum() + W2.square().sum())"
STEP = "loss, grads = loss_func(params, X_batch, y=y_batch, reg=reg)"
SEARCH = "for rate, size, reg, decay in itertools.product(*get_param_set_fn()):"
NET = "net = TwoLayerNet(X.shape[1], size, classes, dtype=X.dtype, device=X.device, std=(2 / X.shape[1]) ** 0.5)"


two = mutants_of("two_layer_net.py")


# fmt: off
FORWARD = [
    two("forward: forgets the ReLU", "check_forward_pass_agrees_with_torch",
        'hidden = (X @ params["W1"] + params["b1"]).clamp(min=0)', 'hidden = X @ params["W1"] + params["b1"]'),
    two("forward: ReLU before the bias", "check_forward_pass_agrees_with_torch",
        '(X @ params["W1"] + params["b1"]).clamp(min=0)', '(X @ params["W1"]).clamp(min=0) + params["b1"]'),
    two("forward: forgets the second bias", "check_forward_pass_agrees_with_torch",
        'return hidden @ params["W2"] + params["b2"], hidden', 'return hidden @ params["W2"], hidden'),
    two("forward: hidden layer and scores swapped", "check_forward_pass_agrees_with_torch",
        'return hidden @ params["W2"] + params["b2"], hidden', 'return hidden, hidden @ params["W2"] + params["b2"]'),
    two("forward: reads views as if they were contiguous", "check_forward_pass_on_other_inputs",
        'hidden = (X @ params["W1"]',
        'X = X.view(X.shape[0] * X.shape[1]).view(X.shape)\n    hidden = (X @ params["W1"]'),
    two("forward: centres the images in place", "check_forward_pass_on_other_inputs",
        'hidden = (X @ params["W1"]', 'X -= X.mean(dim=0)\n    hidden = (X @ params["W1"]'),
    two("forward: everything in float64", "check_forward_pass_on_other_inputs",
        'hidden = (X @ params["W1"]',
        'params, X = {k: v.double() for k, v in params.items()}, X.double()\n    hidden = (X @ params["W1"]'),
]

BACKWARD = [
    two("loss: returns probabilities instead of scores when there are no labels",
        "check_scores_come_back_without_labels",
        "        return scores\n    W1, W2, rows", "        return scores.softmax(dim=1)\n    W1, W2, rows"),
    two("loss: a factor 1/2 in the penalty", "check_loss_agrees_with_torch",
        PENALTY, PENALTY.replace("reg", "0.5 * reg")),
    two("loss: the penalty is counted per image",
        ("check_loss_agrees_with_torch", "check_penalty_does_not_count_images"),
        PENALTY, PENALTY + " / len(X)"),
    two("loss: the biases are penalised too", "check_loss_agrees_with_torch",
        PENALTY,
        "+ reg * sum(value.square().sum() for value in params.values())"),
    two("loss: summed over the images", "check_loss_agrees_with_torch",
        "-log_probabilities[rows, y].mean()", "-log_probabilities[rows, y].sum()"),
    two("loss: exponentials of the scores themselves", "check_loss_survives_extreme_scores",
        SOFTMAX, "    log_probabilities = (scores.exp() / scores.exp().sum(dim=1, keepdim=True)).log()\n"),
    two("loss: subtracts the largest score but takes the logarithm of a quotient",
        "check_loss_survives_extreme_scores",
        SOFTMAX,
        "    shifted = scores - scores.amax(dim=1, keepdim=True)\n"
        "    log_probabilities = shifted.softmax(dim=1).log()\n"),
    two("loss: a small constant inside the logarithm", "check_loss_survives_extreme_scores",
        SOFTMAX, "    log_probabilities = (scores.softmax(dim=1) + 1e-8).log()\n"),
    two("gradient: the 1 of the right class is missing", "check_gradients_agree_with_autograd",
        "    dscores[rows, y] -= 1\n", ""),
    two("gradient: weighted by the hidden unit", "check_gradients_agree_with_autograd",
        "(dscores @ W2.T) * (hidden > 0)", "(dscores @ W2.T) * hidden"),
    two("gradient: the penalty's lacks its 2", "check_gradients_agree_with_autograd",
        '"W1": X.T @ dhidden + 2 * reg * W1', '"W1": X.T @ dhidden + reg * W1'),
    two("gradient: bias averaged twice", "check_gradients_agree_with_autograd",
        '"b1": dhidden.sum(dim=0)', '"b1": dhidden.mean(dim=0)'),
    two("gradient: forgets to divide by the number of images", "check_gradients_agree_with_autograd",
        "    dscores /= len(X)\n", ""),
    two("gradient: passes the ReLU everywhere, also where the unit is 0", "check_gradients_agree_with_autograd",
        "(dscores @ W2.T) * (hidden > 0)", "dscores @ W2.T"),
    two("gradient: the mask of the ReLU taken from the gradient", "check_gradients_agree_with_autograd",
        "(dscores @ W2.T) * (hidden > 0)", "(dscores @ W2.T).clamp(min=0)"),
    two("gradient: left to autograd", "check_gradients_agree_with_autograd",
        "    dscores = log_probabilities.exp()\n",
        "    s = scores.detach().requires_grad_()\n"
        "    torch.autograd.grad(s.logsumexp(1).sum(), s)\n    dscores = log_probabilities.exp()\n"),
    two("gradient: always averaged over 200 images",
        ("check_gradients_agree_with_autograd", "check_gradients_on_other_inputs"),
        "dscores /= len(X)", "dscores /= 200"),
    two("gradient: bias squeezed, which fails for one hidden unit", "check_gradients_on_other_inputs",
        '"b1": dhidden.sum(dim=0)', '"b1": dhidden.sum(dim=0).squeeze()'),
    two("gradient: the penalty's is added to the parameters", "check_gradients_on_other_inputs",
        "    grads = {\n", "    W1 *= 1 - 2 * reg\n    grads = {\n"),
]

TRAINING = [
    two("training: goes up the gradient", "check_train_steps_against_the_gradient",
        "params[name] - learning_rate * grads[name]", "params[name] + learning_rate * grads[name]"),
    two("training: a new variable instead of the dict's entry", "check_train_steps_against_the_gradient",
        "            params[name] = params[name] -", "            w = params[name] -"),
    two("training: knows the names of one model only", "check_train_steps_against_the_gradient",
        ALL, ALL.replace("for name in params:", 'for name in ("W1", "b1", "W2", "b2"):')),
    two("training: the penalty's gradient is added again", "check_train_steps_against_the_gradient",
        ALL, ALL.replace("grads[name]", "(grads[name] + 2 * reg * params[name])")),
    two("training: the learning rate decays in every iteration", "check_train_steps_against_the_gradient",
        "            learning_rate *= learning_rate_decay\n    return",
        "        learning_rate *= learning_rate_decay\n    return"),
    two("training: forgets the penalty", ("check_train_steps_against_the_gradient",
                                          "check_train_on_copies_of_one_image_is_plain_descent"),
        STEP, "loss, grads = loss_func(params, X_batch, y=y_batch)"),
    two("training: on the first images instead of the batch", "check_train_steps_against_the_gradient",
        STEP, "loss, grads = loss_func(params, X, y=y, reg=reg)"),
    two("training: labels of the first images for random images", "check_train_steps_against_the_gradient",
        STEP, "loss, grads = loss_func(params, X_batch, y=y[:batch_size], reg=reg)"),
    two("training: the biases do not change", "check_train_steps_against_the_gradient",
        ALL, ALL.replace("for name in params:", 'for name in ("W1",):')),
    two("training: each step twice", "check_train_on_copies_of_one_image_is_plain_descent",
        ALL, ALL.replace("for name in params:", "for name in [*params, *params]:")),
    two("training: only the last layer", "check_two_layer_net_learns_scenes",
        ALL, ALL.replace("for name in params:", 'for name in ("W2", "b2"):'), calibrates=True),
    two("training: steps a hundred times too small", "check_two_layer_net_learns_scenes",
        ALL, ALL.replace("- learning_rate *", "- 0.01 * learning_rate *"), calibrates=True),
    two("predict: the lowest score", "check_predict_takes_the_highest_score",
        "loss_func(params, X).argmax(dim=1)", "loss_func(params, X).argmin(dim=1)"),
    two("predict: the score instead of its class", "check_predict_takes_the_highest_score",
        "loss_func(params, X).argmax(dim=1)", "loss_func(params, X).amax(dim=1)"),
    two("predict: asks its own net", "check_predict_takes_the_highest_score",
        "loss_func(params, X).argmax(dim=1)", "nn_forward_pass(params, X)[0].argmax(dim=1)"),
    two("predict: int32", "check_predict_on_other_inputs",
        "loss_func(params, X).argmax(dim=1)", "loss_func(params, X).argmax(dim=1).int()", habit="dtype"),
    two("predict: a single image loses its axis", "check_predict_on_other_inputs",
        "loss_func(params, X).argmax(dim=1)", "loss_func(params, X).argmax(dim=1).squeeze()"),
    two("predict: only the first ten classes", "check_predict_on_other_inputs",
        "loss_func(params, X).argmax(dim=1)", "loss_func(params, X)[:, :10].argmax(dim=1)"),
]

SEARCHES = [
    two("grid: sixty combinations", "check_search_params_are_a_grid",
        "return [0.03, 0.1, 0.3], [32, 128], [1e-3, 3e-3, 1e-2], [0.97]",
        "return [0.01, 0.03, 0.1, 0.3], [32, 64, 128], [0.0, 1e-3, 3e-3, 1e-2, 3e-2], [0.97]"),
    two("grid: rates and sizes swapped", "check_search_params_are_a_grid",
        "return [0.03, 0.1, 0.3], [32, 128],", "return [32, 128], [0.03, 0.1, 0.3],"),
    two("search: walks the lists in parallel", "check_search_chooses_by_the_whole_validation_set",
        SEARCH, "for rate, size, reg, decay in zip(*get_param_set_fn()):"),
    two("search: keeps the last net", "check_search_finds_the_only_rate_that_works",
        "if accuracy > best[2]:", "if True:"),
    two("search: always the first hidden size", "check_search_chooses_by_the_whole_validation_set",
        SEARCH, SEARCH + "\n        size = get_param_set_fn()[1][-1]"),
    two("search: forgets to pass the penalty on", "check_search_tries_every_strength_and_decay",
        "learning_rate_decay=decay, reg=reg,", "learning_rate_decay=decay, reg=max(get_param_set_fn()[2]),"),
    two("search: ignores the given decay", "check_search_tries_every_strength_and_decay",
        "learning_rate_decay=decay, reg=reg,", "learning_rate_decay=min(get_param_set_fn()[3]), reg=reg,"),
    two("search: the accuracy in percent", "check_search_tries_every_strength_and_decay",
        "accuracy = float((net.predict(X_val) == y_val).double().mean())",
        "accuracy = 100 * float((net.predict(X_val) == y_val).double().mean())"),
    two("search: chooses by the last training batch", "check_search_chooses_by_the_whole_validation_set",
        "accuracy = float((net.predict(X_val) == y_val).double().mean())",
        'accuracy = history["train_acc_history"][-1]'),
    two("search: chooses by an earlier epoch", "check_search_chooses_by_the_whole_validation_set",
        "accuracy = float((net.predict(X_val) == y_val).double().mean())",
        'accuracy = max(history["val_acc_history"])'),
    two("search: chooses by the training images", "check_search_chooses_by_the_whole_validation_set",
        "accuracy = float((net.predict(X_val) == y_val).double().mean())",
        "accuracy = float((net.predict(X) == y).double().mean())"),
    two("search: the history of the last net", "check_search_chooses_by_the_whole_validation_set",
        "    return best\n    ### END", "    return best[0], history, best[2]\n    ### END"),
    two("search: one class too many", "check_search_works_for_any_number_of_classes",
        "classes = int(y.max()) + 1", "classes = int(y.max()) + 2"),
    two("search: always ten classes", "check_search_works_for_any_number_of_classes",
        "classes = int(y.max()) + 1", "classes = 10"),
    two("search: always images of 3 x 32 x 32", "check_search_works_for_any_number_of_classes",
        NET, NET.replace("TwoLayerNet(X.shape[1]", "TwoLayerNet(3 * 32 * 32")),
]
# fmt: on

MUTANTS = FORWARD + BACKWARD + TRAINING + SEARCHES
