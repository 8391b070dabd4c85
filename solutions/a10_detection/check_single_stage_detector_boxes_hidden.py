"""Hidden checks of anchors, proposals, IoU, matching and suppression: loops on random inputs, edge cases, costs."""

import torch
from oracles import matching_hint, tensor
from oracles_counting import NOTHING_ADDED, a_little_less
from oracles_hidden import NEGATIVE, NEUTRAL, boxes_of, loop_iou, loop_match, plain_iou, random_case
from oracles_loans_hidden import LOANS_OF_OVERLAPS
from torch import Tensor

from autograder import (
    Message,
    expect,
    expect_close,
    expect_equal,
    expect_same_gradients,
    expect_shape,
    expect_unchanged,
    forbid,
    task,
)
from common.nets.detection import box_offsets, generate_grid

CONTESTED = "If two boxes want the same anchor, the one with the larger IoU gets it, of equal ones the first."


def loop_nms(boxes: Tensor, scores: Tensor, threshold: float) -> Tensor:
    """Suppress greedily, with lists."""
    rows, kept = boxes.tolist(), []
    for index in sorted(range(len(rows)), key=lambda i: (-float(scores[i]), i)):
        if all(plain_iou(rows[index], rows[other]) <= threshold for other in kept):
            kept.append(index)
    return torch.tensor(kept, dtype=torch.int64, device=boxes.device)


@task("GenerateAnchor", share=25)
def check_anchors_on_other_maps(student, rng):
    """Anchors are right for one image with one cell and for more, on grids that are views; inputs are unchanged."""
    for B, A, H, W in ((1, 1, 1, 1), (3, 2, 5, 2), (1, 9, 7, 7)):
        shapes, grid = rng.uniform(2, A, low=1, high=3).T, rng.normal(B, W, 2, H).permute(0, 3, 1, 2)
        seen = student.inspect(student.GenerateAnchor, shapes, grid)
        rows = [
            [[[[c[0] - s[0] / 2, c[1] - s[1] / 2, c[0] + s[0] / 2, c[1] + s[1] / 2] for c in line] for line in image]
             for s in shapes.tolist()]
            for image in grid.tolist()
        ]  # fmt: skip
        expect_close(seen.value, tensor(rng, rows))
        expect_unchanged(seen, shapes, grid)


@task("GenerateAnchor", share=25)
def check_anchors_keep_float32(student, rng):
    """Anchors have the dtype of the grid."""
    grid = generate_grid(rng.uniform(2, 1, 3, 4, dtype=torch.float32))
    shapes = tensor(rng, [[1.0, 2.0], [3.0, 1.5]], torch.float32)
    anchors = student.GenerateAnchor(shapes, grid)
    half = (shapes / 2)[:, None, None]
    expect_close(anchors, torch.cat([grid[:, None] - half, grid[:, None] + half], dim=-1))


@task("GenerateProposal", share="2/6")
def check_proposals_undo_offsets(student, rng):
    """With the offsets from an anchor to a box, the proposal is the box; inputs, also views, are unchanged."""
    for dtype, method in ((torch.float64, "YOLO"), (torch.float32, "FasterRCNN"), (torch.float64, "FasterRCNN")):
        anchors, wanted = boxes_of(rng, 2, 4, 3, 1, dtype=dtype), boxes_of(rng, 2, 4, 3, 1, dtype=dtype)
        offsets = box_offsets(anchors, wanted, method)
        views = [value.flip(1).movedim(-1, 0).contiguous().movedim(0, -1).flip(1) for value in (anchors, offsets)]
        seen = student.inspect(student.GenerateProposal, *views, method)
        expect_close(seen.value, wanted, name=Message("GenerateProposal by {method}", method=method))
        expect_unchanged(seen, *views, method)
    for method in ("YOLO", "FasterRCNN"):
        expect_same_gradients(student, rng, student.GenerateProposal, moved_boxes, *views, method,
                              names=("anchors", "offsets"))  # fmt: skip


def moved_boxes(anchors: Tensor, offsets: Tensor, method: str) -> Tensor:
    """Return anchors with their centres moved and their sides multiplied."""
    sides = anchors[..., 2:] - anchors[..., :2]
    middle = anchors[..., :2] + sides / 2 + offsets[..., :2] * (sides if method == "FasterRCNN" else 1.0)
    return torch.cat([middle - sides * offsets[..., 2:].exp() / 2, middle + sides * offsets[..., 2:].exp() / 2], dim=-1)


