"""Hidden checks of the prediction network, training and inference in one stage: loops, edge cases, a training run."""

from functools import partial

import torch
from oracles import expect_modes_kept, tensor
from oracles_hidden import (
    ABOVE,
    NEGATIVE,
    NO_GRADIENT,
    PROBES,
    SHAPES,
    SIZES,
    anchors_of,
    expect_counts,
    expect_layers,
    judge_dropout,
    loop_iou,
    loop_match,
    random_case,
)
from oracles_loans_hidden import LOANS_OF_DETECTORS
from oracles_metrics_hidden import trained_map
from oracles_single_stage import TOYS, asked_for, channels, prediction_network, toy_detector
from torch import Tensor
from torch.nn import functional as F

from autograder import (
    Message,
    expect,
    expect_close,
    expect_equal,
    expect_same_gradients,
    expect_shape,
    explain_errors,
    task,
)
from common.nets.detection import box_offsets


@task("PredictionNetwork", share="1/7")
def check_prediction_network_without_positives(student, rng):
    """Sizes agree with the arguments and the defaults 128, 9 and 20, also for one cell and no positive anchor."""
    network = student.PredictionNetwork(11)
    features = rng.normal(1, 11, 2, 2, dtype=torch.float32)
    expect_layers(student, network.to(rng.device), features, [(128, 11, 1, 1), (65, 128, 1, 1)])
    network = student.PredictionNetwork(5, hidden_dim=3, num_anchors=2, num_classes=1).to(rng.device).eval()
    none = tensor(rng, [], torch.int64)
    for B, H, W in ((1, 1, 1), (2, 4, 3)):
        features = rng.normal(B, 5, H, W, dtype=torch.float32)
        confidence, offsets, scores = network(features)
        expect_shape(confidence, (B, 2, H, W), name="confidences")
        expect_shape(offsets, (B, 2, 4, H, W), name="offsets")
        expect_shape(scores, (B, 1, H, W), name="class scores")
        some = rng.permutation(2 * B * H * W)[:2]
        picked, offsets, scores = network(features, none, some)
        expect_close(picked, confidence.flatten()[some, None], name="confidences of negative anchors", mistakes={
            "Without positive anchors their index is empty, not None: only None means inference.": confidence,
        })  # fmt: skip
        expect_shape(offsets, (0, 4), name="offsets of no anchor")
        expect_shape(scores, (0, 1), name="class scores of no anchor")
    expect_modes_kept(student, network, partial(network, features))


@task("PredictionNetwork", share="1/7")
def check_prediction_network_drops_in_training(student, rng):
    """Dropout acts in training at the given ratio, and never in evaluation."""
    features = rng.normal(2, 6, 3, 4, dtype=torch.float32)
    networks = {ratio: student.PredictionNetwork(6, 8, 2, 3, drop_ratio=ratio).to(rng.device) for ratio in (0.0, 0.5)}
    judge_dropout(student, networks, features, 2, Message("class scores"))


@task("PredictionNetwork", share="1/7")
def check_prediction_network_learns_everywhere(student, rng):
    """Gradients of all three outputs agree with the formula, in every parameter and the features; images do not mix."""
    features = rng.normal(2, 6, 3, 4)
    made = prediction_network(student, rng, 6, 8, 2, 3, features)
    network, order = made.network, rng.permutation(48)

    def formula(x: Tensor, positive: Tensor, negative: Tensor) -> tuple[Tensor, ...]:
        return asked_for(made.by(channels(8, 2, 3), x), 2, positive, negative)

    def detached(number: int):
        return lambda *inputs: [v.detach() if n == number else v for n, v in enumerate(formula(*inputs))]

    names = (Message("confidences"), Message("offsets"), Message("class scores"))
    expect_same_gradients(
        student, rng, network, formula, features, order[:12], order[12:40],
        weights=made.values, train=False, names=(Message("the features"),),
        mistakes={
            Message("The {name} are detached.", name=name): detached(number) for number, name in enumerate(names)
        },
    )  # fmt: skip
    whole, alone = network(features)[0], network(features[1:])[0]
    expect_close(alone, whole[1:], name="the confidences of a single image")


