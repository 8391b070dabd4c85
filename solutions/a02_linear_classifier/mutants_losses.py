"""Wrong answers to a02, losses and rejected inputs, each with the check that must notice it."""

from autograder.authoring.mutants import first, mutants_of


def end_before(prose: str) -> str:
    """Return the end of a solution and the beginning of the next cell, to distinguish two equal last lines."""
    return f"\n    ### END SOLUTION\n\n\n# %% [markdown]\n# {prose}"


NAIVE = "    return loss / num_images + reg * (W * W).sum(), dW / num_images + 2 * reg * W"
SVM_NAIVE, SOFTMAX_NAIVE = NAIVE + end_before("A test of any loss"), NAIVE + end_before("Again without loops")
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
VALIDATE = "    validate_batch(W, X, y)\n"
WRONG = "wrong = (y < 0) | (y >= W.shape[1])"
EMPTY = "    if len(X) == 0:\n"
DTYPE = "    if y.dtype != torch.int64:\n"
LENGTHS = "    if len(X) != len(y):\n"


mutant = mutants_of("linear_classifier.py")


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
    mutant("svm, loops: always makes a float64 loss", "check_svm_naive_keeps_float32",
           SVM_NAIVE, SVM_NAIVE.replace("return loss", "loss = loss.double()\n    return loss")),
    mutant("svm, loops: a gradient of torch's default dtype", "check_svm_naive_keeps_float32",
           SVM_NAIVE, SVM_NAIVE.replace("dW / num_images + 2 * reg * W", "(dW / num_images + 2 * reg * W).float()"),
           habit="dtype"),
    mutant("svm, loops: stops at an image's first violation", "check_svm_naive_loss",
           HINGE_LOOP, HINGE_LOOP + "                break\n"),
    mutant("svm, loops: torch's own loss", "check_svm_naive_loss",
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
    mutant("svm: a loop over the images in a comprehension",
           "check_svm_vectorized_runs_as_many_operations_on_larger_batches",
           SVM_SCORES, SVM_SCORES.replace("X @ W", "torch.stack([x @ W for x in X])")),
    mutant("svm: a loop over the images in map",
           "check_svm_vectorized_runs_as_many_operations_on_larger_batches",
           SVM_SCORES, SVM_SCORES.replace("X @ W", "torch.stack(list(map(lambda x: x @ W, X)))")),
    mutant("svm: only the largest hinge of an image counts", "check_svm_vectorized_loss",
           MARGINS, MARGINS + "\n    margins = margins * (margins == margins.amax(dim=1, keepdim=True))"),
    mutant("svm: the true class counts as a violation", "check_svm_vectorized_gradient",
           SIGN, "entries.scatter(1, labels, -1 - entries.sum(dim=1, keepdim=True))"),
    mutant("svm: squeezes, so a batch of one image loses an axis", "check_svm_vectorized_on_other_sizes",
           SVM_SCORES, SVM_SCORES.replace("X @ W", "(X @ W).squeeze()")),
    mutant("svm: a hinge counts 10 at most", "check_svm_vectorized_on_other_sizes",
           MARGINS, MARGINS + "\n    margins = margins.clamp(max=10)"),
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
    mutant("softmax, loops: exp of the unshifted scores", "check_softmax_naive_survives_large_scores",
           SHIFT_ONE, "        shifted = scores\n"),
    mutant("softmax, loops: the logarithm of a probability that became 0", "check_softmax_naive_far_behind",
           "loss = loss + log_total - shifted[label]",
           "loss = loss - (shifted.exp() / shifted.exp().sum())[label].log()"),
    mutant("softmax, loops: averages the gradient twice", "check_softmax_naive_on_other_sizes",
           "(probability - int(j == label)) * X[i]", "(probability - int(j == label)) * X[i] / num_images"),
    mutant("softmax, loops: returns the gradient in float64", "check_softmax_naive_keeps_float32",
           SOFTMAX_NAIVE, SOFTMAX_NAIVE.replace("dW / num_images", "dW.double() / num_images")),
]

