"""Public checks of anchors, proposals, IoU and matching, on cases by hand and with counted pixels."""

import torch
from oracles import matching_hint, tensor
from oracles_counting import NOTHING_ADDED, a_little_less, counted, counted_iou, whole_boxes
from torch import Tensor

from autograder import Message, expect, expect_close, expect_equal, expect_shape, explain_errors, forbid, task
from common.nets.detection import generate_grid


def around(centre: Tensor, size: Tensor) -> Tensor:
    """Return boxes with these centres (..., 2), widths and heights (..., 2)."""
    return torch.cat([centre - size / 2, centre + size / 2], dim=-1)


def centre_and_size(boxes: Tensor) -> tuple[Tensor, Tensor]:
    """Return centres (..., 2), and widths and heights (..., 2)."""
    return (boxes[..., :2] + boxes[..., 2:]) / 2, boxes[..., 2:] - boxes[..., :2]


PLACES = {
    "must match the size": "Every shape meets every cell by broadcasting: the grid needs an axis for the shapes, "
    "(B, 1, H, W, 2), and the shapes need three axes more, (A, 1, 1, 2)."
}
PAIRS = {
    "must match the size": "Every proposal meets every box by broadcasting: (B, K, 1, 4) with (B, 1, N, 4), or "
    "coordinates (B, K, 1) with (B, 1, N)."
}


@task("GenerateAnchor", share=50, any_dtype=True)
def check_anchors_have_the_centres_and_sizes_asked_for(student, rng):
    """Every anchor has the centre of its cell and the size of its shape, on maps that are not square."""
    shapes = rng.uniform(3, 2, low=0.5, high=4)
    grid = generate_grid(rng.uniform(2, 1, 4, 5)) + rng.uniform(2, 1, 1, 2)  # each image has its own grid
    centre, size = grid[:, None].expand(2, 3, 4, 5, 2), shapes[:, None, None].expand(2, 3, 4, 5, 2)
    expected = around(centre, size)
    with explain_errors(PLACES):
        anchors = student.GenerateAnchor(shapes, grid)
    expect_close(anchors, expected, mistakes={
        "The anchors are twice as large as they should be: half a width is on each side of the centre.":
            around(centre, 2 * size),
        "Width and height are swapped: anc[a] is (width, height).": around(centre, size.flip(-1)),
        "The points of the grid are the centres of the anchors, not their upper left corners.":
            around(centre + size / 2, size),
        "x and y are swapped: a point of the grid is (x, y).": around(centre.flip(-1), size),
        "This is (centre, size); return the corners (x0, y0, x1, y1).": torch.cat([centre, size], dim=-1),
        "These are upper left corners with widths and heights; return the corners (x0, y0, x1, y1).":
            torch.cat([centre - size / 2, size], dim=-1),
        "The coordinates are in the order (y0, x0, y1, x1); return (x0, y0, x1, y1).":
            expected[..., [1, 0, 3, 2]],
        "The first image's grid was used for all images.": around(centre[:1].expand_as(centre), size),
        "The axes are in the order (B, H, W, A); return (B, A, H, W, 4).": expected.permute(0, 2, 3, 1, 4),
        "The axes are in the order (B, H, W, A): move the axis of the anchors, do not reshape.":
            expected.permute(0, 2, 3, 1, 4).reshape(expected.shape),
        "The anchors were cut off at the border of the map; parts of a box may lie outside.":
            lambda: torch.minimum(expected.clamp(min=0), tensor(rng, [5.0, 4.0, 5.0, 4.0])),
        "Negative coordinates were set to 0; parts of a box may lie outside the map.": expected.clamp(min=0),
    })  # fmt: skip


