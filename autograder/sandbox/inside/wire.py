"""The encoding of values between the grader and the box: a JSON header, then raw bytes, and no pickle.

The header is a tree of JSON values. An object with one key represents a value that JSON lacks (a tuple, a tensor, a
reference, ...). The body contains the bytes of the arrays in the order in which the tree lists them. Decoding trusts no
input: it verifies every node and compares every claimed size with the bytes that arrived.

Knows nothing about sending frames (frames.py), or about requests, answers and students.
"""

from __future__ import annotations

import datetime
import importlib
import json
import math
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from autograder.sandbox.inside import array_values, plain_values, tables
from autograder.sandbox.inside.nodes import (
    MAX_EXTENT,
    MAX_INT,
    MAX_RANK,
    MAX_ROWS,
    MAX_TABLES,
    Write,
    list_of,
    require,
    without_searches,
)
from autograder.sandbox.inside.nodes import WireError as WireError  # where others find it

if TYPE_CHECKING:
    import torch

MAX_HEADER = 4 << 20  # bytes
MAX_NODES = 200_000
MAX_DEPTH = 32
MAX_NAME = 200  # characters of the type of an object that stays where it is
MAX_ODD_KEYS = 1000  # keys that are not text, bytes or short numbers: they can be chosen to collide, and n cost n * n

DTYPES = (  # of torch, by their names there
    *("float16", "bfloat16", "float32", "float64", "complex64", "complex128", "bool"),
    *("uint8", "int8", "int16", "int32", "int64"),
)
LIBRARIES = ("torch", "pandas", "polars", "scipy.sparse")  # whose values have an encoding where they are imported
_ARRAYS = {np.dtype(code).str: np.dtype(code) for code in "?bhilqBHILQefdFD"}  # numpy would evaluate some other names


@dataclass(frozen=True)
class Ref:
    """A reference to an object that stays in the student's process."""

    id: int
    type: str


MISSING = Ref(-1, "missing")  # for an attribute that is not there
Keep = Callable[[Any], Ref]


def _no_refs(value: Any) -> Ref:
    raise WireError(f"a value of type {type(value).__name__} cannot be sent to the box; pass plain values or handles")


@without_searches()
def encode(
    value: Any, *, keep: Keep = _no_refs, limit: int = 1 << 40, copies: bool = False
) -> tuple[bytes, list[memoryview]]:
    """Return the header of ``value`` and the chunks of its body.

    ``keep`` replaces an object that has no encoding by a Ref; with ``copies``, those of dataclasses and named tuples
    have one, and a few containers are sent as the plainer ones. Raises WireError if the value is nested too deeply, has
    too many parts or needs more than ``limit`` bytes.
    """
    writer = _Writer(keep, limit, copies)
    header = json.dumps(writer.tree(value, 0), separators=(",", ":")).encode("ascii")
    if len(header) > MAX_HEADER:
        raise WireError(f"the value has {len(header)} bytes of structure; at most {MAX_HEADER} can be sent")
    return header, writer.buffers


