"""Public checks of RoI Align and of the second stage, with torch's own sampling and a given first stage."""

from typing import Any

import torch
from oracles import tensor
from oracles_loans import LOANS_OF_TWO_STAGES
from oracles_two_stage import READY_MADE, rois_of, sampled, toy_detector
from torch import Tensor
from torch.nn import functional as F

from autograder import Message, expect_close, expect_equal, explain_errors, forbid, task


def roi_mistakes(features: Tensor, boxes: Tensor, size: tuple[int, int]) -> dict:
    """Return known wrong features of boxes, by hint."""
    number, x0, y0, x1, y1 = boxes.T

    def of(*sides: Tensor, **options) -> Any:
        return lambda: sampled(features, torch.stack([number, *sides], dim=1), size, **options)

    def flipped() -> Tensor:
        """Give each of the two cells the other one's weight: mirror the points between their centres."""
        return sampled(features, boxes, size, mirrored=True)

    half = torch.full_like(x0, 0.5)
    return {
        "There was one sample in each bin, at its centre; there are 2 x 2.": of(x0, y0, x1, y1, points=1),
        "The points were at the borders of the box too; each is in the middle of its share.":
            of(x0, y0, x1, y1, ends=True),
        "The samples were rounded to the nearest cell; interpolate between four cells.":
            of(x0, y0, x1, y1, mode="nearest"),
        "The samples were rounded down to a cell; interpolate between four cells.":
            of(x0 - half, y0 - half, x1 - half, y1 - half, mode="nearest"),
        "The weights of the two cells are swapped: column l has the weight 1 - f, column l + 1 the weight f.": flipped,
        "The maximum of the samples was taken; take their mean.": of(x0, y0, x1, y1, maximum=True),
        "The box was rounded to whole cells; nothing is rounded.":
            of(x0.round(), y0.round(), x1.round(), y1.round()),
        "The box was rounded outwards to whole cells; nothing is rounded.":
            of(x0.floor(), y0.floor(), x1.ceil(), y1.ceil()),
        "x and y are swapped: a row of boxes is (image, x0, y0, x1, y1).": of(y0, x0, y1, x1),
        "A row of boxes is (image, x0, y0, x1, y1), not (image, x, y, width, height).": of(x0, y0, x0 + x1, y0 + y1),
        "The boxes were divided by the stride; they are in cells already.": of(x0 / 8, y0 / 8, x1 / 8, y1 / 8),
        "Small boxes were made one cell large; boxes keep their sizes.":
            of(x0, y0, torch.maximum(x1, x0 + 1), torch.maximum(y1, y0 + 1)),
        "Return (R, C, height, width): the channels are the second axis.":
            lambda: sampled(features, boxes, size).movedim(1, -1),
        "The height and the width of the result are swapped.": lambda: sampled(features, boxes, size).transpose(2, 3),
    }  # fmt: skip


CELLS = {
    "indices must be": "The first column is the number of the image, a float: convert it with .long().",
    "out of bounds": "At the border there is no further cell: limit u to [0, W - 1] and v to [0, H - 1], and the cell "
    "behind to the last one.",
}


@task("roi_align", share="2/8", any_dtype=True)
def check_roi_align_agrees_with_grid_sample(student, rng):
    """RoI Align agrees with torch's bilinear sampling at 2 x 2 points in each bin, averaged."""
    forbid(student, "roi_align", calls=READY_MADE)
    features, whole = rng.normal(3, 4, 6, 9), tensor(rng, [[1.0, 0.0, 0.0, 9.0, 6.0]])
    boxes = torch.cat([rois_of(rng, 3, 7, 6, 9), whole, tensor(rng, [[2.0, 8.0, 5.0, 9.0, 6.0]])])  # to the border
    with explain_errors(CELLS):
        out = student.roi_align(features, boxes, (2, 3))
    expect_close(out, sampled(features, boxes, (2, 3)), mistakes={
        "Width and height of the output are swapped: output_size is (height, width).":
            lambda: sampled(features, boxes, (3, 2)),
        "The centre of the first cell should be at 0.5, not at 0.":
            lambda: sampled(features, boxes + tensor(rng, [0, 0.5, 0.5, 0.5, 0.5]), (2, 3)),
        "All boxes were taken from the first image.":
            lambda: sampled(features, boxes * tensor(rng, [0, 1, 1, 1, 1]), (2, 3)),
        **roi_mistakes(features, boxes, (2, 3)),
    })  # fmt: skip


