"""A later run forgets nothing that an earlier one knew: the roster's absent students, the secret, marks by hand."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner
from rich.console import Console

from autograder.cli.app import main
from autograder.core.assignment import Assignment, read_assignment
from autograder.gradebook.secret import NAME, BadSecret, folder_secret
from autograder.intake.roster import read_roster
from autograder.render.changes import print_changes
from tests.support.classroom import HALF, Grader, hand_in, marks, run
from tests.support.vectors import HONEST, make_vectors


@pytest.fixture
def course(tmp_path: Path) -> Assignment:
    return make_vectors(tmp_path / "course")


def test_a_run_without_the_roster_keeps_the_students_who_handed_nothing_in(course, tmp_path):
    handins, out, grader = hand_in(tmp_path / "in", ada=HALF, bob=HALF), tmp_path / "out", Grader()
    (tmp_path / "roster.csv").write_text("id\nada\nbob\nzoe\n", encoding="utf-8")
    run(course, handins, out, grader, roster=read_roster(tmp_path / "roster.csv"))
    run(course, handins, out, grader)
    run(course, handins, out, grader)
    assert marks(out) == {"ada": "50", "bob": "50", "zoe": ""}
    run(course, hand_in(handins, zoe=HONEST), out, grader)
    assert marks(out) == {"ada": "50", "bob": "50", "zoe": "100"}


def test_without_a_roster_nobody_is_added(course, tmp_path):
    run(course, hand_in(tmp_path / "in", ada=HALF), tmp_path / "out", Grader())
    run(course, tmp_path / "in", tmp_path / "out", Grader())
    assert marks(tmp_path / "out") == {"ada": "50"}


def test_a_missing_secret_of_graded_results_is_not_made_again_unasked(course, tmp_path):
    out = tmp_path / "out"
    run(course, hand_in(tmp_path / "in", ada=HALF), out, Grader())
    with pytest.raises(BadSecret, match=r"secret\.key is missing.*Restore it from a backup"):
        folder_secret(out)
    assert not (out / NAME).exists()
    assert folder_secret(out, renew=True) == folder_secret(out)


def test_a_regrade_lists_marks_by_hand_of_tasks_whose_points_changed(course, tmp_path, capsys):
    handins, out = hand_in(tmp_path / "in", ada=HONEST, bob=HONEST), tmp_path / "out"
    run(course, handins, out, Grader())
    CliRunner().invoke(main, ["mark", str(out), "ada", "total", "15", "--reason", "Late."])
    manifest = course.folder / "assignment.toml"
    text = manifest.read_text().replace("points = 30", "points = 40").replace("points = 20", "points = 10")
    manifest.write_text(text)
    task = next(task for task in course.tasks if task.name == "total")
    changed = next(task for task in read_assignment(course.folder).tasks if task.name == "total")
    seen = []
    run(read_assignment(course.folder), handins, out, Grader(), regrade=True, approve=lambda c: not seen.extend(c))
    (ada,) = (change for change in seen if change.student == "ada")
    assert ada.by_hand == (("total", 15, changed.points, task.points),)
    assert not any(change.by_hand for change in seen if change.student == "bob")
    print_changes(seen, Console())
    said = capsys.readouterr().out
    assert f"ada: total 15, of {changed.points} now, of {task.points} before" in said
    listed = CliRunner().invoke(main, ["mark", str(out)]).output
    assert f"15/{task.points}" in listed
    assert f"The task is worth {changed.points} now." in listed
