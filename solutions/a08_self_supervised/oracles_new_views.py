"""Views of images that the grader draws itself, with the randomness of contrastive learning."""

import torch
from torch import Tensor
from torch.nn import functional as F


def view(rng, images: Tensor) -> Tensor:
    """Return another view of each image: a random crop at full size, mirrored or not, with other colours, or grey."""
    count = len(images)

    def each(low: float, high: float) -> Tensor:
        return rng.uniform(count, low=low, high=high)

    area, ratio = each(0.5, 1), each(-0.28, 0.28).exp()
    width, height = (area * ratio).sqrt().clamp(max=1), (area / ratio).sqrt().clamp(max=1)
    right, down = (1 - width) * each(-1, 1), (1 - height) * each(-1, 1)
    mirror, none = (each(-1, 1)).sign(), torch.zeros_like(width)
    rows = torch.stack([width * mirror, none, right, none, height, down], dim=1).reshape(count, 2, 3)
    cropped = F.grid_sample(images, F.affine_grid(rows.float(), list(images.shape), False), align_corners=False)
    grey = cropped.mean(dim=1, keepdim=True)
    for dull in (torch.zeros_like(grey), grey.mean(dim=(2, 3), keepdim=True), grey):  # brightness, contrast, saturation
        factor = each(0.6, 1.4).reshape(-1, 1, 1, 1).float()
        cropped = (dull + (cropped - dull) * factor).clamp(0, 1)
    is_grey = each(0, 1).reshape(-1, 1, 1, 1) < 0.2
    return torch.where(is_grey, cropped.mean(dim=1, keepdim=True), cropped)
