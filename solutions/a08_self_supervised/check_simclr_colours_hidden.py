"""Hidden checks of the colour operations: loops over pixels, other dtypes, views, images that are not square."""

import torch
from oracles import luma, shifted
from oracles_loans_hidden import LOANS_OF_GREY
from torch import Tensor

from autograder import Message, expect, expect_close, expect_device, expect_equal, expect_unchanged, task


def pixel_by_pixel(image: Tensor, change) -> Tensor:
    """Apply ``change`` to each pixel in float64; the result has the image's dtype."""
    pixels = [change(pixel) for pixel in image.double().flatten(1).T.tolist()]
    table = torch.tensor(pixels, dtype=torch.float64, device=image.device)
    return table.T.reshape(image.shape).to(image.dtype)


def blended(pixel: list[float], dull: float, factor: float) -> list[float]:
    """Blend a pixel with one brightness, and clamp."""
    return [min(max(factor * value + (1 - factor) * dull, 0.0), 1.0) for value in pixel]


def images(rng) -> list[Tensor]:
    """Draw tall, wide and tiny images, in float32 and not contiguous."""
    return [
        rng.uniform(3, 7, 4, dtype=torch.float32),
        rng.uniform(5, 9, 3).permute(2, 0, 1),
        rng.uniform(3, 1, 1),
    ]


def judge(student, function, image: Tensor, *args, expected: Tensor) -> None:
    """Compare with the expected image; the input must be unchanged."""
    seen = student.inspect(function, image, *args)
    found, clamped = seen.value, None
    if isinstance(found, Tensor) and found.shape == expected.shape and found.dtype == expected.dtype:
        clamped = found if bool(((found.clamp(0, 1) - expected).abs() < 1e-3).all()) else None
    expect_close(found, expected, atol=3e-4, mistakes={
        "Some values are below 0 or above 1: clamp to [0, 1].": clamped,
        "Clamp to [0, 1], not to the smallest and the largest value of the image.":
            expected.clamp(float(image.min()), float(image.max())),
    })  # fmt: skip
    expect_unchanged(seen, image, *args)


@task("to_grey", share="1/3")
def check_grey_pixel_by_pixel(student, rng):
    """Grey agrees with a loop over pixels for any size, float32 and views, and stays on the device of the image."""
    for image in images(rng):
        expected = pixel_by_pixel(image, lambda pixel: [luma(pixel)] * 3)
        judge(student, student.to_grey, image, expected=expected)
    expect_device(student, student.to_grey, rng.uniform(3, 4, 5))


@task("adjust_brightness", share="1/3")
def check_brightness_pixel_by_pixel(student, rng):
    """Brightness agrees with a loop over pixels for any size, float32 and views."""
    for image in images(rng):
        for factor in (0.3, 1.0, 2.5):
            expected = pixel_by_pixel(image, lambda pixel, factor=factor: blended(pixel, 0.0, factor))
            judge(student, student.adjust_brightness, image, factor, expected=expected)


@task("adjust_contrast", share=50, loans=LOANS_OF_GREY)
def check_contrast_pixel_by_pixel(student, rng):
    """Contrast agrees with a loop over pixels, below and above 1, and clamps to [0, 1]."""
    for image in images(rng):
        lumas = [luma(pixel) for pixel in image.double().flatten(1).T.tolist()]
        mean = sum(lumas) / len(lumas)
        for factor in (0.3, 1.6, 4.0):
            expected = pixel_by_pixel(image, lambda pixel, factor=factor, mean=mean: blended(pixel, mean, factor))
            judge(student, student.adjust_contrast, image, factor, expected=expected)


@task("adjust_saturation", share="1/3", loans=LOANS_OF_GREY)
def check_saturation_pixel_by_pixel(student, rng):
    """Saturation agrees with a loop over pixels, below and above 1, and clamps to [0, 1]."""
    for image in images(rng):
        for factor in (0.3, 1.6, 4.0):
            expected = pixel_by_pixel(image, lambda pixel, factor=factor: blended(pixel, luma(pixel), factor))
            judge(student, student.adjust_saturation, image, factor, expected=expected)


@task("adjust_hue", share="1/8")
def check_hue_of_other_images_and_shifts(student, rng):
    """Shifted hues agree with colorsys for any size, float32 and views, and for shifts of a turn and more."""
    for image in images(rng):
        for shift in (-0.5, 0.05, 0.77, -1.3):
            expected = shifted(image.double(), shift).to(image.dtype)
            judge(student, student.adjust_hue, image, shift, expected=expected)


@task("adjust_hue", share="1/8", any_dtype=True)
def check_hue_on_the_device_of_the_image(student, rng):
    """Hues are shifted on the device of the image, and the result is there too."""
    expect_device(student, student.adjust_hue, rng.uniform(3, 4, 5), 0.2)


@task("adjust_hue", share="2/8", any_dtype=True)
def check_hue_where_channels_are_equal(student, rng):
    """Colours with two equal channels are shifted correctly: a third of a turn makes red green."""
    corners = [(r, g, b) for r in (0.0, 0.7) for g in (0.0, 0.7) for b in (0.0, 0.7)]
    image = torch.tensor(corners, dtype=torch.float64, device=rng.device).T.reshape(3, 2, 4)
    third = student.adjust_hue(image, 1 / 3)
    expect_close(third, image.roll(1, dims=0), name="after a third of a turn", mistakes={
        "The hue was shifted in the wrong direction.": image.roll(-1, dims=0),
    })  # fmt: skip
    for shift in (0.0, 1.0):
        out = student.adjust_hue(image, shift)
        expect_equal(bool(torch.isfinite(out).all()), True, name="are all values finite?")
        expect_close(out, image, name=Message("after {shift:g} turns", shift=shift))
    expect_close(student.adjust_hue(image, 0.21), shifted(image, 0.21), name="after 0.21 turns")
    out = student.adjust_hue(rng.uniform(3, 40, 40, dtype=torch.float32), rng.int(1, 9) / 10)
    expect(bool((out >= -1e-6).all()) and bool((out <= 1 + 1e-6).all()), "There are values outside [0, 1].")
