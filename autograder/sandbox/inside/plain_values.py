"""The encoding of Python's own types beyond numbers, text and containers: sets, bytes, decimals, dates, paths, records.

Each type has a writer and a reader. A type is taken exactly: an object of a subclass could lie, so it has no encoding.
"""

from __future__ import annotations

import dataclasses
import datetime
import math
from collections import Counter, OrderedDict, defaultdict, deque
from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from pathlib import Path, PurePath, PurePosixPath, PureWindowsPath
from typing import Any

from autograder.sandbox.inside.nodes import MAX_INT, Read, Reader, WireError, Write, Writer, list_of, require, text_of

MAX_BITS = 1 << 20  # of a whole number
MAX_EXPONENT = 10_000  # of a decimal: arithmetic with a larger one could take all memory
MAX_DIGITS = 10_000  # of a decimal, as text
MAX_PATH = 4096
MAX_FIELDS = 1000

_POSIX, _WINDOWS = "posix", "windows"


_FACTORIES: dict[Any, str] = {kind: kind.__name__ for kind in (int, float, str, list, dict, set)}  # of defaultdict


class Record:
    """The value of a dataclass or a named tuple: the name of its type, and its fields.

    ``record.x`` is the field x. Two records are equal if their types have one name and their fields are equal.
    """

    __slots__ = ("_fields", "_is_tuple", "_type", "_values")

    def __init__(self, name: str, fields: tuple[str, ...], values: tuple[Any, ...], *, is_tuple: bool) -> None:
        self._type, self._fields, self._values, self._is_tuple = name, fields, values, is_tuple

    def __getattr__(self, name: str) -> Any:
        if name in object.__getattribute__(self, "_fields"):
            return self._values[self._fields.index(name)]
        raise AttributeError(f"the record {self._type} has no field {name!r}")

    def __iter__(self) -> Any:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __getitem__(self, index: int) -> Any:
        return self._values[index]

    def __eq__(self, other: object) -> bool:
        return type(other) is Record and (self._type, self._fields, self._values) == (
            other._type,
            other._fields,
            other._values,
        )

    __hash__ = None  # type: ignore[assignment]  # its fields may be lists

    def __repr__(self) -> str:
        inside = ", ".join(f"{field}={value!r}" for field, value in zip(self._fields, self._values, strict=True))
        return f"{self._type}({inside})"

    def __gradlab_record__(self) -> tuple[str, tuple[str, ...], tuple[Any, ...], bool]:
        return self._type, self._fields, self._values, self._is_tuple


def as_record(value: Any) -> Record | None:
    """Return an object of a dataclass or a named tuple as a record, or None. Runs no code of its class."""
    kind = type(value)
    if kind is Record:
        return value  # type: ignore[no-any-return]
    if is_named_tuple(kind):
        fields = kind.__dict__.get("_fields") or next(
            base.__dict__["_fields"] for base in kind.__mro__ if "_fields" in base.__dict__
        )
        return Record(kind.__name__, tuple(fields), tuple(tuple.__iter__(value)), is_tuple=True)
    if dataclasses.is_dataclass(kind):
        names = tuple(field.name for field in dataclasses.fields(kind))
        try:
            return Record(
                kind.__name__, names, tuple(object.__getattribute__(value, name) for name in names), is_tuple=False
            )
        except AttributeError:
            return None
    return None


def is_named_tuple(kind: type) -> bool:
    """Return whether a class comes from collections.namedtuple or typing.NamedTuple."""
    fields = next((vars(base)["_fields"] for base in kind.__mro__ if "_fields" in vars(base)), None)
    return (
        issubclass(kind, tuple)
        and type(fields) is tuple
        and all(type(field) is str for field in fields)
        and "_make" in dir(kind)
    )


def find_copier(kind: type) -> Write | None:
    """Return the writer of a class whose objects stay where they are unless a copy is wanted.

    Code that gets its own object back may need what a copy loses: its methods, and that it is the same object.
    """
    if kind in (OrderedDict, defaultdict, deque):
        return _write_container
    return write_record if kind is Record or dataclasses.is_dataclass(kind) or is_named_tuple(kind) else None


def _write_container(writer: Writer, value: Any, depth: int) -> Any:
    if type(value) is deque:
        return {"deque": [value.maxlen, writer.tree(list(value), depth + 1)]}
    factory = _FACTORIES.get(getattr(value, "default_factory", None), "")
    return {"ordered" if type(value) is OrderedDict else "default": [factory, writer.tree(dict(value), depth + 1)]}


