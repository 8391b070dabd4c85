"""Hidden checks of a02, features: other sizes, edges of intervals, uniform and faint images, many images."""

import math

import torch
from oracles import count_colors
from torch import Tensor

from autograder import expect, expect_close, expect_equal, expect_vectorised, task

KEEP = "The counts are whole numbers: convert them with .to(images.dtype), whatever it is."


def judge_growth(student, name, images):
    """48 images need about as many operations as 4."""
    few = student.measure(getattr(student, name), images[:4])
    many = student.measure(getattr(student, name), images)
    hint = "Some operation still runs once for each image."
    expect_vectorised(few, many, few_inputs="4 images", many_inputs="48 images", hint=hint)


@task("color_histogram", share=25, any_dtype=True)
def check_color_histogram_on_other_sizes(student, rng):
    """Histograms are right for grey images, one image, views and 25 bins by default, without a loop over images."""
    for shape in [(6, 1, 3, 4), (1, 3, 9, 2), (4, 5, 1, 8)]:
        images = rng.uniform(*shape)
        seen = student.inspect(student.color_histogram, images)
        expect_close(seen.value, count_colors(images, 25))
        expect(seen.value.dtype == images.dtype, "The histogram of a float64 image is not float64.", KEEP)
        expect_equal(seen.args, (images,), name="the images after the call")
        transposed = images.permute(0, 1, 3, 2)
        expect_close(student.color_histogram(transposed, bins=3), count_colors(transposed, 3), name="a view")
    judge_growth(student, "color_histogram", rng.uniform(48, 3, 8, 8))


def gradient_histograms(images: Tensor, cell: int, bins: int) -> Tensor:
    """Compute the features in another way, with complex numbers and both bins of an orientation by index. (N, D)"""
    size, _, height, width = images.shape
    grey = images.double().mean(dim=1)
    right, left = [*range(1, width), width - 1], [0, *range(width - 1)]
    below, above = [*range(1, height), height - 1], [0, *range(height - 1)]
    slope = torch.complex(grey[:, :, right] - grey[:, :, left], grey[:, below] - grey[:, above]) / 2  # (N, H, W)
    position = slope.angle().remainder(math.pi) * (bins / math.pi)
    lower = position.floor()
    histogram = images.new_zeros(size, height, width, bins, dtype=torch.float64)
    for bin_number, share in ((lower, lower + 1 - position), (lower + 1, position - lower)):
        index = (bin_number.long() % bins)[..., None]
        histogram.scatter_add_(3, index, (slope.abs() * share)[..., None])
    rows, columns = height // cell, width // cell
    cells = (
        histogram[:, : rows * cell, : columns * cell].reshape(size, rows, cell, columns, cell, bins).mean(dim=(2, 4))
    )
    return (cells / (cells.square().sum(dim=3, keepdim=True) + 1e-4).sqrt()).flatten(1)


def compare_hog(student, images, **options):
    """Compare the features; the images must be unchanged."""
    seen = student.inspect(student.hog_features, images, **options)
    expected = gradient_histograms(images, options.get("cell", 8), options.get("bins", 9))
    expect_close(seen.value, expected.to(images.dtype))
    expect_equal(seen.args, (images,), name="the images after the call")


@task("hog_features", share="2/8", any_dtype=True)
def check_hog_on_other_sizes(student, rng):
    """Oriented gradients are right when cells do not fill the image, for grey images, one image, and by default."""
    compare_hog(student, rng.uniform(3, 3, 17, 26))
    compare_hog(student, rng.uniform(1, 1, 11, 7), cell=3, bins=4)
    compare_hog(student, rng.uniform(2, 4, 5, 9), cell=5, bins=13)
    compare_hog(student, rng.uniform(2, 2, 6, 8).permute(0, 1, 3, 2), cell=2, bins=2)
    compare_hog(student, rng.uniform(2, 3, 3, 4), cell=1, bins=6)


@task("hog_features", share="1/8")
def check_hog_of_plain_and_faint_images(student, rng):
    """A uniform image has features of exactly 0, never nan; a faint one has small features; float32 stays float32."""
    uniform = rng.uniform(3, 1, 1, 1, dtype=torch.float32).expand(3, 3, 8, 8).contiguous()
    expect_equal(student.hog_features(uniform, cell=4, bins=5), uniform.new_zeros(3, 20))
    # Differences of float32 pixels near 0.5 are exact to 6e-8 only, and the faint edges are 1e-3.
    faint = 0.5 + 0.002 * rng.normal(3, 3, 8, 8, dtype=torch.float32)
    features = student.hog_features(faint, cell=4, bins=5)
    expect_close(features, gradient_histograms(faint, 4, 5).float(), atol=1e-3, rtol=1e-2)
    compare_hog(student, 0.5 + 0.002 * rng.normal(2, 3, 9, 9), cell=3, bins=6)


@task("hog_features", share="1/8", any_dtype=True)
def check_hog_takes_many_images_at_once(student, rng):
    """Oriented gradients need about as many operations for 48 images as for 4; images do not affect each other."""
    images = rng.uniform(48, 3, 16, 8)
    judge_growth(student, "hog_features", images)
    expect_close(student.hog_features(images[20:21]), gradient_histograms(images, 8, 9)[20:21])


FUNCTIONS = """
def means(images):
    return images.mean(dim=(2, 3)).round(decimals=9)

def first_row(images):
    return images[:, :, 0].flatten(1)
"""


@task("extract_features", share=50)
def check_features_of_many_images(student, rng):
    """Features are right for 2,345 images, for one image, and for one function."""
    many = rng.uniform(2345, 1, 2, 3)
    helper = student.define(FUNCTIONS)
    means, row = many.mean(dim=(2, 3)), many[:, :, 0].flatten(1)
    expect_close(
        student.extract_features(many, [helper.means, helper.first_row, helper.means]),
        torch.cat([means, row, means], 1),
    )
    expect_close(student.extract_features(many[:1], [helper.first_row]), row[:1])