class _Writer:
    def __init__(self, keep: Keep, limit: int, copies: bool) -> None:
        self.keep, self.limit, self.copies = keep, limit, copies
        self.torch = sys.modules.get("torch")  # where it is not imported, no value is a tensor
        self.buffers: list[memoryview] = []
        self.size = self.nodes = self.odd_keys = 0

    def keys(self, values: Iterable[Any]) -> None:
        """Count the values that the receiver will hash. Raises WireError for too many that could share a hash."""
        self.odd_keys += sum(map(_is_odd, values))
        if self.odd_keys > MAX_ODD_KEYS:
            raise WireError(
                f"the value has more than {MAX_ODD_KEYS} keys or items of sets that are not text, numbers or dates"
            )

    def tree(self, value: Any, depth: int) -> Any:
        self.nodes += 1
        if depth > MAX_DEPTH or self.nodes > MAX_NODES:
            what = (
                f"is nested deeper than {MAX_DEPTH} levels" if depth > MAX_DEPTH else f"has more than {MAX_NODES} parts"
            )
            raise WireError(f"the value {what}, so it cannot be sent")
        kind = type(value)
        if value is None or kind in (bool, float, str):
            return value
        if kind is int and -MAX_INT <= value < MAX_INT:
            return value
        if kind is list:
            return [self.tree(item, depth + 1) for item in value]
        if kind is tuple:
            return {"tuple": [self.tree(item, depth + 1) for item in value]}
        if kind is dict:
            self.keys(value)
            return {"dict": [[self.tree(k, depth + 1), self.tree(v, depth + 1)] for k, v in value.items()]}
        if self.torch is not None:
            torch = self.torch
            known = kind in (torch.Tensor, torch.nn.Parameter) and value.layout is torch.strided
            if known and _dtype_name(value.dtype) in DTYPES:
                return self._tensor(value)
            if kind is torch.dtype and _dtype_name(value) in DTYPES:
                return {"dtype": _dtype_name(value)}
            if kind is torch.device:
                return {"device": str(value)}
        if kind is np.ndarray and value.dtype.str in _ARRAYS:
            return {"array": self.array(value)}
        if isinstance(value, np.generic) and value.dtype.str in _ARRAYS:
            return self.tree(value.item(), depth)
        if kind in (np.str_, np.bytes_):
            return self.tree(value.item(), depth)
        if kind in (np.datetime64, np.timedelta64):
            return {"array": self.array(np.asarray(value))}
        if kind is slice:
            return {"slice": [self.tree(part, depth + 1) for part in (value.start, value.stop, value.step)]}
        if value is Ellipsis:
            return {"ellipsis": 1}
        if kind is Ref:
            return {"ref": [value.id, value.type]}
        try:
            tree = self._other(value, kind, depth)
        except tables.Unsent as problem:
            ref = self.keep(value)
            return {"ref": [ref.id, f"{ref.type} ({problem}, so it cannot be copied)"[:MAX_NAME]]}
        if tree is None:
            ref = self.keep(value)
            return {"ref": [ref.id, ref.type]}
        return tree

    def _other(self, value: Any, kind: type, depth: int) -> Any:
        """Return the tree of a value of a rarer type, or None if it has no encoding."""
        write = plain_values.WRITERS.get(kind) or tables.find_writer(kind) or array_values.find_writer(kind)
        if write is None and kind is np.ndarray:
            write = array_values.write_array
        if write is None and self.copies:
            write = plain_values.find_copier(kind)
        if (
            write is None
            and self.torch is not None
            and kind is self.torch.Tensor
            and value.layout is not self.torch.strided
        ):
            write = array_values.write_sparse_tensor
        return None if write is None else self._undone(write, value, depth)

    def _undone(self, write: Write, value: Any, depth: int) -> Any:
        """Return the tree; if there is none, forget what was added to the body for it."""
        before = len(self.buffers), self.size, self.nodes
        try:
            tree = write(self, value, depth)
        except tables.Unsent:
            del self.buffers[before[0] :]
            self.size, self.nodes = before[1:]
            raise
        if tree is None:
            del self.buffers[before[0] :]
            self.size, self.nodes = before[1:]
        return tree

    def array(self, value: np.ndarray) -> list[Any]:
        """Add an array to the body, and return its dtype, its shape and its size in bytes."""
        self._reserve(value.nbytes)
        return [value.dtype.str, list(value.shape), self._buffer(np.ascontiguousarray(value))]

    def raw(self, content: bytes | bytearray) -> int:
        """Add bytes to the body, and return how many."""
        self._reserve(len(content))
        if content:
            self.buffers.append(memoryview(content))
        return len(content)

    def _tensor(self, value: torch.Tensor) -> dict[str, Any]:
        import torch

        self._reserve(value.numel() * value.itemsize)
        plain = value.detach()
        if plain.is_conj() or plain.is_neg():
            plain = plain.resolve_conj().resolve_neg()
        strides = None if plain.is_contiguous() else list(plain.stride())
        cpu = plain.contiguous().cpu()
        flat = cpu.as_strided((cpu.numel(),), (1,))  # a view of one element would keep its stride, whatever it is
        raw = flat.view(torch.uint8) if cpu.numel() else torch.empty(0, dtype=torch.uint8)
        head = [_dtype_name(value.dtype), list(value.shape), self._buffer(raw.numpy())]
        return {"tensor": [*head, str(value.device), strides, value.requires_grad]}

    def _reserve(self, size: int) -> None:
        """Count the bytes before they are copied: a view of one number may have any size."""
        self.size += size
        if self.size > self.limit:
            raise WireError(f"the value needs more than {self.limit >> 20} MiB, so it cannot be sent")

    def _buffer(self, array: np.ndarray) -> int:
        if array.nbytes:
            self.buffers.append(array.reshape(-1).view(np.uint8).data)
        return array.nbytes


