"""The shares that check files state, read from their text: a mistake is found before any check is imported.

session.py compares the shares again after importing the checks (see points.py).
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from autograder.core.assignment import Assignment, BadManifest
from autograder.core.message import Message, joined
from autograder.core.shares import parse_share, show_share, totals_that_divide
from autograder.session.digests import check_files


def verify_promises(assignment: Assignment) -> None:
    """Raise BadManifest with every task whose shares do not add up, or do not divide its points.

    Says nothing without hidden checks, or if a file does not write its shares as literals.
    """
    marks = _marks(assignment)
    if not any(path.parent == assignment.solutions for path in check_files(assignment)) or marks is None:
        return
    wrong: list[str] = []
    for task in assignment.tasks:
        own = [mark for mark in marks if mark.task == task.name]
        if sum(mark.share for mark in own) != 1:
            wrong.append(wrong_sum(task.name, [(mark.check, mark.share) for mark in own]))
            continue
        totals = totals_that_divide(task.points, [mark.share for mark in own])
        wrong += [
            Message.counted(
                "{path}, line {line}: {check} has a share of {share}, which of the only point of {task!r} is not a "
                "whole number. Change the share, or the task's points to {totals}.",
                "{path}, line {line}: {check} has a share of {share}, which of the {n} points of {task!r} is not a "
                "whole number. Change the share, or the task's points to {totals}.",
                path=mark.path,
                line=mark.line,
                check=mark.check,
                share=show_share(mark.share),
                n=task.points,
                task=task.name,
                totals=totals,
            )
            for mark in own
            if (task.points * mark.share).denominator != 1
        ]
    if wrong:
        raise BadManifest(joined(" ", wrong))


def wrong_sum(task: str, shares: Iterable[tuple[str, Fraction]]) -> Message:
    """Return the sentence about a task whose shares, by check, do not add up to all of its points."""
    shares = list(shares)
    if not shares:
        return Message("{task!r} has no checks.", task=task)
    return Message(
        "The shares of {task!r} add up to {total}, not 100 %: {shares}. Change the shares.",
        task=task,
        total=show_share(sum((share for _, share in shares), Fraction())),
        shares=", ".join(f"{check} {show_share(share)}" for check, share in shares),
    )


def shares_of(assignment: Assignment, task: str) -> list[Fraction]:
    """Return the shares that the text of the check files states for a task, as far as it can be read."""
    return [mark.share for mark in _marks(assignment) or () if mark.task == task]


@dataclass(frozen=True)
class _Mark:
    """What the text of a check file says about one check."""

    path: Path
    line: int
    check: str
    task: str
    share: Fraction


def _marks(assignment: Assignment) -> list[_Mark] | None:
    """Return what the decorators of an assignment's check files state; None if one of them is not a literal."""
    found = [mark for path in check_files(assignment) for mark in _marks_in(path)]
    marks = [mark for mark in found if mark is not None]
    return marks if len(marks) == len(found) else None


def _marks_in(path: Path) -> Iterator[_Mark | None]:
    try:
        tree = ast.parse(path.read_text(encoding="utf-8"))
    except (OSError, SyntaxError, ValueError):
        yield None  # the session says what is wrong with the file
        return
    for node in tree.body:
        if isinstance(node, ast.FunctionDef) and node.name.startswith("check_"):
            calls = [d for d in node.decorator_list if isinstance(d, ast.Call) and _name(d.func) == "task"]
            for call in calls:
                stated = next((keyword.value for keyword in call.keywords if keyword.arg == "share"), None)
                task = _literal(call.args[0]) if call.args else None
                share = parse_share(_literal(stated)) if stated else Fraction(1)
                if isinstance(task, str) and share is not None:
                    yield _Mark(path, node.lineno, node.name, task, share)
                else:
                    yield None
            if not calls:
                yield None


def _name(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def _literal(node: ast.expr) -> object:
    return node.value if isinstance(node, ast.Constant) else None
