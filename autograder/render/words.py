"""Words and sentences that all views of a report share."""

from __future__ import annotations

from collections.abc import Sequence

from autograder.core.language import in_a_row, say, say_counted, translate
from autograder.core.message import Message
from autograder.core.report import AskedQuestion, Cause, CheckResult, Outcome
from autograder.render.text import line

OUTCOME_WORDS = {
    Outcome.PASSED: Message("Passed"),
    Outcome.FAILED: Message("Failed"),
    Outcome.BROKEN: Message("Not graded"),
}

CAUSE_WORDS = {
    Cause.WRONG: Message("wrong answer"),
    Cause.ERROR: Message("the code raised an error"),
    Cause.TIMEOUT: Message("ran out of time"),
    Cause.MEMORY: Message("ran out of memory"),
    Cause.CRASHED: Message("the process ended abruptly"),
    Cause.FORBIDDEN: Message("uses something this task does not allow"),
    Cause.NOT_WRITTEN: Message("not written yet"),
    Cause.NOT_LOADED: Message("the code that this task needs could not be loaded"),
    Cause.NEEDS: Message("it needs another task, which is not right yet"),
    Cause.BROKEN: Message("could not be graded"),
}

# For the kinds of messages about collecting hand-ins.
INTAKE_WORDS = {
    "doubtful": Message("doubtful"),
    "unknown": Message("unknown"),
    "duplicate": Message("duplicate"),
    "missing": Message("missing"),
    "ignored": Message("ignored"),
    "renamed": Message("new id"),
    "kept": Message("earlier mark kept"),
    "earlier": Message("older version not graded"),
}

BROKEN_SENTENCE = "This could not be graded. It is not your fault."
REFUSED = "The hand-in could not be opened, so no check was run."
NOT_RUN = Message("Not run")  # in place of the outcome, where the hand-in could not be opened
ONE_REASON = "No check passed, and the reason is the same for all."
NOT_ISOLATED = Message("Graded without isolation")


def reason(check: CheckResult) -> str:
    """Return why a check earned no points, as a sentence; empty if it passed."""
    if check.outcome is Outcome.BROKEN:
        return translate(BROKEN_SENTENCE)
    if check.cause is Cause.FORBIDDEN and check.message:  # which says what is not allowed, and where
        return ""
    cause = translate(CAUSE_WORDS[check.cause]) if check.cause else ""
    return say("{sentence}.", sentence=f"{cause[:1].upper()}{cause[1:]}") if cause else ""


def count(number: float, noun: str) -> Message:
    """Return "1 check" or "2 checks". Catalogues contain the noun of each call."""
    return Message.counted(f"{{n:,}} {noun}", f"{{n:,}} {noun}s", n=number)


def not_marked(questions: int) -> Message:
    """Return "2 questions are not marked yet"."""
    return Message.counted("{n} question is not marked yet", "{n} questions are not marked yet", n=questions)


def not_marked_yet(question: AskedQuestion) -> str:
    """Return that nobody has marked a question yet, and what it is worth, in the reader's language."""
    return say(
        "{title}: not marked yet, worth up to {points}.",
        title=line(translate(question.title)),
        points=count(question.max_points, "point"),
    )


def not_answered(question: AskedQuestion) -> str:
    """Return that a question was not answered, and what it would be worth, in the reader's language."""
    return say(
        "{title}: not answered, 0 of {points}.",
        title=line(translate(question.title)),
        points=count(question.max_points, "point"),
    )


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


def verdict(
    checks: Sequence[CheckResult], left_over: int, *, skipped: int = 0, by_hand: int = 0, refused: bool = False
) -> str:
    """Return the summary of a report, in the reader's language: how many checks passed, and what is still open.

    ``left_over`` are points of checks that the report does not contain. ``skipped`` of them are those of checks that
    --skip-scored left out, which a note of the report says. ``by_hand`` is the number of tasks that a person marked.
    "Well done" is said only if neither decides more points. If the hand-in was ``refused``, none ran.
    """
    most = sum(check.max_points for check in checks)
    passed = sum(check.outcome is Outcome.PASSED for check in checks)
    broken = sum(check.outcome is Outcome.BROKEN for check in checks)
    sentences = [_how_many_passed(0 if refused else len(checks), passed, left_over)]
    if checks and passed == len(checks) and not by_hand and left_over <= 0:
        sentences.append(say("Well done."))
    if broken:
        sentences.append(
            say_counted(
                "{n} check could not be graded, which is not your fault.",
                "{n} checks could not be graded, which is not your fault.",
                n=broken,
            )
        )
    if by_hand:
        sentences.append(
            say_counted("A person marked {n} task instead.", "A person marked {n} tasks instead.", n=by_hand)
        )
    if left_over > skipped:
        sentences.append(
            say_counted(
                "Checks that are not shown here, with other inputs, decide the other {left_over} of {n:,} point.",
                "Checks that are not shown here, with other inputs, decide the other {left_over} of {n:,} points.",
                n=most + left_over,
                left_over=left_over - skipped,
            )
        )
    return in_a_row(*sentences)


def _how_many_passed(checks: int, passed: int, left_over: int) -> str:
    if not checks:
        return say("No check was run.")
    if passed < checks:
        return say_counted(
            "{passed} of {n:,} check passed.", "{passed} of {n:,} checks passed.", n=checks, passed=passed
        )
    if left_over > 0:
        return say_counted("The one check here passed.", "All {n} checks here passed.", n=checks)
    return say_counted("The one check passed.", "All {n} checks passed.", n=checks)
