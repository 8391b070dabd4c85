"""Public checks of the colour operations: colours whose result is known, and Python's own colorsys."""

import torch
from oracles import shifted

from autograder import expect_close, expect_equal, expect_shape, expect_unchanged, task

LUMA = {"red": 0.299, "green": 0.587, "blue": 0.114}


def pure_colours() -> torch.Tensor:
    """Red, green, blue, white, black and one mixture, side by side: (3, 1, 6)."""
    pixels = [(1, 0, 0), (0, 1, 0), (0, 0, 1), (1, 1, 1), (0, 0, 0), (0.5, 0.5, 0)]
    return torch.tensor(pixels, dtype=torch.float64).T.reshape(3, 1, 6)


@task("to_grey", points=2)
def check_grey_of_known_colours(student, rng):
    """Red, green, blue, white, black and olive have the luma they should, in three equal channels."""
    luma = [*LUMA.values(), 1.0, 0.0, (LUMA["red"] + LUMA["green"]) / 2]
    expected = torch.tensor(luma, dtype=torch.float64, device=rng.device).expand(3, 1, 6)
    image = pure_colours().to(rng.device)
    expect_close(student.to_grey(image), expected, atol=2e-4, mistakes={
        "The three channels count equally; the eye sees them differently.": image.mean(0, keepdim=True).expand(3, 1, 6),
        "A grey image still has three channels.": expected[:1],
        "The weights are in the order blue, green, red.": expected[:, :, [2, 1, 0, 3, 4, 5]],
    })  # fmt: skip


@task("adjust_brightness", points=2)
def check_brightness_of_known_pixels(student, rng):
    """Brightness multiplies every value and stays within [0, 1]; the input stays as it was."""
    image = torch.tensor([0.0, 0.2, 0.5, 0.8], dtype=torch.float64, device=rng.device).reshape(1, 2, 2).repeat(3, 1, 1)
    for factor, values in [(1.5, [0.0, 0.3, 0.75, 1.0]), (0.5, [0.0, 0.1, 0.25, 0.4]), (0, [0.0, 0.0, 0.0, 0.0])]:
        seen = student.inspect(student.adjust_brightness, image, factor)
        expected = image.new_tensor(values).reshape(1, 2, 2).repeat(3, 1, 1)
        expect_close(seen.value, expected, mistakes={
            "Values above 1 are no colours: clamp.": image * factor,
            "That adds; a factor multiplies.": (image + factor).clamp(0, 1),
        })  # fmt: skip
        expect_unchanged(seen, image, factor)


@task("adjust_contrast", points=2)
def check_contrast_moves_away_from_the_mean_luma(student, rng):
    """Half green, half black: contrast 0 gives one grey everywhere, 0.5 goes half way there, 1 changes nothing."""
    image = torch.zeros(3, 2, 4, dtype=torch.float64, device=rng.device)
    image[1, :, :2] = 0.8
    mean = 0.8 * LUMA["green"] / 2
    expect_close(student.adjust_contrast(image, 1.0), image, name="factor 1")
    grey = torch.full_like(image, mean)
    expect_close(student.adjust_contrast(image, 0.0), grey, atol=2e-4, name="factor 0", mistakes={
        "Each pixel was blended with its own grey; contrast takes the mean over the image.":
            image.new_tensor([0.8 * LUMA["green"]] * 2 + [0.0] * 2).expand(3, 2, 4),
        "Each channel was blended with its own mean; contrast takes the mean luma.":
            image.mean((1, 2), keepdim=True).expand(3, 2, 4),
        "The mean of the three channels is not the luma.": torch.full_like(image, 0.4 / 3),
        "Contrast 0 is grey, not black.": torch.zeros_like(image),
    })  # fmt: skip
    half = torch.full_like(image, mean / 2)
    half[1, :, :2] += 0.4
    expect_close(student.adjust_contrast(image, 0.5), half, atol=2e-4, name="factor 0.5")


@task("adjust_saturation", points=2)
def check_saturation_moves_away_from_grey(student, rng):
    """Saturation leaves greys alone, 0 removes the colour of each pixel, 2 doubles its distance from grey."""
    grey = rng.uniform(1, 3, 5).expand(3, 3, 5).contiguous()
    expect_close(student.adjust_saturation(grey, 1.7), grey, name="a grey image", atol=2e-4)
    image = torch.zeros(3, 1, 2, dtype=torch.float64, device=rng.device) + 0.5
    image[0, 0, 0], image[2, 0, 1] = 0.6, 0.7
    luma = image.new_tensor([0.5 + 0.1 * LUMA["red"], 0.5 + 0.2 * LUMA["blue"]]).expand(3, 1, 2)
    expect_close(student.adjust_saturation(image, 0.0), luma, name="factor 0", atol=2e-4, mistakes={
        "All pixels became the same grey; saturation takes each pixel's own.":
            luma.mean(2, keepdim=True).expand(3, 1, 2),
    })  # fmt: skip
    expect_close(student.adjust_saturation(image, 2.0), 2 * image - luma, name="factor 2", atol=4e-4)


@task("adjust_hue", points=3)
def check_hue_agrees_with_colorsys(student, rng):
    """Shifted hues agree with Python's colorsys, pixel by pixel, for shifts to both sides; the input is not changed."""
    image = rng.uniform(3, 5, 7)
    for shift in (0.1, -0.1, 0.4):
        seen = student.inspect(student.adjust_hue, image, shift)
        expect_shape(seen.value, (3, 5, 7))
        expect_close(seen.value, shifted(image, shift), mistakes={
            "The hue was shifted to the other side.": lambda shift=shift: shifted(image, -shift),
            "The shift is in whole turns; here it was taken for sixths of a turn.":
                lambda shift=shift: shifted(image, shift / 6),
            "The shift is in whole turns; here it was taken for radians or degrees.":
                lambda shift=shift: shifted(image, shift / 6.283185307),
            "Nothing was shifted.": image,
        })  # fmt: skip
        expect_unchanged(seen, image, shift)


@task("adjust_hue", points=1)
def check_hue_of_grey_pixels(student, rng):
    """A grey pixel, black and white included, has no hue and stays as it is."""
    image = rng.uniform(1, 3, 4).repeat(3, 1, 1)
    image[:, 0, 0], image[:, 0, 1] = 0, 1
    out = student.adjust_hue(image, 0.3)
    expect_equal(bool(torch.isfinite(out).all()), True, name="are all values finite?")
    expect_close(out, image)
