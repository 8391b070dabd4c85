"""The source of an assignment as a notebook whose cells have their roles.

The source is a Jupytext percent script; a cell's header names its role: `task=`, `question=`, `answer=`. This file
gives each such cell nbgrader's metadata and every cell a fixed id, adds the cells that come from the manifest (after
each task those that grade it), and refuses a source that contradicts the manifest. It knows nothing about
students' files.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from autograder.authoring.facts import BadSource, fill_cell
from autograder.authoring.hints import take_hints
from autograder.core.assignment import Assignment
from autograder.core.files import wrong_line
from autograder.core.hints import Hints
from autograder.core.jupyter import load_package

BEGIN, END = "BEGIN SOLUTION", "END SOLUTION"
MARKERS = (BEGIN, END, "BEGIN HIDDEN TESTS", "END HIDDEN TESTS", "BEGIN MARK SCHEME", "END MARK SCHEME")
ROLES = ("task", "grade", "question", "answer")

_HEADER = re.compile(r"# %%")
_PART = re.compile(r"^## (\d+ .+)$", re.MULTILINE)
_KERNEL = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}


def read_source(path: Path) -> str:
    """Return the percent script at ``path``, with balanced solution regions. Raises BadSource."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise BadSource(f"{path} does not exist. The manifest lists its module under `files`.") from None
    except UnicodeDecodeError as error:
        raise BadSource(f"{path}, line {wrong_line(error)}: this is not UTF-8. Save the file as UTF-8.") from None
    for _ in solution_lines(text, path):
        pass
    return text


def solution_lines(text: str, path: Path) -> Iterator[tuple[int, str]]:
    """Yield the lines between the markers, numbered from 1. Raises BadSource where markers are unbalanced."""
    opened = 0
    for number, line in enumerate([*text.split("\n"), "# %%"], start=1):
        if opened and (_HEADER.match(line) or BEGIN in line):
            raise BadSource(f"{path}:{opened}: {BEGIN} has no {END} in its cell.")
        if END in line and not opened:
            raise BadSource(f"{path}:{number}: {END} has no {BEGIN} before it in its cell.")
        if BEGIN in line:
            opened = number
        elif END in line:
            opened = 0
        elif opened:
            yield number, line


def to_notebook(text: str, path: Path, assignment: Assignment) -> Any:
    """Return the source as a notebook (nbformat 4.5) with nbgrader's metadata, solutions included. Raises BadSource."""
    return to_notebook_and_hints(text, path, assignment)[0]


def to_notebook_and_hints(
    text: str, path: Path, assignment: Assignment, edit: Callable[[Sequence[Any]], None] = lambda cells: None
) -> tuple[Any, Hints]:
    """Return the source's notebook, as ``to_notebook`` does, and its hints. Raises BadSource.

    ``edit`` changes the cells as the author wrote them, for example to another language.
    """
    written = load_package("jupytext").reads(text, fmt="py:percent").cells
    _check_roles(text, path, assignment, written)
    edit(written)
    tasks = [task.name for task in assignment.tasks if task.file == assignment.file_of(path.stem)]
    written, hints = take_hints(written, tasks, [f"{path}:{_line_of(text, cell)}" for cell in written])
    _fill(text, path, assignment, written, hints)
    cells = [made for cell in written for made in (cell, *_grade_cells(cell, path))]
    used: Counter[str] = Counter()
    for cell in cells:
        role = _role(cell)
        for key in [key for key in cell.metadata if key.startswith("lines_to_")]:
            del cell.metadata[key]  # where Jupytext remembers the script's blank lines
        cell["id"] = _identify(cell, role, used)
        if role:
            cell.metadata["nbgrader"] = _nbgrader(cell, role, assignment)
    metadata = {"kernelspec": _KERNEL, "language_info": {"name": "python"}}
    return _node({"nbformat": 4, "nbformat_minor": 5, "metadata": metadata, "cells": cells}), hints


def header_line(text: str, role: str, name: str) -> int:
    """Return the line of the cell header that gives ``name`` the role; 1 when there is none."""
    mine = re.compile(rf"# %%.*\b{role}=[\"'](?:.* )?{re.escape(name)}(?: .*)?[\"']")
    return next((number for number, line in enumerate(text.split("\n"), start=1) if mine.match(line)), 1)


def _role(cell: Any) -> str:
    return next((role for role in ROLES if role in cell.metadata), "")


def _line_of(text: str, cell: Any) -> int:
    """Return the line of a cell's header if it has a role, else that of its text; 1 when it is not found."""
    role = "hint" if "hint" in cell.metadata else _role(cell)
    return header_line(text, role, str(cell.metadata[role])) if role else _first_line(text, cell.source)


