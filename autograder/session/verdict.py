"""The verdict on a check, from the exception that it raised: whose fault it was, and the message.

Mismatch and StudentFault cost the student's points. So does any other exception after the check has received a value
from the student's code: the reference passes the same check with every seed, so the value caused the exception. Before
that, or if a part of gradlab fails, the check is broken and is reported to staff.
"""

from __future__ import annotations

import traceback
from dataclasses import dataclass
from pathlib import Path

from autograder.checks.expect import Mismatch
from autograder.checks.task import BadCheck
from autograder.core.course_file import NO_COURSE, Course
from autograder.core.errors import GradlabError
from autograder.core.report import Cause, CheckResult, Outcome
from autograder.sandbox.inside.wire import WireError
from autograder.sandbox.proxy import StudentFault, Trail
from autograder.sandbox.usual_errors import usual_reason
from autograder.session.options import BadOption

_OURS = (GradlabError, WireError, OSError, ImportError, MemoryError)


@dataclass(frozen=True)
class Verdict:
    """The part of a CheckResult that the exception decides."""

    outcome: Outcome
    cause: Cause | None = None
    message: str = ""
    hint: str = ""


def verdict_on(error: BaseException | None, trail: Trail | None, course: Course = NO_COURSE) -> Verdict:
    """Return the verdict on a check that raised ``error``, or None. Errors of the course's own packages are ours."""
    if error is None:
        return Verdict(Outcome.PASSED)
    call = trail.call if trail else ""
    if isinstance(error, Mismatch | StudentFault):
        message = "\n".join(part for part in (call, error.message) if part)
        hint = error.hint or (usual_reason(error.message) if error.cause is Cause.ERROR else "")
        return Verdict(Outcome.FAILED, error.cause, message, hint)
    known = isinstance(error, _OURS) or course.owns(error)
    if trail is None or not trail.received or known or not isinstance(error, Exception):
        sentence = isinstance(error, BadCheck | BadOption) or course.owns(error)
        text = str(error) if sentence else _traceback(error)
        return Verdict(Outcome.BROKEN, Cause.BROKEN, text[-4000:])
    reason = f"The check could not use your return value ({type(error).__name__}: {str(error)[:300]})."
    return Verdict(
        Outcome.FAILED, Cause.WRONG, f"{call}\n{reason}".strip(), "Compare its type and shape with the handout."
    )


def _traceback(error: BaseException) -> str:
    """Return Python's traceback from the check's own line on: what called the check does not help its author."""
    trace = error.__traceback__
    while trace and trace.tb_next and {"pluggy", "_pytest"} & {*Path(trace.tb_frame.f_code.co_filename).parts}:
        trace = trace.tb_next
    return "".join(traceback.format_exception(type(error), error, trace, limit=-6))


def show(result: CheckResult) -> str:
    """Return a failed check as plain text, in the order in which students read it."""
    head = f"{result.outcome.value.upper()} {result.points}/{result.max_points}  {result.title}"
    lines = [*result.message.splitlines(), *([f"Hint: {result.hint}"] if result.hint else [])]
    return "\n".join([head, *(f"    {line}" for line in lines)])
