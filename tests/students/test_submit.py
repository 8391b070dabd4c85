"""A student copies the course, updates the copy, and creates a zip that can be graded."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from autograder.core.assignment import BadManifest
from autograder.students.start import start
from autograder.students.submit import submit
from autograder.submissions.submission import BadSubmission, open_submission
from tests.support.course import NAME, STUB, WRITTEN, as_notebook, make_course


@pytest.fixture
def root(tmp_path: Path) -> Path:
    assignment = make_course(tmp_path / "course")
    (assignment.folder / "tiny.py").write_text(STUB)
    (assignment.folder / "tiny.ipynb").write_bytes(as_notebook(STUB))
    (assignment.folder / "__pycache__").mkdir()
    (assignment.folder / "__pycache__" / "x.pyc").write_bytes(b"")
    (assignment.folder / ".ipynb_checkpoints").mkdir()
    return tmp_path / "course"


@pytest.fixture
def work(root: Path, tmp_path: Path) -> Path:
    start(tmp_path / "work", root)
    return tmp_path / "work" / NAME


def test_start_copies_what_students_need_and_nothing_else(root: Path, tmp_path: Path) -> None:
    lines = start(tmp_path / "work", root)
    names = sorted(path.name for path in (tmp_path / "work" / NAME).iterdir())
    assert names == ["README.md", "assignment.toml", "check_tiny.py", "tiny.ipynb", "tiny.py"]
    assert lines == [f"{tmp_path / 'work' / NAME}: 5 new files."]
    assert not (tmp_path / "work" / "solutions").exists()


def test_starting_again_updates_all_files_but_the_edited_ones(root: Path, work: Path) -> None:
    (work / "tiny.py").write_text(WRITTEN)
    (work / "notes.txt").write_text("mine")
    course = root / "assignments" / NAME
    for name in ("tiny.py", "check_tiny.py"):
        (course / name).write_text((course / name).read_text() + "# repaired\n")
    lines = start(work.parent, root, [NAME])
    assert lines == [
        f"Updated {work / 'check_tiny.py'}.",
        f"Not updated: {work / 'tiny.py'}, because you edited it.",
        f"{work}: 0 new files, 1 edited file not updated.",
    ]
    assert (work / "tiny.py").read_text() == WRITTEN
    assert "# repaired" in (work / "check_tiny.py").read_text()
    assert start(work.parent, root)[-1] == f"{work}: 0 new files, 1 edited file not updated."
    (work / "tiny.py").unlink()
    assert start(work.parent, root) == [f"{work}: 1 new file."]


def test_without_its_record_start_overwrites_nothing(root: Path, work: Path) -> None:
    (work.parent / ".gradlab.json").write_text("[broken")
    course = root / "assignments" / NAME
    (course / "check_tiny.py").write_text("# repaired\n")
    assert "Not updated" in start(work.parent, root)[0]


def test_start_lists_the_assignments_when_asked_for_an_unknown_one(root: Path, tmp_path: Path) -> None:
    for name in ("a99", "../course", "."):
        with pytest.raises(BadManifest, match=f"Available: {NAME}"):
            start(tmp_path / "work", root, [name])
    with pytest.raises(BadManifest, match="is the course itself"):
        start(root / "assignments", root)


def test_the_zip_contains_the_work_and_can_be_opened(work: Path, tmp_path: Path) -> None:
    (work / "tiny.py").write_text(WRITTEN)
    packed = submit(work, tmp_path)
    assert packed.path == tmp_path / f"{NAME}.zip"
    with zipfile.ZipFile(packed.path) as archive:
        assert archive.namelist() == ["tiny.ipynb", "tiny.py"]
    assert packed.warnings == (
        "Nothing is written in tiny.ipynb, so it was ignored.",
        "Not written yet, so they earn no points: Scaler.down.",
    )
    opened = open_submission(packed.path, make_course(tmp_path / "grader"))
    assert "return x + x" in opened.files["tiny.py"]
    assert not opened.remarks


def test_equal_work_makes_equal_zips(work: Path, tmp_path: Path) -> None:
    first = submit(work, tmp_path / "a.zip").path.read_bytes()
    (work / "tiny.py").touch()
    assert submit(work, tmp_path / "b.zip").path.read_bytes() == first


def test_the_zip_is_written_to_the_current_folder_by_default(
    work: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(work)
    assert submit(work).path == work / f"{NAME}.zip"
    assert submit(work).path.is_file()
    with pytest.raises(BadSubmission, match=r"nowhere does not exist"):
        submit(work, tmp_path / "nowhere" / "x.zip")


REFUSED = {
    "syntax error": (WRITTEN.replace("x + x", "x +"), None, r"^tiny\.py, line 9: Python cannot read this"),
    "syntax error in a cell": (None, WRITTEN.replace("x + x", "x +"), r"^tiny\.ipynb, cell 2, line 3: Python cannot"),
    "task deleted": (
        WRITTEN.replace("def double", "def treble"),
        "",
        r"No definition was found for double \(tiny\.py\)",
    ),
    "method deleted": (WRITTEN.replace("def up", "def over"), "", r"No definition was found for Scaler\.up"),
    "two versions": (WRITTEN, WRITTEN.replace("x + x", "2 * x"), "were both edited and differ, first in cell 2"),
    "nothing there": ("", "", r"contains no tiny\.ipynb or tiny\.py"),
}


@pytest.mark.parametrize("story", REFUSED)
def test_work_that_could_not_be_graded_is_refused_with_the_reason(story: str, work: Path, tmp_path: Path) -> None:
    script, notebook, reason = REFUSED[story]
    for name, text in (("tiny.py", script), ("tiny.ipynb", notebook)):
        if text == "":
            (work / name).unlink()
        elif text is not None:
            (work / name).write_bytes(as_notebook(text) if name.endswith("ipynb") else text.encode())
    with pytest.raises(BadSubmission, match=reason):
        submit(work, tmp_path)
    assert not list(tmp_path.glob("*.zip"))


def test_a_method_may_be_inherited_and_a_function_may_be_assigned(work: Path, tmp_path: Path) -> None:
    text = WRITTEN.replace("def double(x: float) -> float:", "double = lambda x: 2 * x\ndef other(x):")
    text = text.replace("class Scaler:", "class Base:").replace("def up", "def over")
    (work / "tiny.py").write_text(text + "\nclass Scaler(Base):\n    up = Base.over\n")
    assert submit(work, tmp_path).path.is_file()


def test_start_and_submit_import_no_heavy_package() -> None:
    heavy = {"nbgrader", "jupytext", "nbformat", "torch", "pytest"}
    code = f"import sys, autograder.students.start, autograder.students.submit; print({heavy} & set(sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "set()\n"
