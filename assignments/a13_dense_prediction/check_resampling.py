"""Public checks of resampling: larger maps, places of maxima, and convolutions as matrices."""

import torch
import torch.nn.functional as F
from oracles_resampling import (
    LOANS_OF_MATRIX,
    READY,
    corners,
    cubic,
    half_pixel,
    matrix_of,
    near,
    no_halves,
    pooled,
    resampled,
    signed,
    tent,
)

from autograder import expect_close, expect_equal, expect_shape, forbid, task


def inside(i, n, n_out):
    """Return where the centre of pixel i of n_out is, limited to the range from 0 to n - 1."""
    return min(max(half_pixel(i, n, n_out), 0.0), n - 1.0)


def small_map(rng):
    """Return the map 1 2 / 3 4 of the notebook."""
    return torch.tensor([[[[1.0, 2.0], [3.0, 4.0]]]], dtype=torch.float64, device=rng.device)


@task("upsample_nearest", share=50, any_dtype=True)
def check_blocks_of_copies(student, rng):
    """Each pixel becomes a block of copies, as with F.interpolate."""
    forbid(student, "upsample_nearest", calls=READY)
    x = rng.normal(2, 3, 4, 5)
    right = F.interpolate(x, scale_factor=3, mode="nearest")
    expect_close(student.upsample_nearest(x, 3), right, mistakes={
        "The whole map was repeated; repeat each pixel.": x.repeat(1, 1, 3, 3),
        "Only the rows were repeated.": x.repeat_interleave(3, dim=2),
        "Only the columns were repeated.": x.repeat_interleave(3, dim=3),
        "The factor is s: this is twice as large.": x.repeat_interleave(2, dim=2).repeat_interleave(2, dim=3),
        "Channels are missing: each of them is enlarged.": right[:, :1],
    })  # fmt: skip
    rows = [[1.0, 1, 2, 2], [1, 1, 2, 2], [3, 3, 4, 4], [3, 3, 4, 4]]
    expect_close(student.upsample_nearest(small_map(rng), 2), small_map(rng).new_tensor([[rows]]), name="1 2 / 3 4")


@task("upsample_bed_of_nails", share=50, any_dtype=True)
def check_nails_in_upper_left_corners(student, rng):
    """Each pixel is in the upper left corner of its block; all else is 0."""
    forbid(student, "upsample_bed_of_nails", calls=READY)
    x = rng.normal(2, 3, 4, 5)
    right = torch.zeros(2, 3, 12, 15, dtype=x.dtype, device=x.device)
    for i in range(4):
        for j in range(5):
            right[:, :, 3 * i, 3 * j] = x[:, :, i, j]
    expect_close(student.upsample_bed_of_nails(x, 3), right, mistakes={
        "The pixel is in the lower right corner of its block.": right.roll((2, 2), (2, 3)),
        "The pixel is in the middle of its block.": right.roll((1, 1), (2, 3)),
        "Zeros are missing: these are copies.": F.interpolate(x, scale_factor=3, mode="nearest"),
    })  # fmt: skip


@task("upsample_bilinear", share=25, any_dtype=True)
def check_linear_between_pixel_centres(student, rng):
    """With half-pixel centres, the result agrees with F.interpolate and with the worked numbers."""
    forbid(student, "upsample_bilinear", calls=READY)
    numbers = [[1, 1.25, 1.75, 2], [1.5, 1.75, 2.25, 2.5], [2.5, 2.75, 3.25, 3.5], [3, 3.25, 3.75, 4]]
    for x, size in ((small_map(rng), (4, 4)), (rng.normal(2, 3, 4, 5), (7, 11))):
        right = F.interpolate(x, size, mode="bilinear", align_corners=False)
        expect_close(student.upsample_bilinear(x, size), right, mistakes={
            "A pixel's centre is half a pixel from its corner: u = (i + 1/2) n/n' - 1/2.":
                resampled(x, size, no_halves),
            "These are the numbers of align_corners=True, which is not the default.": resampled(x, size, corners),
            "size is (H', W').": resampled(x, size[::-1]),
            "These are the nearest pixels; interpolate between two.": F.interpolate(x, size, mode="nearest"),
            "Interpolate in both directions.": resampled(x, (size[0], x.shape[3])),
            "Interpolate in both directions: the number of rows is still that of x.":
                resampled(x, (x.shape[2], size[1])),
            "The weights are exchanged: `low` has 1 - t, the next pixel has t.": resampled(x, size, inside, abs),
            "Half a pixel is missing: u = (i + 1/2) n/n' - 1/2.":
                resampled(x, size, lambda i, n, m: (i + 0.5) * n / m),
        }, hint="u = (i + 1/2) n/n' - 1/2, limited to 0 and n - 1. The pixel at `low` has the weight 1 - t.",
        )  # fmt: skip
    expect_close(student.upsample_bilinear(small_map(rng), (4, 4))[0, 0], small_map(rng).new_tensor(numbers))


