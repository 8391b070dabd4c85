"""A class that is written in part, with its notebook deleted: check, submit and grade pay the same, and say so."""

from __future__ import annotations

from pathlib import Path

import pytest

from autograder.core.assignment import Assignment, read_assignment
from autograder.core.report import Report
from autograder.runners.grader_process import Job, grade_handin
from autograder.sandbox.pool import WorkerPool
from autograder.session.options import Options
from autograder.session.session import with_checks
from autograder.students.check import check_folder
from autograder.students.start import start
from autograder.students.submit import check_zip, submit
from tests.support.course import CHECKS, MANIFEST, NAME, STUB, as_notebook, make_course

pytestmark = pytest.mark.slow

BLANK = "# YOUR CODE HERE\n        raise NotImplementedError()\n"
UP = STUB.replace(f"{BLANK}        return widened", "return WIDTH * x")
NOTHING = "Nothing is written"


@pytest.fixture
def course(tmp_path: Path) -> Assignment:
    """A course with the class as one task, worth the points of both methods."""
    folder = make_course(tmp_path / "course").folder
    up, down = MANIFEST.index('[[tasks]]\nname = "Scaler.up"'), MANIFEST.index("[[questions]]")
    manifest = f'{MANIFEST[:up]}[[tasks]]\nname = "Scaler"\ntitle = "Scale"\npoints = 60\n\n{MANIFEST[down:]}'
    (folder / "assignment.toml").write_text(manifest)
    checks = CHECKS.replace('"Scaler.up"', '"Scaler", share="7/12"').replace('"Scaler.down"', '"Scaler", share="5/12"')
    (folder / "check_tiny.py").write_text(checks)
    (folder / "tiny.py").write_text(STUB)
    (folder / "tiny.ipynb").write_bytes(as_notebook(STUB))
    return read_assignment(folder)


@pytest.fixture
def own(course: Assignment, tmp_path: Path) -> Assignment:
    start(tmp_path / "work", tmp_path / "course")
    return read_assignment(tmp_path / "work" / NAME)


def grade(course: Assignment, hand_in: Path, pool: WorkerPool) -> Report:
    return with_checks(course, Options(), lambda checks: grade_handin(checks, Job("you", hand_in), pool), hidden=False)


def outcomes(report: Report) -> list[tuple[str, float, str]]:
    return [(check.id.partition("::")[2], check.points, str(check.cause or "")) for check in report.checks]


def test_the_stub_is_as_this_test_expects() -> None:
    assert UP != STUB
    assert UP.count("raise NotImplementedError()") == 2


@pytest.mark.parametrize("notebook", ["deleted", "blank"])
def test_the_part_that_is_written_earns_its_points_everywhere(
    notebook: str, course: Assignment, own: Assignment, tmp_path: Path, open_pool: WorkerPool
) -> None:
    (own.folder / "tiny.py").write_text(UP)
    if notebook == "deleted":
        (own.folder / "tiny.ipynb").unlink()
    checked = check_folder(own, Options())
    packed = check_zip(submit(own.folder, tmp_path / "hand-in.zip"))
    graded = grade(course, packed.path, open_pool)
    assert packed.report is not None
    assert outcomes(checked) == outcomes(packed.report) == outcomes(graded)
    assert outcomes(graded) == [
        ("check_double", 0, "not written"),
        ("check_up", 35, ""),
        ("check_down", 0, "not written"),
    ]
    assert packed.advice == "Hand in this file."
    assert "Still to be written: double, Scaler. What is missing earns no points." in packed.warnings
    ignored = ["Nothing is written in tiny.ipynb, so it was ignored."] if notebook == "blank" else []
    for notes in (checked.notes, packed.warnings, graded.notes):
        assert [note for note in notes if NOTHING in note] == ignored


def test_a_part_without_points_of_public_checks_is_no_blank_hand_in(own: Assignment, tmp_path: Path) -> None:
    """Hidden checks may pay for it, so it is not said that it would earn nothing."""
    (own.folder / "tiny.py").write_text(UP.replace("return WIDTH * x", "return 0.0"))
    (own.folder / "tiny.ipynb").unlink()
    packed = check_zip(submit(own.folder, tmp_path / "hand-in.zip"))
    assert packed.report is not None
    assert packed.report.points == 0
    assert packed.advice == "No task is finished yet, so it would earn few points or none."


def test_a_copy_that_nobody_edited_is_blank_everywhere(
    course: Assignment, own: Assignment, tmp_path: Path, open_pool: WorkerPool
) -> None:
    packed = check_zip(submit(own.folder, tmp_path / "hand-in.zip"))
    said = "Nothing is written yet in tiny.ipynb and tiny.py."
    assert said in check_folder(own, Options()).notes
    assert said in packed.warnings
    assert said in grade(course, packed.path, open_pool).notes
    assert packed.advice == "It contains no solution yet, so it would earn no points."


def test_a_helper_in_the_script_alone_makes_it_the_graded_file(own: Assignment) -> None:
    """The untouched notebook says what was handed out, when the script does not."""
    (own.folder / "tiny.py").write_text(f"{STUB}\n\ndef helper():\n    return 3\n")
    notes = check_folder(own, Options()).notes
    assert [note for note in notes if NOTHING in note] == ["Nothing is written in tiny.ipynb, so it was ignored."]
