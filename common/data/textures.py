"""Twelve kinds of textures, each random within its kind: pictures that are alike everywhere and nowhere equal.

For the synthesis of textures: a good synthetic texture has the kind of the original, and is not its copy.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

SIZE = 64
Level = NDArray[np.float64]  # (size, size), in [0, 1]


def draw(kind: str, *, seed: int = 0, size: int = SIZE) -> Tensor:
    """Draw one texture in two random colours. The same seed gives the same texture.

    Shapes:
        kind  str              a name in KINDS; ValueError for another
        out   (3, size, size)  float32 in [0, 1]
    """
    if kind not in _LEVELS:
        raise ValueError(f"There is no texture {kind!r}; choose one of: {', '.join(KINDS)}.")
    random = np.random.default_rng([abs(seed), KINDS.index(kind)])
    low, high = random.uniform(0.05, 0.4, 3), random.uniform(0.6, 0.95, 3)
    level = _LEVELS[kind](random, size)
    pixels = low[:, None, None] + (high - low)[:, None, None] * level
    noise = random.uniform(-0.03, 0.03, pixels.shape)
    return torch.from_numpy(np.clip(pixels + noise, 0, 1)).float()


def _grid(size: int) -> tuple[Level, Level]:
    rows, columns = np.mgrid[:size, :size].astype(np.float64)
    return rows, columns


def _edge(distance: Level) -> Level:
    """Turn a signed distance in pixels into a level with an edge one pixel wide."""
    return np.asarray(np.clip(0.5 + distance, 0, 1))


def _far(random: np.random.Generator, size: int, count: int) -> Level:
    """Return the distances of all pixels to random points, nearest first, on a torus: (count, size, size)."""
    rows, columns = _grid(size)
    places = random.uniform(0, size, (count, 2))
    down, right = (
        np.abs((axis[None] - place[:, None, None] + size / 2) % size - size / 2)
        for axis, place in zip((rows, columns), places.T, strict=True)
    )
    return np.sort(np.hypot(down, right), axis=0)


def _dots(random: np.random.Generator, size: int) -> Level:
    return _edge(2.6 - _far(random, size, size * size // 60)[0])


def _blobs(random: np.random.Generator, size: int) -> Level:
    return _edge(5.5 - _far(random, size, size * size // 230)[0])


def _cells(random: np.random.Generator, size: int) -> Level:
    near = _far(random, size, size * size // 110)
    return _edge((near[1] - near[0]) / 2 - 1.0)


def _bricks(random: np.random.Generator, size: int) -> Level:
    rows, columns = _grid(size)
    down, right = random.integers(0, 16, 2)
    row = (rows + down) // 8
    inside = np.minimum((rows + down) % 8, 7 - (rows + down) % 8)
    across = (columns + right + 8 * (row % 2)) % 16
    tone = random.uniform(0.7, 1.0, (64, 64))
    which = tone[(row % 64).astype(int), ((columns + right + 8 * (row % 2)) // 16 % 64).astype(int)]
    return np.asarray(_edge(np.minimum(inside, np.minimum(across, 15 - across)) - 0.5) * which)


def _waves(random: np.random.Generator, size: int) -> Level:
    rows, columns = _grid(size)
    phase, bend = random.uniform(0, 2 * math.pi, 2)
    return np.asarray(
        0.5 + 0.5 * np.sin(2 * math.pi * (rows + 3 * np.sin(2 * math.pi * columns / 21 + bend)) / 9 + phase)
    )


def _stripes(random: np.random.Generator, size: int) -> Level:
    _, columns = _grid(size)
    return _edge(np.abs((columns + random.uniform(0, 8)) % 8 - 4) - 2)


def _woven(random: np.random.Generator, size: int) -> Level:
    rows, columns = _grid(size)
    down, right = random.integers(0, 12, 2)
    r, c = rows + down, columns + right
    over = (r // 6 + c // 6) % 2 == 0
    thread = np.where(over, np.abs(r % 6 - 2.5), np.abs(c % 6 - 2.5))
    return np.asarray(np.where(over, 1.0, 0.65) * np.cos(thread / 3.4 * math.pi / 2))


def _checks(random: np.random.Generator, size: int) -> Level:
    rows, columns = _grid(size)
    down, right = random.integers(0, 16, 2)
    return np.asarray((((rows + down) // 8 + (columns + right) // 8) % 2).astype(np.float64))


def _clouds(random: np.random.Generator, size: int) -> Level:
    return _filtered(random, size, lambda fy, fx: 1 / (0.02 + np.hypot(fy, fx)) ** 1.8)


def _grass(random: np.random.Generator, size: int) -> Level:
    return _filtered(random, size, lambda fy, fx: np.exp(-((fy / 0.05) ** 2) - ((np.abs(fx) - 0.2) / 0.1) ** 2))


def _grain(random: np.random.Generator, size: int) -> Level:
    return _filtered(random, size, lambda fy, fx: np.exp(-(((np.hypot(fy, fx) - 0.3) / 0.08) ** 2)))


def _scales(random: np.random.Generator, size: int) -> Level:
    rows, columns = _grid(size)
    down, right = random.integers(0, 12, 2)
    level = np.zeros((size, size))
    for odd in (0, 1):
        r = (rows + down + 6 * odd) % 12
        c = (columns + right + 6 * odd) % 12 - 5.5
        level = np.maximum(level, np.clip(1 - np.abs(np.hypot(r - 2, c) - 5) / 1.5, 0, 1))
    return level


def _filtered(random: np.random.Generator, size: int, gain: Callable[[Level, Level], Level]) -> Level:
    """Return noise with a given gain for each frequency, in cycles per pixel; mean 0.5."""
    noise = np.fft.rfft2(random.uniform(-1, 1, (size, size)))
    fy, fx = (axis.astype(np.float64) for axis in (np.fft.fftfreq(size)[:, None], np.fft.rfftfreq(size)[None]))
    level = np.fft.irfft2(noise * gain(fy, fx), (size, size))
    level = (level - level.mean()) / level.std()
    return np.asarray(np.clip(0.5 + 0.22 * level, 0, 1))


_LEVELS: dict[str, Callable[[np.random.Generator, int], Level]] = {
    "dots": _dots,
    "blobs": _blobs,
    "cells": _cells,
    "bricks": _bricks,
    "waves": _waves,
    "stripes": _stripes,
    "woven": _woven,
    "checks": _checks,
    "clouds": _clouds,
    "grass": _grass,
    "grain": _grain,
    "scales": _scales,
}
KINDS = tuple(_LEVELS)
