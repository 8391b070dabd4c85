"""Random inputs of checks: the same values on every machine and device, from a seed of strings and numbers.

The stream is the output of SHAKE-128 for a key of 256 bits. A student's code that knows the seed of one stream and all
its values, learns nothing about another stream or about the key of the run.
"""

from __future__ import annotations

import builtins
import hashlib
import operator
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from autograder.checks.quantile import normal_quantile

if TYPE_CHECKING:
    from torch import device as Device

T = TypeVar("T")
Integer = builtins.int  # the class below has a method named int
Words = NDArray[np.uint64]


class Rng:
    """A generator that draws values on the CPU in float64. CPU and CUDA, numpy and torch get equal values.

    ``parts`` are strings and ints. Equal parts give equal values; ``Rng("a", 1)`` and ``Rng("a1")`` differ. ``arrays``
    says what it returns: "torch" for tensors on ``device``, "numpy" for arrays. ``rng.numpy`` and ``rng.torch`` draw
    from the same stream and return the other kind.
    """

    def __init__(self, *parts: str | Integer, device: str | Device = "cpu", arrays: str = "torch") -> None:
        for part in parts:
            if type(part) not in (str, builtins.int):
                raise TypeError(f"Rng is seeded by strings and ints, not by {part!r}.")
        self.arrays, self._device = arrays, device
        self._key = hashlib.sha256("\0".join(map(repr, parts)).encode()).digest()
        self._calls = [0]  # shared with `numpy` and `torch`

    @property
    def device(self) -> Device:
        """The device of the tensors."""
        import torch

        return torch.device(self._device)

    @property
    def numpy(self) -> Rng:
        """The same stream, as numpy arrays."""
        return self._as("numpy")

    @property
    def torch(self) -> Rng:
        """The same stream, as tensors."""
        return self._as("torch")

    def _as(self, arrays: str) -> Rng:
        other = Rng(device=self._device, arrays=arrays)
        other._key, other._calls = self._key, self._calls
        return other

    def spawn(self, label: str | Integer) -> Rng:
        """Return an independent generator, which depends on the parts and the label but not on earlier draws."""
        return Rng("spawned", self._key.hex(), label, device=self._device, arrays=self.arrays)

    def key(self) -> Integer:
        """Draw a whole number of 128 bits: a seed of data that the student's code must not be able to generate."""
        low, high = self._words(2).tolist()
        return builtins.int(low + (high << 64))

    def normal(self, *shape: Integer, dtype: Any = None) -> Any:
        """Draw standard normal values.

        Shapes:
            out  shape  dtype (default: float64), mean 0, variance 1
        """
        middles = _fractions(self._words(_size(shape)) | np.uint64(1 << 11))  # never 0
        return self._array(normal_quantile(middles), shape, dtype)

    def uniform(self, *shape: Integer, low: float = 0.0, high: float = 1.0, dtype: Any = None) -> Any:
        """Draw uniform values.

        Shapes:
            out  shape  dtype (default: float64), [low, high)
        """
        return self._array(low + (high - low) * _fractions(self._words(_size(shape))), shape, dtype)

    def integers(self, low: Integer, high: Integer, *shape: Integer) -> Any:
        """Draw uniform whole numbers.

        Shapes:
            out  shape  int64, [low, high)
        """
        if not 0 < high - low <= 2**53:
            raise ValueError(f"Rng draws from 1 to 2**53 whole numbers, not from {low} to {high}.")
        offsets = (_fractions(self._words(_size(shape))) * (high - low)).astype(np.int64)
        return self._array(low + offsets, shape, None)

    def permutation(self, n: Integer) -> Any:
        """Draw a random order of the numbers below n.

        Shapes:
            out  (n,)  int64, [0, n), each once
        """
        return self._array(self._words(n).argsort(kind="stable"), (n,), None)

    def choice(self, options: Sequence[T]) -> T:
        """Draw one of the options."""
        return options[self.int(0, len(options))]

    def int(self, low: Integer, high: Integer) -> Integer:
        """Draw a Python int in [low, high)."""
        return builtins.int(self.numpy.integers(low, high))

    def _words(self, count: Integer) -> Words:
        """Return the next words of the stream; each call has a row of its own."""
        self._calls[0] += 1
        shake = hashlib.shake_128(self._key)
        shake.update(self._calls[0].to_bytes(8, "little"))
        return np.frombuffer(shake.digest(8 * count), "<u8").astype(np.uint64)

    def _array(self, values: NDArray[Any], shape: tuple[Integer, ...], dtype: Any) -> Any:
        if self.arrays == "numpy":
            shaped = values.reshape(shape)
            return shaped if dtype is None else shaped.astype(dtype)
        import torch

        tensor = torch.from_numpy(values).reshape(shape)
        return (tensor if dtype is None else tensor.to(dtype)).to(self._device)

    if not TYPE_CHECKING:  # else mypy would accept every name

        def __getattr__(self, name: str) -> Any:
            have = "normal, uniform, integers, int, choice and permutation"
            raise AttributeError(
                f"rng has no {name!r}; it has {have}. rng.numpy and rng.torch choose the kind of array."
            )

    def __repr__(self) -> str:
        return f"Rng(device={str(self._device)!r}, arrays={self.arrays!r})"  # without the seed, which can be a secret


def _fractions(words: Words) -> NDArray[np.float64]:
    """Return multiples of 2**-53 in [0, 1)."""
    return (words >> np.uint64(11)).astype(np.float64) * 2.0**-53


def _size(shape: tuple[Integer, ...]) -> Integer:
    for size in shape:
        if not hasattr(size, "__index__") or operator.index(size) < 0:
            example = "rng.normal(3, 5) or rng.uniform(3, 5, low=-1, high=1)"
            raise ValueError(f"The numbers in front are the shape, as in {example}; {size!r} cannot be a size.")
    return builtins.int(np.prod(shape, dtype=np.int64))
