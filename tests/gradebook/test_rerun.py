"""An appeal: the same hand-in with the same inputs, what the student saw and what staff see, and what has changed."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest
from click.testing import Result

from autograder.core.assignment import read_assignment
from autograder.core.report import read_report
from autograder.gradebook.cache_keys import KeyMaker
from autograder.gradebook.rerun import Graded, select_checks
from autograder.gradebook.rerun import rerun as run_again
from autograder.gradebook.secret import NAME, new_secret
from autograder.runners.grader_process import Setup
from autograder.session.options import Options
from tests.support.command import run_command
from tests.support.sample_reports import perfect
from tests.support.vectors import HONEST, WRONG, make_vectors

CRASH = HONEST.replace("return x.sum(1)", "half = x / 2\n    return half.sum(9)")


@pytest.fixture(scope="module")
def graded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A course, hand-ins and results, graded in this process' own worker."""
    folder = tmp_path_factory.mktemp("appeal")
    make_vectors(folder / "course")
    (folder / "handins").mkdir()
    for student, text in {"ada": WRONG, "bob": CRASH, "zoe": HONEST}.items():
        (folder / "handins" / f"{student}.py").write_text(text)
    (folder / "roster.csv").write_text("id,name\nada,Ada Lovelace\nbob,Bob\nzoe,Zoë\n")
    done = run_command(
        *("grade", folder / "handins", "--assignment", "t02_vectors", "--course", folder / "course"),
        *("--out", folder / "results", "--roster", folder / "roster.csv", "--isolation", "none", "--workers", "1"),
    )
    assert done.exit_code == 1, done.output
    return folder


@pytest.fixture
def copy(graded: Path, tmp_path: Path) -> Path:
    """A copy of the results that a test may spoil; the hand-ins stay where they are."""
    return shutil.copytree(graded / "results", tmp_path / "results")


def rerun(results: Path, *arguments: str) -> Result:
    return run_command("rerun", results, *arguments, "--local", "--isolation", "none")


def test_the_inputs_are_those_of_the_graded_run(graded: Path) -> None:
    done = rerun(graded / "results", "ada", "--json")
    assert done.exit_code == 1, done.output
    table = json.loads(done.stdout)
    stored = read_report(graded / "results" / "ada" / "report.json")
    assert [check["message"] for check in table["report"]["checks"]] == [check.message for check in stored.checks]
    assert any("first at" in check.message for check in stored.checks)
    assert (table["differences"], table["changed_verdicts"]) == ([], [])
    assert table["hand_in"] == str(graded / "handins" / "ada.py")


def test_the_student_saw_less_than_staff_see(graded: Path) -> None:
    done = rerun(graded / "results", "Bob", "check_total")
    assert done.exit_code == 1
    seen, _, now = done.output.partition("What staff see now")
    assert "Each row's sum." in seen
    assert "Each row's sum." in now
    assert "AxisError" not in seen
    assert "AxisError" in now
    assert re.search(r"> +\d+      return half\.sum\(9\)", now)
    assert "Everything is as when it was graded" in seen
    assert "The same as before (1 check)." in now
    assert "Doubling" not in done.output


def test_full_marks_exit_with_0_and_nothing_is_written(graded: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in (graded / "results").rglob("*.html")}
    assert rerun(graded / "results", "zoe", "double").exit_code == 0
    assert {path: path.stat().st_mtime_ns for path in (graded / "results").rglob("*.html")} == before


def test_what_changed_since_then_is_named(graded: Path) -> None:
    handin, check = graded / "handins" / "ada.py", graded / "course/assignments/t02_vectors/check_vectors.py"
    before = handin.read_text(), check.read_text()
    try:
        handin.write_text(HONEST)
        check.write_text(before[1] + "\nMORE = 1\n")
        done = rerun(graded / "results", "ada", "check_double_of_a_matrix")
    finally:
        handin.write_text(before[0])
        check.write_text(before[1])
    assert done.exit_code == 0, done.output
    assert "Not as when it was graded: the hand-in's files, the checks or the files they depend on." in done.output
    assert "check_vectors.py::check_double_of_a_matrix: failed before, passed now" in done.output


