"""Public checks of autograd: gates, their values and their gradients."""

from itertools import product

import torch
from oracles import ENGINE, judge_gate, loans
from torch.nn import functional as F

from autograder import Message, expect_equal, explain_errors, task

BROADCAST = loans("unbroadcast")
SHAPES = (((3, 4), (3, 4)), ((3, 4), (4,)), ((2, 1, 3), (4, 1)), ((), (2, 2)))


def judge_two(student, rng, task_name, oracle, wrong, shift=0.0, wrong_values=None):
    """Compare a gate of two operands on shapes that broadcast."""
    for first, second in SHAPES:
        a, b = rng.normal(*first), rng.normal(*second)
        operands = [a, b.sign() * (b.abs() + shift)]
        judge_gate(student, rng, task_name, operands, wrong=wrong, oracle=oracle, wrong_values=wrong_values)


@task("add", share=50, loans=BROADCAST, any_dtype=True)
def check_add_agrees_with_torch(student, rng):
    """Sums and their gradients agree with torch's, with broadcasting."""
    judge_two(student, rng, "add", torch.add, {
        "add gives the same gradient to both parents.": lambda grad, a, b: (grad, -grad),
        "The gradients must have the shapes of the parents: use unbroadcast.": lambda grad, a, b: (grad, grad),
        "The gradient from above must be passed on, not ones.": (
            lambda grad, a, b: (torch.ones_like(a), torch.ones_like(b))
        ),
    }, wrong_values={"The second operand is subtracted.": torch.sub})  # fmt: skip


@task("mul", share=50, loans=BROADCAST, any_dtype=True)
def check_mul_agrees_with_torch(student, rng):
    """Products and their gradients agree with torch's, with broadcasting."""
    judge_two(student, rng, "mul", torch.mul, {
        "Each parent gets the gradient times the *other* one; yours are exchanged.": (
            lambda grad, a, b: (grad * a, grad * b)
        ),
        "The gradient from above is missing; multiply by it.": lambda grad, a, b: (b.expand_as(a), a.expand_as(b)),
        "The gradients must have the shapes of the parents: use unbroadcast.": lambda grad, a, b: (grad * b, grad * a),
        "Both parents have the gradient of a sum; a product multiplies by the other parent's value.": (
            lambda grad, a, b: (grad, grad)
        ),
        "The gradient of b has the factor b: was a.value or grad overwritten? A gate changes neither.": (
            lambda grad, a, b: (grad * b, grad * a * b)
        ),
    })  # fmt: skip


@task("div", share=50, loans=BROADCAST, any_dtype=True)
def check_div_agrees_with_torch(student, rng):
    """Quotients and their gradients agree with torch's, with broadcasting."""
    judge_two(student, rng, "div", torch.div, {
        "The gradient of b has the wrong sign: the derivative of 1/b is -1/b^2.": (
            lambda grad, a, b: (grad / b, grad * a / b**2)
        ),
        "The gradient of b lacks a square: the derivative of 1/b is -1/b^2.": (
            lambda grad, a, b: (grad / b, -grad * a / b)
        ),
        "The gradient of b lacks the factor a.": lambda grad, a, b: (grad / b, -grad / b**2),
        "The gradient of b was divided by b once too often: was grad overwritten? A gate leaves grad as it is.": (
            lambda grad, a, b: (grad / b, -grad * a / b**3)
        ),
    }, shift=0.5, wrong_values={
        "The quotient is rounded down: divide with /, not with //.": torch.floor_divide,
    })  # fmt: skip


@task("power", share=50, any_dtype=True)
def check_power_agrees_with_torch(student, rng):
    """Powers and their gradients agree with torch's, for several exponents."""
    x = rng.uniform(3, 4, low=0.5, high=2)
    for n in (2, 3, -1, 0.5):
        judge_gate(student, rng, "power", [x], rest=(n,), oracle=lambda a, n=n: a**n, wrong={
            "The factor n is missing: the derivative of a^n is n a^(n - 1).": (
                lambda grad, a, n=n: (grad * a ** (n - 1),)
            ),
            "The exponent is one too large: the derivative of a^n is n a^(n - 1).": (
                lambda grad, a, n=n: (n * grad * a**n,)
            ),
            "The gradient from above is missing; multiply by it.": lambda grad, a, n=n: (n * a ** (n - 1),),
        }, wrong_values={
            "n may be any number: negative, or a fraction.": lambda a, n=n: a ** max(int(n), 0),
        })  # fmt: skip


