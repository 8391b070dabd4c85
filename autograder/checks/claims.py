"""What a check is: a function that judges one task, and the points it pays.

Knows nothing about pytest or about how a check is run; see plugin.py for that.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

F = TypeVar("F", bound=Callable[..., Any])

ATTRIBUTE = "__gradlab_check__"


class BadCheck(Exception):
    """A check file contradicts its manifest or itself. Speaks to staff."""


@dataclass(frozen=True)
class Claim:
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
        setattr(function, ATTRIBUTE, Claim(name, points, seconds, memory_mb))
        return function

    return mark


def claim_of(function: Callable[..., Any]) -> Claim | None:
    """The claim a function was marked with, or None when it was not."""
    return getattr(function, ATTRIBUTE, None)
