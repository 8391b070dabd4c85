"""The encoding of values between the grader and the box: a JSON header, then raw bytes, and no pickle.

The header is a tree of JSON values. An object with one key represents a value that JSON lacks (a tuple, a tensor, a
reference, ...). The body contains the bytes of the arrays in the order in which the tree lists them. Decoding trusts no
input: it verifies every node and compares every claimed size with the bytes that arrived.

Knows nothing about sending frames (frames.py), or about requests, answers and students.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

MAX_HEADER = 4 << 20  # bytes
MAX_NODES = 200_000
MAX_DEPTH = 32
MAX_RANK = 24
MAX_EXTENT = 1 << 40  # of one axis
MAX_INT = 1 << 63
MAX_ODD_KEYS = (
    1000  # keys of dicts that are not text or numbers: tuples can be chosen to collide, and n of them cost n * n
)

DTYPES: dict[str, torch.dtype] = {
    name: getattr(torch, name)
    for name in (
        *("float16", "bfloat16", "float32", "float64", "complex64", "complex128", "bool"),
        *("uint8", "int8", "int16", "int32", "int64"),
    )
}
_NAME_OF = {dtype: name for name, dtype in DTYPES.items()}
_ARRAYS = {np.dtype(code).str: np.dtype(code) for code in "?bhilqBHILQefdFD"}  # numpy would evaluate some other names


class WireError(Exception):
    """A value cannot be encoded, or a message is malformed."""


@dataclass(frozen=True)
class Ref:
    """A reference to an object that stays in the student's process."""

    id: int
    type: str


Keep = Callable[[Any], Ref]


def _no_refs(value: Any) -> Ref:
    raise WireError(f"a value of type {type(value).__name__} cannot be sent to the box; pass plain values or handles")


def encode(value: Any, *, keep: Keep = _no_refs, limit: int = 1 << 40) -> tuple[bytes, list[memoryview]]:
    """Return the header of ``value`` and the chunks of its body.

    ``keep`` replaces an object that has no encoding by a Ref. Raises WireError if the value is nested too deeply, has
    too many parts or needs more than ``limit`` bytes.
    """
    writer = _Writer(keep, limit)
    header = json.dumps(writer.tree(value, 0), separators=(",", ":")).encode("ascii")
    if len(header) > MAX_HEADER:
        raise WireError(f"the value has {len(header)} bytes of structure; at most {MAX_HEADER} can be sent")
    return header, writer.buffers


class _Writer:
    def __init__(self, keep: Keep, limit: int) -> None:
        self.keep, self.limit = keep, limit
        self.buffers: list[memoryview] = []
        self.size = self.nodes = 0

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
        if kind is int:
            if not -MAX_INT <= value < MAX_INT:
                raise WireError("the whole number has more than 64 bits")
            return value
        if kind is list:
            return [self.tree(item, depth + 1) for item in value]
        if kind is tuple:
            return {"tuple": [self.tree(item, depth + 1) for item in value]}
        if kind is dict:
            return {"dict": [[self.tree(k, depth + 1), self.tree(v, depth + 1)] for k, v in value.items()]}
        if kind in (torch.Tensor, torch.nn.Parameter) and value.layout is torch.strided and value.dtype in _NAME_OF:
            return self._tensor(value)
        if kind is np.ndarray and value.dtype.str in _ARRAYS:
            self._reserve(value.nbytes)
            return {"array": [value.dtype.str, list(value.shape), self._buffer(np.ascontiguousarray(value))]}
        if isinstance(value, np.generic) and value.dtype.str in _ARRAYS:
            return self.tree(value.item(), depth)
        if kind is torch.dtype and value in _NAME_OF:
            return {"dtype": _NAME_OF[value]}
        if kind is torch.device:
            return {"device": str(value)}
        if kind is slice:
            return {"slice": [self.tree(part, depth + 1) for part in (value.start, value.stop, value.step)]}
        if value is Ellipsis:
            return {"ellipsis": 1}
        ref = value if kind is Ref else self.keep(value)
        return {"ref": [ref.id, ref.type]}

    def _tensor(self, value: torch.Tensor) -> dict[str, Any]:
        self._reserve(value.numel() * value.itemsize)
        plain = value.detach().resolve_conj().resolve_neg()
        strides = None if plain.is_contiguous() else list(plain.stride())
        cpu = plain.contiguous().cpu()
        flat = cpu.as_strided((cpu.numel(),), (1,))  # a view of one element would keep its stride, whatever it is
        raw = flat.view(torch.uint8) if cpu.numel() else torch.empty(0, dtype=torch.uint8)
        head = [_NAME_OF[value.dtype], list(value.shape), self._buffer(raw.numpy())]
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


def decode(
    header: bytes | bytearray, body: bytes | bytearray, *, resolve: Callable[[Ref], Any], strides: bool = False
) -> Any:
    """Return the value of a frame. ``resolve`` replaces each Ref by its object on this side.

    ``strides`` restores the sender's memory layout, which only the trusted side may choose. Raises WireError for
    every message that `encode` would not have written.
    """
    reader = _Reader(body, resolve, strides)
    try:
        value = reader.value(json.loads(header.decode("ascii")), 0)
    except (ValueError, RecursionError, RuntimeError, OverflowError) as error:
        raise WireError(f"the message is malformed ({type(error).__name__})") from None
    if reader.at != len(body):
        raise WireError(f"{len(body) - reader.at} bytes are left over")
    return value


