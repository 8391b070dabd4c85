"""Losses of scores and their gradients, computed by torch's operators and autograd."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional as F

from common.training.labels import check_labels


def softmax_loss(x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    """Compute the cross-entropy of softmax, the mean over the batch, and its gradient.

    Shapes:
        x    (N, C)           scores, float
        y    (N,)             int64, [0, C)
        out  (), (N, C)       loss, dx; dtype and device of x
    """
    return _with_gradient(F.cross_entropy, x, y)


def svm_loss(x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    """Compute the multiclass hinge loss with margin 1, summed over wrong classes, mean over images; and its gradient.

    Shapes:
        x    (N, C)           scores, float
        y    (N,)             int64, [0, C)
        out  (), (N, C)       loss, dx; dtype and device of x
    """
    return _with_gradient(lambda scores, labels: scores.shape[1] * F.multi_margin_loss(scores, labels), x, y)


def _with_gradient(loss_of: Callable[[Tensor, Tensor], Tensor], x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    if x.ndim != 2 or not x.is_floating_point():
        raise ValueError(f"Scores are a float tensor of shape (N, C), not {x.dtype} of shape {tuple(x.shape)}.")
    check_labels(y, images=x.shape[0], classes=x.shape[1])
    with torch.enable_grad():
        scores = x.detach().requires_grad_()
        loss = loss_of(scores, y)
        (dx,) = torch.autograd.grad(loss, scores)
    return loss.detach(), dx
