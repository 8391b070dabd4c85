"""Images with boxes, matched anchors, and precision over recall."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from torch import Tensor

from common.plots.curves import STYLES
from common.plots.figure import new_figure, pixels_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class Layer:
    """Boxes to draw in one colour, each with its text if there is one.

    Shapes:
        boxes  (B, 4)  xyxy in pixels; more columns are ignored
    """

    boxes: Tensor
    colour: str
    texts: Sequence[str] = field(default=())


def box_figure(
    images: Tensor,
    layers: Sequence[Sequence[Layer]],
    *,
    titles: Sequence[str] | None = None,
    columns: int = 4,
    scale: float = 2.0,
) -> Figure:
    """Show images in rows of `columns`, each with its layers of boxes.

    Shapes:
        images  (N, 3, H, W)  in [0, 1]
    """
    if len(images) != len(layers) or (titles is not None and len(titles) != len(images)):
        counts = f"{len(images)} images, {len(layers)} lists of layers"
        counts += "" if titles is None else f", {len(titles)} titles"
        raise ValueError(f"box_figure got {counts}: give one of each per image.")
    columns = max(1, min(columns, len(images)))
    rows = math.ceil(len(images) / columns)
    drawn = [f"{sum(len(layer.boxes) for layer in each)} boxes" for each in layers]
    if titles is not None:
        drawn = [f"{title}, {count}" for title, count in zip(titles, drawn, strict=True)]
    alt = f"{len(images)} images in rows of {columns}: {'; '.join(drawn)}."
    figure = new_figure(scale * columns, (scale + (0.25 if titles else 0)) * rows, alt)
    for number, image in enumerate(images):
        axes = figure.add_subplot(rows, columns, number + 1)
        _draw(axes, image, layers[number], scale)
        if titles is not None:
            axes.set_title(titles[number], fontsize=8)
    return figure


def match_figure(images: Tensor, anchors: Tensor, boxes: Tensor, matches: Sequence[Tensor]) -> Figure:
    """Show matched anchors, one row of images for each matching: positive green, neutral orange, boxes white.

    Shapes:
        images   (N, 3, H, W)
        anchors  (N, A, H', W', 4)  xyxy in pixels
        boxes    (N, B, 5)          xyxy in pixels, label; rows of -1 are padding
        matches  each (N, A*H'*W')  >= 0 positive, -1 negative, -2 neutral
    """
    flat = anchors.flatten(1, 3)
    layers = [
        [
            Layer(flat[row][match[row] == -2], "orange"),
            Layer(flat[row][match[row] >= 0], "lime"),
            Layer(boxes[row][boxes[row, :, 4] >= 0], "white"),
        ]
        for match in matches
        for row in range(len(images))
    ]
    titles = [f"{int((m >= 0).sum())} positive, {int((m == -2).sum())} neutral" for match in matches for m in match]
    repeated = images.repeat(len(matches), 1, 1, 1)
    return box_figure(repeated, layers, titles=titles, columns=len(images), scale=2.6)


def precision_recall_figure(curves: Mapping[str, tuple[Tensor, Tensor]]) -> Figure:
    """Draw precision over recall, one line for each name, in a colour and a style of its own.

    Shapes:
        curves  name -> (recall (D,), precision (D,))
    """
    figure = new_figure(5.5, 4, f"Precision over recall, a line for each of: {', '.join(curves)}.")
    axes = figure.add_subplot()
    for number, (name, (recall, precision)) in enumerate(curves.items()):
        if len(recall) == 0:
            continue
        axes.plot(recall, precision, label=name, linewidth=1.2, linestyle=STYLES[number % len(STYLES)])
    axes.set(xlabel="recall", ylabel="precision", xlim=(0, 1.02), ylim=(0, 1.02))
    axes.grid(alpha=0.3)
    axes.legend(frameon=False, fontsize=8, loc="lower left")
    return figure


def _draw(axes: Axes, image: Tensor, layers: Sequence[Layer], scale: float) -> None:
    from matplotlib.patches import Rectangle
    from matplotlib.patheffects import withStroke

    height, width = image.shape[1:]
    axes.imshow(pixels_of(image[None])[0], extent=(0, width, height, 0))
    axes.set(xlim=(-1, width + 1), ylim=(height + 1, -1))
    axes.set_axis_off()
    for layer in layers:
        for row, box in enumerate(layer.boxes.detach().cpu().tolist()):
            x0, y0, x1, y1 = box[:4]
            frame = Rectangle((x0, y0), x1 - x0, y1 - y0, fill=False, edgecolor=layer.colour, linewidth=0.5 * scale)
            axes.add_patch(frame)
            if row < len(layer.texts):
                outline = [withStroke(linewidth=1.5, foreground="black")]
                place = (max(x0, 0), min(max(y0, 4), height))
                axes.text(*place, layer.texts[row], fontsize=2 + 1.6 * scale, color=layer.colour, path_effects=outline)