SOFTMAX_WITHOUT_LOOPS = [
    mutant("softmax: the regulariser is counted once per image", "check_softmax_vectorized_loss",
           SOFTMAX_LOSS, SOFTMAX_LOSS.replace("reg * (W * W)", "len(X) * reg * (W * W)")),
    mutant("softmax: a sum over the images", "check_softmax_vectorized_loss",
           SOFTMAX_LOSS, SOFTMAX_LOSS.replace(".mean()", ".sum()")),
    mutant("softmax: the mean over all classes", "check_softmax_vectorized_loss",
           SOFTMAX_LOSS, SOFTMAX_LOSS.replace("log_probs.gather(1, labels).mean()", "log_probs.mean()")),
    mutant("softmax: torch's own loss", "check_softmax_vectorized_loss",
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
    mutant("softmax: exp of the unshifted scores", "check_softmax_vectorized_survives_large_scores",
           SHIFT_ALL, "shifted = scores"),
    mutant("softmax: adds a small number under the logarithm instead of shifting",
           "check_softmax_vectorized_survives_large_scores",
           SHIFT_ALL + "\n    " + LOG_PROBS,
           "shifted = scores\n    log_probs = (scores.exp() / (scores.exp().sum(1, keepdim=True) + 1e-8)).log()"),
    mutant("softmax: subtracts the largest score of the batch, not of the image",
           "check_softmax_vectorized_far_behind",
           SHIFT_ALL, "shifted = scores - scores.max()"),
    mutant("softmax: the logarithm of a probability that became 0", "check_softmax_vectorized_far_behind",
           LOG_PROBS, "log_probs = (shifted.exp() / shifted.exp().sum(dim=1, keepdim=True)).log()"),
    mutant("softmax: adds a small number to the probability", "check_softmax_vectorized_far_behind",
           "log_probs.gather(1, labels).mean()", "(log_probs.gather(1, labels).exp() + 1e-8).log().mean()"),
    mutant("softmax: a loop over the images in a comprehension",
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
    mutant("validation: an empty batch passes", "check_validate_batch_refuses_batches_without_sense",
           EMPTY, "    if len(X) < 0:\n"),
    mutant("validation: float labels pass", "check_validate_batch_refuses_other_dtypes",
           DTYPE, "    if y.dtype == torch.bool:\n"),
    mutant("validation: int32 labels pass", "check_validate_batch_refuses_other_dtypes",
           DTYPE, "    if y.is_floating_point() or y.dtype == torch.bool:\n"),
    mutant("validation: labels that are too few pass", "check_validate_batch_refuses_batches_without_sense",
           LENGTHS, "    if len(X) < len(y):\n"),
    mutant("validation: TypeError for a dtype", "check_validate_batch_refuses_other_dtypes",
           'raise ValueError(f"The labels y are', 'raise TypeError(f"The labels y are'),
    mutant("validation: shows the first label instead of a wrong one",
           "check_validate_batch_refuses_labels_that_are_no_classes",
           "A label is {int(y[wrong][0])}", "A label is {int(y[0])}"),
    mutant("validation: lengths are not compared", "check_validate_batch_refuses_batches_without_sense",
           LENGTHS, "    if y.dim() != 1:\n"),
    mutant("validation: negative labels pass", "check_validate_batch_refuses_labels_that_are_no_classes",
           WRONG, "wrong = y >= W.shape[1]"),
    mutant("validation: an assert without a message", "check_validate_batch_refuses_batches_without_sense",
           EMPTY, "    assert len(X)\n" + EMPTY),
    mutant("validation: accepts a label equal to the number of classes", "check_validate_batch_accepts_sound_batches",
           WRONG, "wrong = (y < 0) | (y > W.shape[1])"),
    mutant("validation: refuses class 0", "check_validate_batch_accepts_sound_batches",
           WRONG, "wrong = (y <= 0) | (y >= W.shape[1])"),
    mutant("validation: written, but no loss calls it", "check_losses_refuse_nonsense",
           VALIDATE, "", count=4),
    mutant("refusal: changes the weights", "check_validate_batch_refuses_batches_without_sense",
           first("validate_batch", "W.add_(1)")),
]
# fmt: on

MUTANTS = SVM_WITH_LOOPS + SVM_WITHOUT_LOOPS + SOFTMAX_WITH_LOOPS + SOFTMAX_WITHOUT_LOOPS + VALIDATION
