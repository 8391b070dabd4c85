"""What the checks of both detectors share: tensors, networks with given weights, and a detector's parts."""

from typing import Any

import torch
from torch import Tensor

from autograder import expect
from autograder.probes.layers import Formula, complaint, replay

# A backbone with given features, and access to weights, for the student's process.
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
    """Return the numbers as a tensor on the run's device."""
    return torch.tensor(rows, dtype=dtype, device=rng.device)


def shot(rng, boxes, scores=None, labels=None) -> dict:
    """Return one image's predictions or, without scores, its targets."""
    table = {"boxes": tensor(rng, boxes).reshape(-1, 4), "labels": tensor(rng, labels or [0] * len(boxes), torch.int64)}
    return table if scores is None else {**table, "scores": tensor(rng, scores)}


def outputs_of(student, rng, network, features: Tensor, formula: Formula, scale: float, call: str) -> Any:
    """Give a network random weights, and return the formula's result with them; ``call`` made the network.

    The check fails when the network has other layers than the formula.
    """
    loader = student.define(PARTS)
    found = loader.get_weights(network, features)
    values = [{name: scale * rng.normal(*value.shape, dtype=value.dtype) for name, value in t.items()} for t in found]
    loader.set_weights(network, features, values)
    problem = complaint(formula, values, features)
    expect(not problem, f"{call} is not the network described: {problem}.")
    return replay(formula, values, features, train=False)


def mean_at(recall: list, precision: list, count: int) -> float:
    """Compute the mean of the best precision at so many recalls from 0 to 1, as PASCAL VOC (11) or COCO (101) does."""
    points = [[p for r, p in zip(recall, precision, strict=True) if r >= t / (count - 1)] for t in range(count)]
    return sum(max(reached, default=0.0) for reached in points) / count
