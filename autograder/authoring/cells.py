"""The source of an assignment as a notebook whose cells know their roles.

The source is a Jupytext percent script; what a cell is for stands in its header: `task=`, `grade=`, `question=`,
`answer=`. This file gives each such cell nbgrader's metadata, every cell a fixed id, and refuses a source that
contradicts the manifest. It needs Jupytext and nbformat and knows nothing about students' files.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from autograder.core.assignment import Assignment
from autograder.core.errors import GradlabError

BEGIN, END = "BEGIN SOLUTION", "END SOLUTION"
MARKERS = (BEGIN, END, "BEGIN HIDDEN TESTS", "END HIDDEN TESTS", "BEGIN MARK SCHEME", "END MARK SCHEME")
ROLES = ("task", "grade", "question", "answer")

_HEADER = re.compile(r"# %%")
_KERNEL = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}


class BadSource(GradlabError):
    """The source of an assignment is wrong. Speaks to staff: file, line, what to do."""


def read_source(path: Path) -> str:
    """The percent script at ``path``, with balanced solution regions. Raises BadSource."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise BadSource(f"{path} does not exist. The manifest lists its module under `files`.") from None
    except UnicodeDecodeError as error:
        raise BadSource(f"{path} is not UTF-8: {error}.") from None
    for _ in solution_lines(text, path):
        pass
    return text


def solution_lines(text: str, path: Path) -> Iterator[tuple[int, str]]:
    """The lines between the markers, numbered from 1. Raises BadSource where markers are unbalanced."""
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
    """The source as a notebook (nbformat 4.5) with nbgrader's metadata, solutions included. Raises BadSource."""
    import jupytext
    from nbformat.v4 import new_notebook

    cells = jupytext.reads(text, fmt="py:percent").cells
    _verify_roles(text, path, assignment, cells)
    used: Counter[str] = Counter()
    for cell in cells:
        role = _role(cell)
        for key in [key for key in cell.metadata if key.startswith("lines_to_")]:
            del cell.metadata[key]  # Jupytext's memory of blank lines in the script
        cell["id"] = _identify(cell, role, used)
        if role:
            cell.metadata["nbgrader"] = _nbgrader(cell, role, assignment)
    return new_notebook(cells=cells, metadata={"kernelspec": _KERNEL, "language_info": {"name": "python"}})


def _role(cell: Any) -> str:
    return next((role for role in ROLES if role in cell.metadata), "")


def _nbgrader(cell: Any, role: str, assignment: Assignment) -> dict[str, Any]:
    """Metadata of nbgrader's schema 3."""
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
    """An id that stays while the cell keeps its role, or its text where it has none."""
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


def _verify_roles(text: str, path: Path, assignment: Assignment, cells: list[Any]) -> None:
    """Each task has one cell to write and one that grades it, each question one to answer; nothing else is named."""
    module = path.name
    tasks = {task.name for task in assignment.tasks if task.file == module}
    questions = {question.id for question in assignment.questions if question.file == module}
    promised = {"task": tasks, "grade": tasks, "question": questions, "answer": questions}
    seen: dict[str, Counter[str]] = {role: Counter() for role in ROLES}
    for cell in cells:
        role = _role(cell)
        if not role:
            if BEGIN in cell.source:
                first = cell.source.split("\n")[0]
                line = next((n for n, found in enumerate(text.split("\n"), start=1) if first in found), 1)
                raise BadSource(f"{path}:{line}: a solution stands in a cell without task= or answer= in its header.")
            continue
        line = header_line(text, role, cell.metadata[role])
        names = cell.metadata[role].split() if role == "task" else [cell.metadata[role]]
        for name in names:
            seen[role][name] += 1
            if name not in promised[role]:
                known = ", ".join(sorted(promised[role])) or "none"
                raise BadSource(
                    f"{path}:{line}: {role}={name!r} is not in assignment.toml, which has for {module}: {known}."
                )
            if seen[role][name] > 1:
                raise BadSource(f"{path}:{line}: {role}={name!r} stands at two cells; each belongs to one.")
        kind = "code" if role in ("task", "grade") else "markdown"
        if cell.cell_type != kind:
            raise BadSource(f"{path}:{line}: a {role} cell is a {kind} cell, not {cell.cell_type}.")
        if role in ("task", "answer") and BEGIN not in cell.source:
            raise BadSource(
                f"{path}:{line}: {role}={cell.metadata[role]!r} has no solution between ### {BEGIN} and ### {END}."
            )
        if role == "grade" and "active-ipynb" not in cell.metadata.get("tags", []):
            raise BadSource(
                f'{path}:{line}: a grade cell needs tags=["active-ipynb"], so that the script does not run it.'
            )
    for role, names in promised.items():
        for name in sorted(names - seen[role].keys()):
            raise BadSource(f"{path}:1: no cell has {role}={name!r}, which assignment.toml promises for {module}.")


def header_line(text: str, role: str, name: str) -> int:
    """The line of the cell header that gives ``name`` the role; 1 when there is none."""
    mine = re.compile(rf"# %%.*\b{role}=[\"'](?:.* )?{re.escape(name)}(?: .*)?[\"']")
    return next((number for number, line in enumerate(text.split("\n"), start=1) if mine.match(line)), 1)