def _fill(text: str, path: Path, assignment: Assignment, cells: list[Any], hints: Hints) -> None:
    """Write the facts of the manifest into the markdown cells. A part of the notebook is a heading `## 1 ...`."""
    parts: dict[str, list[str]] = {}
    for cell in cells:
        if cell.cell_type == "markdown":
            parts |= {heading: [] for heading in _PART.findall(cell.source)}
        elif _role(cell) == "task" and parts:
            parts[list(parts)[-1]] += cell.metadata["task"].split()
    parts = {heading: tasks for heading, tasks in parts.items() if tasks}
    for cell in cells:
        if cell.cell_type == "markdown":
            cell.source = fill_cell(cell.source, path, _first_line(text, cell.source), assignment, parts, hints)


def _grade_cells(cell: Any, path: Path) -> list[Any]:
    """Return the cells that grade a task's cell: one for each task in it. nbgrader pays by them."""
    names = cell.metadata["task"].split() if _role(cell) == "task" else []
    return [
        _node(
            {
                "cell_type": "code",
                "execution_count": None,
                "metadata": {"tags": ["active-ipynb"], "grade": name},
                "outputs": [],
                "source": f'check("{path.stem}", task="{name}")',
            }
        )
        for name in names
    ]


def _node(values: dict[str, Any]) -> Any:
    return load_package("nbformat").from_dict(values)


def _nbgrader(cell: Any, role: str, assignment: Assignment) -> dict[str, Any]:
    """Return the metadata of nbgrader's schema 3."""
    name = cell.metadata[role]
    points = {
        "grade": {task.name: task.points for task in assignment.tasks},
        "answer": {question.id: question.points for question in assignment.questions},
    }
    table = {
        "schema_version": 3,
        "grade_id": cell["id"],
        "grade": role in points,
        "solution": role in ("task", "answer"),
        "locked": role in ("grade", "question"),
        "task": False,
    }
    return {**table, "points": points[role][name]} if role in points else table


def _identify(cell: Any, role: str, used: Counter[str]) -> str:
    """Return an id that depends on the role alone, or on the text of a cell without one."""
    if role:
        name = re.sub(r"[^A-Za-z0-9_]+", "-", cell.metadata[role])
        prefix = {"grade": "check"}.get(role, role)
    else:
        name = hashlib.sha256(cell.source.encode()).hexdigest()[:8]
        prefix = {"markdown": "text"}.get(cell.cell_type, cell.cell_type)
    if len(name) > 50:
        name = name[:40] + "-" + hashlib.sha256(name.encode()).hexdigest()[:8]
    used[prefix + name] += 1
    return f"{prefix}-{name}" + (f"-{used[prefix + name]}" if used[prefix + name] > 1 else "")


def _check_roles(text: str, path: Path, assignment: Assignment, cells: list[Any]) -> None:
    """Refuse a source unless each task, question and answer of the manifest has one cell, and no other has a role."""
    module = assignment.file_of(path.stem)
    tasks = {task.name for task in assignment.tasks if task.file == module}
    questions = {question.id for question in assignment.questions if question.file == module}
    promised = {"task": tasks, "question": questions, "answer": questions}
    seen: dict[str, Counter[str]] = {role: Counter() for role in promised}
    for cell in cells:
        role = _role(cell)
        if not role:
            if BEGIN in cell.source:
                line = _first_line(text, cell.source)
                raise BadSource(f"{path}:{line}: a solution is in a cell without task= or answer= in its header.")
            continue
        line = header_line(text, role, cell.metadata[role])
        if role == "grade":
            raise BadSource(f"{path}:{line}: `gradlab release` adds the cells that grade a task. Delete this one.")
        names = cell.metadata[role].split() if role == "task" else [cell.metadata[role]]
        for name in names:
            seen[role][name] += 1
            if name not in promised[role]:
                known = ", ".join(sorted(promised[role])) or "none"
                raise BadSource(
                    f"{path}:{line}: {role}={name!r} is not in assignment.toml, which has for {module}: {known}."
                )
            if seen[role][name] > 1:
                raise BadSource(f"{path}:{line}: two cells have {role}={name!r}. Keep one.")
        drawn = {question.id for question in assignment.questions if question.kind in ("code", "plot")}
        kind = "code" if role == "task" or (role == "answer" and cell.metadata[role] in drawn) else "markdown"
        if cell.cell_type != kind:
            article = "an" if role == "answer" else "a"
            raise BadSource(f"{path}:{line}: {article} {role} cell must be a {kind} cell, not {cell.cell_type}.")
        if role in ("task", "answer") and BEGIN not in cell.source:
            raise BadSource(
                f"{path}:{line}: {role}={cell.metadata[role]!r} has no solution between ### {BEGIN} and ### {END}."
            )
    for role, names in promised.items():
        for name in sorted(names - seen[role].keys()):
            raise BadSource(f"{path}:1: no cell has {role}={name!r}, which assignment.toml lists for {module}.")


def _first_line(text: str, cell: str) -> int:
    """Return the number of the line at which a cell's text begins; 1 when it is not found."""
    first = cell.split("\n")[0]
    return next((number for number, line in enumerate(text.split("\n"), start=1) if first in line), 1)
