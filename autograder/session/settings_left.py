"""Require that a task's code leaves torch's settings as they were: default dtype, recording of gradients, global seed.

Asked after each check, and only where the source shows that the task's own code may have changed one. A
check that ``keeps`` (see task.py) asks for arguments as well.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from fractions import Fraction
from functools import lru_cache
from typing import TYPE_CHECKING

from autograder.checks.expect import FROZEN_HINT, IN_PLACE_HINT, MODE_HINT, Mismatch
from autograder.checks.task import after_check
from autograder.core.message import Message, first_of
from autograder.sandbox.proxy import Student
from autograder.session.state import SessionState

if TYPE_CHECKING:
    from autograder.session.check_items import Check

HINT = "This changes all code that runs later. Use dtype=..., `with torch.no_grad():` or your own torch.Generator."

_SETTINGS = {  # of torch, for all code that runs later
    "dtype": Message("torch's default dtype"),
    "recording": Message("whether torch records gradients (torch.set_grad_enabled)"),
    "seeded": Message("torch's global random generator (it was seeded)"),
}
_ARGUMENTS = {  # what a call must leave of them
    "inputs": Message("an argument in place"),
    "modes": Message("the mode (training or evaluation) of a module"),
    "frozen": Message("requires_grad of a module's parameters"),
}
_HINTS = {"inputs": IN_PLACE_HINT, "modes": MODE_HINT, "frozen": FROZEN_HINT}
_WORDS = {  # what a source says that changes one
    "dtype": re.compile(r"default_(?:dtype|tensor_type)"),
    "recording": re.compile(r"grad_enabled|__enter__"),
    "seeded": re.compile(r"seed|set_(?:rng_)?state"),
}


class SettingsChanged(Mismatch):
    """A call changed torch's settings, or its arguments."""

    def __init__(self, names: Sequence[str]) -> None:
        texts = [(_SETTINGS | _ARGUMENTS)[name] for name in names]
        super().__init__(Message("The call changed {names}.", names=first_of(texts, 3)), _HINTS.get(names[0], HINT))


@contextmanager
def settings_judged(check: Check, state: SessionState) -> Iterator[None]:
    """Judge the settings in the block, which runs a check. Raises SettingsChanged.

    One check of a task loses points for them, and none with more than half of its points.
    """
    spec = check.spec

    def judge(student: Student | None) -> None:
        if student and (names := _left(check, student._remote.link.left, student.source)):
            raise SettingsChanged(names)

    judges = spec.task not in state.settings_lost and not check.scored and spec.share <= Fraction(1, 2)
    token = after_check.set(judge if judges else None)
    try:
        yield
    except SettingsChanged:
        state.settings_lost.add(spec.task)
        raise
    finally:
        after_check.reset(token)


def settings_changed(check: Check) -> SettingsChanged | None:
    """Return what the calls of a failed check left changed, small arguments included, or None for nothing."""
    if check.student is None:
        return None
    left = check.student._remote.link.left
    names = _left(check, left | ({"inputs"} if "small inputs" in left else set()), check.student.source)
    return SettingsChanged(names) if names else None


def _left(check: Check, left: set[str], source: str) -> list[str]:
    """Return the names of what is left changed and this check's task answers for."""
    tasks, task = check.placed.assignment.tasks, check.placed.assignment.task(check.spec.task)
    others = {other.name for other in tasks if other.file == task.file} - {task.name}
    settings = [name for name in _SETTINGS if name in left and _changes(name, source, check.spec.task, others)]
    if check.spec.may_seed:
        settings = [name for name in settings if name != "seeded"]
    return [*settings, *(name for name in _ARGUMENTS if name in left)]


def _changes(setting: str, source: str, task: str, others: Iterable[str]) -> bool:
    """Say whether the code of a task, or a helper function that belongs to no task, has words for a setting."""
    found = [name for name, text in _functions(source) if _WORDS[setting].search(text)]
    return any(_belong(name, task) or not any(_belong(name, other) for other in others) for name in found)


def _belong(function: str, task: str) -> bool:
    return f"{function}.".startswith(f"{task}.") or f"{task}.".startswith(f"{function}.")


@lru_cache(4)
def _functions(source: str) -> tuple[tuple[str, str], ...]:
    """Return the functions and methods of a module by their names, with their texts."""
    lines = source.split("\n")

    def inside(nodes: Iterable[ast.stmt], prefix: str) -> Iterator[tuple[str, str]]:
        for node in nodes:
            if isinstance(node, ast.ClassDef):
                yield from inside(node.body, f"{prefix}{node.name}.")
            elif isinstance(node, ast.FunctionDef):
                first = min([node.lineno, *(part.lineno for part in node.decorator_list)])
                yield prefix + node.name, "\n".join(lines[first - 1 : node.end_lineno])

    try:
        return tuple(inside(ast.parse(source).body, ""))
    except (SyntaxError, ValueError, RecursionError, MemoryError):  # some of its cells are left out
        return ()
