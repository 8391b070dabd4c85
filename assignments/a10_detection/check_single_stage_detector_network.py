"""Public checks of the prediction network, training and inference in one stage, on cases by hand."""

import torch
from oracles import outputs_of, tensor
from oracles_single_stage import TOYS, toy_detector
from torch import Tensor
from torch.nn import functional as F

from autograder import expect, expect_close, expect_equal, task
from autograder.probes.layers import Recipe


def prediction_network(student, rng, in_dim, hidden, A, C, features):
    """Make a network with random weights; return it and its last convolution's output by torch: (B, 5A + C, H, W)."""
    network = student.PredictionNetwork(in_dim, hidden_dim=hidden, num_anchors=A, num_classes=C, drop_ratio=0.5)
    network = network.to(rng.device)

    def formula(layers: Recipe, x: Tensor) -> Tensor:
        return layers.conv(F.leaky_relu(layers.conv(x, hidden, 1)), 5 * A + C, 1)

    call = f"PredictionNetwork({in_dim}, hidden_dim={hidden}, ...)"
    out = outputs_of(student, rng, network, features.float(), formula, 0.5, call)
    return network, out


@task("PredictionNetwork", points=2)
def check_prediction_network_predicts_all_anchors(student, rng):
    """Without indices, the network gives confidences, offsets and class scores of all anchors, in the right places."""
    A, C = 3, 4
    features = rng.normal(2, 6, 3, 5)
    network, out = prediction_network(student, rng, 6, 7, A, C, features)
    confidence, offsets, scores = network(features.float())

    anchors = out[:, : 5 * A].reshape(2, A, 5, 3, 5)
    expect_close(confidence, anchors[:, :, 0].sigmoid(), name="confidences", mistakes={
        "The sigmoid of the confidences is missing.": anchors[:, :, 0],
        "Channels were read as 5 x A; the five channels of one anchor are next to each other.":
            out[:, : 5 * A].reshape(2, 5, A, 3, 5)[:, 0].sigmoid(),
    })  # fmt: skip
    right = torch.cat([anchors[:, :, 1:3].sigmoid() - 0.5, anchors[:, :, 3:]], dim=2)
    expect_close(offsets, right, name="offsets", mistakes={
        "tx and ty should be sigmoid - 0.5.": anchors[:, :, 1:],
        "Subtract 0.5 from the sigmoid of tx and ty, so that they are in (-0.5, 0.5).":
            torch.cat([anchors[:, :, 1:3].sigmoid(), anchors[:, :, 3:]], dim=2),
        "The sigmoid was applied to tw and th too; it is for tx and ty.": anchors[:, :, 1:].sigmoid() - 0.5,
    })  # fmt: skip
    expect_close(scores, out[:, 5 * A :], name="class scores")


@task("PredictionNetwork", points=2)
def check_prediction_network_picks_the_anchors_asked_for(student, rng):
    """With indices, the network gives the rows of those anchors: positive ones first among the confidences."""
    A, C, H, W = 3, 4, 3, 5
    features = rng.normal(2, 6, H, W)
    network, out = prediction_network(student, rng, 6, 7, A, C, features)
    order = rng.permutation(2 * A * H * W)
    positive, negative = order[:6], order[6:20]
    confidence, offsets, scores = network(features.float(), pos_anchor_idx=positive, neg_anchor_idx=negative)

    anchors = out[:, : 5 * A].reshape(2, A, 5, H, W)
    image, rest = positive // (A * H * W), positive % (A * H * W)
    shape, row, column = rest // (H * W), rest % (H * W) // W, rest % W
    expect_close(confidence, anchors[:, :, 0].sigmoid().flatten()[order[:20], None], name="confidences")
    right = anchors[image, shape, :, row, column][:, 1:]
    right = torch.cat([right[:, :2].sigmoid() - 0.5, right[:, 2:]], dim=1)
    expect_close(offsets, right, name="offsets of the positive anchors")
    expect_close(scores, out[image, 5 * A :, row, column], name="class scores of the positive anchors' cells")


