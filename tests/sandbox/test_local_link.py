"""On a student's own machine the code runs in the process of the checks: its faults, its second tries, its debugger."""

from __future__ import annotations

import sys
import threading
import traceback
from pathlib import Path
from types import ModuleType

import pytest

from autograder.core.code import Code
from autograder.core.course_file import Course
from autograder.core.report import Cause
from autograder.sandbox.call_log import UNSHOWN, CallLog
from autograder.sandbox.local_link import LocalLink
from autograder.sandbox.proxy import Student, StudentFault
from tests.support.box import fault

SOURCE = """
def double(x):
    print("doubling")
    return 2 * x

def twice(f):
    return lambda x: f(f(x))

half = ...

def count(xs):
    return len(xs)

count = 3

def fails():
    return 1 / 0

def draw():
    import random
    return random.random()
"""


@pytest.fixture
def link():
    link = LocalLink(Code({"work.py": SOURCE}))
    link.begin(seed=4, seconds=20, memory_mb=1000)
    yield link
    link.close()


@pytest.fixture
def student(link: LocalLink) -> Student:
    return Student(link, "work", SOURCE, log=CallLog())


def test_a_name_that_is_only_three_dots_is_not_written_yet(student: Student) -> None:
    found = fault(lambda: student.half)
    assert (found.cause, found.message) == (
        Cause.NOT_WRITTEN,
        "half is not written yet: work.py sets it to `...`.",
    )


def test_a_function_whose_name_got_another_value_is_explained(student: Student) -> None:
    found = fault(lambda: student.count)
    assert found.message == ("count is a function in your code, but a later line gives this name another value: 3.")
    assert found.hint == "Use another name for that value."


def test_a_file_that_could_not_be_read_says_why_at_each_name(link: LocalLink) -> None:
    student = Student(link, "work", SOURCE, unreadable="work.ipynb is not a notebook.")
    found = fault(lambda: student.double)
    assert (found.cause, found.message) == (Cause.NOT_LOADED, "work.ipynb is not a notebook.")
    assert not student.loaded


def test_a_copy_of_a_proxy_asks_the_student_for_none_of_pythons_own_names(student: Student) -> None:
    with pytest.raises(AttributeError):
        _ = student.__deepcopy__
    assert not student.loaded


def test_a_second_try_prints_nothing_draws_the_same_and_can_take_the_place_of_the_first(
    student: Student, capsys: pytest.CaptureFixture[str]
) -> None:
    first = student.draw()
    assert student.double(3) == 6
    with student.apart() as other:
        assert not other.loaded
        assert other.draw() == first
        assert other.double(4) == 8
    assert capsys.readouterr().out == "doubling\n"
    assert "double(3)" in student.trail.call
    student.adopt(other)
    assert "double(4)" in student.trail.call


def test_a_second_try_under_a_debugger_prints(
    student: Student, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "gettrace", lambda: print)
    with student.apart() as other:
        other.double(4)
    assert capsys.readouterr().out == "doubling\n"


def test_the_log_has_the_calls_with_the_text_that_a_report_shows(student: Student) -> None:
    student.double(3)
    log = student._remote.log
    assert log is not None
    step = log.last_call("double(3) returned 6")
    assert step is not None
    assert (step.verb, step.value, step.fields["args"]) == ("call", 6, (3,))
    assert log.root == 0
    fault(student.fails)
    failed = log.last_call("fails()")
    assert failed is not None  # it is there although it has no value
    assert failed.value is None
    helper = student.define("def nothing():\n    return 1\n")
    helper.nothing()  # of which a report shows nothing
    unshown = log.last_call("")
    assert unshown is not None
    assert unshown.text == UNSHOWN
    assert log.last_call("triple(3)") is None


def test_a_debugger_opens_at_the_line_that_raised() -> None:
    link = LocalLink(Code({"work.py": SOURCE}), debugging=True)
    try:
        link.begin(seed=0, seconds=0.001, memory_mb=1000)  # no deadline holds there
        with pytest.raises(StudentFault) as caught:
            Student(link, "work", SOURCE).fails()
        assert traceback.extract_tb(caught.value.__traceback__)[-1].line == "return 1 / 0"
    finally:
        link.close()


def test_code_of_a_notebook_is_the_module_that_its_cells_made() -> None:
    module = ModuleType("work")
    exec(SOURCE, module.__dict__)
    link = LocalLink(
        Code({"work.py": ""}), namespaces={"work": module}, explain=lambda name: f"Run the cell that defines {name}."
    )
    try:
        link.begin(seed=0, seconds=20, memory_mb=1000)
        student = Student(link, "work", "")
        assert student.double(2) == 4
        assert student.twice(student.double)(1) == 4
        assert fault(lambda: student.triple).message == "Run the cell that defines triple."
    finally:
        link.close()


def test_in_another_thread_there_are_no_timers_and_all_else_works(link: LocalLink) -> None:
    found: list[object] = []
    thread = threading.Thread(target=lambda: found.append(Student(link, "work", SOURCE).double(2)))
    thread.start()
    thread.join()
    assert found == [4]


def test_modules_of_earlier_assignments_can_be_imported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", [*sys.path])
    (tmp_path / "earlier_work.py").write_text("x = 5\n")
    source = "from earlier_work import x\n"
    code = Code({"work.py": source}, packages=frozenset())
    for course, value in ((Course(fallbacks=tmp_path), 5), (Course(), None)):
        link = LocalLink(code, course=course)
        try:
            link.begin(seed=0, seconds=20, memory_mb=1000)
            student = Student(link, "work", source)
            if value:
                assert student.x == 5
            else:
                assert (
                    "earlier_work is not a package that this assignment allows" in fault(lambda s=student: s.x).message
                )
        finally:
            link.close()
    sys.modules.pop("earlier_work", None)


def test_ctrl_c_ends_the_command_and_is_no_fault(link: LocalLink) -> None:
    helper = Student(link, "work", SOURCE).define("def stop():\n    raise KeyboardInterrupt\n")
    with pytest.raises(KeyboardInterrupt):
        helper.stop()


SPY = """
def replace():
    student.double = lambda x: 3 * x

def twice_as(f):
    student.double = f
    return f
"""


def test_a_function_is_looked_up_once_in_a_check_until_a_check_may_have_replaced_it(
    link: LocalLink, monkeypatch: pytest.MonkeyPatch
) -> None:
    student = Student(link, "work", SOURCE)
    asked: list[str] = []
    request = link.request
    monkeypatch.setattr(link, "request", lambda fields: (asked.append(fields["do"]), request(fields))[1])
    assert [student.double(1), student.double(2)] == [2, 4]
    assert asked == ["load", "names", "call", "call"]
    helper = student.define(SPY)
    helper.replace()
    assert student.double(1) == 3
    student.wrap(helper.twice_as, student.draw)
    assert student.double.__name__ == "draw"
    student._root().double = student.twice
    assert student.double.__name__ == "twice"


def test_a_second_try_looks_functions_up_again(link: LocalLink) -> None:
    student = Student(link, "work", SOURCE)
    first = student.double
    assert student.double is first
    with student.apart() as other:
        assert other.double is not first
    assert student.double is first
