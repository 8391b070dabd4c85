"""Public checks of dense_heads: masks, joints, regions and corners, by hand and by closed forms."""

import math

import torch
from oracles_dense_heads_cases import chain
from oracles_parameters import filled

from autograder import Message, expect, expect_close, expect_equal, expect_raises, expect_shape, task


@task("MaskHead", share=50, any_dtype=True)
def check_head_of_one_cell(student, rng):
    """With one channel and one cell, the head is a chain of numbers; its mask has twice the size."""
    head = student.MaskHead(1, 3, width=1)
    for sign in (1.0, -1.0):
        values = {f"convs.{n}.weight": rng.normal(1, 1, 3, 3).abs() + 0.1 for n in range(4)}
        values |= {f"convs.{n}.bias": 0.3 * rng.normal(1).abs() for n in range(4)}
        values |= {"up.weight": rng.normal(1, 1, 2, 2), "up.bias": rng.normal(1)}
        values |= {"out.weight": rng.normal(3, 1, 1, 1), "out.bias": rng.normal(3)}
        values["convs.2.weight"] = sign * values["convs.2.weight"]
        filled(student, head, values)
        x = rng.normal(2, 1, 1, 1).abs() + 0.2
        found = head(x)
        expect_shape(found, (2, 3, 2, 2))
        expect_close(found, chain(x, values), mistakes={
            "The ReLU after the transposed convolution is missing.": chain(x, values, skip=("up",)),
            "A ReLU after a convolution is missing.": chain(x, values, skip=("convs",)),
            "There is no ReLU at the end: logits may be negative.": chain(x, values).clamp(min=0),
            "The result is logits: the sigmoid follows outside.": chain(x, values).sigmoid(),
            "There are four convolutions.": chain(x, values, convs=3),
        })  # fmt: skip
    expect_shape(student.MaskHead(4, 5, width=6)(rng.normal(3, 4, 7, 5).float()), (3, 5, 14, 10))


@task("mask_targets", share=50, any_dtype=True)
def check_masks_of_bars(student, rng):
    """A box that is the image gives the mask back; bars become the bins whose centres are on them."""
    mask = rng.uniform(1, 6, 6) < 0.5
    box = torch.tensor([[0.0, 0.0, 6.0, 6.0]], dtype=torch.float64, device=rng.device)
    expect_close(student.mask_targets(box, mask, 6), mask.double(), name="the whole image", mistakes={
        "Rows come first: y is axis 1 of the result, x axis 2.": mask.double().transpose(1, 2),
    }, hint="Here the centre of each bin is that of a pixel: centres of pixels are at j + 1/2, too.")  # fmt: skip
    H, W, m = 20, 14, 5
    low, size = rng.uniform(2, low=1, high=4), rng.uniform(2, low=5.0, high=8.0)
    x0, y0 = low.tolist()
    w, h = size.tolist()
    box = torch.tensor([[x0, y0, x0 + w, y0 + h]], dtype=torch.float64, device=rng.device)
    for name, axis, start, length, count in (("a vertical bar", 1, x0, w, W), ("a horizontal bar", 0, y0, h, H)):
        bar = torch.zeros(1, H, W, dtype=torch.bool, device=rng.device)
        first = int(start + 0.45 * length)
        bar.movedim(1 + axis, 0)[first : first + 3] = True
        centres = start + (torch.arange(m, dtype=torch.float64) + 0.5) * length / m
        on = ((centres > first) & (centres < first + 3)).double().to(rng.device)
        soft = (1 - (centres[:, None] - 0.5 - torch.arange(first, first + 3)).abs()).clamp(min=0).sum(dim=1).to(on)
        right, soft = (x.repeat(1, m, 1) if axis == 1 else x[:, None].repeat(1, 1, m) for x in (on, soft))
        part = (torch.arange(m, dtype=torch.float64) + 0.5) * count / m
        whole = ((part > first) & (part < first + 3)).double().to(rng.device)
        whole = whole.repeat(1, m, 1) if axis == 1 else whole[:, None].repeat(1, 1, m)
        expect_close(student.mask_targets(box, bar, m), right, name=name, mistakes={
            "The target is the part of the mask that is inside of the box.": whole,
            "Rows come first: y is axis 1 of the result, x axis 2.": right.transpose(1, 2),
            "The target has 0 and 1: compare the samples with 1/2.": soft,
            "The target is 1 where the sample is above 1/2.": (soft > 0).to(soft.dtype),
        }, hint="The box has fractions, and bins divide it equally: where are their centres in the image?")  # fmt: skip


