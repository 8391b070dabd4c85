"""nbgrader's own programs accept the exported course and pay what the work is worth."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from autograder.authoring.nbgrader_course import CONFIG, export_course
from autograder.authoring.release import release
from tests.support.course import NAME, make_course

pytestmark = pytest.mark.slow

HALF = '''
import sys, warnings
def double(x):
    """Right, and noisy."""
    warnings.warn("a warning on stderr")
    print("a print", file=sys.stderr)
    return x + x
'''


def nbgrader(*arguments: str, course: Path) -> str:
    """Run nbgrader in the course's folder as a person would, away from that person's own settings."""
    home = course.parent / "home"
    environment = {
        **os.environ,
        "PATH": os.defpath,  # without the folder of this Python, as if it was called by its full path
        "IPYTHONDIR": str(home),
        "JUPYTER_CONFIG_DIR": str(home),
        "JUPYTER_DATA_DIR": str(home),
    }
    command = [sys.executable, "-m", "nbgrader", *arguments]
    done = subprocess.run(command, cwd=course, env=environment, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    return done.stderr


def submit(course: Path, student: str, notebook: nbformat.NotebookNode) -> None:
    folder = course / "submitted" / student / NAME
    shutil.copytree(course / "release" / NAME, folder)
    nbformat.write(notebook, folder / "tiny.ipynb")


def test_nbgrader_pays_the_reference_all_the_stub_nothing_and_half_for_half(tmp_path: Path) -> None:
    from nbgrader.api import Gradebook

    assignment, course = make_course(tmp_path), tmp_path / "course"
    (assignment.folder / "tiny.py").write_text("generated: not for nbgrader")
    (assignment.folder / "data").mkdir()
    (assignment.folder / "data" / "table.csv").write_text("1\n")
    export_course([assignment], course)
    nbgrader("generate_assignment", NAME, course=course)

    names = {path.relative_to(course / "release" / NAME).as_posix() for path in (course / "release").rglob("*.*")}
    assert names == {"README.md", "assignment.toml", "check_tiny.py", "data/table.csv", "tiny.ipynb"}
    ours = next(data for path, data in release(assignment).files.items() if path.suffix == ".ipynb")
    assert (course / "release" / NAME / "tiny.ipynb").read_bytes() == ours

    stub = nbformat.reads(ours.decode(), as_version=4)
    submit(course, "stub", stub)
    submit(course, "reference", nbformat.read(course / "source" / NAME / "tiny.ipynb", as_version=4))
    half = nbformat.reads(ours.decode(), as_version=4)
    for cell in half.cells:
        cell.source = HALF if cell.id == "task-double" else cell.source
    half.cells = [cell for cell in half.cells if cell.id != "check-Scaler-up"]  # deleted by the student
    submit(course, "half", half)
    (course / "submitted" / "half" / NAME / "check_tiny.py").write_text("# emptied by the student\n")
    nbgrader("autograde", NAME, course=course)

    with Gradebook(f"sqlite:///{course}/gradebook.db") as gradebook:
        points = {found.student.id: found.score for found in gradebook.assignment_submissions(NAME)}
        by_hand = gradebook.find_submission_notebook("tiny", NAME, "reference").needs_manual_grade
    assert points == {"reference": 100, "stub": 0, "half": 40}
    assert by_hand  # the inline question


def test_an_edited_configuration_is_not_overwritten(tmp_path: Path) -> None:
    assignment = make_course(tmp_path)
    written = export_course([assignment], tmp_path / "course")
    assert (tmp_path / "course" / CONFIG) in written
    (tmp_path / "course" / CONFIG).write_text("mine")
    assert (tmp_path / "course" / CONFIG) not in export_course([assignment], tmp_path / "course")
    assert (tmp_path / "course" / CONFIG).read_text() == "mine"


@pytest.mark.parametrize("name", [".hidden", "__pycache__/x.pyc", "tiny.ipynb"])
def test_generated_and_hidden_files_are_not_exported(name: str, tmp_path: Path) -> None:
    assignment = make_course(tmp_path)
    (assignment.folder / name).parent.mkdir(exist_ok=True)
    (assignment.folder / name).write_text("not this")
    export_course([assignment], tmp_path / "course")
    assert not [path for path in (tmp_path / "course").rglob("*") if path.is_file() and path.read_text() == "not this"]
