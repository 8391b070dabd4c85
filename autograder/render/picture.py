"""Draw two tensors and their difference next to each other: for images, matrices and maps."""

from __future__ import annotations

import base64
import io
from html import escape
from typing import Any

import numpy as np

from autograder.core.language import IN_ENGLISH, reader, say

LARGEST = 2000  # pixels of a side; a longer one is cut


def draw(actual: Any, expected: Any) -> bytes:
    """Return a PNG of ``actual``, ``expected`` and actual - expected; empty if they are not pictures.

    Shapes:
        actual    (..., H, W)  numbers; of further axes, the place with the largest difference is drawn
        expected  (..., H, W)  of another shape, the two are drawn without their difference
    """
    a, e = _numbers(actual), _numbers(expected)
    if a is None or e is None or min(a.ndim, e.ndim) < 2 or 0 in (a.size, e.size):
        return b""
    same = a.shape == e.shape
    place = _largest_difference(a, e) if same else ()
    a, e = (_plane(array, place) for array in (a, e))
    if min(*a.shape, *e.shape) < 2:
        return b""
    return _png(a, e, place, same=same)


def picture_html(png: bytes) -> str:
    """Return an image element with the picture in it. The picture's own words are English: few fonts have all others.

    So a reader of another language also gets them as text.
    """
    text = escape(
        say(
            "From left to right: your result, the expected one and, if both have the same shape, their difference. "
            "Green: nan or infinite."
        )
    )
    code = base64.b64encode(png).decode("ascii")
    image = f'<img alt="{text}" style="max-width:100%" src="data:image/png;base64,{code}">'
    return image if reader() is IN_ENGLISH else f'{image}<div style="color:#000">{text}</div>'


def _png(a: Any, e: Any, place: tuple[int, ...], *, same: bool) -> bytes:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    panels = [("your result", a), ("expected", e)]
    finite = np.concatenate([part[np.isfinite(part)] for part in (a, e)])
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 1.0)
    figure = Figure(figsize=(9 if same else 6, 3), layout="constrained")
    axes = figure.subplots(1, 3 if same else 2)
    for axis, (title, part) in zip(axes, panels, strict=False):
        image = axis.imshow(_shown(part), cmap=_map("gray"), vmin=low, vmax=high, interpolation="none", aspect="auto")
        axis.set_title(f"{title} {list(part.shape)}", fontsize=9)
    figure.colorbar(image, ax=list(axes[:2]), shrink=0.8)
    if same:
        with np.errstate(invalid="ignore"):
            difference = a - e
        known = np.abs(difference[np.isfinite(difference)])
        most = float(known.max()) if known.size and known.max() > 0 else 1.0
        image = axes[2].imshow(
            _shown(difference), cmap=_map("RdBu_r"), vmin=-most, vmax=most, interpolation="none", aspect="auto"
        )
        axes[2].set_title("yours - expected", fontsize=9)
        figure.colorbar(image, ax=axes[2], shrink=0.8)
    notes = [f"at [{', '.join(map(str, place))}, :, :]"] if place else []
    notes += ["green: nan or infinite"] if not (np.isfinite(a).all() and np.isfinite(e).all()) else []
    if notes:
        figure.suptitle("; ".join(notes), fontsize=9)
    for axis in axes:
        axis.tick_params(labelsize=8)
        axis.locator_params(integer=True, nbins=5)  # places are whole numbers
    stream = io.BytesIO()
    FigureCanvasAgg(figure)
    figure.savefig(stream, format="png")
    return stream.getvalue()


def _map(name: str) -> Any:
    from matplotlib import colormaps

    return colormaps[name].with_extremes(bad="limegreen")


def _shown(part: Any) -> Any:
    return np.ma.masked_invalid(part)


def _numbers(value: Any) -> Any:
    """Return a tensor or array as an array of floats; None for anything else."""
    if type(value) is not np.ndarray:
        from autograder.checks.compare import unusable
        from autograder.checks.describe import TENSORS

        if type(value) not in TENSORS or unusable(value) or value.is_complex():
            return None
        value = value.detach().cpu().double().numpy()
    return value.astype(np.float64) if value.dtype.kind in "biuf" else None


def _largest_difference(a: Any, e: Any) -> tuple[int, ...]:
    """Return the indices of the leading axes at which the two differ most."""
    with np.errstate(invalid="ignore"):
        difference = np.abs(a - e)
    equal = (a == e) | (np.isnan(a) & np.isnan(e))
    difference = np.where(equal, 0.0, np.where(np.isfinite(difference), difference, np.inf))
    most = difference.max(axis=(-2, -1))
    return tuple(int(index) for index in np.unravel_index(int(most.argmax()), most.shape))


def _plane(array: Any, place: tuple[int, ...]) -> Any:
    """Return the last two axes at a place; without one, the first."""
    while array.ndim > 2:
        array = array[place[0] if place else 0]
        place = place[1:]
    return array[:LARGEST, :LARGEST]
