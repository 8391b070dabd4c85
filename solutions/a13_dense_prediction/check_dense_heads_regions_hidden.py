"""Hidden checks of dense_heads: masks, joints, regions and corners of other sizes, with gradients and empty inputs."""

import torch
from oracles_dense_heads import (
    cells_of,
    joints_loss,
    mask_head,
    own_channel,
    paired,
    pasted,
    pooled,
    running,
    samples_of,
)
from oracles_parameters import filled

from autograder import (
    Message,
    expect,
    expect_close,
    expect_equal,
    expect_same_gradients,
    expect_shape,
    expect_state_kept,
    expect_unchanged,
    explain_errors,
    is_sequence,
    task,
)

GRADIENTS = """
import torch

def gradient(f, x, *rest):
    x = x.clone().requires_grad_()
    loss = f(x, *rest)
    (slope,) = torch.autograd.grad(loss, x, allow_unused=True)
    return loss.detach(), torch.zeros_like(x) if slope is None else slope
"""


def regions(rng, R, H, W, *, dtype=torch.float64, beyond=0.0):
    """Return boxes whose sides have no round numbers; ``beyond``: how far they may leave the image. (R, 4)"""
    size = torch.tensor([W, H], dtype=torch.float64)
    low = rng.uniform(R, 2, low=0.0, high=0.4).cpu() * size - beyond * rng.uniform(R, 2).cpu()
    high = rng.uniform(R, 2, low=0.6, high=1.0).cpu() * size + beyond * rng.uniform(R, 2).cpu()
    return torch.cat([low, high], dim=1).to(dtype).to(rng.device)


def head_values(rng, in_ch, classes, width):
    """Return random parameters of a mask head, by name."""
    values = {}
    for n in range(4):
        values[f"convs.{n}.weight"] = 0.4 * rng.normal(width, in_ch if n == 0 else width, 3, 3)
        values[f"convs.{n}.bias"] = 0.3 * rng.normal(width)
    values |= {"up.weight": rng.normal(width, width, 2, 2), "up.bias": 0.3 * rng.normal(width)}
    return values | {"out.weight": rng.normal(classes, width, 1, 1), "out.bias": rng.normal(classes)}


@task("MaskHead", share=50)
def check_head_of_many_cells_learns(student, rng):
    """Other sizes and widths, gradients in features and parameters, no regions, float32; the state stays."""
    for R, in_ch, classes, width, h, w in ((2, 3, 4, 5, 3, 4), (1, 2, 1, 3, 5, 2)):
        head, values = student.MaskHead(in_ch, classes, width=width), head_values(rng, in_ch, classes, width)
        filled(student, head, values)
        head, x = head.train(R > 1), rng.normal(R, in_ch, h, w)
        with expect_state_kept(student, head=head):
            seen = student.inspect(head, x)
        expect_close(seen.value, mask_head(x, values), name=Message("{R} regions", R=R), mistakes={
            "The features of a convolution are not added to its result.": mask_head(x, values, residual=True),
            "Cells keep their places: there is no mean over the region.": mask_head(x, values, mean=True),
        }, hint="A ReLU follows each convolution and the transposed one, but not `out`; there is nothing else.",
        )  # fmt: skip
        expect_unchanged(seen, x)
        expect_same_gradients(student, rng, head, lambda x, p=values: mask_head(x, p), x, weights=values)
    expect_shape(head(rng.normal(0, in_ch, 4, 4)), (0, 1, 8, 8), name="no regions")
    student.define("def to_float(module):\n    module.float()\n").to_float(head)
    x = rng.normal(2, in_ch, 3, 3, dtype=torch.float32)
    expect_close(head(x), mask_head(x, {name: value.float() for name, value in values.items()}), rtol=1e-3, atol=1e-3,
                 name="float32")  # fmt: skip


