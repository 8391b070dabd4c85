"""Public checks of a10, two_stage_detector: cases by hand, torch's own sampling, parts that say what they are told."""

import torch
from torch import Tensor
from torch.nn import functional as F

from autograder import expect, expect_close, expect_equal, expect_shape, forbid, task
from common.roles import Recipe

READY_MADE = [
    "F.grid_sample", "F.affine_grid", "F.interpolate", "F.upsample", "F.unfold", "nn.Upsample*", "torchvision",
]  # fmt: skip

# Parts that say what the check wants them to say, to be put into a detector.
TOYS = """
import torch
from torch import nn
from common.roles import load, tables


class Features(nn.Module):
    def __init__(self, maps):
        super().__init__()
        self.maps = nn.Parameter(maps)

    def forward(self, images):
        return self.maps[: len(images)]


class Proposals(nn.Module):
    def __init__(self, scores, offsets):
        super().__init__()
        self.scores, self.offsets = nn.Parameter(scores), nn.Parameter(offsets)

    def forward(self, features, pos_anchor_coord=None, pos_anchor_idx=None, neg_anchor_idx=None):
        from single_stage_detector import GenerateProposal

        if pos_anchor_idx is None:
            return self.scores[: len(features)], self.offsets[: len(features)]
        scores = self.scores.permute(0, 1, 3, 4, 2).reshape(-1, 2)[torch.cat([pos_anchor_idx, neg_anchor_idx])]
        offsets = self.offsets.permute(0, 1, 3, 4, 2).reshape(-1, 4)[pos_anchor_idx]
        proposals = GenerateProposal(pos_anchor_coord, offsets, "FasterRCNN")
        return scores, offsets, proposals


class FirstStage(nn.Module):
    def __init__(self, loss, features, proposals, images, labels, found):
        super().__init__()
        self.features = nn.Parameter(features)
        self.table = {"loss": loss, "proposals": proposals, "images": images, "labels": labels}
        self.found = found

    def forward(self, images, bboxes, output_mode="loss"):
        return self.table["loss"] if output_mode == "loss" else {**self.table, "features": self.features}

    def inference(self, images, thresh=0.5, nms_thresh=0.7, mode="RPN"):
        boxes, confidences = zip(*[(b[c > thresh], c[c > thresh]) for b, c in self.found])
        return list(boxes), list(confidences), self.features


def weights(network):
    return [p.detach() for p in network.parameters()]


def get_weights(network, features):
    return tables(network, features)


def set_weights(network, features, values):
    network.eval()
    load(network, values, features)
"""


def tensor(rng, rows, dtype=torch.float64) -> Tensor:
    """Numbers on the run's device."""
    return torch.tensor(rows, dtype=dtype, device=rng.device)


def sampled(features: Tensor, boxes: Tensor, size: tuple[int, int]) -> Tensor:
    """RoI Align by torch's grid_sample: 2 x 2 points in each bin, then their mean. (R, C, height, width)"""
    _, _, H, W = features.shape
    image, *sides = boxes.T

    def points(low: Tensor, high: Tensor, count: int, cells: int) -> Tensor:
        steps = (2 * torch.arange(count, dtype=boxes.dtype, device=boxes.device) + 1) / (2 * count)
        return 2 * torch.lerp(low[:, None], high[:, None], steps) / cells - 1  # (R, count), -1 .. 1 over the map

    x, y = points(*sides[0::2], 2 * size[1], W), points(*sides[1::2], 2 * size[0], H)
    shape = (len(boxes), y.shape[1], x.shape[1])
    where = torch.stack([x[:, None].expand(shape), y[:, :, None].expand(shape)], dim=-1)
    samples = F.grid_sample(features[image.long()], where, padding_mode="border", align_corners=False)
    return F.avg_pool2d(samples, 2)


