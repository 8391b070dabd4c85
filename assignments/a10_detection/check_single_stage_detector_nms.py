"""Public checks of non-maximum suppression, on cases by hand and with counted pixels."""

import torch
from oracles import tensor
from oracles_counting import counted_iou, whole_boxes
from oracles_loans import LOANS_OF_IOU
from torch import Tensor

from autograder import Message, expect, expect_equal, expect_shape, explain_errors, is_sequence, task


@task("nms", share="2/7", loans=LOANS_OF_IOU)
def check_nms_keeps_what_it_should(student, rng):
    """NMS keeps boxes that overlap little, in order of score, and drops a box only for a better box that it kept."""
    boxes, scores = whole_boxes(rng, 60, side=12), rng.uniform(60)
    iou, with_one = (counted_iou(boxes[None], boxes[None], extra)[0] for extra in (0, 1))
    for threshold in (0.2, 0.5):
        kept = student.nms(boxes, scores, iou_threshold=threshold)
        expect_indices(kept, 60)
        expect(
            bool((scores[kept].diff() <= 0).all()),
            "The kept boxes are not in the order of their scores, from the highest to the lowest.",
            hint=order_hint(kept, scores),
        )
        judge_kept(kept.tolist(), iou, threshold)
        judge_dropped(kept, scores, iou, with_one, threshold)


def expect_indices(kept, count: int) -> None:
    """Expect distinct indices below count, as a tensor."""
    listed = is_sequence(kept)
    expect(
        not listed,
        Message("nms returned a {kind}; return a tensor of int64.", kind=type(kept).__name__),
        hint="torch.stack(kept) stacks a list of tensors; torch.tensor(kept, dtype=torch.int64) converts ints.",
    )
    numbers = isinstance(kept, Tensor) and kept.dim() == 2
    expect(not numbers, "nms returned a table.", hint="Return the indices of the kept boxes, not the boxes.")
    expect_shape(kept, (None,), name="nms")
    hints = {torch.bool: "mask.nonzero() has the indices of a mask."}
    if kept.is_floating_point():
        hints[kept.dtype] = (
            "Return which boxes are kept, not their scores: row numbers of `boxes`, in a tensor with dtype=torch.int64."
        )
    expect(
        kept.dtype == torch.int64,
        Message("nms returned {dtype}; indices are int64.", dtype=kept.dtype),
        hint=hints.get(kept.dtype, ""),
    )
    rows = kept.tolist()
    expect(
        len(set(rows)) == len(rows) and all(0 <= row < count for row in rows),
        "nms returned an index twice, or one that does not exist.",
        hint="After a selection, indices count within the selection; look them up: order[rest].",
    )


def order_hint(kept: Tensor, scores: Tensor) -> str:
    """Return what the order of the kept boxes shows."""
    if bool((scores[kept].diff() >= 0).all()):
        return "The box with the lowest score came first; sort with descending=True."
    if bool((kept.diff() > 0).all()):
        return "They are in the order of their indices; return them in the order in which you kept them."
    return "Sort the scores once, with descending=True, and go through the boxes in this order."


def judge_kept(rows: list[int], iou: Tensor, threshold: float) -> None:
    """Expect that no two kept boxes overlap too much."""
    pairs = [(a, b) for n, a in enumerate(rows) for b in rows[n + 1 :] if iou[a, b] > threshold]
    a, b = pairs[0] if pairs else (0, 0)
    expect(
        not pairs,
        Message(
            "nms kept box {b} after box {a}, but their IoU is {iou:.4g}, above {threshold}.",
            b=b,
            a=a,
            iou=float(iou[a, b]),
            threshold=threshold,
        ),
        hint="Compare each box that you keep with all boxes that are left; drop those with an IoU above the threshold.",
    )


