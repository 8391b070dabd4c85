"""Check labels and data before training, with a sentence for each mistake."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor


def check_labels(y: Tensor, *, images: int, classes: int) -> None:
    """Raise ValueError with a sentence unless y has one label in [0, classes) for each image, at least one.

    Shapes:
        y  (images,)  int64
    """
    if not isinstance(y, Tensor) or y.dtype != torch.int64:
        kind = y.dtype if isinstance(y, Tensor) else type(y).__name__
        raise ValueError(f"Labels are a tensor of whole numbers, dtype int64, not {kind}: convert them with y.long().")
    if y.shape != (images,):
        raise ValueError(f"{images} images need labels of shape ({images},), one for each; got {tuple(y.shape)}.")
    if images == 0:
        raise ValueError("The batch is empty: the mean over no images is undefined. Give at least one image.")
    if not 0 <= int(y.min()) <= int(y.max()) < classes:
        raise ValueError(
            f"Labels run from {int(y.min())} to {int(y.max())}, but there are {classes} classes: "
            f"labels must be 0 to {classes - 1}."
        )


def check_data(data: Mapping[str, Tensor]) -> None:
    """Raise ValueError with a sentence unless data has images and labels for training and for validation."""
    missing = [name for name in ("X_train", "y_train", "X_val", "y_val") if name not in data]
    if missing:
        raise ValueError(f"The data for a Solver are incomplete: {', '.join(missing)} missing.")
    for part in ("train", "val"):
        X, y = data[f"X_{part}"], data[f"y_{part}"]
        if len(X) == 0:
            raise ValueError(f"X_{part} is empty: a Solver needs images to train on and to validate with.")
        check_labels(y, images=len(X), classes=max(int(y.max()) + 1, 1) if len(y) else 0)
