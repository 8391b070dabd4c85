"""Compare a value with the expected one in stages: type, shape, dtype, device, values. Each stage has a sentence.

``expected`` comes from the check. ``actual`` may be any object, so only exact builtin, torch and numpy types are read.
Knows nothing about mistakes and hints.
"""

from __future__ import annotations

import itertools
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import PurePosixPath
from typing import Any

import numpy as np

from autograder.checks.compare_keys import PATHS, items_text, key_of, keys_text
from autograder.checks.compare_tables import compare_sparse, compare_tables
from autograder.checks.describe import (
    ITEMS,
    TENSORS,
    TEXT,
    Record,
    cut,
    describe,
    describe_array,
    dtype_name,
    first_of_set,
    record_of,
    shape_text,
)
from autograder.checks.tables import library_of
from autograder.checks.values import (
    Tolerance,
    any_dtype,
    compare_arrays,
    compare_numbers,
    kind_of_dtype,
    kind_of_number,
    values_differ,
)
from autograder.core.message import Message, joined, name_list

CONTAINERS = (list, tuple, dict, set, frozenset)
_ITEMS_OF = {"U": "text", "S": "bytes", "M": "dates", "m": "durations", "O": "objects"}  # by numpy's kind of dtype
_NUMBERS = {
    "int": Message("an int"),
    "float": Message("a float"),
    "complex": Message("a complex"),
    "bool": Message("a bool"),
}


@dataclass(frozen=True)
class Difference:
    """The first stage that fails, for the first leaf that fails."""

    stage: str  # "type", "shape", "dtype", "device" or "values"
    message: str
    actual: Any  # the leaf
    expected: Any
    path: str = ""  # of the leaf: "[0]['W1']"

    def __str__(self) -> str:
        return Message("item {path}: {message}", path=self.path, message=self.message) if self.path else self.message


def compare(actual: Any, expected: Any, tolerance: Tolerance, *, check_dtype: bool = True) -> Difference | None:
    """Return the first difference of two values, or None. With an exact tolerance, 1 and 1.0 differ.

    Objects of dataclasses and named tuples are compared by the name of their type and by their fields.
    If a number is expected, a Python number, a 0-d tensor or a 0-d array is accepted; True is not a number. If a tuple
    is expected, a list is accepted: `a, b = f()` is the same for both.
    Two tensors, or two arrays, must also have the same dtype. nan equals nan; infinities are equal if their signs are.
    """
    expected, actual = _plain(expected), _plain(actual)
    wanted_record = record_of(expected)
    if wanted_record or type(expected) in (dict, Counter, tuple):
        actual = _copied(actual)
        if type(expected) is tuple and (record := record_of(actual)) and record[3]:
            actual = record[2]
    if wanted_record:
        return _compare_records(actual, expected, wanted_record, tolerance, check_dtype)
    if type(expected) in (dict, Counter):
        return _compare_dicts(actual, expected, tolerance, check_dtype)
    if type(expected) in (list, tuple):
        return _compare_sequences(actual, expected, tolerance, check_dtype)
    if library_of(expected) or _is_sparse(expected):
        return _compare_tables(actual, expected, tolerance, check_dtype)
    kind = kind_of_number(expected)
    if kind and (type(actual) is not type(expected) or not _is_array(actual)):
        return _compare_number(actual, expected, kind, tolerance)
    if _is_array(expected):
        return _compare_arrays(actual, expected, tolerance, check_dtype)
    if type(expected) is Decimal and type(actual) is Decimal:
        return _compare_decimals(actual, expected, tolerance)
    return _compare_other(actual, expected)


def unusable(tensor: Any) -> str:
    """Return why a tensor's values cannot be read (sparse, quantized, nested, without memory), or an empty string."""
    if tensor.is_nested or str(tensor.layout) != "torch.strided":
        return "expected a dense tensor, got a sparse or nested one"
    if tensor.is_meta or tensor.is_quantized:
        return "expected a tensor of plain numbers, got a quantized one or one without values (device meta)"
    return ""


def _plain(value: Any) -> Any:
    """Return equivalent types as one: Parameter -> Tensor, Size -> tuple, numpy scalar -> 0-d array."""
    torch = sys.modules.get("torch")
    if torch is not None and type(value) is torch.nn.Parameter:
        return value.detach()
    if torch is not None and type(value) is torch.Size:
        return tuple(value)
    if issubclass(type(value), np.generic) and type(value).__module__ == "numpy":
        return np.asarray(value)
    if type(value) in PATHS:
        return PurePosixPath(value.as_posix())
    return value


