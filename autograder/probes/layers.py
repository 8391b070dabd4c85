"""Layers of a module in order of use, not by attributes' names, to compare the module with a plain computation.

`tables` and `load` read and set the weights of a module in the order in which its layers are used. `Recipe` computes
with such weights by torch's operators: a formula asks it for "a convolution to 8 channels" and gets the next layer of
that shape. Names of attributes, the order of their definition, and layers without effect make no difference.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from autograder.probes.gradients import restored
from autograder.probes.saying import Said
from autograder.probes.watching import used_layers

Table = dict[str, Tensor]  # "weight", "bias", "running_mean", ... of one layer


def tables(module: nn.Module, *inputs: Tensor) -> list[Table]:
    """Return weights and buffers of each layer that has weights, in the order of first use on these inputs."""
    return [{name: value.detach().clone() for name, value in _own(layer)} for layer in used_layers(module, *inputs)]


def load(module: nn.Module, values: Sequence[Table], *inputs: Tensor) -> None:
    """Set the weights and buffers to values in the order of `tables`."""
    with torch.no_grad():
        for layer, table in zip(used_layers(module, *inputs), values, strict=True):
            for name, value in _own(layer):
                value.copy_(table[name])


def outputs(module: nn.Module, x: Tensor, *, train: bool) -> Tensor:
    """Return the module's output in training or evaluation mode, without changing its running statistics."""
    with torch.no_grad(), restored([module], train):
        out: Tensor = module(x)
    return out


class Recipe:
    """Computations with the layers of `tables`, each used once; LookupError if no layer has the wanted shape.

    Shapes of images are (N, C, H, W), of vectors (N, D).
    """

    def __init__(self, values: Sequence[Table], *, train: bool) -> None:
        self.left, self.train = list(values), train

    def conv(self, x: Tensor, after: int, size: int, *, stride: int = 1, pad: int = 0, groups: int = 1) -> Tensor:
        """Convolve to `after` channels; the bias may be missing."""
        shape = (after, x.shape[1] // groups, size, size)
        table = self._take(shape, Said("it lacks a convolution with weights of shape {shape}", shape=shape))
        return F.conv2d(x, table["weight"], table.get("bias"), stride=stride, padding=pad, groups=groups)

    def transposed(self, x: Tensor, after: int, size: int, *, stride: int = 1, pad: int = 0) -> Tensor:
        """Apply a transposed convolution to `after` channels; the bias may be missing."""
        shape = (x.shape[1], after, size, size)
        table = self._take(shape, Said("it lacks a transposed convolution with weights of shape {shape}", shape=shape))
        return F.conv_transpose2d(x, table["weight"], table.get("bias"), stride=stride, padding=pad)

    def norm(self, x: Tensor) -> Tensor:
        """Normalise the batch."""
        lack = Said("it lacks a batch normalisation with weights of shape ({channels},)", channels=x.shape[1])
        table = self._take((x.shape[1],), lack, "bias")
        if self.train:
            return F.batch_norm(x, None, None, table["weight"], table["bias"], training=True)
        if not {"running_mean", "running_var"} <= set(table):
            raise LookupError(Said("it has a normalisation without running statistics; batch normalisation has them"))
        mean, variance = table["running_mean"].detach(), table["running_var"].detach()
        return F.batch_norm(x, mean, variance, table["weight"], table["bias"], training=False)

    def linear(self, x: Tensor, after: int) -> Tensor:
        """Apply a linear layer to `after` numbers; the bias may be missing."""
        shape = (after, x.shape[1])
        table = self._take(shape, Said("it lacks a linear layer with weights of shape {shape}", shape=shape))
        return F.linear(x, table["weight"], table.get("bias"))

    def finish(self) -> None:
        """Raise LookupError if a layer was not used."""
        if self.left:
            shapes = ", ".join(str(tuple(table["weight"].shape)) for table in self.left if "weight" in table)[:300]
            raise LookupError(Said("it has layers with weights that it should not have: {shapes}", shapes=shapes))

    def _take(self, shape: tuple[int, ...], lack: str, *needed: str) -> Table:
        for table in self.left:
            if {"weight", *needed} <= set(table) and tuple(table["weight"].shape) == shape:
                self.left = [other for other in self.left if other is not table]
                return table
        raise LookupError(lack)


Formula = Callable[[Recipe, Tensor], Tensor]


def replay(formula: Formula, values: Any, x: Tensor, *, train: bool) -> Tensor:
    """Compute the formula on x with all these weights, in x's dtype and on its device.

    ``values`` is what `tables` returned; it may come from a student's process, so anything else in it is ignored.
    Raises LookupError with the missing or superfluous layers: "it lacks ...".
    """
    given = [table for table in values if type(table) is dict] if type(values) is list else []
    weights = [{name: value.to(x) for name, value in table.items() if isinstance(value, Tensor)} for table in given]
    recipe = Recipe(weights, train=train)
    result = formula(recipe, x)
    recipe.finish()
    return result


def complaint(formula: Formula, values: Any, x: Tensor, *, train: bool = False) -> str:
    """Return what these layers lack for the formula, or have left over: "it lacks ..."; "" if they fit."""
    try:
        replay(formula, values, x, train=train)
    except LookupError as problem:
        text: str = problem.args[0]
        return text
    return ""


def _own(layer: nn.Module) -> list[tuple[str, Tensor]]:
    return [*layer.named_parameters(recurse=False), *layer.named_buffers(recurse=False)]
