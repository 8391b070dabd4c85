"""A data set with labels: images for training and for testing, as bytes and as tensors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import torch
    from torch import Tensor


class DataError(Exception):
    """Data cannot be loaded. The message is for students and staff: what is wrong, where, and what to do."""


@dataclass(frozen=True)
class Pixels:
    """Images and labels as they are in files.

    Shapes:
        images  (N, C, H, W)  uint8
        labels  (N,)          int64
    """

    images: NDArray[np.uint8]
    labels: NDArray[np.int64]


@dataclass(frozen=True)
class Split:
    """A data set in tensors.

    Shapes:
        x_train  (N, C, H, W)    float32 in [0, 1]
        y_train  (N,)            int64, indices into class_names
        x_test   (N', C, H, W)   alike
        y_test   (N',)           alike
    """

    x_train: Tensor
    y_train: Tensor
    x_test: Tensor
    y_test: Tensor
    class_names: tuple[str, ...]
    name: str


def to_split(
    train: Pixels, test: Pixels, *, class_names: tuple[str, ...], name: str, device: str | torch.device
) -> Split:
    """Turn bytes into floats in [0, 1] on the device."""
    import torch

    def tensors(part: Pixels) -> tuple[Tensor, Tensor]:
        images = torch.tensor(part.images, device=device)  # a copy: callers may write into it
        return images.to(torch.float32) / 255, torch.tensor(part.labels, dtype=torch.int64, device=device)

    return Split(*tensors(train), *tensors(test), class_names=class_names, name=name)
