"""Hidden checks of segmentation: extreme and other inputs, gradients, dtypes, inputs that stay."""

import torch
from check_segmentation import expect_segments
from oracles_segmentation import LOSSES, counted, labelled, mean_iou, overlap, panoptic, pixel_loss, similarity

from autograder import (
    Message,
    expect,
    expect_close,
    expect_device,
    expect_equal,
    expect_same_gradients,
    expect_unchanged,
    explain_errors,
    forbid,
    task,
)

SLOPE = """
import torch


def slope(f, logits, y):
    logits = logits.clone().requires_grad_()
    loss = f(logits, y)
    return torch.autograd.grad(loss, logits, allow_unused=True)[0] if loss.requires_grad else None
"""


@task("pixel_cross_entropy", share=25, any_dtype=True)
def check_loss_of_other_maps(student, rng):
    """Logits of 1000, other ignored numbers, one class, nothing labelled; the inputs stay."""
    forbid(student, "pixel_cross_entropy", calls=LOSSES)
    large = torch.tensor([1000.0, -1000.0, 0.0, 300.0], dtype=torch.float64, device=rng.device).reshape(1, 4, 1, 1)
    for c in range(4):
        y = torch.full((1, 1, 1), c, device=rng.device)
        expect_close(student.pixel_cross_entropy(large, y), pixel_loss(large, y), name="logits of 1000", mistakes={
            "exp(1000) is infinite: use log_softmax.": large.new_tensor(torch.nan),
            "log(0) is infinite: use log_softmax.": large.new_tensor(torch.inf),
        }, hint="Do not limit the logits: log_softmax can do large ones.")  # fmt: skip
    for shape, ignore, weighted in (((3, 4, 2, 3), 0, True), ((1, 2, 3, 5), -1, False), ((2, 1, 3, 2), 255, True),
                                    ((3, 5, 3, 4), 2, False)):  # fmt: skip
        logits, y = labelled(rng, *shape)
        y = torch.where(y == 255, ignore, y)
        weight = rng.uniform(shape[1], low=0.1, high=2.0) if weighted else None
        seen = student.inspect(student.pixel_cross_entropy, logits, y, weight, ignore)
        expect_close(seen.value, pixel_loss(logits, y, weight, ignore), name=Message("ignore_index {n}", n=ignore),
                     hint="Pixels whose label is ignore_index do not count, also if that is the number of a class.",
                     )  # fmt: skip
        expect_unchanged(seen, logits, y, weight, ignore)
    helper = student.define(SLOPE)
    expect(
        helper.slope(student.pixel_cross_entropy, logits, y) is not None,
        "The loss does not depend on the logits: backward() would stop the training.",
        "Look for detach(), .data, torch.no_grad() or .item() on the way from the logits to the loss.",
    )
    none = torch.full_like(y, 255)
    zero = torch.zeros((), dtype=logits.dtype, device=logits.device)
    expect_close(student.pixel_cross_entropy(logits, none), zero, name="nothing labelled")
    slope = helper.slope(student.pixel_cross_entropy, logits, none)
    expect(
        slope is not None,
        "Without a labelled pixel, the loss does not depend on the logits: backward() would stop the training.",
        "Compute the 0 from the logits, for example as 0 * logits.sum().",
    )
    expect_close(slope, torch.zeros_like(logits), name="the gradient, nothing labelled")
    expect_close(student.pixel_cross_entropy(logits, none, rng.uniform(5)), zero, name="nothing labelled, weights")


@task("pixel_cross_entropy", share=25)
def check_loss_has_right_gradients(student, rng):
    """Gradients agree with those of a loop, with weights and without; float32 stays float32."""
    for shape, weighted in (((1, 3, 3, 4), False), ((3, 2, 2, 5), True)):
        logits, y = labelled(rng, *shape)
        weight = rng.uniform(shape[1], low=0.1, high=2.0).requires_grad_(False) if weighted else None
        source = "def make(y, weight):\n    return lambda z: student.pixel_cross_entropy(z, y, weight)\n"
        f = student.define(source).make(y, weight)
        expect_same_gradients(student, rng, f, lambda z, y=y, w=weight: pixel_loss(z, y, w), logits)
    small = logits.float()
    expect_close(student.pixel_cross_entropy(small, y), pixel_loss(small, y), name="float32")
    expect_device(student, student.pixel_cross_entropy, small, y)


