"""RoI Align by torch's own sampling, and two stages whose parts give the outputs that a check chooses."""

from dataclasses import dataclass

import torch
from oracles import PARTS, Weighted, tensor, weighted
from torch import Tensor
from torch.nn import functional as F

from autograder.probes.layers import Formula, Recipe

READY_MADE = [
    "F.grid_sample", "F.affine_grid", "F.interpolate", "F.upsample", "F.unfold", "nn.Upsample*", "torchvision",
]  # fmt: skip

# A proposal module and a first stage with given outputs, to replace a detector's.
TOYS = (
    PARTS
    + """

class Proposals(nn.Module):
    def __init__(self, scores, offsets):
        super().__init__()
        self.scores, self.offsets = nn.Parameter(scores), nn.Parameter(offsets)

    def forward(self, features, pos_anchor_coord=None, pos_anchor_idx=None, neg_anchor_idx=None):
        if pos_anchor_idx is None:
            return self.scores[: len(features)], self.offsets[: len(features)]
        tie = (features - features.detach()).sum(dim=1)[:, None, None]  # zero; the gradients reach the features
        rows = (self.scores + tie).permute(0, 1, 3, 4, 2).reshape(-1, 2)
        scores = rows[torch.cat([pos_anchor_idx, neg_anchor_idx])]
        offsets = (self.offsets + tie).permute(0, 1, 3, 4, 2).reshape(-1, 4)[pos_anchor_idx]
        low, high = pos_anchor_coord.chunk(2, dim=1)
        centres = (low + high) / 2 + offsets[:, :2] * (high - low)
        halves = (high - low) * offsets[:, 2:].exp() / 2
        proposals = torch.cat([centres - halves, centres + halves], dim=1)
        return scores, offsets, proposals


class FirstStage(nn.Module):
    def __init__(self, loss, features, proposals, images, labels, found):
        super().__init__()
        self.features = nn.Parameter(features)
        self.table = {"loss": loss, "proposals": proposals, "images": images, "labels": labels}
        self.found, self.thresholds = found, []

    def forward(self, images, bboxes, output_mode="loss"):
        return self.table["loss"] if output_mode == "loss" else {**self.table, "features": self.features}

    def inference(self, images, thresh=0.5, nms_thresh=0.7, mode="RPN"):
        self.thresholds.append((thresh, nms_thresh))
        boxes, confidences = zip(*[(b[c > thresh], c[c > thresh]) for b, c in self.found])
        return list(boxes), list(confidences), self.features


def set_linear(network, values):
    with torch.no_grad():
        for parameter, value in zip(network.parameters(), values, strict=True):
            parameter.copy_(value)


def thresholds(stage):
    return stage.thresholds
"""
)


def sampled(
    features: Tensor,
    boxes: Tensor,
    size: tuple[int, int],
    *,
    points: int = 2,
    mode: str = "bilinear",
    ends: bool = False,
    maximum: bool = False,
    mirrored: bool = False,
    padding: str = "border",
) -> Tensor:
    """Compute RoI Align with torch's grid_sample: points x points in each bin, then their mean. (R, C, height, width)

    The other options are known mistakes: points from border to border, the maximum, points mirrored between cells.
    """
    _, _, H, W = features.shape
    image, *sides = boxes.T

    def along(low: Tensor, high: Tensor, count: int, cells: int) -> Tensor:
        steps = (2 * torch.arange(count, dtype=boxes.dtype, device=boxes.device) + 1) / (2 * count)
        steps = torch.linspace(0, 1, count, dtype=boxes.dtype, device=boxes.device) if ends else steps
        at = torch.lerp(low[:, None], high[:, None], steps)  # (R, count)
        at = 2 * at.clamp(0.5, cells - 0.5).add(0.5).floor() - at.clamp(0.5, cells - 0.5) if mirrored else at
        return 2 * at / cells - 1  # -1 .. 1 over the map

    x, y = along(*sides[0::2], points * size[1], W), along(*sides[1::2], points * size[0], H)
    shape = (len(boxes), y.shape[1], x.shape[1])
    where = torch.stack([x[:, None].expand(shape), y[:, :, None].expand(shape)], dim=-1)
    samples = F.grid_sample(features[image.long()], where, mode=mode, padding_mode=padding, align_corners=False)
    return F.max_pool2d(samples, points) if maximum else F.avg_pool2d(samples, points)


