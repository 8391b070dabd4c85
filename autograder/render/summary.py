"""Summarise the reports of a class in numbers, for index.html and the terminal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import fmean, median

from autograder.core.report import Cause, CheckResult, Mark, Outcome, Report, TaskResult

BINS = 10


@dataclass(frozen=True)
class TaskSummary:
    """One task, over all hand-ins that could be opened and contain it."""

    name: str
    title: str
    max_points: int
    mean: float
    full: int  # number of hand-ins with all its points
    seen: int


@dataclass(frozen=True)
class CheckSummary:
    """One check, over all hand-ins that could be opened and contain it."""

    id: str
    title: str
    hidden: bool
    seen: int
    failed: int
    cause: Cause | None  # the most common one among the failed
    hint: str  # the most common one among the failed, or ""
    hinted: int  # number of hand-ins with that hint
    median_seconds: float
    max_seconds: float
    ungraded: int  # number of hand-ins on which it broke
    broken: tuple[Report, ...]  # those on which it broke and whose task nobody has marked by hand
    broken_message: str  # of the first broken one

    @property
    def passed(self) -> int:
        return self.seen - self.failed - self.ungraded


@dataclass(frozen=True)
class ClassSummary:
    """All hand-ins of one assignment."""

    reports: tuple[Report, ...]  # sorted by name
    max_points: int
    mean: float
    median: float
    perfect: int
    bins: tuple[int, ...]  # hand-ins per tenth of the points; the last includes full marks
    tasks: tuple[TaskSummary, ...]
    checks: tuple[CheckSummary, ...]

    @property
    def refused(self) -> tuple[Report, ...]:
        """Hand-ins that could not be opened: they have no points; the rates of tasks and checks exclude them."""
        return tuple(report for report in self.reports if report.refusal)

    @property
    def needs_staff(self) -> tuple[Report, ...]:
        return tuple(report for report in self.reports if report.needs_staff)

    @property
    def broken(self) -> tuple[CheckSummary, ...]:
        """The checks that broke in tasks without a mark by hand, those that broke most often first."""
        return tuple(sorted((c for c in self.checks if c.broken), key=lambda c: -len(c.broken)))

    @property
    def stray_marks(self) -> tuple[tuple[Report, Mark], ...]:
        """Marks by hand that do not count, because the assignment no longer has their task."""
        return tuple((report, mark) for report in self.reports for mark in report.stray_marks)

    @property
    def failed_most(self) -> tuple[CheckSummary, ...]:
        return tuple(sorted((c for c in self.checks if c.failed), key=lambda c: (-c.failed / c.seen, c.id)))

    @property
    def slowest(self) -> tuple[CheckSummary, ...]:
        return tuple(sorted(self.checks, key=lambda c: (-c.median_seconds, -c.max_seconds, c.id)))


def summarise(reports: Iterable[Report]) -> ClassSummary:
    """Compute counts and averages; without reports they are zero."""
    ordered = tuple(sorted(reports, key=lambda report: (report.student.casefold(), report.student)))
    points = [report.points for report in ordered]
    bins = Counter(_bin(report) for report in ordered)
    opened = [report for report in ordered if not report.refusal]
    return ClassSummary(
        reports=ordered,
        max_points=max((report.max_points for report in ordered), default=0),
        mean=fmean(points) if points else 0.0,
        median=float(median(points)) if points else 0.0,
        perfect=sum(0 < report.max_points <= report.points for report in ordered),
        bins=tuple(bins[number] for number in range(BINS)),
        tasks=_tasks(opened or ordered),
        checks=_checks(opened),
    )


def _bin(report: Report) -> int:
    if report.max_points <= 0:
        return 0
    return min(BINS - 1, max(0, int(BINS * report.points // report.max_points)))


def _tasks(reports: Sequence[Report]) -> tuple[TaskSummary, ...]:
    rows: dict[str, list[TaskResult]] = {}
    for report in reports:
        for task in report.tasks:
            rows.setdefault(task.name, []).append(task)
    return tuple(
        TaskSummary(
            name=name,
            title=tasks[0].title,
            max_points=max(task.max_points for task in tasks),
            mean=fmean(task.points for task in tasks),
            full=sum(task.points >= task.max_points for task in tasks),
            seen=len(tasks),
        )
        for name, tasks in rows.items()
    )


def _checks(reports: Sequence[Report]) -> tuple[CheckSummary, ...]:
    rows: dict[str, list[tuple[Report, CheckResult]]] = {}
    for report in reports:
        for check in report.checks:
            rows.setdefault(check.id, []).append((report, check))
    return tuple(_check(row) for row in rows.values())


def _check(row: Sequence[tuple[Report, CheckResult]]) -> CheckSummary:
    first = row[0][1]
    failed = [check for _, check in row if check.outcome is Outcome.FAILED]
    ungraded = [(report, check) for report, check in row if check.outcome is Outcome.BROKEN]
    broken = [(report, check) for report, check in ungraded if check.task not in report.overrides]
    causes = Counter(check.cause for check in failed if check.cause).most_common(1)
    hints = Counter(check.hint for check in failed if check.hint).most_common(1)
    seconds = [check.seconds for _, check in row]
    return CheckSummary(
        id=first.id,
        title=first.title,
        hidden=first.hidden,
        seen=len(row),
        failed=len(failed),
        cause=causes[0][0] if causes else None,
        hint=hints[0][0] if hints else "",
        hinted=hints[0][1] if hints else 0,
        median_seconds=median(seconds),
        max_seconds=max(seconds),
        ungraded=len(ungraded),
        broken=tuple(report for report, _ in broken),
        broken_message=broken[0][1].message if broken else "",
    )
