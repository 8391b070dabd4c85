"""Public checks of anchors, proposals, IoU, matching and suppression, on cases by hand and with counted pixels."""

import torch
from oracles import tensor
from torch import Tensor

from autograder import expect, expect_close, expect_equal, expect_shape, forbid, task
from common.nets.detection import generate_grid


def centre_and_size(boxes: Tensor) -> tuple[Tensor, Tensor]:
    """Return centres (..., 2), and widths and heights (..., 2)."""
    return (boxes[..., :2] + boxes[..., 2:]) / 2, boxes[..., 2:] - boxes[..., :2]


def pixels(boxes: Tensor, side: int) -> Tensor:
    """Mark the pixels, of side x side, that each box of whole numbers covers: (K, side * side)."""
    at = torch.arange(side, device=boxes.device)
    x0, y0, x1, y1 = boxes[:, :4, None].long().unbind(dim=1)  # (K, 1) each
    columns, rows = (at >= x0) & (at < x1), (at >= y0) & (at < y1)
    return (rows[:, :, None] & columns[:, None]).flatten(1)


def counted_iou(boxes: Tensor, others: Tensor, side: int = 24) -> Tensor:
    """Compute the IoU of boxes with whole coordinates in [0, side], by counting pixels: (K, N)."""
    one, two = pixels(boxes, side)[:, None], pixels(others, side)[None]
    return (one & two).sum(dim=2).double() / (one | two).sum(dim=2).clamp(min=1)


def whole_boxes(rng, *shape: int, side: int = 24) -> Tensor:
    """Draw boxes with whole coordinates and an area."""
    low = rng.integers(0, side - 1, *shape, 2)
    size = 1 + (rng.uniform(*shape, 2) * (side - low)).long().clamp(max=side - 1)
    return torch.cat([low, (low + size).clamp(max=side)], dim=-1).double()


@task("GenerateAnchor", points=2)
def check_anchors_have_the_centres_and_sizes_asked_for(student, rng):
    """Every anchor has the centre of its cell and the size of its shape, on maps that are not square."""
    shapes, grid = rng.uniform(3, 2, low=0.5, high=4), generate_grid(rng.uniform(2, 1, 4, 5))
    anchors = student.GenerateAnchor(shapes, grid)

    expect_shape(anchors, (2, 3, 4, 5, 4))
    centre, size = centre_and_size(anchors)
    expect_close(centre, grid[:, None].expand(2, 3, 4, 5, 2), name="the centres of GenerateAnchor")
    expect_close(size, shapes[:, None, None].expand(2, 3, 4, 5, 2), name="widths and heights", mistakes={
        "The anchors are twice as large as they should be: half a width is on each side of the centre.":
            2 * shapes[:, None, None].expand(2, 3, 4, 5, 2),
        "Width and height are swapped: anc[a] is (width, height).": shapes.flip(1)[:, None, None].expand(2, 3, 4, 5, 2),
    })  # fmt: skip


@task("GenerateProposal", points=2)
def check_yolo_proposals_move_by_cells(student, rng):
    """YOLO's proposals have the centre of the anchor plus (tx, ty), and its size times exp(tw), exp(th)."""
    anchors = any_anchors(rng, 2, 3, 4, 5)
    offsets = rng.uniform(2, 3, 4, 5, 4, low=-0.5, high=0.5)
    judge_proposals(student, anchors, offsets, "YOLO", 1.0)


@task("GenerateProposal", points=1)
def check_faster_rcnn_proposals_move_by_anchor_sizes(student, rng):
    """Faster R-CNN's proposals have the anchor's centre plus (tx, ty) times its width and height."""
    anchors = any_anchors(rng, 2, 3, 4, 5)
    judge_proposals(student, anchors, 0.5 * rng.normal(2, 3, 4, 5, 4), "FasterRCNN", centre_and_size(anchors)[1])


def any_anchors(rng, *shape: int) -> Tensor:
    """Draw boxes with an area, as anchors."""
    low = rng.uniform(*shape, 2, low=-2, high=8)
    return torch.cat([low, low + rng.uniform(*shape, 2, low=0.3, high=4)], dim=-1)


def judge_proposals(student, anchors: Tensor, offsets: Tensor, method: str, unit) -> None:
    """Compare the proposals' centres and sizes with the formula."""
    proposals = student.GenerateProposal(anchors, offsets, method=method)
    expect_shape(proposals, tuple(anchors.shape))
    (centre, size), (moved, stretched) = centre_and_size(anchors), centre_and_size(proposals)
    expect_close(stretched, size * offsets[..., 2:].exp(), name=f"sizes by {method}", mistakes={
        "tw and th were added to the sizes; multiply the sizes by exp(tw) and exp(th).": size + offsets[..., 2:],
        "The sizes were multiplied by tw and th, without the exponential.": size * offsets[..., 2:],
    })  # fmt: skip
    expect_close(moved, centre + unit * offsets[..., :2], name=f"centres by {method}", mistakes={
        "The corner was moved and the box stretched from it; move the centre, and stretch around it.":
            anchors[..., :2] + unit * offsets[..., :2] + stretched / 2,
        "The centres were moved by the other method's formula.":
            centre + (size if method == "YOLO" else 1.0) * offsets[..., :2],
    })  # fmt: skip


