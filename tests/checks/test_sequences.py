"""A function may return several things as a tuple, a list or a named tuple."""

from collections.abc import Iterator

import pytest

from autograder.checks.sequences import is_sequence
from autograder.core.code import Code
from autograder.sandbox.local_link import LocalLink
from autograder.sandbox.proxy import Student

SOURCE = """
from collections import namedtuple
from dataclasses import dataclass
from typing import NamedTuple


class Pair(NamedTuple):
    one: int
    two: float


@dataclass
class Record:
    one: int
    two: float


def named():
    return Pair(one=1, two=0.5)


def old():
    return namedtuple("Old", "one two")(1, 0.5)


def record():
    return Record(1, 0.5)


def text():
    return "ab"


def itself():
    return Pair
"""


@pytest.fixture
def student() -> Iterator[Student]:
    link = LocalLink(Code({"work.py": SOURCE}))
    link.begin(seed=4, seconds=20, memory_mb=1000)
    yield Student(link, "work", SOURCE)
    link.close()


@pytest.mark.parametrize("name", ["named", "old"])
def test_a_named_tuple_of_the_student_is_one_and_can_be_taken_apart(student: Student, name: str) -> None:
    found = getattr(student, name)()
    assert is_sequence(found)
    assert len(found) == 2
    one, two = found
    assert (one, two) == (1, 0.5)


@pytest.mark.parametrize("name", ["record", "text", "itself"])
def test_other_objects_of_the_student_are_none(student: Student, name: str) -> None:
    assert not is_sequence(getattr(student, name)())


def test_plain_values() -> None:
    assert is_sequence((1, 2))
    assert is_sequence([])
    assert not any(map(is_sequence, ("ab", {1: 2}, {1, 2}, None, 3.0)))
