"""The commands of instructors."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner

from autograder.cli.app import main
from autograder.cli.outcome import agrees
from autograder.core.assignment import Assignment
from autograder.gradebook.lock import hold
from autograder.runners import local_pool
from tests.support.classroom import HALF, Grader, change_the_checks, hand_in, marks, rows
from tests.support.vectors import HONEST, make_vectors


@pytest.fixture
def course(tmp_path: Path) -> Assignment:
    return make_vectors(tmp_path / "course")


@pytest.fixture
def grader(monkeypatch: pytest.MonkeyPatch) -> Grader:
    grader = Grader()

    def grade_all(jobs: Sequence[Any], setup: Any, *, workers: int, on_report: Any) -> None:
        grader(jobs, setup, on_report=on_report)

    monkeypatch.setattr(local_pool, "grade_all", grade_all)
    return grader


def grade(course: Assignment, tmp_path: Path, *more: str, answer: str = "") -> Any:
    command = ["grade", str(tmp_path / "in"), "--assignment", str(course.folder), "--out", str(tmp_path / "out")]
    return CliRunner().invoke(main, [*command, "--isolation", "none", *more], input=answer)


def test_a_regrade_asks_before_it_writes_marks(course, tmp_path, grader):
    hand_in(tmp_path / "in", ada=HONEST, bob=HALF)
    assert grade(course, tmp_path).exit_code == 1
    change_the_checks(course)
    refused = grade(course, tmp_path)
    assert refused.exit_code == 2
    assert "--regrade" in refused.output
    grader.worth = 2
    no = grade(course, tmp_path, "--regrade", answer="n\n")
    assert no.exit_code == 2
    assert "2 marks would change: 0 up, 2 down." in no.output
    assert "double 50 to 25" in no.output
    assert marks(tmp_path / "out") == {"ada": "100", "bob": "50"}
    yes = grade(course, tmp_path, "--regrade", answer="y\n")
    assert "0 graded now, 2 skipped (already graded" in yes.output
    assert marks(tmp_path / "out") == {"ada": "50", "bob": "25"}


def test_a_regrade_that_nobody_can_answer_says_how_to_write_the_marks(course, tmp_path, grader):
    hand_in(tmp_path / "in", ada=HONEST)
    assert grade(course, tmp_path).exit_code == 0
    change_the_checks(course)
    grader.worth = 2
    done = grade(course, tmp_path, "--regrade")  # standard input is at its end, as in a cron job
    assert done.exit_code == 2
    assert done.stderr.endswith("\nThe marks were not changed. Pass --yes to write them.\n")
    assert "Interrupted" not in done.output
    assert marks(tmp_path / "out") == {"ada": "100"}


def test_ctrl_c_at_a_question_interrupts(monkeypatch):
    def interrupted(*arguments, **options):
        raise KeyboardInterrupt

    with CliRunner().isolation():
        monkeypatch.setattr("click.termui.visible_prompt_func", interrupted)
        with pytest.raises(click.Abort):
            agrees("Write these marks?")


def test_yes_without_regrade_is_refused(course, tmp_path, grader):
    hand_in(tmp_path / "in", ada=HONEST)
    refused = grade(course, tmp_path, "--yes")
    assert (refused.exit_code, grader.ran) == (2, [])
    assert "Add --regrade or omit --yes: it answers the question of --regrade." in refused.output


@pytest.mark.parametrize("below", ["-1", "-0.5"])
def test_points_below_0_are_not_taken_for_an_option(below, course, tmp_path):
    done = CliRunner().invoke(main, ["mark", str(tmp_path), "ada", "double", below])
    assert done.exit_code == 2
    assert "POINTS cannot be below 0: write 0, or up to the points of the task or question." in done.output
    assert "No such option '--x'." in CliRunner().invoke(main, ["mark", str(tmp_path), "--x"]).output


def test_progress_is_printed_as_lines_in_a_pipe(course, tmp_path, grader):
    hand_in(tmp_path / "in", ada=HONEST, bob=HALF)
    lines = grade(course, tmp_path).stderr.splitlines()
    assert lines[0] == "2 hand-ins, 2 to grade."
    assert lines[-1].startswith("2 of 2 graded, ")
    assert grade(course, tmp_path, "--json").stderr == ""


def test_with_json_nothing_is_asked(course, tmp_path, grader):
    hand_in(tmp_path / "in", ada=HONEST)
    first = json.loads(grade(course, tmp_path, "--json").stdout)
    assert (first["ran"], first["system"], first["reports"][0]["points"]) == (1, "folder", 100)
    assert first["look_at"] == []
    copy = tmp_path / "in" / "bob" / "vectors (1).py"
    copy.parent.mkdir()
    copy.write_text(HONEST)
    (found,) = json.loads(grade(course, tmp_path, "--json").stdout)["look_at"]
    assert (found["student"], found["kind"]) == ("bob", "renamed")
    assert found["text"] == "vectors (1).py counts as vectors.py."
    shutil.rmtree(copy.parent)
    shutil.rmtree(tmp_path / "out")
    grade(course, tmp_path)
    change_the_checks(course)
    grader.worth = 2
    asked = grade(course, tmp_path, "--json", "--regrade")
    assert (asked.exit_code, json.loads(asked.stdout)["written"]) == (2, False)
    done = json.loads(grade(course, tmp_path, "--json", "--regrade", "--yes").stdout)
    assert done["changes"] == [{"student": "ada", "before": 100, "after": 50}]


@pytest.mark.parametrize("names", [["--only", "ada", "--only", "bob"], ["--only", "ada", "bob"]])
def test_only_the_named_students_are_graded(names, course, tmp_path, grader):
    hand_in(tmp_path / "in", ada=HONEST, bob=HALF, eve=HALF)
    done = grade(course, tmp_path, *names)
    assert (done.exit_code, grader.ran, marks(tmp_path / "out")) == (1, ["ada", "bob"], {"ada": "100", "bob": "50"})
    assert done.output.endswith("ada: 100/100 points\nbob: 50/100 points\n")
    assert grade(course, tmp_path, "--only", "ada").exit_code == 0
    unknown = grade(course, tmp_path, "--only", "adda")
    assert unknown.exit_code == 2
    assert "These hand-ins contain none of 'adda'. The nearest names: ada." in unknown.output
    assert "HANDINS is one folder or zip. Omit bob, or write it after --only." in grade(course, tmp_path, "bob").output


def test_problems_of_the_intake_are_printed(course, tmp_path, grader):
    hand_in(tmp_path / "in", ada=HONEST, who=HALF)
    (tmp_path / "roster.csv").write_text("id\nada\nzoe\n")
    done = grade(course, tmp_path, "--roster", str(tmp_path / "roster.csv"))
    assert "unknown: who: who.py matches nobody in the roster" in done.output
    assert "missing: zoe: The roster lists this id" in done.output


def test_a_folder_of_results_inside_the_hand_ins_is_refused(course, tmp_path, grader):
    hand_in(tmp_path / "in", ada=HONEST)
    command = ["grade", str(tmp_path / "in"), "--assignment", str(course.folder), "--out", str(tmp_path / "in" / "out")]
    assert "would be graded as one" in CliRunner().invoke(main, command).output
    assert not (tmp_path / "in" / "out").exists()


def test_points_that_do_not_add_up_are_said_once_before_anything_starts(course, tmp_path, grader):
    hand_in(tmp_path / "in", ada=HONEST)
    hidden = course.solutions / "check_vectors_hidden.py"
    hidden.write_text(hidden.read_text().replace('@task("total")', '@task("total", share=90)'))
    done = grade(course, tmp_path)
    assert done.exit_code == 2
    assert done.output.count("The shares of 'total' add up to 90 %, not 100 %: check_total 90 %.") == 1
    assert not (tmp_path / "out").exists()


def test_results_that_another_grader_has_locked_are_not_changed(course, tmp_path, grader):
    hand_in(tmp_path / "in", ada=HONEST)
    with hold(tmp_path / "out"):
        done = grade(course, tmp_path)
    assert done.exit_code == 2
    assert "is locked by process" in done.output
    assert grader.ran == []


def test_a_mark_is_given_listed_and_withdrawn(course, tmp_path, grader):
    hand_in(tmp_path / "in", ada=HONEST)
    grade(course, tmp_path)
    out = str(tmp_path / "out")
    run = CliRunner().invoke
    given = run(main, ["mark", out, "ada", "double", "40", "--reason", "Copied.", "--by", "kim"])
    assert given.output == "ada: 90/100 points\n"
    assert "ada  double  40/50  kim" in run(main, ["mark", out]).output
    half = run(main, ["mark", out, "ada", "double", "40.5", "--reason", "Copied.", "--by", "kim"])
    assert half.output == "ada: 90.5/100 points\n"
    assert "ada  double  40.5/50  kim" in run(main, ["mark", out]).output
    third = run(main, ["mark", out, "ada", "double", "40.3", "--reason", "Copied."])
    assert third.exit_code == 2
    assert "'40.3' is not a number of whole or half points. Write, for example, 2 or 1.5." in third.output
    assert run(main, ["mark", out, "ada", "double"]).exit_code == 2
    assert "0 to 50 points" in run(main, ["mark", out, "ada", "double", "51", "--reason", "x"]).output
    assert run(main, ["mark", out, "ada", "double", "--withdraw"]).output == "ada: 100/100 points\n"
    absent = run(main, ["mark", out, "ada", "double", "--withdraw"])
    assert absent.exit_code == 2
    assert "ada has no mark by hand for double (none at all), so there is nothing to withdraw." in absent.output
    (tmp_path / "marks.csv").write_text("student,item,points,reason\nada,total,0,Late.\n")
    assert run(main, ["mark", out, "--from", str(tmp_path / "marks.csv")]).output == "ada: 70/100 points\n"
    for more in (["ada"], ["ada", "total", "3"], ["--reason", "x"], ["--withdraw"]):
        refused = run(main, ["mark", out, *more, "--from", str(tmp_path / "marks.csv")])
        assert refused.exit_code == 2
        assert "--from reads everything from the CSV" in refused.output


def test_json_agrees_with_the_gradebook(course, tmp_path, grader):
    hand_in(tmp_path / "in", ada=HONEST)
    (found,) = json.loads(grade(course, tmp_path, "--json", "--skip-scored").stdout)["reports"]
    assert found == {"student": "ada", "points": 100, "max_points": 100, "needs_staff": True}
    assert [row["needs_staff"] for row in rows(tmp_path / "out")] == ["yes"]


def test_json_contains_the_named_students_alone(course, tmp_path, grader):
    hand_in(tmp_path / "in", ada=HONEST, bob=HALF)
    for student in ("ada", "bob"):
        (tmp_path / "in" / student).mkdir()
        (tmp_path / "in" / student / "vectors (1).py").write_text(HONEST)
        (tmp_path / "in" / f"{student}.py").unlink()
    grade(course, tmp_path)
    said = json.loads(grade(course, tmp_path, "--json", "--only", "bob").stdout)
    assert [report["student"] for report in said["reports"]] == ["bob"]
    assert {found["student"] for found in said["look_at"]} == {"bob"}


def test_results_in_the_folder_of_hand_ins_itself_are_refused(course, tmp_path, grader):
    folder = str(hand_in(tmp_path / "in", ada=HONEST))
    done = CliRunner().invoke(main, ["grade", folder, "--assignment", str(course.folder), "--out", folder])
    assert done.exit_code == 2
    assert "is the folder of hand-ins. Choose another --out." in " ".join(done.output.split())
