"""Compare the speed of a10's IoU and NMS with plain torch: `python bench/detection.py [--threads 2]`.

Fails if either takes more than 3 times as long, or creates a tensor with more than two numbers per pair of boxes. The
plain versions are written for speed at these sizes only: IoU in place, NMS with one matrix of all pairs.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor

from autograder.sandbox.inside.meter import make_meter

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "solutions" / "a10_detection"))
from single_stage_detector import IoU, nms

MOST = 3.0  # times as long as plain torch


def plain_iou(a: Tensor, b: Tensor) -> Tensor:
    """Compute the IoU of boxes with areas: (K, 4) and (N, 4) -> (K, N)."""
    shared = torch.minimum(a[:, None, 2], b[:, 2]).sub_(torch.maximum(a[:, None, 0], b[:, 0])).clamp_(min=0)
    height = torch.minimum(a[:, None, 3], b[:, 3]).sub_(torch.maximum(a[:, None, 1], b[:, 1])).clamp_(min=0)
    shared.mul_(height)
    areas = [(x[:, 2] - x[:, 0]) * (x[:, 3] - x[:, 1]) for x in (a, b)]
    return shared.div_(areas[0][:, None].add(areas[1]).sub_(shared))


def plain_nms(boxes: Tensor, scores: Tensor, threshold: float) -> Tensor:
    """Apply the greedy rule to the matrix of all pairs."""
    order = scores.argsort(descending=True, stable=True)
    over = plain_iou(boxes[order], boxes[order]).gt_(threshold).bool()
    alive = torch.ones(len(boxes), dtype=torch.bool)
    for row in range(len(boxes)):
        if alive[row]:
            alive[row + 1 :] &= ~over[row, row + 1 :]
    return order[alive]


def boxes_of(count: int, side: float, generator: torch.Generator) -> Tensor:
    """Draw boxes of 10 to 60 pixels on an image with this side."""
    middle = torch.rand(count, 2, generator=generator) * side
    half = 5 + 25 * torch.rand(count, 2, generator=generator)
    return torch.cat([middle - half, middle + half], dim=1)


def seconds(work: Callable[[], object], repeats: int = 5) -> float:
    """Return the time of the fastest run."""
    best = float("inf")
    for _ in range(repeats):
        begun = time.perf_counter()
        work()
        best = min(best, time.perf_counter() - begun)
    return best


def largest(work: Callable[[], object]) -> int:
    """Return the bytes of the largest tensor that one operation creates."""
    meter = make_meter()
    with meter:
        work()
    return int(meter.largest)


def main() -> int:
    """Print a line for each comparison."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--threads", type=int, default=1)
    torch.set_num_threads(parser.parse_args().threads)
    generator = torch.Generator().manual_seed(0)
    boxes, few = boxes_of(5000, 500, generator), boxes_of(500, 500, generator)
    scores, labelled = torch.rand(5000, generator=generator), torch.nn.functional.pad(few, (0, 1))[None]
    sparse = boxes_of(5000, 8000, generator)  # nearly no box is suppressed
    cases = {
        "IoU 5,000 x 500": (lambda: IoU(boxes[None, :, None, None], labelled)[0], lambda: plain_iou(boxes, few), 500),
        "NMS 5,000, crowded": (lambda: nms(boxes, scores, 0.5), lambda: plain_nms(boxes, scores, 0.5), 5000),
        "NMS 5,000, sparse": (lambda: nms(sparse, scores, 0.5), lambda: plain_nms(sparse, scores, 0.5), 5000),
    }
    slow = []
    for name, (ours, plain, others) in cases.items():
        torch.testing.assert_close(ours(), plain())
        one, two, size = seconds(ours), seconds(plain), largest(ours)
        times = f"{one * 1e3:8.1f} ms   plain torch {two * 1e3:8.1f} ms   {one / two:5.2f} times"
        print(f"{name:20} {times}   largest tensor {size / 1e6:6.1f} MB")
        if one > MOST * two or size > 2 * 5000 * others * 4:
            slow.append(name)
    if slow:
        print("too slow or too large:", ", ".join(slow))
    return len(slow)


if __name__ == "__main__":
    sys.exit(main())
