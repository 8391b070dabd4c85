"""The parts of residual networks as formulas."""

from collections.abc import Callable

from torch import Tensor
from torch.nn import functional as F

from autograder.probes.layers import Formula, Recipe


def convnet(x: Tensor, params: list[Tensor | None]) -> Tensor:
    """Compute the three-layer network; a bias may be None."""
    w1, b1, w2, b2, w3, b3 = params
    hidden = F.conv2d(F.conv2d(x, w1, b1, padding=2).relu(), w2, b2, padding=1).relu()
    return hidden.flatten(1) @ w3.T + (0 if b3 is None else b3)


def plain(after: int, stride: int = 1) -> Formula:
    """Return BN - ReLU - conv - BN - ReLU - conv."""

    def formula(layers: Recipe, x: Tensor) -> Tensor:
        x = layers.conv(layers.norm(x).relu(), after, 3, stride=stride, pad=1)
        return layers.conv(layers.norm(x).relu(), after, 3, pad=1)

    return formula


# What the blocks and networks around a plain block are judged with, too: a single convolution in its place.
STAND_IN = """
from torch import nn

class Block(nn.Conv2d):
    def __init__(self, Cin, Cout, downsample=False):
        super().__init__(Cin, Cout, 3, stride=2 if downsample else 1, padding=1)

LOANS = {"PlainBlock": Block}
"""


def stand_in(after: int, stride: int = 1) -> Formula:
    """Return the formula of the block in STAND_IN."""
    return lambda layers, x: layers.conv(x, after, 3, stride=stride, pad=1)


def plain_of(student) -> Callable[..., Formula]:
    """Return the formula of the plain block that the student's code finds."""
    return stand_in if student.lent else plain


def bottleneck(after: int, stride: int = 1) -> Formula:
    """Return BN - ReLU - conv 1x1 - BN - ReLU - conv 3x3 - BN - ReLU - conv 1x1."""

    def formula(layers: Recipe, x: Tensor) -> Tensor:
        x = layers.conv(layers.norm(x).relu(), after // 4, 1, stride=stride)
        x = layers.conv(layers.norm(x).relu(), after // 4, 3, pad=1)
        return layers.conv(layers.norm(x).relu(), after, 1)

    return formula


def residual(block: Formula, after: int, stride: int = 1, *, shortcut: bool) -> Formula:
    """Return block(x) + x, or block(x) + a 1x1 convolution of x."""

    def formula(layers: Recipe, x: Tensor) -> Tensor:
        out = block(layers, x)  # the block takes its convolutions first: none of them has the shortcut's shape
        return out + (layers.conv(x, after, 1, stride=stride) if shortcut else x)

    return formula
