"""A course with one assignment, for tests: two functions and a class, with public and hidden checks."""

from __future__ import annotations

from pathlib import Path

from autograder.core.assignment import Assignment, read_assignment

MANIFEST = """
title = "Vectors"
version = "1.0"
files = ["vectors.py"]
imports = ["numpy"]

[limits]
seconds = 2
memory_mb = 512
file_mb = 8
message_mb = 16

[[tasks]]
name = "double"
title = "Double an array"
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


@task("double", share=40)
def check_double_of_a_matrix(student, rng):
    """Doubling a matrix doubles each element."""
    x = rng.normal(3, 5)
    expect_close(student.double(x), 2 * x, mistakes={"That is the square.": x * x})


@task("Counter")
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


@task("double", share=60)
def check_double_of_other_shapes(student, rng):
    """Doubling works on any shape."""
    for shape in ((), (4,), (2, 3, 5)):
        x = rng.normal(*shape)
        expect_close(student.double(x), 2 * x)


@task("total")
def check_total(student, rng):
    """Each row's sum."""
    forbid(student, "total")
    x = rng.normal(6, 4)
    expect_close(student.total(x), sum(x[:, column] for column in range(4)))
'''

HONEST = """
def double(x):
    return x * 2


def total(x):
    return x.sum(1)


class Counter:
    def __init__(self, start):
        self.value = start

    def add(self, n):
        self.value += n
        return self.value
"""

WRONG = """
def double(x):
    return x + 0


def total(x):
    return 0 * x[:, 0]


class Counter:
    def __init__(self, start):
        self.value = start

    def add(self, n):
        return self.value
"""

# The same for a course of tensors.
TORCH_MANIFEST = MANIFEST.replace('["numpy"]', '["torch", "numpy"]')
TORCH_HONEST, TORCH_WRONG = f"\nimport torch\n\n{HONEST}", f"\nimport torch\n\n{WRONG}"


def make_vectors(root: Path, *, torch: bool = False, seconds: float = 2) -> Assignment:
    """Write the course into the folder ``root`` and return its assignment, whose checks have these seconds.

    Its vectors are arrays, so that graders start without importing torch; with ``torch`` they are tensors.
    """
    public, private = root / "assignments" / "t02_vectors", root / "solutions" / "t02_vectors"
    public.mkdir(parents=True)
    private.mkdir(parents=True)
    manifest = TORCH_MANIFEST if torch else MANIFEST
    (public / "assignment.toml").write_text(manifest.replace("seconds = 2", f"seconds = {seconds}"))
    (public / "check_vectors.py").write_text(PUBLIC)
    (private / "check_vectors_hidden.py").write_text(HIDDEN)
    (private / "vectors.py").write_text(TORCH_HONEST if torch else HONEST)
    return read_assignment(public)
