"""Which values are tables of pandas or polars or sparse matrices of scipy, and how a message names them.

These libraries are optional: a value of one has been imported by whoever made it, so nothing is imported here.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

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
        return f"a sparse {value.dtype.name} matrix [{value.shape[0]},{value.shape[1]}] with {value.nnz} values"
    if type(value).__name__ == "Series":
        return f"a Series of {len(value)} values of type {str(value.dtype)[:30]}"
    names = list(value.columns)
    shown = ", ".join(describe(name) for name in names[:6]) + (", …" if len(names) > 6 else "")
    rows = "1 row" if len(value) == 1 else f"{len(value)} rows"
    return f"a DataFrame with {rows} and the columns {shown or '(none)'}"
