"""Public checks of the modern blocks, against torch's operators with the same weights."""

import torch
from oracles_modern_cnn import BY_HAND, dense, inception, nin, residual, separable, vgg
from oracles_modules import judge_module
from torch import Tensor
from torch.nn import functional as F

from autograder import Message, expect, expect_close, expect_equal, explain_errors, forbid, task
from autograder.probes.layers import Formula, Recipe


@task("vgg_block", share=50)
def check_vgg_block_agrees_with_the_formula(student, rng):
    """With the same weights, the VGG block computes convolutions with ReLU, then max pooling."""
    judge_module(student, rng, student.vgg_block(2, 3, 5), vgg(2, 5), rng.normal(2, 3, 8, 6))


@task("nin_block", share=50)
def check_nin_block_agrees_with_the_formula(student, rng):
    """With the same weights, the network-in-network block computes a convolution and two 1x1, each with ReLU."""
    judge_module(student, rng, student.nin_block(3, 5, 3, 2, 1), nin(5, 3, 2, 1), rng.normal(2, 3, 9, 7))


@task("Inception", share=50)
def check_inception_agrees_with_the_formula(student, rng):
    """With the same weights, Inception concatenates its four paths in order."""
    sizes = (2, (3, 4), (5, 6), 7)
    x = rng.normal(2, 8, 6, 9)

    def reordered(*order: int) -> Formula:
        def formula(layers: Recipe, x: Tensor) -> Tensor:
            paths = inception(*sizes)(layers, x).split([2, 4, 6, 7], dim=1)
            return torch.cat([paths[i] for i in order], dim=1)

        return formula

    judge_module(student, rng, student.Inception(8, *sizes), inception(*sizes), x, {
        "The paths are in reverse order; it is 1x1, 3x3, 5x5, pooling.": reordered(3, 2, 1, 0),
        "The path with pooling comes first; the order is 1x1, 3x3, 5x5, pooling.": reordered(3, 0, 1, 2),
        "3x3 and 5x5 are swapped; the order is 1x1, 3x3, 5x5, pooling.": reordered(0, 2, 1, 3),
        "The image is padded with zeros before it is pooled, and they are larger than negative numbers: give the "
        "padding to nn.MaxPool2d.": inception(*sizes, zeros=True),
    })  # fmt: skip


@task("Residual", share=50)
def check_residual_agrees_with_the_formula(student, rng):
    """With the same weights, the block of 2015 computes ReLU(F(x) + x), and with use_1x1conv a convolution of x."""
    x = rng.normal(3, 4, 6, 5)
    same = residual(4, 1, shortcut=False)

    def relu_first(layers: Recipe, x: Tensor) -> Tensor:
        hidden = layers.norm(layers.conv(x, 4, 3, pad=1)).relu()
        return layers.norm(layers.conv(hidden, 4, 3, pad=1)).relu() + x

    judge_module(student, rng, student.Residual(4, 4), same, x, {
        "The last ReLU comes before the sum; it comes after it.": relu_first,
    })  # fmt: skip
    judge_module(student, rng, student.Residual(4, 6, use_1x1conv=True), residual(6, 1, shortcut=True), x)
    with explain_errors({"must match the size": "The shortcut's convolution needs the stride of the block, too."}):
        block = student.Residual(4, 6, use_1x1conv=True, strides=2)
        judge_module(student, rng, block, residual(6, 2, shortcut=True), rng.normal(3, 4, 7, 5))


@task("DenseBlock", share=50)
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
    """Return the formula BN - ReLU - conv 1x1 - average pooling."""
    return lambda layers, x: F.avg_pool2d(layers.conv(layers.norm(x).relu(), after, 1), 2)


@task("transition_block", share=50)
def check_transition_agrees_with_the_formula(student, rng):
    """With the same weights, the transition computes BN - ReLU - conv 1x1 - average pooling."""

    def max_pooled(layers: Recipe, x: Tensor) -> Tensor:
        return F.max_pool2d(layers.conv(layers.norm(x).relu(), 3, 1), 2)

    judge_module(student, rng, student.transition_block(4, 3), transition(3), rng.normal(2, 4, 6, 8), {
        "This is max pooling; use average pooling.": max_pooled,
    })  # fmt: skip


@task("transition_block", share=50)
def check_transition_on_odd_sizes(student, rng):
    """The transition agrees on odd sizes, gradients and running statistics are right, and its input is unchanged."""
    block, x = student.transition_block(3, 5), rng.normal(2, 3, 7, 5)
    judge_module(student, rng, block, transition(5), x, keeps_input=True, learns=True)


@task("DepthwiseSeparableConv", share=50)
def check_separable_convolution_agrees_with_the_formula(student, rng):
    """With the same weights, it computes a depthwise convolution, then a 1x1 convolution, each with BN and ReLU."""
    judge_module(student, rng, student.DepthwiseSeparableConv(4, 6), separable(6, 3, 1), rng.normal(3, 4, 6, 5))


def overwritten(x: Tensor, w: Tensor, stride: int, pad: int) -> Tensor:
    """Compute a transposed convolution in which each place of the filters replaces what was there."""
    out = F.conv_transpose2d(x, 0 * w, stride=stride)
    for i, j in torch.cartesian_prod(*map(torch.arange, w.shape[2:])).tolist():
        rows, columns = slice(i, i + stride * x.shape[2], stride), slice(j, j + stride * x.shape[3], stride)
        out[:, :, rows, columns] = torch.einsum("nchw,cf->nfhw", x, w[:, :, i, j])
    return out[:, :, pad : out.shape[2] - pad, pad : out.shape[3] - pad]


