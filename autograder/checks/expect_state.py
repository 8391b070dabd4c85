"""Require that a call leaves modules as they were, but for what it is there to change."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import Any

from autograder.checks.expect import FROZEN_HINT, MODE_HINT, Mismatch, expect
from autograder.checks.task import BadCheck
from autograder.core.message import Message, first_of

_RULES = {  # what may change -> the sentence and the hint for a change
    "mode": (
        Message("The call changed the mode (training or evaluation) of {names}."),
        MODE_HINT,
    ),
    "requires_grad": (
        Message("The call changed requires_grad of {names}."),
        FROZEN_HINT,
    ),
    "parameters": (
        Message("The call changed the values of {names}."),
        "Compute with the parameters, but do not change them here: no optimiser step, and no method_() on them.",
    ),
    "buffers": (
        Message("The call changed {names}, for example the running statistics of a normalisation."),
        "In training mode a forward pass updates running statistics; in evaluation mode it does not.",
    ),
    "grads": (
        Message("The call changed .grad of {names}."),
        "Use torch.autograd.grad, torch.no_grad() or detach(), so that no gradient reaches these parameters.",
    ),
}


@contextmanager
def expect_state_kept(student: Any, /, *, may_change: Collection[str] = (), **modules: Any) -> Iterator[None]:
    """Require that the calls in this block leave the modules as they were.

    ``modules`` are handles by the names that messages use; an object with modules as attributes counts for these. What
    is compared: "mode" of every submodule, "requires_grad", "parameters", "buffers" and "grads". ``may_change`` lists
    what is not compared. If the block raises, nothing is compared.

    Raises BadCheck for an unknown word in ``may_change``.
    """
    if unknown := set(may_change) - set(_RULES):
        raise BadCheck(f"expect_state_kept: unknown {sorted(unknown)}; known are {list(_RULES)}.")
    watch = student.define("from autograder.probes.state import watch").watch(modules)
    yield
    with student.trail.aside():  # the report shows the student's call, not this one
        changes = watch.changes()
    expect(type(changes) is dict and set(changes) == set(_RULES), "The state after the call could not be read.")
    for kind, (sentence, hint) in _RULES.items():
        names = changes[kind]
        if kind not in may_change and type(names) is list and names:
            raise Mismatch(Message(sentence.template, names=first_of([str(name)[:80] for name in names], 3)), hint)
