"""Images with captions: one example, data sets of them, and transforms of their images."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.utils.data import Dataset

from common.data.files import read_image
from common.data.split import DataError

SIZE = 112  # of images from files


@dataclass(frozen=True)
class CaptionExample:
    """One image and sentences that describe it.

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


class FileCaptions(CaptionData):
    """Examples whose images are in files, made square; the first `count` of those whose image is there."""

    def __init__(
        self, table: Mapping[Path, tuple[str, ...]], *, count: int | None, size: int | None, source: str
    ) -> None:
        """``table``: the captions of each image's path; ``source``: the file of captions, for the message."""
        present = {path: captions for path, captions in table.items() if captions and path.is_file()}
        if not present and table:
            raise DataError(
                f"{source} has captions for {len(table)} images, but none of the images is there. The first should be "
                f"{next(iter(table))}. Unpack the archive of images next to that of the captions."
            )
        self.paths = list(present)[:count]
        self.captions = [present[path] for path in self.paths]
        self.size = size or SIZE

    def __getitem__(self, index: int) -> CaptionExample:
        return CaptionExample(squared(read_image(self.paths[index]), self.size), self.captions[index])


def stack(data: CaptionData, *, progress: bool = False) -> Tensor:
    """Stack the images of a data set in one tensor, with a progress bar where reading them takes time.

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
