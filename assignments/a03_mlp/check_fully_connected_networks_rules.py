"""Public checks of a03, update rules: each follows the path of torch's optimiser, also from a given state."""

from collections.abc import Callable

import torch
from oracles import judge_source
from torch import Tensor

from autograder import Message, expect, expect_close, expect_shape, explain_errors, is_sequence, task


def walk(student, rule: str, w: Tensor, gradients: list[Tensor], config: dict) -> list[Tensor]:
    """Return the points that a rule visits, each step with the config that the previous step returned."""
    path = []
    for dw in gradients:
        result = getattr(student, rule)(w, dw, config)
        expect(
            is_sequence(result) and len(result) == 2,
            Message("{rule} returns a pair: next_w and config.", rule=rule),
        )
        w, config = result[0], student.value(result[1])
        expect_shape(w, tuple(dw.shape), name="next_w")
        expect(type(config) is dict, "The config returned is not a dict.")
        path.append(w)
    return path


def torch_walk(make: Callable[..., torch.optim.Optimizer], w: Tensor, gradients: list[Tensor]) -> list[Tensor]:
    """Return the points that torch's optimiser visits."""
    parameter = torch.nn.Parameter(w.clone())
    optimizer, path = make([parameter]), []
    for dw in gradients:
        parameter.grad = dw.clone()
        optimizer.step()
        path.append(parameter.detach().clone())
    return path


AFTER_STEP_1 = {
    rule: Message("The first step is right. The next one goes on from the old {state}: look at where your code uses "
                  "it, and return the new {state} in the config.", state=state)
    for rule, state in (("sgd_momentum", "velocity"), ("nesterov", "velocity"), ("adagrad", "cache"),
                        ("rmsprop", "cache"))
} | {
    "adam": "The first step is right. beta1 belongs to m, beta2 to v. Return the new m, v and t in the config, from "
            "which the next step goes on: m and v without the correction, which is for this step only.",
}  # fmt: skip


def judge_rule(student, rng, rule: str, config: dict, make: Callable, mistakes: dict[str, Callable]) -> None:
    """Compare six steps, one after the other. ``mistakes`` maps a hint to a function from (w, dw) to step 1."""
    judge_source(student, rule)
    w, dws = rng.normal(4, 3), [rng.normal(4, 3) for _ in range(6)]
    hints = {hint: wrong(w, dws[0]) for hint, wrong in mistakes.items()}
    with explain_errors(
        {"KeyError": Message("config has the keys {keys} and those that start at 0.", keys=", ".join(config))}
    ):
        path = walk(student, rule, w, dws, config)
    for step, (point, expected) in enumerate(zip(path, torch_walk(make, w, dws), strict=True), start=1):
        name = Message("next_w after step {step}", step=step)
        kept = AFTER_STEP_1.get(rule, "") if step > 1 else ""
        expect_close(point, expected, name=name, atol=1e-6, rtol=1e-6, mistakes={} if kept else hints, hint=kept)


def judge_state(
    student, rng, rule: str, config: dict, key: str, step: Callable[[Tensor, Tensor, Tensor], tuple]
) -> None:
    """Compare one step from a state that is given under ``key``; step(w, dw, state) returns next_w and the state."""
    judge_source(student, rule)
    w, dw, state = rng.normal(4, 3), rng.normal(4, 3), rng.uniform(4, 3, low=0.5, high=2)
    with explain_errors({"KeyError": Message("config has the keys {keys}.", keys=", ".join([*config, key]))}):
        next_w, after = getattr(student, rule)(w, dw, {**config, key: state})
    after = student.value(after)
    expected, new = step(w, dw, state)
    given = f"config[{key!r}]"
    expect_close(next_w, expected, name=Message("next_w with a given {given}", given=given), mistakes={
        Message("{given} was not used: it is the state after the step before.", given=given): (
            lambda: step(w, dw, torch.zeros_like(w))[0]
        ),
        Message("{given} has the other sign here: see the table above the task.", given=given): (
            lambda: step(w, dw, -state)[0]
        ),
        "The learning rate belongs inside the velocity, v = momentum * v - learning_rate * dw; here it multiplies v.": (
            lambda: w + config["learning_rate"] * (config["momentum"] * state - dw) if "momentum" in config else None
        ),
    })  # fmt: skip
    expect(
        type(after) is dict and key in after,
        Message("The config returned has no {key!r}.", key=key),
        Message("Store the new {key} in it.", key=key),
    )
    expect_close(after[key], new, name=Message("{given} after the step", given=given), mistakes={
        "This is still the state before the step; store the new one.": state,
        "The state is stored with the wrong sign.": -new,
    })  # fmt: skip


