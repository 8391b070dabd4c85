"""The network of contrastive learning: an encoder for features, and a projection head that only training needs.

Knows nothing about losses, augmentations or labels.
"""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor, nn

FEATURES = 64


class ContrastiveModel(nn.Module):
    """A small encoder f for images, and a projection head g on top of it; 30,000 weights.

    f: three convolutions 3x3 of stride 2, each with batch normalisation and ReLU, then the mean over all positions.
    g: linear, ReLU, linear.
    """

    def __init__(self, width: int = FEATURES, projection: int = 32) -> None:
        """``width``: number of features, a multiple of 4; ``projection``: length of the head's output."""
        super().__init__()
        widths = (3, width // 4, width // 2, width)
        layers: list[nn.Module] = []
        for before, after in pairwise(widths):
            layers += [nn.Conv2d(before, after, 3, stride=2, padding=1, bias=False), nn.BatchNorm2d(after), nn.ReLU()]
        self.encoder = nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten())
        self.head = nn.Sequential(nn.Linear(width, width), nn.ReLU(), nn.Linear(width, projection))

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Compute features h = f(x) and their projections z = g(h).

        Shapes:
            x    (N, 3, H, W)  images
            out  (N, width) and (N, projection)
        """
        features = self.encoder(x)
        return features, self.head(features)


@torch.no_grad()
def settle(model: ContrastiveModel, images: Tensor, *, batch_size: int = 250) -> None:
    """Update the statistics of the encoder's batch normalisation on the images; the weights do not change.

    Shapes:
        images  (N, 3, H, W)  on the model's device
    """
    training = model.training
    model.train()
    for part in images.split(batch_size):
        model.encoder(part)
    model.train(training)


@torch.no_grad()
def features_of(model: ContrastiveModel, images: Tensor, *, batch_size: int = 250) -> Tensor:
    """Compute the encoder's features in evaluation mode.

    Shapes:
        images  (N, 3, H, W)  on the model's device
        out     (N, width)    features
    """
    training = model.training
    model.eval()
    features = torch.cat([model.encoder(part) for part in images.split(batch_size)])
    model.train(training)
    return features
