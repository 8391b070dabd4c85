"""Hidden checks of crops, alone and in the transform, and of pairs: distributions over many draws of a new seed."""

import math

import torch
from oracles import DRAWS, expect_independent, expect_uniform
from oracles_loans_hidden import LOANS_OF_CHAIN
from torch import Tensor

from autograder import Message, expect, expect_close, expect_equal, expect_unchanged, explain_errors, task


@task("sample_crop", share="2/7")
def check_law_of_the_boxes(student, rng):
    """The share of the area is uniform, so is the logarithm of width / height, and so are the places."""
    scale, ratio, side = (0.1, 0.4), (0.5, 2.0), 4000
    boxes = student.define(DRAWS).boxes(student.sample_crop, 1500, side, side, scale=scale, ratio=ratio).double()
    top, left, height, width = boxes.T
    expect_uniform(height * width / side**2, *scale, Message("the share of the area"), slack=1e-3)
    even = "The logarithm of the ratio is uniform: exp of a number drawn between log(ratio[0]) and log(ratio[1])."
    expect_uniform((width / height).log() / math.log(2), -1, 1, Message("log2(width / height)"), slack=1e-2, hint=even)
    expect_uniform(
        top / (side - height), 0, 1, Message("top, as a share of the places where the box fits,"), slack=1e-3
    )
    expect_uniform(
        left / (side - width), 0, 1, Message("left, as a share of the places where the box fits,"), slack=1e-3
    )
    expect_independent(top / (side - height), left / (side - width), Message("top and left"))
    expect_independent(height * width, width / height, Message("area and shape"))


@task("sample_crop", share="1/7")
def check_boxes_in_images_that_are_not_square(student, rng):
    """The ratio is width / height of the box, and the area a share of H x W, also where H and W differ."""
    helper = student.define(DRAWS)
    for height, width in [(300, 900), (900, 300)]:
        boxes = helper.boxes(student.sample_crop, 300, height, width, scale=(0.1, 0.12), ratio=(2.0, 2.5)).double()
        shape, share = boxes[:, 3] / boxes[:, 2], boxes[:, 2] * boxes[:, 3] / (height * width)
        for values, low, high, what in [
            (shape, 2.0, 2.5, Message("width / height")),
            (share, 0.1, 0.12, Message("the share")),
        ]:
            smallest, largest = float(values.min()), float(values.max())
            expect(
                0.98 * low < smallest and largest < 1.02 * high,
                Message(
                    "In {height} x {width} {what} of the boxes is in [{smallest:.3f}, {largest:.3f}], not in [{low}, "
                    "{high}].",
                    height=height,
                    width=width,
                    what=what,
                    smallest=smallest,
                    largest=largest,
                    low=low,
                    high=high,
                ),
                "r is width / height: the height is sqrt(a H W / r), the width sqrt(a H W r).",
            )