def rois_of(rng, images: int, count: int, H: int, W: int) -> Tensor:
    """Boxes inside the map, each with the number of its image: (R, 5)."""
    ends = rng.uniform(count, 2, 2).sort(dim=1).values * tensor(rng, [float(W), float(H)])
    return torch.cat([rng.integers(0, images, count, 1).double(), ends.flatten(1)], dim=1)


def proposal_module(student, rng, in_dim, hidden, A, features):
    """A module with random weights, and the output of its last convolution by torch: (B, A, 6, H, W)."""
    module = student.ProposalModule(in_dim, hidden_dim=hidden, num_anchors=A, drop_ratio=0.5).to(rng.device)
    toys = student.define(TOYS)
    found = toys.get_weights(module, features)
    values = [{name: 0.3 * rng.normal(*value.shape, dtype=value.dtype) for name, value in t.items()} for t in found]
    toys.set_weights(module, features, values)
    recipe = Recipe(values, train=False)
    try:
        out = recipe.conv(F.leaky_relu(recipe.conv(features, hidden, 3, pad=1)), 6 * A, 1)
        recipe.finish()
    except LookupError as error:
        expect(False, f"ProposalModule({in_dim}, hidden_dim={hidden}, ...) is not the one described: {error}.")
    return module, out.reshape(len(features), A, 6, *features.shape[2:])