@task("mask_loss", share="1/3", any_dtype=True)
def check_loss_of_own_channel(student, rng):
    """Logits 0 cost log 2, and what the channels of other classes say does not count."""
    R, C, m = 3, 4, 5
    labels, targets = rng.permutation(C)[:R], (rng.uniform(R, m, m) < 0.4).double()
    logits = 3 * rng.normal(R, C, m, m)
    for r, c in enumerate(labels.tolist()):
        logits[r, c] = 0
    found = student.mask_loss(logits, labels, targets)
    expect_close(found, torch.full_like(logits[0, 0, 0, 0], math.log(2)), name="logits 0", mistakes={
        "Only the channel of each region's class counts.":
            torch.nn.functional.softplus(torch.where(targets[:, None] > 0.5, -logits, logits)).mean(),
        "The loss is the mean over all cells, not their sum.": torch.full_like(found, R * m * m * math.log(2)),
        "The loss is the mean over all cells and regions.": torch.full_like(found, m * m * math.log(2)),
    }, hint="The channels of the regions' own classes have the logit 0 everywhere; the others do not count.",
    )  # fmt: skip
    for r, c in enumerate(labels.tolist()):
        logits[r, c] = 30 * (2 * targets[r] - 1)
    found, text = float(student.mask_loss(logits, labels, targets)), "Logits of the right signs, and large, cost 0."
    expect(found < 1, text,
           "Where the target is 1, large logits cost nothing; where it is 0, logits far below 0. Are they exchanged?",
           )  # fmt: skip
    expect(found < 1e-9, text, "The channels of other classes have no part in the loss, not even a small one.")


@task("paste_mask", share=50, any_dtype=True)
def check_masks_of_known_boxes(student, rng):
    """A box of m x m pixels shows the mask itself, a mask of ones the box, and a ramp goes on as a ramp."""
    mask = rng.uniform(4, 4)
    right = torch.zeros(9, 8, dtype=torch.float64, device=rng.device)
    right[3:7, 1:5] = mask
    box = torch.tensor([1.0, 3.0, 5.0, 7.0], dtype=torch.float64, device=rng.device)
    transposed = torch.zeros_like(right)
    transposed[3:7, 1:5] = mask.T
    expect_close(student.paste_mask(mask, box, 9, 8), right, name="a box of m x m pixels", mistakes={
        "Rows come first: y is axis 0 of the mask, x axis 1.": transposed,
        "The result has probabilities, not 0 and 1.": (right > 0.5).to(right.dtype),
        "Pixels whose centres are outside of the box have 0.":
            mask[(torch.arange(9) - 3).clamp(0, 3)][:, (torch.arange(8) - 1).clamp(0, 3)],
    }, hint="The centre of a pixel is at j + 1/2; in this box, each pixel's centre is that of a cell.")  # fmt: skip
    box = torch.tensor([1.7, 2.2, 6.3, 8.1], dtype=torch.float64, device=rng.device)
    ones = torch.ones(3, 3, dtype=torch.float64, device=rng.device)
    inside = torch.zeros(11, 9, dtype=torch.float64, device=rng.device)
    inside[2:8, 2:6] = 1
    expect_close(student.paste_mask(ones, box, 11, 9), inside, name="a mask of ones", mistakes={
        "Pixels whose centres are outside of the box have 0.": torch.ones_like(inside),
    }, hint="In the box, beyond the centres of the outermost cells, the mask goes on as it ends.")  # fmt: skip
    ramp = torch.arange(4, dtype=torch.float64, device=rng.device).repeat(4, 1)
    box = torch.tensor([0.0, 0.0, 12.0, 5.0], dtype=torch.float64, device=rng.device)
    columns = torch.arange(12, dtype=torch.float64, device=rng.device)
    row = ((columns + 0.5) / 3 - 0.5).clamp(0, 3)
    expect_close(student.paste_mask(ramp, box, 5, 12), row.repeat(5, 1), name="a ramp", mistakes={
        "The centre of column j is at j + 1/2, in pixels and in cells.": (columns / 3).clamp(0, 3).repeat(5, 1),
        "Between the mask's cells, values are bilinear, not those of the nearest cell.":
            (columns / 3).floor().repeat(5, 1),
        "The first column is not the first cell, nor the last the last: centres are at j + 1/2.":
            (columns * 3 / 11).repeat(5, 1),
    }, hint="Between the centres of two cells, values are bilinear: the weights of both sum to 1.")  # fmt: skip


