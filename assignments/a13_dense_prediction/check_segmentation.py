"""Public checks of segmentation: losses, measures, and the merging of things and stuff."""

import torch
import torch.nn.functional as F
from oracles_segmentation import LOSSES, counted, labelled, mean_iou, overlap, panoptic, pixel_loss, similarity

from autograder import (
    Message,
    expect,
    expect_close,
    expect_equal,
    expect_shape,
    explain_errors,
    forbid,
    is_sequence,
    task,
)

IGNORED = {
    "index 255": "255 is not a class but the ignore_index: choose the pixels that count first, or put 0 in its place "
    "and leave these pixels out of the sums."
}


@task("pixel_cross_entropy", share=25, any_dtype=True)
def check_loss_of_labelled_pixels(student, rng):
    """The mean over labelled pixels agrees with a loop."""
    forbid(student, "pixel_cross_entropy", calls=LOSSES)
    logits, y = labelled(rng, 2, 3, 4, 5)
    right = pixel_loss(logits, y)
    each = [pixel_loss(logits[n : n + 1], y[n : n + 1]) for n in range(2)]
    rows, labels = logits.movedim(1, 3)[y != 255], y[y != 255]
    with explain_errors(IGNORED):
        found = student.pixel_cross_entropy(logits, y)
    expect_close(found, right, mistakes={
        "Divide by the number of pixels that count, not by that of all.": pixel_loss(logits, y, divide="all"),
        "This is the sum; take the mean.": pixel_loss(logits, y, divide="none"),
        "Ignored pixels count as class 0.": pixel_loss(logits, torch.where(y == 255, 0, y)),
        "Ignored pixels count as the last class.": pixel_loss(logits, torch.where(y == 255, 2, y)),
        "The mean over all pixels of all images, not the mean of the images' means.": (each[0] + each[1]) / 2,
        "The softmax runs over the classes, dim 1.": pixel_loss(logits.log_softmax(dim=3) * 1e3, y) / 1e3,
        "The softmax of a pixel runs over its own classes, not over the pixels.":
            -rows.log_softmax(dim=0).gather(1, labels[:, None]).mean(),
        "The logarithm is missing: the loss of a pixel is -log softmax.":
            -rows.softmax(dim=1).gather(1, labels[:, None]).mean(),
    })  # fmt: skip


@task("pixel_cross_entropy", share=25, any_dtype=True)
def check_loss_with_weights(student, rng):
    """With weights, each pixel has the weight of its class, and the sum is divided by the weights' sum."""
    logits, y = labelled(rng, 2, 3, 4, 5)
    weight = rng.uniform(3, low=0.2, high=3.0)
    right = pixel_loss(logits, y, weight)
    expect_close(student.pixel_cross_entropy(logits, y, weight), right, mistakes={
        "The weights have no influence.": pixel_loss(logits, y),
        "Divide by the sum of the weights of all pixels that count, not by their number.":
            pixel_loss(logits, y, weight, divide="pixels"),
        "Divide by the sum of the weights; this is not divided.": pixel_loss(logits, y, weight, divide="none"),
    }, hint="Add weight times -log p over the pixels that count, and divide by the sum of their weights.")  # fmt: skip


def areas(rng):
    """Draw probabilities and masks of two images with three classes."""
    return rng.uniform(2, 3, 4, 5), (rng.uniform(2, 3, 4, 5) < 0.4).double()


def compare_areas(student, rng, name, kind):
    """Compare one of the two losses with a loop, and with the worked numbers."""
    f = getattr(student, name)
    p, t = areas(rng)
    other = overlap(p, t, 1.0, "iou" if kind == "dice" else "dice")
    images = sum(overlap(p[n : n + 1], t[n : n + 1], 1.0, kind) for n in range(2)) / 2
    flat = overlap(p.transpose(0, 1).flatten(1)[None, None], t.transpose(0, 1).flatten(1)[None, None], 1.0, kind)

    def per_class(x):
        return x.sum(dim=(0, 2, 3))

    shared, total, squares = per_class(p * t), per_class(p) + per_class(t), per_class(p * p + t * t)
    right = overlap(p, t, 1.0, kind)
    part = "Above is 2 I." if kind == "dice" else "Below is P + T - I: the shared part counts once."
    above, below = (2 * shared, total) if kind == "dice" else (shared, total - shared)
    expect_close(f(p, t), right, mistakes={
        "This is the coefficient; the loss is 1 minus it.": 1 - right,
        "This is the loss of the other coefficient.": other,
        "Sum over images and pixels; this is the mean of single images.": images,
        "One coefficient for each class, then their mean.": flat,
        "There is one coefficient for each image here; there is one for each class: sum over (0, 2, 3).": (
            overlap(p.transpose(0, 1), t.transpose(0, 1), 1.0, kind)
        ),
        "eps belongs above and below.": 1 - (above / (below + 1)).mean(),
        "Without eps.": 1 - (above / below).mean(),
        "The loss is 1 minus the mean, not minus its logarithm.": -(1 - right).log(),
        "Probabilities are not rounded.": overlap((p > 0.5).to(p.dtype), t, 1.0, kind),
        "The two sums are not of squares.": 1 - ((2 * shared + 1) / (squares + 1)).mean(),
        part: 1 - ((shared + 1) / (total + 1)).mean(),
    })  # fmt: skip
    rows = torch.tensor([[1.0, 1, 1, 0], [1, 1, 0, 1]], dtype=torch.float64, device=rng.device)
    one, two = rows[:1, None, None], rows[1:, None, None]
    right = rows.new_tensor(1 / 3 if kind == "dice" else 0.5)
    expect_close(f(one, two, 0.0), right, name="1110 and 1101, eps = 0", mistakes={
        "eps is an argument, and not always 1.": overlap(one, two, 1.0, kind),
    })  # fmt: skip


