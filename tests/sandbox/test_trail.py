"""The first line of a report names the student's objects, never a check's own helper."""

from __future__ import annotations

import pytest
import torch

from autograder.sandbox.trail import Trail
from tests.support.local import local_student

SOURCE = """
class Net:
    def __call__(self, x):
        return 2 * x

def double(x):
    return 2 * x
"""
HELPER = """
import functools

def run(module, x, train):
    return module(x)

def table(module, inputs):
    return {"found": [module(x) for x in inputs]}

def make(kind):
    return kind()

def wrapped(f):
    return lambda x: f(x)

def partly(f):
    return functools.partial(f)

def alone(x):
    return x
"""
X = torch.zeros(2, 3)


def test_a_helper_is_not_named():
    with local_student(SOURCE) as student:
        helper, net = student.define(HELPER), student.Net()
        helper.run(net, X, train=True)
        assert student.trail.call == "In a test of Net(…) with f32[2,3], the test returned f32[2,3]"
        helper.table(net, [X, X.double()])
        assert student.trail.call == "In a test of Net(…) with f32[2,3], f64[2,3]"
        helper.table(helper.alone, [X])
        assert "helper" not in student.trail.call
        helper.run(helper.alone, net, train=True)
        assert "helper" not in student.trail.call
        assert "Net(…)" in student.trail.call
        helper.alone(X)
        assert student.trail.call == ""


def test_what_a_helper_returns_has_the_students_name():
    with local_student(SOURCE) as student:
        helper = student.define(HELPER)
        helper.make(student.Net)(X)
        assert student.trail.call == "Net(…)(f32[2,3]) returned f32[2,3]"
        for wrap in (helper.wrapped, helper.partly):
            wrap(student.double)(X)
            assert student.trail.call == "double(f32[2,3]) returned f32[2,3]"


def test_calls_of_the_graders_own_are_forgotten_unless_they_fail() -> None:
    trail = Trail()

    def fail() -> None:
        trail.returned("check_own(1)", 3)
        raise ValueError("no")

    trail.returned("f(1)", 2)
    with trail.aside():
        trail.returned("check_own(1)", 3)
    assert trail.call == "f(1) returned 2"
    with pytest.raises(ValueError, match="no"), trail.aside():
        fail()
    assert trail.call == "check_own(1) returned 3"
