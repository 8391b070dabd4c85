"""Public checks of segmentation: kernels that enlarge, FCN, U-Net, hourglass."""

import torch
import torch.nn.functional as F
from oracles_segmentation import LOANS_OF_KERNEL, tent_kernel

from autograder import Message, expect_close, expect_shape, task


@task("bilinear_kernel", share=50, any_dtype=True)
def check_kernel_of_four(student, rng):
    """The kernel of size 4 has 0.25, 0.75, 0.75, 0.25 in both directions, from each channel to itself."""
    right = tent_kernel(3, 4)
    full, line = tent_kernel(1, 4).repeat(3, 3, 1, 1), torch.tensor([0.25, 0.75, 0.75, 0.25])
    expect_close(student.bilinear_kernel(3, 4), right, mistakes={
        "Different channels do not mix: 0 between them.": full,
        "The kernel is an outer product: multiply the weights of row and column, do not add them.":
            torch.eye(3)[:, :, None, None] * (line[:, None] + line) / 2,
        "The kernel is an outer product.": torch.eye(3)[:, :, None, None] * (torch.ones(4) * right[0, 0, 1] / 0.75),
        "For even k, the centre is between two numbers: f - 1/2.":
            torch.eye(3)[:, :, None, None] * torch.outer(*[1 - (torch.arange(4) - 1).abs() / 2] * 2),
        "The weights do not sum to 1: they sum to the square of the factor.": right / 4,
    })  # fmt: skip


STUBS = """
import torch
from torch import nn

class Maps(nn.Module):
    channels = (1, 1, 1)

    def __init__(self, maps):
        super().__init__()
        self.maps = maps

    def forward(self, x):
        return list(self.maps)

def fcn(maps, x, stride, weights):
    net = student.FCN(Maps(maps), 1, stride).to(x)
    with torch.no_grad():
        for head, (w, b) in zip(net.heads, weights):
            head.weight.fill_(w)
            head.bias.fill_(b)
        return net(x)

def kernels(classes, stride):
    net = student.FCN(Maps([]), classes, stride)
    return [layer.weight.detach() for layer in [*net.twice, net.last]]

class Times(nn.Module):
    def __init__(self, *factors):
        super().__init__()
        self.factors = factors

    def forward(self, x):
        parts = x.chunk(len(self.factors), dim=1)
        return sum(f * part for f, part in zip(self.factors, parts))

def one_level(name, x, down, merge, side):
    # Layers keep their kinds, so that code may also go through a block or use a layer's weight.
    net = getattr(student, name)(1, 1, (1, 1)).to(x)
    net.down = nn.ModuleList([nn.Sequential(Times(f)) for f in down])
    net.merge = nn.ModuleList([nn.Sequential(Times(*merge))])
    if side:
        net.side = nn.ModuleList([nn.Sequential(Times(side))])
    with torch.no_grad():
        for layer in (net.up[0], net.last):  # copies each pixel; changes nothing
            layer.weight.fill_(1.0)
            layer.bias.zero_()
        return net(x)

def sizes(name, widths, shapes):
    net = getattr(student, name)(3, 5, widths).eval()
    with torch.no_grad():
        return [list(net(torch.zeros(shape)).shape) for shape in shapes]
"""


