"""How a tensor is stored, and how two shapes are broadcast."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor

from common.plots.figure import new_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

PLAIN, SEEN, REPEATED = "white", "#8fbce6", "#d9e8f6"


def storage_strip(x: Tensor, view: Tensor, title: str = "") -> Figure:
    """Draw the storage of x as a strip of numbers, with those that the view sees in blue, and its strides as arrows.

    Shapes:
        x     any shape, contiguous, of whole numbers; at most 40 elements
        view  rank 1 or 2, a view of x
    """
    if view.untyped_storage().data_ptr() != x.untyped_storage().data_ptr():
        raise ValueError("storage_strip draws views, and this tensor is a copy: it has a storage of its own.")
    if view.ndim not in (1, 2) or not view.numel():
        raise ValueError(f"storage_strip draws views of rank 1 or 2, not of shape {tuple(view.shape)}.")
    numbers, shape = x.flatten().tolist(), tuple(view.shape)
    strides, first = tuple(map(int, view.stride())), int(view.storage_offset())
    places = torch.as_strided(torch.arange(len(numbers)), shape, strides, first)
    seen = set(places.flatten().tolist())
    words = f"shape {shape}, strides {strides}, offset {first}"
    listed = ", ".join(str(numbers[place]) for place in places.flatten().tolist())
    figure = new_figure(0.5 * len(numbers) + 1, 2.1, f"{title} A storage of {len(numbers)} numbers; {words}: {listed}.")
    axes = figure.add_subplot()
    _cells(axes, [(place, 0, str(number), SEEN if place in seen else PLAIN) for place, number in enumerate(numbers)])
    for axis, stride in enumerate(strides):
        if shape[axis] > 1:
            height = 1.15 if axis == view.ndim - 1 else -0.15
            bend = -0.5 if axis == view.ndim - 1 else 0.5
            style = {"arrowstyle": "->", "connectionstyle": f"arc3,rad={bend}", "color": "black"}
            start, end = (first + 0.5, height), (first + stride + 0.5, height)
            axes.annotate("", xy=end, xytext=start, arrowprops=style)
            name = f"axis {axis}: stride {stride}"
            above = height > 1
            axes.text(first + 0.5 + stride / 2, 2.0 if above else -1.0, name, ha="center", va="center", fontsize=9)
    axes.set(xlim=(-0.1, len(numbers) + 0.1), ylim=(-1.4, 2.4))
    axes.set_title(f"{title}\n{words}" if title else words, fontsize=9)
    return figure


def broadcast_blocks(a: Tensor, b: Tensor) -> Figure:
    """Draw two tensors stretched to their common shape, and their sum; cells that are only repeated are pale.

    Shapes:
        a, b  rank 0 to 2, of whole numbers; shapes that broadcast together
    """
    shape = torch.broadcast_shapes(a.shape, b.shape)
    if len(shape) > 2:
        raise ValueError(f"broadcast_blocks draws up to two axes, not the shape {tuple(shape)}.")
    rows, columns = (1, 1, *shape)[-2:]
    alt = f"Shapes {tuple(a.shape)} and {tuple(b.shape)} are stretched to {tuple(shape)} and added."
    figure = new_figure(0.6 * (3 * columns + 4), 0.6 * rows + 1, alt)
    axes = figure.add_subplot()
    for number, (x, sign) in enumerate(((a, "+"), (b, "="), (a + b, ""))):
        left = number * (columns + 1.5)
        own = (1, 1, *x.shape)[-2:]  # the shape before it is stretched
        wide = x.expand(shape).reshape(rows, columns).tolist()
        _cells(
            axes,
            [
                (left + column, -row, str(wide[row][column]), SEEN if row < own[0] and column < own[1] else REPEATED)
                for row in range(rows)
                for column in range(columns)
            ],
        )
        axes.text(left + columns / 2, 1.35, f"{tuple(x.shape)}", ha="center", fontsize=10)
        axes.text(left + columns + 0.75, 1 - rows / 2, sign, ha="center", va="center", fontsize=14)
    axes.set(xlim=(-0.2, 3 * columns + 3.2), ylim=(0.8 - rows, 1.9), aspect="equal")
    return figure


def _cells(axes: Axes, cells: list[tuple[float, float, str, str]]) -> None:
    """Draw unit squares at (x, y), each with a text and a colour, and no frame around them."""
    from matplotlib.patches import Rectangle

    axes.set_axis_off()
    for x, y, text, colour in cells:
        axes.add_patch(Rectangle((x, y), 1, 1, facecolor=colour, edgecolor="black", linewidth=0.8))
        axes.text(x + 0.5, y + 0.5, text, ha="center", va="center", fontsize=10)
