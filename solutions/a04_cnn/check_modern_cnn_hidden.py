"""Hidden checks of the modern blocks: odd sizes, strides, other widths, gradients, and modules left as they were."""

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional as F

from autograder import expect, expect_close, expect_equal, forbid, task
from common.roles import Recipe

HELPERS = """
import torch
from common.roles import load, outputs, tables, without_gradient

def double(module, x):
    return module.double().to(x.device)
"""

BY_HAND = [
    "torch.nn.*", "!F.pad", "!torch._C._nn.pad", "torch.*conv*", "F.conv*", "F.fold", "torch.*col2im*",
    "torch.autograd.*", "torch.func.*", "torch.enable_grad", "common.convs.*", "common.earlier.*",
]  # fmt: skip

Formula = Callable[[Recipe, Tensor], Tensor]


def random_like(rng, table: dict[str, Tensor]) -> dict[str, Tensor]:
    """Other weights and statistics of the same shapes."""
    fresh = {}
    for name, value in table.items():
        fresh[name] = value
        if name == "running_var":
            fresh[name] = rng.uniform(*value.shape) + 0.5
        elif value.is_floating_point():
            fresh[name] = rng.normal(*value.shape) * (value[0].numel() ** -0.5 if value.ndim > 1 else 0.5)
    return fresh


def judge_module(student, rng, module, formula: Formula, x: Tensor):
    """The module with random weights against the formula, in both modes; the input as it was; gradients everywhere."""
    helper = student.define(HELPERS)
    module = helper.double(module, x)
    values = [random_like(rng, table) for table in helper.tables(module, x)]
    for train in (False, True):
        recipe = Recipe(values, train=train)
        try:
            expected = formula(recipe, x)
            recipe.finish()
        except LookupError as error:
            expect(False, f"The module is not built as described: {error.args[0]}.")
        helper.load(module, values, x)
        seen = student.inspect(helper.outputs, module, x, train=train)
        mode = "training" if train else "evaluation"
        expect_close(seen.value, expected, name=f"output in {mode} mode")
        expect_equal(seen.args[1], x, name="the input after the call")
    lost = helper.without_gradient(module, x)
    expect(type(lost) is list and not lost, f"These get no gradient: {', '.join(map(str, lost))}.")


@task("vgg_block", points=1)
def check_vgg_blocks_of_any_length_on_odd_sizes(student, rng):
    """VGG blocks of one and three convolutions are right, and odd sizes are rounded down."""

    def vgg(count: int, after: int) -> Formula:
        def formula(layers: Recipe, x: Tensor) -> Tensor:
            for _ in range(count):
                x = layers.conv(x, after, 3, pad=1).relu()
            return F.max_pool2d(x, 2)

        return formula

    for count, before, after in [(1, 4, 3), (3, 2, 6)]:
        judge_module(
            student, rng, student.vgg_block(count, before, after), vgg(count, after), rng.normal(4, before, 7, 9)
        )


@task("nin_block", points=1)
def check_nin_blocks_with_other_windows(student, rng):
    """Network-in-network blocks are right for other windows, strides and pads."""

    def nin(after: int, size: int, stride: int, pad: int) -> Formula:
        def formula(layers: Recipe, x: Tensor) -> Tensor:
            x = layers.conv(x, after, size, stride=stride, pad=pad).relu()
            return layers.conv(layers.conv(x, after, 1).relu(), after, 1).relu()

        return formula

    for before, after, size, stride, pad in [(2, 6, 5, 3, 0), (4, 5, 1, 1, 0), (3, 7, 4, 1, 2)]:
        block = student.nin_block(before, after, size, stride, pad)
        judge_module(student, rng, block, nin(after, size, stride, pad), rng.normal(4, before, 11, 8))


@task("Inception", points=1)
def check_inception_on_small_and_negative_images(student, rng):
    """Inception is right for images smaller than its windows and for negative ones, where padding must not win."""
    c1, c2, c3, c4 = 3, (6, 2), (4, 8), 5

    def formula(layers: Recipe, x: Tensor) -> Tensor:
        first = layers.conv(x, c1, 1).relu()
        second = layers.conv(layers.conv(x, c2[0], 1).relu(), c2[1], 3, pad=1).relu()
        third = layers.conv(layers.conv(x, c3[0], 1).relu(), c3[1], 5, pad=2).relu()
        fourth = layers.conv(F.max_pool2d(x, 3, stride=1, padding=1), c4, 1).relu()
        return torch.cat([first, second, third, fourth], dim=1)

    for size in ((2, 3), (5, 4)):
        judge_module(student, rng, student.Inception(7, c1, c2, c3, c4), formula, -3 * rng.uniform(6, 7, *size))


@task("Residual", points=1)
def check_residual_with_a_stride(student, rng):
    """With a stride, the block of 2015 shrinks odd sizes on both paths alike, with equal and other channels."""
    for before, after, stride, size in [(4, 6, 2, (7, 5)), (5, 5, 1, (4, 3)), (3, 2, 3, (8, 7))]:

        def formula(layers: Recipe, x: Tensor, after=after, stride=stride) -> Tensor:
            hidden = layers.norm(layers.conv(x, after, 3, stride=stride, pad=1)).relu()
            hidden = layers.norm(layers.conv(hidden, after, 3, pad=1))
            return (hidden + layers.conv(x, after, 1, stride=stride)).relu()

        block = student.Residual(before, after, use_1x1conv=True, strides=stride)
        judge_module(student, rng, block, formula, rng.normal(4, before, *size))