def toy_outputs(rng, B: int, A: int, C: int, H: int, W: int) -> tuple[Tensor, Tensor, Tensor]:
    """Draw confidences, offsets and class scores."""
    return rng.uniform(B, A, H, W, low=0.05, high=0.95), 0.3 * rng.normal(B, A, 4, H, W), rng.normal(B, C, H, W)


def plain_loss(confidence, offsets, scores, bboxes, *, method="YOLO", neg=0.4, other=False) -> Tensor:
    """Sum the loss over anchors. ``other``: with the offsets of Faster R-CNN, a known mistake."""
    anchors = anchors_of(SHAPES, confidence)
    matches = loop_match(anchors, bboxes, loop_iou(anchors, bboxes), 0.7, neg, method).reshape(confidence.shape)
    total, count = confidence.new_zeros(()), 0
    for b, a, i, j in torch.cartesian_prod(*(torch.arange(n) for n in confidence.shape)).tolist():
        match = int(matches[b, a, i, j])
        if match == NEGATIVE:
            total = total - (1 - confidence[b, a, i, j]).log()
        elif match >= 0:
            right = box_offsets(anchors[b, a, i, j], bboxes[b, match, :4], "FasterRCNN" if other else "YOLO")
            total = total - confidence[b, a, i, j].log() + 5 * (offsets[b, a, :, i, j] - right).square().sum()
            total = total - F.log_softmax(scores[b, :, i, j], dim=0)[int(bboxes[b, match, 4])]
            count += 1
    return total / max(count, 1)


def judge_loss(student, rng, B, C, H, W, bboxes, *, name):
    """Compare the loss with a sum over anchors."""
    outputs = toy_outputs(rng, B, len(SHAPES), C, H, W)
    detector = toy_detector(student, student.define(TOYS), *outputs, SHAPES)
    loss = detector(rng.uniform(B, 3, 8 * H, 8 * W, dtype=torch.float32), bboxes)
    expect(
        not (isinstance(loss, Tensor) and loss.is_floating_point() and loss.numel() == 1 and not loss.isfinite().all()),
        Message("{name}: the loss is not finite.", name=name),
        "Divide by max(P, 1): there may be no positive anchor.",
    )
    expect_close(loss, plain_loss(*outputs, bboxes), check_dtype=False, name=name, mistakes={
        "Anchors were matched with neg_thresh=0.3; in training it is 0.4.":
            lambda: plain_loss(*outputs, bboxes, neg=0.3),
        "Anchors were matched by Faster R-CNN's rule; this detector uses YOLO's.":
            lambda: plain_loss(*outputs, bboxes, method="FasterRCNN"),
        "The offsets were computed by Faster R-CNN's method; this detector uses YOLO's.":
            lambda: plain_loss(*outputs, bboxes, other=True),
        "The sum was not divided by the number of positive anchors.":
            lambda: plain_loss(*outputs, bboxes) * positives(outputs[0], bboxes),
        "The sum was divided by the number of images; divide it by that of the positive anchors.":
            lambda: plain_loss(*outputs, bboxes) * positives(outputs[0], bboxes) / B,
        "Images without boxes have the loss of their negative anchors, not 0.":
            torch.zeros((), dtype=torch.float64, device=rng.device),
    })  # fmt: skip


def positives(confidence: Tensor, bboxes: Tensor) -> int:
    """Count the positive anchors."""
    anchors = anchors_of(SHAPES, confidence)
    return max(int((loop_match(anchors, bboxes, loop_iou(anchors, bboxes), 0.7, 0.4, "YOLO") >= 0).sum()), 1)


