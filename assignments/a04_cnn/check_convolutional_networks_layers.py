"""Public checks of convolution and pooling by hand, against torch's own layers in float64 and autograd."""

from collections.abc import Callable
from contextlib import suppress

import torch
from oracles import BY_HAND, conv, expect_parts, gradients, judge_ties, pool, pool_param
from torch import Tensor
from torch.nn import functional as F

from autograder import StudentFault, expect_close, explain_errors, forbid, task


def wrong_convs(x: Tensor, w: Tensor, b: Tensor, stride: int, pad: int) -> dict[str, Callable[[], Tensor]]:
    """Return the output that each mistake gives, by its hint."""
    right = conv(stride, pad)
    return {
        "Each filter was flipped; cross-correlation does not flip.": lambda: right(x, w.flip(2, 3), b),
        "The bias is missing.": lambda: right(x, w, torch.zeros_like(b)),
        "The stride was ignored.": lambda: conv(1, pad)(x, w, b),
        "There is no padding.": lambda: conv(stride, 0)(x, w, b),
        "The padding repeats the border; pad with zeros.": (
            lambda: conv(stride, 0)(F.pad(x, (pad,) * 4, mode="replicate"), w, b)
        ),
        "Only the first channel of the images was used.": lambda: right(x[:, :1], w[:, :1], b),
        "This is the mean of the products over a window; it should be their sum.": (
            lambda: right(x, w / w[0].numel(), b)
        ),
        "The sum of the biases was added; add to each channel its own bias.": lambda: right(
            x, w, b.sum().expand(len(b))
        ),
        "The channels of the filters are in reverse order.": lambda: right(x, w.flip(1), b),
        "The padding is above and to the left only; pad all four sides.": (
            lambda: conv(stride, 0)(F.pad(x, (2 * pad, 0, 2 * pad, 0)), w, b)
        ),
        "The padding is below and to the right only; pad all four sides.": (
            lambda: conv(stride, 0)(F.pad(x, (0, 2 * pad, 0, 2 * pad)), w, b)
        ),
        "Only rows are padded; pad all four sides.": lambda: conv(stride, 0)(F.pad(x, (0, 0, pad, pad)), w, b),
        "Only columns are padded; pad all four sides.": lambda: conv(stride, 0)(F.pad(x, (pad, pad, 0, 0)), w, b),
        "The windows begin one pixel apart; they should begin `stride` pixels apart.": (
            lambda: conv(1, pad)(x, w, b)[:, :, : right(x, w, b).shape[2], : right(x, w, b).shape[3]]
        ),
    }


SQUARE = (
    "A window has w.shape[2] rows and w.shape[3] columns: neither images nor filters need be square. The bias has a "
    "number for each filter: b[:, None, None] for all places at once."
)
SHAPES = {"does not broadcast": SQUARE, "must match the size": SQUARE, "broadcast": SQUARE, "out of bounds": SQUARE}


def judge_conv(student, x, w, b, stride, pad):
    """Compare Conv.forward with torch."""
    forbid(student, "Conv.forward", calls=BY_HAND)
    with explain_errors(SHAPES):
        out, _ = student.Conv.forward(x, w, b, {"stride": stride, "pad": pad})
    expect_close(out, conv(stride, pad)(x, w, b), name="out", mistakes=wrong_convs(x, w, b, stride, pad))


@task("Conv.forward", share=40, any_dtype=True)
def check_conv_agrees_with_torch(student, rng):
    """Convolution agrees with torch's own on images and filters that are not square."""
    x, w, b = (rng.normal(*shape, dtype=torch.float32) for shape in [(2, 3, 7, 5), (4, 3, 3, 2), (4,)])
    judge_conv(student, x, w, b, stride=1, pad=1)


@task("Conv.forward", share=20)
def check_conv_takes_strides_and_pads(student, rng):
    """Convolution is right for strides 1 to 3 and pads 0 to 2, also where windows do not fit evenly."""
    for stride, pad in [(2, 0), (2, 1), (3, 1), (1, 2), (3, 2)]:
        judge_conv(student, rng.normal(2, 2, 11, 11), rng.normal(3, 2, 4, 4), rng.normal(3), stride, pad)


