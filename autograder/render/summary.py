"""Summarise the reports of a class in numbers, for index.html and the terminal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from statistics import fmean, median

from autograder.core.report import AskedQuestion, Cause, CheckResult, Mark, Outcome, Report, TaskResult
from autograder.render.concerns import Concern, concerns, left_out

BINS = 10


@dataclass(frozen=True)
class TaskSummary:
    """One task, over the hand-ins whose code for it was loaded."""

    name: str
    title: str
    max_points: int  # of the checks that ran
    mean: float
    full: int  # number of hand-ins with all the points that ran
    seen: int
    left_out: int  # number of opened hand-ins whose code for it was not loaded


@dataclass(frozen=True)
class CheckSummary:
    """One check, over the hand-ins whose code for it was loaded."""

    id: str
    title: str
    hidden: bool
    seen: int
    left_out: int  # number of opened hand-ins whose code for it was not loaded
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
    open_points: int  # that --skip-scored left open, at most
    checks: tuple[CheckSummary, ...]
    concerns: tuple[tuple[Report, tuple[Concern, ...]], ...]  # of opened hand-ins, those with most points first
    noted: tuple[tuple[Report, tuple[Concern, ...]], ...]  # those that cost nothing

    @property
    def refused(self) -> tuple[Report, ...]:
        """Hand-ins that could not be opened: they have no points; the rates of tasks and checks exclude them."""
        return tuple(report for report in self.reports if report.refusal)

    @property
    def needs_staff(self) -> tuple[Report, ...]:
        return tuple(report for report in self.reports if report.needs_staff)

    @property
    def provisional(self) -> tuple[Report, ...]:
        """Hand-ins that were graded without the checks that train or evaluate networks."""
        return tuple(report for report in self.reports if report.provisional)

    @property
    def broken(self) -> tuple[CheckSummary, ...]:
        """The checks that broke in tasks without a mark by hand, those that broke most often first."""
        return tuple(sorted((c for c in self.checks if c.broken), key=lambda c: -len(c.broken)))

    @property
    def stray_marks(self) -> tuple[tuple[Report, Mark], ...]:
        """Marks by hand that do not count, because the assignment no longer has their task."""
        return tuple((report, mark) for report in self.reports for mark in report.stray_marks)

    @property
    def unmarked(self) -> tuple[tuple[AskedQuestion, int], ...]:
        """The questions that are not marked for everybody, each with the number of hand-ins without a mark."""
        return tuple(Counter(question for report in self.reports for question in report.unmarked).items())

    @property
    def not_all_marked(self) -> tuple[Report, ...]:
        """Hand-ins with questions that nobody has marked yet."""
        return tuple(report for report in self.reports if report.unmarked)

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
    judged = [(report, left_out(report)) for report in opened or ordered]
    return ClassSummary(
        reports=ordered,
        max_points=max((report.max_points for report in ordered), default=0),
        mean=fmean(points) if points else 0.0,
        median=float(median(points)) if points else 0.0,
        perfect=sum(0 < report.max_points - report.open_points <= report.points for report in ordered),
        bins=tuple(bins[number] for number in range(BINS)),
        tasks=_tasks(judged),
        open_points=max((report.open_points for report in ordered), default=0),
        checks=_checks(judged) if opened else (),
        concerns=_concerns(opened, costs=True),
        noted=_concerns(opened, costs=False),
    )


def _concerns(reports: Sequence[Report], *, costs: bool) -> tuple[tuple[Report, tuple[Concern, ...]], ...]:
    every = ((report, tuple(c for c in concerns(report) if c.costs == costs)) for report in reports)
    found = [(report, own) for report, own in every if own]
    return tuple(sorted(found, key=lambda pair: -sum(concern.points for concern in pair[1])))


def _bin(report: Report) -> int:
    if report.max_points <= 0:
        return 0
    return min(BINS - 1, max(0, int(BINS * report.points // report.max_points)))


def _tasks(reports: Sequence[tuple[Report, frozenset[str]]]) -> tuple[TaskSummary, ...]:
    """Return the tasks of reports, each with the ids of the checks that the rates leave out."""
    every: dict[str, list[TaskResult]] = {}
    judged: dict[str, list[TaskResult]] = {}
    for report, without in reports:
        unjudged = {check.task for check in report.checks if check.id in without} - report.overrides.keys()
        for task in report.tasks:
            ran = replace(task, max_points=_that_ran(report, task))
            every.setdefault(task.name, []).append(ran)
            if task.name not in unjudged:
                judged.setdefault(task.name, []).append(ran)
    return tuple(_task(tasks, judged.get(name, [])) for name, tasks in every.items())


def _that_ran(report: Report, task: TaskResult) -> int:
    """Return the points of a task that were judged: by a person, or by checks that --skip-scored did not leave out."""
    if not report.provisional or task.name in report.overrides:
        return task.max_points
    return sum(check.max_points for check in report.checks if check.task == task.name)


def _task(every: Sequence[TaskResult], judged: Sequence[TaskResult]) -> TaskSummary:
    seen = [task for task in judged if task.max_points > 0]
    return TaskSummary(
        name=every[0].name,
        title=every[0].title,
        max_points=max(task.max_points for task in every),
        mean=fmean(task.points for task in seen) if seen else 0.0,
        full=sum(task.points >= task.max_points for task in seen),
        seen=len(seen),
        left_out=len(every) - len(judged),
    )


def _checks(reports: Sequence[tuple[Report, frozenset[str]]]) -> tuple[CheckSummary, ...]:
    every: dict[str, list[CheckResult]] = {}
    judged: dict[str, list[tuple[Report, CheckResult]]] = {}
    for report, without in reports:
        for check in report.checks:
            every.setdefault(check.id, []).append(check)
            if check.id not in without:
                judged.setdefault(check.id, []).append((report, check))
    return tuple(_check(checks, judged.get(id_, [])) for id_, checks in every.items())


def _check(every: Sequence[CheckResult], row: Sequence[tuple[Report, CheckResult]]) -> CheckSummary:
    first = every[0]
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
        left_out=len(every) - len(row),
        failed=len(failed),
        cause=causes[0][0] if causes else None,
        hint=hints[0][0] if hints else "",
        hinted=hints[0][1] if hints else 0,
        median_seconds=median(seconds) if seconds else 0.0,
        max_seconds=max(seconds, default=0.0),
        ungraded=len(ungraded),
        broken=tuple(report for report, _ in broken),
        broken_message=broken[0][1].message if broken else "",
    )
