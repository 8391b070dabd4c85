"""Flickr8k (Hodosh, Young and Hockenmaier 2013) from its official files: five captions for each image.

    flickr8k/  captions.txt or Flickr8k.token.txt  Flickr_8k.trainImages.txt ...  Images/ or Flicker8k_Dataset/

The folder is $GRADLAB_DATA or a folder in it. Captions are read at once, images one at a time.
"""

from __future__ import annotations

import csv
from pathlib import Path

from common.data import cache
from common.data.caption_examples import CaptionData, FileCaptions
from common.data.files import damaged, find_file
from common.data.split import DataError

FOLDERS = (
    *(".", "flickr8k", "Flickr8k"),  # below the data folder
    *("Flickr8k_text", "flickr8k/Flickr8k_text", "Flickr8k/Flickr8k_text"),
)
IMAGES = ("Images", "Flicker8k_Dataset", "Flickr8k_Dataset")  # the archive's own spelling is the second
LISTS = {"train": "trainImages", "val": "devImages", "test": "testImages"}


def read_captions(part: str, *, count: int | None, size: int | None, root: str | Path | None, seed: int) -> CaptionData:
    """Read the captions, with the split of the data set's authors. ``seed`` is not used."""
    base = cache.data_folder(root)
    listed = _find(f"Flickr_8k.{LISTS[part]}.txt", base)
    try:
        path = _find("captions.txt", base)
    except DataError:
        path = _find("Flickr8k.token.txt", base)
    try:
        captions = _csv(path) if path.name == "captions.txt" else _tokens(path)
        names = [Path(line).name for line in listed.read_text(encoding="utf-8").split()]
    except (OSError, ValueError, csv.Error) as error:
        raise damaged(path, error) from error
    nearby = [folder / name for folder in (path.parent, path.parent.parent, base) for name in IMAGES]
    images = next((folder for folder in nearby if folder.is_dir()), nearby[0])
    table = {images / name: tuple(captions.get(name, ())) for name in names}
    return FileCaptions(table, count=count, size=size, source=path.name)


def _find(name: str, base: Path) -> Path:
    return find_file(name, base, FOLDERS, title="Flickr8k", instead="load_captions('scenes')")


def _csv(path: Path) -> dict[str, list[str]]:
    """Read rows of image and caption below a heading: "1000.jpg,A dog ." """
    found: dict[str, list[str]] = {}
    with path.open(encoding="utf-8", newline="") as file:
        rows = csv.reader(file)
        heading = next(rows, [])
        if [cell.strip() for cell in heading[:2]] != ["image", "caption"]:
            raise ValueError(f"the first line should be image,caption, not {','.join(heading)[:60]!r}")
        for row in rows:
            if len(row) > 1:
                found.setdefault(row[0].strip(), []).append(",".join(row[1:]).strip())
    return found


def _tokens(path: Path) -> dict[str, list[str]]:
    """Read lines of image, number and caption: "1000.jpg#0<tab>A dog ." """
    found: dict[str, list[str]] = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        place, tab, caption = line.partition("\t")
        if line.strip() and not tab:
            raise ValueError(f"a line has no tab between image and caption: {line[:60]!r}")
        if tab:
            found.setdefault(place.partition("#")[0], []).append(caption.strip())
    return found