@task("mask_targets", share=50)
def check_masks_of_random_boxes(student, rng):
    """Blobs in boxes that may leave the image; bool and numbers, float32, no boxes; the inputs stay."""
    for R, H, W, m, dtype, kind in ((3, 9, 13, 7, torch.float64, torch.bool), (1, 14, 6, 4, torch.float64, torch.int64),
                                    (2, 8, 8, 5, torch.float32, torch.float32), (0, 7, 9, 3, torch.float64, torch.bool)
                                    ):  # fmt: skip
        masks = rng.uniform(R, H, W) < 0.5
        boxes = regions(rng, R, H, W, dtype=dtype, beyond=2.0)
        samples = [samples_of(box, mask.double(), m) for box, mask in zip(boxes.double(), masks, strict=True)]
        shifted = [samples_of(box, mask.double(), m, 0.0) for box, mask in zip(boxes.double(), masks, strict=True)]
        seen = student.inspect(student.mask_targets, boxes, masks.to(kind), m)
        right = torch.stack(samples) if R else torch.zeros(0, m, m, device=rng.device)
        sure = ((right - 0.5).abs() > 1e-4).to(dtype)

        def wrongly(many=m, images=masks, places=boxes, **mistake):
            each = zip(places.double(), images.double(), strict=True)
            found = [samples_of(box, mask, many, **mistake) for box, mask in each]
            return (torch.stack(found) > 0.5).to(places.dtype)

        wrong = (torch.stack(shifted) > 0.5).to(dtype) if R else right.to(dtype)
        expect_shape(seen.value, (R, m, m))
        expect_close(seen.value * sure, (right > 0.5).to(dtype) * sure, name=Message("{R} boxes", R=R), mistakes={
            "The centre of column j is at j + 1/2: subtract 1/2.": wrong * sure,
            "The target has 0 and 1: compare the samples with 1/2.": right.to(dtype) * sure,
            "The target is 1 where the sample is above 1/2.": (right > 0).to(dtype) * sure,
            "The centre of bin j is at (j + 1/2) / m of the box.": wrongly(middle=0.0) * sure,
            "Samples are bilinear, not those of the nearest pixel.": wrongly(nearest=True) * sure,
            "Beyond the outermost pixels the mask goes on as it ends.":
                wrongly(images=torch.nn.functional.pad(masks, (3, 3, 3, 3)), places=boxes + 3) * sure,
            "Masks are bool, or they have the numbers 0 and 1: convert them to the dtype of the boxes.":
                (right > 0.5 if kind == torch.bool else right > 1).to(dtype),
        } if R else {}, hint="Boxes have fractions: neither they nor the places of samples are rounded.")  # fmt: skip
        expect_unchanged(seen, boxes, masks.to(kind), m)
    high = torch.zeros(1, 4, 6, dtype=torch.bool, device=rng.device)
    high[:, :2] = True
    box = torch.tensor([[0.0, 0.0, 6.0, 4.0]], dtype=torch.float64, device=rng.device)
    expect_close(student.mask_targets(box, high, 1), torch.zeros(1, 1, 1, dtype=torch.float64, device=rng.device),
                 name="a sample of exactly 1/2", mistakes={
        "A sample of exactly 1/2 is not above 1/2.": torch.ones(1, 1, 1, dtype=torch.float64, device=rng.device),
    })  # fmt: skip