@task("heatmap_targets", share=50)
def check_worked_cells(student, rng):
    """In the box (10, 20, 18, 36) with 4 x 4 cells, a joint at (13, 34) is in row 3 and column 1."""
    boxes = torch.tensor([[10.0, 20.0, 18.0, 36.0]], dtype=torch.float64, device=rng.device)
    joints = [[13, 34, 1], [10, 20, 1], [17.9, 20.5, 1], [13, 34, 0], [18, 25, 1], [9.9, 25, 1], [12, 36, 1]]
    keypoints = torch.tensor([joints], dtype=torch.float64, device=rng.device)
    right = torch.tensor([[13, 0, 3, -1, -1, -1, -1]], device=rng.device)
    expect_equal(
        student.heatmap_targets(keypoints, boxes, 4),
        right,
        mistakes={
            "The number is row * m + column.": torch.tensor([[7, 0, 12, -1, -1, -1, -1]], device=rng.device),
            "Joints that are not visible have -1.": torch.tensor([[13, 0, 3, 13, -1, -1, -1]], device=rng.device),
            "Round down: a joint anywhere in a cell belongs to this cell.":
                torch.tensor([[-1, 0, -1, -1, -1, 4, -1]], device=rng.device),
            "Joints outside of the box have -1, not the cell at its side.":
                torch.tensor([[13, 0, 3, -1, 7, 4, 13]], device=rng.device),
            "The box has m cells along each side, not m - 1.":
                torch.tensor([[9, 0, 2, -1, 3, -1, 12]], device=rng.device),
            "Joints to the left of the box are outside: round down, not towards 0.":
                torch.tensor([[13, 0, 3, -1, -1, 4, -1]], device=rng.device),
            "The box has m x m cells, not the image: subtract x0 and y0 first.":
                torch.tensor([[14, 10, 11, -1, -1, 10, -1]], device=rng.device),
        },
        hint="Cells divide the box: a joint belongs to the one that it is in. Joints on x1 or y1 are outside.",
    )  # fmt: skip


@task("keypoint_loss", share=50, any_dtype=True)
def check_loss_of_equal_cells(student, rng):
    """Equal logits cost log(m * m); joints without a target do not count."""
    logits = rng.normal(2, 3, 1, 1).repeat(1, 1, 5, 5)
    targets = torch.tensor([[3, -1, 24], [-1, 7, 0]], device=rng.device)
    logits[0, 1] = 9 * rng.normal(5, 5)
    right = torch.full_like(logits[0, 0, 0, 0], math.log(25))
    expect_close(student.keypoint_loss(logits, targets), right, mistakes={
        "The mean is over joints that have a target.": right * 4 / 6,
        "The loss is a mean over joints, not their sum.": right * 4,
        "The softmax runs over all cells of a map, not over a row.": right / 2,
    }, hint="Each of the four joints with a target costs log(25); the loss is their mean.")  # fmt: skip
    logits[0, 2, 4, 4] += 50.0
    expect_close(student.keypoint_loss(logits, targets), right * 3 / 4, name="a joint that is found")


@task("roi_pool", share=50, any_dtype=True)
def check_worked_regions(student, rng):
    """On a map with 10 row + column, the box (1.2, 0.5, 4.7, 3.1) covers columns 1 to 4 and rows 0 to 3."""
    v, u = torch.meshgrid(torch.arange(6.0), torch.arange(7.0), indexing="ij")
    features = (10 * v + u).double()[None].to(rng.device)
    boxes = torch.tensor([[1.2, 0.5, 4.7, 3.1], [2.0, 1.0, 5.0, 4.0]], dtype=torch.float64, device=rng.device)
    right = torch.tensor([[[[12.0, 14], [32, 34]]], [[[23, 24], [33, 34]]]], dtype=torch.float64, device=rng.device)
    rounded = torch.tensor([[[[12.0, 14], [22, 24]]], [[[23, 24], [33, 34]]]], dtype=torch.float64, device=rng.device)
    apart = torch.tensor([[[[12.0, 14], [32, 34]]], [[[12, 14], [32, 34]]]], dtype=torch.float64, device=rng.device)
    means = torch.tensor([[[[6.5, 8.5], [26.5, 28.5]]], [[[17.5, 18.5], [27.5, 28.5]]]], dtype=torch.float64)
    exchanged = torch.tensor([[[[21.0, 41], [23, 43]]], [[[32, 42], [33, 43]]]], dtype=torch.float64)
    means, exchanged = means.to(rng.device), exchanged.to(rng.device)
    expect_close(student.roi_pool(features, boxes, (2, 2)), right, mistakes={
        "The box is widened: x0 and y0 are rounded down, x1 and y1 up.": rounded,
        "The value of a bin is its maximum, not its mean.": means,
        "Rows come first: y is axis 1 of the map, x axis 2.": exchanged,
        "Bins may share a cell: from floor(j w / k) to ceil((j + 1) w / k).": apart,
    }, hint="The first box covers columns 1 to 4 and rows 0 to 3; each bin has two columns and two rows.")  # fmt: skip
    bins = student.roi_pool(features, boxes[:1], (1, 4))
    expect_close(bins, torch.tensor([[[[31.0, 32, 33, 34]]]], dtype=torch.float64, device=rng.device),
                 name="one row of four bins")  # fmt: skip


