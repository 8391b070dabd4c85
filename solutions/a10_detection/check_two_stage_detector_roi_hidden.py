"""Hidden checks of RoI Align and of the second stage: other sizes, edge cases, gradients, a training run."""

import torch
from oracles import expect_modes_kept, tensor
from oracles_hidden import NO_GRADIENT, PROBES, expect_counts
from oracles_loans_hidden import LOANS_OF_BOTH_STAGES
from oracles_metrics_hidden import trained_map
from oracles_two_stage import READY_MADE, TOYS, rois_of, sampled, toy_detector
from torch import Tensor
from torch.nn import functional as F

from autograder import (
    Message,
    expect,
    expect_close,
    expect_equal,
    expect_gradient,
    expect_same_gradients,
    expect_unchanged,
    forbid,
    task,
)

# A first stage that records whether its proposals got a gradient; and the gradient of RoI Align.
WATCHED = (
    TOYS
    + """

def pooled_gradient(roi_align, features, boxes, size, direction):
    features.requires_grad_()
    (roi_align(features, boxes, size) * direction).sum().backward()
    return features.grad


class Watched(FirstStage):
    def __init__(self, *parts):
        super().__init__(*parts)
        self.leaf = self.table["proposals"].clone().requires_grad_()
        self.table["proposals"] = self.leaf * 1


def box_gradient(detector, stage, images, bboxes):
    detector.rpn = stage
    detector(images, bboxes).backward()
    return tuple(part.grad is not None and bool(part.grad.any()) for part in (stage.leaf, stage.features))
"""
)


@task("roi_align", share="1/8")
def check_roi_align_of_other_sizes(student, rng):
    """RoI Align is right for other outputs, one channel, one box, no box, and a map of one cell."""
    forbid(student, "roi_align", calls=READY_MADE)
    for (B, C, H, W), count, size in (
        ((1, 1, 4, 4), 1, (1, 1)), ((2, 3, 7, 3), 5, (4, 1)), ((2, 2, 1, 1), 3, (2, 2)), ((2, 3, 1, 6), 4, (3, 5)),
        ((2, 3, 5, 4), 0, (2, 3)),
    ):  # fmt: skip
        name = Message("{count} boxes on {height} x {width} cells", count=count, height=H, width=W)
        for _ in range(2):  # others of the same shapes
            features, boxes = rng.normal(B, C, H, W), rois_of(rng, B, count, H, W)
            expected = sampled(features, boxes, size) if count else features.new_zeros(0, C, *size)
            expect_close(student.roi_align(features, boxes, size), expected, name=name)


@task("roi_align", share="2/8", any_dtype=True)
def check_roi_align_beyond_the_map(student, rng):
    """Beyond the map its border is repeated; boxes without an area are sampled at one point, or on a line."""
    forbid(student, "roi_align", calls=READY_MADE)
    features = rng.normal(1, 3, 4, 6)
    boxes = tensor(rng, [[0, -3, -2, 2, 3], [0, 4, 2, 9, 8], [0, -5, -5, -2, -1], [0, -2, -2, 8, 6], [0, 0, 0, 6, 4],
                         [0, 2.3, 1.7, 2.3, 1.7], [0, 1, 2.2, 5, 2.2], [0, 6, 4, 6, 4]])  # fmt: skip
    sides = boxes[:, 3:] - boxes[:, 1:3]
    expect_close(student.roi_align(features, boxes, (2, 2)), sampled(features, boxes, (2, 2)), mistakes={
        "Points beyond the outermost centres were taken as 0; the map goes on as it ends: clamp u to [0, W - 1].":
            lambda: sampled(features, boxes, (2, 2), padding="zeros"),
        "Boxes were cut off at the border of the map; their bins are those of the whole box.":
            lambda: sampled(features, clipped(boxes, 6, 4), (2, 2)),
        "Small boxes were made one cell large; boxes keep their sizes.":
            lambda: sampled(features, torch.cat([boxes[:, :3], boxes[:, 1:3] + sides.clamp(min=1)], dim=1), (2, 2)),
    })  # fmt: skip


def clipped(boxes: Tensor, width: int, height: int) -> Tensor:
    """Cut boxes off at the border of the map."""
    ends = boxes.new_tensor([boxes[:, 0].max(), width, height, width, height])
    return torch.minimum(boxes.clamp(min=0), ends)


@task("roi_align", share="1/8", any_dtype=True)
def check_roi_align_passes_gradients_on(student, rng):
    """The gradient of RoI Align reaches the features, with the weights of the samples."""
    forbid(student, "roi_align", calls=READY_MADE)
    features, boxes, direction = rng.normal(2, 3, 4, 5), rois_of(rng, 2, 6, 4, 5), rng.normal(6, 3, 2, 2)
    grad = student.define(WATCHED).pooled_gradient(student.roi_align, features, boxes, (2, 2), direction)
    expect(
        grad is not None,
        "No gradient reaches the features.",
        hint="Take the samples from `features` itself: detach(), torch.no_grad() and torch.tensor(...) cut it off.",
    )
    expect_gradient(lambda x: (sampled(x, boxes, (2, 2)) * direction).sum(), features, grad, name="features")


@task("roi_align", share="1/8")
def check_roi_align_keeps_its_inputs(student, rng):
    """RoI Align keeps float32, accepts views, and leaves its inputs unchanged."""
    forbid(student, "roi_align", calls=READY_MADE)
    features = rng.normal(5, 2, 7, 3, dtype=torch.float32).permute(1, 3, 0, 2)  # (2, 3, 5, 7)
    boxes = rois_of(rng, 2, 6, 5, 7).float().T.contiguous().T
    seen = student.inspect(student.roi_align, features, boxes, (3, 2))
    expect_close(seen.value, sampled(features, boxes, (3, 2)), rtol=1e-3, atol=1e-4)
    expect_unchanged(seen, features, boxes, (3, 2))


