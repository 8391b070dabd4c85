"""Data sets with boxes, by name: `load_boxes("scenes")` is generated here, COCO and PASCAL VOC come from their folders.

Every data set yields `Example`s, and `collate` makes one batch of several: images of one size, boxes padded with -1.
Boxes are xyxy in pixels, x1 and y1 exclusive.
"""

from __future__ import annotations

from pathlib import Path

from common.data.box_examples import (
    Batch,
    BoxData,
    Example,
    Size,
    areas,
    augment,
    collate,
    crop,
    flip,
    resize,
)
from common.data.registry import Registry, check_count

__all__ = [
    "BOXES",
    "Batch",
    "BoxData",
    "Example",
    "areas",
    "augment",
    "collate",
    "crop",
    "flip",
    "load_boxes",
    "resize",
]

# Each module has read_boxes(part, *, count, size, root, seed) -> BoxData.
BOXES = Registry(
    kind="boxes",
    parts=("train", "val"),
    modules={"scenes": "common.data.scene_boxes", "coco": "common.data.coco", "voc": "common.data.voc"},
)


def load_boxes(
    name: str = "scenes",
    split: str = "train",
    *,
    count: int | None = None,
    size: Size | None = None,
    root: str | Path | None = None,
    seed: int = 0,
) -> BoxData:
    """Load a data set by name: "scenes", "coco" or "voc"; the first `count` images of its "train" or "val" part.

    `size` is (height, width) or one number for both; None takes 64 for scenes and leaves the others as they are.
    `root` is the folder of official files, instead of $GRADLAB_DATA. `seed` chooses among generated scenes. Raises
    DataError, whose message says what to do.
    """
    source = BOXES.find(name)
    BOXES.check_part(split)
    check_count("count", count)
    data: BoxData = source.read_boxes(split, count=count, size=size, root=root, seed=seed)
    return data
