"""What the hidden checks of both detectors share: random boxes, IoU and matching by plain loops, probes of networks."""

from collections.abc import Sequence
from typing import Any

import torch
from oracles import tensor
from torch import Tensor

from autograder import expect, expect_equal, expect_shape
from common.nets.detection import generate_grid

NEGATIVE, NEUTRAL = -1, -2
SHAPES = [[1.25, 1.25], [2.0, 1.5], [1.5, 2.5]]

# For the student's process: the shapes, outputs and gradients of a network, and the training of a detector.
PROBES = """
import torch


def shapes(network):
    return [tuple(p.shape) for p in network.parameters()]


def outputs(network, features, train):
    return network.train(train)(features)


def without_full_gradient(network, *inputs):
    # The numbers of the outputs that give no gradient to some parameter or to the first input.
    inputs[0].requires_grad_()
    numbers = []
    for number, part in enumerate(network.eval()(*inputs)):
        leaves = [inputs[0], *network.parameters()]
        if not part.requires_grad:
            numbers.append(number)
            continue
        total = (part * torch.rand_like(part)).sum()
        found = torch.autograd.grad(total, leaves, retain_graph=True, allow_unused=True)
        numbers += [number] if any(g is None or not g.any() for g in found) else []
    return numbers


def without_gradient(detector, images, bboxes):
    detector(images, bboxes).backward()
    return [name for name, p in detector.named_parameters() if p.grad is None or not p.grad.any()]


def train(detector, images, boxes, steps):
    from common.nets.detection import train_detector

    train_detector(detector, images, boxes, steps=steps)
"""


def judge_dropout(student, networks: dict[float, Any], features: Tensor, number: int, name: str) -> None:
    """Dropout acts in training at the given ratio, and never in evaluation; compare the output of this number."""
    probes = student.define(PROBES)

    def output(ratio: float, train: bool) -> Tensor:
        return probes.outputs(networks[ratio], features, train)[number]

    expect_equal(output(0.0, True), output(0.0, False), name=f"{name} in training and in evaluation, with ratio 0")
    expect_equal(output(0.5, False), output(0.5, False), name=f"{name} of two calls in evaluation")
    same = torch.equal(output(0.5, True), output(0.5, True))
    expect(not same, f"With drop_ratio=0.5, two calls in training gave the same {name}: nothing was dropped.")


def expect_counts(boxes: Any, confidences: Any, classes: Any, counts: Sequence[int]) -> None:
    """Expect so many detections in each image, with int64 classes."""
    for image, count in enumerate(counts):
        expect_shape(boxes[image], (count, 4), name=f"boxes of image {image}")
        expect_shape(confidences[image], (count,), name=f"confidences of image {image}")
        expect_shape(classes[image], (count,), name=f"classes of image {image}")
        expect(classes[image].dtype == torch.int64, f"classes of image {image} are {classes[image].dtype}, not int64.")


def boxes_of(rng, *shape: int, dtype=torch.float64, side: float = 10.0) -> Tensor:
    """Draw boxes with an area, partly beyond [0, side]."""
    middle, half = rng.uniform(*shape, 2, high=side), rng.uniform(*shape, 2, low=0.1, high=side / 3)
    return torch.cat([middle - half, middle + half], dim=-1).to(dtype)


def anchors_of(shapes: list[list[float]] | Tensor, features: Tensor) -> Tensor:
    """Return anchors of these widths and heights in every cell: (B, A, H, W, 4)."""
    centre = generate_grid(features)[:, None]
    half = (torch.as_tensor(shapes, dtype=features.dtype, device=features.device) / 2)[:, None, None]
    return torch.cat([centre - half, centre + half], dim=-1)


def plain_iou(a: list[float], b: list[float]) -> float:
    """Compute the IoU of two boxes by the definition."""
    width = min(a[2], b[2]) - max(a[0], b[0])
    height = min(a[3], b[3]) - max(a[1], b[1])
    shared = max(width, 0.0) * max(height, 0.0)
    return shared / ((a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - shared) if shared > 0 else 0.0


def loop_iou(proposals: Tensor, bboxes: Tensor) -> Tensor:
    """Compute the IoU pair by pair: (B, K, N)."""
    rows = [
        [[plain_iou(p, b[:4]) for b in others.tolist()] for p in image.reshape(-1, 4).tolist()]
        for image, others in zip(proposals, bboxes, strict=True)
    ]
    shape = len(proposals), proposals[0].numel() // 4, bboxes.shape[1]
    return torch.tensor(rows, dtype=proposals.dtype, device=proposals.device).reshape(shape)


def loop_match(anchors: Tensor, bboxes: Tensor, iou: Tensor, pos: float, neg: float, method: str) -> Tensor:
    """Match image by image, anchor by anchor and box by box: (B, A*H*W)."""
    B, A, H, W, _ = anchors.shape
    out = []
    for image in range(B):
        real = [n for n in range(bboxes.shape[1]) if bboxes[image, n, 4] >= 0]
        table = iou[image].tolist()
        row = [NEGATIVE if all(t[n] < neg for n in real) else NEUTRAL for t in table]
        claims = {}
        for n in real:
            if method == "FasterRCNN":
                best = max(t[n] for t in table)
                winners = [k for k, t in enumerate(table) if t[n] >= pos or (t[n] == best and best > 0)]
                claims.update({k: max(real, key=lambda m: (table[k][m], -m)) for k in winners})
                continue
            middle = (bboxes[image, n, :2] + bboxes[image, n, 2:4]) / 2
            centres = ((anchors[image, 0, ..., :2] + anchors[image, 0, ..., 2:]) / 2).reshape(-1, 2)
            cell = min(range(H * W), key=lambda c: (float((centres[c] - middle).abs().sum()), c))
            k = max((a * H * W + cell for a in range(A)), key=lambda k: (table[k][n], -k))
            if table[k][n] > 0 and (k not in claims or table[k][n] > table[k][claims[k]]):
                claims[k] = n
        for k, n in claims.items():
            row[k] = n
        out.append(row)
    return torch.tensor(out, device=anchors.device)


def random_case(rng, B: int, A: int, H: int, W: int, N: int) -> tuple[Tensor, Tensor]:
    """Draw anchors on a map of H x W cells (B, A, H, W, 4), and boxes near them, the last rows padding (B, N, 5)."""
    anchors = anchors_of(rng.uniform(A, 2, low=0.6, high=3), rng.uniform(B, 1, H, W))
    middle = rng.uniform(B, N, 2) * tensor(rng, [float(W), float(H)])
    size = rng.uniform(B, N, 2, low=0.3, high=1.5)
    label = rng.integers(0, 3, B, N)[..., None].double()
    bboxes = torch.cat([middle - size, middle + size, label], dim=-1)
    for image in range(B):
        bboxes[image, N - image % (N + 1) :] = -1
    return anchors, bboxes
