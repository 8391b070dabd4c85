"""PASCAL VOC (Everingham et al. 2010) from its official folders: boxes.

    VOCdevkit/VOC2007/  Annotations/000005.xml  ImageSets/Main/train.txt  JPEGImages/000005.jpg ...

The folder is $GRADLAB_DATA or a folder in it. Annotations are read at once, images one at a time.
"""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from pathlib import Path

from common.data import cache
from common.data.box_examples import BoxData, FileBoxes, Record, Size
from common.data.files import damaged, find_file

CLASS_NAMES = (
    *("aeroplane", "bicycle", "bird", "boat", "bottle", "bus", "car", "cat", "chair", "cow", "diningtable", "dog"),
    *("horse", "motorbike", "person", "pottedplant", "sheep", "sofa", "train", "tvmonitor"),
)
FOLDERS = ("VOC2007", "VOC2012", "VOCdevkit/VOC2007", "VOCdevkit/VOC2012")  # below the data folder


def read_boxes(part: str, *, count: int | None, size: Size | None, root: str | Path | None, seed: int) -> BoxData:
    """Read the boxes of 2007 or 2012, whichever is there, without objects marked "difficult". ``seed`` is not used."""
    name = f"ImageSets/Main/{part}.txt"
    base = cache.data_folder(root)
    listed = find_file(name, base, FOLDERS, title="PASCAL VOC", instead="load_boxes('scenes')")
    folder = listed.parents[2]
    names = listed.read_text(encoding="utf-8").split()[:count]
    return FileBoxes([_read(folder, Path(number).name) for number in names], CLASS_NAMES, size=size)


def _read(folder: Path, number: str) -> Record:
    path = folder / "Annotations" / f"{number}.xml"
    record = Record(folder / "JPEGImages" / f"{number}.jpg", [], [])
    try:
        for thing in ElementTree.parse(path).getroot().iter("object"):
            if (thing.findtext("difficult") or "0").strip() == "1":
                continue
            x0, y0, x1, y1 = (float(thing.findtext(f"bndbox/{key}") or "") for key in ("xmin", "ymin", "xmax", "ymax"))
            record.boxes.append((x0 - 1, y0 - 1, x1, y1))  # the files count pixels from 1, the last included
            record.labels.append(CLASS_NAMES.index((thing.findtext("name") or "").strip()))
    except (OSError, ValueError, ElementTree.ParseError) as error:
        raise damaged(path, error) from error
    return record
