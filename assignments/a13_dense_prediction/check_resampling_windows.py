"""Public checks of resampling: convolutions with gaps, fields, and poolings."""

import torch
import torch.nn.functional as F
from check_resampling import four_windows
from oracles_resampling import READY, mean_of_draw, norm, pooled, pyramid

from autograder import Message, expect, expect_close, expect_equal, forbid, task


@task("dilated_conv2d", share=50, any_dtype=True)
def check_convolution_with_gaps_and_groups(student, rng):
    """With gaps and with groups, the result agrees with F.conv2d."""
    forbid(student, "dilated_conv2d", calls=READY)
    x, w = rng.normal(2, 4, 8, 9), rng.normal(6, 4, 3, 3)
    for d, pad in ((1, 0), (2, 0), (2, 1)):
        right = F.conv2d(x, w, dilation=d, padding=pad)
        name = Message("dilation {d}, pad {pad}", d=d, pad=pad)
        expect_close(student.dilated_conv2d(x, w, d, pad=pad), right, name=name, mistakes={
            "The kernel is not flipped.": F.conv2d(x, w.flip(2, 3), dilation=d, padding=pad),
            "The dilation has no influence.": F.conv2d(x, w, padding=pad),
            "The dilation has no influence on which pixels are seen.":
                F.conv2d(x, w, padding=pad)[..., : right.shape[2], : right.shape[3]],
            "pad is the number of zeros on each side; the dilation does not multiply it.":
                F.conv2d(x, w, dilation=d, padding=pad * d),
            "The padding is missing.": F.conv2d(x, w, dilation=d),
            "Weights are d pixels apart, not d + 1.": F.conv2d(x, w, dilation=d + 1, padding=pad),
        }, hint="The zeros of the padding surround the map; neighbours in the kernel are d pixels apart.")  # fmt: skip
    w = rng.normal(6, 2, 3, 3)
    dense = torch.cat([F.conv2d(x[:, ::2], w[:3]), F.conv2d(x[:, 1::2], w[3:])], dim=1)
    swapped = torch.cat([F.conv2d(x[:, 2:], w[:3]), F.conv2d(x[:, :2], w[3:])], dim=1)
    mixed = torch.stack([F.conv2d(x[:, :2], w[::2]), F.conv2d(x[:, 2:], w[1::2])], dim=2).flatten(1, 2)
    expect_close(student.dilated_conv2d(x, w, groups=2), F.conv2d(x, w, groups=2), name="two groups", mistakes={
        "Group 0 has the first channels, not every second one.": dense,
        "The first filters see the first channels.": swapped,
        "Group 0 has the first filters, not every second one.": mixed,
    }, hint="Group 0 has the first channels and the first filters, group 1 the next ones.")  # fmt: skip


@task("receptive_field", share=50)
def check_fields_of_three_layers(student):
    """Layers of 3 with dilations 1, 1, 1 see 7 pixels, with 1, 2, 4 they see 15; strides multiply later layers."""
    expect_equal(student.receptive_field([(3, 1, 1)] * 3), 7, name="three layers", mistakes={
        "A layer adds k - 1 numbers, not k.": 10,
        "The field begins at 1: without a layer, a number sees itself.": 6,
    })  # fmt: skip
    expect_equal(student.receptive_field([(3, 1, 1), (3, 1, 2), (3, 1, 4)]), 15, name="dilations 1, 2, 4", mistakes={
        "The dilation has no influence.": 7,
        "A dilation spreads the pixels of its own layer only; only strides act on later layers.": 23,
    })  # fmt: skip
    expect_equal(student.receptive_field([(3, 2, 1), (3, 1, 1)]), 7, name="a stride of 2 first", mistakes={
        "The stride has no influence.": 5,
        "A layer's stride counts for the layers after it, not for itself.": 9,
    }, hint="Draw it: the last layer sees three numbers of the first, which lie two pixels apart.")  # fmt: skip
    expect_equal(student.receptive_field([(3, 1, 1), (2, 2, 1)]), 4, name="a stride of 2 last", mistakes={
        "A layer's stride counts for the layers after it, not for itself.": 5,
    }, hint="Draw it: the last layer sees two numbers of the first, which lie one pixel apart.")  # fmt: skip


@task("SpatialPyramidPool", share=50, any_dtype=True, keeps=True)
def check_pyramid_of_maps(student, rng):
    """On a map of 8 x 12 pixels, the vector agrees with loops, level after level."""
    forbid(student, "SpatialPyramidPool", calls=READY)
    x = rng.normal(2, 3, 8, 12)
    right = pyramid(x, (1, 2, 4))
    means = torch.cat([F.adaptive_avg_pool2d(x, level).flatten(1) for level in (1, 2, 4)], dim=1)
    by_channel = torch.cat([F.adaptive_max_pool2d(x, level).flatten(2) for level in (1, 2, 4)], dim=2).flatten(1)
    places = [F.adaptive_max_pool2d(x, level).flatten(2).mT.flatten(1) for level in (1, 2, 4)]
    columns = [F.adaptive_max_pool2d(x, level).mT.flatten(1) for level in (1, 2, 4)]
    expect_close(student.SpatialPyramidPool()(x), right, mistakes={
        "Take the maximum of each window, not the mean.": means,
        "The vector has level after level; in each, channel after channel.": by_channel,
        "In each level, all windows of channel 0 come first.": torch.cat(places, dim=1),
        "Windows go row after row.": torch.cat(columns, dim=1),
    })  # fmt: skip


