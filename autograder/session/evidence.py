"""What a failed check called and compared. Kept only on a student's own machine, to write it as code or to draw it."""

from __future__ import annotations

from dataclasses import dataclass

from autograder.checks.compare import Difference
from autograder.checks.expect import Mismatch
from autograder.sandbox.call_log import CallLog
from autograder.sandbox.proxy import Student

AT_HAND = (
    "The debugger is where the values were compared: `actual` is what your code returned, `expected` what the check "
    "wants. `up` goes to the check, where you find the arguments of the call."
)


@dataclass(frozen=True)
class Evidence:
    """The requests of a failed check, its last call as the report shows it, and the two values that differ."""

    log: CallLog
    call: str
    module: str  # of the student, such as "knn"
    source: str  # of the module
    difference: Difference | None = None


def evidence_of(error: BaseException | None, student: Student | None) -> Evidence | None:
    """Return the evidence of a failed check, if its requests were recorded."""
    log = student._remote.log if student else None
    if student is None or log is None:
        return None
    return Evidence(log, student.trail.call, student._name, student.source, getattr(error, "difference", None))


def compared_values(error: BaseException | None) -> bool:
    """Return whether a check failed because two values differ."""
    return isinstance(error, Mismatch) and error.difference is not None
