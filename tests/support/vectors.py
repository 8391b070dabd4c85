"""A course with one assignment, for tests: two functions and a class, with public and hidden checks."""

from __future__ import annotations

from pathlib import Path

from autograder.core.assignment import Assignment, read_assignment

MANIFEST = """
title = "Vectors"
version = "1.0"
files = ["vectors.py"]
imports = ["torch", "numpy"]

[limits]
seconds = 2
memory_mb = 512
file_mb = 8
message_mb = 16

[[tasks]]
name = "double"
title = "Double a tensor"
points = 50

[[tasks]]
name = "total"
title = "Sum of each row"
points = 30

[[tasks]]
name = "Counter"
title = "A counter"
points = 20
"""

PUBLIC = '''
from autograder import expect_close, expect_equal, task


@task("double", points=20)
def check_double_of_a_matrix(student, rng):
    """Doubling a matrix doubles each element."""
    x = rng.normal(3, 5)
    expect_close(student.double(x), 2 * x, mistakes={"That is the square.": x * x})


@task("Counter", points=20)
def check_counter(student, rng):
    """A counter counts what it is given."""
    counter = student.Counter(rng.int(5, 50))
    counter.add(7)
    before = counter.value
    expect_equal(counter.add(3), before + 3)
'''

HIDDEN = '''
from autograder import expect_close, expect_equal, forbid, task

SECRET = "the hidden checks were read"


@task("double", points=30)
def check_double_of_other_shapes(student, rng):
    """Doubling works on any shape."""
    for shape in ((), (4,), (2, 3, 5)):
        x = rng.normal(*shape)
        expect_close(student.double(x), 2 * x)


@task("total", points=30)
def check_total(student, rng):
    """Each row's sum."""
    forbid(student, "total")
    x = rng.normal(6, 4)
    expected = [sum(row) for row in x.tolist()]
    expect_close(student.total(x), __import__("torch").tensor(expected, dtype=x.dtype))
'''

HONEST = """
import torch


def double(x):
    return x * 2


def total(x):
    return x.sum(dim=1)


class Counter:
    def __init__(self, start):
        self.value = start

    def add(self, n):
        self.value += n
        return self.value
"""

WRONG = """
import torch


def double(x):
    return x.clone()


def total(x):
    return torch.zeros(len(x), dtype=x.dtype)


class Counter:
    def __init__(self, start):
        self.value = start

    def add(self, n):
        return self.value
"""


def make_vectors(root: Path) -> Assignment:
    """Write the course into the folder ``root`` and return its assignment."""
    public, private = root / "assignments" / "t02_vectors", root / "solutions" / "t02_vectors"
    public.mkdir(parents=True)
    private.mkdir(parents=True)
    (public / "assignment.toml").write_text(MANIFEST)
    (public / "check_vectors.py").write_text(PUBLIC)
    (private / "check_vectors_hidden.py").write_text(HIDDEN)
    (private / "vectors.py").write_text(HONEST)
    return read_assignment(public)
