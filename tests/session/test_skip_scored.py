"""`--skip-scored` leaves out the checks that train or evaluate networks, and the result is provisional."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner
from rich.console import Console

from autograder.cli.app import main
from autograder.core.assignment import Assignment
from autograder.core.code import Code
from autograder.core.report import Mark, Measured, Outcome, Report, parse_report
from autograder.exports.gradescope import results_json
from autograder.exports.platform_csv import _mark
from autograder.policy.final_marks import read_gradebooks
from autograder.policy.policy_file import read_policy
from autograder.render.class_page import index_html
from autograder.render.gradebook_csv import gradebook_csv
from autograder.render.html import report_html
from autograder.render.summary import summarise
from autograder.render.terminal import print_class_summary
from autograder.render.view import student_view
from autograder.render.words import verdict
from autograder.sandbox.local_link import LocalLink
from autograder.session.options import Options
from autograder.session.session import Checks, ReportHeader, with_checks
from tests.render.test_html import Page
from tests.support.vectors import HONEST, make_vectors

SCORED = '''
from autograder import task


@task("total")
def check_total_learns(student, score):
    """Training sums rows."""
    score(float(student.total(__import__("numpy").ones((1, 2)))[0]), "sum")
'''
TITLE = "Sum of each row"
NOTE = (
    "The checks that train or evaluate networks were left out (--skip-scored): 30 of the points are open. "
    "This result is provisional."
)


@pytest.fixture
def course(tmp_path: Path) -> Assignment:
    assignment = make_vectors(tmp_path)
    hidden = assignment.solutions / "check_vectors_hidden.py"
    hidden.write_text(hidden.read_text().partition('@task("total"')[0])
    (assignment.solutions / "check_vectors_training_hidden.py").write_text(SCORED)
    (assignment.solutions / "calibration.json").write_text(
        json.dumps({"default": {"check_total_learns:sum": {"threshold": 1.5}}})
    )
    return assignment


def report(course: Assignment, *, skip_scored: bool) -> Report:
    def body(checks: Checks) -> Report:
        link = LocalLink(Code({"vectors.py": HONEST}))
        try:
            results = checks.judge(link, Code({"vectors.py": HONEST}))
        finally:
            link.close()
        return checks.report(ReportHeader("ada", "digest"), results, isolation="none")

    return with_checks(course, Options(seed=1, skip_scored=skip_scored), body)


def test_the_report_says_so_and_what_is_open(course: Assignment) -> None:
    found = report(course, skip_scored=True)
    assert {check.task for check in found.checks} == {"double", "Counter"}
    assert (found.points, found.max_points, found.open_points) == (70, 100, 30)
    assert found.notes == (NOTE,)
    assert (found.provisional, found.undecided, found.needs_staff) == (True, True, False)


def test_a_hand_in_that_cannot_be_opened_has_nothing_open(course: Assignment) -> None:
    def body(checks: Checks) -> Report:
        results = checks.refuse("It is damaged.")
        return checks.report(ReportHeader("ada", "", ("It is damaged.",)), results, isolation="none")

    refused = with_checks(course, Options(seed=1, skip_scored=True), body)
    assert refused.notes == ("It is damaged.",)
    assert gradebook_csv([refused]).splitlines()[1].split(",")[6] == "no"  # needs_staff


def test_what_a_scored_check_measured_is_in_the_report_and_on_a_leaderboard(course: Assignment) -> None:
    found = parse_report(report(course, skip_scored=False).to_json().encode(), "report.json")
    (check,) = (check for check in found.checks if check.scores)
    assert (check.id, check.scores) == ("check_vectors_training_hidden.py::check_total_learns", (Measured("sum", 2.0),))
    assert not [check for check in student_view(found).checks if check.scores]  # it is a hidden check
    table = json.loads(results_json(found, leaderboard=True))
    assert table["leaderboard"] == [{"name": "Points", "value": 100}, {"name": f"{TITLE}: sum", "value": 2.0}]
    assert "leaderboard" not in json.loads(results_json(found))


def test_a_full_run_is_not_provisional(course: Assignment) -> None:
    found = report(course, skip_scored=False)
    assert (found.points, found.open_points, found.notes) == (100, 0, ())
    assert not found.undecided


def test_without_scored_checks_nothing_is_open(tmp_path: Path) -> None:
    found = report(make_vectors(tmp_path), skip_scored=True)
    assert (found.points, found.provisional) == (100, False)


def test_the_json_keeps_it_and_older_files_have_none(course: Assignment) -> None:
    found = report(course, skip_scored=True)
    assert parse_report(found.to_json().encode(), "report.json") == found
    table = json.loads(found.to_json())
    del table["open_points"]
    assert parse_report(json.dumps(table).encode(), "report.json").open_points == 0


def test_the_policy_reads_it_from_the_gradebook(course: Assignment, tmp_path: Path) -> None:
    settings, gradebook = tmp_path / "policy.toml", tmp_path / "gradebook.csv"
    settings.write_text(f"[assignments.{course.name}]\nweight = 1\n")
    for skip_scored in (True, False):
        gradebook.write_text(gradebook_csv([report(course, skip_scored=skip_scored)]), encoding="utf-8")
        (row,) = read_gradebooks([gradebook], read_policy(settings))
        assert row.skipped == skip_scored


def test_the_gradebook_and_the_exports_wait(course: Assignment) -> None:
    found = report(course, skip_scored=True)
    (row,) = csv.DictReader(io.StringIO(gradebook_csv([found])))
    assert (row["needs_staff"], row["notes"]) == ("yes", NOTE)
    assert _mark(found, {}).waits == "it was graded with --skip-scored, so the result is provisional"
    console = Console(record=True, width=200)
    print_class_summary([found, replace(found, student="bob", open_points=0)], console)
    assert "Provisional: 1 hand-in, without the checks that train or evaluate networks." in console.export_text()


def test_students_can_leave_them_out_too(course: Assignment, monkeypatch: pytest.MonkeyPatch) -> None:
    (course.folder / "check_vectors_training.py").write_text(SCORED)
    (course.solutions / "check_vectors_training_hidden.py").unlink()
    (course.folder / "vectors.py").write_text(HONEST)
    monkeypatch.chdir(course.folder)
    done = CliRunner().invoke(main, ["check", "--skip-scored"])
    assert done.exit_code == 0, done.output
    assert "30 of the points are open" in " ".join(done.output.split())


def test_a_page_says_once_what_was_left_out_and_does_not_call_it_hidden(course: Assignment) -> None:
    found = report(course, skip_scored=True)
    for staff in (False, True):
        text = " ".join(Page(report_html(found, staff=staff)).text.split())
        assert text.count("--skip-scored") == 1
        assert NOTE in text
        assert "not shown here" not in text
        assert f"All {len(found.checks)} checks here passed." in text
        assert "Well done" not in text


def test_hidden_checks_are_counted_without_those_that_were_left_out(course: Assignment) -> None:
    found = report(course, skip_scored=True)
    public = [check for check in found.checks if check.task == "double"]
    said = verdict(public, 100 - sum(check.max_points for check in public), skipped=30)
    rest = 70 - sum(check.max_points for check in public)
    assert said.endswith(f"Checks that are not shown here, with other inputs, decide the other {rest} of 100 points.")


def test_the_overview_judges_tasks_by_the_points_that_ran(course: Assignment) -> None:
    right = report(course, skip_scored=True)
    wrong = replace(right.checks[0], outcome=Outcome.FAILED, points=0)
    tasks = [
        replace(t, points=t.points - right.checks[0].points if t.name == wrong.task else t.points) for t in right.tasks
    ]
    half = replace(right, student="bob", checks=(wrong, *right.checks[1:]), tasks=tuple(tasks))
    assert summarise([right]).perfect == 1
    assert summarise([half]).perfect == 0
    found = {task.name: task for task in summarise([right, half]).tasks}
    assert {name: (task.full, task.seen, task.max_points) for name, task in found.items()} == {
        name: (1 if name == wrong.task else 2, 2, most) if most else (0, 0, 0)
        for name, most in {
            t.name: sum(c.max_points for c in right.checks if c.task == t.name) for t in right.tasks
        }.items()
    }
    assert found["total"].max_points == 0
    text = " ".join(Page(index_html([right, half], title="t")).text.split())
    assert "Judged by the checks that ran. Those that --skip-scored left out decide 30 points." in text
    assert "Judged by the checks" not in index_html([report(course, skip_scored=False)], title="t")
    marked = right.with_marks([Mark("total", "Sum", 30, 30, False, "seen", "kim", "2026-01-01T00:00:00Z")])
    total = next(task for task in summarise([marked]).tasks if task.name == "total")
    assert (total.full, total.seen, total.max_points) == (1, 1, 30)
