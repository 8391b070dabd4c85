"""Ten kinds of short signals of 40 samples, each shifted, scaled, tilted and noisy, as in MNIST-1D (Greydanus 2020).

Each class has a template of 12 samples. A signal has it at a random place, so a network that looks at fixed places must
see every class at every place, and a convolution need not. Everything is drawn; nothing is downloaded.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

LENGTH = 40
NUM_CLASSES = 10
NUM_TRAIN, NUM_TEST = 4000, 1000
STREAMS = ("train", "test")
# Twelve samples of each class, in tenths: hills, steps and teeth that differ when they are seen as a whole.
TEMPLATES = (
    (2, 6, 9, 10, 9, 6, 2, -2, -6, -9, -6, -2),
    (0, 2, 5, 9, 10, 9, 5, 2, 0, 0, 0, 0),
    (9, 9, 8, 2, -8, -9, -9, -8, 2, 8, 9, 9),
    (-8, -6, -5, -3, -2, 0, 2, 3, 5, 6, 8, 10),
    (10, 8, 4, 0, -3, -5, -6, -5, -3, 0, 4, 8),
    (8, -2, -8, -2, 8, 2, -6, -2, 5, 2, -3, 0),
    (0, 8, 8, 8, 0, 0, 0, -8, -8, -8, 0, 0),
    (10, 9, 7, 6, 4, 3, -3, -4, -6, -7, -9, -10),
    (0, 7, 10, 7, 0, -2, 0, 7, 10, 7, 0, -2),
    (-9, -4, 3, 9, 5, -1, -7, -3, 2, 7, 9, 10),
)


@dataclass(frozen=True)
class Signals:
    """Signals and their classes.

    Shapes:
        x  (N, 1, 40)  float32, each signal with mean 0 and variance 1
        y  (N,)        int64 in [0, 10), each class equally often up to one
    """

    x: Tensor
    y: Tensor


def draw(count: int, *, stream: str = "train", seed: int = 0) -> Signals:
    """Draw signals. Equal arguments give equal signals; streams and seeds differ. ValueError for an unknown stream."""
    if stream not in STREAMS:
        raise ValueError(f"stream is one of {', '.join(STREAMS)}, not {stream!r}.")
    random = np.random.default_rng([abs(seed), STREAMS.index(stream)])
    classes = random.permutation(np.arange(count) % NUM_CLASSES)
    signals = np.zeros((count, LENGTH))
    wide = np.linspace(0, 1, 12)
    for signal, kind in zip(signals, classes, strict=True):
        width = int(random.integers(10, 17))
        curve = np.interp(np.linspace(0, 1, width), wide, np.array(TEMPLATES[kind]) / 10)
        start = int(random.integers(0, LENGTH - width + 1))
        signal[start : start + width] = curve * random.uniform(0.75, 1.25)
    signals += np.linspace(-0.5, 0.5, LENGTH) * random.uniform(-0.75, 0.75, (count, 1))
    signals += 0.25 * _smooth(random.standard_normal((count, LENGTH))) + 0.05 * random.standard_normal(signals.shape)
    signals -= signals.mean(axis=1, keepdims=True)
    signals /= signals.std(axis=1, keepdims=True)
    return Signals(torch.from_numpy(signals).float()[:, None], torch.from_numpy(classes))


def _smooth(noise: np.ndarray) -> np.ndarray:
    """Smooth rows by a Gaussian of two samples, and give the noise its variance again."""
    kernel = np.exp(-0.5 * (np.arange(-6, 7) / 2) ** 2)
    rows = [np.convolve(np.pad(row, 6, mode="wrap"), kernel, mode="valid") for row in noise]
    return np.asarray(np.stack(rows) / np.sqrt((kernel**2).sum())) if rows else noise
