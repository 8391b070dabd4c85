"""High-dimensional points in two dimensions, for figures: PCA, and exact t-SNE for some hundred points."""

from __future__ import annotations

import math

import torch
from torch import Tensor


def pca(points: Tensor, dims: int = 2) -> Tensor:
    """Compute centred coordinates along the directions of largest variance.

    Shapes:
        points  (N, D)     float
        dims    int        at most min(N, D)
        out     (N, dims)  columns by falling variance; the sign of each is arbitrary
    """
    centred = points - points.mean(dim=0)
    left, sizes, _ = torch.linalg.svd(centred, full_matrices=False)
    coordinates: Tensor = left[:, :dims] * sizes[:dims]
    return coordinates


def tsne(points: Tensor, *, perplexity: float = 30.0, steps: int = 500) -> Tensor:
    """Compute exact t-SNE (van der Maaten and Hinton 2008) in two dimensions. It starts from PCA: nothing is random.

    Minimises KL(P || Q) by gradient descent with momentum: P from Gaussians, with a width for each point that gives
    it about ``perplexity`` neighbours; Q from a Student t distribution. The first 100 steps exaggerate P by 12.

    Shapes:
        points  (N, D)  float, N > 3 * perplexity
        out     (N, 2)  float64
    """
    if len(points) <= 3 * perplexity:
        raise ValueError(f"t-SNE of {len(points)} points: choose a perplexity below {len(points) / 3:.0f}.")
    p = _neighbours(points.detach().double(), perplexity)
    y = pca(points.detach().double())
    y = 1e-2 * y / y.std(dim=0).clamp(min=1e-12)
    rate, velocity = max(len(points) / 12, 50.0), torch.zeros_like(y)
    for step in range(steps):
        kernel = 1 / (1 + torch.cdist(y, y).square()).fill_diagonal_(math.inf)  # (N, N)
        force = ((12 if step < 100 else 1) * p - kernel / kernel.sum()) * kernel
        gradient = 4 * (force.sum(dim=1, keepdim=True) * y - force @ y)
        velocity = (0.5 if step < 100 else 0.8) * velocity - rate * gradient
        y = y + velocity
    return y - y.mean(dim=0)


def _neighbours(points: Tensor, perplexity: float) -> Tensor:
    """Compute symmetric probabilities P (N, N); bisection finds the width of the Gaussian for each point."""
    squared = torch.cdist(points, points).square()
    squared = squared / squared.mean()
    low = torch.full((len(points), 1), -30.0, dtype=points.dtype, device=points.device)  # of log precision
    high = -low
    for _ in range(60):
        middle = (low + high) / 2
        conditional = torch.softmax((-middle.exp() * squared).fill_diagonal_(-math.inf), dim=1)
        entropy = -torch.xlogy(conditional, conditional).sum(dim=1, keepdim=True)
        wide = entropy > math.log(perplexity)
        low, high = torch.where(wide, middle, low), torch.where(wide, high, middle)
    return (conditional + conditional.T) / (2 * len(points))
