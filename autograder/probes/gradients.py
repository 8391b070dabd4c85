"""Gradients of a student's function in its inputs and in the parameters of its modules, by torch's autograd.

Checks run this in the student's process: `autograder.expect_same_gradients` compares the result with an oracle's, and
`autograder.expect_own_gradients` with differences of the function itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils._pytree import tree_leaves, tree_map

from autograder.probes.watching import seeded

Grad = Tensor | None
STEP = 1e-6
DIRECTIONS = 3
MOST_WRONG, MOST_TRIED = 6, 40  # gradients to look at after one is known to be wrong, as each takes four calls
TOLERANCE = 1e-6


def gradients(f: Callable[..., Any], inputs: Sequence[Any], settings: Mapping[str, Any]) -> dict[str, Any]:
    """Call f on copies of the inputs and differentiate the sum of its results, each multiplied by its dout.

    The settings are "options", by keyword for f, "douts", and "train": the mode of the modules, or None. Modules, which
    are f, the owner of the method f and those among the inputs, get the dtype and device of the first float input.
    Their buffers and modes are restored afterwards. The result has

        out         the float tensors in f's result, in order; no gradients if their shapes are not those of douts
        inputs      the gradient in each float tensor among the inputs
        parameters  by name, a pair: the value of a parameter and its gradient
    """
    call = _Call(f, inputs, settings)
    with torch.enable_grad(), restored(call.modules.values(), settings["train"]):
        out = call.run()[: len(settings["douts"])]
        found = _differentiate(out, call.variables, settings["douts"])
    return {
        "out": [value.detach() for value in out],
        "inputs": [found.get(id(value)) for value in call.leaves],
        "parameters": {name: (p.detach(), found.get(id(p))) for name, p in call.parameters.items()},
    }


def wrong_slopes(f: Callable[..., Any], inputs: Sequence[Any], settings: Mapping[str, Any]) -> list[list[Any]]:
    """Return slopes of f along random directions where autograd and central differences of f itself disagree.

    The function is the sum of f's results, each multiplied by a random number. The settings are those of `gradients`
    with "seed" instead of "douts". Each row has the name of a parameter, or the number of a float tensor among the
    inputs, and two floats: the slope by autograd and that by differences. Near a kink, any slope is accepted. Not all
    wrong gradients are listed if there are many.
    """
    call = _Call(f, inputs, settings)
    generator = torch.Generator().manual_seed(settings["seed"])

    def random(like: Tensor) -> Tensor:
        return torch.randn(like.shape, generator=generator, dtype=torch.float64).to(like)

    def total() -> Tensor:
        with seeded(settings["seed"]):
            return sum(((out * dout).sum() for out, dout in zip(call.run(), douts, strict=True)), torch.zeros(()))

    def row(name: Any, chosen: Sequence[Tensor]) -> list[Any]:
        directions = [random(x) for x in chosen]
        pairs = [(found[id(x)], v) for x, v in zip(chosen, directions, strict=True)]
        by_autograd = float(sum((gradient * v).sum() for gradient, v in pairs if gradient is not None))
        near, far = (_difference(total, chosen, directions, step) for step in (STEP, 2 * STEP))
        return [name, by_autograd, near, abs(near - far)]

    with torch.enable_grad(), restored(call.modules.values(), settings["train"]):
        douts = [random(out) for out in call.run()]
        value = total()
        grads = (
            torch.autograd.grad(value, call.variables, allow_unused=True)
            if value.requires_grad
            else [None] * len(call.variables)
        )
        found = {id(x): grad for x, grad in zip(call.variables, grads, strict=True)}
        rows = [row("everything", call.variables) for _ in range(DIRECTIONS)]
        if all(_agree(*numbers) for _, *numbers in rows):
            return []
        names = {id(x): number for number, x in enumerate(call.leaves)} | {
            id(p): name for name, p in call.parameters.items()
        }
        wrong: list[list[Any]] = []
        for tried, x in enumerate(call.variables):
            if len(wrong) == MOST_WRONG or (wrong and tried >= MOST_TRIED):
                break
            name, *numbers = row(names[id(x)], [x])
            wrong += [] if _agree(*numbers) else [[name, *numbers[:2]]]
        return wrong


def _agree(by_autograd: float, by_differences: float, error: float) -> bool:
    """Return whether two slopes agree within the error of differences, which is large near a kink."""
    size = max(abs(by_autograd), abs(by_differences))
    return abs(by_autograd - by_differences) <= TOLERANCE * size + 10 * error + 1e-7


def _difference(
    total: Callable[[], Tensor], chosen: Sequence[Tensor], directions: Sequence[Tensor], step: float
) -> float:
    """Return the slope of the function along the directions, by two values."""
    before, values = [x.detach().clone() for x in chosen], []
    with torch.no_grad():
        for sign in (1, -1):
            for x, start, v in zip(chosen, before, directions, strict=True):
                x.copy_(start + sign * step * v)
            values.append(float(total()))
        for x, start in zip(chosen, before, strict=True):
            x.copy_(start)
    return (values[0] - values[1]) / (2 * step)


class _Call:
    """A call of f with copies of the inputs, whose float tensors are leaves of autograd's graph."""

    def __init__(self, f: Callable[..., Any], inputs: Sequence[Any], settings: Mapping[str, Any]) -> None:
        self.f, self.options, self.modules = f, settings["options"], _modules(f, inputs)
        given = list(filter(_is_float, tree_leaves(list(inputs))))
        for module in self.modules.values() if given else ():
            module.to(given[0].device, given[0].dtype)
        self.parameters = {
            prefix + name: p for prefix, module in self.modules.items() for name, p in module.named_parameters()
        }
        self.leaves = [x.detach().clone().requires_grad_() for x in given]
        self.inputs = list(inputs)
        self.variables = [*self.leaves, *(p for p in self.parameters.values() if p.requires_grad)]

    def run(self) -> list[Tensor]:
        """Return the float tensors of the result."""
        leaves = iter(self.leaves)  # as copies, so that torch allows changes in place
        inputs = tree_map(lambda value: next(leaves).clone() if _is_float(value) else value, self.inputs)
        return list(filter(_is_float, tree_leaves(self.f(*inputs, **self.options))))


