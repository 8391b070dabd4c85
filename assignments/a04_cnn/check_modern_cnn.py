"""Public checks of the modern blocks: the same weights in a plain computation by torch's operators."""

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional as F

from autograder import expect, expect_close, expect_equal, forbid, task
from common.roles import Recipe

HELPERS = """
from common.roles import load, outputs, tables

def double(module, x):
    return module.double().to(x.device)
"""

BY_HAND = [
    "torch.nn.*", "!F.pad", "!torch._C._nn.pad", "torch.*conv*", "F.conv*", "F.fold", "torch.*col2im*",
    "torch.autograd.*", "torch.func.*", "torch.enable_grad", "common.convs.*", "common.earlier.*",
]  # fmt: skip

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


def vgg(count: int, after: int) -> Formula:
    def formula(layers: Recipe, x: Tensor) -> Tensor:
        for _ in range(count):
            x = layers.conv(x, after, 3, pad=1).relu()
        return F.max_pool2d(x, 2)

    return formula


@task("vgg_block", points=1)
def check_vgg_block_agrees_with_the_formula(student, rng):
    """With the same weights, the VGG block computes convolutions with ReLU, then max pooling."""
    judge_module(student, rng, student.vgg_block(2, 3, 5), vgg(2, 5), rng.normal(2, 3, 8, 6))


def nin(after: int, size: int, stride: int, pad: int) -> Formula:
    def formula(layers: Recipe, x: Tensor) -> Tensor:
        x = layers.conv(x, after, size, stride=stride, pad=pad).relu()
        return layers.conv(layers.conv(x, after, 1).relu(), after, 1).relu()

    return formula


@task("nin_block", points=1)
def check_nin_block_agrees_with_the_formula(student, rng):
    """With the same weights, the network-in-network block computes a convolution and two 1x1, each with ReLU."""
    judge_module(student, rng, student.nin_block(3, 5, 3, 2, 1), nin(5, 3, 2, 1), rng.normal(2, 3, 9, 7))


def inception(c1: int, c2: tuple[int, int], c3: tuple[int, int], c4: int) -> Formula:
    def formula(layers: Recipe, x: Tensor) -> Tensor:
        first = layers.conv(x, c1, 1).relu()
        second = layers.conv(layers.conv(x, c2[0], 1).relu(), c2[1], 3, pad=1).relu()
        third = layers.conv(layers.conv(x, c3[0], 1).relu(), c3[1], 5, pad=2).relu()
        fourth = layers.conv(F.max_pool2d(x, 3, stride=1, padding=1), c4, 1).relu()
        return torch.cat([first, second, third, fourth], dim=1)

    return formula


@task("Inception", points=1)
def check_inception_agrees_with_the_formula(student, rng):
    """With the same weights, Inception concatenates its four paths in order."""
    sizes = (2, (3, 4), (5, 6), 7)
    x = rng.normal(2, 8, 6, 9)

    def turned(layers: Recipe, x: Tensor) -> Tensor:
        return inception(*sizes)(layers, x).roll(2, dims=1)

    judge_module(student, rng, student.Inception(8, *sizes), inception(*sizes), x, {
        "The paths are not in the order 1x1, 3x3, 5x5, pooling.": turned,
    })  # fmt: skip


def residual(after: int, stride: int, *, shortcut: bool) -> Formula:
    def formula(layers: Recipe, x: Tensor) -> Tensor:
        hidden = layers.norm(layers.conv(x, after, 3, stride=stride, pad=1)).relu()
        hidden = layers.norm(layers.conv(hidden, after, 3, pad=1))
        return (hidden + (layers.conv(x, after, 1, stride=stride) if shortcut else x)).relu()

    return formula


@task("Residual", points=1)
def check_residual_agrees_with_the_formula(student, rng):
    """With the same weights, the block of 2015 computes ReLU(F(x) + x), and with use_1x1conv a convolution of x."""
    x = rng.normal(3, 4, 6, 5)
    judge_module(student, rng, student.Residual(4, 4), residual(4, 1, shortcut=False), x)
    judge_module(student, rng, student.Residual(4, 6, use_1x1conv=True), residual(6, 1, shortcut=True), x)


def dense(count: int, growth: int, *, bottleneck: bool = False) -> Formula:
    def formula(layers: Recipe, x: Tensor) -> Tensor:
        for _ in range(count):
            step = layers.norm(x).relu()
            if bottleneck:
                step = layers.norm(layers.conv(step, 4 * growth, 1)).relu()
            x = torch.cat([x, layers.conv(step, growth, 3, pad=1)], dim=1)
        return x

    return formula


