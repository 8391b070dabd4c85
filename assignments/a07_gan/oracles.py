"""Networks as plain computations by torch's operators, with the weights of a student's module."""

from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from autograder import expect
from autograder.probes.layers import Formula, Recipe, complaint


def expect_built_as(formula: Formula, values: Any, x: Tensor, *, train: bool = False) -> None:
    """Fail the check when these weights are not those of the formula's layers."""
    problem = complaint(formula, values, x, train=train)
    expect(not problem, f"The network is not built as described: {problem}.")


def perceptron(sizes: list[int], slope: float) -> Formula:
    """Return the formula of linear layers to these sizes, with leaky ReLUs between them."""

    def formula(layers: Recipe, x: Tensor) -> Tensor:
        for size in sizes[:-1]:
            x = F.leaky_relu(layers.linear(x, size), slope)
        return layers.linear(x, sizes[-1])

    return formula


def with_label(x: Tensor, y: Tensor, classes: int) -> Tensor:
    """Append the one-hot label to each row."""
    return torch.cat([x, torch.eye(classes, dtype=x.dtype, device=x.device)[y]], dim=1)


def upwards(layers: Recipe, x: Tensor, *, before: bool = False) -> Tensor:
    """Compute linear - linear - transposed convolution - transposed convolution, without the tanh at the end."""

    def unit(x: Tensor) -> Tensor:
        return layers.norm(x).relu() if before else layers.norm(x.relu())

    x = unit(layers.linear(unit(layers.linear(x, 1024)), 7 * 7 * 128)).reshape(-1, 128, 7, 7)
    return layers.transposed(unit(layers.transposed(x, 64, 4, stride=2, pad=1)), 1, 4, stride=2, pad=1).flatten(1)
