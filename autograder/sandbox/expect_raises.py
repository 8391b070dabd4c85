"""The expectation that the student's code raises an exception."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from autograder.checks.describe import cut
from autograder.checks.expect import Mismatch
from autograder.checks.task import BadCheck
from autograder.core.message import Message
from autograder.core.report import Cause
from autograder.sandbox.proxy import Handle, StudentFault

_TOO_WIDE = ("BaseException", "Exception")


@contextmanager
def expect_raises(kind: type[BaseException] | Handle | str, *, match: str = "", hint: str = "") -> Iterator[None]:
    """Require that the student's code raises this exception in the block, or one of a class that inherits from it.

        with expect_raises(ValueError, match="negative"):
            student.square_root(-1.0)

    ``kind`` is a class of Python's, or one of the student's: ``student.Overdrawn`` or its name "Overdrawn". The text of
    the exception must contain ``match``, in upper or lower case. A task that is not written, a limit that is exceeded
    and a process that ends do not count. Raises BadCheck for Exception, which any mistake raises.
    """
    name = kind if isinstance(kind, str) else kind._label if isinstance(kind, Handle) else kind.__name__
    if name in _TOO_WIDE:
        raise BadCheck(f"expect_raises({name}) would accept any mistake. Name the exception that the task asks for.")
    wanted = Message("an {name}", name=name) if name[:1] in "AEIOU" else Message("a {name}", name=name)
    try:
        yield
    except StudentFault as fault:
        if fault.cause is not Cause.ERROR or not fault.kinds:
            raise
        if name not in fault.kinds:
            message = Message(
                "expected {expected}, but your code raised {message}", expected=wanted, message=fault.message
            )
            raise Mismatch(message, hint) from None
        if match.lower() not in fault.text.lower():
            raise Mismatch(_other_words(name, match, cut(fault.text, 200)), hint) from None
        return
    raise Mismatch(Message("expected {expected}, but nothing was raised", expected=wanted), hint)


def _other_words(name: str, match: str, text: str) -> Message:
    if not text:
        return Message("the {name} should say {expected!r}, but it says nothing", name=name, expected=match)
    return Message("the {name} should say {expected!r}, but it says {got!r}", name=name, expected=match, got=text)
