"""Operators, iteration, `with` and exceptions of objects that stay in the student's process."""

from __future__ import annotations

import copy
import itertools
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import pytest
import torch

from autograder.checks.expect import Mismatch, expect_close, expect_equal
from autograder.checks.task import BadCheck
from autograder.core.report import Cause, Outcome
from autograder.sandbox.expect_raises import expect_raises
from autograder.sandbox.proxy import Student, StudentFault
from autograder.session.verdict import verdict_on
from tests.support.local import local_student

SOURCE = """
from collections import defaultdict, namedtuple
from dataclasses import dataclass
import itertools

class Money:
    def __init__(self, cents): self.cents = cents
    def __add__(self, other): return Money(self.cents + getattr(other, "cents", other))
    __radd__ = __add__
    def __mul__(self, n): return Money(self.cents * n)
    def __rmul__(self, n): return Money(n * self.cents)
    def __neg__(self): return Money(-self.cents)
    def __eq__(self, other): return isinstance(other, Money) and self.cents == other.cents
    def __lt__(self, other): return self.cents < other.cents
    def __float__(self): return self.cents / 100
    def __bool__(self): return self.cents != 0
    def __str__(self): return f"{self.cents / 100:.2f} euros"
    def __format__(self, form): return "<" + form + ">"
    def __iadd__(self, n): self.cents += n; return self

class Row:
    def __init__(self, *items): self.items = list(items)
    def __len__(self): return len(self.items)
    def __getitem__(self, i): return self.items[i]
    def __setitem__(self, i, value): self.items[i] = value
    def __delitem__(self, i): del self.items[i]
    def __contains__(self, item): return item in self.items
    def __iter__(self): return iter(self.items)

class Endless(Row):
    def __len__(self): return 1 << 40

class Liar:
    def __eq__(self, other): return True
    def __lt__(self, other): return True

class Overdrawn(ValueError): pass

def withdraw(n):
    if n > 100: raise Overdrawn("the account has only 100")
    if n < 0: raise ValueError
    return 100 - n

class Angle:
    def __init__(self, turns): self.turns, self.unit = turns, "turns"
    def __int__(self): return int(self.turns)
    def __complex__(self): return complex(0, self.turns)
    def __index__(self): return 2
    def __divmod__(self, n): return divmod(self.turns, n)
    def __round__(self, digits=0): return round(self.turns, digits)
    def __float__(self): raise ValueError("an angle has no length")

def unwritten(): raise NotImplementedError()
def forever(): yield from itertools.count()
def three():
    yield from (1, 2, 3)

class Book:
    def __init__(self): self.log = []
    def __enter__(self): self.log.append("in"); return self
    def __exit__(self, kind, error, trace): self.log.append(getattr(kind, "__name__", None)); return True

Pair = namedtuple("Pair", "left right")

@dataclass
class Point:
    x: float
    y: float
    def norm(self): return (self.x ** 2 + self.y ** 2) ** 0.5

def pair(): return Pair(1, [2.0])
def norm(p): return p.norm()
def kind(p): return type(p).__name__
def counts(): return defaultdict(int, a=2)
"""


@pytest.fixture(scope="module")
def module() -> Iterator[Student]:
    with local_student(SOURCE) as student:
        yield student


def test_arithmetic_runs_in_the_students_process(module: Student) -> None:
    ten, one = module.Money(1000), module.Money(100)
    assert (ten + one).cents == 1100
    assert (ten + 1).cents == (1 + ten).cents == 1001
    assert (3 * one).cents == (one * 3).cents == 300
    assert (-ten).cents == -1000
    assert sum([ten, one]).cents == 1100
    assert module.trail.call == "0 + Money(…) + Money(…) returned an object of type Money"
    ten += 5
    assert ten.cents == 1005


def test_comparisons_and_conversions(module: Student) -> None:
    ten, one = module.Money(1000), module.Money(100)
    assert ten == module.Money(1000)
    assert ten != one
    assert one < ten
    assert sorted([ten, one])[0].cents == 100
    assert float(ten) == 10.0
    assert not module.Money(0)
    assert str(ten) == "10.00 euros"
    assert f"{ten:x}" == "<x>"
    assert repr(ten) == "<Money>"


def test_rarer_conversions_and_rounding_run_in_the_students_process(module: Student) -> None:
    angle = module.Angle(7.25)
    assert (int(angle), complex(angle), ["a", "b", "c"][angle]) == (7, 7.25j, "c")
    assert divmod(angle, 2) == (3.0, 1.25)
    assert (round(angle), round(angle, 1)) == (7, 7.2)
    assert module.trail.call == "round(Angle(…)) returned 7.2"
    with expect_raises(ValueError, match="no length"):
        float(angle)
    assert {angle: 1}[angle] == 1  # a check may keep handles in a dict, by which object they are
    del angle.unit
    with expect_raises(AttributeError):
        _ = angle.unit


def test_no_object_of_a_student_equals_a_plain_value(module: Student) -> None:
    liar = module.Liar()
    assert liar == module.Liar()
    assert liar != 5
    assert liar not in [None, 5, "x"]
    with pytest.raises(TypeError, match="not supported between instances"):
        _ = liar < 5


