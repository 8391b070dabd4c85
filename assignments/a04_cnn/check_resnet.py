"""Public checks of the residual networks, against torch's operators with the same weights."""

from collections.abc import Callable

from oracles_modules import HELPERS, judge_module
from oracles_resnet import STAND_IN, bottleneck, convnet, plain, plain_of, residual
from torch import Tensor
from torch.nn import functional as F

from autograder import Message, expect, expect_close, expect_equal, expect_same_gradients, expect_shape, task
from autograder.probes.layers import Formula, Recipe

LEAVES = ["x", "conv_w1", "conv_b1", "conv_w2", "conv_b2", "fc_w", "fc_b"]


def convnet_params(rng, channels=3, first=4, second=5, size=(6, 7), classes=3) -> list[Tensor]:
    """Draw parameters of the three-layer network."""
    inputs = second * size[0] * size[1]
    return [
        rng.normal(first, channels, 5, 5) / 8, rng.normal(first),
        rng.normal(second, first, 3, 3) / 6, rng.normal(second),
        rng.normal(classes, inputs) / inputs**0.5, rng.normal(classes),
    ]  # fmt: skip


@task("three_layer_convnet", share=50)
def check_three_layer_function_agrees_with_the_formula(student, rng):
    """The scores of the function are those of conv 5x5 - ReLU - conv 3x3 - ReLU - linear, as are their gradients."""
    x, params = rng.normal(2, 3, 6, 7), convnet_params(rng)
    expect_close(student.three_layer_convnet(x, params), convnet(x, params), name="scores")
    expect_same_gradients(student, rng, student.three_layer_convnet, convnet, x, params, names=LEAVES)


@task("ThreeLayerConvNet", share=50, keeps=True)
def check_three_layer_module_agrees_with_the_formula(student, rng):
    """With the same weights, the module computes conv 5x5 - ReLU - conv 3x3 - ReLU - linear."""

    def formula(layers: Recipe, x: Tensor) -> Tensor:
        hidden = layers.conv(layers.conv(x, 3, 5, pad=2).relu(), 4, 3, pad=1).relu()
        return layers.linear(hidden.flatten(1), 6)

    def reflected(layers: Recipe, x: Tensor) -> Tensor:
        hidden = layers.conv(F.pad(x, (2, 2, 2, 2), mode="reflect"), 3, 5).relu()
        return layers.linear(layers.conv(hidden, 4, 3, pad=1).relu().flatten(1), 6)

    judge_module(student, rng, student.ThreeLayerConvNet(2, 3, 4, 6), formula, rng.normal(2, 2, 32, 32), {
        "The image is padded by reflection; pad it with zeros.": reflected,
    }, learns=True)  # fmt: skip


@task("PlainBlock", share=50)
def check_plain_block_agrees_with_the_formula(student, rng):
    """With the same weights, the plain block computes BN - ReLU - conv - BN - ReLU - conv."""
    for before, after in ((3, 5), (4, 4)):
        judge_module(student, rng, student.PlainBlock(before, after), plain(after), rng.normal(3, before, 6, 9))


@task("ResidualBlock", share=25, loans=STAND_IN)
def check_residual_block_adds_its_input(student, rng):
    """With equal shapes, the residual block adds its input to the plain block's output."""

    block = plain_of(student)
    same = residual(block(4), 4, shortcut=False)
    judge_module(student, rng, student.ResidualBlock(4, 4), same, rng.normal(3, 4, 5, 8), {
        "The input is not added.": block(4),
        "There is a ReLU after the sum; there should be none.": lambda layers, x: same(layers, x).relu(),
    })  # fmt: skip


@task("ResidualBlock", share=25, loans=STAND_IN)
def check_residual_block_has_a_convolution_on_its_shortcut(student, rng):
    """Where channels or sizes differ, the shortcut is a 1x1 convolution of the block's input."""

    block = plain_of(student)
    changed = residual(block(6), 6, shortcut=True)
    judge_module(student, rng, student.ResidualBlock(4, 6), changed, rng.normal(3, 4, 5, 8), {
        "The input is not added.": block(6),
        "There is a ReLU after the sum; there should be none.": lambda layers, x: changed(layers, x).relu(),
    })  # fmt: skip


