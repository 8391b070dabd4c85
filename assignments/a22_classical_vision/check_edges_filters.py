"""Public checks of the filters of edges: convolution, correlation, smoothing and derivatives, against sums by loops."""

import math

import numpy as np
from oracles_edges import (
    FOURIER,
    LOANS_OF_CONV,
    LOANS_OF_PARTIALS,
    coefficient,
    correlated,
    derivatives,
)

from autograder import expect, expect_close, expect_shape, forbid, is_sequence, task

FLIPPED = "Convolution flips the kernel, both ways."


def convolutions(image, kernel):
    """Return wrong answers to a convolution, with hints."""
    edge = np.pad(image, [(n // 2, n // 2) for n in kernel.shape], mode="edge")
    inner = tuple(slice(n // 2, -(n // 2) or None) for n in kernel.shape)
    right, framed = correlated(image, kernel[::-1, ::-1]), np.zeros(image.shape)
    framed[inner] = right[inner]
    square = np.pad(image, kernel.shape[0] // 2)
    round_the_corner = np.pad(image, [(n // 2, n // 2) for n in kernel.shape], mode="wrap")
    round_the_corner[edge.shape[0] - kernel.shape[0] // 2 :], round_the_corner[:, -(kernel.shape[1] // 2) :] = 0, 0
    return {
        FLIPPED: correlated(image, kernel),
        "The kernel is flipped in one direction only; flip rows and columns.": correlated(image, kernel[::-1]),
        "The kernel is flipped in one direction only; flip columns and rows.": correlated(image, kernel[:, ::-1]),
        "Outside of the picture pixels are 0; here the border was repeated.":
            correlated(edge, kernel[::-1, ::-1])[inner],
        "The result has the size of the picture: surround the picture with zeros first.": right[inner],
        "Pixels near the border have a sum, too: outside of the picture there are zeros.": framed,
        "Negative numbers count from the end: rows and columns must be at least 0, too.":
            correlated(round_the_corner, kernel[::-1, ::-1])[inner],
        "Pad the rows by half of the kernel's height, and the columns by half of its width.":
            lambda: correlated(square, kernel[::-1, ::-1])[:, kernel.shape[1] // 2 : -(kernel.shape[1] // 2)][
                kernel.shape[0] // 2 : -(kernel.shape[0] // 2)
            ],
    }  # fmt: skip


@task("conv_nested", share=50, any_dtype=True)
def check_convolution_of_a_small_picture(student, rng):
    """An impulse gives the kernel, and a random picture what the sum gives."""
    kernel = rng.normal(3, 5)
    impulse = np.zeros((7, 9))
    impulse[3, 4] = 1.0
    answer = np.zeros((7, 9))
    answer[2:5, 2:7] = kernel
    expect_close(
        student.conv_nested(impulse, kernel), answer, name="an impulse", mistakes=convolutions(impulse, kernel)
    )
    image = rng.normal(6, 8)
    right = correlated(image, kernel[::-1, ::-1])
    expect_close(
        student.conv_nested(image, kernel), right, name="a random picture", mistakes=convolutions(image, kernel)
    )


@task("conv_fast", share=50, any_dtype=True)
def check_fast_convolution_of_a_small_picture(student, rng):
    """The convolution agrees with the sum, without a loop over pixels, np.convolve or a Fourier transform."""
    forbid(student, "conv_fast", calls=FOURIER)
    image, kernel = rng.normal(7, 6), rng.normal(5, 3)
    right = correlated(image, kernel[::-1, ::-1])
    expect_close(student.conv_fast(image, kernel), right, mistakes=convolutions(image, kernel))


@task("cross_correlation", share=50, any_dtype=True, loans=LOANS_OF_CONV)
def check_correlation_with_a_template(student, rng):
    """The sums of products, without flipping."""
    image, template = rng.normal(6, 7), rng.normal(3, 5)
    right = correlated(image, template)
    expect_close(student.cross_correlation(image, template), right, mistakes={
        "Correlation does not flip the template.": correlated(image, template[::-1, ::-1]),
        "Correlation does not flip the rows of the template.": correlated(image, template[::-1]),
        "Correlation does not flip the columns of the template.": correlated(image, template[:, ::-1]),
        "Do not subtract the mean of the template.": correlated(image, template - template.mean()),
    })  # fmt: skip


@task("normalized_cross_correlation", share=50, any_dtype=True)
def check_coefficients_with_a_template(student, rng):
    """The coefficients agree with their definition, and are 0 at constant windows."""
    image, template = rng.uniform(8, 9, low=0.2), rng.uniform(3, 5)
    image[4:, 3:] = 0.5
    right = coefficient(image, template)
    centred = template - template.mean()
    whole = (image - image.mean()) / image.std()
    found = student.normalized_cross_correlation(image, template)
    expect_shape(found, image.shape)
    expect(
        not np.isinf(found).any(),
        "A coefficient is infinite.",
        "The coefficient is 0 where the window is constant; do not divide by 0 there.",
    )
    expect_close(found, right, mistakes={
        "Divide by the number of pixels of the window: take means, not sums.": right * template.size,
        "Normalise each window by its own mean and deviation, not by those of the picture.":
            correlated(whole, centred / centred.std()) / template.size,
        "Divide by the deviation of each window, not by that of the whole picture.":
            correlated(image, centred / centred.std()) / image.std() / template.size,
        "Divide by the standard deviations.": correlated(image, centred) / template.size,
        "Do not flip the template.": coefficient(image, template[::-1, ::-1]),
    })  # fmt: skip


@task("gaussian_kernel", share=50, any_dtype=True)
def check_kernel_of_size_5(student):
    """The kernel agrees with the formula."""
    size, sigma = 5, 1.4
    right = np.array([
        [math.exp(-((i - 2) ** 2 + (j - 2) ** 2) / (2 * sigma**2)) / (2 * math.pi * sigma**2) for j in range(size)]
        for i in range(size)
    ])  # fmt: skip
    found = student.gaussian_kernel(size, sigma)
    expect_shape(found, (size, size))
    narrow = np.exp(np.log(right * 2 * math.pi * sigma**2) * sigma) / (2 * math.pi * sigma)
    expect_close(found, right, mistakes={
        "The factor is 1 / (2 pi sigma^2), and the kernel is not divided by its sum.": right / right.sum(),
        "The factor 1 / (2 pi sigma^2) is missing.": right * 2 * math.pi * sigma**2,
        "Sigma is squared in both places.": narrow,
        "The factor has sigma squared.": right * sigma,
        "In the exponent, sigma is squared: 2 sigma^2.": narrow / sigma,
        "The exponent is divided by 2 sigma^2.": (right * 2 * math.pi * sigma**2) ** 2 / (2 * math.pi * sigma**2),
    })  # fmt: skip


def at_the_border(img, axis, right):
    """Return wrong derivatives along an axis, with hints."""
    after, before = (np.roll(np.pad(img, 1), by, axis)[1:-1, 1:-1] for by in (-1, 1))
    edge = np.pad(img, 1, mode="edge")
    inside = (slice(None), slice(1, -1)) if axis else slice(1, -1)
    return {
        "Outside of the picture pixels are 0; np.roll brings them back on the other side.":
            (np.roll(img, -1, axis) - np.roll(img, 1, axis)) / 2,
        "Outside of the picture pixels are 0.": np.gradient(img, axis=axis),
        "Outside of the picture pixels are 0; here the border was repeated.":
            (np.roll(edge, -1, axis) - np.roll(edge, 1, axis))[1:-1, 1:-1] / 2,
        "Take the neighbours on both sides, not the pixel itself and the one after it.": after - img,
        "Take the neighbours on both sides, not the pixel itself and the one before it.": img - before,
        "The result has the size of the picture; outside of the picture pixels are 0.": right[inside],
    }  # fmt: skip


@task("partial_x", share=50, any_dtype=True, loans=LOANS_OF_CONV)
def check_derivative_to_the_right(student, rng):
    """Half of the difference of the right and the left neighbour, with zeros outside."""
    forbid(student, "partial_x", calls=["np.gradient"])
    img = rng.normal(5, 7)
    right, down = derivatives(img)
    expect_close(student.partial_x(img), right, mistakes={
        "Divide by 2: the neighbours are two pixels apart.": 2 * right,
        "The sign is wrong: the right neighbour minus the left one (convolution flips the kernel).": -right,
        "This is the derivative downwards.": down,
        **at_the_border(img, 1, right),
    })  # fmt: skip


@task("partial_y", share=50, any_dtype=True, loans=LOANS_OF_CONV)
def check_derivative_downwards(student, rng):
    """Half of the difference of the neighbour below and the one above, with zeros outside."""
    forbid(student, "partial_y", calls=["np.gradient"])
    img = rng.normal(6, 5)
    right, down = derivatives(img)
    expect_close(student.partial_y(img), down, mistakes={
        "Divide by 2: the neighbours are two pixels apart.": 2 * down,
        "The sign is wrong: the neighbour below minus the one above (convolution flips the kernel).": -down,
        "This is the derivative to the right.": right,
        **at_the_border(img, 0, down),
    })  # fmt: skip


def ramp(degrees, shape=(7, 9)):
    """Return a plane that rises in a direction, and the slice without its border."""
    rows, columns = np.mgrid[: shape[0], : shape[1]]
    angle = math.radians(degrees)
    return columns * math.cos(angle) + rows * math.sin(angle)


@task("gradient", share=50, any_dtype=True, loans=LOANS_OF_PARTIALS)
def check_gradient_of_planes(student):
    """On a plane that rises in some direction, the gradient has the length of its slope, and that angle."""
    for degrees in (30.0, 120.0, 200.0, 315.0):
        found = student.gradient(2 * ramp(degrees))
        expect_shape(found[0], (7, 9), name="G")
        expect_shape(found[1], (7, 9), name="theta")
        inside = np.ones((5, 7))
        theta = found[1][1:-1, 1:-1]
        expect_close(found[0][1:-1, 1:-1], 2 * inside, name="G inside", mistakes={
            "G is the length: take the root of the sum of squares.": 4 * inside,
            "G is the root of the sum of squares, not the sum of absolute values.":
                2 * inside * (abs(math.cos(math.radians(degrees))) + abs(math.sin(math.radians(degrees)))),
        })  # fmt: skip
        signed = degrees if degrees <= 180 else degrees - 360
        quotient = math.degrees(math.atan(math.tan(math.radians(degrees))))
        expect_close(theta, degrees * inside, rtol=1e-4, atol=1e-4, name="theta inside", mistakes={
            "Angles are in [0, 360): add 360 to negative ones.": signed * inside,
            "Angles are in degrees.": math.radians(degrees) * inside,
            "Angles are in degrees, from 0 to 360.": math.radians(signed) * inside,
            "arctan cannot tell opposite directions apart; use arctan2.": quotient % 360 * inside,
            "arctan cannot tell opposite directions apart; use arctan2, and angles in [0, 360).": quotient * inside,
            "The first argument of arctan2 is the derivative in y.": (90 - degrees) % 360 * inside,
            "Add 360 to negative angles only; this is 180 added to all.": (signed + 180) * inside,
        })  # fmt: skip


@task("sobel", share=50, any_dtype=True, loans=LOANS_OF_CONV)
def check_sobel_of_a_small_picture(student, rng):
    """Both derivatives and the length agree with the matrices."""
    img = rng.normal(6, 8)
    sx = np.array([[-1.0, 0.0, 1.0], [-2.0, 0.0, 2.0], [-1.0, 0.0, 1.0]])
    right, down = correlated(img, sx), correlated(img, sx.T)
    found = student.sobel(img)
    expect(is_sequence(found) and len(found) == 3, "sobel returns three arrays: Gx, Gy and the length.")
    ones = np.array([[-1.0, 0.0, 1.0]] * 3)
    expect_close(found[0], right, name="Gx", mistakes={
        "The kernels are those of a convolution, which flips them: the sign is wrong.": -right,
        "Gx and Gy are exchanged.": down,
        "The rows are weighted 1, 2, 1.": correlated(img, ones),
    })  # fmt: skip
    expect_close(found[1], down, name="Gy", mistakes={
        "The kernels are those of a convolution, which flips them: the sign is wrong.": -down,
        "The kernel for y is the transpose of that for x.": correlated(img, ones.T),
    })  # fmt: skip
    expect_close(found[2], np.hypot(right, down), name="the length", mistakes={
        "The length is the root of the sum of squares.": right**2 + down**2,
        "The length is the root of the sum of squares, not the sum of absolute values.": abs(right) + abs(down),
    })  # fmt: skip
