"""A task that Python cannot read costs what a wrong one costs: in check, in grade and in the notebook."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from autograder.core.assignment import Assignment, read_assignment
from autograder.core.report import Report
from autograder.runners.grader_process import Job, grade_handin
from autograder.sandbox.pool import WorkerPool
from autograder.session.options import Options
from autograder.session.session import with_checks
from autograder.students.check import check_folder, check_namespace
from autograder.students.submit import submit
from autograder.submissions.submission import BadSubmission
from tests.support.course import CHECKS, make_course

pytestmark = pytest.mark.slow

LENDS = CHECKS.replace(
    '@task("Scaler.up")',
    'LOANS = "LOANS = {\'double\': lambda x: 2 * x}"\n\n\n@task("Scaler.up", loans=LOANS)',
)
SCALER = """\
class Scaler:
    def up(self, x):
        return double(x) + x

    def down(self, x):
        return x / 3
"""
DOUBLES = {
    "wrong": "def double(x):\n    return None\n",
    "not written": "def double(x):\n    raise NotImplementedError()\n",
    "cannot be read": "def double(x):\n    q = min((1, 2\n    return 2 * x\n",
    "stops while it loads": "1 / 0\n",
    "deleted": "",
}
POINTS = {"double": 0, "Scaler.up": 35, "Scaler.down": 25}


@pytest.fixture
def course(tmp_path: Path) -> Assignment:
    folder = make_course(tmp_path / "course").folder
    (folder / "check_tiny.py").write_text(LENDS)
    return read_assignment(folder)


@pytest.fixture
def hand_in(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    path = tmp_path / "ada" / "tiny.py"
    path.parent.mkdir()
    path.write_text(f"{DOUBLES[request.param]}\n\n{SCALER}")
    return path.parent


def points(report: Report) -> dict[str, float]:
    return {task.name: task.points for task in report.tasks}


@pytest.mark.parametrize("hand_in", DOUBLES, indirect=True)
def test_gradlab_check_pays_the_task_that_calls_it(course: Assignment, hand_in: Path) -> None:
    assert points(check_folder(course, Options(), hand_in=hand_in)) == POINTS


@pytest.mark.parametrize("hand_in", DOUBLES, indirect=True)
def test_the_grader_pays_the_task_that_calls_it(course: Assignment, hand_in: Path, open_pool: WorkerPool) -> None:
    report = with_checks(
        course, Options(), lambda checks: grade_handin(checks, Job("ada", hand_in), open_pool), hidden=False
    )
    assert points(report) == POINTS


@pytest.mark.parametrize("double", DOUBLES)
def test_the_notebook_pays_the_task_that_calls_it(course: Assignment, double: str) -> None:
    namespace: dict[str, Any] = {"__name__": "__main__"}
    cells = [DOUBLES[double], SCALER]
    for cell in cells:
        try:
            exec(cell, namespace)
        except (SyntaxError, ZeroDivisionError):
            continue
    assert points(check_namespace("tiny", namespace, cells, Options(), course)) == POINTS
    assert ("double" in namespace) == (double in ("wrong", "not written"))


@pytest.mark.parametrize("hand_in", ["cannot be read"], indirect=True)
def test_submit_says_what_cannot_be_read(course: Assignment, hand_in: Path, tmp_path: Path) -> None:
    (course.folder / "tiny.py").write_text((hand_in / "tiny.py").read_text())
    (course.folder / "tiny.ipynb").unlink(missing_ok=True)
    with pytest.raises(BadSubmission, match=r"tiny\.py, line 2: Python cannot read this"):
        submit(course.folder, tmp_path / "ada.zip")
