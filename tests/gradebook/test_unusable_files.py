"""Files of results that cannot be read or written get a sentence, and nothing is stored in part."""

from __future__ import annotations

import errno
import fcntl
import os
import sqlite3
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from autograder.core.assignment import Assignment
from autograder.core.report import read_report
from autograder.gradebook import cache_keys, journal, marks, results, similarity
from autograder.gradebook.cache_keys import KeyMaker
from autograder.gradebook.database import JournalError
from autograder.gradebook.journal import Journal
from autograder.gradebook.lock import Unwritable, hold
from autograder.gradebook.marks import BadMark, read_marks
from autograder.gradebook.secret import BadSecret, folder_secret
from autograder.runners.grader_process import Setup
from autograder.session.options import Options
from autograder.submissions.source import BadSubmission
from tests.support.classroom import Grader, hand_in, run
from tests.support.vectors import HONEST, make_vectors


@pytest.fixture
def course(tmp_path: Path) -> Assignment:
    return make_vectors(tmp_path / "course")


@pytest.fixture
def graded(course: Assignment, tmp_path: Path) -> Path:
    run(course, hand_in(tmp_path / "in", ada=HONEST), tmp_path / "out", Grader())
    return tmp_path / "out"


def test_a_journal_of_another_version_is_refused(graded: Path) -> None:
    with closing(sqlite3.connect(graded / journal.NAME)) as base, base:
        base.execute("PRAGMA user_version = 99")
    with pytest.raises(JournalError, match="is of version 99; this gradlab reads version"):
        Journal(graded)


def test_a_journal_without_a_table_is_named_with_the_reason(graded: Path) -> None:
    with closing(sqlite3.connect(graded / journal.NAME)) as base, base:
        base.execute("DROP TABLE facts")
    with Journal(graded) as damaged, pytest.raises(JournalError, match=r"no such table.*Nothing was stored in part"):
        damaged.fact("assignment")


def test_a_report_that_was_damaged_in_the_journal_is_refused(course: Assignment, graded: Path, tmp_path: Path) -> None:
    with closing(sqlite3.connect(graded / journal.NAME)) as base, base:
        base.execute("UPDATE results SET report = substr(report, 1, 100)")
    refused = pytest.raises(JournalError, match=r"decompressing.*Restore it from a backup")
    with refused:
        run(course, tmp_path / "in", graded, Grader())
    with Journal(graded) as damaged, refused:
        list(damaged.reports())


def test_what_fails_in_the_middle_of_writing_is_not_stored(graded: Path) -> None:
    def write(one: Journal) -> None:
        with one.writing():
            one._base.execute("DELETE FROM facts")
            raise ZeroDivisionError

    with Journal(graded) as one:
        before = one.fact("assignment")
        with pytest.raises(ZeroDivisionError):
            write(one)
        assert before is not None
        assert one.fact("assignment") == before


def test_a_sentence_of_an_older_version_is_its_text() -> None:
    assert journal._sentence("tiny.py was renamed.") == "tiny.py was renamed."


@pytest.mark.parametrize(
    ("target", "name", "sentence"),
    [(fcntl, "flock", "cannot be locked"), (os, "pwrite", "Results cannot be written to")],
)
def test_a_folder_that_cannot_be_locked_gets_a_sentence(
    target: object, name: str, sentence: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr(target, name, fail)
    with pytest.raises(Unwritable, match=sentence), hold(tmp_path):
        pytest.fail("the folder was locked")


def test_a_second_grader_waits_until_the_first_releases_the_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, holders = hold(tmp_path), []
    first.__enter__()

    def release(seconds: float) -> None:
        first.__exit__(None, None, None)

    monkeypatch.setattr("autograder.gradebook.lock.time.sleep", release)
    with hold(tmp_path, wait=True, on_wait=holders.append):
        assert [f"process {os.getpid()} on " in holder for holder in holders] == [True]


def test_marks_need_their_columns_and_a_file(tmp_path: Path) -> None:
    (tmp_path / "marks.csv").write_text("student,points\nada,3\n")
    with pytest.raises(BadMark, match="has no column 'item'"):
        read_marks(tmp_path / "marks.csv")
    with pytest.raises(BadMark, match="cannot be read"):
        read_marks(tmp_path)


def test_without_a_user_name_a_mark_has_no_grader(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> str:
        raise KeyError("uid not found")

    monkeypatch.setattr("getpass.getuser", fail)
    assert marks._user() == ""


def test_pages_that_cannot_be_written_are_named(graded: Path, tmp_path: Path) -> None:
    report = read_report(graded / "ada" / "report.json")
    (tmp_path / "file").write_text("")
    with pytest.raises(Unwritable, match="skipped"):
        results.write_report(report, tmp_path / "file")
    (graded / "index.html").unlink()
    (graded / "index.html").mkdir()
    with Journal(graded) as results_of, pytest.raises(Unwritable, match="Results cannot be written to"):
        results.write_overview([report], results_of, graded)


def test_answers_that_cannot_be_read_or_written_stop_nothing_or_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assignment: Any = SimpleNamespace(hand_in=("notes.pdf",))
    (tmp_path / "ada").write_text("a file in the place of a folder")

    def refuse(*_: object) -> dict[str, bytes]:
        raise BadSubmission("This is not a zip.")

    monkeypatch.setattr(results, "read_attached", refuse)
    results.write_answers(tmp_path, assignment, tmp_path / "ada")  # the report has the reason
    monkeypatch.setattr(results, "read_attached", lambda *_: {"notes.pdf": b"%PDF"})
    with pytest.raises(Unwritable, match="answers"):
        results.write_answers(tmp_path, assignment, tmp_path / "ada")


def test_a_secret_that_is_a_folder_gets_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "secret.key").mkdir()
    with pytest.raises(BadSecret, match="cannot be used"):
        folder_secret(tmp_path)


def test_a_hand_in_on_which_the_reader_fails_has_a_key_of_its_own(
    course: Assignment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("a bug")

    monkeypatch.setattr(cache_keys, "select_files", fail)
    maker = KeyMaker(course, Setup(course.folder, Options(), "none", hidden=True))
    assert maker.read(tmp_path / "ada").key.submission == f"unread:{tmp_path / 'ada'}"


def test_the_handout_has_the_cells_of_notebooks_that_can_be_read(course: Assignment) -> None:
    (course.folder / "good.ipynb").write_text(
        '{"cells": [{"cell_type": "code", "source": "given = 1", "metadata": {}}]}'
    )
    (course.folder / "bad.ipynb").write_text("{")
    assert "given = 1" in similarity._handout(course)
    assert similarity._code_cells(course.folder / "bad.ipynb") == ""