@task("GenerateProposal", share="1/6", any_dtype=True)
def check_proposals_of_an_unknown_method(student, rng):
    """The default method is YOLO's; an unknown method raises ValueError; boxes (P, 4), also none, are accepted."""
    anchors, offsets = boxes_of(rng, 5), 0.3 * rng.normal(5, 4)
    expect_equal(student.GenerateProposal(anchors, offsets), student.GenerateProposal(anchors, offsets, method="YOLO"))
    expect_shape(student.GenerateProposal(anchors[:0], offsets[:0]), (0, 4))
    helper = student.define(
        "def raises(f, a, o):\n    try:\n        f(a, o, method='SSD')\n    except ValueError:\n        return True\n"
        "    return False\n"
    )
    raised = helper.raises(student.GenerateProposal, anchors, offsets)
    hint = "Check the method first: raise ValueError if it is neither YOLO nor FasterRCNN."
    expect(raised, "GenerateProposal(..., method='SSD') did not raise ValueError.", hint)


@task("IoU", share="1/7")
def check_iou_agrees_with_loops(student, rng):
    """IoU agrees with a loop over pairs, for float32 boxes that are views; inputs are unchanged."""
    forbid(student, "IoU", loops=True)
    for B, A, H, W, N in ((2, 2, 3, 2, 4), (1, 1, 1, 1, 1), (3, 1, 2, 5, 2)):
        proposals = boxes_of(rng, B, H, A, W, dtype=torch.float32).transpose(1, 2)
        bboxes = torch.cat([boxes_of(rng, N, B), rng.normal(N, B, 1)], dim=-1).float().transpose(0, 1)
        seen = student.inspect(student.IoU, proposals, bboxes)
        expect_close(seen.value, loop_iou(proposals, bboxes))
        expect_unchanged(seen, proposals, bboxes)
    small = tensor(rng, [[[0.0, 0.0, 0.02, 0.02, 0.0]]]).float()
    found = student.IoU(small[:, :, None, None, :4] + tensor(rng, [0.01, 0.0, 0.01, 0.0]).float(), small)
    hint = "IoU does not change if both boxes are scaled: do not limit the area of the union, and add nothing to it."
    expect_close(found[0, 0, 0], 1 / 3, atol=2e-3, check_dtype=False, name="IoU of boxes of 0.02 cells", hint=hint)


@task("IoU", share="1/7", any_dtype=True)
def check_iou_fits_in_memory(student, rng):
    """IoU of 5,000 proposals and 300 boxes needs no tensor of more than two numbers a pair."""
    forbid(student, "IoU", loops=True)
    proposals = boxes_of(rng, 1, 5000, 1, 1, dtype=torch.float32)
    bboxes = torch.cat([boxes_of(rng, 1, 300), torch.zeros(1, 300, 1, device=rng.device)], dim=-1).float()
    seen = student.measure(student.IoU, proposals, bboxes)
    expect_shape(seen.value, (1, 5000, 300))
    some = rng.permutation(5000)[:20]
    expect_close(seen.value[:, some], loop_iou(proposals[:, some], bboxes))
    pair = 5000 * 300 * 4
    expect(
        seen.largest <= 2 * pair,
        Message(
            "One number per pair takes {pair:,} bytes; the largest intermediate tensor took {largest:,}.",
            pair=pair,
            largest=seen.largest,
        ),
        hint="Compute x and y separately: each needs one number per pair, while both boxes need eight.",
    )


@task("IoU", share="1/7")
def check_iou_without_boxes(student, rng):
    """IoU accepts images without boxes, rows of padding, and boxes with swapped corners, which have no area."""
    forbid(student, "IoU", loops=True)
    proposals = boxes_of(rng, 2, 1, 3, 2, side=2.0) - 1.5
    expect_equal(student.IoU(proposals, proposals.new_zeros(2, 0, 5)), proposals.new_zeros(2, 6, 0))
    bboxes = torch.full((2, 3, 5), -1.0, dtype=torch.float64, device=rng.device)
    bboxes[0, 0, :4] = tensor(rng, [-3.0, -3.0, 3.0, 3.0])
    found, expected = student.IoU(proposals, bboxes), loop_iou(proposals, bboxes)
    expect_close(found, expected, name="IoU with rows of padding", mistakes={
        NOTHING_ADDED: lambda: found if a_little_less(found, expected) else expected,
    })  # fmt: skip
    swapped = bboxes[:, :1, [2, 3, 0, 1, 4]]
    result = student.IoU(proposals[:1], swapped[:1])
    expect_equal(result, proposals.new_zeros(1, 6, 1), name="IoU with a box with swapped corners", mistakes={
        "A box whose right side is to the left of its left side has no area: do not swap its corners.":
            result if result.shape == (1, 6, 1) and bool((result - expected[:1, :, :1]).abs().max() < 1e-5) else None,
        "Clamp width and height at 0, each of them, before you multiply them.":
            lambda: loop_iou(proposals[:1], bboxes[:1, :1]),
    })  # fmt: skip


