"""Compare a notebook's kernel with its saved file: the check sees the kernel, grading reads the file."""

from __future__ import annotations

import ast
import builtins
import contextlib
import io
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from autograder.core.assignment import Assignment
from autograder.core.message import Message, either, joined
from autograder.core.notebooks import describe_cell, describe_line, import_name
from autograder.core.syntax_tree import dump
from autograder.sandbox.inside.modules import SourceLoader
from autograder.students.as_graded import loader_of
from autograder.submissions.ipynb import without_outputs
from autograder.submissions.names import ASSIGNMENTS, DEFINITIONS, bound_names, read_names
from autograder.submissions.notebook import Module, to_module
from autograder.submissions.source import BadSubmission

_GIVEN = ("get_ipython", "display")  # which grading has, too
SAME_TIME = 2.0  # seconds between running a cell and saving the file that contains it


@dataclass(frozen=True)
class Executed:
    """A cell that ran in this kernel."""

    source: str
    at: float  # seconds since 1970


def notes_on_saved(
    notebook: Path, module: str, executed: Sequence[Executed], namespace: Mapping[str, Any], assignment: Assignment
) -> list[str]:
    """Return a sentence for each part of the saved notebook that is graded otherwise than the kernel's was checked.

    ``executed`` are the cells that ran in this kernel, in their order, and ``namespace`` is what they defined.
    """
    file = assignment.file_of(module)
    wanted = [task.name for task in assignment.tasks if task.file == file]
    try:
        saved_at = notebook.stat().st_mtime
        saved = to_module(without_outputs(notebook.read_bytes(), notebook.name), notebook.name, wanted)
    except OSError:
        return []
    except BadSubmission as problem:
        return [str(problem)]
    runs = _Runs(executed)
    when = time.strftime("%H:%M", time.localtime(saved_at))
    notes = [*saved.problems, *saved.notes]
    graded = ModuleType(import_name(file))
    loader = loader_of(saved, file, f"{notebook.name} as code", assignment)
    with contextlib.redirect_stdout(io.StringIO()):
        loader.exec_module(graded)
    notes += _not_run(saved, notebook.name, loader)
    tree = ast.parse(saved.text)
    for node in tree.body:
        if isinstance(node, DEFINITIONS) and (run := runs.last_binding(node.name)):
            changed = dump(node) != dump(run.node)
            if changed and saved_at > run.at + SAME_TIME:
                place = describe_cell(saved.cells, node.lineno, file=notebook.name)
                notes.append(
                    Message(
                        "{place}: {name} was changed and saved at {when}, but this kernel still has the version from "
                        "before. Run the cell, then check again.",
                        place=place,
                        name=node.name,
                        when=when,
                    )
                )
    lost = {name for part in loader.not_run for name in part.names}  # their sentence says why they are missing
    for name in _names_without_cell(saved.text, tree, namespace):
        run = runs.last_binding(name)
        lines = [node.lineno for node in ast.walk(tree) if isinstance(node, ast.Name) and node.id == name]
        place = describe_line(saved.cells, min(lines)) if lines else ""
        where = Message("{file}, {place}", file=notebook.name, place=place) if lines else notebook.name
        if run and saved_at > run.at + SAME_TIME:
            notes.append(
                Message(
                    "{file}, saved at {when}, uses {name}, but no cell defines it: it only exists in this kernel. "
                    "Write the cell that defines {name} again.",
                    file=where,
                    when=when,
                    name=name,
                )
            )
        elif not run and name not in lost and not hasattr(graded, name) and name not in _GIVEN:
            notes.append(
                Message(
                    "{file}, saved at {when}, uses {name}, which is missing when it is graded: what magics (%, !) and "
                    "exec make, and IPython's own names, are left out. Define {name} in a cell.",
                    file=where,
                    when=when,
                    name=name,
                )
            )
    return notes


@dataclass(frozen=True)
class _Binding:
    node: ast.stmt
    at: float


class _Runs:
    """The statements that ran in this kernel, without magics."""

    def __init__(self, executed: Sequence[Executed]) -> None:
        self.bindings: dict[str, _Binding] = {}
        for cell in executed:
            try:
                tree = ast.parse(cell.source)
            except (SyntaxError, ValueError, RecursionError, MemoryError):  # magics
                continue
            for node in tree.body:
                for name in bound_names(node):
                    if _is_magic(node):
                        self.bindings.pop(name, None)
                    elif name not in self.bindings or not _changes_part(node, name):
                        self.bindings[name] = _Binding(node, cell.at)

    def last_binding(self, name: str) -> _Binding | None:
        return self.bindings.get(name)


def _changes_part(node: ast.stmt, name: str) -> bool:
    """Return whether a statement changes a part of what a name means, as `f.__test__ = False` does."""
    stored = (part.id for part in ast.walk(node) if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store))
    return isinstance(node, (*ASSIGNMENTS, ast.Expr)) and name not in stored


def _is_magic(node: ast.stmt) -> bool:
    """Return whether a statement stores what a magic gave, as IPython writes `files = !ls` in `In`."""
    call = node.value if isinstance(node, ast.Assign) else None
    return isinstance(call, ast.Call) and ast.unparse(call.func).startswith("get_ipython().")


def _names_without_cell(text: str, tree: ast.Module, namespace: Collection[str]) -> Iterator[str]:
    """Yield the names that the saved code reads, that it does not define and that exist in the kernel."""
    bound = set().union(*(bound_names(node) for node in tree.body))
    if "*" in bound:
        return
    for name in sorted(read_names(text) - bound):
        if name in namespace and not hasattr(builtins, name):
            yield name


def _not_run(saved: Module, name: str, loader: SourceLoader) -> list[str]:
    """Return a sentence for each statement that failed when the saved code was run as grading does."""
    unread = {part.line for part in saved.aside}
    sentences = []
    for part in loader.not_run:
        if part.line not in unread:
            place = describe_line(saved.cells, part.line, file=name)
            sentence = Message(
                "{place} does not run when it is graded: {reason}.", place=place, reason=part.reason.rstrip(".")
            )
            needed = [Message("Tasks that need {names} will fail.", names=either(part.names[:3]))] if part.names else []
            sentences.append(joined(" ", [sentence, *needed]))
    return sentences