def _read_container(make: Callable[[Any, dict[Any, Any]], Any]) -> Read:
    """Return a reader that makes the same container for the student's code, and a plain dict for the grader."""

    def read(reader: Reader, rest: Any, depth: int) -> Any:
        factory, tree = list_of(rest, 2)
        table = reader.value(tree, depth + 1)
        require(table, type(table) is dict and factory in ("", *_FACTORIES.values()))
        found = next((kind for kind, name in _FACTORIES.items() if name == factory), None)
        return make(found, table) if reader.trusted else table

    return read


def _read_deque(reader: Reader, rest: Any, depth: int) -> Any:
    most, tree = list_of(rest, 2)
    items = require(reader.value(tree, depth + 1), isinstance(tree, list))
    require(most, most is None or (type(most) is int and len(items) <= most < MAX_INT))
    return deque(items, most) if reader.trusted else items


def write_record(writer: Writer, value: Any, depth: int) -> Any:
    """Return the tree of a dataclass's or a named tuple's object, or None if it has no encoding."""
    record = as_record(value)
    if record is None or len(record._fields) > MAX_FIELDS:
        return None
    return {
        "record": [
            record._type[:200],
            list(record._fields),
            [writer.tree(v, depth + 1) for v in record._values],
            record._is_tuple,
        ]
    }


def _read_record(reader: Reader, rest: Any, depth: int) -> Any:
    name, fields, values, is_tuple = list_of(rest, 4)
    names = [text_of(field, 200) for field in list_of(fields)]
    require(names, len(names) <= MAX_FIELDS and len(set(names)) == len(names) == len(list_of(values)))
    require(names, all(field.isidentifier() for field in names))
    require(is_tuple, type(is_tuple) is bool)
    content = tuple(reader.value(value, depth + 1) for value in values)
    return reader.record(Record(text_of(name, 200), tuple(names), content, is_tuple=is_tuple))


def _write_int(writer: Writer, value: int, depth: int) -> Any:
    """Return the tree of a whole number that JSON's readers may not know: a large one."""
    if value.bit_length() > MAX_BITS:
        raise WireError(f"the whole number has more than {MAX_BITS:,} bits")
    return {"int": f"{value:x}"}


