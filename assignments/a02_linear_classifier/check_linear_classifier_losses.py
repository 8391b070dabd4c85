"""Public checks of a02, the four losses and the inputs they reject, against plain loops and autograd."""

import torch
from oracles import LOANS_OF_LOSSES, READY_MADE, batch, derivative, refusal_of
from oracles_losses import plain_softmax, plain_svm, wrong_gradients, wrong_losses
from torch import Tensor

from autograder import Message, expect, expect_close, expect_vectorised, explain_errors, forbid, task

BEHIND = (
    "A probability may round to 0, and log(0) is infinite. With shifted = scores - the largest score of the image, "
    "the loss is log(sum(exp(shifted))) - shifted[label]."
)
INFINITE = "exp(1000) is infinite: subtract the largest score of each image from its scores before exp."
ERRORS = {
    "same dtype": "Create tensors with the dtype of the input: torch.zeros_like(W), (margins > 0).to(X.dtype).",
    "assigned": "Give loss and dW their start before the loops, and return both after them.",
    "RuntimeError": "Write the shape next to each line: scores (N, C) = X @ W, and X.T @ (N, C) is (D, C).",
}


def judge_loss(student, name, formula, W, X, y, reg):
    """Compare the loss."""
    forbid(student, name, calls=READY_MADE, loops=name.endswith("vectorized"), apart=["validate_batch"])
    with explain_errors(ERRORS):
        loss, _ = getattr(student, name)(W, X, y, reg)
    swapped = isinstance(loss, Tensor) and loss.shape == W.shape
    expect(not swapped, "The first result has the shape of W.", hint="Return the loss first, then its gradient dW.")
    expected = formula(W, X, y, reg)
    expect_close(loss, expected, mistakes=wrong_losses(formula, W, X, y, reg), name="the loss")


def judge_gradient(student, name, formula, W, X, y, reg):
    """Compare the gradient."""
    forbid(student, name, calls=READY_MADE, loops=name.endswith("vectorized"), apart=["validate_batch"])
    with explain_errors(ERRORS):
        _, dW = getattr(student, name)(W, X, y, reg)
    expected = derivative(formula, W, X, y, reg)
    expect_close(dW, expected, mistakes=wrong_gradients(formula, W, X, y, reg), name="dW")


def judge_large_scores(student, name, rng):
    """Compare loss and gradient for scores near 1000, near -1000, and thousands apart."""
    forbid(student, name, calls=READY_MADE, loops=name.endswith("vectorized"), apart=["validate_batch"])
    W, X, y = batch(rng, 6, 4, 5)
    for level in (1000.0, -1000.0):
        W[-1], X[:, -1] = level, 1.0  # every class of every image gets this much
        loss, dW = getattr(student, name)(W, X, y, 0.0)
        expected = plain_softmax(W, X, y, 0.0)
        mistakes = wrong_losses(plain_softmax, W, X, y, 0.0)
        if isinstance(loss, float | Tensor):
            finite = bool(torch.as_tensor(loss).isfinite().all())
            expect(
                finite, Message("The loss is nan or infinite for scores near {level:g}.", level=level), hint=INFINITE
            )
        expect_close(loss, expected, name=Message("the loss, scores near {level:g}", level=level), mistakes=mistakes)
        expect_close(
            dW, derivative(plain_softmax, W, X, y, 0.0), name=Message("dW, scores near {level:g}", level=level)
        )
    W, X, y = batch(rng, 6, 4, 5)
    W = 1000 * W  # the true class may be far ahead or far behind
    loss, dW = getattr(student, name)(W, X, y, 0.0)
    if isinstance(loss, float | Tensor):
        finite = bool(torch.as_tensor(loss).isfinite().all())
        expect(finite, "The loss is nan or infinite for scores that are thousands apart.", hint=BEHIND)
    expect_close(loss, plain_softmax(W, X, y, 0.0), name="the loss, scores thousands apart", mistakes={BEHIND: loss})
    expect_close(dW, derivative(plain_softmax, W, X, y, 0.0), name="dW, scores thousands apart")


def judge_operations(student, name, rng):
    """Large batches need about as many operations as small ones."""
    forbid(student, name, calls=READY_MADE, loops="images", apart=["validate_batch"])
    formula = plain_svm if name.startswith("svm") else plain_softmax
    W, X, y = batch(rng, 41, 6, 13)
    few = student.measure(getattr(student, name), W[:, :3].contiguous(), X[:4], y[:4] % 3, 0.1)
    many = student.measure(getattr(student, name), W, X, y, 0.1)

    loss, dW = many.value
    expect_close(loss, formula(W, X, y, 0.1), name="the loss", mistakes=wrong_losses(formula, W, X, y, 0.1))
    mistakes = wrong_gradients(formula, W, X, y, 0.1)
    expect_close(dW, derivative(formula, W, X, y, 0.1), name="dW", mistakes=mistakes)
    hint = "Some operation still runs once for each image or class. Work on (N, C) matrices."
    sizes = {"few_inputs": "4 images and 3 classes", "many_inputs": "41 images and 13 classes"}
    expect_vectorised(few, many, **sizes, hint=hint)


@task("svm_loss_naive", share=30, any_dtype=True, loans=LOANS_OF_LOSSES)
def check_svm_naive_loss(student, rng):
    """The hinge loss with loops is the mean of the hinges plus the regulariser."""
    judge_loss(student, "svm_loss_naive", plain_svm, *batch(rng, 7, 5, 4, torch.float32), 0.3)


@task("svm_loss_naive", share=30, any_dtype=True, loans=LOANS_OF_LOSSES)
def check_svm_naive_gradient(student, rng):
    """The gradient of the hinge loss with loops is its derivative."""
    judge_gradient(student, "svm_loss_naive", plain_svm, *batch(rng, 7, 5, 4, torch.float32), 0.3)


