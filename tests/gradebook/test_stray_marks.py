"""A mark by hand for a task that was renamed no longer counts, is listed, and can be withdrawn."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from autograder.cli.app import main
from autograder.core.assignment import Assignment, read_assignment
from tests.support.classroom import Grader, hand_in, marks, rows, run
from tests.support.vectors import HONEST, make_vectors


def change(course: Assignment, old: str, new: str) -> None:
    path = course.folder / "assignment.toml"
    path.write_text(path.read_text().replace(old, new))


@pytest.fixture
def graded(tmp_path: Path) -> tuple[Assignment, Path, Path]:
    course = make_vectors(tmp_path / "course")
    change(course, "[limits]", '[[questions]]\nid = "v-q1"\ntitle = "Why"\npoints = 2\n\n[limits]')
    handins, out = hand_in(tmp_path / "in", ada=HONEST), tmp_path / "out"
    run(read_assignment(course.folder), handins, out, Grader())
    assert command(out, "ada", "total", "20", "--reason", "Late.").output == "ada: 90/100 points\n"
    return course, handins, out


def command(out: Path, *arguments: str) -> Result:
    return CliRunner().invoke(main, ["mark", str(out), *arguments])


def test_it_does_not_count_and_can_be_withdrawn(graded: tuple[Assignment, Path, Path]) -> None:
    course, handins, out = graded
    change(course, 'name = "total"', 'name = "sums"')
    run(read_assignment(course.folder), handins, out, Grader(), regrade=True)
    assert marks(out) == {"ada": "70"}
    assert "It does not count: this task no longer exists." in command(out).output
    assert "Marks by hand without a task" in (out / "index.html").read_text()
    assert "Choose one of: double, sums, Counter" in command(out, "ada", "total", "3", "--reason", "x").output
    assert command(out, "ada", "total", "--withdraw").output == "ada: 70/100 points\n"
    assert command(out).output == ""
    assert "Marks by hand without a task" not in (out / "index.html").read_text()
    assert "nothing to withdraw" in command(out, "ada", "total", "--withdraw").output


def test_it_does_not_settle_a_broken_check(graded: tuple[Assignment, Path, Path]) -> None:
    course, handins, out = graded
    change(course, 'name = "total"', 'name = "sums"')
    run(read_assignment(course.folder), handins, out, Grader(broken=frozenset({"ada"})), regrade=True)
    assert [(row["points"], row["needs_staff"]) for row in rows(out)] == [("0", "yes")]


def test_it_counts_at_most_the_points_that_the_task_is_worth_now(graded: tuple[Assignment, Path, Path]) -> None:
    course, handins, out = graded
    change(course, "points = 30", "points = 15")
    change(course, "points = 20", "points = 35")
    run(read_assignment(course.folder), handins, out, Grader(), regrade=True)
    assert marks(out) == {"ada": "100"}
    assert "ada  total  20/30" in command(out).output
    assert "Late. It counts as 15: the task is worth 15 now." in command(out).output


def test_a_mark_for_a_removed_question_is_listed_and_can_be_withdrawn(
    graded: tuple[Assignment, Path, Path],
) -> None:
    course, handins, out = graded
    assert command(out, "ada", "v-q1", "2").exit_code == 0
    change(course, "points = 2\n", "points = 1\n")
    run(read_assignment(course.folder), handins, out, Grader(), regrade=True)
    assert "Give it again: the question is worth 1 now." in command(out).output
    change(course, 'id = "v-q1"', 'id = "v-q9"')
    run(read_assignment(course.folder), handins, out, Grader(), regrade=True)
    assert "this question no longer exists" in command(out).output
    assert command(out, "ada", "v-q1", "--withdraw").exit_code == 0
    assert "v-q1" not in command(out).output
