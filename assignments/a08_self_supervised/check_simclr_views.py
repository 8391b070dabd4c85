"""Public checks of crops, jitter, the transform and the pairs: properties of every draw, and counts over many draws.

Every count is compared with its binomial distribution: a right solution exceeds six standard deviations once in 500
million.
"""

import torch
from oracles import DRAWS, expect_drawn_by_torch, expect_share, slope_image
from oracles_loans import LOANS_OF_CHAIN, LOANS_OF_COLOURS
from torch import Tensor
from torch.nn import functional as F

from autograder import Message, expect, expect_close, expect_equal, expect_shape, is_sequence, task


@task("sample_crop", share="2/7")
def check_boxes_lie_inside_the_image(student, rng):
    """Boxes are not empty, inside the image (tall or wide), differ from draw to draw and have the ratio asked for."""
    helper = student.define(DRAWS)
    for height, width in [(32, 32), (24, 40), (50, 40)]:
        boxes = helper.boxes(student.sample_crop, 200, height, width)
        expect_shape(boxes, (200, 4), name="boxes")
        top, left, h, w = boxes.T
        expect(bool((h > 0).all()) and bool((w > 0).all()), "A box is empty.")
        first, bottom, right = int(min(top.min(), left.min())), int((top + h).max()), int((left + w).max())
        expect(
            first >= 0 and bottom <= height and right <= width,
            Message(
                "In an image of {height} x {width} a box starts at {first}, and the boxes end at {bottom} x {right}.",
                height=height,
                width=width,
                first=first,
                bottom=bottom,
                right=right,
            ),
            "A box is (top, left, height, width); top is at most the image's height minus the box's.",
        )
        expect(len(boxes.unique(dim=0)) > 20, "The boxes hardly differ: draw new numbers in each call.")
    _, _, h, w = helper.boxes(student.sample_crop, 9, 60, 60, scale=(0.19, 0.21), ratio=(1.9, 2.1)).T
    expect(
        bool((w > h).all()),
        Message("With ratios near 2 a box is {height} high and {width} wide.", height=int(h.max()), width=int(w.min())),
        "The ratio is width / height: the height is sqrt(area / ratio), the width sqrt(area * ratio)."
        if bool((w < h).all())
        else "scale and ratio are arguments: draw between their limits, not between the default ones.",
    )


@task("sample_crop", share="1/7")
def check_every_place_is_possible(student, rng):
    """A box may be at every place where it fits, also at the edges; the boxes come from torch's random numbers."""
    helper = student.define(DRAWS)
    sides = "Area a H W, ratio r = width / height: the height is sqrt(a H W / r), the width sqrt(a H W r)."
    boxes = helper.boxes(student.sample_crop, 400, 6, 5, scale=(0.29, 0.31), ratio=(0.99, 1.01))
    expect_equal(boxes[:, 2:].unique(dim=0).tolist(), [[3, 3]], name="sizes of boxes of 30 % of 6 x 5", hint=sides)
    tops, lefts = boxes[:, 0].unique().tolist(), boxes[:, 1].unique().tolist()
    last = "randint excludes its upper limit: torch.randint(height - h + 1, ())."
    middle = "Draw the place of the box; it is not always in the middle."
    expect_equal(tops, [0, 1, 2, 3], name="the first rows of the boxes", mistakes={last: [0, 1, 2], middle: [1]})
    expect_equal(lefts, [0, 1, 2], name="the first columns of the boxes", mistakes={last: [0, 1], middle: [1]})
    for height, width in [(6, 12), (12, 6)]:
        boxes = helper.boxes(student.sample_crop, 30, height, width, scale=(0.49, 0.51), ratio=(0.99, 1.01))
        name = Message("sizes of boxes of half of {height} x {width}", height=height, width=width)
        expect_equal(boxes[:, 2:].unique(dim=0).tolist(), [[6, 6]], name=name, mistakes={
            "A box fits also if it is as high or as wide as the image.": [[height, width]],
        }, hint=sides)  # fmt: skip
    expect_drawn_by_torch(student, lambda: helper.boxes(student.sample_crop, 30, 60, 80))


def resized(image: Tensor, mode: str, **options) -> Tensor:
    """Resize the box of 8 x 6 to 2 x 2 in another way than the one asked for."""
    return F.interpolate(image[None, :, 1:9, 2:8], size=(2, 2), mode=mode, **options)[0]


