"""Confusion matrices."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from common.plots.figure import new_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def confusion_matrix(y_true: Tensor, y_pred: Tensor, class_names: Sequence[str]) -> Figure:
    """Count the images of each class (row) by predicted class (column); colours show shares of the row.

    The darkest colour is the largest share in the matrix.

    Shapes:
        y_true  (N,)  int64, indices into class_names
        y_pred  (N,)  alike
    """
    classes = len(class_names)
    pairs = torch.stack([y_true.detach().cpu().long(), y_pred.detach().cpu().long()])  # (2, N)
    if pairs.numel() and not 0 <= int(pairs.min()) <= int(pairs.max()) < classes:
        raise ValueError(
            f"Labels run from {int(pairs.min())} to {int(pairs.max())}, but class_names names {classes} classes."
        )
    counts = torch.bincount(pairs[0] * classes + pairs[1], minlength=classes**2).reshape(classes, classes).numpy()
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    right = ", ".join(f"{name} {counts[row, row]} of {counts[row].sum()}" for row, name in enumerate(class_names))
    figure = new_figure(1.8 + 0.5 * classes, 1.3 + 0.45 * classes, f"Confusion matrix. Classified correctly: {right}.")
    axes = figure.add_subplot()
    darkest = max(float(shares.max(initial=0)), 1e-9)
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=darkest, aspect="auto")
    for row, column in np.argwhere(counts):
        colour = "white" if shares[row, column] > 0.7 * darkest else "black"
        axes.text(column, row, str(counts[row, column]), ha="center", va="center", color=colour, fontsize=8)
    axes.set_xticks(range(classes), class_names, rotation=45, ha="right")
    axes.set_yticks(range(classes), class_names)
    axes.set(xlabel="predicted", ylabel="true")
    return figure
