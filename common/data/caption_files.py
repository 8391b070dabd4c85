"""Captions of COCO (Lin et al. 2014) and Flickr8k (Hodosh, Young and Hockenmaier 2013), from their official files.

    coco/      annotations/captions_train2017.json  train2017/000000000009.jpg ...      (val alike)
    flickr8k/  captions.txt or Flickr8k.token.txt  Flickr_8k.trainImages.txt ...  Images/ or Flicker8k_Dataset/

The folder is $GRADLAB_DATA or a folder in it. Captions are read at once, images when they are asked for.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Mapping
from pathlib import Path

from common.data import cache
from common.data.box_files import read_image
from common.data.captions import CaptionData, CaptionExample, squared
from common.data.split import DataError

COCO_FOLDERS = ("", "coco", "coco2017", "COCO", "coco-mini")
FLICKR_FOLDERS = ("", "flickr8k", "Flickr8k")
FLICKR_IMAGES = ("Images", "Flicker8k_Dataset", "Flickr8k_Dataset")  # the archive's own spelling is the second
FLICKR_PARTS = {"train": "trainImages", "val": "devImages", "test": "testImages"}


class FileCaptions(CaptionData):
    """Examples whose images lie in files, made square; the first `count` of those whose image is there."""

    def __init__(self, table: Mapping[Path, tuple[str, ...]], *, count: int | None, size: int, name: str) -> None:
        present = {path: captions for path, captions in table.items() if captions and path.is_file()}
        if not present and table:
            raise DataError(
                f"{name} has captions of {len(table)} images, but none of the images, the first of which should be "
                f"{next(iter(table))}. Unpack the archive of images beside that of the captions."
            )
        self.paths = list(present)[:count]
        self.captions = [present[path] for path in self.paths]
        self.size = size

    def __getitem__(self, index: int) -> CaptionExample:
        return CaptionExample(squared(read_image(self.paths[index]), self.size), self.captions[index])


class CocoCaptions(FileCaptions):
    """COCO 2017, about five captions an image; the captions of its test part were never published."""

    def __init__(
        self, split: str, *, count: int | None = None, size: int = 112, root: str | Path | None = None
    ) -> None:
        if split == "test":
            raise DataError("COCO has the parts 'train' and 'val'; the captions of its test part are not public.")
        base = cache.data_folder(root)
        path = _first(f"annotations/captions_{split}2017.json", base, (base / name for name in COCO_FOLDERS), "coco")
        images = path.parent.parent / f"{split}2017"
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
            files = {image["id"]: images / Path(image["file_name"]).name for image in content["images"]}
            captions: dict[int, list[str]] = {number: [] for number in sorted(files)}
            for note in content["annotations"]:
                captions[note["image_id"]].append(str(note["caption"]).strip())
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise _damaged(path, error) from error
        table = {files[number]: tuple(sentences) for number, sentences in captions.items()}
        super().__init__(table, count=count, size=size, name=path.name)


class Flickr8k(FileCaptions):
    """Flickr8k, five captions an image, with the split of its authors."""

    def __init__(
        self, split: str, *, count: int | None = None, size: int = 112, root: str | Path | None = None
    ) -> None:
        base = cache.data_folder(root)
        places = [base / name for name in FLICKR_FOLDERS]
        places += [place / "Flickr8k_text" for place in places]
        listed = _first(f"Flickr_8k.{FLICKR_PARTS[split]}.txt", base, places, "flickr8k")
        try:
            path = _first("captions.txt", base, places, "flickr8k")
        except DataError:
            path = _first("Flickr8k.token.txt", base, places, "flickr8k")
        try:
            captions = _csv(path) if path.name == "captions.txt" else _tokens(path)
            names = [Path(line).name for line in listed.read_text(encoding="utf-8").split()]
        except (OSError, ValueError, csv.Error) as error:
            raise _damaged(path, error) from error
        nearby = [folder / name for folder in (path.parent, path.parent.parent, base) for name in FLICKR_IMAGES]
        images = next((folder for folder in nearby if folder.is_dir()), nearby[0])
        table = {images / name: tuple(captions.get(name, ())) for name in names}
        super().__init__(table, count=count, size=size, name=path.name)


def _csv(path: Path) -> dict[str, list[str]]:
    """Rows of image and caption below a heading: "1000.jpg,A dog ." """
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
    """Lines of image, number and caption: "1000.jpg#0<tab>A dog ." """
    found: dict[str, list[str]] = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        place, tab, caption = line.partition("\t")
        if line.strip() and not tab:
            raise ValueError(f"a line has no tab between image and caption: {line[:60]!r}")
        if tab:
            found.setdefault(place.partition("#")[0], []).append(caption.strip())
    return found


def _first(name: str, base: Path, places: Iterable[Path], load: str) -> Path:
    tried = list(dict.fromkeys(places))
    for folder in tried:
        if (folder / name).is_file():
            return folder / name
    raise DataError(
        f"{name} is in none of {', '.join(str(folder) for folder in tried)}. Unpack the official archives of {load} "
        f"into {base}, or set GRADLAB_DATA to the folder where they are. Generated captions need no download: "
        "load_captions('scenes')."
    )


def _damaged(path: Path, error: Exception) -> DataError:
    return DataError(
        f"{path} cannot be read ({type(error).__name__}: {error}). Unpack it again from the official archive."
    )