def rois_of(rng, images: int, count: int, H: int, W: int) -> Tensor:
    """Draw boxes inside the map, each with the number of its image: (R, 5)."""
    ends = rng.uniform(count, 2, 2).sort(dim=1).values * tensor(rng, [float(W), float(H)])
    return torch.cat([rng.integers(0, images, count, 1).double(), ends.flatten(1)], dim=1)


def channels(hidden: int, A: int, slope: float = 0.01, pad: int = 1) -> Formula:
    """Return the formula of the second convolution's output."""

    def formula(layers: Recipe, x: Tensor) -> Tensor:
        return layers.conv(F.leaky_relu(layers.conv(x, hidden, 3, pad=pad), slope), 6 * A, 1)

    return formula


def proposal_module(student, rng, in_dim: int, hidden: int, A: int, features: Tensor) -> Weighted:
    """Make a module with random weights."""
    module = student.ProposalModule(in_dim, hidden_dim=hidden, num_anchors=A, drop_ratio=0.5).to(rng.device)
    call = f"ProposalModule({in_dim}, hidden_dim={hidden}, ...)"
    return weighted(student, rng, module, features, channels(hidden, A), 0.3, call)


def six(made: Weighted, A: int, hidden: int, features: Tensor, slope: float = 0.01) -> Tensor:
    """Return the second convolution's output: (B, A, 6, H, W)."""
    out = made.by(channels(hidden, A, slope), features)
    return out.reshape(len(features), A, 6, *features.shape[2:])


def toy_rpn(student, toys, scores, offsets, anchors):
    """Make a proposal network whose proposal module has these outputs."""
    B, _, _, H, W = scores.shape
    rpn = student.RPN(hidden_dim=4, drop_ratio=0.0, anchors=anchors)
    rpn.feat_extractor = toys.Features(torch.arange(B * H * W, device=scores.device).reshape(B, 1, H, W).to(scores))
    rpn.prop_module = toys.Proposals(scores, offsets)
    return rpn.to(scores.device)


@dataclass(frozen=True)
class SecondStage:
    """The class scores of boxes by torch, with the features and weights of a toy detector."""

    features: Tensor
    values: list[Tensor]

    def __call__(self, rois: Tensor, *, size: tuple[int, int] = (3, 2), last: bool = False) -> Tensor:
        """Classify boxes; another size, and channels last, are known mistakes."""
        w1, b1, w2, b2 = self.values
        pooled = sampled(self.features, rois, size)
        pooled = pooled.movedim(1, -1) if last else pooled
        return F.linear(F.linear(pooled.flatten(1), w1, b1).relu(), w2, b2)


def toy_detector(student, rng, B, C, H, W, classes, count, found=()):
    """Make a two-stage detector with a given first stage; return it with its parts for the oracle."""
    features, boxes = rng.normal(B, C, H, W), rois_of(rng, B, count, H, W)
    labels, loss = rng.integers(0, classes, count), rng.uniform(1)[0]
    size = {"roi_output_h": 3, "roi_output_w": 2}
    detector = student.TwoStageDetector(in_dim=C, hidden_dim=5, num_classes=classes, drop_ratio=0.0, **size)
    toys = student.define(TOYS)
    detector.rpn = toys.FirstStage(loss, features, boxes[:, 1:], boxes[:, 0].long(), labels, list(found))
    detector = detector.double().to(rng.device)
    values = [rng.normal(5, 6 * C), rng.normal(5), rng.normal(classes, 5), rng.normal(classes)]
    toys.set_linear(detector.classifier, values)

    return detector, SecondStage(features, values), boxes, labels, loss
