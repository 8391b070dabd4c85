"""Exceptions of a student's code get a hint, faults of other kinds none; a wrapped function keeps its name."""

import pytest

from autograder.core.code import Code
from autograder.core.report import Cause
from autograder.sandbox.explain import explain_errors
from autograder.sandbox.local_link import LocalLink
from autograder.sandbox.proxy import Student, StudentFault
from tests.support.local import local_student

SOURCE = """
def look_up(name):
    return {"W1": 1}[name]

def unwritten():
    raise NotImplementedError()

def double(x):
    return 2 * x
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