@task("ResidualBottleneckBlock", share="2/3")
def check_bottleneck_agrees_with_the_formula(student, rng):
    """With the same weights, the bottleneck block computes conv 1x1, 3x3, 1x1, plus shortcut."""
    x = rng.normal(3, 8, 5, 6)
    judge_module(student, rng, student.ResidualBottleneckBlock(8, 8), residual(bottleneck(8), 8, shortcut=False), x)
    judge_module(student, rng, student.ResidualBottleneckBlock(8, 12), residual(bottleneck(12), 12, shortcut=True), x)


def residual_or_same(plain: Callable[..., Formula]) -> Callable[[int, int, bool], Formula]:
    """Return residual blocks around the plain block."""
    return lambda after, stride, changes: residual(plain(after, stride), after, stride, shortcut=changes)


def alone(plain: Callable[..., Formula]) -> Callable[[int, int, bool], Formula]:
    """Return the plain block without a shortcut."""
    return lambda after, stride, changes: plain(after, stride)


def network(
    stages: list[tuple[int, int, int, bool]],
    block: Callable[[int, int, bool], Formula],
    classes: int,
    total: Callable[..., Tensor] = Tensor.mean,
) -> Formula:
    """Return the formula of a stem, stages, the mean over places, and a linear layer.

    ``block`` returns the formula of a block by its channels, its stride, and whether they change its shape.
    """

    def formula(layers: Recipe, x: Tensor) -> Tensor:
        x = layers.conv(x, stages[0][0], 3, pad=1).relu()
        for before, after, count, downsample in stages:
            for i in range(count):
                stride = 2 if downsample and i == 0 else 1
                changes = i == 0 and (downsample or before != after)
                x = block(after, stride, changes)(layers, x)
        return layers.linear(total(x, dim=(2, 3)), classes)

    return formula


@task("ResNet", share=40, loans=STAND_IN)
def check_resnet_agrees_with_the_formula(student, rng):
    """With the same weights, the network computes stem, stages, mean over all places, linear, for any image size."""
    stages = [(4, 4, 2, False), (4, 6, 1, True), (6, 8, 2, True)]
    if student.lent:  # without the student's residual block, too
        block = alone(plain_of(student))
        model = student.ResNet(stages, Cin=2, num_classes=5, block=student.lent["PlainBlock"])
    else:
        block, model = residual_or_same(plain), student.ResNet(stages, Cin=2, num_classes=5)
    judge_module(student, rng, model, network(stages, block, 5), rng.normal(3, 2, 9, 13), {
        "The places are summed up; take their mean.": network(stages, block, 5, total=Tensor.sum),
        "The largest value of each channel is taken; take the mean.": network(stages, block, 5, total=Tensor.amax),
        "These are probabilities; return the scores before the softmax.": (
            lambda layers, x: network(stages, block, 5)(layers, x).softmax(1)
        ),
        "There is a ReLU before the mean; there should be none.": (
            network(stages, block, 5, total=lambda x, dim: x.relu().mean(dim=dim))
        ),
    }, learns=True)  # fmt: skip


@task("PlainBlock", share=50)
def check_plain_block_halves_any_size(student, rng):
    """With downsample=True, sizes are halved, odd ones rounded up: 7 x 10 becomes 4 x 5."""
    for before, after in ((3, 3), (2, 6)):
        x = rng.normal(2, before, 7, 10)
        module = student.PlainBlock(before, after, downsample=True)
        out = student.define(HELPERS).outputs(student.define(HELPERS).double(module, x), x, train=False)
        expect_shape(out, (2, after, 4, 5))
        judge_module(student, rng, module, plain(after, 2), x, keeps_input=True, learns=True)


