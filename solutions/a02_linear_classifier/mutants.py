"""Wrong answers that people hand in for a02, and the check that must notice each."""

from autograder.mutants import Mutant


def end_of(task: str) -> str:
    """What stands between the solution of a task and its check: tells equal last lines of two tasks apart."""
    return f'\n    ### END SOLUTION\n\n\n# %% tags=["active-ipynb"] grade="{task}"'


NAIVE = "    return loss / num_images + reg * (W * W).sum(), dW / num_images + 2 * reg * W"
SVM_NAIVE, SOFTMAX_NAIVE = NAIVE + end_of("svm_loss_naive"), NAIVE + end_of("softmax_loss_naive")
SVM_LOSS = "loss = margins.sum() / len(X) + reg * (W * W).sum()"
SVM_RETURN = "return loss, X.T @ entries / len(X) + 2 * reg * W"
MARGINS = "(scores - scores.gather(1, labels) + 1).clamp(min=0).scatter(1, labels, 0.0)"
SIGN = "entries.scatter(1, labels, -entries.sum(dim=1, keepdim=True))"
HINGE_LOOP = """\
            if j != label and margin > 0:
                loss = loss + margin
                dW[:, j] += X[i]
                dW[:, label] -= X[i]
"""
SHIFT_ONE = "        shifted = scores - scores.max()\n"
SHIFT_ALL = "shifted = scores - scores.max(dim=1, keepdim=True).values"
LOG_PROBS = "log_probs = shifted - shifted.exp().sum(dim=1, keepdim=True).log()"
SOFTMAX_LOSS = "loss = reg * (W * W).sum() - log_probs.gather(1, labels).mean()"
SOFTMAX_RETURN = "return loss, X.T @ dscores / len(X) + 2 * reg * W"
DSCORES = "dscores = log_probs.exp() - torch.zeros_like(log_probs).scatter(1, labels, 1.0)  # (N, C)"
SVM_SCORES = "    scores, labels = X @ W, y[:, None]  # (N, C), (N, 1)\n    margins"
SOFTMAX_SCORES = "    scores, labels = X @ W, y[:, None]  # (N, C), (N, 1)\n    shifted"
SVM_LOOP = "        scores, label = X[i] @ W, int(y[i])\n        for j"
SOFTMAX_LOOP = "        scores, label = X[i] @ W, int(y[i])\n        shifted"
VALIDATE = "    validate_batch(W, X, y)\n"
WRONG = "wrong = (y < 0) | (y >= W.shape[1])"
EMPTY = "    if len(X) == 0:\n"
DTYPE = "    if y.dtype != torch.int64:\n"
LENGTHS = "    if len(X) != len(y):\n"
DRAW = "rows = torch.randint(num_train, (batch_size,), device=X.device)"
NEW_W = "1e-6 * torch.randn(X.shape[1], int(y.max()) + 1, dtype=X.dtype, device=X.device)"
BATCH = "        X_batch, y_batch = sample_batch(X, y, len(X), batch_size)\n"
STEP = "W = W - learning_rate * dW"
NOTE = "loss_history.append(float(loss))"
ARGMAX = "(X @ W).argmax(dim=1)"
TRAIN = "lr, reg=reg, num_iters=num_iters, batch_size=200"
RESULT = "return cls, float(train_right.double().mean()), float(val_right.double().mean())"
INTERVAL = "interval = (channels * bins).long().clamp(max=bins - 1)"
FRACTION = "return counts.flatten(1) / channels.shape[2]"
GREY = 'F.pad(images.mean(dim=1, keepdim=True), (1, 1, 1, 1), mode="replicate")'
POSITION = "torch.atan2(dy, dx) % math.pi * bins / math.pi"
SHARE = "(1 - torch.minimum(distance, bins - distance)).clamp(min=0)"
POOL = "F.avg_pool2d(share * magnitude[:, None], cell)"
NORM = "(histogram.square().sum(dim=1, keepdim=True) + 0.01**2).sqrt()"
ORDER = "histogram.permute(0, 2, 3, 1).flatten(1)"
PARTS = "parts = images.split(1000)"
SIDE_BY_SIDE = "torch.cat([compute(part) for compute in feature_fns], dim=1)"


def mutant(story: str, noticed_by: str | tuple[str, ...], replace: str, by: str, **rest) -> Mutant:
    """A mutant of linear_classifier.py."""
    return Mutant(story, file="linear_classifier.py", replace=replace, by=by, noticed_by=noticed_by, **rest)


