"""What the checks of both detectors share: numbers, and parts that are put into a detector."""

import torch
from torch import Tensor

# Source of parts that say what a check wants them to say, and of access to weights, for the student's process.
PARTS = """
import torch
from torch import nn
from autograder.probes.layers import load, tables


class Features(nn.Module):
    def __init__(self, maps):
        super().__init__()
        self.maps = nn.Parameter(maps)

    def forward(self, images):
        return self.maps[: len(images)]


def get_weights(network, features):
    return tables(network, features)


def set_weights(network, features, values):
    network.eval()
    load(network, values, features)
"""


def tensor(rng, rows, dtype=torch.float64) -> Tensor:
    """Numbers on the run's device."""
    return torch.tensor(rows, dtype=dtype, device=rng.device)


def shot(rng, boxes, scores=None, labels=None) -> dict:
    """One image's predictions or, without scores, targets."""
    table = {"boxes": tensor(rng, boxes).reshape(-1, 4), "labels": tensor(rng, labels or [0] * len(boxes), torch.int64)}
    return table if scores is None else {**table, "scores": tensor(rng, scores)}
