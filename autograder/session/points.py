"""The points of an assignment: the shares of a task's checks must add up to all of its points."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from fractions import Fraction

from autograder.checks.task import BadCheck, CheckSpec
from autograder.core.assignment import Assignment
from autograder.core.message import Message
from autograder.session.digests import check_files
from autograder.session.promises import wrong_sum
from autograder.session.state import CheckFile


def verify_points(specs: Iterable[tuple[CheckFile, str, CheckSpec]], *, whole: bool = True) -> list[str]:
    """Return a sentence for each task whose shares add up to less than all points, as while an author writes checks.

    A check is its file, its name and its mark. ``whole``: no check of these files was left out. Students only have the
    public checks, which may pay less. Raises BadCheck if the shares of a task add up to more.
    """
    unpaid: list[str] = []
    paid: dict[Assignment, dict[str, list[tuple[str, Fraction]]]] = defaultdict(lambda: defaultdict(list))
    seen: dict[Assignment, set[str]] = defaultdict(set)
    for file, name, spec in specs:
        paid[file.assignment][spec.task].append((name, spec.share))
        seen[file.assignment].add(str(file.path.resolve()))
    for assignment, tasks in paid.items():
        everything = {str(path.resolve()) for path in check_files(assignment)}
        complete = whole and assignment.solutions.is_dir() and everything <= seen[assignment]
        for task in assignment.tasks:
            shares = tasks[task.name]
            total = sum(share for _, share in shares)
            if total > 1:
                raise BadCheck(wrong_sum(task.name, shares))
            if complete and total < 1:
                unpaid.append(
                    wrong_sum(task.name, shares)
                    if shares
                    else Message.counted(
                        "{task!r} has no checks yet: its only point is open.",
                        "{task!r} has no checks yet: its {n} points are open.",
                        n=task.points,
                        task=task.name,
                    )
                )
    return unpaid


def verify_names(checks: Iterable[tuple[CheckFile, str]]) -> None:
    """Raise BadCheck if two files of an assignment have a check of the same name, which names its threshold."""
    first: dict[tuple[Assignment, str], CheckFile] = {}
    for file, name in checks:
        other = first.setdefault((file.assignment, name), file)
        if other.path != file.path:
            raise BadCheck(
                Message(
                    "{path} and {other} both have a {name}. Rename one of the two.",
                    path=other.path,
                    other=file.path,
                    name=name,
                )
            )
