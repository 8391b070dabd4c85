"""What a check is: a function that judges one task, and the points it pays.

Knows nothing about pytest or about how a check is run; see plugin.py for that.
"""

from __future__ import annotations

import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from autograder.core.errors import GradlabError

F = TypeVar("F", bound=Callable[..., Any])

ATTRIBUTE = "__gradlab_check__"


class BadCheck(GradlabError):
    """A check file contradicts its manifest or itself. Speaks to staff."""


@dataclass(frozen=True)
class CheckSpec:
    """What a check says of itself: the task it judges, what it pays, what it may use."""

    task: str
    points: int
    seconds: float | None = None  # wall clock for the whole check; None: the manifest's limit
    memory_mb: int | None = None  # address space of the box; None: the manifest's limit


def task(name: str, *, points: int, seconds: float | None = None, memory_mb: int | None = None) -> Callable[[F], F]:
    """Mark a ``check_*`` function as judging the task ``name`` of the assignment's manifest for whole ``points``.

    ``seconds`` and ``memory_mb`` replace the manifest's limits for this check.
    Raises BadCheck when points are not a positive whole number.
    """
    if isinstance(points, bool) or not isinstance(points, int) or points < 1:
        raise BadCheck(f"@task({name!r}): points must be a whole number of at least 1, not {points!r}.")

    def mark(function: F) -> F:
        setattr(function, ATTRIBUTE, CheckSpec(name, points, seconds, memory_mb))
        return function

    return mark


def import_complaint(path: Path, error: BaseException) -> str:
    """Why a check file cannot be imported: the line in it, and what Python says."""
    error = error.__cause__ or error  # pytest wraps what it meets
    line, text = 0, f"{type(error).__name__}: {error}"
    if isinstance(error, SyntaxError) and error.filename and Path(error.filename) == path:
        line, text = error.lineno or 0, f"Python cannot read it: {error.msg}"
    else:
        for frame in traceback.extract_tb(error.__traceback__):
            if Path(frame.filename) == path:
                line = frame.lineno or 0
    return f"{path}{f', line {line}' if line else ''}: the checks cannot be loaded. {text}."


def spec_of(function: Callable[..., Any]) -> CheckSpec | None:
    """The claim a function was marked with, or None when it was not."""
    return getattr(function, ATTRIBUTE, None)
