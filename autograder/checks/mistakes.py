"""Common mistakes that are visible in wrong values: transposed, wrong sign, a constant factor, nan, zeros."""

from __future__ import annotations

import itertools
import math
from fractions import Fraction

import numpy as np

from autograder.checks.compare import Difference, unusable
from autograder.checks.describe import TENSORS, dtype_name, number
from autograder.checks.values import Tolerance, Values, close, common, kind_of_dtype
from autograder.core.message import Message

MOST = 1 << 20  # values of which a mistake is looked for: that takes several copies in float64
_LIKE_THE_INPUT = "Create tensors with the dtype and device of the input: x.new_zeros(...), torch.zeros_like(x)."
_ARRAYS_LIKE_THE_INPUT = "Create arrays with the dtype of the input: np.zeros_like(x), np.empty(shape, dtype=x.dtype)."


def likely_mistake(found: Difference, tolerance: Tolerance) -> str:
    """Return a hint about the leaf where the comparison failed, or an empty string."""
    kind = type(found.expected)
    tensors = kind in TENSORS
    if type(found.actual) is not kind or not (tensors or kind is np.ndarray):
        return ""
    if not tensors and not all(value.dtype.kind in "biufc" for value in (found.actual, found.expected)):
        return ""
    if found.stage == "dtype" and kind_of_dtype(wanted := dtype_name(found.expected.dtype)) in ("int", "bool"):
        library, convert = ("torch", "to") if tensors else ("np", "astype")
        return Message(
            "Create it with {dtype}, or with the input's dtype if that is the same, or convert it with {convert}.",
            dtype=f"dtype={library}.{wanted}",
            convert=f".{convert}({library}.{wanted})",
        )
    if found.stage in ("dtype", "device"):
        return _LIKE_THE_INPUT if tensors else _ARRAYS_LIKE_THE_INPUT
    if found.stage not in ("shape", "values") or (tensors and (unusable(found.actual) or unusable(found.expected))):
        return ""
    size = math.prod(tuple(found.expected.shape))
    if math.prod(tuple(found.actual.shape)) != size or not 0 < size <= MOST:
        return ""
    atol, rtol = tolerance.by(found.actual.dtype, found.expected.dtype)
    try:
        a, e = common(found.actual, found.expected)
    except (RuntimeError, TypeError):
        return ""
    return _arrangement(a, e, atol, rtol) or ("" if found.stage == "shape" else _values(a, e, atol, rtol))


def _agree(a: Values, e: Values, atol: float, rtol: float) -> bool:
    return bool(close(a, e, atol, rtol).all())


def _arrangement(a: Values, e: Values, atol: float, rtol: float) -> str:
    """Return a hint for right values in the wrong places, or an empty string."""
    for first, second in itertools.combinations(range(e.ndim), 2) if 2 <= e.ndim <= 5 else ():
        swapped = a.swapaxes(first, second) if a.ndim == e.ndim else a
        if a.ndim == e.ndim and swapped.shape == e.shape and _agree(swapped, e, atol, rtol):
            return (
                "The result is transposed."
                if e.ndim == 2
                else Message("Axes {first} and {second} are swapped.", first=first, second=second)
            )
    if a.shape != e.shape and _agree(a.reshape(e.shape), e, atol, rtol):
        return "The values are right; only the shape is wrong."
    return ""


def _values(a: Values, e: Values, atol: float, rtol: float) -> str:
    if np.isnan(a).any() and not np.isnan(e).any():
        return "nan comes from 0/0, inf - inf, the log or the square root of a negative number, or an overflow in exp."
    if not a.any():
        return "Every value is zero." if e.size > 1 and e.any() else ""
    if np.iscomplexobj(a) or not (np.isfinite(a).all() and np.isfinite(e).all()) or np.unique(e).size < 3:
        return ""
    if _agree(-a, e, atol, rtol):
        return "Every value has the wrong sign."
    a, e = a.astype(np.float64), e.astype(np.float64)
    largest = int(np.abs(e).argmax())
    tight = (max(atol, 1e-12), max(rtol, 1e-12))
    with np.errstate(all="ignore"):
        factor = float(a.flat[largest]) / float(e.flat[largest])
        if number(factor) == "1" or factor == 0:
            return ""
        if not (_agree(a / factor, e, *tight) and _agree(a, factor * e, *tight)):
            return ""
    return Message("Every value is {factor} the expected one.", factor=_factor(factor))


def _factor(factor: float) -> str:
    """Return the factor as text: "2 times", "1/7 of", "0.3183 times"."""
    near = Fraction(factor).limit_denominator(1000) if abs(factor) < 1e6 else Fraction(0)
    if (
        near
        and near != 1
        and abs(float(near) - factor) < 1e-4 * abs(factor)
        and (near.denominator == 1 or abs(near.numerator) == 1)
    ):
        return Message("{near} times", near=near) if near.denominator == 1 else Message("{near} of", near=near)
    return Message("{factor} times", factor=number(factor))
