"""CSV files as spreadsheets save them: each command that reads one reads them all, or names their encoding."""

from __future__ import annotations

import codecs
from collections.abc import Callable
from pathlib import Path

import pytest

from autograder.core.errors import GradlabError
from autograder.gradebook.marks import read_marks
from autograder.intake.roster import read_roster
from autograder.policy.final_marks import read_gradebooks
from autograder.policy.policy_file import read_policy
from autograder.policy.times_file import read_times
from tests.policy.test_final_marks import TEXT, write

NAME = "Zoë Müller"


def marks(path: Path) -> object:
    return [(mark.item, mark.points, mark.reason) for mark in read_marks(path)]


def times(path: Path) -> object:
    return [(student, moment.isoformat()) for (student, _), moment in read_times(path).items()]


def roster(path: Path) -> object:
    read = read_roster(path)
    return read.ids, dict(read.names)


def gradebook(path: Path) -> object:
    rules = read_policy(write(path.parent, TEXT.partition("[[extensions]]")[0]))
    return [(row.student, row.points, row.max_points) for row in read_gradebooks([path], rules)]


READERS: list[tuple[Callable[[Path], object], str]] = [
    (marks, f"student,item,points,reason\nzoe,double,2,{NAME}\n"),
    (times, f"id,handed_in,name\nzoe,2026-11-22T08:00:00+00:00,{NAME}\n"),
    (roster, f"id,name\nzoe,{NAME}\n"),
    (gradebook, f"student,name,assignment,points,max_points,needs_staff\nzoe,{NAME},a01,40,100,no\n"),
]
AS_SAVED = {
    "UTF-8": lambda text: text.encode(),
    "CSV UTF-8 of Excel": lambda text: codecs.BOM_UTF8 + text.replace("\n", "\r\n").encode(),
    "semicolons": lambda text: codecs.BOM_UTF8 + text.replace(",", ";").replace("\n", "\r\n").encode(),
    "Unicode text of Excel": lambda text: codecs.BOM_UTF16_LE + text.replace(",", "\t").encode("utf-16-le"),
    "UTF-16 without a mark": lambda text: text.encode("utf-16-le"),
}


@pytest.mark.parametrize(("read", "text"), READERS, ids=[read.__name__ for read, _ in READERS])
@pytest.mark.parametrize("saved", AS_SAVED)
def test_a_file_that_a_spreadsheet_saved_is_read(
    tmp_path: Path, read: Callable[[Path], object], text: str, saved: str
) -> None:
    expected, found = tmp_path / "expected.csv", tmp_path / "found.csv"
    expected.write_text(text, encoding="utf-8")
    found.write_bytes(AS_SAVED[saved](text))
    assert read(found) == read(expected)


@pytest.mark.parametrize(("read", "text"), READERS, ids=[read.__name__ for read, _ in READERS])
@pytest.mark.parametrize(
    ("encoding", "name", "spoken"),
    [("cp1252", NAME, "Windows-1252"), ("gb2312", "王小明", "GB2312")],
)
def test_an_encoding_that_must_be_guessed_is_named(
    tmp_path: Path, read: Callable[[Path], object], text: str, encoding: str, name: str, spoken: str
) -> None:
    path = tmp_path / "table.csv"
    path.write_bytes(text.replace(NAME, name).encode(encoding))
    with pytest.raises(GradlabError, match=rf"table\.csv, line 2: this is not UTF-8. It seems to be {spoken}"):
        read(path)


@pytest.mark.parametrize(("read", "text"), READERS, ids=[read.__name__ for read, _ in READERS])
def test_a_workbook_is_refused(tmp_path: Path, read: Callable[[Path], object], text: str) -> None:
    path = tmp_path / "table.csv"
    path.write_bytes(b"PK\x03\x04\x14\x00\x06\x00" + text.encode())
    with pytest.raises(GradlabError, match="NUL character, which no CSV file contains"):
        read(path)
