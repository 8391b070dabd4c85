"""Public checks of autograd: numeric gradients, forward mode, second derivatives, training and checkpoints."""

import torch
from oracles import GATES, forward_mode, function, gradients, judge_source, loans, replay
from oracles_uses import CALLS, descend, judge_chain, net_params, torch_training
from torch.nn import functional as F

from autograder import Message, expect, expect_close, task


@task("numeric_gradient", share="1/3")
def check_numeric_gradient_is_central(student, rng):
    """With step h, the gradient of sum(x^3) is 3 x^2 + h^2: that of a central difference, to the last digit."""
    judge_source(student, "numeric_gradient")
    x = rng.normal(3, 2)
    cube = student.define("def cube(x):\n    return (x * x * x).sum()\n").cube
    for h in (0.5, 0.1):
        out = student.numeric_gradient(cube, x, h)
        expect_close(out, 3 * x**2 + h**2, name=Message("the gradient with h = {h}", h=h), mistakes={
            "This is the one-sided difference; use (f(x + h) - f(x - h)) / (2 h).": 3 * x**2 + 3 * x * h + h**2,
            "This is the one-sided difference to the left.": 3 * x**2 - 3 * x * h + h**2,
            "Divide by 2 h: the two points are 2 h apart.": 6 * x**2 + 2 * h**2,
            "The step h that was given was not used.": 3 * x**2,
        }, hint="Move one element at a time; the others stay as they are.")  # fmt: skip


@task("numeric_gradient", share="1/3")
def check_numeric_gradient_calls_f_twice_per_element(student, rng):
    """f is called twice for each element, with one element moved by 1e-5 up or down."""
    judge_source(student, "numeric_gradient")
    x = rng.normal(2, 3)
    out, points = student.wrap(student.define(CALLS).recorded, student.numeric_gradient)(x)
    expect_close(out, x.cos(), name="the gradient of sum(sin(x))")
    expect(
        len(points) == 12,
        Message("f was called {calls} times for 6 elements; it should be called 12 times.", calls=len(points)),
        hint="Each element needs f(x + h) and f(x - h), and nothing else.",
    )
    steps = torch.stack([point - x for point in points]).flatten(1)  # (12, 6)
    moved = (steps.abs() > 1e-12).sum(dim=1)
    expect(bool((moved == 1).all()), "Some calls move several elements, or none: move one at a time.")
    rows = [(int(step.abs().argmax()), round(float(step.sum()) * 1e5)) for step in steps]
    expected = [(element, sign) for element in range(6) for sign in (-1, 1)]
    hint = "Without h the step is 1e-5 in float64."
    expect(sorted(rows) == expected, "The points are not x + h and x - h for each element.", hint=hint)


DUAL_HINTS = {
    "mul": "The product rule has two terms: the tangent of each factor times the value of the other.",
    "power": "The tangent of a^n is n a^(n - 1) times the tangent of a.",
    "exp": "The tangent of exp(a) is exp(a) times the tangent of a.",
    "log": "The tangent of log(a) is the tangent of a, divided by a.",
    "relu": "The tangent passes where the value is above 0.",
    "sigmoid": "The tangent is s (1 - s) times the tangent of a, where s is the value of the sigmoid.",
}

WRONG_TANGENTS = {
    "mul": (
        "The tangents are multiplied with each other; each belongs to the other value.",
        lambda a, b, da, db: da * db,
    ),
    "power": (
        "The factor n is missing: the tangent of a^n is n a^(n - 1) times the tangent of a.",
        lambda a, da: a**2 * da,
    ),
    "exp": ("exp is taken of the tangent; multiply the tangent by exp(a).", lambda a, da: da.exp()),
    "log": ("The tangent is multiplied by the value; divide it.", lambda a, da: da * a),
    "relu": ("relu is taken of the tangent; the value decides whether the tangent passes.", lambda a, da: da.relu()),
    "sigmoid": ("The factor 1 - s is missing.", lambda a, da: torch.sigmoid(a) * da),
}


def judge_dual(student, name, operands, tangents, f):
    """Compare value and tangent of an operation with torch's forward mode."""
    expected = forward_mode(f, tuple(operands), tuple(tangents))
    run = student.wrap(student.define(CALLS).on_duals(name), student.Dual)
    value, tangent = run(list(operands), list(tangents))
    expect_close(value, expected[0], name=Message("the value of {name}", name=name))
    hint, wrong = WRONG_TANGENTS.get(name, ("", None))
    constant = forward_mode(f, tuple(operands), (tangents[0], *(0 * t for t in tangents[1:])))[1]
    expect_close(tangent, expected[1], name=Message("the tangent of {name}", name=name), mistakes={
        DUAL_HINTS[name]: constant if len(operands) > 1 else tangents[0],
        Message("{hint} Yours does not depend on the tangent.", hint=Message(DUAL_HINTS[name])): (
            lambda: forward_mode(f, tuple(operands), tuple(torch.ones_like(t) for t in tangents))[1]
        ),
        **({hint: lambda: wrong(*operands, *tangents)} if wrong else {}),
    })  # fmt: skip