@task("roi_align", share="1/8", any_dtype=True)
def check_roi_align_of_ramps(student, rng):
    """On maps with the values x and y, the bins have the x and y of their centres."""
    forbid(student, "roi_align", calls=READY_MADE)
    y, x = torch.meshgrid(torch.arange(5.0) + 0.5, torch.arange(8.0) + 0.5, indexing="ij")
    features = torch.stack([x, y])[None].double().to(rng.device)
    out = student.roi_align(features, tensor(rng, [[0.0, 1.0, 0.5, 7.0, 3.5]]), (2, 3))
    expect_close(out[0, 0], tensor(rng, [[2.0, 4.0, 6.0], [2.0, 4.0, 6.0]]), name="the map of x")
    expect_close(out[0, 1], tensor(rng, [[1.25, 1.25, 1.25], [2.75, 2.75, 2.75]]), name="the map of y")


FLAT = {
    "cannot be multiplied": "Flatten the features of each box before the classifier: (P, C, h, w) to (P, C * h * w). "
    "It takes C * roi_output_h * roi_output_w numbers: cut as many bins."
}


@task("TwoStageDetector.forward", share=50, loans=LOANS_OF_TWO_STAGES, any_dtype=True)
def check_two_stage_loss_adds_the_classes(student, rng):
    """The loss is the first stage's plus the mean cross-entropy of the proposals' classes."""
    detector, classify, boxes, labels, loss = toy_detector(student, rng, 3, 4, 5, 7, 3, 9)
    with explain_errors(FLAT):
        value = detector(rng.uniform(3, 3, 40, 56, dtype=torch.float32), rng.normal(3, 1, 5))
    scores = classify(boxes)
    expect_close(value, loss + F.cross_entropy(scores, labels), name="the loss", mistakes={
        "The loss of the classes is missing.": loss,
        "The loss of the first stage is missing.": F.cross_entropy(scores, labels),
        "The loss of the classes was summed; divide it by the number of positive anchors.":
            loss + F.cross_entropy(scores, labels, reduction="sum"),
        "The features of all boxes were taken from the first image; the first column of a row is its image.":
            lambda: loss + F.cross_entropy(classify(boxes * tensor(rng, [0, 1, 1, 1, 1])), labels),
        "The output size of RoI Align is (roi_output_h, roi_output_w).":
            lambda: loss + F.cross_entropy(classify(boxes, size=(2, 3)), labels),
    })  # fmt: skip


@task("TwoStageDetector.inference", share=25, loans=LOANS_OF_TWO_STAGES, any_dtype=True)
def check_two_stage_inference_names_proposals(student, rng):
    """Each proposal gets the class with the largest score, and the product of both probabilities as its confidence."""
    found = [(rois_of(rng, 1, 9, 5, 7)[:, 1:], rng.uniform(9, low=0.6)) for _ in range(3)]
    detector, classify, *_ = toy_detector(student, rng, 3, 4, 5, 7, 3, 6, found)
    images = rng.uniform(3, 3, 40, 56, dtype=torch.float32)
    with explain_errors(FLAT):
        boxes, confidences, classes = detector.eval().inference(images, thresh=0.5)
    for image, (proposals, objectness) in enumerate(found):
        rois = torch.cat([torch.full_like(proposals[:, :1], image), proposals], dim=1)
        probability, label = classify(rois).softmax(dim=1).max(dim=1)
        order = (objectness * probability).argsort(descending=True)
        both = objectness * probability
        expect_close(confidences[image], both[order],
                     name=Message("confidences of image {image}", image=image), mistakes={
            "This is the first stage's confidence; multiply it by the probability of the class.":
                objectness.sort(descending=True).values,
            "The detections are not sorted by their confidence.": both,
            "The class's probability is the softmax of its score, not a sigmoid.":
                (objectness * classify(rois).sigmoid().amax(dim=1)).sort(descending=True).values,
            "The output size of RoI Align is (roi_output_h, roi_output_w).":
                lambda rois=rois, objectness=objectness:
                    (objectness * classify(rois, size=(2, 3)).softmax(dim=1).amax(dim=1)).sort(descending=True).values,
            "Flatten the features as they are, (R, C, height, width).":
                lambda rois=rois, objectness=objectness:
                    (objectness * classify(rois, last=True).softmax(dim=1).amax(dim=1)).sort(descending=True).values,
            "This is the probability of the class; multiply it by the first stage's confidence.":
                probability.sort(descending=True).values,
            "The features were taken from another image of the batch.":
                lambda rois=rois, objectness=objectness: (
                    objectness * classify(rois * tensor(rng, [0, 1, 1, 1, 1])).softmax(dim=1).amax(dim=1)
                ).sort(descending=True).values,
        })  # fmt: skip
        expect_close(boxes[image], proposals[order], name=Message("boxes of image {image}", image=image))
        expect_equal(classes[image], label[order], name=Message("classes of image {image}", image=image), mistakes={
            "Sort the classes like the boxes and the confidences.": label,
        })  # fmt: skip
