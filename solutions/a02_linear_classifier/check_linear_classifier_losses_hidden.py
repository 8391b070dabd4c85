"""Hidden checks of a02, the four losses: other sizes, dtypes, views, extreme scores, finite differences, errors."""

import torch
import torch.nn.functional as F
from oracles import LOANS_OF_LOSSES, READY_MADE, batch, derivative, refusal_of
from oracles_losses import plain_softmax, plain_svm, wrong_gradients, wrong_losses
from torch import Tensor

from autograder import Message, expect, expect_close, expect_equal, expect_gradient, forbid, task

FINITE = (
    "Subtract each image's own largest score, and compute log p = s_y - max - log(sum(exp(s - max))): a probability of "
    "e^-1000 is rounded to 0, and its logarithm is infinite."
)
SIZES = [(9, 4, 3), (2, 7, 5), (1, 3, 4), (6, 1, 2), (5, 6, 11)]  # images, entries, classes


def torch_svm(W: Tensor, X: Tensor, y: Tensor, reg: float) -> Tensor:
    """Compute torch's own loss, which also divides by the number of classes."""
    return W.shape[1] * F.multi_margin_loss(X @ W, y) + reg * (W**2).sum()


def torch_softmax(W: Tensor, X: Tensor, y: Tensor, reg: float) -> Tensor:
    """Compute torch's own loss."""
    return F.cross_entropy(X @ W, y) + reg * (W**2).sum()


def judge(student, name, W, X, y, reg, **tolerance):
    """Compare loss and gradient; the inputs must be unchanged."""
    forbid(student, name, calls=READY_MADE, loops=name.endswith("vectorized"), apart=["validate_batch"])
    formula = torch_svm if name.startswith("svm") else torch_softmax
    exact = W.double(), X.double(), y
    seen = student.inspect(getattr(student, name), W, X, y, reg)
    loss, dW = seen.value
    if isinstance(loss, float | Tensor):
        finite = bool(torch.as_tensor(loss).isfinite().all())
        expect(
            finite,
            Message(
                "The loss of {count} images with scores up to {largest:.3g} is nan or infinite.",
                count=len(X),
                largest=float((X @ W).abs().max()),
            ),
            hint=FINITE,
        )
    plain = plain_svm if name.startswith("svm") else plain_softmax
    losses = wrong_losses(plain, W, X, y, reg)
    expect_close(loss, formula(*exact, reg).to(W.dtype), name="the loss", mistakes=losses, **tolerance)
    gradients = wrong_gradients(plain, W, X, y, reg)
    expect_close(dW, derivative(formula, *exact, reg).to(W.dtype), name="dW", mistakes=gradients, **tolerance)
    expect_equal(seen.args[:3], (W, X, y), name="the inputs after the call")


def judge_sizes(student, rng, name):
    """Compare on batches of several sizes, also of one image, with and without regulariser."""
    for size in SIZES:
        for reg in (0.0, 0.7):
            judge(student, name, *batch(rng, *size), reg)
    W, X, y = batch(rng, *SIZES[0])
    judge(student, name, 30 * W, X, y, 0.0)  # images far on the wrong side of the margin


def judge_float32(student, rng, name):
    """Compare in float32 and float64, also for weights and images whose memory is not contiguous."""
    judge(student, name, *batch(rng, 12, 5, 4), 0.1)
    W, X, y = batch(rng, 12, 5, 4, torch.float32)
    judge(student, name, W, X, y, 0.1)
    judge(student, name, W.T.contiguous().T, X.repeat(2, 2)[::2, ::2], y, 0.1)


def judge_far_behind(student, rng, name):
    """Compare for scores thousands apart: the true class may be far ahead or far behind."""
    W, X, y = batch(rng, 8, 3, 5)
    judge(student, name, 1000 * W, X, y, 0.0)
    # A float32 score near 3000 is exact to 2e-4; between two equal classes a probability is not better.
    judge(student, name, 1000 * W.float(), X.float(), y, 0.0, rtol=1e-3, atol=1e-3)


def judge_by_differences(student, rng, name):
    """The gradient agrees with central differences of torch's loss."""
    forbid(student, name, calls=READY_MADE, loops="images", apart=["validate_batch"])
    formula = torch_svm if name.startswith("svm") else torch_softmax
    W, X, y = batch(rng, 30, 7, 6)
    _, dW = getattr(student, name)(W, X, y, 0.05)
    expect_gradient(lambda V: formula(V, X, y, 0.05), W, dW, name="dW")


@task("svm_loss_naive", share=30, any_dtype=True, loans=LOANS_OF_LOSSES)
def check_svm_naive_on_other_sizes(student, rng):
    """The hinge loss with loops is right for any sizes, also one image and two classes; inputs are unchanged."""
    judge_sizes(student, rng, "svm_loss_naive")


@task("svm_loss_naive", share=10, loans=LOANS_OF_LOSSES)
def check_svm_naive_keeps_float32(student, rng):
    """The hinge loss with loops keeps float32 and float64, and accepts views."""
    judge_float32(student, rng, "svm_loss_naive")


@task("svm_loss_vectorized", share="3/14", any_dtype=True, loans=LOANS_OF_LOSSES)
def check_svm_vectorized_on_other_sizes(student, rng):
    """The hinge loss without loops is right for any sizes, also one image and two classes; inputs are unchanged."""
    judge_sizes(student, rng, "svm_loss_vectorized")


@task("svm_loss_vectorized", share="1/14", loans=LOANS_OF_LOSSES)
def check_svm_vectorized_keeps_float32(student, rng):
    """The hinge loss without loops keeps float32 and float64, and accepts views."""
    judge_float32(student, rng, "svm_loss_vectorized")


