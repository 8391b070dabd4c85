"""Hidden checks of resampling: other kernels and windows, empty windows, frequencies, gradients, inputs that stay."""

import torch
import torch.nn.functional as F
from check_resampling_windows import DRAWS
from oracles_resampling import mean_of_draw, norm, pooled, pyramid

from autograder import (
    Message,
    expect,
    expect_close,
    expect_draws,
    expect_equal,
    expect_same_gradients,
    expect_unchanged,
    explain_errors,
    task,
)


@task("dilated_conv2d", share=50)
def check_other_gaps_and_groups(student, rng):
    """Depthwise filters, kernels that are not square, groups with gaps, gradients, float32; the inputs stay."""
    cases = (((1, 3, 7, 6), (3, 1, 3, 2), 2, 3, 1), ((3, 4, 9, 8), (2, 2, 2, 3), 3, 2, 2),
             ((2, 2, 4, 5), (6, 1, 1, 1), 5, 2, 0), ((1, 6, 6, 6), (6, 2, 3, 3), 1, 3, 3))  # fmt: skip
    for shape, weights, d, g, pad in cases:
        x, w = rng.normal(*shape), rng.normal(*weights)

        def oracle(x, w, d, g, pad):
            return F.conv2d(x, w, dilation=d, groups=g, padding=pad)

        seen = student.inspect(student.dilated_conv2d, x, w, d, g, pad)
        label = Message("weights {w}, dilation {d}, {g} groups", w=str(weights), d=d, g=g)
        expect_close(seen.value, oracle(x, w, d, g, pad), name=label,
                     hint="A kernel's height and width may differ, and a group may have one channel.")  # fmt: skip
        expect_unchanged(seen, x, w, d, g, pad)
        expect_same_gradients(student, rng, student.dilated_conv2d, oracle, x, w, d, g, pad, names=("x", "w"))
    x, w = rng.normal(1, 2, 5, 4, dtype=torch.float32), rng.normal(3, 2, 3, 3, dtype=torch.float32)
    expect_close(student.dilated_conv2d(x, w), F.conv2d(x, w), atol=1e-5, name="float32")


def field_of(layers, step) -> int:
    """Compute a field; ``step`` makes the next distance of the old one, k, the stride and the dilation."""
    field = distance = 1
    for k, stride, dilation in layers:
        field, distance = field + (k - 1) * dilation * distance, step(distance, k, stride, dilation)
    return field


@task("receptive_field", share=50)
def check_fields_agree_with_perturbations(student, rng):
    """Fields of random networks agree with the pixels that change the result; no layer sees one pixel."""
    expect_equal(student.receptive_field([]), 1, name="no layer")
    drawn = [[(rng.int(1, 5), rng.int(1, 4), rng.int(1, 4)) for _ in range(rng.int(1, 4))] for _ in range(6)]
    for layers in ([(3, 3, 1), (2, 2, 1), (4, 1, 2)], [(1, 2, 1), (3, 1, 1)], *drawn):
        x = torch.zeros(1, 1, 600, dtype=torch.float64, device=rng.device, requires_grad=True)
        y = x
        for k, s, d in layers:
            y = F.conv1d(y, torch.ones(1, 1, k, dtype=y.dtype, device=y.device), stride=s, dilation=d)
        seen = torch.autograd.grad(y[0, 0, 0], x)[0].flatten().nonzero()
        expect_equal(student.receptive_field(layers), int(seen.max()) + 1, name=str(layers), mistakes={
            "A dilation spreads the pixels of its own layer only; only strides act on later layers.":
                field_of(layers, lambda distance, k, stride, dilation: distance * stride * dilation),
            "Strides are multiplied, not added.":
                field_of(layers, lambda distance, k, stride, dilation: distance + stride - 1),
            "A stride counts for later layers also if its own layer sees one number.":
                field_of(layers, lambda distance, k, stride, dilation: distance * (stride if k > 1 else 1)),
        }, hint="Draw it: which pixels does one number of the last layer see, layer by layer?")  # fmt: skip


