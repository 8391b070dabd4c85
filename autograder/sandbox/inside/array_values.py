"""The encoding of arrays beyond plain numbers: text, bytes, dates and durations, objects; sparse tensors and matrices.

What arrives is verified before a library uses it: an index out of range would write outside of an array.
"""

from __future__ import annotations

import math
import re
import sys
from typing import Any

import numpy as np

from autograder.sandbox.inside.nodes import MAX_EXTENT, MAX_RANK, Read, Reader, Write, Writer, list_of, require

MAX_CHARACTERS = 100_000  # of one item of an array of text
MAX_OBJECTS = 100_000  # items of one array of objects

_DTYPE = re.compile(r"[<|]U\d{1,6}|\|S\d{1,6}|<[mM]8(\[(\d{1,6})?(Y|M|W|D|h|m|s|ms|us|ns|ps|fs|as)\])?")
_ITEMS = (type(None), bool, int, float, str)
_SPARSE = ("csr_matrix", "csc_matrix", "coo_matrix", "csr_array", "csc_array", "coo_array")  # of scipy.sparse


def other_dtype(code: Any) -> np.dtype | None:
    """Return the dtype of text, bytes, dates or durations that a code like "<U5" means, or None."""
    if not isinstance(code, str) or not _DTYPE.fullmatch(code):
        return None
    dtype = np.dtype(code)
    size = dtype.itemsize // (4 if dtype.kind == "U" else 1)
    return dtype if 0 < size <= MAX_CHARACTERS and dtype.str == code else None


def is_text(array: np.ndarray) -> bool:
    """Return whether every character of an array of text exists."""
    return array.size == 0 or int(array.reshape(-1).view(np.uint32).max()) <= sys.maxunicode


def write_array(writer: Writer, value: np.ndarray, depth: int) -> Any:
    """Return the tree of an array that does not have one of the usual numeric dtypes, or None."""
    if other_dtype(value.dtype.str) is not None:
        return {"array": writer.array(value)}
    if value.dtype == object and value.size <= MAX_OBJECTS:
        return write_objects(writer, value, depth)
    return None


def write_objects(writer: Writer, value: np.ndarray, depth: int) -> Any:
    """Return the tree of an array of objects, or None if one of them is more than text, a number or a plain value."""
    trees = []
    for item in value.reshape(-1).tolist():
        tree = writer.tree(item, depth + 1) if not isinstance(item, (list, tuple, dict, np.ndarray)) else {"ref": 0}
        if isinstance(tree, dict) and ("ref" in tree or "tensor" in tree):
            return None
        trees.append(tree)
    return {"objects": [list(value.shape), trees]}


def _read_objects(reader: Reader, rest: Any, depth: int) -> np.ndarray:
    shape, trees = list_of(rest, 2)
    require(shape, len(list_of(shape)) <= MAX_RANK and all(type(n) is int and 0 <= n < MAX_EXTENT for n in shape))
    require(trees, math.prod(shape) == len(list_of(trees)) <= MAX_OBJECTS)
    flat = np.empty(len(trees), dtype=object)
    for index, tree in enumerate(trees):
        flat[index] = require(reader.value(tree, depth + 1), not isinstance(tree, list))
    return flat.reshape(shape)


def find_writer(kind: type) -> Write | None:
    """Return the writer of sparse matrices, if their library is loaded and ``kind`` is one of its classes."""
    scipy = sys.modules.get("scipy.sparse")
    if scipy is not None and any(kind is getattr(scipy, name, None) for name in _SPARSE):
        return _write_scipy
    return None


def write_sparse_tensor(writer: Writer, value: Any, depth: int) -> Any:
    """Return the tree of a sparse torch tensor on the CPU, or None."""
    import torch

    value = value.detach()
    if value.layout is torch.sparse_coo and value.dense_dim() == 0:
        value = value.coalesce()
        parts = ["coo", value.indices(), value.values()]
    elif value.layout is torch.sparse_csr and value.dim() == 2 and value.values().dim() == 1:
        parts = ["csr", value.crow_indices(), value.col_indices(), value.values()]
    else:
        return None
    return {"sparse_tensor": [list(value.shape), parts[0], *(writer.tree(part, depth + 1) for part in parts[1:])]}


def _read_sparse_tensor(reader: Reader, rest: Any, depth: int) -> Any:
    import torch

    shape, layout, *trees = list_of(rest)
    parts = [reader.value(tree, depth + 1) for tree in trees]
    require(parts, parts and all(type(part) is torch.Tensor for part in parts))
    *indices, values = parts
    require(indices, all(part.dtype in (torch.int64, torch.int32) for part in indices) and values.dim() == 1)
    _require_shape(shape)
    reader.table(0)
    if layout == "coo":
        require(indices, len(indices) == 1 and tuple(indices[0].shape) == (len(shape), len(values)))
        require(indices, indices[0].dtype == torch.int64)
        return torch.sparse_coo_tensor(indices[0], values, shape, check_invariants=True).coalesce()
    require(layout, layout == "csr" and len(shape) == 2 and len(indices) == 2)
    require(indices, all(part.dim() == 1 for part in indices))
    return torch.sparse_csr_tensor(indices[0], indices[1], values, shape, check_invariants=True)


def _require_shape(shape: Any) -> None:
    """Require that positions in a sparse tensor of this shape fit in 63 bits."""
    require(shape, len(list_of(shape)) <= MAX_RANK and all(type(n) is int and 0 <= n < MAX_EXTENT for n in shape))
    require(shape, math.prod(max(n, 1) for n in shape) < 1 << 62)


def _write_scipy(writer: Writer, value: Any, depth: int) -> Any:
    """Return the tree of a sparse matrix of numbers: its class, and positions and values as for COO."""
    if value.ndim != 2 or value.dtype.kind not in "biufc":
        return None
    plain = value.tocoo()
    parts = (plain.row.astype(np.int64), plain.col.astype(np.int64), plain.data)
    return {"sparse": [type(value).__name__, list(value.shape), *(writer.tree(part, depth + 1) for part in parts)]}


def _read_scipy(reader: Reader, rest: Any, depth: int) -> Any:
    name, shape, *trees = list_of(rest, 5)
    require(name, name in _SPARSE)
    _require_shape(shape)
    require(shape, len(shape) == 2)
    reader.table(max(shape))
    rows, columns, values = (reader.value(tree, depth + 1) for tree in trees)
    require(
        rows, all(type(part) is np.ndarray and part.ndim == 1 and len(part) == len(values) for part in (rows, columns))
    )
    require(values, type(values) is np.ndarray and values.ndim == 1 and values.dtype.kind in "biufc")
    for part, size in ((rows, shape[0]), (columns, shape[1])):
        require(part, part.dtype == np.int64 and (not len(part) or (part.min() >= 0 and part.max() < size)))
    from scipy import sparse

    whole = sparse.coo_array((values, (rows, columns)), shape=tuple(shape))
    return getattr(sparse, name)(whole)


READERS: dict[str, Read] = {"objects": _read_objects, "sparse_tensor": _read_sparse_tensor, "sparse": _read_scipy}
