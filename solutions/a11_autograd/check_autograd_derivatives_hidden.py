"""Hidden checks of autograd, derivatives: other shapes and dtypes, constants, linear functions, training, chains."""

from itertools import pairwise

import torch
from check_autograd_derivatives import ALL_FOUR, BLOCKS, DUAL_HINTS, LAST_BLOCK, TRAINING, judge_loss, whole_blocks
from oracles import GATES, forward_mode, function, gradients, judge_source, loans
from oracles_hidden import ALL_BUT_HVP
from oracles_uses import CALLS, descend, net_params
from torch.nn import functional as F

from autograder import Message, expect, expect_close, expect_equal, expect_unchanged, explain_errors, task
from common.data import load

ANY_AXES = "x may have any number of axes, one or none, too."
FUNCTIONS = """
def triple(x):
    return float((3 * x).sum())

def wave(x):
    return x.sin().sum()
"""


@task("numeric_gradient", share="1/3")
def check_numeric_gradient_of_other_tensors(student, rng):
    """Rank 0 and 3, views, f that returns a float, the steps of other dtypes, and a given one; x is not changed."""
    judge_source(student, "numeric_gradient")
    helper = student.define(FUNCTIONS)
    for x in (rng.normal(), rng.normal(2, 1, 3), rng.normal(4, 3).T):
        with explain_errors({"IndexError": ANY_AXES, "ValueError": ANY_AXES}):
            seen = student.inspect(student.numeric_gradient, helper.wave, x)
        expect_close(
            seen.value, x.cos(), name=Message("the gradient of sum(sin(x)), shape {shape}", shape=tuple(x.shape))
        )
        expect_unchanged(seen, helper.wave, x)
    x = rng.normal(3)
    expect_close(student.numeric_gradient(helper.triple, x), torch.full_like(x, 3.0), name="the gradient of 3 x")
    x = rng.normal(2, 2, dtype=torch.float32)
    run = student.wrap(student.define(CALLS).recorded, student.numeric_gradient)
    expect_close(run(x)[0], x.cos(), rtol=1e-2, atol=1e-2, name="the gradient in float32")
    for at, given in ((x, ()), (torch.zeros(2, dtype=torch.float16, device=rng.device), ()), (x, (0.25,))):
        steps = torch.stack([(point - at).double().abs().max() for point in run(at, *given)[1]])
        expect_close(steps, torch.full_like(steps, *given or (1e-2,)), rtol=1e-2, check_dtype=False,
                     name=Message("the steps in {dtype}", dtype=str(at.dtype)[6:]),
                     hint="Without h the step is 1e-2 in every dtype but float64; a step that is given is taken.",
                     )  # fmt: skip


ON_VARS = """
def on_vars(name):
    def wrapper(Dual):
        def run(values, tangents):
            with torch.no_grad():
                pairs = zip(values, tangents)
                out = DUALS[name](*[Dual(student.Var(value), student.Var(tangent)) for value, tangent in pairs])
                return out.value.value, out.tangent.value

        return run

    return wrapper
"""

VARS = (
    "value and tangent may be Vars: use operators, comparisons with > and the methods that tensors and Vars share, "
    "such as relu() and exp(), not functions of torch."
)


def judge_dual_of_vars(student, rng):
    """Compare duals whose values are Vars; all gates are lent."""
    helper = student.define(CALLS + ON_VARS)
    a, b, da, db = (rng.uniform(3, 3, low=0.5, high=2) for _ in range(4))
    one = {
        "exp": torch.exp, "log": torch.log, "relu": torch.relu, "sigmoid": torch.sigmoid, "power": lambda x: x**3,
        "a.sum(0, True)": lambda x: x.sum(0, True),
    }  # fmt: skip
    cases = [(name, f, [a], [da]) for name, f in one.items()]
    cases += [(name, f, [a, b], [da, db]) for name, f in (("mul", torch.mul), ("matmul", torch.matmul))]
    for name, f, values, tangents in cases:
        with explain_errors({"AttributeError": VARS, "TypeError": VARS}):
            found = student.wrap(helper.on_vars(name), student.Dual)(values, tangents)
        expect_close(found, forward_mode(f, tuple(values), tuple(tangents)), name=name, hint=DUAL_HINTS.get(name, ""))


