"""Words and sentences that all views of a report share."""

from __future__ import annotations

from collections.abc import Sequence

from autograder.core.report import Cause, CheckResult, Outcome

OUTCOME_WORDS = {Outcome.PASSED: "Passed", Outcome.FAILED: "Failed", Outcome.BROKEN: "Not graded"}

CAUSE_WORDS = {
    Cause.WRONG: "wrong answer",
    Cause.ERROR: "the code raised an error",
    Cause.TIMEOUT: "ran out of time",
    Cause.MEMORY: "ran out of memory",
    Cause.CRASHED: "the process ended abruptly",
    Cause.FORBIDDEN: "uses something this task does not allow",
    Cause.NOT_WRITTEN: "not written yet",
    Cause.NOT_LOADED: "the code that this task needs could not be loaded",
    Cause.BROKEN: "could not be graded",
}

# For the kinds of messages about collecting hand-ins that are not words for people.
INTAKE_WORDS = {"renamed": "new id", "kept": "earlier mark kept", "earlier": "older version not graded"}

BROKEN_SENTENCE = "This could not be graded. It is not your fault."
REFUSED = "The hand-in could not be opened, so no check was run."
ONE_REASON = "No check passed, and the reason is the same for all."
NOT_ISOLATED = "Graded without isolation"


def reason(check: CheckResult) -> str:
    """Return why a check earned no points, as a sentence; empty if it passed."""
    if check.outcome is Outcome.BROKEN:
        return BROKEN_SENTENCE
    cause = CAUSE_WORDS[check.cause] if check.cause else ""
    return f"{cause[:1].upper()}{cause[1:]}." if cause else ""


def count(number: float, noun: str) -> str:
    """Return "1 check" or "2 checks"."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def share(part: float, whole: float) -> str:
    """Return a percentage; it is 0 % or 100 % only if that is exact."""
    if whole <= 0:
        return "–"
    percent = 100 * part / whole
    if 0 < percent < 1:
        return "< 1 %"
    if 99 < percent < 100:
        return "> 99 %"
    return f"{percent:.0f} %"


def verdict(checks: Sequence[CheckResult], left_over: int, *, by_hand: int = 0) -> str:
    """Return the summary of a report: how many checks passed, and what is still open.

    ``left_over`` are points of checks that the report does not contain. ``by_hand`` is the number of tasks that a
    person marked. "Well done" is said only if neither decides more points.
    """
    most = sum(check.max_points for check in checks)
    passed = sum(check.outcome is Outcome.PASSED for check in checks)
    broken = sum(check.outcome is Outcome.BROKEN for check in checks)
    if not checks:
        sentence = "No check was run."
    elif passed == len(checks):
        here = " here" if left_over > 0 else ""
        sentence = f"The one check{here} passed." if passed == 1 else f"All {passed} checks{here} passed."
        sentence += "" if by_hand or left_over > 0 else " Well done."
    else:
        sentence = f"{passed} of {count(len(checks), 'check')} passed."
    if broken:
        sentence += f" {count(broken, 'check')} could not be graded, which is not your fault."
    if by_hand:
        sentence += f" A person marked {count(by_hand, 'task')} instead."
    if left_over > 0:
        sentence += (
            f" Checks that are not shown here, with other inputs, decide the other {left_over} of "
            f"{count(most + left_over, 'point')}."
        )
    return sentence
