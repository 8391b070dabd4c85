"""Hidden checks of autograd, gates: numbers and tensors as operands, kinks, extreme values, batches, memory."""

import torch
from check_autograd_gates import NO_PLACE, STABLE
from oracles import ENGINE, judge_gate, judge_source, loans
from torch.nn import functional as F

from autograder import Message, expect, expect_close, expect_unchanged, explain_errors, task

BROADCAST = loans("unbroadcast")


def judge_shared(student, rng, name, oracle):
    """Compare a gate whose operands are the same Var, and one whose second operand is a number or a tensor."""
    run = student.wrap(student.define(ENGINE + TWICE).twice, getattr(student, name))
    x, grad = rng.uniform(3, low=0.5, high=2), rng.normal(3)
    leaf = x.clone().requires_grad_()
    (expected,) = torch.autograd.grad(oracle(leaf, leaf), leaf, grad)
    value, part = run(x, grad)
    expect_close(value, oracle(x, x), name=f"{name}(a, a)")
    halves = [torch.autograd.grad(oracle(*pair), leaf, grad)[0] for pair in ((leaf, x), (x, leaf))]
    expect_close(part, expected, name=Message("the gradient of a in {name}(a, a)", name=name), mistakes={
        "a is both operands and gets the gradients of both places; here it has that of the first only.": halves[0],
        "a is both operands and gets the gradients of both places; here it has that of the second only.": halves[1],
    }, hint=NEW_TENSORS)  # fmt: skip
    for other in (2.5, rng.uniform(2, 3, low=0.5, high=2)):
        right = torch.as_tensor(other)
        judge_gate(student, rng, name, [x], rest=(other,), oracle=lambda a, right=right: oracle(a, right))


TWICE = """
def twice(f):
    def run(x, grad):
        with torch.no_grad():
            a = student.Var(x)
            out = f(a, a)
            parts = [None]
            collect(out, grad, [a], parts)
            return out.value, parts[0]

    return run

def after_change(f):
    def run(values, grad, rest):
        with torch.no_grad():
            inputs = [student.Var(value) for value in values]
            out = f(*inputs, *rest)
            first = [part.clone() for part in out.backward(grad)]
            second = out.backward(grad)
            return first, list(second), grad, [each.value for each in inputs]

    return run
"""


NEW_TENSORS = "Write neither into a value nor into a gradient: make new tensors."


def judge_repeats(student, rng, name, values, rest=()):
    """Require the same gradients from a second call of a node's backward, and nothing changed."""
    shape = (values[0] @ values[1]).shape if name == "matmul" else () if rest else values[0].shape
    grad = rng.normal(*shape)
    run = student.wrap(student.define(ENGINE + TWICE).after_change, getattr(student, name))
    seen = student.inspect(run, values, grad, rest)
    first, second, after, inputs = seen.value
    expect_close(second, first, name="the gradients of a second call", hint=NEW_TENSORS)
    expect_close(after, grad, name="the gradient from above, after the call", hint=NEW_TENSORS)
    expect_close(inputs, values, name="the values of the parents, after the call", hint=NEW_TENSORS)
    expect_unchanged(seen, values, grad, rest)


@task("add", share=50, loans=BROADCAST)
def check_add_of_shared_operands(student, rng):
    """a + a, numbers and tensors as terms, float32; nothing is changed in place."""
    judge_shared(student, rng, "add", torch.add)
    values = [rng.normal(2, 3, dtype=torch.float32), rng.normal(3, dtype=torch.float32)]
    judge_gate(student, rng, "add", values, oracle=torch.add)
    judge_repeats(student, rng, "add", [rng.normal(2, 3), rng.normal(3)])


@task("mul", share=50, loans=BROADCAST)
def check_mul_of_shared_operands(student, rng):
    """a * a, numbers and tensors as factors, factors of 0, float32; nothing is changed in place."""
    zeros = rng.integers(-1, 2, 3, 4).double()
    judge_gate(student, rng, "mul", [zeros, rng.normal(4)], oracle=torch.mul)
    judge_shared(student, rng, "mul", torch.mul)
    values = [rng.normal(2, 3, dtype=torch.float32), rng.normal(3, dtype=torch.float32)]
    judge_gate(student, rng, "mul", values, oracle=torch.mul)
    judge_repeats(student, rng, "mul", [rng.normal(2, 3), rng.normal(3)])


