"""RoI Align by torch's own sampling, and two stages whose parts give the outputs that a check chooses."""

import torch
from oracles import PARTS, tensor
from torch import Tensor
from torch.nn import functional as F

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
        scores = self.scores.permute(0, 1, 3, 4, 2).reshape(-1, 2)[torch.cat([pos_anchor_idx, neg_anchor_idx])]
        offsets = self.offsets.permute(0, 1, 3, 4, 2).reshape(-1, 4)[pos_anchor_idx]
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
        self.found = found

    def forward(self, images, bboxes, output_mode="loss"):
        return self.table["loss"] if output_mode == "loss" else {**self.table, "features": self.features}

    def inference(self, images, thresh=0.5, nms_thresh=0.7, mode="RPN"):
        boxes, confidences = zip(*[(b[c > thresh], c[c > thresh]) for b, c in self.found])
        return list(boxes), list(confidences), self.features


def weights(network):
    return [p.detach() for p in network.parameters()]
"""
)


def sampled(features: Tensor, boxes: Tensor, size: tuple[int, int]) -> Tensor:
    """Compute RoI Align with torch's grid_sample: 2 x 2 points in each bin, then their mean. (R, C, height, width)"""
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
    """Draw boxes inside the map, each with the number of its image: (R, 5)."""
    ends = rng.uniform(count, 2, 2).sort(dim=1).values * tensor(rng, [float(W), float(H)])
    return torch.cat([rng.integers(0, images, count, 1).double(), ends.flatten(1)], dim=1)


def toy_rpn(student, toys, scores, offsets, anchors):
    """Make a proposal network whose proposal module has these outputs."""
    B, _, _, H, W = scores.shape
    rpn = student.RPN(hidden_dim=4, drop_ratio=0.0, anchors=anchors)
    rpn.feat_extractor = toys.Features(torch.arange(B * H * W, device=scores.device).reshape(B, 1, H, W).to(scores))
    rpn.prop_module = toys.Proposals(scores, offsets)
    return rpn.to(scores.device)


def toy_detector(student, rng, B, C, H, W, classes, count, found=()):
    """Make a two-stage detector with a given first stage; return it with its parts for the oracle."""
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
