"""Common mistakes that are visible in a wrong tensor itself: transposed, wrong sign, a constant factor, nan, zeros."""

from __future__ import annotations

import itertools
from fractions import Fraction

import torch
from torch import Tensor

from autograder.checks.compare import Difference, to_tensor, unusable
from autograder.checks.describe import TENSORS, number
from autograder.checks.values import Tolerance, close, common

_LIKE_THE_INPUT = "Create tensors with the dtype and device of the input: x.new_zeros(...), torch.zeros_like(x)."


def likely_mistake(found: Difference, tolerance: Tolerance) -> str:
    """Return a hint about the leaf where the comparison failed, or an empty string."""
    if found.stage == "dtype":
        return _LIKE_THE_INPUT
    if type(found.actual) is not type(found.expected) or type(found.actual) not in TENSORS:
        return ""
    if unusable(found.actual) or unusable(found.expected):
        return ""
    if found.stage == "device":
        return _LIKE_THE_INPUT
    if found.stage not in ("shape", "values") or found.actual.numel() != found.expected.numel():
        return ""
    a, e = to_tensor(found.actual), to_tensor(found.expected)
    atol, rtol = tolerance.by(a.dtype, e.dtype)
    try:
        a, e = common(a, e)
    except (RuntimeError, TypeError):
        return ""
    if e.numel() == 0:
        return ""
    return _arrangement(a, e, atol, rtol) or ("" if found.stage == "shape" else _values(a, e, atol, rtol))


def _agree(a: Tensor, e: Tensor, atol: float, rtol: float) -> bool:
    return bool(close(a, e, atol, rtol).all())


def _arrangement(a: Tensor, e: Tensor, atol: float, rtol: float) -> str:
    """Return a hint for right values in the wrong places, or an empty string."""
    for first, second in itertools.combinations(range(e.dim()), 2) if 2 <= e.dim() <= 5 else ():
        swapped = a.transpose(first, second) if a.dim() == e.dim() else a
        if a.dim() == e.dim() and swapped.shape == e.shape and _agree(swapped, e, atol, rtol):
            return "The result is transposed." if e.dim() == 2 else f"Axes {first} and {second} are swapped."
    if a.shape != e.shape and _agree(a.reshape(e.shape), e, atol, rtol):
        return "The values are right; only the shape is wrong."
    return ""


def _values(a: Tensor, e: Tensor, atol: float, rtol: float) -> str:
    if a.isnan().any() and not e.isnan().any():
        return "nan comes from 0/0, inf - inf, the log or the square root of a negative number, or an overflow in exp."
    if not a.any():
        return "Every value is zero." if e.numel() > 1 and e.any() else ""
    if a.is_complex() or not (a.isfinite().all() and e.isfinite().all()) or e.unique().numel() < 3:
        return ""
    if _agree(-a, e, atol, rtol):
        return "Every value has the wrong sign."
    a, e = a.to(torch.float64), e.to(torch.float64)
    largest = int(e.abs().argmax())
    factor = float(a.flatten()[largest]) / float(e.flatten()[largest])
    tight = (max(atol, 1e-12), max(rtol, 1e-12))
    if number(factor) == "1" or factor == 0 or not (_agree(a / factor, e, *tight) and _agree(a, factor * e, *tight)):
        return ""
    return f"Every value is {_factor(factor)} the expected one."


def _factor(factor: float) -> str:
    """Return the factor as text: "2 times", "1/7 of", "0.3183 times"."""
    near = Fraction(factor).limit_denominator(1000) if abs(factor) < 1e6 else Fraction(0)
    if (
        near
        and near != 1
        and abs(float(near) - factor) < 1e-4 * abs(factor)
        and (near.denominator == 1 or abs(near.numerator) == 1)
    ):
        return f"{near} times" if near.denominator == 1 else f"{near} of"
    return f"{number(factor)} times"
