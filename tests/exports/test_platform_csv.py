"""Rows of Canvas and Moodle match the right students, marks wait for people, and inline questions add points."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from autograder.cli.app import main
from autograder.core.assignment import Assignment, read_assignment
from autograder.core.report import Mark, Outcome
from autograder.exports.canvas import canvas_csv
from autograder.exports.gradescope import results_json
from autograder.exports.moodle import moodle_csv
from autograder.exports.platform_csv import Filled
from tests.exports.test_exports import check, report
from tests.support.classroom import HALF, Grader, hand_in, run
from tests.support.vectors import HONEST, make_vectors

HEADING = "Student,ID,SIS User ID,SIS Login ID,a01 (7)\n"


def column(filled: Filled, name: str = "a01 (7)") -> list[str]:
    return [row[name] for row in csv.DictReader(io.StringIO(filled.text))]


def test_a_row_with_another_sis_id_does_not_get_somebody_elses_mark() -> None:
    rows = '"Line, C",1,crlf,line@y.edu,\n"Stranger, S",2,77,crlf@y.edu,3\n'
    rows += '"Mark, B",3,bom,mark@y.edu,\n"Other, O",bom,88,o,\n'
    filled = canvas_csv([report("crlf"), report("bom")], HEADING + rows, column="a01 (7)")
    assert column(filled) == ["20", "3", "20", ""]
    assert filled.without_mark == ("crlf@y.edu", "o")


def test_the_column_that_names_most_students_is_used() -> None:
    rows = '"A, A",10,u1,a@x,\n"B, B",11,10,b@x,\n"C, C",12,u3,c@x,\n'
    filled = canvas_csv([report("10"), report("11"), report("12")], HEADING + rows, column="a01 (7)")
    assert column(filled) == ["20", "20", "20"]
    assert filled.skipped == ()


def test_a_row_where_that_column_is_empty_is_matched_by_the_next_column() -> None:
    rows = '"A, A",1,a,,\n"B, B",2,b,,\n"C, C",3,,c@x,\n'
    filled = canvas_csv([report("a"), report("b"), report("c")], HEADING + rows, column="a01 (7)")
    assert column(filled) == ["20", "20", "20"]


def test_if_two_rows_match_one_student_neither_is_filled_in_and_both_are_named() -> None:
    worksheet = "Identifier,Email address,Grade\nP 1,bob@a.edu,\nP 2,bob@b.edu,4\nP 3,ada@a.edu,\n"
    filled = moodle_csv([report("bob"), report("ada")], worksheet)
    assert column(filled, "Grade") == ["", "4", "20"]
    assert filled.skipped == ("bob: 2 rows match (bob@a.edu, bob@b.edu), so none was filled in.",)
    assert (filled.without_mark, filled.without_row) == ((), ())


def test_the_cell_is_not_changed_while_a_mark_waits_for_a_person() -> None:
    broken = report("ada", check("pass", 20, Outcome.PASSED), check("break", 30, Outcome.BROKEN))
    for filled, name in (
        (canvas_csv([broken], HEADING + "A,1,u,ada,7\n", column="a01 (7)"), "a01 (7)"),
        (moodle_csv([broken], "Username,Grade,Feedback comments\nada,7,mine\n"), "Grade"),
    ):
        assert column(filled, name) == ["7"]
        assert filled.skipped == (
            "ada: a check could not be graded, so a person must look first; the cell was not changed.",
        )
        assert "mine" in filled.text or name != "Grade"
    by_hand = broken.with_marks([Mark("double", "Double", 40, 50, False, "Read it.", "kim", "")])
    assert column(canvas_csv([by_hand], HEADING + "A,1,u,ada,7\n", column="a01 (7)")) == ["40"]


def test_inline_questions_add_to_points_and_maximum() -> None:
    marks = [Mark(name, name.upper(), points, 4, True, "", "kim", "") for name, points in (("q1", 4), ("q2", 1))]
    both, one = report("ada").with_marks(marks), report("bob").with_marks(marks[:1])
    template = HEADING + "    Points Possible,,,,58\nA,1,u,ada,\nB,2,v,bob,9\n"
    filled = canvas_csv([both, one], template, column="a01 (7)", questions={"q1": 4, "q2": 4})
    assert column(filled) == ["58", "25", "9"]
    assert filled.notices == ()
    assert filled.skipped == ("bob: q2 is not marked yet; the cell was not changed.",)
    feedback = moodle_csv([both], "Username,Grade,Feedback comments\nada,,\n", questions={"q1": 4, "q2": 4})
    assert "Q2: 1 of 4" in feedback.text


def test_half_points_are_passed_on() -> None:
    task = Mark("double", "Double", 12.5, 50, False, "Half of it.", "kim", "")
    question = Mark("q1", "Why", 1.5, 4, True, "", "kim", "")
    ada = report("ada").with_marks([task, question])
    assert column(canvas_csv([ada], HEADING + "A,1,u,ada,7\n", column="a01 (7)")) == ["12.5"]
    assert column(canvas_csv([ada], HEADING + "A,1,u,ada,\n", column="a01 (7)", questions={"q1": 4})) == ["14"]
    scaled = moodle_csv([ada], "Username,Grade,Maximum Grade\nada,,10\n")
    assert column(scaled, "Grade") == ["2.5"]
    assert json.loads(results_json(ada))["score"] == 12.5


def test_feedback_of_an_earlier_export_is_replaced_when_points_become_half_points() -> None:
    worksheet = "Username,Grade,Feedback comments\nada,,\n"
    whole = moodle_csv([report("ada")], worksheet)
    half = report("ada").with_marks([Mark("double", "Double", 12.5, 50, False, "Half of it.", "kim", "")])
    again = moodle_csv([half], whole.text)
    assert column(again, "Feedback comments") == ["Double a tensor: 12.5 of 50"]
    assert column(moodle_csv([report("ada")], again.text), "Feedback comments") == ["Double a tensor: 20 of 50"]


@pytest.fixture
def results(tmp_path: Path) -> Path:
    course: Assignment = make_vectors(tmp_path / "course")
    path = course.folder / "assignment.toml"
    path.write_text(path.read_text() + '\n[[questions]]\nid = "v-q1"\ntitle = "Why"\npoints = 8\n')
    handins, out = hand_in(tmp_path / "in", ada=HONEST, bob=HALF), tmp_path / "out"
    run(replace(read_assignment(course.folder)), handins, out, Grader(broken=frozenset({"bob"})))
    return out


@pytest.mark.parametrize("platform", ["canvas", "moodle"])
def test_the_command_reports_what_it_omits(platform: str, results: Path, tmp_path: Path) -> None:
    assert CliRunner().invoke(main, ["mark", str(results), "ada", "v-q1", "5"]).exit_code == 0
    template, out = tmp_path / "template.csv", tmp_path / "upload.csv"
    if platform == "canvas":
        template.write_text("Student,SIS Login ID,a01\nPoints Possible,,108\nA,ada,\nB,bob,\n")
        command = ["export", "canvas", str(results), str(template), "--column", "a01", "--out", str(out)]
    else:
        template.write_text("Username,Grade,Maximum Grade\nada,,108\nbob,,108\n")
        command = ["export", "moodle", str(results), str(template), "--out", str(out)]
    plain = CliRunner().invoke(main, command)
    assert "The marks for 1 inline question (v-q1) are not included. Add them with --questions." in plain.stderr
    assert "bob: a check could not be graded, so a person must look first" in plain.stderr
    assert plain.exit_code == 2
    added = CliRunner().invoke(main, [*command, "--questions"])
    assert "not included" not in added.stderr
    assert "scaled" not in added.stderr
    assert "105" in out.read_text()


def test_a_whole_name_is_preferred_to_a_name_before_the_at_sign() -> None:
    worksheet = "Username,Grade\nbob@b.edu,4\nbob,\nada@x.org,\neve@x.org,\n"
    filled = moodle_csv([report("bob"), report("ada"), report("eve")], worksheet)
    assert column(filled, "Grade") == ["4", "20", "20", "20"]
    assert "2 students matched only by the part before the @: ada (ada@x.org), eve (eve@x.org)." in filled.notices[0]
    assert (filled.skipped, filled.without_mark) == ((), ("bob@b.edu",))


FEEDBACK = "Username,Grade,Feedback comments\n"


def test_moodles_feedback_that_a_person_wrote_is_not_changed_and_is_reported() -> None:
    both = [report("ada"), report("bob"), report("eve")]
    rows = 'ada,,\nbob,,"Good work, Bob; Double a tensor: 20 of 50"\neve,,  \n'
    filled = moodle_csv(both, FEEDBACK + rows)
    written = "Double a tensor: 20 of 50"
    assert column(filled, "Feedback comments") == [written, f"Good work, Bob; {written}", written]
    assert column(filled, "Grade") == ["20", "20", "20"]
    assert filled.notices == (
        'The "Feedback comments" of 1 student (bob) contain text that gradlab did not write, so they were not changed.',
    )
    assert filled.skipped == ()


def test_moodles_feedback_of_an_earlier_export_is_updated() -> None:
    given = Mark("q1", "Why", 3, 4, True, "", "kim", "")
    before = moodle_csv([report("ada", check("double", 50, Outcome.PASSED))], FEEDBACK + "ada,,\n").text
    now = report("ada").with_marks([given])
    with_questions = moodle_csv([now], before, questions={"q1": 4})
    assert column(with_questions, "Feedback comments") == ["Double a tensor: 20 of 50; Why: 3 of 4"]
    without = moodle_csv([now], with_questions.text)
    assert column(without, "Feedback comments") == ["Double a tensor: 20 of 50"]
    assert (with_questions.notices, without.notices) == ((), ())


ROSTER = ({"al1": "ada@x.org", "bob": "bob@x.org", "wxm": "wxm@x.org"}, {"al1": "Ada Lovelace", "bob": "Bob B"})


def test_rows_are_matched_by_the_rosters_addresses() -> None:
    worksheet = "Identifier,Full name,Email address,Grade\nP 1,Ada Lovelace,ada@x.org,\nP 2,Bob B,BOB@x.org,\n"
    filled = moodle_csv([report("al1"), report("bob")], worksheet, roster=ROSTER)
    assert column(filled, "Grade") == ["20", "20"]
    assert (filled.without_mark, filled.without_row, filled.skipped) == ((), (), ())
    assert filled.notices == (
        "2 students matched by the e-mail address or the name in the roster: al1 (ada@x.org), bob (BOB@x.org).",
    )


def test_rows_are_matched_by_the_rosters_names_as_canvas_writes_them() -> None:
    rows = '"Lovelace, Ada",1,77,78,\n"Else, Someone",2,bob,bob,\n'
    filled = canvas_csv([report("al1"), report("bob")], HEADING + rows, column="a01 (7)", roster=ROSTER)
    assert column(filled) == ["20", "20"]
    assert filled.notices == (
        "1 student matched by the e-mail address or the name in the roster: al1 (Lovelace, Ada).",
    )


def test_a_name_that_two_students_have_matches_neither() -> None:
    names = {"al1": "Kim Lee", "al2": "Kim Lee"}
    filled = moodle_csv([report("al1")], "Full name,Grade\nKim Lee,\n", roster=[names])
    assert column(filled, "Grade") == [""]
    assert (filled.without_mark, filled.without_row) == (("Kim Lee",), ("al1",))


def test_an_id_is_stronger_than_a_name() -> None:
    worksheet = "Username,Full name,Grade\nbob,Ada Lovelace,\nx9,Bob B,\n"
    filled = moodle_csv([report("bob")], worksheet, roster=ROSTER)
    assert column(filled, "Grade") == ["20", ""]


def test_students_without_a_row_next_to_rows_without_a_mark_need_a_person(results: Path, tmp_path: Path) -> None:
    worksheet, out = tmp_path / "worksheet.csv", tmp_path / "upload.csv"
    worksheet.write_text("Username,Grade\nsomebody,\n")
    (results / "bob" / "report.json").unlink()
    done = CliRunner().invoke(main, ["export", "moodle", str(results), str(worksheet), "--out", str(out)])
    assert done.exit_code == 2
    assert "somebody: no mark." in done.stderr
    assert "ada: graded, but not in the file." in done.stderr
    assert "These rows and these students may be the same people." in done.stderr
    worksheet.write_text("Username,Grade\nada,\n" + "".join(f"s{number:03},\n" for number in range(900)))
    long = CliRunner().invoke(main, ["export", "moodle", str(results), str(worksheet), "--out", str(out)]).stderr
    assert "s018, s019 and 880 more: no mark." in long
    worksheet.write_text("Username,Grade\nada,\nsomebody,\n")
    assert (
        CliRunner().invoke(main, ["export", "moodle", str(results), str(worksheet), "--out", str(out)]).exit_code == 0
    )


@pytest.mark.parametrize("platform", ["moodle", "canvas"])
def test_students_that_the_file_does_not_list_need_a_person(platform: str, results: Path, tmp_path: Path) -> None:
    heads = {"moodle": "Username,Grade\nada,\n", "canvas": "Student,ID,SIS Login ID,a01 (1)\nAda,1,ada,\n"}
    (tmp_path / "list.csv").write_text(heads[platform])
    column = ["--column", "a01 (1)"] if platform == "canvas" else []
    command = ["export", platform, str(results), str(tmp_path / "list.csv"), *column, "--out", str(tmp_path / "up.csv")]
    done = CliRunner().invoke(main, command)
    assert done.exit_code == 2
    assert "bob: graded, but not in the file." in done.stderr


def test_three_questions_are_listed_with_commas() -> None:
    questions = {"q1": 4, "q2": 4, "q3": 4}
    filled = canvas_csv([report("ada")], HEADING + "A,1,u,ada,\n", column="a01 (7)", questions=questions)
    assert filled.skipped == ("ada: q1, q2 and q3 are not marked yet; the cell was not changed.",)
