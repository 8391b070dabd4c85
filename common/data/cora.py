"""Cora, a network of citations (Sen et al. 2008), from the official files of Planetoid (Yang et al. 2016).

    cora/  ind.cora.x  ind.cora.tx  ind.cora.allx  ind.cora.y  ind.cora.ty  ind.cora.ally  ind.cora.graph
           ind.cora.test.index

The folder is $GRADLAB_DATA or a folder in it. The files are pickles of Python 2 with matrices of scipy. This reader
runs no code from them and does not need scipy: it knows a few names, and calls substitutes for them.
"""

from __future__ import annotations

import io
import math
import pickle
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from common.data import cache
from common.data.files import damaged, find_file

FOLDERS = ("cora", "planetoid", "planetoid/data", "Planetoid/Cora/raw", "Cora/raw", "")  # below the data folder
TRAIN, VALIDATION = 140, 500
_DTYPES = {"f4": "<f4", "f8": "<f8", "i4": "<i4", "i8": "<i8"}


@dataclass(frozen=True)
class Citations:
    """Papers, the words in them, their field, who cites whom, and which labels are for what.

    Shapes:
        edge_index  (2, E)     int64, sources and targets; each edge in both directions, no edge twice, no loops
        x           (N, 1433)  float32, 0 or 1
        y           (N,)       int64, one of 7 fields
        train       (N,)       bool, 140 papers, 20 of each field
        validation  (N,)       bool, 500 papers
        test        (N,)       bool, 1,000 papers
    """

    edge_index: Tensor
    x: Tensor
    y: Tensor
    train: Tensor
    validation: Tensor
    test: Tensor


def read(root: str | Path | None = None) -> Citations:
    """Read Cora. Raises DataError if a file is missing or damaged."""
    base = cache.data_folder(root)

    def path(part: str) -> Path:
        return find_file(f"ind.cora.{part}", base, FOLDERS, title="Planetoid", instead="graphs.blocks()")

    parts: dict[str, Any] = {}
    for part in ("allx", "tx", "ally", "ty", "graph", "test.index"):
        place = path(part)
        try:
            parts[part] = _numbers(place) if part == "test.index" else _plain(_load(place.read_bytes()))
        except (OSError, ValueError, pickle.UnpicklingError) as error:
            raise damaged(place, error) from error
    try:
        return _joined(parts)
    except (KeyError, IndexError, TypeError, ValueError, RuntimeError) as error:
        raise damaged(path("graph"), error) from error


def _joined(parts: dict[str, Any]) -> Citations:
    """Put known and test papers together; row n of tx belongs to the n-th number in test.index."""
    first, chosen = len(parts["allx"]), torch.from_numpy(parts["test.index"])
    N = first + len(parts["tx"])
    if sorted(chosen.tolist()) != list(range(first, N)):
        raise ValueError("test.index does not have one number for each test paper")
    x, y = torch.zeros(N, parts["allx"].shape[1]), torch.zeros(N, dtype=torch.int64)
    x[:first], x[chosen] = (torch.from_numpy(parts[part]).float() for part in ("allx", "tx"))
    y[:first], y[chosen] = (torch.from_numpy(parts[part]).argmax(dim=1) for part in ("ally", "ty"))
    pairs = {(int(a), int(b)) for a, others in parts["graph"].items() for b in others if a != b}
    ends = torch.tensor(sorted(pairs | {(b, a) for a, b in pairs}), dtype=torch.int64).reshape(-1, 2).T
    if ends.numel() and not 0 <= int(ends.min()) <= int(ends.max()) < N:
        raise ValueError("graph has a paper that is in no other file")
    order, test = torch.arange(N), torch.zeros(N, dtype=torch.bool)
    test[chosen] = True
    return Citations(ends, x, y, order < TRAIN, (order >= TRAIN) & (order < TRAIN + VALIDATION), test)


def _numbers(path: Path) -> NDArray[np.int64]:
    return np.array([int(line) for line in path.read_text(encoding="ascii").split()], np.int64)


class _Dtype:
    """A substitute for numpy.dtype: stores the name of the type."""

    def __init__(self, name: Any, *options: Any) -> None:
        self.name = name.decode("latin-1") if isinstance(name, bytes) else name

    def __setstate__(self, state: Any) -> None:
        """Ignore the byte order: the files are little-endian."""


class _Array:
    """A substitute for numpy.ndarray."""

    value: NDArray[Any]

    def __setstate__(self, state: Any) -> None:
        _, shape, dtype, fortran, content = state
        kind = np.dtype(_DTYPES[str(dtype.name).lstrip("<|")])
        if fortran or math.prod(shape) * kind.itemsize != len(content):
            raise pickle.UnpicklingError(f"it has an array of shape {shape} with {len(content)} bytes")
        self.value = np.frombuffer(content, kind).reshape(shape).copy()  # from_numpy wants to write


class _Matrix:
    """A substitute for scipy's csr_matrix."""

    def __setstate__(self, state: Any) -> None:
        self.state = {key.decode() if isinstance(key, bytes) else key: value for key, value in state.items()}

    def dense(self) -> NDArray[Any]:
        """Return all numbers."""
        rows, columns = (int(size) for size in self.state["_shape" if "_shape" in self.state else "shape"])
        data, indices, starts = (self.state[name].value for name in ("data", "indices", "indptr"))
        if rows * columns > 10**8 or len(starts) != rows + 1:
            raise pickle.UnpicklingError(f"it has a matrix of {rows} x {columns} numbers, which does not fit its rows")
        out = np.zeros((rows, columns), data.dtype)
        out[np.repeat(np.arange(rows), np.diff(starts)), indices] = data
        return out


def _new(kind: Any, *rest: Any) -> Any:
    return kind()


_KNOWN = {
    "_reconstruct": lambda *rest: _Array(),
    "_reconstructor": _new,
    "ndarray": _Array,
    "dtype": _Dtype,
    "csr_matrix": _Matrix,
    "defaultdict": lambda *rest: defaultdict(list),
    "list": list,
    "object": object,
}
_MODULES = ("numpy", "scipy.sparse", "collections", "copy_reg", "copyreg", "__builtin__", "builtins")


class _Reader(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        if name in _KNOWN and any(module == known or module.startswith(f"{known}.") for known in _MODULES):
            return _KNOWN[name]
        raise pickle.UnpicklingError(f"it asks for {module}.{name}, which no file of Planetoid needs")


def _load(content: bytes) -> Any:
    try:
        return _Reader(io.BytesIO(content), encoding="bytes").load()
    except pickle.UnpicklingError:
        raise
    except Exception as error:  # a damaged pickle can fail in any way
        raise pickle.UnpicklingError(f"it is damaged ({type(error).__name__}: {error})") from error


def _plain(value: Any) -> Any:
    """Return what a file has as an array or a dictionary."""
    if isinstance(value, _Matrix):
        return value.dense()
    if isinstance(value, _Array):
        return value.value
    if isinstance(value, dict):
        return value
    raise pickle.UnpicklingError("it has neither a matrix nor a table of neighbours")