@without_searches()
def decode(
    header: bytes | bytearray,
    body: bytes | bytearray,
    *,
    resolve: Callable[[Ref], Any],
    trusted: bool = False,
    record: Callable[[Any], Any] = lambda record: record,
) -> Any:
    """Return the value of a frame. ``resolve`` replaces each Ref by its object on this side, ``record`` each Record.

    ``trusted``: the sender is the grader, who alone may choose the memory layout of tensors, and whose paths can be
    opened. Raises WireError for every message that `encode` would not have written.
    """
    reader = _Reader(body, resolve, trusted, record)
    try:
        value = reader.value(json.loads(header.decode("ascii")), 0)
    except (ValueError, RecursionError, RuntimeError, OverflowError) as error:
        raise WireError(f"the message is malformed ({type(error).__name__})") from None
    if reader.at != len(body):
        raise WireError(f"{len(body) - reader.at} bytes are left over")
    return value


class _Reader:
    def __init__(
        self,
        body: bytes | bytearray,
        resolve: Callable[[Ref], Any],
        trusted: bool,
        record: Callable[[Any], Any],
    ) -> None:
        self.record = record
        self.body, self.resolve, self.trusted = memoryview(body), resolve, trusted
        self.at = self.nodes = self.odd_keys = self.tables = self.rows = 0

    def value(self, tree: Any, depth: int) -> Any:
        self.nodes += 1
        if depth > MAX_DEPTH or self.nodes > MAX_NODES:
            raise WireError("the value is nested too deeply or has too many parts")
        if tree is None or isinstance(tree, bool | float | str):
            return tree
        if isinstance(tree, int):
            return require(tree, -MAX_INT <= tree < MAX_INT)
        if isinstance(tree, list):
            return [self.value(item, depth + 1) for item in tree]
        require(tree, isinstance(tree, dict) and len(tree) == 1)
        tag, rest = next(iter(tree.items()))
        return _TAGS[require(tag, tag in _TAGS)](self, rest, depth)

    def _tuple(self, rest: Any, depth: int) -> tuple[Any, ...]:
        return tuple(self.value(item, depth + 1) for item in list_of(rest))

    def _dict(self, rest: Any, depth: int) -> dict[Any, Any]:
        items = [list_of(pair, 2) for pair in list_of(rest)]
        pairs = [(self.value(key, depth + 1), self.value(value, depth + 1)) for key, value in items]
        self.keys([key for key, _ in pairs])
        try:
            return dict(pairs)
        except TypeError:
            raise WireError("a key of a dict is not hashable") from None

    def keys(self, values: list[Any]) -> list[Any]:
        """Count the values that will be hashed, and return them."""
        self.odd_keys += sum(map(_is_odd, values))
        return list_of(require(values, self.odd_keys <= MAX_ODD_KEYS))

    def table(self, rows: int) -> None:
        """Count a table or a sparse matrix with so many rows."""
        self.tables, self.rows = self.tables + 1, self.rows + rows
        require(rows, self.tables <= MAX_TABLES and self.rows <= MAX_ROWS)

    def raw(self, size: Any) -> bytearray:
        """Return the next bytes of the body."""
        return bytearray(self._bytes(size, [size], 1))

    def _tensor(self, rest: Any, depth: int) -> torch.Tensor:
        lib = _torch()
        name, shape, size, device, strides, requires_grad = list_of(rest, 6)
        require(name, isinstance(name, str) and name in DTYPES and isinstance(requires_grad, bool))
        dtype: torch.dtype = getattr(lib, name)
        content = self._bytes(size, shape, dtype.itemsize)
        if name == "bool" and content:
            lib.frombuffer(content, dtype=lib.uint8).clamp_(max=1)  # any other byte is not a bool
        flat = lib.frombuffer(content, dtype=dtype) if content else lib.empty(0, dtype=dtype)  # it needs some bytes
        value: torch.Tensor = flat.reshape(shape)
        if device != "cpu":
            value = value.to(_device(device))
        if self.trusted:
            if strides is not None:
                value = lib.empty_strided(shape, strides, dtype=value.dtype, device=value.device).copy_(value)
            if requires_grad:
                value.requires_grad_()
        return value

    def _array(self, rest: Any, depth: int) -> np.ndarray:
        name, shape, size = list_of(rest, 3)
        dtype = _ARRAYS.get(name) if isinstance(name, str) else None
        dtype = dtype or require(array_values.other_dtype(name), array_values.other_dtype(name))
        raw = np.frombuffer(self._bytes(size, shape, dtype.itemsize), dtype=np.uint8)
        value = (raw != 0 if dtype.kind == "b" else raw.view(dtype)).reshape(shape)
        return require(value, dtype.kind != "U" or array_values.is_text(value))  # type: ignore[no-any-return]

    def _bytes(self, size: Any, shape: Any, itemsize: int) -> bytearray | memoryview:
        """Return the next bytes of the body, not copied if an array may use them where they are and write there."""
        require(size, type(size) is int and 0 <= size <= len(self.body) - self.at)
        require(shape, len(list_of(shape)) <= MAX_RANK and all(type(n) is int and 0 <= n < MAX_EXTENT for n in shape))
        require(shape, math.prod(shape) * itemsize == size)
        chunk = self.body[self.at : self.at + size]
        usable = self.at % itemsize == 0 and not self.body.readonly
        self.at += size
        return chunk if usable else bytearray(chunk)

    def _ref(self, rest: Any, depth: int) -> Any:
        number, name = list_of(rest, 2)
        require(rest, type(number) is int and isinstance(name, str) and len(name) <= MAX_NAME)
        return self.resolve(Ref(number, name))


