"""Hand-ins of every layout are opened; what was set aside or guessed is said in a remark."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from msgspec import structs

from autograder.core.assignment import Assignment
from autograder.core.notebooks import describe_line
from autograder.submissions.submission import BadSubmission, open_submission
from tests.support.course import STUB, WRITTEN, as_notebook
from tests.support.handins import hand_in, is_written, tiny_assignment, write, zipped


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
    assert describe_line(opened.code.cells["tiny.py"], line) == "cell 2 from the top, line 3"


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
    opened = open_submission(assignment.folder, assignment)
    assert [remark.kind for remark in opened.remarks] == ["doubtful"]


def test_an_older_handout_next_to_the_work_is_ignored(assignment: Assignment, tmp_path: Path) -> None:
    older = STUB.replace("Twice x", "Double x").replace("WIDTH = 3", "WIDTH = 4")
    path = write(tmp_path / "ada.zip", zipped({"tiny.py": older, "tiny.ipynb": as_notebook(WRITTEN)}))
    assert is_written(open_submission(path, assignment))


HALF = WRITTEN.replace("return WIDTH * x", "raise NotImplementedError()")

# story: script, notebook, seconds by which the script is newer, the graded file, why
EDITED_TWICE = {
    "the script is newer": (WRITTEN, WRITTEN.replace("x + x", "2 * x"), 60, "tiny.py", "it was saved last"),
    "the notebook is newer": (WRITTEN.replace("x + x", "2 * x"), WRITTEN, -60, "tiny.ipynb", "it was saved last"),
    "the newer one has much less": (HALF.replace("x + x", "2 * x"), WRITTEN, 60, "tiny.ipynb", "more tasks"),
    "more is written in the script": (WRITTEN, HALF.replace("x + x", "2 * x"), 0, "tiny.py", "more tasks are written"),
    "more is written in the notebook": (HALF.replace("x + x", "2 * x"), WRITTEN, 1, "tiny.ipynb", "more tasks"),
    "nothing tells them apart": (WRITTEN.replace("x + x", "2 * x"), WRITTEN, 1, "tiny.ipynb", "neither is newer"),
}


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("story", EDITED_TWICE)
def test_of_two_edited_files_that_differ_one_is_graded_with_a_remark(
    story: str, packed: bool, assignment: Assignment, tmp_path: Path
) -> None:
    script, notebook, newer, graded, reason = EDITED_TWICE[story]
    path = hand_in(
        tmp_path / "ada", {"tiny.py": script, "tiny.ipynb": as_notebook(notebook)}, {"tiny.py": newer}, packed=packed
    )
    opened = open_submission(path, assignment)
    (remark,) = opened.remarks
    assert remark.kind == "doubtful"
    assert (
        "tiny.ipynb and tiny.py were both edited and differ, first in cell 2 from the top, line 1 of tiny.ipynb."
        in remark.text
    )
    assert f"{graded} counts: {reason}" in remark.text
    assert remark.advice == "Hand in only the one that you want graded."
    assert str(remark) in opened.notes
    expected = script if graded == "tiny.py" else notebook
    assert ("2 * x" in opened.files["tiny.py"]) == ("2 * x" in expected)
    assert bool(opened.code.cells) == (graded == "tiny.ipynb")


def test_a_statement_that_only_the_script_has_is_named_by_its_line(assignment: Assignment, tmp_path: Path) -> None:
    files = {"tiny.py": WRITTEN + "\nEXTRA = 1\n", "tiny.ipynb": as_notebook(WRITTEN)}
    opened = open_submission(write(tmp_path / "ada.zip", zipped(files)), assignment)
    assert "differ, first in line 25 of tiny.py" in opened.remarks[0].text


def test_one_damaged_file_of_two_is_ignored_with_a_remark(assignment: Assignment, tmp_path: Path) -> None:
    files = {"tiny.py": WRITTEN, "tiny.ipynb": as_notebook(STUB)[:-30]}
    opened = open_submission(write(tmp_path / "ada.zip", zipped(files)), assignment)
    assert is_written(opened)
    assert [remark.kind for remark in opened.remarks] == ["unreadable"]
    assert "tiny.ipynb is damaged" in opened.remarks[0].text


def test_equal_calls_that_no_task_needs_are_not_a_difference(assignment: Assignment, tmp_path: Path) -> None:
    more = WRITTEN + "\n# %%\nTABLE = list(range(3))\nprint(TABLE)\n"
    path = write(tmp_path / "ada.zip", zipped({"tiny.py": more, "tiny.ipynb": as_notebook(more)}))
    assert is_written(open_submission(path, assignment))


RENAMED = [
    *("tiny (1).ipynb", "tiny-1.ipynb", "tiny-Copy1.ipynb", "Copy of tiny.ipynb", "TINY.ipynb", "tiny.IPYNB"),
    *("tiny.ipynb.txt", "Lovelace_tiny.ipynb", "tiny_solved.ipynb", "Untitled.ipynb", "tiny (1).py", "tiny.py.txt"),
]


@pytest.mark.parametrize("stub", [False, True])
@pytest.mark.parametrize("name", RENAMED)
def test_a_file_with_another_name_that_defines_the_tasks_is_graded_with_a_remark(
    name: str, stub: bool, assignment: Assignment, tmp_path: Path
) -> None:
    files = {f"work/{name}": as_notebook(WRITTEN) if "ipynb" in name.lower() else WRITTEN}
    files |= {"tiny.ipynb": as_notebook(STUB), "tiny.py": STUB} if stub else {}
    opened = open_submission(write(tmp_path / "ada.zip", zipped(files)), assignment)
    assert is_written(opened)
    (remark,) = opened.remarks
    assert remark.kind == "renamed"
    module = "tiny.ipynb" if "ipynb" in name.lower() else "tiny.py"
    assert (remark.text, remark.advice) == (f"work/{name} counts as {module}.", f"Rename it to {module}.")


def test_a_file_of_the_right_name_with_work_in_it_comes_before_one_of_another_name(
    assignment: Assignment, tmp_path: Path
) -> None:
    files = {"tiny.py": WRITTEN, "tiny_old.py": WRITTEN.replace("x + x", "2 * x")}
    opened = open_submission(write(tmp_path / "ada.zip", zipped(files)), assignment)
    assert (is_written(opened), opened.remarks) == (True, ())
    assert "x + x" in opened.files["tiny.py"]


@pytest.mark.parametrize("names", [("a/tiny.py", "b/tiny.py"), ("a/mine.py", "b/mine.py"), ("a.zip", "b.zip")])
@pytest.mark.parametrize("newer", [60, -60, 0])
def test_of_two_files_that_differ_the_one_saved_last_is_graded_with_a_remark(
    names: tuple[str, str], newer: int, assignment: Assignment, tmp_path: Path
) -> None:
    texts = [WRITTEN.replace("x + x", "2 * x"), WRITTEN]
    files: dict[str, str | bytes] = dict(zip(names, texts, strict=True))
    path = hand_in(tmp_path / "ada", files, {names[1]: newer}, packed=True)
    if names[0].endswith(".zip"):
        for number, name in enumerate(names):
            inner = hand_in(tmp_path / name, {"tiny.py": texts[number]}, {"tiny.py": number * newer}, packed=True)
            files[name] = inner.read_bytes()
        path = write(path, zipped(files))
    opened = open_submission(path, assignment)
    assert ("x + x" in opened.files["tiny.py"]) == (newer > 0)
    remark = next(remark for remark in opened.remarks if remark.kind == "doubtful")
    assert ("none is newer" in remark.text) == (newer == 0)
    assert remark.text.startswith(f"{names[0]}")


def test_two_copies_that_say_the_same_are_no_doubt(assignment: Assignment, tmp_path: Path) -> None:
    files = {"a/tiny.py": WRITTEN, "b/tiny.py": "# a copy\n" + WRITTEN}
    opened = open_submission(hand_in(tmp_path / "ada", files, {"b/tiny.py": 60}, packed=True), assignment)
    assert (is_written(opened), opened.remarks) == (True, ())


def test_a_hand_in_without_work_is_refused_with_the_names_of_its_files(assignment: Assignment, tmp_path: Path) -> None:
    path = write(tmp_path / "ada.zip", zipped({"other.py": "x = 1", "b.txt": ""}))
    with pytest.raises(
        BadSubmission,
        match=r"ada.zip contains no tiny.ipynb or tiny.py, and no other file that defines a task of t01_tiny. "
        r"It contains b.txt, other.py.",
    ):
        open_submission(path, assignment)
    (tmp_path / "empty").mkdir()
    with pytest.raises(BadSubmission, match="It contains no other files"):
        open_submission(tmp_path / "empty", assignment)


def test_a_damaged_file_costs_the_tasks_of_its_module_only(assignment: Assignment, tmp_path: Path) -> None:
    two = replace(assignment, files=("tiny.py", "more.py"))
    for broken in (b"# coding: rot13\n", b"x = 1\0"):
        files = {"tiny.py": WRITTEN, "more.py": broken}
        opened = open_submission(write(tmp_path / "ada.zip", zipped(files)), two)
        assert is_written(opened)
        assert list(opened.code.unreadable) == ["more.py"]
        assert [remark.kind for remark in opened.remarks] == ["unreadable"]
        assert opened.remarks[0].text == opened.code.unreadable["more.py"]
    with pytest.raises(BadSubmission, match=r"tiny\.py, line 1: the file contains a null byte"):
        open_submission(write(tmp_path / "ada.zip", zipped({"tiny.py": b"x = 1\0"})), assignment)


def test_own_modules_that_graded_files_import_come_along(assignment: Assignment, tmp_path: Path) -> None:
    files = {
        "t01/tiny.py": WRITTEN.replace("import math", "from tools.maths import add\nimport mine, math, random"),
        "t01/tools/__init__.py": "",
        "t01/tools/maths.py": "import deeper\nprint('hello')\ndef add(x): return x",
        "t01/deeper.py": "x = (",
        "t01/mine.py": "y = 1",
        "t01/random.py": "boom",
        "t01/other.py": "unused",
        "elsewhere/mine.py": "z = 1",
    }
    opened = open_submission(write(tmp_path / "ada.zip", zipped(files)), assignment)
    assert sorted(opened.files) == ["deeper.py", "mine.py", "tiny.py", "tools/__init__.py", "tools/maths.py"]
    assert opened.files["mine.py"] == "y = 1"
    assert "print('hello')" in opened.files["tools/maths.py"]
    (remark,) = opened.remarks
    assert remark.kind == "unreadable"
    assert remark.text.startswith("deeper.py, line 1: Python cannot read this: '(' was never closed.")
    assert opened.code.packages is not None
    assert opened.code.packages >= {"math", "tools", "mine", "deeper", "tiny"}


def test_an_import_that_the_assignment_does_not_allow_is_said_where_code_needs_it(
    assignment: Assignment, tmp_path: Path
) -> None:
    needed = WRITTEN.replace("import math", "import math\nimport seaborn\nimport pandas as pd").replace(
        "return x + x", "return pd.Series([x])"
    )
    opened = open_submission(write(tmp_path / "ada.zip", zipped({"tiny.py": needed})), assignment)
    (remark,) = opened.remarks
    assert (remark.kind, remark.text) == (
        "import",
        "tiny.py, line 4: this assignment does not allow the package pandas.",
    )
    assert remark.advice == "Use only Python's own packages, math, and modules that you hand in as well."


def test_one_of_two_modules_missing_is_taken_from_the_handout(assignment: Assignment, tmp_path: Path) -> None:
    two = replace(assignment, files=("tiny.py", "more.py"))
    write(two.folder / "more.py", "def g():\n    raise NotImplementedError()\n")
    opened = open_submission(write(tmp_path / "ada" / "tiny.py", WRITTEN).parent, two)
    assert "NotImplementedError" in opened.files["more.py"]
    assert opened.notes == ("more.py was not handed in, so its tasks count as not written.",)


def test_modules_of_earlier_assignments_are_added_and_never_refuse_a_hand_in(
    assignment: Assignment, tmp_path: Path
) -> None:
    layout = {
        "tiny.py": WRITTEN,
        "knn.py": STUB,
        "knn.ipynb": as_notebook(WRITTEN),
        "svm.py": "def f(:\ndef g(): pass",
        "mlp.py": b"\0",
    }
    path = write(tmp_path / "ada.zip", zipped(layout))
    opened = open_submission(path, assignment, earlier_modules=["knn.py", "svm.py", "mlp.py", "cnn.py"])
    assert list(opened.files) == ["tiny.py", "knn.py", "svm.py"]
    assert "x + x" in opened.files["knn.py"]
    assert opened.files["svm.py"] == "\ndef g(): pass\n"
    assert any("svm.py, line 1: Python cannot read this" in note for note in opened.notes)
    assert any("mlp.py" in note and note.endswith("mlp.py was ignored.") for note in opened.notes)


def test_a_module_of_an_earlier_assignment_next_to_the_work_comes_before_one_elsewhere(
    assignment: Assignment, tmp_path: Path
) -> None:
    done = WRITTEN.replace("# YOUR CODE HERE\n        raise NotImplementedError()", "return x / WIDTH")
    course = {"a01_knn/knn.ipynb": as_notebook(done), "t01_tiny/tiny.py": WRITTEN, "t01_tiny/knn.py": STUB}
    opened = open_submission(write(tmp_path / "ada.zip", zipped(course)), assignment, earlier_modules=["knn.py"])
    assert "NotImplementedError" in opened.files["knn.py"]
    assert "knn.py" not in opened.code.cells


ELSEWHERE = {
    "finished": ({"a01/knn.py": "FINISHED"}, True),
    "a notebook": ({"a01/knn.ipynb": "FINISHED"}, True),
    "two copies that say the same": ({"a01/knn.py": "FINISHED", "old/a01/knn.py": "# old\nFINISHED"}, True),
    "two that differ": ({"a01/knn.py": "FINISHED", "old/a01/knn.py": "FINISHED\nWIDTH = 4"}, False),
    "the handout": ({"a01/knn.py": "STUB"}, False),
    "half written": ({"a01/knn.py": "WRITTEN"}, False),
    "damaged": ({"a01/knn.py": "FINISHED\nx = ("}, False),
    "another name": ({"a01/knn (1).py": "FINISHED"}, False),
}


@pytest.mark.parametrize("story", ELSEWHERE)
def test_a_module_of_an_earlier_assignment_elsewhere_is_added_if_it_is_certain_and_finished(
    story: str, assignment: Assignment, tmp_path: Path
) -> None:
    layout, added = ELSEWHERE[story]
    texts = {"FINISHED": WRITTEN.replace("raise NotImplementedError()", "return x"), "STUB": STUB, "WRITTEN": WRITTEN}
    files: dict[str, str | bytes] = {"t01_tiny/tiny.py": WRITTEN}
    for name, text in layout.items():
        for word, content in texts.items():
            text = text.replace(word, content)
        files[name] = as_notebook(text) if name.endswith("ipynb") else text
    opened = open_submission(write(tmp_path / "ada.zip", zipped(files)), assignment, earlier_modules=["knn.py"])
    assert list(opened.files) == ["tiny.py", *(["knn.py"] if added else [])]


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


BLANK_CLASS = """# %%
class Pair:
    def first(self):
        raise NotImplementedError()

    def second(self):
        raise NotImplementedError()
"""


def test_a_class_that_is_partly_written_is_graded_in_a_students_own_folder_too(tmp_path: Path) -> None:
    """There the script next to the blank notebook is no handout, though no task of it is finished."""
    assignment = tiny_assignment(tmp_path)
    task = structs.replace(assignment.tasks[0], name="Pair")
    own = replace(assignment, tasks=(task,), folder=tmp_path / "own")
    write(own.folder / "tiny.py", BLANK_CLASS.replace("raise NotImplementedError()", "return 1", 1))
    write(own.folder / "tiny.ipynb", as_notebook(BLANK_CLASS))
    opened = open_submission(own.folder, own)
    assert "return 1" in opened.files["tiny.py"]
    assert opened.notes == ("Nothing is written in tiny.ipynb, so it was ignored.",)
