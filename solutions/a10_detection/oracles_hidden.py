"""What the hidden checks of both detectors share: random boxes, IoU and matching by plain loops, probes of networks."""

from collections.abc import Sequence
from typing import Any

import torch
from oracles import tensor
from torch import Tensor

from autograder import Message, expect, expect_equal, expect_shape
from common.nets.detection import generate_grid

NEGATIVE, NEUTRAL = -1, -2
SHAPES = [[1.25, 1.25], [2.0, 1.5], [1.5, 2.5]]

# For the student's process: the shapes, outputs and gradients of a network, and the training of a detector.
PROBES = """
import torch


def shapes(network, features):
    from autograder.probes.layers import tables

    return [{name: tuple(value.shape) for name, value in table.items()} for table in tables(network, features)]


def loss_of(detector, size, rows):
    device = next(detector.parameters()).device
    boxes = torch.tensor(rows, dtype=torch.float64, device=device).reshape(len(rows), -1, 5)
    return detector(torch.zeros(size, device=device), boxes)


def stage_of(rpn, size, rows):
    device = next(rpn.parameters()).device
    boxes = torch.tensor(rows, dtype=torch.float64, device=device).reshape(len(rows), -1, 5)
    table = rpn(torch.zeros(size, device=device), boxes, output_mode="all")
    return table["loss"], table["features"]


def losses_after(detector, images, bboxes):
    # The loss of images after a call with smaller ones, and that of a copy without this call.
    from copy import deepcopy

    copy = deepcopy(detector.eval())
    with torch.no_grad():
        detector(images[:, :, :-8, :-8], bboxes)
        return detector(images, bboxes), copy(images, bboxes)


def outputs(network, features, train):
    return network.train(train)(features)


def without_gradient(detector, images, bboxes):
    # Names of the parameters that the outputs depend on, but that the loss gives no gradient.
    first = getattr(detector, "rpn", detector)
    network = getattr(first, "pred_network", None) or first.prop_module
    outputs = network(first.feat_extractor(images))
    names, parameters = zip(*detector.named_parameters())
    reached = torch.autograd.grad(sum(out.sum() for out in outputs), parameters, allow_unused=True)
    detector(images, bboxes).backward()
    lost = [p.grad is None or not p.grad.any() for p in parameters]
    own = [name.startswith("classifier.") for name in names]
    return [name for name, r, given, no in zip(names, reached, own, lost) if no and (given or r is not None)]


def train(detector, images, boxes, steps):
    from common.nets.detection import train_detector

    train_detector(detector, images, boxes, steps=steps)
"""


def judge_dropout(student, networks: dict[float, Any], features: Tensor, number: int, name: str) -> None:
    """Dropout acts in training at the given ratio, and never in evaluation; compare the output of this number."""
    probes = student.define(PROBES)

    def output(ratio: float, train: bool) -> Tensor:
        return probes.outputs(networks[ratio], features, train)[number]

    expect_equal(
        output(0.0, True),
        output(0.0, False),
        name=Message("{name} in training and in evaluation, with ratio 0", name=name),
    )
    expect_equal(output(0.5, False), output(0.5, False), name=Message("{name} of two calls in evaluation", name=name))
    same = torch.equal(output(0.5, True), output(0.5, True))
    expect(
        not same,
        Message("With drop_ratio=0.5, two calls in training gave the same {name}: nothing was dropped.", name=name),
        hint="Between the convolutions is nn.Dropout(drop_ratio), which drops in training mode only.",
    )
    even = features.new_ones(1, features.shape[1], 7, 7)  # all cells alike
    cells = probes.outputs(networks[0.5], even, True)[number][..., 2:5, 2:5].flatten(-2)
    expect(
        not bool((cells == cells[..., :1]).all()),
        Message("With the same features in every cell, all cells have the same {name} in training.", name=name),
        hint="Use nn.Dropout, which drops single numbers; nn.Dropout2d drops whole channels.",
    )


SIZES = "Maps of another size, or more images, have other anchors: place them in each call."
ABOVE = "Keep what is above thresh; a confidence that equals thresh is not above it."
NO_GRADIENT = "Between these parameters and the loss there is a detach(), a torch.no_grad() or a new tensor."


def expect_counts(boxes: Any, confidences: Any, classes: Any, counts: Sequence[int]) -> None:
    """Expect so many detections in each image, with int64 classes."""
    for image, count in enumerate(counts):
        found = boxes[image]
        more = isinstance(found, Tensor) and found.dim() == 2 and len(found) > count
        expect_shape(found, (count, 4), name=Message("boxes of image {image}", image=image), hint=ABOVE if more else "")
        expect_shape(confidences[image], (count,), name=Message("confidences of image {image}", image=image))
        expect_shape(classes[image], (count,), name=Message("classes of image {image}", image=image))
        expect(
            classes[image].dtype == torch.int64,
            Message("classes of image {image} are {dtype}, not int64.", image=image, dtype=classes[image].dtype),
        )


def boxes_of(rng, *shape: int, dtype=torch.float64, side: float = 10.0) -> Tensor:
    """Draw boxes with an area, partly beyond [0, side]."""
    middle, half = rng.uniform(*shape, 2, high=side), rng.uniform(*shape, 2, low=0.1, high=side / 3)
    return torch.cat([middle - half, middle + half], dim=-1).to(dtype)


def anchors_of(shapes: list[list[float]] | Tensor, features: Tensor) -> Tensor:
    """Return anchors of these widths and heights in every cell: (B, A, H, W, 4)."""
    centre = generate_grid(features)[:, None]
    half = (torch.as_tensor(shapes, dtype=features.dtype, device=features.device) / 2)[:, None, None]
    return torch.cat([centre - half, centre + half], dim=-1)


def expect_layers(student, network, features: Tensor, weights: Sequence[tuple[int, ...]]) -> None:
    """Expect that the network uses layers with these weights, each with a bias."""
    found = student.define(PROBES).shapes(network, features)
    expected = [{"weight": shape, "bias": shape[:1]} for shape in weights]
    without = [{"weight": shape} for shape in weights]
    expect_equal(found, expected, name="the weights of its layers", mistakes={
        "Each convolution has a bias, as nn.Conv2d has by default.": found if without_bias(found, without) else None,
    })  # fmt: skip


def without_bias(found: Any, without: list[dict]) -> bool:
    """Say whether the weights are right, so that only biases are missing."""
    return type(found) is list and [{k: v for k, v in t.items() if k == "weight"} for t in found] == without


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


def loop_match(anchors: Tensor, bboxes: Tensor, iou: Tensor, pos: float, neg: float, method: str, last=False) -> Tensor:
    """Match image by image, anchor by anchor and box by box: (B, A*H*W). ``last``: the last claim wins, a mistake."""
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
            if table[k][n] > 0 and (last or k not in claims or table[k][n] > table[k][claims[k]]):
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
