"""Images with boxes, matched anchors, and precision over recall."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from torch import Tensor

from common.plots.curves import STYLES
from common.plots.figure import new_figure, pixels_of
from common.plots.grids import in_rows

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

LINES = ("-", (0, (4, 1.5)), (0, (1, 1)))  # of an image's first, second and third layer: solid, dashed, dotted
MOST = 8  # texts of a layer that the alternative text repeats


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

    An image's first layer is solid and on top, with its texts above the boxes; the second is dashed and the third
    dotted, with their texts below.

    Shapes:
        images  (N, 3, H, W)  in [0, 1]
    """
    if len(images) != len(layers) or (titles is not None and len(titles) != len(images)):
        counts = f"{len(images)} images, {len(layers)} lists of layers"
        counts += "" if titles is None else f", {len(titles)} titles"
        raise ValueError(f"box_figure got {counts}: give one of each per image.")
    columns = max(1, min(columns, len(images)))
    rows = math.ceil(len(images) / columns)
    drawn = [_spoken(each) for each in layers]
    if titles is not None:
        drawn = [f"{title}, {words}" for title, words in zip(titles, drawn, strict=True)]
    alt = f"{in_rows(len(images), columns)}: {'; '.join(drawn)}."
    figure = new_figure(scale * columns, (scale + (0.25 if titles else 0)) * rows, alt)
    for number, image in enumerate(images):
        axes = figure.add_subplot(rows, columns, number + 1)
        _draw(axes, image, layers[number], scale)
        if titles is not None:
            axes.set_title(titles[number], fontsize=8)
    return figure


def match_figure(images: Tensor, anchors: Tensor, boxes: Tensor, matches: Sequence[Tensor]) -> Figure:
    """Show matched anchors, one row of images for each matching: boxes white, positive green, neutral orange.

    Shapes:
        images   (N, 3, H, W)
        anchors  (N, A, H', W', 4)  xyxy in pixels
        boxes    (N, B, 5)          xyxy in pixels, label; rows of -1 are padding
        matches  each (N, A*H'*W')  >= 0 positive, -1 negative, -2 neutral
    """
    flat = anchors.flatten(1, 3)
    layers = [
        [
            Layer(boxes[row][boxes[row, :, 4] >= 0], "white"),
            Layer(flat[row][match[row] >= 0], "lime"),
            Layer(flat[row][match[row] == -2], "orange"),
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


def _spoken(layers: Sequence[Layer]) -> str:
    """Return in words what is drawn on one image, with at most MOST texts of each layer."""
    parts = []
    for layer in layers:
        texts = ", ".join([*layer.texts[:MOST], "..."] if len(layer.texts) > MOST else layer.texts)
        count = f"{len(layer.boxes)} {layer.colour} box{'' if len(layer.boxes) == 1 else 'es'}"
        parts.append(f"{count} ({texts})" if texts else count)
    return ", ".join(parts) or "no boxes"


def _draw(axes: Axes, image: Tensor, layers: Sequence[Layer], scale: float) -> None:
    from matplotlib.patches import Rectangle
    from matplotlib.patheffects import withStroke

    outline = [withStroke(linewidth=0.5 * scale + 1, foreground="black", alpha=0.4)]  # white frames on light images
    height, width = image.shape[1:]
    axes.imshow(pixels_of(image[None])[0], extent=(0, width, height, 0))
    axes.set(xlim=(-1, width + 1), ylim=(height + 1, -1))
    axes.set_axis_off()
    for number, layer in enumerate(layers):
        look: dict[str, Any] = {"edgecolor": layer.colour, "linewidth": 0.5 * scale, "linestyle": LINES[number % 3]}
        look |= {"path_effects": outline, "zorder": 3 - 0.1 * number}
        for row, box in enumerate(layer.boxes.detach().cpu().tolist()):
            x0, y0, x1, y1 = box[:4]
            axes.add_patch(Rectangle((x0, y0), x1 - x0, y1 - y0, fill=False, **look))
            if row < len(layer.texts):
                place = _place((x0, y0, x1, y1), width, height, below=number > 0)
                _label(axes, layer.texts[row], place, layer.colour, 3 + 1.6 * scale)


def _place(box: tuple[float, ...], width: int, height: int, *, below: bool) -> tuple[float, float, str, str]:
    """Return where a box's text is anchored, and with which of its sides, so that it is inside of the image."""
    x0, y0, x1, y1 = box
    margin = height / 12  # about the height of a text
    edge = min(y1, height) if below else max(y0, 0)
    outside = edge + margin <= height if below else edge >= margin
    x, side = (max(x0, 0), "left") if x0 + x1 < 1.2 * width else (min(x1, width), "right")
    return x, edge, side, "top" if below == outside else "bottom"


def _label(axes: Axes, text: str, place: tuple[float, float, str, str], colour: str, size: float) -> None:
    """Write a text on a plate of this colour, in black or white, whichever is readable there."""
    from matplotlib.colors import to_rgb

    red, green, blue = to_rgb(colour)
    plate = {"facecolor": colour, "edgecolor": "none", "alpha": 0.8, "pad": 0.5}
    ink = "black" if 0.3 * red + 0.59 * green + 0.11 * blue > 0.5 else "white"
    x, y, side, edge = place
    look: dict[str, Any] = {"ha": side, "va": edge, "fontsize": size, "color": ink, "bbox": plate}
    axes.text(x, y, text, zorder=4, in_layout=False, **look)