@task("sgd_momentum", share="1/3", any_dtype=True)
def check_momentum_walks_as_torch_does(student, rng):
    """Six steps with momentum end where torch.optim.SGD's do."""

    # At a constant learning rate v = momentum*v - lr*dw is torch's buffer times -lr; a hidden check changes the rate.
    def make(parameters):
        return torch.optim.SGD(parameters, lr=0.07, momentum=0.8)

    judge_rule(student, rng, "sgd_momentum", {"learning_rate": 0.07, "momentum": 0.8}, make, {
        "The step went up the gradient; subtract it.": lambda w, dw: w + 0.07 * dw,
        "This is the velocity; return w plus the velocity.": lambda w, dw: -0.07 * dw,
        "The gradient was multiplied by 1 - momentum; add all of it.": lambda w, dw: w - 0.07 * 0.2 * dw,
    })  # fmt: skip


@task("sgd_momentum", share="1/3", any_dtype=True)
def check_momentum_goes_on_from_a_given_velocity(student, rng):
    """Given a velocity, momentum's next step uses it, and the config returned has the new one."""

    def step(w, dw, velocity):
        new = 0.8 * velocity - 0.07 * dw
        return w + new, new

    judge_state(student, rng, "sgd_momentum", {"learning_rate": 0.07, "momentum": 0.8}, "velocity", step)


@task("nesterov", share="1/3", any_dtype=True)
def check_nesterov_walks_as_torch_does(student, rng):
    """Six steps with Nesterov's momentum end where torch.optim.SGD's with nesterov=True do."""

    def make(parameters):
        return torch.optim.SGD(parameters, lr=0.07, momentum=0.8, nesterov=True)

    judge_rule(student, rng, "nesterov", {"learning_rate": 0.07, "momentum": 0.8}, make, {
        "This is plain momentum; add the look-ahead step.": lambda w, dw: w - 0.07 * dw,
        "The look-ahead step has the factor momentum, not 1.": lambda w, dw: w - 2 * 0.07 * dw,
        "The step went up the gradient; subtract it.": lambda w, dw: w + 1.8 * 0.07 * dw,
    })  # fmt: skip


@task("nesterov", share="1/3", any_dtype=True)
def check_nesterov_goes_on_from_a_given_velocity(student, rng):
    """Given a velocity, Nesterov's next step uses the old and the new one, and the config returned has the new one."""

    def step(w, dw, velocity):
        new = 0.8 * velocity - 0.07 * dw
        return w + new + 0.8 * (new - velocity), new

    judge_state(student, rng, "nesterov", {"learning_rate": 0.07, "momentum": 0.8}, "velocity", step)


SQUARED = "The gradient must be squared before it is added to the cache."
INSIDE = "Epsilon is inside the root; add it outside."
BEFORE = "Epsilon was added before v was corrected: correct v first, then take the root, then add epsilon."


@task("adagrad", share=50, any_dtype=True)
def check_adagrad_walks_as_torch_does(student, rng):
    """Six steps of AdaGrad end where torch.optim.Adagrad's do, with a large epsilon."""

    def make(parameters):
        return torch.optim.Adagrad(parameters, lr=0.1, eps=0.05)

    judge_rule(student, rng, "adagrad", {"learning_rate": 0.1, "epsilon": 0.05}, make, {
        INSIDE: lambda w, dw: w - 0.1 * dw / (dw.square() + 0.05).sqrt(),
        "The root of the cache is missing.": lambda w, dw: w - 0.1 * dw / (dw.square() + 0.05),
        SQUARED: lambda w, dw: w - 0.1 * dw / (dw.sqrt() + 0.05),
        "The step went up the gradient; subtract it.": lambda w, dw: w + 0.1 * dw / (dw.abs() + 0.05),
    })  # fmt: skip