@task("exp", share=50, any_dtype=True)
def check_exp_agrees_with_torch(student, rng):
    """The exponential and its gradient agree with torch's."""
    judge_gate(student, rng, "exp", [rng.normal(3, 4)], oracle=torch.exp, wrong={
        "The gradient from above is missing; multiply by it.": lambda grad, a: (a.exp(),),
        "The local gradient is exp(a), not 1.": lambda grad, a: (grad,),
        "The local gradient is exp(a), not a.": lambda grad, a: (grad * a,),
    }, wrong_values={"This is a power of 2; the base of exp is e.": torch.exp2})  # fmt: skip


@task("log", share=50, any_dtype=True)
def check_log_agrees_with_torch(student, rng):
    """The logarithm and its gradient agree with torch's."""
    judge_gate(student, rng, "log", [rng.uniform(3, 4, low=0.1, high=3)], oracle=torch.log, wrong={
        "The gradient from above is missing; multiply by it.": lambda grad, a: (1 / a,),
        "The local gradient is 1 / a, not 1 / log(a).": lambda grad, a: (grad / a.log(),),
        "The local gradient is 1 / a: divide by a, do not multiply by it.": lambda grad, a: (grad * a,),
    }, wrong_values={
        "This is the logarithm with base 10; the base of log is e.": torch.log10,
        "This is the logarithm with base 2; the base of log is e.": torch.log2,
    })  # fmt: skip


@task("relu", share=50, any_dtype=True)
def check_relu_agrees_with_torch(student, rng):
    """ReLU and its gradient agree with torch's."""
    judge_gate(student, rng, "relu", [rng.normal(4, 5)], oracle=torch.relu, wrong={
        "The gradient passes everywhere; it passes where a is above 0.": lambda grad, a: (grad,),
        "The gradient passes where the gradient is above 0; it passes where a is.": lambda grad, a: (grad.relu(),),
        "The gradient was multiplied by the value.": lambda grad, a: (grad * a.relu(),),
        "The gradient from above is missing; multiply by it.": lambda grad, a: ((a > 0).to(a.dtype),),
    })  # fmt: skip


@task("maximum", share=50, loans=BROADCAST, any_dtype=True)
def check_maximum_agrees_with_torch(student, rng):
    """The maximum routes the gradient to the larger operand, with broadcasting."""
    judge_two(student, rng, "maximum", torch.maximum, {
        "Both operands get the whole gradient; only the larger one should.": lambda grad, a, b: (grad, grad),
        "The gradient goes to the smaller operand.": lambda grad, a, b: (grad * (a < b), grad * (a > b)),
        "The gradient was multiplied by the values; it is only routed.": (
            lambda grad, a, b: (grad * a * (a > b), grad * b * (a < b))
        ),
    })  # fmt: skip
    a = rng.normal(4)
    judge_gate(student, rng, "maximum", [a, a.clone()], oracle=torch.maximum, wrong={
        Message(
            "Where both are equal, each gets half of the gradient; here the first one gets {first} of it, the second "
            "{second}.",
            first=first,
            second=second,
        ): (lambda grad, a, b, shares=(first, second): [share * grad for share in shares])
        for first, second in product((0, 0.5, 1), repeat=2)
        if (first, second) != (0.5, 0.5)
    }, hint="Where both are equal, each gets half of the gradient.")  # fmt: skip


@task("sigmoid", share=50, any_dtype=True)
def check_sigmoid_is_one_node(student, rng):
    """At 1 the value is 0.73 and the local gradient 0.20; values and gradients agree with torch's; it is one node."""
    worked = torch.tensor(1.0, dtype=torch.float64, device=rng.device)
    for x in (worked, rng.normal(3, 5)):
        judge_gate(student, rng, "sigmoid", [x], oracle=torch.sigmoid, wrong={
            "The local gradient is s (1 - s) with s = sigmoid(a); this is s.": lambda grad, a: (grad * a.sigmoid(),),
            "The gradient from above is missing; multiply by it.": lambda grad, a: (a.sigmoid() * (1 - a.sigmoid()),),
            "The local gradient is s (1 - s), with s the value, not a.": lambda grad, a: (grad * a * (1 - a),),
        })  # fmt: skip
    nodes = student.wrap(student.define(ENGINE).nodes_made, student.sigmoid)(rng.normal(2))
    expect_equal(nodes, 1, name="the number of nodes that sigmoid adds to the graph")