@task("resized_crop", share=50, any_dtype=True)
def check_crop_of_a_slope(student, rng):
    """A crop of a linear ramp is the right part of the ramp."""
    down, right = torch.meshgrid(torch.arange(12.0), torch.arange(9.0), indexing="ij")
    image = torch.stack([down, right, 2 * down + right]).double().to(rng.device)
    same = student.resized_crop(image, 2, 3, 4, 4, 4)
    expect_close(same, image[:, 2:6, 3:7], name="without a change of size", mistakes={
        "Rows and columns are swapped.": image[:, 2:6, 3:7].transpose(1, 2),
        "Top and left are swapped.": image[:, 3:7, 2:6],
        "Height and width are those of the box, not its other corner.":
            lambda: F.interpolate(image[None, :, 2:4, 3:4], size=(4, 4), mode="bilinear")[0],
    })  # fmt: skip
    out = student.resized_crop(image, 1, 2, 8, 6, 2)  # each sample is in the middle of 4 x 3 pixels
    rows, columns = 1 + torch.tensor([1.5, 5.5]), 2 + torch.tensor([1.0, 4.0])
    rows, columns = torch.meshgrid(rows, columns, indexing="ij")
    expected = torch.stack([rows, columns, 2 * rows + columns]).double().to(rng.device)
    expect_close(out, expected, name="8 x 6 to 2 x 2", mistakes={
        "Height and width of the box are swapped.":
            lambda: F.interpolate(image[None, :, 1:7, 2:10], size=(2, 2), mode="bilinear")[0],
        "Each pixel was taken from the nearest one; resize bilinearly.": resized(image, "nearest"),
        "The corners were aligned: use align_corners=False.": resized(image, "bilinear", align_corners=True),
        "The image was smoothed first: antialias is False, the default.":
            resized(image, "bilinear", align_corners=False, antialias=True),
        "This is bicubic; resize bilinearly.": resized(image, "bicubic", align_corners=False),
        "The means of all pixels of a place were taken; interpolate between the nearest pixels.":
            resized(image, "area"),
    })  # fmt: skip


@task("color_jitter", share=40, any_dtype=True, loans=LOANS_OF_COLOURS)
def check_jitter_with_one_strength_at_a_time(student, rng):
    """With one strength, brightness or saturation changes by factors from 0.6 to 1.4; with none, nothing changes."""
    helper = student.define(DRAWS)
    colour = torch.tensor([0.5, 0.3, 0.2], dtype=torch.float64, device=rng.device).view(3, 1, 1)
    image = colour.expand(3, 4, 5).contiguous()
    none = {"brightness": 0.0, "contrast": 0.0, "saturation": 0.0, "hue": 0.0}
    same = helper.jittered(student.color_jitter, image, 3, **none)
    ranges = (
        "Factors are drawn uniformly from 1 - strength to 1 + strength, and shifts from -hue to hue: with the "
        "strength 0, they are 1 and 0."
    )
    expect_close(same, image.expand(3, 3, 4, 5), name="with all strengths 0", hint=ranges)
    luma = 0.299 * 0.5 + 0.587 * 0.3 + 0.114 * 0.2
    for name, dull in (("brightness", 0.0), ("saturation", luma)):
        out = helper.jittered(student.color_jitter, image, 300, **{**none, name: 0.4})
        expect_shape(out, (300, 3, 4, 5))
        factors = (out[:, 0, 0, 0] - dull) / (0.5 - dull)
        blend = factors.view(-1, 1, 1, 1) * image + (1 - factors.view(-1, 1, 1, 1)) * dull
        own = "Each of the four has a strength and a draw of its own; with the strength 0 its factor is 1, its shift 0."
        expect_close(out, blend, name=Message("with {name} alone", name=name), atol=1e-3, mistakes={own: out})
        low, high = float(factors.min()), float(factors.max())
        expect(
            0.599 < low < 0.7 and 1.3 < high < 1.401,
            Message(
                "With {name}=0.4 the factors of 300 draws are from {low:.3f} to {high:.3f}; they should fill 0.6 to "
                "1.4.",
                name=name,
                low=low,
                high=high,
            ),
            ranges if low < 0.599 or high > 1.401 else "",
        )


