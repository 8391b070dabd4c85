"""Public checks of a02, features, against loops over pixels and ramps of known direction."""

import math

import torch
from oracles import count_colors
from torch import Tensor

from autograder import Message, expect_close, expect_shape, expect_vectorised, explain_errors, task


def plain_histogram(images: Tensor, bins: int) -> Tensor:
    """Count the pixels one by one. (N, C, bins)"""
    counts = torch.zeros(*images.shape[:2], bins, dtype=images.dtype)
    for n, image in enumerate(images.tolist()):
        for c, channel in enumerate(image):
            for value in [value for row in channel for value in row]:
                interval = next(k for k in range(bins) if value < (k + 1) / bins or k == bins - 1)
                counts[n, c, interval] += 1
    return counts.to(images.device) / (images.shape[2] * images.shape[3])


@task("color_histogram", share=50, any_dtype=True)
def check_color_histogram_counts_pixels(student, rng):
    """The histogram of each channel holds the fractions of its pixels in equal intervals of [0, 1]."""
    numbers = rng.uniform(4, 3, 5, 7).square().mul(6).floor()  # of the intervals; the values are not near their edges
    images = ((numbers + rng.uniform(4, 3, 5, 7, low=0.1, high=0.9)) / 6).float()
    expected = plain_histogram(images, 6)
    expect_close(student.color_histogram(images, bins=6), expected.flatten(1), mistakes={
        "These are counts; divide by the number of pixels of a channel.": expected.flatten(1) * 35,
        "Divide by the pixels of one channel, not of all three.": expected.flatten(1) / 3,
        "All intervals of red should come before those of green, and so on.": expected.mT.flatten(1),
        "The channels share one histogram; make one for each channel.": expected.mean(dim=1),
        "The values are right; put the channels of an image next to each other: (N, C * bins).": expected,
        "The intervals are in the wrong order: the first holds the smallest values.": expected.flip(2).flatten(1),
        "All images have the same histogram here; make one for each image.": (
            expected.mean(dim=0, keepdim=True).expand_as(expected).flatten(1)
        ),
        "All images were counted together; make one histogram for each image.": (
            expected.sum(dim=0, keepdim=True).expand_as(expected).flatten(1)
        ),
        "The largest share is 1 here; divide by the number of pixels.": (
            expected.flatten(1) / expected.flatten(1).amax(dim=1, keepdim=True)
        ),
        "These are shares of the values up to the end of each interval.": expected.cumsum(dim=2).flatten(1),
        "The values were rounded to the nearest edge; round down: floor, or .long().": (
            lambda: plain_histogram((images + 0.5 / 6).clamp(max=1), 6).flatten(1)
        ),
    })  # fmt: skip
    few, many = (student.measure(student.color_histogram, rng.uniform(number, 3, 5, 7), bins=6) for number in (4, 48))
    hint = "Some operation still runs once for each image: work on all images at once."
    expect_vectorised(few, many, few_inputs="4 images", many_inputs="48 images", hint=hint)


LAST = "A value of 1 is in the last interval: (x * bins).long() gives bins, one too many; clamp it to bins - 1."


def last_only(images: Tensor, bins: int) -> Tensor:
    """Return the share of the pixels of value 1, in the last interval of each channel. (N, C * bins)"""
    shares = images.new_zeros(*images.shape[:2], bins)
    shares[:, :, -1] = (images == 1).to(images.dtype).flatten(2).mean(dim=2)
    return shares.flatten(1)


@task("color_histogram", share=25)
def check_color_histogram_on_the_edges(student, rng):
    """A value on the edge of two intervals counts in the upper one, 1 in the last one; float32 stays float32."""
    eighths = rng.integers(0, 9, 5, 2, 7, 3).float() / 8  # edges that every float format holds exactly
    eighths[0, 0, 0] = torch.tensor([0.0, 0.5, 1.0], device=rng.device)
    for bins in (8, 4, 1):
        with explain_errors({"Error": LAST}):
            found = student.color_histogram(eighths, bins=bins)
        expected, ones = count_colors(eighths, bins).float(), last_only(eighths, bins)
        below = count_colors(1 - eighths, bins).float().unflatten(1, (-1, bins)).flip(2).flatten(1)
        expect_close(found, expected, name=Message("bins={bins}", bins=bins), mistakes={
            LAST: expected - ones,
            "A value of 1 counts in the last interval, not in the first.": (
                expected - ones + ones.roll(1 - bins, dims=1)
            ),
            "A value on an edge counts in the interval that begins there.": below,
        })  # fmt: skip


