"""Random numbers by address: the same (key, row, column) gives the same number on every machine.

A key has 256 bits and a row is the output of SHAKE-128 (FIPS 202) for the key and the row's number. So any row can be
drawn alone, image 4999 does not depend on images 0..4998, and nobody finds the key or another row from rows they know.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

Words = NDArray[np.uint64]


def key(*parts: int | str | bytes) -> bytes:
    """Combine a seed, the name of a stream, ... into one key of 32 bytes; other parts give another key."""
    return hashlib.sha256("\0".join(map(repr, parts)).encode()).digest()


def words(key: bytes, rows: ArrayLike, columns: int) -> Words:
    """Draw random 64-bit words, a row for each number in ``rows``: (N, columns)."""
    start = hashlib.shake_128(key)
    numbers = np.asarray(rows, np.uint64).tolist()
    drawn = []
    for number in numbers:
        shake = start.copy()
        shake.update(number.to_bytes(8, "little"))
        drawn.append(shake.digest(8 * columns))
    return np.frombuffer(b"".join(drawn), "<u8").reshape(len(numbers), columns).astype(np.uint64)


def first_rows(keys: Sequence[bytes], columns: int) -> Words:
    """Draw row 0 of each key: (N, columns), little-endian."""
    zero = bytes(8)
    drawn = b"".join(hashlib.shake_128(key + zero).digest(8 * columns) for key in keys)
    return np.frombuffer(drawn, "<u8").reshape(len(keys), columns)


def below(random: Words, bound: int) -> NDArray[np.int64]:
    """Turn random words into integers 0..bound-1; bounds are far below 2**32, so the bias is negligible."""
    return (((random >> np.uint64(32)) * np.uint64(bound)) >> np.uint64(32)).astype(np.int64)


class Columns:
    """The columns of `words` one after the other, as integers in a range."""

    def __init__(self, key: bytes, rows: ArrayLike, columns: int) -> None:
        self._columns = iter(words(key, rows, columns).T)

    def below(self, bound: int) -> NDArray[np.int64]:
        """Draw integers 0..bound-1: (N,)."""
        return below(next(self._columns), bound)

    def between(self, low: int, high: int) -> NDArray[np.int64]:
        """Draw integers low..high, both included: (N,)."""
        return low + self.below(high - low + 1)
