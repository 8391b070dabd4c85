"""A single-stage detector whose backbone and prediction network give the outputs that a check chooses."""

import torch
from oracles import PARTS

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
        cells = self.scores[:, None].expand(B, A, -1, H, W)
        return (
            self.confidence.flatten()[torch.cat([pos_anchor_idx, neg_anchor_idx])][:, None],
            self.offsets.permute(0, 1, 3, 4, 2).reshape(-1, 4)[pos_anchor_idx],
            cells.permute(0, 1, 3, 4, 2).reshape(B * A * H * W, -1)[pos_anchor_idx],
        )
"""
)


def toy_detector(student, toys, confidence, offsets, scores, anchors):
    """Make a detector whose prediction network has these outputs."""
    B, _, H, W = confidence.shape
    detector = student.SingleStageDetector(num_classes=scores.shape[1], anchors=anchors, drop_ratio=0.0)
    detector.feat_extractor = toys.Features(torch.zeros(B, 1, H, W, dtype=confidence.dtype, device=confidence.device))
    detector.pred_network = toys.Predictions(confidence, offsets, scores)
    return detector.to(confidence.device)
