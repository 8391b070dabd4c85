"""Compare tables and columns of pandas and polars, and sparse matrices and tensors.

Their libraries are optional: a value of one has been imported by whoever made it, so nothing is imported here.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from autograder.checks.describe import cut, describe, number
from autograder.checks.tables import library_of
from autograder.checks.values import Tolerance
from autograder.core.message import Message, joined, name_list

Found = tuple[str, str, str]  # a stage, a message and a path: the parts of a Difference
CompareItems = Callable[[Any, Any, str], Found | None]

_TEXT = ("object", "str", "string", "String")  # dtypes of text: which of them depends on the library's version


def _rows(expected: int, got: int) -> Message:
    return Message.counted("expected {n} row, got {got}", "expected {n} rows, got {got}", n=expected, got=got)


def compare_tables(actual: Any, expected: Any, check_dtype: bool, items: CompareItems) -> Found | None:
    """Return the first difference of two tables or columns: type, columns, rows, index, dtypes, values. Or None.

    ``items`` compares two arrays or two lists of a column.
    """
    library, kind = library_of(expected), type(expected).__name__
    if type(actual) is not type(expected):
        return "type", Message("expected {expected}, got {got}", expected=describe(expected), got=describe(actual)), ""
    if kind == "DataFrame" and (found := _compare_names(actual, expected)):
        return found
    if len(actual) != len(expected):
        return "shape", _rows(len(expected), len(actual)), ""
    if library == "pandas" and (found := _compare_index(actual.index, expected.index, items)):
        return found
    if kind == "Series":
        if actual.name != expected.name:
            return (
                "values",
                Message(
                    "expected the name {expected}, got {got}",
                    expected=describe(expected.name),
                    got=describe(actual.name),
                ),
                "",
            )
        return _compare_column(actual, expected, check_dtype, items)
    for place, name in enumerate(expected.columns):
        pair = [table.iloc[:, place] if library == "pandas" else table.get_column(name) for table in (actual, expected)]
        if found := _compare_column(pair[0], pair[1], check_dtype, items):
            return found[0], _in_column(describe(name), found, expected), ""
    return None


def _in_column(name: str, found: Found, table: Any) -> Message:
    """Return what differs in a column. A row is named by its label, if the table has another index than 0, 1, ..."""
    _, message, path = found
    place = path or _first_place(message)
    row, rest = place.strip("[]"), ""
    if not row.isdigit():
        row, rest = "", path
    index: Any = getattr(table, "index", None)
    labelled = row and index is not None and type(index).__name__ != "RangeIndex"
    label = describe(index[int(row)]) if labelled else row
    if path and row:
        return Message("column {column}, row {row}: {difference}", column=name, row=label, difference=message)
    found_there = Message("column {column}{path}: {difference}", column=name, path=rest, difference=message)
    if not labelled:
        return found_there
    return Message("{difference} ([{at}] is the row {row})", difference=found_there, at=row, row=label)


def _first_place(message: object) -> str:
    """Return the place of the first value that differs, which the message names, or an empty string."""
    if not isinstance(message, Message):
        return ""
    inner = (_first_place(value) for value in message.values.values())
    return str(message.values.get("place", "")) or next((place for place in inner if place), "")


def _compare_names(actual: Any, expected: Any) -> Found | None:
    got, wanted = list(actual.columns), list(expected.columns)
    missing = [name for name in wanted if name not in got]
    extra = [name for name in got if name not in wanted]
    if missing or extra:
        sentence = _other_columns(missing, extra)
        return "shape", joined(" ", [sentence, _index_or_column(actual, expected, missing, extra)]), ""
    if got != wanted:
        sentence = Message(
            "the columns are in another order: expected {expected}, got {got}",
            expected=_listed(wanted),
            got=_listed(got),
        )
        return "shape", sentence, ""
    return None


def _other_columns(missing: Sequence[Any], extra: Sequence[Any]) -> Message:
    absent, more = _listed(missing), _listed(extra)
    if missing and extra:
        return Message.counted(
            "the table has no column {missing}, but has unexpected ones: {extra}",
            "the table does not have the columns {missing}, but has unexpected ones: {extra}",
            n=len(missing),
            missing=absent,
            extra=more,
        )
    if missing:
        return Message.counted(
            "the table has no column {missing}",
            "the table does not have the columns {missing}",
            n=len(missing),
            missing=absent,
        )
    return Message.counted(
        "the table has an unexpected column: {extra}",
        "the table has unexpected columns: {extra}",
        n=len(extra),
        extra=more,
    )


def _index_or_column(actual: Any, expected: Any, missing: Sequence[Any], extra: Sequence[Any]) -> str:
    """Return advice if a name of the index was expected as a column, or the other way round; polars has no index."""
    wanted, got = ([*getattr(getattr(table, "index", None), "names", [])] for table in (expected, actual))
    if extra and all(name in wanted for name in extra):
        return Message("(expected as the index: set_index makes a column the index)")
    if missing and all(name in got for name in missing):
        return Message("(it is in the index: reset_index makes the index a column)")
    return ""


def _compare_index(actual: Any, expected: Any, items: CompareItems) -> Found | None:
    if list(actual.names) != list(expected.names):
        wanted, got = _listed(expected.names), _listed(actual.names)
        return "shape", Message("expected an index named {expected}, got one named {got}", expected=wanted, got=got), ""
    if found := items(_plain_items(actual), _plain_items(expected), ""):
        at, numbered = found[2].strip("[]") or "0", type(expected).__name__ == "RangeIndex"
        sentence = Message("the index differs at row {at}: {difference}", at=at, difference=found[1])
        advice = Message("(reset_index(drop=True) numbers the rows from 0)") if numbered else ""
        return found[0], joined(" ", [sentence, advice]), ""
    return None


def _compare_column(actual: Any, expected: Any, check_dtype: bool, items: CompareItems) -> Found | None:
    found, wanted = str(actual.dtype), str(expected.dtype)
    if check_dtype and found != wanted and not {found, wanted} <= {*_TEXT}:
        return "dtype", Message("expected dtype {expected}, got {got}", expected=wanted, got=cut(found, 40)), ""
    numeric = all(_is_numeric(column) for column in (actual, expected))
    if numeric:
        return items(actual.to_numpy(), expected.to_numpy(), "")
    a, e = _plain_items(actual), _plain_items(expected)
    difference = items(a, e, "")
    if difference is None:
        return None
    lost = next((row for row, pair in enumerate(zip(a, e, strict=False)) if sum(item is None for item in pair) == 1), 0)
    if difference[2] != f"[{lost}]" or (a[lost] is None) == (e[lost] is None):
        return difference
    if a[lost] is None:
        sentence = Message("expected {expected}, got a missing value", expected=describe(e[lost]))
    else:
        sentence = Message("expected a missing value, got {got}", got=describe(a[lost]))
    return "values", sentence, difference[2]


def _is_numeric(column: Any) -> bool:
    dtype = column.dtype
    if isinstance(dtype, np.dtype):
        return dtype.kind in "biufc"
    return hasattr(column, "null_count") and bool(dtype.is_numeric()) and not column.null_count()


def _plain_items(column: Any) -> list[Any]:
    """Return the values as a list, with None for each that is missing."""
    if hasattr(column, "to_list") and type(column).__module__.startswith("polars"):
        return list(column.to_list())
    missing = column.isna().tolist() if not hasattr(column, "nlevels") or column.nlevels == 1 else [False] * len(column)
    return [None if lost else item for item, lost in zip(column.astype(object).tolist(), missing, strict=True)]


def compare_sparse(actual: Any, expected: Any, tolerance: Tolerance) -> Found | None:
    """Return the first difference of two sparse matrices of scipy, of any format, or of two sparse tensors. Or None."""
    torch = sys.modules.get("torch")
    if torch is not None and type(expected) is torch.Tensor:
        if type(actual) is not torch.Tensor or actual.layout is torch.strided:
            return "type", Message("expected a sparse tensor, got {got}", got=describe(actual)), ""
        pair = [_parts_of_tensor(value.detach(), torch) for value in (actual, expected)]
    elif library_of(actual) != "scipy":
        return "type", Message("expected {expected}, got {got}", expected=describe(expected), got=describe(actual)), ""
    else:
        pair = [_parts_of_matrix(value) for value in (actual, expected)]
    (shape, here, a), (wanted, there, e) = pair
    if shape != wanted:
        return "shape", Message("expected shape {expected}, got {got}", expected=list(wanted), got=list(shape)), ""
    places = np.union1d(here, there)
    left, right = np.zeros(len(places), np.complex128), np.zeros(len(places), np.complex128)
    left[np.searchsorted(places, here)], right[np.searchsorted(places, there)] = a, e
    atol, rtol = tolerance.by(a.dtype.name, e.dtype.name)
    with np.errstate(invalid="ignore"):
        same = (left == right) | (np.isnan(left) & np.isnan(right))
        wrong = ~(same | (np.isfinite(right) & (np.abs(left - right) <= atol + rtol * np.abs(right))))
    if not wrong.any():
        return None
    first = int(np.argmax(wrong))
    at = ",".join(str(int(i)) for i in np.unravel_index(places[first], wanted))
    values = [number(value.real.item() if not value.imag else value.item()) for value in (right[first], left[first])]
    message = Message.counted(
        "{n} values differ; first at [{at}]: expected {expected}, got {got}",
        "{n} values differ; first at [{at}]: expected {expected}, got {got}",
        n=int(wrong.sum()),
        at=at,
        expected=values[0],
        got=values[1],
    )
    return "values", message, ""


def _parts_of_matrix(value: Any) -> tuple[tuple[int, ...], np.ndarray, np.ndarray]:
    """Return the shape, the positions in row-major order, and the values there."""
    plain = value.tocoo(copy=True)
    plain.sum_duplicates()
    shape = tuple(int(n) for n in plain.shape)
    return shape, np.ravel_multi_index((plain.row.astype(np.int64), plain.col.astype(np.int64)), shape), plain.data


def _parts_of_tensor(value: Any, torch: Any) -> tuple[tuple[int, ...], np.ndarray, np.ndarray]:
    plain = (value if value.layout is torch.sparse_coo else value.to_sparse_coo()).coalesce().cpu()
    shape = tuple(plain.shape)
    order = np.ravel_multi_index(tuple(plain.indices().numpy()), shape)
    values = plain.values()
    return shape, order, (values.float() if values.dtype in (torch.bfloat16, torch.float16) else values).numpy()


def _listed(names: Sequence[Any]) -> str:
    return cut(name_list([describe(name) for name in list(names)[:10]]) or Message("(none)"), 300)
