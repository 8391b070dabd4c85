"""Hidden checks of crops, jitter, the chain and the pairs: the laws of chance, over many draws of a fresh seed."""

import math

import torch
from oracles import DRAWS, expect_share
from torch import Tensor

from autograder import expect, expect_close, expect_equal, expect_shape, expect_unchanged, task


def expect_uniform(values: Tensor, low: float, high: float, what: str, *, slack: float = 0.0) -> None:
    """Many values uniform in [low, high]: none outside (by more than slack), mean and spread within six deviations."""
    width, count = high - low, len(values)
    smallest, largest = float(values.min()), float(values.max())
    expect(
        smallest > low - slack - 1e-6 and largest < high + slack + 1e-6,
        f"{what} lies between {smallest:.4g} and {largest:.4g}; it should lie in [{low:.4g}, {high:.4g}].",
    )
    mean, middle = float(values.mean()), (low + high) / 2
    expect(
        abs(mean - middle) < 6 * width / math.sqrt(12 * count) + slack / 4,
        f"The mean of {what} over {count} draws is {mean:.4g}; uniform draws from [{low:.4g}, {high:.4g}] have "
        f"{middle:.4g}.",
    )
    # The variance of (u - 1/2)^2 for uniform u is 1/180.
    spread, right = float((values - middle).square().mean()), width**2 / 12
    expect(
        abs(spread - right) < 6 * width**2 / math.sqrt(180 * count) + slack * width / 2,
        f"The variance of {what} over {count} draws is {spread:.4g}; uniform draws from [{low:.4g}, {high:.4g}] have "
        f"{right:.4g}.",
    )


def expect_independent(first: Tensor, second: Tensor, what: str) -> None:
    """The correlation of two columns of draws is within six standard deviations of 0."""
    found = float(torch.corrcoef(torch.stack([first.double(), second.double()]))[0, 1])
    expect(abs(found) < 6 / math.sqrt(len(first)), f"{what} depend on each other: their correlation is {found:.2f}.")


@task("sample_crop", points=2)
def check_law_of_the_boxes(student, rng):
    """The share of the area is uniform, so is the logarithm of width / height, and so are the places."""
    scale, ratio, side = (0.1, 0.4), (0.5, 2.0), 4000
    boxes = student.define(DRAWS).boxes(student.sample_crop, 1500, side, side, scale=scale, ratio=ratio).double()
    top, left, height, width = boxes.T
    expect_uniform(height * width / side**2, *scale, "the share of the area", slack=1e-3)
    expect_uniform((width / height).log() / math.log(2), -1, 1, "log2(width / height)", slack=1e-2)
    expect_uniform(top / (side - height), 0, 1, "top, as a part of where the box fits,", slack=1e-3)
    expect_uniform(left / (side - width), 0, 1, "left, as a part of where the box fits,", slack=1e-3)
    expect_independent(top / (side - height), left / (side - width), "Top and left")
    expect_independent(height * width, width / height, "Area and shape")


@task("sample_crop", points=1)
def check_boxes_in_images_that_are_not_square(student, rng):
    """The ratio is width / height of the box, and the area a share of H x W, also where H and W differ."""
    helper = student.define(DRAWS)
    for height, width in [(300, 900), (900, 300)]:
        boxes = helper.boxes(student.sample_crop, 300, height, width, scale=(0.1, 0.12), ratio=(2.0, 2.5)).double()
        shape, share = boxes[:, 3] / boxes[:, 2], boxes[:, 2] * boxes[:, 3] / (height * width)
        for values, low, high, what in [(shape, 2.0, 2.5, "width / height"), (share, 0.1, 0.12, "the share")]:
            smallest, largest = float(values.min()), float(values.max())
            expect(
                0.98 * low < smallest and largest < 1.02 * high,
                f"In {height} x {width} {what} of the boxes lies in [{smallest:.3f}, {largest:.3f}], "
                f"not in [{low}, {high}].",
            )


@task("sample_crop", points=1)
def check_boxes_that_never_fit(student, rng):
    """Where no box of the wanted shape fits, the whole image is the box; where few fit, they are drawn again."""
    helper = student.define(DRAWS)
    never = helper.boxes(student.sample_crop, 20, 40, 40, scale=(0.9, 1.0), ratio=(4.0, 5.0))
    expect_equal(never.tolist(), [[0, 0, 40, 40]] * 20, name="boxes with an area of 90 % and 4 times as wide as high")
    # In 300 x 300 with all of the area and a ratio of 3/4 to 4/3 nothing but the square fits. From 50 % on most do.
    often = helper.boxes(student.sample_crop, 600, 300, 300, scale=(0.5, 1.0))
    whole = (often[:, 2:] == 300).all(dim=1)
    share = float(whole.double().mean())
    expect(share < 0.03, f"{share:.1%} of the boxes are the whole image: draw again before you give up.")