@task("IoU", points=2)
def check_iou_agrees_with_counted_pixels(student, rng):
    """IoU of boxes with whole coordinates agrees with counting pixels."""
    forbid(student, "IoU", loops=True)
    boxes, others = whole_boxes(rng, 2, 3, 2, 4), whole_boxes(rng, 2, 5)
    result = student.IoU(boxes, torch.cat([others, torch.ones_like(others[..., :1])], dim=-1))

    expected = torch.stack([counted_iou(*pair) for pair in zip(boxes.flatten(1, 3), others, strict=True)])
    expect_close(result, expected, mistakes={
        "This is the intersection over the sum of the areas: subtract the intersection, which is counted twice.":
            lambda: expected / (1 + expected),
        "The first image's boxes were used for all images.":
            lambda: torch.stack([counted_iou(b, others[0]) for b in boxes.flatten(1, 3)]),
    })  # fmt: skip


@task("IoU", points=2)
def check_iou_of_touching_nested_and_empty_boxes(student, rng):
    """IoU is 0 for boxes that touch or have no area, 1 for equal boxes, and the ratio of areas for nested ones."""
    forbid(student, "IoU", loops=True)
    box = tensor(rng, [[[2.0, 2.0, 6.0, 4.0, 0.0]]])
    cases = {
        "equal": ([2, 2, 6, 4], 1.0),
        "inside": ([3, 2, 5, 3], 0.25),
        "around": ([0, 0, 8, 8], 0.125),
        "touching at a side": ([6, 2, 9, 4], 0.0),
        "touching at a corner": ([6, 4, 7, 5], 0.0),
        "to the upper left, far away": ([-9, -9, -5, -5], 0.0),
        "a line inside": ([3, 3, 5, 3], 0.0),
        "a point on the edge": ([2, 2, 2, 2], 0.0),
    }
    proposals = tensor(rng, [case for case, _ in cases.values()])[None, :, None, None]
    result = student.IoU(proposals, box)
    expect_shape(result, (1, len(cases), 1))
    for row, (name, (_, expected)) in enumerate(cases.items()):
        expect_close(result[0, row, 0], expected, name=f"IoU with a box that is {name}", check_dtype=False)
    empty = student.IoU(proposals[:, -1:], tensor(rng, [[[2.0, 2.0, 2.0, 2.0, 0.0]]]))
    expect_equal(empty, tensor(rng, [[[0.0]]]), name="IoU of two equal boxes without area")


# One row of three cells with two anchors each: small ones (half a cell) and large ones (two cells).
ROW = [[[x - s, 0.5 - s, x + s, 0.5 + s] for x in (0.5, 1.5, 2.5)] for s in (0.25, 1.0)]


@task("match_anchors", points=2)
def check_faster_rcnn_matches_a_case_by_hand(student, rng):
    """By Faster R-CNN's rule, a table of IoU gives the positive, negative and neutral anchors worked out by hand."""
    anchors = tensor(rng, ROW)[None, :, None]  # (1, 2, 1, 3, 4)
    bboxes = tensor(rng, [[[0, 0, 1, 1, 4], [1, 0, 3, 1, 2], [0, 0, 3, 1, 0]]])
    table = tensor(rng, [[0.80, 0.10, 0.30], [0.10, 0.45, 0.20], [0.00, 0.20, 0.29],
                         [0.75, 0.00, 0.35], [0.00, 0.40, 0.60], [0.50, 0.45, 0.10]])  # fmt: skip
    matches = student.match_anchors(anchors, bboxes, table[None], pos_thresh=0.7, neg_thresh=0.3)
    # Rows 0 and 3 reach 0.7, row 4 has box 2's largest IoU. Rows 1 and 5 share box 1's, but row 5 overlaps box 0 more.
    expect_equal(matches, tensor(rng, [[0, 1, -1, 0, 2, 0]], torch.int64), mistakes={
        "Only thresholds were used: the best anchors of a box are positive even below pos_thresh.":
            tensor(rng, [[0, -2, -1, 0, -2, -2]], torch.int64),
        "Only one of the anchors that share a box's largest IoU became positive; all of them are.":
            tensor(rng, [[0, 1, -1, 0, 2, -2]], torch.int64),
        "Match an anchor to the box that it overlaps most, not to the box for which it was the best.":
            tensor(rng, [[0, 1, -1, 0, 2, 1]], torch.int64),
    })  # fmt: skip


