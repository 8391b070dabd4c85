"""Call a function that draws, and make a picture of what it drew."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

WIDTH, DOTS = 6.4, 80  # inches and dots per inch of the picture, as matplotlib's standard figure; less if it is large
MAX_INCHES = 20


class NoFigure(Exception):
    """The function drew nothing."""


def draw_figure(f: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any], limit: int) -> tuple[Any, bytes]:
    """Call ``f``; return its figure and a PNG of at most ``limit`` bytes, or no bytes. Raises NoFigure."""
    import matplotlib
    from matplotlib import pyplot

    before = matplotlib.get_backend(auto_select=False)
    pyplot.switch_backend("agg")
    try:
        return _draw(f(*args, **kwargs), pyplot, limit)
    finally:
        pyplot.close("all")
        if before:
            pyplot.switch_backend(before)


def _draw(result: Any, pyplot: Any, limit: int) -> tuple[Any, bytes]:
    first = result.flat[0] if hasattr(result, "flat") and len(result.flat) else result  # plt.subplots(2, 2)[1]
    first = first[0] if isinstance(first, tuple | list) and first else first
    figure = first if hasattr(first, "savefig") else getattr(first, "figure", None)
    if figure is None and pyplot.get_fignums():
        figure = pyplot.gcf()
    if not hasattr(figure, "savefig"):
        raise NoFigure("nothing was drawn: return the figure or its axes, or draw with matplotlib.pyplot")
    return figure, _picture(figure, limit)


def _picture(figure: Any, limit: int) -> bytes:
    width, height = figure.get_size_inches()
    dots = DOTS * min(1.0, MAX_INCHES / max(width, height, 1))
    while dots >= 20:
        file = io.BytesIO()
        figure.savefig(file, format="png", dpi=dots)
        if len(file.getvalue()) <= limit:
            return file.getvalue()
        dots /= 2
    return b""