def rmsprop_mistakes(epsilon: float) -> dict[str, Callable]:
    """Return the first step that each mistake gives, by its hint."""
    return {
        "Add the squared gradient to the cache with the factor 1 - decay_rate, and do not divide by it again: RMSProp "
        "has no correction like Adam's.": (lambda w, dw: w - 0.02 * dw / (dw.abs() + epsilon)),
        "decay_rate is the factor of the old cache.": lambda w, dw: w - 0.02 * dw / (0.9**0.5 * dw.abs() + epsilon),
        SQUARED: lambda w, dw: w - 0.02 * dw / ((0.1 * dw).sqrt() + epsilon),
        "The gradient must be squared before it is added to the cache; this is its absolute value.": (
            lambda w, dw: w - 0.02 * dw / ((0.1 * dw.abs()).sqrt() + epsilon)
        ),
        INSIDE: lambda w, dw: w - 0.02 * dw / (0.1 * dw.square() + epsilon).sqrt(),
        "The root of the cache is missing.": lambda w, dw: w - 0.02 * dw / (0.1 * dw.square() + epsilon),
    }


@task("rmsprop", share="1/3", any_dtype=True)
def check_rmsprop_walks_as_torch_does(student, rng):
    """Six steps of RMSProp end where torch.optim.RMSprop's do."""

    def make(parameters):
        return torch.optim.RMSprop(parameters, lr=0.02, alpha=0.9, eps=1e-8)

    config = {"learning_rate": 0.02, "decay_rate": 0.9, "epsilon": 1e-8}
    judge_rule(student, rng, "rmsprop", config, make, rmsprop_mistakes(1e-8))


@task("rmsprop", share="1/3", any_dtype=True)
def check_rmsprop_adds_epsilon_outside_the_root(student, rng):
    """Epsilon is added to the root of the cache, which a large epsilon shows."""

    def make(parameters):
        return torch.optim.RMSprop(parameters, lr=0.02, alpha=0.9, eps=0.05)

    config = {"learning_rate": 0.02, "decay_rate": 0.9, "epsilon": 0.05}
    judge_rule(student, rng, "rmsprop", config, make, rmsprop_mistakes(0.05))


def adam_mistakes(epsilon: float) -> dict[str, Callable]:
    """Return the first step that each mistake gives, by its hint."""
    mistakes = {
        "m and v start at 0: divide by 1 - beta1**t and 1 - beta2**t.": (
            lambda w, dw: w - 0.03 * 0.2 * dw / (0.05**0.5 * dw.abs() + epsilon)
        ),
        "t is 1 in the first step: increase it once, before you use it.": (
            lambda w, dw: w - 0.03 * 0.2 * dw / 0.36 / ((0.05 / 0.0975) ** 0.5 * dw.abs() + epsilon)
        ),
        "Only m was corrected; v must be too.": lambda w, dw: w - 0.03 * dw / (0.05**0.5 * dw.abs() + epsilon),
        "Only v was corrected; m must be too.": lambda w, dw: w - 0.03 * 0.2 * dw / (dw.abs() + epsilon),
        "The root of v is missing.": lambda w, dw: w - 0.03 * dw / (dw.square() + epsilon),
    }
    if epsilon > 1e-3:
        mistakes[INSIDE] = lambda w, dw: w - 0.03 * dw / (dw.square() + epsilon).sqrt()
        mistakes[BEFORE] = lambda w, dw: w - 0.03 * 0.05**0.5 * dw / (0.05**0.5 * dw.abs() + epsilon)
    return mistakes


@task("adam", share=20, any_dtype=True)
def check_adam_walks_as_torch_does(student, rng):
    """Six steps of Adam end where torch.optim.Adam's do."""

    def make(parameters):
        return torch.optim.Adam(parameters, lr=0.03, betas=(0.8, 0.95), eps=1e-8)

    config = {"learning_rate": 0.03, "beta1": 0.8, "beta2": 0.95, "epsilon": 1e-8}
    judge_rule(student, rng, "adam", config, make, adam_mistakes(1e-8))


@task("adam", share=20, any_dtype=True)
def check_adam_adds_epsilon_outside_the_root(student, rng):
    """Epsilon is added to the root of the corrected v, which a large epsilon shows."""

    def make(parameters):
        return torch.optim.Adam(parameters, lr=0.03, betas=(0.8, 0.95), eps=0.05)

    config = {"learning_rate": 0.03, "beta1": 0.8, "beta2": 0.95, "epsilon": 0.05}
    judge_rule(student, rng, "adam", config, make, adam_mistakes(0.05))
