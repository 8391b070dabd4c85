"""A course folder for nbgrader, where `nbgrader generate_assignment` and `nbgrader autograde` work as ever.

nbgrader runs the notebook's own check cells in the student's kernel: it pays by the public checks alone, and the
student's code can reach the result. `gradlab grade` has neither limit.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from autograder.authoring.cells import read_source, to_notebook
from autograder.authoring.release import notebook_bytes
from autograder.core.assignment import Assignment
from autograder.core.files import write_atomically
from autograder.core.notebooks import notebook_name

CONFIG = "nbgrader_config.py"

_CONFIG = '''\
"""Settings of nbgrader for a course made by `gradlab export nbgrader`."""

c = get_config()  # noqa: F821

c.CourseDirectory.course_id = "gradlab"
c.CourseDirectory.ignore = [".ipynb_checkpoints", "*.pyc", "__pycache__", ".pytest_cache"]
c.Execute.timeout = 600  # seconds a cell may run; notebooks train small networks
c.IgnorePattern.enabled = True  # else any text on stderr, a warning say, costs all points of a cell
c.IgnorePattern.pattern = "^"
c.OverwriteCells.add_missing_cells = True  # a deleted check cell comes back and pays
'''


def export_course(assignments: Iterable[Assignment], destination: Path) -> list[Path]:
    """Write an nbgrader course below ``destination``; returns the files written.

    A configuration that is there already is kept. Raises BadSource when an assignment could not be released.
    """
    files: dict[Path, bytes] = {}
    for assignment in assignments:
        folder = destination / "source" / assignment.name
        modules = set(assignment.files)
        for module in assignment.files:
            path = assignment.solutions / module
            notebook = to_notebook(read_source(path), path, assignment)
            files[folder / notebook_name(module)] = notebook_bytes(notebook)
        for path in sorted(assignment.folder.rglob("*")):
            inside = path.relative_to(assignment.folder)
            hidden = any(part.startswith(".") or part == "__pycache__" for part in inside.parts)
            generated = inside.with_suffix(".py").as_posix() in modules
            if path.is_file() and not hidden and not generated:
                files[folder / inside] = path.read_bytes()
    if not (destination / CONFIG).exists():
        files[destination / CONFIG] = _CONFIG.encode()
    for path, content in files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, content)
    return list(files)