@task("GenerateProposal", share="2/6", any_dtype=True)
def check_yolo_proposals_move_by_cells(student, rng):
    """YOLO's proposals have the centre of the anchor plus (tx, ty), and its size times exp(tw), exp(th)."""
    anchors = any_anchors(rng, 2, 3, 4, 5)
    offsets = rng.uniform(2, 3, 4, 5, 4, low=-0.5, high=0.5)
    judge_proposals(student, anchors, offsets, "YOLO", 1.0)


@task("GenerateProposal", share="1/6", any_dtype=True)
def check_faster_rcnn_proposals_move_by_anchor_sizes(student, rng):
    """Faster R-CNN's proposals have the anchor's centre plus (tx, ty) times its width and height."""
    anchors = any_anchors(rng, 2, 3, 4, 5)
    judge_proposals(student, anchors, 0.5 * rng.normal(2, 3, 4, 5, 4), "FasterRCNN", centre_and_size(anchors)[1])


def any_anchors(rng, *shape: int) -> Tensor:
    """Draw boxes with an area, as anchors."""
    low = rng.uniform(*shape, 2, low=-2, high=8)
    return torch.cat([low, low + rng.uniform(*shape, 2, low=0.3, high=4)], dim=-1)


def judge_proposals(student, anchors: Tensor, offsets: Tensor, method: str, unit) -> None:
    """Compare the proposals with the formula."""
    (centre, size), move, grow = centre_and_size(anchors), offsets[..., :2], offsets[..., 2:]
    middle, new = centre + unit * move, size * grow.exp()
    expected = around(middle, new)
    other = size if method == "YOLO" else 1.0
    expect_close(student.GenerateProposal(anchors, offsets, method=method), expected,
                 name=Message("by {method}", method=method), mistakes={
        "tw and th were added to the sizes; multiply the sizes by exp(tw) and exp(th).": around(middle, size + grow),
        "The sizes were multiplied by tw and th, without the exponential.": around(middle, size * grow),
        "The sizes were multiplied by exp(tw / 2); halve the new size, not the exponent.":
            around(middle, size * (grow / 2).exp()),
        "The new size was added on both sides of the centre; half of it is on each side.": around(middle, 2 * new),
        "The corner was moved and the box stretched from it; move the centre, and stretch around it.":
            around(anchors[..., :2] + unit * move + new / 2, new),
        "The exponential is for tw and th only; tx and ty move the centre as they are.":
            around(centre + unit * move.exp(), new),
        "The box was stretched, but not moved.": around(centre, new),
        "The box was moved, but not stretched.": around(middle, size),
        "The upper left corner is right; the lower right one must use the new size, too.":
            torch.cat([middle - new / 2, middle - new / 2 + size], dim=-1),
        "The centres were moved by the other method's formula.": around(centre + other * move, new),
        "tx and ty are multiplied by the anchor's width and height, not divided.": around(centre + move / size, new),
        "tx was multiplied by the height, or ty by the width.": around(centre + move * size.flip(-1), new),
        "This is (centre, size); return the corners (x0, y0, x1, y1).": torch.cat([middle, new], dim=-1),
        "The proposals were cut off at 0; parts of a box may lie outside the map.": expected.clamp(min=0),
    })  # fmt: skip


def spanned(boxes: Tensor, others: Tensor, axes: str) -> Tensor:
    """Compute IoU with the sides that span both boxes, along "x", "y" or "xy", in the place of the shared ones."""
    first, second = (x.flatten(1, -2) for x in (boxes, others))
    first, second = first[:, :, None], second[:, None, :, :4]
    sides = []
    for axis, name in enumerate("xy"):
        low = (torch.minimum if name in axes else torch.maximum)(first[..., axis], second[..., axis])
        sides.append((torch.minimum(first[..., axis + 2], second[..., axis + 2]) - low).clamp(min=0))
    shared = sides[0] * sides[1]
    areas = [(x[..., 2] - x[..., 0]) * (x[..., 3] - x[..., 1]) for x in (first, second)]
    return torch.where(shared > 0, shared / (areas[0] + areas[1] - shared), 0.0)


