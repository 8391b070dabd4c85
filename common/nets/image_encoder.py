"""The image encoder of a05's captioner: a frozen CNN that was trained on objects of scenes, and coordinates.

The output of a convolution does not depend on an object's place, so two more channels have the coordinates of each cell
of the grid (Liu et al. 2018, "An intriguing failing of convolutional neural networks and the CoordConv solution").

The weights are in image_encoder.safetensors, made by `python -m tools.train_image_encoder`; the file's metadata has the
command and the accuracies. Nothing is downloaded.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from common.nets.weights import read_tensors

WEIGHTS = Path(__file__).with_name("image_encoder.safetensors")
CHANNELS = (32, 48, 64, 96, 96)
STRIDES = (2, 2, 1, 2, 1)
EDGE = 4.5  # largest coordinate: several times larger than other channels, so that a captioner learns from it quickly


class ImageEncoder(nn.Module):
    """Five 3x3 convolutions with ReLUs, then coordinates; one cell of the grid for each 8 x 8 pixels. It is frozen.

    An input with `out_channels` channels is returned unchanged, as it is features already: since the encoder does not
    change, the features of a data set can be computed once (`features`) and used in every epoch.

    With `pretrained` False the weights are random. With the name of a torchvision network ("resnet18", "resnet50") the
    encoder has that network's convolutions, trained on ImageNet; ImportError if torchvision is not installed.

    Shapes:
        images  (N, 3, H, W)             float32 in [0, 1]
        out     (N, out_channels, a, a)  a = H / 8, rounded up, where images are square; the last two channels are x
                                         and y of each cell, from -EDGE (left, top) to EDGE
        mean    (3, 1, 1)                of each colour; subtracted from images, in [0, 1]
        std     (3, 1, 1)                of each colour; divides images
    """

    mean: Tensor
    std: Tensor

    def __init__(self, *, pretrained: bool | str = True) -> None:
        super().__init__()
        if isinstance(pretrained, str):
            self.layers, channels = _torchvision(pretrained)
            self.register_buffer("mean", torch.tensor([0.485, 0.456, 0.406]).reshape(3, 1, 1), persistent=False)
            self.register_buffer("std", torch.tensor([0.229, 0.224, 0.225]).reshape(3, 1, 1), persistent=False)
        else:
            self.layers, channels = convolutions(), CHANNELS[-1]
            self.register_buffer("mean", torch.full((3, 1, 1), 0.5), persistent=False)
            self.register_buffer("std", torch.ones(3, 1, 1), persistent=False)
            if pretrained:
                self.layers.load_state_dict(read_tensors(WEIGHTS))
        self.out_channels = channels + 2
        self.requires_grad_(False)
        self.eval()

    def train(self, mode: bool = True) -> ImageEncoder:
        """Stay in evaluation mode, as the network is frozen."""
        return super().train(False)

    def forward(self, images: Tensor) -> Tensor:
        if images.shape[1] == self.out_channels:
            return images
        seen = self.layers((images - self.mean) / self.std)
        num, _, height, width = seen.shape
        x, y = (torch.linspace(-EDGE, EDGE, side).to(seen) for side in (width, height))
        grid = torch.stack([x.expand(height, width), y[:, None].expand(height, width)])
        return torch.cat([seen, grid.expand(num, -1, -1, -1)], dim=1)


@torch.no_grad()
def features(encoder: nn.Module, images: Tensor, *, batch_size: int = 100) -> Tensor:
    """Compute the features of many images, in batches.

    Shapes:
        images  (N, 3, H, W)  float32 in [0, 1]
        out     (N, D, a, a)  float32
    """
    return torch.cat([encoder(part) for part in images.split(batch_size)])


def convolutions(*, norm: bool = False) -> nn.Sequential:
    """Build the layers of the encoder; for training, with batch normalisation instead of biases."""
    layers: list[nn.Module] = []
    for before, after, stride in zip((3, *CHANNELS), CHANNELS, STRIDES, strict=False):
        layers.append(nn.Conv2d(before, after, 3, stride=stride, padding=1, bias=not norm))
        layers += [nn.BatchNorm2d(after), nn.ReLU()] if norm else [nn.ReLU()]
    return nn.Sequential(*layers)


def _torchvision(name: str) -> tuple[nn.Sequential, int]:
    try:
        import torchvision
    except ImportError as error:
        raise ImportError(
            f"{name!r} is a network of torchvision, which is not installed. Use the course's own encoder "
            "(pretrained=True), or install torchvision."
        ) from error
    network: Any = torchvision.models.get_model(name, weights="DEFAULT")
    return nn.Sequential(*list(network.children())[:-2]), network.fc.in_features
