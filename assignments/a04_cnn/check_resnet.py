"""Public checks of the residual networks: the same weights in a plain computation by torch's operators."""

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional as F

from autograder import expect, expect_close, expect_shape, task
from common.roles import Recipe

HELPERS = """
from common.roles import load, outputs, tables, without_gradient

def double(module, x):
    return module.double().to(x.device)
"""

Formula = Callable[[Recipe, Tensor], Tensor]


def random_like(rng, table: dict[str, Tensor]) -> dict[str, Tensor]:
    """Other weights and statistics of the same shapes, of a size that keeps numbers in range."""
    fresh = {}
    for name, value in table.items():
        fresh[name] = value
        if name == "running_var":
            fresh[name] = rng.uniform(*value.shape) + 0.5
        elif value.is_floating_point():
            fresh[name] = rng.normal(*value.shape) * (value[0].numel() ** -0.5 if value.ndim > 1 else 0.5)
    return fresh


def follow(formula: Formula, values: list, x: Tensor, *, train: bool) -> Tensor:
    """The formula's result with these weights; a failed check when the module is made of other layers."""
    recipe = Recipe(values, train=train)
    try:
        expected = formula(recipe, x)
        recipe.finish()
    except LookupError as error:
        expect(False, f"The module is not built as described: {error.args[0]}.")
    return expected


def judge_module(student, rng, module, formula: Formula, x: Tensor, mistakes: dict[str, Formula] | None = None):
    """Give the module random weights, and compare it with the formula in evaluation and in training mode."""
    helper = student.define(HELPERS)
    module = helper.double(module, x)
    values = [random_like(rng, table) for table in helper.tables(module, x)]
    follow(formula, values, x, train=False)
    helper.load(module, values, x)
    for train in (False, True):
        expect_close(
            helper.outputs(module, x, train=train),
            follow(formula, values, x, train=train),
            name="output in training mode" if train else "output in evaluation mode",
            mistakes={
                hint: lambda wrong=wrong: wrong(Recipe(values, train=train), x)
                for hint, wrong in (mistakes or {}).items()
            },
        )


def convnet_params(rng, channels=3, first=4, second=5, size=(6, 7), classes=3) -> list[Tensor]:
    """Random parameters of the three-layer network."""
    inputs = second * size[0] * size[1]
    return [
        rng.normal(first, channels, 5, 5) / 8, rng.normal(first),
        rng.normal(second, first, 3, 3) / 6, rng.normal(second),
        rng.normal(classes, inputs) / inputs**0.5, rng.normal(classes),
    ]  # fmt: skip


def convnet(x: Tensor, params: list[Tensor]) -> Tensor:
    """The three-layer network."""
    w1, b1, w2, b2, w3, b3 = params
    hidden = F.conv2d(F.conv2d(x, w1, b1, padding=2).relu(), w2, b2, padding=1).relu()
    return hidden.flatten(1) @ w3.T + (0 if b3 is None else b3)


@task("three_layer_convnet", points=1)
def check_three_layer_function_agrees_with_the_formula(student, rng):
    """The scores of the function are those of conv 5x5 - ReLU - conv 3x3 - ReLU - linear."""
    x, params = rng.normal(2, 3, 6, 7), convnet_params(rng)
    expect_close(student.three_layer_convnet(x, params), convnet(x, params), name="scores")


@task("ThreeLayerConvNet", points=1)
def check_three_layer_module_agrees_with_the_formula(student, rng):
    """With the same weights, the module computes conv 5x5 - ReLU - conv 3x3 - ReLU - linear."""

    def formula(layers: Recipe, x: Tensor) -> Tensor:
        hidden = layers.conv(layers.conv(x, 3, 5, pad=2).relu(), 4, 3, pad=1).relu()
        return layers.linear(hidden.flatten(1), 6)

    judge_module(student, rng, student.ThreeLayerConvNet(2, 3, 4, 6), formula, rng.normal(2, 2, 32, 32))


def plain(after: int, stride: int = 1) -> Formula:
    """BN - ReLU - conv - BN - ReLU - conv."""

    def formula(layers: Recipe, x: Tensor) -> Tensor:
        x = layers.conv(layers.norm(x).relu(), after, 3, stride=stride, pad=1)
        return layers.conv(layers.norm(x).relu(), after, 3, pad=1)

    return formula


