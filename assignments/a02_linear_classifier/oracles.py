"""What the checks of a02 share: forbidden functions, inputs, derivatives, ValueErrors, a toy classifier."""

from collections.abc import Callable

import torch
from torch import Tensor

from autograder import Message, expect
from autograder.probes.aliases import AUTOGRAD

READY_MADE = [
    "F.multi_margin_loss", "F.multilabel_margin_loss", "F.cross_entropy", "F.nll_loss", "F.softmax", "F.log_softmax",
    "F.softmin", "F.gumbel_softmax", "torch.logsumexp", "torch.special.*softmax", "torch.special.logsumexp",
    "torch.logaddexp*", "torch.logcumsumexp", "nn.*Loss", "nn.*Softmax*", "scipy.*", "common.training.losses.*",
    "common.fallbacks.*", *AUTOGRAD,
]  # fmt: skip


def batch(rng, num_images: int, dim: int, num_classes: int, dtype=torch.float64) -> tuple[Tensor, Tensor, Tensor]:
    """Draw weights, images and labels. (D, C), (N, D), (N,)"""
    W, X = rng.normal(dim, num_classes, dtype=dtype), rng.normal(num_images, dim, dtype=dtype)
    return W, X, rng.integers(0, num_classes, num_images)


def count_colors(images: Tensor, bins: int) -> Tensor:
    """Count the pixels above each edge, then take differences. (N, C * bins)"""
    edges = torch.arange(1, bins, dtype=torch.float64, device=images.device) / bins
    reached = (images.double().flatten(2)[..., None] >= edges).double().mean(dim=2)  # (N, C, bins - 1)
    whole = torch.ones_like(images[:, :, 0, 0], dtype=torch.float64)[..., None]
    return -torch.cat([whole, reached, 0 * whole], dim=2).diff(dim=2).flatten(1)


def derivative(formula: Callable[..., Tensor], W: Tensor, X: Tensor, y: Tensor, reg: float) -> Tensor:
    """Compute the derivative of ``formula(W, X, y, reg)`` in W, by autograd. (D, C)"""
    W = W.detach().clone().requires_grad_()
    return torch.autograd.grad(formula(W, X, y, reg), W)[0]


# A mistake in one task costs no points of the tasks that use it: those are judged with these versions, too.
LOANS_OF_LOSSES = """
def accept(W, X, y, *rest, **options):
    if W.shape[0] != X.shape[1]:
        raise ValueError("validate_batch is called as validate_batch(W, X, y), in this order.")

LOANS = {"validate_batch": accept}
"""

LOANS_OF_TRAINING = """
import torch

def draw(X, y, num_train, batch_size, *rest, **options):
    chosen = torch.randint(0, num_train, (batch_size,)).to(X.device)
    return X[chosen], y[chosen]

LOANS = {"sample_batch": draw}
"""

LOANS_OF_SETTINGS = """
LOANS = {"predict_linear_classifier": lambda W, X, *rest, **options: (X @ W).argmax(dim=1)}
"""


REFUSAL = """
def refusal(f, *args):
    try:
        f(*args)
    except NotImplementedError:
        raise
    except Exception as error:
        return "ValueError" if isinstance(error, ValueError) else type(error).__name__, str(error)
    return "", ""
"""


def refusal_of(student, f, args, story: Message, hint: str = "Raise ValueError with a message.") -> str:
    """Return the message of the ValueError that ``f`` must raise."""
    kind, message = student.define(REFUSAL).refusal(f, *args)
    expect(kind != "", Message("It raised nothing for {story}.", story=story), hint=hint)
    expect(
        kind == "ValueError",
        Message("For {story} it raised {kind}, not ValueError: {message}", story=story, kind=kind, message=message),
        hint=hint,
    )
    return message


TOY = """
class Toy(student.LinearClassifier):
    # A classifier whose training only writes down what it got, and ends with weights that were given before.

    def __init__(self, weights):
        super().__init__()
        self.weights, self.calls, self.bias = weights, [], 7.5

    def train(self, X_train, y_train, learning_rate=1e-3, reg=1e-5, num_iters=100, batch_size=200, verbose=False):
        self.calls.append([X_train, y_train, learning_rate, reg, num_iters, batch_size])
        self.W = self.weights.clone()
        return [1.0]

    def predict(self, X):
        if self.W is None:
            raise ValueError("This classifier has no weights yet: train it before you call predict.")
        return (X @ self.W).argmax(dim=1)
"""


RECORD = """
class Recorder:
    def __init__(self):
        self.seen = []

    def loss(self, W, X, y, reg):
        self.seen.append([X.clone(), y.clone()])
        return W.sum() * 0 + float(len(self.seen)), W * 0 - 1
"""