@task("mask_loss", share="1/3")
def check_masks_learn_in_their_channel(student, rng):
    """Other sizes, large logits, no regions, float32; only the channel of the true class has a gradient."""
    f, helper = student.mask_loss, student.define(GRADIENTS)
    for R, C, m, dtype in ((3, 4, 5, torch.float64), (1, 2, 3, torch.float64), (2, 3, 4, torch.float32)):
        logits, labels = 2 * rng.normal(R, C, m, m, dtype=dtype), rng.integers(0, C, R)
        targets = (rng.uniform(R, m, m) < 0.4).to(dtype)
        right = own_channel(logits, labels, targets)
        seen = student.inspect(f, logits, labels, targets)
        rows = torch.arange(R, device=rng.device)
        softmax = logits.log_softmax(dim=1)[rows, labels]
        expect_close(seen.value, right, name=Message("{R} regions", R=R), mistakes={
            "Each class has a sigmoid of its own: no softmax over classes.":
                torch.nn.functional.binary_cross_entropy(softmax.exp(), targets),
            "Each class has a sigmoid of its own: no softmax.":
                torch.nn.functional.binary_cross_entropy_with_logits(softmax, targets),
            "The channel is that of the true class, not the highest one.":
                torch.nn.functional.binary_cross_entropy_with_logits(logits.amax(dim=1), targets),
            "Targets of 1 want large logits.": own_channel(logits, labels, 1 - targets),
            "Only the channel of each region's class counts.":
                torch.nn.functional.binary_cross_entropy_with_logits(logits, targets[:, None].expand_as(logits)),
            "The loss takes logits.": torch.nn.functional.binary_cross_entropy(
                logits[rows, labels].sigmoid().sigmoid(), targets),
        }, hint="The loss is a mean over regions and cells, each in the channel of the region's class.")  # fmt: skip
        expect_unchanged(seen, logits, labels, targets)
        _, slope = helper.gradient(f, logits, labels, targets)
        others = torch.ones(R, C, dtype=torch.bool, device=rng.device)
        others[rows, labels] = False
        expect(not bool(slope[others].any()), "The channels of other classes have a gradient.")
        if dtype == torch.float64:
            expect_same_gradients(student, rng, f, own_channel, logits, labels, targets)
    far = torch.full((1, 1, 1, 2), 800.0, dtype=torch.float64, device=rng.device)
    far[..., 1] = -800.0
    first = torch.zeros(1, dtype=torch.int64, device=rng.device)
    wrong = torch.tensor([[[0.0, 1.0]]], dtype=torch.float64, device=rng.device)
    expect_close(f(far, first, wrong), torch.tensor(800.0, dtype=torch.float64), name="large logits", mistakes={
        "The logarithm of a sigmoid can be infinite: use F.binary_cross_entropy_with_logits.":
            torch.tensor(torch.inf, dtype=torch.float64),
        "0 times an infinite logarithm is nan: use F.binary_cross_entropy_with_logits.":
            torch.tensor(torch.nan, dtype=torch.float64),
        "F.binary_cross_entropy cuts logarithms off at -100: use F.binary_cross_entropy_with_logits.":
            torch.tensor(100.0, dtype=torch.float64),
    })  # fmt: skip
    empty = rng.normal(0, 3, 4, 4)
    loss, slope = helper.gradient(f, empty, first[:0], rng.normal(0, 4, 4))
    expect_close(loss, torch.zeros((), dtype=torch.float64), name="no regions")
    expect_shape(slope, (0, 3, 4, 4), name="the gradient without regions")