def plain_hog(images: Tensor, cell: int, bins: int, wrong: str = "") -> Tensor:
    """Compute the six steps pixel by pixel; ``wrong`` switches one common mistake on. (N, rows, columns, bins)"""
    height, width = images.shape[2:]
    result = torch.zeros(len(images), height // cell, width // cell, bins, dtype=images.dtype)
    channels = images[:, :1] if wrong == "one channel" else images
    for n, grey in enumerate(channels.double().mean(dim=1).tolist()):

        def pixel(h: int, w: int, grey: list[list[float]] = grey) -> float:
            if wrong == "mirrored":
                h, w = height - 1 - abs(height - 1 - abs(h)), width - 1 - abs(width - 1 - abs(w))
            outside = wrong == "zeros" and not (0 <= h < height and 0 <= w < width)
            return 0.0 if outside else grey[min(max(h, 0), height - 1)][min(max(w, 0), width - 1)]

        for h in range(height // cell * cell):
            for w in range(width // cell * cell):
                dx = (pixel(h, w + 1) - pixel(h, w - 1)) / (1 if wrong == "unhalved" else 2)
                dy = (pixel(h + 1, w) - pixel(h - 1, w)) / (1 if wrong == "unhalved" else 2)
                circle = 2 * math.pi if wrong == "signed" else math.pi
                angle = math.atan2(dx, dy) if wrong == "swapped" else math.atan2(dy, dx)
                if wrong == "from minus pi":
                    angle, circle = angle + math.pi, 2 * math.pi
                position = angle % circle * bins / circle - (0.5 if wrong == "shifted" else 0.0)
                magnitude = math.hypot(dx, dy) ** (2 if wrong == "squared" else 1)
                below = math.floor(position)
                upper = 0.0 if wrong == "unshared" else position - below
                histogram = result[n, h // cell, w // cell]
                histogram[below % bins] += magnitude * (1 - upper)
                if below + 1 < bins or wrong != "open":
                    histogram[(below + 1) % bins] += magnitude * upper
    result /= 1 if wrong == "summed" else cell * cell
    if wrong == "sums":
        return result / (result.sum(dim=3, keepdim=True) + 0.01)
    if wrong != "unscaled":
        result /= (result.pow(2).sum(dim=3, keepdim=True) + (0.0 if wrong == "no floor" else 1e-4)).sqrt()
    return result.to(images.device)


WRONG_HOG = {
    "signed": "Take orientations modulo pi, not modulo 2 pi: opposite gradients share a bin.",
    "from minus pi": "Orientations are from 0 to pi: take atan2(...) % pi, instead of adding pi and dividing by 2 pi.",
    "swapped": "The orientation is atan2(g_y, g_x), in this order.",
    "unshared": "Each magnitude went into one bin; divide it between the two bins next to the orientation.",
    "open": "Bins form a ring: bin 0 follows the last bin.",
    "summed": "Average over the pixels of a cell before you scale the histogram.",
    "unscaled": "The last step is missing: v / sqrt(|v|^2 + 0.01^2).",
    "no floor": "Add 0.01^2 under the root.",
    "unhalved": "Central differences are divided by 2.",
    "mirrored": "Outside the image, the nearest pixel inside continues: mode='replicate', not 'reflect'.",
    "one channel": "The grey image is the mean of all channels.",
    "shifted": "The centre of bin k is the orientation k * pi / bins, not half a bin further.",
    "squared": "The magnitude is the root of g_x^2 + g_y^2.",
    "sums": "Scale by the root of the sum of squares, not by the sum.",
    "zeros": "Pad the image with its nearest pixels; zeros make a false edge around it.",
}


def judge_hog(student, images, cell, bins):
    """Compare with the plain loops."""
    expected = plain_hog(images, cell, bins)
    mistakes = {
        hint: lambda wrong=wrong: plain_hog(images, cell, bins, wrong).flatten(1) for wrong, hint in WRONG_HOG.items()
    }
    mistakes["The bins of a cell should be next to each other: the bin is the last axis."] = lambda: expected.permute(
        0, 3, 1, 2
    ).flatten(1)
    expect_close(student.hog_features(images, cell=cell, bins=bins), expected.flatten(1), mistakes=mistakes)


@task("hog_features", share="3/8", any_dtype=True)
def check_hog_agrees_with_plain_loops(student, rng):
    """Oriented gradients agree with the six steps, computed pixel by pixel."""
    judge_hog(student, rng.uniform(2, 3, 12, 16, high=0.25, dtype=torch.float32), 4, 5)  # dark, so that 0.01^2 counts


@task("hog_features", share="1/8", any_dtype=True)
def check_hog_knows_the_direction_of_a_ramp(student, rng):
    """Brightness that rises in one direction gives one orientation, and so does the opposite direction."""
    down, right = torch.meshgrid(*[torch.arange(12.0, dtype=torch.float64, device=rng.device)] * 2, indexing="ij")
    for turn in (0, 2, 5, 8.5):
        angle = math.pi * turn / 9
        ramp = 0.5 + 0.02 * (math.cos(angle) * (right - 6) + math.sin(angle) * (down - 6))
        both = torch.stack([ramp, 1 - ramp])[:, None].repeat(1, 3, 1, 1)
        features = student.hog_features(both, cell=4, bins=9)
        expect_shape(features, (2, 81))

        expected = torch.zeros(9, dtype=torch.float64, device=rng.device)
        expected[math.floor(turn)] += 0.02 * (1 - turn % 1)
        expected[math.ceil(turn) % 9] += 0.02 * (turn % 1)
        expected /= (expected.pow(2).sum() + 0.0001).sqrt()
        names = (
            Message("the middle cell, brighter towards {angle:.0f} degrees", angle=math.degrees(angle)),
            Message("the middle cell, darker towards {angle:.0f} degrees", angle=math.degrees(angle)),
        )
        for row, name in zip(features, names, strict=True):
            expect_close(row.reshape(3, 3, 9)[1, 1], expected, name=name)


FEATURES = """
def brightest(images):
    return images.flatten(1).max(dim=1).values[:, None]

def corners(images):
    return images[:, :, [0, 0, -1, -1], [0, -1, 0, -1]].flatten(1)
"""


@task("extract_features", share=50, keeps=True)
def check_features_stand_side_by_side(student, rng):
    """The features of all functions are concatenated, in the order of the functions."""
    images = rng.uniform(6, 2, 4, 3)
    helper = student.define(FEATURES)
    brightest = images.amax(dim=(1, 2, 3))[:, None]
    corners = torch.stack([images[:, :, h, w] for h in (0, -1) for w in (0, -1)], dim=2).flatten(1)

    with explain_errors({
        "Sizes of tensors must match": "Features are side by side: torch.cat(..., dim=1).",
        "stack expects": "torch.stack adds an axis; features are side by side along one that exists: "
        "torch.cat(..., dim=1).",
    }):  # fmt: skip
        both = student.extract_features(images, [helper.corners, helper.brightest])
    expect_close(both, torch.cat([corners, brightest], dim=1), mistakes={
        "The functions are in the wrong order.": torch.cat([brightest, corners], dim=1),
        "These are the features of the first function only.": corners,
        "These are the features of the last function only.": brightest,
        "The features are below each other, not side by side: concatenate along the axis of features, dim=1.": (
            lambda: torch.cat([corners.flatten(), brightest.flatten()]).reshape(6, -1)
        ),
    })  # fmt: skip
