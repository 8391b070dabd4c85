"""Run a notebook's code as grading does: statement by statement, without plots, training and forbidden packages.

A check with loans needs this where its task is a variable, which has its value before anything can be lent.
"""

from __future__ import annotations

import ast
import json
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

from autograder.core.assignment import Assignment
from autograder.core.course import earlier_modules
from autograder.core.notebooks import import_name
from autograder.sandbox.inside.modules import NotRun, SourceLoader, SubmissionFinder
from autograder.submissions.names import bound_names, imported_names
from autograder.submissions.notebook import Module, script_to_module, to_module
from autograder.submissions.selection import select_files
from autograder.submissions.source import BadSubmission


def loader_of(module: Module, file: str, shown: str, assignment: Assignment) -> SourceLoader:
    """Return the loader of a reduced module; tracebacks name ``shown``."""
    own = [path.stem for path in assignment.folder.iterdir() if path.suffix == ".py" or path.is_dir()]
    fallbacks = assignment.course.fallbacks
    known = {*own, *map(import_name, earlier_modules(assignment)), *(assignment.allowed or ())}
    imported = imported_names(module.text.encode("utf-8", "backslashreplace"))
    if assignment.allowed is not None and not imported <= known | sys.stdlib_module_names:
        known |= _own_modules(assignment)  # asked only then: it reads all files
    finder = SubmissionFinder(
        {file: module.text},
        {file: shown},
        packages=None if assignment.allowed is None else frozenset(known),
        allowed=assignment.allowed or (),
        fallbacks=[path.stem for path in fallbacks.glob("*.py")] if fallbacks else (),
        not_run={file: [NotRun(part.line, part.names, part.reason) for part in module.aside]},
    )
    return finder.loaders[import_name(file)]


def _own_modules(assignment: Assignment) -> set[str]:
    """Return the student's own modules that a zip would contain, also from folders that the code adds to sys.path."""
    try:
        earlier = earlier_modules(assignment)
        found = select_files(assignment.folder, assignment, earlier_modules=earlier, own_machine=True).own_modules
    except BadSubmission:
        return set()
    return {path.partition("/")[0].removesuffix(".py") for path in found}


def make_repeatable(stand_in: ModuleType, file: str, cells: Sequence[str], assignment: Assignment) -> None:
    """Let loans run the cells of a kernel again in ``stand_in``, the module that its names make."""
    stand_in.__spec__ = ModuleSpec(import_name(file), _KernelLoader(file, cells, assignment))  # type: ignore[arg-type]


class _KernelLoader:
    """Runs the cells that ran in a kernel again; they are read when that happens."""

    def __init__(self, file: str, cells: Sequence[str], assignment: Assignment) -> None:
        self.file, self.cells, self.assignment = file, cells, assignment

    def run_again(self, table: dict[str, Any], after_each: Callable[[], None]) -> None:
        """Run all statements once more, as grading would; what fails is skipped."""
        with suppress(BadSubmission):  # too much code, for example: the names keep their values
            loader_of(self._module(), self.file, self.file, self.assignment).run_again(table, after_each)

    def _module(self) -> Module:
        wanted = [task.name for task in self.assignment.tasks if task.file == self.file]
        imported = sys.modules.get(import_name(self.file))
        source = getattr(getattr(imported, "__spec__", None), "loader", None)
        if imported is not None and source is not None and not self._bind(wanted):
            return script_to_module(source.get_source(imported.__name__) or "", self.file, wanted)
        cells = [{"cell_type": "code", "source": cell} for cell in _once(self.cells)]
        return to_module(json.dumps({"cells": cells}).encode(), self.file.replace(".py", ".ipynb"), wanted)

    def _bind(self, names: Sequence[str]) -> bool:
        """Return whether a cell gives one of these names a value; else the notebook imported them."""
        for cell in self.cells:
            with suppress(SyntaxError, ValueError, RecursionError, MemoryError):
                if any(bound_names(node) & {*names} for node in ast.parse(cell).body if not _imports(node)):
                    return True
        return False


def _once(cells: Sequence[str]) -> list[str]:
    """Return the cells in the order of their last runs, each once: a notebook has it once."""
    return list(dict.fromkeys(reversed(cells)))[::-1]


def _imports(node: ast.stmt) -> bool:
    return isinstance(node, ast.Import | ast.ImportFrom)