@task("SingleStageDetector.forward", points=3)
def check_loss_of_a_case_by_hand(student, rng):
    """The loss agrees with the formula on a case with known positive, neutral and negative anchors."""
    B, A, C, H, W = 2, 1, 3, 3, 4
    confidence, offsets, scores = rng.uniform(B, A, H, W), 0.3 * rng.normal(B, A, 4, H, W), rng.normal(B, C, H, W)
    # Anchors of 2 x 2 cells. The box in image 0 is the anchor of row 1, column 2, moved a quarter to the right.
    bboxes = tensor(rng, [[[1.75, 0.5, 3.75, 2.5, 2.0]], [[-1.0] * 5]])
    detector = toy_detector(student, student.define(TOYS), confidence, offsets, scores, [[2.0, 2.0]])
    loss = detector(rng.uniform(B, 3, 8 * H, 8 * W, dtype=torch.float32), bboxes)

    # Its IoU with the next anchor to the right is 1.25 * 2 / (8 - 2.5) = 0.4545: neutral. All others are below 0.4.
    negative = torch.ones_like(confidence, dtype=torch.bool)
    negative[0, 0, 1, 2] = negative[0, 0, 1, 3] = False
    background = -(1 - confidence[negative]).log().sum()
    thing = -confidence[0, 0, 1, 2].log()
    move = (offsets[0, 0, :, 1, 2] - tensor(rng, [0.25, 0, 0, 0])).square().sum()
    classes = F.cross_entropy(scores[0, :, 1, 2], torch.tensor(2, device=rng.device))
    expect_close(loss, background + thing + 5 * move + classes, check_dtype=False, name="the loss", mistakes={
        "The factor 5 of the offsets is missing.": background + thing + move + classes,
        "The neutral anchor was counted as negative.":
            background + thing + 5 * move + classes - (1 - confidence[0, 0, 1, 3]).log(),
        "The confidence of negative anchors is missing.": thing + 5 * move + classes,
        "The losses of the anchors were averaged; divide their sum by the number of positive anchors.":
            (background + thing) / int(negative.sum() + 1) + 5 * move / 4 + classes,
    })  # fmt: skip


@task("SingleStageDetector.inference", points=2)
def check_inference_gives_sure_proposals_with_their_classes(student, rng):
    """Inference returns the proposals above the threshold, moved by their offsets, with their cells' best class."""
    B, A, C, H, W = 2, 2, 4, 3, 4
    confidence = rng.uniform(B, A, H, W, high=0.3)
    offsets, scores = 0.2 * rng.uniform(B, A, 4, H, W), rng.normal(B, C, H, W)
    confidence[0, 1, 2, 3], confidence[0, 0, 0, 1], confidence[1, 0, 1, 0] = 0.7, 0.9, 0.6
    detector = toy_detector(student, student.define(TOYS), confidence, offsets, scores, [[1.0, 1.5], [0.5, 0.5]]).eval()
    boxes, confidences, classes = detector.inference(rng.uniform(B, 3, 24, 32, dtype=torch.float32), thresh=0.5)

    places = [[(0, 0, 1, (1.0, 1.5)), (1, 2, 3, (0.5, 0.5))], [(0, 1, 0, (1.0, 1.5))]]
    expect(
        len(boxes) == len(confidences) == len(classes) == B,
        f"inference should return three lists with {B} entries, one for each image.",
    )
    for image, found in enumerate(places):
        size = tensor(rng, [s for *_, s in found])
        move = torch.stack([offsets[image, a, :, i, j] for a, i, j, _ in found])
        middle = tensor(rng, [(j + 0.5, i + 0.5) for _, i, j, _ in found]) + move[:, :2]
        half = size * move[:, 2:].exp() / 2
        expect_close(boxes[image], torch.cat([middle - half, middle + half], dim=1), name=f"boxes of image {image}")
        sure = torch.stack([confidence[image, a, i, j] for a, i, j, _ in found])
        expect_close(confidences[image], sure, name=f"confidences of image {image}")
        best = torch.stack([scores[image, :, i, j].argmax() for _, i, j, _ in found])
        expect_equal(classes[image], best, name=f"classes of image {image}")
