"""A variable that another task's function computes gets the same points in check, in grade and in a notebook."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from autograder.core.assignment import Assignment, read_assignment
from autograder.core.report import Report
from autograder.runners.grader_process import Job, grade_handin
from autograder.sandbox.inside.modules import SubmissionFinder
from autograder.sandbox.pool import WorkerPool
from autograder.session.options import Options
from autograder.session.session import with_checks
from autograder.students.check import check_folder, check_namespace
from tests.support.kernels import run_cells

pytestmark = pytest.mark.slow

MANIFEST = """
title = "Prices"
version = "1.0"
files = ["prices.py"]
imports = []

[[tasks]]
name = "double"
title = "Double"
points = 40

[[tasks]]
name = "total"
title = "The total"
points = 60
"""

CHECKS = '''
from autograder import expect_equal, task

LENT = "LOANS = {'double': lambda x: 2 * x}"


@task("double")
def check_double(student):
    """Twice the number."""
    expect_equal(student.double(4), 8)


@task("total", loans=LENT)
def check_total(student):
    """The doubled prices, added."""
    expect_equal(student.total, 12)
'''

GIVEN = "prices = [1, 2, 3]\n"
TOTAL = "total = sum(double(price) for price in prices)\n"
DOUBLES = {
    "right": "def double(x):\n    return 2 * x\n",
    "wrong": "def double(x):\n    return 3 * x\n",
    "wrong type": "def double(x):\n    return None\n",
    "not written": "def double(x):\n    raise NotImplementedError()\n",
    "cannot be read": "def double(x):\n    q = min((1, 2\n    return 2 * x\n",
    "deleted": "",
}
TOTALS = {"own mistake": TOTAL.replace("sum", "max"), "not written": "total = ...\n", "deleted": ""}


@pytest.fixture
def course(tmp_path: Path) -> Assignment:
    folder = tmp_path / "course" / "assignments" / "t01_prices"
    folder.mkdir(parents=True)
    for name, text in {"assignment.toml": MANIFEST, "check_prices.py": CHECKS}.items():
        (folder / name).write_text(text)
    (folder / "prices.py").write_text(f"{GIVEN}{DOUBLES['not written']}total = ...\n")
    return read_assignment(folder)


def points(report: Report) -> dict[str, float]:
    return {task.name: task.points for task in report.tasks}


def execute(cells: Sequence[str]) -> dict[str, Any]:
    namespace: dict[str, Any] = {"__name__": "__main__"}
    for cell in cells:
        try:
            exec(cell, namespace)
        except (SyntaxError, NotImplementedError, NameError, TypeError):
            continue
    return namespace


@pytest.mark.parametrize(
    ("double", "total"), [*((double, "right") for double in DOUBLES), *(("wrong", total) for total in TOTALS)]
)
def test_check_grade_and_notebook_agree(
    course: Assignment, tmp_path: Path, double: str, total: str, open_pool: WorkerPool
) -> None:
    cells = [GIVEN, DOUBLES[double], TOTALS.get(total, TOTAL)]
    hand_in = tmp_path / "ada"
    hand_in.mkdir()
    (hand_in / "prices.py").write_text("\n\n".join(cells))
    namespace = execute(cells)
    before = dict(namespace)
    expected = {"double": 40 * (double == "right"), "total": 60 * (total == "right")}
    assert points(check_namespace("prices", namespace, cells, Options(), course)) == expected
    assert namespace == before, "the loan has not ended"
    assert points(check_folder(course, Options(), hand_in=hand_in)) == expected
    report = with_checks(
        course, Options(), lambda checks: grade_handin(checks, Job("ada", hand_in), open_pool), hidden=False
    )
    assert points(report) == expected


def test_cells_run_again_once_each_and_without_what_grading_leaves_out(course: Assignment) -> None:
    """A cell that ran twice, as while working on it, runs once; plots and training are not repeated."""
    cells = [GIVEN, DOUBLES["wrong"], "prices.append(4)", TOTAL, "prices.append(4)", TOTAL, "raise SystemExit"]
    namespace = execute([GIVEN, DOUBLES["right"], "prices.append(4)"])
    namespace["total"] = 3
    assert points(check_namespace("prices", namespace, cells, Options(), course))["total"] == 0
    cells = [GIVEN, DOUBLES["wrong"], "prices.append(0)", TOTAL, "prices.append(0)", TOTAL, "raise SystemExit"]
    assert points(check_namespace("prices", namespace, cells, Options(), course))["total"] == 60


def test_a_notebook_that_imports_the_variable(course: Assignment, monkeypatch: pytest.MonkeyPatch) -> None:
    finder = SubmissionFinder({"prices.py": GIVEN + DOUBLES["wrong"] + TOTAL})
    module = ModuleType("prices")
    module.__spec__ = finder.find_spec("prices")
    finder.loaders["prices"].exec_module(module)
    monkeypatch.setitem(sys.modules, "prices", module)
    namespace = {"double": module.double, "total": module.total, "prices": [1]}
    cells = ["from prices import *", "prices = [1]", "print(total)"]
    assert points(check_namespace("prices", namespace, cells, Options(), course)) == {"double": 0, "total": 60}


def test_in_a_kernel(course: Assignment) -> None:
    check = "from autograder import check\n%matplotlib inline"
    out = run_cells(course.folder, [check, GIVEN, DOUBLES["wrong"], f"%%time\n{TOTAL}", 'check("prices")', "total"])
    assert "60 / 100 points" in out[4]
    assert out[5] == "18", "the check has changed the kernel"