@task("Dual", share="1/3", loans=loans(*GATES))
def check_dual_with_constants(student, rng):
    """Constants, broadcasting, matrix products, sums, quotients, float32, and values that are Vars."""
    judge_source(student, "Dual")
    helper = student.define(CALLS)
    a, da, row, matrix = rng.normal(4, 4), rng.normal(4, 4), rng.uniform(4, low=1, high=2), rng.normal(4, 4)
    found = student.wrap(helper.with_constants, student.Dual)([a], [da], [row, matrix])

    def results(right=da @ matrix, left=matrix @ da):
        return [
            (a * row, da * row), (row * a, row * da), (a + row, da), (2 * a - row, 2 * da), (a @ matrix, right),
            (matrix @ a, left), (a / row, da / row),
        ]  # fmt: skip

    expect_close(found, results(), name="a * c, c * a, a + c, 2 a - c, a @ M, M @ a, a / c", mistakes={
        "A product of matrices has two terms, too; the second is missing: the first value @ the second tangent.": (
            results(left=0 * da)
        ),
        "A product of matrices has two terms, too; the first is missing: the first tangent @ the second value.": (
            results(right=0 * da)
        ),
        "The factors of a product of matrices keep their order.": results(right=matrix @ da),
        "The factors of a product of matrices keep their order: constants, too.": results(left=da @ matrix),
    })  # fmt: skip
    b, db, narrow, dnarrow = rng.uniform(4, 4, low=1, high=2), rng.normal(4, 4), rng.normal(4), rng.normal(4)
    cases = {
        "matmul": ([a, b], [da, db], torch.matmul),
        "mul": ([a, narrow], [da, dnarrow], torch.mul),
        "sum": ([a], [da], torch.sum),
        "a.sum(dim=1)": ([a], [da], lambda x: x.sum(dim=1)),
        "a.sum(0, True)": ([a], [da], lambda x: x.sum(0, True)),
        "a ** -2": ([b], [db], lambda x: x**-2),
        "a / b": ([a, b], [da, db], torch.div),
        "maximum": ([a, b], [da, db], torch.maximum),
        "exp": ([a.float()], [da.float()], torch.exp),
        "relu": ([a.sign() * (a.abs() > 0.5)], [da], torch.relu),
    }
    for name, (values, tangents, f) in cases.items():
        value, tangent = student.wrap(helper.on_duals(name), student.Dual)(values, tangents)
        hint = DUAL_HINTS.get(name) or "The tangent of a sum is the sum of the tangents, over the same axis."
        expect_close(
            (value, tangent), forward_mode(f, tuple(values), tuple(tangents)), name=name,
            hint=hint if "sum" in name or name in DUAL_HINTS else "",
        )  # fmt: skip
    judge_dual_of_vars(student, rng)


FIXED = "If f does not use its argument, it returns a plain tensor: `Dual.of` gives it a tangent of zeros."


@task("jvp", share=50, loans=loans("Dual"))
def check_jvp_of_other_functions(student, rng):
    """Matrix products, float32, other ranks, a function that does not use x, and u^T (J v) = (J^T u)^T v."""
    judge_source(student, "jvp")
    helper = student.define(CALLS + "\ndef fixed(x):\n    return torch.full((3,), 2.0, dtype=torch.float64)\n")
    constants = [rng.normal(2, 4), rng.normal(3, 5), rng.normal(2, 5)]
    x, v = rng.normal(4, 3), rng.normal(4, 3)
    f = function("through", *constants)
    found = student.jvp(helper.made("through", *constants), x, v)
    expect_close(found, forward_mode(f, (x,), (v,))[1], name="J v of sin(A x B + C)")
    u, leaf = rng.normal(2, 5), x.clone().requires_grad_()
    (row,) = torch.autograd.grad(f(leaf), leaf, u)
    expect_close((u * found).sum(), (row * v).sum(), name="u^T (J v)")
    with explain_errors({"tangent": FIXED}):
        still = student.jvp(helper.fixed, x, v)
    expect_close(still, torch.zeros(3, dtype=torch.float64), name="J v of a constant")
    for shape, dtype in (((), torch.float64), ((5,), torch.float64), ((2, 3), torch.float32)):
        x, v = rng.normal(*shape, dtype=dtype), rng.normal(*shape, dtype=dtype)
        expected = forward_mode(function("ratio"), (x,), (v,))[1]
        expect_close(student.jvp(helper.named("ratio"), x, v), expected, mistakes={ANY_AXES: 0 * v},
                     hint="Call f once, with dual numbers; differences are not exact.")  # fmt: skip
    _, calls = helper.counting(helper.named("ratio"), student.jvp, x, v)
    expect_equal(calls, 1, name="the number of calls of f")


