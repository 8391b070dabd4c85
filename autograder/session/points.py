"""The points of an assignment: the checks of a task must pay what its manifest promises."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from autograder.checks.task import BadCheck, CheckSpec
from autograder.core.assignment import MANIFEST, Assignment
from autograder.session.digests import check_files
from autograder.session.state import CheckFile


def verify_points(specs: Iterable[tuple[CheckFile, CheckSpec]], *, whole: bool = True) -> list[str]:
    """Return a sentence for each task whose checks pay less than the manifest promises, as while an author writes them.

    ``whole``: no check of these files was left out. Students only have the public checks, which may pay less. Raises
    BadCheck if the checks of a task pay more.
    """
    unpaid = []
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
            sentence = (
                f"{assignment.folder / MANIFEST} promises {task.points} points for {task.name!r}, but the checks "
                f"pay {pays}. Change one of the two."
            )
            if pays > task.points:
                raise BadCheck(sentence)
            if complete and pays < task.points:
                unpaid.append(
                    sentence if pays else f"{task.name!r} has no checks yet: its {task.points} points are open."
                )
    return unpaid


def verify_names(checks: Iterable[tuple[CheckFile, str]]) -> None:
    """Raise BadCheck if two files of an assignment have a check of the same name, which names its threshold."""
    first: dict[tuple[Assignment, str], CheckFile] = {}
    for file, name in checks:
        other = first.setdefault((file.assignment, name), file)
        if other.path != file.path:
            raise BadCheck(f"{other.path} and {file.path} both have a {name}. Rename one of the two.")
