"""One mistake costs one task: what checks are lent is complete, and what no loan can replace is in the manifest.

A check with loans passes where nobody wrote what it is lent. Where one task alone is not written, the checks of other
tasks pass, or their tasks need it by the manifest.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Protocol

from autograder.authoring.blanks import without_solutions
from autograder.authoring.executed import Witnesses
from autograder.authoring.losses import by_cause, check_name, follows, show_group
from autograder.core.message import name_list
from autograder.core.report import CheckResult
from autograder.render.words import count
from autograder.session.check_items import Check
from autograder.session.session import Checks

Result = tuple[list[str], str]  # problems, and what was done


class Bench(Protocol):
    """What runs checks on sources and knows what the reference fails."""

    checks: Checks
    sources: dict[str, str]

    @property
    def witnesses(self) -> Witnesses:
        """The checks that can notice an edit of the reference."""

    def losses(self, sources: Mapping[str, str], names: Collection[str], seed: int) -> list[CheckResult]:
        """Run the checks of these names with a seed. Return the results that are not passed."""

    def lost_by_reference(self, names: Iterable[str], seed: int) -> set[str]:
        """Return those of these checks that the reference fails, too, with this seed."""


def judge_loans(bench: Bench, borrowers: Sequence[Check]) -> Result:
    """Run the checks with loans where nobody wrote what they are lent; each must still earn its points."""
    problems, following = [], set()
    together: dict[tuple[str, ...], set[str]] = {}  # by what is lent: the checks
    for item in borrowers:
        together.setdefault(item.spec.lent, set()).add(item.name)
    for lent, names in together.items():
        sources, blank = without_solutions(bench.sources, lent)
        losses = bench.losses(sources, names, 0) if blank else []
        failing = bench.lost_by_reference(map(check_name, losses), 0)
        following |= failing
        problems += [
            f"{group[0].id} has loans of {name_list(blank)}, but loses points where nobody wrote them: "
            f"{show_group(group)}"
            for group in by_cause(r for r in losses if check_name(r) not in failing)
        ]
    if following:
        problems.append(follows("A hand-in without the tasks that are lent", following))
    return problems, count(len(borrowers), "check")


def judge_needs(bench: Bench) -> Result:
    """Leave out each task in turn: the checks of other tasks pass, or their tasks need it by the manifest."""
    assignment, problems, runs = bench.checks.assignment, [], 0
    tasks = {item.name: item.spec.task for item in bench.checks.items}
    for task in assignment.tasks:
        blank, found = without_solutions(bench.sources, [task.name])
        names = (
            {name for name in bench.witnesses.of(blank) if not _one_cell(tasks[name], task.name)} if found else set()
        )
        runs += len(names)
        losses = bench.losses(blank, names, 0)
        failing = bench.lost_by_reference(map(check_name, losses), 0)
        lost: dict[str, list[str]] = {}  # by task: the checks
        for result in losses:
            if check_name(result) not in failing:
                lost.setdefault(result.task, []).append(check_name(result))
        problems += [
            f"{other} loses points where only {task.name} is not written ({', '.join(checks)}). Lend {task.name} to "
            f"these checks (loans=...), or list it in the manifest as one of `needs` of {other}."
            for other, checks in lost.items()
            if task.name not in assignment.needed_by(other)
        ]
        problems += [
            f"The manifest says that {other.name} needs {task.name}, but its checks pass without it. Remove the entry."
            for other in assignment.tasks
            if task.name in other.needs and other.name not in lost and not failing
        ]
    return problems, f"{count(len(assignment.tasks), 'task')}, {count(runs, 'run')}"


def _one_cell(one: str, other: str) -> bool:
    """Return whether two tasks are the same, or one is a class and the other a method of it."""
    return f"{one}.".startswith(f"{other}.") or f"{other}.".startswith(f"{one}.")