def _is_odd(key: Any) -> bool:
    """Return whether a key's hash can be chosen: not that of text, bytes and dates, and few numbers share one."""
    safe = isinstance(key, str | float | bytes | None) or type(key) is datetime.date
    return not (safe or (isinstance(key, int) and -MAX_INT <= key < MAX_INT))


_TAGS: dict[str, Callable[[Any, Any, int], Any]] = {
    "tuple": _Reader._tuple,
    "dict": _Reader._dict,
    "tensor": _Reader._tensor,
    "array": _Reader._array,
    "dtype": lambda reader, rest, depth: getattr(_torch(), require(rest, isinstance(rest, str) and rest in DTYPES)),
    "device": lambda reader, rest, depth: _device(rest),
    "slice": lambda reader, rest, depth: slice(*(reader.value(part, depth + 1) for part in list_of(rest, 3))),
    "ellipsis": lambda reader, rest, depth: Ellipsis,
    "ref": _Reader._ref,
    **plain_values.READERS,
    **array_values.READERS,
    **tables.READERS,
}


def _torch() -> Any:
    """Import torch for a value of it. Raises WireError where it is not installed: then no value can be of torch."""
    if torch := sys.modules.get("torch"):
        return torch
    try:
        return importlib.import_module("torch")
    except ImportError:
        raise WireError("a value is of torch, which is not installed here") from None


def _dtype_name(dtype: Any) -> str:
    return str(dtype).removeprefix("torch.")


def _device(name: Any) -> torch.device:
    require(name, name == "cpu" or (isinstance(name, str) and name.partition(":")[0] == "cuda" and len(name) < 8))
    lib = _torch()
    if name != "cpu" and not lib.cuda.is_available():
        raise WireError("a tensor claims to be on a device that this machine does not have")
    try:
        return lib.device(name)  # type: ignore[no-any-return]
    except RuntimeError:
        raise WireError("a part is malformed") from None