class _Reader:
    def __init__(self, body: bytes | bytearray, resolve: Callable[[Ref], Any], strides: bool) -> None:
        self.body, self.resolve, self.strides = memoryview(body), resolve, strides
        self.at = self.nodes = self.odd_keys = 0

    def value(self, tree: Any, depth: int) -> Any:
        self.nodes += 1
        if depth > MAX_DEPTH or self.nodes > MAX_NODES:
            raise WireError("the value is nested too deeply or has too many parts")
        if tree is None or isinstance(tree, bool | float | str):
            return tree
        if isinstance(tree, int):
            return _require(tree, -MAX_INT <= tree < MAX_INT)
        if isinstance(tree, list):
            return [self.value(item, depth + 1) for item in tree]
        _require(tree, isinstance(tree, dict) and len(tree) == 1)
        tag, rest = next(iter(tree.items()))
        return _TAGS[_require(tag, tag in _TAGS)](self, rest, depth)

    def _tuple(self, rest: Any, depth: int) -> tuple[Any, ...]:
        return tuple(self.value(item, depth + 1) for item in _list(rest))

    def _dict(self, rest: Any, depth: int) -> dict[Any, Any]:
        items = [_list(pair, 2) for pair in _list(rest)]
        pairs = [(self.value(key, depth + 1), self.value(value, depth + 1)) for key, value in items]
        self.odd_keys += sum(not isinstance(key, str | int | float | None) for key, _ in pairs)
        _require(rest, self.odd_keys <= MAX_ODD_KEYS)
        try:
            return dict(pairs)
        except TypeError:
            raise WireError("a key of a dict is not hashable") from None

    def _tensor(self, rest: Any, depth: int) -> torch.Tensor:
        name, shape, size, device, strides, requires_grad = _list(rest, 6)
        _require(name, isinstance(name, str) and name in DTYPES and isinstance(requires_grad, bool))
        content = self._bytes(size, shape, DTYPES[name].itemsize)
        raw = torch.frombuffer(content, dtype=torch.uint8) if content else None  # frombuffer refuses an empty buffer
        empty = torch.empty(0, dtype=DTYPES[name])
        if raw is not None and name == "bool":
            raw.clamp_(max=1)  # any other byte is not a bool
        flat = empty if raw is None else raw.view(DTYPES[name])
        value = flat.reshape(shape).to(_device(device))
        if self.strides:
            if strides is not None:
                value = torch.empty_strided(shape, strides, dtype=value.dtype, device=value.device).copy_(value)
            value.requires_grad_(requires_grad)
        return value

    def _array(self, rest: Any, depth: int) -> np.ndarray:
        name, shape, size = _list(rest, 3)
        dtype = _ARRAYS[_require(name, isinstance(name, str) and name in _ARRAYS)]
        raw = np.frombuffer(self._bytes(size, shape, dtype.itemsize), dtype=np.uint8)
        return (raw != 0 if dtype.kind == "b" else raw.view(dtype)).reshape(shape)

    def _bytes(self, size: Any, shape: Any, itemsize: int) -> bytearray:
        _require(size, type(size) is int and 0 <= size <= len(self.body) - self.at)
        _require(shape, len(_list(shape)) <= MAX_RANK and all(type(n) is int and 0 <= n < MAX_EXTENT for n in shape))
        _require(shape, math.prod(shape) * itemsize == size)
        whole = self.at == 0 and size == len(self.body)  # a large value is not copied once more
        body = self.body.obj
        chunk = body if whole and isinstance(body, bytearray) else bytearray(self.body[self.at : self.at + size])
        self.at += size
        return chunk

    def _ref(self, rest: Any, depth: int) -> Any:
        number, name = _list(rest, 2)
        _require(rest, type(number) is int and isinstance(name, str) and len(name) <= 200)
        return self.resolve(Ref(number, name))


_TAGS: dict[str, Callable[[_Reader, Any, int], Any]] = {
    "tuple": _Reader._tuple,
    "dict": _Reader._dict,
    "tensor": _Reader._tensor,
    "array": _Reader._array,
    "dtype": lambda reader, rest, depth: DTYPES[_require(rest, isinstance(rest, str) and rest in DTYPES)],
    "device": lambda reader, rest, depth: _device(rest),
    "slice": lambda reader, rest, depth: slice(*(reader.value(part, depth + 1) for part in _list(rest, 3))),
    "ellipsis": lambda reader, rest, depth: Ellipsis,
    "ref": _Reader._ref,
}


def _require(value: Any, condition: bool) -> Any:
    if not condition:
        raise WireError("a part is malformed")
    return value


def _list(value: Any, length: int | None = None) -> list[Any]:
    items: list[Any] = _require(value, isinstance(value, list) and (length is None or len(value) == length))
    return items


def _device(name: Any) -> torch.device:
    _require(name, name == "cpu" or (isinstance(name, str) and name.partition(":")[0] == "cuda" and len(name) < 8))
    if name != "cpu" and not torch.cuda.is_available():
        raise WireError("a tensor claims to be on a device that this machine does not have")
    try:
        return torch.device(name)
    except RuntimeError:
        raise WireError("a part is malformed") from None
