"""Hidden checks of resampling: other sizes and dtypes, gradients, inputs that stay."""

import torch
import torch.nn.functional as F
from oracles_resampling import LOANS_OF_MATRIX, READY, cubic, matrix_of, resampled

from autograder import (
    Message,
    expect,
    expect_close,
    expect_device,
    expect_equal,
    expect_same_gradients,
    expect_shape,
    expect_unchanged,
    explain_errors,
    forbid,
    is_sequence,
    task,
)


def enlarge(student, rng, name, oracle):
    """Compare a function with whole factors for other sizes, factors and dtypes, and its gradients."""
    f = getattr(student, name)
    for shape, s in (((1, 1, 1, 1), 4), ((3, 2, 5, 3), 2), ((1, 4, 2, 7), 1), ((2, 1, 3, 4), 5)):
        for x in (rng.normal(*shape), rng.normal(*shape, dtype=torch.float32), rng.integers(0, 9, *shape)):
            seen = student.inspect(f, x, s)
            label = Message("the shape {shape}, factor {s}", shape=str(shape), s=s)
            expect_close(seen.value, oracle(x, s), name=label,
                         hint="This tries factors from 1 to 5 and maps of one pixel: each pixel has a block of s x s.",
                         )  # fmt: skip
            expect_unchanged(seen, x, s)
    expect_same_gradients(student, rng, f, oracle, rng.normal(2, 2, 3, 4), 3)
    expect_device(student, f, rng.normal(2, 2, 3, 4), 3)


@task("upsample_nearest", share=50)
def check_blocks_of_other_sizes(student, rng):
    """Other factors, one pixel, whole numbers, float32, gradients; the inputs stay."""
    enlarge(student, rng, "upsample_nearest",
            lambda x, s: torch.kron(x, torch.ones(1, 1, s, s, dtype=x.dtype, device=x.device)))  # fmt: skip


@task("upsample_bed_of_nails", share=50)
def check_nails_of_other_sizes(student, rng):
    """Other factors, one pixel, whole numbers, float32, gradients; the inputs stay."""

    def nails(x, s):
        corner = torch.zeros(1, 1, s, s, dtype=x.dtype, device=x.device)
        corner[..., 0, 0] = 1
        return torch.kron(x, corner)

    enlarge(student, rng, "upsample_bed_of_nails", nails)


LINEAR = (((1, 1, 1, 1), (3, 2)), ((3, 2, 5, 3), (2, 7)), ((2, 1, 6, 8), (6, 8)), ((1, 2, 9, 4), (1, 1)),
          ((1, 1, 2, 1), (5, 4)), ((2, 2, 3, 3), (17, 2)))  # fmt: skip


BEYOND = {
    "out of range": "Numbers of pixels go from 0 to n - 1. With align_corners, one new pixel is at u = 0: do not "
    "divide by n' - 1, which is 0 there."
}


@task("upsample_bilinear", share=25, any_dtype=True)
def check_linear_of_other_sizes(student, rng):
    """Smaller maps, one pixel, the same size, both modes; the inputs stay."""
    for shape, size in LINEAR:
        x = rng.normal(*shape)
        for align in (False, True):
            label = Message("from {a} to {b}", a=str(shape[2:]), b=str(size))
            with explain_errors(BEYOND):
                seen = student.inspect(student.upsample_bilinear, x, size, align)
            right = F.interpolate(x, size, mode="bilinear", align_corners=align)
            expect_close(seen.value, right, name=label, mistakes={
                "One new pixel: its place is 0 with align_corners.":
                    torch.full_like(right, torch.nan),
            }, hint="This tries smaller maps, maps of one pixel and the same size: one rule for u serves all.",
            )  # fmt: skip
            expect_unchanged(seen, x, size, align)


@task("upsample_bilinear", share=25)
def check_linear_has_right_gradients(student, rng):
    """The dtype is kept, and gradients agree with those of a loop."""
    for shape, size in LINEAR[1:4]:
        x = rng.normal(*shape, dtype=torch.float32)
        right = F.interpolate(x, size, mode="bilinear", align_corners=False)
        expect_close(student.upsample_bilinear(x, size), right, atol=1e-5, name="float32",
                     hint="This is as in float64: half-pixel centres, and size is (H', W').")  # fmt: skip
        expect_same_gradients(student, rng, student.upsample_bilinear, lambda x, size: resampled(x, size), x.double(),
                              size)  # fmt: skip
    expect_device(student, student.upsample_bilinear, x, (7, 4))


