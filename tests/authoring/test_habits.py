"""One habit, one loss: a habit costs at most half of its task, and nothing of another task."""

from __future__ import annotations

from pathlib import Path

import pytest

from autograder.core.assignment import Assignment
from tests.support.verifiable import change, make_verifiable, problems, verified

pytestmark = pytest.mark.slow


@pytest.fixture
def course(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Assignment:
    return make_verifiable(tmp_path, monkeypatch)


def mark_as_habit(course: Assignment) -> None:
    change(course.solutions / "mutants.py", 'noticed_by="check_up"', 'noticed_by="check_up", habit="width"')


def test_a_habit_that_costs_more_than_half_of_its_task_is_found(course: Assignment) -> None:
    mark_as_habit(course)
    assert problems(course, parts=("habits",))["habits"] == [
        "The habit 'width' (adds the width) costs 35 of 35 points of Scaler.up, more than half (check_up)."
    ]


def test_a_habit_that_costs_half_of_its_task_is_fine(course: Assignment) -> None:
    mark_as_habit(course)
    check = course.folder / "check_tiny.py"
    change(check, '@task("Scaler.up")', '@task("Scaler.up", share="17/35")')
    check.write_text(
        check.read_text() + '\n\n@task("Scaler.up", share="18/35")\ndef check_more(student):\n    """It scales."""\n'
        "    expect_equal(student.Scaler().up(1.5), 4.5)\n"
    )
    finding = next(f for f in verified(course, parts=("habits",)).findings if f.what == "habits")
    assert (finding.problems, finding.detail) == ((), "1 mutant of 1 habit")


@pytest.mark.parametrize("narrow", [False, True])
def test_a_habit_that_costs_points_of_another_task_is_found(course: Assignment, narrow: bool) -> None:
    mark_as_habit(course)
    change(course.folder / "check_tiny.py", "student.Scaler().down(12.0), 4.0", "student.Scaler().up(4.0), 12.0")
    assert problems(course, parts=("habits",), narrow=narrow)["habits"][1] == (
        "The habit 'width' (adds the width) costs 25 points of another task, Scaler.down (check_down)."
    )


def test_a_habit_that_no_longer_applies_is_found(course: Assignment) -> None:
    mark_as_habit(course)
    change(course.solutions / "tiny.py", "x * WIDTH", "WIDTH * x")
    assert problems(course, parts=("habits",))["habits"][0].startswith("The mutant 'adds the width' no longer applies")
