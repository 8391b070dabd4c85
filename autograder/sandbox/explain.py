"""Hints for exceptions of the student's code."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from autograder.core.message import joined
from autograder.core.report import Cause
from autograder.sandbox.proxy import StudentFault
from autograder.sandbox.usual_errors import certain_reason

_WIDE = ("RuntimeError", "TypeError", "ValueError", "IndexError")


@contextmanager
def explain_errors(hints: Mapping[str, str]) -> Iterator[None]:
    """Add the hint of the first key that an exception of the student's code contains, such as "RuntimeError".

    The text of an exception is its type, its message and its places in the student's code. A key that is the type
    alone, such as "RuntimeError", also fits exceptions that its hint does not mean: their usual reason comes first.
    """
    try:
        yield
    except StudentFault as fault:
        if fault.cause is Cause.ERROR and not fault.hint:
            key = next((key for key in hints if key in fault.message), "")
            usual = certain_reason(fault.message) if key in _WIDE else ""
            fault.hint = joined(" ", [usual, hints.get(key, "")])
        raise
