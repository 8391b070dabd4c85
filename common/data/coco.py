"""COCO 2017 (Lin et al. 2014) from its official folders: boxes, or captions.

    coco/  annotations/instances_train2017.json  annotations/captions_train2017.json  train2017/000000000009.jpg ...

The other part has "val" instead of "train". The folder is $GRADLAB_DATA or a folder in it. Annotations are read at
once, images one at a time.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from common.data import cache
from common.data.box_examples import BoxData, FileBoxes, Record, Size
from common.data.caption_examples import CaptionData, FileCaptions
from common.data.files import damaged, find_file
from common.data.split import DataError

FOLDERS = (".", "coco", "coco2017", "COCO", "coco-mini")  # below the data folder


def read_boxes(part: str, *, count: int | None, size: Size | None, root: str | Path | None, seed: int) -> BoxData:
    """Read the boxes of 80 classes, without groups that are outlined as a whole ("iscrowd"). ``seed`` is not used."""
    path = _find(f"instances_{part}2017.json", root, instead="load_boxes('scenes')")
    images = path.parent.parent / f"{part}2017"
    try:
        table = _read(path)
        categories = sorted(table["categories"], key=lambda category: category["id"])
        label_of = {category["id"]: label for label, category in enumerate(categories)}
        records = {
            image["id"]: Record(images / Path(image["file_name"]).name, [], [])
            for image in sorted(table["images"], key=lambda image: image["id"])[:count]
        }
        for note in table["annotations"]:
            if note["image_id"] in records and not note.get("iscrowd"):
                x, y, width, height = map(float, note["bbox"])
                records[note["image_id"]].boxes.append((x, y, x + width, y + height))
                records[note["image_id"]].labels.append(label_of[note["category_id"]])
        class_names = tuple(str(category["name"]) for category in categories)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise damaged(path, error) from error
    return FileBoxes(list(records.values()), class_names, size=size)


def read_captions(part: str, *, count: int | None, size: int | None, root: str | Path | None, seed: int) -> CaptionData:
    """Read about five captions for each image; those of the test part were never published. ``seed`` is not used."""
    if part == "test":
        raise DataError("COCO has the parts 'train' and 'val'; the captions of its test part are not public.")
    path = _find(f"captions_{part}2017.json", root, instead="load_captions('scenes')")
    images = path.parent.parent / f"{part}2017"
    try:
        table = _read(path)
        files = {image["id"]: images / Path(image["file_name"]).name for image in table["images"]}
        captions: dict[int, list[str]] = {number: [] for number in sorted(files)}
        for note in table["annotations"]:
            captions[note["image_id"]].append(str(note["caption"]).strip())
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise damaged(path, error) from error
    of_files = {files[number]: tuple(sentences) for number, sentences in captions.items()}
    return FileCaptions(of_files, count=count, size=size, source=path.name)


def _find(name: str, root: str | Path | None, *, instead: str) -> Path:
    return find_file(f"annotations/{name}", cache.data_folder(root), FOLDERS, title="COCO", instead=instead)


def _read(path: Path) -> dict[str, Any]:
    table: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return table