@task("lp_pool", share=50, any_dtype=True)
def check_norms_of_windows(student, rng):
    """Norms for p of 1, 2 and 3 agree with a loop over windows; the window 1 2 3 4 has 5.4772."""
    forbid(student, "lp_pool", calls=READY)
    x = torch.tensor([[[[1.0, 2.0], [3.0, 4.0]]]], dtype=torch.float64, device=rng.device)
    expect_close(student.lp_pool(x, 2, 2), x.new_tensor([[[[30**0.5]]]]), name="the window 1 2 3 4", mistakes={
        "The root is missing.": x.new_tensor([[[[30.0]]]]),
        "This is the mean before the root; take the sum.": x.new_tensor([[[[7.5**0.5]]]]),
    })  # fmt: skip
    x = rng.normal(2, 3, 6, 4)
    for p in (1, 2, 3):
        right = pooled(x, 2, lambda window, p=p: norm(window, p))
        signed = pooled(x, 2, lambda window, p=p: window.pow(p).sum(dim=2))
        expect_close(student.lp_pool(x, 2, p), right, name=Message("p = {p}", p=p), mistakes={
            "The root is missing.": right**p,
            "Take absolute values first.": signed.abs().pow(1 / p) * signed.sign(),
            "Take absolute values before the power.": signed.pow(1 / p),
            "This is the mean before the root; take the sum.": right / 4 ** (1 / p),
            "p is an argument, and not always 2.": pooled(x, 2, lambda window: norm(window, 2)),
            "Windows do not overlap: they are k pixels apart.":
                torch.linalg.vector_norm(x.unfold(2, 2, 1).unfold(3, 2, 1).flatten(4), p, dim=4),
        })  # fmt: skip


DRAWS = """
import torch

def drawn(x, k, seed, device):
    return student.stochastic_pool(x, k, torch.Generator(device).manual_seed(seed))

def mean(x, k):
    return student.stochastic_pool(x, k)
"""


@task("stochastic_pool", share=50, any_dtype=True)
def check_draws_and_their_mean(student, rng):
    """Without a generator, the mean of the draw; with one, values of the window as often as they are large."""
    forbid(student, "stochastic_pool", calls=READY)
    x = rng.uniform(2, 3, 4, 6, low=0.1, high=2.0)
    right = pooled(x, 2, mean_of_draw)
    soft = pooled(x, 2, lambda window: (window.softmax(dim=2) * window).sum(dim=2))
    expect_close(student.stochastic_pool(x, 2), right, name="without a generator", mistakes={
        "Chances are a / sum(a), not a softmax.": soft,
        "This is the plain mean; larger values are drawn more often.": pooled(x, 2, lambda w: w.mean(dim=2)),
        "Divide by the sum of the window.": pooled(x, 2, lambda w: w.square().sum(dim=2)),
        "This is the maximum.": pooled(x, 2, lambda w: w.amax(dim=2)),
    })  # fmt: skip
    window = torch.tensor([1.0, 2.0, 3.0, 4.0], dtype=torch.float64, device=rng.device).reshape(1, 1, 2, 2)
    many = window.repeat(40, 50, 1, 1)
    found = student.define(DRAWS).drawn(many, 2, rng.int(0, 2**31), str(rng.device)).flatten()
    expect(not bool((found == 3).all()), "With a generator, the result is the mean of the draw again.",
           "If there is a generator, draw with it: one value for each window, each by itself.")  # fmt: skip
    known = (found[:, None] == window.flatten()).any(dim=1)
    expect(bool(known.all()), "With a generator, a value was returned that its window does not contain.",
           "Draw one of the values with chances a / sum(a), and return it as it is: no mean, no product.")  # fmt: skip
    for value in (1.0, 2.0, 3.0, 4.0):
        share, chance = float((found == value).double().mean()), value / 10
        margin = 6 * (chance * (1 - chance) / 2000) ** 0.5
        text = Message("Of the window 1 2 3 4, {value} was drawn in {share} of 2000 windows; the chance is {chance}.",
                       value=value, share=round(share, 3), chance=chance)  # fmt: skip
        expect(abs(share - chance) < margin, text, "Chances are a / sum(a); each window has a draw of its own.")


@task("average_pool_backward", share=50, any_dtype=True)
def check_gradient_of_means(student, rng):
    """The gradient agrees with that of F.avg_pool2d."""
    forbid(student, "average_pool_backward", calls=READY)
    dout = rng.normal(2, 3, 2, 3)
    x = torch.zeros(2, 3, 4, 6, dtype=dout.dtype, device=dout.device, requires_grad=True)
    right = torch.autograd.grad(F.avg_pool2d(x, 2), x, dout)[0]
    nails = torch.zeros_like(right)
    nails[:, :, ::2, ::2] = dout
    expect_close(student.average_pool_backward(dout, 2, (4, 6)), right, mistakes={
        "Divide by the number of pixels of a window.": 4 * right,
        "Divide by k squared, not by k.": 2 * right,
        "All pixels of a window get a share.": nails,
        "The whole map was repeated; repeat each number.": (dout / 4).repeat(1, 1, 2, 2),
    }, hint="Each number of dout is shared equally by the pixels of its own window.")  # fmt: skip
    expect_close(student.average_pool_backward(four_windows(rng), 2, (8, 8)).sum(), four_windows(rng).sum(),
                 name="the sum of all shares")  # fmt: skip