@task("sample_crop", share="1/7")
def check_boxes_that_never_fit(student, rng):
    """Where no box of the right shape fits, the box is the whole image; where few fit, boxes are drawn again."""
    helper = student.define(DRAWS)
    never = helper.boxes(student.sample_crop, 20, 40, 40, scale=(0.9, 1.0), ratio=(4.0, 5.0))
    expect_equal(
        never.tolist(),
        [[0, 0, 40, 40]] * 20,
        name="boxes with an area of 90 % and 4 times as wide as high",
        hint="A box that does not fit is not cut off: draw again, and after ten draws take the whole image.",
    )
    never = helper.boxes(student.sample_crop, 5, 30, 50, scale=(0.9, 1.0), ratio=(4.0, 5.0)).tolist()
    expect_equal(never, [[0, 0, 30, 50]] * 5, name="boxes in 30 x 50 that do not fit", mistakes={
        "After ten draws that do not fit, take the whole image, not a box in its centre.":
            never if all(2 * t + h == 30 and 2 * x + w == 50 for t, x, h, w in never) else None,
    })  # fmt: skip
    for thin, column, name in ((0.2, 3, Message("widths of thin boxes")), (4.0, 2, Message("heights of flat boxes"))):
        some = helper.boxes(student.sample_crop, 30, 6, 6, scale=(0.1, 0.12), ratio=(thin, 1.25 * thin))
        expect_equal(some[:, column].unique().tolist(), [1], name=name, mistakes={
            "A box of one row or one column is not empty.": [6],
        })  # fmt: skip
        some = helper.boxes(student.sample_crop, 100, 6, 6, scale=(0.005, 0.05), ratio=(thin, 1.25 * thin))
        expect(
            bool((some[:, 2:] > 0).all()),
            "A box is empty.",
            hint="Height and width are rounded, perhaps to 0. Then draw again.",
        )
    # Of boxes with at least half of the area and a ratio of 1/4 to 4, 22 % fit: none of ten with probability 8 %.
    seldom = helper.boxes(student.sample_crop, 600, 300, 300, scale=(0.5, 1.0), ratio=(0.25, 4.0))
    share = float((seldom[:, 2:] == 300).all(dim=1).double().mean())
    expect(
        share < 0.16,
        Message("{share:.1%} of the boxes are the whole image; with ten draws it should be 8 %.", share=share),
        hint="If a box does not fit, draw both again: the area and the ratio; after ten draws take the whole image.",
    )
    expect(
        share > 0.02,
        Message("{share:.1%} of the boxes are the whole image; with ten draws it should be 8 %.", share=share),
        hint="After ten draws that do not fit, take the whole image.",
    )
    # In 300 x 300 with all of the area and a ratio of 3/4 to 4/3 only the square fits. From 50 % on most boxes fit.
    often = helper.boxes(student.sample_crop, 600, 300, 300, scale=(0.5, 1.0))
    whole = (often[:, 2:] == 300).all(dim=1)
    share = float(whole.double().mean())
    expect(
        share < 0.03, Message("{share:.1%} of the boxes are the whole image: draw several times first.", share=share)
    )


def plain_crop(image: Tensor, top: int, left: int, height: int, width: int, size: int) -> Tensor:
    """Resize the box bilinearly, pixel by pixel; beyond its edge the nearest pixel is repeated."""
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


@task("resized_crop", share=50)
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
        expect_close(
            seen.value,
            plain_crop(image, *box, size),
            atol=1e-5,
            name=Message("{box} to {size} x {size}", box=box, size=size),
        )
        expect_unchanged(seen, image)


def unchanged(views: Tensor) -> Tensor:
    """Return the views that are neither jittered nor grey, of an image whose third channel is 0.5 everywhere."""
    plain = (views[:, 2] - 0.5).abs().flatten(1).amax(1) < 1e-7
    grey = (views.amax(1) - views.amin(1)).flatten(1).amax(1) < 1e-5
    return views[plain & ~grey]


