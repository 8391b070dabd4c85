"""Public checks of the colour operations, on colours with a known result, and against Python's colorsys."""

import torch
from oracles import LUMA, shifted
from oracles_loans import LOANS_OF_GREY

from autograder import expect, expect_close, expect_shape, expect_unchanged, task


def pure_colours() -> torch.Tensor:
    """Return red, green, blue, white, black and one mixture, next to each other: (3, 1, 6)."""
    pixels = [(1, 0, 0), (0, 1, 0), (0, 0, 1), (1, 1, 1), (0, 0, 0), (0.5, 0.5, 0)]
    return torch.tensor(pixels, dtype=torch.float64).T.reshape(3, 1, 6)


@task("to_grey", share="2/3", any_dtype=True)
def check_grey_of_known_colours(student, rng):
    """Red, green, blue, white, black and olive have the right luma, in three equal channels."""
    luma = [*LUMA.values(), 1.0, 0.0, (LUMA["red"] + LUMA["green"]) / 2]
    expected = torch.tensor(luma, dtype=torch.float64, device=rng.device).expand(3, 1, 6)
    image = pure_colours().to(rng.device)
    expect_close(student.to_grey(image), expected, atol=2e-4, mistakes={
        "The three channels have equal weights; use those of the luma.": image.mean(0, keepdim=True).expand(3, 1, 6),
        "A grey image still has three channels: repeat(3, 1, 1).": expected[:1],
        "Weight the channels by the luma, and keep three channels: repeat(3, 1, 1).": image.mean(0, keepdim=True),
        "There should be three channels again, not one axis less: keepdim=True, then repeat(3, 1, 1).": expected[0],
        "The weights are in the order blue, green, red.":
            torch.cat([expected[:, :, [2, 1, 0, 3, 4]], (expected[:, :, 1:2] + expected[:, :, 2:3]) / 2], dim=2),
        "These are the weights of BT.709; use those of BT.601: 0.299, 0.587, 0.114.":
            lambda: torch.tensor([0.2126, 0.7152, 0.0722, 1, 0, 0.4639]).to(expected).expand(3, 1, 6),
        "The weights are rounded; use all of their digits: 0.299, 0.587, 0.114.":
            lambda: torch.tensor([0.3, 0.59, 0.11, 1, 0, 0.445]).to(expected).expand(3, 1, 6),
    })  # fmt: skip


@task("adjust_brightness", share="2/3", any_dtype=True)
def check_brightness_of_known_pixels(student, rng):
    """Brightness multiplies every value and stays within [0, 1]; the input is unchanged."""
    image = torch.tensor([0.0, 0.2, 0.5, 0.8], dtype=torch.float64, device=rng.device).reshape(1, 2, 2).repeat(3, 1, 1)
    for factor, values in [(1.5, [0.0, 0.3, 0.75, 1.0]), (0.5, [0.0, 0.1, 0.25, 0.4]), (0, [0.0, 0.0, 0.0, 0.0])]:
        seen = student.inspect(student.adjust_brightness, image, factor)
        expected = image.new_tensor(values).reshape(1, 2, 2).repeat(3, 1, 1)
        expect_close(seen.value, expected, mistakes={
            "Some values are above 1: clamp to [0, 1].": image * factor,
            "The factor was added; multiply by it.": (image + factor).clamp(0, 1),
            "Multiply by the factor; do not add factor - 1.": (image + factor - 1).clamp(0, 1),
            "The image was blended with white; blend it with black.": (factor * image + 1 - factor).clamp(0, 1),
            "The factor itself multiplies the image, not 1 + factor.": ((1 + factor) * image).clamp(0, 1),
        })  # fmt: skip
        expect_unchanged(seen, image, factor)


@task("adjust_contrast", share=50, any_dtype=True, loans=LOANS_OF_GREY)
def check_contrast_moves_away_from_the_mean_luma(student, rng):
    """On half green, half black: contrast 0 gives one grey everywhere, 0.5 goes half way, 1 changes nothing."""
    image = torch.zeros(3, 2, 4, dtype=torch.float64, device=rng.device)
    image[1, :, :2] = 0.8
    mean = 0.8 * LUMA["green"] / 2
    grey = torch.full_like(image, mean)
    expect_close(student.adjust_contrast(image, 1.0), image, name="factor 1", mistakes={
        "The factor belongs to the image, 1 - factor to the grey; they are swapped.": grey,
    })  # fmt: skip
    expect_close(student.adjust_contrast(image, 0.0), grey, atol=2e-4, name="factor 0", mistakes={
        "Each pixel was blended with its own grey; blend with the mean over the image.":
            image.new_tensor([0.8 * LUMA["green"]] * 2 + [0.0] * 2).expand(3, 2, 4),
        "Each channel was blended with its own mean; blend with the mean luma.":
            image.mean((1, 2), keepdim=True).expand(3, 2, 4),
        "This uses the mean of the three channels; use the luma.": torch.full_like(image, 0.4 / 3),
        "Contrast 0 is grey, not black.": torch.zeros_like(image),
        "The grey is the mean luma of this image, not 1/2.": torch.full_like(image, 0.5),
        "The factor belongs to the image, 1 - factor to the grey; they are swapped.": image,
    })  # fmt: skip
    half = torch.full_like(image, mean / 2)
    half[1, :, :2] += 0.4
    expect_close(student.adjust_contrast(image, 0.5), half, atol=2e-4, name="factor 0.5")


