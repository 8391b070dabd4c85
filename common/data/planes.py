"""Five densities on the plane with their exact log-densities: to fit mixtures and flows, and to see how well they fit.

The board alone has edges, and the banana alone has one peak. The banana is exactly a Gaussian that was bent.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

MOON_WIDTH, RING_WIDTH, SPIRAL_WIDTH = 0.12, 0.3, 0.12  # standard deviations around curves and centres
BEND, FLATTENING = 0.5, 0.5  # of the banana


def draw(kind: str, count: int, *, seed: int = 0) -> Tensor:
    """Draw independent points of a density. The same seed gives the same points.

    Shapes:
        kind   str         a name in KINDS; ValueError for another
        count  int         at least 0
        out    (count, 2)  float32, nearly all in [-5, 5]
    """
    random = np.random.default_rng([abs(seed), KINDS.index(_known(kind))])
    if kind == "board":
        cells = random.integers(0, 8, count)
        corners = np.stack([cells // 2 - 2, 2 * (cells % 2) + cells // 2 % 2 - 2], axis=1)
        points = corners + random.uniform(0, 1, (count, 2))
    elif kind == "banana":
        z = random.normal(size=(count, 2))
        points = np.stack([z[:, 0], FLATTENING * z[:, 1] + BEND * (z[:, 0] ** 2 - 1)], axis=1)
    else:
        centres, width = _CENTRES[kind]()
        points = centres[random.integers(0, len(centres), count)] + width * random.normal(size=(count, 2))
    return torch.from_numpy(points).float()


def log_density(kind: str, x: Tensor) -> Tensor:
    """Compute the logarithm of the density at some points, in nats; -inf outside of the board's dark cells.

    Shapes:
        kind  str     a name in KINDS; ValueError for another
        x     (N, 2)  float
        out   (N,)    of x's dtype
    """
    if _known(kind) == "board":
        inside = (x.abs() < 2).all(dim=1) & ((x[:, 0].floor() + x[:, 1].floor()) % 2 == 0)
        return torch.where(inside, -math.log(8.0), -math.inf).to(x)
    if kind == "banana":
        # A shear has determinant 1, so only the flattening counts.
        flat = (x[:, 1] - BEND * (x[:, 0].square() - 1)) / FLATTENING
        return -0.5 * (x[:, 0].square() + flat.square()) - math.log(2 * math.pi * FLATTENING)
    centres, width = _CENTRES[kind]()
    far = (x[:, None] - torch.from_numpy(centres).to(x)).square().sum(dim=2) / width**2
    return torch.logsumexp(-0.5 * far, dim=1) - math.log(2 * math.pi * width**2 * len(centres))


def _known(kind: str) -> str:
    if kind not in KINDS:
        raise ValueError(f"There is no density {kind!r}; choose one of: {', '.join(KINDS)}.")
    return kind


# Curves are mixtures of many narrow Gaussians with equal weights, so that their densities are exact sums.


def _moons() -> tuple[np.ndarray, float]:
    angle = math.pi * (np.arange(40) + 0.5) / 40
    upper = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    lower = np.stack([1 - np.cos(angle), 0.5 - np.sin(angle)], axis=1)
    return 1.5 * (np.concatenate([upper, lower]) - np.array([0.5, 0.25])), MOON_WIDTH


def _ring() -> tuple[np.ndarray, float]:
    angle = 2 * math.pi * np.arange(8) / 8
    return 2.5 * np.stack([np.cos(angle), np.sin(angle)], axis=1), RING_WIDTH


def _spiral() -> tuple[np.ndarray, float]:
    angle = 3.5 * math.pi * np.sqrt((np.arange(120) + 0.5) / 120)  # the root makes the points about equally dense
    return 0.25 * angle[:, None] * np.stack([np.cos(angle), np.sin(angle)], axis=1), SPIRAL_WIDTH


_CENTRES: dict[str, Callable[[], tuple[np.ndarray, float]]] = {"moons": _moons, "ring": _ring, "spiral": _spiral}
KINDS = ("moons", "ring", "spiral", "board", "banana")