def plain_crop(image: Tensor, top: int, left: int, height: int, width: int, size: int) -> Tensor:
    """Bilinear resizing of the box, one pixel of the result at a time; at the rim the nearest pixel goes on."""
    box = image[:, top : top + height, left : left + width]
    out = image.new_zeros(len(image), size, size)
    for i in range(size):
        for j in range(size):
            y = min(max((i + 0.5) * height / size - 0.5, 0.0), height - 1.0)
            x = min(max((j + 0.5) * width / size - 0.5, 0.0), width - 1.0)
            y0, x0 = int(y), int(x)
            y1, x1 = min(y0 + 1, height - 1), min(x0 + 1, width - 1)
            upper = box[:, y0, x0] * (1 - x + x0) + box[:, y0, x1] * (x - x0)
            lower = box[:, y1, x0] * (1 - x + x0) + box[:, y1, x1] * (x - x0)
            out[:, i, j] = upper * (1 - y + y0) + lower * (y - y0)
    return out


@task("resized_crop", points=2)
def check_crop_agrees_with_a_plain_loop(student, rng):
    """Crops agree with bilinear interpolation in loops: larger, smaller, narrow, any number of channels, views."""
    cases = [
        (rng.uniform(3, 9, 14), (1, 2, 5, 7), 8),
        (rng.uniform(3, 12, 10), (0, 0, 12, 10), 5),
        (rng.uniform(8, 6, 1).permute(2, 0, 1), (3, 5, 1, 1), 3),
        (rng.uniform(11, 7, 2, dtype=torch.float32).permute(2, 1, 0), (2, 4, 5, 3), 4),
    ]
    for image, box, size in cases:
        seen = student.inspect(student.resized_crop, image, *box, size)
        expect_close(seen.value, plain_crop(image, *box, size), atol=1e-5, name=f"{box} to {size} x {size}")
        expect_unchanged(seen, image)


@task("color_jitter", points=2)
def check_law_of_the_jitter(student, rng):
    """Factors and shifts are uniform around 1 and around 0, for each of the four, whatever their strengths."""
    helper, none = student.define(DRAWS), {"brightness": 0.0, "contrast": 0.0, "saturation": 0.0, "hue": 0.0}

    def draw(image: Tensor, **strength: float) -> Tensor:
        out = helper.jittered(student.color_jitter, image.to(rng.device), 800, **{**none, **strength})
        expect_shape(out, (800, *image.shape))
        return out.cpu()

    colour = torch.tensor([0.5, 0.2, 0.2], dtype=torch.float64).view(3, 1, 1)
    luma = 0.299 * 0.5 + 0.701 * 0.2
    expect_uniform(draw(colour, brightness=0.3)[:, 0, 0, 0] / 0.5, 0.7, 1.3, "the factor of brightness", slack=1e-3)
    saturated = draw(colour, saturation=0.5)[:, 0, 0, 0]
    expect_uniform((saturated - luma) / (0.5 - luma), 0.5, 1.5, "the factor of saturation", slack=2e-3)
    tones = torch.tensor([0.4, 0.6], dtype=torch.float64).expand(3, 1, 2).contiguous()
    contrasted = draw(tones, contrast=0.4)
    expect_uniform((contrasted[:, 0, 0, 1] - 0.5) / 0.1, 0.6, 1.4, "the factor of contrast", slack=2e-3)
    turned = draw(colour, hue=0.1)[:, :, 0, 0]  # red turned to yellow gains green, turned to purple gains blue
    shift = (turned[:, 1] - turned[:, 2]) / 0.3 / 6
    expect_uniform(shift, -0.1, 0.1, "the shift of the hue", slack=1e-3)


@task("color_jitter", points=1)
def check_jitter_draws_each_amount_for_itself(student, rng):
    """Brightness, contrast and saturation draw independent factors; one number does not serve for all."""
    colours = torch.tensor([[0.4, 0.5], [0.2, 0.3], [0.2, 0.3]], dtype=torch.float64, device=rng.device).view(3, 1, 2)
    out = student.define(DRAWS).jittered(student.color_jitter, colours, 600, hue=0.0)[:, :, 0].cpu()  # (600, 3, 2)
    luma = 0.299 * out[:, 0] + 0.587 * out[:, 1] + 0.114 * out[:, 2]
    brightness = luma.mean(1)  # the mean luma knows of brightness alone
    contrast = (luma[:, 1] - luma[:, 0]) / brightness
    saturation = (out[:, 0, 0] - out[:, 1, 0]) / (brightness * contrast)
    expect_independent(brightness, contrast, "Brightness and contrast")
    expect_independent(brightness, saturation, "Brightness and saturation")
    expect_independent(contrast, saturation, "Contrast and saturation")
    expect(float(contrast.std() / contrast.mean()) > 0.15, "The contrast hardly varies.")
    expect(float(saturation.std() / saturation.mean()) > 0.15, "The saturation hardly varies.")


def one_colour(rng, red: float, green: float, blue: float) -> Tensor:
    """An image of one colour: no crop and no mirror changes it."""
    return torch.tensor([red, green, blue], dtype=torch.float64, device=rng.device).view(3, 1, 1).repeat(1, 12, 9)


