"""The last stage of a comparison: the values of numbers, arrays and dense tensors, within a tolerance.

Tensors are compared as arrays of numpy, in a dtype that holds every value of both; torch is not imported for arrays.
Large ones are compared part by part, so that no answer of a student can fill the memory of the grader.
"""

from __future__ import annotations

import cmath
import math
from collections.abc import Iterator
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autograder.checks.describe import TENSORS, cut, dtype_name, number
from autograder.core.message import Message, joined

Values = NDArray[Any]  # int64, float64 or complex128

_ATOL_RTOL = {  # by the name of the dtype; dtypes that are not listed use the first line
    "float64": (1e-6, 1e-5),
    "float32": (1e-5, 1e-4),
    "float16": (1e-2, 1e-2),
    "bfloat16": (1e-2, 1e-2),
    "complex64": (1e-5, 1e-4),
}
_WIDE = {"bool": "int64", "int": "int64", "float": "float64", "complex": "complex128"}

CHUNK = 1 << 18  # values: some 20 MB are needed to compare as many, however large the arrays are

any_dtype: ContextVar[bool] = ContextVar("any_dtype", default=False)  # accept floats of every width; see task.py


@dataclass(frozen=True)
class Tolerance:
    """The allowed difference: |actual - expected| <= atol + rtol*|expected|. None: by the coarser of the two dtypes."""

    rtol: float | None = None
    atol: float | None = None
    exact: bool = False

    def by(self, *dtypes: Any) -> tuple[float, float]:
        """Return (atol, rtol) for values of these dtypes, or names of dtypes. Whole numbers and bools must be equal."""
        atol, rtol = 0.0, 0.0
        names = [dtype_name(dtype) for dtype in dtypes]
        for name in () if self.exact else names:
            if kind_of_dtype(name) in ("float", "complex"):
                coarse = 0.1 if name.startswith("float8") else 0.0
                default = _ATOL_RTOL.get(name, _ATOL_RTOL["float64"])
                atol, rtol = max(atol, default[0], coarse), max(rtol, default[1], coarse)
        if any_dtype.get() and len(set(names)) > 1:
            return max(atol, self.atol or 0.0), max(rtol, self.rtol or 0.0)
        return (atol if self.atol is None else self.atol), (rtol if self.rtol is None else self.rtol)


EXACT = Tolerance(exact=True)


def kind_of_dtype(dtype: Any) -> str:
    """Return "bool", "int", "float" or "complex", for a dtype of numbers of torch or numpy, or its name."""
    name = dtype_name(dtype)
    if name == "bool":
        return "bool"
    return "complex" if name.startswith("complex") else "float" if "float" in name else "int"


def kind_of_number(value: Any) -> str:
    """Return the kind of a Python number, a 0-d tensor or a 0-d array; for other objects, an empty string."""
    if type(value) in (bool, int, float, complex):
        return type(value).__name__
    if type(value) in TENSORS and tuple(value.shape) == ():
        return kind_of_dtype(value.dtype)
    if type(value) is np.ndarray and value.shape == ():
        return {"b": "bool", "i": "int", "u": "int", "f": "float", "c": "complex"}.get(value.dtype.kind, "")
    return ""


def compare_numbers(actual: Any, expected: Any, tolerance: Tolerance) -> str:
    """Return what is wrong with the value of a number, or an empty string. Ints of any size are compared exactly."""
    atol, rtol = tolerance.by(_dtype(actual), _dtype(expected))
    a = actual if type(actual) in (bool, int, float, complex) else actual.item()
    e = expected if type(expected) in (bool, int, float, complex) else expected.item()
    if a == e or (a != a and e != e):
        return ""
    try:
        difference = float(abs(a - e))
        if cmath.isfinite(e) and difference <= atol + rtol * abs(e):
            return ""
    except OverflowError:  # an int that is too large for a float
        difference = float("inf")
    shown, wanted = _pair(a, e)
    text = Message("expected {expected}, got {actual}", expected=wanted, actual=shown)
    if (atol or rtol) and cmath.isfinite(difference):
        far = Message(
            "they differ by {difference}, more than {allowed}",
            difference=number(difference),
            allowed=_allowed(atol, rtol),
        )
        return joined(Message("; "), [text, far])
    return text


def compare_arrays(actual: Any, expected: Any, tolerance: Tolerance) -> str:
    """Return what is wrong with the values of an array or tensor of the expected shape, or an empty string."""
    atol, rtol = tolerance.by(actual.dtype, expected.dtype)
    shape = tuple(expected.shape)
    count, lost, first, pair = 0, 0, 0, ("", "")
    try:
        for start, a, e in _chunks(actual, expected):
            wrong = ~close(a, e, atol, rtol)
            if wrong.any():
                at = int(wrong.argmax())
                first, pair = (first, pair) if count else (start + at, _pair(a[at].item(), e[at].item()))
                count += int(wrong.sum())
            lost += int((np.isnan(a) & ~np.isnan(e)).sum())
    except (RuntimeError, TypeError):  # a dtype that torch can store but not convert
        return Message("expected numbers, got a tensor of dtype {dtype}", dtype=actual.dtype)
    if count == 0:
        return ""
    size = math.prod(shape)
    allowed = Message(" by more than {allowed}", allowed=_allowed(atol, rtol)) if atol or rtol else ""
    parts = [values_differ(count, size, _index(first, shape), pair[1], pair[0], allowed=allowed)]
    distance, largest = _largest_distance(actual, expected) if count > 1 else (0.0, 0)
    if distance > 0:
        place = _index(largest, shape)
        parts.append(Message("the largest difference is {distance} at {place}", distance=number(distance), place=place))
    if lost:
        parts.append(Message.counted("{n} value is nan", "{n} values are nan", n=lost))
    return joined(Message("; "), parts)


