"""The points ledger: what the manifest promises per task must be what the checks pay."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from autograder.checks.task import BadCheck, CheckSpec
from autograder.core.assignment import MANIFEST, Assignment
from autograder.session.digests import check_files
from autograder.session.state import CheckFile


def audit(specs: Iterable[tuple[CheckFile, CheckSpec]], *, whole: bool = True) -> None:
    """Raise BadCheck where checks pay more than is promised or, when all check files are there, anything else.

    ``whole``: no check of these files was left out. Students have public checks only, which may pay less.
    """
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
            if pays > task.points or (complete and pays != task.points):
                raise BadCheck(
                    f"{assignment.folder / MANIFEST} promises {task.points} points for {task.name!r}, but the checks "
                    f"pay {pays}. Change one of the two."
                )


def audit_names(checks: Iterable[tuple[CheckFile, str]]) -> None:
    """Raise BadCheck where two files of an assignment have a check of the same name: thresholds go by it."""
    first: dict[tuple[Assignment, str], CheckFile] = {}
    for file, name in checks:
        other = first.setdefault((file.assignment, name), file)
        if other.path != file.path:
            raise BadCheck(f"{other.path} and {file.path} both have a {name}. Rename one of the two.")
