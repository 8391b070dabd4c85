"""Keys of dicts and items of sets: compared without calling code of other classes, and named in messages."""

from __future__ import annotations

import datetime
from decimal import Decimal
from fractions import Fraction
from pathlib import PosixPath, PurePath, PurePosixPath, PureWindowsPath, WindowsPath
from typing import Any

from autograder.checks.describe import cut, describe
from autograder.core.message import Message, name_list

PATHS = (PosixPath, WindowsPath, PurePosixPath, PureWindowsPath)
_KEYS = (datetime.date, datetime.datetime, datetime.time, datetime.timedelta, Fraction)


def items_text(items: list[Any]) -> str:
    """Return the first items as text, and how many more there are."""
    shown = cut(name_list([describe(item) for item in items[:10]]), 300)
    return Message("{items} and {more} more", items=shown, more=len(items) - 10) if len(items) > 10 else shown


def key_of(value: Any) -> Any:
    """Return a hashable key that differs for True and 1, and calls no __eq__ of other classes."""
    if type(value) is tuple:
        return (tuple, *map(key_of, value))
    if value is None or type(value) in (str, bytes, bool, int, float, complex):
        return (type(value), repr(value) if value != value else value)  # nan equals nan
    if type(value) is frozenset:
        return (frozenset, frozenset(map(key_of, value)))
    if type(value) in _KEYS:
        return (type(value), value)
    if type(value) is Decimal:
        return (Decimal, "nan" if value.is_nan() else value)
    if isinstance(value, PurePath) and type(value) in PATHS:
        return (PurePath, value.as_posix())
    return (object, id(value))


def keys_text(keys: Any) -> str:
    """Return "key 'a'" or "keys 'a', 'b'"."""
    shown = cut(name_list([describe(key) for key in list(keys)[:10]]), 300)
    return Message.counted("key {keys}", "keys {keys}", n=len(keys), keys=shown)