def other_areas(student, rng, name, kind):
    """Compare one of the two losses for other sizes, eps and dtypes, with its gradients."""
    f = getattr(student, name)
    for shape, eps, dtype in (((1, 1, 3, 5), 0.5, torch.float64), ((3, 4, 2, 3), 1.0, torch.float64),
                              ((2, 2, 5, 1), 2.0, torch.float32)):  # fmt: skip
        p, t = rng.uniform(*shape, dtype=dtype), rng.uniform(*shape, dtype=dtype)
        seen = student.inspect(f, p, t, eps)
        expect_close(seen.value, overlap(p, t, eps, kind), name=Message("the shape {shape}, eps {eps}",
                     shape=str(shape), eps=eps),
                     hint="Targets may have values between 0 and 1, too: I is the sum of p * t.")  # fmt: skip
        expect_unchanged(seen, p, t, eps)
        if dtype == torch.float64:
            expect_same_gradients(student, rng, f, lambda p, t, eps: overlap(p, t, eps, kind), p, t, eps)
    empty = torch.zeros(2, 3, 4, 4, dtype=torch.float64, device=rng.device)
    expect_close(f(empty, empty), empty.new_tensor(0.0), name="classes that occur nowhere")
    masks = (rng.uniform(1, 1, 6, 7) < 0.5).double(), (rng.uniform(1, 1, 6, 7) < 0.5).double()
    expect_close(f(*masks, 0.0), overlap(*masks, 0.0, kind), name="two masks")


@task("soft_dice_loss", share=50)
def check_dice_of_other_maps(student, rng):
    """Soft targets, other eps, empty classes, gradients, float32; the inputs stay."""
    other_areas(student, rng, "soft_dice_loss", "dice")


@task("soft_iou_loss", share=50)
def check_iou_of_other_maps(student, rng):
    """Soft targets, other eps, empty classes, gradients, float32; the inputs stay."""
    other_areas(student, rng, "soft_iou_loss", "iou")


@task("confusion", share="2/3")
def check_counts_of_other_sets(student, rng):
    """Other numbers of classes, classes that do not occur, other ignored numbers, sums of sets; the inputs stay."""
    for shape, C, ignore in (
        ((1, 3, 4), 2, 255),
        ((3, 5, 2), 7, -1),
        ((4, 6), 3, 0),
        ((40,), 5, 100),
        ((2, 3, 3), 1, 255),
    ):
        pred, y = rng.integers(0, max(C - 1, 1), *shape), rng.integers(0, C, *shape)
        y[rng.uniform(*shape) < 0.3] = ignore
        with explain_errors({"non-negative": "Remove pixels whose label is ignore_index, which may be below 0."}):
            seen = student.inspect(student.confusion, pred, y, C, ignore)
        expect_equal(seen.value, counted(pred, y, C, ignore),
                     name=Message("{C} classes, {n} is ignored", C=C, n=ignore),
                     hint="Pixels whose label is ignore_index do not count, also if that is the number of a class.",
                     )  # fmt: skip
        expect_unchanged(seen, pred, y, C, ignore)
    expect_device(student, student.confusion, pred, y, C)
    none = torch.full((2, 3, 4), 255, device=rng.device)
    expect_equal(student.confusion(0 * none, none, 3), 0 * counted(0 * none, 0 * none, 3), name="nothing labelled",
                 hint="The matrix has C rows and C columns, whichever classes occur.")  # fmt: skip


