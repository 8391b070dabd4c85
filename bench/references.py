"""Compare the speed of references with bare torch: `python bench/references.py [--only nms] [--repeats 7]`.

Processor time of one thread; the fastest of several runs, which take turns, so that other work slows both alike. Fails
if a reference takes more than 1.5 times as long as the same result from torch's own operators, written for speed. For
IoU, NMS and RoI Align, for which torch has no operator, the plain versions are ours; bench/detection.py also looks at
their memory.
"""

from __future__ import annotations

import argparse
import math
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

import torch
from cifar10.entry import read_solution
from detection import boxes_of, plain_iou, plain_nms
from torch import Tensor
from torch.nn import functional as F

from common.nets.convs import FastConv

MOST = 1.5  # times as long as bare torch
Work = Callable[[], Any]


def detection(generator: torch.Generator) -> Iterator[tuple[str, Work, Work]]:
    """Yield IoU, NMS and RoI Align."""
    one = read_solution("a10_detection", "single_stage_detector")
    sys.modules["single_stage_detector"] = one  # which the other module imports
    two = read_solution("a10_detection", "two_stage_detector")
    boxes, few = boxes_of(5000, 500, generator), boxes_of(500, 500, generator)
    sparse, scores = boxes_of(5000, 8000, generator), torch.rand(5000, generator=generator)
    labelled = F.pad(few, (0, 1))[None]
    yield "IoU, 5,000 x 500", lambda: one.IoU(boxes[None, :, None, None], labelled)[0], lambda: plain_iou(boxes, few)
    yield "nms, 5,000 crowded", lambda: one.nms(boxes, scores, 0.5), lambda: plain_nms(boxes, scores, 0.5)
    yield "nms, 5,000 sparse", lambda: one.nms(sparse, scores, 0.5), lambda: plain_nms(sparse, scores, 0.5)
    features = torch.randn(4, 128, 28, 28, generator=generator)
    rois = torch.cat([torch.arange(500)[:, None] % 4, boxes_of(500, 28, generator) / 8 + 8], dim=1)
    yield "RoI Align, 500 boxes", lambda: two.roi_align(features, rois, (7, 7)), lambda: plain_roi(features, rois, 7)


def plain_roi(features: Tensor, rois: Tensor, bins: int) -> Tensor:
    """Sample 2 x 2 points in each bin with grid_sample, image by image, and average them."""
    H, W = features.shape[2:]
    share = (torch.arange(2 * bins) + 0.5) / (2 * bins)
    x = rois[:, 1:2] + (rois[:, 3:4] - rois[:, 1:2]) * share
    y = rois[:, 2:3] + (rois[:, 4:5] - rois[:, 2:3]) * share
    x, y = x.clamp(0.5, W - 0.5) * 2 / W - 1, y.clamp(0.5, H - 0.5) * 2 / H - 1
    grid = torch.stack(torch.broadcast_tensors(x[:, None], y[:, :, None]), dim=-1)  # (R, 2h, 2w, 2)
    out = features.new_empty(len(rois), features.shape[1], bins, bins)
    for number, image in enumerate(features):
        rows = (rois[:, 0] == number).nonzero()[:, 0]
        tall = grid[rows].flatten(0, 1)[None]  # (1, R * 2h, 2w, 2)
        samples = F.grid_sample(image[None], tall, align_corners=False)
        out[rows] = F.avg_pool2d(samples, 2)[0].unflatten(1, (len(rows), bins)).movedim(0, 1)
    return out


def others(generator: torch.Generator) -> Iterator[tuple[str, Work, Work]]:
    """Yield kNN, convolution, attention and NT-Xent."""
    knn = read_solution("a01_knn", "knn")
    train, test = torch.rand(5000, 3072, generator=generator), torch.rand(500, 3072, generator=generator)
    yield (
        "kNN, 5,000 x 500",
        lambda: knn.compute_distances_no_loops(train, test),
        lambda: torch.cdist(train, test, compute_mode="use_mm_for_euclid_dist"),
    )
    x, w = torch.randn(64, 32, 32, 32, generator=generator), torch.randn(32, 32, 3, 3, generator=generator)
    bias, dout = torch.zeros(32), torch.randn(64, 32, 32, 32, generator=generator)

    def fast_conv() -> tuple[Tensor, ...]:
        out, cache = FastConv.forward(x, w, bias, {"stride": 1, "pad": 1})
        return (out, *FastConv.backward(dout, cache))

    def plain_conv() -> tuple[Tensor, ...]:
        inputs = [tensor.detach().requires_grad_() for tensor in (x, w, bias)]
        out = F.conv2d(*inputs, padding=1)
        return (out.detach(), *torch.autograd.grad(out, inputs, dout))

    yield "FastConv, 64 images, both ways", fast_conv, plain_conv
    attention = read_solution("a06_attention", "transformers").scaled_dot_product_no_loop_batch
    query, key, value = (torch.randn(64, 128, 64, generator=generator) for _ in range(3))

    def plain_attention() -> tuple[Tensor, Tensor]:
        weights = torch.baddbmm(query.new_zeros(()), query, key.mT, beta=0, alpha=1 / math.sqrt(64)).softmax(dim=2)
        return weights @ value, weights

    yield "attention, 64 x 128 x 128", lambda: attention(query, key, value), plain_attention
    nt_xent = read_solution("a08_self_supervised", "simclr").simclr_loss_vectorized
    left, right = torch.randn(512, 128, generator=generator), torch.randn(512, 128, generator=generator)
    partners = torch.arange(1024).roll(512)

    def plain_nt_xent() -> Tensor:
        rows = F.normalize(torch.cat([left, right]))
        return F.cross_entropy((rows @ rows.T / 0.5).fill_diagonal_(-math.inf), partners)

    yield "NT-Xent, 512 pairs", lambda: nt_xent(left, right, 0.5), plain_nt_xent


def seconds(works: list[Work], repeats: int) -> list[float]:
    """Return the processor time of the fastest run of each, in turn."""
    best = [math.inf] * len(works)
    for _ in range(repeats):
        for number, work in enumerate(works):
            begun = time.process_time()
            work()
            best[number] = min(best[number], time.process_time() - begun)
    return best


def main() -> int:
    """Print a line for each comparison."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="", metavar="WORD", help="only what has this word in its name")
    parser.add_argument("--repeats", type=int, default=7)
    options = parser.parse_args()
    torch.set_num_threads(1)
    generator, slow = torch.Generator().manual_seed(0), []
    print(f"{'':32} {'reference':>12} {'bare torch':>12} {'ratio':>8}")
    for name, ours, plain in (*detection(generator), *others(generator)):
        if options.only.lower() not in name.lower():
            continue
        torch.testing.assert_close(ours(), plain(), rtol=1e-3, atol=1e-3)
        one, two = seconds([ours, plain], options.repeats)
        print(f"{name:32} {one * 1e3:9.1f} ms {two * 1e3:9.1f} ms {one / two:8.2f}", flush=True)
        if one > MOST * two:
            slow.append(name)
    if slow:
        print(f"more than {MOST} times as long:", ", ".join(slow))
    return len(slow)


if __name__ == "__main__":
    sys.exit(main())
