"""A hand-in is opened, whatever it is, or refused with a sentence."""

from __future__ import annotations

import contextlib
import io
import os
import shutil
import stat
import struct
import time
import zipfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import autograder.handins.find
from autograder.handins.notebook import place
from autograder.handins.submission import BadSubmission, Submission, open_submission
from autograder.manifest import Assignment
from tests.course import STUB, WRITTEN, as_notebook, make_course


@pytest.fixture
def assignment(tmp_path: Path) -> Assignment:
    course = make_course(tmp_path / "course")
    (course.folder / "tiny.py").write_text(STUB)
    (course.folder / "tiny.ipynb").write_bytes(as_notebook(STUB))
    return course


def zipped(files: Mapping[str, str | bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def write(path: Path, content: str | bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def is_written(submission: Submission) -> bool:
    return list(submission.files) == ["tiny.py"] and submission.files["tiny.py"].count("NotImplementedError") == 1


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
def test_a_single_file_is_enough_under_any_name(name: str, assignment: Assignment, tmp_path: Path) -> None:
    content = as_notebook(WRITTEN) if name.endswith("ipynb") else WRITTEN
    opened = open_submission(write(tmp_path / "ada" / name, content), assignment)
    assert is_written(opened)
    assert opened.student.startswith("ada") or name == "Tiny.PY"


def test_a_folder_named_like_the_assignment_belongs_to_the_folder_around_it(
    assignment: Assignment, tmp_path: Path
) -> None:
    write(tmp_path / "submitted" / "ada" / "t01_tiny" / "tiny.py", WRITTEN)
    assert open_submission(tmp_path / "submitted" / "ada" / "t01_tiny", assignment).student == "ada"


def test_an_untouched_file_beside_an_edited_one_is_ignored_with_a_note(assignment: Assignment, tmp_path: Path) -> None:
    path = write(tmp_path / "ada.zip", zipped({"tiny.py": STUB, "tiny.ipynb": as_notebook(WRITTEN)}))
    opened = open_submission(path, assignment)
    assert opened.notes == ("Nothing is written in tiny.py, so it was ignored.",)
    line = opened.files["tiny.py"].split("\n").index("    return x + x") + 1
    assert place(opened.cells["tiny.py"], line) == "cell 2, line 3"


def test_the_handout_handed_in_as_it_was_is_opened_with_a_note(assignment: Assignment, tmp_path: Path) -> None:
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


def test_an_older_handout_beside_the_work_is_ignored(assignment: Assignment, tmp_path: Path) -> None:
    older = STUB.replace("Twice x", "Double x").replace("WIDTH = 3", "WIDTH = 4")
    path = write(tmp_path / "ada.zip", zipped({"tiny.py": older, "tiny.ipynb": as_notebook(WRITTEN)}))
    assert is_written(open_submission(path, assignment))


def test_other_work_in_both_files_is_refused_even_if_one_has_more(assignment: Assignment, tmp_path: Path) -> None:
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


def test_equal_code_of_a_call_that_no_task_needs_is_no_difference(assignment: Assignment, tmp_path: Path) -> None:
    more = WRITTEN + "\n# %%\nTABLE = list(range(3))\nprint(TABLE)\n"
    path = write(tmp_path / "ada.zip", zipped({"tiny.py": more, "tiny.ipynb": as_notebook(more)}))
    assert is_written(open_submission(path, assignment))


def test_a_missing_file_is_refused_with_the_names_of_what_there_is(assignment: Assignment, tmp_path: Path) -> None:
    path = write(tmp_path / "ada.zip", zipped({"tiny (1).py": WRITTEN, "b.txt": ""}))
    with pytest.raises(
        BadSubmission, match=r"ada.zip has no tiny.ipynb and no tiny.py; it holds b.txt, tiny \(1\).py\."
    ):
        open_submission(path, assignment)
    (tmp_path / "empty").mkdir()
    with pytest.raises(BadSubmission, match="it holds nothing"):
        open_submission(tmp_path / "empty", assignment)


def test_one_of_two_modules_missing_is_taken_from_the_handout(assignment: Assignment, tmp_path: Path) -> None:
    two = replace(assignment, files=("tiny.py", "more.py"))
    write(two.folder / "more.py", "def g():\n    raise NotImplementedError()\n")
    opened = open_submission(write(tmp_path / "ada" / "tiny.py", WRITTEN).parent, two)
    assert "NotImplementedError" in opened.files["more.py"]
    assert opened.notes == ("more.py was not handed in, so its tasks count as not written.",)


def test_modules_of_earlier_assignments_are_taken_along_and_never_stand_in_the_way(
    assignment: Assignment, tmp_path: Path
) -> None:
    layout = {"tiny.py": WRITTEN, "knn.py": STUB, "knn.ipynb": as_notebook(WRITTEN), "svm.py": "def f(:"}
    path = write(tmp_path / "ada.zip", zipped(layout))
    opened = open_submission(path, assignment, beside=["knn.py", "svm.py", "mlp.py"])
    assert list(opened.files) == ["tiny.py", "knn.py"]
    assert "x + x" in opened.files["knn.py"]
    assert "svm.py, line 1" in opened.notes[-1]


def test_the_digest_depends_on_the_wanted_files_and_on_nothing_else(assignment: Assignment, tmp_path: Path) -> None:
    def digest(**files: str) -> str:
        return open_submission(
            write(tmp_path / "a.zip", zipped({name.replace("_", "."): text for name, text in files.items()})),
            assignment,
        ).digest

    assert digest(tiny_py=WRITTEN) == digest(tiny_py=WRITTEN, other_txt="x")
    assert digest(tiny_py=WRITTEN) != digest(tiny_py=WRITTEN + "#")


def special(entry: str, mode: int) -> bytes:
    info = zipfile.ZipInfo(entry)
    info.external_attr = mode << 16
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(info, "/etc/passwd")
    return buffer.getvalue()


def flagged(offset: int, value: int) -> bytes:
    """A zip with one 16-bit field of its entry changed in the table of contents and in the entry itself."""
    data = bytearray(zipped({"tiny.py": WRITTEN}))
    struct.pack_into("<H", data, data.index(b"PK\1\2") + offset + 2, value)
    struct.pack_into("<H", data, offset, value)
    return bytes(data)


def claiming(size: int) -> bytes:
    data = bytearray(zipped({"tiny.py": WRITTEN}))
    struct.pack_into("<I", data, data.index(b"PK\1\2") + 24, size)
    return bytes(data)


def twice(name: str) -> bytes:
    data = zipped({"tiny.py": WRITTEN, "tony.py": STUB})
    return data.replace(b"tony.py", name.encode())


def nested(levels: int) -> bytes:
    data = zipped({"tiny.py": WRITTEN})
    for _ in range(levels):
        data = zipped({"in.zip": data})
    return data


HOSTILE = {
    "empty": (b"", "is not a zip"),
    "no zip": (b"PK\3\4 but no more", "is not a zip"),
    "half": (zipped({"tiny.py": WRITTEN})[:-40], "is not a zip"),
    "contents damaged": (zipped({"tiny.py": WRITTEN}).replace(b"\x8d", b"\x8e").replace(b"\xcb", b"\xca"), "damaged"),
    "absolute": (zipped({"/tiny.py": WRITTEN}), "outside of itself"),
    "outside": (zipped({"a/../../tiny.py": WRITTEN}), "outside of itself"),
    "outside on Windows": (zipped({"..\\tiny.py": WRITTEN}), "outside of itself"),
    "a drive": (zipped({"C:\\tiny.py": WRITTEN}), "outside of itself"),
    "link": (special("tiny.py", stat.S_IFLNK | 0o777), "is a link"),
    "pipe": (special("tiny.py", stat.S_IFIFO | 0o777), "is a link or no plain file"),
    "encrypted": (flagged(6, 1), "encrypted"),
    "unusual": (flagged(8, 14), "unusual way"),
    "claims 4 GB": (claiming(0xFFFFFFF0), "would unpack to 4,295 MB"),
    "claims 7 MB": (claiming(7_000_000), "damaged"),
    "claims nothing": (claiming(0), "damaged"),
    "bomb": (zipped({"zeros": b"\0" * 20_000_000, "tiny.py": WRITTEN}), "would unpack to 20 MB"),
    "large file": (zipped({"tiny.py": os.urandom(100_000) + b"\0" * 8_000_000}), "more than 8 MB"),
    "many files": (zipped({f"{i}": b"" for i in range(5_001)}), "5,001 files|too long"),
    "very many files": (zipped({f"{i:060}": b"" for i in range(12_000)}), "too long"),
    "twice": (twice("tiny.py"), "twice"),
    "two homes": (zipped({"a/tiny.py": WRITTEN, "b/tiny.py": STUB}), "in a and in b"),
    "deep": (zipped({"a/" * 50 + "tiny.py": WRITTEN}), "has no tiny.ipynb"),
    "zip in a zip in a zip in a zip": (nested(3), "has no tiny.ipynb"),
    "two zips": (zipped({"a.zip": nested(0), "b.zip": nested(0)}), "has no tiny.ipynb"),
    "folder of that name": (zipped({"tiny.py/": b""}), "has no tiny.ipynb"),
    "utf-16": (zipped({"tiny.py": WRITTEN.encode("utf-16")}), "UTF-16"),
    "syntax error": (zipped({"tiny.py": WRITTEN + "def f(:\n"}), r"tiny.py, line 24: Python cannot read this"),
    "syntax error in a cell": (zipped({"tiny.ipynb": as_notebook(WRITTEN.replace("x + x", "x +"))}), "cell 2, line 3"),
    "null byte": (zipped({"tiny.py": WRITTEN + "\0"}), "null byte"),
    "nested expression": (zipped({"tiny.py": WRITTEN + "x = " + "-" * 90_000 + "1"}), "nested too deeply"),
}


@pytest.mark.parametrize("story", HOSTILE)
def test_a_hostile_zip_is_refused_at_once_with_a_sentence(story: str, assignment: Assignment, tmp_path: Path) -> None:
    data, reason = HOSTILE[story]
    path = write(tmp_path / "ada.zip", data)
    start = time.perf_counter()
    with pytest.raises(BadSubmission, match=reason) as caught:
        open_submission(path, assignment)
    assert time.perf_counter() - start < 2
    assert str(caught.value).endswith(".")
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 400


def test_a_zip_in_a_zip_in_a_zip_is_opened(assignment: Assignment, tmp_path: Path) -> None:
    assert is_written(open_submission(write(tmp_path / "ada.zip", nested(2)), assignment))


def test_an_entry_that_holds_more_than_it_claims_gives_no_more(assignment: Assignment, tmp_path: Path) -> None:
    with pytest.raises(BadSubmission, match="damaged"):
        open_submission(write(tmp_path / "ada.zip", claiming(30)), assignment)


def test_links_in_folders_are_not_followed(assignment: Assignment, tmp_path: Path) -> None:
    secret = write(tmp_path / "secret" / "tiny.py", WRITTEN)
    folder = tmp_path / "ada"
    folder.mkdir()
    (folder / "tiny.py").symlink_to(secret)
    with pytest.raises(BadSubmission, match=r"tiny\.py is a link"):
        open_submission(folder, assignment)
    (folder / "tiny.py").unlink()
    (folder / "sub").symlink_to(secret.parent)
    with pytest.raises(BadSubmission, match=r"has no tiny\.ipynb"):
        open_submission(folder, assignment)
    (tmp_path / "eve").symlink_to(secret.parent)
    with pytest.raises(BadSubmission, match="eve is a link"):
        open_submission(tmp_path / "eve", assignment)


def test_a_pipe_is_not_waited_for(assignment: Assignment, tmp_path: Path) -> None:
    (tmp_path / "ada").mkdir()
    os.mkfifo(tmp_path / "ada" / "tiny.py")
    for path in (tmp_path / "ada", tmp_path / "ada" / "tiny.py", Path("/dev/null")):
        with pytest.raises(BadSubmission, match="is not a plain file"):
            open_submission(path, assignment)


def test_a_folder_of_very_many_files_is_refused(
    assignment: Assignment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(autograder.handins.find, "MAX_ENTRIES", 5)
    for index in range(6):
        write(tmp_path / "ada" / f"{index}", "")
    with pytest.raises(BadSubmission, match="more than 5 files"):
        open_submission(tmp_path / "ada", assignment)


@pytest.mark.parametrize("name", ["missing.zip", "hand-in.rar", "hand-in.pdf"])
def test_other_things_are_refused_with_a_sentence(name: str, assignment: Assignment, tmp_path: Path) -> None:
    if "missing" not in name:
        write(tmp_path / name, b"Rar!")
    with pytest.raises(BadSubmission, match=r"does not exist|cannot be graded: there is no tiny.ipynb and no tiny.py"):
        open_submission(tmp_path / name, assignment)


def test_names_of_strangers_stay_on_one_line(assignment: Assignment, tmp_path: Path) -> None:
    path = write(tmp_path / "a\nb\x1b[31m.zip", zipped({"x\n\x1b]0;": "", "y" * 400: ""}))
    with pytest.raises(BadSubmission) as caught:
        open_submission(path, assignment)
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 400


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_change_of_a_zip_gives_a_submission_or_a_sentence(
    data: st.DataObject, assignment: Assignment, tmp_path: Path
) -> None:
    raw = bytearray(zipped({"t/tiny.py": WRITTEN, "t/tiny.ipynb": as_notebook(STUB)}))
    for _ in range(data.draw(st.integers(1, 4))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    path = write(tmp_path / "ada.zip", bytes(raw[: data.draw(st.integers(len(raw) // 2, len(raw)))]))
    with contextlib.suppress(BadSubmission):
        open_submission(path, assignment)


def test_an_expression_of_very_many_terms_is_no_obstacle(assignment: Assignment, tmp_path: Path) -> None:
    long = WRITTEN.replace("x + x", "x + x" + " + 0" * 600)
    path = write(tmp_path / "ada.zip", zipped({"tiny.py": long, "tiny.ipynb": as_notebook(long)}))
    assert is_written(open_submission(path, assignment))
