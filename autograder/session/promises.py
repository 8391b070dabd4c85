"""The points that check files pay, read from their text: a mistake is found at once, before any check is imported.

session.py compares the points again after importing the checks (see points.py).
"""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from autograder.core.assignment import MANIFEST, Assignment, BadManifest
from autograder.core.message import Message, joined
from autograder.session.digests import check_files


def verify_promises(assignment: Assignment) -> None:
    """Raise BadManifest with every task whose checks do not pay what the manifest promises.

    Says nothing without hidden checks, or if a file does not write its points as numbers.
    """
    paid: dict[str, int] = defaultdict(int)
    of_task = {task.name: task.points for task in assignment.tasks}
    if not any(path.parent == assignment.solutions for path in check_files(assignment)):
        return
    broken_shares: list[str] = []
    for path in check_files(assignment):
        for stated in _marks_in(path):
            if stated.task is None or stated.number is None:
                return
            part, rest = divmod(stated.number * of_task.get(stated.task, 0), 100)
            paid[stated.task] += part if stated.is_share else stated.number
            if stated.is_share and rest:
                broken_shares.append(
                    Message(
                        "{path}, line {line}: {check} has a share of {share} %, which of the {points} points of "
                        "{task!r} is not a whole number. Change the share, or the task's points.",
                        path=path,
                        line=stated.line,
                        check=stated.check,
                        share=stated.number,
                        points=of_task[stated.task],
                        task=stated.task,
                    )
                )
    if broken_shares:
        raise BadManifest(joined(" ", broken_shares))
    wrong = [
        f"promises {task.points} points for {task.name!r}, but the checks pay {paid[task.name]}"
        for task in assignment.tasks
        if paid[task.name] != task.points
    ]
    if wrong:
        raise BadManifest(
            Message("{path} {wrong}. Change one of the two.", path=assignment.folder / MANIFEST, wrong="; ".join(wrong))
        )


@dataclass(frozen=True)
class _Stated:
    """What the text of a check file says about one check; None for what is not a literal."""

    task: str | None = None
    number: int | None = None  # points, or a percentage
    is_share: bool = False
    check: str = ""
    line: int = 0


def _marks_in(path: Path) -> Iterator[_Stated]:
    """Yield what the decorators of a check file state."""
    try:
        tree = ast.parse(path.read_text(encoding="utf-8"))
    except (OSError, SyntaxError, ValueError):
        yield _Stated()  # the session says what is wrong with the file
        return
    for node in tree.body:
        if isinstance(node, ast.FunctionDef) and node.name.startswith("check_"):
            calls = [d for d in node.decorator_list if isinstance(d, ast.Call) and _name(d.func) == "task"]
            for call in calls:
                stated = next((keyword for keyword in call.keywords if keyword.arg in ("points", "share")), None)
                values = (call.args[0] if call.args else None, stated.value if stated else None)
                name, number = map(_literal, values)
                yield _Stated(
                    name if isinstance(name, str) else None,
                    number if isinstance(number, int) and not isinstance(number, bool) else None,
                    stated is not None and stated.arg == "share",
                    node.name,
                    node.lineno,
                )
            if not calls:
                yield _Stated()


def _name(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def _literal(node: ast.expr | None) -> object:
    return node.value if isinstance(node, ast.Constant) else None
