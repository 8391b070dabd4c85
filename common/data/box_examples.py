"""Images with boxes: one example, a batch of them, and transforms that move boxes and masks with their image.

Boxes are xyxy in pixels, x1 and y1 exclusive: the first pixel alone is (0, 0, 1, 1).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.utils.data import Dataset

from common.data.files import read_image

LEAST = 0.3  # share of a box that must be left after a crop, or the object is dropped

Size = int | tuple[int, int]  # of an image: one number for both sides, or (height, width)


@dataclass(frozen=True)
class Example:
    """One image and its objects; B may be 0.

    Shapes:
        image   (3, H, W)  float32 in [0, 1], RGB
        boxes   (B, 4)     float32, xyxy in pixels
        labels  (B,)       int64, indices into the data set's class_names
        masks   (B, H, W)  bool, visible pixels of each object; None where the data set has none
    """

    image: Tensor
    boxes: Tensor
    labels: Tensor
    masks: Tensor | None = None


@dataclass(frozen=True)
class Batch:
    """Several examples.

    Shapes:
        images  (N, 3, H, W)  float32; smaller images are padded with 0 on the right and below
        boxes   (N, B, 5)     float32, x0, y0, x1, y1, label; rows of -1 pad images with fewer than B boxes
        masks   list          of (B, H, W) or None, one for each image
    """

    images: Tensor
    boxes: Tensor
    masks: list[Tensor | None]


class BoxData(Dataset[Example]):
    """A data set of `len(data)` examples, with `class_names`."""

    class_names: tuple[str, ...] = ()

    def __len__(self) -> int:
        raise NotImplementedError

    def __getitem__(self, index: int) -> Example:
        raise NotImplementedError


@dataclass(frozen=True)
class Record:
    """One image's file, and its boxes (xyxy in pixels) with their labels."""

    path: Path
    boxes: list[tuple[float, float, float, float]]
    labels: list[int]


class FileBoxes(BoxData):
    """Examples whose images are in files, which are read one at a time."""

    def __init__(self, records: list[Record], class_names: tuple[str, ...], *, size: Size | None) -> None:
        self.records, self.class_names = records, class_names
        self.size = None if size is None else sides(size)

    def __len__(self) -> int:
        return len(self.records)

    def __getitem__(self, index: int) -> Example:
        record = self.records[index]
        image = read_image(record.path)
        edge = torch.tensor([image.shape[2], image.shape[1]] * 2)
        boxes = torch.tensor(record.boxes, dtype=torch.float32).reshape(-1, 4).clamp(min=0).minimum(edge)
        whole = (boxes[:, 2:] > boxes[:, :2]).all(dim=1)
        example = Example(image, boxes[whole], torch.tensor(record.labels, dtype=torch.int64)[whole])
        return example if self.size is None else resize(example, *self.size)


def sides(size: Size) -> tuple[int, int]:
    """Return (height, width)."""
    return (size, size) if isinstance(size, int) else size


def collate(examples: Sequence[Example]) -> Batch:
    """Make one batch of several examples; it can be a DataLoader's `collate_fn`."""
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
    """Mirror the image, its boxes and its masks left to right."""
    x0, y0, x1, y1 = example.boxes.unbind(1)
    width = example.image.shape[2]
    masks = None if example.masks is None else example.masks.flip(2)
    boxes = torch.stack([width - x1, y0, width - x0, y1], dim=1)
    return replace(example, image=example.image.flip(2), boxes=boxes, masks=masks)


def crop(example: Example, top: int, left: int, height: int, width: int) -> Example:
    """Cut a window out of the image, its boxes and its masks; drop an object of which less than LEAST is left."""
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
    """Stretch the image, its boxes and its masks to a size."""
    old_height, old_width = example.image.shape[1:]
    image = F.interpolate(example.image[None], (height, width), mode="bilinear", antialias=True)[0].clamp(0, 1)
    scale = example.boxes.new_tensor([width / old_width, height / old_height]).repeat(2)
    masks = example.masks
    if masks is not None and len(masks):
        masks = F.interpolate(masks[None].float(), (height, width), mode="nearest-exact")[0].bool()
    elif masks is not None:
        masks = masks.new_zeros(0, height, width)  # interpolate refuses an empty tensor
    return Example(image, example.boxes * scale, example.labels, masks)


def augment(example: Example, generator: torch.Generator) -> Example:
    """Flip half of the images, stretch a window of 80 to 100 % of the image to its size, and change brightness."""
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
    """Compute the area of each box; 0 for a box whose corners are swapped.

    Shapes:
        boxes  (..., 4)  xyxy
        out    (...)
    """
    return (boxes[..., 2:] - boxes[..., :2]).clamp(min=0).prod(dim=-1)
