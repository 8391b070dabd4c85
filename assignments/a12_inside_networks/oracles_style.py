"""What the checks of style_transfer share: Gram matrices by loops, and losses as plain sums."""

import torch
from torch import Tensor

LOOPS = "images, channels or places"

# A loan of gram_matrix and guided_gram_matrix: by loops, which the tasks forbid.
LOANS_OF_GRAM = """
import torch

def gram(features, normalize=True):
    rows = []
    for image in features:
        table = image.reshape(len(image), -1)
        rows.append(torch.mm(table, table.t()) / (image.numel() if normalize else 1))
    return torch.stack(rows)

def guided(features, masks, normalize=True):
    return torch.stack([
        torch.stack([gram((part * masks[n, r])[None], normalize)[0] for r, part in enumerate(image)])
        for n, image in enumerate(features)
    ])

LOANS = {"gram_matrix": gram, "guided_gram_matrix": guided}
"""


def gram(features: Tensor, normalize: bool = True) -> Tensor:
    """Compute Gram matrices entry by entry."""
    N, C, H, W = features.shape
    out = features.new_zeros(N, C, C)
    rows = [[[(features[n, a] * features[n, b]).sum() for b in range(C)] for a in range(C)] for n in range(N)]
    table = torch.stack([torch.stack([torch.stack(row) for row in image]) for image in rows])
    return (out + table) / (C * H * W if normalize else 1)


def guided_gram(features: Tensor, masks: Tensor, normalize: bool = True) -> Tensor:
    """Compute the Gram matrix of each region, entry by entry."""
    regions = [
        torch.stack([gram(features[n, r][None] * masks[n, r], normalize)[0] for r in range(features.shape[1])])
        for n in range(len(features))
    ]
    return torch.stack(regions)


def squares(a: Tensor, b: Tensor) -> Tensor:
    """Compute the sum of squared differences."""
    return ((a - b) ** 2).sum()


def distance_to_copies(made: Tensor, original: Tensor) -> float:
    """Compute the least mean square difference to the original rolled by any number of pixels, over its variance."""
    H, W = original.shape[2:]
    rolled = (original.roll((i, j), dims=(2, 3)) for i in range(H) for j in range(W))
    least = min(float((made - other).square().mean()) for other in rolled)
    return least / float((original - original.mean((2, 3), keepdim=True)).square().mean())


def variation(img: Tensor) -> Tensor:
    """Sum the squared differences of neighbours, pair by pair."""
    total = img.new_zeros(())
    for i in range(img.shape[2]):
        for j in range(img.shape[3]):
            here = img[0, :, i, j]
            total = total + (squares(img[0, :, i + 1, j], here) if i + 1 < img.shape[2] else 0)
            total = total + (squares(img[0, :, i, j + 1], here) if j + 1 < img.shape[3] else 0)
    return total
