"""Hidden checks of the filters of edges: other sizes, borders, invariance, and inputs that stay."""

import math

import numpy as np
import torch
import torch.nn.functional as F
from check_edges_filters import ramp
from oracles_edges import FOURIER, LOANS_OF_CONV, LOANS_OF_PARTIALS, coefficient, correlated, derivatives

from autograder import Message, expect, expect_close, expect_unchanged, forbid, task

SIZES = (((5, 9), (3, 3)), ((1, 6), (1, 5)), ((8, 3), (5, 7)), ((4, 4), (1, 1)), ((2, 3), (9, 3)))


def convolved(image, kernel):
    """Return a convolution by torch, whose kernels are not flipped."""
    flipped = torch.from_numpy(kernel[::-1, ::-1].copy())[None, None]
    padding = (kernel.shape[0] // 2, kernel.shape[1] // 2)
    return F.conv2d(torch.from_numpy(image)[None, None], flipped, padding=padding)[0, 0].numpy()


@task("conv_nested", share=50)
def check_convolutions_of_other_sizes(student, rng):
    """Kernels of other sizes, also larger than the picture; both inputs stay."""
    for shape, of_kernel in SIZES:
        image, kernel = rng.normal(*shape), rng.normal(*of_kernel)
        seen = student.inspect(student.conv_nested, image, kernel)
        expect_close(
            seen.value, convolved(image, kernel), name=Message("kernel {k}, picture {p}", k=of_kernel, p=shape)
        )
        expect_unchanged(seen, image, kernel)


@task("conv_fast", share=50)
def check_fast_convolutions_of_other_sizes(student, rng):
    """Kernels of other sizes, a large picture, no loop over pixels; both inputs stay."""
    forbid(student, "conv_fast", calls=FOURIER)
    for shape, of_kernel in (*SIZES, ((90, 110), (7, 5))):
        image, kernel = rng.normal(*shape), rng.normal(*of_kernel)
        seen = student.inspect(student.conv_fast, image, kernel)
        expect_close(
            seen.value, convolved(image, kernel), name=Message("kernel {k}, picture {p}", k=of_kernel, p=shape)
        )
        expect_unchanged(seen, image, kernel)
    lines = student.define(LINES).lines
    few, many = (lines("conv_fast", np.ones((n, n)), np.ones((3, 3))) for n in (8, 40))
    expect(
        many <= 4 * few,
        Message("{few} lines were run for 8 x 8 pixels, {many} for 40 x 40.", few=few, many=many),
        "Loop over the entries of the kernel, and move the whole picture.",
    )


# Counts the lines of the student's own files that a call runs.
LINES = """
import sys

def run(student, name, args):
    count, own = 0, sys.modules[getattr(student, name).__module__].__dict__.get("__file__")

    def trace(frame, event, arg):
        nonlocal count
        if event == "line" and frame.f_code.co_filename == getattr(student, name).__code__.co_filename:
            count += 1
        return trace

    sys.settrace(trace)
    try:
        getattr(student, name)(*args)
    finally:
        sys.settrace(None)
    return count

def lines(name, *args):
    return run(student, name, args)
"""


@task("cross_correlation", share=50, loans=LOANS_OF_CONV)
def check_correlations_of_other_sizes(student, rng):
    """Templates of other sizes; both inputs stay."""
    for shape, of_template in SIZES:
        image, template = rng.normal(*shape), rng.normal(*of_template)
        seen = student.inspect(student.cross_correlation, image, template)
        expect_close(seen.value, correlated(image, template), name=Message("template {size}", size=of_template))
        expect_unchanged(seen, image, template)


@task("normalized_cross_correlation", share=50)
def check_coefficients_do_not_depend_on_light(student, rng):
    """The coefficients agree with the definition, are at most 1, and inside not changed by brightness and contrast."""
    for shape, of_template in (((9, 11), (3, 5)), ((7, 7), (5, 3)), ((6, 10), (3, 3))):
        image, template = rng.uniform(*shape), rng.uniform(*of_template)
        seen = student.inspect(student.normalized_cross_correlation, image, template)
        expect_close(seen.value, coefficient(image, template), name=Message("template {size}", size=of_template))
        expect_unchanged(seen, image, template)
        r, c = of_template[0] // 2, of_template[1] // 2
        brighter = student.normalized_cross_correlation(0.3 * image + 0.6, 5 * template + 1)
        expect_close(brighter[r:-r, c:-c], seen.value[r:-r, c:-c], name="inside, with other light")
        faint = student.normalized_cross_correlation(0.01 * image, 0.01 * template)
        expect_close(faint, seen.value, name="of a faint picture and a faint template",
                     hint="A window is constant if its standard deviation is below 1e-9, not sooner.")  # fmt: skip
    image = rng.uniform(8, 9)
    found = student.normalized_cross_correlation(image, image[2:5, 3:8].copy())
    expect_close(found[3, 5], 1.0, name="at the template's own place")
    flat = student.normalized_cross_correlation(image, np.full((3, 3), 0.4))
    expect_close(flat, np.zeros((8, 9)), name="for a constant template")


@task("gaussian_kernel", share=50)
def check_kernels_of_other_sizes(student):
    """Sizes from 1 to 13, sigmas from 0.5 to 4."""
    for size, sigma in ((1, 0.5), (3, 1.0), (7, 0.8), (13, 4.0), (7, 2.1)):
        line = np.array([math.exp(-0.5 * ((k - (size - 1) / 2) / sigma) ** 2) for k in range(size)])
        right = np.outer(line, line) / (2 * math.pi * sigma**2)
        expect_close(student.gaussian_kernel(size, sigma), right, name=Message("size {n}, sigma {s}", n=size, s=sigma))


@task("partial_x", share=50, loans=LOANS_OF_CONV)
def check_derivatives_to_the_right(student, rng):
    """Pictures of other sizes, also with one row or column; the input stays."""
    for shape in ((4, 9), (1, 5), (6, 1), (11, 3)):
        img = rng.normal(*shape)
        seen = student.inspect(student.partial_x, img)
        expect_close(seen.value, derivatives(img)[0], name=Message("a picture {shape}", shape=shape))
        expect_unchanged(seen, img)


@task("partial_y", share=50, loans=LOANS_OF_CONV)
def check_derivatives_downwards(student, rng):
    """Pictures of other sizes, also with one row or column; the input stays."""
    for shape in ((4, 9), (1, 5), (6, 1), (11, 3)):
        img = rng.normal(*shape)
        seen = student.inspect(student.partial_y, img)
        expect_close(seen.value, derivatives(img)[1], name=Message("a picture {shape}", shape=shape))
        expect_unchanged(seen, img)


@task("gradient", share=50, loans=LOANS_OF_PARTIALS)
def check_gradients_of_random_pictures(student, rng):
    """Length and angle of random pictures, also at the border; angles are from 0 to 360; the input stays."""
    for shape in ((8, 5), (3, 12)):
        img = rng.normal(*shape)
        seen = student.inspect(student.gradient, img)
        dx, dy = derivatives(img)
        expect_close(seen.value[0], np.hypot(dx, dy), name="G")
        right = np.array([[math.degrees(math.atan2(b, a)) % 360 for a, b in zip(*r)] for r in zip(dx, dy)])  # noqa: B905
        expect_close(seen.value[1], right, rtol=1e-6, atol=1e-5, name="theta")
        expect_unchanged(seen, img)
    theta = student.gradient(ramp(300.0))[1]
    expect(bool(((theta >= 0) & (theta <= 360)).all()), "The angles are not between 0 and 360.")


@task("sobel", share=50, loans=LOANS_OF_CONV)
def check_sobel_of_other_pictures(student, rng):
    """Other sizes; turning the picture by 90 degrees exchanges both derivatives; the input stays."""
    for shape in ((5, 9), (3, 3), (12, 4)):
        img = rng.normal(*shape)
        seen = student.inspect(student.sobel, img)
        kernel = np.outer([1.0, 2.0, 1.0], [1.0, 0.0, -1.0])
        gx, gy = convolved(img, kernel), convolved(img, kernel.T.copy())
        for found, right, name in zip(seen.value, (gx, gy, np.hypot(gx, gy)), ("Gx", "Gy", "the length"), strict=True):
            expect_close(found, right, name=name)
        expect_unchanged(seen, img)
        turned = student.sobel(img.T.copy())
        expect_close(turned[0], seen.value[1].T, name="Gx of the transposed picture")
