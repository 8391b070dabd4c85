"""Compare a value with the expected one in stages: type, shape, dtype, device, values. Each stage has a sentence.

``expected`` comes from the check. ``actual`` may be any object, so only exact builtin, torch and numpy types are read.
Knows nothing about mistakes and hints.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from autograder.checks.describe import TENSORS, TEXT, cut, describe, dtype_name, shape_text
from autograder.checks.values import (
    Tolerance,
    any_dtype,
    compare_numbers,
    compare_tensors,
    kind_of_dtype,
    kind_of_number,
)

CONTAINERS = (list, tuple, dict, set, frozenset)


@dataclass(frozen=True)
class Difference:
    """The first stage that fails, for the first leaf that fails."""

    stage: str  # "type", "shape", "dtype", "device" or "values"
    message: str
    actual: Any  # the leaf
    expected: Any
    path: str = ""  # of the leaf: "[0]['W1']"

    def __str__(self) -> str:
        return f"item {self.path}: {self.message}" if self.path else self.message


def compare(actual: Any, expected: Any, tolerance: Tolerance, *, check_dtype: bool = True) -> Difference | None:
    """Return the first difference of two values, or None. With an exact tolerance, 1 and 1.0 differ.

    If a number is expected, a Python number, a 0-d tensor or a 0-d array is accepted; True is not a number. If a tuple
    is expected, a list is accepted: `a, b = f()` is the same for both.
    Two tensors, or two arrays, must also have the same dtype. nan equals nan; infinities are equal if their signs are.
    """
    expected, actual = _plain(expected), _plain(actual)
    if type(expected) is dict:
        return _compare_dicts(actual, expected, tolerance, check_dtype)
    if type(expected) in (list, tuple):
        return _compare_sequences(actual, expected, tolerance, check_dtype)
    kind = kind_of_number(expected)
    if kind and (type(actual) is not type(expected) or not _is_array(actual)):
        return _compare_number(actual, expected, kind, tolerance)
    if _is_array(expected):
        return _compare_arrays(actual, expected, tolerance, check_dtype)
    return _compare_other(actual, expected)


def unusable(tensor: Tensor) -> str:
    """Return why a tensor's values cannot be read (sparse, quantized, nested, without memory), or an empty string."""
    if tensor.is_nested or tensor.layout != torch.strided:
        return "expected a dense tensor, got a sparse or nested one"
    if tensor.is_meta or tensor.is_quantized:
        return "expected a tensor of plain numbers, got a quantized one or one without values (device meta)"
    return ""


def to_tensor(value: Any) -> Tensor:
    """Return a tensor or an array as a detached tensor. Raises TypeError for dtypes that torch does not have."""
    if type(value) is not np.ndarray:
        tensor: Tensor = value.detach()
        return tensor
    native = value.astype(value.dtype.newbyteorder("="), order="C", copy=True)  # keeps 0-d; no negative strides
    return torch.from_numpy(native)


def _plain(value: Any) -> Any:
    """Return equivalent types as one: Parameter -> Tensor, Size -> tuple, numpy scalar -> 0-d array."""
    if type(value) is torch.nn.Parameter:
        return value.detach()
    if type(value) is torch.Size:
        return tuple(value)
    if issubclass(type(value), np.generic) and type(value).__module__ == "numpy":
        return np.asarray(value)
    return value


def _is_array(value: Any) -> bool:
    return type(value) in TENSORS or type(value) is np.ndarray


def _compare_number(actual: Any, expected: Any, kind: str, tolerance: Tolerance) -> Difference | None:
    if _is_array(actual):
        if tuple(actual.shape) != ():
            wanted = f"a single number ({describe(expected)})" if _is_array(expected) else "a single number"
            return Difference("shape", f"expected {wanted}, got {describe(actual)}", actual, expected)
        if type(actual) is not np.ndarray and (why := unusable(actual)):
            return Difference("type", why, actual, expected)
    found = kind_of_number(actual)
    accepted = {"float": ("float", "int"), "int": ("int", "float"), "complex": ("complex", "float", "int")}
    if found != kind and (tolerance.exact or found not in accepted.get(kind, ())):
        wanted = "an int" if kind == "int" else f"a {kind}"
        wanted = wanted if tolerance.exact or kind == "bool" else "a number"
        kind = "the float " if type(actual) is float else ""  # describe writes 54.0 as 54
        return Difference(
            "type", f"expected {wanted}, got {kind}{describe(actual)}{returned(actual)}", actual, expected
        )
    message = compare_numbers(actual, expected, tolerance)
    return Difference("values", message, actual, expected) if message else None


