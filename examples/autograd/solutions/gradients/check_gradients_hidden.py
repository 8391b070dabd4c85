"""Hidden checks of gradients."""

import torch
from oracles import slopes

from autograder import expect_close, expect_unchanged, task

WAVE = """
import torch

def wave(x):
    return torch.sin(x).prod()
"""


@task("directional_derivative", share=50)
def check_directional_derivative_of_a_product(student, rng):
    """The derivative of prod(sin(x)) agrees with a difference, and x does not change."""
    x, v = 1.0 + 0.1 * rng.normal(4), rng.normal(4)
    f = student.define(WAVE).wave
    seen = student.inspect(student.directional_derivative, f, x, v)
    step = 1e-6
    higher, lower = (torch.sin(x + sign * step * v).prod() for sign in (1, -1))
    expect_close(seen.value, (higher - lower) / (2 * step), rtol=1e-4)
    expect_unchanged(seen, f, x, v)


@task("Value.backward", share=50)
def check_backward_through_a_number_that_is_used_often(student, rng):
    """A number that is used in many places gets the sum of its derivatives, each once."""

    def f(a, b):
        c = a * b
        d = c + a
        return (d * d + c * d).tanh()

    a, b = rng.uniform(2, low=-1, high=1).tolist()
    first, second = student.Value(a), student.Value(b)
    f(first, second).backward()
    expect_close((first.grad, second.grad), slopes(f, a, b), name="the derivatives by a and b")
