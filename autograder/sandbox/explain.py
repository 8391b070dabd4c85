"""Hints for exceptions of the student's code."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from autograder.core.report import Cause
from autograder.sandbox.proxy import StudentFault


@contextmanager
def explain_errors(hints: Mapping[str, str]) -> Iterator[None]:
    """Add the hint of the first key that an exception of the student's code contains, such as "RuntimeError".

    The text of an exception is its type, its message and its places in the student's code.
    """
    try:
        yield
    except StudentFault as fault:
        if fault.cause is Cause.ERROR:
            fault.hint = fault.hint or next((hint for key, hint in hints.items() if key in fault.message), "")
        raise
