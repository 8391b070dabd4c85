"""What a failed check called and compared. Kept only on a student's own machine, to write it as code or to draw it."""

from __future__ import annotations

from dataclasses import dataclass

from autograder.checks.compare import Difference
from autograder.checks.expect import Mismatch
from autograder.sandbox.call_log import CallLog
from autograder.sandbox.proxy import Student

_COMPARED = (
    "The debugger is where the values were compared: `actual` is what your code returned, `expected` what the check "
    "wants. `up` goes to the check, where you find the arguments of the call."
)
_DEMANDED = (
    "The debugger is where a condition of the check did not hold. `up` goes to the check, where you find what your "
    "code returned and the arguments of the call."
)


@dataclass(frozen=True)
class Evidence:
    """The requests of a failed check, its last call as the report shows it, and the two values that differ."""

    log: CallLog
    call: str
    module: str  # of the student, such as "knn"
    source: str  # of the module
    from_notebook: bool = False  # the module was read from a notebook
    difference: Difference | None = None


def evidence_of(error: BaseException | None, student: Student | None) -> Evidence | None:
    """Return the evidence of a failed check, if its requests were recorded."""
    log = student._remote.log if student else None
    if student is None or log is None:
        return None
    return Evidence(
        log,
        call=student.trail.call,
        module=student._name,
        source=student.source,
        from_notebook=bool(student._cells),
        difference=getattr(error, "difference", None),
    )


def shown_by_debugger(error: BaseException) -> str:
    """Return where the debugger opens for a wrong answer, and what is to be seen there; nothing for other errors."""
    if not isinstance(error, Mismatch):
        return ""
    return _COMPARED if error.difference is not None else _DEMANDED
