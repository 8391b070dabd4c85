"""Functions that a source rule does not follow are tasks, which checks of their own judge."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from autograder.core.assignment import Assignment
from autograder.core.course import find_assignments

LISTS = ("APART", "LAYERS", "LAYERS_BY_HAND", "PARTS_BY_HAND")  # of names that checks pass as `apart`


def names_apart(path: Path) -> Iterator[str]:
    """Yield the names that a file passes as `apart`, or lists for it."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        values: list[ast.AST] = []
        if isinstance(node, ast.Call):
            values = [keyword.value for keyword in node.keywords if keyword.arg == "apart"]
        elif isinstance(node, ast.Assign) and any(isinstance(t, ast.Name) and t.id in LISTS for t in node.targets):
            values = [node.value]
        for value in values:
            yield from (part.value for part in ast.walk(value) if isinstance(part, ast.Constant))


def files(assignment: Assignment) -> list[Path]:
    folders = (assignment.folder, assignment.solutions)
    return [path for folder in folders for kind in ("check_*.py", "oracles*.py") for path in folder.glob(kind)]


@pytest.mark.parametrize("assignment", find_assignments(()), ids=lambda assignment: assignment.name)
def test_what_is_judged_apart_is_a_task(assignment: Assignment) -> None:
    tasks = {task.name for task in assignment.tasks}
    known = tasks | {name.partition(".")[0] for name in tasks}
    assert {name for path in files(assignment) for name in names_apart(path)} <= known


def test_such_names_are_found() -> None:
    found = {a.name: {n for path in files(a) for n in names_apart(path)} for a in find_assignments(())}
    assert found["a02_linear_classifier"] == {"validate_batch"}
    assert {"SelfAttention", "EncoderBlock"} <= found["a06_attention"]