@task("DenseBlock", points=1)
def check_dense_blocks_with_a_bottleneck(student, rng):
    """Dense blocks with bottleneck=True narrow the input of each step to 4 * num_channels, in one step and in many."""
    for count, before, growth, narrow in [(1, 3, 2, False), (4, 6, 3, True), (2, 2, 5, True)]:

        def formula(layers: Recipe, x: Tensor, count=count, growth=growth, narrow=narrow) -> Tensor:
            for _ in range(count):
                step = layers.norm(x).relu()
                if narrow:
                    step = layers.norm(layers.conv(step, 4 * growth, 1)).relu()
                x = torch.cat([x, layers.conv(step, growth, 3, pad=1)], dim=1)
            return x

        block = student.DenseBlock(count, before, growth, bottleneck=narrow)
        judge_module(student, rng, block, formula, rng.normal(3, before, 4, 5))


@task("DepthwiseSeparableConv", points=1)
def check_separable_convolutions_with_strides(student, rng):
    """Depthwise separable convolutions are right for other windows and strides, on odd sizes."""
    for before, after, size, stride in [(3, 5, 5, 2), (4, 2, 1, 1), (2, 6, 3, 3)]:

        def formula(layers: Recipe, x: Tensor, after=after, size=size, stride=stride) -> Tensor:
            x = layers.conv(x, x.shape[1], size, stride=stride, pad=size // 2, groups=x.shape[1])
            return layers.norm(layers.conv(layers.norm(x).relu(), after, 1)).relu()

        block = student.DepthwiseSeparableConv(before, after, kernel_size=size, stride=stride)
        judge_module(student, rng, block, formula, rng.normal(4, before, 7, 10))


@task("transposed_conv2d", points=1)
def check_transposed_convolution_on_other_sizes(student, rng):
    """Transposed convolution is right for one pixel, gaps between stamps, views and float32; inputs stay."""
    forbid(student, "transposed_conv2d", calls=BY_HAND)
    cases = [((1, 2, 1, 1), (2, 3, 3, 5), 2, 1), ((3, 1, 4, 2), (1, 2, 2, 1), 3, 0), ((2, 4, 5, 3), (4, 1, 1, 1), 1, 0)]
    for image, window, stride, pad in cases:
        x = rng.normal(*image[::-1], dtype=torch.float32).permute(3, 2, 1, 0)
        w = rng.normal(*window, dtype=torch.float32)
        seen = student.inspect(student.transposed_conv2d, x, w, stride, pad)
        expected = F.conv_transpose2d(x.double(), w.double(), stride=stride, padding=pad).float()
        expect_close(seen.value, expected, name="out")
        expect_equal(seen.args[:2], (x, w), name="the inputs after the call")
    x, w = rng.normal(2, 3, 2, 4), rng.normal(3, 2, 2, 3)
    expect_close(student.transposed_conv2d(x, w), F.conv_transpose2d(x, w), name="out with stride 1 and pad 0")


COUNTING = """
import torch
from torch import nn

class Twice(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer, self.norm, self.unused = nn.Conv2d(4, 4, 3, padding=1, groups=2), nn.BatchNorm2d(4), nn.Linear(9, 9)
        self.drop, self.head = nn.Dropout(0.5), nn.Linear(5, 7)

    def forward(self, x):
        return self.head(self.drop(self.norm(self.layer(self.norm(self.layer(x))))))

def look(count_macs, device):
    with torch.device(device):
        net = Twice()
    net.train()
    net.drop.eval()
    before = {name: value.clone() for name, value in net.state_dict().items()} if device != "meta" else {}
    macs = count_macs(net, (4, 6, 5))
    same = all(torch.equal(value, before[name]) for name, value in net.state_dict().items()) if before else True
    hooks = sum(len(part._forward_hooks) + len(part._forward_pre_hooks) for part in net.modules())
    gradients = sum(p.grad is not None for p in net.parameters())
    modes = [net.training, net.norm.training, net.drop.training]
    again = count_macs(net, (4, 6, 5))
    return {"macs": macs, "again": again, "same": same, "hooks": hooks, "modes": modes, "grads": gradients}

def alone(count_macs):
    return [count_macs(nn.Linear(5, 3).double(), (5,)), count_macs(nn.ReLU(), (2, 3, 4)),
            count_macs(nn.Sequential(nn.Conv2d(2, 4, 1), nn.BatchNorm2d(4)), (2, 1, 1))]
"""


@task("count_macs", points=1)
def check_counting_leaves_the_module_as_it_was(student):
    """A layer used twice counts twice, an unused one not, groups count, on any device; the module stays as it was."""
    helper = student.define(COUNTING)
    right = 2 * (4 * 6 * 5 * 2 * 9) + 4 * 6 * 7 * 5
    for place in ("cpu", "meta"):
        seen = helper.look(student.count_macs, place)
        expect_equal(seen["macs"], right, name=f"MACs on the device {place!r}")
        expect_equal(seen["again"], right, name="MACs when it is counted again")
        expect(seen["same"], "The module's running statistics or weights were changed by counting.")
        expect_equal(seen["hooks"], 0, name="hooks left behind")
        expect_equal(seen["modes"], [True, True, False], name="modes of the module, its normalisation and its dropout")
        expect_equal(seen["grads"], 0, name="parameters with a gradient after counting")
    expect_equal(
        helper.alone(student.count_macs),
        [15, 0, 8],
        name="MACs of a linear layer in float64, of a ReLU, of 1 x 1 images",
    )
