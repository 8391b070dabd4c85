"""Compare the gradients of a student's module or function with differences of the function itself: no oracle is needed.

A wrong function passes if its gradients are its own, so another check must compare its values.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch.utils._pytree import tree_leaves

from autograder.checks.describe import number
from autograder.checks.expect import Mismatch, named
from autograder.checks.expect_gradients import CUT, NOT_FINITE, listed, titles
from autograder.checks.rng import Rng
from autograder.checks.task import BadCheck
from autograder.core.message import Message


def expect_own_gradients(
    student: Any,
    rng: Rng,
    f: Any,
    *inputs: Any,
    options: Mapping[str, Any] | None = None,
    train: bool | None = None,
    names: Sequence[str] = (),
    name: str = "",
) -> None:
    """Require that the gradients of f, behind a handle, are the slopes of f, in all inputs and parameters.

    f is a module, a method of one, or a function, as for `expect_same_gradients`, which is stricter where there is an
    oracle. Each call draws the same random numbers, so dropout may act. Near a kink, every gradient is accepted.
    Raises BadCheck if a float input is not float64.
    """
    floats = [x for x in tree_leaves(list(inputs)) if isinstance(x, torch.Tensor) and x.is_floating_point()]
    if any(x.dtype != torch.float64 for x in floats):
        raise BadCheck("expect_own_gradients: differences need float64 inputs.")
    helper = student.define("from autograder.probes.gradients import wrong_slopes")
    settings = {"options": dict(options or {}), "seed": rng.int(0, 2**31), "train": train}
    rows = helper.wrong_slopes(f, list(inputs), settings)
    if type(rows) is not list or any(type(row) is not list or [*map(type, row[1:])] != [float, float] for row in rows):
        raise Mismatch(named(name, Message("The gradients could not be computed.")))
    shown = names or titles(inputs)
    wrong = {
        _title(which, shown): Message(
            "the gradient in {name} is wrong: along a random direction the result changes by {expected}, the gradient "
            "says {got}",
            name=_title(which, shown),
            expected=number(by_differences),
            got=number(by_autograd),
        )
        for which, by_autograd, by_differences in rows
    }
    if wrong:
        message = Message("The gradients do not fit the values: {gradients}", gradients=listed(wrong))
        finite = all(math.isfinite(row[1]) for row in rows)  # autograd's: a difference may be nan
        raise Mismatch(named(name, message), CUT if finite else NOT_FINITE)


def _title(which: Any, names: Sequence[str]) -> str:
    known = type(which) is int and 0 <= which < len(names)
    return names[which] if known else Message("the parameter {name}", name=str(which)[:80])
