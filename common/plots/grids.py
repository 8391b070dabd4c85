"""Grids of images, with titles or captions."""

from __future__ import annotations

import itertools
import math
import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING

from torch import Tensor

from common.plots.figure import new_figure, pixels_of

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def image_grid(
    images: Tensor,
    titles: Sequence[str] | None = None,
    *,
    columns: int = 8,
    right: Sequence[bool | None] | None = None,
    alt: str = "",
) -> Figure:
    """Show images in rows of `columns`, each under its title.

    `right` has an entry for each image: True draws a solid blue frame, False a dashed orange one, None nothing. `alt`
    says in words what the figure shows; without it, the titles do.

    Shapes:
        images  (N, C, H, W)  C is 1 or 3; float in [0, 1] (values outside are clipped) or uint8
    """
    if images.ndim != 4 or images.shape[1] not in (1, 3) or len(images) == 0:
        raise ValueError(f"image_grid shows images of shape (N, 1 or 3, H, W), not {tuple(images.shape)}.")
    if titles is not None and len(titles) != len(images):
        raise ValueError(f"image_grid got {len(images)} images and {len(titles)} titles: give one title per image.")
    if right is not None and len(right) != len(images):
        raise ValueError(f"image_grid got {len(images)} images, but `right` has {len(right)} entries: one per image.")
    columns = min(columns, len(images))
    rows = math.ceil(len(images) / columns)
    spoken = alt or _alt(len(images), columns, titles, right)
    figure = new_figure(1.25 * columns, (1.5 if titles else 1.25) * rows, spoken)
    for number, picture in enumerate(pixels_of(images)):
        axes = figure.add_subplot(rows, columns, number + 1)
        axes.imshow(picture, interpolation="nearest")
        if right is None or right[number] is None:
            axes.set_axis_off()
        else:
            axes.set(xticks=[], yticks=[])
            colour, style = ("tab:blue", "-") if right[number] else ("tab:orange", (0, (2, 2)))
            for spine in axes.spines.values():
                spine.set(color=colour, linestyle=style, linewidth=3)
        if titles is not None:
            axes.set_title(titles[number], fontsize=8)
    return figure


def pictures(images: Tensor, captions: Sequence[str], *, columns: int = 4, width: int = 26) -> Figure:
    """Show images with captions under them, in lines of at most `width` letters.

    Shapes:
        images  (N, 3, H, W)  float in [0, 1]
    """
    if len(images) != len(captions) or not len(images):
        raise ValueError(f"pictures got {len(images)} images and {len(captions)} captions: give one caption per image.")
    rows = math.ceil(len(images) / columns)
    figure = new_figure(2.2 * columns, 2.75 * rows, _alt(len(images), columns, captions))
    for number, (picture, caption) in enumerate(zip(pixels_of(images), captions, strict=True)):
        axes = figure.add_subplot(rows, columns, number + 1)
        axes.imshow(picture, interpolation="nearest")
        axes.set(xticks=[], yticks=[])
        axes.set_xlabel(textwrap.fill(caption, width), fontsize=8)
    return figure


def in_rows(count: int, columns: int) -> str:
    """Return the beginning of an alternative text: how many images there are."""
    return f"{count} images in rows of {columns}" if count > 1 else "One image"


def _alt(count: int, columns: int, titles: Sequence[str] | None, right: Sequence[bool | None] | None = None) -> str:
    """Return the titles in reading order, each with its frame's meaning."""
    words = {True: " (right)", False: " (wrong)", None: ""}
    named = [title + words[mark] for title, mark in zip(titles or (), right or [None] * count, strict=False)]
    runs = [(title, len(list(equal))) for title, equal in itertools.groupby(named)]
    named = [f"{length} times {title}" if length > 1 else title for title, length in runs if title]
    text = in_rows(count, columns)
    return f"{text}: {'; '.join(named)}." if named else f"{text}."
