"""What the checks of a02's losses share: the definitions, and what common mistakes give."""

import math
from collections.abc import Callable

import torch
from oracles import derivative
from torch import Tensor


def plain_svm(
    W: Tensor, X: Tensor, y: Tensor, reg: float, *, margin: float = 1.0, own_class: bool = False, power: int = 1
) -> Tensor:
    """Compute the definition, image by image; ``own_class`` wrongly counts the true class too."""
    total = W.new_zeros(())
    for image, label in zip(X, y.tolist(), strict=True):
        scores = image @ W
        hinges = (scores - scores[label] + margin).clamp(min=0) ** power
        others = [other for other in range(len(scores)) if other != label or own_class]
        total = total + hinges[others].sum()
    return total / len(X) + reg * W.pow(2).sum()


def plain_softmax(W: Tensor, X: Tensor, y: Tensor, reg: float) -> Tensor:
    """Compute the definition, image by image, relative to the largest score."""
    total = W.new_zeros(())
    for image, label in zip(X, y.tolist(), strict=True):
        scores = image @ W
        below = scores - scores.max()
        total = total + below.exp().sum().log() - below[label]
    return total / len(X) + reg * W.pow(2).sum()


def crammer_singer(W: Tensor, X: Tensor, y: Tensor) -> Tensor:
    """Compute the mean of each image's largest hinge."""
    lead = (X @ W).gather(1, y[:, None]) - X @ W
    hinges = (1 - lead).clamp(min=0).scatter(1, y[:, None], 0.0)
    return hinges.max(dim=1).values.mean()


def first_only(W: Tensor, X: Tensor, y: Tensor) -> Tensor:
    """Compute the mean of each image's first hinge, in the order of the classes."""
    hinges = (1 - (X @ W).gather(1, y[:, None]) + X @ W).clamp(min=0).scatter(1, y[:, None], 0.0)
    firsts = [row[row > 0][:1].sum() for row in hinges]
    return torch.stack(firsts).mean()


def weighted_by_size(W: Tensor, X: Tensor, y: Tensor) -> Tensor:
    """Compute the gradient in which each image counts as often as its hinges are large. (D, C)"""
    hinges = (1 - (X @ W).gather(1, y[:, None]) + X @ W).clamp(min=0).scatter(1, y[:, None], 0.0)
    return X.T @ hinges.scatter(1, y[:, None], -hinges.sum(dim=1, keepdim=True)) / len(X)


def own_probability(W: Tensor, X: Tensor, y: Tensor) -> Tensor:
    """Compute the probability of each label. (N,)"""
    return (X @ W).softmax(dim=1).gather(1, y[:, None])[:, 0]


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
        "The regulariser has a factor 2: the 2 belongs to its gradient.": lambda: formula(W, X, y, 2 * reg),
        "The regulariser must be the sum of the squares of W, not of the absolute values.": (
            lambda: data + reg * W.abs().sum()
        ),
        "The regulariser must be the sum of the squares of W; this is the sum of W.": lambda: data + reg * W.sum(),
        "The regulariser must be the sum of the squares of W; this is their mean.": (
            lambda: data + reg * W.pow(2).mean()
        ),
        "The loss has the wrong sign.": lambda: reg * W.pow(2).sum() - data,
    }
    if formula is plain_svm:
        hints |= {
            "The true class counts too; omit it. It adds the margin 1 for each image.": (
                lambda: formula(W, X, y, reg, own_class=True)
            ),
            "The margin of 1 is missing.": lambda: formula(W, X, y, reg, margin=0.0),
            "The margin must be 1: max(0, s_j - s_y + 1).": lambda: formula(W, X, y, reg, margin=-1.0),
            "The hinges were squared; the loss adds them up as they are.": (lambda: formula(W, X, y, reg, power=2)),
            "Only the largest hinge of each image counts here; add up those of all wrong classes.": (
                lambda: crammer_singer(W, X, y) + reg * W.pow(2).sum()
            ),
            "Only the first violation of each image counts here: the loop over the classes must go on after it.": (
                lambda: first_only(W, X, y) + reg * W.pow(2).sum()
            ),
        }
    else:
        hints |= {
            "The score of the true class is missing: subtract it from the logarithm of the sum.": (
                lambda: (X @ W).logsumexp(dim=1).mean() + reg * W.pow(2).sum()
            ),
            "This is minus the probability of the label; take the negative logarithm.": (
                lambda: reg * W.pow(2).sum() - own_probability(W, X, y).mean()
            ),
            "A small number inside the logarithm changes the loss: compute log p from the scores.": (
                lambda: -(own_probability(W, X, y) + 1e-8).log().mean() + reg * W.pow(2).sum()
            ),
            "The logarithm has base 2 or 10; take the natural logarithm.": (
                lambda: data / math.log(2) + reg * W.pow(2).sum()
            ),
            "The largest score was subtracted from the sum's scores, but not from the score of the label.": (
                lambda: data - (X @ W).max(dim=1).values.mean() + reg * W.pow(2).sum()
            ),
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
        "The regulariser's gradient has a factor 4; it is 2 * reg * W.": lambda: data + 4 * reg * W,
        "The gradient of reg * sum(W * W) is 2 * reg * W, a matrix; this adds a number.": (
            lambda: data + 2 * reg * W.sum()
        ),
        "The data part was divided by the number of images twice.": lambda: data / size + 2 * reg * W,
        "The data part was divided by the number of classes, too.": lambda: data / W.shape[1] + 2 * reg * W,
    }
    if formula is plain_svm:
        hints["Subtract x from column y once for each violation of the margin, not once for each image."] = lambda: (
            data + (missing - own((violations > 0).to(W.dtype))) / size + 2 * reg * W
        )
        hints[
            "Column y loses x once for each violation, so nothing where there is none; here it is once for each image."
        ] = lambda: data + (missing - own(torch.ones_like(violations))) / size + 2 * reg * W
        hints["The true class is not a violation: column y loses x once for each wrong class that comes too close."] = (
            lambda: data - own(torch.ones_like(violations)) / size + 2 * reg * W
        )
        hints["Each violation counts 1 in the gradient, whatever its size: use margins > 0, not the margins."] = (
            lambda: weighted_by_size(W, X, y) + 2 * reg * W
        )
        hints["Subtract x from column y for each violation, not add it."] = lambda: (
            data + 2 * missing / size + 2 * reg * W
        )
        hints["Only column y changes here: each class that comes too close gets x, too."] = lambda: (
            -missing / size + 2 * reg * W
        )
    else:
        columns = torch.zeros_like(X @ W).index_fill_(1, y, 1.0)  # what p[:, y] -= 1 subtracts
        hints["p[:, y] takes whole columns, for all images; each image has its own label: p[torch.arange(N), y]."] = (
            lambda: data + (missing - X.T @ columns) / size + 2 * reg * W
        )
    return hints