def _copied(value: Any) -> Any:
    """Return a copy of an object that stays in the student's process, if it can be copied."""
    copy = getattr(type(value), "__gradlab_value__", None)
    return value if copy is None else copy(value)


def _compare_records(
    actual: Any, expected: Any, wanted: Record, tolerance: Tolerance, dtype: bool
) -> Difference | None:
    name, fields, values, _ = wanted
    found = record_of(actual)
    if found is None or found[0] != name or set(found[1]) != set(fields):
        text = Message(
            "expected a {name} with the fields {fields}, got {actual}{returned}",
            name=name,
            fields=name_list(fields),
            actual=describe(actual),
            returned=returned(actual),
        )
        return Difference("type", text, actual, expected)
    got = dict(zip(found[1], found[2], strict=True))
    for field, value in zip(fields, values, strict=True):
        if different := compare(got[field], value, tolerance, check_dtype=dtype):
            return replace(different, path=f".{field}{different.path}")
    return None


def _compare_tables(actual: Any, expected: Any, tolerance: Tolerance, check_dtype: bool) -> Difference | None:
    def items(a: Any, e: Any, path: str) -> tuple[str, str, str] | None:
        found = compare(a, e, tolerance, check_dtype=check_dtype)
        return None if found is None else (found.stage, found.message, path + found.path)

    if library_of(expected) in ("pandas", "polars"):
        found = compare_tables(actual, expected, check_dtype, items)
    else:
        found = compare_sparse(actual, expected, tolerance)
    if found is None:
        return None
    stage, message, path = found
    asked = [returned(actual)] if stage == "type" else []
    return Difference(stage, joined("", [message, *asked]), actual, expected, path)


def _is_sparse(value: Any) -> bool:
    torch = sys.modules.get("torch")
    return torch is not None and type(value) is torch.Tensor and value.layout in (torch.sparse_coo, torch.sparse_csr)


def _compare_decimals(actual: Decimal, expected: Decimal, tolerance: Tolerance) -> Difference | None:
    """Compare two decimals exactly, or within the tolerance that a check gives."""
    if actual == expected or (actual.is_nan() and expected.is_nan()):
        return None
    allowed = Decimal(tolerance.atol or 0) + Decimal(tolerance.rtol or 0) * abs(expected) if expected.is_finite() else 0
    if actual.is_finite() and expected.is_finite() and abs(actual - expected) <= allowed:
        return None
    return Difference(
        "values",
        Message("expected {expected}, got {actual}", expected=expected, actual=cut(str(actual), TEXT)),
        actual,
        expected,
    )


def _is_array(value: Any) -> bool:
    return type(value) in TENSORS or type(value) is np.ndarray


def _compare_number(actual: Any, expected: Any, kind: str, tolerance: Tolerance) -> Difference | None:
    if _is_array(actual):
        if tuple(actual.shape) != ():
            number = Message("a single number")
            wanted = Message("a single number ({number})", number=describe(expected)) if _is_array(expected) else number
            return Difference(
                "shape",
                Message("expected {expected}, got {actual}", expected=wanted, actual=describe(actual)),
                actual,
                expected,
            )
        if type(actual) is not np.ndarray and (why := unusable(actual)):
            return Difference("type", why, actual, expected)
    found = kind_of_number(actual)
    accepted = {"float": ("float", "int"), "int": ("int", "float"), "complex": ("complex", "float", "int")}
    if found != kind and (tolerance.exact or found not in accepted.get(kind, ())):
        wanted = _NUMBERS[kind] if tolerance.exact or kind == "bool" else Message("a number")
        shown = describe(actual)  # which writes 54.0 as 54
        shown = Message("the float {number}", number=shown) if type(actual) is float else shown
        ask = returned(actual)
        text = Message("expected {expected}, got {actual}{returned}", expected=wanted, actual=shown, returned=ask)
        return Difference("type", text, actual, expected)
    message = compare_numbers(actual, expected, tolerance)
    return Difference("values", message, actual, expected) if message else None


