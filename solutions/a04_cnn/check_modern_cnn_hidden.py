"""Hidden checks of the modern blocks: odd sizes, strides, other widths, gradients, unchanged modules."""

import torch
from oracles_modern_cnn import BY_HAND, dense, inception, nin, residual, separable, vgg
from oracles_modules import judge_module
from torch import Tensor
from torch.nn import functional as F

from autograder import expect_close, expect_equal, forbid, task
from autograder.probes.layers import Formula


def judge(student, rng, module, formula: Formula, x: Tensor, mistakes: dict[str, Formula] | None = None) -> None:
    """Compare the module with the formula in both modes; the input is unchanged, and gradients reach all parameters."""
    judge_module(student, rng, module, formula, x, mistakes, keeps_input=True, learns=True)


@task("vgg_block", share=50)
def check_vgg_blocks_of_any_length_on_odd_sizes(student, rng):
    """VGG blocks of one and three convolutions are right, and odd sizes are rounded down."""
    for count, before, after in [(1, 4, 3), (3, 2, 6)]:
        judge(student, rng, student.vgg_block(count, before, after), vgg(count, after), rng.normal(4, before, 7, 9))


@task("nin_block", share=50)
def check_nin_blocks_with_other_windows(student, rng):
    """Network-in-network blocks are right for other windows, strides and pads."""
    for before, after, size, stride, pad in [(2, 6, 5, 3, 0), (4, 5, 1, 1, 0), (3, 7, 4, 1, 2)]:
        block = student.nin_block(before, after, size, stride, pad)
        judge(student, rng, block, nin(after, size, stride, pad), rng.normal(4, before, 11, 8))


@task("Inception", share=50, keeps=True)
def check_inception_on_small_and_negative_images(student, rng):
    """Inception is right for images smaller than its windows, and for negative images, where padding must not win."""
    sizes = (3, (6, 2), (4, 8), 5)
    for size in ((2, 3), (5, 4)):
        judge(student, rng, student.Inception(7, *sizes), inception(*sizes), -3 * rng.uniform(6, 7, *size), {
            "The image is padded with zeros before it is pooled, and they are larger than negative numbers: give the "
            "padding to nn.MaxPool2d.": inception(*sizes, zeros=True),
        })  # fmt: skip


@task("Residual", share=50)
def check_residual_with_a_stride(student, rng):
    """With a stride, both paths of the block of 2015 shrink odd sizes equally; else the unchanged input is added."""
    judge(student, rng, student.Residual(4, 4), residual(4, 1, shortcut=False), rng.normal(3, 4, 6, 5))
    for before, after, stride, size in [(4, 6, 2, (7, 5)), (5, 5, 1, (4, 3)), (3, 2, 3, (8, 7))]:
        block = student.Residual(before, after, use_1x1conv=True, strides=stride)
        judge(student, rng, block, residual(after, stride, shortcut=True), rng.normal(4, before, *size))


@task("DenseBlock", share=50)
def check_dense_blocks_with_a_bottleneck(student, rng):
    """Dense blocks with bottleneck=True narrow the input of each step to 4 * num_channels, in one step and in many."""
    for count, before, growth, narrow in [(1, 3, 2, False), (4, 6, 3, True), (2, 2, 5, True)]:
        block = student.DenseBlock(count, before, growth, bottleneck=narrow)
        judge(student, rng, block, dense(count, growth, bottleneck=narrow), rng.normal(3, before, 4, 5))


@task("DepthwiseSeparableConv", share=50)
def check_separable_convolutions_with_strides(student, rng):
    """Depthwise separable convolutions are right for other windows and strides, on odd sizes."""
    for before, after, size, stride in [(3, 5, 5, 2), (4, 2, 1, 1), (2, 6, 3, 3)]:
        block = student.DepthwiseSeparableConv(before, after, kernel_size=size, stride=stride)
        judge(student, rng, block, separable(after, size, stride), rng.normal(4, before, 7, 10))


@task("transposed_conv2d", share="1/3")
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
