"""Hand-ins of every layout are opened, or refused with a sentence."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from autograder.core.assignment import Assignment
from autograder.core.notebooks import describe_line
from autograder.submissions.submission import BadSubmission, open_submission
from tests.support.course import STUB, WRITTEN, as_notebook
from tests.support.handins import is_written, tiny_assignment, write, zipped


@pytest.fixture
def assignment(tmp_path: Path) -> Assignment:
    return tiny_assignment(tmp_path)


LAYOUTS: dict[str, Mapping[str, str | bytes]] = {
    "script": {"tiny.py": WRITTEN},
    "notebook": {"tiny.ipynb": as_notebook(WRITTEN)},
    "both, equal but for comments": {"tiny.py": WRITTEN + "# a comment\n", "tiny.ipynb": as_notebook(WRITTEN)},
    "script and the handout's notebook": {"tiny.py": WRITTEN, "tiny.ipynb": as_notebook(STUB)},
    "notebook and the handout's script": {"tiny.py": STUB, "tiny.ipynb": as_notebook(WRITTEN)},
    "in a folder": {"t01_tiny/tiny.py": WRITTEN},
    "from a Mac": {
        "t01/tiny.py": WRITTEN,
        "__MACOSX/t01/tiny.py": b"\0",
        "t01/.DS_Store": b"\0",
        "__MACOSX/._x": b"\0",
    },
    "from Windows": {"t01_tiny\\tiny.py": WRITTEN},
    "with checkpoints": {"tiny.py": WRITTEN, ".ipynb_checkpoints/tiny.py": STUB, ".venv/lib/tiny.py": STUB},
    "with an old copy further down": {"tiny.py": WRITTEN, "old/tiny.py": STUB},
    "with other files": {"tiny.py": WRITTEN, "data/x.bin": b"\0" * 100, "notes.pdf": b"%PDF"},
    "zip in a folder": {"t01/hand-in.zip": zipped({"t01_tiny/tiny.py": WRITTEN})},
    "with a byte order mark": {"tiny.py": "\ufeff" + WRITTEN},
    "latin-1": {"tiny.py": b"# coding: latin-1\n# \xe9\n" + WRITTEN.encode()},
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_the_work_is_found_in_a_zip_and_in_a_folder(layout: str, assignment: Assignment, tmp_path: Path) -> None:
    opened = open_submission(write(tmp_path / "in" / "ada.zip", zipped(LAYOUTS[layout])), assignment)
    assert is_written(opened)
    assert opened.student == "ada"
    if "Windows" not in layout:
        for name, content in LAYOUTS[layout].items():
            write(tmp_path / "in" / "bob" / name, content)
        again = open_submission(tmp_path / "in" / "bob", assignment)
        assert (again.files, again.digest, again.notes) == (opened.files, opened.digest, opened.notes)
        assert again.student == "bob"


@pytest.mark.parametrize("name", ["tiny.py", "tiny.ipynb", "ada_12_tiny.py", "Tiny.PY", "ada.ipynb"])
def test_a_single_file_may_have_any_name(name: str, assignment: Assignment, tmp_path: Path) -> None:
    content = as_notebook(WRITTEN) if name.endswith("ipynb") else WRITTEN
    opened = open_submission(write(tmp_path / "ada" / name, content), assignment)
    assert is_written(opened)
    assert opened.student.startswith("ada") or name == "Tiny.PY"


def test_a_folder_named_like_the_assignment_belongs_to_the_folder_around_it(
    assignment: Assignment, tmp_path: Path
) -> None:
    write(tmp_path / "submitted" / "ada" / "t01_tiny" / "tiny.py", WRITTEN)
    assert open_submission(tmp_path / "submitted" / "ada" / "t01_tiny", assignment).student == "ada"


def test_an_untouched_file_next_to_an_edited_one_is_ignored_with_a_note(assignment: Assignment, tmp_path: Path) -> None:
    path = write(tmp_path / "ada.zip", zipped({"tiny.py": STUB, "tiny.ipynb": as_notebook(WRITTEN)}))
    opened = open_submission(path, assignment)
    assert opened.notes == ("Nothing is written in tiny.py, so it was ignored.",)
    line = opened.files["tiny.py"].split("\n").index("    return x + x") + 1
    assert describe_line(opened.code.cells["tiny.py"], line) == "cell 2, line 3"


def test_an_untouched_handout_is_opened_with_a_note(assignment: Assignment, tmp_path: Path) -> None:
    shutil.copytree(assignment.folder, tmp_path / "ada")
    opened = open_submission(tmp_path / "ada", assignment)
    assert opened.notes == ("Nothing is written yet in tiny.ipynb and tiny.py.",)


@pytest.mark.parametrize("edited", ["tiny.py", "tiny.ipynb"])
def test_in_a_students_own_folder_the_edited_file_counts(edited: str, assignment: Assignment, tmp_path: Path) -> None:
    write(assignment.folder / edited, as_notebook(WRITTEN) if edited.endswith("ipynb") else WRITTEN)
    assert is_written(open_submission(assignment.folder, assignment))
    shutil.copytree(assignment.folder, tmp_path / "copy")
    assert is_written(open_submission(tmp_path / "copy", assignment))
    write(assignment.folder / "tiny.py", WRITTEN.replace("x + x", "2 * x"))
    write(assignment.folder / "tiny.ipynb", as_notebook(WRITTEN))
    with pytest.raises(BadSubmission, match="were both edited and differ"):
        open_submission(assignment.folder, assignment)


def test_an_older_handout_next_to_the_work_is_ignored(assignment: Assignment, tmp_path: Path) -> None:
    older = STUB.replace("Twice x", "Double x").replace("WIDTH = 3", "WIDTH = 4")
    path = write(tmp_path / "ada.zip", zipped({"tiny.py": older, "tiny.ipynb": as_notebook(WRITTEN)}))
    assert is_written(open_submission(path, assignment))


def test_two_files_with_different_work_are_refused_even_if_one_is_more_complete(
    assignment: Assignment, tmp_path: Path
) -> None:
    less = WRITTEN.replace("return WIDTH * x", "raise NotImplementedError()").replace("x + x", "x * 2")
    path = write(tmp_path / "ada.zip", zipped({"tiny.py": less, "tiny.ipynb": as_notebook(WRITTEN)}))
    with pytest.raises(BadSubmission, match="were both edited and differ"):
        open_submission(path, assignment)


def test_two_edited_files_that_differ_are_refused_naming_the_first_cell(assignment: Assignment, tmp_path: Path) -> None:
    other = WRITTEN.replace("x + x", "2 * x")
    path = write(tmp_path / "ada.zip", zipped({"tiny.py": other, "tiny.ipynb": as_notebook(WRITTEN)}))
    with pytest.raises(
        BadSubmission, match=r"tiny.ipynb and tiny.py were both edited and differ, first in cell 2, line 1"
    ):
        open_submission(path, assignment)
    path = write(path, zipped({"tiny.py": WRITTEN + "\nEXTRA = 1\n", "tiny.ipynb": as_notebook(WRITTEN)}))
    with pytest.raises(BadSubmission, match=r"first in line \d+ of tiny.py"):
        open_submission(path, assignment)


def test_equal_calls_that_no_task_needs_are_not_a_difference(assignment: Assignment, tmp_path: Path) -> None:
    more = WRITTEN + "\n# %%\nTABLE = list(range(3))\nprint(TABLE)\n"
    path = write(tmp_path / "ada.zip", zipped({"tiny.py": more, "tiny.ipynb": as_notebook(more)}))
    assert is_written(open_submission(path, assignment))


def test_a_missing_file_is_refused_with_the_names_of_the_files_found(assignment: Assignment, tmp_path: Path) -> None:
    path = write(tmp_path / "ada.zip", zipped({"tiny (1).py": WRITTEN, "b.txt": ""}))
    with pytest.raises(
        BadSubmission, match=r"ada.zip contains no tiny.ipynb or tiny.py. It contains b.txt, tiny \(1\).py\."
    ):
        open_submission(path, assignment)
    (tmp_path / "empty").mkdir()
    with pytest.raises(BadSubmission, match="It contains no other files"):
        open_submission(tmp_path / "empty", assignment)


def test_one_of_two_modules_missing_is_taken_from_the_handout(assignment: Assignment, tmp_path: Path) -> None:
    two = replace(assignment, files=("tiny.py", "more.py"))
    write(two.folder / "more.py", "def g():\n    raise NotImplementedError()\n")
    opened = open_submission(write(tmp_path / "ada" / "tiny.py", WRITTEN).parent, two)
    assert "NotImplementedError" in opened.files["more.py"]
    assert opened.notes == ("more.py was not handed in, so its tasks count as not written.",)


def test_modules_of_earlier_assignments_are_added_and_never_refuse_a_hand_in(
    assignment: Assignment, tmp_path: Path
) -> None:
    layout = {"tiny.py": WRITTEN, "knn.py": STUB, "knn.ipynb": as_notebook(WRITTEN), "svm.py": "def f(:"}
    path = write(tmp_path / "ada.zip", zipped(layout))
    opened = open_submission(path, assignment, earlier_modules=["knn.py", "svm.py", "mlp.py"])
    assert list(opened.files) == ["tiny.py", "knn.py"]
    assert "x + x" in opened.files["knn.py"]
    assert "svm.py, line 1" in opened.notes[-1]


def test_modules_of_earlier_assignments_in_other_folders_are_not_added(assignment: Assignment, tmp_path: Path) -> None:
    course = {"a01_knn/knn.py": STUB, "t01_tiny/tiny.py": WRITTEN, "t01_tiny/mlp.py": WRITTEN, "a02/svm.ipynb": "{}"}
    path = write(tmp_path / "ada.zip", zipped(course))
    opened = open_submission(path, assignment, earlier_modules=["knn.py", "svm.py", "mlp.py"])
    assert list(opened.files) == ["tiny.py", "mlp.py"]


@pytest.mark.parametrize("name", ["ada.py", "tiny-1.py", "tiny (2).py", "ada_1_2_tiny-3.py"])
def test_a_single_file_is_matched_to_the_assignments_own_modules_first(
    name: str, assignment: Assignment, tmp_path: Path
) -> None:
    path = write(tmp_path / name, WRITTEN)
    assert is_written(open_submission(path, assignment, earlier_modules=["knn.py", "mlp.py"]))
    two = replace(assignment, files=("tiny.py", "more.py"))
    write(two.folder / "more.py", "def g():\n    raise NotImplementedError()\n")
    if "tiny" in name:
        assert "x + x" in open_submission(path, two, earlier_modules=["knn.py"]).files["tiny.py"]


def test_the_digest_depends_on_the_wanted_files_only(assignment: Assignment, tmp_path: Path) -> None:
    def digest(**files: str) -> str:
        return open_submission(
            write(tmp_path / "a.zip", zipped({name.replace("_", "."): text for name, text in files.items()})),
            assignment,
        ).digest

    assert digest(tiny_py=WRITTEN) == digest(tiny_py=WRITTEN, other_txt="x")
    assert digest(tiny_py=WRITTEN) != digest(tiny_py=WRITTEN + "#")