@task("TwoStageDetector.forward", share=25, loans=LOANS_OF_BOTH_STAGES)
def check_two_stage_loss_without_boxes(student, rng):
    """Without positive anchors the loss is that of the first stage; for one image it is right too."""
    detector, _, _, _, loss = toy_detector(student, rng, 2, 4, 5, 7, 3, 0)
    value = detector(rng.uniform(2, 3, 40, 56, dtype=torch.float32), rng.normal(2, 0, 5))
    expect_close(value, loss, name="the loss without proposals")
    for count in (1, 2):
        detector, classify, boxes, labels, loss = toy_detector(student, rng, 1, 2, 3, 6, 7, count)
        value = detector(rng.uniform(1, 3, 24, 48, dtype=torch.float32), rng.normal(1, 1, 5))
        name = Message("the loss of one image with {count} proposals", count=count)
        expect_close(value, loss + F.cross_entropy(classify(boxes), labels), name=name)


@task("TwoStageDetector.forward", share=25, loans=LOANS_OF_BOTH_STAGES)
def check_two_stage_training_reaches_every_parameter(student, rng):
    """The loss gives gradients to all parameters of both stages and to the features, not to the proposals."""
    detector = student.TwoStageDetector(hidden_dim=8, num_classes=3, drop_ratio=0.0).to(rng.device)
    images = rng.uniform(2, 3, 32, 48, dtype=torch.float32)
    bboxes = tensor(rng, [[[0.5, 0.5, 2.0, 2.2, 1]], [[2.1, 1.2, 4.0, 3.0, 2]]], torch.float32)
    lost = student.define(PROBES).without_gradient(detector, images, bboxes)
    expect_equal(lost, [], name="parameters without a gradient", hint=NO_GRADIENT)
    features, rois = rng.normal(2, detector_width(), 4, 6, dtype=torch.float32), rois_of(rng, 2, 3, 4, 6).float()
    parts = rng.uniform(1, dtype=torch.float32)[0], features, rois[:, 1:], rois[:, 0].long(), rng.integers(0, 3, 3)
    toys = student.define(WATCHED)
    boxes, maps = toys.box_gradient(detector, toys.Watched(*parts, []), images, bboxes)
    expect_equal(maps, True, name="the features have a gradient", mistakes={
        "The features must not be detached: through them the backbone learns from both stages.": False,
    })  # fmt: skip
    expect_equal(boxes, False, name="the proposals' coordinates have a gradient", mistakes={
        "Detach the proposals: the loss of the classes must not move boxes.": True,
    })  # fmt: skip
    toy, classify, rois, labels, loss = toy_detector(student, rng, 3, 4, 5, 7, 3, 6)
    images, bboxes = rng.uniform(3, 3, 40, 56, dtype=torch.float32), rng.normal(3, 1, 5)
    expect_modes_kept(student, toy, lambda: toy(images, bboxes))
    expect_same_gradients(
        student, rng, student.define(PROBES).loss_of, lambda *inputs: loss + F.cross_entropy(classify(rois), labels),
        toy, (3, 3, 40, 56), rois[:3].tolist(), weights=(classify.features, classify.values), train=False,
    )  # fmt: skip


def detector_width() -> int:
    """Return the number of channels of the backbone's map."""
    from common.nets.backbone import Backbone

    return Backbone.out_channels


@task("TwoStageDetector.inference", share=25, loans=LOANS_OF_BOTH_STAGES)
def check_two_stage_inference_without_proposals(student, rng):
    """Images without confident proposals give empty tensors, the first stage gets thresh, and images do not mix."""
    found = [(rois_of(rng, 1, n, 5, 7)[:, 1:], rng.uniform(n, low=0.3, high=0.4)) for n in (3, 0, 2)]
    found[2] = found[2][0], tensor(rng, [0.5, 0.55])
    detector, classify, *_ = toy_detector(student, rng, 3, 4, 5, 7, 3, 1, found)
    images = rng.uniform(3, 3, 40, 56, dtype=torch.float32)
    expect_modes_kept(student, detector, lambda: detector.inference(images, thresh=0.5, nms_thresh=0.25))
    boxes, confidences, classes = detector.inference(images, thresh=0.5, nms_thresh=0.25)
    asked = student.define(WATCHED).thresholds(detector.rpn)
    hint = "Pass both thresholds on: self.rpn.inference(images, thresh, nms_thresh, ...)."
    expect_equal(asked[-1], (0.5, 0.25), name="thresh and nms_thresh that the first stage got", hint=hint)
    expect_counts(boxes, confidences, classes, (0, 0, 1))
    probability, label = classify(torch.cat([tensor(rng, [[2.0]]), found[2][0][1:]], dim=1)).softmax(dim=1).max(dim=1)
    expect_close(confidences[2], 0.55 * probability, name="confidences of image 2")
    expect_equal(classes[2], label, name="classes of image 2")


@task("TwoStageDetector.inference", share=50, seconds=240, memory_mb=4096, loans=LOANS_OF_BOTH_STAGES)
def check_two_stage_learns_scenes(student, rng, score):
    """Trained for 200 steps on 800 scenes, two stages reach a higher mAP on 200 new scenes than one stage must."""
    score(trained_map(student, rng, student.TwoStageDetector), "mAP at IoU 0.5")
