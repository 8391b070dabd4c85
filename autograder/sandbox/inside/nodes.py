"""What the parts of the wire's encoding share: the error, the limits, and the checks of a node that arrived."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any, Protocol

import numpy as np

MAX_INT = 1 << 63
MAX_RANK = 24
MAX_EXTENT = 1 << 40  # of one axis
MAX_TABLES = 100  # in one message: creating one takes much longer than reading it
MAX_ROWS = 1 << 24  # of all tables and sparse matrices of a message: some need memory for rows that were not sent


class WireError(Exception):
    """A value cannot be encoded, or a message is malformed."""


class Writer(Protocol):
    """The side of an encoder that the writers of single types use."""

    def tree(self, value: Any, depth: int) -> Any:
        """Return the JSON tree of a value. Raises WireError."""

    def array(self, value: np.ndarray) -> list[Any]:
        """Add an array to the body, and return its dtype, its shape and its size in bytes. Raises WireError."""

    def raw(self, content: bytes | bytearray) -> int:
        """Add bytes to the body, and return how many. Raises WireError."""

    def keys(self, values: Iterable[Any]) -> None:
        """Count the values that the receiver will hash. Raises WireError."""


class Reader(Protocol):
    """The side of a decoder that the readers of single tags use."""

    trusted: bool  # whether the sender is the grader

    def value(self, tree: Any, depth: int) -> Any:
        """Return the value of a tree. Raises WireError."""

    def raw(self, size: Any) -> bytearray:
        """Return the next bytes of the body. Raises WireError."""

    def table(self, rows: int) -> None:
        """Count a table or a sparse matrix with so many rows. Raises WireError for too many in one message."""

    def record(self, record: Any) -> Any:
        """Return the object that a record stands for on this side: the record itself in the grader."""

    def keys(self, values: Any) -> Any:
        """Count the values that will be hashed, and return them. Raises WireError for too many that could collide."""


Write = Callable[[Writer, Any, int], Any]  # the tree of a value, or None: this one has no encoding
Read = Callable[[Reader, Any, int], Any]


def require(value: Any, condition: object) -> Any:
    """Return ``value``. Raises WireError unless the condition holds."""
    if not condition:
        raise WireError("a part is malformed")
    return value


def list_of(value: Any, length: int | None = None) -> list[Any]:
    """Return ``value`` if it is a list (of this length). Raises WireError."""
    items: list[Any] = require(value, isinstance(value, list) and (length is None or len(value) == length))
    return items


def text_of(value: Any, limit: int) -> str:
    """Return ``value`` if it is a string of at most ``limit`` characters. Raises WireError."""
    text: str = require(value, isinstance(value, str) and len(value) <= limit)
    return text


@contextmanager
def without_searches() -> Iterator[None]:
    """Let Python not search for garbage meanwhile: each node is several objects, and all of them are in use."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()
