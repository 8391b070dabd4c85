"""A single-stage detector whose backbone and prediction network give the outputs that a check chooses."""

import torch
from oracles import PARTS, Weighted, weighted
from torch import Tensor
from torch.nn import functional as F

from autograder.probes.layers import Formula, Recipe

# A prediction network with given outputs, to replace the detector's.
TOYS = (
    PARTS
    + """

class Predictions(nn.Module):
    def __init__(self, confidence, offsets, scores):
        super().__init__()
        self.confidence, self.offsets, self.scores = map(nn.Parameter, (confidence, offsets, scores))

    def forward(self, features, pos_anchor_idx=None, neg_anchor_idx=None):
        B, A, H, W = self.confidence.shape
        if pos_anchor_idx is None:
            return tuple(part[: len(features)] for part in (self.confidence, self.offsets, self.scores))
        tie = (features - features.detach()).sum(dim=1, keepdim=True)  # zero; the gradients reach the features
        cells = (self.scores + tie)[:, None].expand(B, A, -1, H, W)
        return (
            (self.confidence + tie).flatten()[torch.cat([pos_anchor_idx, neg_anchor_idx])][:, None],
            (self.offsets + tie[:, None]).permute(0, 1, 3, 4, 2).reshape(-1, 4)[pos_anchor_idx],
            cells.permute(0, 1, 3, 4, 2).reshape(B * A * H * W, -1)[pos_anchor_idx],
        )
"""
)


def toy_detector(student, toys, confidence, offsets, scores, anchors):
    """Make a detector whose prediction network has these outputs."""
    B, _, H, W = confidence.shape
    detector = student.SingleStageDetector(num_classes=scores.shape[1], anchors=anchors, drop_ratio=0.0)
    detector.feat_extractor = toys.Features(torch.arange(B * H * W).reshape(B, 1, H, W).to(confidence))
    detector.pred_network = toys.Predictions(confidence, offsets, scores)
    return detector.to(confidence.device)


def prediction_network(student, rng, in_dim: int, hidden: int, A: int, C: int, features: Tensor) -> Weighted:
    """Make a prediction network with random weights."""
    network = student.PredictionNetwork(in_dim, hidden_dim=hidden, num_anchors=A, num_classes=C, drop_ratio=0.5)
    call = f"PredictionNetwork({in_dim}, hidden_dim={hidden}, ...)"
    return weighted(student, rng, network.to(rng.device), features.float(), channels(hidden, A, C), 0.5, call)


def channels(hidden: int, A: int, C: int, slope: float = 0.01) -> Formula:
    """Return the formula of the second convolution's output: (B, 5A + C, H, W)."""

    def formula(layers: Recipe, x: Tensor) -> Tensor:
        return layers.conv(F.leaky_relu(layers.conv(x, hidden, 1), slope), 5 * A + C, 1)

    return formula


def asked_for(out: Tensor, A: int, positive: Tensor, negative: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Return confidences, offsets and class scores of these anchors, from the second convolution's output."""
    B, _, H, W = out.shape
    anchors = out[:, : 5 * A].reshape(B, A, 5, H, W)
    image, rest = positive // (A * H * W), positive % (A * H * W)
    shape, row, column = rest // (H * W), rest % (H * W) // W, rest % W
    confidence = anchors[:, :, 0].sigmoid().flatten()[torch.cat([positive, negative]), None]
    raw = anchors[image, shape, :, row, column][:, 1:]
    offsets = torch.cat([raw[:, :2].sigmoid() - 0.5, raw[:, 2:]], dim=1)
    return confidence, offsets, out[image, 5 * A :, row, column]
