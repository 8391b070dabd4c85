"""Pictures that are arrays of numpy, next to one another under titles."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from common.plots.figure import new_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def gallery(pictures: Mapping[str, Any], alt: str, *, columns: int = 4, width: float = 3.0) -> Figure:
    """Show arrays of shape (H, W), in grey from their smallest to their largest number, or (H, W, 3) in [0, 1].

    ``alt`` says in words what the figure shows; ``figure.axes`` has the axes of each picture, to draw on.
    Raises ValueError if there is no picture.
    """
    if not pictures:
        raise ValueError("gallery needs at least one picture.")
    columns = min(columns, len(pictures))
    rows = -(-len(pictures) // columns)
    height = max(picture.shape[0] / picture.shape[1] for picture in pictures.values())
    figure = new_figure(columns * width, rows * (width * height + 0.3), alt)
    for number, (title, picture) in enumerate(pictures.items(), start=1):
        axes = figure.add_subplot(rows, columns, number, xticks=[], yticks=[])
        axes.set_title(title, fontsize=9)
        axes.imshow(picture, cmap="gray", interpolation="nearest")
    return figure