@task("svm_loss_vectorized", share="2/14", any_dtype=True, loans=LOANS_OF_LOSSES)
def check_svm_vectorized_gradient_by_differences(student, rng):
    """The gradient of the hinge loss without loops agrees with central differences on 30 images."""
    judge_by_differences(student, rng, "svm_loss_vectorized")


@task("softmax_loss_naive", share=10, any_dtype=True, loans=LOANS_OF_LOSSES)
def check_softmax_naive_on_other_sizes(student, rng):
    """The cross-entropy with loops is right for any sizes, also one image and two classes; inputs are unchanged."""
    judge_sizes(student, rng, "softmax_loss_naive")


@task("softmax_loss_naive", share=10, loans=LOANS_OF_LOSSES)
def check_softmax_naive_keeps_float32(student, rng):
    """The cross-entropy with loops keeps float32 and float64, and accepts views."""
    judge_float32(student, rng, "softmax_loss_naive")


@task("softmax_loss_naive", share=10, any_dtype=True, loans=LOANS_OF_LOSSES)
def check_softmax_naive_far_behind(student, rng):
    """The cross-entropy with loops is finite and right when scores are thousands apart."""
    judge_far_behind(student, rng, "softmax_loss_naive")


@task("softmax_loss_vectorized", share="2/14", any_dtype=True, loans=LOANS_OF_LOSSES)
def check_softmax_vectorized_on_other_sizes(student, rng):
    """The cross-entropy without loops is right for any sizes, also one image and two classes; inputs are unchanged."""
    judge_sizes(student, rng, "softmax_loss_vectorized")


@task("softmax_loss_vectorized", share="1/14", loans=LOANS_OF_LOSSES)
def check_softmax_vectorized_keeps_float32(student, rng):
    """The cross-entropy without loops keeps float32 and float64, and accepts views."""
    judge_float32(student, rng, "softmax_loss_vectorized")


@task("softmax_loss_vectorized", share="2/14", any_dtype=True, loans=LOANS_OF_LOSSES)
def check_softmax_vectorized_far_behind(student, rng):
    """The cross-entropy without loops is finite and right when scores are thousands apart."""
    judge_far_behind(student, rng, "softmax_loss_vectorized")


def expect_refusal(student, f, args, story: Message) -> None:
    """Expect a ValueError with a message."""
    message = refusal_of(student, f, args, story, hint="Call validate_batch in the first line of each loss.")
    short = Message("For {story} it raised ValueError: {message}", story=story, message=message)
    expect(
        len(message) >= 10, short, "The message is too short. Write a sentence: what is wrong, and with which value."
    )


@task("validate_batch", share="1/6")
def check_validate_batch_accepts_sound_batches(student, rng):
    """Valid batches of any size and dtype pass; labels just out of range do not."""
    for size in SIZES:
        W, X, y = batch(rng, *size, dtype=rng.choice([torch.float32, torch.float64]))
        for label in (0, size[2] - 1):
            y[rng.int(0, size[0])] = label
            expect_equal(student.validate_batch(W, X, y), None)
        for label in (-1, size[2]):
            y[rng.int(0, size[0])] = label
            story = Message("the label {label} among {classes} classes", label=label, classes=size[2])
            expect_refusal(student, student.validate_batch, (W, X, y), story)


# What the losses find in the place of the student's validate_batch: do they ask it?
GUARDED = """
import torch
from autograder.probes.lend import lend

def refuse(W, X, y, *rest, **options):
    if len(X) == 0 or y.dtype != torch.int64 or len(X) != len(y) or bool(((y < 0) | (y >= W.shape[1])).any()):
        raise ValueError("This batch makes no sense.")

def guarded(function):
    return lend(function, validate_batch=refuse)
"""


# Stand-ins for the losses that are not written: of these nothing but the validation is judged.
LOANS_OF_CALLS = """
import torch

def asks(W, X, y, *rest, **options):
    return student.validate_batch(W, X, y)

def is_written(name):
    y = torch.zeros(4, dtype=torch.int64)
    try:
        getattr(student, name)(torch.ones(2, 3), torch.ones(4, 2), y, 0.1)
    except NotImplementedError:
        return False
    except Exception:
        return True
    return True

LOANS = {
    "svm_loss_naive": asks,
    "svm_loss_vectorized": asks,
    "softmax_loss_naive": asks,
    "softmax_loss_vectorized": asks,
}
LOANS = {name: loan for name, loan in LOANS.items() if not (hasattr(student, name) and is_written(name))}
"""


@task("validate_batch", share="2/6", loans=LOANS_OF_CALLS)
def check_losses_refuse_nonsense(student, rng):
    """Each of the four losses raises ValueError for an empty batch, for float labels and for labels out of range."""
    guarded = student.define(GUARDED).guarded
    for name in ("svm_loss_naive", "svm_loss_vectorized", "softmax_loss_naive", "softmax_loss_vectorized"):
        W, X, y = batch(rng, 6, 4, 3)
        f = student.wrap(guarded, getattr(student, name))
        expect_refusal(student, f, (W, X[:0], y[:0], 0.1), Message("an empty batch in {name}", name=name))
        expect_refusal(student, f, (W, X, y.double(), 0.1), Message("float labels in {name}", name=name))
        expect_refusal(student, f, (W, X, y - 3, 0.1), Message("negative labels in {name}", name=name))
        expect_refusal(student, f, (W, X, y[:4], 0.1), Message("6 images with 4 labels in {name}", name=name))