@task("match_anchors", share="2/8")
def check_matches_agree_with_loops(student, rng):
    """By both rules, random boxes in several images, with rows of padding, are matched as by plain loops."""
    for method in ("FasterRCNN", "YOLO"):
        for shape in ((3, 4, 3, 5, 3), (1, 2, 6, 2, 4), (5, 3, 2, 4, 6), (8, 2, 2, 2, 9)):  # the last is crowded
            anchors, bboxes = random_case(rng, *shape)
            iou = loop_iou(anchors, bboxes)
            pos, neg = rng.choice([0.5, 0.7]), rng.choice([0.2, 0.3, 0.45])
            seen = student.inspect(student.match_anchors, anchors, bboxes, iou, pos, neg, method)
            right = loop_match(anchors, bboxes, iou, pos, neg, method)
            expect_equal(seen.value, right, name=Message("matches by {method}", method=method), mistakes={
                "neg_thresh is an argument; its default was used.":
                    loop_match(anchors, bboxes, iou, pos, 0.3, method),
                "pos_thresh is an argument; its default was used.":
                    loop_match(anchors, bboxes, iou, 0.7, neg, method),
                CONTESTED: loop_match(anchors, bboxes, iou, pos, neg, method, last=True),
            }, hint=matching_hint(seen.value, right, ""))  # fmt: skip
            expect_unchanged(seen, anchors, bboxes, iou, pos, neg, method)


@task("match_anchors", share="1/8")
def check_matches_without_boxes(student, rng):
    """All anchors are negative in images with only padding, with N = 0, and where boxes have no area."""
    anchors, bboxes = random_case(rng, 2, 3, 2, 3, 2)
    expected = torch.full((2, 18), NEGATIVE, device=rng.device)
    cases = {
        Message("only rows of padding"): (torch.full_like(bboxes, -1), rng.uniform(2, 18, 2, low=0.5)),
        "N = 0": (bboxes[:, :0], rng.uniform(2, 18, 0)),
        Message("boxes without an area"): (
            torch.cat([bboxes[..., :2], bboxes[..., :2], bboxes[..., 4:].abs()], -1),
            0.0,
        ),
    }
    for method in ("FasterRCNN", "YOLO"):
        for name, (boxes, iou) in cases.items():
            table = iou if isinstance(iou, Tensor) else bboxes.new_zeros(2, 18, 2)
            result = student.match_anchors(anchors, boxes, table, pos_thresh=0.7, neg_thresh=0.3, method=method)
            expect_equal(result, expected, name=Message("{method} with {name}", method=method, name=name))


@task("match_anchors", share="1/8")
def check_matches_at_ties_and_thresholds(student, rng):
    """An IoU equal to pos_thresh is positive, one equal to neg_thresh is not negative, and ties go to the first."""
    anchors = torch.cat([generate_grid(rng.uniform(1, 1, 1, 4))[:, None] + s for s in (-0.5, 0.5)], dim=-1)
    bboxes = tensor(rng, [[[0.0, 0, 1, 1, 7], [0, 0, 1, 1, 3], [-1, -1, -1, -1, -1]]])
    table = tensor(rng, [[0.75, 0.75, 0.9], [0.875, 0.8125, 0.9], [0.25, 0.125, 0.9], [0.125, 0.0, 0.9]])[None]
    result = student.match_anchors(anchors, bboxes, table, pos_thresh=0.75, neg_thresh=0.25, method="FasterRCNN")
    expect_equal(result, tensor(rng, [[0, 0, NEUTRAL, NEGATIVE]], torch.int64), name="FasterRCNN", mistakes={
        "An IoU that equals pos_thresh makes an anchor positive: `>=`, not `>`.":
            tensor(rng, [[NEUTRAL, 0, NEUTRAL, NEGATIVE]], torch.int64),
        "An IoU that equals neg_thresh is not below it: the anchor is neutral.":
            tensor(rng, [[0, 0, NEGATIVE, NEGATIVE]], torch.int64),
    })  # fmt: skip
    result = student.match_anchors(anchors, bboxes, table / 16, pos_thresh=0.75, neg_thresh=0.25, method="FasterRCNN")
    expect_equal(result, tensor(rng, [[-1, 0, -1, -1]], torch.int64), name="FasterRCNN, all IoU below 0.06", mistakes={
        "A box's best anchor is positive however small its IoU is, if it is above 0.":
            tensor(rng, [[-1, -1, -1, -1]], torch.int64),
    })  # fmt: skip
    both = anchors.repeat(1, 2, 1, 1, 1)
    table = tensor(rng, [[0.5, 0.5, 0.9], *[[0.25, 0.0, 0.9]] * 3, [0.5, 0.25, 0.9], *[[0.0, 0.0, 0.9]] * 3])[None]
    result = student.match_anchors(both, bboxes, table, pos_thresh=0.75, neg_thresh=0.25, method="YOLO")
    expected = [0, NEUTRAL, NEUTRAL, NEUTRAL, NEUTRAL, NEGATIVE, NEGATIVE, NEGATIVE]
    expect_equal(result, tensor(rng, [expected], torch.int64), name="YOLO", mistakes={
        CONTESTED: tensor(rng, [[1, *expected[1:]]], torch.int64),
    })  # fmt: skip