def iou_mistakes(boxes: Tensor, others: Tensor) -> dict:
    """Return known wrong tables of IoU, by hint."""
    shared, one, two = counted(boxes, others)
    expected = counted_iou(boxes, others)

    def begins(sides: Message) -> Message:
        return Message("The intersection begins at the larger of both {sides}; the smaller one was taken.", sides=sides)

    def divided(area: Message) -> Message:
        return Message("The intersection was divided by the {area}; divide it by the area of the union.", area=area)

    return {
        "This is the intersection over the sum of the areas: subtract the intersection, which is counted twice.":
            shared / (one + two),
        "One was added to widths and heights, as for pixels. Coordinates are continuous here: a width is x1 - x0.":
            counted_iou(boxes, others, extra=1),
        divided(Message("area of the proposal")): shared / one,
        divided(Message("area of the box")): shared / two,
        divided(Message("smaller of both areas")): shared / torch.minimum(one, two),
        divided(Message("larger of both areas")): shared / torch.maximum(one, two),
        "This is the intersection; divide it by the area of the union.": shared,
        begins(Message("left sides")): lambda: spanned(boxes, others, "x"),
        begins(Message("upper sides")): lambda: spanned(boxes, others, "y"),
        begins(Message("left and upper sides")): lambda: spanned(boxes, others, "xy"),
        "This is 1 - IoU.": 1 - expected,
        "The first image's boxes were used for all images.": counted_iou(boxes, others[:1].expand_as(others)),
        "The proposals are in the order (H, W, A); that of proposals.reshape(B, -1, 4) is (A, H, W).":
            counted_iou(boxes.permute(0, 2, 3, 1, 4), others),
        "The result is transposed: return (B, A*H*W, N).": expected.transpose(1, 2),
    }  # fmt: skip


def expect_no_negative(iou) -> None:
    """Expect that no IoU is below 0."""
    below = isinstance(iou, Tensor) and iou.is_floating_point() and bool((iou < 0).any())
    expect(
        not below,
        "Some of the IoU are below 0.",
        hint="Where boxes do not overlap, min(x1) - max(x0) is below 0. Clamp width and height at 0, each of them, "
        "before you multiply them.",
    )


@task("IoU", share="2/7", any_dtype=True)
def check_iou_agrees_with_counted_pixels(student, rng):
    """IoU of boxes with whole coordinates agrees with counting pixels."""
    forbid(student, "IoU", loops=True)
    boxes, others = whole_boxes(rng, 2, 3, 2, 4), whole_boxes(rng, 2, 5)
    with explain_errors(PAIRS):
        result = student.IoU(boxes, torch.cat([others, torch.ones_like(others[..., :1])], dim=-1))
    expect_no_negative(result)
    expected = counted_iou(boxes, others)
    too_small = {NOTHING_ADDED: lambda: result if a_little_less(result, expected) else expected}
    expect_close(result, expected, mistakes=iou_mistakes(boxes, others) | too_small)


