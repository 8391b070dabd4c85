"""A hostile hand-in is read as far as it can be, or refused quickly with a sentence; nothing outside of it is read."""

from __future__ import annotations

import contextlib
import io
import os
import stat
import struct
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import autograder.submissions.find
import autograder.submissions.selection
from autograder.core.assignment import Assignment
from autograder.submissions.bounded_zip import MAX_CONTENTS
from autograder.submissions.submission import BadSubmission, open_submission
from tests.support.course import STUB, WRITTEN, as_notebook
from tests.support.handins import is_written, tiny_assignment, write, zipped


@pytest.fixture
def assignment(tmp_path: Path) -> Assignment:
    return tiny_assignment(tmp_path)


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


def declaring(size: int) -> bytes:
    data = bytearray(zipped({"tiny.py": WRITTEN}))
    struct.pack_into("<I", data, data.index(b"PK\1\2") + 24, size)
    return bytes(data)


def twice(name: str, first: str, second: str) -> bytes:
    data = zipped({name: first, f"{name[:-1]}?": second})
    return data.replace(f"{name[:-1]}?".encode(), name.encode())


def nested(levels: int, text: str = WRITTEN) -> bytes:
    data = zipped({"tiny.py": text})
    for _ in range(levels):
        data = zipped({"in.zip": data})
    return data


def with_long_contents(*, wide: bool) -> bytes:
    """A zip whose table of contents is too long, which its usual field does not say: the wide one does, or a riddle."""
    size = int.from_bytes(b"PK\5\6", "little")  # the riddle: the field looks like the start of the record around it
    end = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 1, 1, 50 if wide else size, 0, 0)
    if not wide:
        return bytes(size) + end
    size = MAX_CONTENTS + 1
    record = struct.pack("<4sQ2H2L4Q", b"PK\6\6", 44, 45, 45, 0, 0, 1, 1, size, 0)
    return bytes(size) + record + struct.pack("<4sLQL", b"PK\6\7", 0, size, 1) + end


# story: hand-in, or how it is made where that takes long, and why it is refused
HOSTILE: dict[str, tuple[bytes | Callable[[], bytes], str]] = {
    "empty": (b"", r"a.zip is empty: it has 0 bytes"),
    "leads out": (zipped({"../../tiny.py": WRITTEN}), r"contains \.\./\.\./tiny\.py: this path leads out of the zip"),
    "empty script": (zipped({"mine.py": b""}), r"mine\.py is empty\. Hand in the file with your tasks"),
    "notebook cut early": (zipped({"mine.ipynb": b'{"cells": [{"cell_type": "co'}), r"mine\.ipynb is damaged"),
    "not a zip": (b"PK\3\4 but no more", "is damaged or not a zip"),
    "half": (zipped({"tiny.py": WRITTEN})[:-40], "is damaged or not a zip"),
    "contents damaged": (zipped({"tiny.py": WRITTEN}).replace(b"\x8d", b"\x8e").replace(b"\xcb", b"\xca"), "damaged"),
    "absolute": (zipped({"/tiny.py": WRITTEN}), "contains /tiny.py: this path leads out"),
    "outside": (zipped({"a/../../tiny.py": WRITTEN}), "contains a/../../tiny.py: this path leads out"),
    "outside on Windows": (zipped({"..\\tiny.py": WRITTEN}), "contains .*tiny.py: this path leads out"),
    "a drive": (zipped({"C:\\tiny.py": WRITTEN}), "It contains C:.*tiny.py."),
    "link": (special("tiny.py", stat.S_IFLNK | 0o777), "is a link"),
    "pipe": (special("tiny.py", stat.S_IFIFO | 0o777), "is a link or a special file"),
    "encrypted": (flagged(6, 1), "encrypted"),
    "unusual": (flagged(8, 14), "unusual way"),
    "declares 4 GB": (declaring(0xFFFFFFF0), "was not read. The limit for notebooks and scripts is 400 MB"),
    "declares 7 MB": (declaring(7_000_000), "damaged"),
    "declares nothing": (declaring(0), "damaged"),
    "bomb": (lambda: zipped({"tiny.py": b"\0" * 20_000_000}), "tiny.py in ada.zip has more than 8 MB"),
    "large file": (lambda: zipped({"tiny.py": os.urandom(100_000) + b"\0" * 8_000_000}), "more than 8 MB"),
    "large notebook": (lambda: zipped({"tiny.ipynb": b"[" * 9_000_000}), "9.0 MB; the limit is 8 MB without outputs"),
    "many files": (lambda: zipped({f"{i}": b"" for i in range(5_001)}), "It contains 0, 1, 10, 11, 12, 13, and more"),
    "many scripts": (lambda: zipped({f"{i}.py": b"" for i in range(2_001)}), "more than 2,000 notebooks and scripts"),
    "many scripts in zips": (
        lambda: zipped({f"{i}.zip": zipped({f"{j}.py": b"" for j in range(1_500)}) for i in range(2)}),
        "more than 2,000 notebooks and scripts",
    ),
    "deep": (zipped({"a/" * 50 + "tiny.py": WRITTEN}), "contains no tiny.ipynb"),
    "zip in a zip in a zip in a zip": (nested(3), "contains no tiny.ipynb"),
    "damaged zip in a zip": (zipped({"in.zip": nested(0)[:-40]}), "in.zip is damaged or not a zip"),
    "folder of that name": (zipped({"tiny.py/": b""}), "contains no tiny.ipynb"),
    "null byte": (zipped({"tiny.py": WRITTEN + "\0"}), "null byte"),
    "too long": (zipped({"tiny.py": "x = 1\n" * 90_000}), "has 540,000 characters of code; the limit is 500,000"),
}


