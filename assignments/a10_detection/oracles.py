"""What the checks of both detectors share: tensors, networks with given weights, and a detector's parts."""

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from autograder import Message, expect, expect_equal, expect_state_kept, is_sequence
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
        self.images = images.detach()
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


@dataclass(frozen=True)
class Weighted:
    """A student's network with random weights, and these weights, to compute the same by formulas."""

    network: Any
    values: list[dict[str, Tensor]]

    def by(self, formula: Formula, features: Tensor) -> Tensor:
        """Compute the formula with these weights."""
        return replay(formula, self.values, features, train=False)


def weighted(student, rng, network, features: Tensor, formula: Formula, scale: float, call: str) -> Weighted:
    """Give a network random weights; ``call`` made it. The check fails if it has other layers than the formula."""
    loader = student.define(PARTS)
    found = loader.get_weights(network, features)
    values = [{name: scale * rng.normal(*value.shape, dtype=value.dtype) for name, value in t.items()} for t in found]
    loader.set_weights(network, features, values)
    problem = complaint(formula, values, features)
    expect(not problem, Message("{call} is not the network described: {problem}.", call=call, problem=problem))
    return Weighted(network, values)


def matching_hint(found: Any, expected: Tensor, rule: str) -> str:
    """Return a hint for wrong matches: about the thresholds if the positive anchors are right, else the ``rule``."""
    alike = isinstance(found, Tensor) and found.shape == expected.shape and not found.is_floating_point()
    if alike and torch.equal(found.clamp(min=-1), expected.clamp(min=-1)):
        return (
            "The positive anchors are right. Of the others, those whose IoU with every box is below neg_thresh are "
            "negative, -1; the rest are neutral, -2."
        )
    return rule


def expect_images_handed_on(detector, images: Tensor) -> None:
    """Expect that the stand-in for the backbone got the images as they are."""
    expect_equal(
        detector.feat_extractor.images,
        images,
        name="what feat_extractor gets",
        hint="Hand the images to self.feat_extractor as they are.",
    )


def expect_modes_kept(student, detector, call) -> None:
    """Expect that ``call()`` leaves the detector's modes as they are, and all else but its running statistics."""
    for training in (True, False):
        detector.train(training)
        with expect_state_kept(student, may_change=("buffers",), detector=detector):
            call()


def curve_of(curve: Any) -> tuple[Any, Any]:
    """Return recall and precision; the check fails if they are not two tensors."""
    expect(
        is_sequence(curve) and len(curve) == 2,
        Message(
            "precision_recall returned an object of type {kind}; return recall and precision.",
            kind=type(curve).__name__,
        ),
    )
    hint = "Convert a list with torch.tensor(values, dtype=torch.float64)."
    for name, values in zip(("recall", "precision"), curve, strict=True):
        expect(
            isinstance(values, Tensor),
            Message("{name} is of type {kind}, not a tensor.", name=name, kind=type(values).__name__),
            hint,
        )
    return curve[0], curve[1]


def mean_at(recall: list, precision: list, count: int) -> float:
    """Compute the mean of the best precision at so many recalls from 0 to 1, as PASCAL VOC (11) or COCO (101) does."""
    points = [[p for r, p in zip(recall, precision, strict=True) if r >= t / (count - 1)] for t in range(count)]
    return sum(max(reached, default=0.0) for reached in points) / count
