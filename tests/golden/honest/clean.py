"""The clean hand-in of an assignment: its reference as a student would save it, as notebooks and as scripts."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from autograder.authoring.cells import MARKERS, read_source, to_notebook
from autograder.authoring.release import as_script
from autograder.core.assignment import Assignment
from autograder.core.notebooks import notebook_name

Cell = dict[str, Any]
IMPORTS = "from autograder import check"  # is in the cell of imports that is for the notebook only


@dataclass
class Notebook:
    """A notebook that a recipe may change."""

    module: str  # "knn.py"
    cells: list[Cell]

    @property
    def name(self) -> str:
        return notebook_name(self.module)

    def copy(self) -> Notebook:
        return Notebook(self.module, json.loads(json.dumps(self.cells)))  # much faster than a deep copy

    def to_bytes(self, **changes: Any) -> bytes:
        """The file as Jupyter saves it, but for spaces between its parts."""
        language = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
        table = {"cells": self.cells, "metadata": language, "nbformat": 4, "nbformat_minor": 5, **changes}
        return json.dumps(table, ensure_ascii=False).encode()

    def find(self, task: str) -> int:
        """The index of the cell in which a task is written."""
        return next(i for i, cell in enumerate(self.cells) if task in cell["metadata"].get("task", "").split())

    def find_imports(self) -> int:
        """The index of the handout's cell of imports that is for the notebook only."""
        return next(i for i, cell in enumerate(self.cells) if IMPORTS in cell["source"])

    def code_cells(self) -> list[Cell]:
        """The cells of code."""
        return [cell for cell in self.cells if cell["cell_type"] == "code"]

    def insert(self, at: int, *sources: str, **metadata: Any) -> Notebook:
        """The notebook with new cells of code before the cell ``at``; -1 appends them."""
        new = self.copy()
        place = len(new.cells) if at == -1 else at
        new.cells[place:place] = [code(source, **metadata) for source in sources]
        return new

    def edit(self, at: int, source: str) -> Notebook:
        """The notebook with another source in the cell ``at``."""
        new = self.copy()
        new.cells[at]["source"] = source
        return new

    def append_to(self, at: int, text: str) -> Notebook:
        """The notebook with more lines at the end of the cell ``at``."""
        return self.edit(at, f"{self.cells[at]['source']}\n{text}")

    def needing(self, task: str, expression: str) -> Notebook:
        """The notebook with a task that evaluates ``expression`` before it does its work."""
        at = self.find(task)
        return self.edit(at, with_line(self.cells[at]["source"], task, f"needed = {expression}"))


@dataclass(frozen=True)
class Clean:
    """What recipes start from."""

    assignment: Assignment
    victim: str  # a task that no other task needs; what a recipe breaks, it breaks here
    stub: Mapping[str, bytes] = field(default_factory=dict)  # the files of the handout

    @property
    def module(self) -> str:
        """The module of the victim, which recipes change."""
        return next(task.file for task in self.assignment.tasks if task.name == self.victim)

    @cached_property
    def scripts(self) -> dict[str, str]:
        """The released scripts with the reference's code."""
        return {name: unmarked(as_script(written)) for name, written in self._written.items()}

    @cached_property
    def _written(self) -> dict[str, Any]:
        """The reference's notebooks, with the authors' markers."""
        paths = [self.assignment.solutions / name for name in self.assignment.files]
        return {path.name: to_notebook(read_source(path), path, self.assignment) for path in paths}

    @cached_property
    def _notebooks(self) -> dict[str, Notebook]:
        """The released notebooks with the reference's code in the cells of the tasks."""
        found = {}
        for name, written in self._written.items():
            solutions = {
                cell.metadata["task"]: unmarked(cell.source) for cell in written.cells if "task" in cell.metadata
            }
            cells = json.loads((self.assignment.folder / notebook_name(name)).read_bytes())["cells"]
            for cell in cells:
                source = "".join(cell["source"])
                cell["source"] = solutions.get(cell["metadata"].get("task", ""), source)
            found[name] = Notebook(name, cells)
        return found

    @property
    def notebook(self) -> Notebook:
        """The victim's notebook."""
        return self.notebook_of(self.victim)

    def notebook_of(self, task: str) -> Notebook:
        """The notebook in which a task is written."""
        return next(self._notebooks[other.file].copy() for other in self.assignment.tasks if other.name == task)

    @property
    def script(self) -> str:
        """The victim's script."""
        return self.scripts[self.module]

    def notebooks(self, *changed: Notebook) -> dict[str, bytes]:
        """The files of a hand-in of notebooks, of which some were changed."""
        books = {**self._notebooks, **{book.module: book for book in changed}}
        return {book.name: book.to_bytes() for book in books.values()}

    def with_scripts(self, changed: Mapping[str, str | bytes] | None = None) -> dict[str, bytes]:
        """The files of a hand-in of scripts, of which some were changed."""
        texts = {**self.scripts, **(changed or {})}
        return {name: text.encode() if isinstance(text, str) else text for name, text in texts.items()}


def code(source: str, **metadata: Any) -> Cell:
    """A cell of code."""
    return {"cell_type": "code", "execution_count": None, "metadata": metadata, "outputs": [], "source": source}


def unmarked(source: str) -> str:
    """The source without the lines that mark solutions."""
    return "\n".join(line for line in source.split("\n") if not any(marker in line for marker in MARKERS))


def with_line(source: str, task: str, line: str) -> str:
    """The source with one more line at the beginning of a task's function; of a class's first method."""
    function = _function(source, task)
    body = function.body
    first = body[1] if len(body) > 1 and _is_docstring(body[0]) else body[0]
    lines = source.split("\n")
    lines.insert(first.lineno - 1, " " * first.col_offset + line)
    return "\n".join(lines)


def _function(source: str, task: str) -> ast.FunctionDef:
    scope: Any = ast.parse(source)
    for part in task.split("."):
        scope = next(node for node in scope.body if getattr(node, "name", "") == part)
    if isinstance(scope, ast.ClassDef):
        scope = next(node for node in scope.body if isinstance(node, ast.FunctionDef))
    assert isinstance(scope, ast.FunctionDef)
    return scope


def _is_docstring(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def uncommented(script: str) -> str:
    """The script with the cells that are for the notebook only as code."""
    parts = re.split(r"(?m)^(?=# %%)", script)
    return "".join(_without_hashes(part) if 'tags=["active-ipynb"]' in part.split("\n")[0] else part for part in parts)


def _without_hashes(cell: str) -> str:
    head, _, body = cell.partition("\n")
    return f"{head}\n" + re.sub(r"(?m)^# ?", "", body)


def read_stub(assignment: Assignment) -> dict[str, bytes]:
    """The released notebooks and scripts."""
    names = [file for name in assignment.files for file in (name, notebook_name(name))]
    return {name: Path(assignment.folder / name).read_bytes() for name in names}