@task("SpatialPyramidPool", share=50, keeps=True)
def check_pyramids_of_any_size(student, rng):
    """Sizes that no level divides, maps smaller than a level, other levels, gradients, float32; the inputs stay."""
    for shape, levels in (((1, 2, 7, 5), (1, 2, 4)), ((3, 1, 3, 10), (2, 4)), ((2, 3, 11, 13), (3, 1, 6)),
                          ((1, 1, 1, 1), (1, 2))):  # fmt: skip
        x = rng.normal(*shape) - 3
        pool = student.SpatialPyramidPool(levels).eval()
        seen = student.inspect(pool, x)
        expect_close(seen.value, pyramid(x, levels), name=Message("maps of {a}, levels {b}", a=str(shape[2:]),
                     b=str(levels)), mistakes={
            "Windows cover everything: the last row of window i is ceil((i + 1) H/l) - 1.":
                by_windows(x, levels, apart),
            "Windows of equal size leave rows out: window i goes from floor(i H/l) to ceil((i + 1) H/l) - 1.":
                by_windows(x, levels, equal),
            "Negative numbers may be the maximum.": pyramid(x, levels).clamp(min=0),
        }, hint="Levels are those of the constructor; windows may overlap, in rows as in columns.")  # fmt: skip
        expect_unchanged(seen, x)
        if shape[2:] != (1, 1):
            expect_same_gradients(student, rng, pool, lambda x, levels=levels: pyramid(x, levels), x)
    x = rng.normal(1, 2, 5, 6, dtype=torch.float32)
    expect_close(student.SpatialPyramidPool()(x), pyramid(x, (1, 2, 4)), name="float32")


