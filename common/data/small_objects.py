"""Small objects anywhere in scenes of 48 x 48 pixels, with masks: to test where a network looks.

In ordinary scenes the object fills a quarter of the image, and the middle pixel nearly always belongs to it. Here an
object covers about a twelfth of the image and may be anywhere, so a map that ignores the image seldom finds it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from common.data import render, scenes

CLASS_NAMES = scenes.CLASS_NAMES
SIZE = 48
RECIPE = scenes.Recipe(radius=(580, 740), period=(380, 480), jitter=1500)


@dataclass(frozen=True)
class SmallObjects:
    """Images with one object each.

    Shapes:
        images  (N, 3, SIZE, SIZE)  float32 in [0, 1]
        labels  (N,)                int64, an index into CLASS_NAMES
        masks   (N, SIZE, SIZE)     bool, the pixels of the object
    """

    images: Tensor
    labels: Tensor
    masks: Tensor


def draw(count: int, *, stream: str = "train", seed: int = 0, size: int = SIZE) -> SmallObjects:
    """Draw images; every ten consecutive ones show each class once. Streams and seeds share no image.

    Another ``size`` shows the same scenes with more or fewer pixels. Raises ValueError for a count below 1.
    """
    if count < 1:
        raise ValueError(f"draw needs a count of at least 1, not {count}.")
    described = scenes.describe(seed, range(count), stream=f"small objects, {stream}", recipe=RECIPE)
    labels = np.array([scene.objects[0].label for scene in described], np.int64)
    masks = np.stack([render.annotate(scene, size).masks[0] for scene in described])
    pixels = render.render(described, size)
    return SmallObjects(torch.from_numpy(pixels).float() / 255, torch.from_numpy(labels), torch.from_numpy(masks))
