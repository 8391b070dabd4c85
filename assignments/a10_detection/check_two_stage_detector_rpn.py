"""Public checks of the first stage: the proposal module, the loss and the proposals, on cases by hand."""

import torch
from oracles import expect_images_handed_on, tensor
from oracles_loans import LOANS_OF_INFERENCE, LOANS_OF_PROPOSALS, LOANS_OF_THE_LOSS
from oracles_two_stage import TOYS, channels, proposal_module, six, toy_rpn
from torch import Tensor
from torch.nn import functional as F

from autograder import Message, expect, expect_close, expect_shape, explain_errors, is_sequence, task

MOVED = "The module's offsets are (B, A, 4, H, W); GenerateProposal wants the four last: offsets.movedim(2, -1)."


@task("ProposalModule", share="2/6", loans=LOANS_OF_PROPOSALS)
def check_proposal_module_predicts_all_anchors(student, rng):
    """Without indices, the module returns two scores and four offsets of each anchor, directly from convolutions."""
    features = rng.normal(2, 6, 3, 5, dtype=torch.float32)
    made = proposal_module(student, rng, 6, 7, 3, features)
    scores, offsets = made.network(features)
    out = six(made, 3, 7, features)
    expect_close(scores, out[:, :, :2], name="scores", mistakes={
        "Channels were read as 6 x A; the six channels of one anchor are next to each other.":
            out.flatten(1, 2).reshape(2, 6, 3, 3, 5)[:, :2].transpose(1, 2),
        "Return the scores before the softmax.": out[:, :, :2].softmax(dim=2),
        "The scores are the first two of an anchor's six channels; the offsets follow.": out[:, :, 4:],
        "These are the offsets: return (scores, offsets).": out[:, :, 2:],
        "The activation is LeakyReLU, not ReLU.": six(made, 3, 7, features, slope=0.0)[:, :, :2],
        "The slope of LeakyReLU is its default, 0.01.": six(made, 3, 7, features, slope=0.1)[:, :, :2],
        "The slope of LeakyReLU is its default, 0.01, not 0.2.": six(made, 3, 7, features, slope=0.2)[:, :, :2],
        "The activation between the convolutions is missing.": six(made, 3, 7, features, slope=1.0)[:, :, :2],
        "The first convolution has padding=1, so that the map keeps its size.":
            lambda: made.by(channels(7, 3, pad=0), features).reshape(2, 3, 6, 1, 3)[:, :, :2],
    })  # fmt: skip
    expect_close(offsets, out[:, :, 2:], name="offsets", mistakes={
        "tx and ty are returned as they are here, without the sigmoid.":
            torch.cat([out[:, :, 2:4].sigmoid() - 0.5, out[:, :, 4:]], dim=2),
    })  # fmt: skip


