"""A report arranged for reading: what its student may see of it, and its checks task by task."""

from __future__ import annotations

from dataclasses import dataclass, replace

from autograder.core.report import Cause, CheckResult, Outcome, Report, TaskResult


@dataclass(frozen=True)
class TaskView:
    """A task and its checks, in the order they were run."""

    name: str
    title: str
    points: int
    max_points: int
    checks: tuple[CheckResult, ...]

    @property
    def open(self) -> tuple[CheckResult, ...]:
        """The checks that still need work: the student's, or ours."""
        return tuple(check for check in self.checks if check.outcome is not Outcome.PASSED)

    @property
    def passed(self) -> tuple[CheckResult, ...]:
        return tuple(check for check in self.checks if check.outcome is Outcome.PASSED)

    @property
    def is_blank(self) -> bool:
        """True when there was nothing to judge; said once, not once per check."""
        return bool(self.checks) and all(check.cause is Cause.NOT_WRITTEN for check in self.checks)

    @property
    def message(self) -> str:
        """The first thing a check has to say."""
        return next((check.message for check in self.checks if check.message), "")


def student_view(report: Report) -> Report:
    """The report without what hidden checks saw, without the seed, and without our own breakages.

    Of a hidden check stay task, title, points, outcome, cause and hint. Its seconds go too: code that
    sleeps could spell out in them what it was given.
    """
    checks = tuple(_checked(check, f"hidden check {number}") for number, check in enumerate(report.checks, 1))
    return replace(report, checks=checks, seed=0)


def one_reason(report: Report) -> CheckResult | None:
    """The check that speaks for all when none passed and all say the same, as when a module cannot be imported."""
    first = report.checks[0] if len(report.checks) > 1 else None
    if not first or not first.message or first.outcome is Outcome.PASSED or first.cause is Cause.NOT_WRITTEN:
        return None
    said = {(check.outcome, check.cause, check.message, check.hint) for check in report.checks}
    return first if len(said) == 1 else None


def said_once(report: Report, one: CheckResult | None) -> Report:
    """The report without what ``one`` says for all its checks, and without a note that says it again."""
    if one is None:
        return report
    checks = tuple(
        replace(check, message="", hint="", output="" if check.output == one.output else check.output)
        for check in report.checks
    )
    return replace(report, checks=checks, notes=tuple(note for note in report.notes if note != one.message))


def left_over(report: Report) -> int:
    """Points that no check of this report decides: those of hidden checks in a run of the public ones."""
    return max(0, report.max_points - sum(check.max_points for check in report.checks))


def task_views(report: Report) -> tuple[TaskView, ...]:
    """The tasks in the manifest's order; a check of a task that the report does not list is shown all the same."""
    tasks = {task.name: task for task in report.tasks}
    for check in report.checks:
        if check.task not in tasks:
            same = [other for other in report.checks if other.task == check.task]
            sums = sum(other.points for other in same), sum(other.max_points for other in same)
            tasks[check.task] = TaskResult(check.task, check.task, *sums)
    return tuple(
        TaskView(name, task.title, task.points, task.max_points, tuple(c for c in report.checks if c.task == name))
        for name, task in tasks.items()
    )


def _checked(check: CheckResult, hidden_id: str) -> CheckResult:
    if check.hidden:
        check = replace(check, id=hidden_id, message="", output="", seconds=0.0)
    if check.outcome is Outcome.BROKEN:
        check = replace(check, message="", hint="", output="")
    return check