@pytest.mark.parametrize("story", HOSTILE)
def test_a_hostile_zip_is_refused_quickly_with_a_sentence(story: str, assignment: Assignment, tmp_path: Path) -> None:
    data, reason = HOSTILE[story]
    path = write(tmp_path / "ada.zip", data() if callable(data) else data)
    start = time.process_time()
    with pytest.raises(BadSubmission, match=reason) as caught:
        open_submission(path, assignment)
    assert time.process_time() - start < 2
    assert str(caught.value).endswith(".")
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 400


@pytest.mark.parametrize("wide", [True, False])
def test_a_long_table_of_contents_is_not_read(wide: bool, assignment: Assignment, tmp_path: Path) -> None:
    path = write(tmp_path / "ada.zip", with_long_contents(wide=wide))
    with pytest.raises(BadSubmission, match="its table of contents is too long"):
        open_submission(path, assignment)


# story: hand-in, or how it is made, and what a note says
READ: dict[str, tuple[bytes | Callable[[], bytes], str]] = {
    "a bomb next to the work": (lambda: zipped({"zeros": b"\0" * 20_000_000, "tiny.py": WRITTEN}), ""),
    "thousands of other files": (lambda: zipped({"tiny.py": WRITTEN} | {f"{i:060}": b"" for i in range(12_000)}), ""),
    "a name that leads out of the zip": (zipped({"tiny.py": WRITTEN, "../tiny.py": STUB, "/tiny.py": STUB}), ""),
    "a member that is there twice": (twice("tiny.py", STUB, WRITTEN), ""),
    "written in one folder only": (zipped({"a/tiny.py": WRITTEN, "b/tiny.py": STUB}), ""),
    "a zip in a zip in a zip": (nested(2), ""),
    "two zips that are the same": (zipped({"a.zip": nested(0), "b.zip": nested(0)}), ""),
    "two zips, one of them blank": (zipped({"a.zip": nested(0, STUB), "b.zip": nested(0)}), ""),
    "two zips, one of them damaged": (
        zipped({"a.zip": nested(0)[:-40], "b.zip": nested(0)}),
        "a.zip is damaged or not a zip",
    ),
    "a damaged copy": (
        zipped({"a/tiny.py": WRITTEN, "b/tiny.py": "é".encode("latin-1") + WRITTEN.encode()}),
        "",
    ),
    "a syntax error": (zipped({"tiny.py": WRITTEN + "def f(:\n"}), "tiny.py, line 24: Python cannot read this"),
    "a syntax error in a cell": (
        zipped({"tiny.ipynb": as_notebook(WRITTEN + "# %%\nx +")}),
        "cell 4 from the top, line 1: Python",
    ),
    "a nested expression": (
        zipped({"tiny.py": WRITTEN + "x = " + "-" * 90_000 + "1"}),
        "tiny.py, line 24: Python cannot read this: an expression is nested too deeply",
    ),
}


@pytest.mark.parametrize("story", READ)
def test_what_is_hostile_or_damaged_next_to_the_work_costs_nothing(
    story: str, assignment: Assignment, tmp_path: Path
) -> None:
    data, note = READ[story]
    path = write(tmp_path / "ada.zip", data() if callable(data) else data)
    start = time.process_time()
    opened = open_submission(path, assignment)
    assert time.process_time() - start < 2
    assert is_written(opened)
    assert [remark.kind for remark in opened.remarks] == (["unreadable"] if note else [])
    assert all(note in sentence for sentence in opened.notes)


def test_of_two_members_of_one_name_the_last_counts(assignment: Assignment, tmp_path: Path) -> None:
    path = write(tmp_path / "ada.zip", twice("tiny.py", WRITTEN, STUB))
    assert not is_written(open_submission(path, assignment))


