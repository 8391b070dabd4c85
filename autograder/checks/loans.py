"""A second try with the course's own versions of other tasks, so that a mistake costs points of its own task only."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, TypeVar, cast

from autograder.core.errors import GradlabError
from autograder.core.report import Cause

F = TypeVar("F", bound=Callable[..., Any])

_LENDER = "\n\nfrom autograder.probes.lend import Loan as _Loan\n\nlend = _Loan\n"


def with_loans(function: F, borrower: str, source: str) -> F:
    """Return the check, which is run again with loans if the student's own versions of other tasks fail it.

    ``source`` is run in the student's process and defines LOANS, a dict of our versions by their names. They take the
    place of what the module of the student's ``borrower`` defines under these names. The second result counts, unless
    the student's code raises an exception only with the loans, for example because it passes them other arguments.
    """

    @functools.wraps(function)
    def run(**fixtures: Any) -> Any:
        student = fixtures["student"]
        try:
            return function(**fixtures)
        except Exception as error:
            if not _may_be_of_another_task(error, student):
                raise
            first, call = error, student.trail.call
        try:
            with _lent(student, borrower, source):
                return function(**fixtures)
        except Exception as second:
            if getattr(second, "cause", None) is Cause.WRONG:
                raise second from None
            student.trail.call = call
            raise first from None

    return cast(F, run)


@contextmanager
def _lent(student: Any, borrower: str, source: str) -> Iterator[None]:
    """Lend to the student's module; the trail ends with the last call of the block."""
    helper = student.define(source + _LENDER)
    loan = helper.lend(getattr(student, borrower), helper.LOANS)
    try:
        yield
    finally:
        call = student.trail.call
        with suppress(Exception):  # the student's process may have ended
            loan.end()
        student.trail.call = call


def _may_be_of_another_task(error: Exception, student: Any) -> bool:
    """Return whether a failure can come from a function that the student's code calls."""
    if isinstance(error, GradlabError):
        return getattr(error, "cause", None) in (Cause.WRONG, Cause.ERROR, Cause.NOT_WRITTEN)
    return bool(student.trail.received)
