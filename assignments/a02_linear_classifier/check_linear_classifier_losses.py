"""Public checks of a02, the four losses and what they refuse: expected values come from plain loops and autograd."""

from collections.abc import Callable

import torch
from oracles import READY_MADE, batch, derivative, refusal_of
from torch import Tensor

from autograder import expect, expect_close, forbid, task


def plain_svm(W: Tensor, X: Tensor, y: Tensor, reg: float, *, margin: float = 1.0, own_class: bool = False) -> Tensor:
    """The definition, one image and one class after the other; ``own_class`` wrongly counts the true class too."""
    total = W.new_zeros(())
    for image, label in zip(X, y.tolist(), strict=True):
        scores = image @ W
        for other, score in enumerate(scores):
            if other != label or own_class:
                total = total + (score - scores[label] + margin).clamp(min=0)
    return total / len(X) + reg * W.pow(2).sum()


def plain_softmax(W: Tensor, X: Tensor, y: Tensor, reg: float) -> Tensor:
    """The definition, one image after the other, from the largest score downwards."""
    total = W.new_zeros(())
    for image, label in zip(X, y.tolist(), strict=True):
        scores = image @ W
        below = scores - scores.max()
        total = total + below.exp().sum().log() - below[label]
    return total / len(X) + reg * W.pow(2).sum()


def wrong_losses(formula, W, X, y, reg) -> dict[str, Callable[[], Tensor]]:
    """Hint -> the loss that this mistake gives."""
    data = formula(W, X, y, 0.0)
    hints = {
        "The regulariser is missing.": lambda: data,
        "The regulariser is half of what it should be: reg * sum(W * W), without 1/2.": (
            lambda: formula(W, X, y, reg / 2)
        ),
        "The regulariser was added once for each image.": lambda: formula(W, X, y, reg * len(X)),
        "The regulariser was divided by the number of images too.": lambda: formula(W, X, y, reg / len(X)),
        "The regulariser must sum the squares of W; this is their root.": lambda: data + reg * W.pow(2).sum().sqrt(),
        "This is the sum over the images; the loss is their mean.": lambda: formula(W, X, y, reg / len(X)) * len(X),
        "The data part was not divided by the number of images.": lambda: data * len(X) + reg * W.pow(2).sum(),
        "The data part was divided by the number of classes; only the images are averaged.": (
            lambda: data / W.shape[1] + reg * W.pow(2).sum()
        ),
    }
    if formula is plain_svm:
        hints |= {
            "The true class counts as well; leave it out. It adds the margin 1 for each image.": (
                lambda: formula(W, X, y, reg, own_class=True)
            ),
            "The margin of 1 is missing.": lambda: formula(W, X, y, reg, margin=0.0),
        }
    return hints


def wrong_gradients(formula, W, X, y, reg) -> dict[str, Callable[[], Tensor]]:
    """Hint -> the gradient that this mistake gives."""
    data, size = derivative(formula, W, X, y, 0.0), len(X)
    lead = (X @ W)[torch.arange(size, device=X.device), y][:, None] - X @ W
    violations = (lead < 1).sum(dim=1) - 1.0  # of each image; its own class, with a lead of 0, is one too many

    def own(weights: Tensor) -> Tensor:
        """The images times their weights, added up in the columns of their classes. (D, C)"""
        return torch.zeros_like(W).index_add_(1, y, (weights[:, None] * X).T)

    missing = own(violations if formula is plain_svm else torch.ones_like(violations))
    hints = {
        "The regulariser's gradient is missing.": lambda: data,
        "The gradient of reg * sum(W * W) is 2 * reg * W: the 2 is missing.": lambda: data + reg * W,
        "The data part was not divided by the number of images.": lambda: data * size + 2 * reg * W,
        "All of it was divided by the number of images; the regulariser must not be.": lambda: (
            data + 2 * reg * W / size
        ),
        "The regulariser was added once for each image.": lambda: data + 2 * reg * W * size,
        "The part of the true class is missing, which takes x away from column y.": (
            lambda: data + missing / size + 2 * reg * W
        ),
        "The data part has the wrong sign.": lambda: 2 * reg * W - data,
    }
    if formula is plain_svm:
        hints["Column y loses x once for each violation of the margin, not once for each image."] = lambda: (
            data + (missing - own((violations > 0).to(W.dtype))) / size + 2 * reg * W
        )
    return hints


