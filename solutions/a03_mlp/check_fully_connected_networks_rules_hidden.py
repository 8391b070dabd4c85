"""Hidden checks of a03, update rules: defaults, a falling learning rate, views, float32, a given state."""

from collections.abc import Callable

import torch
from oracles import judge_source
from torch import Tensor

from autograder import Message, expect, expect_close, expect_equal, explain_errors, is_sequence, task


def momentum_steps(w, momentum, look_ahead):
    velocity = torch.zeros_like(w)
    dw, rate = yield w
    while True:
        before, velocity = velocity, momentum * velocity - rate * dw
        w = w + velocity + (momentum * (velocity - before) if look_ahead else 0)
        dw, rate = yield w


def adagrad_steps(w, epsilon):
    squares = []
    dw, rate = yield w
    while True:
        squares.append(dw**2)
        w = w - rate * dw / (sum(squares) ** 0.5 + epsilon)
        dw, rate = yield w


def rmsprop_steps(w, decay, epsilon):
    squares = []
    dw, rate = yield w
    while True:
        squares.append(dw**2)
        mean = sum((1 - decay) * decay**age * square for age, square in enumerate(reversed(squares)))
        w = w - rate * dw / (mean**0.5 + epsilon)
        dw, rate = yield w


def adam_steps(w, beta1, beta2, epsilon):
    past = []
    dw, rate = yield w
    while True:
        past.append(dw)
        m = sum(beta1**age * g for age, g in enumerate(reversed(past))) / sum(beta1**age for age in range(len(past)))
        v = sum(beta2**age * g**2 for age, g in enumerate(reversed(past))) / sum(beta2**age for age in range(len(past)))
        w = w - rate * m / (v**0.5 + epsilon)
        dw, rate = yield w


def judge_falling_rate(
    student, rng, name: str, make: Callable[[Tensor], object], config: dict | None, rate: float
) -> None:
    """Compare seven steps while the learning rate falls, for a vector, a view and float32; w and dw stay unchanged."""
    judge_source(student, name)
    for w in (rng.normal(5), rng.normal(4, 3).T, rng.normal(2, 3, dtype=torch.float32)):
        steps, state, now = make(w), config, rate
        next(steps)
        for step in range(1, 8):
            dw = rng.normal(*w.shape[::-1], dtype=w.dtype).permute(*reversed(range(w.ndim)))
            dw = dw + 0.5 * dw.sign()  # none near 0, where a small epsilon would count
            seen = student.inspect(getattr(student, name), w, dw, state)
            expect(
                is_sequence(seen.value) and len(seen.value) == 2,
                Message("{name} returns a pair: next_w and config.", name=name),
            )
            expect_equal(seen.args[:2], (w, dw), name="w and dw after the call")
            w, state = seen.value[0], student.value(seen.value[1])
            expect_close(w, steps.send((dw, now)), name=Message("next_w after step {step}", step=step))
            expect(type(state) is dict and "learning_rate" in state, "The config returned lacks learning_rate.")
            now *= 0.7
            state = {**state, "learning_rate": now}


def expect_state(student, rng, rule: str, config: dict, update: Callable[[Tensor, Tensor], Tensor]) -> None:
    """Compare one step from a given cache; config has the learning rate and epsilon."""
    w, dw, cache = rng.normal(3, 5), rng.normal(3, 5), rng.uniform(3, 5, low=0.5, high=2)
    next_w, after = getattr(student, rule)(w, dw, {**config, "cache": cache})
    after = student.value(after)

    def step(cache: Tensor) -> Tensor:
        return w - config["learning_rate"] * dw / (update(cache, dw).sqrt() + config["epsilon"])

    expect_close(next_w, step(cache), name="next_w with a given config['cache']", mistakes={
        "config['cache'] was not used: it is the state after the step before.": lambda: step(torch.zeros_like(cache)),
    })  # fmt: skip
    expect(
        type(after) is dict and "cache" in after, "The config returned has no 'cache'.", "Store the new cache in it."
    )
    expect_close(after["cache"], update(cache, dw), name="config['cache'] after the step")


@task("sgd_momentum", share="1/3")
def check_momentum_when_the_rate_falls(student, rng):
    """Momentum is right with its defaults and while the learning rate falls; w and dw are unchanged."""
    judge_falling_rate(student, rng, "sgd_momentum", lambda w: momentum_steps(w, 0.9, False), None, 1e-2)
    judge_falling_rate(
        student,
        rng,
        "sgd_momentum",
        lambda w: momentum_steps(w, 0.6, False),
        {"learning_rate": 0.3, "momentum": 0.6},
        0.3,
    )