def test_all_that_is_read_of_a_hand_in_is_limited(
    assignment: Assignment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(autograder.submissions.selection, "MAX_READ", 2_000)
    files = {f"a{i}.py": "def double(x): return x\n" + "#" * 400 for i in range(9)}
    path = write(tmp_path / "ada.zip", zipped({**files, "deep/down/tiny.py": WRITTEN}))
    assert is_written(open_submission(path, assignment))
    with pytest.raises(BadSubmission, match="The limit for notebooks and scripts is"):
        open_submission(write(path, zipped({"tiny.py": "#" * 2_001})), assignment)
    monkeypatch.setattr(autograder.submissions.find, "MAX_ZIPPED", 400)
    with pytest.raises(BadSubmission, match=r"b\.zip, with the zips before it, has more than"):
        open_submission(write(path, zipped({"a.zip": zipped({"x": "x" * 99}), "b.zip": nested(0)})), assignment)


def test_an_entry_with_more_data_than_it_declares_is_refused(assignment: Assignment, tmp_path: Path) -> None:
    with pytest.raises(BadSubmission, match="damaged"):
        open_submission(write(tmp_path / "ada.zip", declaring(30)), assignment)


def test_links_in_folders_are_not_followed(assignment: Assignment, tmp_path: Path) -> None:
    secret = write(tmp_path / "secret" / "tiny.py", WRITTEN)
    folder = tmp_path / "ada"
    folder.mkdir()
    (folder / "tiny.py").symlink_to(secret)
    with pytest.raises(BadSubmission, match=r"tiny\.py is a link"):
        open_submission(folder, assignment)
    (folder / "tiny.py").unlink()
    (folder / "sub").symlink_to(secret.parent)
    with pytest.raises(BadSubmission, match=r"contains no tiny\.ipynb"):
        open_submission(folder, assignment)
    (tmp_path / "eve").symlink_to(secret.parent)
    with pytest.raises(BadSubmission, match="eve is a link"):
        open_submission(tmp_path / "eve", assignment)


def test_a_pipe_is_not_waited_for(assignment: Assignment, tmp_path: Path) -> None:
    (tmp_path / "ada").mkdir()
    os.mkfifo(tmp_path / "ada" / "tiny.py")
    for path in (tmp_path / "ada", tmp_path / "ada" / "tiny.py", Path("/dev/null")):
        with pytest.raises(BadSubmission, match="is a special file"):
            open_submission(path, assignment)


def test_a_folder_of_very_many_files_is_refused(
    assignment: Assignment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(autograder.submissions.find, "MAX_MEMBERS", 5)
    for index in range(6):
        write(tmp_path / "ada" / f"{index}", "")
        write(tmp_path / "bob" / ".venv" / f"{index}", "")
        write(tmp_path / "bob" / "venv" / f"{index}.py", "")
    with pytest.raises(BadSubmission, match="more than 5 files"):
        open_submission(tmp_path / "ada", assignment)
    write(tmp_path / "bob" / "venv" / "pyvenv.cfg", "")
    write(tmp_path / "bob" / "tiny.py", WRITTEN)
    assert is_written(open_submission(tmp_path / "bob", assignment))


@pytest.mark.parametrize("name", ["missing.zip", "hand-in.rar", "hand-in.pdf"])
def test_other_types_of_file_are_refused_with_a_sentence(name: str, assignment: Assignment, tmp_path: Path) -> None:
    if "missing" not in name:
        write(tmp_path / name, b"Rar!")
    with pytest.raises(BadSubmission, match=r"does not exist|cannot be graded: it is not tiny.ipynb or tiny.py"):
        open_submission(tmp_path / name, assignment)


def test_untrusted_names_are_printed_on_one_line(assignment: Assignment, tmp_path: Path) -> None:
    path = write(tmp_path / "a\nb\x1b[31m.zip", zipped({"x\n\x1b]0;": "", "y" * 400: ""}))
    with pytest.raises(BadSubmission) as caught:
        open_submission(path, assignment)
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 400


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_damage_to_a_zip_gives_a_submission_or_a_sentence(
    data: st.DataObject, assignment: Assignment, tmp_path: Path
) -> None:
    raw = bytearray(zipped({"t/tiny.py": WRITTEN, "t/tiny.ipynb": as_notebook(STUB)}))
    for _ in range(data.draw(st.integers(1, 4))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    path = write(tmp_path / "ada.zip", bytes(raw[: data.draw(st.integers(len(raw) // 2, len(raw)))]))
    with contextlib.suppress(BadSubmission):
        open_submission(path, assignment)


def test_an_expression_of_very_many_terms_is_accepted(assignment: Assignment, tmp_path: Path) -> None:
    long = WRITTEN.replace("x + x", "x + x" + " + 0" * 600)
    path = write(tmp_path / "ada.zip", zipped({"tiny.py": long, "tiny.ipynb": as_notebook(long)}))
    assert is_written(open_submission(path, assignment))