def judge_conv_gradients(student, rng, x, w, b, stride, pad):
    """Call Conv.forward, then Conv.backward with a random gradient, and compare with autograd."""
    forbid(student, "Conv.backward", calls=BY_HAND)
    expected = conv(stride, pad)(x, w, b)
    dout = rng.normal(*expected.shape, dtype=x.dtype)
    _, cache = student.hold(student.Conv.forward, x, w, b, {"stride": stride, "pad": pad})
    result = student.Conv.backward(dout, cache)
    dx, dw, db = gradients(conv(stride, pad), dout, x, w, b)
    flipped = gradients(conv(stride, pad), dout, x, w.flip(2, 3), b)
    covered = [(n - 1) * stride + size - 2 * pad for n, size in zip(dout.shape[2:], w.shape[2:], strict=True)]
    expect_parts(result, (dx, dw, db), "dx dw db", {
        "dx": {
            "This is the gradient of the padded images; cut the padding off: dx[:, :, pad : pad + H, pad : pad + W].": (
                lambda: gradients(conv(stride, 0), dout, F.pad(x, (pad,) * 4), w, b)[0]
            ),
            "dx is empty: x[..., pad:-pad] has no columns if pad is 0. Write pad : width - pad.": dx[:, :, :0, :0],
            "The filters are flipped.": lambda: flipped[0],
            "dx has the size that the windows cover; it must have that of x, whose last rows may be in no window.": (
                lambda: dx[:, :, : covered[0], : covered[1]]
            ),
            "This is the mean over the images; take no mean.": lambda: dx / len(x),
            "A pixel collects from every window it is in: add with +=, do not assign.": (
                lambda: overwritten_dx(x, w, dout, stride, pad)
            ),
            "A pixel collects from every window it is in, for every place of the filter: add with +=, do not assign.": (
                lambda: overwritten_dx(x, w, dout, stride, pad, by_place=True)
            ),
            **({"The window of dout[:, :, i, j] begins at row i * stride and column j * stride, as in forward.": (
                lambda: crowded_dx(x, w, dout, pad)
            )} if stride > 1 else {}),
        },
        "dw": {
            "This is the mean over the images; take the sum.": lambda: dw / len(x),
            "The filters are flipped.": lambda: dw.flip(2, 3),
        },
        "db": {
            "This is the mean over the images; take the sum.": lambda: db / len(x),
            "This is the mean over the places; take the sum.": lambda: dout.mean((2, 3)).sum(0),
            "This is the mean over images and places; take the sum.": lambda: dout.mean((0, 2, 3)),
            "db is one number for each filter: sum over images, rows and columns, dim=(0, 2, 3).": lambda: dout.sum(0),
            "db is the sum over the images, too: dim=(0, 2, 3).": lambda: dout.sum((2, 3)),
        },
    })  # fmt: skip


def overwritten_dx(x: Tensor, w: Tensor, dout: Tensor, stride: int, pad: int, by_place: bool = False) -> Tensor:
    """Compute dx if a window, or one place of all filters, replaces what others sent to the same pixel."""
    padded = torch.zeros_like(F.pad(x, (pad,) * 4))
    (height, width), (rows, columns) = w.shape[2:], dout.shape[2:]
    if by_place:
        for i, j in torch.cartesian_prod(torch.arange(height), torch.arange(width)).tolist():
            here = (..., slice(i, i + stride * rows, stride), slice(j, j + stride * columns, stride))
            padded[here] = torch.einsum("nfhw,fc->nchw", dout, w[:, :, i, j])
    else:
        for i, j in torch.cartesian_prod(torch.arange(rows), torch.arange(columns)).tolist():
            here = (..., slice(i * stride, i * stride + height), slice(j * stride, j * stride + width))
            padded[here] = torch.einsum("nf,fcuv->ncuv", dout[:, :, i, j], w)
    return padded[:, :, pad : pad + x.shape[2], pad : pad + x.shape[3]]


def crowded_dx(x: Tensor, w: Tensor, dout: Tensor, pad: int) -> Tensor:
    """Compute dx if the windows are one pixel apart, whatever the stride is."""
    covered = F.conv_transpose2d(dout, w)
    missing = [size + 2 * pad - n for size, n in zip(x.shape[2:], covered.shape[2:], strict=True)]
    padded = F.pad(covered, (0, missing[1], 0, missing[0]))
    return padded[:, :, pad : pad + x.shape[2], pad : pad + x.shape[3]]


@task("Conv.backward", share="2/7", any_dtype=True)
def check_conv_gradients_agree_with_autograd(student, rng):
    """The gradients of convolution with stride 1 agree with autograd's: images, filters and biases."""
    x, w, b = (rng.normal(*shape, dtype=torch.float32) for shape in [(2, 3, 7, 5), (4, 3, 3, 2), (4,)])
    judge_conv_gradients(student, rng, x, w, b, stride=1, pad=1)


@task("Conv.backward", share="1/7")
def check_conv_gradients_with_a_stride(student, rng):
    """The gradients of convolution are right for stride 2, where some pixels are in no window."""
    judge_conv_gradients(student, rng, rng.normal(2, 2, 8, 6), rng.normal(3, 2, 3, 3), rng.normal(3), stride=2, pad=0)


