"""The network of a12 to look into: a small CNN that was trained to classify small objects in scenes.

`SceneNet()` has the weights in scene_net.safetensors, which were made by `python -m tools.train_scene_net`; the file's
metadata has the command and the accuracy. Nothing is random, and nothing is downloaded.
"""

from __future__ import annotations

from pathlib import Path

from torch import Tensor, nn

from common.data.small_objects import CLASS_NAMES
from common.nets.weights import read_tensors

WEIGHTS = Path(__file__).with_name("scene_net.safetensors")
CHANNELS = (24, 48, 64, 64, 96)
POOLED = (0, 1)  # the convolutions whose maps are pooled afterwards
MEAN, STD = 0.5, 0.25


def preprocess(images: Tensor) -> Tensor:
    """Normalise images as SceneNet expects them.

    Shapes:
        images  (N, 3, H, W)  in [0, 1]
        out     (N, 3, H, W)  in [-2, 2]
    """
    return (images - MEAN) / STD


def deprocess(x: Tensor) -> Tensor:
    """Turn inputs of SceneNet into images that can be shown; values outside of [0, 1] are clipped.

    Shapes:
        x    (N, 3, H, W)
        out  (N, 3, H, W)  in [0, 1], detached
    """
    return (x.detach() * STD + MEAN).clamp(0, 1)


class SceneNet(nn.Module):
    """Five 3x3 convolutions with ReLUs and two poolings, the mean over space, and one linear layer.

    `features` is a Sequential of all layers before the mean, none of them in place; `classifier` is the linear layer.
    The parameters are frozen, and there is neither dropout nor batch normalisation.

    Shapes:
        x    (N, 3, H, W)  preprocessed images; trained on H = W = 48
        out  (N, 10)       scores of the classes, before the softmax
    """

    def __init__(self, *, pretrained: bool = True) -> None:
        super().__init__()
        self.features = convolutions()
        self.classifier = nn.Linear(CHANNELS[-1], len(CLASS_NAMES))
        if pretrained:
            self.load_state_dict(read_tensors(WEIGHTS))
        self.requires_grad_(False)
        self.eval()

    def embed(self, x: Tensor) -> Tensor:
        """Compute the input of the classifier.

        Shapes:
            x    (N, 3, H, W)  preprocessed images
            out  (N, 96)       the mean of the last map over space
        """
        out: Tensor = self.features(x).mean(dim=(2, 3))
        return out

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.classifier(self.embed(x))
        return out


def convolutions(*, norm: bool = False) -> nn.Sequential:
    """Build the layers of `features`; for training, with batch normalisation instead of biases."""
    layers: list[nn.Module] = []
    for number, (before, after) in enumerate(zip((3, *CHANNELS), CHANNELS, strict=False)):
        layers.append(nn.Conv2d(before, after, 3, padding=1, bias=not norm))
        layers += [nn.BatchNorm2d(after), nn.ReLU()] if norm else [nn.ReLU()]
        if number in POOLED:
            layers.append(nn.MaxPool2d(2))
    return nn.Sequential(*layers)


def activations(model: nn.Module, x: Tensor, layers: list[int]) -> list[Tensor]:
    """Compute the outputs of some layers of `model.features`, in the order of ``layers``.

    Shapes:
        x    (N, 3, H, W)  preprocessed images
        out  list of (N, C, H', W'), one for each number in ``layers``
    """
    features = model.features
    assert isinstance(features, nn.Sequential)
    if not layers or min(layers) < 0 or max(layers) >= len(features):
        raise ValueError(f"layers are numbers from 0 to {len(features) - 1}, at least one, not {layers}.")
    found: dict[int, Tensor] = {}
    for number, layer in enumerate(features):
        x = layer(x)
        found[number] = x
        if number == max(layers):
            break
    return [found[number] for number in layers]
