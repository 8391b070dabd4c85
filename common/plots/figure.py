"""Figures that show themselves in a notebook. pyplot is never imported: it stores figures in a global list."""

from __future__ import annotations

import functools
import io
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def new_figure(width: float, height: float) -> Figure:
    """Create a figure of this size in inches."""
    return _figure_class()(figsize=(width, height), layout="constrained")


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
def _figure_class() -> type[Figure]:
    from matplotlib.figure import Figure  # late: importing common.plots must be cheap

    class NotebookFigure(Figure):
        """A figure with the method for pictures that IPython looks for."""

        def _repr_png_(self) -> bytes:
            buffer = io.BytesIO()
            self.savefig(buffer, format="png")
            return buffer.getvalue()

    return NotebookFigure