@task("IoU", share="2/7", any_dtype=True)
def check_iou_of_touching_nested_and_empty_boxes(student, rng):
    """IoU is 0 for boxes that touch or have no area, 1 for equal boxes, and the ratio of areas for nested ones."""
    forbid(student, "IoU", loops=True)
    box = tensor(rng, [[[2.0, 2.0, 6.0, 4.0, 0.0]]])
    cases = {
        Message("equal"): ([2, 2, 6, 4], 1.0),
        Message("inside"): ([3, 2, 5, 3], 0.25),
        Message("around"): ([0, 0, 8, 8], 0.125),
        Message("touching at a side"): ([6, 2, 9, 4], 0.0),
        Message("touching at a corner"): ([6, 4, 7, 5], 0.0),
        Message("to the upper left, far away"): ([-9, -9, -5, -5], 0.0),
        Message("a line inside"): ([3, 3, 5, 3], 0.0),
        Message("a point on the edge"): ([2, 2, 2, 2], 0.0),
    }
    proposals = tensor(rng, [case for case, _ in cases.values()])[None, :, None, None]
    with explain_errors(PAIRS):
        result = student.IoU(proposals, box)
    expect_shape(result, (1, len(cases), 1))
    expect_no_negative(result)
    for row, (name, (_, expected)) in enumerate(cases.items()):
        expect_close(result[0, row, 0], expected,
                     name=Message("IoU with a box that is {name}", name=name), check_dtype=False, mistakes={
            "0 / 0: return 0 where the intersection is 0.": torch.nan,
            "A width may be below 0 where boxes do not overlap: clamp it at 0.": 49 / (16 + 8 - 49),
        })  # fmt: skip
    empty = student.IoU(proposals[:, -1:], tensor(rng, [[[2.0, 2.0, 2.0, 2.0, 0.0]]]))
    expect_equal(empty, tensor(rng, [[[0.0]]]), name="IoU of two equal boxes without area")


# One row of three cells with two anchors each: small ones (half a cell) and large ones (two cells).
ROW = [[[x - s, 0.5 - s, x + s, 0.5 + s] for x in (0.5, 1.5, 2.5)] for s in (0.25, 1.0)]


@task("match_anchors", share="2/8")
def check_faster_rcnn_matches_a_case_by_hand(student, rng):
    """By Faster R-CNN's rule, a table of IoU gives the positive, negative and neutral anchors worked out by hand."""
    anchors = tensor(rng, ROW)[None, :, None]  # (1, 2, 1, 3, 4)
    bboxes = tensor(rng, [[[0, 0, 1, 1, 4], [1, 0, 3, 1, 2], [0, 0, 3, 1, 0], [-1] * 5]])  # the last one is padding
    table = tensor(rng, [[0.80, 0.10, 0.30, 0.1], [0.10, 0.45, 0.20, 0.1], [0.00, 0.20, 0.29, 0.9],
                         [0.75, 0.00, 0.35, 0.1], [0.00, 0.40, 0.60, 0.1], [0.50, 0.45, 0.10, 0.1]])  # fmt: skip
    matches = student.match_anchors(anchors, bboxes, table[None], pos_thresh=0.7, neg_thresh=0.3)
    # Rows 0 and 3 reach 0.7, row 4 has box 2's largest IoU. Rows 1 and 5 share box 1's, but row 5 overlaps box 0 more.
    expect_equal(matches, tensor(rng, [[0, 1, -1, 0, 2, 0]], torch.int64), mistakes={
        "Only thresholds were used: the best anchors of a box are positive even below pos_thresh.":
            tensor(rng, [[0, -2, -1, 0, -2, -2]], torch.int64),
        "Only one of the anchors that share a box's largest IoU became positive; all of them are.":
            tensor(rng, [[0, 1, -1, 0, 2, -2]], torch.int64),
        "Match an anchor to the box that it overlaps most, not to the box for which it was the best.":
            tensor(rng, [[0, 1, -1, 0, 2, 1]], torch.int64),
        "An anchor whose IoU with every box is below neg_thresh is negative, -1, not neutral, -2. A row of padding is "
        "not a box: set its IoU to -1 first.": tensor(rng, [[0, 1, -2, 0, 2, 0]], torch.int64),
        "A box of class 0 is a box; only class -1 marks a row of padding.":
            tensor(rng, [[0, 1, -1, 0, -2, 0]], torch.int64),
        "Anchors that are not positive are negative only if their IoU with every box is below neg_thresh.":
            tensor(rng, [[0, 1, -1, 0, 2, 0]], torch.int64),
        "This is YOLO's rule; the default method is FasterRCNN.": tensor(rng, [[0, -2, -1, -2, 2, -2]], torch.int64),
        "A row of padding was matched: a row whose class is -1 is not a box.":
            tensor(rng, [[0, 1, 3, 0, 2, 0]], torch.int64),
    })  # fmt: skip
    with explain_errors({"Error": "Without boxes (N = 0) every anchor is negative: return early."}):
        none = student.match_anchors(anchors, bboxes[:, :0], table[None, :, :0], pos_thresh=0.7, neg_thresh=0.3)
    expect_equal(none, tensor(rng, [[-1] * 6], torch.int64), name="without boxes, N = 0")