@task("upsample_bilinear", share=25, any_dtype=True)
def check_linear_with_aligned_corners(student, rng):
    """With align_corners, corner pixels keep their places; the result agrees with F.interpolate."""
    for x, size in ((rng.normal(2, 3, 4, 5), (7, 11)), (rng.normal(1, 1, 5, 3), (9, 8))):
        right = F.interpolate(x, size, mode="bilinear", align_corners=True)
        expect_close(student.upsample_bilinear(x, size, align_corners=True), right, mistakes={
            "align_corners has no influence.": resampled(x, size),
            "align_corners: u = i (n - 1)/(n' - 1).": resampled(x, size, lambda i, n, m: i * (n - 1) / m),
            "align_corners: both sizes are one less, u = i (n - 1)/(n' - 1).": resampled(x, size, no_halves),
        }, hint="With align_corners, the first new pixel is at u = 0 and the last one at u = n - 1.")  # fmt: skip


@task("upsample_bicubic", share=50, any_dtype=True)
def check_cubic_between_pixel_centres(student, rng):
    """The result agrees with F.interpolate and with the worked numbers."""
    forbid(student, "upsample_bicubic", calls=READY)
    for x, size in ((small_map(rng), (4, 4)), (rng.normal(2, 3, 4, 5), (7, 11))):
        right = F.interpolate(x, size, mode="bicubic", align_corners=False)

        def half(t):
            return cubic(t, -0.5)

        rows = resampled(x, (size[0], x.shape[3]), weight=cubic, reach=2).clamp(x.amin(), x.amax())
        expect_close(student.upsample_bicubic(x, size), right, mistakes={
            "a is -3/4.": resampled(x, size, weight=half, reach=2),
            "Beyond the border, the border's pixel is repeated; it is not 0.":
                resampled(x, size, weight=cubic, reach=2, border="zeros"),
            "u is not clamped; only the pixels' numbers are.": resampled(x, size, inside, cubic, 2),
            "A pixel's centre is half a pixel from its corner: u = (i + 1/2) n/n' - 1/2.":
                resampled(x, size, no_halves, cubic, 2),
            "Four pixels in each direction, not two.": resampled(x, size, weight=cubic, reach=1),
            "This is the linear result.": resampled(x, size, weight=tent),
            "These are places with aligned corners: take u = (i + 1/2) n/n' - 1/2.":
                resampled(x, size, corners, cubic, 2),
            "The formula for distances up to 1 was used for all; above 1 there is another one.":
                resampled(x, size, weight=lambda t: near(abs(t)), reach=2),
            "A distance has no sign: take its absolute value.": resampled(x, size, weight=signed, reach=2),
            "Do not limit the values: they may be larger than all pixels, or smaller.":
                right.clamp(x.amin(), x.amax()),
            "Do not limit the values after a direction: they may be larger than all pixels, or smaller.":
                resampled(rows, size, weight=cubic, reach=2).clamp(x.amin(), x.amax()),
        }, hint="The pixels are floor(u) - 1 to floor(u) + 2. If only the border is wrong: repeat its pixel.",
        )  # fmt: skip
    row = small_map(rng).new_tensor([0.6836, 1.0156, 1.5625, 1.8945])
    found = student.upsample_bicubic(small_map(rng), (4, 4))
    expect_close(found[0, 0, 0], row, atol=1e-4, name="the first row of 1 2 / 3 4")


def four_windows(rng):
    """Return a map whose windows of 2 x 2 are those of the notebook."""
    rows = [[3.0, 3, 6, 5], [6, 4, 5, 4], [8, 9, 4, 2], [6, 1, 5, 1]]
    return torch.tensor([[rows]], dtype=torch.float64, device=rng.device)


