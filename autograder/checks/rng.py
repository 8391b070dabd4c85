"""Random inputs of checks: the same values on every machine and device, from a seed of strings and numbers."""

from __future__ import annotations

import builtins
import hashlib
from collections.abc import Sequence
from typing import TypeVar

import torch
from torch import Tensor

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
        self.parts = parts
        self.device = torch.device(device)
        digest = hashlib.sha256("\0".join(repr(part) for part in parts).encode()).digest()
        self.generator = torch.Generator().manual_seed(builtins.int.from_bytes(digest[:8], "big") >> 1)

    def spawn(self, label: str | Integer) -> Rng:
        """Return an independent generator, which depends on the parts and the label but not on earlier draws."""
        return Rng(*self.parts, label, device=self.device)

    def normal(self, *shape: Integer, dtype: torch.dtype = torch.float64) -> Tensor:
        """Draw standard normal values.

        Shapes:
            out  shape  dtype, mean 0, variance 1
        """
        return torch.randn(shape, generator=self.generator, dtype=torch.float64).to(dtype).to(self.device)

    def uniform(
        self, *shape: Integer, low: float = 0.0, high: float = 1.0, dtype: torch.dtype = torch.float64
    ) -> Tensor:
        """Draw uniform values.

        Shapes:
            out  shape  dtype, [low, high)
        """
        unit = torch.rand(shape, generator=self.generator, dtype=torch.float64)
        return (low + (high - low) * unit).to(dtype).to(self.device)

    def integers(self, low: Integer, high: Integer, *shape: Integer) -> Tensor:
        """Draw uniform whole numbers.

        Shapes:
            out  shape  int64, [low, high)
        """
        return torch.randint(low, high, shape, generator=self.generator, dtype=torch.int64).to(self.device)

    def permutation(self, n: Integer) -> Tensor:
        """Draw a random order of the numbers below n.

        Shapes:
            out  (n,)  int64, [0, n), each once
        """
        return torch.randperm(n, generator=self.generator).to(self.device)

    def choice(self, options: Sequence[T]) -> T:
        """Draw one of the options."""
        return options[self.int(0, len(options))]

    def int(self, low: Integer, high: Integer) -> Integer:
        """Draw a Python int in [low, high)."""
        return builtins.int(torch.randint(low, high, (), generator=self.generator))

    def __repr__(self) -> str:
        return f"Rng({', '.join(map(repr, self.parts))}, device={str(self.device)!r})"
