"""What the checks of embedding_steps share: moments, ranks and probabilities by loops."""

import math

import torch
from torch import Tensor

COVARIANCES = ["torch.cov", "torch.corrcoef", "np.cov", "np.corrcoef"]

# A loan of covariance, by the function that the task forbids.
LOANS_OF_COVARIANCE = """
import torch

def covariance(X):
    return torch.cov(X.T, correction=0).reshape(X.shape[1], X.shape[1])

LOANS = {"covariance": covariance}
"""


def moments(X: Tensor) -> tuple[Tensor, Tensor]:
    """Compute mean and covariance as means over points of outer products."""
    mean = sum(X) / len(X)
    return mean, sum(torch.outer(x - mean, x - mean) for x in X) / len(X)


def axes_by_svd(X: Tensor, k: int) -> tuple[Tensor, Tensor]:
    """Compute axes and variances by the singular values of the centred points; the largest entry is positive."""
    _, sizes, rows = torch.linalg.svd(X - X.mean(dim=0), full_matrices=False)
    axes = torch.stack([row * math.copysign(1.0, float(row[row.abs().argmax()])) for row in rows[:k]])
    return axes, sizes.square() / len(X)


def stretched(rng, N: int, D: int, dtype=torch.float64) -> Tensor:
    """Draw points far from 0 whose variances along the axes differ clearly.

    The first axis is such that its first entry, its largest entry and the sum of its entries differ in sign.
    """
    rows = rng.normal(D, D)
    rows[0, :4] = rows.new_tensor([-1.0, 3.0, -2.0, -2.0][:D]) + 0.1 * rows[0, :4]
    rotation = torch.linalg.qr(rows.T).Q.T
    noise = rng.normal(N, D)
    left = torch.linalg.svd(noise - noise.mean(dim=0), full_matrices=False).U
    scale = torch.tensor([2.5 * 0.7**n for n in range(left.shape[1])], dtype=rows.dtype, device=rows.device)
    return ((left * N**0.5 * scale) @ rotation[: left.shape[1]] + rng.normal(D)).to(dtype)


def entropy_power(d2: list[float], sigma: float, base: float = 2.0) -> float:
    """Compute base ** H of the neighbour probabilities at a width, H in units of log 2."""
    least = min(d2)
    weights = [math.exp(-(d - least) / (2 * sigma * sigma)) for d in d2]
    p = [w / math.fsum(weights) for w in weights]
    return base ** -math.fsum(q * math.log2(q) for q in p if q > 0)


def divergence(P: Tensor, Y: Tensor) -> Tensor:
    """Compute KL(P || Q) of a map; where P is 0 the term is 0."""
    kernel = 1 / (1 + (Y[:, None] - Y[None]).square().sum(dim=2))
    kernel = kernel * (1 - torch.eye(len(Y), dtype=Y.dtype, device=Y.device))
    Q = kernel / kernel.sum()
    pairs = P > 0
    return (P[pairs] * (P[pairs] / Q[pairs]).log()).sum()


def order(points: Tensor) -> list[list[int]]:
    """List for each point all others, the nearest first."""
    rows = points.tolist()
    return [
        sorted((j for j in range(len(rows)) if j != i), key=lambda j, i=i: math.dist(rows[i], rows[j]))
        for i in range(len(rows))
    ]


def trust(X: Tensor, Y: Tensor, k: int) -> float:
    """Compute the trustworthiness by counting."""
    N, there, here, total = len(X), order(X), order(Y), 0
    for i in range(N):
        for j in here[i][:k]:
            rank = there[i].index(j) + 1
            total += rank - k if rank > k else 0
    return 1 - 2 * total / (N * k * (2 * N - 3 * k - 1))
