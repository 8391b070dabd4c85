"""A check that uses what another task returns cannot judge while that is wrong: it says so, wherever it is run."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from pathlib import Path

import pytest

from autograder.core.assignment import Assignment, read_assignment
from autograder.core.report import Cause, CheckResult, Outcome, Report
from autograder.render.concerns import left_out
from autograder.runners.grader_process import Job, grade_handin
from autograder.sandbox.pool import WorkerPool
from autograder.session import check_items
from autograder.session.options import Options
from autograder.session.session import with_checks
from autograder.students.check import check_folder, check_namespace
from autograder.students.submit import submit
from tests.support.course import as_notebook

MANIFEST = """
title = "Layers"
version = "1.0"
files = ["layers.py"]

[[tasks]]
name = "backward"
title = "Backward"
points = 4
needs = ["forward"]

[[tasks]]
name = "forward"
title = "Forward"
points = 6
"""
CHECKS = '''
"""Public checks of layers."""

from autograder import expect_equal, task


@task("backward")
def check_backward(student):
    """The gradient is twice the square root of what comes out."""
    out, cache = student.hold(student.forward, 3.0)
    expect_equal(student.backward(1.0, cache), 6.0, mistakes={"Twice, not three times.": 15.0})


@task("forward")
def check_forward(student):
    """The square comes out."""
    out, cache = student.hold(student.forward, 3.0)
    expect_equal(student.value(out), 9.0)
'''
RIGHT = """# %%
def forward(x):
    return x * x, x


# %%
def backward(dout, cache):
    return 2 * dout * cache
