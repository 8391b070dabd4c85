"""What the checks of a02 share: forbidden functions, inputs, derivatives, ValueErrors, a toy classifier."""

from collections.abc import Callable

import torch
from torch import Tensor

from autograder import expect
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


def derivative(formula: Callable[..., Tensor], W: Tensor, X: Tensor, y: Tensor, reg: float) -> Tensor:
    """Compute the derivative of ``formula(W, X, y, reg)`` in W, by autograd. (D, C)"""
    W = W.detach().clone().requires_grad_()
    return torch.autograd.grad(formula(W, X, y, reg), W)[0]


REFUSAL = """
def refusal(f, *args):
    try:
        f(*args)
    except NotImplementedError:
        raise
    except Exception as error:
        return type(error).__name__, str(error)
    return "", ""
"""


def refusal_of(student, f, args, story: str, hint: str = "Raise ValueError with a message.") -> str:
    """Return the message of the ValueError that ``f`` must raise."""
    kind, message = student.define(REFUSAL).refusal(f, *args)
    expect(kind != "", f"It raised nothing for {story}.", hint=hint)
    expect(kind == "ValueError", f"For {story} it raised {kind}, not ValueError: {message}")
    return message


TOY = """
class Toy:
    def __init__(self, predictions):
        self.predictions = {len(labels): labels for labels in predictions}  # by the number of images
        self.calls, self.predicted, self.order, self.bias = [], [], [], 7.5

    def train(self, X_train, y_train, learning_rate=1e-3, reg=1e-5, num_iters=100, batch_size=200, verbose=False):
        self.order.append("train")
        self.calls.append([X_train, y_train, learning_rate, reg, num_iters, batch_size])
        return [1.0]

    def predict(self, X):
        self.order.append("predict")
        self.predicted.append(X.clone())
        assert len(X) in self.predictions, f"predict was called with {len(X)} images: not all, and not all of X_val"
        return self.predictions[len(X)].clone()
"""
