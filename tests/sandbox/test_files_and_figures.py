"""Files that the student's code reads and writes, and figures that it draws."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from autograder.checks.expect import Mismatch
from autograder.sandbox.expect_file import expect_file
from autograder.sandbox.proxy import Student, StudentFault
from autograder.sandbox.trail import MAX_PICTURES, PNG
from tests.support.local import local_student

SOURCE = """
from pathlib import Path

def count(path): return len(Path(path).read_text().split())
def save(rows, path): Path(path).write_bytes("\\r\\n".join(rows).encode())
def here(): Path("out.txt").write_text("here")
def large(path): Path(path).write_bytes(bytes(9 << 20))

def axes():
    import matplotlib.pyplot as plt
    figure, ax = plt.subplots()
    ax.plot([1, 2], [3, 4])
    ax.set_xlabel("epoch")
    return ax

def current():
    import matplotlib.pyplot as plt
    plt.plot([1, 2])

def nothing(): return 3
"""


@pytest.fixture
def student(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Student]:
    monkeypatch.chdir(tmp_path)
    with local_student(SOURCE) as student:
        yield student


def test_a_check_gives_a_file_to_a_function(student: Student) -> None:
    path = student.write_file("words/a.txt", "one two three")
    assert student.count(path) == 3
    folder = Path(student.folder())
    assert folder.is_dir()
    student._remote.link.begin(seed=0, seconds=9, memory_mb=100)
    assert not folder.exists()


def test_a_file_that_was_written_is_compared_line_by_line(student: Student) -> None:
    path = student.folder() + "/out.csv"
    student.save(["a,b", "1,2"], path)
    assert expect_file(student, path, "a,b\n1,2\n") == "a,b\n1,2"
    assert expect_file(student, path) == "a,b\n1,2"
    assert expect_file(student, path, b"a,b\r\n1,2") == b"a,b\r\n1,2"


def test_a_path_is_relative_to_the_folder_of_the_code(student: Student) -> None:
    student.here()
    assert expect_file(student, "out.txt") == "here"


@pytest.mark.parametrize(
    ("content", "sentence"),
    [("a,b\n1,3", "line 2 of out.csv is the first to differ: expected '1,3', got '1,2'"),
     ("a,b", "line 2 of out.csv is the first to differ: expected the end of the file, got '1,2'"),
     ("a,b\n1,2\n3", "line 3 of out.csv is the first to differ: expected '3', got the end of the file"),
     (b"a,b\r\n", "out.csv has 8 bytes, expected 5; byte 5 is the first to differ")],
)  # fmt: skip
def test_another_content_has_a_sentence(student: Student, content: Any, sentence: str) -> None:
    student.save(["a,b", "1,2"], student.folder() + "/out.csv")
    with pytest.raises(Mismatch) as caught:
        expect_file(student, "out.csv", content, hint="Join with commas.")
    assert (caught.value.message, caught.value.hint) == (sentence, "Join with commas.")


def test_a_file_that_is_missing_or_too_large(student: Student) -> None:
    with pytest.raises(Mismatch, match=r"the file out\.csv was not written"):
        expect_file(student, student.folder() + "/out.csv")
    path = student.folder() + "/large"
    student.large(path)
    with pytest.raises(StudentFault, match="the file large has more than"):
        expect_file(student, path)


def test_a_file_that_is_no_text_is_returned_as_bytes_unless_text_is_expected(student: Student) -> None:
    path = student.write_file("out.bin", b"\xff\xfe\x00")
    assert expect_file(student, path) == b"\xff\xfe\x00"
    with pytest.raises(Mismatch, match=r"out\.bin is not text in UTF-8"):
        expect_file(student, path, "text")


def test_a_figure_is_a_handle_and_its_picture_is_for_staff(student: Student) -> None:
    for draw in (student.axes, student.current):
        figure = student.figure(draw)
        assert len(figure.axes) == 1
    assert student.figure(student.axes).axes[0].get_xlabel() == "epoch"
    assert [picture[:8] for picture in student.trail.pictures] == [PNG] * MAX_PICTURES
    with pytest.raises(StudentFault, match="nothing was drawn"):
        student.figure(student.nothing)


def test_what_is_no_picture_is_not_stored(student: Student) -> None:
    student.trail.add_picture(b"GIF89a")
    student.trail.add_picture(PNG + bytes(1 << 20))
    assert student.trail.pictures == ()
