"""Right answers for the checks, by slow and obvious ways."""

from __future__ import annotations

from functools import cache

import numpy as np


def counts(text: str) -> dict[str, int]:
    """Count words by splitting at everything that is not a letter."""
    words = "".join(letter if letter.isalpha() else " " for letter in text.lower()).split()
    return {word: words.count(word) for word in set(words)}


def distances(first: str, second: str) -> np.ndarray:
    """Return the table of distances from the definition, by recursion."""

    @cache
    def distance(i: int, j: int) -> int:
        if i == 0 or j == 0:
            return i + j
        replaced = distance(i - 1, j - 1) + (first[i - 1] != second[j - 1])
        return min(distance(i - 1, j) + 1, distance(i, j - 1) + 1, replaced)

    return np.array([[distance(i, j) for j in range(len(second) + 1)] for i in range(len(first) + 1)], dtype=np.int64)
