"""A provisional result is replaced by the next full run, and never replaces a full one."""

from __future__ import annotations

from pathlib import Path

import pytest

from autograder.core.assignment import Assignment
from autograder.core.report import read_report
from tests.support.classroom import HALF, Grader, hand_in, rows, run
from tests.support.vectors import HONEST, make_vectors


@pytest.fixture
def course(tmp_path: Path) -> Assignment:
    return make_vectors(tmp_path / "course")


def waits(out: Path) -> dict[str, str]:
    return {row["student"]: row["needs_staff"] for row in rows(out)}


def test_a_full_run_grades_again_what_was_provisional_without_being_asked(course: Assignment, tmp_path: Path) -> None:
    handins, out, grader = hand_in(tmp_path / "in", ada=HONEST, bob=HALF), tmp_path / "out", Grader()
    run(course, handins, out, grader, skip_scored=True)
    assert waits(out) == {"ada": "yes", "bob": "yes"}
    assert read_report(out / "ada" / "report.json").provisional
    done = run(course, handins, out, grader)
    assert (sorted(grader.ran), done.ran) == (["ada", "ada", "bob", "bob"], 2)
    assert waits(out) == {"ada": "no", "bob": "no"}
    assert not read_report(out / "ada" / "report.json").provisional


def test_a_second_quick_look_runs_only_what_is_new(course: Assignment, tmp_path: Path) -> None:
    handins, out, grader = hand_in(tmp_path / "in", ada=HONEST), tmp_path / "out", Grader()
    run(course, handins, out, grader, skip_scored=True)
    hand_in(handins, bob=HALF)
    run(course, handins, out, grader, skip_scored=True)
    assert grader.ran == ["ada", "bob"]


def test_a_quick_look_keeps_a_full_mark(course: Assignment, tmp_path: Path) -> None:
    handins, out, grader = hand_in(tmp_path / "in", ada=HONEST), tmp_path / "out", Grader()
    run(course, handins, out, grader)
    done = run(course, handins, out, grader, skip_scored=True)
    assert (grader.ran, done.reused) == (["ada"], 1)
    assert waits(out) == {"ada": "no"}


def test_a_broken_provisional_report_is_tried_again(course: Assignment, tmp_path: Path) -> None:
    handins, out = hand_in(tmp_path / "in", ada=HONEST), tmp_path / "out"
    run(course, handins, out, Grader(broken=frozenset({"ada"})), skip_scored=True)
    grader = Grader()
    run(course, handins, out, grader, skip_scored=True)
    assert grader.ran == ["ada"]