def bottleneck(after: int, stride: int = 1) -> Formula:
    """BN - ReLU - conv 1x1 - BN - ReLU - conv 3x3 - BN - ReLU - conv 1x1."""

    def formula(layers: Recipe, x: Tensor) -> Tensor:
        x = layers.conv(layers.norm(x).relu(), after // 4, 1, stride=stride)
        x = layers.conv(layers.norm(x).relu(), after // 4, 3, pad=1)
        return layers.conv(layers.norm(x).relu(), after, 1)

    return formula


def residual(block: Formula, after: int, stride: int = 1, *, shortcut: bool) -> Formula:
    """block(x) + x, or + a 1x1 convolution of x."""

    def formula(layers: Recipe, x: Tensor) -> Tensor:
        out = block(layers, x)  # the block takes its convolutions first: none of them has the shortcut's shape
        return out + (layers.conv(x, after, 1, stride=stride) if shortcut else x)

    return formula


@task("PlainBlock", points=1)
def check_plain_block_agrees_with_the_formula(student, rng):
    """With the same weights, the plain block computes BN - ReLU - conv - BN - ReLU - conv."""
    judge_module(student, rng, student.PlainBlock(3, 5), plain(5), rng.normal(3, 3, 6, 9))


@task("ResidualBlock", points=1)
def check_residual_block_adds_its_input(student, rng):
    """With equal shapes, the residual block adds its input to the plain block's output."""
    same = residual(plain(4), 4, shortcut=False)
    judge_module(student, rng, student.ResidualBlock(4, 4), same, rng.normal(3, 4, 5, 8), {
        "The input is not added.": plain(4),
        "A ReLU comes after the sum; nothing should.": lambda layers, x: same(layers, x).relu(),
    })  # fmt: skip


@task("ResidualBlock", points=1)
def check_residual_block_has_a_convolution_on_its_shortcut(student, rng):
    """Where channels or sizes differ, the shortcut is a 1x1 convolution of the block's input."""
    changed = residual(plain(6), 6, shortcut=True)
    judge_module(student, rng, student.ResidualBlock(4, 6), changed, rng.normal(3, 4, 5, 8), {
        "The input is not added.": plain(6),
        "A ReLU comes after the sum; nothing should.": lambda layers, x: changed(layers, x).relu(),
    })  # fmt: skip


@task("ResidualBottleneckBlock", points=2)
def check_bottleneck_agrees_with_the_formula(student, rng):
    """With the same weights, the bottleneck block computes conv 1x1, 3x3, 1x1, plus shortcut."""
    x = rng.normal(3, 8, 5, 6)
    judge_module(student, rng, student.ResidualBottleneckBlock(8, 8), residual(bottleneck(8), 8, shortcut=False), x)
    judge_module(student, rng, student.ResidualBottleneckBlock(8, 12), residual(bottleneck(12), 12, shortcut=True), x)


def network(stages: list[tuple[int, int, int, bool]], block: Callable[[int, int], Formula], classes: int) -> Formula:
    """Stem, stages of residual blocks, mean over places, linear."""

    def formula(layers: Recipe, x: Tensor) -> Tensor:
        x = layers.conv(x, stages[0][0], 3, pad=1).relu()
        for before, after, count, downsample in stages:
            for i in range(count):
                stride = 2 if downsample and i == 0 else 1
                changes = i == 0 and (downsample or before != after)
                x = residual(block(after, stride), after, stride, shortcut=changes)(layers, x)
        return layers.linear(x.mean(dim=(2, 3)), classes)

    return formula


@task("ResNet", points=2)
def check_resnet_agrees_with_the_formula(student, rng):
    """With the same weights, the network computes stem, stages, mean over all places, linear, for any image size."""
    stages = [(4, 4, 2, False), (4, 6, 1, True), (6, 8, 2, True)]
    model = student.ResNet(stages, Cin=2, num_classes=5)
    judge_module(student, rng, model, network(stages, plain, 5), rng.normal(3, 2, 9, 13))


@task("PlainBlock", points=1)
def check_plain_block_halves_any_size(student, rng):
    """With downsample=True, sizes are halved, odd ones rounded up: 7 x 10 becomes 4 x 5."""
    for before, after in ((3, 3), (2, 6)):
        x = rng.normal(2, before, 7, 10)
        module = student.PlainBlock(before, after, downsample=True)
        out = student.define(HELPERS).outputs(student.define(HELPERS).double(module, x), x, train=False)
        expect_shape(out, (2, after, 4, 5))
        judge_module(student, rng, module, plain(after, 2), x)
