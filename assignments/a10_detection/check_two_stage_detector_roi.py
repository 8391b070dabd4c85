"""Public checks of RoI Align and of the second stage, with torch's own sampling and a given first stage."""

import torch
from oracles import tensor
from oracles_two_stage import READY_MADE, rois_of, sampled, toy_detector
from torch.nn import functional as F

from autograder import expect_close, expect_equal, forbid, task


@task("roi_align", points=2)
def check_roi_align_agrees_with_grid_sample(student, rng):
    """RoI Align agrees with torch's bilinear sampling at 2 x 2 points in each bin, averaged."""
    forbid(student, "roi_align", calls=READY_MADE)
    features, boxes = rng.normal(3, 4, 6, 9), rois_of(rng, 3, 7, 6, 9)
    expect_close(student.roi_align(features, boxes, (2, 3)), sampled(features, boxes, (2, 3)), mistakes={
        "Width and height of the output are swapped: output_size is (height, width).":
            lambda: sampled(features, boxes, (3, 2)),
        "The centre of the first cell should be at 0.5, not at 0.":
            lambda: sampled(features, boxes + tensor(rng, [0, 0.5, 0.5, 0.5, 0.5]), (2, 3)),
        "All boxes were taken from the first image.":
            lambda: sampled(features, boxes * tensor(rng, [0, 1, 1, 1, 1]), (2, 3)),
    })  # fmt: skip


@task("roi_align", points=1)
def check_roi_align_of_ramps(student, rng):
    """On maps with the values x and y, the bins have the x and y of their centres."""
    forbid(student, "roi_align", calls=READY_MADE)
    y, x = torch.meshgrid(torch.arange(5.0) + 0.5, torch.arange(8.0) + 0.5, indexing="ij")
    features = torch.stack([x, y])[None].double().to(rng.device)
    out = student.roi_align(features, tensor(rng, [[0.0, 1.0, 0.5, 7.0, 3.5]]), (2, 3))
    expect_close(out[0, 0], tensor(rng, [[2.0, 4.0, 6.0], [2.0, 4.0, 6.0]]), name="the map of x")
    expect_close(out[0, 1], tensor(rng, [[1.25, 1.25, 1.25], [2.75, 2.75, 2.75]]), name="the map of y")


@task("TwoStageDetector.forward", points=2)
def check_two_stage_loss_adds_the_classes(student, rng):
    """The loss is the first stage's plus the mean cross-entropy of the proposals' classes."""
    detector, classify, boxes, labels, loss = toy_detector(student, rng, 2, 4, 5, 7, 3, 6)
    value = detector(rng.uniform(2, 3, 40, 56, dtype=torch.float32), rng.normal(2, 1, 5))
    scores = classify(boxes)
    expect_close(value, loss + F.cross_entropy(scores, labels), name="the loss", mistakes={
        "The loss of the classes is missing.": loss,
        "The loss of the first stage is missing.": F.cross_entropy(scores, labels),
        "The loss of the classes was summed; divide it by the number of positive anchors.":
            loss + F.cross_entropy(scores, labels, reduction="sum"),
    })  # fmt: skip


@task("TwoStageDetector.inference", points=1)
def check_two_stage_inference_names_proposals(student, rng):
    """Each proposal gets the class with the largest score, and the product of both probabilities as its confidence."""
    found = [(rois_of(rng, 1, 4, 5, 7)[:, 1:], rng.uniform(4, low=0.6)) for _ in range(2)]
    detector, classify, *_ = toy_detector(student, rng, 2, 4, 5, 7, 3, 6, found)
    boxes, confidences, classes = detector.eval().inference(rng.uniform(2, 3, 40, 56, dtype=torch.float32), thresh=0.5)
    for image, (proposals, objectness) in enumerate(found):
        rois = torch.cat([torch.full_like(proposals[:, :1], image), proposals], dim=1)
        probability, label = classify(rois).softmax(dim=1).max(dim=1)
        order = (objectness * probability).argsort(descending=True)
        both = objectness * probability
        expect_close(confidences[image], both[order], name=f"confidences of image {image}", mistakes={
            "This is the first stage's confidence; multiply it by the probability of the class.":
                objectness.sort(descending=True).values,
            "The detections are not sorted by their confidence.": both,
        })  # fmt: skip
        expect_close(boxes[image], proposals[order], name=f"boxes of image {image}")
        expect_equal(classes[image], label[order], name=f"classes of image {image}")