@task("DenseBlock", points=1)
def check_dense_block_agrees_with_the_formula(student, rng):
    """With the same weights, each step of the dense block sees all channels so far and appends its own."""

    def newest_first(layers: Recipe, x: Tensor) -> Tensor:
        for _ in range(3):
            x = torch.cat([layers.conv(layers.norm(x).relu(), 4, 3, pad=1), x], dim=1)
        return x

    judge_module(student, rng, student.DenseBlock(3, 5, 4), dense(3, 4), rng.normal(2, 5, 6, 7), {
        "New channels were put before the old ones; append them.": newest_first,
    })  # fmt: skip


def transition(after: int) -> Formula:
    return lambda layers, x: F.avg_pool2d(layers.conv(layers.norm(x).relu(), after, 1), 2)


@task("transition_block", points=1)
def check_transition_agrees_with_the_formula(student, rng):
    """With the same weights, the transition computes BN - ReLU - conv 1x1 - average pooling, on odd sizes too."""

    def max_pooled(layers: Recipe, x: Tensor) -> Tensor:
        return F.max_pool2d(layers.conv(layers.norm(x).relu(), 3, 1), 2)

    for size in ((6, 8), (7, 5)):
        judge_module(student, rng, student.transition_block(4, 3), transition(3), rng.normal(2, 4, *size), {
            "This is max pooling; the transition pools by averages.": max_pooled,
        })  # fmt: skip


def separable(after: int, size: int, stride: int) -> Formula:
    def formula(layers: Recipe, x: Tensor) -> Tensor:
        x = layers.norm(layers.conv(x, x.shape[1], size, stride=stride, pad=size // 2, groups=x.shape[1])).relu()
        return layers.norm(layers.conv(x, after, 1)).relu()

    return formula


@task("DepthwiseSeparableConv", points=1)
def check_separable_convolution_agrees_with_the_formula(student, rng):
    """With the same weights, it computes a depthwise convolution, then a 1x1 convolution, each with BN and ReLU."""
    judge_module(student, rng, student.DepthwiseSeparableConv(4, 6), separable(6, 3, 1), rng.normal(3, 4, 6, 5))


def judge_transposed(student, x, w, stride, pad):
    """Call transposed_conv2d and compare with torch."""
    forbid(student, "transposed_conv2d", calls=BY_HAND)
    out = student.transposed_conv2d(x, w, stride=stride, pad=pad)
    expect_close(out, F.conv_transpose2d(x, w, stride=stride, padding=pad), mistakes={
        "The filters are flipped; stamp them as they are.": (
            lambda: F.conv_transpose2d(x, w.flip(2, 3), stride=stride, padding=pad)
        ),
        "The padding was not cut off.": lambda: F.conv_transpose2d(x, w, stride=stride),
        "The stride was ignored.": lambda: F.conv_transpose2d(x, w, padding=pad),
    })  # fmt: skip


@task("transposed_conv2d", points=2)
def check_transposed_convolution_agrees_with_torch(student, rng):
    """Transposed convolution agrees with torch's own, for strides 1 to 3 and pads 0 to 2."""
    for stride, pad in [(1, 0), (2, 0), (1, 1), (2, 1), (3, 2)]:
        judge_transposed(student, rng.normal(2, 3, 4, 6), rng.normal(3, 5, 4, 3), stride, pad)


COUNTING = """
import torch
from torch import nn

def conv(*args, **options):
    return nn.Conv2d(*args, **options)

def small():
    return nn.Sequential(
        nn.Conv2d(3, 8, 3, padding=1), nn.BatchNorm2d(8), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(8, 12, 5, stride=2, padding=2), nn.ReLU(), nn.Flatten(), nn.Linear(12 * 4 * 3, 10),
    )
"""


@task("count_macs", points=1)
def check_macs_of_single_convolutions(student):
    """The count of one convolution is its output size times window times input channels, whatever its bias."""
    nets = student.define(COUNTING)
    cases = [((3, 8, 3), {"padding": 1}, (3, 7, 5), 8 * 7 * 5 * 27)]
    cases += [((4, 6, (3, 2)), {"stride": 2}, (4, 9, 8), 6 * 16 * 24)]
    for args, options, shape, right in cases:
        for bias in (True, False):
            found = student.count_macs(nets.conv(*args, **options, bias=bias), shape)
            expect_equal(found, right, name=f"MACs of nn.Conv2d{args} on {shape}", mistakes={
                "A multiply-accumulate is one operation, not two.": 2 * right,
                "This counts weights; each is used at every place.": 216 if args[0] == 3 else 144,
            })  # fmt: skip


@task("count_macs", points=1)
def check_macs_of_a_network(student):
    """The count of a network adds up its convolutions and linear layers, and nothing else."""
    right = 8 * 16 * 12 * 27 + 12 * 4 * 3 * 8 * 25 + 144 * 10
    found = student.count_macs(student.define(COUNTING).small(), (3, 16, 12))
    expect_equal(found, right, name="MACs", mistakes={
        "The linear layer was not counted.": right - 1440,
        "The convolutions were not counted.": 1440,
        "Biases are not counted.": right + 8 * 16 * 12 + 12 * 4 * 3 + 10,
    })  # fmt: skip
