"""A check that fails is run again with our versions of other tasks, so that their mistakes cost it nothing."""

from __future__ import annotations

from typing import Any

import pytest

from autograder.checks.expect import Mismatch, expect_equal
from autograder.checks.task import BadCheck, task
from autograder.sandbox.proxy import StudentFault
from tests.support.local import local_student

SOURCE = """
def half(x):
    return {half}

def quarter(x):
    return {quarter}

class Scale:
    def __init__(self, x):
        self.x = x

    def down(self):
        return half(self.x)
"""
RIGHT = {"half": "x / 2", "quarter": "half(half(x))"}
LOANS = "LOANS = {'half': lambda x: x / 2, 'missing': len}"


@task("quarter", loans=LOANS)
def check_quarter(student: Any) -> None:
    """A quarter is half of a half."""
    expect_equal(student.quarter(8.0), 2.0)


@task("Scale.down", loans=LOANS)
def check_down(student: Any) -> None:
    """Scaling down halves."""
    expect_equal(student.Scale(8.0).down(), 4.0)


def run(check: Any, **wrong: str) -> str:
    """Run the check; return its last call."""
    with local_student(SOURCE.format(**RIGHT | wrong)) as student:
        try:
            check(student=student)
        finally:
            call = student.trail.call
            if wrong.get("half") == "x / 3":
                assert student.half(6.0) == 2.0, "the loan has not ended"
        return call


def test_a_mistake_of_another_task_costs_nothing():
    run(check_quarter, half="x / 3")
    run(check_quarter, half="1 / 0")
    run(check_quarter, half="raise_this")
    run(check_down, half="x + 1")


@pytest.mark.parametrize(
    "half",
    ["def half(x):\n    raise NotImplementedError()\n", "half = ...\n", "1 / 0\nhalf = 2\n", ""],
)
def test_a_task_that_is_not_written_or_not_loaded_costs_nothing_of_another_one(half: str):
    with local_student(half + "def quarter(x):\n    return half(half(x))\n") as student:
        check_quarter(student=student)
        if not half:
            assert not student.has("half"), "the loan has not ended"


def test_the_tasks_own_mistake_is_judged_with_the_loans():
    with pytest.raises(Mismatch) as caught:
        run(check_quarter, half="x / 3", quarter="half(x)")
    assert "got 4" in caught.value.message  # not 8 / 3


def test_an_exception_that_only_the_loans_cause_does_not_replace_the_first_message():
    with pytest.raises(Mismatch, match=r"got 5"):
        run(check_quarter, half="x, 2", quarter="half(x)[0] - 3")  # a loan returns no pair


def test_a_right_answer_is_judged_once():
    with local_student(SOURCE.format(**RIGHT)) as student:
        check_quarter(student=student)
        assert student.trail.call == "quarter(8) returned 2"


def test_what_is_not_the_students_fault_is_raised_at_once():
    calls = []

    @task("quarter", loans=LOANS)
    def check_nothing(student: Any) -> None:
        """A check with a mistake of its own."""
        calls.append(student)
        raise ZeroDivisionError

    with local_student(SOURCE.format(**RIGHT)) as student, pytest.raises(ZeroDivisionError):
        check_nothing(student=student)
    assert len(calls) == 1


def test_the_first_failure_is_reported_if_there_is_nothing_to_lend_to():
    with local_student("def half(x):\n    return x\n") as student, pytest.raises(StudentFault, match="quarter"):
        check_quarter(student=student)


@pytest.mark.parametrize("task_name", ["half", "half.forward"])
@pytest.mark.parametrize("name", ["half", "half.forward"])
def test_a_task_is_not_lent_to_its_own_check(task_name: str, name: str):
    if (task_name, name) == ("half", "half.forward") or task_name == name or name == "half":
        with pytest.raises(BadCheck, match=f"LOANS contains '{name}', which solves the task itself"):
            task(task_name, loans=f"LOANS = {{}}\nLOANS |= {{'other': 1, '{name}': 2}}")
    task(task_name, loans="LOANS = {'halfway': 1, 'other.half': 2}")


