"""Exceptions of a student's code get a hint, faults of other kinds none; a wrapped function keeps its name."""

import pytest
import torch

from autograder.core.code import Code
from autograder.core.report import Cause
from autograder.sandbox.explain import explain_errors
from autograder.sandbox.local_link import LocalLink
from autograder.sandbox.proxy import Student, StudentFault
from autograder.session.verdict import verdict_on
from tests.support.local import local_student

SOURCE = """
def look_up(name):
    return {"W1": 1}[name]

def unwritten():
    raise NotImplementedError()

def double(x):
    return 2 * x

def unfit(x):
    return x.new_ones(2) + x.new_ones(3)

def whole(x):
    return x.long().mean()

class Layer:
    def __init__(self):
        self.heads = 2

    def width(self):
        return heads

    def misspelled(self):
        return self.haeds

    def unlike(self):
        return self.out

    def trap(self):
        return Trap().heads

class Trap:
    def __dir__(self):
        raise RuntimeError

def typo(x_train):
    return x_tain
"""


@pytest.fixture
def student() -> Student:
    link = LocalLink(Code({"work.py": SOURCE}))
    link.begin(seed=1, seconds=20, memory_mb=1000)
    return Student(link, "work", SOURCE)


def fault_of(student: Student, name: str, *args: object, **hints: str) -> StudentFault:
    with pytest.raises(StudentFault) as caught, explain_errors(hints):
        getattr(student, name)(*args)
    return caught.value


def test_the_first_hint_whose_key_occurs_is_added(student):
    found = fault_of(student, "look_up", "W9", ValueError="no", KeyError="Use the keys of the dict.", W9="later")
    assert found.hint == "Use the keys of the dict."
    assert "KeyError: 'W9'" in found.message


def test_an_exception_that_no_key_explains_has_no_hint(student):
    assert fault_of(student, "look_up", "W9", ValueError="no").hint == ""


def test_a_task_that_is_not_written_gets_no_hint(student):
    found = fault_of(student, "unwritten", unwritten="You wrote it wrongly.")
    assert (found.cause, found.hint) == (Cause.NOT_WRITTEN, "")


def test_a_wrapped_function_is_reported_under_its_own_name(student):
    helper = student.define("def wrap(f):\n    return lambda x: f(x) + 1\n")
    wrapped = student.wrap(helper.wrap, student.double)
    assert wrapped(4) == 9
    assert student.trail.call == "double(4) returned 9"


def test_a_message_quotes_the_line_that_ran_and_no_file_of_the_same_name(tmp_path, monkeypatch):
    (tmp_path / "work.py").write_text("# the blank script\n# beside the notebook\n")
    monkeypatch.chdir(tmp_path)
    with local_student("def f():\n    return undefined\n") as student, pytest.raises(StudentFault) as caught:
        student.f()
    assert "line 2, in f: return undefined" in caught.value.message


def test_the_usual_reason_comes_before_a_hint_for_a_whole_type_of_exceptions(student):
    x = torch.ones(1)
    assert fault_of(student, "unfit", x, RuntimeError="Write the shapes down.").hint == "Write the shapes down."
    found = fault_of(student, "whole", x, RuntimeError="Write the shapes down.")
    assert found.hint.startswith("Whole numbers and bools have no mean here")
    assert found.hint.endswith(" Write the shapes down.")
    assert fault_of(student, "whole", x, mean="Of the check.").hint == "Of the check."


@pytest.mark.parametrize(
    ("method", "similar"), [("width", "self.heads"), ("misspelled", "heads"), ("unlike", ""), ("trap", "")]
)
def test_a_similar_name_is_asked_for(student, method, similar):
    with pytest.raises(StudentFault) as caught:
        getattr(student.Layer(), method)()
    first = caught.value.message.splitlines()[0]
    assert ("Did you mean" in first) == bool(similar)
    assert first.endswith(f"Did you mean: '{similar}'?" if similar else "")
    hint = verdict_on(caught.value, None).hint
    assert hint == f"Do you mean {similar}?" if similar else "is it misspelled" in hint


def test_a_local_name_is_asked_for(student):
    assert "name 'x_tain' is not defined. Did you mean: 'x_train'?" in fault_of(student, "typo", 1).message