STARTS = """
import torch
from autograder.probes.watching import used_layers

def far(p):
    return float((p.abs() > 1.8 * p.std()).double().mean())

def start(make):
    torch.manual_seed(3)
    layers = used_layers(make(), torch.rand(1, 3, 32, 32))
    values = [p.detach() for layer in layers for p in layer.parameters(recurse=False)]
    return [{"shape": list(p.shape), "std": float(p.std()), "mean": float(p.mean()), "far": far(p)} for p in values]
"""


@task("ThreeLayerConvNet", share=50)
def check_three_layer_module_starts_as_described(student, rng):
    """The module's initial weights are normal with Kaiming's standard deviation, its biases zero; it uses no others."""
    table = student.define(STARTS + "\nfrom functools import partial\n")
    make = table.partial(student.ThreeLayerConvNet, 3, 24, 16, 10)
    rows = table.start(make)
    shapes = sorted(row["shape"] for row in rows)
    expect_equal(
        shapes,
        sorted([[24, 3, 5, 5], [24], [16, 24, 3, 3], [16], [10, 16 * 1024], [10]]),
        name="shapes of the parameters",
    )
    for row in rows:
        shape = row["shape"]
        if len(shape) == 1:
            expect(
                row["mean"] == 0 and row["std"] == 0,
                Message("The bias of shape {shape} is not zero at the start.", shape=tuple(shape)),
            )
            continue
        fan_in, count = 1, shape[0]
        for size in shape[1:]:
            fan_in, count = fan_in * size, count * size
        right, error = (2 / fan_in) ** 0.5, 6 / (2 * count) ** 0.5
        accepted = [right, fan_in**-0.5] if len(shape) == 2 else [right]  # after the linear layer there is no ReLU
        expect(
            any(abs(row["std"] / value - 1) < error for value in accepted),
            Message(
                "Weights of shape {shape}: standard deviation {got:.4g}; kaiming_normal_ gives {expected:.4g}.",
                shape=tuple(shape),
                got=row["std"],
                expected=right,
            ),
            hint="nn.init.kaiming_normal_(layer.weight): its default is the gain of a ReLU, 2, and the fan in.",
        )
        expect(
            row["far"] > 0.01,
            Message(
                "{share:.1%} of the weights of shape {shape} are beyond 1.8 standard deviations; of normal numbers 7 % "
                "are.",
                share=row["far"],
                shape=tuple(shape),
            ),
            hint="Use kaiming_normal_, not kaiming_uniform_.",
        )


@task("ResidualBlock", share=25, loans=STAND_IN, keeps=True)
def check_residual_block_halves_odd_sizes(student, rng):
    """With downsample=True the residual block halves odd sizes, with equal and with different channels, and trains."""
    for before, after, size in [(4, 6, (7, 5)), (5, 5, (1, 9)), (3, 2, (8, 3))]:
        formula = residual(plain_of(student)(after, 2), after, 2, shortcut=True)
        module = student.ResidualBlock(before, after, downsample=True)
        judge_module(student, rng, module, formula, rng.normal(3, before, *size), keeps_input=True, learns=True)


@task("ResidualBottleneckBlock", share="1/3")
def check_bottleneck_halves_odd_sizes(student, rng):
    """The bottleneck block halves odd sizes with downsample=True, adds its unchanged input without it, and trains."""
    same = residual(bottleneck(8), 8, shortcut=False)
    block = student.ResidualBottleneckBlock(8, 8)
    judge_module(student, rng, block, same, rng.normal(3, 8, 4, 5), keeps_input=True, learns=True)
    for before, after, size in [(6, 12, (7, 4)), (8, 8, (5, 9))]:
        formula = residual(bottleneck(after, 2), after, 2, shortcut=True)
        block, x = student.ResidualBottleneckBlock(before, after, downsample=True), rng.normal(3, before, *size)
        judge_module(student, rng, block, formula, x, keeps_input=True, learns=after == 12)  # once: it takes longest
