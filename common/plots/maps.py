"""Maps of one number per pixel, as colour images."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor


def heat(maps: Tensor, size: int | None = None) -> Tensor:
    """Colour each map from black (its smallest number) over red to white (its largest), for `image_grid`.

    Shapes:
        maps  (N, H, W)
        out   (N, 3, H, W)  in [0, 1]; with ``size``, (N, 3, size, size)
    """
    if maps.ndim != 3:
        raise ValueError(f"heat colours maps of shape (N, H, W), not {tuple(maps.shape)}.")
    maps = maps.detach().float()
    low, high = maps.amin(dim=(1, 2), keepdim=True), maps.amax(dim=(1, 2), keepdim=True)
    level = ((maps - low) / (high - low).clamp(min=1e-12))[:, None]
    if size is not None:
        level = F.interpolate(level, (size, size), mode="bilinear", align_corners=False)
    return torch.cat([(3 * level - n).clamp(0, 1) for n in range(3)], dim=1)


def overlay(images: Tensor, maps: Tensor) -> Tensor:
    """Darken each image where its map is small.

    Shapes:
        images  (N, 3, H, W)  in [0, 1]
        maps    (N, h, w)     any size; enlarged to (H, W)
        out     (N, 3, H, W)
    """
    if images.ndim != 4 or maps.ndim != 3 or len(images) != len(maps):
        raise ValueError(f"overlay needs (N, 3, H, W) and (N, h, w), not {tuple(images.shape)}, {tuple(maps.shape)}.")
    level = F.interpolate(maps.detach().float()[:, None], images.shape[2:], mode="bilinear", align_corners=False)
    level = level / level.amax(dim=(2, 3), keepdim=True).clamp(min=1e-12)
    return images * (0.15 + 0.85 * level.clamp(0, 1))
