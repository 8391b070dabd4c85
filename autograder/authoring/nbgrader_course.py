"""A course folder in which `nbgrader generate_assignment` and `nbgrader autograde` work as usual.

nbgrader runs the notebook's check cells in the student's kernel. So only the public checks count, and the student's
code can reach the result. `gradlab grade` has neither limit.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from autograder.authoring.cells import read_source, to_notebook
from autograder.authoring.release import notebook_bytes
from autograder.core.assignment import Assignment
from autograder.core.copies import shared_files
from autograder.core.course_file import NO_COURSE
from autograder.core.files import write_atomically
from autograder.core.notebooks import accepted_names, import_name, notebook_name
from autograder.submissions.names import imported_names

CONFIG = "nbgrader_config.py"

_CONFIG = '''\
"""Settings of nbgrader for a course made by `gradlab export nbgrader`."""

import os
import sys

c = get_config()  # noqa: F821

# nbgrader starts the program alembic by its name. It is next to this Python, which need not be on PATH.
os.environ["PATH"] = os.pathsep.join([os.path.dirname(sys.executable), os.environ.get("PATH", os.defpath)])

c.CourseDirectory.course_id = "{course}"
c.CourseDirectory.ignore = [".ipynb_checkpoints", "*.pyc", "__pycache__", ".pytest_cache"]
c.Execute.timeout = 600  # seconds a cell may run; notebooks train small networks
c.IgnorePattern.enabled = True  # else any text on stderr, such as a warning, costs all points of a cell
c.IgnorePattern.pattern = "^"
c.OverwriteCells.add_missing_cells = True  # a deleted check cell is restored and counts
'''


def export_course(assignments: Iterable[Assignment], destination: Path) -> list[Path]:
    """Write an nbgrader course into ``destination`` and return the files written.

    An assignment's folder also has the modules that others of its modules import, data files, and, unless it is
    installed with gradlab, what the course shares. An existing configuration stays unchanged. Raises BadSource when an
    assignment cannot be released.
    """
    files: dict[Path, bytes] = {}
    course = NO_COURSE
    for assignment in assignments:
        course = assignment.course
        folder = destination / "source" / assignment.name
        released = set(accepted_names(assignment.files))
        imported_modules = _imported_by_others(assignment)
        for module in assignment.files:
            path = assignment.solutions / module
            notebook = to_notebook(read_source(path), path, assignment)
            files[folder / notebook_name(module)] = notebook_bytes(notebook)
        for path in sorted(assignment.folder.rglob("*")):
            inside = path.relative_to(assignment.folder)
            hidden = any(part.startswith(".") or part == "__pycache__" for part in inside.parts)
            generated = inside.as_posix() in released
            imported = inside.as_posix() in imported_modules
            if path.is_file() and not hidden and (imported or not generated):
                files[folder / inside] = path.read_bytes()
        files |= {folder / name: content for name, content in shared_files(course).items()}
    if not (destination / CONFIG).exists():
        files[destination / CONFIG] = _CONFIG.replace("{course}", course.id).encode()
    for path, content in files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, content)
    return list(files)


def _imported_by_others(assignment: Assignment) -> set[str]:
    """Return the modules that another module of the assignment imports. Their scripts are needed next to notebooks."""
    sources = {name: (assignment.solutions / name).read_bytes() for name in assignment.files}
    return {
        name
        for name in assignment.files
        for other, source in sources.items()
        if other != name and import_name(name).partition(".")[0] in imported_names(source)
    }