@task("SingleStageDetector.forward", share="1/7", loans=LOANS_OF_DETECTORS)
def check_loss_of_random_scenes(student, rng):
    """The loss agrees with a sum over anchors on maps of any shape, for any number of images and classes."""
    for B, C, H, W, N in ((3, 4, 5, 3, 3), (1, 7, 2, 6, 2)):
        _, bboxes = random_case(rng, B, 1, H, W, N)
        bboxes[..., 4] = torch.where(bboxes[..., 4] >= 0, rng.integers(0, C, B, N).double(), -1)
        judge_loss(student, rng, B, C, H, W, bboxes, name=Message("the loss of {count} images", count=B))
    between = tensor(rng, [[[0.375, 0.875, 1.625, 2.125, 1.0]]])
    judge_loss(student, rng, 1, 3, 3, 3, between, name=Message("the loss of a box between two cells"))


@task("SingleStageDetector.forward", share="2/7", loans=LOANS_OF_DETECTORS)
def check_loss_without_boxes(student, rng):
    """Images without boxes (only padding, or N = 0) have the loss of their negative anchors."""
    judge_loss(
        student, rng, 2, 3, 3, 4, torch.full((2, 2, 5), -1.0, device=rng.device).double(), name=Message("only padding")
    )
    judge_loss(student, rng, 2, 3, 3, 4, torch.zeros(2, 0, 5, device=rng.device).double(), name="N = 0")


@task("SingleStageDetector.forward", share="1/7", loans=LOANS_OF_DETECTORS)
def check_training_reaches_every_parameter(student, rng):
    """The loss has the gradients of its formula, reaches every parameter, and leaves the modes as they are."""
    detector = student.SingleStageDetector(num_classes=3, hidden_dim=8, drop_ratio=0.0).to(rng.device)
    images = rng.uniform(2, 3, 32, 48, dtype=torch.float32)
    bboxes = tensor(rng, [[[0.5, 0.5, 2.0, 2.2, 1]], [[2.1, 1.2, 4.0, 3.0, 2]]], torch.float32)
    probes = student.define(PROBES)
    lost = probes.without_gradient(detector, images, bboxes)
    expect_equal(lost, [], name="parameters without a gradient", hint=NO_GRADIENT)
    expect_modes_kept(student, detector, lambda: detector(images, bboxes))
    with explain_errors({"Error": SIZES}):
        found, right = probes.losses_after(detector, images, bboxes)
    expect_close(found, right, name="the loss after a call with smaller images", hint=SIZES)

    _, bboxes = random_case(rng, 2, 1, 4, 3, 3)
    parts = toy_outputs(rng, 2, len(SHAPES), 3, 4, 3)
    toy = toy_detector(student, student.define(TOYS), *parts, SHAPES)
    maps = torch.arange(24, device=rng.device).reshape(2, 1, 4, 3).double()

    def loss(*inputs, cut: int | None = None) -> Tensor:
        tie = (maps - maps.detach()) if cut != 3 else 0.0 * maps  # the toy's outputs depend on the features like this
        confidence, offsets, scores = (v.detach() if n == cut else v for n, v in enumerate(parts))
        return plain_loss(confidence + tie, offsets + tie[:, :, None], scores + tie, bboxes)

    names = (Message("confidences"), Message("offsets"), Message("class scores"), Message("features"))
    expect_same_gradients(
        student, rng, probes.loss_of, loss, toy, (2, 3, 32, 24), bboxes.tolist(), weights=(parts, maps),
        mistakes={Message("The {name} are detached.", name=name): partial(loss, cut=n) for n, name in enumerate(names)},
    )  # fmt: skip