@task("paste_mask", share=50)
def check_masks_in_images_of_other_sizes(student, rng):
    """Boxes with fractions, small ones, boxes that leave the image, masks of one cell; gradients, float32."""
    f = student.paste_mask
    for m, H, W, beyond, dtype in ((5, 9, 12, 0.0, torch.float64), (3, 6, 4, 3.0, torch.float64),
                                   (7, 4, 5, 1.0, torch.float64), (1, 5, 3, 1.0, torch.float64),
                                   (4, 7, 8, 2.0, torch.float32)):  # fmt: skip
        mask, box = rng.uniform(m, m, dtype=dtype), regions(rng, 1, H, W, dtype=dtype, beyond=beyond)[0]
        seen = student.inspect(f, mask, box, H, W)
        right = pasted(mask, box, H, W)
        expect_close(seen.value, right, name=Message("a mask of {m} x {m} cells", m=m), mistakes={
            "The centre of column j is at j + 1/2, in pixels and in cells.":
                pasted(mask, box, H, W, half=0.0, cell=0.0),
            "The centre of the mask's cell j is at j + 1/2: subtract 1/2.": pasted(mask, box, H, W, cell=0.0),
            "The centre of the pixel in column j is at j + 1/2.": pasted(mask, box, H, W, half=0.0),
            "Values are bilinear, not those of the nearest cell.": pasted(mask, box, H, W, nearest=True),
            "The box is not rounded.": pasted(mask, box.round(), H, W),
            "Rows come first: y is axis 0 of the mask, x axis 1.": pasted(mask.T, box, H, W),
            "Pixels whose centres are outside of the box have 0.": pasted(mask, box, H, W, cut=False),
            "The result has probabilities, not 0 and 1.": (right > 0.5).to(dtype),
        }, hint="Centres are at j + 1/2; in the box, beyond those of the outermost cells, the mask goes on as it ends.",
        )  # fmt: skip
        expect_unchanged(seen, mask, box, H, W)
        if dtype == torch.float64:
            expect_same_gradients(student, rng, student.define(FIXED).fixed(box, H, W),
                                  lambda mask, box=box, H=H, W=W: pasted(mask, box, H, W), mask)  # fmt: skip
    whole = torch.tensor([0.0, 0.0, 11.0, 6.0], dtype=torch.float64, device=rng.device)
    mask = rng.uniform(4, 4)
    right = torch.nn.functional.interpolate(mask[None, None], (6, 11), mode="bilinear", align_corners=False)[0, 0]
    expect_close(f(mask, whole, 6, 11), right, name="the whole image")
    half = torch.tensor([1.5, 0.5, 3.5, 2.5], dtype=torch.float64, device=rng.device)
    ones = torch.zeros(4, 5, dtype=torch.float64, device=rng.device)
    ones[:2, 1:3] = 1
    more = torch.zeros_like(ones)
    more[:3, 1:4] = 1
    expect_close(f(torch.ones_like(mask), half, 4, 5), ones, name="centres that are on the sides of the box", mistakes={
        "A centre at x1 or at y1 is outside.": more,
    }, hint="A centre that is on the left or the upper side is inside; on the two others it is outside.")  # fmt: skip


FIXED = """
def fixed(box, H, W):
    return lambda mask: student.paste_mask(mask, box, H, W)
"""


