"""Networks as plain computations by torch's operators, with the weights of a student's module."""

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from autograder import Message, expect
from autograder.probes.layers import Formula, Recipe, complaint

# A mistake in another task costs no points of the conditional networks: those are judged with these, too.
LOANS = """
import torch
from torch import nn
from torch.nn import functional as F

class Rows(nn.Module):
    def __init__(self, sizes, slope, squash):
        super().__init__()
        self.layers = nn.ModuleList([nn.Linear(a, b) for a, b in zip(sizes, sizes[1:])])
        self.slope, self.squash = slope, squash

    def forward(self, x):
        for layer in self.layers[:-1]:
            x = F.leaky_relu(layer(x), self.slope)
        return self.squash(self.layers[-1](x))

class Labelled(nn.Module):
    def __init__(self, net, num_classes):
        super().__init__()
        self.net, self.num_classes = net, num_classes

    def forward(self, x, y):
        return self.net(torch.cat([x, torch.eye(self.num_classes, dtype=x.dtype, device=x.device)[y]], dim=1))

LOANS = {
    "Conditional": Labelled,
    "generator": lambda noise_dim=96: Rows([noise_dim, 1024, 1024, 784], 0.0, torch.tanh),
}
"""


def expect_built_as(
    formula: Formula,
    values: Any,
    x: Tensor,
    *,
    train: bool = False,
    others: Mapping[str, Formula] | None = None,
) -> None:
    """Fail the check when these weights are not those of the formula's layers.

    ``others`` are formulas of networks that are built by mistake, by their hints.
    """
    problem = complaint(formula, values, x, train=train)
    if not problem:
        return
    known = [hint for hint, other in (others or {}).items() if not complaint(other, values, x, train=train)]
    if "without running statistics" in problem:
        known = ["In evaluation mode batch normalisation needs them: omit track_running_stats=False."]
    shapes = [tuple(table["weight"].shape) for table in values if type(table) is dict and "weight" in table]
    message = Message("The network is not built as described: {problem}.", problem=problem)
    if shapes:
        message = Message(
            "The network is not built as described: {problem}. The weights of its layers have the shapes {shapes}.",
            problem=problem,
            shapes=", ".join(map(str, shapes))[:500],
        )
    expect(False, message, next(iter(known), ""))


def perceptron(sizes: list[int], between: float | Callable[[Tensor], Tensor]) -> Formula:
    """Return the formula of linear layers to these sizes; between them a leaky ReLU of this slope, or a function."""

    def formula(layers: Recipe, x: Tensor) -> Tensor:
        for size in sizes[:-1]:
            x = layers.linear(x, size)
            x = between(x) if callable(between) else F.leaky_relu(x, between)
        return layers.linear(x, sizes[-1])

    return formula


def with_label(x: Tensor, y: Tensor, classes: int) -> Tensor:
    """Append the one-hot label to each row."""
    return torch.cat([x, torch.eye(classes, dtype=x.dtype, device=x.device)[y]], dim=1)


def upwards(
    layers: Recipe,
    x: Tensor,
    *,
    before: bool = False,
    slope: float = 0.0,
    last: float = 0.0,
    channels_last: bool = False,
    maps: bool = False,
    norms: int = 3,
) -> Tensor:
    """Compute linear - linear - transposed convolution - transposed convolution, without the tanh at the end.

    The options are mistakes: normalisation before the ReLU, other slopes, axes in another order, the second
    normalisation one of maps, fewer normalisations.
    """

    def unit(x: Tensor, slope: float, norm: bool) -> Tensor:
        if before or not norm:
            return F.leaky_relu(layers.norm(x) if norm else x, slope)
        return layers.norm(F.leaky_relu(x, slope))

    x = layers.linear(unit(layers.linear(x, 1024), slope, True), 7 * 7 * 128)
    x = unit(x.reshape(-1, 128, 7, 7) if maps else x, slope, True)
    x = x.reshape(-1, 7, 7, 128).permute(0, 3, 1, 2) if channels_last else x.reshape(-1, 128, 7, 7)
    x = unit(layers.transposed(x, 64, 4, stride=2, pad=1), last, norms > 2)
    return layers.transposed(x, 1, 4, stride=2, pad=1).flatten(1)
