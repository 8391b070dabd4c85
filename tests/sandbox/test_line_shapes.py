"""Exceptions about shapes end with the shapes of what the student's line names, which tell the usual reasons."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from autograder.core.code import Code
from autograder.sandbox.local_link import LocalLink
from autograder.sandbox.proxy import Student, StudentFault
from autograder.sandbox.usual_errors import usual_reason

SOURCE = """
import numpy as np
import torch

class Layer(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.weight = torch.ones(3, 2)

    def forward(self, x):
        return x @ self.weight

def rows(a, b):
    return 2 * a @ b + 1

def columns(W, X):
    return W @ X.T

def order(a, b):
    return a @ b

def channels(x, gamma):
    return gamma * x

def labels(S, y):
    return S - S[torch.arange(len(y)), y]

def joined(a, b):
    return torch.cat([a, b])

def layer(x):
    return Layer()(x)

def own(x):
    raise ValueError("x has the wrong size")

def trap(x):
    return x + Trap().size

def arrays(a, b):
    return a + b

class Trap:
    def __getattr__(self, name):
        raise RuntimeError("size")
"""


def first_line(name: str, *args: object) -> tuple[str, str]:
    """Return the first line of the fault that a function of SOURCE raises, and the hint."""
    link = LocalLink(Code({"work.py": SOURCE}))
    link.begin(seed=1, seconds=20, memory_mb=1000)
    with pytest.raises(StudentFault) as caught:
        getattr(Student(link, "work", SOURCE), name)(*args)
    return caught.value.message.partition("\n")[0], usual_reason(caught.value.message)


def ones(*shape: int) -> torch.Tensor:
    return torch.ones(shape)


@pytest.mark.parametrize(
    ("name", "args", "ending", "hint"),
    [
        ("rows", (ones(7, 5), ones(4, 5)), "[a: (7, 5), b: (4, 5)]", "with columns of the second: a @ b.T."),
        ("columns", (ones(6, 5), ones(9, 6)), "[W: (6, 5), X: (9, 6)]", "of the second: W.T @ X.T."),
        ("order", (ones(7, 5), ones(4, 7)), "[a: (7, 5), b: (4, 7)]", "in the other order: b @ a."),
        ("channels", (ones(2, 6, 4, 3), ones(6)), "[gamma: (6), x: (2, 6, 4, 3)]", "gamma.reshape(1, -1, 1, 1)."),
        ("labels", (ones(8, 5), ones(8).long()), "[S: (8, 5), …, y: (8)]", "one more axis of size 1: [..., None]"),
        ("joined", (ones(4, 5), ones(4, 6)), "[a: (4, 5), b: (4, 6)]", "is that the axis to join along?"),
        ("layer", (ones(4, 5),), "[x: (4, 5), self.weight: (3, 2)]", "The rows have the length 5, but 3 is expected."),
        ("arrays", (np.ones((4, 5)), np.ones((4, 6))), "[a: (4, 5), b: (4, 6)]", "do not go together"),
    ],
)
def test_shapes_of_the_operands_are_named_and_tell_the_reason(name, args, ending, hint):
    line, said = first_line(name, *args)
    assert line.endswith(ending)
    assert hint in said


@pytest.mark.parametrize("name", ["own", "trap"])
def test_an_exception_that_the_student_raises_is_left_as_it_is(name):
    assert "[" not in first_line(name, ones(2))[0]


@pytest.mark.parametrize(
    "shapes",
    [
        "[a: (7, 5), b: (4, 7), c: (4, 7)]",  # which of two names is meant
        "[b: (4, 7)]",
        "[a: (5, 5), b: (4, 5)]",  # several ways would fit
        "",
    ],
)
def test_no_product_is_proposed_that_is_not_certain(shapes):
    one, other = ("5x5", "4x5") if "(5, 5)" in shapes else ("7x5", "4x7")
    text = (
        f"RuntimeError: mat1 and mat2 shapes cannot be multiplied ({one} and {other}) {shapes}\n  w.py, line 1: a @ b"
    )
    assert "Print the shape" in usual_reason(text)


@pytest.mark.parametrize(
    "shapes", ["[gamma: (6), x: (6, 6, 4, 3)]", "[gamma: (6), beta: (3), x: (2, 6, 4, 3)]", "[gamma: (6), x: (2, 6)]"]
)
def test_no_axis_is_proposed_that_is_not_certain(shapes):
    error = "The size of tensor a (6) must match the size of tensor b (3) at non-singleton dimension 3"
    assert "Do these two belong together?" in usual_reason(f"RuntimeError: {error} {shapes}\n  w.py, line 1: a * b")
