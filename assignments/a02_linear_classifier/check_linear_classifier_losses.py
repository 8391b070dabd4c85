"""Public checks of a02, the four losses and the inputs they reject, against plain loops and autograd."""

from collections.abc import Callable

import torch
from oracles import READY_MADE, batch, derivative, refusal_of
from torch import Tensor

from autograder import expect, expect_close, expect_vectorised, forbid, task


def plain_svm(W: Tensor, X: Tensor, y: Tensor, reg: float, *, margin: float = 1.0, own_class: bool = False) -> Tensor:
    """Compute the definition, image by image and class by class; ``own_class`` wrongly counts the true class too."""
    total = W.new_zeros(())
    for image, label in zip(X, y.tolist(), strict=True):
        scores = image @ W
        for other, score in enumerate(scores):
            if other != label or own_class:
                total = total + (score - scores[label] + margin).clamp(min=0)
    return total / len(X) + reg * W.pow(2).sum()


def plain_softmax(W: Tensor, X: Tensor, y: Tensor, reg: float) -> Tensor:
    """Compute the definition, image by image, relative to the largest score."""
    total = W.new_zeros(())
    for image, label in zip(X, y.tolist(), strict=True):
        scores = image @ W
        below = scores - scores.max()
        total = total + below.exp().sum().log() - below[label]
    return total / len(X) + reg * W.pow(2).sum()


def wrong_losses(formula, W, X, y, reg) -> dict[str, Callable[[], Tensor]]:
    """Return the loss that each mistake gives, by its hint."""
    data = formula(W, X, y, 0.0)
    hints = {
        "The regulariser is missing.": lambda: data,
        "The regulariser is half of what it should be: reg * sum(W * W), without 1/2.": (
            lambda: formula(W, X, y, reg / 2)
        ),
        "The regulariser was added once for each image.": lambda: formula(W, X, y, reg * len(X)),
        "The regulariser was divided by the number of images too.": lambda: formula(W, X, y, reg / len(X)),
        "The regulariser must be the sum of the squares of W; this is its root.": lambda: (
            data + reg * W.pow(2).sum().sqrt()
        ),
        "This is the sum over the images; the loss is their mean.": lambda: formula(W, X, y, reg / len(X)) * len(X),
        "The data part was not divided by the number of images.": lambda: data * len(X) + reg * W.pow(2).sum(),
        "The data part was divided by the number of classes; only the images are averaged.": (
            lambda: data / W.shape[1] + reg * W.pow(2).sum()
        ),
    }
    if formula is plain_svm:
        hints |= {
            "The true class counts too; omit it. It adds the margin 1 for each image.": (
                lambda: formula(W, X, y, reg, own_class=True)
            ),
            "The margin of 1 is missing.": lambda: formula(W, X, y, reg, margin=0.0),
        }
    return hints


def wrong_gradients(formula, W, X, y, reg) -> dict[str, Callable[[], Tensor]]:
    """Return the gradient that each mistake gives, by its hint."""
    data, size = derivative(formula, W, X, y, 0.0), len(X)
    lead = (X @ W)[torch.arange(size, device=X.device), y][:, None] - X @ W
    violations = (lead < 1).sum(dim=1) - 1.0  # of each image; minus its own class, whose lead is 0

    def own(weights: Tensor) -> Tensor:
        """Add up the images times their weights in the columns of their classes. (D, C)"""
        return torch.zeros_like(W).index_add_(1, y, (weights[:, None] * X).T)

    missing = own(violations if formula is plain_svm else torch.ones_like(violations))
    hints = {
        "The regulariser's gradient is missing.": lambda: data,
        "The gradient of reg * sum(W * W) is 2 * reg * W: the 2 is missing.": lambda: data + reg * W,
        "The data part was not divided by the number of images.": lambda: data * size + 2 * reg * W,
        "Everything was divided by the number of images; the regulariser must not be.": lambda: (
            data + 2 * reg * W / size
        ),
        "The regulariser was added once for each image.": lambda: data + 2 * reg * W * size,
        "The part of the true class is missing: subtract x from column y.": (
            lambda: data + missing / size + 2 * reg * W
        ),
        "The data part has the wrong sign.": lambda: 2 * reg * W - data,
    }
    if formula is plain_svm:
        hints["Subtract x from column y once for each violation of the margin, not once for each image."] = lambda: (
            data + (missing - own((violations > 0).to(W.dtype))) / size + 2 * reg * W
        )
    return hints


def judge_loss(student, name, formula, W, X, y, reg):
    """Compare the loss."""
    forbid(student, name, calls=READY_MADE, loops=name.endswith("vectorized"), apart=["validate_batch"])
    loss, _ = getattr(student, name)(W, X, y, reg)
    expected = formula(W, X, y, reg)
    expect_close(loss, expected, mistakes=wrong_losses(formula, W, X, y, reg), name="the loss")


def judge_gradient(student, name, formula, W, X, y, reg):
    """Compare the gradient."""
    forbid(student, name, calls=READY_MADE, loops=name.endswith("vectorized"), apart=["validate_batch"])
    _, dW = getattr(student, name)(W, X, y, reg)
    expected = derivative(formula, W, X, y, reg)
    expect_close(dW, expected, mistakes=wrong_gradients(formula, W, X, y, reg), name="dW")


def judge_large_scores(student, name, rng):
    """Compare loss and gradient for scores near 1000 and near -1000."""
    forbid(student, name, calls=READY_MADE, loops=name.endswith("vectorized"), apart=["validate_batch"])
    W, X, y = batch(rng, 6, 4, 5)
    for level in (1000.0, -1000.0):
        W[-1], X[:, -1] = level, 1.0  # every class of every image gets this much
        loss, dW = getattr(student, name)(W, X, y, 0.0)
        expect_close(loss, plain_softmax(W, X, y, 0.0), name=f"the loss, scores near {level:g}")
        expect_close(dW, derivative(plain_softmax, W, X, y, 0.0), name=f"dW, scores near {level:g}")


