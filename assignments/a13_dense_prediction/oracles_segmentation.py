"""What the checks of segmentation share: forbidden calls, and right answers by loops."""

import math

import torch
from oracles_parameters import filled

LOSSES = [
    "F.cross_entropy",
    "F.nll_loss*",
    "F.multilabel*",
    "F.multi_margin_loss",
    "nn.CrossEntropyLoss",
    "nn.NLLLoss*",
    "nn.MultiLabel*",
    "nn.AdaptiveLogSoftmaxWithLoss",
]


def randomised(student, module, rng, given):
    """Give all parameters of a module random numbers. Returns them by name."""
    values = {name: rng.normal(*shape) for name, shape in given.items()}
    filled(student, module, values)
    return values


def labelled(rng, N, C, H, W, ignore=255):
    """Draw logits and labels; about a third of the pixels is ignored, and every class occurs."""
    logits, y = 2 * rng.normal(N, C, H, W), rng.integers(0, C, N, H, W)
    y[rng.uniform(N, H, W) < 0.3] = ignore
    y.view(-1)[:C] = torch.arange(C, device=y.device)
    return logits, y


def pixel_loss(logits, y, weight=None, ignore=255, *, divide="weights"):
    """Return the loss pixel by pixel."""
    total, count, shares, places = 0 * logits.sum(), 0, 0 * logits.sum(), y.numel()
    for n, i, j in (y != ignore).nonzero().tolist():
        c = int(y[n, i, j])
        share = weight[c] if weight is not None else 1.0
        z = logits[n, :, i, j]
        total = total + share * (z.logsumexp(dim=0) - z[c])
        count, shares = count + 1, shares + share
    if count == 0:
        return total
    return total / {"weights": shares, "pixels": count, "all": places, "none": 1}[divide]


def overlap(p, t, eps, kind):
    """Return the Dice or IoU loss, class by class."""
    values = []
    for c in range(p.shape[1]):
        one, other = p[:, c], t[:, c]
        shared, total = (one * other).sum(), one.sum() + other.sum()
        values.append((2 * shared + eps) / (total + eps) if kind == "dice" else (shared + eps) / (total - shared + eps))
    return 1 - sum(values) / len(values)


def counted(pred, y, C, ignore=255):
    """Return the confusion matrix, pixel by pixel."""
    out = [[0] * C for _ in range(C)]
    for j, i in zip(pred.flatten().tolist(), y.flatten().tolist(), strict=True):
        if i != ignore:
            out[i][j] += 1
    return torch.tensor(out, device=y.device)


def mean_iou(conf, *, absent="out"):
    """Return the mean IoU, class by class, in Python's numbers."""
    rows, values = conf.tolist(), []
    for c, row in enumerate(rows):
        union = sum(row) + sum(other[c] for other in rows) - row[c]
        if union or absent != "out":
            values.append(row[c] / union if union else float(absent))
    return sum(values) / len(values) if values else 0.0


def similarity(a, b, window=11, sigma=1.5, L=1.0, constants=None, wrong=""):
    """Return the structural similarity, window by window, by the definitions of mean, variance and covariance.

    ``wrong`` is a mistake: "means" or "contrast" has these factors alone, "once" counts the covariance once.
    """
    half, values = window // 2, []
    c, d = constants or ((0.01 * L) ** 2, (0.03 * L) ** 2)
    line = [math.exp(-((i - half) ** 2) / (2 * sigma**2)) for i in range(window)]
    weights = torch.tensor([[u * v for v in line] for u in line], dtype=a.dtype, device=a.device)
    weights = weights / weights.sum()
    for i in range(a.shape[2] - window + 1):
        for j in range(a.shape[3] - window + 1):
            p, q = a[:, :, i : i + window, j : j + window], b[:, :, i : i + window, j : j + window]
            m, n = (weights * p).sum(dim=(2, 3), keepdim=True), (weights * q).sum(dim=(2, 3), keepdim=True)
            v, w = (weights * (p - m) ** 2).sum(dim=(2, 3)), (weights * (q - n) ** 2).sum(dim=(2, 3))
            both = (weights * (p - m) * (q - n)).sum(dim=(2, 3))
            m, n = m[..., 0, 0], n[..., 0, 0]
            means = (2 * m * n + c) / (m * m + n * n + c)
            contrast = ((1 if wrong == "once" else 2) * both + d) / (v + w + d)
            values.append((1 if wrong == "contrast" else means) * (1 if wrong == "means" else contrast))
    return torch.stack(values).mean()


def tent_kernel(C, k):
    """Return the bilinear kernel, number by number."""
    f = math.ceil(k / 2)
    centre = f - 1 if k % 2 == 1 else f - 0.5
    out = torch.zeros(C, C, k, k)
    for c in range(C):
        for i in range(k):
            for j in range(k):
                out[c, c, i, j] = (1 - abs(i - centre) / f) * (1 - abs(j - centre) / f)
    return out


LOANS_OF_KERNEL = """
import torch
import torch.nn.functional as F

def kernel(C, k):
    # what F.interpolate makes of one pixel: twice as large, four times as large, ...
    f = (k + 1) // 2
    one = torch.zeros(1, 1, 5, 5)
    one[..., 2, 2] = 1
    large = F.interpolate(one, scale_factor=f, mode="bilinear", align_corners=False)[0, 0]
    start = 2 * f - f // 2
    line = large[start : start + k, start : start + k]
    return torch.eye(C)[:, :, None, None] * line

LOANS = {"bilinear_kernel": kernel}
"""


def panoptic(sem, masks, scores, labels, min_share=0.5, *, order=None, dropped_take=False):
    """Return ids and classes, pixel by pixel. ``dropped_take``: dropped things take pixels, too, which is wrong."""
    H, W = sem.shape
    ids, classes, gone = [[0] * W for _ in range(H)], [], set()
    ranked = sorted(range(len(scores)), key=lambda r: -float(scores[r])) if order is None else order
    for r in ranked:
        inside = masks[r].nonzero().tolist()
        free = [(i, j) for i, j in inside if ids[i][j] == 0 and (i, j) not in gone]
        gone |= {(i, j) for i, j in inside if dropped_take}
        if free and len(free) >= min_share * len(inside):
            classes.append(int(labels[r]))
            for i, j in free:
                ids[i][j] = len(classes)
    left = [(i, j) for i in range(H) for j in range(W) if ids[i][j] == 0 and int(sem[i, j]) != 255]
    for c in sorted({int(sem[i, j]) for i, j in left}):
        classes.append(c)
        for i, j in left:
            if int(sem[i, j]) == c:
                ids[i][j] = len(classes)
    return torch.tensor(ids, device=sem.device), torch.tensor(classes, dtype=torch.int64, device=sem.device)