@task("match_anchors", points=2)
def check_yolo_matches_a_case_by_hand(student, rng):
    """By YOLO's rule, the best anchor of the cell with the box's centre is positive, and no other anchor is."""
    anchors = tensor(rng, ROW)[None, :, None]
    bboxes = tensor(rng, [[[0.0, 0.1, 1.2, 1.1, 4], [1.2, 0, 2.9, 1, 2]]])  # centres in cells 0 and 2 (2.05)
    table = tensor(rng, [[0.20, 0.00], [0.00, 0.60], [0.00, 0.15],
                         [0.35, 0.10], [0.45, 0.50], [0.05, 0.40]])  # fmt: skip
    matches = student.match_anchors(anchors, bboxes, table[None], pos_thresh=0.7, neg_thresh=0.3, method="YOLO")
    expect_equal(matches, tensor(rng, [[-1, -2, -1, 0, -2, 1]], torch.int64), mistakes={
        "The best anchor of the whole map was used; choose among the anchors of the centre's cell.":
            tensor(rng, [[-1, 1, -1, -2, 0, -2]], torch.int64),
        "All anchors of the cell became positive; only the one with the largest IoU does.":
            tensor(rng, [[0, -2, 1, 0, -2, 1]], torch.int64),
        "pos_thresh was applied: by YOLO's rule every box with an area gets an anchor.":
            tensor(rng, [[-1, -2, -1, -2, -2, -2]], torch.int64),
    })  # fmt: skip


@task("nms", points=2)
def check_nms_keeps_what_it_should(student, rng):
    """NMS keeps boxes that overlap little, in order of score, and drops a box only for a better box that it kept."""
    boxes, scores = whole_boxes(rng, 60, side=12), rng.uniform(60)
    for threshold in (0.2, 0.5):
        kept = student.nms(boxes, scores, iou_threshold=threshold)
        expect_shape(kept, (None,), name="nms")
        expect(kept.dtype == torch.int64, f"nms returned {kept.dtype}; indices are int64.")
        rows = kept.tolist()
        expect(
            len(set(rows)) == len(rows) and all(0 <= row < 60 for row in rows),
            "nms returned an index twice, or one that does not exist.",
        )
        expect_equal(scores[kept], scores[kept].sort(descending=True).values, name="the scores of the kept boxes")
        over = counted_iou(boxes, boxes, 12) > threshold
        among = over[kept][:, kept].triu(diagonal=1)
        expect(not bool(among.any()), f"nms kept {int(among.sum())} pairs of boxes with an IoU above {threshold}.")
        reason = (over[:, kept] & (scores[kept] > scores[:, None])).any(dim=1)
        lost = [row for row in range(60) if row not in rows and not reason[row]]
        expect(
            not lost,
            f"nms dropped {len(lost)} boxes, first number {lost[0] if lost else 0}, that have an IoU above {threshold} "
            "with no kept box of a higher score.",
            hint="A dropped box must not drop others. Drop only for an IoU above the threshold, not equal to it.",
        )


@task("nms", points=1)
def check_nms_breaks_ties_by_index(student, rng):
    """Of boxes with equal scores the smaller index comes first; an IoU equal to the threshold does not drop a box."""
    boxes = tensor(rng, [[0, 0, 4, 4], [0, 0, 4, 4], [0, 0, 4, 2], [8, 8, 9, 9], [0, 0, 4, 4]])
    scores = tensor(rng, [0.5, 0.7, 0.5, 0.7, 0.7])
    expect_equal(student.nms(boxes, scores, iou_threshold=0.5), tensor(rng, [1, 3, 2], torch.int64), mistakes={
        "A box with an IoU of exactly the threshold was dropped; drop only above it.": tensor(rng, [1, 3], torch.int64),
    })  # fmt: skip


@task("nms", points=1)
def check_nms_stops_at_topk(student, rng):
    """With topk, the first topk of the kept boxes are returned."""
    boxes = tensor(rng, [[0, 0, 2, 2], [0, 0, 2, 1.9], [4, 4, 6, 6], [7, 7, 8, 8]])
    scores = tensor(rng, [0.9, 0.8, 0.3, 0.6])
    for topk, expected in ((None, [0, 3, 2]), (2, [0, 3]), (1, [0]), (9, [0, 3, 2])):
        result = student.nms(boxes, scores, iou_threshold=0.5, topk=topk)
        expect_equal(result, tensor(rng, expected, torch.int64), name=f"topk = {topk}", mistakes={
            "The boxes were cut to topk before suppression; cut the kept boxes.":
                tensor(rng, [0], torch.int64),
        } if topk == 2 else None)  # fmt: skip
