"""Figures for the notebooks: each function returns a matplotlib figure, which shows itself in a notebook.

matplotlib is imported when a figure is asked for, and pyplot, which keeps figures in a global list, never.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def image_grid(images: Tensor, titles: Sequence[str] | None = None, *, columns: int = 8) -> Figure:
    """Show images in rows of `columns`, each under its title.

    Shapes:
        images  (N, C, H, W)  C is 1 or 3; float in [0, 1] (values outside are clipped) or uint8
    """
    if images.ndim != 4 or images.shape[1] not in (1, 3) or len(images) == 0:
        raise ValueError(f"image_grid shows images of shape (N, 1 or 3, H, W), not {tuple(images.shape)}.")
    if titles is not None and len(titles) != len(images):
        raise ValueError(f"image_grid got {len(images)} images and {len(titles)} titles: give one for each.")
    pixels = images.detach().cpu()
    pixels = pixels.float() / 255 if pixels.dtype == torch.uint8 else pixels.float().clamp(0, 1)
    pixels = pixels.movedim(1, -1).expand(-1, -1, -1, 3)  # (N, H, W, 3)
    columns = min(columns, len(images))
    rows = math.ceil(len(images) / columns)
    figure = _figure(1.25 * columns, (1.5 if titles else 1.25) * rows)
    for number, picture in enumerate(pixels.numpy()):
        axes = figure.add_subplot(rows, columns, number + 1)
        axes.imshow(picture, interpolation="nearest")
        axes.set_axis_off()
        if titles is not None:
            axes.set_title(titles[number], fontsize=8)
    return figure


def curves(
    lines: Mapping[str, Sequence[float] | Tensor], *, xlabel: str = "iteration", ylabel: str = "", title: str = ""
) -> Figure:
    """Draw each named sequence over its index: `curves({"train": ..., "validation": ...}, ylabel="accuracy")`."""
    from matplotlib.ticker import MaxNLocator

    figure = _figure(6, 3.5)
    axes = figure.add_subplot()
    for name, values in lines.items():
        heights = torch.as_tensor(values).detach().cpu().double().numpy()
        axes.plot(heights, label=name, marker="o" if len(heights) <= 30 else None, markersize=3)
    axes.set(xlabel=xlabel, ylabel=ylabel, title=title)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.grid(alpha=0.3)
    if len(lines) > 1:
        axes.legend(frameon=False)
    return figure


def confusion_matrix(y_true: Tensor, y_pred: Tensor, class_names: Sequence[str]) -> Figure:
    """Count, for each class (row), as what (column) its images were classified; colours show shares of the row.

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
    figure = _figure(1.8 + 0.5 * classes, 1.3 + 0.45 * classes)
    axes = figure.add_subplot()
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1, aspect="auto")
    for row, column in np.argwhere(counts):
        colour = "white" if shares[row, column] > 0.5 else "black"
        axes.text(column, row, str(counts[row, column]), ha="center", va="center", color=colour, fontsize=8)
    axes.set_xticks(range(classes), class_names, rotation=45, ha="right")
    axes.set_yticks(range(classes), class_names)
    axes.set(xlabel="predicted", ylabel="true")
    return figure


def _figure(width: float, height: float) -> Figure:
    from common.plots.figure import NotebookFigure

    return NotebookFigure(figsize=(width, height), layout="constrained")
