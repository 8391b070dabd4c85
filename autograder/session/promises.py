"""The points that check files pay, read from their text: a mistake is found at once, before any check is imported.

session.py compares the points again after importing the checks (see points.py).
"""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from autograder.core.assignment import MANIFEST, Assignment, BadManifest
from autograder.session.digests import check_files


def verify_promises(assignment: Assignment) -> None:
    """Raise BadManifest with every task whose checks do not pay what the manifest promises.

    Says nothing without hidden checks, or if a file does not write its points as numbers.
    """
    paid: dict[str, int] = defaultdict(int)
    of_task = {task.name: task.points for task in assignment.tasks}
    if not any(path.parent == assignment.solutions for path in check_files(assignment)):
        return
    for path in check_files(assignment):
        for name, points, share in _marks_in(path):
            if name is None or points is None:
                return
            paid[name] += points * of_task.get(name, 0) // 100 if share else points
    wrong = [
        f"promises {task.points} points for {task.name!r}, but the checks pay {paid[task.name]}"
        for task in assignment.tasks
        if paid[task.name] != task.points
    ]
    if wrong:
        raise BadManifest(f"{assignment.folder / MANIFEST} {'; '.join(wrong)}. Change one of the two.")


def _marks_in(path: Path) -> Iterator[tuple[str | None, int | None, bool]]:
    """Yield the task and the points of each check, and whether they are a share; None for what is not a literal."""
    try:
        tree = ast.parse(path.read_text(encoding="utf-8"))
    except (OSError, SyntaxError, ValueError):
        yield None, None, False  # the session says what is wrong with the file
        return
    for node in tree.body:
        if isinstance(node, ast.FunctionDef) and node.name.startswith("check_"):
            calls = [d for d in node.decorator_list if isinstance(d, ast.Call) and _name(d.func) == "task"]
            for call in calls:
                stated = next((keyword for keyword in call.keywords if keyword.arg in ("points", "share")), None)
                values = (call.args[0] if call.args else None, stated.value if stated else None)
                name, number = map(_literal, values)
                yield (
                    name if isinstance(name, str) else None,
                    number if isinstance(number, int) and not isinstance(number, bool) else None,
                    stated is not None and stated.arg == "share",
                )
            if not calls:
                yield None, None, False


def _name(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def _literal(node: ast.expr | None) -> object:
    return node.value if isinstance(node, ast.Constant) else None