@task("adjust_saturation", share="2/3", any_dtype=True, loans=LOANS_OF_GREY)
def check_saturation_moves_away_from_grey(student, rng):
    """Saturation does not change greys, 0 removes the colour of each pixel, 2 doubles its distance from grey."""
    grey = rng.uniform(1, 3, 5).expand(3, 3, 5).contiguous()
    expect_close(student.adjust_saturation(grey, 1.7), grey, name="a grey image", atol=2e-4)
    image = torch.zeros(3, 1, 2, dtype=torch.float64, device=rng.device) + 0.5
    image[0, 0, 0], image[2, 0, 1] = 0.6, 0.7
    luma = image.new_tensor([0.5 + 0.1 * LUMA["red"], 0.5 + 0.2 * LUMA["blue"]]).expand(3, 1, 2)
    expect_close(student.adjust_saturation(image, 0.0), luma, name="factor 0", atol=2e-4, mistakes={
        "All pixels became the same grey; blend each pixel with its own grey.":
            luma.mean(2, keepdim=True).expand(3, 1, 2),
        "Each pixel was blended with the mean of its channels; blend it with its luma.":
            image.mean(0, keepdim=True).expand(3, 1, 2),
        "The factor belongs to the image, 1 - factor to the grey; they are swapped.": image,
    })  # fmt: skip
    expect_close(student.adjust_saturation(image, 2.0), 2 * image - luma, name="factor 2", atol=4e-4)
    red = image.new_tensor([1.0, 0.0, 0.0]).view(3, 1, 1)
    expect_close(student.adjust_saturation(red, 2.0), red, name="pure red, factor 2", atol=4e-4, mistakes={
        "Values below 0 and above 1 are cut off at the end: clamp(0, 1).": 2 * red - LUMA["red"],
    })  # fmt: skip


def beyond(found, expected: torch.Tensor) -> bool:
    """Say whether some pixels are right, and wrong values are the largest of their pixel: their hue left the circle."""
    if not isinstance(found, torch.Tensor) or found.shape != expected.shape:
        return False
    near = (found - expected).abs() < 1e-4
    largest = (found - expected.amax(dim=0)).abs() < 1e-4
    return bool(near.all(dim=0).any()) and not bool(near.all()) and bool((near | largest).all())


def all_near(found, expected: torch.Tensor) -> bool:
    """Say whether all values are almost right, and those of several pixels are not quite."""
    if not isinstance(found, torch.Tensor) or found.shape != expected.shape:
        return False
    apart = (found - expected).abs().amax(dim=0)
    return float(apart.max()) < 0.02 and int((apart > 1e-4).sum()) > 5


def wrong_in_purple(found, image: torch.Tensor, expected: torch.Tensor) -> bool:
    """Say whether exactly those pixels are wrong where red is the largest and blue exceeds green."""
    if not isinstance(found, torch.Tensor) or found.shape != expected.shape:
        return False
    purple = (image[0] == image.amax(dim=0)) & (image[2] > image[1])
    return bool((((found - expected).abs() > 1e-4).any(dim=0) == purple).all())


@task("adjust_hue", share="3/8", any_dtype=True)
def check_hue_agrees_with_colorsys(student, rng):
    """Shifted hues agree with Python's colorsys, pixel by pixel, in both directions; the input is unchanged."""
    image = rng.uniform(3, 5, 7)
    for shift in (0.1, -0.1, 0.4):
        seen = student.inspect(student.adjust_hue, image, shift)
        expect_shape(seen.value, (3, 5, 7))
        expect_close(seen.value, shifted(image, shift), mistakes={
            "The hue was shifted in the wrong direction.": lambda shift=shift: shifted(image, -shift),
            "The shift is a fraction of a turn; here it was used as sixths of a turn.":
                lambda shift=shift: shifted(image, shift / 6),
            "The shift is a fraction of a turn; here it was used as radians or degrees.":
                lambda shift=shift: shifted(image, shift / 6.283185307),
            "Nothing was shifted.": image,
            "Where red is the largest, green - blue may be negative: cut nothing off, and take the hue modulo 6.":
                lambda seen=seen, shift=shift:
                    seen.value if wrong_in_purple(seen.value, image, shifted(image, shift)) else None,
            "The shift is in whole turns, not in degrees.": lambda shift=shift: shifted(image, shift / 360),
            "Divide by the chroma itself: add nothing to it, and use 1 where it is 0.":
                lambda seen=seen, shift=shift: seen.value if all_near(seen.value, shifted(image, shift)) else None,
            "Take k modulo 6: a hue beyond a whole turn is the same as one less a turn.":
                lambda seen=seen, shift=shift: seen.value if beyond(seen.value, shifted(image, shift)) else None,
        })  # fmt: skip
        expect_unchanged(seen, image, shift)


@task("adjust_hue", share="1/8", any_dtype=True)
def check_hue_of_grey_pixels(student, rng):
    """A grey pixel, also black and white, has no hue and does not change."""
    image = rng.uniform(1, 3, 4).repeat(3, 1, 1)
    image[:, 0, 0], image[:, 0, 1] = 0, 1
    out = student.adjust_hue(image, 0.3)
    expect(
        isinstance(out, torch.Tensor) and bool(torch.isfinite(out).all()),
        "Some values are nan or infinite.",
        "A grey pixel has the chroma 0. Divide by 1 there: torch.where(chroma > 0, chroma, 1.0).",
    )
    expect_close(out, image)
