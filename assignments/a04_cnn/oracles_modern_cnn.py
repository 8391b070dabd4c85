"""The modern blocks as formulas, and the functions that are forbidden in a convolution by hand."""

import torch
from torch import Tensor
from torch.nn import functional as F

from autograder.probes.aliases import AUTOGRAD
from autograder.probes.layers import Formula, Recipe

BY_HAND = [
    "torch.nn.*", "!F.pad", "!torch._C._nn.pad", "torch.*conv*", "F.conv*", "F.fold", "torch.*col2im*",
    "common.nets.convs.*", "common.fallbacks.*", *AUTOGRAD,
]  # fmt: skip


def vgg(count: int, after: int) -> Formula:
    """Return convolutions with ReLU, then max pooling."""

    def formula(layers: Recipe, x: Tensor) -> Tensor:
        for _ in range(count):
            x = layers.conv(x, after, 3, pad=1).relu()
        return F.max_pool2d(x, 2)

    return formula


def nin(after: int, size: int, stride: int, pad: int) -> Formula:
    """Return a convolution and two 1x1 convolutions, each with ReLU."""

    def formula(layers: Recipe, x: Tensor) -> Tensor:
        x = layers.conv(x, after, size, stride=stride, pad=pad).relu()
        return layers.conv(layers.conv(x, after, 1).relu(), after, 1).relu()

    return formula


def inception(c1: int, c2: tuple[int, int], c3: tuple[int, int], c4: int, *, zeros: bool = False) -> Formula:
    """Return four paths (1x1, 3x3, 5x5, pooling), concatenated. ``zeros``: the pooled image is padded with zeros."""

    def formula(layers: Recipe, x: Tensor) -> Tensor:
        first = layers.conv(x, c1, 1).relu()
        second = layers.conv(layers.conv(x, c2[0], 1).relu(), c2[1], 3, pad=1).relu()
        third = layers.conv(layers.conv(x, c3[0], 1).relu(), c3[1], 5, pad=2).relu()
        pooled = F.max_pool2d(F.pad(x, (1, 1, 1, 1)), 3, stride=1) if zeros else F.max_pool2d(x, 3, stride=1, padding=1)
        fourth = layers.conv(pooled, c4, 1).relu()
        return torch.cat([first, second, third, fourth], dim=1)

    return formula


def residual(after: int, stride: int, *, shortcut: bool) -> Formula:
    """Return the block of 2015: ReLU(F(x) + x), or + a 1x1 convolution of x."""

    def formula(layers: Recipe, x: Tensor) -> Tensor:
        hidden = layers.norm(layers.conv(x, after, 3, stride=stride, pad=1)).relu()
        hidden = layers.norm(layers.conv(hidden, after, 3, pad=1))
        return (hidden + (layers.conv(x, after, 1, stride=stride) if shortcut else x)).relu()

    return formula


def dense(count: int, growth: int, *, bottleneck: bool = False) -> Formula:
    """Return steps that append channels to all channels so far."""

    def formula(layers: Recipe, x: Tensor) -> Tensor:
        for _ in range(count):
            step = layers.norm(x).relu()
            if bottleneck:
                step = layers.norm(layers.conv(step, 4 * growth, 1)).relu()
            x = torch.cat([x, layers.conv(step, growth, 3, pad=1)], dim=1)
        return x

    return formula


def separable(after: int, size: int, stride: int) -> Formula:
    """Return a depthwise convolution and a 1x1 convolution, each with BN and ReLU."""

    def formula(layers: Recipe, x: Tensor) -> Tensor:
        x = layers.norm(layers.conv(x, x.shape[1], size, stride=stride, pad=size // 2, groups=x.shape[1])).relu()
        return layers.norm(layers.conv(x, after, 1)).relu()

    return formula
