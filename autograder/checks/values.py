"""The last stage of a comparison: the values of numbers and dense tensors, within a tolerance."""

from __future__ import annotations

import cmath
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from autograder.checks.describe import TENSORS, cut, number

_ATOL_RTOL = {  # by dtype; dtypes that are not listed use the first line
    torch.float64: (1e-6, 1e-5),
    torch.float32: (1e-5, 1e-4),
    torch.float16: (1e-2, 1e-2),
    torch.bfloat16: (1e-2, 1e-2),
    torch.complex64: (1e-5, 1e-4),
}

any_dtype: ContextVar[bool] = ContextVar("any_dtype", default=False)  # accept floats of every width; see task.py


@dataclass(frozen=True)
class Tolerance:
    """The allowed difference: |actual - expected| <= atol + rtol*|expected|. None: by the coarser of the two dtypes."""

    rtol: float | None = None
    atol: float | None = None
    exact: bool = False

    def of_names(self, *names: str) -> tuple[float, float]:
        """Return (atol, rtol) for values of these dtypes of numpy."""
        known = [getattr(torch, name, torch.float64) for name in names]
        return self.by(*(dtype for dtype in known if isinstance(dtype, torch.dtype)))

    def by(self, *dtypes: torch.dtype) -> tuple[float, float]:
        """Return (atol, rtol) for values of these dtypes. Whole numbers and bools must be equal."""
        atol, rtol = 0.0, 0.0
        for dtype in () if self.exact else dtypes:
            if dtype.is_floating_point or dtype.is_complex:
                coarse = 0.1 if dtype.itemsize == 1 else 0.0  # float8
                default = _ATOL_RTOL.get(dtype, _ATOL_RTOL[torch.float64])
                atol, rtol = max(atol, default[0], coarse), max(rtol, default[1], coarse)
        if any_dtype.get() and len(set(dtypes)) > 1:
            return max(atol, self.atol or 0.0), max(rtol, self.rtol or 0.0)
        return (atol if self.atol is None else self.atol), (rtol if self.rtol is None else self.rtol)


EXACT = Tolerance(exact=True)


def kind_of_dtype(dtype: torch.dtype) -> str:
    """Return "bool", "int", "float" or "complex"."""
    if dtype == torch.bool:
        return "bool"
    return "complex" if dtype.is_complex else "float" if dtype.is_floating_point else "int"


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
    text = f"expected {wanted}, got {shown}"
    if (atol or rtol) and cmath.isfinite(difference):
        text += f"; they differ by {number(difference)}, more than {_allowed(atol, rtol)}"
    return text


def compare_tensors(actual: Tensor, expected: Tensor, tolerance: Tolerance) -> str:
    """Return what is wrong with the values of a tensor of the expected shape and device, or an empty string."""
    atol, rtol = tolerance.by(actual.dtype, expected.dtype)
    try:
        a, e = common(actual, expected)
    except (RuntimeError, TypeError):  # a dtype that torch can store but not convert
        return f"expected numbers, got a tensor of dtype {actual.dtype}"
    wrong = ~close(a, e, atol, rtol)
    count = int(wrong.sum())
    if count == 0:
        return ""
    first = int(wrong.flatten().to(torch.uint8).argmax())
    shown, wanted = _pair(a.flatten()[first].item(), e.flatten()[first].item())
    allowed = f" by more than {_allowed(atol, rtol)}" if atol or rtol else ""
    text = (
        f"{count} of {e.numel()} {'value' if e.numel() == 1 else 'values'} {'differs' if count == 1 else 'differ'}"
        f"{allowed}; first at {_index(first, e)}: expected {wanted}, got {shown}"
    )
    distance = _distance(a, e).nan_to_num(0.0, 0.0, 0.0).flatten()
    if count > 1 and float(distance.max()) > 0:
        largest = int(distance.argmax())
        text += f"; the largest difference is {number(float(distance[largest]))} at {_index(largest, e)}"
    lost = int((a.isnan() & ~e.isnan()).sum())
    return text + (f"; {lost} {'value is' if lost == 1 else 'values are'} nan" if lost else "")


def common(actual: Tensor, expected: Tensor) -> tuple[Tensor, Tensor]:
    """Return both tensors on the device of ``expected``, in int64, float64 or complex128."""
    kinds = {kind_of_dtype(actual.dtype), kind_of_dtype(expected.dtype)}
    dtype = torch.complex128 if "complex" in kinds else torch.float64 if "float" in kinds else torch.int64
    return actual.detach().to(expected.device, dtype), expected.detach().to(dtype)


def close(a: Tensor, e: Tensor, atol: float, rtol: float) -> Tensor:
    """Return where two tensors of one dtype agree. Infinities of different sign differ; nan equals nan."""
    same = (a == e) | (a.isnan() & e.isnan())
    if a.dtype == torch.int64 and not (atol or rtol):
        return same
    return same | (e.isfinite() & (_distance(a, e) <= atol + rtol * e.abs()))


def _distance(a: Tensor, e: Tensor) -> Tensor:
    """Return |a - e|, for int64 in float64, where it cannot overflow."""
    return (a.to(torch.float64) - e.to(torch.float64) if a.dtype == torch.int64 else a - e).abs()


def _dtype(value: Any) -> torch.dtype:
    if type(value) in TENSORS:
        dtype: torch.dtype = value.dtype
        return dtype
    kind = kind_of_number(value)
    if kind not in ("float", "complex"):
        return torch.int64
    size = value.dtype.itemsize if type(value) is np.ndarray else 8
    return {2: torch.float16, 4: torch.float32}.get(size, torch.float64)


def _pair(actual: Any, expected: Any) -> tuple[str, str]:
    """Return both as text, with enough digits to differ."""
    shown, wanted = number(actual), number(expected)
    return (shown, wanted) if shown != wanted else (_exact(actual), _exact(expected))


def _exact(value: Any) -> str:
    return cut(
        hex(value) if type(value) is int else repr(value), 80
    )  # hex: Python refuses to write very long ints in decimal


def _allowed(atol: float, rtol: float) -> str:
    return f"{atol:g} + {rtol:g}*|expected|" if rtol else f"{atol:g}"


def _index(flat: int, like: Tensor) -> str:
    return "[" + ",".join(str(int(i)) for i in np.unravel_index(flat, tuple(like.shape))) + "]"