@task("upsample_bicubic", share=50)
def check_cubic_of_other_sizes(student, rng):
    """Smaller maps, one pixel, the same size, float32, gradients; the inputs stay."""
    for shape, size in LINEAR:
        x = rng.normal(*shape)
        seen = student.inspect(student.upsample_bicubic, x, size)
        right = F.interpolate(x, size, mode="bicubic", align_corners=False)
        expect_close(seen.value, right, name=Message("from {a} to {b}", a=str(shape[2:]), b=str(size)),
                     hint="This tries smaller maps, maps of one pixel and the same size: one rule for u serves all.",
                     )  # fmt: skip
        expect_unchanged(seen, x, size)
    x = rng.normal(2, 2, 5, 4, dtype=torch.float32)
    right = F.interpolate(x, (7, 3), mode="bicubic", align_corners=False)
    expect_close(student.upsample_bicubic(x, (7, 3)), right, atol=1e-5, name="float32")
    expect_same_gradients(student, rng, student.upsample_bicubic,
                          lambda x, size: resampled(x, size, weight=cubic, reach=2), x.double(), (7, 3))  # fmt: skip
    expect_device(student, student.upsample_bicubic, x, (7, 4))


@task("max_pool_indices", share=50)
def check_places_of_other_maps(student, rng):
    """Sizes that are not multiples of k, equal maxima, negative numbers, gradients; the inputs stay."""
    for shape, k, dtype in (((1, 1, 7, 5), 2, torch.float64), ((3, 2, 9, 11), 3, torch.float64),
                            ((2, 1, 4, 4), 1, torch.float64), ((1, 3, 5, 8), 5, torch.float32)):  # fmt: skip
        x = rng.normal(*shape, dtype=dtype) - 3
        right, places = F.max_pool2d(x, k, return_indices=True)
        seen = student.inspect(student.max_pool_indices, x, k)
        label = Message("the shape {shape}, k = {k}", shape=str(shape), k=k)
        expect(is_sequence(seen.value) and len(seen.value) == 2, "The result is a pair: maxima and places.")
        expect_close(seen.value[0], right, name=label, mistakes={
            "A window has k x k pixels, for every k.": lambda x=x: F.max_pool2d(x, 2),
        }, hint="Rows and columns that fill no window are left out.")  # fmt: skip
        expect_equal(seen.value[1], places, name=label,
                     hint="Places are numbers of pixels of x, with its whole width W, also where k does not divide W.",
                     )  # fmt: skip
        expect_unchanged(seen, x, k)
    ties = rng.integers(0, 2, 2, 2, 6, 6).double()
    expect_equal(student.max_pool_indices(ties, 3)[1], F.max_pool2d(ties, 3, return_indices=True)[1],
                 name="equal maxima", mistakes={
        "Of equal maxima, the first in reading order counts.": last_places(ties, 3),
    })  # fmt: skip
    expect_same_gradients(student, rng, student.max_pool_indices, lambda x, k: F.max_pool2d(x, k),
                          rng.normal(2, 2, 5, 7), 2)  # fmt: skip
    expect_device(student, student.max_pool_indices, ties, 3)


def last_places(x, k):
    """Return the places of the last of equal maxima."""
    H, W = x.shape[2:]
    return H * W - 1 - F.max_pool2d(x.flip(2, 3), k, return_indices=True)[1].flip(2, 3)


@task("max_unpool", share=50)
def check_unpooling_of_other_maps(student, rng):
    """Odd sizes, overlapping windows, float32, gradients; the inputs stay."""
    for shape, k, dtype in (((1, 1, 7, 5), 2, torch.float64), ((3, 2, 9, 10), 3, torch.float32)):
        y, places = F.max_pool2d(rng.normal(*shape, dtype=dtype), k, return_indices=True)
        right = F.max_unpool2d(y, places, k, output_size=shape[2:])
        seen = student.inspect(student.max_unpool, y, places, shape[2:])
        expect_shape(seen.value, tuple(right.shape), hint="`size` is an argument: the map has the size that it says.")
        expect_close(seen.value, right, name=Message("the shape {shape}", shape=str(shape)),
                     hint="Places count with the width of the whole map, also where windows do not cover its end.",
                     )  # fmt: skip
        expect_unchanged(seen, y, places, shape[2:])
    y, places = F.max_pool2d(rng.normal(2, 2, 7, 7), 3, 2, return_indices=True)
    once = F.max_unpool2d(y, places, 3, 2, output_size=(7, 7))
    added = torch.zeros_like(once).flatten(2).scatter_add(2, places.flatten(2), y.flatten(2)).reshape(once.shape)
    expect_close(student.max_unpool(y, places, (7, 7)), once, name="windows that overlap", mistakes={
        "A place that occurs twice has its number once; do not add.": added,
        "A place that occurs twice has its number, not 0.": torch.where(added == once, once, 0.0),
    })  # fmt: skip
    places = F.max_pool2d(rng.normal(2, 2, 6, 5), 2, return_indices=True)[1]

    def oracle(y, places, size):
        return F.max_unpool2d(y, places, 2, output_size=size)

    expect_same_gradients(student, rng, student.max_unpool, oracle, rng.normal(2, 2, 3, 2), places, (6, 5))
    expect_device(student, student.max_unpool, rng.normal(2, 2, 3, 2), places, (6, 5))