def judge_dropped(kept: Tensor, scores: Tensor, iou: Tensor, with_one: Tensor, threshold: float) -> None:
    """Expect a reason for every box that was dropped."""
    better = scores[None] > scores[:, None]  # [a, b]: b has a higher score than a
    reason = ((iou > threshold) & better)[:, kept].any(dim=1)
    reason[kept] = True
    lost = (~reason).nonzero()[:, 0].tolist()
    hint = ""
    if lost and bool(((iou == threshold) & better)[lost][:, kept].any(dim=1).all()):
        hint = "Drop only for an IoU above the threshold, not equal to it."
    elif lost and bool(((with_one > threshold) & better)[lost][:, kept].any(dim=1).all()):
        hint = "One was added to widths and heights, as for pixels. Coordinates are continuous: a width is x1 - x0."
    elif lost and bool(((iou > threshold) & better)[lost].any(dim=1).all()):
        hint = "A box that was dropped must not drop others."
    expect(
        not lost,
        Message(
            "nms dropped {count} boxes, first number {lost}, that have an IoU above {threshold} with no kept box of a "
            "higher score.",
            count=len(lost),
            lost=lost[0] if lost else 0,
            threshold=threshold,
        ),
        hint=hint
        or "The IoU is the area of the intersection over the area of the union, and a box drops only boxes "
        "with lower scores.",
    )


@task("nms", share="1/7", loans=LOANS_OF_IOU)
def check_nms_breaks_ties_by_index(student, rng):
    """Of boxes with equal scores the smaller index comes first; an IoU equal to the threshold does not drop a box."""
    boxes = tensor(rng, [[0, 0, 4, 4], [0, 0, 4, 4], [0, 0, 4, 2], [8, 8, 9, 9], [0, 0, 4, 4]])
    scores = tensor(rng, [0.5, 0.7, 0.5, 0.7, 0.7])
    expect_equal(student.nms(boxes, scores, iou_threshold=0.5), tensor(rng, [1, 3, 2], torch.int64), mistakes={
        "A box with an IoU of exactly the threshold was dropped; drop only above it.": tensor(rng, [1, 3], torch.int64),
        "Of boxes with equal scores, the smaller index comes first.": lambda: tensor(rng, [4, 3, 2], torch.int64),
    })  # fmt: skip
    low = rng.permutation(40).double()[:, None] * tensor(rng, [2.0, 0.0])
    scores = rng.integers(0, 4, 40).double()
    expected = sorted(range(40), key=lambda row: (-float(scores[row]), row))  # no two boxes overlap
    kept = student.nms(torch.cat([low, low + 1], dim=1), scores)
    expect_indices(kept, 40)
    sorted_by_score = len(kept) == 40 and bool((scores[kept].diff() <= 0).all())
    expect_equal(kept, tensor(rng, expected, torch.int64), name="nms of 40 boxes with four different scores", mistakes={
        "Of boxes with equal scores, the smaller index comes first: argsort(descending=True, stable=True). Without "
        "stable=True their order is arbitrary.": kept if sorted_by_score else None,
    })  # fmt: skip


@task("nms", share="1/7", loans=LOANS_OF_IOU)
def check_nms_stops_at_topk(student, rng):
    """With topk, the first topk of the kept boxes are returned."""
    boxes = tensor(rng, [[0, 0, 2, 2], [0, 0, 2, 1.9], [4, 4, 6, 6], [7, 7, 8, 8]])
    scores = tensor(rng, [0.9, 0.8, 0.3, 0.6])
    for topk, expected in ((None, [0, 3, 2]), (1, [0]), (2, [0, 3]), (9, [0, 3, 2])):
        result = student.nms(boxes, scores, iou_threshold=0.5, topk=topk)
        mistakes = {
            "topk was not used.": tensor(rng, [0, 3, 2], torch.int64),
            "One box too many was kept: stop when topk are.": tensor(rng, [0, 3], torch.int64),
            "The boxes were cut to topk before suppression; cut the kept boxes.": tensor(rng, [0], torch.int64),
        }
        name = Message("topk = {topk}", topk=topk)
        expect_equal(result, tensor(rng, expected, torch.int64), name=name, mistakes=mistakes if topk in (1, 2) else {})
    with explain_errors({"Error": "There may be no boxes, K = 0: then return an empty tensor of int64."}):
        nothing = student.nms(boxes[:0], scores[:0], iou_threshold=0.5)
    expect_equal(nothing, tensor(rng, [], torch.int64), name="nms of no boxes")