def values_differ(count: int, size: int, place: str, expected: str, actual: str, *, allowed: str = "") -> Message:
    """Return how many of ``size`` values differ, and the first pair that does."""
    values: dict[str, object] = {
        "size": size,
        "allowed": allowed,
        "place": place,
        "expected": expected,
        "actual": actual,
    }
    if size == 1:
        return Message("1 of 1 value differs{allowed}; first at {place}: expected {expected}, got {actual}", **values)
    return Message.counted(
        "{n} of {size} values differs{allowed}; first at {place}: expected {expected}, got {actual}",
        "{n} of {size} values differ{allowed}; first at {place}: expected {expected}, got {actual}",
        n=count,
        **values,
    )


def _largest_distance(actual: Any, expected: Any) -> tuple[float, int]:
    """Return the largest finite difference and its place in the flattened array."""
    largest, place = 0.0, 0
    for start, a, e in _chunks(actual, expected):
        distance = np.nan_to_num(_distance(a, e), nan=0.0, posinf=0.0, neginf=0.0)
        if distance.size and float(distance.max()) > largest:
            largest, place = float(distance.max()), start + int(distance.argmax())
    return largest, place


def _chunks(actual: Any, expected: Any) -> Iterator[tuple[int, Values, Values]]:
    """Yield parts of two arrays or tensors of one shape, flattened and in one dtype, and where each part begins."""
    flat = [
        value.reshape(-1) if type(value) is np.ndarray else value.detach().reshape(-1) for value in (actual, expected)
    ]
    for start in range(0, max(1, math.prod(tuple(expected.shape))), CHUNK):
        a, e = common(*(values[start : start + CHUNK] for values in flat))
        yield start, a, e


def common(actual: Any, expected: Any) -> tuple[Values, Values]:
    """Return two arrays or tensors as arrays of one dtype: int64, float64 or complex128."""
    kinds = {kind_of_dtype(actual.dtype), kind_of_dtype(expected.dtype)}
    kind = "complex" if "complex" in kinds else "float" if "float" in kinds else "int"
    return _widened(actual, _WIDE[kind]), _widened(expected, _WIDE[kind])


def _widened(value: Any, dtype: str) -> Values:
    if type(value) is np.ndarray:
        return value.astype(dtype)
    import torch

    plain = value.detach().resolve_conj().resolve_neg()
    wide: Values = plain.to("cpu", getattr(torch, dtype)).numpy()
    return wide


def close(a: Values, e: Values, atol: float, rtol: float) -> NDArray[np.bool_]:
    """Return where two arrays of one dtype agree. Infinities of different sign differ; nan equals nan."""
    same = np.asarray((a == e) | (np.isnan(a) & np.isnan(e)))
    if a.dtype == np.int64 and not (atol or rtol):
        return same
    with np.errstate(all="ignore"):
        return np.asarray(same | (np.isfinite(e) & (_distance(a, e) <= atol + rtol * np.abs(e))))


def _distance(a: Values, e: Values) -> Values:
    """Return |a - e|, for int64 in float64, where it cannot overflow."""
    with np.errstate(all="ignore"):
        whole = a.dtype == np.int64
        return np.asarray(np.abs(a.astype(np.float64) - e.astype(np.float64) if whole else a - e))


def _dtype(value: Any) -> str:
    if type(value) in TENSORS:
        return dtype_name(value.dtype)
    if kind_of_number(value) not in ("float", "complex"):
        return "int64"
    size = value.dtype.itemsize if type(value) is np.ndarray else 8
    return {2: "float16", 4: "float32"}.get(size, "float64")


def _pair(actual: Any, expected: Any) -> tuple[str, str]:
    """Return both as text, with enough digits to differ."""
    shown, wanted = number(actual), number(expected)
    return (shown, wanted) if shown != wanted else (_exact(actual), _exact(expected))


def _exact(value: Any) -> str:
    return cut(
        hex(value) if type(value) is int else repr(value), 80
    )  # hex: Python refuses to write very long ints in decimal


def _allowed(atol: float, rtol: float) -> str:
    return Message("{atol:g} + {rtol:g}*|expected|", atol=atol, rtol=rtol) if rtol else f"{atol:g}"


def _index(flat: int, shape: tuple[int, ...]) -> str:
    return "[" + ",".join(str(int(i)) for i in np.unravel_index(flat, shape)) + "]"
