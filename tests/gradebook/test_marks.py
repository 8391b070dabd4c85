"""Marks that people give are stored apart, never lost, and shown in report and gradebook."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from autograder.core.assignment import Assignment, read_assignment
from autograder.core.report import read_report
from autograder.gradebook.journal import Journal
from autograder.gradebook.marks import BadMark, GivenMark, give_marks, read_marks
from tests.support.classroom import HALF, Grader, change_the_checks, hand_in, marks, rows, run
from tests.support.vectors import HONEST, make_vectors


@pytest.fixture
def course(tmp_path: Path) -> Assignment:
    return make_vectors(tmp_path / "course")


def mark(out: Path, student: str, item: str, points: int | None, reason: str = "Spoke to her.") -> None:
    with Journal(out) as journal:
        give_marks(journal, out, [GivenMark(student, item, points, reason)], by="kim")


def test_a_mark_by_hand_is_in_report_and_gradebook_and_survives_a_regrade(course, tmp_path):
    handins, out = hand_in(tmp_path / "in", ada=HONEST, bob=HALF), tmp_path / "out"
    run(course, handins, out, Grader())
    mark(out, "bob", "total", 20)
    assert marks(out)["bob"] == "70"
    page = (out / "bob" / "report.html").read_text()
    assert "Marked by a person" in page
    assert "Spoke to her." in page
    change_the_checks(course)
    run(course, handins, out, Grader(worth=2), regrade=True)
    assert marks(out) == {"ada": "50", "bob": "45"}
    report = read_report(out / "bob" / "report.json")
    assert [(m.item, m.points, m.by) for m in report.marks] == [("total", 20, "kim")]
    mark(out, "bob", "total", None)
    assert marks(out)["bob"] == "25"
    with sqlite3.connect(out / "journal.db") as base:
        assert base.execute("SELECT count(*) FROM marks").fetchone() == (2,)
    base.close()


def test_inline_questions_are_counted_apart_from_the_checks(course, tmp_path):
    path = course.folder / "assignment.toml"
    path.write_text(path.read_text() + '\n[[questions]]\nid = "v-q1"\ntitle = "Why"\npoints = 2\n')
    out = tmp_path / "out"
    run(read_assignment(course.folder), hand_in(tmp_path / "in", ada=HONEST, bob=HALF), out, Grader())
    mark(out, "ada", "v-q1", 2, "")
    assert [(row["points"], row["v-q1"]) for row in rows(out)] == [("100", "2"), ("50", "")]


def test_a_mark_settles_a_broken_check(course, tmp_path):
    handins, out = hand_in(tmp_path / "in", ada=HALF), tmp_path / "out"
    run(course, handins, out, Grader(broken=frozenset({"ada"})))
    for task in ("double", "total", "Counter"):
        mark(out, "ada", task, 10)
    assert [(row["points"], row["needs_staff"]) for row in rows(out)] == [("30", "no")]


@pytest.mark.parametrize(
    ("given", "match"),
    [
        (GivenMark("nobody", "double", 1, "x"), "no report of 'nobody'"),
        (GivenMark("ada", "triple", 1, "x"), "Choose one of: double, total, Counter"),
        (GivenMark("ada", "double", 51, "x"), "0 to 50"),
        (GivenMark("ada", "double", 1, " "), "--reason"),
    ],
)
def test_an_impossible_mark_is_refused_and_no_mark_of_its_table_is_given(course, tmp_path, given, match):
    out = tmp_path / "out"
    run(course, hand_in(tmp_path / "in", ada=HONEST), out, Grader())
    with Journal(out) as journal, pytest.raises(BadMark, match=match):
        give_marks(journal, out, [GivenMark("ada", "double", 3, "fine"), given])
    assert marks(out) == {"ada": "100"}


def test_marks_are_read_from_a_table(tmp_path):
    path = tmp_path / "marks.csv"
    path.write_text("student,item,points,reason\nada,v-q1,2,\nbob,v-q1,,\n")
    assert read_marks(path) == [GivenMark("ada", "v-q1", 2, "")]
    path.write_text("student,item,points,reason\nada,v-q1,two,\n")
    with pytest.raises(BadMark, match="line 2"):
        read_marks(path)


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_a_table_of_marks_may_use_any_separator_of_spreadsheets(separator, tmp_path):
    path = tmp_path / "marks.csv"
    path.write_text("\ufeff" + "student, item,points,reason\nada,v-q1,2,\n".replace(",", separator))
    assert read_marks(path) == [GivenMark("ada", "v-q1", 2, "")]


def test_two_marks_for_one_item_are_refused_with_both_lines(tmp_path):
    path = tmp_path / "marks.csv"
    path.write_text('student,item,points,reason\nada,v-q1,2,"two\nlines"\na b,v-q1,1,\na_b,v-q1,1,\nada,v-q1,1,\n')
    with pytest.raises(BadMark, match="line 6: v-q1 of ada has 2 points on line 3 and 1 here"):
        read_marks(path)
    path.write_text(f"student,item,points,reason\nada,v-q1,{'9' * 5000},\n")
    with pytest.raises(BadMark, match=r"line 2: .* is not a whole number"):
        read_marks(path)


@pytest.mark.parametrize(
    ("row", "match"),
    [
        ("123,double,1,x", "line 3: .* has no report of '123'"),
        ("ada,double,51,x", "line 3: double is worth 0 to 50 points, not 51"),
        ("ada,treble,1,x", "line 3: There is no task or question 'treble'"),
    ],
)
def test_an_impossible_mark_is_refused_with_its_line(row, match, course, tmp_path):
    out, path = tmp_path / "out", tmp_path / "marks.csv"
    run(course, hand_in(tmp_path / "in", ada=HONEST), out, Grader())
    path.write_text(f"student,item,points,reason\nada,total,29,x\n{row}\n")
    with Journal(out) as journal, pytest.raises(BadMark, match=match):
        give_marks(journal, out, read_marks(path))
    assert marks(out) == {"ada": "100"}
