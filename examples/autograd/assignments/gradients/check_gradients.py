"""Public checks of gradients."""

from oracles import expressions, slopes

from autograder import expect_close, task

# A function cannot be copied to the student's process, so it is defined there. It must not contain what is expected.
CUBE = """
def cube_sum(x):
    return (x ** 3).sum()
"""


@task("directional_derivative", share=50)
def check_directional_derivative_of_a_sum_of_cubes(student, rng):
    """The derivative of sum(x**3) in a direction v is the sum of 3 x**2 v."""
    f = student.define(CUBE).cube_sum
    x, v = rng.normal(3, 2), rng.normal(3, 2)
    wrong = {"The direction is missing: this is the sum of all derivatives.": (3 * x**2).sum()}
    expect_close(student.directional_derivative(f, x, v), (3 * x**2 * v).sum(), mistakes=wrong)


@task("Value.backward", share=50)
def check_backward_through_each_expression(student, rng):
    """The derivatives of some expressions agree with torch's."""
    for name, f in expressions().items():
        a, b = rng.uniform(2, low=-1, high=1).tolist()
        first, second = student.Value(a), student.Value(b)
        f(first, second).backward()  # the operators run in the student's process
        expect_close((first.grad, second.grad), slopes(f, a, b), name=f"the derivatives of {name} by a and b")