def apart(i, n, level):
    """Return the rows of window i if windows end before the next one begins: a mistake."""
    return range(i * n // level, max((i + 1) * n // level, i * n // level + 1))


def equal(i, n, level):
    """Return the rows of window i if all windows are equally large: a mistake."""
    size = max(n // level, 1)
    return range(i * size % n, min(i * size % n + size, n))


def by_windows(x, levels, window):
    """Return the pyramid with other windows."""
    parts = []
    for level in levels:
        rows, columns = ([list(window(i, n, level)) for i in range(level)] for n in x.shape[2:])
        parts += [torch.stack([x[:, :, r][:, :, :, c].amax(dim=(2, 3)) for r in rows for c in columns], dim=2)]
    return torch.cat([part.flatten(1) for part in parts], dim=1)


@task("lp_pool", share=50)
def check_norms_of_other_windows(student, rng):
    """Other windows and powers, windows of zeros, gradients, float32; the inputs stay."""
    for shape, k, p, dtype in (((1, 1, 7, 5), 2, 2.5, torch.float64), ((3, 2, 9, 4), 3, 4, torch.float64),
                               ((2, 2, 5, 5), 5, 1.5, torch.float64), ((1, 3, 4, 6), 2, 3, torch.float32)):  # fmt: skip
        x = rng.normal(*shape, dtype=dtype)
        seen = student.inspect(student.lp_pool, x, k, p)
        expect_close(seen.value, pooled(x, k, lambda window, p=p: norm(window, p)),
                     name=Message("windows of {k}, p = {p}", k=k, p=p))  # fmt: skip
        expect_unchanged(seen, x, k, p)
    for p in (1, 2, 3, 1.5):
        x = rng.normal(2, 2, 4, 6)
        x[:, :, :2, :2] = 0

        def oracle(x, k, p):
            return pooled(x, k, lambda window: norm(window, p))

        expect_close(student.lp_pool(x, 2, p), oracle(x, 2, p), name="a window of zeros",
                     hint="A window of zeros gives 0; a small number before the root is not small after it.",
                     )  # fmt: skip
        expect_same_gradients(student, rng, student.lp_pool, oracle, x, 2, p, name="a window of zeros")


@task("stochastic_pool", share=50)
def check_draws_of_other_windows(student, rng):
    """Windows of zeros, values of 0 that are never drawn, gradients without nan, generators, float32; inputs stay."""
    helper, device = student.define(DRAWS), str(rng.device)
    x = rng.uniform(3, 2, 7, 9, low=0.1, high=5.0)
    x[0, 0, :3, :3] = 0
    x[:, 1, 0, 0] = 0
    seen = student.inspect(student.stochastic_pool, x, 3)
    expect_close(seen.value, pooled(x, 3, mean_of_draw), name="windows of 3 x 3",
                 hint="Without a generator, the result is the mean of the draw; windows of zeros give 0.")  # fmt: skip
    expect_unchanged(seen, x, 3)
    expect_same_gradients(student, rng, student.stochastic_pool, lambda x, k: pooled(x, k, mean_of_draw), x, 3)
    seed = rng.int(0, 2**31)
    with explain_errors({"sum of probabilities": "A window of zeros has no chances a / sum(a): its result is 0."}):
        first = helper.drawn(x, 3, seed, device)
    expect_draws(student, lambda generator: student.stochastic_pool(x, 3, generator), rng.device)
    values = x.unfold(2, 3, 3).unfold(3, 3, 3).flatten(4)
    inside = (values == first[..., None]).any(dim=4)
    expect(bool(inside.all()), "A value was drawn that its window does not contain.", "Each window draws from itself.")
    expect(float(first[0, 0, 0, 0]) == 0, "A window of zeros gives 0.")
    rare = torch.tensor([[0.0, 30.0], [10.0, 0.0]], dtype=torch.float64, device=rng.device).repeat(3, 4, 15, 20)
    found = helper.drawn(rare, 2, rng.int(0, 2**31), device)
    expect(not bool((found == 0).any()), "A value of 0 was drawn, which has the chance 0.", "Chances are a / sum(a).")
    for axis in range(4):
        equal = float((found == found.roll(1, axis)).double().mean())
        expect(equal < 0.9, "Windows share a draw.", "Each window has a draw of its own.")
    share = float((found == 30).double().mean())
    text = Message("30 was drawn in {share} of 3600 windows of 0 30 10 0; the chance is 0.75.", share=round(share, 3))
    expect(abs(share - 0.75) < 6 * (0.1875 / 3600) ** 0.5, text, "Chances are a / sum(a).")
    for axis in range(4):
        equal = float((found == found.roll(1, axis)).double().mean())
        expect(abs(equal - 0.625) < 0.08, "Windows share a draw.", "Each window has a draw of its own.")
    full = rng.uniform(3, 2, 6, 9, low=0.1, high=5.0)
    slopes = student.define(SLOPES).slopes(full, 3, seed, device)
    expect_close(slopes.sum(), slopes.new_tensor(36.0), name="the sum of the gradient over 36 windows")
    expect(bool(((slopes == 0) | (slopes == 1)).all()), "The gradient of a drawn value is 1, of all others 0.")
    small = x.float()
    expect_close(student.stochastic_pool(small, 3), pooled(small, 3, mean_of_draw), atol=1e-5, name="float32")
    expect(helper.drawn(small, 3, seed, device).dtype == torch.float32, "The drawn values are not float32, as x is.")


SLOPES = """
import torch

def slopes(x, k, seed, device):
    x = x.clone().requires_grad_()
    out = student.stochastic_pool(x, k, torch.Generator(device).manual_seed(seed))
    return torch.autograd.grad(out.sum(), x)[0]
"""


@task("average_pool_backward", share=50)
def check_gradients_of_other_means(student, rng):
    """Sizes that are not multiples of k, windows of one pixel, float32; the inputs stay."""
    for shape, k, dtype in (((1, 1, 7, 5), 2, torch.float64), ((3, 2, 9, 10), 3, torch.float64),
                            ((2, 1, 4, 3), 1, torch.float64), ((1, 2, 6, 9), 4, torch.float32)):  # fmt: skip
        x = torch.zeros(shape, dtype=dtype, device=rng.device, requires_grad=True)
        y = F.avg_pool2d(x, k)
        dout = rng.normal(*y.shape, dtype=dtype)
        seen = student.inspect(student.average_pool_backward, dout, k, shape[2:])
        expect_close(seen.value, torch.autograd.grad(y, x, dout)[0], name=Message("maps of {a}, windows of {k}",
                     a=str(shape[2:]), k=k),
                     hint="Pixels that belong to no window are at the right and at the bottom; they have 0.",
                     )  # fmt: skip
        expect_unchanged(seen, dout, k, shape[2:])
