"""Public checks of the first stage: the proposal module, the loss and the proposals, on cases by hand."""

import torch
from oracles import outputs_of, tensor
from oracles_two_stage import TOYS, toy_rpn
from torch import Tensor
from torch.nn import functional as F

from autograder import expect_close, expect_shape, task
from autograder.probes.layers import Recipe


def proposal_module(student, rng, in_dim, hidden, A, features):
    """Make a module with random weights; return it and its last convolution's output by torch: (B, A, 6, H, W)."""
    module = student.ProposalModule(in_dim, hidden_dim=hidden, num_anchors=A, drop_ratio=0.5).to(rng.device)

    def formula(layers: Recipe, x: Tensor) -> Tensor:
        return layers.conv(F.leaky_relu(layers.conv(x, hidden, 3, pad=1)), 6 * A, 1)

    out = outputs_of(
        student, rng, module, features, formula, 0.3, f"ProposalModule({in_dim}, hidden_dim={hidden}, ...)"
    )
    return module, out.reshape(len(features), A, 6, *features.shape[2:])


@task("ProposalModule", points=2)
def check_proposal_module_predicts_all_anchors(student, rng):
    """Without indices, the module returns two scores and four offsets of each anchor, directly from convolutions."""
    features = rng.normal(2, 6, 3, 5, dtype=torch.float32)
    module, out = proposal_module(student, rng, 6, 7, 3, features)
    scores, offsets = module(features)
    expect_close(scores, out[:, :, :2], name="scores", mistakes={
        "Channels were read as 6 x A; the six channels of one anchor are next to each other.":
            out.flatten(1, 2).reshape(2, 6, 3, 3, 5)[:, :2].transpose(1, 2),
        "Return the scores before the softmax.": out[:, :, :2].softmax(dim=2),
    })  # fmt: skip
    expect_close(offsets, out[:, :, 2:], name="offsets")


@task("ProposalModule", points=1)
def check_proposal_module_picks_the_anchors_asked_for(student, rng):
    """With indices, the module gives those anchors' scores, positive ones first, their offsets and their proposals."""
    A, H, W = 3, 3, 5
    features = rng.normal(2, 6, H, W, dtype=torch.float32)
    module, out = proposal_module(student, rng, 6, 7, A, features)
    order = rng.permutation(2 * A * H * W)
    positive, negative = order[:6], order[6:20]
    low = rng.uniform(6, 2, high=3, dtype=torch.float32)
    coord = torch.cat([low, low + rng.uniform(6, 2, low=0.5, high=2, dtype=torch.float32)], dim=1)
    scores, offsets, proposals = module(features, coord, positive, negative)

    def rows(index: Tensor) -> Tensor:
        image, rest = index // (A * H * W), index % (A * H * W)
        return out[image, rest // (H * W), :, rest % (H * W) // W, rest % W]

    expect_close(scores, rows(order[:20])[:, :2], name="scores")
    expect_close(offsets, rows(positive)[:, 2:], name="offsets of the positive anchors")
    size, middle = coord[:, 2:] - coord[:, :2], (coord[:, 2:] + coord[:, :2]) / 2
    expect_shape(proposals, (6, 4), name="proposals")
    moved = middle + size * rows(positive)[:, 2:4]
    expect_close((proposals[:, :2] + proposals[:, 2:]) / 2, moved, atol=1e-4, name="centres of the proposals")
    grown = size * rows(positive)[:, 4:].exp()
    expect_close(proposals[:, 2:] - proposals[:, :2], grown, atol=1e-4, name="sizes of the proposals")


@task("RPN.forward", points=2)
def check_rpn_loss_of_a_case_by_hand(student, rng):
    """The loss agrees with the formula on a case with known positive, neutral and negative anchors."""
    B, A, H, W = 2, 1, 3, 4
    scores, offsets = rng.normal(B, A, 2, H, W), 0.3 * rng.normal(B, A, 4, H, W)
    # Anchors of 2 x 2 cells. The box in image 0 is the anchor of row 1, column 2, moved a quarter to the right.
    bboxes = tensor(rng, [[[1.75, 0.5, 3.75, 2.5, 2.0]], [[-1.0] * 5]])
    loss = toy_rpn(student, student.define(TOYS), scores, offsets, [[2.0, 2.0]])(
        rng.uniform(B, 3, 8 * H, 8 * W, dtype=torch.float32), bboxes
    )

    # Its IoU with the anchor is 0.78, with the next one to the right 0.4545: neutral. All others are below 0.3.
    log = scores.log_softmax(dim=2)
    negative = torch.ones(B, A, H, W, dtype=torch.bool, device=rng.device)
    negative[0, 0, 1, 2] = negative[0, 0, 1, 3] = False
    background, thing = -log[:, :, 1][negative].sum(), -log[0, 0, 0, 1, 2]
    move = (offsets[0, 0, :, 1, 2] - tensor(rng, [0.125, 0, 0, 0])).square().sum()
    expect_close(loss, background + thing + 10 * move, check_dtype=False, name="the loss", mistakes={
        "The factor 10 of the offsets is missing.": background + thing + move,
        "These are the offsets of YOLO's method; divide them by the anchor's size.":
            background + thing + 10 * (offsets[0, 0, :, 1, 2] - tensor(rng, [0.25, 0, 0, 0])).square().sum(),
        "Object and background are swapped: index 0 is the object.":
            -log[:, :, 0][negative].sum() - log[0, 0, 1, 1, 2] + 10 * move,
        "The neutral anchor was counted as negative.": background + thing + 10 * move - log[0, 0, 1, 1, 3],
    })  # fmt: skip


@task("RPN.inference", points=2)
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
    boxes, confidences = rpn.inference(rng.uniform(B, 3, 24, 32, dtype=torch.float32), thresh=0.5)
    for image, found in enumerate(places):
        size = tensor(rng, [shapes[a] for a, *_ in found])
        move = torch.stack([offsets[image, a, :, i, j] for a, i, j, _ in found])
        middle = tensor(rng, [(j + 0.5, i + 0.5) for _, i, j, _ in found]) + move[:, :2] * size
        half = size * move[:, 2:].exp() / 2
        expect_close(boxes[image], torch.cat([middle - half, middle + half], dim=1), name=f"boxes of image {image}")
        sure = tensor(rng, [lead for *_, lead in found]).sigmoid()  # softmax of two scores
        expect_close(confidences[image], sure, name=f"confidences of image {image}")
