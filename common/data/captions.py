"""Images with captions: `load_captions("scenes")` is generated here; COCO and Flickr8k come from their official files.

Every data set has `captions`, several for each image, at once, and yields `CaptionExample`s; `stack` makes one tensor
of their images. `common.data.vocabulary` turns captions into numbers.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.utils.data import Dataset

from common.data.split import DataError

SPLITS = ("train", "val", "test")


@dataclass(frozen=True)
class CaptionExample:
    """One image and what people say of it.

    Shapes:
        image     (3, H, W)  float32 in [0, 1], RGB
        captions  tuple      sentences
    """

    image: Tensor
    captions: tuple[str, ...]


class CaptionData(Dataset[CaptionExample]):
    """A data set of captions: `data[i]` for i in 0 .. len(data) - 1."""

    captions: Sequence[tuple[str, ...]]  # of each image, read at once

    def __len__(self) -> int:
        return len(self.captions)

    def __getitem__(self, index: int) -> CaptionExample:
        raise NotImplementedError


def load_captions(
    name: str = "scenes",
    split: str = "train",
    *,
    count: int | None = None,
    size: int | None = None,
    root: str | Path | None = None,
    seed: int = 0,
) -> CaptionData:
    """A data set by name: "scenes", "coco" or "flickr8k"; the first `count` images of its "train", "val" or "test".

    Images are square, with `size` pixels a side: 48 for scenes where it is None, 112 for the others, which are scaled
    to it by their shorter side and cut. `root` is the folder of official files, instead of $GRADLAB_DATA. `seed`
    chooses among generated scenes. Raises DataError, whose message says what to do.
    """
    if name not in ("scenes", "coco", "flickr8k"):
        raise DataError(f"There is no data set {name!r} with captions; choose one of: coco, flickr8k, scenes.")
    if split not in SPLITS:
        raise DataError(f"A data set with captions has the parts {', '.join(map(repr, SPLITS))}, not {split!r}.")
    if count is not None and (isinstance(count, bool) or not isinstance(count, int) or count < 0):
        raise DataError(f"count is how many images to take, a whole number or None, not {count!r}.")
    if name == "scenes":
        from common.data.scene_captions import SceneCaptions

        return SceneCaptions(2000 if count is None else count, size=size or 48, seed=seed, stream=f"captions {split}")
    from common.data.caption_files import CocoCaptions, Flickr8k

    return {"coco": CocoCaptions, "flickr8k": Flickr8k}[name](split, count=count, size=size or 112, root=root)


def stack(data: CaptionData, *, progress: bool = False) -> Tensor:
    """The images of a data set in one tensor, with a progress bar where reading them takes time.

    Shapes:
        out  (N, 3, H, W)  float32 in [0, 1]
    """
    numbers: Iterable[int] = range(len(data))
    if progress:
        from tqdm.auto import tqdm

        numbers = tqdm(numbers, desc="images", unit=" images")
    images = [data[number].image for number in numbers]
    return torch.stack(images) if images else torch.zeros(0, 3, 1, 1)


def squared(image: Tensor, size: int) -> Tensor:
    """Scale an image by its shorter side, and cut a square of `size` pixels a side from its middle.

    Shapes:
        image  (3, H, W)        float32 in [0, 1]
        out    (3, size, size)  alike
    """
    height, width = image.shape[1:]
    scale = size / min(height, width)
    high, wide = max(size, round(height * scale)), max(size, round(width * scale))
    scaled = F.interpolate(image[None], (high, wide), mode="bilinear", antialias=True)[0].clamp(0, 1)
    top, left = (high - size) // 2, (wide - size) // 2
    return scaled[:, top : top + size, left : left + size]