@task("ProposalModule", points=2)
def check_proposal_module_predicts_all_anchors(student, rng):
    """Without indices, the module gives two scores and four offsets for each anchor, as the convolutions leave them."""
    features = rng.normal(2, 6, 3, 5, dtype=torch.float32)
    module, out = proposal_module(student, rng, 6, 7, 3, features)
    scores, offsets = module(features)
    expect_close(scores, out[:, :, :2], name="scores", mistakes={
        "Channels were read as 6 x A; the six channels of one anchor stand together.":
            out.flatten(1, 2).reshape(2, 6, 3, 3, 5)[:, :2].transpose(1, 2),
        "The softmax comes later: scores are returned as they are.": out[:, :, :2].softmax(dim=2),
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


def toy_rpn(student, toys, scores, offsets, anchors):
    """A proposal network whose backbone and proposal module say what is given."""
    B, _, _, H, W = scores.shape
    rpn = student.RPN(hidden_dim=4, drop_ratio=0.0, anchors=anchors)
    rpn.feat_extractor = toys.Features(torch.arange(B * H * W, device=scores.device).reshape(B, 1, H, W).to(scores))
    rpn.prop_module = toys.Proposals(scores, offsets)
    return rpn.to(scores.device)


@task("RPN.forward", points=2)
def check_rpn_loss_of_a_case_by_hand(student, rng):
    """The loss is what the formula gives where it is plain which anchors are positive, neutral and negative."""
    B, A, H, W = 2, 1, 3, 4
    scores, offsets = rng.normal(B, A, 2, H, W), 0.3 * rng.normal(B, A, 4, H, W)
    # Anchors of 2 x 2 cells. The box in image 0 is the anchor of row 1, column 2, moved a quarter to the right.
    bboxes = tensor(rng, [[[1.75, 0.5, 3.75, 2.5, 2.0]], [[-1.0] * 5]])
    loss = toy_rpn(student, student.define(TOYS), scores, offsets, [[2.0, 2.0]])(
        rng.uniform(B, 3, 8 * H, 8 * W, dtype=torch.float32), bboxes
    )

    # Its IoU with the anchor is 0.78, with the next one to the right 0.4545: neutral. All others are below 0.3.
    log = scores.log_softmax(dim=2)
    quiet = torch.ones(B, A, H, W, dtype=torch.bool, device=rng.device)
    quiet[0, 0, 1, 2] = quiet[0, 0, 1, 3] = False
    background, thing = -log[:, :, 1][quiet].sum(), -log[0, 0, 0, 1, 2]
    move = (offsets[0, 0, :, 1, 2] - tensor(rng, [0.125, 0, 0, 0])).square().sum()
    expect_close(loss, background + thing + 10 * move, check_dtype=False, name="the loss", mistakes={
        "The offsets' term lacks its factor 10.": background + thing + move,
        "The right offsets are those of YOLO's method; they must be divided by the anchor's size.":
            background + thing + 10 * (offsets[0, 0, :, 1, 2] - tensor(rng, [0.25, 0, 0, 0])).square().sum(),
        "Object and background are swapped: index 0 is object.":
            -log[:, :, 0][quiet].sum() - log[0, 0, 1, 1, 2] + 10 * move,
        "The neutral anchor was counted as negative.": background + thing + 10 * move - log[0, 0, 1, 1, 3],
    })  # fmt: skip


@task("RPN.inference", points=2)
def check_rpn_gives_sure_proposals(student, rng):
    """Inference gives the proposals whose probability of object is above the threshold, moved by their offsets."""
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


@task("roi_align", points=2)
def check_roi_align_agrees_with_grid_sample(student, rng):
    """RoI Align agrees with torch's bilinear sampling at 2 x 2 points in each bin, averaged."""
    forbid(student, "roi_align", calls=READY_MADE)
    features, boxes = rng.normal(3, 4, 6, 9), rois_of(rng, 3, 7, 6, 9)
    expect_close(student.roi_align(features, boxes, (2, 3)), sampled(features, boxes, (2, 3)), mistakes={
        "Width and height of the output are swapped: output_size is (height, width).":
            lambda: sampled(features, boxes, (3, 2)),
        "The centre of the first cell is at 0.5, not at 0.":
            lambda: sampled(features, boxes + tensor(rng, [0, 0.5, 0.5, 0.5, 0.5]), (2, 3)),
        "All boxes were cut out of the first image.":
            lambda: sampled(features, boxes * tensor(rng, [0, 1, 1, 1, 1]), (2, 3)),
    })  # fmt: skip


@task("roi_align", points=1)
def check_roi_align_of_ramps(student, rng):
    """On a map whose value is x, and one whose value is y, the bins have the x and y of their centres."""
    forbid(student, "roi_align", calls=READY_MADE)
    y, x = torch.meshgrid(torch.arange(5.0) + 0.5, torch.arange(8.0) + 0.5, indexing="ij")
    features = torch.stack([x, y])[None].double().to(rng.device)
    out = student.roi_align(features, tensor(rng, [[0.0, 1.0, 0.5, 7.0, 3.5]]), (2, 3))
    expect_close(out[0, 0], tensor(rng, [[2.0, 4.0, 6.0], [2.0, 4.0, 6.0]]), name="the map of x")
    expect_close(out[0, 1], tensor(rng, [[1.25, 1.25, 1.25], [2.75, 2.75, 2.75]]), name="the map of y")


def toy_detector(student, rng, B, C, H, W, classes, count, found=()):
    """A two-stage detector with a first stage that says what is given; its parts for the oracle."""
    features, boxes = rng.normal(B, C, H, W), rois_of(rng, B, count, H, W)
    labels, loss = rng.integers(0, classes, count), rng.uniform(1)[0]
    size = {"roi_output_h": 3, "roi_output_w": 2}
    detector = student.TwoStageDetector(in_dim=C, hidden_dim=5, num_classes=classes, drop_ratio=0.0, **size)
    toys = student.define(TOYS)
    detector.rpn = toys.FirstStage(loss, features, boxes[:, 1:], boxes[:, 0].long(), labels, list(found))
    detector = detector.double().to(rng.device)
    w1, b1, w2, b2 = toys.weights(detector.classifier)

    def classify(rois: Tensor) -> Tensor:
        return F.linear(F.linear(sampled(features, rois, (3, 2)).flatten(1), w1, b1).relu(), w2, b2)

    return detector, classify, boxes, labels, loss


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
    """Each proposal gets the class of the largest score, and the product of both probabilities as its confidence."""
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