@task("ProposalModule", share="1/6", loans=LOANS_OF_PROPOSALS)
def check_proposal_module_picks_the_anchors_asked_for(student, rng):
    """With indices, the module gives those anchors' scores, positive ones first, their offsets and their proposals."""
    A, H, W = 3, 3, 5
    features = rng.normal(2, 6, H, W, dtype=torch.float32)
    made = proposal_module(student, rng, 6, 7, A, features)
    out = six(made, A, 7, features)
    order = rng.permutation(2 * A * H * W)
    positive, negative = order[:6], order[6:20]
    low = rng.uniform(6, 2, high=3, dtype=torch.float32)
    coord = torch.cat([low, low + rng.uniform(6, 2, low=0.5, high=2, dtype=torch.float32)], dim=1)
    scores, offsets, proposals = made.network(features, coord, positive, negative)

    def rows(index: Tensor) -> Tensor:
        image, rest = index // (A * H * W), index % (A * H * W)
        return out[image, rest // (H * W), :, rest % (H * W) // W, rest % W]

    right = rows(order[:20])[:, :2]
    expect_close(scores, right, name="scores", mistakes={
        "The positive anchors come first.": torch.cat([right[6:], right[:6]]),
        "The axis of the six channels must be the last one before you reshape: movedim(2, -1).":
            out.reshape(-1, 6)[order[:20], :2],
    })  # fmt: skip
    raw = rows(positive)[:, 2:]
    expect_close(offsets, raw, name="offsets of the positive anchors", mistakes={
        "tx and ty are returned as they are here, without the sigmoid.":
            torch.cat([raw[:, :2].sigmoid() - 0.5, raw[:, 2:]], dim=1),
    })  # fmt: skip
    size, middle = coord[:, 2:] - coord[:, :2], (coord[:, 2:] + coord[:, :2]) / 2
    expect_shape(proposals, (6, 4), name="proposals")
    moved = middle + size * rows(positive)[:, 2:4]
    centres = (proposals[:, :2] + proposals[:, 2:]) / 2
    expect_close(centres, moved, atol=1e-4, name="centres of the proposals", mistakes={
        "These proposals were made by YOLO's method; this module uses the method \"FasterRCNN\".": middle + raw[:, :2],
    })  # fmt: skip
    grown = size * rows(positive)[:, 4:].exp()
    expect_close(proposals[:, 2:] - proposals[:, :2], grown, atol=1e-4, name="sizes of the proposals")


@task("RPN.forward", share=40, loans=LOANS_OF_THE_LOSS)
def check_rpn_loss_of_a_case_by_hand(student, rng):
    """The loss agrees with the formula on a case with known positive, neutral and negative anchors."""
    B, A, H, W = 2, 1, 3, 4
    scores, offsets = rng.normal(B, A, 2, H, W), 0.3 * rng.normal(B, A, 4, H, W)
    # Anchors of 2 x 2 cells. The box in image 0 is the anchor of row 1, column 2, moved a quarter to the right.
    bboxes = tensor(rng, [[[1.75, 0.5, 3.75, 2.5, 2.0]], [[-1.0] * 5]])
    rpn = toy_rpn(student, student.define(TOYS), scores, offsets, [[2.0, 2.0]])
    images = rng.uniform(B, 3, 8 * H, 8 * W, dtype=torch.float32)
    loss = rpn(images, bboxes)
    expect_images_handed_on(rpn, images)

    # Its IoU with the anchor is 0.78, with the next one to the right 0.4545: neutral. All others are below 0.3.
    log = scores.log_softmax(dim=2)
    negative = torch.ones(B, A, H, W, dtype=torch.bool, device=rng.device)
    negative[0, 0, 1, 2] = negative[0, 0, 1, 3] = False
    background, thing = -log[:, :, 1][negative].sum(), -log[0, 0, 0, 1, 2]
    move = (offsets[0, 0, :, 1, 2] - tensor(rng, [0.125, 0, 0, 0])).square().sum()
    right = tensor(rng, [0.125, 0, 0, 0])
    total = background + thing + 10 * move
    expect_close(loss, total, check_dtype=False, name="the loss", mistakes={
        "The factor 10 of the offsets is missing.": background + thing + move,
        "These are the offsets of YOLO's method; divide them by the anchor's size.":
            background + thing + 10 * (offsets[0, 0, :, 1, 2] - tensor(rng, [0.25, 0, 0, 0])).square().sum(),
        "Object and background are swapped: index 0 is the object.":
            -log[:, :, 0][negative].sum() - log[0, 0, 1, 1, 2] + 10 * move,
        "The neutral anchor was counted as negative.": total - log[0, 0, 1, 1, 3],
        "The offsets' differences are squared, not absolute values.":
            background + thing + 10 * (offsets[0, 0, :, 1, 2] - right).abs().sum(),
        "The offsets' loss is 10 times the plain square: not 5 times, as in one stage, nor smooth L1, which halves it.":
            background + thing + 10 * F.smooth_l1_loss(offsets[0, 0, :, 1, 2], right, reduction="sum"),
        "The loss was divided by the number of all asked anchors; divide it by that of the positive ones.":
            total / int(negative.sum() + 1),
        "The cross-entropy was averaged; divide the sums by the number of positive anchors.":
            (background + thing) / int(negative.sum() + 1) + 10 * move,
        "The loss was divided by the number of images; divide it by the number of positive anchors.": total / B,
        "The loss of the offsets is missing.": background + thing,
        "The loss of the scores is missing.": 10 * move,
    })  # fmt: skip


@task("RPN.inference", share=50, loans=LOANS_OF_INFERENCE, any_dtype=True, keeps=True)
def check_rpn_gives_sure_proposals(student, rng):
    """Inference returns the proposals whose object probability is above the threshold, moved by their offsets."""
    B, A, H, W = 2, 2, 3, 4
    offsets = 0.2 * rng.uniform(B, A, 4, H, W)
    scores = torch.zeros_like(offsets[:, :, :2])
    scores[:, :, 1] = 1 + rng.uniform(B, A, H, W)
    places = [[(0, 0, 1, 3.0), (1, 2, 3, 2.0)], [(0, 1, 0, 2.5)]]
    for image, found in enumerate(places):
        for a, i, j, lead in found:
            scores[image, a, 0, i, j] = scores[image, a, 1, i, j] + lead
    shapes = [[1.0, 1.5], [0.5, 0.75]]
    rpn = toy_rpn(student, student.define(TOYS), scores, offsets, shapes).eval()
    with explain_errors({"must match the size": MOVED}):
        images = rng.uniform(B, 3, 24, 32, dtype=torch.float32)
        result = rpn.inference(images, thresh=0.5)
    expect_images_handed_on(rpn, images)
    expect(
        is_sequence(result) and len(result) == 2,
        'With the default mode="RPN", inference returns two lists: boxes and confidences.',
        hint='The features are the third result only with mode="FasterRCNN".',
    )
    boxes, confidences = result
    kept, right = [len(part) for part in boxes], [len(found) for found in places]
    expect(
        kept != [A * H * W - count for count in right],
        Message(
            "inference kept {kept} proposals; {right} have an object's probability above 0.5.", kept=kept, right=right
        ),
        hint="These are the others: index 0 of the two scores is the object, index 1 the background.",
    )
    for image, found in enumerate(places):
        size = tensor(rng, [shapes[a] for a, *_ in found])
        move = torch.stack([offsets[image, a, :, i, j] for a, i, j, _ in found])
        middle = tensor(rng, [(j + 0.5, i + 0.5) for _, i, j, _ in found]) + move[:, :2] * size
        half = size * move[:, 2:].exp() / 2
        right, centre = torch.cat([middle - half, middle + half], dim=1), middle - move[:, :2] * size
        expect_close(boxes[image], right, name=Message("boxes of image {image}", image=image), mistakes={
            "These are the anchors: move and stretch them by the offsets.":
                torch.cat([centre - size / 2, centre + size / 2], dim=1),
            "The offsets were applied by YOLO's method; use \"FasterRCNN\".":
                torch.cat([centre + move[:, :2] - half, centre + move[:, :2] + half], dim=1),
            "These are pixels; return boxes in cells of the activation map.": 8 * right,
            "The proposals were cut off at the border of the map; parts of a box may lie outside.": right.clamp(min=0),
        })  # fmt: skip
        leads = tensor(rng, [lead for *_, lead in found])
        objects = torch.stack([scores[image, a, 0, i, j] for a, i, j, _ in found])
        expect_close(confidences[image], leads.sigmoid(),
                     name=Message("confidences of image {image}", image=image), mistakes={
            "This is the sigmoid of the object's score; the confidence is the softmax of both scores.":
                objects.sigmoid(),
            "This is the probability of background; index 0 is the object.": (-leads).sigmoid(),
            "These are scores; the confidence is their softmax.": objects,
        })  # fmt: skip
