"""Where runs are made repeatable: one seed for every source of randomness, one switch for inexact arithmetic."""

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
    """Within: CUDA rounds to float32 and not to TF32's 10 bits, and takes algorithms that repeat bit for bit.

    By default cuDNN convolves float32 in TF32, which is wrong by 1e-3, and picks what is fastest at the moment. Here it
    does neither. On a CPU nothing changes. The switches are put back at the end, so runs inside and outside may mix.
    """
    matmul = torch.backends.cuda.matmul
    before = matmul.allow_tf32
    matmul.allow_tf32 = False
    try:
        with torch.backends.cudnn.flags(enabled=True, benchmark=False, deterministic=True, allow_tf32=False):
            yield
    finally:
        matmul.allow_tf32 = before
