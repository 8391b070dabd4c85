"""Gradients of a student's function in its inputs and in the parameters of its modules, by torch's autograd.

Checks run this in the student's process; `autograder.expect_same_gradients` compares the result with an oracle's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils._pytree import tree_leaves, tree_map

Grad = Tensor | None


def gradients(f: Callable[..., Any], inputs: Sequence[Any], settings: Mapping[str, Any]) -> dict[str, Any]:
    """Call f on copies of the inputs and differentiate the sum of its results, each multiplied by its dout.

    The settings are "options", by keyword for f, "douts", and "train": the mode of the modules, or None. Modules, which
    are f, the owner of the method f and those among the inputs, get the dtype and device of the first float input.
    Their buffers and modes are restored afterwards. The result has

        out         the float tensors in f's result, in order; no gradients if their shapes are not those of douts
        inputs      the gradient in each float tensor among the inputs
        parameters  by name, a pair: the value of a parameter and its gradient
    """
    options, douts, train = settings["options"], settings["douts"], settings["train"]
    modules = _modules(f, inputs)
    for like in list(filter(_is_float, tree_leaves(list(inputs))))[:1]:
        for module in modules.values():
            module.to(like.device, like.dtype)
    parameters = {prefix + name: p for prefix, module in modules.items() for name, p in module.named_parameters()}
    leaves: list[Tensor] = []

    def leaf(value: Any) -> Any:
        if not _is_float(value):
            return value
        leaves.append(value.detach().clone().requires_grad_())
        return leaves[-1].clone()  # torch allows changes in place of a copy

    with torch.enable_grad(), restored(modules.values(), train):
        out = list(filter(_is_float, tree_leaves(f(*tree_map(leaf, list(inputs)), **options))))[: len(douts)]
        wanted = [*leaves, *(p for p in parameters.values() if p.requires_grad)]
        found = _differentiate(out, wanted, douts)
    return {
        "out": [value.detach() for value in out],
        "inputs": [found.get(id(value)) for value in leaves],
        "parameters": {name: (p.detach(), found.get(id(p))) for name, p in parameters.items()},
    }


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
    values, weights = zip(*pairs, strict=True)
    found = torch.autograd.grad(values, list(wanted), weights, allow_unused=True)
    return {id(x): grad for x, grad in zip(wanted, found, strict=True)}


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