def judge_loss(student, name, formula, W, X, y, reg):
    """The loss alone."""
    forbid(student, name, calls=READY_MADE, loops=name.endswith("vectorized"))
    loss, _ = getattr(student, name)(W, X, y, reg)
    expected = formula(W, X, y, reg)
    expect_close(loss, expected, mistakes=wrong_losses(formula, W, X, y, reg), name="the loss")


def judge_gradient(student, name, formula, W, X, y, reg):
    """The gradient alone."""
    forbid(student, name, calls=READY_MADE, loops=name.endswith("vectorized"))
    _, dW = getattr(student, name)(W, X, y, reg)
    expected = derivative(formula, W, X, y, reg)
    expect_close(dW, expected, mistakes=wrong_gradients(formula, W, X, y, reg), name="dW")


def judge_large_scores(student, name, rng):
    """Scores near 1000 and near -1000, a few apart."""
    forbid(student, name, calls=READY_MADE, loops=name.endswith("vectorized"))
    W, X, y = batch(rng, 6, 4, 5)
    for level in (1000.0, -1000.0):
        W[-1], X[:, -1] = level, 1.0  # every class of every image gets this much
        loss, dW = getattr(student, name)(W, X, y, 0.0)
        expect_close(loss, plain_softmax(W, X, y, 0.0), name=f"the loss, scores near {level:g}")
        expect_close(dW, derivative(plain_softmax, W, X, y, 0.0), name=f"dW, scores near {level:g}")


def judge_operations(student, name, rng):
    """The same work for small and large batches, as torch sees it."""
    forbid(student, name, calls=READY_MADE, loops=True)
    formula = plain_svm if name.startswith("svm") else plain_softmax
    W, X, y = batch(rng, 41, 6, 13)
    few = student.inspect(getattr(student, name), W[:, :3].contiguous(), X[:4], y[:4] % 3, 0.1)
    many = student.inspect(getattr(student, name), W, X, y, 0.1)

    loss, dW = many.value
    expect_close(loss, formula(W, X, y, 0.1), name="the loss")
    expect_close(dW, derivative(formula, W, X, y, 0.1), name="dW")
    expect(
        many.ops <= 2 * few.ops + 20,
        f"4 images and 3 classes took {few.ops} torch operations, 41 images and 13 classes took {many.ops}.",
        hint="Something still runs once for each image or class. Work on (N, C) matrices.",
    )


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
    """The hinge loss without loops takes as many operations for 41 images as for 4."""
    judge_operations(student, "svm_loss_vectorized", rng)


@task("softmax_loss_naive", points=3)
def check_softmax_naive_loss(student, rng):
    """The cross-entropy with loops is the mean surprise at the labels plus the regulariser."""
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
    """The cross-entropy without loops is the mean surprise at the labels plus the regulariser."""
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
    """The cross-entropy without loops takes as many operations for 41 images as for 4."""
    judge_operations(student, "softmax_loss_vectorized", rng)


def judge_refusal(student, f, args, story: str, wanted: list[str]):
    """A ValueError whose message contains the words."""
    message = refusal_of(student, f, args, story)
    missing = [word for word in wanted if word not in message.lower()]
    words = " and ".join(repr(word) for word in missing)
    expect(not missing, f"For {story} the message lacks {words}: {message!r}", hint="See the table above the task.")


@task("validate_batch", points=3)
def check_validate_batch_refuses_nonsense(student, rng):
    """ValueError names what is wrong: an empty batch, float labels, a label too few, a label that is no class."""
    W, X, y = batch(rng, 13, 3, 7)
    f = student.validate_batch
    judge_refusal(student, f, (W, X[:0], y[:0]), "an empty batch", ["empty"])
    judge_refusal(student, f, (W, X, y.float()), "float labels", ["float32"])
    judge_refusal(student, f, (W, X, y[:11]), "13 images with 11 labels", ["13", "11"])
    for label in (-41, 52):
        y[4] = label
        judge_refusal(student, f, (W, X, y), f"the label {label} among 7 classes", [str(label)])
