"""Marks that people give are stored apart, never lost, and shown in report and gradebook."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from autograder.cli.app import main
from autograder.core.assignment import Assignment, read_assignment
from autograder.core.report import Cause, Outcome, Report, read_report
from autograder.gradebook.identity import UnknownStudent, find_student
from autograder.gradebook.journal import Journal
from autograder.gradebook.marks import BadMark, GivenMark, give_marks, read_marks
from autograder.gradebook.rerun import find_graded
from autograder.intake.roster import read_roster
from autograder.runners.grader_process import Job, Setup
from tests.support.classroom import HALF, Grader, change_the_checks, hand_in, marks, rows, run
from tests.support.vectors import HONEST, make_vectors


@pytest.fixture
def course(tmp_path: Path) -> Assignment:
    return make_vectors(tmp_path / "course")


def mark(out: Path, student: str, item: str, points: float | None, reason: str = "Spoke to her.") -> None:
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
    with closing(sqlite3.connect(out / "journal.db")) as base, base:
        assert base.execute("SELECT count(*) FROM marks").fetchone() == (2,)
    base.close()


def test_inline_questions_are_counted_apart_from_the_checks(course, tmp_path):
    path = course.folder / "assignment.toml"
    path.write_text(path.read_text() + '\n[[questions]]\nid = "v-q1"\ntitle = "Why"\npoints = 2\n')
    out = tmp_path / "out"
    run(read_assignment(course.folder), hand_in(tmp_path / "in", ada=HONEST, bob=HALF), out, Grader())
    mark(out, "ada", "v-q1", 2, "")
    assert [(row["points"], row["v-q1"]) for row in rows(out)] == [("100", "2"), ("50", "0")]  # bob answered nothing


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


@pytest.mark.parametrize("called", ["s1", "Ada Lovelace", "ada  lovelace", "ADA_LOVELACE"])
def test_a_student_is_named_by_id_or_name_as_in_rerun(called, course, tmp_path):
    (tmp_path / "roster.csv").write_text("id,name\ns1,Ada Lovelace\n")
    folder, out = hand_in(tmp_path / "in", **{"Ada Lovelace": HONEST, "Bob Ray": HONEST}), tmp_path / "out"
    run(course, folder, out, Grader(), roster=read_roster(tmp_path / "roster.csv"))
    with Journal(out) as journal:
        (report,) = give_marks(journal, out, [GivenMark(called, "double", 1.5, "Seen.")], by="kim")
        assert (report.student, find_graded(journal, called).report.student) == ("s1", "s1")
        for other in ("Bob Ray", "Bob_Ray", "bob ray"):  # a folder's name, without a roster's
            assert find_student(journal, other) == "Bob_Ray"
            assert find_graded(journal, other).report.student == "Bob_Ray"


def test_two_students_of_one_name_are_not_confused(course, tmp_path):
    (tmp_path / "roster.csv").write_text("id,name\ns1,Ada\ns2,Ada\n")
    folder, out = hand_in(tmp_path / "in", s1=HONEST, s2=HALF), tmp_path / "out"
    run(course, folder, out, Grader(), roster=read_roster(tmp_path / "roster.csv"))
    with Journal(out) as journal, pytest.raises(UnknownStudent, match=r"'ada' may mean s1 or s2. Choose one of these"):
        find_student(journal, "ada")


def test_one_item_of_one_student_gets_one_mark_however_the_table_names_the_student(course, tmp_path):
    (tmp_path / "roster.csv").write_text("id,name\ns1,Ada\n")
    folder, out = hand_in(tmp_path / "in", s1=HONEST), tmp_path / "out"
    run(course, folder, out, Grader(), roster=read_roster(tmp_path / "roster.csv"))
    (tmp_path / "marks.csv").write_text("student,item,points,reason\ns1,double,1,a\nAda,double,2,b\n")
    with (
        Journal(out) as journal,
        pytest.raises(BadMark, match=r"line 3: double of s1 has other points here than in .*line 2"),
    ):
        give_marks(journal, out, read_marks(tmp_path / "marks.csv"), by="kim")


def test_marks_are_read_from_a_table(tmp_path):
    path = tmp_path / "marks.csv"
    path.write_text("student,item,points,reason\nada,v-q1,2,\nbob,v-q1,,\n")
    assert read_marks(path) == [GivenMark("ada", "v-q1", 2, "")]
    path.write_text("student,item,points,reason\nada,v-q1,two,\n")
    with pytest.raises(BadMark, match="line 2"):
        read_marks(path)


@pytest.mark.parametrize(("text", "points"), [("1.5", 1.5), ("2.0", 2), ("0,5", 0.5), (" 3 ", 3), ("007.50", 7.5)])
def test_marks_may_be_half_points(text, points, tmp_path):
    path = tmp_path / "marks.csv"
    path.write_text(f"student;item;points;reason\nada;v-q1;{text};\n")
    (given,) = read_marks(path)
    assert (given.points, str(given.points)) == (points, str(points))


@pytest.mark.parametrize("text", ["1.3", "1.25", "-1", "1e1", "nan", "1.5.0", "½", "٣", ".5", "1."])
def test_other_fractions_are_refused_with_one_sentence(text, tmp_path):
    path = tmp_path / "marks.csv"
    path.write_text(f"student,item,points,reason\nada,v-q1,{text},\n")
    with pytest.raises(BadMark) as error:
        read_marks(path)
    sentence = f"{path}, line 2: {text!r} is not a number of whole or half points. Write, for example, 2 or 1.5."
    assert str(error.value) == sentence


def test_half_points_are_stored_and_shown_without_a_needless_zero(course, tmp_path):
    path = course.folder / "assignment.toml"
    path.write_text(path.read_text() + '\n[[questions]]\nid = "v-q1"\ntitle = "Why"\npoints = 2\n')
    out = tmp_path / "out"
    run(read_assignment(course.folder), hand_in(tmp_path / "in", ada=HONEST, bob=HONEST), out, Grader())
    mark(out, "ada", "v-q1", 1.5, "")
    mark(out, "ada", "total", 12.5)
    assert [(row["points"], row["total"], row["v-q1"]) for row in rows(out)] == [
        ("82.5", "12.5", "1.5"),
        ("100", "30", "0"),
    ]
    page = (out / "ada" / "report.html").read_text()
    assert "<b>82.5</b> <span>of 100 points" in page
    assert "<b>1.5</b>" in page
    report = read_report(out / "ada" / "report.json")
    assert (report.points, {m.item: m.points for m in report.marks}) == (82.5, {"v-q1": 1.5, "total": 12.5})
    mark(out, "ada", "double", 49.5)
    assert marks(out)["ada"] == "82"
    assert '"points": 82,' in (out / "ada" / "report.json").read_text()


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_a_table_of_marks_may_use_any_separator_of_spreadsheets(separator, tmp_path):
    path = tmp_path / "marks.csv"
    path.write_text("\ufeff" + "student, item,points,reason\nada,v-q1,2,\n".replace(",", separator))
    assert read_marks(path) == [GivenMark("ada", "v-q1", 2, "")]


def test_a_table_of_marks_that_is_not_csv_is_refused_with_a_sentence(tmp_path):
    (path := tmp_path / "marks.csv").write_text("student,item,points,reason\nada,total,1," + "x" * 200_000 + "\n")
    with pytest.raises(BadMark, match=r"marks\.csv"):
        read_marks(path)


def test_two_marks_for_one_item_are_refused_with_both_lines(tmp_path):
    path = tmp_path / "marks.csv"
    path.write_text('student,item,points,reason\nada,v-q1,2,"two\nlines"\na b,v-q1,1,\na_b,v-q1,1,\nada,v-q1,1,\n')
    with pytest.raises(BadMark, match="line 6: v-q1 of ada has 2 points on line 3 and 1 here"):
        read_marks(path)
    path.write_text(f"student,item,points,reason\nada,v-q1,{'9' * 5000},\n")
    with pytest.raises(BadMark, match=r"line 2: .* is not a number of whole or half points"):
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


class NotLoaded(Grader):
    """Grades hand-ins as if two tasks needed a function that could not be loaded."""

    def report(self, job: Job, setup: Setup) -> Report:
        report, error = super().report(job, setup), "NameError: name 'double' is not defined"
        lost = [
            replace(check, outcome=Outcome.FAILED, cause=Cause.NOT_LOADED, points=0, message=error)
            for check in report.checks[:2]
        ]
        return replace(report, checks=(*lost, *report.checks[2:]))


def test_a_mark_for_a_task_names_the_tasks_that_still_wait_for_it(course, tmp_path):
    out = tmp_path / "out"
    run(course, hand_in(tmp_path / "in", bob=HALF), out, NotLoaded())
    first, second = (check.task for check in read_report(out / "bob" / "report.json").checks[:2])
    assert (first, second) == ("double", "total")
    waits = "Checks of other tasks still count as failed, because they need double, which was not right: total."
    done = CliRunner().invoke(main, ["mark", str(out), "bob", "double", "3", "--reason", "seen"])
    assert done.output.splitlines()[1:] == [waits]
    done = CliRunner().invoke(main, ["mark", str(out), "bob", "total", "3", "--reason", "seen"])
    assert len(done.output.splitlines()) == 1