@task("svm_loss_vectorized", share="3/14", any_dtype=True, loans=LOANS_OF_LOSSES)
def check_svm_vectorized_loss(student, rng):
    """The hinge loss without loops is the mean of the hinges plus the regulariser."""
    judge_loss(student, "svm_loss_vectorized", plain_svm, *batch(rng, 8, 3, 5, torch.float32), 0.2)


@task("svm_loss_vectorized", share="3/14", any_dtype=True, loans=LOANS_OF_LOSSES)
def check_svm_vectorized_gradient(student, rng):
    """The gradient of the hinge loss without loops is its derivative."""
    judge_gradient(student, "svm_loss_vectorized", plain_svm, *batch(rng, 8, 3, 5, torch.float32), 0.2)


@task("svm_loss_vectorized", share="2/14", any_dtype=True, loans=LOANS_OF_LOSSES)
def check_svm_vectorized_runs_as_many_operations_on_larger_batches(student, rng):
    """The hinge loss without loops needs as many operations for 41 images as for 4."""
    judge_operations(student, "svm_loss_vectorized", rng)


@task("softmax_loss_naive", share=30, any_dtype=True, loans=LOANS_OF_LOSSES)
def check_softmax_naive_loss(student, rng):
    """The cross-entropy with loops is the mean of -log p(label) plus the regulariser."""
    judge_loss(student, "softmax_loss_naive", plain_softmax, *batch(rng, 5, 6, 4, torch.float32), 0.3)


@task("softmax_loss_naive", share=30, any_dtype=True, loans=LOANS_OF_LOSSES)
def check_softmax_naive_gradient(student, rng):
    """The gradient of the cross-entropy with loops is its derivative."""
    judge_gradient(student, "softmax_loss_naive", plain_softmax, *batch(rng, 5, 6, 4, torch.float32), 0.3)


@task("softmax_loss_naive", share=10, any_dtype=True, loans=LOANS_OF_LOSSES)
def check_softmax_naive_survives_large_scores(student, rng):
    """The cross-entropy with loops is right when scores are near 1000, near -1000, or thousands apart."""
    judge_large_scores(student, "softmax_loss_naive", rng)


@task("softmax_loss_vectorized", share="3/14", any_dtype=True, loans=LOANS_OF_LOSSES)
def check_softmax_vectorized_loss(student, rng):
    """The cross-entropy without loops is the mean of -log p(label) plus the regulariser."""
    judge_loss(student, "softmax_loss_vectorized", plain_softmax, *batch(rng, 9, 4, 6, torch.float32), 0.2)


@task("softmax_loss_vectorized", share="3/14", any_dtype=True, loans=LOANS_OF_LOSSES)
def check_softmax_vectorized_gradient(student, rng):
    """The gradient of the cross-entropy without loops is its derivative."""
    judge_gradient(student, "softmax_loss_vectorized", plain_softmax, *batch(rng, 9, 4, 6, torch.float32), 0.2)


@task("softmax_loss_vectorized", share="2/14", any_dtype=True, loans=LOANS_OF_LOSSES)
def check_softmax_vectorized_survives_large_scores(student, rng):
    """The cross-entropy without loops is right when scores are near 1000, near -1000, or thousands apart."""
    judge_large_scores(student, "softmax_loss_vectorized", rng)


@task("softmax_loss_vectorized", share="1/14", any_dtype=True, loans=LOANS_OF_LOSSES)
def check_softmax_vectorized_runs_as_many_operations_on_larger_batches(student, rng):
    """The cross-entropy without loops needs as many operations for 41 images as for 4."""
    judge_operations(student, "softmax_loss_vectorized", rng)


def judge_refusal(student, f, args, story: Message, wanted: list[str], hint: str = "See the table above the task."):
    """Expect a ValueError whose message contains the words."""
    message = refusal_of(student, f, args, story)
    missing = [word for word in wanted if word not in message.lower()]
    words = ", ".join(repr(word) for word in missing)
    expect(
        not missing,
        Message("For {story} the message lacks {words}: {message!r}", story=story, words=words, message=message),
        hint=hint,
    )


@task("validate_batch", share="1/6", keeps=True)
def check_validate_batch_refuses_batches_without_sense(student, rng):
    """ValueError says that a batch is empty, or that X and y differ in length."""
    W, X, y = batch(rng, 13, 3, 7)
    f = student.validate_batch
    judge_refusal(student, f, (W, X[:0], y[:0]), Message("an empty batch"), ["empty"])
    judge_refusal(student, f, (W, X, y[:11]), Message("13 images with 11 labels"), ["13", "11"])
    judge_refusal(student, f, (W, X[:11], y), Message("11 images with 13 labels"), ["13", "11"])


@task("validate_batch", share="1/6")
def check_validate_batch_refuses_other_dtypes(student, rng):
    """ValueError says which dtype the labels have, if it is not int64."""
    W, X, y = batch(rng, 13, 3, 7)
    for dtype in (torch.float32, torch.int32, torch.float64):
        name = str(dtype).removeprefix("torch.")
        story = Message("labels of dtype {name}", name=name)
        judge_refusal(student, student.validate_batch, (W, X, y.to(dtype)), story, [name])


@task("validate_batch", share="1/6")
def check_validate_batch_refuses_labels_that_are_no_classes(student, rng):
    """ValueError says which label is not a class."""
    W, X, y = batch(rng, 13, 3, 7)
    for label in (-41, 7, 52):
        y[4] = label
        story = Message("the label {label} among {classes} classes", label=label, classes=7)
        hint = "Only labels below 0 or above the last class are refused, and the message names one of them."
        judge_refusal(student, student.validate_batch, (W, X, y), story, [str(label)], hint)