def _compare_arrays(actual: Any, expected: Any, tolerance: Tolerance, check_dtype: bool) -> Difference | None:
    """Compare two tensors or two arrays; a tensor and an array differ in type."""
    if type(actual) is not type(expected):
        wanted = "a numpy array" if type(expected) is np.ndarray else "a tensor"
        text = (
            f"expected {wanted} {describe(expected).removeprefix('array ')}, got {describe(actual)}{returned(actual)}"
        )
        return Difference("type", text, actual, expected)
    if type(actual) is not np.ndarray and (why := unusable(actual)):
        return Difference("type", why, actual, expected)
    if tuple(actual.shape) != tuple(expected.shape):
        text = f"expected shape {shape_text(tuple(expected.shape))}, got {shape_text(tuple(actual.shape))}"
        return Difference("shape", text, actual, expected)
    try:
        a, e = to_tensor(actual), to_tensor(expected)
    except (TypeError, ValueError):
        text = f"expected numbers of dtype {expected.dtype}, got an array of dtype {cut(str(actual.dtype), TEXT)}"
        return Difference("dtype", text, actual, expected)
    both_float = a.is_floating_point() and e.is_floating_point()
    if check_dtype and a.dtype != e.dtype and not (any_dtype.get() and both_float):
        text = f"expected dtype {dtype_name(e.dtype)}, got {dtype_name(a.dtype)}"
        return Difference("dtype", text, actual, expected)
    if a.device != e.device:
        return Difference("device", f"expected a tensor on {e.device}, got one on {a.device}", actual, expected)
    if tolerance.exact and kind_of_dtype(a.dtype) != kind_of_dtype(e.dtype):
        text = f"expected values of type {kind_of_dtype(e.dtype)}, got {kind_of_dtype(a.dtype)}"
        return Difference("dtype", text, actual, expected)
    message = compare_tensors(a, e, tolerance)
    return Difference("values", message, actual, expected) if message else None


def _compare_sequences(actual: Any, expected: Any, tolerance: Tolerance, check_dtype: bool) -> Difference | None:
    kind = type(expected).__name__
    if type(actual) is not type(expected) and not (type(expected) is tuple and type(actual) is list):
        text = f"expected a {kind} of length {len(expected)}, got {describe(actual)}{returned(actual)}"
        return Difference("type", text, actual, expected)
    if len(actual) != len(expected):
        text = f"expected a {kind} of length {len(expected)}, got one of length {len(actual)}: {describe(actual)}"
        return Difference("shape", text, actual, expected)
    for index, (a, e) in enumerate(zip(actual, expected, strict=True)):
        if found := compare(a, e, tolerance, check_dtype=check_dtype):
            return replace(found, path=f"[{index}]{found.path}")
    return None


def _compare_dicts(actual: Any, expected: Any, tolerance: Tolerance, check_dtype: bool) -> Difference | None:
    if type(actual) is not dict:
        text = f"expected a dict with {_listed(expected)}, got {describe(actual)}{returned(actual)}"
        return Difference("type", text, actual, expected)
    values = {_key(key): value for key, value in actual.items()}
    wanted = {_key(key) for key in expected}
    missing = [key for key in expected if _key(key) not in values]
    extra = [key for key in itertools.islice(actual, len(expected) + 1) if _key(key) not in wanted]
    if missing or extra:
        parts = [f"has no {_listed(missing)}"] * bool(missing) + [f"has unexpected {_listed(extra)}"] * bool(extra)
        return Difference("shape", f"the dict {' and '.join(parts)}", actual, expected)
    for key, e in expected.items():
        if found := compare(values[_key(key)], e, tolerance, check_dtype=check_dtype):
            return replace(found, path=f"[{describe(key)}]{found.path}")
    return None


def _compare_other(actual: Any, expected: Any) -> Difference | None:
    """Compare strings, None, sets, dtypes, ...: they must have the same type and be equal."""
    text = f"expected {describe(expected)}, got {describe(actual)}"
    if type(actual) is not type(expected):
        stage = "values" if expected is None else "type"
        return Difference(stage, text + returned(actual), actual, expected)
    if type(expected) in (set, frozenset):
        same = {_key(item) for item in actual} == {_key(item) for item in expected}
    else:
        same = actual is expected or bool(actual == expected)
    if same:
        return None
    if type(expected) in (str, bytes) and max(len(actual), len(expected)) > TEXT:
        pairs: Iterator[tuple[Any, Any]] = zip(actual, expected, strict=False)
        at = next((i for i, (a, e) in enumerate(pairs) if a != e), min(len(actual), len(expected)))
        text = f"character {at} is the first to differ: expected {expected[at : at + TEXT]!r}, got "
        text += repr(actual[at : at + TEXT]) if at < len(actual) else "the end of the text"
    return Difference("values", text, actual, expected)


def _key(value: Any) -> Any:
    """Return a hashable key that differs for True and 1, and calls no __eq__ of other classes."""
    if type(value) is tuple:
        return (tuple, *map(_key, value))
    if value is None or type(value) in (str, bytes, bool, int, float, complex):
        return (type(value), value)
    return (object, id(value))


def _listed(keys: Any) -> str:
    return ("key " if len(keys) == 1 else "keys ") + cut(", ".join(describe(key) for key in list(keys)[:10]), 300)


def returned(actual: Any) -> str:
    """Return the question for students who returned None, or an empty string."""
    return " (is there a `return`?)" if actual is None else ""
