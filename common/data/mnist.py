"""MNIST (LeCun, Cortes, Burges 1998) from its four official files."""

from __future__ import annotations

import gzip
import hashlib
import warnings
import zlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from common.data import cache
from common.data.download import Archive, fetch
from common.data.split import DataError, Pixels

CLASS_NAMES = tuple("0123456789")
SIZE = 28
SERVER = "https://ossci-datasets.s3.amazonaws.com/mnist"  # PyTorch's copy; the files are those of yann.lecun.com
TRAIN = (
    Archive(f"{SERVER}/train-images-idx3-ubyte.gz", "f68b3c2dcbeaaa9fbdd348bbdeb94873", "9.9 MB"),
    Archive(f"{SERVER}/train-labels-idx1-ubyte.gz", "d53e105ee54ea40749a09fcbcd1e9432", "29 KB"),
)
TEST = (
    Archive(f"{SERVER}/t10k-images-idx3-ubyte.gz", "9fb629c4189551a2d022fa330f9573f3", "1.6 MB"),
    Archive(f"{SERVER}/t10k-labels-idx1-ubyte.gz", "ec29112dd5afa0611ce80d1b7f02629c", "4.5 KB"),
)
FOLDERS = ("mnist", "MNIST/raw", ".")  # ours, torchvision's, and the folder itself


def read(
    num_train: int | None, num_test: int | None, *, root: str | Path | None = None, seed: int = 0
) -> tuple[Pixels, Pixels]:
    """Read the first images in the order of the files. ``seed`` is not used."""
    base = cache.data_folder(root)
    return _first(num_train, base, TRAIN, "training"), _first(num_test, base, TEST, "test")


def _first(count: int | None, base: Path, files: tuple[Archive, Archive], part: str) -> Pixels:
    paths = [_find(archive, base) for archive in files]
    images = _read_idx(paths[0], files[0].md5, (SIZE, SIZE))
    labels = _read_idx(paths[1], files[1].md5, ()).astype(np.int64)
    if len(images) != len(labels) or (labels > 9).any():
        raise DataError(
            f"{paths[0]} and {paths[1]} do not belong together: each image needs one label from 0 to 9. Delete both "
            "and load again."
        )
    if count is not None and count > len(labels):
        raise DataError(f"MNIST in {paths[0].parent} has {len(labels):,} {part} images; you asked for {count:,}.")
    return Pixels(images[:count, None], labels[:count])


def _find(archive: Archive, base: Path) -> Path:
    """Find the file in one of the usual folders below base, or download it into the first of them."""
    for name in FOLDERS:
        if (path := base / name / archive.filename).is_file():
            return path
    folder = base / FOLDERS[0]
    by_hand = (
        f"Without a network: copy the four .gz files of MNIST into {folder}, or set GRADLAB_DATA to the folder that "
        "contains them. Generated images of the same size need no download: load('glyphs')."
    )
    return fetch(archive, folder, by_hand=by_hand)


def _read_idx(path: Path, md5: str, shape: tuple[int, ...]) -> NDArray[np.uint8]:
    """Read an array of bytes in the format idx: a magic number, the sizes, the bytes. (N, *shape)"""
    try:
        packed = path.read_bytes()
    except OSError as error:
        raise DataError(f"{path} cannot be read ({error.strerror}). Copy it again.") from error
    if hashlib.md5(packed, usedforsecurity=False).hexdigest() != md5:
        warnings.warn(f"{path} is not the official file (its md5 is not {md5}).", stacklevel=2)
    try:
        content = gzip.decompress(packed)
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(f"{path} cannot be unpacked ({error}). Delete it and load again.") from error
    axes = 1 + len(shape)
    header = np.frombuffer(content[: 4 * (1 + axes)], ">u4") if len(content) >= 4 * (1 + axes) else np.zeros(1)
    values = np.frombuffer(content, np.uint8)[4 * (1 + axes) :]
    sound = header[0] == 0x800 + axes and tuple(header[2:]) == shape  # 8: unsigned bytes; then the number of axes
    if not sound or int(header[1]) * int(np.prod(shape, dtype=int)) != len(values):
        raise DataError(f"{path} is not a file of MNIST. Delete it and load again.")
    return values.reshape(-1, *shape)