def judge_hvp(student, helper, name, x, v):
    """Compare with torch's Hessian-vector product, and count the calls of f."""
    expected = torch.autograd.functional.hvp(function(name), x, v)[1]
    found, calls = helper.counting(helper.named(name), student.hvp, x, v)
    expect_close(found, expected, name="H v of a function of many gates")
    hint = "One call with dual numbers of Vars, then one loop backwards."
    expect(calls == 1, Message("f was called {calls} times; call it once.", calls=calls), hint=hint)


@task("hvp", share="1/3", loans=ALL_BUT_HVP, any_dtype=True)
def check_hvp_agrees_with_torch(student, rng):
    """The product agrees with torch's for a function of many gates; f is called once."""
    judge_source(student, "hvp")
    helper = student.define(CALLS)
    for shape in ((3, 2), (1, 4), (5, 1)):
        judge_hvp(student, helper, "bowl", rng.normal(*shape), rng.normal(*shape))


@task("hvp", share="1/3", loans=ALL_BUT_HVP)
def check_hvp_of_linear_and_large_functions(student, rng):
    """A linear function has the Hessian 0; no Hessian is formed; other ranks, float32; x and v are not changed."""
    judge_source(student, "hvp")
    helper = student.define(CALLS)
    x, v = rng.normal(3, 2), rng.normal(3, 2)
    flat = student.hvp(helper.made("linear", rng.normal(3, 2)), x, v)
    zeros = torch.zeros(3, 2, dtype=torch.float64, device=rng.device)
    expect_close(flat, zeros, name="H v of a linear function")
    expect_close(student.hvp(helper.named("total"), x, v), zeros, name="H v of sum(x + x)",
                 hint="The gradient of a linear function is constant: return zeros.")  # fmt: skip
    x, v = rng.normal(20, 20), rng.normal(20, 20)
    seen = student.measure(student.hvp, helper.named("cubic"), x, v)
    expect_close(seen.value, (6 * x - 4) * v, name="H v of sum(x^3 - 2 x^2)")
    expect_unchanged(seen, helper.named("cubic"), x, v)
    hint = "The Hessian has N^2 numbers; its product with a vector needs N."
    expect(seen.largest <= 8 * x.nbytes, Message("A tensor of {size:,} bytes was made.", size=seen.largest), hint=hint)
    for shape in ((), (5,), (2, 3)):
        x, v = rng.normal(*shape, dtype=torch.float32), rng.normal(*shape, dtype=torch.float32)
        with explain_errors({"unpack": ANY_AXES, "IndexError": ANY_AXES}):
            found = student.hvp(helper.named("cubic"), x, v)
        expect_close(found, (6 * x - 4) * v, name="H v in float32")


IN_TURN = """
def in_turn(TwoLayer):
    def run(params, batches, rates):
        with torch.no_grad():
            net = TwoLayer(params)
            losses = [net.step(*batch, rate) for batch, rate in zip(batches, rates)]
            return losses, {name: param.value for name, param in net.params.items()}

    return run
"""


@task("TwoLayer.loss", share=50, loans=TRAINING)
def check_two_layer_loss_of_other_batches(student, rng):
    """One image, as many images as classes, and float32."""
    judge_source(student, "TwoLayer.loss")
    for N, D, H, C, dtype in ((1, 4, 3, 5, torch.float64), (3, 2, 6, 3, torch.float64), (5, 3, 4, 2, torch.float32)):
        params = {name: value.to(dtype) for name, value in net_params(rng, D, H, C).items()}
        judge_loss(student, params, rng.normal(N, D, dtype=dtype), rng.integers(0, C, N))