@task("SingleStageDetector.inference", share="1/8", loans=LOANS_OF_DETECTORS)
def check_inference_suppresses_within_a_class(student, rng):
    """Boxes suppress each other only within a class, by nms_thresh; the results are sorted by confidence."""
    confidence, offsets, scores = torch.zeros(1, 2, 2, 3), torch.zeros(1, 2, 4, 2, 3), torch.zeros(1, 3, 2, 3)
    confidence[0, :, 0] = torch.tensor([[0.6, 0.9, 0.7], [0.8, 0.65, 0.95]])
    offsets[0, :, 0, 0] = torch.tensor([[0.5, 0.0, -0.5], [0.5, 0.0, -0.5]])  # towards the middle column
    scores[0, [1, 1, 2], 0, torch.arange(3)] = 2.0
    parts = [part.double().to(rng.device) for part in (confidence, offsets, scores)]
    detector = toy_detector(student, student.define(TOYS), *parts, [[2.0, 2.0], [2.0, 2.0]]).eval()
    images = rng.uniform(1, 3, 16, 24, dtype=torch.float32)
    # By class: 1 has 0.9 and 0.65 in column 1, 0.8 and 0.6 half a cell to the left (IoU 0.6); 2 has 0.95 and 0.7.
    for threshold, expected in ((0.5, [0.95, 0.9]), (0.7, [0.95, 0.9, 0.8])):
        _, confidences, _ = detector.inference(images, thresh=0.5, nms_thresh=threshold)
        expect_close(confidences[0], tensor(rng, expected),
                     name=Message("confidences with nms_thresh={threshold}", threshold=threshold), mistakes={
            "A box was suppressed by a box of another class.": tensor(rng, [0.95, 0.8]),
            "nms_thresh was not handed on to nms.": tensor(rng, [0.95, 0.9] if threshold == 0.7 else [0.95, 0.9, 0.8]),
            "Sort the detections of all classes together by their confidences.":
                tensor(rng, [*expected[1:], expected[0]]),
            "Nothing was suppressed.": tensor(rng, [0.95, 0.9, 0.8, 0.7, 0.65, 0.6]),
        })  # fmt: skip


@task("SingleStageDetector.inference", share="2/8", loans=LOANS_OF_DETECTORS)
def check_inference_at_the_edges(student, rng):
    """Confidences must be above thresh, not equal to it; images without any give empty tensors."""
    confidence, offsets, scores = toy_outputs(rng, 3, 1, 4, 2, 5)
    confidence[0], confidence[2] = 0.5, 0.25
    confidence[1, 0, :, ::2] = 0.75
    detector = toy_detector(student, student.define(TOYS), confidence, 0 * offsets, scores, [[0.5, 0.5]]).eval()
    images = rng.uniform(3, 3, 16, 40, dtype=torch.float32)
    boxes, confidences, classes = detector.inference(images, thresh=0.5, nms_thresh=0.5)
    expect_counts(boxes, confidences, classes, (0, int((confidence[1] > 0.5).sum()), 0))
    _, confidences, _ = detector.inference(images, thresh=0.25, nms_thresh=0.5)
    count = int((confidence[1] > 0.25).sum())
    expect_equal([len(c) for c in confidences], [10, count, 0], name="numbers of detections above 0.25", hint=ABOVE)
    every, _, _ = detector.inference(images[:1], thresh=0.0, nms_thresh=1.0)
    expect_equal([len(b) for b in every], [10], name="the number of detections in a single image, above 0")
    many = torch.full((1, 1, 20, 20), 0.75, device=rng.device).double()
    parts = many, torch.zeros_like(many).repeat(1, 4, 1, 1)[:, None], many
    detector = toy_detector(student, student.define(TOYS), *parts, [[0.5, 0.5]])
    images = rng.uniform(1, 3, 160, 160, dtype=torch.float32)
    boxes, _, _ = detector.inference(images)
    expect_modes_kept(student, detector, lambda: detector.inference(images[:, :, :8]))
    expect(
        len(boxes[0]) == 400,
        Message("Of 400 sure boxes that do not overlap, inference gave {count}.", count=len(boxes[0])),
        hint="All boxes that nms keeps are reported: do not limit their number with topk.",
    )


@task("SingleStageDetector.inference", share="3/8", seconds=240, memory_mb=4096, loans=LOANS_OF_DETECTORS)
def check_single_stage_learns_scenes(student, rng, score):
    """Trained for 200 steps on 800 scenes, the detector finds and classifies the objects of 200 new scenes."""
    score(trained_map(student, rng, student.SingleStageDetector), "mAP at IoU 0.5")
