"""The points of an assignment: the checks of a task must pay what its manifest promises."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from autograder.checks.task import BadCheck, CheckSpec
from autograder.core.assignment import MANIFEST, Assignment
from autograder.core.message import Message
from autograder.session.digests import check_files
from autograder.session.state import CheckFile


def verify_points(specs: Iterable[tuple[CheckFile, CheckSpec]], *, whole: bool = True) -> list[str]:
    """Return a sentence for each task whose checks pay less than the manifest promises, as while an author writes them.

    ``whole``: no check of these files was left out. Students only have the public checks, which may pay less. Raises
    BadCheck if the checks of a task pay more.
    """
    unpaid: list[str] = []
    paid: dict[Assignment, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    seen: dict[Assignment, set[str]] = defaultdict(set)
    for file, spec in specs:
        paid[file.assignment][spec.task] += spec.points
        seen[file.assignment].add(str(file.path.resolve()))
    for assignment, tasks in paid.items():
        everything = {str(path.resolve()) for path in check_files(assignment)}
        complete = whole and assignment.solutions.is_dir() and everything <= seen[assignment]
        for task in assignment.tasks:
            pays = tasks[task.name]
            sentence = Message(
                "{path} promises {points} points for {task!r}, but the checks pay {pays}. Change one of the two.",
                path=assignment.folder / MANIFEST,
                points=task.points,
                task=task.name,
                pays=pays,
            )
            if pays > task.points:
                raise BadCheck(sentence)
            if complete and pays < task.points:
                unpaid.append(
                    sentence
                    if pays
                    else Message(
                        "{task!r} has no checks yet: its {points} points are open.", task=task.name, points=task.points
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
