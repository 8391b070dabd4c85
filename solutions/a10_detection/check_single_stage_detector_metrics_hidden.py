"""Hidden checks of precision, recall, average precision and their mean: loops on random detections, edge cases."""

import torch
from oracles import shot, tensor
from oracles_hidden import boxes_of
from oracles_metrics_hidden import loop_ap, loop_curve, loop_map
from torch import Tensor

from autograder import expect, expect_close, expect_equal, task


def random_detections(rng, images: int, classes: int) -> tuple[list[dict], list[dict]]:
    """Draw targets, and predictions near them, some with equal scores and some of the wrong class."""
    predictions, targets = [], []
    for image in range(images):
        count = image % 4
        boxes, labels = boxes_of(rng, count), rng.integers(0, classes, count)
        near = boxes.repeat(3, 1) + 0.4 * rng.normal(3 * count, 4)
        near[:, 2:] = torch.maximum(near[:, 2:], near[:, :2] + 0.1)
        spare = boxes_of(rng, 2)
        named = torch.cat([labels.repeat(3), rng.integers(0, classes, 2)])
        named = torch.where(rng.uniform(len(named)) < 0.2, rng.integers(0, classes, len(named)), named)
        scores = rng.integers(0, 8, len(named)).double() / 8
        targets.append({"boxes": boxes, "labels": labels})
        predictions.append({"boxes": torch.cat([near, spare]), "scores": scores, "labels": named})
    return predictions, targets


@task("precision_recall", points=1)
def check_precision_and_recall_agree_with_loops(student, rng):
    """Recall and precision agree with plain loops over many images with equal scores, at several IoU thresholds."""
    predictions, targets = random_detections(rng, 12, 3)
    for label, threshold in ((0, 0.5), (1, 0.3), (2, 0.75)):
        seen = student.inspect(student.precision_recall, predictions, targets, label, threshold)
        recall, precision, _ = loop_curve(predictions, targets, label, threshold)
        expect_close(seen.value, (tensor(rng, recall), tensor(rng, precision)), name=f"class {label} at {threshold}: ")
        expect_equal(seen.args[:2], (predictions, targets), name="the inputs after the call")


@task("precision_recall", points=2)
def check_precision_and_recall_at_the_edges(student, rng):
    """An IoU equal to the threshold is right; no detection gives empty tensors, no object recall 0."""
    nothing = tensor(rng, [])
    box = [0.0, 0.0, 4.0, 4.0]
    targets = [shot(rng, [box], labels=[3]), shot(rng, [])]
    none = [shot(rng, [], []), shot(rng, [], [])]
    expect_equal(student.precision_recall(none, targets, 3), (nothing, nothing), name="no detections: ")
    half = [shot(rng, [[0, 0, 4, 2]], [0.5], [3]), shot(rng, [box], [0.9], [3])]
    wanted = (tensor(rng, [0.0, 1.0]), tensor(rng, [0.0, 0.5]))
    expect_close(student.precision_recall(half, targets, 3, iou_threshold=0.5), wanted, name="IoU of exactly 0.5: ")
    other = [shot(rng, [box, box], [0.5, 0.4], [1, 1]), shot(rng, [], [])]
    expect_close(
        student.precision_recall(other, targets, 1), (tensor(rng, [0.0, 0.0]),) * 2, name="a class without objects: "
    )


def eleven(recall: list, precision: list) -> float:
    """Compute PASCAL VOC's AP before 2010."""
    points = [[p for r, p in zip(recall, precision, strict=True) if r >= t / 10] for t in range(11)]
    return sum(max(reached, default=0.0) for reached in points) / 11


@task("average_precision", points=2)
def check_average_precision_at_the_corners(student, rng):
    """AP agrees with a sum over points: no points, constant recall, precision that rises late, many points."""
    value = student.average_precision(tensor(rng, []), tensor(rng, []))
    expect(type(value) in (float, Tensor), f"AP without detections is of type {type(value).__name__}, not float.")
    expect_close(value, 0.0, name="AP without detections")
    cases = [([0.0, 0.0], [0.0, 0.0]), ([0.3], [1.0]), ([1.0, 1.0], [1.0, 0.5])]
    cases.append(([0.1, 0.1, 0.1, 1.0], [0.2, 0.5, 0.9, 1.0]))
    for size in (11, 100):
        right = (rng.uniform(size) < 0.5).double().cumsum(dim=0)
        cases.append(((right / (size + 7)).tolist(), (right / torch.arange(1, size + 1, device=rng.device)).tolist()))
    for recall, precision in cases:
        inputs = tensor(rng, recall), tensor(rng, precision)
        seen = student.inspect(student.average_precision, *inputs)
        expect_close(seen.value, loop_ap(recall, precision), name=f"AP of {len(recall)} points", mistakes={
            "This is the mean at 11 fixed recalls; return the area.": lambda r=recall, p=precision: eleven(r, p),
        })  # fmt: skip
        expect_equal(seen.args, inputs, name="the inputs after the call")


@task("mean_average_precision", points=2)
def check_map_agrees_with_loops(student, rng):
    """mAP agrees with plain loops at several thresholds, omits classes without objects, and is 0 without any object."""
    predictions, targets = random_detections(rng, 14, 4)
    for found in predictions:
        found["labels"] = torch.where(found["scores"] == 0.25, 17, found["labels"])  # a class without objects
    for threshold in (0.5, 0.3, 0.75):
        value = student.mean_average_precision(predictions, targets, iou_threshold=threshold)
        expect_close(value, loop_map(predictions, targets, threshold), name=f"mAP at {threshold}")
    empty = [{"boxes": t["boxes"][:0], "labels": t["labels"][:0]} for t in targets]
    expect_close(student.mean_average_precision(predictions, empty), 0.0, name="mAP without any object")