@task("heatmap_targets", share=50)
def check_cells_of_random_joints(student, rng):
    """Other boxes and maps, joints in and around each box; int64, float32; the inputs stay."""
    for R, J, m, dtype in ((3, 9, 7, torch.float64), (2, 1, 56, torch.float64), (4, 6, 5, torch.float32),
                           (0, 3, 4, torch.float64)):  # fmt: skip
        boxes = regions(rng, R, 30, 50, dtype=dtype)
        size = boxes[:, None, 2:] - boxes[:, None, :2]
        place = boxes[:, None, :2] + size * rng.uniform(R, J, 2, low=-0.3, high=1.3, dtype=dtype)
        visible = (rng.uniform(R, J, 1) < 0.8).to(dtype)
        keypoints = torch.cat([place, visible], dim=2)
        seen = student.inspect(student.heatmap_targets, keypoints, boxes, m)
        right = cells_of(keypoints, boxes, m)
        found = (right >= 0).to(right.dtype)
        swapped = (right % m * m + right // m) * found + found - 1
        expect_equal(seen.value, right, name=Message("{R} boxes, {m} x {m} cells", R=R, m=m), mistakes={
            "The number is row * m + column.": swapped,
            "Joints outside of the box have -1.": cells_of(keypoints, boxes, m).clamp(min=0),
        } if R else {}, hint="The box is x1 - x0 wide, and its m columns are equally wide; rows alike.")  # fmt: skip
        expect_unchanged(seen, keypoints, boxes, m)


@task("keypoint_loss", share=50)
def check_joints_learn(student, rng):
    """Other sizes, no target at all, large logits, gradients, float32; the inputs stay."""
    f, helper = student.keypoint_loss, student.define(GRADIENTS)
    for R, J, m, dtype in ((3, 4, 5, torch.float64), (1, 2, 3, torch.float64), (2, 5, 4, torch.float32)):
        logits = 2 * rng.normal(R, J, m, m, dtype=dtype)
        targets = rng.integers(0, m * m, R, J)
        targets[0, 0] = -1
        seen = student.inspect(f, logits, targets)
        right = joints_loss(logits, targets)
        flat, chosen = logits.reshape(R, J, -1), targets.clamp(min=0)[..., None]
        sigmoid = (
            torch.nn.functional.binary_cross_entropy_with_logits(
                flat, torch.zeros_like(flat).scatter(2, chosen, 1.0), reduction="none"
            )
            .mean(dim=2)[targets >= 0]
            .mean()
        )
        each = (flat.logsumexp(2) - flat.gather(2, chosen)[..., 0]) * (targets >= 0)
        expect_close(seen.value, right, name=Message("{R} regions", R=R), mistakes={
            "Joints without a target do not count in the mean.": right * int((targets >= 0).sum()) / targets.numel(),
            "Exactly one cell is right: a softmax over all cells, not a sigmoid in each.": sigmoid,
            "Joints without a target do not count.": (flat.logsumexp(2) - flat.gather(2, chosen)[..., 0]).mean(),
            "Joints without a target do not count, neither in the sum nor in the mean.":
                (flat.logsumexp(2) - flat.gather(2, chosen)[..., 0]).sum() / (targets >= 0).sum(),
            "The number of a cell is row * m + column.": joints_loss(logits.transpose(2, 3), targets),
            "The mean is that of all joints, not of each region first.":
                (each.sum(dim=1) / (targets >= 0).sum(dim=1).clamp(min=1)).mean(),
        }, hint="The loss is a mean over all joints that have a target, whichever region they are in.")  # fmt: skip
        expect_unchanged(seen, logits, targets)
        if dtype == torch.float64:
            expect_same_gradients(student, rng, f, joints_loss, logits, targets)
    loss, slope = helper.gradient(f, logits, torch.full_like(targets, -1))
    expect_close(loss, torch.zeros_like(loss), name="no target")
    expect(not bool(slope.any()) and not bool(slope.isnan().any()), "Without a target, all gradients are 0.")


@task("roi_pool", share=50)
def check_regions_of_other_sizes(student, rng):
    """Boxes with fractions, partly outside, smaller than the bins; bins that are not square; gradients, float32."""
    f = student.roi_pool
    for C, H, W, R, size, dtype in ((3, 9, 12, 4, (3, 2), torch.float64), (1, 5, 6, 2, (4, 7), torch.float64),
                                    (2, 7, 5, 1, (1, 1), torch.float64), (2, 6, 7, 3, (2, 3), torch.float32),
                                    (2, 4, 4, 0, (2, 2), torch.float64)):  # fmt: skip
        features, boxes = rng.normal(C, H, W, dtype=dtype) - 4, regions(rng, R, H, W, dtype=dtype, beyond=1.5)
        if R > 1:
            boxes[1] = torch.tensor([2.3, 1.2, 2.6, 1.9], dtype=dtype)
        with explain_errors({"being empty": "Here a region has no cell: some boxes leave the map, others are tiny."}):
            seen = student.inspect(f, features, boxes, size)
        expect_close(seen.value, pooled(features, boxes, size), name=Message("{R} boxes", R=R), mistakes={
            "Negative features may be the maximum.": pooled(features, boxes, size).clamp(min=0),
        } if R else {}, hint="x0 and y0 are rounded down, x1 and y1 up; then the box is cut off at the map.",
        )  # fmt: skip
        expect_unchanged(seen, features, boxes, size)
        if R and dtype == torch.float64:
            expect_same_gradients(student, rng, student.define(POOLS).pools(boxes, size),
                                  lambda x, boxes=boxes, size=size: pooled(x, boxes, size), features)  # fmt: skip


POOLS = """
def pools(boxes, size):
    return lambda features: student.roi_pool(features, boxes, size)
"""


@task("corner_pool", share=50)
def check_running_maxima_of_other_maps(student, rng):
    """All four sides on random maps, negative numbers, gradients, float32; the inputs stay."""
    for N, C, H, W, dtype in ((3, 2, 4, 5, torch.float64), (1, 1, 6, 3, torch.float64), (2, 3, 1, 7, torch.float32)):
        x = rng.normal(N, C, H, W, dtype=dtype) - 2
        for side in ("top", "left", "bottom", "right"):
            seen = student.inspect(student.corner_pool, x, side)
            expect_close(seen.value, running(x, side), name=Message("{side}", side=side), mistakes={
                "A maximum may be negative.": running(x.clamp(min=0), side),
            }, hint="The maximum is that of the pixels from this one to one end of its row or column.")  # fmt: skip
            expect_unchanged(seen, x, side)
            if dtype == torch.float64:
                expect_same_gradients(student, rng, student.corner_pool, running, x, side)


UNPAIRED = {
    "class": "Both corners have the same class.",
    "embeddings": "The embeddings differ by less than 1/2.",
    "sign": "Take the difference of embeddings without its sign.",
    "rows": "The bottom-right corner is below the top-left one.",
    "columns": "The bottom-right corner is to the right of the top-left one.",
    "width": "The two columns of a box differ: it has at least one cell of width.",
    "height": "The two rows of a box differ: it has at least one cell of height.",
    "area": "A box has a width and a height of at least one cell.",
    "k of each class": "The k highest scores are those of all classes together.",
    "order": "The highest score comes first.",
}


@task("decode_corners", share=50)
def check_pairs_of_random_corners(student, rng):
    """Random corners of several classes agree with a loop over all pairs; no pair at all; float32; the inputs stay."""
    sizes = ((3, 7, 9, 12, 1.5, torch.float64), (1, 5, 4, 20, 3.0, torch.float64), (4, 6, 11, 30, 2.0, torch.float32))
    for C, H, W, k, spread, dtype in sizes:
        heats = [rng.uniform(C, H, W, dtype=dtype) for _ in range(2)]
        embeddings = [rng.uniform(H, W, high=spread, dtype=dtype) for _ in range(2)]
        seen = student.inspect(student.decode_corners, *heats, *embeddings, k)
        boxes, scores, labels = paired(*heats, *embeddings, k)
        found = seen.value
        expect(is_sequence(found) and len(found) == 3, "The result is (boxes, scores, labels).")
        wrong = {hint: paired(*heats, *embeddings, k, mistake=mistake) for mistake, hint in UNPAIRED.items()}
        expect_close(found[1], scores.to(rng.device), name="the scores", atol=1e-5, rtol=1e-5,
                     mistakes={hint: value[1].to(rng.device) for hint, value in wrong.items()},
                     hint="The k highest corners of each kind count, all classes together. Two belong together if they "
                     "have one class, x0 < x1, y0 < y1, and embeddings that differ by less than 1/2.")  # fmt: skip
        expect_close(found[0], boxes.to(rng.device), name="the boxes",
                     mistakes={hint: value[0].to(rng.device) for hint, value in wrong.items()},
                     hint="Boxes are xyxy, in the order of their scores.")  # fmt: skip
        expect_equal(found[2], labels.to(rng.device), name="the classes")
        expect_unchanged(seen, *heats, *embeddings, k)
    heat_tl, heat_br = rng.uniform(2, 2, 5, 6)
    heat_tl[:, 4, 5] = heat_br[:, 0, 0] = 9.0
    zeros = torch.zeros(5, 6, dtype=torch.float64, device=rng.device)
    boxes, _, _ = student.decode_corners(heat_br, heat_tl, zeros, zeros + 0.5, 2)
    expect_shape(boxes, (0, 4), name="embeddings that differ by exactly one half: the boxes",
                 hint="Corners belong together if their embeddings differ by less than 1/2.")  # fmt: skip
    boxes, scores, labels = student.decode_corners(heat_tl, heat_br, zeros, zeros, 2)
    expect_shape(boxes, (0, 4), name="no pair: the boxes")
    expect_shape(scores, (0,), name="no pair: the scores")
    expect_shape(labels, (0,), name="no pair: the classes")
