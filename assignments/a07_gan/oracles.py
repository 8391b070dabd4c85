"""Networks as plain computations by torch's operators, with the weights of a student's module."""

from torch import Tensor

from autograder import expect
from autograder.probes import layers as roles
from autograder.probes.layers import Formula, Recipe


def follow(formula: Formula, values: list, x: Tensor, *, train: bool) -> Tensor:
    """The formula's result with these weights; a failed check when the module is made of other layers."""
    tables = [table for table in values if type(table) is dict] if type(values) is list else []
    layers = [{name: value for name, value in table.items() if isinstance(value, Tensor)} for table in tables]
    try:
        return roles.follow(formula, layers, x, train=train)
    except LookupError as error:
        expect(False, f"The network is not built as described: {error.args[0]}.")
        raise


def upwards(layers: Recipe, x: Tensor, *, before: bool = False) -> Tensor:
    """linear - linear - transposed convolution - transposed convolution, before the tanh."""

    def unit(x: Tensor) -> Tensor:
        return layers.norm(x).relu() if before else layers.norm(x.relu())

    x = unit(layers.linear(unit(layers.linear(x, 1024)), 7 * 7 * 128)).reshape(-1, 128, 7, 7)
    return layers.transposed(unit(layers.transposed(x, 64, 4, stride=2, pad=1)), 1, 4, stride=2, pad=1).flatten(1)
