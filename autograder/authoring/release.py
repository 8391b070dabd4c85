"""From staff's source to the two files students receive: a notebook and the same cells as a script.

Solutions are cut and cells are locked by nbgrader's own preprocessors; leaks.py then looks for what must not be there.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from autograder.authoring.cells import BadSource, header_line, read_source, to_notebook
from autograder.authoring.leaks import refuse_leaks
from autograder.core.assignment import Assignment
from autograder.core.files import write_atomically
from autograder.submissions.statements import unwritten_places

__all__ = ["BadSource", "Release", "release", "stale", "write"]


@dataclass(frozen=True)
class Release:
    """The generated files of an assignment."""

    files: dict[Path, bytes]


def release(assignment: Assignment) -> Release:
    """Derive the students' notebook and script of every module. Raises BadSource with file and line."""
    files: dict[Path, bytes] = {}
    sources = {}
    for module in assignment.files:
        path = assignment.solutions / module
        sources[path] = read_source(path)
        notebook = clear(to_notebook(sources[path], path, assignment))
        script = _script(notebook)
        _refuse_free_points(
            sources[path], script, path, [task.name for task in assignment.tasks if task.file == module]
        )
        files[assignment.folder / module] = script.encode()
        files[assignment.folder / module.replace(".py", ".ipynb")] = notebook_bytes(notebook)
    refuse_leaks(sources, files, assignment.folder)
    return Release(files)


def write(release: Release) -> None:
    """Write each file whole or not at all."""
    for path, content in release.files.items():
        write_atomically(path, content)


def stale(release: Release) -> list[str]:
    """A sentence for each file that is not what the source says."""
    return [
        f"{path} {'is stale' if path.exists() else 'is missing'}; run `gradlab release {path.parent.name}`."
        for path, content in release.files.items()
        if not path.is_file() or path.read_bytes() != content
    ]


def clear(notebook: Any) -> Any:
    """A copy without solutions and outputs, with the cells locked that students must not change."""
    from nbgrader import preprocessors as steps  # nbgrader.apps would cost seconds

    notebook = copy.deepcopy(notebook)
    for step in (
        steps.LockCells,
        steps.ClearSolutions,
        steps.ClearOutput,
        steps.ClearHiddenTests,
        steps.ClearMarkScheme,
        steps.ComputeChecksums,
        steps.CheckCellMetadata,
    ):
        notebook, _ = step().preprocess(notebook, {})
    return notebook


def notebook_bytes(notebook: Any) -> bytes:
    """The file of a notebook, valid and the same every time."""
    import nbformat

    nbformat.validate(notebook)
    return (nbformat.writes(notebook).rstrip("\n") + "\n").encode()


def _script(notebook: Any) -> str:
    """The notebook's cells as a percent script, without what only notebooks need."""
    import jupytext

    notebook = copy.deepcopy(notebook)
    notebook.metadata = {"jupytext": {"notebook_metadata_filter": "-all"}}
    for cell in notebook.cells:
        cell.metadata = {key: value for key, value in cell.metadata.items() if key not in _NOTEBOOK_ONLY}
    return str(jupytext.writes(notebook, fmt="py:percent"))


_NOTEBOOK_ONLY = ("nbgrader", "deletable", "editable")


def _refuse_free_points(source: str, script: str, path: Path, tasks: Sequence[str]) -> None:
    """Each task must raise NotImplementedError as released; else the handout may earn points as it is."""
    try:
        definitions = {
            node.name: node for node in ast.parse(script).body if isinstance(node, ast.FunctionDef | ast.ClassDef)
        }
    except SyntaxError as error:
        found = (error.text or "").strip()
        line = next((n for n, text in enumerate(source.split("\n"), start=1) if found and found in text), 1)
        raise BadSource(f"{path}:{line}: without its solutions Python cannot read the file: {error.msg}.") from None
    for task in tasks:
        root, _, method = task.partition(".")
        line = header_line(source, "task", task)
        if root not in definitions:
            raise BadSource(f"{path}:{line}: the cell of {task!r} does not define {root}.")
        places = {name for name, _ in unwritten_places(definitions[root])}
        if not places or (method and method not in places):
            raise BadSource(
                f"{path}:{line}: {task!r} does not raise NotImplementedError as released: give it a solution region."
            )
