"""Derivatives of a scalar function by central differences, in float64, with an estimate of their own error.

Knows nothing about students.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

Scalar = Callable[[Tensor], Any]  # maps a float64 tensor to a number or a tensor of one element

STEP = 1e-4  # fraction of the scale of x: the truncation error of the extrapolated difference is about STEP**4
SMALLEST_SCALE = 1e-2  # for x near zero: with a smaller step, rounding errors would dominate
SHRINK = 32.0  # factor from one step to the next, if a kink is near
TRIES = 4
EPSILON = torch.finfo(torch.float64).eps


@dataclass(frozen=True)
class Slope:
    """A derivative along a direction."""

    value: float
    error: float  # estimated
    smooth: bool  # False: a kink is so near that the value is meaningless


def numeric_directional(f: Scalar, x: Tensor, v: Tensor, h: float | None = None) -> Slope:
    """Return the derivative of f at x along v, from differences over h and h/2 (Richardson's extrapolation).

    Both must agree, and the slopes ahead and behind must approach each other, or else the step is reduced. A kink at x
    itself (ReLU at 0) gives a slope that is not smooth. The default h is 1e-4 of the scale of x and v.

    Shapes:
        x  any   float64
        v  of x  float64
    """
    h = step_of(x, v) if h is None else h
    slope = Slope(0.0, 0.0, False)
    with torch.no_grad():
        middle = _value(f, x)
        for _ in range(TRIES):
            slope = _differences(f, x, v, h, middle)
            if slope.smooth:
                break
            h /= SHRINK
    return slope


def numeric_gradient(f: Scalar, x: Tensor) -> Tensor:
    """Return the gradient of f at x, computed element by element; nan where f has a kink.

    Shapes:
        x    any   float; computed in float64
        out  of x  float64
    """
    x = x.detach().to(torch.float64)
    flat = torch.empty(x.numel(), dtype=torch.float64, device=x.device)
    with one_thread():
        for index in range(x.numel()):
            slope = numeric_directional(f, x, unit(x, index))
            flat[index] = slope.value if slope.smooth else float("nan")
    return flat.reshape(x.shape)


@contextmanager
def one_thread() -> Iterator[None]:
    """Use one thread of torch: with more, small operations are up to 100 times slower on busy cores."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def unit(x: Tensor, index: int) -> Tensor:
    """Return the direction of one element.

    Shapes:
        x    any   the element is counted in row-major order
        out  of x  float64
    """
    direction = torch.zeros(x.numel(), dtype=torch.float64, device=x.device)
    direction[index] = 1.0
    return direction.reshape(x.shape)


def step_of(x: Tensor, v: Tensor) -> float:
    """Return a step along v that changes the elements of x by about STEP times their scale."""
    touched = v != 0
    size = float(v.norm() / touched.sum().clamp(min=1).to(torch.float64).sqrt())  # root mean square
    scale = float(x.norm() / max(1, x.numel()) ** 0.5)
    return STEP * max(scale, SMALLEST_SCALE) / max(size, 1e-300)


def _differences(f: Scalar, x: Tensor, v: Tensor, h: float, middle: float) -> Slope:
    far_ahead, far_behind = _value(f, x + h * v), _value(f, x - h * v)
    ahead, behind = _value(f, x + h / 2 * v), _value(f, x - h / 2 * v)
    wide, narrow = (far_ahead - far_behind) / (2 * h), (ahead - behind) / h
    value = (4 * narrow - wide) / 3
    rounding = 50 * EPSILON * max(map(abs, (middle, far_ahead, far_behind)), default=0.0) / h
    bend_wide = (
        far_ahead - 2 * middle + far_behind
    ) / h  # slope ahead minus slope behind: shrinks with h if f is smooth
    bend_narrow = (ahead - 2 * middle + behind) / (h / 2)
    allowed = 1e-5 * max(abs(wide), abs(narrow)) + 8 * rounding
    smooth = abs(wide - narrow) <= allowed and abs(bend_narrow - bend_wide / 2) <= allowed
    return Slope(value, abs(wide - narrow) / 3 + rounding, smooth)


def _value(f: Scalar, x: Tensor) -> float:
    result = f(x)
    return float(result.detach()) if isinstance(result, Tensor) else float(result)