@task("match_anchors", share="1/8")
def check_yolo_matches_a_case_by_hand(student, rng):
    """By YOLO's rule, the best anchor of the cell with the box's centre is positive, and no other anchor is."""
    anchors = tensor(rng, ROW)[None, :, None]
    bboxes = tensor(rng, [[[0.0, 0.1, 1.2, 1.1, 4], [1.2, 0, 2.9, 1, 2]]])  # centres in cells 0 and 2 (2.05)
    table = tensor(rng, [[0.20, 0.00], [0.00, 0.60], [0.00, 0.15],
                         [0.35, 0.10], [0.45, 0.50], [0.05, 0.40]])  # fmt: skip
    matches = student.match_anchors(anchors, bboxes, table[None], pos_thresh=0.7, neg_thresh=0.3, method="YOLO")
    right = tensor(rng, [[-1, -2, -1, 0, -2, 1]], torch.int64)
    rule = "For each box: the cell with the nearest centre, then its anchor with the largest IoU."
    expect_equal(matches, right, mistakes={
        "The best anchor of the whole map was used; choose among the anchors of the centre's cell.":
            tensor(rng, [[-1, 1, -1, -2, 0, -2]], torch.int64),
        "All anchors of the cell became positive; only the one with the largest IoU does.":
            tensor(rng, [[0, -2, 1, 0, -2, 1]], torch.int64),
        "pos_thresh was applied: by YOLO's rule every box with an area gets an anchor.":
            tensor(rng, [[-1, -2, -1, -2, -2, -2]], torch.int64),
        "-1 is a negative anchor, -2 a neutral one; they are swapped.":
            tensor(rng, [[-2, -1, -2, 0, -1, 1]], torch.int64),
        "Anchors whose IoU with every box is below neg_thresh are negative, also if they overlap a box a little.":
            tensor(rng, [[-2, -2, -2, 0, -2, 1]], torch.int64),
        "The first anchor of the cell was taken; take the one with the largest IoU.":
            tensor(rng, [[0, -2, 1, -2, -2, -2]], torch.int64),
    }, hint=matching_hint(matches, right, rule))  # fmt: skip


@task("match_anchors", share="1/8")
def check_yolo_takes_the_first_of_the_nearest_cells(student, rng):
    """By YOLO's rule, a box whose centre is as near to several cells takes the first of them in reading order."""
    grid = generate_grid(rng.uniform(1, 1, 2, 3))
    anchors = around(grid[:, None], torch.ones_like(grid[:, None]))  # (1, 1, 2, 3, 4), the cells themselves
    bboxes = tensor(rng, [[[0.5, 0.5, 1.5, 1.5, 0], [1.75, 0.75, 2.25, 1.25, 1]]])  # centres (1, 1) and (2, 1)
    table = tensor(rng, [[0.14, 0], [0.14, 0.1], [0, 0.1], [0.14, 0], [0.15, 0.1], [0, 0.11]])[None]
    matches = student.match_anchors(anchors, bboxes, table, pos_thresh=0.7, neg_thresh=0.3, method="YOLO")
    expect_equal(matches, tensor(rng, [[0, 1, -1, -1, -1, -1]], torch.int64), mistakes={
        "A centre exactly between cells was given to the last of them; it belongs to the first in reading order.":
            tensor(rng, [[-1, -1, -1, -1, 0, 1]], torch.int64),
    })  # fmt: skip
