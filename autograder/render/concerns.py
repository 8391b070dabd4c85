"""Find why a person should look at a hand-in, apart from wrong answers.

Code may not have been loaded, a file may have been guessed. The texts are for the course staff.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from autograder.core.message import Message, joined, name_list
from autograder.core.report import Cause, CheckResult, Outcome, Remark, Report
from autograder.render.view import one_reason
from autograder.render.words import count

NOT_OPENED, NOT_LOADED, ONE_REASON = "not opened", "not loaded", "one reason"

_ADVICE = {  # by kind, the most important first
    NOT_OPENED: "Ask the student for the file again.",
    ONE_REASON: "Run the hand-in yourself. If its code is right, give the points with gradlab mark.",
    NOT_LOADED: "Ask the student to run the whole file in a new session, correct the first error, and hand in again.",
    "import": "Ask the student for a version without this package, or for the file if it is the student's own module.",
    "unreadable": "Ask the student to correct this and hand in again.",
    "own module": "Ask the student for fewer or smaller modules.",
    "doubtful": "Ask the student which of the files counts.",
    "unusual": "Look at these lines: such code can hide a call from the rules of a task.",
    "renamed": "Check that this is the file that the student meant to hand in.",
}
KINDS = tuple(_ADVICE)

_DECISIONS = (NOT_OPENED, ONE_REASON, NOT_LOADED, "doubtful")  # these may cost points that no check shows
_DOES_NOT_DEFINE = " does not define "  # between the file and the name, in the message of a check
_DID_NOT_RUN = " did not run: "  # between the place and the reason, in the message of a check


@dataclass(frozen=True)
class Concern:
    """A reason why a person should look at a hand-in, and what that person can do."""

    kind: str  # one of KINDS
    text: str
    advice: str
    points: int = 0  # that the checks concerned can pay

    @property
    def costs(self) -> bool:
        """Whether it cost points, or may have; otherwise it is only worth knowing."""
        return self.points > 0 or self.kind in _DECISIONS

    def __str__(self) -> str:
        sentences = joined(" ", (self.text, self.advice, "" if self.costs else Message("No points were lost.")))
        return Message("{kind}: {sentences}", kind=self.kind, sentences=sentences)


def concerns(report: Report) -> tuple[Concern, ...]:
    """Return the concerns about a hand-in, those that cost points first.

    Checks whose task a person has marked are settled.
    """
    checks = [check for check in report.checks if check.task not in report.overrides]
    if report.refusal:
        return (_concern(NOT_OPENED, "It could not be opened, so no check was run.", report, checks),) if checks else ()
    found, causes, missing = [], _not_loaded(report), _missing(checks)
    for remark in report.remarks:
        explained = [reason for reason in causes if _explains(remark, reason)]
        affected = [check for reason in explained for check in causes.pop(reason)]
        if open_checks := [check for check in affected if check in checks]:
            found.append(
                _concern(remark.kind, joined(" ", [remark.text, _need(report, open_checks)]), report, open_checks)
            )
        elif not affected and remark.kind == "unreadable" and missing:  # a file that ends in the middle of a task
            names = name_list(list(dict.fromkeys(check.task for check in missing)))
            part = Message("It may be a part of {names}, which is nowhere else.", names=names)
            text = joined(" ", [remark.text, part, _need(report, missing)])
            found.append(_concern(remark.kind, text, report, missing))
            missing = []
        elif not affected:
            found.append(_concern(remark.kind, remark.text, report))
    for reason, affected in causes.items():
        if open_checks := [check for check in affected if check in checks]:
            sentence = reason if reason.endswith(".") else Message("{sentence}.", sentence=reason)
            text = joined(" ", [sentence, _need(report, open_checks)])
            found.append(_concern(NOT_LOADED, text, report, open_checks))
    one = one_reason(report)
    if one and one.outcome is Outcome.FAILED and checks and not any(concern.points for concern in found):
        text = Message.counted(
            "The only check failed: {reason}",
            "All {n} checks failed for one reason: {reason}",
            n=len(report.checks),
            reason=_flat(one.message),
        )
        found.append(_concern(ONE_REASON, text, report, checks))
    ranks = {kind: rank for rank, kind in enumerate(KINDS)}
    return tuple(
        sorted(found, key=lambda concern: (not concern.costs, -concern.points, ranks.get(concern.kind, len(ranks))))
    )


def left_out(report: Report) -> frozenset[str]:
    """Return the ids of the checks that did not judge an answer: the rates of a class leave them out."""
    one = one_reason(report)
    if report.refusal or (one and one.outcome is Outcome.FAILED):
        return frozenset(check.id for check in report.checks)
    return frozenset(check.id for check in report.checks if check.cause in (Cause.NOT_LOADED, Cause.NEEDS))


def _concern(kind: str, text: str, report: Report, checks: Sequence[CheckResult] = ()) -> Concern:
    return Concern(kind, text, _ADVICE.get(kind, ""), sum(check.max_points for check in checks))


def _not_loaded(report: Report) -> dict[str, list[CheckResult]]:
    """Return the checks whose code was not loaded, by the reason."""
    causes: dict[str, list[CheckResult]] = {}
    for check in report.checks:
        if check.cause is Cause.NOT_LOADED:
            causes.setdefault(_reason(check.message), []).append(check)
    return causes


def _missing(checks: Sequence[CheckResult]) -> list[CheckResult]:
    """Return the checks whose task the hand-in does not contain, not even as the handout's stub."""
    return [check for check in checks if check.cause is Cause.NOT_WRITTEN and _DOES_NOT_DEFINE in check.message]


def _reason(message: str) -> str:
    """Return the part of a message that is the same for all checks that need the same code."""
    for part in reversed(list(_parts(message))):
        if _DID_NOT_RUN in part.template and {"place", "reason"} <= part.values.keys():
            return Message("{place} did not run: {reason}.", **part.values)
    lines = [line.strip() for line in message.splitlines() if _DID_NOT_RUN in line]
    return lines[-1] if lines else _flat(message)


def _parts(message: object) -> Iterator[Message]:
    """Yield a message and all messages in it."""
    if isinstance(message, Message):
        yield message
        for value in message.values.values():
            yield from _parts(value)


def _flat(message: str) -> str:
    """Return a message of one line as it is, and another one on one line, in English."""
    return " ".join(message.split()) if "\n" in message else message


def _explains(remark: Remark, reason: str) -> bool:
    """Return whether a remark is about the same place as a reason, or has the same text."""
    place, did_not_run, _ = reason.partition(_DID_NOT_RUN)
    return f"{place}:" in remark.text if did_not_run else reason == " ".join(remark.text.split())


def _need(report: Report, checks: Sequence[CheckResult]) -> str:
    worth = count(sum(check.max_points for check in checks), "point")
    if len(checks) == len(report.checks):
        return Message.counted("The only check needs it.", "All {n} checks need it.", n=len(checks))
    return Message.counted(
        "{n} of {all} checks needs it ({points}).",
        "{n} of {all} checks need it ({points}).",
        n=len(checks),
        all=len(report.checks),
        points=worth,
    )
