"""The mark of a check: the task that a function tests, and its share of the task's points.

Knows nothing about pytest or about running checks; see plugin.py for that.
"""

from __future__ import annotations

import functools
import traceback
from collections.abc import Callable, Iterable
from contextvars import ContextVar
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Any, TypeVar, cast

from autograder.checks.loans import complaint_about, lent_names, with_loans
from autograder.checks.values import any_dtype as accept_any_dtype
from autograder.core.errors import GradlabError
from autograder.core.received import received
from autograder.core.shares import HOW, parse_share, show_share, totals_that_divide

F = TypeVar("F", bound=Callable[..., Any])

ATTRIBUTE = "__gradlab_check__"
after_check: ContextVar[Callable[[Any], None] | None] = ContextVar("after_check", default=None)  # gets the student


class BadCheck(GradlabError):
    """A check file contradicts its manifest or itself. Written for staff."""


@dataclass(frozen=True)
class CheckSpec:
    """The task that a check tests, its share of the task's points, and its limits."""

    task: str
    share: Fraction = Fraction(1)
    points: int = 0  # with_points computes them from the share
    seconds: float | None = None  # wall clock for the whole check; None: the manifest's limit
    memory_mb: int | None = None  # address space of the box; None: the manifest's limit
    lent: tuple[str, ...] = ()  # the names of LOANS
    may_seed: bool = False  # the task's code may seed torch's global generator
    keeps: bool = False  # its calls leave tensors as they were, and modes and requires_grad of modules


def task(
    name: str,
    *,
    share: int | str = 100,
    seconds: float | None = None,
    memory_mb: int | None = None,
    any_dtype: bool = False,
    loans: str = "",
    may_seed: bool = False,
    keeps: bool = False,
) -> Callable[[F], F]:
    """Mark a ``check_*`` function as a test of the task ``name`` in the assignment's manifest.

    The manifest alone states points. ``share`` is the check's part of them: a percentage, or a fraction as text, such
    as "1/3". An only check pays all of them. The shares of a task add up to 100 %.
    ``seconds`` and ``memory_mb`` replace the manifest's limits for this check. With ``any_dtype``, comparisons in this
    check accept floats of every width, with the tolerance of the coarser dtype; another check judges the dtype.
    ``loans`` is source that defines LOANS, our versions of other tasks by their names: a check that fails is run again
    with them, so that a mistake in those tasks costs no points of this one.
    A check that passed also requires that the task's code leaves torch's default dtype, the recording of gradients and
    the global generator's seed as they were; a task that seeds has ``may_seed`` at each check. This costs one check of
    a task its points, and none that pays more than half of the task. With ``keeps``, calls must also leave tensors and
    arrays among their arguments as they were, and mode and requires_grad of modules among them.
    Raises BadCheck if the share is not one, or if the loans contain the task itself.
    """
    part = parse_share(share)
    if part is None:
        raise BadCheck(f"@task({name!r}): share must be {HOW}, not {share!r}.")
    if loans and (complaint := complaint_about(loans, name)):
        raise BadCheck(f"@task({name!r}): {complaint}")

    def mark(function: F) -> F:
        marked = _followed(function)
        marked = with_loans(marked, name, loans) if loans else marked
        marked = _with_any_dtype(marked) if any_dtype else marked
        lent = lent_names(loans)
        spec = CheckSpec(name, part, seconds=seconds, memory_mb=memory_mb, lent=lent, may_seed=may_seed, keeps=keeps)
        setattr(marked, ATTRIBUTE, spec)
        return marked

    return mark


def with_points(spec: CheckSpec, of_task: int, shares: Callable[[], Iterable[Fraction]] = tuple) -> CheckSpec:
    """Return the mark with its points. Raises BadCheck if its share of those of its task is not a whole number.

    ``shares`` returns those of all checks of the task, for the sentence that names totals that work.
    """
    points = of_task * spec.share
    if points.denominator != 1:
        totals = totals_that_divide(of_task, {spec.share, *shares()})
        raise BadCheck(
            f"has a share of {show_share(spec.share)}, which of the {of_task} points of {spec.task!r} is not a whole "
            f"number. Change the share, or the task's points to {totals}"
        )
    return replace(spec, points=points.numerator)


def _followed(function: F) -> F:
    """Return the function, after which the session judges what the student's code left behind; with loans, each try."""

    @functools.wraps(function)
    def run(*args: Any, **kwargs: Any) -> Any:
        result = function(*args, **kwargs)
        if judge := after_check.get():
            judge(kwargs.get("student"))
        return result

    return cast(F, run)


def _with_any_dtype(function: F) -> F:
    """Return the function, run with comparisons that accept floats of every width."""

    @functools.wraps(function)
    def run(*args: Any, **kwargs: Any) -> Any:
        token = accept_any_dtype.set(True)
        try:
            return function(*args, **kwargs)
        finally:
            accept_any_dtype.reset(token)

    return cast(F, run)


def import_complaint(path: Path, error: BaseException) -> str:
    """Return why a check file cannot be imported: the line in it, Python's message, and where in a file it imports."""
    error = error.__cause__ or error  # pytest wraps the exception
    if isinstance(error, ModuleNotFoundError):
        copy = received(path.parent)
        if (file := f"{error.name}.py") in copy.missing_checking:
            return copy.is_missing(file)
    line, inside, text = 0, "", f"{type(error).__name__}: {error}"
    course = path.parent.parent.parent
    if isinstance(error, SyntaxError) and error.filename and Path(error.filename) == path:
        line, text = error.lineno or 0, f"Python cannot read it: {error.msg}"
    else:
        for frame in traceback.extract_tb(error.__traceback__):
            if Path(frame.filename) == path:
                line = frame.lineno or 0
            elif Path(frame.filename).is_relative_to(course) and "site-packages" not in frame.filename:
                inside = f" This is in {Path(frame.filename).name}, line {frame.lineno}."
        if isinstance(error, SyntaxError) and error.filename:
            text = f"Python cannot read {Path(error.filename).name}, line {error.lineno}: {error.msg}"
    return f"{path}{f', line {line}' if line else ''}: the checks cannot be imported. {text.removesuffix('.')}.{inside}"


def spec_of(function: Callable[..., Any]) -> CheckSpec | None:
    """Return the mark of a check function, or None if it has none."""
    spec: CheckSpec | None = getattr(function, ATTRIBUTE, None)
    return spec