# fmt: off
SVM_WITH_LOOPS = [
    mutant("svm, loops: the regulariser is counted once per image", "check_svm_naive_loss",
           SVM_NAIVE, SVM_NAIVE.replace("reg * (W * W)", "num_images * reg * (W * W)")),
    mutant("svm, loops: half the regulariser, as many books have it", "check_svm_naive_loss",
           SVM_NAIVE, SVM_NAIVE.replace("reg * (W * W)", "0.5 * reg * (W * W)")),
    mutant("svm, loops: the true class counts too", "check_svm_naive_loss",
           "if j != label and margin > 0:", "if margin > 0:"),
    mutant("svm, loops: forgets to average the gradient", "check_svm_naive_gradient",
           SVM_NAIVE, SVM_NAIVE.replace("dW / num_images", "dW")),
    mutant("svm, loops: the gradient of the regulariser without the 2",
           ("check_svm_naive_gradient", "check_svm_naive_on_other_sizes"),
           SVM_NAIVE, SVM_NAIVE.replace("2 * reg * W", "reg * W")),
    mutant("svm, loops: the true class's column is forgotten", "check_svm_naive_gradient",
           "                dW[:, label] -= X[i]\n", ""),
    mutant("svm, loops: the true class's column loses x once per image", "check_svm_naive_gradient",
           HINGE_LOOP, HINGE_LOOP.replace("dW[:, label] -= X[i]", "hit = True")
           + "        if 'hit' in locals():\n            dW[:, label] -= X[i]\n            del hit\n"),
    mutant("svm, loops: divides by a batch size of 9", "check_svm_naive_on_other_sizes",
           SVM_NAIVE, SVM_NAIVE.replace("loss / num_images", "loss / 9")),
    mutant("svm, loops: makes a float64 loss whatever the weights are", "check_svm_naive_keeps_float32",
           SVM_NAIVE, SVM_NAIVE.replace("return loss", "loss = loss.double()\n    return loss")),
    mutant("svm, loops: the finished loss of torch", "check_svm_naive_loss",
           SVM_NAIVE, SVM_NAIVE.replace(
               "return loss / num_images", "return W.shape[1] * F.multi_margin_loss(X @ W, y)")),
]

SVM_WITHOUT_LOOPS = [
    mutant("svm: the true class counts too", "check_svm_vectorized_loss",
           MARGINS, MARGINS.replace(".scatter(1, labels, 0.0)", "")),
    mutant("svm: the margin is missing", "check_svm_vectorized_loss",
           MARGINS, MARGINS.replace(" + 1)", ")")),
    mutant("svm: also averages over the classes", "check_svm_vectorized_loss",
           SVM_LOSS, SVM_LOSS.replace("margins.sum() / len(X)", "margins.mean()")),
    mutant("svm: the regulariser is averaged over the images", "check_svm_vectorized_loss",
           SVM_LOSS, "loss = (margins.sum() + reg * (W * W).sum()) / len(X)"),
    mutant("svm: the gradient of the regulariser without the 2", "check_svm_vectorized_gradient",
           SVM_RETURN, SVM_RETURN.replace("2 * reg", "reg")),
    mutant("svm: the true class's column loses x once per image",
           ("check_svm_vectorized_gradient", "check_svm_vectorized_gradient_by_differences"),
           SIGN, "entries.scatter(1, labels, -1.0)"),
    mutant("svm: weights each violation by its size", "check_svm_vectorized_gradient_by_differences",
           "entries = (margins > 0).to(X.dtype)", "entries = margins.to(X.dtype)"),
    mutant("svm: a loop over the images hides in a comprehension",
           "check_svm_vectorized_runs_as_many_operations_on_larger_batches",
           SVM_SCORES, SVM_SCORES.replace("X @ W", "torch.stack([x @ W for x in X])")),
    mutant("svm: a loop over the images hides in map",
           "check_svm_vectorized_runs_as_many_operations_on_larger_batches",
           SVM_SCORES, SVM_SCORES.replace("X @ W", "torch.stack(list(map(lambda x: x @ W, X)))")),
    mutant("svm: squeezes, so a batch of one image loses an axis", "check_svm_vectorized_on_other_sizes",
           SVM_SCORES, SVM_SCORES.replace("X @ W", "(X @ W).squeeze()")),
    mutant("svm: the weights shrink in place for the regulariser", "check_svm_vectorized_on_other_sizes",
           SVM_RETURN, "W *= 1 - reg\n    return loss, X.T @ entries / len(X) + 2 * reg * W / (1 - reg)"),
    mutant("svm: counts violations in float64", "check_svm_vectorized_keeps_float32",
           SVM_RETURN, SVM_RETURN.replace("X.T @ entries", "X.double().T @ entries.double()")),
    mutant("svm: views the images as one long vector", "check_svm_vectorized_keeps_float32",
           SVM_SCORES, SVM_SCORES.replace("X @ W", "X.view(-1).view(X.shape) @ W")),
]

