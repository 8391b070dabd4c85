"""Hidden checks of the modern blocks: odd sizes, strides, other widths, gradients, unchanged modules."""

import torch
from oracles_modern_cnn import BY_HAND, dense, inception, nin, residual, separable, vgg
from oracles_modules import judge_module
from torch import Tensor
from torch.nn import functional as F

from autograder import expect, expect_close, expect_equal, forbid, task
from autograder.probes.layers import Formula


def judge(student, rng, module, formula: Formula, x: Tensor) -> None:
    """Compare the module with the formula in both modes; the input is unchanged, and gradients reach all parameters."""
    judge_module(student, rng, module, formula, x, keeps_input=True, learns=True)


@task("vgg_block", points=1)
def check_vgg_blocks_of_any_length_on_odd_sizes(student, rng):
    """VGG blocks of one and three convolutions are right, and odd sizes are rounded down."""
    for count, before, after in [(1, 4, 3), (3, 2, 6)]:
        judge(student, rng, student.vgg_block(count, before, after), vgg(count, after), rng.normal(4, before, 7, 9))


@task("nin_block", points=1)
def check_nin_blocks_with_other_windows(student, rng):
    """Network-in-network blocks are right for other windows, strides and pads."""
    for before, after, size, stride, pad in [(2, 6, 5, 3, 0), (4, 5, 1, 1, 0), (3, 7, 4, 1, 2)]:
        block = student.nin_block(before, after, size, stride, pad)
        judge(student, rng, block, nin(after, size, stride, pad), rng.normal(4, before, 11, 8))


@task("Inception", points=1)
def check_inception_on_small_and_negative_images(student, rng):
    """Inception is right for images smaller than its windows, and for negative images, where padding must not win."""
    sizes = (3, (6, 2), (4, 8), 5)
    for size in ((2, 3), (5, 4)):
        judge(student, rng, student.Inception(7, *sizes), inception(*sizes), -3 * rng.uniform(6, 7, *size))


@task("Residual", points=1)
def check_residual_with_a_stride(student, rng):
    """With a stride, both paths of the block of 2015 shrink odd sizes equally; else the unchanged input is added."""
    judge(student, rng, student.Residual(4, 4), residual(4, 1, shortcut=False), rng.normal(3, 4, 6, 5))
    for before, after, stride, size in [(4, 6, 2, (7, 5)), (5, 5, 1, (4, 3)), (3, 2, 3, (8, 7))]:
        block = student.Residual(before, after, use_1x1conv=True, strides=stride)
        judge(student, rng, block, residual(after, stride, shortcut=True), rng.normal(4, before, *size))


@task("DenseBlock", points=1)
def check_dense_blocks_with_a_bottleneck(student, rng):
    """Dense blocks with bottleneck=True narrow the input of each step to 4 * num_channels, in one step and in many."""
    for count, before, growth, narrow in [(1, 3, 2, False), (4, 6, 3, True), (2, 2, 5, True)]:
        block = student.DenseBlock(count, before, growth, bottleneck=narrow)
        judge(student, rng, block, dense(count, growth, bottleneck=narrow), rng.normal(3, before, 4, 5))


@task("DepthwiseSeparableConv", points=1)
def check_separable_convolutions_with_strides(student, rng):
    """Depthwise separable convolutions are right for other windows and strides, on odd sizes."""
    for before, after, size, stride in [(3, 5, 5, 2), (4, 2, 1, 1), (2, 6, 3, 3)]:
        block = student.DepthwiseSeparableConv(before, after, kernel_size=size, stride=stride)
        judge(student, rng, block, separable(after, size, stride), rng.normal(4, before, 7, 10))


@task("transposed_conv2d", points=1)
def check_transposed_convolution_on_other_sizes(student, rng):
    """Transposed convolution is right for one pixel, gaps between stamps, views and float32; inputs are unchanged."""
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

def values(net):
    return {name: value.clone() for name, value in net.state_dict().items() if not value.is_meta}

def same(now, before):
    return all(now[name].dtype == value.dtype and torch.equal(now[name], value) for name, value in before.items())

def look(count_macs, device, dtype):
    with torch.device(device):
        net = Twice().to(dtype)
    net.train()
    net.drop.eval()
    net.head.weight.requires_grad_(False)
    parts = [net, net.layer, net.norm, net.head]
    for part in (net.layer, net.head):
        part.register_forward_hook(lambda *args: None)  # hooks of the owner, which must remain
    before = values(net)
    macs = count_macs(net, (4, 6, 5))
    return {
        "macs": macs,
        "same": same(net.state_dict(), before),
        "dtypes": sorted({str(p.dtype) for p in net.parameters()}),
        "hooks": [len(part._forward_hooks) + len(part._forward_pre_hooks) for part in parts],
        "modes": [net.training, net.norm.training, net.drop.training],
        "grads": sum(p.grad is not None for p in net.parameters()),
        "frozen": [name for name, p in net.named_parameters() if not p.requires_grad],
        "again": count_macs(net, (4, 6, 5)),
    }

def alone(count_macs):
    return [count_macs(nn.Linear(5, 3).double(), (5,)), count_macs(nn.ReLU(), (2, 3, 4)),
            count_macs(nn.Sequential(nn.Conv2d(2, 4, 1), nn.BatchNorm2d(4)), (2, 1, 1))]
"""


@task("count_macs", points=1)
def check_counting_leaves_the_module_as_it_was(student):
    """A layer counts as often as it is used, groups are counted, on any device, and the module is unchanged."""
    helper = student.define(COUNTING)
    right = 2 * (4 * 6 * 5 * 2 * 9) + 4 * 6 * 7 * 5
    for place, dtype in (("cpu", torch.float32), ("meta", torch.float32), ("cpu", torch.float64)):
        seen = helper.look(student.count_macs, place, dtype)
        expect_equal(seen["macs"], right, name=f"MACs on the device {place!r} in {dtype}")
        expect_equal(seen["again"], right, name="MACs when counted again")
        expect_equal(seen["dtypes"], [str(dtype)], name="dtypes of the parameters after counting")
        expect(seen["same"], "The module's running statistics or weights were changed by counting.")
        expect_equal(
            seen["hooks"], [0, 1, 0, 1], name="the numbers of hooks on four parts of the module, two of which had one"
        )
        expect_equal(seen["modes"], [True, True, False], name="modes of the module, its normalisation and its dropout")
        expect_equal(seen["grads"], 0, name="parameters with a gradient after counting")
        expect_equal(seen["frozen"], ["head.weight"], name="parameters that need no gradient after counting")
    expect_equal(
        helper.alone(student.count_macs),
        [15, 0, 8],
        name="MACs of a linear layer in float64, of a ReLU, of 1 x 1 images",
    )