def _compare_arrays(actual: Any, expected: Any, tolerance: Tolerance, check_dtype: bool) -> Difference | None:
    """Compare two tensors or two arrays; a tensor and an array differ in type."""
    if type(actual) is not type(expected):
        wanted: str = Message("a numpy array") if type(expected) is np.ndarray else Message("a tensor")
        shape = describe_array(expected) if type(expected) is np.ndarray else describe(expected)
        text = Message(
            "expected {wanted} {shape}, got {actual}{returned}",
            wanted=wanted,
            shape=shape,
            actual=describe(actual),
            returned=returned(actual),
        )
        return Difference("type", text, actual, expected)
    if type(actual) is not np.ndarray and (why := unusable(actual)):
        return Difference("type", why, actual, expected)
    if tuple(actual.shape) != tuple(expected.shape):
        wanted, got = (shape_text(tuple(value.shape)) for value in (expected, actual))
        text = Message("expected shape {expected}, got {actual}", expected=wanted, actual=got)
        return Difference("shape", text, actual, expected)
    if type(expected) is np.ndarray and expected.dtype.kind in _ITEMS_OF:
        return _compare_items(actual, expected, tolerance, check_dtype)
    if type(expected) is np.ndarray and not (_has_numbers(actual) and _has_numbers(expected)):
        wanted, got = expected.dtype, cut(str(actual.dtype), TEXT)
        text = Message(
            "expected numbers of dtype {expected}, got an array of dtype {actual}", expected=wanted, actual=got
        )
        return Difference("dtype", text, actual, expected)
    a, e = (dtype_name(value.dtype) for value in (actual, expected))
    both_float = kind_of_dtype(a) == kind_of_dtype(e) == "float"
    if check_dtype and a != e and not (any_dtype.get() and both_float):
        return Difference(
            "dtype", Message("expected dtype {expected}, got {actual}", expected=e, actual=a), actual, expected
        )
    if type(expected) is not np.ndarray and actual.device != expected.device:
        wanted, got = expected.device, actual.device
        text = Message("expected a tensor on {expected}, got one on {actual}", expected=wanted, actual=got)
        return Difference("device", text, actual, expected)
    if tolerance.exact and kind_of_dtype(a) != kind_of_dtype(e):
        wanted, got = kind_of_dtype(e), kind_of_dtype(a)
        text = Message("expected values of type {expected}, got {actual}", expected=wanted, actual=got)
        return Difference("dtype", text, actual, expected)
    message = compare_arrays(actual, expected, tolerance)
    return Difference("values", message, actual, expected) if message else None


def _has_numbers(array: Any) -> bool:
    """Return whether an array has a dtype of plain numbers, none wider than float64 and complex128."""
    return array.dtype.kind in "biufc" and array.dtype.itemsize <= (16 if array.dtype.kind == "c" else 8)


def _compare_items(actual: Any, expected: Any, tolerance: Tolerance, check_dtype: bool) -> Difference | None:
    """Compare two arrays of one shape, of text, bytes, dates, durations or objects."""
    wanted = _ITEMS_OF[expected.dtype.kind]
    if actual.dtype.kind != expected.dtype.kind:
        got = cut(str(actual.dtype), TEXT)
        text = Message("expected an array of {items}, got one of dtype {actual}", items=Message(wanted), actual=got)
        return Difference("dtype", text, actual, expected)
    if wanted == "objects":
        for at, (a, e) in enumerate(zip(actual.reshape(-1).tolist(), expected.reshape(-1).tolist(), strict=True)):
            if found := compare(a, e, tolerance, check_dtype=check_dtype):
                return replace(found, path=f"{_place(at, expected)}{found.path}")
        return None
    wrong = np.atleast_1d(actual != expected)
    if expected.dtype.kind in "Mm":
        wrong &= ~np.atleast_1d(np.isnat(actual) & np.isnat(expected))
    if not wrong.any():
        return None
    first = int(np.argmax(wrong.reshape(-1)))
    shown, want = (str(value.reshape(-1)[first]) for value in (actual, expected))
    if expected.dtype.kind in "US":
        shown, want = (cut(repr(value.reshape(-1)[first].item()), TEXT) for value in (actual, expected))
    count = int(wrong.sum())
    text = values_differ(count, expected.size, _place(first, expected), want, shown)
    return Difference("values", text, actual, expected)


def _place(flat: int, like: np.ndarray) -> str:
    return "[" + ",".join(str(int(i)) for i in np.unravel_index(flat, like.shape)) + "]"