def judge_operations(student, name, rng):
    """Large batches need about as many operations as small ones."""
    forbid(student, name, calls=READY_MADE, loops="images", apart=["validate_batch"])
    formula = plain_svm if name.startswith("svm") else plain_softmax
    W, X, y = batch(rng, 41, 6, 13)
    few = student.inspect(getattr(student, name), W[:, :3].contiguous(), X[:4], y[:4] % 3, 0.1)
    many = student.inspect(getattr(student, name), W, X, y, 0.1)

    loss, dW = many.value
    expect_close(loss, formula(W, X, y, 0.1), name="the loss")
    expect_close(dW, derivative(formula, W, X, y, 0.1), name="dW")
    hint = "Some operation still runs once for each image or class. Work on (N, C) matrices."
    sizes = {"few_inputs": "4 images and 3 classes", "many_inputs": "41 images and 13 classes"}
    expect_vectorised(few, many, **sizes, hint=hint)


@task("svm_loss_naive", points=3)
def check_svm_naive_loss(student, rng):
    """The hinge loss with loops is the mean of the hinges plus the regulariser."""
    judge_loss(student, "svm_loss_naive", plain_svm, *batch(rng, 7, 5, 4), 0.3)


@task("svm_loss_naive", points=3)
def check_svm_naive_gradient(student, rng):
    """The gradient of the hinge loss with loops is its derivative."""
    judge_gradient(student, "svm_loss_naive", plain_svm, *batch(rng, 7, 5, 4), 0.3)


@task("svm_loss_vectorized", points=3)
def check_svm_vectorized_loss(student, rng):
    """The hinge loss without loops is the mean of the hinges plus the regulariser."""
    judge_loss(student, "svm_loss_vectorized", plain_svm, *batch(rng, 8, 3, 5), 0.2)


@task("svm_loss_vectorized", points=3)
def check_svm_vectorized_gradient(student, rng):
    """The gradient of the hinge loss without loops is its derivative."""
    judge_gradient(student, "svm_loss_vectorized", plain_svm, *batch(rng, 8, 3, 5), 0.2)


@task("svm_loss_vectorized", points=2)
def check_svm_vectorized_runs_as_many_operations_on_larger_batches(student, rng):
    """The hinge loss without loops needs as many operations for 41 images as for 4."""
    judge_operations(student, "svm_loss_vectorized", rng)


@task("softmax_loss_naive", points=3)
def check_softmax_naive_loss(student, rng):
    """The cross-entropy with loops is the mean of -log p(label) plus the regulariser."""
    judge_loss(student, "softmax_loss_naive", plain_softmax, *batch(rng, 5, 6, 4), 0.3)


@task("softmax_loss_naive", points=3)
def check_softmax_naive_gradient(student, rng):
    """The gradient of the cross-entropy with loops is its derivative."""
    judge_gradient(student, "softmax_loss_naive", plain_softmax, *batch(rng, 5, 6, 4), 0.3)


@task("softmax_loss_naive", points=1)
def check_softmax_naive_survives_large_scores(student, rng):
    """The cross-entropy with loops is right when all scores are near 1000, or near -1000."""
    judge_large_scores(student, "softmax_loss_naive", rng)


@task("softmax_loss_vectorized", points=3)
def check_softmax_vectorized_loss(student, rng):
    """The cross-entropy without loops is the mean of -log p(label) plus the regulariser."""
    judge_loss(student, "softmax_loss_vectorized", plain_softmax, *batch(rng, 9, 4, 6), 0.2)


@task("softmax_loss_vectorized", points=3)
def check_softmax_vectorized_gradient(student, rng):
    """The gradient of the cross-entropy without loops is its derivative."""
    judge_gradient(student, "softmax_loss_vectorized", plain_softmax, *batch(rng, 9, 4, 6), 0.2)


@task("softmax_loss_vectorized", points=2)
def check_softmax_vectorized_survives_large_scores(student, rng):
    """The cross-entropy without loops is right when all scores are near 1000, or near -1000."""
    judge_large_scores(student, "softmax_loss_vectorized", rng)


@task("softmax_loss_vectorized", points=1)
def check_softmax_vectorized_runs_as_many_operations_on_larger_batches(student, rng):
    """The cross-entropy without loops needs as many operations for 41 images as for 4."""
    judge_operations(student, "softmax_loss_vectorized", rng)


def judge_refusal(student, f, args, story: str, wanted: list[str]):
    """Expect a ValueError whose message contains the words."""
    message = refusal_of(student, f, args, story)
    missing = [word for word in wanted if word not in message.lower()]
    words = " and ".join(repr(word) for word in missing)
    expect(not missing, f"For {story} the message lacks {words}: {message!r}", hint="See the table above the task.")


@task("validate_batch", points=3)
def check_validate_batch_refuses_nonsense(student, rng):
    """ValueError says what is wrong: an empty batch, float labels, too few labels, a label that is not a class."""
    W, X, y = batch(rng, 13, 3, 7)
    f = student.validate_batch
    judge_refusal(student, f, (W, X[:0], y[:0]), "an empty batch", ["empty"])
    judge_refusal(student, f, (W, X, y.float()), "float labels", ["float32"])
    judge_refusal(student, f, (W, X, y[:11]), "13 images with 11 labels", ["13", "11"])
    for label in (-41, 52):
        y[4] = label
        judge_refusal(student, f, (W, X, y), f"the label {label} among 7 classes", [str(label)])
