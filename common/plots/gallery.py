"""Pictures that are arrays of numpy, next to one another under titles."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from common.plots.figure import new_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def gallery(pictures: Mapping[str, Any], alt: str, *, columns: int = 4, width: float = 3.0) -> Figure:
    """Show arrays of shape (H, W), in grey from their smallest to their largest number, or (H, W, 3) in [0, 1].

    ``alt`` says in words what the figure shows; ``figure.axes`` has the axes of each picture, to draw on. In a single
    row, pictures with the same number of rows have the same scale. Raises ValueError if there is no picture.
    """
    if not pictures:
        raise ValueError("gallery needs at least one picture.")
    columns = min(columns, len(pictures))
    rows = -(-len(pictures) // columns)
    shapes = [picture.shape[:2] for picture in pictures.values()]
    height = max(tall / wide for tall, wide in shapes)
    ratios = [1] * columns
    if rows == 1 and len({tall for tall, _ in shapes}) == 1:
        ratios = [wide for _, wide in shapes]
        height = shapes[0][0] / sum(ratios) * columns
    figure = new_figure(columns * width, rows * (width * height + 0.3), alt)
    grid = figure.add_gridspec(rows, columns, width_ratios=ratios)
    for number, (title, picture) in enumerate(pictures.items()):
        axes = figure.add_subplot(grid[divmod(number, columns)], xticks=[], yticks=[])
        axes.set_title(title, fontsize=9)
        axes.imshow(picture, cmap="gray", interpolation="nearest")
    return figure