def test_loans_must_be_readable():
    with pytest.raises(BadCheck, match="must define LOANS as a dict"):
        task("half", loans="LOANS = dict(half=1)")


def test_nothing_is_printed_twice(capsys: pytest.CaptureFixture[str]):
    with local_student(SOURCE.format(half="[print('tried'), x / 3][1]", quarter="half(half(x))")) as student:
        check_quarter(student=student)
    assert capsys.readouterr().out == "tried\n" * 2


def test_a_check_sees_what_is_lent():
    seen = []

    @task("quarter", loans=LOANS)
    def check_twice(student: Any) -> None:
        """A quarter is half of a half."""
        seen.append(student.lent and student.lent["half"](3.0))
        expect_equal(student.quarter(8.0), 2.0)

    run(check_twice, half="x / 3")
    assert seen == [None, 1.5]


@pytest.mark.parametrize(
    ("source", "complaint"),
    [
        ("LOANS = {'half': ours}", "uses ours, which it does not define"),
        ("def ours(x):\n    return np.abs(x)\nLOANS = {'half': ours}", "uses np, which it does not define"),
        (
            "from oracles import half\nLOANS = {'half': half}",
            "imports oracles, which the student's process does not have",
        ),
        ("import oracles_hidden as o\nLOANS = {'half': o.half}", "imports oracles_hidden, which the student's process"),
    ],
)
def test_loans_that_cannot_run_are_refused(source: str, complaint: str):
    """In the second try, nobody would read the exception."""
    with pytest.raises(BadCheck, match=complaint):
        task("quarter", loans=source)


@pytest.mark.parametrize(
    "source",
    [
        "import numpy as np, os.path\ndef ours(x, *rest, **more):\n    return [np.abs(v) for v in rest], os, more",
        "from math import *\ndef ours(x):\n    return sqrt(x)",
        "def ours(x):\n    return student.Model(x)",
        "class A:\n    pass\ndef ours(x):\n    global N\n    N = A\n    with open(x) as f:\n        return f",
        "def ours(x):\n    try:\n        return x\n    except ValueError as error:\n        return error",
        "def ours(x):\n    match x:\n        case [a, *b]:\n            return a, b",
    ],
)
def test_loans_that_run_are_accepted(source: str):
    task("quarter", loans=f"{source}\nLOANS = {{'half': ours}}")


SUMMARY = """
import math

def half(x):
    {half}

START = [6.0, 10.0]
halves = [half(x) for x in START]
summary = {summary}

def later(x):
    return half(x)
"""


@task("summary", loans="LOANS = {'half': lambda x: x / 2}")
def check_summary(student: Any) -> None:
    """The variable is the sum of the halves."""
    expect_equal(student.summary, 8.0)


@pytest.mark.parametrize("half", ["return x / 3", "raise NotImplementedError()", "return 1 / 0"])
def test_a_variable_is_computed_again_with_the_loans(half: str):
    """It had its value before anything could be lent; where `half` raised an exception, it had none."""
    with local_student(SUMMARY.format(half=half, summary="math.fsum(halves)")) as student:
        before = student.has("summary")
        check_summary(student=student)
        assert student.has("summary") == before, "the loan has not ended"
        if half == "return x / 3":
            assert student.half(6.0) == 2.0
            assert student.later(6.0) == 2.0
            assert student.halves[0] == 2.0


def test_the_variables_own_mistake_is_judged_with_the_loans():
    with local_student(SUMMARY.format(half="return x / 3", summary="max(halves)")) as student:
        with pytest.raises(Mismatch, match="expected 8, got 5"):
            check_summary(student=student)
        assert student.summary == 10.0 / 3


def test_a_variable_that_is_not_written_gets_no_points_from_the_loans():
    source = SUMMARY.format(half="return x / 3", summary="...")
    with local_student(source) as student, pytest.raises(StudentFault, match="summary is not written yet"):
        check_summary(student=student)
