"""Which values are tables of pandas or polars or sparse matrices of scipy, and how a message names them.

These libraries are optional: a value of one has been imported by whoever made it, so nothing is imported here.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

from autograder.core.message import Message, name_list

SPARSE = ("csr_matrix", "csc_matrix", "coo_matrix", "csr_array", "csc_array", "coo_array")


def library_of(value: Any) -> str:
    """Return "pandas", "polars" or "scipy" for exactly their tables, columns and sparse matrices, else ""."""
    kind = type(value)
    for name, types in {"pandas": ("DataFrame", "Series"), "polars": ("DataFrame", "Series")}.items():
        module = sys.modules.get(name)
        if module is not None and any(kind is getattr(module, known, None) for known in types):
            return name
    scipy = sys.modules.get("scipy.sparse")
    return "scipy" if scipy is not None and any(kind is getattr(scipy, name, None) for name in SPARSE) else ""


def describe_table(value: Any, library: str, describe: Callable[[Any], str]) -> str:
    """Describe a table, a column or a sparse matrix: ``a DataFrame with 3 rows and the columns 'a', 'b'``."""
    if library == "scipy":
        return Message.counted(
            "a sparse {dtype} matrix [{rows},{columns}] with {n} value",
            "a sparse {dtype} matrix [{rows},{columns}] with {n} values",
            n=value.nnz,
            dtype=value.dtype.name,
            rows=value.shape[0],
            columns=value.shape[1],
        )
    if type(value).__name__ == "Series":
        return Message.counted(
            "a Series of {n} value of type {dtype}",
            "a Series of {n} values of type {dtype}",
            n=len(value),
            dtype=str(value.dtype)[:30],
        )
    names = list(value.columns)
    shown = name_list([*(describe(name) for name in names[:6]), *(["…"] if len(names) > 6 else [])])
    return Message.counted(
        "a DataFrame with {n} row and the columns {columns}",
        "a DataFrame with {n} rows and the columns {columns}",
        n=len(value),
        columns=shown or Message("(none)"),
    )
