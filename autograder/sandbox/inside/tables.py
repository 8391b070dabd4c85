"""The encoding of tables and columns of pandas and polars: named columns, and the index.

Either library is only imported where a table arrives, and only if it is installed.
"""

from __future__ import annotations

import datetime
import sys
from collections.abc import Callable
from typing import Any

import numpy as np

from autograder.sandbox.inside.array_values import MAX_OBJECTS, write_objects
from autograder.sandbox.inside.nodes import MAX_ROWS, Read, Reader, WireError, Write, Writer, list_of, require, text_of

MAX_COLUMNS = 2000
SHORT, TEXT = 1000, 100  # rows from which a column of texts is sent as an array, and the longest text in one

_NULLABLE = ("Int8", "Int16", "Int32", "Int64", "UInt8", "UInt16", "UInt32", "UInt64", "Float32", "Float64", "boolean")
_POLARS = ("Int8", "Int16", "Int32", "Int64", "UInt8", "UInt16", "UInt32", "UInt64", "Float32", "Float64", "Boolean",
           "String", "Date", "Null")  # fmt: skip
_TIMES = ("Timestamp", "Timedelta")
_LABELS = (str, int, float, bool, type(None), datetime.date, datetime.datetime)


class Unsent(Exception):
    """A part of a table has no encoding. The message names it."""


def find_writer(kind: type) -> Write | None:
    """Return the writer of a table or a column, if its library is loaded and ``kind`` is one of its classes."""
    pandas, polars = sys.modules.get("pandas"), sys.modules.get("polars")
    if pandas is not None and kind is getattr(pandas, "DataFrame", None):
        return _write_pandas_table
    if pandas is not None and kind is getattr(pandas, "Series", None):
        return _write_pandas_column
    if pandas is not None and any(kind is getattr(pandas, name, None) for name in _TIMES):
        return _write_time
    if polars is not None and kind is getattr(polars, "DataFrame", None):
        return _write_polars_table
    if polars is not None and kind is getattr(polars, "Series", None):
        return _write_polars_column
    return None


def _write_time(writer: Writer, value: Any, depth: int) -> Any:
    if getattr(value, "tzinfo", None) is not None:
        return None
    return {"pandas_time": [type(value).__name__, value.as_unit("ns").value]}


def _read_time(reader: Reader, rest: Any, depth: int) -> Any:
    import pandas

    name, number = list_of(rest, 2)
    require(rest, name in _TIMES and type(number) is int)
    return getattr(pandas, name)(number, unit="ns")


def _write_pandas_table(writer: Writer, value: Any, depth: int) -> Any:
    if len(value.columns) > MAX_COLUMNS:
        raise Unsent(f"more than {MAX_COLUMNS:,} columns")
    columns = [_column(writer, value.iloc[:, n], depth, label) for n, label in enumerate(value.columns)]
    labels = _index(writer, value.columns, depth, "its column names")
    return {"pandas_table": [labels, columns, _index(writer, value.index, depth, "its index")]}


def _write_pandas_column(writer: Writer, value: Any, depth: int) -> Any:
    _require_label(value.name, "its name")
    column = _column(writer, value, depth, value.name)
    return {
        "pandas_column": [writer.tree(value.name, depth + 1), column, _index(writer, value.index, depth, "its index")]
    }


def _column(writer: Writer, value: Any, depth: int, label: Any) -> Any:
    """Return the tree of a column's values: [dtype, tree], for a category [dtype, codes, categories, ordered]."""
    name = str(value.dtype)
    if isinstance(value.dtype, np.dtype) and value.dtype.kind != "O":
        return ["numpy", {"array": writer.array(value.to_numpy())}]
    if name == "category":
        values = value.array
        return [
            "category",
            {"array": writer.array(values.codes)},
            _index(writer, values.categories, depth, name),
            bool(values.ordered),
        ]
    if name in ("object", "str", "string", *_NULLABLE):
        return [name, _items(writer, value.astype(object).to_numpy(), depth, f"column {label!r}")]
    raise Unsent(f"column {str(label)[:40]!r} has the dtype {name[:40]}")


