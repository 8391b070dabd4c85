"""Short descriptions of any value: ``f64[2,3,7,5]``, ``'text…'``, ``(i64[4], None)``.

They never raise and never call code of the value's own class, so they are safe for any return value of a student.
"""

from __future__ import annotations

import dataclasses
import datetime
import heapq
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from pathlib import PosixPath, PurePosixPath, PureWindowsPath, WindowsPath
from typing import Any

import numpy as np

from autograder.checks.tables import describe_table, library_of
from autograder.core.message import Message, joined

LIMIT = 200  # characters of one description
TEXT = 60  # characters of one string
ITEMS = 6  # items shown of a list, tuple or dict
DEPTH = 3  # nesting shown

_SHORT = {
    "float64": "f64", "float32": "f32", "float16": "f16", "bfloat16": "bf16",
    "int64": "i64", "int32": "i32", "int16": "i16", "int8": "i8",
    "uint8": "u8", "uint16": "u16", "uint32": "u32", "uint64": "u64",
    "complex64": "c64", "complex128": "c128",
}  # fmt: skip
_PLAIN: tuple[type, ...] = (
    *(datetime.date, datetime.datetime, datetime.time, datetime.timedelta, Decimal, Fraction),
    *(PosixPath, WindowsPath, PurePosixPath, PureWindowsPath),
)


Record = tuple[str, tuple[str, ...], tuple[Any, ...], bool]  # name of the type, fields, values, whether it is a tuple


class _Tensors:
    """The exact types of tensors, as a subclass could lie. Where torch is not imported, no object is one."""

    def __contains__(self, kind: object) -> bool:
        torch = sys.modules.get("torch")
        return torch is not None and (kind is torch.Tensor or kind is torch.nn.Parameter)


TENSORS = _Tensors()


def describe(value: Any) -> str:
    """Describe a value in at most LIMIT characters: dtype and shape of a tensor, a number, the first items of a list.

    A class can describe its objects itself by a method ``__gradlab_describe__() -> str``, as handles do.
    """
    try:
        return cut(_describe(value, DEPTH), LIMIT)
    except Exception:  # a hostile class: its name is enough
        return object_of(type(value).__name__[:TEXT])


def describe_call(name: str, args: Sequence[Any], kwargs: Mapping[str, Any] | None = None) -> str:
    """Describe a call and its arguments: ``Conv.forward(f64[2,3,7,5], {'pad': 1})``."""
    parts = [describe(value) for value in args]
    parts += [joined("", [f"{key}=", describe(value)]) for key, value in (kwargs or {}).items()]
    return joined("", [cut(name, TEXT), "(", cut(joined(", ", parts), 2 * LIMIT), ")"])


def object_of(name: str) -> str:
    """Describe an object of which only the name of its type is known."""
    return Message("an object of type {name}", name=name)


def dtype_name(dtype: Any) -> str:
    """Return the name of a dtype of torch or numpy: ``float64``."""
    return dtype.name if isinstance(dtype, np.dtype) else str(dtype).removeprefix("torch.")


def shape_text(shape: Sequence[int | None]) -> str:
    """Return a shape as text, ``[2,3]``, with ``*`` for None, which means any size."""
    return cut("[" + ",".join("*" if size is None else str(size) for size in shape) + "]", LIMIT)


def describe_array(value: np.ndarray) -> str:
    """Describe an array of numpy by its dtype and shape: ``f64[2,3]``."""
    return f"{_SHORT.get(value.dtype.name, value.dtype.name)}{shape_text(value.shape)}"


def number(value: float | int | complex | bool) -> str:
    """Return a number as text with six significant digits."""
    if type(value) is int:
        return str(value) if value.bit_length() < 128 else Message("an int of {bits} bits", bits=value.bit_length())
    return f"{value:.6g}" if type(value) is float or type(value) is complex else repr(value)


def cut(text: str, limit: int) -> str:
    """Return the text, shortened to ``limit`` characters with an ellipsis if it is longer."""
    if len(text) <= limit:
        return text
    return text.shortened(limit) if isinstance(text, Message) else text[: limit - 1] + "…"


