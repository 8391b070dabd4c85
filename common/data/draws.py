"""Random numbers by address: the same (key, row, column) gives the same number on every machine.

SplitMix64 (Steele, Lea, Flood 2014, "Fast splittable pseudorandom number generators") applied to a counter, in
integers. Any row can be drawn alone, so image 4999 does not depend on images 0..4998.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

Words = NDArray[np.uint64]

GAMMA = 0x9E3779B97F4A7C15  # 2**64 / golden ratio, the increment of SplitMix64
ROW = 0xD1342543DE82EF95  # another odd number, so that rows and columns do not collide
MASK = (1 << 64) - 1


def key(*parts: int) -> int:
    """Combine integers (a seed, the number of a stream, ...) into one 64-bit key."""
    folded = 0
    for part in parts:
        folded = int(_mix(np.array([(folded + (part & MASK) + 1) * GAMMA & MASK], np.uint64))[0])
    return folded


def rows(key: int, indices: ArrayLike) -> Words:
    """Compute one key for each index: (N,)."""
    return _mix(np.asarray(indices, np.uint64) * np.uint64(ROW) + np.uint64(key))


def words(keys: ArrayLike, columns: int) -> Words:
    """Draw random 64-bit words, a row for each key: (N, columns)."""
    start = np.asarray(keys, np.uint64).reshape(-1, 1)
    return _mix(start + np.arange(1, columns + 1, dtype=np.uint64) * np.uint64(GAMMA))


def below(random: Words, bound: int) -> NDArray[np.int64]:
    """Turn random words into integers 0..bound-1; bounds are far below 2**32, so the bias is negligible."""
    return (((random >> np.uint64(32)) * np.uint64(bound)) >> np.uint64(32)).astype(np.int64)


class Columns:
    """The columns of `words` one after the other, as integers in a range."""

    def __init__(self, keys: ArrayLike, columns: int) -> None:
        self._columns = iter(words(keys, columns).T)

    def word(self) -> Words:
        """Return the next column unchanged: (N,)."""
        return next(self._columns)

    def below(self, bound: int) -> NDArray[np.int64]:
        """Draw integers 0..bound-1: (N,)."""
        return below(self.word(), bound)

    def between(self, low: int, high: int) -> NDArray[np.int64]:
        """Draw integers low..high, both included: (N,)."""
        return low + self.below(high - low + 1)


def _mix(values: Words) -> Words:
    """Scramble 64-bit integers; a bijection whose output bits look independent."""
    z = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))