@task("conv_matrix", share=50)
def check_matrices_of_other_kernels(student, rng):
    """Long strides, wide padding, one channel, float32, gradients; the kernel stays."""
    for O, I, k, n, stride, pad in ((1, 1, 1, 4, 1, 0), (3, 2, 4, 9, 3, 2), (2, 1, 5, 5, 1, 4), (1, 3, 2, 9, 4, 1)):
        w = rng.normal(O, I, k)
        seen = student.inspect(student.conv_matrix, w, n, stride, pad)
        label = Message("kernel {k}, length {n}, stride {s}, pad {p}", k=k, n=n, s=stride, p=pad)
        expect_close(seen.value, matrix_of(w, n, stride, pad), name=label,
                     hint="This tries wide padding and strides after which columns are left over at the end.",
                     )  # fmt: skip
        expect_unchanged(seen, w, n, stride, pad)
        expect_same_gradients(student, rng, student.conv_matrix, matrix_of, w, n, stride, pad)
    w = rng.normal(2, 3, 3, dtype=torch.float32)
    expect_close(student.conv_matrix(w, 6), matrix_of(w, 6, 1, 0), name="float32, stride 1, no padding")
    expect_device(student, student.conv_matrix, w, 6)


@task("conv_transpose1d", share=50, loans=LOANS_OF_MATRIX)
def check_other_transposed_convolutions(student, rng):
    """Output padding, gaps between copies, gradients, float32; it is the adjoint of the convolution; inputs stay."""
    forbid(student, "conv_transpose1d", calls=READY, apart=("conv_matrix",))
    cases = (
        ((1, 1, 1, 2, 3), 2, 1, 1),
        ((3, 2, 4, 5, 2), 3, 0, 2),
        ((2, 3, 1, 4, 5), 3, 2, 1),
        ((2, 2, 2, 1, 4), 2, 1, 0),
    )
    for (N, O, I, n, k), stride, pad, extra in cases:
        x, w = rng.normal(N, O, n), rng.normal(O, I, k)

        def oracle(x, w, stride, pad, extra):
            return F.conv_transpose1d(x, w, stride=stride, padding=pad, output_padding=extra)

        right = oracle(x, w, stride, pad, extra)
        seen = student.inspect(student.conv_transpose1d, x, w, stride, pad, extra)
        label = Message("stride {s}, pad {p}, output_padding {e}", s=stride, p=pad, e=extra)
        expect_shape(seen.value, tuple(right.shape), name=label,
                     hint="output_padding adds places at the end: n = (n' - 1)*stride - 2*pad + k + output_padding.",
                     )  # fmt: skip
        front = F.pad(oracle(x, w, stride, pad, 0), (extra, 0))
        zeros = F.pad(oracle(x, w, stride, pad, 0), (0, extra))
        expect_close(seen.value, right, name=label, mistakes={
            "The places of output_padding are at the end.": front,
            "The places of output_padding are not zeros: what was cut off there belongs to them.": zeros,
        }, hint="At the beginning, pad places are cut off, whatever output_padding is.")  # fmt: skip
        expect_unchanged(seen, x, w, stride, pad, extra)
        expect_same_gradients(student, rng, student.conv_transpose1d, oracle, x, w, stride, pad, extra)
        z = rng.normal(N, I, right.shape[2])
        forward = F.conv1d(z, w, stride=stride, padding=pad)
        expect_close((seen.value * z).sum(), (x * forward).sum(), name="the product with another signal")
    x, w = rng.normal(1, 2, 3, dtype=torch.float32), rng.normal(2, 2, 3, dtype=torch.float32)
    expect_close(student.conv_transpose1d(x, w), F.conv_transpose1d(x, w), name="float32, stride 1, no padding")
