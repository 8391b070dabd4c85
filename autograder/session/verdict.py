"""The verdict on a check, from the exception that it raised: whose fault it was, and the message.

Mismatch and StudentFault cost the student's points. So does any other exception after the check has received a value
from the student's code: the reference passes the same check with every seed, so the value caused the exception. Before
that, or if a part of gradlab fails or a name is not defined, the check is broken and is reported to staff.
"""

from __future__ import annotations

import re
import traceback
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from autograder.checks.compare import compare
from autograder.checks.expect import IN_PLACE_HINT, Mismatch, changed_in_place
from autograder.checks.task import BadCheck
from autograder.checks.values import EXACT
from autograder.core.course_file import NO_COURSE, Course
from autograder.core.errors import GradlabError
from autograder.core.language import IN_ENGLISH, Translator, in_a_row
from autograder.core.message import Message, joined
from autograder.core.report import Cause, CheckResult, Outcome
from autograder.sandbox.inside.wire import WireError
from autograder.sandbox.proxy import Handle, StudentFault
from autograder.sandbox.trail import Trail
from autograder.sandbox.usual_errors import usual_reason
from autograder.session.options import BadOption

OUTCOMES = {  # as plain text shows them
    Outcome.PASSED: Message("PASSED"),
    Outcome.FAILED: Message("FAILED"),
    Outcome.BROKEN: Message("BROKEN"),
}
_OURS = (GradlabError, WireError, OSError, ImportError, MemoryError)
_PARTS = re.compile(r"values to unpack \(expected (\d+)")


@dataclass(frozen=True)
class Verdict:
    """The part of a CheckResult that the exception decides."""

    outcome: Outcome
    cause: Cause | None = None
    message: str = ""
    hint: str = ""


def verdict_on(
    error: BaseException | None, trail: Trail | None, course: Course = NO_COURSE, left: Mismatch | None = None
) -> Verdict:
    """Return the verdict on a check that raised ``error``, or None. Errors of the course's own packages are ours.

    ``left`` says what the calls left changed, such as an argument: the reason where nobody knows another one.
    """
    if error is None:
        return Verdict(Outcome.PASSED)
    call = trail.call if trail else ""
    if isinstance(error, Mismatch | StudentFault):
        unknown = isinstance(error, Mismatch) and error.cause is Cause.WRONG and not error.explained
        changed, why = (_changed_in_place(trail) if isinstance(error, Mismatch) else ""), IN_PLACE_HINT
        if unknown and left and not changed:
            changed, why = left.message, left.hint
        if changed and why == IN_PLACE_HINT and isinstance(error, Mismatch) and _meant_to_change(error, trail):
            changed = ""
        message = joined("\n", [call, error.message, "" if changed == error.message else changed])
        hint = error.hint or (usual_reason(error.message) if error.cause is Cause.ERROR else "")
        if changed and unknown:  # what wrong values have in common, such as "Every value is zero.", does not help
            hint = why
        return Verdict(Outcome.FAILED, error.cause, message, hint)
    known = isinstance(error, _OURS) or type(error) is NameError or course.owns(error)  # no value causes a NameError
    if trail is None or not trail.received or known or not isinstance(error, Exception):
        sentence = isinstance(error, BadCheck | BadOption) or course.owns(error)
        text = str(error) if sentence else _traceback(error)
        return Verdict(Outcome.BROKEN, Cause.BROKEN, text[-4000:])
    if isinstance(error, AssertionError) and (why := str(error).strip().partition("\n")[0][:300]):  # then the values
        reason, hint = Message("An assertion of the check does not hold: {why}", why=why), ""
    else:
        why = f"{type(error).__name__}: {str(error)[:300]}"
        reason = Message("The check could not use your return value ({why}).", why=why)
        hint = _hint_for_use(why)
    message = joined("\n", [part for part in (call, reason) if part])
    return Verdict(Outcome.FAILED, Cause.WRONG, message, hint)


def _hint_for_use(why: str) -> str:
    """Return what to compare if the check could not use a value, from the exception's text."""
    parts = _PARTS.search(why)
    if not parts:
        return "Compare its type and shape with the handout."
    text = (
        "The check expects {n} parts. Compare with the handout how many values it returns and how many axes they have."
    )
    return Message(text, n=parts[1])


def _changed_in_place(trail: Trail | None) -> str:
    """Return that the inspected call changed an argument, which may be why a value is wrong."""
    before, after = trail.inspected if trail else ((), ())
    shown = [  # of a handle, the value before the call is not known
        (None, None) if isinstance(given, Handle) or isinstance(left, Handle) else (given, left)
        for given, left in zip(before, after, strict=True)
    ]
    try:
        return next(changed_in_place([given for given, _ in shown], [left for _, left in shown]), "")
    except GradlabError:  # a container of handles, whose process may have ended
        return ""


def _meant_to_change(error: Mismatch, trail: Trail | None) -> bool:
    """Say whether a check compares an argument after the call, and expects that the call changed it."""
    found = error.difference
    before, after = trail.inspected if trail else ((), ())
    if found is None:
        return False
    given = [old for old, new in _leaves(before, after) if new is found.actual]
    return bool(given) and all(compare(old, found.expected, EXACT) is not None for old in given)


def _leaves(before: Any, after: Any) -> Iterator[tuple[Any, Any]]:
    """Yield the leaves of arguments before and after a call in pairs, also of those in lists, tuples and dicts."""
    if type(before) is type(after) is dict:
        for key in before.keys() & after.keys():
            yield from _leaves(before[key], after[key])
    elif type(before) in (list, tuple) and type(before) is type(after):
        for old, new in zip(before, after, strict=False):
            yield from _leaves(old, new)
    else:
        yield before, after


def _traceback(error: BaseException) -> str:
    """Return Python's traceback from the check's own line on: what called the check does not help its author."""
    trace = error.__traceback__
    while (
        trace
        and trace.tb_next
        and {"pluggy", "_pytest", "autograder"} & {*Path(trace.tb_frame.f_code.co_filename).parts}
    ):
        trace = trace.tb_next
    return "".join(traceback.format_exception(type(error), error, trace, limit=-6))


def hint_line(hint: str, to: Translator = IN_ENGLISH) -> str:
    """Return a hint as a line of plain text."""
    return in_a_row(to(Message("Hint:")), to(hint))


def show(result: CheckResult, to: Translator = IN_ENGLISH) -> str:
    """Return a failed check as plain text, in the order in which students read it."""
    head = f"{to(OUTCOMES[result.outcome])} {result.points}/{result.max_points}  {to(result.title)}"
    lines = [*to(result.message).splitlines(), *([hint_line(result.hint, to)] if result.hint else [])]
    return "\n".join([head, *(f"    {line}" for line in lines)])