@task("nesterov", share="1/3")
def check_nesterov_when_the_rate_falls(student, rng):
    """Nesterov's momentum is right with its defaults and while the learning rate falls; w and dw are unchanged."""
    judge_falling_rate(student, rng, "nesterov", lambda w: momentum_steps(w, 0.9, True), None, 1e-2)
    judge_falling_rate(
        student, rng, "nesterov", lambda w: momentum_steps(w, 0.6, True), {"learning_rate": 0.3, "momentum": 0.6}, 0.3
    )


@task("adagrad", share=50)
def check_adagrad_when_the_rate_falls(student, rng):
    """AdaGrad is right with its defaults and while the learning rate falls; w and dw are unchanged."""
    judge_falling_rate(student, rng, "adagrad", lambda w: adagrad_steps(w, 1e-8), None, 1e-2)
    judge_falling_rate(
        student, rng, "adagrad", lambda w: adagrad_steps(w, 1e-7), {"learning_rate": 0.3, "epsilon": 1e-7}, 0.3
    )
    expect_state(student, rng, "adagrad", {"learning_rate": 0.1, "epsilon": 1e-8}, lambda c, dw: c + dw**2)


@task("rmsprop", share="1/3")
def check_rmsprop_when_the_rate_falls(student, rng):
    """RMSProp is right with its defaults and while the learning rate falls; w and dw are unchanged."""
    judge_falling_rate(student, rng, "rmsprop", lambda w: rmsprop_steps(w, 0.99, 1e-8), None, 1e-2)
    config = {"learning_rate": 0.3, "decay_rate": 0.5, "epsilon": 1e-7}
    judge_falling_rate(student, rng, "rmsprop", lambda w: rmsprop_steps(w, 0.5, 1e-7), config, 0.3)
    expect_state(student, rng, "rmsprop", config, lambda c, dw: 0.5 * c + 0.5 * dw**2)


@task("adam", share=40)
def check_adam_when_the_rate_falls(student, rng):
    """Adam is right with its defaults and while the learning rate falls; w and dw are unchanged."""
    judge_falling_rate(student, rng, "adam", lambda w: adam_steps(w, 0.9, 0.999, 1e-8), None, 1e-3)
    config = {"learning_rate": 0.3, "beta1": 0.5, "beta2": 0.7, "epsilon": 1e-10}
    judge_falling_rate(student, rng, "adam", lambda w: adam_steps(w, 0.5, 0.7, 1e-10), config, 0.3)


@task("adam", share=20)
def check_adam_goes_on_from_a_given_state(student, rng):
    """Given m, v and t, Adam's next step uses t + 1, and the config returned has the new m, v and t."""
    judge_source(student, "adam")
    w, dw, m, v = rng.normal(4, 5), rng.normal(4, 5), rng.normal(4, 5), rng.uniform(4, 5, low=0.1, high=2)
    config = {"learning_rate": 1e-2, "beta1": 0.9, "beta2": 0.99, "epsilon": 1e-8, "m": m, "v": v, "t": 5}
    with explain_errors({"KeyError": "config has the keys learning_rate, beta1, beta2, epsilon, m, v and t."}):
        next_w, state = student.adam(w, dw, config)
    state = student.value(state)
    next_m, next_v = 0.9 * m + 0.1 * dw, 0.99 * v + 0.01 * dw**2
    expected = w - 1e-2 * (next_m / (1 - 0.9**6)) / ((next_v / (1 - 0.99**6)).sqrt() + 1e-8)
    expect_close(next_w, expected, name="next_w", mistakes={
        "t was used before it was increased.": (
            lambda: w - 1e-2 * (next_m / (1 - 0.9**5)) / ((next_v / (1 - 0.99**5)).sqrt() + 1e-8)
        ),
    })  # fmt: skip
    expect(type(state) is dict, "The config returned is not a dict.")
    missing = [name for name in "mvt" if name not in state]
    expect(
        not missing,
        Message("The config returned lacks {missing}.", missing=", ".join(missing)),
        "Store the new m, v and t in config.",
    )
    expect_close({name: state.get(name) for name in "mvt"}, {"m": next_m, "v": next_v, "t": 6}, name="config")