@task("soft_dice_loss", share=50, any_dtype=True)
def check_dice_of_three_classes(student, rng):
    """The Dice loss agrees with a loop over the classes."""
    compare_areas(student, rng, "soft_dice_loss", "dice")


@task("soft_iou_loss", share=50, any_dtype=True)
def check_iou_of_three_classes(student, rng):
    """The IoU loss agrees with a loop over the classes."""
    compare_areas(student, rng, "soft_iou_loss", "iou")


@task("confusion", share="1/3")
def check_pixels_of_each_pair(student, rng):
    """The counts agree with a loop over pixels; rows are true classes, and ignored pixels do not count."""
    pred, y = rng.integers(0, 4, 2, 5, 6), rng.integers(0, 4, 2, 5, 6)
    y[rng.uniform(2, 5, 6) < 0.2] = 255
    right = counted(pred, y, 4)
    found = student.confusion(pred, y, 4)
    expect_shape(found, (4, 4), name="the matrix")
    expect_equal(found, right, mistakes={
        "Rows are true classes, columns are predictions.": right.T,
        "Ignored pixels count as class 0.": counted(pred, torch.where(y == 255, 0, y), 4),
        "Ignored pixels count as the last class.": counted(pred, torch.where(y == 255, 3, y), 4),
        "Count all pixels of a pair; this only says whether there are any.": (right > 0).long(),
    })  # fmt: skip


@task("miou", share=50)
def check_mean_over_present_classes(student, rng):
    """The mean IoU agrees with a loop; a class that occurs nowhere is left out."""
    conf = torch.tensor([[5, 2, 0, 1], [1, 7, 0, 0], [0, 0, 0, 0], [3, 0, 0, 4]], device=rng.device)
    rows, columns, hits = conf.sum(dim=1), conf.sum(dim=0), conf.diagonal()
    present = torch.tensor([0, 1, 3], device=rng.device)
    found = student.miou(conf)
    expect_close(found, mean_iou(conf), mistakes={
        "A class that occurs nowhere is left out, not 0.": mean_iou(conf, absent=0),
        "A class that occurs nowhere is left out, not 1.": mean_iou(conf, absent=1),
        "A class that occurs nowhere has 0/0: leave it out.": float("nan"),
        "The union is rows + columns - diagonal.": float((hits / (rows + columns))[present].mean()),
        "This is the recall: divide by the union.": float((hits / rows)[present].mean()),
        "This is the precision: divide by the union.": float((hits / columns)[present].mean()),
        "This is the accuracy of pixels.": float(hits.sum() / conf.sum()),
        "Divide class by class, and take the mean then: this is one ratio of all classes.":
            float(hits.sum() / (rows + columns - hits).sum()),
    })  # fmt: skip


