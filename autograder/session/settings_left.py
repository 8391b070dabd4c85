"""Require that a task's code leaves torch's settings as they were: default dtype, recording of gradients, global seed.

Asked after each check, and only where the source shows that the task's own code may have changed one. A
check that ``keeps`` (see task.py) asks for arguments as well.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from fractions import Fraction
from functools import lru_cache
from typing import TYPE_CHECKING

from autograder.checks.expect import ARGUMENTS, SettingsChanged, expect_settings, settings_are_judged
from autograder.checks.task import after_check
from autograder.sandbox.proxy import Student
from autograder.session.state import SessionState

if TYPE_CHECKING:
    from autograder.session.check_items import Check

_WORDS = {  # what a source says that changes one
    "dtype": re.compile(r"default_(?:dtype|tensor_type)"),
    "recording": re.compile(r"grad_enabled|__enter__"),
    "seeded": re.compile(r"seed|set_(?:rng_)?state"),
}


@contextmanager
def settings_judged(check: Check, state: SessionState) -> Iterator[None]:
    """Judge the settings in the block, which runs a check. Raises SettingsChanged.

    One check of a task loses points for them, and none with more than half of its points.
    """
    task = check.spec.task
    others = {other.name for other in check.placed.assignment.tasks} - {task}

    def judge(student: Student | None) -> None:
        if student:
            left = student._remote.link.left
            left = {name for name in left if name in ARGUMENTS or _changes(name, student.source, task, others)}
            expect_settings(left, may_seed=check.spec.may_seed)

    lost = task in state.settings_lost
    judges = not lost and not check.scored and check.spec.share <= Fraction(1, 2)
    tokens = settings_are_judged.set(lost), after_check.set(judge if judges else None)
    try:
        yield
    except SettingsChanged:
        state.settings_lost.add(task)
        raise
    finally:
        settings_are_judged.reset(tokens[0])
        after_check.reset(tokens[1])


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