def _items(writer: Writer, values: np.ndarray, depth: int, what: str) -> Any:
    """Return the tree of objects, with None for each missing value but nan. Many short texts are an array of text."""
    if len(values) > SHORT and all(type(item) is str and len(item) <= TEXT and item[-1:] != "\0" for item in values):
        return {"array": writer.array(np.array(values.tolist()))}
    missing = _missing()
    plain = np.empty(len(values), dtype=object)
    for at, item in enumerate(values):
        plain[at] = (
            None if any(item is other for other in missing) else item.item() if isinstance(item, np.generic) else item
        )
    if len(plain) > MAX_OBJECTS or (tree := write_objects(writer, plain, depth)) is None:
        raise Unsent(
            f"{what[:60]} has values that are neither text nor numbers nor dates, or more than {MAX_OBJECTS:,}"
        )
    return tree


def _missing() -> tuple[Any, ...]:
    pandas = sys.modules["pandas"]
    return (pandas.NA, pandas.NaT)


def _index(writer: Writer, index: Any, depth: int, what: str) -> Any:
    pandas = sys.modules["pandas"]
    for name in index.names:
        _require_label(name, what)
    names = [writer.tree(name, depth + 1) for name in index.names]
    if type(index) is pandas.RangeIndex:
        return ["range", names, index.start, index.stop, index.step]
    if type(index) is pandas.MultiIndex:
        return [
            "levels",
            names,
            *(_column(writer, index.get_level_values(n).to_series(), depth, what) for n in range(index.nlevels)),
        ]
    return ["values", names, _column(writer, index.to_series(), depth, what)]


def _require_label(label: Any, what: str) -> None:
    parts = label if type(label) is tuple else (label,)
    if not all(type(part) in _LABELS for part in parts):
        raise Unsent(f"{what} is not plain text or a number")


def _read_column(reader: Reader, tree: Any, depth: int) -> Any:
    """Return a column as an array of numpy or pandas, of one axis."""
    import pandas

    name, *rest = list_of(tree)
    if name == "numpy":
        return _flat(reader.value(*_array(rest, depth)))
    if name == "category":
        codes, categories, ordered = list_of(rest, 3)
        numbers = _flat(reader.value(*_array([codes], depth)))
        known = _read_index(reader, categories, depth)
        require(numbers, numbers.dtype.kind == "i" and type(ordered) is bool)
        require(numbers, not len(numbers) or (numbers.min() >= -1 and numbers.max() < len(known)))
        return pandas.Categorical.from_codes(numbers, categories=known, ordered=ordered)
    (objects,) = list_of(rest, 1)
    require(objects, isinstance(objects, dict) and set(objects) <= {"objects", "array"})
    require(name, name in ("object", "str", "string", *_NULLABLE))
    values = _flat(reader.value(objects, depth + 1))
    require(values, values.dtype.kind == "O" or (values.dtype.kind == "U" and name in ("object", "str", "string")))
    values = values.astype(object)
    return values if name == "object" else pandas.array(list(values), dtype=name)


def _array(rest: list[Any], depth: int) -> tuple[Any, int]:
    (tree,) = list_of(rest, 1)
    require(tree, isinstance(tree, dict) and set(tree) == {"array"})
    return tree, depth + 1


def _flat(value: Any) -> np.ndarray:
    array: np.ndarray = require(value, type(value) is np.ndarray and value.ndim == 1 and len(value) <= MAX_ROWS)
    return array


def _read_index(reader: Reader, tree: Any, depth: int) -> Any:
    import pandas

    kind, names, *rest = list_of(tree)
    labels = [_label(reader, name, depth) for name in list_of(names)]
    if kind == "range":
        start, stop, step = list_of(rest, 3)
        require(rest, all(type(n) is int and abs(n) < 1 << 40 for n in (start, stop, step)) and step != 0)
        require(rest, len(range(start, stop, step)) <= MAX_ROWS and len(labels) == 1)
        return pandas.RangeIndex(start, stop, step, name=labels[0])
    require(rest, rest and len(rest) == len(labels) <= MAX_COLUMNS)
    columns = [_read_column(reader, column, depth + 1) for column in rest]
    if kind == "levels":
        return pandas.MultiIndex.from_arrays(columns, names=labels)
    require(kind, kind == "values" and len(columns) == 1)
    return pandas.Index(columns[0], name=labels[0], tupleize_cols=False)