def test_code_outside_of_the_sandbox_needs_a_second_word(graded: Path) -> None:
    done = run_command("rerun", graded / "results", "ada", "--local", "--pdb")
    assert done.exit_code == 2
    assert "with your rights" in done.output
    assert "add --isolation none" in done.output


def test_checks_are_named_by_a_part_of_their_id_title_or_task() -> None:
    for part, task in {"Two_Loops": "compute_distances_two_loops", "tie goes": "predict_labels"}.items():
        assert {check.task for check in select_checks(perfect(), part)} == {task}
    assert [check.id for check in select_checks(perfect(), "check_3")] == ["check_knn_votes.py::check_3"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["adda"], "has no report of 'adda'. Did you mean ada?"),
        (["ada", "no such check"], "No check's id, title or task contains 'no such check'. The checks are:"),
    ],
)
def test_a_wrong_name_gets_a_sentence(graded: Path, arguments: list[str], message: str) -> None:
    done = rerun(graded / "results", *arguments)
    assert done.exit_code == 2
    assert message in done.output


def test_without_the_secret_or_with_another_one_nothing_is_run(copy: Path) -> None:
    (copy / NAME).write_text(new_secret())
    assert "is not the secret with which ada was graded" in rerun(copy, "ada").output
    (copy / NAME).unlink()
    done = rerun(copy, "ada")
    assert done.exit_code == 2
    assert "without it the checks get other inputs" in done.output
    assert not (copy / NAME).exists()


def test_a_hand_in_that_is_gone_is_named(graded: Path) -> None:
    handin = graded / "handins" / "zoe.py"
    handin.rename(handin.with_suffix(".away"))
    try:
        done = rerun(graded / "results", "zoe")
    finally:
        handin.with_suffix(".away").rename(handin)
    assert done.exit_code == 2
    assert f"The hand-in of zoe, {handin}, no longer exists." in done.output


def test_a_worker_gives_the_same_as_this_process(graded: Path) -> None:
    done = run_command("rerun", graded / "results", "ada", "--json", "--isolation", "none")
    assert done.exit_code == 1, done.output
    table = json.loads(done.stdout)
    assert (table["differences"], table["changed_verdicts"]) == ([], [])


def test_a_hand_in_that_can_no_longer_be_opened_earns_nothing(graded: Path, tmp_path: Path) -> None:
    report = read_report(graded / "results" / "zoe" / "report.json")
    assignment = read_assignment(graded / "course" / "assignments" / "t02_vectors")
    setup = Setup(assignment.folder, Options(), "none", hidden=True)
    (tmp_path / "zoe.zip").write_bytes(b"PK is not enough")
    found = Graded(report, KeyMaker(assignment, setup).read(tmp_path / "zoe.zip").key, tmp_path / "zoe.zip")
    again = run_again(found, assignment, setup, checks=report.checks[:2], local=False, pdb=False)
    assert [check.points for check in again.checks] == [0, 0]
    assert again.refusal


def test_of_a_hand_in_that_was_refused_both_sides_say_why_and_show_the_mark_by_hand(tmp_path: Path) -> None:
    make_vectors(tmp_path / "course")
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "eve.zip").write_bytes(b"PK is not enough")
    named = ("--assignment", "t02_vectors", "--course", tmp_path / "course", "--out", tmp_path / "out")
    run_command("grade", tmp_path / "in", *named, "--isolation", "none", "--workers", "1")
    marked = run_command("mark", tmp_path / "out", "eve", "double", "1", "--reason", "Shown in the office.")
    assert marked.exit_code == 0, marked.output
    done = rerun(tmp_path / "out", "eve")
    student, staff = done.output.partition("What staff see now")[::2]
    for side in (student, staff.partition("The verdicts")[0]):
        assert side.count("eve.zip is damaged or not a zip") == 1
        assert "FAILED" not in side
        assert "1/50 by hand. Shown in the office." in side