def judge_pool(student, x, height, width, stride):
    """Compare MaxPool.forward with torch."""
    forbid(student, "MaxPool.forward", calls=BY_HAND)
    out, _ = student.MaxPool.forward(x, pool_param(height, width, stride))
    expect_close(out, pool(height, width, stride)(x), name="out", mistakes={
        "This is the mean of each window; it should be the maximum.": lambda: F.avg_pool2d(x, (height, width), stride),
        "Height and width of the window are swapped.": lambda: pool(width, height, stride)(x),
        "This is the minimum of each window.": lambda: -pool(height, width, stride)(-x),
        "This is the maximum over all channels; pool each channel separately.": (
            lambda: pool(height, width, stride)(x).amax(dim=1, keepdim=True).expand(-1, x.shape[1], -1, -1)
        ),
        "The windows do not overlap; they should start `stride` pixels apart.": (
            lambda: F.max_pool2d(x, (height, width), (height, width))
        ),
        "Windows are not square here: pool_height rows and pool_width columns.": (
            lambda: F.max_pool2d(x, height, stride)
        ),
        "Windows are not square here, and have pool_height rows and pool_width columns.": (
            lambda: F.max_pool2d(x, width, stride)
        ),
        "The largest value began at 0, but all values of a window may be negative: begin with -inf, or use amax.": (
            lambda: pool(height, width, stride)(x).clamp(min=0)
        ),
        "The last rows or columns do not fill a window; they belong to none.": (
            lambda: F.max_pool2d(x, (height, width), stride, ceil_mode=True)
        ),
    })  # fmt: skip


@task("MaxPool.forward", share=50, any_dtype=True)
def check_max_pooling_agrees_with_torch(student, rng):
    """Max pooling agrees with torch's own, for windows that are not square and for windows that overlap."""
    x = rng.normal(2, 3, 8, 6) - 1  # mostly negative: zeros must not win
    for height, width, stride in [(2, 2, 2), (2, 3, 2), (3, 3, 1), (3, 2, 2)]:
        judge_pool(student, x, height, width, stride)


def overwritten(x: Tensor, dout: Tensor, height: int, width: int, stride: int) -> Tensor:
    """Compute the gradient of max pooling where a window replaces what another one sent to the same pixel."""
    dx = torch.zeros_like(x)
    for n, c, i, j in torch.cartesian_prod(*map(torch.arange, dout.shape)).tolist():
        window = x[n, c, i * stride : i * stride + height, j * stride : j * stride + width]
        at = int(window.argmax())
        dx[n, c, i * stride + at // width, j * stride + at % width] = dout[n, c, i, j]
    return dx


def cached(student, x: Tensor, *windows: tuple[int, int, int]):
    """Call MaxPool.forward, and return the first windows for which it is right, or the first of all, and its cache."""
    for window in windows:
        with suppress(StudentFault):
            seen, cache = student.hold(student.MaxPool.forward, x, pool_param(*window))
            out, right = student.value(seen), pool(*window)(x)
            if isinstance(out, Tensor) and out.shape == right.shape and torch.allclose(out.double(), right):
                return window, cache
    _, cache = student.hold(student.MaxPool.forward, x, pool_param(*windows[0]))
    return windows[0], cache


def judge_pool_gradient(student, rng, x, height, width, stride):
    """Call MaxPool.forward and backward, and compare with autograd; where forward is wrong, with square windows."""
    forbid(student, "MaxPool.backward", calls=BY_HAND)
    wanted = (height, width, stride)
    (height, width, stride), cache = cached(student, x, wanted, (height, height, stride), (2, 2, 2))
    dout = rng.normal(*pool(height, width, stride)(x).shape)
    dx = student.MaxPool.backward(dout, cache)
    (expected,) = gradients(pool(height, width, stride), dout, x)
    (spread,) = gradients(lambda x: F.avg_pool2d(x, (height, width), stride), dout, x)
    expect_close(dx, expected, name="dx", mistakes={
        "The gradient was spread over the window; it belongs to the maximum only.": lambda: spread,
        "Every pixel of a window got the whole gradient; it belongs to the maximum only.": (
            lambda: height * width * spread
        ),
        "A pixel that is the maximum of several windows gets all their gradients: add with +=, do not assign.": (
            lambda: overwritten(x, dout, height, width, stride)
        ),
    })  # fmt: skip


@task("MaxPool.backward", share=25, any_dtype=True)
def check_max_pooling_gradient_agrees_with_autograd(student, rng):
    """The gradient of max pooling agrees with autograd's: it goes to the maximum of each window, which may overlap."""
    judge_pool_gradient(student, rng, rng.normal(2, 3, 8, 6), 2, 2, 2)
    judge_pool_gradient(student, rng, rng.normal(3, 2, 7, 9), 2, 3, 3)
    judge_pool_gradient(student, rng, rng.normal(2, 2, 5, 6), 3, 2, 1)


@task("MaxPool.backward", share=25, any_dtype=True)
def check_max_pooling_gradient_is_passed_on_once(student, rng):
    """If a window has several maxima, such as zeros after a ReLU, its gradient goes to any one of them."""
    forbid(student, "MaxPool.backward", calls=BY_HAND)
    for shape in ((3, 4, 6, 8), (1, 1, 2, 2)):
        judge_ties(student, rng.normal(*shape).relu() * (rng.uniform(*shape) > 0.5), rng)
