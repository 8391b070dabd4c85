"""A check knows functions, classes and methods without a request, and notices when a name means something else."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from autograder.core.code import Code
from autograder.sandbox.inside.listed import MAX_LISTED
from autograder.sandbox.inside.wire import Ref
from autograder.sandbox.known import Known, parse_known
from autograder.sandbox.local_link import LocalLink
from autograder.sandbox.proxy import Student
from tests.support.box import fault

SOURCE = """
from fractions import Fraction

class Base:
    def area(self):
        return self.side ** 2

class Square(Base):
    sides = 4

    def __init__(self, side):
        self.side = side

    @staticmethod
    def unit():
        return Square(1)

    def grow(self, by):
        self.side += by
        return self.side

def apply(f, x):
    return f(x)

def one():
    return 1

def swap():
    global one
    one = two

def two():
    return 2
"""


@pytest.fixture
def link() -> Iterator[LocalLink]:
    link = LocalLink(Code({"work.py": SOURCE}))
    link.begin(seed=4, seconds=20, memory_mb=1000)
    yield link
    link.close()


@pytest.fixture
def asked(link: LocalLink, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The verbs of all requests."""
    verbs: list[str] = []
    request = link.request
    monkeypatch.setattr(link, "request", lambda fields: (verbs.append(fields["do"]), request(fields))[1])
    return verbs


def test_functions_classes_and_methods_are_called_without_a_look_up(link: LocalLink, asked: list[str]) -> None:
    student = Student(link, "work", SOURCE)
    square = student.Square(3)
    assert [square.area(), student.Square.grow(square, 2), student.one()] == [9, 5, 1]
    assert asked == ["load", "names", "call", "call", "call", "call"]
    assert student.inspect(square.grow, 1).value == 6
    assert student.trail.call == "Square(…).grow(1) returned 6"
    link.begin(seed=5, seconds=20, memory_mb=1000)
    del asked[:]
    student = Student(link, "work", SOURCE)
    student.define("a = 1")
    assert student.Square(4).area() == 16
    assert asked == ["load", "define", "call", "call"]


def test_what_is_not_a_function_of_the_class_is_looked_up(link: LocalLink, asked: list[str]) -> None:
    student = Student(link, "work", SOURCE)
    square = student.Square.unit()
    assert (square.side, student.Square.sides, student.Fraction(1, 2).denominator) == (1, 4, 2)
    assert asked.count("getattr") == 3
    helper = student.define("class Pair:\n    two = 2")
    assert helper.Pair.two == 2
    assert asked.count("getattr") == 4
    found = fault(lambda: square.colour)
    assert "colour" in found.message


def test_a_method_that_is_passed_on_is_the_one_of_its_object(link: LocalLink, asked: list[str]) -> None:
    student = Student(link, "work", SOURCE)
    square = student.Square(3)
    grow = square.grow
    assert student.apply(grow, 2) == 5
    assert grow(1) == 6
    assert asked.count("bound") == 1
    assert grow.__name__ == "grow"


def test_an_object_may_hide_a_method_of_its_class(link: LocalLink) -> None:
    student = Student(link, "work", SOURCE)
    square = student.Square(3)
    square.area = student.two
    assert square.area() == 2


def test_a_function_that_the_students_code_replaces_is_looked_up_again(link: LocalLink, asked: list[str]) -> None:
    student = Student(link, "work", SOURCE)
    assert student.one() == 1
    student.swap()
    link.begin(seed=5, seconds=20, memory_mb=1000)
    student = Student(link, "work", SOURCE)
    assert student.one() == 2
    assert asked.count("names") == 2


def test_a_class_that_a_check_changes_is_looked_up_again(link: LocalLink) -> None:
    student = Student(link, "work", SOURCE)
    kind, square = student.Square, student.Square(3)
    helper = student.define("def change():\n    student.Square.grow = lambda self, by: -by")
    helper.change()
    assert [kind.grow(square, 2), square.grow(3)] == [-2, -3]


def test_nothing_is_listed_while_a_check_has_objects(link: LocalLink) -> None:
    """Its objects would lose their numbers."""
    student = Student(link, "work", SOURCE)
    square = student.Square(3)
    student.swap()
    again = Student(link, "work", SOURCE)
    assert again.one() == 2
    assert square.area() == 9


def test_a_module_with_very_many_names_is_listed_in_part() -> None:
    source = "".join(f"def f{i}():\n    return {i}\n" for i in range(MAX_LISTED + 50))
    link = LocalLink(Code({"many.py": source}))
    link.begin(seed=4, seconds=20, memory_mb=1000)
    student = Student(link, "many", source)
    last = getattr(student, f"f{MAX_LISTED + 49}")
    assert (student.f0(), last()) == (0, MAX_LISTED + 49)
    link.close()


@pytest.mark.parametrize(
    "answer",
    [
        None,
        ([], {}, []),
        ("rows", "methods"),
        ([[0, "f", Ref(1, "function")], (0, "f"), ("0", "f", Ref(1, "function")), (0, "f", Ref(1, "list"))], {1: []}),
    ],
)
def test_an_answer_of_another_form_lists_nothing(answer: Any) -> None:
    assert parse_known(answer) == Known()


def test_what_has_the_form_is_known() -> None:
    known = parse_known(([(0, "f", Ref(1, "function"))], {"Net": ["forward", 3]}))
    assert known == Known({(0, "f"): Ref(1, "function")}, {"Net": frozenset({"forward"})})