@task("matmul", share=50, loans=BROADCAST, any_dtype=True)
def check_matmul_agrees_with_torch(student, rng):
    """Matrix products and their gradients agree with torch's."""
    for n, m, p in ((3, 3, 3), (3, 4, 5), (1, 6, 2), (4, 3, 3)):
        a, b = rng.normal(n, m), rng.normal(m, p)
        judge_gate(student, rng, "matmul", [a, b], oracle=torch.matmul, wrong={
            "The gradient of a is grad @ b^T: the order of the factors matters.": (
                lambda grad, a, b: (b.T @ grad, a.T @ grad)
            ),
            "The gradient of b is a^T @ grad: the order of the factors matters.": (
                lambda grad, a, b: (grad @ b.T, grad @ a.T)
            ),
            "The order of the factors matters: the gradients are grad @ b^T and a^T @ grad.": (
                lambda grad, a, b: (b.T @ grad, grad @ a.T)
            ),
            "b must be transposed: grad @ b^T.": lambda grad, a, b: (grad @ b, a.T @ grad),
            "a must be transposed: a^T @ grad.": lambda grad, a, b: (grad @ b.T, a @ grad),
            "The gradient from above is missing.": (
                lambda grad, a, b: (b.sum(1).expand(a.shape), a.sum(0)[:, None].expand(b.shape))
            ),
        })  # fmt: skip


NO_PLACE = {
    "expand": "The axis that was summed away goes back to its own place, with length 1, before expand: "
    "grad.unsqueeze(dim). For a negative dim that is right, too.",
}


@task("sum_over", share=50, any_dtype=True)
def check_sum_over_agrees_with_torch(student, rng):
    """Sums over all elements and over one axis, and their gradients, agree with torch's."""
    x = rng.normal(3, 4)
    for options in ({}, {"dim": 0}, {"dim": 1}, {"dim": 1, "keepdim": True}):
        wrong = {
            "The gradient from above is missing: it is copied to each element, not ones.": (
                lambda grad, a: (torch.ones_like(a),)
            ),
            "The gradient must have the shape of a: each element of a gets a copy, by expand(a.shape).": (
                lambda grad, a: (grad,)
            ),
            "The gradient is that of a mean; a sum copies it.": (
                lambda grad, a, o=options: (
                    (grad if not o or "keepdim" in o else grad.unsqueeze(o["dim"])).expand(a.shape)
                    * (grad.numel() / a.numel()),
                )
            ),
        }
        oracle = lambda a, o=options: a.sum(**o)  # noqa: E731
        with explain_errors(NO_PLACE):
            judge_gate(student, rng, "sum_over", [x], options, oracle=oracle, wrong=wrong, wrong_values={
                "This is the mean; the sum is not divided.": lambda a, o=options: a.mean(**o),
            })  # fmt: skip


STABLE = "Subtract from each row its own largest score before exp, and add nothing inside of the logarithm."


@task("softmax_cross_entropy", share="2/3", any_dtype=True)
def check_softmax_cross_entropy_agrees_with_torch(student, rng):
    """The loss and its gradient agree with torch's, whatever comes from above."""
    x, y = 2 * rng.normal(5, 3), rng.integers(0, 3, 5)

    def parts(a):
        p = torch.softmax(a, dim=1)
        return p, F.one_hot(y, 3)

    judge_gate(student, rng, "softmax_cross_entropy", [x], rest=(y,), oracle=lambda a: F.cross_entropy(a, y), wrong={
        "The gradient is not divided by the number of images; the loss is a mean.": (
            lambda grad, a: (grad * (parts(a)[0] - parts(a)[1]),)
        ),
        "The 1 of the right class is not subtracted.": lambda grad, a: (grad * parts(a)[0] / 5,),
        "The gradient from above is missing; multiply by it.": lambda grad, a: ((parts(a)[0] - parts(a)[1]) / 5,),
        "The sign is wrong: probabilities minus truth.": lambda grad, a: (grad * (parts(a)[1] - parts(a)[0]) / 5,),
        "The gradient is divided by all elements; divide by the number of images.": (
            lambda grad, a: (grad * (parts(a)[0] - parts(a)[1]) / 15,)
        ),
    }, wrong_values={
        "This is the sum of the losses; the loss is their mean.": lambda a: F.cross_entropy(a, y, reduction="sum"),
    }, hint=STABLE)  # fmt: skip
