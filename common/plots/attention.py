"""Maps of attention over an image."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from torch import Tensor

from common.plots.figure import new_figure, pixels_of

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def attention_maps(image: Tensor, words: Sequence[str], weights: Tensor, *, columns: int = 7) -> Figure:
    """Show the image once for each word, dark where the captioner's attention before that word is low.

    Shapes:
        image    (3, H, W)  float in [0, 1]
        weights  (T, a, a)  T is at least the number of words
    """
    picture = pixels_of(image[None])[0]
    height, width = image.shape[1:]
    rows = math.ceil(len(words) / columns)
    side = weights.shape[2]
    peaks = [divmod(int(looked.argmax()), side) for looked in weights[: len(words)]]
    most = "; ".join(f"{word}: row {y + 1}, column {x + 1}" for word, (y, x) in zip(words, peaks, strict=False))
    alt = f"Where the attention is highest before each word, in a grid of {side} x {side}: {most}."
    figure = new_figure(1.4 * columns, 1.65 * rows, alt)
    for number, (word, looked) in enumerate(zip(words, weights.detach().cpu().numpy(), strict=False)):
        axes = figure.add_subplot(rows, columns, number + 1)
        axes.imshow(picture, extent=(0, width, height, 0))
        axes.imshow(looked, extent=(0, width, height, 0), cmap="gray", alpha=0.65, interpolation="bilinear")
        axes.set(xticks=[], yticks=[], xlim=(0, width), ylim=(height, 0))
        axes.set_title(word, fontsize=9)
    return figure
