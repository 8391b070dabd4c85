"""The expectation that the student's code raises an exception."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from autograder.checks.describe import cut
from autograder.checks.expect import Mismatch
from autograder.checks.task import BadCheck
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
    article = "an" if name[:1] in "AEIOU" else "a"
    try:
        yield
    except StudentFault as fault:
        if fault.cause is not Cause.ERROR or not fault.kinds:
            raise
        if name not in fault.kinds:
            raise Mismatch(f"expected {article} {name}, but your code raised {fault.message}", hint) from None
        if match.lower() not in fault.text.lower():
            said = f"it says {cut(fault.text, 200)!r}" if fault.text else "it says nothing"
            raise Mismatch(f"the {name} should say {match!r}, but {said}", hint) from None
        return
    raise Mismatch(f"expected {article} {name}, but nothing was raised", hint)