def test_an_array_leaves_the_operator_to_the_student(module: Student) -> None:
    (product,) = {type(np.float64(2.0) * module.Money(100)).__name__}
    assert product == "Handle"


def test_containers(module: Student) -> None:
    row = module.Row(5, 6, 7)
    row[1] = 9
    del row[0]
    assert (len(row), list(row), row[0], 9 in row, 5 in row) == (2, [9, 7], 9, True, False)
    assert [*reversed(row)] == [7, 9]


def test_iteration_is_as_far_as_the_check_goes(module: Student) -> None:
    assert list(module.three()) == [1, 2, 3]
    assert list(itertools.islice(module.forever(), 4)) == [0, 1, 2, 3]
    numbers = module.three()
    assert (next(numbers), next(numbers), next(numbers), next(numbers, "end")) == (1, 2, 3, "end")


def test_an_iterator_that_does_not_end_is_a_fault(module: Student, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("autograder.sandbox.operators.MAX_ITEMS", 5)
    with pytest.raises(StudentFault, match=r"forever\(…\) does not end: this check takes at most 5 items of it"):
        list(module.forever())


def test_a_length_that_needs_all_memory_is_a_fault(module: Student) -> None:
    with pytest.raises(StudentFault, match="more than a check can use"):
        list(module.Endless(1, 2))


def test_a_with_block_ends_in_the_students_process_and_hides_nothing(module: Student) -> None:
    book = module.Book()
    with book as same:
        assert same.log == ["in"]
    with pytest.raises(Mismatch), book:
        expect_equal(1, 2)
    assert book.log == ["in", None, "in", "RuntimeError"]


@pytest.mark.parametrize("use", [np.asarray, torch.abs, copy.copy, copy.deepcopy, lambda x: x.__wrapped__])
def test_what_needs_the_object_itself_names_another_way(module: Student, use: Any) -> None:
    money = module.Money(1)
    with pytest.raises((TypeError, AttributeError), match=r"student\.value"):
        use(money)


def test_a_value_that_cannot_be_sent_is_the_checks_mistake() -> None:
    with local_student(SOURCE) as student, pytest.raises(BadCheck, match="1,048,576 bits") as caught:
        student.kind(1 << (1 << 20))
    assert verdict_on(caught.value, student.trail).outcome is Outcome.BROKEN


def test_a_value_of_the_student_that_cannot_be_sent_again_is_not(module: Student) -> None:
    items = module.kind("x")
    assert items == "str"
    with pytest.raises(StudentFault, match="could not send a value"):
        module.kind({(n,) for n in range(2000)})


class Pair(NamedTuple):
    left: int
    right: list[float]


def test_records_stay_in_the_process_and_are_copied_when_compared(module: Student) -> None:
    point = module.Point(3.0, 4.0)
    assert (point.x, point.norm(), module.norm(point)) == (3.0, 5.0, 5.0)
    assert module.value(point).y == 4.0
    expect_close(module.pair(), Pair(1, [2.0]))
    expect_close(module.pair(), (1, [2.0]))
    expect_equal(module.counts(), {"a": 2})
    with pytest.raises(Mismatch, match=r"item \.left: expected 2, got 1"):
        expect_equal(module.pair(), Pair(2, [2.0]))


def test_a_record_of_a_check_becomes_an_object_of_the_students_class(module: Student) -> None:
    assert module.kind(Pair(1, [])) == "Pair"
    assert module.norm(module.value(module.Point(3.0, 4.0))) == 5.0


def test_an_expected_exception_is_accepted(module: Student) -> None:
    for kind in (ValueError, "Overdrawn", module.Overdrawn):
        with expect_raises(kind, match="ONLY 100"):
            module.withdraw(200)


@pytest.mark.parametrize(
    ("kind", "match", "amount", "sentence"),
    [(KeyError, "", 200, "expected a KeyError, but your code raised Overdrawn: the account has only 100"),
     (ValueError, "negative", -1, "the ValueError should say 'negative', but it says nothing"),
     (ValueError, "sorry", 200, "the ValueError should say 'sorry', but it says 'the account has only 100'"),
     (ValueError, "", 5, "expected a ValueError, but nothing was raised")],
)  # fmt: skip
def test_any_other_outcome_has_a_sentence(
    module: Student, kind: type[BaseException], match: str, amount: int, sentence: str
) -> None:
    with pytest.raises(Mismatch) as caught, expect_raises(kind, match=match, hint="Look at the limit."):
        module.withdraw(amount)
    assert caught.value.message.startswith(sentence)
    assert caught.value.hint == "Look at the limit."


def test_a_task_that_is_not_written_raises_nothing(module: Student) -> None:
    with pytest.raises(StudentFault) as caught, expect_raises(NotImplementedError):
        module.unwritten()
    assert caught.value.cause is Cause.NOT_WRITTEN


def test_any_exception_would_accept_any_mistake(module: Student) -> None:
    with pytest.raises(BadCheck, match="would accept any mistake"), expect_raises(Exception):
        module.withdraw(200)