def _compare_sequences(actual: Any, expected: Any, tolerance: Tolerance, check_dtype: bool) -> Difference | None:
    kind = type(expected).__name__
    if type(actual) is not type(expected) and not (type(expected) is tuple and type(actual) is list):
        text = Message(
            "expected a {kind} of length {length}, got {actual}{returned}",
            kind=kind,
            length=len(expected),
            actual=describe(actual),
            returned=returned(actual),
        )
        return Difference("type", text, actual, expected)
    if len(actual) != len(expected):
        text = Message(
            "expected a {kind} of length {expected}, got one of length {length}: {actual}",
            kind=kind,
            expected=len(expected),
            length=len(actual),
            actual=describe(type(actual)([*map(_copied, actual[:ITEMS]), *actual[ITEMS:]])),
        )
        return Difference("shape", text, actual, expected)
    for index, (a, e) in enumerate(zip(actual, expected, strict=True)):
        if found := compare(a, e, tolerance, check_dtype=check_dtype):
            return replace(found, path=f"[{index}]{found.path}")
    return None


def _compare_dicts(actual: Any, expected: Any, tolerance: Tolerance, check_dtype: bool) -> Difference | None:
    if type(actual) is not type(expected) and not (type(expected) is dict and type(actual) is Counter):
        text = Message(
            "expected a {kind} with {keys}, got {actual}{returned}",
            kind=type(expected).__name__,
            keys=keys_text(expected),
            actual=describe(actual),
            returned=returned(actual),
        )
        return Difference("type", text, actual, expected)
    values = {key_of(key): value for key, value in actual.items()}
    wanted = {key_of(key) for key in expected}
    missing = [key for key in expected if key_of(key) not in values]
    extra = [key for key in itertools.islice(actual, len(expected) + 1) if key_of(key) not in wanted]
    if missing or extra:
        parts = [Message("has no {listed}", listed=keys_text(missing))] * bool(missing) + [
            Message("has unexpected {listed}", listed=keys_text(extra))
        ] * bool(extra)
        return Difference("shape", Message("the dict {has}", has=joined(Message(" and "), parts)), actual, expected)
    for key, e in expected.items():
        if found := compare(values[key_of(key)], e, tolerance, check_dtype=check_dtype):
            return replace(found, path=f"[{describe(key)}]{found.path}")
    return None


def _compare_other(actual: Any, expected: Any) -> Difference | None:
    """Compare strings, None, sets, dtypes, ...: they must have the same type and be equal."""
    text = Message("expected {expected}, got {actual}", expected=describe(expected), actual=describe(actual))
    if type(actual) is not type(expected):
        stage = "values" if expected is None else "type"
        if type(actual) in CONTAINERS and type(expected) in CONTAINERS:
            text = Message(
                "expected the {wanted} {expected}, got the {kind} {actual}",
                wanted=type(expected).__name__,
                expected=describe(expected),
                kind=type(actual).__name__,
                actual=describe(actual),
            )
        return Difference(stage, joined("", [text, returned(actual)]), actual, expected)
    if type(expected) in (set, frozenset):
        return _compare_sets(actual, expected)
    if actual is expected or bool(actual == expected):
        return None
    if type(expected) in (str, bytes) and max(len(actual), len(expected)) > TEXT:
        pairs: Iterator[tuple[Any, Any]] = zip(actual, expected, strict=False)
        at = next((i for i, (a, e) in enumerate(pairs) if a != e), min(len(actual), len(expected)))
        text = Message(
            "character {at} is the first to differ: expected {expected}, got {actual}",
            at=at,
            expected=repr(expected[at : at + TEXT]),
            actual=repr(actual[at : at + TEXT]) if at < len(actual) else Message("the end of the text"),
        )
    return Difference("values", text, actual, expected)


def _compare_sets(actual: Any, expected: Any) -> Difference | None:
    have, want = {key_of(item) for item in actual}, {key_of(item) for item in expected}
    missing = first_of_set([item for item in expected if key_of(item) not in have], len(want))
    extra = first_of_set([item for item in actual if key_of(item) not in want], len(have))
    if not missing and not extra:
        return None
    if max(len(actual), len(expected)) <= ITEMS:
        text = Message("expected {expected}, got {actual}", expected=describe(expected), actual=describe(actual))
        return Difference("values", text, actual, expected)
    parts = [Message("has no {items}", items=items_text(missing))] if missing else []
    parts += [Message("has unexpected {items}", items=items_text(extra))] if extra else []
    return Difference("values", Message("the set {has}", has=joined(Message(" and "), parts)), actual, expected)


def returned(actual: Any) -> str:
    """Return the question for students who returned None, or an empty string."""
    return Message(" (is there a `return`?)") if actual is None else ""