def _describe(value: Any, depth: int) -> str:
    kind: Any = type(value)
    if kind in TENSORS:
        name = dtype_name(value.dtype)
        tensor = _SHORT.get(name, name) + shape_text(tuple(value.shape))
        return tensor if str(value.layout) == "torch.strided" else Message("sparse {tensor}", tensor=tensor)
    if kind is np.ndarray:
        return Message("array {array}", array=describe_array(value))
    if kind in (bool, int, float, complex):
        return number(value)
    if kind in (str, bytes):
        return repr(value) if len(value) <= TEXT else repr(value[:TEXT]) + "…"
    if kind in (list, tuple, set, frozenset) or _is_of_torch(kind, "Size"):
        return _sequence(value, depth)
    if kind in (dict, Counter):
        if depth == 0:
            return "{…}"
        shown = [joined("", [_describe(key, 0), ": ", _describe(value[key], depth - 1)]) for key in _first(value)]
        return joined("", ["{", _join(shown, len(value)), "}"])
    if record := record_of(value):
        return _described_record(record, depth)
    return _other(value)


def record_of(value: Any) -> Record | None:
    """Return the object of a dataclass or of a named tuple as a record, or None for any other. Runs no code of it."""
    kind = type(value)
    own = getattr(kind, "__gradlab_record__", None)
    if own is not None:
        return own(value)  # type: ignore[no-any-return]
    if issubclass(kind, tuple) and hasattr(kind, "_fields"):
        return kind.__name__, tuple(kind._fields), tuple(tuple.__iter__(value)), True
    if dataclasses.is_dataclass(kind):
        names = tuple(field.name for field in dataclasses.fields(kind))
        try:
            return kind.__name__, names, tuple(object.__getattribute__(value, name) for name in names), False
        except AttributeError:  # its constructor did not set all of them
            return None
    return None


def _described_record(record: Record, depth: int) -> str:
    name, fields, values, _ = record
    if depth == 0:
        return f"{cut(name, TEXT)}(…)"
    pairs = _first(zip(fields, values, strict=False))
    shown = [joined("", [f"{cut(field, TEXT)}=", _describe(item, depth - 1)]) for field, item in pairs]
    return joined("", [cut(name, TEXT), "(", _join(shown, len(fields)), ")"])


def _is_of_torch(kind: type, *names: str) -> bool:
    """Return whether a type is one of these of torch, if that is imported."""
    torch = sys.modules.get("torch")
    return torch is not None and any(kind is getattr(torch, name) for name in names)


def _sequence(value: Any, depth: int) -> str:
    left, right = "[]" if type(value) is list else "{}" if type(value) in (set, frozenset) else "()"
    if depth == 0:
        return f"{left}…{right}"
    first = first_of_set(value) if left == "{" else _first(value)
    body = _join([_describe(item, depth - 1) for item in first], len(value))
    return joined("", [left, body, "," if left == "(" and len(value) == 1 else "", right])


def _other(value: Any) -> str:
    kind: Any = type(value)
    if _is_of_torch(kind, "dtype", "device"):
        return str(value)
    if value is None or value is Ellipsis or kind in (range, slice):
        return cut(repr(value), TEXT)
    if issubclass(kind, np.generic) and kind.__module__ == "numpy":
        shown = f"{value:.6g}" if isinstance(value, np.inexact) else str(value)
        return f"{_SHORT.get(value.dtype.name, value.dtype.name)} {cut(shown, TEXT)}"
    if kind in _PLAIN:
        return cut(repr(value), LIMIT)
    if library := library_of(value):
        return describe_table(value, library, lambda part: _describe(part, 0))
    own = getattr(kind, "__gradlab_describe__", None)
    if own is not None:
        found = own(value)
        return found if isinstance(found, Message) else str(found)
    if kind is type:
        return Message("the class {name}", name=value.__name__)
    if kind.__name__ in ("function", "builtin_function_or_method", "method"):
        return Message("the function {name}", name=value.__name__)
    return object_of(kind.__name__)


def first_of_set(items: Any, most: int = ITEMS) -> list[Any]:
    """Return the first items of a set: numbers, then others by their text. Its own order changes from run to run."""
    return heapq.nsmallest(most, items, key=_rank)


def _rank(item: Any) -> tuple[bool, float, str, str]:
    number = type(item) in (int, float, bool) and item == item  # not nan
    return not number, item if number else 0, type(item).__name__, describe(item)


def _first(items: Any) -> list[Any]:
    return [item for item, _ in zip(items, range(ITEMS), strict=False)]


def _join(shown: list[str], total: int) -> str:
    return joined(", ", [*shown, Message("… {total} items", total=total) if total > len(shown) else ""])
