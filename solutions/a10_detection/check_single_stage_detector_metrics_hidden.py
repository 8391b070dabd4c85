"""Hidden checks of precision, recall, average precision and their mean: loops on random detections, edge cases."""

import torch
from oracles import curve_of, mean_at, shot, tensor
from oracles_hidden import boxes_of
from oracles_loans_hidden import LOANS_OF_BOXES, LOANS_OF_METRICS
from oracles_metrics_hidden import loop_ap, loop_curve, loop_map
from torch import Tensor

from autograder import Message, expect_close, expect_equal, task


def random_detections(rng, images: int, classes: int) -> tuple[list[dict], list[dict]]:
    """Draw targets, and predictions near them, some with equal scores and some of the wrong class."""
    predictions, targets = [], []
    for image in range(images):
        count = image % 4
        boxes, labels = boxes_of(rng, count), rng.integers(0, classes, count)
        near = boxes.repeat(3, 1) + 0.4 * rng.normal(3 * count, 4)
        near[:, 2:] = torch.maximum(near[:, 2:], near[:, :2] + 0.1)
        boxes = torch.cat([boxes, boxes[: count // 2] + 0.1])  # objects of other classes at nearly the same places
        labels = torch.cat([labels, (labels[: count // 2] + 1) % classes])
        spare = boxes_of(rng, 2)
        named = torch.cat([labels[:count].repeat(3), rng.integers(0, classes, 2)])
        named = torch.where(rng.uniform(len(named)) < 0.2, rng.integers(0, classes, len(named)), named)
        scores = rng.integers(0, 8, len(named)).double() / 8
        targets.append({"boxes": boxes, "labels": labels})
        predictions.append({"boxes": torch.cat([near, spare]), "scores": scores, "labels": named})
    return predictions, targets


def curve_mistakes(rng, predictions: list[dict], targets: list[dict], label: int, threshold: float) -> dict:
    """Return known wrong curves, by hint."""

    def curve(predictions=predictions, threshold=threshold):
        return tuple(tensor(rng, part) for part in loop_curve(predictions, targets, label, threshold)[:2])

    def unstable() -> tuple[Tensor, Tensor]:
        own = [found["labels"] == label for found in predictions]
        scores = torch.cat([found["scores"][rows] for found, rows in zip(predictions, own, strict=True)])
        ranks = torch.empty_like(scores)
        ranks[scores.argsort(descending=True)] = -torch.arange(len(scores), device=scores.device).to(scores)
        parts = ranks.split([int(rows.sum()) for rows in own])
        return curve([
            {"boxes": f["boxes"][rows], "labels": f["labels"][rows], "scores": part}
            for f, rows, part in zip(predictions, own, parts, strict=True)
        ])  # fmt: skip

    return {
        "Of equal scores the one of the earlier image comes first: argsort(descending=True, stable=True).": unstable,
        "iou_threshold was not used.": lambda: curve(threshold=0.5),
        "Precision and recall are swapped: return (recall, precision).": lambda: curve()[::-1],
    }


@task("precision_recall", share="1/7", loans=LOANS_OF_BOXES)
def check_precision_and_recall_agree_with_loops(student, rng):
    """Recall and precision agree with plain loops over many images with equal scores, at several IoU thresholds."""
    predictions, targets = random_detections(rng, 12, 3)
    for label, threshold in ((0, 0.5), (1, 0.3), (2, 0.75)):
        seen = student.inspect(student.precision_recall, predictions, targets, label, threshold)
        recall, precision, _ = loop_curve(predictions, targets, label, threshold)
        expect_close(
            curve_of(seen.value),
            (tensor(rng, recall), tensor(rng, precision)),
            check_dtype=False,
            name=Message("the curve of class {label} at {threshold}", label=label, threshold=threshold),
            mistakes=curve_mistakes(rng, predictions, targets, label, threshold),
        )
        expect_equal(seen.args[:2], (predictions, targets), name="the inputs after the call")


@task("precision_recall", share="2/7", loans=LOANS_OF_BOXES)
def check_precision_and_recall_at_the_edges(student, rng):
    """An IoU equal to the threshold is right; no detection gives empty tensors, no object recall 0."""
    nothing = tensor(rng, [])
    box = [0.0, 0.0, 4.0, 4.0]
    targets = [shot(rng, [box], labels=[3]), shot(rng, [])]
    none = [shot(rng, [], []), shot(rng, [], [])]
    expect_equal(
        curve_of(student.precision_recall(none, targets, 3)),
        (nothing, nothing),
        check_dtype=False,
        name="the curve without detections",
    )
    half = [shot(rng, [[0, 0, 4, 2]], [0.5], [3]), shot(rng, [box], [0.9], [3])]
    wanted = (tensor(rng, [0.0, 1.0]), tensor(rng, [0.0, 0.5]))
    expect_close(
        student.precision_recall(half, targets, 3, iou_threshold=0.5),
        wanted,
        check_dtype=False,
        name="the curve with an IoU of exactly 0.5",
        mistakes={"An IoU that equals iou_threshold is enough: `>=`, not `>`.": (0 * wanted[0], 0 * wanted[1])},
    )
    both = [shot(rng, [box], labels=[3])] * 2
    expect_close(
        student.precision_recall([half[1], shot(rng, [], [])], both, 3),
        (tensor(rng, [0.5]), tensor(rng, [1.0])),
        check_dtype=False,
        name="the curve with an image without detections",
        mistakes={
            "An object in an image without detections counts, too: first add its objects, then skip the image.": (
                tensor(rng, [1.0]),
                tensor(rng, [1.0]),
            )
        },
    )
    other = [shot(rng, [box, box], [0.5, 0.4], [1, 1]), shot(rng, [], [])]
    expect_close(
        curve_of(student.precision_recall(other, targets, 1)),
        (tensor(rng, [0.0, 0.0]),) * 2,
        check_dtype=False,
        name="the curve of a class without objects",
    )


@task("average_precision", share=50)
def check_average_precision_at_the_corners(student, rng):
    """AP agrees with a sum over points: no points, constant recall, precision that rises late, many points."""
    value = student.average_precision(tensor(rng, []), tensor(rng, []))
    expect_close(value, 0.0, name="AP without detections")
    cases = [([0.0, 0.0], [0.0, 0.0]), ([0.3], [1.0]), ([1.0, 1.0], [1.0, 0.5])]
    cases.append(([0.1, 0.1, 0.1, 1.0], [0.2, 0.5, 0.9, 1.0]))
    for size in (11, 100):
        right = (rng.uniform(size) < 0.5).double().cumsum(dim=0)
        cases.append(((right / (size + 7)).tolist(), (right / torch.arange(1, size + 1, device=rng.device)).tolist()))
    for recall, precision in cases:
        inputs, best = (tensor(rng, recall), tensor(rng, precision)), [max(precision[k:]) for k in range(len(recall))]
        seen = student.inspect(student.average_precision, *inputs)
        expect_close(seen.value, loop_ap(recall, precision),
                     name=Message("AP of {count} points", count=len(recall)), mistakes={
            "This is the mean at 11 fixed recalls; return the area.": mean_at(recall, precision, 11),
            "This is the mean at 101 fixed recalls; return the area.": mean_at(recall, precision, 101),
            "The first step is missing: recall begins at 0.":
                loop_ap(recall, precision) - recall[0] * max(precision),
            "The area was computed by trapezoids; the interpolated curve has steps.":
                float(torch.trapezoid(tensor(rng, best), tensor(rng, recall))),
            "Each step from one recall to the next has the height of the later point.":
                sum((b - a) * p for a, b, p in zip(recall, [*recall[1:], 1.0], best, strict=True)),
        })  # fmt: skip
        expect_equal(seen.args, inputs, name="the inputs after the call")


@task("mean_average_precision", share=50, loans=LOANS_OF_METRICS)
def check_map_agrees_with_loops(student, rng):
    """mAP agrees with plain loops at several thresholds, omits classes without objects, and is 0 without any object."""
    predictions, targets = random_detections(rng, 14, 4)
    for found in predictions:
        found["labels"] = torch.where(found["scores"] == 0.25, 17, found["labels"])  # a class without objects
    for threshold in (0.5, 0.3, 0.75):
        value = student.mean_average_precision(predictions, targets, iou_threshold=threshold)
        right = loop_map(predictions, targets, threshold)
        expect_close(value, right, name=Message("mAP at {threshold}", threshold=threshold), mistakes={
            "iou_threshold was not used.": lambda: loop_map(predictions, targets),
        })  # fmt: skip
    empty = [{"boxes": t["boxes"][:0], "labels": t["labels"][:0]} for t in targets]
    expect_close(student.mean_average_precision(predictions, empty), 0.0, name="mAP without any object")