@task("nms", share="1/7", loans=LOANS_OF_OVERLAPS)
def check_nms_agrees_with_loops(student, rng):
    """NMS agrees with plain loops on float32 views, with equal and with negative scores; inputs are unchanged."""
    for count, threshold in ((40, 0.3), (40, 0.0), (7, 1.0), (25, 0.6)):
        boxes = boxes_of(rng, count, dtype=torch.float32).T.contiguous().T
        scores = rng.integers(-4, 4, count).float()
        seen = student.inspect(student.nms, boxes, scores, threshold)
        expect_equal(
            seen.value, loop_nms(boxes, scores, threshold), name=Message("nms at {threshold}", threshold=threshold)
        )
        expect_unchanged(seen, boxes, scores, threshold)


@task("nms", share="1/7", loans=LOANS_OF_OVERLAPS)
def check_nms_of_few_boxes(student, rng):
    """NMS accepts no box, one box, boxes without an area, and nested boxes."""
    none = tensor(rng, [], torch.int64)
    expect_equal(student.nms(rng.normal(0, 4), rng.normal(0)), none, name="nms of no box")
    expect_equal(student.nms(boxes_of(rng, 1), rng.normal(1)), tensor(rng, [0], torch.int64), name="nms of one box")
    points = tensor(rng, [[2.0, 2.0, 2.0, 2.0], [2.0, 2.0, 2.0, 2.0], [0.0, 0.0, 4.0, 4.0]])
    expect_equal(
        student.nms(points, tensor(rng, [0.1, 0.3, 0.2])), tensor(rng, [1, 2, 0], torch.int64), name="nms of two points"
    )
    nested = tensor(rng, [[0.0, 0.0, 8.0, 8.0], [1.0, 1.0, 7.0, 7.0], [3.0, 3.0, 5.0, 5.0]])
    expect_equal(
        student.nms(nested, tensor(rng, [0.3, 0.2, 0.1])), tensor(rng, [0, 2], torch.int64), name="nms of nested boxes"
    )
    scores = tensor(rng, [0.3, 0.30001, 0.1])
    expect_equal(
        student.nms(nested, scores),
        tensor(rng, [1, 2], torch.int64),
        name="nms with scores 0.3, 0.30001, 0.1",
        hint="The scores 0.3 and 0.30001 differ: compare them as they are, without rounding and in their own dtype.",
    )


def expect_few_operations(student, rng) -> None:
    """Expect a number of torch operations that grows with the boxes, not with the pairs of boxes."""
    corner = 4 * rng.permutation(40).double()[:, None] * tensor(rng, [1.0, 0.5])
    boxes = torch.cat([corner, corner + 3], dim=1).repeat(3, 1)  # 40 places, three boxes each
    seen = student.measure(student.nms, boxes, rng.permutation(120).double())
    expect(
        seen.ops <= 15_000,
        Message("nms of 120 boxes, of which it should keep 40, took {ops:,} torch operations.", ops=seen.ops),
        hint="Compare the box that you keep with all boxes that are left by one call of IoU, not pair by pair.",
    )


@task("nms", share="1/7", seconds=12, loans=LOANS_OF_OVERLAPS)
def check_nms_of_thousands_of_boxes(student, rng):
    """NMS of 5,000 boxes in 60 clusters takes seconds at most, and is right."""
    expect_few_operations(student, rng)
    cluster = rng.integers(0, 60, 5000)
    middle = torch.stack([cluster % 10, cluster // 10], dim=1) * 20 + rng.normal(5000, 2)
    half = rng.uniform(5000, 2, low=4, high=6)
    boxes, scores = torch.cat([middle - half, middle + half], dim=1), rng.permutation(5000).float()
    kept = student.nms(boxes, scores, iou_threshold=0.5)
    expected = [rows[loop_nms(boxes[rows], scores[rows], 0.5)] for rows in groups(cluster)]
    every = torch.cat(expected)
    expect_equal(kept, every[scores[every].argsort(descending=True)], name="nms of 5,000 boxes")


def groups(cluster: Tensor) -> list[Tensor]:
    """Return the rows of each cluster."""
    return [(cluster == number).nonzero()[:, 0] for number in cluster.unique().tolist()]