@task("miou", share=50)
def check_mean_of_other_matrices(student, rng):
    """Large counts, classes that only the truth or only the prediction has, nothing counted; the input stays."""
    for C, high in ((2, 5), (5, 3), (7, 10**9), (3, 2)):
        conf = rng.integers(0, high, C, C)
        conf[rng.permutation(C)[: C // 2]] = 0
        seen = student.inspect(student.miou, conf)
        expect_close(seen.value, mean_iou(conf), rtol=1e-9, name=Message("{C} classes", C=C),
                     hint="A class counts if it occurs in the truth, or in the predictions only.")  # fmt: skip
        expect_unchanged(seen, conf)
    nothing = "Without any class that occurs, the mean is 0."
    with explain_errors({"ZeroDivisionError": nothing}):
        found = student.miou(torch.zeros(3, 3, dtype=torch.int64, device=rng.device))
    expect_close(found, 0.0, name="nothing counted", mistakes={nothing: torch.nan})


@task("ssim", share=50)
def check_similarity_has_right_gradients(student, rng):
    """Other windows and sizes, gradients, float32; images with a large mean; the inputs stay."""
    for shape, window, sigma, L in (
        ((1, 1, 11, 14), 11, 1.5, 1.0),
        ((3, 2, 5, 6), 3, 1.0, 2.0),
        ((1, 3, 8, 7), 7, 2.5, 255.0),
    ):
        a, b = L * rng.uniform(*shape), L * rng.uniform(*shape)
        seen = student.inspect(student.ssim, a, b, window, sigma, L)
        label = Message("a window of {w}, L = {L}", w=window, L=L)
        expect_close(seen.value, similarity(a, b, window, sigma, L), name=label,
                     hint="The size of the window, sigma and L are arguments; in the last case, L is 255.",
                     )  # fmt: skip
        expect_unchanged(seen, a, b, window, sigma, L)
        expect_same_gradients(student, rng, student.ssim, similarity, a, b, window, sigma, L, rtol=1e-4)
    a, b = rng.uniform(1, 1, 12, 11, dtype=torch.float32), rng.uniform(1, 1, 12, 11, dtype=torch.float32)
    expect_close(student.ssim(a, b), similarity(a, b), atol=1e-4, name="float32")
    expect_device(student, student.ssim, a, b)


@task("merge_panoptic", share=40)
def check_merging_of_random_masks(student, rng):
    """Many masks, equal scores, hidden and empty things, other shares, no thing, no stuff; the inputs stay."""
    for H, W, R, share in ((7, 9, 5, 0.5), (5, 4, 8, 0.3), (6, 6, 4, 0.8), (3, 8, 1, 0.5), (8, 5, 6, 0.0)):
        sem = torch.where(rng.uniform(H, W) < 0.2, 255, 20 + rng.integers(0, 3, H, W))
        masks = torch.zeros(R, H, W, dtype=torch.bool, device=rng.device)
        for r in range(R):
            top, left = rng.int(0, H - 1), rng.int(0, W - 1)
            masks[r, top : top + rng.int(1, H), left : left + rng.int(1, W)] = True
        masks[R - 1] = masks[R - 1] & (R < 5)
        scores = rng.integers(0, 3, R).float() / 4
        labels = rng.integers(0, 4, R)
        right = panoptic(sem, masks, scores, labels, share)
        seen = student.inspect(student.merge_panoptic, sem, masks, scores, labels, share)
        reverse = sorted(range(R), key=lambda r, scores=scores: (-float(scores[r]), -r))
        expect_segments(seen.value, right, Message("{R} things, share {s}", R=R, s=share), mistakes={
            "min_share is an argument, and not always 1/2.": panoptic(sem, masks, scores, labels)[0],
            "A thing is dropped if less than min_share of its mask is free.":
                panoptic(sem, masks, scores, labels, 0.0)[0],
            "Of things with equal scores, the earlier one in the list comes first.":
                panoptic(sem, masks, scores, labels, share, order=reverse)[0],
            "A thing that is dropped takes no pixels: they are free for later things, and for stuff.":
                panoptic(sem, masks, scores, labels, share, dropped_take=True)[0],
            "A thing that is dropped takes no pixels: they are free for stuff, too.":
                panoptic(torch.where(masks.any(dim=0), 255, sem), masks, scores, labels, share)[0],
        }, hint="A thing, or a class of stuff, that has no free pixel gets no number.")  # fmt: skip
        expect_unchanged(seen, sem, masks, scores, labels, share)
    half = torch.zeros(2, 4, 4, dtype=torch.bool, device=rng.device)
    half[0, :2], half[1, 1:3] = True, True
    two, labels = torch.tensor([0.9, 0.5], device=rng.device), torch.tensor([0, 0], device=rng.device)
    sem = torch.full((4, 4), 9, device=rng.device)
    expect_segments(
        student.merge_panoptic(sem, half, two, labels),
        panoptic(sem, half, two, labels),
        Message("exactly half"),
        hint="A thing is dropped if less than min_share of its mask is free; exactly min_share is enough.",
    )
    dot = torch.zeros_like(half[:1])
    dot[0, 1, 2] = True
    expect_segments(
        student.merge_panoptic(sem, dot, two[:1], labels[:1]),
        panoptic(sem, dot, two[:1], labels[:1]),
        Message("a thing of one pixel"),
        hint="A thing is dropped where none of its pixels is free; one is enough.",
    )
    under = torch.where(half[0], 3, sem)  # a class of stuff that the first thing hides
    expect_segments(
        student.merge_panoptic(under, half, two, labels),
        panoptic(under, half, two, labels),
        Message("hidden stuff"),
        hint="A class of stuff that has no free pixel gets no number.",
    )
    expect_device(student, student.merge_panoptic, sem, half, two, labels)
    three = torch.zeros(3, 4, 4, dtype=torch.bool, device=rng.device)
    three[0, :2], three[1, :3], three[2, 2:] = True, True, True  # a third of the second is visible: it is dropped
    scores, kinds = torch.tensor([0.9, 0.8, 0.1], device=rng.device), torch.tensor([1, 2, 3], device=rng.device)
    right = panoptic(sem, three, scores, kinds)
    expect_segments(student.merge_panoptic(sem, three, scores, kinds), right, Message("a dropped thing"), mistakes={
        "A thing that is dropped takes no pixels: they are free for later things.":
            torch.tensor([[1] * 4, [1] * 4, [3] * 4, [2] * 4], device=rng.device),
    })  # fmt: skip
    two_of_three = three[:2], scores[:2], kinds[:2]
    expect_segments(
        student.merge_panoptic(sem, *two_of_three),
        panoptic(sem, *two_of_three),
        Message("a dropped thing over stuff"),
        hint="A thing that is dropped takes no pixels: they are free for later things, and for stuff.",
    )
    none = half[:0], two[:0], labels[:0]
    expect_segments(student.merge_panoptic(sem, *none), panoptic(sem, *none), Message("no thing"))
    empty = torch.full_like(sem, 255)
    found = student.merge_panoptic(empty, *none)
    expect_equal(found[0], 0 * sem, name="ids of nothing at all")
    expect(
        found[1].shape == (0,) and found[1].dtype == torch.int64,
        "Without segments, classes is int64 of shape (0,).",
        "An empty list has no dtype of its own: what does torch make of it?",
    )