SOFTMAX_WITH_LOOPS = [
    mutant("softmax, loops: forgets the regulariser", "check_softmax_naive_loss",
           SOFTMAX_NAIVE, SOFTMAX_NAIVE.replace(" + reg * (W * W).sum()", "")),
    mutant("softmax, loops: a sum over the images", "check_softmax_naive_loss",
           SOFTMAX_NAIVE, SOFTMAX_NAIVE.replace("loss / num_images", "loss")),
    mutant("softmax, loops: the gradient lacks the true class's part", "check_softmax_naive_gradient",
           "(probability - int(j == label)) * X[i]", "probability * X[i]"),
    mutant("softmax, loops: the gradient has the wrong sign", "check_softmax_naive_gradient",
           "(probability - int(j == label)) * X[i]", "(int(j == label) - probability) * X[i]"),
    mutant("softmax, loops: exp of the scores as they are", "check_softmax_naive_survives_large_scores",
           SHIFT_ONE, "        shifted = scores\n"),
    mutant("softmax, loops: the logarithm of a probability that became 0", "check_softmax_naive_far_behind",
           "loss = loss + log_total - shifted[label]",
           "loss = loss - (shifted.exp() / shifted.exp().sum())[label].log()"),
    mutant("softmax, loops: averages the gradient twice", "check_softmax_naive_on_other_sizes",
           "(probability - int(j == label)) * X[i]", "(probability - int(j == label)) * X[i] / num_images"),
    mutant("softmax, loops: gathers the gradient in float64", "check_softmax_naive_keeps_float32",
           SOFTMAX_NAIVE, SOFTMAX_NAIVE.replace("dW / num_images", "dW.double() / num_images")),
]

SOFTMAX_WITHOUT_LOOPS = [
    mutant("softmax: the regulariser is counted once per image", "check_softmax_vectorized_loss",
           SOFTMAX_LOSS, SOFTMAX_LOSS.replace("reg * (W * W)", "len(X) * reg * (W * W)")),
    mutant("softmax: a sum over the images", "check_softmax_vectorized_loss",
           SOFTMAX_LOSS, SOFTMAX_LOSS.replace(".mean()", ".sum()")),
    mutant("softmax: the mean over all classes", "check_softmax_vectorized_loss",
           SOFTMAX_LOSS, SOFTMAX_LOSS.replace("log_probs.gather(1, labels).mean()", "log_probs.mean()")),
    mutant("softmax: the finished loss of torch", "check_softmax_vectorized_loss",
           SOFTMAX_LOSS, SOFTMAX_LOSS.replace("- log_probs.gather(1, labels).mean()", "+ F.cross_entropy(X @ W, y)")),
    mutant("softmax: autograd finds the gradient", "check_softmax_vectorized_gradient",
           SOFTMAX_RETURN,
           "V = W.detach().clone().requires_grad_()\n    s = X @ V\n"
           "    value = (s.exp().sum(dim=1).log() - s.gather(1, labels)[:, 0]).mean() + reg * (V * V).sum()\n"
           "    value.backward()\n    return loss, V.grad"),
    mutant("softmax: the gradient of the regulariser without the 2", "check_softmax_vectorized_gradient",
           SOFTMAX_RETURN, SOFTMAX_RETURN.replace("2 * reg", "reg")),
    mutant("softmax: the gradient is not averaged", "check_softmax_vectorized_gradient",
           SOFTMAX_RETURN, SOFTMAX_RETURN.replace(" / len(X)", "")),
    mutant("softmax: one is taken from column y of every image", "check_softmax_vectorized_gradient",
           DSCORES, "dscores = log_probs.exp()\n    dscores[:, y] -= 1"),
    mutant("softmax: exp of the scores as they are", "check_softmax_vectorized_survives_large_scores",
           SHIFT_ALL, "shifted = scores"),
    mutant("softmax: adds a little under the logarithm instead of shifting",
           "check_softmax_vectorized_survives_large_scores",
           SHIFT_ALL + "\n    " + LOG_PROBS,
           "shifted = scores\n    log_probs = (scores.exp() / (scores.exp().sum(1, keepdim=True) + 1e-8)).log()"),
    mutant("softmax: subtracts the largest score of the batch, not of the image",
           "check_softmax_vectorized_far_behind",
           SHIFT_ALL, "shifted = scores - scores.max()"),
    mutant("softmax: the logarithm of a probability that became 0", "check_softmax_vectorized_far_behind",
           LOG_PROBS, "log_probs = (shifted.exp() / shifted.exp().sum(dim=1, keepdim=True)).log()"),
    mutant("softmax: a loop over the images hides in a comprehension",
           "check_softmax_vectorized_runs_as_many_operations_on_larger_batches",
           SOFTMAX_SCORES, SOFTMAX_SCORES.replace("X @ W", "torch.stack([x @ W for x in X])")),
    mutant("softmax: squeezes, so a batch of one image loses an axis", "check_softmax_vectorized_on_other_sizes",
           SOFTMAX_SCORES, SOFTMAX_SCORES.replace("X @ W", "(X @ W).squeeze()")),
    mutant("softmax: there are always ten classes", "check_softmax_vectorized_on_other_sizes",
           DSCORES, "dscores = log_probs.exp() - torch.eye(10, dtype=X.dtype, device=X.device)[y]"),
    mutant("softmax: a one-hot matrix in float64", "check_softmax_vectorized_keeps_float32",
           DSCORES, DSCORES.replace("torch.zeros_like(log_probs)", "torch.zeros_like(log_probs).double()")
           + "\n    X, W = X.double(), W.double()"),
]