def _label(reader: Reader, tree: Any, depth: int) -> Any:
    label = reader.value(tree, depth + 1)
    parts = label if type(label) is tuple else (label,)
    return require(label, len(parts) <= 32 and all(type(part) in _LABELS for part in parts))


def _read_pandas_table(reader: Reader, rest: Any, depth: int) -> Any:
    import pandas

    labels, trees, index = list_of(rest, 3)
    require(trees, len(list_of(trees)) <= MAX_COLUMNS)
    names = _read_index(reader, labels, depth)
    columns = [_read_column(reader, tree, depth + 1) for tree in trees]
    rows = _read_index(reader, index, depth)
    reader.table(len(rows))
    require(columns, len(names) == len(columns) and all(len(column) == len(rows) for column in columns))
    table = pandas.DataFrame(dict(enumerate(columns)), index=rows)
    table.columns = names
    return table


def _read_pandas_column(reader: Reader, rest: Any, depth: int) -> Any:
    import pandas

    name, tree, index = list_of(rest, 3)
    column, rows = _read_column(reader, tree, depth + 1), _read_index(reader, index, depth)
    reader.table(len(rows))
    require(column, len(column) == len(rows))
    return pandas.Series(column, index=rows, name=_label(reader, name, depth))


def _write_polars_table(writer: Writer, value: Any, depth: int) -> Any:
    if value.width > MAX_COLUMNS:
        raise Unsent(f"more than {MAX_COLUMNS:,} columns")
    return {"polars_table": [_polars(writer, column, depth) for column in value.get_columns()]}


def _write_polars_column(writer: Writer, value: Any, depth: int) -> Any:
    return {"polars_column": _polars(writer, value, depth)}


def _polars(writer: Writer, value: Any, depth: int) -> Any:
    name = str(value.dtype)
    if name not in _POLARS:
        raise Unsent(f"column {value.name[:40]!r} has the dtype {name[:40]}")
    if value.dtype.is_numeric() and not value.null_count():
        return [value.name, name, {"array": writer.array(value.to_numpy())}]
    return [value.name, name, [writer.tree(item, depth + 1) for item in value.to_list()]]


def _read_polars(reader: Reader, rest: Any, depth: int) -> Any:
    import polars

    name, dtype, tree = list_of(rest, 3)
    require(dtype, dtype in _POLARS)
    values = (
        _flat(reader.value(*_array([tree], depth)))
        if isinstance(tree, dict)
        else reader.value(list_of(tree), depth + 1)
    )
    plain = (type(None), bool, int, float, str, datetime.date)
    require(values, isinstance(values, np.ndarray) or all(type(value) in plain for value in values))
    return polars.Series(text_of(name, 1000), values, dtype=getattr(polars, dtype))


def _read_polars_table(reader: Reader, rest: Any, depth: int) -> Any:
    import polars

    require(rest, len(list_of(rest)) <= MAX_COLUMNS)
    reader.table(0)
    return polars.DataFrame([_read_polars(reader, column, depth) for column in rest])


def _guarded(read: Read) -> Read:
    """Return a reader in which any exception of the library means that the message is malformed."""

    def guarded(reader: Reader, rest: Any, depth: int) -> Any:
        try:
            return read(reader, rest, depth)
        except WireError:
            raise
        except ModuleNotFoundError as error:
            raise WireError(f"a table was sent, but {error.name} is not installed here") from None
        except Exception as error:
            raise WireError(f"a table is malformed ({type(error).__name__})") from None

    return guarded


_READERS: dict[str, Callable[[Reader, Any, int], Any]] = {
    "pandas_table": _read_pandas_table,
    "pandas_column": _read_pandas_column,
    "pandas_time": _read_time,
    "polars_table": _read_polars_table,
    "polars_column": _read_polars,
}
READERS: dict[str, Read] = {tag: _guarded(read) for tag, read in _READERS.items()}
