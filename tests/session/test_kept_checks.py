"""A notebook collects the checks of a module once, and again where a file changed or a check was interrupted."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from autograder.checks.task import BadCheck
from autograder.core.assignment import Assignment, read_assignment
from autograder.core.report import Outcome, Report
from autograder.session.kept_checks import KeptChecks
from autograder.session.options import Options
from autograder.session.session import Checks
from autograder.students.check import check_namespace
from tests.support.vectors import make_vectors

RIGHT = "def total(values): return sum(values)\n\ndef double(x): return x"
CHECKS = '''
from autograder import expect, task


@task("total")
def check_total(student):
    """The sum of a row."""
    expect(float(student.total([1.0, 2.0])) == 3.0, "no")


@task("double")
def check_double(student):
    """Doubling."""
    student.double(2)
'''
FOLDERS = '''
from autograder import expect, task


@task("total")
def check_total(student, tmp_path):
    """The sum of a row, with a fixture of pytest."""
    expect(tmp_path.is_dir(), "no")
'''


@pytest.fixture
def course(tmp_path: Path) -> Assignment:
    return make_vectors(tmp_path)


@pytest.fixture
def kept() -> KeptChecks:
    return KeptChecks()


def written(course: Assignment, text: str) -> Assignment:
    """The course with these checks only."""
    for path in course.folder.glob("check_*.py"):
        path.unlink()
    path = course.folder / "check_vectors.py"
    path.write_text(text)
    os.utime(path, ns=(0, len(text)))  # another time for another text
    return read_assignment(course.folder)


def session_of(kept: KeptChecks, course: Assignment, task: str | None = None) -> object:
    """The session of pytest from which the checks are."""
    return kept.judge(course, Options(task=task), lambda checks: checks.items[0].session, module="vectors")


def report(kept: KeptChecks, course: Assignment, source: str, task: str | None = None) -> Report:
    """What `check("vectors")` shows for a source in one cell."""
    namespace: dict[str, object] = {}
    exec(source, namespace)
    return check_namespace("vectors", namespace, ["", source], Options(task=task), course, kept=kept)


def passed(report: Report) -> list[bool]:
    return [check.outcome is Outcome.PASSED for check in report.checks]


def test_checks_are_collected_once_for_all_tasks(kept: KeptChecks, course: Assignment) -> None:
    written(course, CHECKS)
    first = session_of(kept, course)
    assert session_of(kept, course, "double") is first
    assert session_of(kept, course, "total") is first


def test_each_call_judges_what_is_defined_then(kept: KeptChecks, course: Assignment) -> None:
    written(course, CHECKS)
    wrong = "def total(values): return 0.0\n\ndef double(x): return x"
    assert passed(report(kept, course, wrong)) == [False, True]
    assert passed(report(kept, course, RIGHT)) == [True, True]
    assert [check.task for check in report(kept, course, RIGHT, "double").checks] == ["double"]


def test_a_check_that_was_saved_again_is_collected_again(kept: KeptChecks, course: Assignment) -> None:
    written(course, CHECKS)
    first = session_of(kept, course)
    written(course, CHECKS.replace("The sum of a row", "The sum of one row"))
    assert session_of(kept, course) is not first
    assert report(kept, course, RIGHT).checks[0].title == "The sum of one row."


def test_an_interrupted_check_does_not_spoil_the_next(kept: KeptChecks, course: Assignment) -> None:
    written(course, CHECKS)
    stopped = "def total(values): raise KeyboardInterrupt\n\ndef double(x): return x"
    with pytest.raises(KeyboardInterrupt):
        report(kept, course, stopped)
    with pytest.raises(KeyboardInterrupt):
        report(kept, course, stopped)
    assert passed(report(kept, course, RIGHT)) == [True, True]


def test_checks_with_fixtures_of_pytest_are_collected_each_time(kept: KeptChecks, course: Assignment) -> None:
    written(course, FOLDERS)
    first = session_of(kept, course)
    assert session_of(kept, course) is not first
    assert passed(report(kept, course, RIGHT)) == [True]


def test_a_task_without_public_checks_says_so(kept: KeptChecks, course: Assignment) -> None:
    written(course, CHECKS)
    session_of(kept, course)
    with pytest.raises(BadCheck, match="Counter has no public checks: hidden ones decide"):
        session_of(kept, course, "Counter")


def test_modules_and_paths_of_checks_do_not_stay(kept: KeptChecks, course: Assignment) -> None:
    written(course, CHECKS)
    path = list(sys.path)

    def body(checks: Checks) -> bool:
        return "check_vectors" in sys.modules and str(course.folder) in sys.path

    assert kept.judge(course, Options(), body, module="vectors")
    assert kept.judge(course, Options(), body, module="vectors")
    assert "check_vectors" not in sys.modules
    assert sys.path == path
