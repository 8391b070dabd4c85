"""Lets a notebook import the other notebooks of its assignment, as grading does.

The notebook's code is imported, reduced as for grading, where the script of its name is not written or was saved
earlier. Otherwise Python imports the script as usual.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType

from autograder.core.assignment import MANIFEST, Assignment, BadManifest, read_assignment
from autograder.core.course import earlier_modules
from autograder.core.message import Message
from autograder.core.notebooks import import_name, notebook_name
from autograder.sandbox.inside.modules import NotRun, SubmissionFinder
from autograder.submissions.submission import BadSubmission, open_submission


class SiblingFinder(MetaPathFinder):
    """Finds the modules of an assignment that are written in notebooks."""

    def __init__(self, assignment: Assignment) -> None:
        self.assignment = assignment
        self.earlier = earlier_modules(assignment)
        self.imported: dict[Path, float] = {}  # notebooks that were imported, and when they had been saved

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        files = (*self.assignment.files, *self.earlier)
        file = next((file for file in files if import_name(file) == fullname), None)
        if file is None:
            return None
        folder = self.assignment.folder
        notebook = folder / notebook_name(file)
        try:
            saved = notebook.stat().st_mtime
            code = open_submission(folder, self.assignment, folder, earlier_modules=self.earlier).code
        except (OSError, BadSubmission):
            return None
        if file not in code.cells:
            return None
        finder = SubmissionFinder(
            {file: code.files[file]},
            {file: f"{notebook.name} as code"},  # tracebacks show these lines, not those of a file
            packages=code.packages,
            allowed=code.allowed,
            not_run={file: [NotRun(part.line, part.names, part.reason) for part in code.aside.get(file, ())]},
        )
        self.imported[notebook] = saved
        return finder.find_spec(fullname)

    def changed(self) -> list[str]:
        """Return a sentence for each notebook that was saved again after it was imported."""
        return [
            Message(
                "{name} was saved again after it was imported here. Restart the kernel to use the new version.",
                name=notebook.name,
            )
            for notebook, saved in self.imported.items()
            if notebook.exists() and notebook.stat().st_mtime > saved
        ]


def find_siblings(folder: Path) -> SiblingFinder | None:
    """Install a finder for the assignment in ``folder`` once, and return it, or None without an assignment."""
    for finder in sys.meta_path:
        if isinstance(finder, SiblingFinder) and finder.assignment.folder == folder:
            return finder
    if not (folder / MANIFEST).is_file():
        return None
    try:
        finder = SiblingFinder(read_assignment(folder))
    except BadManifest:
        return None  # `check` will say what is wrong
    sys.meta_path.insert(0, finder)
    return finder
