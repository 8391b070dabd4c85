"""Check that random numbers come from the generator that a function is given."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from autograder.checks.compare import compare
from autograder.checks.expect import expect
from autograder.checks.values import Tolerance

_FROM_IT = "Take all random numbers from the given generator, and do not seed it: generator=generator in each draw."
_AS_IT_IS = "Draw from the generator as it is: neither seed it nor draw from a copy of it."
_MADE = "import torch\n\ndef made(device, seed):\n    return torch.Generator(device).manual_seed(seed)\n"


def expect_draws(student: Any, call: Callable[[Any], Any], device: Any) -> None:
    """Require that equal seeds give equal numbers, and that another seed and a second call give others.

    ``call(generator)`` returns what the student's function draws from a generator on the device: tensors, numbers, or
    containers of them, with so many random values that two draws hardly ever agree.
    """
    made = student.define(_MADE).made
    generator = made(device, 1)
    first = call(generator)
    expect(_same(call(made(device, 1)), first), "Two generators with the same seed gave different numbers.", _FROM_IT)
    expect(not _same(call(made(device, 2)), first), "Two generators with different seeds gave equal numbers.", _FROM_IT)
    expect(not _same(call(generator), first), "A second call with the same generator gave equal numbers.", _AS_IT_IS)


def _same(a: Any, b: Any) -> bool:
    return compare(a, b, Tolerance()) is None
