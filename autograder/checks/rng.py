"""Random inputs of checks: the same values on every machine and device, from a seed of strings and numbers.

The stream is the output of SHAKE-128 for a key of 256 bits. A student's code that knows the seed of one stream and all
its values, learns nothing about another stream or about the key of the run.
"""

from __future__ import annotations

import builtins
from collections.abc import Sequence
from typing import TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from autograder.checks.quantile import normal_quantile
from common.data import draws

T = TypeVar("T")
Integer = builtins.int  # the class below has a method named int


class Rng:
    """A generator that draws values on the CPU in float64 and moves them to ``device``: CPU and CUDA get equal values.

    ``parts`` are strings and ints. Equal parts give equal values; ``Rng("a", 1)`` and ``Rng("a1")`` differ.
    """

    def __init__(self, *parts: str | Integer, device: str | torch.device = "cpu") -> None:
        for part in parts:
            if type(part) not in (str, builtins.int):
                raise TypeError(f"Rng is seeded by strings and ints, not by {part!r}.")
        self.device = torch.device(device)
        self._key = draws.key(*parts)
        self._calls = 0

    def spawn(self, label: str | Integer) -> Rng:
        """Return an independent generator, which depends on the parts and the label but not on earlier draws."""
        return Rng("spawned", self._key.hex(), label, device=self.device)

    def key(self) -> Integer:
        """Draw a whole number of 128 bits: a seed of data that the student's code must not be able to generate."""
        low, high = self._words(2).tolist()
        return builtins.int(low + (high << 64))

    def normal(self, *shape: Integer, dtype: torch.dtype = torch.float64) -> Tensor:
        """Draw standard normal values.

        Shapes:
            out  shape  dtype, mean 0, variance 1
        """
        middles = _fractions(self._words(_size(shape)) | np.uint64(1 << 11))  # never 0
        return self._tensor(normal_quantile(middles), shape, dtype)

    def uniform(
        self, *shape: Integer, low: float = 0.0, high: float = 1.0, dtype: torch.dtype = torch.float64
    ) -> Tensor:
        """Draw uniform values.

        Shapes:
            out  shape  dtype, [low, high)
        """
        return self._tensor(low + (high - low) * _fractions(self._words(_size(shape))), shape, dtype)

    def integers(self, low: Integer, high: Integer, *shape: Integer) -> Tensor:
        """Draw uniform whole numbers.

        Shapes:
            out  shape  int64, [low, high)
        """
        if not 0 < high - low <= 2**53:
            raise ValueError(f"Rng draws from 1 to 2**53 whole numbers, not from {low} to {high}.")
        offsets = (_fractions(self._words(_size(shape))) * (high - low)).astype(np.int64)
        return self._tensor(low + offsets, shape, torch.int64)

    def permutation(self, n: Integer) -> Tensor:
        """Draw a random order of the numbers below n.

        Shapes:
            out  (n,)  int64, [0, n), each once
        """
        return self._tensor(self._words(n).argsort(kind="stable"), (n,), torch.int64)

    def choice(self, options: Sequence[T]) -> T:
        """Draw one of the options."""
        return options[self.int(0, len(options))]

    def int(self, low: Integer, high: Integer) -> Integer:
        """Draw a Python int in [low, high)."""
        return builtins.int(self.integers(low, high))

    def _words(self, count: Integer) -> draws.Words:
        """Return the next words of the stream; each call has a row of its own."""
        self._calls += 1
        row: draws.Words = draws.words(self._key, [self._calls], count)[0]
        return row

    def _tensor(self, values: NDArray[np.generic], shape: tuple[Integer, ...], dtype: torch.dtype) -> Tensor:
        return torch.from_numpy(values).reshape(shape).to(dtype).to(self.device)

    def __repr__(self) -> str:
        return f"Rng(device={str(self.device)!r})"  # without the seed, which can be a secret


def _fractions(words: draws.Words) -> NDArray[np.float64]:
    """Return multiples of 2**-53 in [0, 1)."""
    return (words >> np.uint64(11)).astype(np.float64) * 2.0**-53


def _size(shape: tuple[Integer, ...]) -> Integer:
    return builtins.int(np.prod(shape, dtype=np.int64))
