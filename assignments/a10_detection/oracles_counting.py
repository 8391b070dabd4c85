"""Boxes with whole coordinates, and their IoU by counting pixels."""

import torch
from torch import Tensor


def pixels(boxes: Tensor, side: int) -> Tensor:
    """Mark the pixels, of side x side, that each box of whole numbers covers: (K, side * side)."""
    at = torch.arange(side, device=boxes.device)
    x0, y0, x1, y1 = boxes[:, :4, None].long().unbind(dim=1)  # (K, 1) each
    columns, rows = (at >= x0) & (at < x1), (at >= y0) & (at < y1)
    return (rows[:, :, None] & columns[:, None]).flatten(1)


def whole_boxes(rng, *shape: int, side: int = 24) -> Tensor:
    """Draw boxes with whole coordinates and an area."""
    low = rng.integers(0, side - 1, *shape, 2)
    size = 1 + (rng.uniform(*shape, 2) * (side - low)).long().clamp(max=side - 1)
    return torch.cat([low, (low + size).clamp(max=side)], dim=-1).double()


def counted(boxes: Tensor, others: Tensor, extra: int = 0) -> tuple[Tensor, Tensor, Tensor]:
    """Count the pixels of all pairs in several images: of both (B, K, N), of boxes (B, K, 1), of others (B, 1, N).

    ``extra`` pixels are added to all widths and heights.
    """
    grown = [x.flatten(1, -2) + torch.tensor([0, 0, extra, extra], device=x.device) for x in (boxes, others)]
    one, two = (torch.stack([pixels(image, 25 + extra) for image in x]) for x in grown)
    shared = (one[:, :, None] & two[:, None]).sum(dim=3)
    return shared.double(), one.sum(dim=2)[:, :, None].double(), two.sum(dim=2)[:, None].double()


def counted_iou(boxes: Tensor, others: Tensor, extra: int = 0) -> Tensor:
    """Compute the IoU of boxes with whole coordinates in [0, 24], by counting pixels: (B, K, N)."""
    shared, one, two = counted(boxes, others, extra)
    return shared / (one + two - shared).clamp(min=1)


NOTHING_ADDED = "All are a little too small: add nothing to the denominator; where nothing is shared, the IoU is 0."


def a_little_less(found: Tensor, expected: Tensor) -> bool:
    """Say whether all values are up to a tenth below the expected ones."""
    return bool(((0.9 * expected <= found) & (found <= expected)).all())
