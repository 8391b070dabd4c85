"""The class overview: one HTML page about all hand-ins of an assignment, for the course staff."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from autograder.core.class_records import CopyGroup, SimilarPair
from autograder.core.message import Message, joined
from autograder.core.report import Cause, Outcome, Report
from autograder.render.html import Segment, render, report_href, segments
from autograder.render.summary import BINS, ClassSummary, summarise
from autograder.render.words import CAUSE_WORDS, INTAKE_WORDS, NOT_ISOLATED, count, not_marked

STATES = (
    Message("all passed"),
    Message("failed"),
    Message("not loaded"),
    Message("needs staff"),
    Message("provisional"),
    Message("marked by hand"),
    Message("could not be opened"),
)
NOT_MARKED = Message("not marked yet")  # in addition to the state of the checks
_TALLEST = 98  # height of the highest bar of the histogram, in SVG units
_BAR = 32  # width of a bar with its gap


@dataclass(frozen=True)
class Row:
    """One student in the table."""

    report: Report
    href: str
    segments: list[Segment]
    outcome: Outcome
    state: str
    kinds: tuple[str, ...]  # of the state, without numbers: one of STATES, and NOT_MARKED if a question is open
    failed: str  # the places of its failed checks in the list of those that failed most, such as "0 3 11"


@dataclass(frozen=True)
class Bin:
    """One bar of the histogram and its position."""

    x: int
    height: float
    count: int
    percent: int  # lower end of its range


def index_html(
    reports: Iterable[Report],
    *,
    title: str,
    unopened: Sequence[tuple[str, str]] = (),
    intake: Sequence[tuple[str, str, str]] = (),
    similar: Sequence[SimilarPair] = (),
    copies: Sequence[CopyGroup] = (),
    names: Mapping[str, str] | None = None,
    href: Callable[[Report], str] = report_href,
) -> str:
    """Return the page for the course staff; it shows the names of hidden checks.

    `unopened` lists hand-ins without a report as (name, reason), and `intake` the problems found while the hand-ins
    were collected as (kind, who, what). `names` are those of the students, by id. `href` returns the link to a
    student's page.
    """
    summary = summarise(reports)
    places = {check.id: number for number, check in enumerate(summary.failed_most)}
    refused = [(report.student, report.refusal, href(report)) for report in summary.refused]
    rows = [_row(report, href(report), places) for report in sorted(summary.reports, key=by_name)]
    return render(
        "index.html",
        title=title,
        summary=summary,
        rows=rows,
        states=[state for state in (*STATES, NOT_MARKED) if any(state in row.kinds for row in rows)],
        unopened=sorted([*((who, why, "") for who, why in unopened), *refused]),
        graded=len(summary.reports) + len(unopened),
        intake=intake,
        similar=similar,
        copies=copies,
        names={**(names or {}), **{report.student: report.name for report in summary.reports if report.name}},
        unisolated=sum(report.isolation == "none" for report in summary.reports),
        bins=_bins(summary),
        histogram_text=histogram_text(summary),
        intake_words=INTAKE_WORDS,
        cause_words={None: Message("not known"), **CAUSE_WORDS},
        not_isolated=NOT_ISOLATED,
        href=href,
    )


def histogram_text(summary: ClassSummary) -> str:
    """Return the histogram in words, for screen readers."""
    width = 100 // BINS
    parts = [
        Message("{low} to {high} percent: {number}", low=number * width, high=(number + 1) * width, number=many)
        for number, many in enumerate(summary.bins)
        if many
    ]
    handins = count(len(summary.reports), "hand-in")
    return Message("{handins} by share of the points. {parts}.", handins=handins, parts=joined(Message("; "), parts))


def by_name(report: Report) -> tuple[str, str]:
    """Return the key by which lists of students are sorted."""
    return (report.name or report.student).casefold(), report.student


def _row(report: Report, href: str, places: Mapping[str, int]) -> Row:
    not_loaded = sum(check.cause is Cause.NOT_LOADED for check in report.checks)
    failed = sum(check.outcome is Outcome.FAILED for check in report.checks)
    if report.refusal:
        outcome, state = Outcome.BROKEN, Message("could not be opened")
    elif report.needs_staff:
        outcome, state = Outcome.BROKEN, Message("needs staff")
    elif report.provisional:
        outcome, state = Outcome.BROKEN, Message("provisional")
    elif not_loaded:
        numbers = {"lost": not_loaded, "checks": len(report.checks), "failed": failed - not_loaded}
        if failed > not_loaded:
            outcome, state = Outcome.BROKEN, Message("{lost} of {checks} not loaded, {failed} failed", **numbers)
        else:
            outcome, state = Outcome.BROKEN, Message("{lost} of {checks} not loaded", **numbers)
    elif failed:
        outcome, state = (
            Outcome.FAILED,
            Message("{failed} of {checks} failed", failed=failed, checks=len(report.checks)),
        )
    elif any(check.outcome is Outcome.BROKEN for check in report.checks):
        outcome, state = Outcome.PASSED, Message("marked by hand")
    elif report.checks:
        outcome, state = Outcome.PASSED, Message("all passed")
    else:
        outcome, state = Outcome.BROKEN, Message("no checks")
    kinds = tuple(kind for kind in reversed(STATES) if kind in state)[:1]
    if report.unmarked:
        state = Message("{state}; {questions}", state=state, questions=not_marked(len(report.unmarked)))
        kinds = (*kinds, NOT_MARKED)
    lost = [] if report.refusal else [check for check in report.checks if check.outcome is Outcome.FAILED]
    failing = [places[check.id] for check in lost if check.id in places]
    return Row(report, href, segments(report), outcome, state, kinds, " ".join(map(str, failing)))


def _bins(summary: ClassSummary) -> list[Bin]:
    most = max(summary.bins, default=0) or 1
    return [
        Bin(10 + number * _BAR, round(_TALLEST * many / most, 1), many, number * 100 // BINS)
        for number, many in enumerate(summary.bins)
    ]