@task("div", share=50, loans=BROADCAST)
def check_div_of_shared_operands(student, rng):
    """a / a, numbers and tensors as divisors, float32; nothing is changed in place."""
    judge_shared(student, rng, "div", torch.div)
    values = [rng.normal(2, 3, dtype=torch.float32), rng.uniform(3, low=1, high=2, dtype=torch.float32)]
    judge_gate(student, rng, "div", values, oracle=torch.div)
    judge_gate(student, rng, "div", [rng.normal(3), rng.uniform(3, low=1e-4, high=2e-4)], oracle=torch.div)
    judge_repeats(student, rng, "div", [rng.normal(2, 3), rng.uniform(3, low=1, high=2)])


@task("power", share=50)
def check_power_of_unusual_numbers(student, rng):
    """Exponents 0, 1 and 2 where elements are 0 or negative, and float32."""
    x = torch.tensor([0.0, -1.5, 2.0], dtype=torch.float64, device=rng.device)
    for n in (0, 1, 2, 3, 1.0, 0.0):
        judge_gate(student, rng, "power", [x], rest=(n,), oracle=lambda a, n=n: a**n, wrong={
            "The gradient is 0 for n = 0, also where a is 0: there 0 * 0 ** -1 is nan.": (
                lambda grad, a, n=n: [n * a ** (n - 1) * grad]
            ),
        })  # fmt: skip
    for n in (3, -2, 1.5):
        values = [rng.uniform(2, 2, low=0.5, high=2, dtype=torch.float32)]
        judge_gate(student, rng, "power", values, rest=(n,), oracle=lambda a, n=n: a**n)


@task("exp", share=50)
def check_exp_of_other_tensors(student, rng):
    """Large numbers of both signs, float32 and rank 0 are right; nothing is changed in place."""
    large = torch.tensor([30.0, -30.0], dtype=torch.float64, device=rng.device) + rng.normal(2)
    for x in (large, rng.normal(3, 4, dtype=torch.float32), rng.normal()):
        judge_gate(student, rng, "exp", [x], oracle=torch.exp)
    judge_repeats(student, rng, "exp", [rng.normal(4, 3)])


@task("log", share=50)
def check_log_near_zero(student, rng):
    """Numbers near 0, float32 and rank 0 are right; nothing is changed in place."""
    near = torch.tensor([1e-12, 1e-9, 1e-4], dtype=torch.float64, device=rng.device)
    for x in (near, rng.uniform(3, 4, low=0.1, high=3, dtype=torch.float32), rng.uniform(low=0.1, high=3)):
        judge_gate(student, rng, "log", [x], oracle=torch.log)
    judge_repeats(student, rng, "log", [rng.uniform(4, 3, low=0.1, high=3)])


@task("relu", share=50)
def check_relu_at_zero(student, rng):
    """No gradient passes where the input is 0; float32 and rank 0 are right; nothing is changed in place."""
    x = rng.integers(-1, 2, 5, 6).double()
    judge_gate(student, rng, "relu", [x], oracle=torch.relu, wrong={
        "The gradient passes where a is 0; it passes where a is above 0 only.": lambda grad, a: (grad * (a >= 0),),
    })  # fmt: skip
    judge_gate(student, rng, "relu", [rng.normal(3, dtype=torch.float32)], oracle=torch.relu)
    judge_gate(student, rng, "relu", [rng.normal()], oracle=torch.relu)
    judge_repeats(student, rng, "relu", [rng.normal(4, 3)])


@task("maximum", share=50, loans=BROADCAST)
def check_maximum_of_equal_numbers(student, rng):
    """Equal operands get half of the gradient each; numbers, tensors and float32 are right."""
    a, b = rng.integers(-2, 3, 4, 5).double(), rng.integers(-2, 3, 5).double()
    judge_gate(student, rng, "maximum", [a, b], oracle=torch.maximum, wrong={
        "Where both are equal, each gets half of the gradient.": (
            lambda grad, a, b: (grad * (a >= b), (grad * (a < b)).sum(0))
        ),
    }, hint="Where both are equal, each gets half of the gradient.")  # fmt: skip
    values = [rng.normal(2, 3, dtype=torch.float32), rng.normal(3, dtype=torch.float32)]
    judge_gate(student, rng, "maximum", values, oracle=torch.maximum)
    judge_shared(student, rng, "maximum", torch.maximum)


@task("sigmoid", share=50)
def check_sigmoid_of_large_numbers(student, rng):
    """Numbers of hundreds give neither infinity nor nan, in float32 and float64."""
    for dtype in (torch.float32, torch.float64):
        x = torch.tensor([-800.0, -100.0, -20.0, 0.0, 20.0, 100.0, 800.0], dtype=dtype, device=rng.device)
        judge_gate(student, rng, "sigmoid", [x], oracle=torch.sigmoid)
    judge_repeats(student, rng, "sigmoid", [rng.normal(4, 3)])


