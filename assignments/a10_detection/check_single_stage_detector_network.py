"""Public checks of the prediction network, training and inference in one stage, on cases by hand."""

import torch
from oracles import expect_images_handed_on, tensor
from oracles_loans import LOANS_OF_INFERENCE, LOANS_OF_THE_LOSS
from oracles_single_stage import TOYS, asked_for, channels, prediction_network, toy_detector
from torch import Tensor
from torch.nn import functional as F

from autograder import Message, expect, expect_close, expect_equal, explain_errors, task


@task("PredictionNetwork", share="2/7")
def check_prediction_network_predicts_all_anchors(student, rng):
    """Without indices, the network gives confidences, offsets and class scores of all anchors, in the right places."""
    A, C = 3, 4
    features = rng.normal(2, 6, 3, 5, dtype=torch.float32)
    made = prediction_network(student, rng, 6, 7, A, C, features)
    confidence, offsets, scores = made.network(features)

    out = made.by(channels(7, A, C), features)
    anchors = out[:, : 5 * A].reshape(2, A, 5, 3, 5)
    expect_close(confidence, anchors[:, :, 0].sigmoid(), name="confidences", mistakes={
        "The sigmoid of the confidences is missing.": anchors[:, :, 0],
        "Channels were read as 5 x A; the five channels of one anchor are next to each other.":
            out[:, : 5 * A].reshape(2, 5, A, 3, 5)[:, 0].sigmoid(),
        "The class scores are the last C channels; the anchors' channels come first.":
            out[:, C:].reshape(2, A, 5, 3, 5)[:, :, 0].sigmoid(),
        "The confidence is the first of an anchor's five channels.": anchors[:, :, 4].sigmoid(),
        **{
            hint: lambda slope=slope: made.by(channels(7, A, C, slope), features)[:, : 5 * A : 5].sigmoid()
            for slope, hint in SLOPES.items()
        },
    })  # fmt: skip
    right = torch.cat([anchors[:, :, 1:3].sigmoid() - 0.5, anchors[:, :, 3:]], dim=2)
    expect_close(offsets, right, name="offsets", mistakes={
        "tx and ty should be sigmoid - 0.5.": anchors[:, :, 1:],
        "Subtract 0.5 from the sigmoid of tx and ty, so that they are in (-0.5, 0.5).":
            torch.cat([anchors[:, :, 1:3].sigmoid(), anchors[:, :, 3:]], dim=2),
        "The sigmoid was applied to tw and th too; it is for tx and ty.": anchors[:, :, 1:].sigmoid() - 0.5,
        "tx and ty should be sigmoid - 0.5, which is tanh(x / 2) / 2, not tanh(x) / 2.":
            torch.cat([anchors[:, :, 1:3].tanh() / 2, anchors[:, :, 3:]], dim=2),
        "tx and ty should be sigmoid - 0.5, not a tanh.":
            torch.cat([anchors[:, :, 1:3].tanh(), anchors[:, :, 3:]], dim=2),
    })  # fmt: skip
    expect_close(scores, out[:, 5 * A :], name="class scores", mistakes={
        "Return the class scores before the softmax; the loss applies it.": out[:, 5 * A :].softmax(dim=1),
    })  # fmt: skip


MOVED = "The network's offsets are (B, A, 4, H, W); GenerateProposal wants the four last: offsets.movedim(2, -1)."
SLOPES = {
    0.0: "The activation is LeakyReLU, not ReLU.",
    0.1: "The slope of LeakyReLU is its default, 0.01.",
    0.2: "The slope of LeakyReLU is its default, 0.01, not 0.2.",
    1.0: "The activation between the convolutions is missing.",
}