def judge_transposed(student, x, w, stride, pad):
    """Compare transposed_conv2d with torch."""
    forbid(student, "transposed_conv2d", calls=BY_HAND)
    out = student.transposed_conv2d(x, w, stride=stride, pad=pad)
    expect_close(out, F.conv_transpose2d(x, w, stride=stride, padding=pad), mistakes={
        "The filters are flipped; stamp them without flipping.": (
            lambda: F.conv_transpose2d(x, w.flip(2, 3), stride=stride, padding=pad)
        ),
        "The padding was not removed.": lambda: F.conv_transpose2d(x, w, stride=stride),
        "The padding was removed above and to the left only; remove it on all four sides.": (
            lambda: F.conv_transpose2d(x, w, stride=stride)[..., 2 * pad :, 2 * pad :]
        ),
        "The padding was removed below and to the right only; remove it on all four sides.": (
            lambda: (full := F.conv_transpose2d(x, w, stride=stride))[
                ..., : full.shape[2] - 2 * pad, : full.shape[3] - 2 * pad
            ]
        ),
        "The result is empty: x[..., pad:-pad] has no columns if pad is 0. Write pad : width - pad.": (
            torch.empty(len(x), w.shape[1], 0, 0, dtype=x.dtype, device=x.device)
        ),
        "The filters are upside down.": lambda: F.conv_transpose2d(x, w.flip(2), stride=stride, padding=pad),
        "The filters are mirrored.": lambda: F.conv_transpose2d(x, w.flip(3), stride=stride, padding=pad),
        "Stamps that overlap add up: use +=.": lambda: overwritten(x, w, stride, pad),
        "The stride was ignored.": lambda: F.conv_transpose2d(x, w, padding=pad),
        "pad rows and columns were added; here `pad` says how many to remove on each side.": (
            lambda: F.pad(F.conv_transpose2d(x, w, stride=stride), (pad,) * 4)
        ),
    })  # fmt: skip


@task("transposed_conv2d", share="2/3", any_dtype=True)
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


@task("count_macs", share="1/3")
def check_macs_of_single_convolutions(student):
    """The count of one convolution is output size times window times input channels, with and without a bias."""
    nets = student.define(COUNTING)
    cases = [((3, 8, 3), {"padding": 1}, (3, 7, 5), 8 * 7 * 5 * 27)]
    cases += [((4, 6, (3, 2)), {"stride": 2}, (4, 9, 8), 6 * 16 * 24)]
    for args, options, shape, right in cases:
        for bias in (True, False):
            found = student.count_macs(nets.conv(*args, **options, bias=bias), shape)
            name = Message("MACs of nn.Conv2d{args} on {shape}", args=args, shape=shape)
            expect_equal(found, right, name=name, mistakes={
                "A multiply-accumulate is one operation, not two.": 2 * right,
                "This counts weights; each weight is used at every place.": 216 if args[0] == 3 else 144,
            })  # fmt: skip


@task("count_macs", share="1/3")
def check_macs_of_a_network(student):
    """The count of a network adds up its convolutions and linear layers, and nothing else."""
    right = 8 * 16 * 12 * 27 + 12 * 4 * 3 * 8 * 25 + 144 * 10
    found = student.count_macs(student.define(COUNTING).small(), (3, 16, 12))
    expect_equal(found, right, name="MACs", mistakes={
        "The linear layer was not counted.": right - 1440,
        "The convolutions were not counted.": 1440,
        "Biases were counted; they should not be.": right + 8 * 16 * 12 + 12 * 4 * 3 + 10,
    })  # fmt: skip


STATE = """
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


@task("count_macs", share="1/3")
def check_counting_leaves_the_module_as_it_was(student):
    """A layer counts as often as it is used, groups are counted, on any device, and the module is unchanged."""
    helper = student.define(STATE)
    right = 2 * (4 * 6 * 5 * 2 * 9) + 4 * 6 * 7 * 5
    for place, dtype in (("cpu", torch.float32), ("meta", torch.float32), ("cpu", torch.float64)):
        like = "Create the zeros with the dtype and device of the parameters."
        with explain_errors({"on device": like, "dtype": like}):
            seen = helper.look(student.count_macs, place, dtype)
        expect_equal(
            seen["macs"], right, name=Message("MACs on the device {place!r} in {dtype}", place=place, dtype=dtype)
        )
        expect_equal(seen["again"], right, name="MACs when counted again")
        given = "Do not convert the module: create the zeros with the dtype and device of its parameters."
        expect_equal(seen["dtypes"], [str(dtype)], name="dtypes of the parameters after counting", hint=given)
        counting = "Count in evaluation mode, without gradients, and give every part its mode back afterwards."
        expect(seen["same"], "The module's running statistics or weights were changed by counting.", counting)
        expect_equal(
            seen["hooks"], [0, 1, 0, 1], name="the numbers of hooks on four parts of the module, two of which had one"
        )
        expect_equal(
            seen["modes"],
            [True, True, False],
            name="modes of the module, its normalisation and its dropout",
            hint=counting,
        )
        expect_equal(seen["grads"], 0, name="parameters with a gradient after counting", hint=counting)
        free = "Do not change requires_grad: torch.no_grad() is enough while the module runs."
        expect_equal(seen["frozen"], ["head.weight"], name="parameters that need no gradient after counting", hint=free)
    expect_equal(
        helper.alone(student.count_macs),
        [15, 0, 8],
        name="MACs of a linear layer in float64, of a ReLU, of 1 x 1 images",
    )
