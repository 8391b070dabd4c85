"""Repeatable runs: one seed for every source of randomness, one switch against inexact arithmetic."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch


def seed_everything(seed: int) -> None:
    """Seed Python, NumPy and torch (on every device), so that a run can be repeated on the same machine."""
    random.seed(seed)
    np.random.seed(seed % 2**32)  # NumPy takes 32 bits
    torch.manual_seed(seed)


@contextmanager
def deterministic() -> Iterator[None]:
    """Make CUDA compute in full float32, with algorithms that give the same bits every time, within this context.

    By default cuDNN convolves float32 images in TF32 (10 bits; errors of 1e-3) by whichever algorithm is fastest at
    the moment. On a CPU nothing changes. At the end the previous settings are restored.
    """
    matmul = torch.backends.cuda.matmul
    before = matmul.allow_tf32
    matmul.allow_tf32 = False
    try:
        with torch.backends.cudnn.flags(enabled=True, benchmark=False, deterministic=True, allow_tf32=False):
            yield
    finally:
        matmul.allow_tf32 = before