@task("ssim", share=25, any_dtype=True)
def check_similarity_of_two_patterns(student, rng):
    """Equal images have 1; the similarity of two patterns is that of scikit-image."""
    i, j = torch.meshgrid(torch.arange(16, device=rng.device), torch.arange(20, device=rng.device), indexing="ij")
    a, b = ((7 * i + 3 * j) % 16).double() / 15, ((7 * i + 3 * j + (i * j) % 5) % 16).double() / 15
    a, b = a[None, None], b[None, None]
    once = "The covariance counts twice: the factor above is 2 sigma_ab + C2."
    expect_close(student.ssim(a, a), a.new_tensor(1.0), name="the similarity of an image to itself", mistakes={
        "This is 1 - SSIM.": a.new_tensor(0.0),
        once: lambda: similarity(a, a, wrong="once"),
    })  # fmt: skip
    right = a.new_tensor(0.5621601800677223)  # skimage 0.26: structural_similarity, gaussian_weights, sigma 1.5
    expect_close(student.ssim(a, b), right, mistakes={
        "This is 1 - SSIM.": 1 - right,
        "All pixels of a window have equal weights; they should have those of a Gaussian.":
            similarity(a, b, sigma=1e6),
        "Windows lie inside the image: no zeros around it.": similarity(F.pad(a, (5,) * 4), F.pad(b, (5,) * 4)),
        "C1 and C2 are squares.": similarity(a, b, constants=(0.01, 0.03)),
        "In the Gaussian, the square of the distance is divided by 2 sigma squared.":
            similarity(a, b, sigma=1.5 / 2**0.5),
        "The factors of the variances and the covariance are missing.": lambda: similarity(a, b, wrong="means"),
        "The factors of the means are missing.": lambda: similarity(a, b, wrong="contrast"),
        once: lambda: similarity(a, b, wrong="once"),
    }, hint="A window's weights are largest in its middle and sum to 1; variances are means with these weights.",
    )  # fmt: skip


@task("ssim", share=25, any_dtype=True)
def check_similarity_of_random_images(student, rng):
    """The mean over windows, channels and images agrees with a loop; L and the window have an influence."""
    a, b = rng.uniform(2, 2, 12, 13), rng.uniform(2, 2, 12, 13)
    expect_close(student.ssim(a, b), similarity(a, b), name="two images with two channels",
                 hint="Each channel of each image is compared for itself; the mean is taken at the end.")  # fmt: skip
    expect_close(student.ssim(a, b, L=3.0), similarity(a, b, L=3.0), name="L = 3", mistakes={
        "L has no influence.": similarity(a, b),
    })  # fmt: skip
    expect_close(student.ssim(a, b, 5, 0.8), similarity(a, b, 5, 0.8), name="a window of 5, sigma 0.8",
                 hint="The size of the window and sigma are arguments; the weights' middle moves with the size.",
                 )  # fmt: skip


def three_things(rng):
    """Return stuff of two classes, and three masks, of which two overlap."""
    sem = torch.full((6, 8), 10, device=rng.device)
    sem[3:], sem[:, 7] = 11, 255
    masks = torch.zeros(3, 6, 8, dtype=torch.bool, device=rng.device)
    masks[0, 0:4, 0:4], masks[1, 2:5, 2:6], masks[2, 0:2, 5:8] = True, True, True
    return sem, masks, torch.tensor([0.6, 0.9, 0.3], device=rng.device), torch.tensor([2, 1, 2], device=rng.device)


def expect_segments(found, right, name, mistakes=None, hint=""):
    """Require ids and classes."""
    expect(is_sequence(found) and len(found) == 2, "The result is a pair: ids and classes.")
    expect_equal(found[0], right[0], name=Message("ids of {name}", name=name), mistakes=mistakes or {}, hint=hint)
    expect_equal(found[1], right[1], name=Message("classes of {name}", name=name), hint=hint)


@task("merge_panoptic", share=60)
def check_things_over_stuff(student, rng):
    """Things are placed by their scores, without overlap; stuff gets what is left."""
    sem, masks, scores, labels = three_things(rng)
    right = panoptic(sem, masks, scores, labels)
    ids, n, things = right[0], len(right[1]), int((right[1] < 10).sum())
    above = torch.where(sem == 255, ids, sem - 9 + things)
    expect_segments(student.merge_panoptic(sem, masks, scores, labels), right, Message("three things"), mistakes={
        "The thing with the largest score comes first.":
            panoptic(sem, masks, scores, labels, order=[2, 0, 1])[0],
        "Things are placed in the order of their scores, not in that of the list.":
            panoptic(sem, masks, scores, labels, order=[0, 1, 2])[0],
        "Pixels that a more certain thing has are not free.": covered(right[0], masks, [1, 0, 2]),
        "sem = 255 is nothing: id 0.": torch.where(right[0] == 0, int(right[0].max()) + 1, right[0]),
        "Things have the first numbers; stuff follows.": torch.where(ids > 0, (ids - 1 - things) % n + 1, 0),
        "Classes of stuff come in rising order.": torch.where(ids > things, things + n + 1 - ids, ids),
        "Each thing is a segment of its own, also if an earlier one has its class.": torch.where(ids == 3, 2, ids),
        "Two things of one class are two segments.": ids - (ids > 2).long(),
        "Stuff has only pixels that no thing has.": above,
        "A thing is dropped if less than min_share of its own mask is free, not of the image.":
            panoptic(sem, masks[:0], scores[:0], labels[:0])[0],
    })  # fmt: skip


def covered(ids, masks, order):
    """Return the ids if later things are put over earlier ones."""
    ids = ids.clone()
    for number, r in enumerate(order, start=1):
        ids[masks[r]] = number
    return ids