@task("PredictionNetwork", share="2/7")
def check_prediction_network_picks_the_anchors_asked_for(student, rng):
    """With indices, the network gives the rows of those anchors: positive ones first among the confidences."""
    A, C, H, W = 3, 4, 3, 5
    features = rng.normal(2, 6, H, W, dtype=torch.float32)
    made = prediction_network(student, rng, 6, 7, A, C, features)
    order = rng.permutation(2 * A * H * W)
    positive, negative = order[:6], order[6:20]
    confidence, offsets, scores = made.network(features, pos_anchor_idx=positive, neg_anchor_idx=negative)

    out = made.by(channels(7, A, C), features)
    right, move, classes = asked_for(out, A, positive, negative)
    expect_close(confidence, right, name="confidences", mistakes={
        "The positive anchors come first.": torch.cat([right[6:], right[:6]]),
        "The confidences have the shape (P + Q, 1).": right[:, 0],
    })  # fmt: skip
    anchors = out[:, : 5 * A].reshape(2, A, 5, H, W)
    every = torch.cat([anchors[:, :, 1:3].sigmoid() - 0.5, anchors[:, :, 3:]], dim=2)
    expect_close(offsets, move, name="offsets of the positive anchors", mistakes={
        "The offsets are those of the positive anchors alone.": lambda: asked_for(out, A, order[:20], negative)[1],
        "The axis of the four offsets must be the last one before you reshape: movedim(2, -1).":
            every.reshape(-1, 4)[positive],
    })  # fmt: skip
    flat, cell = out[:, 5 * A :].movedim(1, -1).reshape(-1, C), positive % (H * W)
    expect_close(scores, classes, name="class scores of the positive anchors' cells", mistakes={
        "The class scores of the first image were used for all images.": flat[cell],
        "The cells were counted as if the anchors of a cell followed each other; the order is (B, A, H, W).":
            flat[positive // A],
        "Return the class scores before the softmax; the loss applies it.": classes.softmax(dim=1),
    })  # fmt: skip


@task("SingleStageDetector.forward", share="3/7", loans=LOANS_OF_THE_LOSS)
def check_loss_of_a_case_by_hand(student, rng):
    """The loss agrees with the formula on a case with known positive, neutral and negative anchors."""
    B, A, C, H, W = 2, 1, 3, 3, 4
    confidence, offsets, scores = rng.uniform(B, A, H, W), 0.3 * rng.normal(B, A, 4, H, W), rng.normal(B, C, H, W)
    # Anchors of 2 x 2 cells. The box in image 0 is the anchor of row 1, column 2, moved a quarter to the right.
    bboxes = tensor(rng, [[[1.75, 0.5, 3.75, 2.5, 2.0]], [[-1.0] * 5]])
    detector = toy_detector(student, student.define(TOYS), confidence, offsets, scores, [[2.0, 2.0]])
    images = rng.uniform(B, 3, 8 * H, 8 * W, dtype=torch.float32)
    loss = detector(images, bboxes)
    expect_images_handed_on(detector, images)

    # Its IoU with the next anchor to the right is 1.25 * 2 / (8 - 2.5) = 0.4545: neutral. All others are below 0.4.
    negative = torch.ones_like(confidence, dtype=torch.bool)
    negative[0, 0, 1, 2] = negative[0, 0, 1, 3] = False
    background = -(1 - confidence[negative]).log().sum()
    thing = -confidence[0, 0, 1, 2].log()
    right = tensor(rng, [0.25, 0, 0, 0])
    move = (offsets[0, 0, :, 1, 2] - right).square().sum()
    classes = F.cross_entropy(scores[0, :, 1, 2], torch.tensor(2, device=rng.device))
    expect_close(loss, background + thing + 5 * move + classes, check_dtype=False, name="the loss", mistakes={
        "The factor 5 of the offsets is missing.": background + thing + move + classes,
        "The neutral anchor was counted as negative.":
            background + thing + 5 * move + classes - (1 - confidence[0, 0, 1, 3]).log(),
        "The confidence of negative anchors is missing.": thing + 5 * move + classes,
        "The confidences' losses were averaged; divide their sum by the number of positive anchors.":
            (background + thing) / int(negative.sum() + 1) + 5 * move + classes,
        "The losses of the anchors were averaged; divide their sum by the number of positive anchors.":
            (background + thing) / int(negative.sum() + 1) + 5 * move / 4 + classes,
        "The offsets' differences are squared, not absolute values.":
            background + thing + 5 * (offsets[0, 0, :, 1, 2] - right).abs().sum() + classes,
        "The offsets' loss is the plain square, not smooth L1.":
            background + thing + 5 * F.smooth_l1_loss(offsets[0, 0, :, 1, 2], right, reduction="sum") + classes,
        "The confidences' loss is the binary cross-entropy, not a square.":
            confidence[negative].square().sum() + (1 - confidence[0, 0, 1, 2]).square() + 5 * move + classes,
        "The offsets were computed by Faster R-CNN's method; this detector uses YOLO's.":
            background + thing + 5 * (offsets[0, 0, :, 1, 2] - right / 2).square().sum() + classes,
        "The row of the box was used as its class; its class is the fifth number of the row.":
            background + thing + 5 * move + F.cross_entropy(scores[0, :, 1, 2], torch.tensor(0, device=rng.device)),
        "The loss of the classes is missing.": background + thing + 5 * move,
        "The loss of the offsets is missing.": background + thing + classes,
        "The loss was divided by the number of images; divide it by the number of positive anchors.":
            (background + thing + 5 * move + classes) / B,
    })  # fmt: skip


@task("SingleStageDetector.inference", share="2/8", loans=LOANS_OF_INFERENCE, any_dtype=True, keeps=True)
def check_inference_gives_sure_proposals_with_their_classes(student, rng):
    """Inference returns the proposals above the threshold, moved by their offsets, with their cells' best class."""
    B, A, C, H, W = 2, 2, 4, 3, 4
    confidence = rng.uniform(B, A, H, W, high=0.3)
    offsets, scores = 0.2 * rng.uniform(B, A, 4, H, W), rng.normal(B, C, H, W)
    confidence[0, 1, 2, 3], confidence[0, 0, 0, 1], confidence[1, 0, 1, 0] = 0.7, 0.9, 0.6
    scores[:, :, 1, 0] = tensor(rng, [[1.0, 4.0, 2.0, 3.0], [2.0, 1.0, 4.0, 3.0]])
    detector = toy_detector(student, student.define(TOYS), confidence, offsets, scores, [[1.0, 1.5], [0.5, 0.5]]).eval()
    with explain_errors({"must match the size": MOVED}):
        images = rng.uniform(B, 3, 24, 32, dtype=torch.float32)
        boxes, confidences, classes = detector.inference(images, thresh=0.5)
    expect_images_handed_on(detector, images)

    places = [[(0, 0, 1, (1.0, 1.5)), (1, 2, 3, (0.5, 0.5))], [(0, 1, 0, (1.0, 1.5))]]
    expect(
        len(boxes) == len(confidences) == len(classes) == B,
        Message("inference should return three lists with {count} entries, one for each image.", count=B),
    )
    for image, found in enumerate(places):
        size = tensor(rng, [s for *_, s in found])
        move = torch.stack([offsets[image, a, :, i, j] for a, i, j, _ in found])
        middle = tensor(rng, [(j + 0.5, i + 0.5) for _, i, j, _ in found]) + move[:, :2]
        half = size * move[:, 2:].exp() / 2
        right = torch.cat([middle - half, middle + half], dim=1)
        cells = [(image, a, i, j) for a, i, j, _ in found]
        sure = torch.stack([confidence[at] for at in cells])
        chances = torch.stack([scores[b, :, i, j].softmax(dim=0) for b, _, i, j in cells])
        expect_close(boxes[image], right, name=Message("boxes of image {image}", image=image), mistakes={
            "These are the anchors: move and stretch them by the offsets.": around(middle - move[:, :2], size),
            "These are pixels; return boxes in cells of the activation map.": 8 * right,
            "The offsets were applied by Faster R-CNN's method; this detector uses YOLO's.":
                around(middle - move[:, :2] + move[:, :2] * size, 2 * half),
        })  # fmt: skip
        expect_close(confidences[image], sure, name=Message("confidences of image {image}", image=image), mistakes={
            "The confidence was multiplied by the class's probability; this detector reports the confidence alone.":
                sure * chances.amax(dim=1),
            "These are the class's probabilities; report the confidence.": chances.amax(dim=1),
        })  # fmt: skip
        expect_equal(classes[image], chances.argmax(dim=1),
                     name=Message("classes of image {image}", image=image), mistakes={
            "The classes of the first image were used for all images.":
                torch.stack([scores[0, :, i, j].argmax() for _, _, i, j in cells]),
        })  # fmt: skip


def around(centre: Tensor, size: Tensor) -> Tensor:
    """Return boxes with these centres, widths and heights."""
    return torch.cat([centre - size / 2, centre + size / 2], dim=1)