VALIDATION = [
    mutant("validation: an empty batch passes", "check_validate_batch_refuses_nonsense",
           EMPTY, "    if len(X) < 0:\n"),
    mutant("validation: float labels pass", "check_validate_batch_refuses_nonsense",
           DTYPE, "    if y.dtype == torch.bool:\n"),
    mutant("validation: lengths are not compared", "check_validate_batch_refuses_nonsense",
           LENGTHS, "    if y.dim() != 1:\n"),
    mutant("validation: negative labels pass", "check_validate_batch_refuses_nonsense",
           WRONG, "wrong = y >= W.shape[1]"),
    mutant("validation: an assert without a word", "check_validate_batch_refuses_nonsense",
           EMPTY, "    assert len(X)\n" + EMPTY),
    mutant("validation: as many classes as W has is one too many", "check_validate_batch_accepts_sound_batches",
           WRONG, "wrong = (y < 0) | (y > W.shape[1])"),
    mutant("validation: refuses class 0", "check_validate_batch_accepts_sound_batches",
           WRONG, "wrong = (y <= 0) | (y >= W.shape[1])"),
    mutant("validation: written, but no loss calls it", "check_losses_refuse_nonsense",
           VALIDATE, "", count=4),
]

TRAINING = [
    mutant("batch: labels of other images", "check_batch_keeps_images_and_labels_together",
           "return X[rows], y[rows]", "return X[rows], y[torch.randint(num_train, (batch_size,), device=X.device)]"),
    mutant("batch: without replacement", "check_batch_is_drawn_with_replacement",
           DRAW, "rows = torch.randperm(num_train, device=X.device)[:batch_size]"),
    mutant("batch: a block of neighbouring rows", "check_batches_are_uniform_and_fresh",
           DRAW, "rows = (torch.randint(num_train, (1,)) + torch.arange(batch_size)) % num_train"),
    mutant("batch: never the last row", "check_batches_are_uniform_and_fresh",
           DRAW, DRAW.replace("(num_train,", "(max(num_train - 1, 1),")),
    mutant("batch: draws from all rows, whatever num_train says", "check_batches_are_uniform_and_fresh",
           DRAW, DRAW.replace("(num_train,", "(len(X),")),
    mutant("batch: seeds the generator at each call", "check_batches_are_uniform_and_fresh",
           DRAW, "torch.manual_seed(0)\n    " + DRAW),
    mutant("training: climbs", "check_training_steps_against_the_gradient",
           STEP, STEP.replace(" - ", " + ")),
    mutant("training: the learning rate is not used", "check_training_steps_against_the_gradient",
           STEP, "W = W - dW"),
    mutant("training: reg does not reach the loss", "check_training_steps_against_the_gradient",
           "loss_func(W, X_batch, y_batch, reg)", "loss_func(W, X_batch, y_batch, 0.0)"),
    mutant("training: one column for each label that occurs", "check_training_makes_its_own_weights",
           NEW_W, NEW_W.replace("int(y.max()) + 1", "len(y.unique())")),
    mutant("training: rand instead of randn", "check_training_makes_its_own_weights",
           NEW_W, NEW_W.replace("randn", "rand")),
    mutant("training: weights of float32 whatever the images are", "check_training_makes_its_own_weights",
           NEW_W, NEW_W.replace(", dtype=X.dtype", "")),
    mutant("training: draws one batch and keeps it", "check_training_draws_fresh_batches",
           BATCH, "        if iteration == 0:\n    " + BATCH),
    mutant("training: a batch size of its own", "check_training_draws_fresh_batches",
           BATCH, BATCH.replace("batch_size)", "20)")),
    mutant("training: only the first batch_size images are ever drawn", "check_training_draws_fresh_batches",
           BATCH, BATCH.replace("len(X)", "min(batch_size, len(X))")),
    mutant("training: steps in place, into the caller's W", "check_training_leaves_its_inputs",
           STEP, "W -= learning_rate * dW"),
    mutant("training: notes tensors of a loss that was scaled", "check_training_leaves_its_inputs",
           NOTE, "loss_history.append(float(loss) * batch_size / len(X))"),
    mutant("training: a leftover from debugging, only the first 50 images are ever drawn",
           ("check_svm_scores_on_scenes", "check_softmax_scores_on_scenes"),
           BATCH, BATCH.replace("len(X)", "min(50, len(X))"), calibrates=True),
    mutant("prediction: the lowest score", "check_prediction_is_the_highest_score",
           ARGMAX, ARGMAX.replace("argmax", "argmin")),
    mutant("prediction: the largest absolute score", "check_prediction_on_other_sizes",
           ARGMAX, "(X @ W).abs().argmax(dim=1)"),
    mutant("prediction: squeezes, so one image gives a number", "check_prediction_on_other_sizes",
           ARGMAX, ARGMAX + ".squeeze()"),
]