@contextmanager
def restored(modules: Any, train: bool | None) -> Iterator[None]:
    """Set the mode of the modules, unless None, and restore modes and buffers afterwards."""
    parts = [part for module in modules for part in module.modules()]
    before = [(part, part.training, {k: b.clone() for k, b in part.named_buffers(recurse=False)}) for part in parts]
    for module in modules if train is not None else ():
        module.train(train)
    try:
        yield
    finally:
        with torch.no_grad():
            for part, mode, buffers in before:
                part.training = mode
                for name, value in part.named_buffers(recurse=False):
                    if name in buffers and value.shape == buffers[name].shape:
                        value.copy_(buffers[name])


def _differentiate(out: Sequence[Tensor], wanted: Sequence[Tensor], douts: Sequence[Tensor]) -> dict[int, Grad]:
    """Return the gradients in the wanted tensors, by their ids."""
    if [value.shape for value in out] != [dout.shape for dout in douts]:
        return {}
    pairs = [(value, dout.to(value)) for value, dout in zip(out, douts, strict=True) if value.requires_grad]
    if not pairs or not wanted:
        return {}
    found = torch.autograd.grad(weighted_sum(*zip(*pairs, strict=True)), list(wanted), allow_unused=True)
    return {id(x): grad for x, grad in zip(wanted, found, strict=True)}


def weighted_sum(values: Sequence[Tensor], weights: Sequence[Tensor]) -> Tensor:
    """Return the sum of all values, each multiplied by its weight, whose gradient in a value is the weight.

    torch.autograd.grad could be given the weights, too, but imports sympy for them, which takes a third of a second.
    Raises ValueError if a value and its weights differ in shape.
    """
    for value, weight in zip(values, weights, strict=True):
        if value.shape != weight.shape:
            raise ValueError(f"a value of the shape {tuple(value.shape)} has weights of {tuple(weight.shape)}")
    return sum(((value * weight).sum() for value, weight in zip(values, weights, strict=True)), torch.zeros(()))


def _modules(f: Any, inputs: Sequence[Any]) -> dict[str, nn.Module]:
    """Return the modules whose parameters f may use, by the prefix of their parameters' names."""
    owner = getattr(f, "__self__", f)
    own = [owner] if isinstance(owner, nn.Module) else [m for m in vars(owner).values() if isinstance(m, nn.Module)]
    given = {
        f"argument {number}: ": value for number, value in enumerate(inputs, start=1) if isinstance(value, nn.Module)
    }
    return {"": own[0], **given} if own else given


def _is_float(value: Any) -> bool:
    return isinstance(value, Tensor) and value.is_floating_point()
