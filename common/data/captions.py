"""Data sets with captions, by name: scenes are generated here, COCO and Flickr8k come from their official files.

Every data set has `captions`, several for each image, at once, and yields `CaptionExample`s; `stack` makes one tensor
of their images. `common.data.vocabulary` turns captions into numbers.
"""

from __future__ import annotations

from pathlib import Path

from common.data.caption_examples import CaptionData, CaptionExample, squared, stack
from common.data.registry import Registry, check_count

__all__ = ["CAPTIONS", "CaptionData", "CaptionExample", "load_captions", "squared", "stack"]

# Each module has read_captions(part, *, count, size, root, seed) -> CaptionData.
CAPTIONS = Registry(
    kind="captions",
    parts=("train", "val", "test"),
    modules={
        "scenes": "common.data.scene_captions",
        "coco": "common.data.coco",
        "flickr8k": "common.data.flickr8k",
    },
)


def load_captions(
    name: str = "scenes",
    split: str = "train",
    *,
    count: int | None = None,
    size: int | None = None,
    root: str | Path | None = None,
    seed: int = 0,
) -> CaptionData:
    """Load a data set by name: "scenes", "coco" or "flickr8k"; the first `count` images of "train", "val" or "test".

    Images are square, with `size` pixels a side: 48 for scenes where it is None, 112 for the others, which are scaled
    to it by their shorter side and cut. `root` is the folder of official files, instead of $GRADLAB_DATA. `seed`
    chooses among generated scenes. Raises DataError, whose message says what to do.
    """
    source = CAPTIONS.find(name)
    CAPTIONS.check_part(split)
    check_count("count", count)
    data: CaptionData = source.read_captions(split, count=count, size=size, root=root, seed=seed)
    return data