@task("max_pool_indices", share=50, any_dtype=True)
def check_maxima_and_their_places(student, rng):
    """Maxima agree with a loop, and the map has each maximum at its place."""
    forbid(student, "max_pool_indices", calls=READY)
    y, _ = student.max_pool_indices(four_windows(rng), 2)
    expect_close(y, four_windows(rng).new_tensor([[[[6.0, 6], [9, 5]]]]), name="the maxima of the four windows",
                 mistakes={"These are the smallest numbers.": y.new_tensor([[[[3.0, 4], [1, 1]]]])})  # fmt: skip
    x = rng.normal(2, 3, 4, 6)
    y, indices = student.max_pool_indices(x, 2)
    expect_close(y, pooled(x, 2, lambda window: window.amax(dim=2)), name="the maxima")
    right = F.max_pool2d(x, 2, return_indices=True)[1]
    maps = torch.arange(6, device=x.device).reshape(2, 3, 1, 1) * 24
    offsets = (right // 6 % 2) * 2 + right % 2
    expect_equal(indices, right, name="the places", mistakes={
        "Places are counted within each map, from 0 to H*W - 1.": right + maps,
        "Places are counted within each image; count within each map.": right + maps % 72,
        "These are places in the window; add where the window begins.": offsets,
        "The place is i*W + j, with the width of x.": right // 6 * 4 + right % 6,
        "Maps are numbered row after row; here it is column after column.": right % 6 * 4 + right // 6,
    }, hint="The place of a maximum is its number in the whole map, row after row.")  # fmt: skip


@task("max_unpool", share=50, any_dtype=True)
def check_numbers_return_to_their_places(student, rng):
    """The numbers are at the places of the maxima; all else is 0."""
    forbid(student, "max_unpool", calls=READY)
    x = rng.normal(2, 3, 4, 6)
    indices = F.max_pool2d(x, 2, return_indices=True)[1]
    y = rng.normal(2, 3, 2, 3)
    right = torch.zeros(2, 3, 4, 6, dtype=y.dtype, device=y.device)
    nails, flipped = torch.zeros_like(right), torch.zeros_like(right)
    nails[:, :, ::2, ::2] = y
    for n in range(2):
        for c in range(3):
            for value, place in zip(y[n, c].flatten(), indices[n, c].flatten().tolist(), strict=True):
                right[n, c, place // 6, place % 6] = value
                flipped[n, c, place % 4, place // 4] = value
    crowded = torch.zeros_like(right)
    crowded.view(-1)[indices.flatten()] = y.flatten()
    expect_close(student.max_unpool(y, indices, (4, 6)), right, mistakes={
        "These are corners of windows; use the indices.": nails,
        "The place is i*W + j: i is the quotient by W, j the rest.": flipped,
        "Places are counted in each map by itself: out.flatten(2).scatter(2, indices.flatten(2), ...), not in all maps "
        "together.": crowded,
    })  # fmt: skip


@task("conv_matrix", share=50, any_dtype=True)
def check_matrix_times_signal(student, rng):
    """The matrix has the shape (O*n', I*n), and times a signal it is the convolution, for stride 1 and 2."""
    forbid(student, "conv_matrix", calls=READY)
    for n, k, stride, pad in ((6, 3, 1, 0), (7, 3, 2, 1), (8, 3, 2, 1)):
        w = rng.normal(2, 3, k)
        right = matrix_of(w, n, stride, pad)
        found = student.conv_matrix(w, n, stride, pad)
        rows = "There are n' = (n + 2*pad - k) // stride + 1 places, also where the last step does not fit exactly."
        if getattr(found, "shape", ()) == right.T.shape:
            rows = "This is the transpose: rows belong to the result, columns to the signal."
        expect_shape(found, tuple(right.shape), name="the matrix", hint=rows)
        blocks = right.reshape(2, -1, 3, n)
        expect_close(found, right, name="the matrix", mistakes={
            "The kernel is not flipped.": matrix_of(w.flip(2), n, stride, pad),
            "Rows go through the places of channel 0, then of channel 1; columns alike.":
                blocks.transpose(0, 1).transpose(2, 3).reshape(right.shape),
            "Rows go through the places of channel 0, then of channel 1.": blocks.transpose(0, 1).reshape(right.shape),
            "Columns go through the places of channel 0, then of channel 1.":
                blocks.transpose(2, 3).reshape(right.shape),
            "Column j*s + t - p: the padding shifts the columns by p.":
                matrix_of(w, n + 2 * pad, stride, 0).reshape(2, -1, 3, n + 2 * pad)[..., :n].reshape(right.shape),
            "Column j*s + t - p: the stride is missing.":
                matrix_of(w, n, 1, pad).reshape(2, -1, 3, n)[:, : blocks.shape[1]].reshape(right.shape),
            "Each filter has numbers for all channels of the signal, not for the first one only.":
                (blocks * torch.eye(3, 1, dtype=w.dtype, device=w.device)).reshape(right.shape),
        }, hint="Look at one row: it has the numbers of one filter, in the columns of the places that they see.",
        )  # fmt: skip


@task("conv_transpose1d", share=50, any_dtype=True, loans=LOANS_OF_MATRIX)
def check_transposed_convolution(student, rng):
    """The result agrees with F.conv_transpose1d and with the worked numbers."""
    forbid(student, "conv_transpose1d", calls=READY, apart=("conv_matrix",))
    one = torch.tensor([[[1.0, 2.0]]], dtype=torch.float64, device=rng.device)
    known = torch.tensor([[[1.0, 2.0, 3.0]]], dtype=torch.float64, device=rng.device)
    for x, w, stride, pad in ((one, known, 2, 1), (rng.normal(2, 4, 5), rng.normal(4, 3, 4), 2, 1),
                              (rng.normal(2, 2, 4), rng.normal(2, 3, 3), 1, 0)):  # fmt: skip
        right = F.conv_transpose1d(x, w, stride=stride, padding=pad)
        full = F.conv_transpose1d(x, w, stride=stride)
        expect_close(student.conv_transpose1d(x, w, stride, pad), right, mistakes={
            "The kernel is not flipped: each number paints it as it is.":
                F.conv_transpose1d(x, w.flip(2), stride=stride, padding=pad),
            "pad places are cut off on both sides.": full,
            "pad places are cut off on both sides; here 2*pad are missing at the end.": full[..., : right.shape[2]],
            "pad places are cut off on both sides; here 2*pad are missing at the beginning.":
                full[..., 2 * pad :],
            "The product has channel after channel: reshape it to (N, I, n).":
                right.reshape(len(right), right.shape[2], right.shape[1]).mT,
        }, hint="Each number paints a copy of the kernel; where copies overlap, they are added.")  # fmt: skip
