"""Common mistakes that are visible in a wrong value: transposed, wrong sign, a constant factor, nan, zeros.

A mistake that is certain comes before the hint of a check; a usual cause comes after it.
"""

from __future__ import annotations

import itertools
import math
from fractions import Fraction
from typing import Any

import numpy as np

from autograder.checks.compare import Difference, unusable
from autograder.checks.describe import TENSORS, dtype_name, number
from autograder.checks.values import Tolerance, Values, close, common, kind_of_dtype, kind_of_number
from autograder.checks.wrong_forms import one_number, other_shape, other_type
from autograder.checks.wrong_values import function, nearly, order, places
from autograder.core.message import Message

MOST_PARTS = 100  # of a single number, and as often it may be contained: farther relations are likely by chance
MOST = 1 << 20  # values of which a mistake is looked for: that takes several copies in float64
NAN = (
    "nan comes from 0/0 (the mean of nothing, too), inf - inf, 0 times nan or inf, the log or the square root of a "
    "negative number, an overflow in exp, or the gradient of a square root at 0. A mask chooses by where(...), not "
    "by a product."
)
NEARLY = 0.01  # farther from 1, a factor has a reason of its own; nearer, a small constant may be the reason
ZEROS = (
    "Every value is zero: is nothing written or counted, does a condition never hold, or is a factor, a mask or a "
    "gradient 0?"
)
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
        if wanted.startswith("int") and _has_fractions(found.actual):
            return (
                "These numbers have fractions, so that converting them does not help: numbers of classes, of rows and "
                "of places come from argmax, argsort, topk(...).indices or nonzero."
            )
        library, convert = ("torch", "to") if tensors else ("np", "astype")
        return Message(
            "Create it with {dtype}, or with the input's dtype if that is the same, or convert it with {convert}.",
            dtype=f"dtype={library}.{wanted}",
            convert=f".{convert}({library}.{wanted})",
        )
    if found.stage == "dtype" and kind_of_dtype(wanted) == "float" and kind_of_dtype(found.actual.dtype) == "int":
        dtype = f"{'torch' if tensors else 'np'}.{wanted}"
        return Message("Whole numbers alone make a tensor of whole numbers: write dtype={dtype}, or 1.0.", dtype=dtype)
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


def _has_fractions(value: Any) -> bool:
    if kind_of_dtype(value.dtype) != "float" or (type(value) in TENSORS and unusable(value)):
        return False
    if math.prod(tuple(value.shape)) > MOST:
        return False
    numbers, _ = common(value, value)
    return bool((np.isfinite(numbers) & (numbers != np.round(numbers))).any())


def usual_cause(found: Difference, tolerance: Tolerance) -> str:
    """Return a hint where nobody knows the mistake: what such a type or shape comes from, or which values are wrong."""
    both = (found.actual, found.expected)
    if found.stage == "type":
        return other_type(*both)
    arrays = all(type(value) in TENSORS or type(value) is np.ndarray for value in both)
    if found.stage == "shape" and (arrays or kind_of_number(found.expected)):
        shapes = [tuple(value.shape) if hasattr(value, "shape") else () for value in both]
        return other_shape(*shapes) or ("" if shapes[1] else one_number(found.actual, float))
    if found.stage != "values":
        return ""
    if all(kind_of_number(value) for value in both):
        a, e = _numbers(*both)
        return _single(a, e, *tolerance.by("float64"))
    if not arrays or not 0 < math.prod(tuple(found.expected.shape)) <= MOST:
        return ""
    try:
        a, e = common(*both)
    except (RuntimeError, TypeError, ValueError):
        return ""
    if not a.any():
        return ZEROS if e.size > 1 else ""
    limits = tolerance.by(*(value.dtype for value in both))
    return "" if np.iscomplexobj(a) else _known_relation(a, e, *limits) or places(a, e, *limits)


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
        return NAN
    if not a.any():  # zeros have many reasons
        return ""
    if np.iscomplexobj(a) or not (np.isfinite(a).all() and np.isfinite(e).all()):
        return ""
    if np.unique(e).size < 3:
        return ""
    if _agree(-a, e, atol, rtol):
        return "Every value has the wrong sign."
    return _multiple(a, e, atol, rtol, plain=True)