def three_maps(rng, H, W):
    """Draw maps of one channel at strides 8, 16 and 32."""
    maps = []
    for stride in (8, 16, 32):
        maps.append(rng.normal(2, 1, -(-H // stride), -(-W // stride)))
    return maps


@task("FCN", share=20, any_dtype=True, loans=LOANS_OF_KERNEL)
def check_first_weights_interpolate(student, rng):
    """At the beginning, the transposed convolutions interpolate; FCN-32s is the head, enlarged."""
    for stride, count in ((32, 1), (16, 2), (8, 3)):
        found = student.define(STUBS).kernels(2, stride)
        sizes = [4] * (count - 1) + [2 * stride]
        expect_close(found, [tent_kernel(2, k) for k in sizes], name=Message("the weights of stride {s}", s=stride),
                     mistakes={"The weights do not sum to 1: they sum to the square of the factor.":
                               [tent_kernel(2, k) / (k // 2) ** 2 for k in sizes]},
                     hint="All transposed convolutions begin as bilinear kernels: `twice` and `last`.")  # fmt: skip
    maps, x = three_maps(rng, 90, 70), rng.normal(2, 3, 90, 70)
    found = student.define(STUBS).fcn(maps, x, 32, [(2.0, 0.5)])
    expect_shape(found, (2, 1, 90, 70), name="the scores of FCN-32s",
                 hint="The scores have the size of the image: the rest is cut off at the right and at the bottom.",
                 )  # fmt: skip
    coarse = 2 * maps[2] + 0.5
    full = F.conv_transpose2d(coarse, tent_kernel(1, 64).to(coarse), stride=32, padding=16)
    copies = F.interpolate(coarse, scale_factor=32)

    def middle(scores):
        return scores[:, :, 16:80, 16:70]

    expect_close(middle(found), middle(F.interpolate(coarse, scale_factor=32, mode="bilinear")), rtol=1e-4, atol=1e-5,
                 name="FCN-32s, inside", mistakes={
        "Cut the rest off at the right and at the bottom, not at the left and at the top.":
            middle(full[:, :, -90:, -70:]),
        "What is too large is cut off, not made smaller.": middle(F.interpolate(full, (90, 70), mode="bilinear")),
        "The result has logits: there is no softmax at the end.": middle(torch.ones_like(full)),
        "The result has logits: there is no sigmoid at the end.": middle(full.sigmoid()),
        "The scores are enlarged by the layer `last`, which interpolates: these are copies.": middle(copies),
    })  # fmt: skip


@task("FCN", share=20, any_dtype=True, loans=LOANS_OF_KERNEL)
def check_heads_are_added(student, rng):
    """In FCN-16s, the head of stride 16 is added to what stride 32 says, enlarged twice; sizes are cropped."""
    H, W = 75, 70
    maps, x = three_maps(rng, H, W), rng.normal(2, 3, H, W)
    found = student.define(STUBS).fcn(maps, x, 16, [(2.0, 0.5), (-1.0, 0.25)])
    expect_shape(found, (2, 1, H, W), name="the scores of FCN-16s",
                 hint="The scores have the size of the image: the rest is cut off at the right and at the bottom.",
                 )  # fmt: skip
    small, large = tent_kernel(1, 4).to(x), tent_kernel(1, 32).to(x)
    coarse = F.conv_transpose2d(2 * maps[2] + 0.5, small, stride=2, padding=1)
    fine = 0.25 - maps[1]

    def enlarged(scores):
        return F.conv_transpose2d(scores, large, stride=16, padding=8)[:, :, :H, :W]

    rows, columns = fine.shape[2:]
    late = F.pad(fine, (coarse.shape[3] - columns, 0, coarse.shape[2] - rows, 0)) + coarse
    expect_close(found, enlarged(coarse[:, :, :rows, :columns] + fine), mistakes={
        "The head of stride 16 is missing.": enlarged(coarse[:, :, :rows, :columns]),
        "What stride 32 says is missing.": enlarged(fine),
        "The heads are added, not multiplied.": enlarged(coarse[:, :, :rows, :columns] * fine),
        "Crop at the right and at the bottom.":
            enlarged(coarse[:, :, coarse.shape[2] - rows :, coarse.shape[3] - columns :] + fine),
        "Crop what is too large; do not pad the finer map.": enlarged(late),
    }, hint="Between the heads, scores are made twice as large and cropped; nothing else happens to them.",
    )  # fmt: skip


def level(x, down, join):
    """Return one level of a network: what join makes of the skip and of what came from below."""
    skip = down[0] * x
    below = F.interpolate(down[1] * F.max_pool2d(skip, 2), scale_factor=2)
    return join(skip, F.pad(below, (0, x.shape[3] - below.shape[3], 0, x.shape[2] - below.shape[2])))


def compare_levels(student, rng, name, side):
    """Compare a network of one level, whose blocks are multiplications, with its formula."""
    run = student.define(STUBS).one_level
    for H, W in ((6, 8), (7, 5)):
        x = rng.normal(2, 1, H, W)
        merge = (3.0,) if side else (100.0, 3.0)
        found = run(name, x, (2.0, 5.0), merge, side)
        expect_shape(found, (2, 1, H, W), name="the result",
                     hint="The skip keeps its size: pad what comes from below, up to that size.")  # fmt: skip

        def join(skip, below):
            return 3 * (below + side * skip) if side else 100 * skip + 3 * below

        pooled = F.pad(F.interpolate(F.max_pool2d(2 * x, 2), scale_factor=2), (0, W % 2, 0, H % 2))
        inputs = level(x, (2, 5), lambda skip, below: join(skip / 2, below))
        swapped = level(x, (2, 5), lambda skip, below: join(below, skip) if not side else 3 * (skip + side * below))
        plain = level(x, (2, 5), lambda skip, below: 3 * (skip + below) if side else 100 * below)
        below_only = level(x, (2, 5), lambda skip, below: 3 * below)
        bottom = 5 * F.max_pool2d(2 * x, 2)
        shifted = F.pad(F.interpolate(bottom, scale_factor=2), (W % 2, 0, H % 2, 0))
        up = F.interpolate(5 * F.max_pool2d(2 * x, 2, ceil_mode=True), scale_factor=2)[:, :, :H, :W]
        size, right = Message("{H} x {W} pixels", H=H, W=W), level(x, (2, 5), join)
        end = {
            "The skip is added once, before `merge`.": right + 7 * 2 * x,
            "`merge` is missing: it follows the addition.": right / 3,
        } if side else {"The result has logits: there is no sigmoid at the end.": right.sigmoid()}  # fmt: skip
        expect_close(found, right, name=size, mistakes=end | {
            "The skip is the block's result before it is pooled.": join(pooled, level(x, (2, 5), lambda _, b: b)),
            "The skip is the block's result, not its input.": inputs,
            "The skip goes through `side`; what came from below does not." if side else
            "The skip comes first, then what came from below.": swapped,
            "The skip goes through `side` before it is added." if side else
            "Concatenate; do not add.": plain,
            "The skip has no influence.": below_only,
            "The skip is added before `merge`, not after it.":
                level(x, (2, 5), lambda skip, below: 3 * below + side * skip),
            "Pad at the right and at the bottom.": join(2 * x, shifted),
            "Pooling rounds odd sizes down; what is too small is padded with zeros.": join(2 * x, up),
            "Pool by the maximum, not by the mean.":
                join(2 * x, F.pad(F.interpolate(5 * F.avg_pool2d(2 * x, 2), scale_factor=2), (0, W % 2, 0, H % 2))),
        }, hint="Every block runs once, the one at the bottom too; too small maps get zeros; `last` gives the result.",
        )  # fmt: skip
    shapes = [(1, 3, 37, 21), (2, 3, 16, 24), (1, 3, 8, 15)]
    found = student.define(STUBS).sizes(name, (4, 5, 6, 7), shapes)
    for shape, size in zip(found, shapes, strict=True):
        expect_close(shape, [size[0], 5, *size[2:]], name=Message("the shape for {size}", size=str(size)))


@task("UNet", share=25, any_dtype=True)
def check_skips_are_concatenated(student, rng):
    """With simple blocks, one level agrees with its formula; four levels keep odd sizes."""
    compare_levels(student, rng, "UNet", 0)


@task("Hourglass", share=50, any_dtype=True)
def check_skips_are_added(student, rng):
    """With simple blocks, one level agrees with its formula; four levels keep odd sizes."""
    compare_levels(student, rng, "Hourglass", 7.0)
