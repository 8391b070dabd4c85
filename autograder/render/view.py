"""Arrange a report for reading: what its student may see, and its checks task by task."""

from __future__ import annotations

from dataclasses import dataclass, replace

from autograder.core.language import say
from autograder.core.report import Cause, CheckResult, Outcome, Report, TaskResult


@dataclass(frozen=True)
class TaskView:
    """A task and its checks, in the order they were run."""

    name: str
    title: str
    points: float
    max_points: int
    checks: tuple[CheckResult, ...]

    @property
    def available(self) -> int:
        """The points that these checks can pay; the task may have others, which are hidden."""
        return sum(check.max_points for check in self.checks) or self.max_points

    @property
    def open(self) -> tuple[CheckResult, ...]:
        """The checks that did not pass."""
        return tuple(check for check in self.checks if check.outcome is not Outcome.PASSED)

    @property
    def passed(self) -> tuple[CheckResult, ...]:
        return tuple(check for check in self.checks if check.outcome is Outcome.PASSED)

    @property
    def is_blank(self) -> bool:
        """Whether nothing is written yet; views say this once, not once per check."""
        return bool(self.checks) and all(check.cause is Cause.NOT_WRITTEN for check in self.checks)

    @property
    def left_to_write(self) -> tuple[str, ...]:
        """Which functions of a blank task are not written yet, and where: a sentence for each, without the calls."""
        return tuple(dict.fromkeys(check.message.splitlines()[-1] for check in self.checks if check.message))


def student_view(report: Report) -> Report:
    """Return the report without the seed, excerpts, pictures, answers to questions, and messages of broken checks.

    Of a hidden check, task, points, outcome and cause are shown; with the course's setting "titles", also its title and
    hint. Its seconds are not: code that sleeps could reveal its inputs through them. With "messages", it is shown
    like a public one.
    """
    checks = tuple(_checked(check, number, report.hidden_checks) for number, check in enumerate(report.checks, 1))
    return replace(report, checks=checks, seed=0, answers=())


def one_reason(report: Report) -> CheckResult | None:
    """Return a check whose message is that of all, if none passed: for example when a module cannot be imported."""
    first = report.checks[0] if len(report.checks) > 1 else None
    if not first or not first.message or first.outcome is Outcome.PASSED or first.cause is Cause.NOT_WRITTEN:
        return None
    verdicts = {(check.outcome, check.cause, check.message, check.hint) for check in report.checks}
    return first if len(verdicts) == 1 else None


def without_repetition(report: Report, one: CheckResult | None) -> Report:
    """Return the report without the message that ``one`` has in common with all checks, notes and remarks."""
    if one is None:
        return report
    checks = tuple(
        replace(check, message="", hint="", output="" if check.output == one.output else check.output)
        for check in report.checks
    )
    same = {str(remark) for remark in report.remarks if remark.text == one.message} | {one.message}
    return replace(
        report,
        checks=checks,
        notes=tuple(note for note in report.notes if note not in same),
        remarks=tuple(remark for remark in report.remarks if str(remark) not in same),
    )


def other_notes(report: Report) -> tuple[str, ...]:
    """Return the notes without the sentences of the remarks, which views show first."""
    remarks = {str(remark) for remark in report.remarks}
    return tuple(note for note in report.notes if note not in remarks)


def left_over(report: Report) -> int:
    """Return the points that no check of this report decides: those of hidden checks in a run of the public ones."""
    return max(0, report.max_points - sum(check.max_points for check in report.checks))


def task_views(report: Report) -> tuple[TaskView, ...]:
    """Return the tasks in the manifest's order, then those of checks whose task the report does not list."""
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


def _checked(check: CheckResult, number: int, shown: str) -> CheckResult:
    check = replace(check, code="", pictures=())
    if check.hidden and shown != "messages":
        check = replace(check, id=f"hidden check {number}", message="", output="", seconds=0.0, scores=())
    if check.hidden and shown == "points":
        check = replace(check, title=say("Hidden check {number}", number=number), hint="")
    if check.outcome is Outcome.BROKEN:
        check = replace(check, message="", hint="", output="")
    return check
