"""Public checks of a03, update rules: each follows the path of torch's optimiser."""

from collections.abc import Callable

import torch
from oracles import judge_source
from torch import Tensor

from autograder import expect, expect_close, expect_shape, task


def walk(student, rule: str, w: Tensor, gradients: list[Tensor], config: dict) -> list[Tensor]:
    """Return the points that a rule visits, each step with the config that the previous step returned."""
    path = []
    for dw in gradients:
        result = getattr(student, rule)(w, dw, config)
        expect(type(result) is tuple and len(result) == 2, f"{rule} returns a pair: next_w and config.")
        w, config = result
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


def judge_rule(student, rng, rule: str, config: dict, make: Callable, mistakes: dict[str, Callable]) -> None:
    """Compare six steps, one after the other. ``mistakes`` maps a hint to a function from (w, dw) to step 1."""
    judge_source(student, rule)
    w, dws = rng.normal(4, 3), [rng.normal(4, 3) for _ in range(6)]
    hints = {hint: wrong(w, dws[0]) for hint, wrong in mistakes.items()}
    path = walk(student, rule, w, dws, config)
    for step, (point, expected) in enumerate(zip(path, torch_walk(make, w, dws), strict=True), start=1):
        name = f"next_w after step {step}"
        expect_close(point, expected, name=name, atol=1e-9, rtol=1e-7, mistakes=hints if step == 1 else {})


@task("sgd_momentum", points=2)
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


@task("nesterov", points=2)
def check_nesterov_walks_as_torch_does(student, rng):
    """Six steps with Nesterov's momentum end where torch.optim.SGD's with nesterov=True do."""

    def make(parameters):
        return torch.optim.SGD(parameters, lr=0.07, momentum=0.8, nesterov=True)

    judge_rule(student, rng, "nesterov", {"learning_rate": 0.07, "momentum": 0.8}, make, {
        "This is plain momentum; add the look-ahead step.": lambda w, dw: w - 0.07 * dw,
        "The look-ahead step has the factor momentum, not 1.": lambda w, dw: w - 2 * 0.07 * dw,
    })  # fmt: skip


@task("adagrad", points=1)
def check_adagrad_walks_as_torch_does(student, rng):
    """Six steps of AdaGrad end where torch.optim.Adagrad's do, with a large epsilon."""

    def make(parameters):
        return torch.optim.Adagrad(parameters, lr=0.1, eps=0.05)

    judge_rule(student, rng, "adagrad", {"learning_rate": 0.1, "epsilon": 0.05}, make, {
        "Epsilon is inside the root; add it outside.": lambda w, dw: w - 0.1 * dw / (dw.square() + 0.05).sqrt(),
        "The root of the cache is missing.": lambda w, dw: w - 0.1 * dw / (dw.square() + 0.05),
    })  # fmt: skip


@task("rmsprop", points=2)
def check_rmsprop_walks_as_torch_does(student, rng):
    """Six steps of RMSProp end where torch.optim.RMSprop's do, with a large epsilon."""

    def make(parameters):
        return torch.optim.RMSprop(parameters, lr=0.02, alpha=0.9, eps=0.05)

    config = {"learning_rate": 0.02, "decay_rate": 0.9, "epsilon": 0.05}
    judge_rule(student, rng, "rmsprop", config, make, {
        "Epsilon is inside the root; add it outside.": lambda w, dw: w - 0.02 * dw / (0.1 * dw.square() + 0.05).sqrt(),
        "Add the squared gradient to the cache with the factor 1 - decay_rate.": (
            lambda w, dw: w - 0.02 * dw / (dw.abs() + 0.05)
        ),
        "decay_rate is the factor of the old cache.": lambda w, dw: w - 0.02 * dw / (0.9**0.5 * dw.abs() + 0.05),
    })  # fmt: skip


@task("adam", points=2)
def check_adam_walks_as_torch_does(student, rng):
    """Six steps of Adam end where torch.optim.Adam's do, with a large epsilon."""

    def make(parameters):
        return torch.optim.Adam(parameters, lr=0.03, betas=(0.8, 0.95), eps=0.05)

    config = {"learning_rate": 0.03, "beta1": 0.8, "beta2": 0.95, "epsilon": 0.05}
    judge_rule(student, rng, "adam", config, make, {
        "m and v start at 0: divide by 1 - beta1**t and 1 - beta2**t.": (
            lambda w, dw: w - 0.03 * 0.2 * dw / (0.05**0.5 * dw.abs() + 0.05)
        ),
        "t is 1 in the first step: increase it before you use it.": (
            lambda w, dw: w - 0.03 * 0.2 * dw / 0.36 / ((0.05 / 0.0975) ** 0.5 * dw.abs() + 0.05)
        ),
        "Epsilon is inside the root; add it outside.": lambda w, dw: w - 0.03 * dw / (dw.square() + 0.05).sqrt(),
        "Only m was corrected; v must be too.": lambda w, dw: w - 0.03 * dw / (0.05**0.5 * dw.abs() + 0.05),
    })  # fmt: skip
