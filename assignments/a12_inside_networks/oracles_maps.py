"""What the checks of maps and features share: sliding squares, guided gradients by hand, receptive fields as sets."""

import torch
from oracles_networks import Net
from torch import Tensor
from torch.nn import functional as F

# Layers and functions in the student's process, from plain values.
HELPERS = """
import torch
from torch import nn

def layers(recipe):
    made = []
    for kind, *rest in recipe:
        if kind == "conv":
            weight, bias, stride, padding = rest
            conv = nn.Conv2d(weight.shape[1], weight.shape[0], weight.shape[2], stride=stride, padding=padding)
            conv.load_state_dict({"weight": weight, "bias": bias})
            made.append(conv.to(weight))
        elif kind == "pool":
            kernel, stride, padding = rest
            made.append(nn.MaxPool2d(kernel, stride, padding))
        elif kind == "mean":
            made.append(nn.AvgPool2d(*rest))
        else:
            made.append(nn.ReLU())
    return made

def product(matrix):
    return lambda x: x.flatten(1) @ matrix.T

def absolute():
    return lambda x: x.flatten(1).abs()

def bent(matrix):
    return lambda x: (x.flatten(1) @ matrix.T).tanh()
"""

# Loans: of GuidedReLU by a hook on a tensor; the task asks for an autograd.Function.
LOANS_OF_GUIDED = """
import torch

class Guided:
    @staticmethod
    def apply(x):
        out = torch.where(x > 0, x, torch.zeros_like(x))
        if out.requires_grad:
            out.register_hook(lambda g: torch.where(g > 0, g, torch.zeros_like(g)))
        return out

LOANS = {"GuidedReLU": Guided}
"""


def covered(scores, x: Tensor, y: int, size: int, stride: int, fill: float) -> Tensor:
    """Compute the falls of the probability, one square at a time."""
    before = scores(x[None]).softmax(dim=1)[0, y]
    rows = []
    for top in range(0, x.shape[1] - size + 1, stride):
        row = []
        for left in range(0, x.shape[2] - size + 1, stride):
            inside = torch.zeros(x.shape[1:], dtype=torch.bool, device=x.device)
            inside[top : top + size, left : left + size] = True
            row.append(before - scores(torch.where(inside, fill, x)[None]).softmax(dim=1)[0, y])
        rows.append(torch.stack(row))
    return torch.stack(rows)


def guided(net: Net, x: Tensor, y: Tensor, *, forward: bool = True, sign: bool = True) -> Tensor:
    """Go backwards through the network by hand, with the rule's two masks at each ReLU, or with one of them."""
    v = net.values
    first = net.before(x)
    second = net.middle(first.relu())

    def gate(g: Tensor, inputs: Tensor) -> Tensor:
        g = g * (inputs > 0) if forward else g
        return g.clamp(min=0) if sign else g

    at_top = v["classifier.weight"][y] / second[0, 0].numel()
    g = gate(at_top[:, :, None, None].expand_as(second), second)
    scale = v["features.2.1.weight"] / (v["features.2.1.running_var"] + 1e-5).sqrt()
    g = g * scale[:, None, None]
    lost = [(first.shape[2] - 3) % 2, (first.shape[3] - 3) % 2]  # rows and columns that the stride leaves out
    g = F.conv_transpose2d(g, v["features.2.0.weight"], stride=2, output_padding=lost)
    return F.conv_transpose2d(gate(g, first), v["features.0.weight"], padding=1)


def seen_pixels(recipe: list, unit: int, length: int) -> set[int]:
    """Return the pixels along one axis that a unit after the last layer sees, layer by layer backwards, as a set."""
    units = {unit}
    for kind, *rest in reversed(recipe):
        kernel, stride, padding = geometry(kind, rest)
        units = {place * stride - padding + step for place in units for step in range(kernel)}
    return {place for place in units if 0 <= place < length}


def geometry(kind: str, rest: list) -> tuple[int, int, int]:
    """Return kernel, stride and padding of a layer."""
    if kind == "conv":
        return rest[0].shape[2], rest[2], rest[3]
    return (rest[0], rest[1], rest[2]) if kind in ("pool", "mean") else (1, 1, 0)


def run(recipe: list, x: Tensor) -> Tensor:
    """Apply the layers of a recipe by torch's functions."""
    for kind, *rest in recipe:
        if kind == "conv":
            x = F.conv2d(x, rest[0], rest[1], stride=rest[2], padding=rest[3])
        elif kind == "pool":
            x = F.max_pool2d(x, *rest)
        elif kind == "mean":
            x = F.avg_pool2d(x, *rest)
        else:
            x = x.relu()
    return x


def best_patches(recipe: list, X: Tensor, channel: int, k: int) -> tuple[list[int], list[list[int]]]:
    """Find the best unit of each image by loops, and the box of the pixels that it sees."""
    maps = run(recipe, X)[:, channel].tolist()
    found = []
    for number, table in enumerate(maps):
        value, i, j = max(((v, -i, -j) for i, row in enumerate(table) for j, v in enumerate(row)))
        rows, columns = seen_pixels(recipe, -i, X.shape[2]), seen_pixels(recipe, -j, X.shape[3])
        found.append((-value, number, [min(columns), min(rows), max(columns) + 1, max(rows) + 1]))
    found.sort(key=lambda entry: entry[:2])
    return [number for _, number, _ in found[:k]], [box for _, _, box in found[:k]]