@task("Dual", share="1/3", any_dtype=True)
def check_dual_products_and_powers(student, rng):
    """Products and powers of dual numbers agree with torch's forward mode."""
    judge_source(student, "Dual")
    a, b, da, db = (rng.normal(3, 4) for _ in range(4))
    judge_dual(student, "mul", [a, b], [da, db], torch.mul)
    judge_dual(student, "power", [a], [da], lambda x: x**3)


@task("Dual", share="1/3", any_dtype=True)
def check_dual_functions(student, rng):
    """exp, log, relu and sigmoid of dual numbers agree with torch's forward mode."""
    judge_source(student, "Dual")
    a, da = rng.normal(3, 4), rng.normal(3, 4)
    judge_dual(student, "exp", [a], [da], torch.exp)
    judge_dual(student, "log", [a.abs() + 0.1], [da], torch.log)
    judge_dual(student, "relu", [a], [da], torch.relu)
    judge_dual(student, "sigmoid", [a], [da], torch.sigmoid)


@task("jvp", share=50, loans=loans("Dual"), any_dtype=True, keeps=True)
def check_jvp_agrees_with_torch(student, rng):
    """The Jacobian times a direction agrees with torch's forward mode."""
    judge_source(student, "jvp")
    helper = student.define(CALLS)
    formulas = {
        "mixed": "sum(log(x^2 + 1) + sin(x) sigmoid(x), dim=0)",
        "ratio": "(1 - exp(x)) / (2 + x^2) - 3 / (x^2 + 1.5)",
        "bent": "sum(relu(x - 0.1)^3 + 0.5 x, dim=1)",
    }
    for name, formula in formulas.items():
        x, v = rng.normal(4, 3), rng.normal(4, 3)
        value, expected = forward_mode(function(name), (x,), (v,))
        found = student.jvp(helper.named(name), x, v)
        expect_close(found, expected, name=Message("J v of {formula}", formula=formula), mistakes={
            "This is f(x); return the tangent of the result.": value,
            "The direction is not used: this is the derivative along ones.": (
                lambda name=name, x=x: forward_mode(function(name), (x,), (torch.ones_like(x),))[1]
            ),
        })  # fmt: skip


@task("hvp", share="1/3", loans=loans("Dual", "backward", "topological_order", *GATES), any_dtype=True)
def check_hvp_of_a_quadratic(student, rng):
    """The Hessian of x^T A x is A + A^T: its product with a vector is right, and so is that of a cubic."""
    judge_source(student, "hvp")
    helper = student.define(CALLS)
    matrix, x, v = rng.normal(5, 5), rng.normal(5, 1), rng.normal(5, 1)
    f = helper.made("quadratic", matrix)
    expect_close(student.hvp(f, x, v), (matrix + matrix.T) @ v, name="H v of x^T A x", mistakes={
        "This is the gradient; the Hessian says how it changes in the direction v.": (matrix + matrix.T) @ x,
        "This is A v; the Hessian is A + A^T.": matrix @ v,
        "This is the slope in the direction v; differentiate it once more.": (x.T @ (matrix + matrix.T) @ v).squeeze(),
    })  # fmt: skip
    x, v = rng.normal(2, 3), rng.normal(2, 3)
    expect_close(student.hvp(helper.named("cubic"), x, v), (6 * x - 4) * v, name="H v of sum(x^3 - 2 x^2)")


TRAINING = loans("backward", "topological_order", *GATES)


@task("TwoLayer.loss", share=50, loans=TRAINING, any_dtype=True)
def check_two_layer_loss_agrees_with_torch(student, rng):
    """The loss of the network, and the gradients of its parameters in the graph, agree with torch's."""
    judge_source(student, "TwoLayer.loss")
    for N, D, H, C in ((7, 6, 5, 4), (1, 3, 8, 10)):
        judge_loss(student, net_params(rng, D, H, C), rng.normal(N, D), rng.integers(0, C, N))


def judge_loss(student, params, x, y):
    """Compare the loss of a network and the gradients of its parameters with torch's."""
    loss, grads = student.wrap(student.define(CALLS).loss_of, student.TwoLayer)(params, x, y)
    expected, expected_grads, scores = torch_training(params, x, y)
    mistakes = {
        "There is no ReLU after the first layer.": lambda: F.cross_entropy(
            (x @ params["W1"] + params["b1"]) @ params["W2"] + params["b2"], y
        ),
        "There is a ReLU after the second layer; scores may be negative.": lambda: F.cross_entropy(scores.relu(), y),
        "The biases are missing.": lambda: F.cross_entropy((x @ params["W1"]).relu() @ params["W2"], y),
        "The bias of the first layer is missing.": lambda: F.cross_entropy(
            (x @ params["W1"]).relu() @ params["W2"] + params["b2"], y
        ),
        "The first layer has a sigmoid in place of the ReLU.": lambda: F.cross_entropy(
            (x @ params["W1"] + params["b1"]).sigmoid() @ params["W2"] + params["b2"], y
        ),
    }
    expect_close(loss, expected, name="the loss", mistakes=mistakes)
    expect_close(grads, expected_grads, name="the gradients of the parameters",
                 hint="Compute with the Vars in self.params themselves, not with copies.")  # fmt: skip


