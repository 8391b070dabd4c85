"""Figures that show themselves in a notebook, with alternative text for those who cannot see them.

The functions of this package never import pyplot: it stores figures in a global list. ``show`` is for cells that draw
with pyplot themselves.
"""

from __future__ import annotations

import base64
import functools
import html
import io
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def new_figure(width: float, height: float, alt: str) -> Figure:
    """Create a figure of this size in inches; `alt` says in words what it shows."""
    figure: Figure = _figure_class()(alt, figsize=(width, height), layout="constrained")
    return figure


def show(alt: str) -> None:
    """Show the current figure of pyplot, as `plt.show()` does; screen readers read `alt` instead of the picture."""
    import matplotlib.pyplot as plt

    if "inline" not in plt.get_backend():
        plt.show()
        return
    figure = plt.gcf()
    plt.close(figure)
    _display(figure, alt)


def pixels_of(images: Tensor) -> Any:
    """Convert images to an array for imshow.

    Shapes:
        images  (N, C, H, W)  C is 1 or 3; float in [0, 1] (values outside are clipped) or uint8
        out     (N, H, W, 3)  float32 NumPy array
    """
    pixels = images.detach().cpu()
    pixels = pixels.float() / 255 if pixels.dtype == torch.uint8 else pixels.float().clamp(0, 1)
    return pixels.movedim(1, -1).expand(-1, -1, -1, 3).numpy()


@functools.cache
def _figure_class() -> Any:
    from matplotlib.figure import Figure  # late: importing common.plots must be cheap

    class NotebookFigure(Figure):
        """A figure with the methods for pictures that IPython looks for."""

        def __init__(self, alt: str, **options: Any) -> None:
            super().__init__(**options)
            self.alt = alt

        def _ipython_display_(self) -> None:
            _display(self, self.alt)

        def _repr_png_(self) -> bytes:
            return _png(self)

    return NotebookFigure


def _display(figure: Figure, alt: str) -> None:
    """Display the figure as HTML, the only format in which notebooks show alternative text."""
    from IPython.display import display

    picture = base64.b64encode(_png(figure)).decode()
    image = f'<img alt="{html.escape(alt)}" src="data:image/png;base64,{picture}">'
    display({"text/html": image, "text/plain": alt}, raw=True)  # type: ignore[no-untyped-call]


def _png(figure: Figure) -> bytes:
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", bbox_inches="tight")
    return buffer.getvalue()