def _read_int(reader: Reader, rest: Any, depth: int) -> int:
    digits = text_of(rest, MAX_BITS // 4 + 2)
    require(digits, digits.removeprefix("-").isascii() and digits.removeprefix("-").isalnum())
    return int(digits, 16)


def _read_complex(reader: Reader, rest: Any, depth: int) -> complex:
    real, imaginary = list_of(rest, 2)
    require(rest, type(real) is float and type(imaginary) is float)
    return complex(real, imaginary)


def _write_items(writer: Writer, value: set[Any] | frozenset[Any], depth: int) -> list[Any]:
    writer.keys(value)
    return [writer.tree(item, depth + 1) for item in value]


def _read_set(reader: Reader, rest: Any, depth: int) -> set[Any]:
    try:
        return set(reader.keys([reader.value(item, depth + 1) for item in list_of(rest)]))
    except TypeError:
        raise WireError("an item of a set is not hashable") from None


def _read_counter(reader: Reader, rest: Any, depth: int) -> Counter[Any]:
    table = reader.value({"dict": rest}, depth)
    require(rest, all(type(n) in (int, float) for n in table.values()))
    return Counter(table)


def _write_counter(writer: Writer, value: Counter[Any], depth: int) -> Any:
    if not all(type(n) in (int, float) for n in dict.values(value)):
        return None
    writer.keys(value)
    return {"counter": [[writer.tree(k, depth + 1), writer.tree(n, depth + 1)] for k, n in dict.items(value)]}


def _write_decimal(writer: Writer, value: Decimal, depth: int) -> Any:
    if value.is_snan() or len(str(value)) > MAX_DIGITS or not _is_moderate(value):
        return None
    return {"decimal": str(value)}


def _read_decimal(reader: Reader, rest: Any, depth: int) -> Decimal:
    try:
        value = Decimal(text_of(rest, MAX_DIGITS))
    except InvalidOperation:
        raise WireError("a part is malformed") from None
    return require(value, not value.is_snan() and _is_moderate(value))  # type: ignore[no-any-return]


def _is_moderate(value: Decimal) -> bool:
    return not value.is_finite() or abs(value.adjusted()) <= MAX_EXPONENT


def _read_fraction(reader: Reader, rest: Any, depth: int) -> Fraction:
    top, bottom = (reader.value(part, depth + 1) for part in list_of(rest, 2))
    require(rest, type(top) is int and type(bottom) is int and bottom > 0)
    require(rest, max(top.bit_length(), bottom.bit_length()) <= 1 << 16 and math.gcd(top, bottom) == 1)
    return Fraction(top, bottom)


def _write_fraction(writer: Writer, value: Fraction, depth: int) -> Any:
    parts = value.numerator, value.denominator
    if any(type(part) is not int or part.bit_length() > 1 << 16 for part in parts):
        return None
    return {"fraction": [writer.tree(part, depth + 1) for part in parts]}


def _write_datetime(writer: Writer, value: datetime.datetime, depth: int) -> Any:
    if value.tzinfo is not None and type(value.tzinfo) is not datetime.timezone:
        return None
    return {"datetime": [value.isoformat(), value.fold]}


def _read_datetime(reader: Reader, rest: Any, depth: int) -> datetime.datetime:
    text, fold = list_of(rest, 2)
    require(fold, type(fold) is int and fold in (0, 1))
    return datetime.datetime.fromisoformat(text_of(text, 80)).replace(fold=fold)


def _write_time(writer: Writer, value: datetime.time, depth: int) -> Any:
    return None if value.tzinfo is not None else {"time": value.isoformat()}


def _read_timedelta(reader: Reader, rest: Any, depth: int) -> datetime.timedelta:
    parts = list_of(rest, 3)
    require(parts, all(type(part) is int and abs(part) < 1 << 40 for part in parts))
    return datetime.timedelta(*parts)


def _write_path(writer: Writer, value: PurePath, depth: int) -> Any:
    return {"path": [_WINDOWS if isinstance(value, PureWindowsPath) else _POSIX, str(value)]}


def _read_path(reader: Reader, rest: Any, depth: int) -> PurePath:
    """Return a path. From the student's code, it is one without access to files: the grader must not open it."""
    kind, text = list_of(rest, 2)
    require(kind, kind in (_POSIX, _WINDOWS))
    require(text, "\0" not in text_of(text, MAX_PATH))
    if reader.trusted:
        return Path(text)
    return PureWindowsPath(text) if kind == _WINDOWS else PurePosixPath(text)


WRITERS: dict[type, Write] = {
    int: _write_int,
    complex: lambda writer, value, depth: {"complex": [value.real, value.imag]},
    bytes: lambda writer, value, depth: {"bytes": writer.raw(value)},
    bytearray: lambda writer, value, depth: {"bytearray": writer.raw(value)},
    set: lambda writer, value, depth: {"set": _write_items(writer, value, depth)},
    frozenset: lambda writer, value, depth: {"frozenset": _write_items(writer, value, depth)},
    Counter: _write_counter,
    Decimal: _write_decimal,
    Fraction: _write_fraction,
    datetime.date: lambda writer, value, depth: {"date": value.isoformat()},
    datetime.datetime: _write_datetime,
    datetime.time: _write_time,
    datetime.timedelta: lambda writer, value, depth: {"timedelta": [value.days, value.seconds, value.microseconds]},
    **dict.fromkeys((Path, type(Path()), PurePosixPath, PureWindowsPath), _write_path),
}

READERS: dict[str, Read] = {
    "int": _read_int,
    "complex": _read_complex,
    "bytes": lambda reader, rest, depth: bytes(reader.raw(rest)),
    "bytearray": lambda reader, rest, depth: reader.raw(rest),
    "set": _read_set,
    "frozenset": lambda reader, rest, depth: frozenset(_read_set(reader, rest, depth)),
    "counter": _read_counter,
    "decimal": _read_decimal,
    "fraction": _read_fraction,
    "date": lambda reader, rest, depth: datetime.date.fromisoformat(text_of(rest, 20)),
    "datetime": _read_datetime,
    "time": lambda reader, rest, depth: datetime.time.fromisoformat(text_of(rest, 40)),
    "timedelta": _read_timedelta,
    "path": _read_path,
    "record": _read_record,
    "ordered": _read_container(lambda factory, table: OrderedDict(table)),
    "default": _read_container(defaultdict),
    "deque": _read_deque,
}
