"""Boxes of COCO (Lin et al. 2014) and PASCAL VOC (Everingham et al. 2010), from their official folders.

    coco/  annotations/instances_train2017.json  train2017/000000000009.jpg ...      (val alike)
    VOCdevkit/VOC2007/  Annotations/000005.xml  ImageSets/Main/train.txt  JPEGImages/000005.jpg ...

The folder is $GRADLAB_DATA or a folder in it. Annotations are read at once, images when they are asked for.
"""

from __future__ import annotations

import json
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from common.data import cache
from common.data.boxes import BoxData, Example, resize
from common.data.split import DataError

VOC_CLASSES = (
    *("aeroplane", "bicycle", "bird", "boat", "bottle", "bus", "car", "cat", "chair", "cow", "diningtable", "dog"),
    *("horse", "motorbike", "person", "pottedplant", "sheep", "sofa", "train", "tvmonitor"),
)
VOC_YEARS = ("VOC2007", "VOC2012")


@dataclass(frozen=True)
class Record:
    """One image's file, and its boxes (xyxy in pixels) with their labels."""

    path: Path
    boxes: list[tuple[float, float, float, float]]
    labels: list[int]


class FileBoxes(BoxData):
    """Examples whose images lie in files; `size` as for load_boxes."""

    def __init__(self, records: list[Record], class_names: tuple[str, ...], size: int | tuple[int, int] | None) -> None:
        self.records, self.class_names = records, class_names
        self.size = (size, size) if isinstance(size, int) else size

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


class CocoBoxes(FileBoxes):
    """COCO 2017, 80 classes; groups that are outlined as a whole ("iscrowd") are left out."""

    def __init__(
        self,
        split: str,
        *,
        count: int | None = None,
        size: int | tuple[int, int] | None = None,
        root: str | Path | None = None,
    ) -> None:
        base = cache.data_folder(root)
        name = f"instances_{split}2017.json"
        folder = _first(
            name, base, (f / "annotations" for f in (base, base / "coco", base / "coco2017", base / "COCO"))
        )
        path = folder / name
        try:
            table = json.loads(path.read_text(encoding="utf-8"))
            categories = sorted(table["categories"], key=lambda category: category["id"])
            label_of = {category["id"]: label for label, category in enumerate(categories)}
            records = {
                image["id"]: Record(folder.parent / f"{split}2017" / Path(image["file_name"]).name, [], [])
                for image in sorted(table["images"], key=lambda image: image["id"])[:count]
            }
            for note in table["annotations"]:
                if note["image_id"] in records and not note.get("iscrowd"):
                    x, y, width, height = map(float, note["bbox"])
                    records[note["image_id"]].boxes.append((x, y, x + width, y + height))
                    records[note["image_id"]].labels.append(label_of[note["category_id"]])
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise _damaged(path, error) from error
        super().__init__(list(records.values()), tuple(str(category["name"]) for category in categories), size)


class VocBoxes(FileBoxes):
    """PASCAL VOC 2007 or 2012, whichever is there, 20 classes; objects marked "difficult" are left out."""

    def __init__(
        self,
        split: str,
        *,
        count: int | None = None,
        size: int | tuple[int, int] | None = None,
        root: str | Path | None = None,
    ) -> None:
        base = cache.data_folder(root)
        name = f"ImageSets/Main/{split}.txt"
        places = (f / year for f in (base, base / "VOCdevkit") for year in VOC_YEARS)
        folder = _first(name, base, places)
        names = (folder / name).read_text(encoding="utf-8").split()[:count]
        records = [self._read(folder, Path(number).name) for number in names]
        super().__init__(records, VOC_CLASSES, size)

    @staticmethod
    def _read(folder: Path, number: str) -> Record:
        path = folder / "Annotations" / f"{number}.xml"
        record = Record(folder / "JPEGImages" / f"{number}.jpg", [], [])
        try:
            for thing in ElementTree.parse(path).getroot().iter("object"):
                if (thing.findtext("difficult") or "0").strip() == "1":
                    continue
                x0, y0, x1, y1 = (
                    float(thing.findtext(f"bndbox/{key}") or "") for key in ("xmin", "ymin", "xmax", "ymax")
                )
                record.boxes.append((x0 - 1, y0 - 1, x1, y1))  # the files count pixels from 1, the last included
                record.labels.append(VOC_CLASSES.index((thing.findtext("name") or "").strip()))
        except (OSError, ValueError, ElementTree.ParseError) as error:
            raise _damaged(path, error) from error
        return record


def read_image(path: Path) -> Tensor:
    """An image file as a tensor.

    Shapes:
        out  (3, H, W)  float32 in [0, 1], RGB
    """
    from PIL import Image

    try:
        with Image.open(path) as image:
            pixels = np.asarray(image.convert("RGB"))
    except (OSError, ValueError, Image.DecompressionBombError) as error:
        raise _damaged(path, error) from error
    return torch.from_numpy(pixels.copy()).movedim(-1, 0).float() / 255


def _first(name: str, base: Path, places: Iterable[Path]) -> Path:
    tried = list(places)
    for folder in tried:
        if (folder / name).is_file():
            return folder
    raise DataError(
        f"{name} is in none of {', '.join(str(folder) for folder in tried)}. Unpack the official archives into {base}, "
        "or set GRADLAB_DATA to the folder where they are. Generated data need no download: load_boxes('scenes')."
    )


def _damaged(path: Path, error: Any) -> DataError:
    return DataError(
        f"{path} cannot be read ({type(error).__name__}: {error}). Unpack it again from the official archive."
    )
