"""Parts of a02 that later assignments import."""

from __future__ import annotations

from torch import Tensor
from torch.utils.data import RandomSampler


def sample_batch(X: Tensor, y: Tensor, num_train: int, batch_size: int) -> tuple[Tensor, Tensor]:
    """Draw a batch with replacement from the first `num_train` rows.

    Shapes:
        X    (N, D)          images
        y    (N,)            labels
        out  (batch_size, D), (batch_size,)
    """
    rows = list(RandomSampler(range(num_train), replacement=True, num_samples=batch_size))
    return X[rows], y[rows]