@task("corner_pool", share=50, any_dtype=True)
def check_running_maxima(student, rng):
    """The row 1, 3, 2, 5, 4 becomes 5, 5, 5, 5, 4 for "left" and 1, 3, 3, 5, 5 for "right"; columns alike."""
    row = torch.tensor([1.0, 3.0, 2.0, 5.0, 4.0], dtype=torch.float64, device=rng.device)
    left = torch.tensor([5.0, 5.0, 5.0, 5.0, 4.0], dtype=torch.float64, device=rng.device)
    right = torch.tensor([1.0, 3.0, 3.0, 5.0, 5.0], dtype=torch.float64, device=rng.device)
    for side, lines, down in (("left", left, False), ("right", right, False), ("top", left, True),
                              ("bottom", right, True)):  # fmt: skip
        x, expected, other = (t.repeat(1, 2, 3, 1) for t in (row, lines, right if lines is left else left))
        if down:
            x, expected, other = x.transpose(2, 3), expected.transpose(2, 3), other.transpose(2, 3)
        expect_close(student.corner_pool(x.contiguous(), side), expected, name=Message("{side}", side=side), mistakes={
            "The maximum runs towards the other side.": other,
            "The maximum runs along the other axis.": x,
            "The maximum is that of the pixels so far, not of the whole line.": torch.full_like(x, 5.0),
            "Flip the result back.": expected.flip(2 if down else 3),
            "This is a sum, not a maximum.": x.cumsum(2 if down else 3),
        })  # fmt: skip
    with expect_raises(ValueError, hint="The text names four sides; any other one is a mistake of the caller."):
        student.corner_pool(rng.normal(1, 1, 2, 2), "middle")


@task("decode_corners", share=50)
def check_corners_of_three_boxes(student, rng):
    """Three boxes are found from their corners: of two classes, and two of one class that embeddings tell apart."""
    heat_tl, heat_br = (0.01 * rng.uniform(2, 9, 12) for _ in range(2))
    emb_tl, emb_br = (rng.normal(9, 12) for _ in range(2))
    boxes = [([1, 1, 6, 5], 0, 1.0, 0.9), ([3, 2, 10, 8], 0, 3.0, 0.7), ([2, 0, 9, 7], 1, 2.0, 0.8)]
    for (x0, y0, x1, y1), c, e, score in boxes:
        heat_tl[c, y0, x0] = heat_br[c, y1, x1] = score
        emb_tl[y0, x0], emb_br[y1, x1] = e + 0.1, e - 0.1
    found, scores, labels = student.decode_corners(heat_tl, heat_br, emb_tl, emb_br, 3)
    order = (0, 2, 1)
    right = torch.tensor([boxes[n][0] for n in order], dtype=torch.float64, device=rng.device)
    alone = torch.tensor([[1, 1, 6, 5], [1, 1, 10, 8], [2, 0, 9, 7], [3, 2, 6, 5], [3, 2, 10, 8]]).to(right)
    signed = torch.tensor([[1, 1, 6, 5], [1, 1, 10, 8], [2, 0, 9, 7], [3, 2, 10, 8]]).to(right)
    flat = right[:, 1::2] * 12 + right[:, ::2]  # numbers of the corners' places
    narrow = torch.stack([flat % 9, flat // 9], dim=2).flatten(1)
    keep = (narrow[:, :2] < narrow[:, 2:]).all(dim=1)
    expect_close(found, right, name="the boxes", mistakes={
        "Boxes are xyxy: columns first.": right[:, [1, 0, 3, 2]],
        "The highest score comes first.": right.flip(0),
        "Corners whose embeddings differ by 1/2 or more do not belong together.": alone,
        "Take the difference of embeddings without its sign.": signed,
        "The embedding of a bottom-right corner is in emb_br.": right[:0],
        "A place is row * W + column: divide by the width, not by the height.": narrow[keep],
    })  # fmt: skip
    expect_close(scores, torch.tensor([0.9, 0.8, 0.7], dtype=torch.float64, device=rng.device), name="the scores",
                 mistakes={"A score is the mean of two, not their product.":
                           torch.tensor([0.81, 0.64, 0.49], dtype=torch.float64, device=rng.device)})  # fmt: skip
    expect_equal(labels, torch.tensor([0, 1, 0], device=rng.device), name="the classes")