ALL_FOUR = "In every step: the gradients of all four parameters by one backward, then each parameter moves."


@task("TwoLayer.step", share=50, loans=loans("backward", "topological_order", "TwoLayer.loss", *GATES))
def check_two_layer_steps_agree_with_torch(student, rng):
    """Three steps of gradient descent give the parameters and losses that torch's gradients give."""
    judge_source(student, "TwoLayer.step")
    params, x, y = net_params(rng, 5, 4, 3), rng.normal(6, 5), rng.integers(0, 3, 6)
    losses, after = student.wrap(student.define(CALLS).steps_of, student.TwoLayer)(params, x, y, 0.3, 3)
    wrong = {
        "The gradients of earlier steps were added: set grad to None before each step.": {"kept": True},
        "The parameters moved along the gradient; subtract it.": {"sign": 1.0},
        "The learning rate is missing.": {"rate": 1.0},
        "Only one step changed the parameters.": {"steps": 1},
        "The parameters did not change.": {"steps": 0},
    }
    expected_losses, expected = descend(params, x, y, 0.3, steps=3)
    expect_close(after, expected, name="the parameters after three steps", mistakes={
        hint: (lambda options=options: descend(params, x, y, **{"rate": 0.3, "steps": 3, **options})[1])
        for hint, options in wrong.items()
    }, hint=ALL_FOUR)  # fmt: skip
    hint = "step returns the loss before the step."
    expect_close(losses, expected_losses, name="the losses", mistakes={
        hint: lambda: descend(params, x, y, 0.3, steps=4)[0][1:],
    })  # fmt: skip


BLOCKS = (
    "From the last block to the first: compute it again from its stored value, and give backward the gradient so far."
)
LAST_BLOCK = "The last block is missing: go through all functions, also if the last block has fewer than the others."


LITTLE = "Keep each every-th value, as a tensor without its graph, and forget a block when you have gone through it."
STILL_NAMED = (
    "Two blocks are alive at once: a variable that names the end of a block keeps all of it until it gets another "
    "value. Go through a block in a function of its own, or `del` the variable."
)


def whole_blocks(x, recipe, every):
    """Return the gradient of the chain without its last block, if that has fewer functions than the others."""
    kept = len(recipe) // every * every
    return gradients([x], [*recipe[:kept], ("sum", kept)])[0]


@task("checkpoint", share="1/3", loans=loans("backward", "topological_order"), any_dtype=True)
def check_checkpoint_has_the_same_gradient(student, rng):
    """Value and gradient of a chain of eleven functions agree with torch's, for several sizes of blocks."""
    judge_source(student, "checkpoint")
    x = rng.normal(3)
    recipe = [(op, number) for number, op in enumerate(["sin", "square", "cos", "exp", "sin"] * 2)]
    for every in (3, 4, 11):
        value, grad, _, _ = judge_chain(student, x, recipe, every)
        total = [*recipe, ("sum", len(recipe))]
        expected = gradients([x], total)[0]
        expect_close(grad, expected, name=Message("the gradient with every = {every}", every=every), mistakes={
            "The blocks must be gone through from the last to the first, each with the gradient of the next.": (
                lambda: torch.ones_like(x)
            ),
            LAST_BLOCK: lambda total=total, every=every: whole_blocks(x, total, every),
        }, hint=BLOCKS)  # fmt: skip
        expect_close(
            value, replay([x], total)[-1].detach(), name=Message("the value with every = {every}", every=every)
        )


@task("checkpoint", share="1/3", loans=loans("backward", "topological_order"), any_dtype=True)
def check_checkpoint_stores_little(student, rng):
    """Of a chain of 101 functions, at most 26 values are alive at any time; each function is called twice."""
    judge_source(student, "checkpoint")
    recipe = [("sin", number) for number in range(100)]
    _, grad, calls, alive = judge_chain(student, rng.normal(3), recipe, 10)
    hint = "Once forwards, and once for its block."
    expect(max(calls) <= 2, Message("A function was called {calls} times.", calls=max(calls)), hint=hint)
    hint = STILL_NAMED if alive <= 36 else LITTLE
    expect(alive <= 26, Message("{alive} of 101 values were alive at the same time.", alive=alive), hint=hint)
    expect(isinstance(grad, torch.Tensor), "The gradient is a tensor.")