def _known_relation(a: Values, e: Values, atol: float, rtol: float) -> str:
    """Return how wrong values depend on the right ones, if that is known, or an empty string."""
    if not (np.isfinite(a).all() and np.isfinite(e).all()):
        return ""
    if np.isin(e, (0, 1)).all() and np.unique(e).size == 2 and np.array_equal(a, 1 - e):
        return "Every 0 should be 1, and every 1 should be 0."
    if np.unique(e).size < 3:
        return ""
    wide = a.astype(np.float64), e.astype(np.float64)
    return _multiple(a, e, atol, rtol) or order(a, e, atol, rtol) or function(*wide, atol, rtol)


def _multiple(a: Values, e: Values, atol: float, rtol: float, *, plain: bool = False) -> str:
    """Say by which factor all values are wrong; ``plain``: only if that is a whole number, or 1 divided by one."""
    if np.unique(e).size < 3 or not (np.isfinite(a).all() and np.isfinite(e).all()):
        return ""
    factor = _common_factor(a.astype(np.float64), e.astype(np.float64), max(atol, 1e-12), max(rtol, 1e-12))
    if not factor or (plain and not _near_plain(factor)):
        return ""
    return Message("Every value is {factor} the expected one.", factor=_factor(factor))


def _numbers(*values: Any) -> list[Values]:
    """Return numbers as arrays of one value; of what is not a number or too large, nan."""
    plain = [value.item() if kind_of_number(value) and hasattr(value, "item") else value for value in values]
    known = [type(value) is float or (type(value) is int and value.bit_length() < 64) for value in plain]
    return [np.array([float(value) if ok else math.nan]) for value, ok in zip(plain, known, strict=True)]


def _single(a: Values, e: Values, atol: float, rtol: float) -> str:
    """Return a hint for a single wrong number that is not whole, such as a loss, or an empty string."""
    found, wanted = float(a.flat[0]), float(e.flat[0])
    if not math.isfinite(found) or not math.isfinite(wanted):
        return ""
    if wanted == int(wanted):
        return nearly(a, e)
    if _agree(-a, e, atol, rtol):
        return "The value has the wrong sign."
    ratio = Fraction(found / wanted).limit_denominator(MOST_PARTS)
    simple = 1 in (abs(ratio.numerator), ratio.denominator) and abs(ratio.numerator) <= MOST_PARTS
    if simple and ratio not in (0, 1) and _agree(a, float(ratio) * e, 1e-12, min(rtol, 1e-4)):
        return Message("The value is {factor} the expected one.", factor=_factor(float(ratio)))
    return function(a.astype(np.float64), e.astype(np.float64), atol, rtol) or nearly(a, e)


def _common_factor(a: Values, e: Values, atol: float, rtol: float) -> float:
    """Return the factor between all values and the expected ones; 0 if there is none."""
    largest = int(np.abs(e).argmax())
    with np.errstate(all="ignore"):
        factor = float(a.flat[largest]) / float(e.flat[largest])
        if abs(factor - 1) < NEARLY or factor == 0:
            return 0.0
        if not (_agree(a / factor, e, atol, rtol) and _agree(a, factor * e, atol, rtol)):
            return 0.0
    return factor


def _factor(factor: float) -> str:
    """Return the factor as text: "2 times", "1/7 of", "0.3183 times"."""
    if near := _near_plain(factor):
        return Message("{near} times", near=near) if near.denominator == 1 else Message("{near} of", near=near)
    return Message("{factor} times", factor=number(factor))


def _near_plain(factor: float) -> Fraction | None:
    """Return the whole number, or 1 divided by one, that a factor is close to."""
    near = Fraction(factor).limit_denominator(1000) if abs(factor) < 1e6 else Fraction(0)
    close_by = near not in (0, 1) and abs(float(near) - factor) < 1e-4 * abs(factor)
    return near if close_by and (near.denominator == 1 or abs(near.numerator) == 1) else None