"""
WRONG_FORWARD = RIGHT.replace("return x * x, x", "return x + x, x + 2")
WRONG_BACKWARD = RIGHT.replace("2 * dout", "3 * dout")
HAND_INS = {
    "right": (RIGHT, {"check_backward": "passed", "check_forward": "passed"}),
    "wrong forward": (WRONG_FORWARD, {"check_backward": "needs another task", "check_forward": "wrong"}),
    "no forward": (
        RIGHT.replace("return x * x, x", "raise NotImplementedError()"),
        {"check_backward": "not written", "check_forward": "not written"},
    ),
    "wrong backward": (WRONG_BACKWARD, {"check_backward": "wrong", "check_forward": "passed"}),
    "a forward whose cache is right": (
        RIGHT.replace("return x * x, x", "return x + x, x"),
        {"check_backward": "passed", "check_forward": "wrong"},
    ),
    "no backward": (
        RIGHT.replace("return 2 * dout * cache", "raise NotImplementedError()"),
        {"check_backward": "not written", "check_forward": "passed"},
    ),
}
OPTIONS = Options(seed=5)
SENTENCE = "This check needs forward, which is not right yet. So it cannot judge backward."


@pytest.fixture
def course(tmp_path: Path) -> Assignment:
    folder = tmp_path / "assignments" / "a01_layers"
    folder.mkdir(parents=True)
    (folder / "assignment.toml").write_text(MANIFEST)
    (folder / "check_layers.py").write_text(CHECKS)
    (folder / "layers.py").write_text(RIGHT)
    return read_assignment(folder)


@pytest.fixture(params=HAND_INS)
def hand_in(request: pytest.FixtureRequest) -> tuple[str, dict[str, str]]:
    return HAND_INS[request.param]


def causes(results: Iterable[CheckResult]) -> dict[str, str]:
    return {check.id.partition("::")[2]: str(check.cause or check.outcome) for check in results}


def checked(course: Assignment, source: str, options: Options = OPTIONS) -> Report:
    (course.folder / "layers.py").write_text(source)
    return check_folder(course, options)


def test_gradlab_check(course: Assignment, hand_in: tuple[str, dict[str, str]]) -> None:
    source, expected = hand_in
    assert causes(checked(course, source).checks) == expected


def test_a_single_task(course: Assignment, hand_in: tuple[str, dict[str, str]]) -> None:
    source, expected = hand_in
    found = checked(course, source, Options(seed=5, task="backward")).checks
    assert causes(found) == {"check_backward": expected["check_backward"]}


def test_plain_pytest(course: Assignment, hand_in: tuple[str, dict[str, str]]) -> None:
    source, expected = hand_in
    (course.folder / "layers.py").write_text(source)

    class Recorder:
        results: tuple[CheckResult, ...] = ()

        def pytest_sessionfinish(self, session: pytest.Session) -> None:
            self.results = tuple(session.config.stash[check_items.STATE].results.values())

    recorder = Recorder()
    fixed = ["-c", os.devnull, "--rootdir", str(course.folder), "-p", "no:cacheprovider", "--gradlab-seed", "5"]
    pytest.main([*fixed, str(course.folder)], plugins=[recorder])
    sys.modules.pop("check_layers", None)
    assert causes(recorder.results) == expected


@pytest.mark.parametrize("task", [None, "backward"])
def test_a_notebook(course: Assignment, hand_in: tuple[str, dict[str, str]], task: str | None) -> None:
    source, expected = hand_in
    (course.folder / "layers.ipynb").write_bytes(as_notebook(source))
    cells = [part.split("\n", 1)[1] for part in source.split("# %%")[1:]]
    namespace: dict[str, object] = {"__name__": "__main__"}
    for cell in cells:
        exec(compile(cell, "<cell>", "exec"), namespace)
    found = check_namespace("layers", namespace, cells, Options(seed=5, task=task), course).checks
    assert causes(found) == {name: cause for name, cause in expected.items() if task in (None, name[6:])}


def test_submitted_and_graded(
    course: Assignment, hand_in: tuple[str, dict[str, str]], tmp_path: Path, open_pool: WorkerPool
) -> None:
    source, expected = hand_in
    (course.folder / "layers.py").write_text(source)
    path = submit(course.folder, tmp_path).path
    report = with_checks(
        course, OPTIONS, lambda checks: grade_handin(checks, Job("you", path), open_pool), hidden=False
    )
    assert causes(report.checks) == expected


def test_the_message_names_the_other_task_and_no_wrong_hint_remains(course: Assignment) -> None:
    by_name = {check.id.partition("::")[2]: check for check in checked(course, WRONG_FORWARD).checks}
    result = by_name["check_backward"]
    assert (result.outcome, result.cause, result.points) == (Outcome.FAILED, Cause.NEEDS, 0)
    assert str(result.message).splitlines()[0] == SENTENCE
    assert "expected 6" in result.message
    assert str(result.hint) == "Correct forward first."


def test_the_rates_of_a_class_leave_it_out(course: Assignment) -> None:
    report = checked(course, WRONG_FORWARD)
    assert left_out(report) == {"check_layers.py::check_backward"}


HIDDEN = '''
"""Hidden checks of layers."""

from autograder import expect_equal, task


@task("forward", share=50)
def check_forward_of_two(student):
    """The square of 2 comes out."""
    out, cache = student.hold(student.forward, 2.0)
    expect_equal(student.value(out), 4.0)
'''


def test_a_hidden_check_of_the_other_task_counts_too(course: Assignment, tmp_path: Path, open_pool: WorkerPool) -> None:
    course.solutions.mkdir(parents=True)
    (course.solutions / "check_layers_hidden.py").write_text(HIDDEN)
    (course.folder / "check_layers.py").write_text(CHECKS.replace('@task("forward")', '@task("forward", share=50)'))
    (tmp_path / "layers.py").write_text(RIGHT.replace("return x * x, x", "return 9.0, x + 2"))
    report = with_checks(course, OPTIONS, lambda checks: grade_handin(checks, Job("you", tmp_path), open_pool))
    assert causes(report.checks) == {
        "check_backward": "needs another task",
        "check_forward": "passed",
        "check_forward_of_two": "wrong",
    }