PRODUCTS = (
    "Axes before the last two are those of a batch: value and gradients are products along the last two, of the whole "
    "batch at once; unbroadcast then sums what a shared matrix gets."
)
LAST_TWO = "`.T` and `permute` of all axes reverse those of the batch, too; `.mT` swaps the last two only."


@task("matmul", share=25, loans=BROADCAST)
def check_matmul_of_batches(student, rng):
    """Batches, a batch times one matrix and the reverse, leading axes that broadcast, views, and float32."""
    shapes = [((5, 2, 3), (5, 3, 4)), ((5, 2, 3), (3, 4)), ((2, 3), (5, 3, 4)), ((4, 1, 2, 3), (6, 3, 2))]

    def averaged(grad, a, b):
        parts = (grad @ b.mT, a), (a.mT @ grad, b)
        return [part.mean(0) if part.ndim > like.ndim else part for part, like in parts]

    for first, second in shapes:
        with explain_errors(dict.fromkeys(("must match", "Expected size", "cannot be multiplied"), LAST_TWO)):
            judge_gate(student, rng, "matmul", [rng.normal(*first), rng.normal(*second)], oracle=torch.matmul, wrong={
                "A matrix that the whole batch shares gets the sum of the gradients, not their mean.": averaged,
            }, hint=PRODUCTS)  # fmt: skip
    judge_gate(student, rng, "matmul", [rng.normal(4, 3).T, rng.normal(5, 4).T], oracle=torch.matmul)
    values = [rng.normal(3, 4, dtype=torch.float32), rng.normal(4, 2, dtype=torch.float32)]
    judge_gate(student, rng, "matmul", values, oracle=torch.matmul)
    judge_repeats(student, rng, "matmul", [rng.normal(2, 3), rng.normal(3, 4)])


@task("matmul", share=25, loans=BROADCAST, any_dtype=True)
def check_matmul_needs_no_jacobian(student, rng):
    """The gradients of larger products take two products and no tensor that is larger than the factors."""
    judge_source(student, "matmul")
    a, b, grad = rng.normal(96, 64), rng.normal(64, 80), rng.normal(96, 80)
    run = student.wrap(student.define(ENGINE).judged, student.matmul)
    seen = student.measure(run, [a, b], grad, {}, ())
    expect_close(seen.value, (a @ b, [grad @ b.T, a.T @ grad]), name="the value and the gradients")
    hint = "The Jacobian is never needed: the gradients are two products of matrices."
    expect(
        seen.largest <= 2 * grad.nbytes, Message("A tensor of {size:,} bytes was made.", size=seen.largest), hint=hint
    )
    expect(seen.ops <= 60, Message("{ops} torch operations were run.", ops=seen.ops), hint=hint)


@task("sum_over", share=50)
def check_sum_over_other_axes(student, rng):
    """Negative axes, axes in the middle, rank 0 and 1, keepdim without an axis, and float32."""
    x = rng.normal(2, 3, 4)
    for options in (
        {"dim": -1},
        {"dim": 1},
        {"dim": -2, "keepdim": True},
        {"keepdim": True},
        {"dim": 0, "keepdim": True},
    ):
        oracle = lambda a, o=options: torch.sum(a, dim=o.get("dim"), keepdim=o.get("keepdim", False))  # noqa: E731
        with explain_errors(NO_PLACE):
            judge_gate(student, rng, "sum_over", [x], options, oracle=oracle)
    for value in (rng.normal(5), rng.normal(), rng.normal(3, 2, dtype=torch.float32), rng.normal(4, 3).T):
        judge_gate(student, rng, "sum_over", [value], oracle=torch.sum)


@task("softmax_cross_entropy", share="1/3")
def check_softmax_cross_entropy_is_stable(student, rng):
    """Scores of thousands, one image, one class, a missing class, and float32."""
    big = torch.tensor([[1000.0, -1000.0, 0.0], [0.0, 5000.0, 4999.0]], dtype=torch.float64, device=rng.device)
    cases = [
        (big, torch.tensor([0, 2])),
        (-big, torch.tensor([0, 0])),
        (rng.normal(1, 4), torch.tensor([3])),
        (rng.normal(3, 1), torch.tensor([0, 0, 0])),
        (rng.normal(4, 3, dtype=torch.float32), torch.tensor([1, 1, 2, 1])),
    ]
    for x, labels in cases:
        y = labels.to(rng.device)
        oracle = lambda a, y=y: F.cross_entropy(a, y)  # noqa: E731
        judge_gate(student, rng, "softmax_cross_entropy", [x], rest=(y,), oracle=oracle, hint=STABLE)
    labels = torch.tensor([1, 0, 2, 1], device=rng.device)
    judge_repeats(student, rng, "softmax_cross_entropy", [rng.normal(4, 3)], (labels,))