@task("compute_train_transform", share=10, loans=LOANS_OF_CHAIN, may_seed=True)
def check_views_are_square_images(student, rng):
    """From any image the transform makes one of size x size (32 by default) with values in [0, 1]."""
    helper = student.define(DRAWS)
    for (height, width), options, size in [((20, 35), {}, 32), ((40, 16), {"size": 12}, 12)]:
        image = rng.uniform(3, height, width, dtype=torch.float32)
        out = helper.views(student.compute_train_transform(seed=rng.int(0, 1000), **options), image, 20)
        expect_shape(out, (20, 3, size, size))
        expect_equal(out.dtype == torch.float32, True, name="is the dtype that of the image?")
        expect(bool((out >= 0).all()) and bool((out <= 1).all()), "There are values outside [0, 1].")


@task("compute_train_transform", share=10, any_dtype=True, loans=LOANS_OF_CHAIN, may_seed=True)
def check_views_can_be_repeated(student, rng):
    """The same seed gives the same sequence of views, another seed another sequence, and its views differ."""
    helper, image, seed = student.define(DRAWS), rng.uniform(3, 16, 16), rng.int(0, 1000)
    first, again, other = (
        helper.views(student.compute_train_transform(seed=s, size=8), image, 6) for s in (seed, seed, seed + 1)
    )
    expect_equal(again, first, name="views of the same seed")
    expect(not torch.equal(first, other), "Two seeds gave the same views.")
    expect(
        len(first.flatten(1).unique(dim=0)) > 3,  # two of six may be equal by chance
        "The transform gave the same view again and again.",
        "Seed torch when the transform is made, not each time it is called.",
    )


@task("compute_train_transform", share=30, loans=LOANS_OF_CHAIN, may_seed=True)
def check_how_often_views_are_mirrored_and_grey(student, rng):
    """Over 1,500 draws half of the views are mirrored and a fifth are grey, independently."""
    transform = student.compute_train_transform(seed=rng.int(0, 10**6), size=6)
    out = student.define(DRAWS).plain_views(transform, slope_image(rng.device), 1500)
    expect_shape(out, (1500, 3, 6, 6))
    mirrored = out[..., :3].sum((1, 2, 3)) > out[..., 3:].sum((1, 2, 3))
    grey = (out.amax(1) - out.amin(1)).flatten(1).amax(1) < 1e-5
    never = "Left and right are the last axis: flip(-1)." if not bool(mirrored.any()) else ""
    expect_share(mirrored, 0.5, Message("The view is mirrored"), never)
    expect_share(grey, 0.2, Message("The view is grey"))
    one = "Draw a number of its own for each decision."
    expect_share(mirrored & grey, 0.1, Message("The view is both mirrored and grey"), one)


@task("PairDataset", share=50)
def check_pairs_are_two_draws_of_one_image(student, rng):
    """An item is (x_i, x_j, target): two separate calls of the transform on the same image, and that image's label."""
    helper = student.define(DRAWS)
    images, labels = rng.uniform(7, 3, 4, 5), rng.permutation(7)
    pairs = student.PairDataset(images, labels, helper.Steps())
    expect_equal(student.define("size = len").size(pairs), 7, name="the length")
    for call, index in enumerate((0, 6, 3, 6)):
        item = pairs[index]
        expect(is_sequence(item) and len(item) == 3, "An item should be (x_i, x_j, target).")
        steps = [float((view - images[index]).mean()) for view in item[:2]]
        expect(
            abs(steps[0] - steps[1]) > 0.5,
            "Both views are the same draw.",
            "Call the transform twice, once for each view.",
        )
        for view, number in zip(item[:2], sorted(steps) if steps[0] < steps[1] else sorted(steps)[::-1], strict=True):
            expect_close(view, images[index] + round(number), name=Message("a view of image {index}", index=index))
        calls = sorted(round(s) for s in steps)
        expect_equal(calls, [2 * call + 1, 2 * call + 2], name="calls of the transform", mistakes={
            "Draw new views each time an item is asked for, also the second time.": [3, 4] if call == 3 else None,
            "Each view is the transform of the image itself, not of the other view.": [2 * call + 1, 4 * call + 3],
        })  # fmt: skip
        expect_equal(int(item[2]), int(labels[index]), name=Message("the target of image {index}", index=index))