SEARCH = [
    mutant("one setting: percent", "check_one_param_set_trains_and_measures",
           RESULT, "return cls, 100 * float(train_right.double().mean()), 100 * float(val_right.double().mean())"),
    mutant("one setting: learning rate and strength swapped", "check_one_param_set_trains_and_measures",
           "learning_rate=lr, reg=reg", "learning_rate=reg, reg=lr"),
    mutant("one setting: trains on the validation images", "check_one_param_set_trains_and_measures",
           "cls.train(X_train, y_train", 'cls.train(data_dict["X_val"], data_dict["y_val"]'),
    mutant("one setting: left at 100 iterations after a trial", "check_one_param_set_with_other_sizes",
           TRAIN, TRAIN.replace("num_iters=num_iters", "num_iters=min(num_iters, 100)")),
    mutant("one setting: returns the class of the classifier", "check_one_param_set_with_other_sizes",
           RESULT, RESULT.replace("return cls", "return type(cls)")),
    mutant("svm search: 36 pairs", "check_svm_search_has_5_to_25_pairs",
           "    learning_rates = [3e-4, 1e-3, 3e-3, 1e-2]\n",
           "    learning_rates = [10.0**-k for k in range(1, 10)]\n"),
    mutant("svm search: numbers for pixels in 0..255",
           "check_svm_search_finds_a_good_pair",
           "    learning_rates = [3e-4, 1e-3, 3e-3, 1e-2]\n", "    learning_rates = [1e-7, 5e-7, 1e-6, 5e-6]\n",
           calibrates=True),
    mutant("softmax search: one pair", "check_softmax_search_has_5_to_25_pairs",
           "    return learning_rates, regularization_strengths\n    ### END SOLUTION\n\n\n"
           '# %% tags=["active-ipynb"] grade="softmax_get_search_params"',
           "    return learning_rates[2:3], regularization_strengths[:1]\n    ### END SOLUTION\n\n\n"
           '# %% tags=["active-ipynb"] grade="softmax_get_search_params"'),
    mutant("softmax search: numbers for pixels in 0..255",
           "check_softmax_search_finds_a_good_pair",
           "    learning_rates = [3e-3, 1e-2, 3e-2, 1e-1]\n", "    learning_rates = [1e-7, 5e-7, 1e-6, 5e-6]\n",
           calibrates=True),
]

