"""Images with boxes: `load_boxes("scenes")` is generated here; COCO and PASCAL VOC come from their official folders.

Every data set yields `Example`s, and `collate` makes one batch of several: images of one size, boxes padded with -1.
Boxes are xyxy in pixels, x1 and y1 exclusive: the first pixel alone is (0, 0, 1, 1).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset

from common.data import render, scenes
from common.data.split import DataError

RECIPE = scenes.Recipe(objects=(1, 5), radius=(900, 1900))  # a third of it: objects stand in a grid of 3 x 3
EMPTY = 12  # of so many scenes, one has no object
LEAST = 0.3  # share of a box that a crop must leave, or the object is dropped
SIZES = (64, 112)  # of generated images


@dataclass(frozen=True)
class Example:
    """One image and what is in it; B may be 0.

    Shapes:
        image   (3, H, W)  float32 in [0, 1], RGB
        boxes   (B, 4)     float32, xyxy in pixels
        labels  (B,)       int64, indices into the data set's class_names
        masks   (B, H, W)  bool, pixels where the object is seen; None where the data set has none
    """

    image: Tensor
    boxes: Tensor
    labels: Tensor
    masks: Tensor | None = None


@dataclass(frozen=True)
class Batch:
    """Several examples.

    Shapes:
        images  (N, 3, H, W)  float32; smaller images are filled with 0 to the right and below
        boxes   (N, B, 5)     float32, x0, y0, x1, y1, label; rows of -1 fill up where an image has fewer than B
        masks   list          of (B, H, W) or None, one for each image
    """

    images: Tensor
    boxes: Tensor
    masks: list[Tensor | None]


class BoxData(Dataset[Example]):
    """A data set of examples, `len(data)` of them, with `class_names`."""

    class_names: tuple[str, ...] = ()

    def __len__(self) -> int:
        raise NotImplementedError

    def __getitem__(self, index: int) -> Example:
        raise NotImplementedError


class SceneBoxes(BoxData):
    """Scenes of 1 to 5 objects; every twelfth has none. Example i depends on seed, stream, size and i alone."""

    class_names = scenes.CLASS_NAMES

    def __init__(self, count: int, *, size: int | tuple[int, int] = 64, seed: int = 0, stream: str = "boxes") -> None:
        height, width = (size, size) if isinstance(size, int) else size
        low, high = SIZES
        if not (low <= height <= high and low <= width <= high):
            raise DataError(f"Scenes with boxes have sides of {low} to {high} pixels, not {height} x {width}.")
        described = scenes.describe(seed, range(count), stream=stream, recipe=RECIPE)
        self.scenes = [replace(s, objects=()) if i % EMPTY == EMPTY - 1 else s for i, s in enumerate(described)]
        self.height, self.width = height, width
        self._pixels = render.render(self.scenes, max(height, width)) if count else np.empty((0, 3, height, width))

    def __len__(self) -> int:
        return len(self.scenes)

    def __getitem__(self, index: int) -> Example:
        side = max(self.height, self.width)
        seen = render.annotate(self.scenes[index], side)
        example = Example(
            torch.from_numpy(self._pixels[index]).float() / 255,
            torch.from_numpy(seen.boxes).float(),
            torch.from_numpy(seen.labels),
            torch.from_numpy(seen.masks),
        )
        top, left = (side - self.height) // 2, (side - self.width) // 2
        return example if top == left == 0 else crop(example, top, left, self.height, self.width)


def load_boxes(
    name: str = "scenes",
    split: str = "train",
    *,
    count: int | None = None,
    size: int | tuple[int, int] | None = None,
    root: str | Path | None = None,
    seed: int = 0,
) -> BoxData:
    """A data set by name: "scenes", "coco" or "voc"; the first `count` images of its "train" or "val" part.

    `size` is (height, width) or one number for both; None takes 64 for scenes and leaves the others as they are.
    `root` is the folder of official files, instead of $GRADLAB_DATA. `seed` chooses among generated scenes. Raises
    DataError, whose message says what to do.
    """
    if name not in ("scenes", "coco", "voc"):
        raise DataError(f"There is no data set {name!r} with boxes; choose one of: coco, scenes, voc.")
    if split not in ("train", "val"):
        raise DataError(f"A data set with boxes has the parts 'train' and 'val', not {split!r}.")
    if name == "scenes":
        return SceneBoxes(1000 if count is None else count, size=64 if size is None else size, seed=seed, stream=split)
    from common.data.box_files import CocoBoxes, VocBoxes

    return {"coco": CocoBoxes, "voc": VocBoxes}[name](split, count=count, size=size, root=root)


def collate(examples: Sequence[Example]) -> Batch:
    """Make one batch; for `DataLoader(data, collate_fn=collate)` too."""
    height = max(e.image.shape[1] for e in examples)
    width = max(e.image.shape[2] for e in examples)
    images = torch.zeros(len(examples), 3, height, width)
    boxes = torch.full((len(examples), max(len(e.boxes) for e in examples), 5), -1.0)
    for row, example in enumerate(examples):
        images[row, :, : example.image.shape[1], : example.image.shape[2]] = example.image
        boxes[row, : len(example.boxes), :4] = example.boxes
        boxes[row, : len(example.boxes), 4] = example.labels.float()
    return Batch(images, boxes, [e.masks for e in examples])


def flip(example: Example) -> Example:
    """Mirror the image left to right, and everything in it."""
    x0, y0, x1, y1 = example.boxes.unbind(1)
    width = example.image.shape[2]
    masks = None if example.masks is None else example.masks.flip(2)
    boxes = torch.stack([width - x1, y0, width - x0, y1], dim=1)
    return replace(example, image=example.image.flip(2), boxes=boxes, masks=masks)


def crop(example: Example, top: int, left: int, height: int, width: int) -> Example:
    """Cut a window out; boxes are cut with it, and an object of which too little is left is dropped."""
    image = example.image[:, top : top + height, left : left + width]
    shift = example.boxes.new_tensor([left, top, left, top])
    bound = example.boxes.new_tensor([image.shape[2], image.shape[1], image.shape[2], image.shape[1]])
    boxes = (example.boxes - shift).clamp(min=0).minimum(bound)
    kept = areas(boxes) >= LEAST * areas(example.boxes)
    kept &= areas(boxes) > 0
    masks = example.masks
    if masks is not None:
        masks = masks[kept, top : top + height, left : left + width]
    return Example(image, boxes[kept], example.labels[kept], masks)


def resize(example: Example, height: int, width: int) -> Example:
    """Stretch the image to a size, and everything in it."""
    import torch.nn.functional as F

    old_height, old_width = example.image.shape[1:]
    image = F.interpolate(example.image[None], (height, width), mode="bilinear", antialias=True)[0].clamp(0, 1)
    scale = example.boxes.new_tensor([width / old_width, height / old_height]).repeat(2)
    masks = example.masks
    if masks is not None:
        masks = F.interpolate(masks[None].float(), (height, width), mode="nearest-exact")[0].bool()
    return Example(image, example.boxes * scale, example.labels, masks)


def augment(example: Example, generator: torch.Generator) -> Example:
    """Flip half of the images, cut a window of 80 to 100 % out and stretch it, change brightness; boxes move along."""
    draw = torch.rand(5, generator=generator).tolist()
    if draw[0] < 0.5:
        example = flip(example)
    height, width = example.image.shape[1:]
    share = 0.8 + 0.2 * draw[1]
    h, w = round(share * height), round(share * width)
    window = crop(example, round(draw[2] * (height - h)), round(draw[3] * (width - w)), h, w)
    whole = resize(window, height, width)
    return replace(whole, image=(whole.image * (0.8 + 0.4 * draw[4])).clamp(0, 1))


def areas(boxes: Tensor) -> Tensor:
    """Area of each box, 0 where it is turned inside out.

    Shapes:
        boxes  (..., 4)  xyxy
        out    (...)
    """
    return (boxes[..., 2:] - boxes[..., :2]).clamp(min=0).prod(dim=-1)
