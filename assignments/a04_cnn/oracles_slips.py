"""Wrong versions of a formula that torch computes: one operation left out, replaced, or added at the end."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F
from torch.overrides import TorchFunctionMode

from autograder import Message
from autograder.probes.layers import Formula, Recipe

ORDINALS = (
    Message("first"), Message("second"), Message("third"), Message("fourth"), Message("fifth"), Message("sixth"),
)  # fmt: skip


class _Replaced(TorchFunctionMode):
    """Replaces calls of an operation: the one of this number, from 1, or all of them (0)."""

    def __init__(self, operation: Callable, by: Callable, number: int) -> None:
        super().__init__()
        self.operation, self.by, self.number, self.seen = operation, by, number, 0

    def __torch_function__(self, func: Callable, types: Any, args: tuple = (), kwargs: dict | None = None) -> Any:
        if func is not self.operation:
            return func(*args, **(kwargs or {}))
        self.seen += 1
        return (self.by if self.number in (0, self.seen) else func)(*args, **(kwargs or {}))


def replaced(formula: Formula, operation: Callable, by: Callable, number: int = 0) -> Formula:
    """Return the formula with one call of an operation, or all of them, replaced."""

    def wrong(layers: Recipe, x: Tensor) -> Tensor:
        with _Replaced(operation, by, number):
            return formula(layers, x)

    return wrong


def average(x: Tensor, *args: Any, **options: Any) -> Tensor:
    """Pool by averages, with the arguments of F.max_pool2d."""
    names = dict(zip(("kernel_size", "stride", "padding"), args, strict=False))
    return F.avg_pool2d(x, **names, **{name: options[name] for name in ("stride", "padding") if name in options})


def changed(**changes: Any) -> Callable[..., Tensor]:
    """Return F.conv2d with other options."""
    return lambda *args, **options: F.conv2d(*args, **options | changes)


def slips(formula: Formula) -> dict[str, Formula]:
    """Return formulas with one common slip each, by hint."""
    wrong = {
        Message("The {ordinal} ReLU is missing, counted from the input.", ordinal=ordinal): replaced(
            formula, Tensor.relu, torch.clone, number
        )
        for number, ordinal in enumerate(ORDINALS, start=1)
    }
    others = {
        Message("leaky ReLU"): F.leaky_relu,
        "GELU": F.gelu,
        "ReLU6": F.relu6,
        "ELU": F.elu,
        "SiLU": F.silu,
    }
    for name, function in others.items():
        wrong[Message("The nonlinearity is {name}; it should be ReLU.", name=name)] = replaced(
            formula, Tensor.relu, function
        )
        for number, ordinal in enumerate(ORDINALS, start=1):
            hint = Message("The {ordinal} nonlinearity is {name}; it should be ReLU.", ordinal=ordinal, name=name)
            wrong[hint] = replaced(formula, Tensor.relu, function, number)
    for number, ordinal in enumerate(ORDINALS, start=1):
        bare, slow, same = changed(padding=0), changed(stride=1), changed(padding=1)
        wrong[Message("The {ordinal} convolution has no padding.", ordinal=ordinal)] = replaced(
            formula, F.conv2d, bare, number
        )
        wrong[Message("The {ordinal} convolution has no stride.", ordinal=ordinal)] = replaced(
            formula, F.conv2d, slow, number
        )
        hint = Message("The {ordinal} convolution has the padding 1; its windows need another one.", ordinal=ordinal)
        wrong[hint] = replaced(formula, F.conv2d, same, number)
    return wrong | {
        "No convolution has padding.": replaced(formula, F.conv2d, changed(padding=0)),
        "All ReLUs are missing.": replaced(formula, Tensor.relu, torch.clone),
        "There is a ReLU at the end; there should be none.": lambda layers, x: formula(layers, x).relu(),
        "There is a ReLU before the first step; there should be none.": lambda layers, x: formula(layers, x.relu()),
        "This is average pooling; it should be max pooling.": replaced(formula, F.max_pool2d, average),
        "This is max pooling; it should be average pooling.": replaced(formula, F.avg_pool2d, F.max_pool2d),
        "The pooling rounds odd sizes up; without ceil_mode it rounds them down.": replaced(
            formula, F.max_pool2d, lambda *args, **options: F.max_pool2d(*args, **options | {"ceil_mode": True})
        ),
    }