@task("compute_train_transform", share=20, loans=LOANS_OF_CHAIN, may_seed=True)
def check_crops_of_the_chain(student, rng):
    """The transform crops with the given scale, by default 0.5 to 1, and the default ratio, anywhere in the image."""
    down = torch.linspace(0.2, 0.8, 60, dtype=torch.float64).view(-1, 1).expand(60, 48)
    right = torch.linspace(0.2, 0.8, 48, dtype=torch.float64).expand(60, 48)
    image = torch.stack([down, right, torch.full_like(down, 0.5)]).to(rng.device)
    helper = student.define(DRAWS)
    for options, low, high in [({}, 0.5, 1.0), ({"scale": (0.2, 0.3)}, 0.2, 0.3)]:
        transform = student.compute_train_transform(seed=rng.int(0, 10**6), size=6, **options)
        out = unchanged(helper.plain_views(transform, image, 300).cpu())
        if len(out) < 150:  # it jitters without color_jitter: 16 % are neither jittered nor grey
            out = torch.cat([out, unchanged(helper.views(transform, image, 900).cpu())])
        expect(
            len(out) > 80, Message("Only {count} of 1,200 views have unchanged colours; 16 % should.", count=len(out))
        )
        # The slope between neighbouring samples gives the size of the box, the mean value its place.
        height = (out[:, 0, 4, 3] - out[:, 0, 1, 3]) / 3 * 6 / (0.6 * 60 / 59)
        width = (out[:, 1, 3, 4] - out[:, 1, 3, 1]).abs() / 3 * 6 / (0.6 * 48 / 47)
        share, places = height * width, out[:, 0].mean((1, 2))
        smallest, largest = float(share.min()), float(share.max())
        expect(
            0.94 * low < smallest and largest < 1.06 * high and largest - smallest > (high - low) / 2,
            Message(
                "With scale=({low}, {high}) the boxes cover {smallest:.2f} to {largest:.2f} of the image; they should "
                "fill that range.",
                low=low,
                high=high,
                smallest=smallest,
                largest=largest,
            ),
            hint="Pass the scale on, and take the height and the width of the image: sample_crop(*image.shape[1:], "
            "scale=scale).",
        )
        shape = width * 48 / (height * 60)
        smallest, largest = float(shape.min()), float(shape.max())
        expect(
            smallest > 0.94 * 3 / 4 and largest < 1.06 * 4 / 3 and largest / smallest > 1.35,
            Message(
                "width / height of the boxes is from {smallest:.2f} to {largest:.2f}; it should fill 3/4 to 4/3.",
                smallest=smallest,
                largest=largest,
            ),
            hint="Leave sample_crop its default ratio.",
        )
        expect(float(places.std()) > 0.01, "All boxes have the same centre.")


@task("PairDataset", share=50)
def check_pairs_in_a_loader(student, rng):
    """A DataLoader makes batches of the pairs; without a transform both views are the image; inputs are unchanged."""
    helper = student.define(LOADER)
    images, labels = rng.uniform(7, 2, 5, 4, dtype=torch.float32), rng.permutation(7)
    with explain_errors({"NoneType": "Without a transform both views are the image itself."}):
        seen = helper.batches(student.PairDataset, images, labels)
    expect_equal([len(batch[0]) for batch in seen["plain"]], [3, 3, 1], name="sizes of the batches")
    for column, expected in enumerate((images, images, labels)):
        expect_equal(
            torch.cat([batch[column] for batch in seen["plain"]]),
            expected,
            name=Message("part {column} of the batches", column=column),
        )
    first, second = (torch.cat([batch[column] for batch in seen["noisy"]]) - images for column in (0, 1))
    shifts = torch.cat([first.mean((1, 2, 3)), second.mean((1, 2, 3))])
    expect_equal(len(shifts.unique()), 14, name="different draws among 14 views")
    expect_equal(torch.cat([batch[2] for batch in seen["noisy"]]), labels, name="the targets of random views")
    again = torch.cat([batch[0] for batch in seen["again"]]) - images
    expect(
        not bool(torch.isclose(again.mean((1, 2, 3)), first.mean((1, 2, 3)), atol=1e-6).any()),
        "A second loop over the data set gave the same view of an image as the first loop.",
        "Draw new views each time an item is asked for: keep no view, and seed nothing here.",
    )
    expect_equal(seen["images"], images, name="the images afterwards")
    count = helper.count(student.PairDataset(images, labels, None))
    expect(
        count == 7,
        Message(
            "A loop over a data set of 7 pairs does not end after 7 items: it gave {count} of at most 20.", count=count
        ),
        hint="An index from 7 on must raise IndexError, as images[index] does: do not limit or wrap it.",
    )


LOADER = """
import torch
from torch.utils.data import DataLoader

def noisy(image):
    return image + torch.rand(())

def count(pairs):
    return sum(1 for _ in zip(range(20), pairs))

def batches(PairDataset, images, labels):
    plain = DataLoader(PairDataset(images, labels, None), batch_size=3)
    moved = DataLoader(PairDataset(images, labels, noisy), batch_size=3)
    first, again = ([list(b) for b in moved] for _ in range(2))
    return {"plain": [list(b) for b in plain], "noisy": first, "again": again, "images": images}
"""