FEATURES = [
    mutant("colours: counts, not fractions", "check_color_histogram_counts_pixels",
           FRACTION, "return counts.flatten(1)"),
    mutant("colours: intervals before channels", "check_color_histogram_counts_pixels",
           FRACTION, FRACTION.replace("counts.flatten(1)", "counts.mT.flatten(1)")),
    mutant("colours: rounds to the nearest edge", "check_color_histogram_counts_pixels",
           INTERVAL, INTERVAL.replace(".long()", ".round().long()")),
    mutant("colours: an edge belongs to the interval below", "check_color_histogram_on_the_edges",
           INTERVAL, "interval = ((channels * bins).ceil().long() - 1).clamp(min=0)"),
    mutant("colours: a value of 1 starts at 0 again", "check_color_histogram_on_the_edges",
           INTERVAL, "interval = (channels * bins).long() % bins"),
    mutant("colours: a loop over the images", "check_color_histogram_on_other_sizes",
           FRACTION, "return torch.stack([each.flatten() for each in counts]) / channels.shape[2]"),
    mutant("colours: ten intervals by default", "check_color_histogram_on_other_sizes",
           "color_histogram(images: Tensor, bins: int = 25)", "color_histogram(images: Tensor, bins: int = 10)"),
    mutant("edges: zeros outside the image", "check_hog_agrees_with_plain_loops",
           GREY, GREY.replace('mode="replicate"', 'mode="constant"')),
    mutant("edges: each magnitude goes into one bin", "check_hog_agrees_with_plain_loops",
           POSITION, f"({POSITION}).floor()"),
    mutant("edges: no scaling by contrast", "check_hog_agrees_with_plain_loops",
           "    histogram = histogram / " + NORM + "\n", ""),
    mutant("edges: bins before cells", "check_hog_agrees_with_plain_loops",
           ORDER, "histogram.flatten(1)"),
    mutant("edges: tells dark-to-bright from bright-to-dark", "check_hog_knows_the_direction_of_a_ramp",
           POSITION, "torch.atan2(dy, dx) % (2 * math.pi) * bins / (2 * math.pi)"),
    mutant("edges: the last bin does not lead back to the first", "check_hog_knows_the_direction_of_a_ramp",
           SHARE, "(1 - distance).clamp(min=0)"),
    mutant("edges: atan2 with its arguments swapped", "check_hog_knows_the_direction_of_a_ramp",
           POSITION, POSITION.replace("dy, dx", "dx, dy")),
    mutant("edges: cells that do not fill are counted too", "check_hog_on_other_sizes",
           POOL, POOL.replace("cell)", "cell, ceil_mode=True)")),
    mutant("edges: scales by the whole image", "check_hog_on_other_sizes",
           NORM, NORM.replace("dim=1", "dim=(1, 2, 3)")),
    mutant("edges: divides by a length of 0 in plain cells", "check_hog_of_plain_and_faint_images",
           NORM, "histogram.square().sum(dim=1, keepdim=True).sqrt()"),
    mutant("edges: the floor is added behind the root", "check_hog_of_plain_and_faint_images",
           NORM, "(histogram.square().sum(dim=1, keepdim=True).sqrt() + 0.01)"),
    mutant("edges: one image after the other", "check_hog_takes_many_images_at_once",
           "    " + GREY.join(["grey = ", "[:, 0]  # (N, H+2, W+2)"]),
           "    if len(images) > 1:\n        return torch.cat([hog_features(x[None], cell, bins) for x in images])\n"
           + "    " + GREY.join(["grey = ", "[:, 0]  # (N, H+2, W+2)"])),
    mutant("features: stacked below each other", "check_features_stand_side_by_side",
           SIDE_BY_SIDE, "torch.cat([compute(part).T for compute in feature_fns]).T.flip(1)"),
    mutant("features: the last, incomplete part is dropped", "check_features_of_many_images",
           PARTS, PARTS.replace("split(1000)", "split(1000)[: max(1, len(images) // 1000)]")),
]
# fmt: on

MUTANTS = (
    SVM_WITH_LOOPS
    + SVM_WITHOUT_LOOPS
    + SOFTMAX_WITH_LOOPS
    + SOFTMAX_WITHOUT_LOOPS
    + VALIDATION
    + TRAINING
    + SEARCH
    + FEATURES
)