def descend_in_turn(params, batches, rates):
    """Train one step on each batch, with its own rate."""
    for batch, rate in zip(batches, rates, strict=True):
        params = descend(params, *batch, rate, steps=1)[1]
    return params


def moved(losses):
    """Return after how many steps the loss stays the same."""
    return next(step for step, (one, other) in enumerate(pairwise(losses)) if one == other)


@task("TwoLayer.step", share=50, seconds=60, loans=loans("backward", "topological_order", "TwoLayer.loss", *GATES))
def check_two_layer_trains_on_glyphs(student, rng):
    """200 steps on 300 glyphs, and steps with other batches and rates, are those of torch; given tensors are kept."""
    judge_source(student, "TwoLayer.step")
    glyphs = load("glyphs", num_train=300, num_test=10)
    x = F.avg_pool2d(glyphs.x_train, 2).flatten(1).double().to(rng.device)
    y = glyphs.y_train.to(rng.device)
    params = net_params(rng, x.shape[1], 24, 10, scale=0.1)
    run = student.wrap(student.define(CALLS).steps_of, student.TwoLayer)
    seen = student.inspect(run, params, x, y, 0.3, 200)
    losses, expected = descend(params, x, y, 0.3, steps=200)
    expect_close(seen.value[1], expected, rtol=1e-6, atol=1e-8, name="the parameters after 200 steps", mistakes={
        "The parameters stopped moving before the last step: each step moves them, however many there were.": (
            lambda: descend(params, x, y, 0.3, steps=moved(seen.value[0]))[1]
        ),
    }, hint=ALL_FOUR)  # fmt: skip
    expect_close(seen.value[0], losses, name="the losses")
    expect_unchanged(seen, params, x, y, 0.3, 200)
    params, rates = net_params(rng, 5, 4, 3), [0.3, 0.1, 0.5]
    batches = [(rng.normal(size, 5), rng.integers(0, 3, size)) for size in (4, 1, 6)]
    after = student.wrap(student.define(CALLS + IN_TURN).in_turn, student.TwoLayer)(params, batches, rates)[1]
    expected = descend_in_turn(params, batches, rates)
    expect_close(after, expected, name="the parameters after three batches, each with its own rate", mistakes={
        "All steps used the images of the first one; each uses its own x and y.": (
            lambda: descend_in_turn(params, batches[:1] * 3, rates)
        ),
        "All steps used the learning rate of the first one; each uses its own.": (
            lambda: descend_in_turn(params, batches, rates[:1] * 3)
        ),
    }, hint=ALL_FOUR)  # fmt: skip


@task("checkpoint", share="1/3", loans=loans("backward", "topological_order"))
def check_checkpoint_of_other_chains(student, rng):
    """One function, long and uneven blocks, one number, 150 functions in float32; x is not changed."""
    judge_source(student, "checkpoint")
    run = student.wrap(student.define(CALLS).chain, student.checkpoint)
    names = ["sin", "cos", "square", "sin"]
    for length, every, shape, dtype in ((0, 1, (2, 3), torch.float64), (1, 5, (2, 3), torch.float64),
                                        (7, 3, (), torch.float64), (150, 12, (2, 3), torch.float32)):  # fmt: skip
        x = rng.normal(*shape, dtype=dtype)
        recipe = [(names[number % 4] if length < 100 else "sin", number) for number in range(length)]
        seen = student.inspect(run, x, recipe, every)
        _, grad, calls, alive = seen.value
        total, name = [*recipe, ("sum", length)], Message("the gradient of {count} functions", count=length + 1)
        expect_close(grad, gradients([x], total)[0], name=name, mistakes={
            LAST_BLOCK: lambda x=x, total=total, every=every: whole_blocks(x, total, every),
            "No function was called: how many blocks there are depends on len(fs) and every, not on x.": 0 * x + 1,
        }, hint=BLOCKS)  # fmt: skip
        expect(max(calls) <= 2, Message("A function was called {calls} times.", calls=max(calls)))
        expect(
            alive <= (length + 1) / every + 2 * every + 6,  # also the block before
            Message("{alive} values were alive at the same time.", alive=alive),
        )
        expect_unchanged(seen, x, recipe, every)