@task("compute_train_transform", points=2)
def check_how_often_colours_are_jittered(student, rng):
    """Over 1,500 draws the colours are jittered in 80 %, whether the view is grey or not."""
    transform = student.compute_train_transform(seed=rng.int(0, 10**6), size=4)
    image = one_colour(rng, 0.6, 0.3, 0.2)
    out = student.define(DRAWS).views(transform, image, 1500)[:, :, 1, 1].cpu()  # (1500, 3)
    grey = (out.amax(1) - out.amin(1)) < 1e-5
    expect_share(grey, 0.2, "The view is grey")
    luma = 0.299 * 0.6 + 0.587 * 0.3 + 0.114 * 0.2
    untouched = torch.where(grey, (out[:, 0] - luma).abs() < 2e-4, (out - image[:, 0, 0].cpu()).abs().amax(1) < 1e-5)
    expect_share(~untouched, 0.8, "Colours are jittered")
    expect_share(untouched & grey, 0.04, "Colours are made grey without being jittered")


@task("compute_train_transform", points=1)
def check_grey_comes_after_the_jitter(student, rng):
    """Colours are jittered before they are made grey: a shifted hue shows in the grey."""
    transform = student.compute_train_transform(seed=rng.int(0, 10**6), size=4)
    out = student.define(DRAWS).views(transform, one_colour(rng, 0.1, 0.1, 0.9), 1500)[:, :, 1, 1].cpu()
    greys = out[(out.amax(1) - out.amin(1)) < 1e-5, 0]
    # Blue has luma 0.19. Brightness alone makes at most 0.27 of it; turned towards cyan, blue reaches 0.5.
    brighter = int((greys > 0.28).sum())
    expect(brighter >= 10, f"Of {len(greys)} grey views {brighter} are brighter than a blue whose hue stays.")


@task("compute_train_transform", points=2)
def check_crops_of_the_chain(student, rng):
    """The chain crops with the scale it is given, 0.5 to 1 by default, anywhere in the image."""
    down = torch.linspace(0.2, 0.8, 60, dtype=torch.float64).view(-1, 1).expand(60, 48)
    right = torch.linspace(0.2, 0.8, 48, dtype=torch.float64).expand(60, 48)
    image = torch.stack([down, right, torch.full_like(down, 0.5)]).to(rng.device)
    for options, low, high in [({}, 0.5, 1.0), ({"scale": (0.2, 0.3)}, 0.2, 0.3)]:
        transform = student.compute_train_transform(seed=rng.int(0, 10**6), size=6, **options)
        out = student.define(DRAWS).views(transform, image, 1200).cpu()
        plain = (out[:, 2] - 0.5).abs().flatten(1).amax(1) < 1e-7  # neither jittered nor grey: 16 %
        grey = (out.amax(1) - out.amin(1)).flatten(1).amax(1) < 1e-5
        out = out[plain & ~grey]
        expect(len(out) > 80, f"Only {len(out)} of 1,200 views have their colours as they were; 16 % should.")
        # The slope between neighbouring samples tells the size of the box, the mean value its place.
        height = (out[:, 0, 4, 3] - out[:, 0, 1, 3]) / 3 * 6 / (0.6 * 60 / 59)
        width = (out[:, 1, 3, 4] - out[:, 1, 3, 1]).abs() / 3 * 6 / (0.6 * 48 / 47)
        share, places = height * width, out[:, 0].mean((1, 2))
        smallest, largest = float(share.min()), float(share.max())
        expect(
            0.94 * low < smallest and largest < 1.06 * high and largest - smallest > (high - low) / 2,
            f"The boxes cover {smallest:.2f} to {largest:.2f} of the image; with {options or 'no options'} they should "
            f"fill {low} to {high}.",
        )
        expect(float(places.std()) > 0.01, "All boxes have the same centre.")


@task("PairDataset", points=2)
def check_pairs_in_a_loader(student, rng):
    """A DataLoader makes batches of the pairs; without a transform both views are the image; nothing is changed."""
    helper = student.define(LOADER)
    images, labels = rng.uniform(7, 2, 5, 4, dtype=torch.float32), rng.permutation(7)
    seen = helper.batches(student.PairDataset, images, labels)
    expect_equal([len(batch[0]) for batch in seen["plain"]], [3, 3, 1], name="sizes of the batches")
    for column, expected in enumerate((images, images, labels)):
        expect_equal(
            torch.cat([batch[column] for batch in seen["plain"]]), expected, name=f"part {column} of the batches"
        )
    first, second = (torch.cat([batch[column] for batch in seen["noisy"]]) - images for column in (0, 1))
    shifts = torch.cat([first.mean((1, 2, 3)), second.mean((1, 2, 3))])
    expect_equal(len(shifts.unique()), 14, name="different draws among 14 views")
    expect_equal(torch.cat([batch[2] for batch in seen["noisy"]]), labels, name="the targets beside random views")
    expect_equal(seen["images"], images, name="the images afterwards")


LOADER = """
import torch
from torch.utils.data import DataLoader

def noisy(image):
    return image + torch.rand(())

def batches(PairDataset, images, labels):
    plain = DataLoader(PairDataset(images, labels, None), batch_size=3)
    moved = DataLoader(PairDataset(images, labels, noisy), batch_size=3)
    return {"plain": [list(b) for b in plain], "noisy": [list(b) for b in moved], "images": images}
"""
