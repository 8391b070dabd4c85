"""CIFAR-10 (Krizhevsky 2009) from its official archive, or from the folder it unpacks to."""

from __future__ import annotations

import hashlib
import pickle
import tarfile
import warnings
import zlib
from pathlib import Path

import numpy as np

from common.data import cache
from common.data.download import Archive, fetch
from common.data.split import DataError, Pixels
from common.data.unpickle import read_pickle

CLASS_NAMES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
FOLDER = "cifar-10-batches-py"
ARCHIVE = Archive(
    url="https://www.cs.toronto.edu/~kriz/cifar-10-python.tar.gz",
    md5="c58f30108f718f92721af3b95e74349a",
    size="163 MB",
)
TRAIN_BATCHES = {
    "data_batch_1": "c99cafc152244af753f735de768cd75f",
    "data_batch_2": "d4bba439e000b95fd0a9bffe97cbabec",
    "data_batch_3": "54ebc095f3ab1f0389bbae665268c751",
    "data_batch_4": "634d18415352ddfa80567beed471001a",
    "data_batch_5": "482c414d41f54cd18b22e5b47cb7c3cb",
}
TEST_BATCHES = {"test_batch": "40351d587109b95175f43aff81a1287e"}


def read(
    num_train: int | None, num_test: int | None, *, root: str | Path | None = None, seed: int = 0
) -> tuple[Pixels, Pixels]:
    """Read the first images in the order of the files, data_batch_1 first. ``seed`` is not used."""
    folder = _find(cache.data_folder(root)) or _unpack(cache.data_folder(root))
    return _first(num_train, folder, TRAIN_BATCHES, "training"), _first(num_test, folder, TEST_BATCHES, "test")


def _find(base: Path) -> Path | None:
    """Find the batches in base/cifar-10-batches-py or in base itself."""
    return next((folder for folder in (base / FOLDER, base) if (folder / "data_batch_1").is_file()), None)


def _unpack(base: Path) -> Path:
    """Extract only the batches from the archive, which is downloaded first if it is not in base."""
    by_hand = (
        f"Without a network: copy {ARCHIVE.filename} into {base}, or set GRADLAB_DATA to a folder that contains it or "
        f"{FOLDER}. Generated data need no download: load('scenes')."
    )
    archive = fetch(ARCHIVE, base, by_hand=by_hand)
    try:
        with tarfile.open(archive) as tar:
            names = [
                *TEST_BATCHES,
                *reversed(TRAIN_BATCHES),
            ]  # data_batch_1 last: if it is there, the folder is complete
            for name in names:
                member = tar.extractfile(f"{FOLDER}/{name}")
                if member is None:
                    raise KeyError(f"{name} is not a file")
                cache.write_whole(base / FOLDER / name, member.read())
    except (tarfile.TarError, KeyError, EOFError, zlib.error) as error:
        raise DataError(f"{archive} cannot be unpacked ({error}). Delete it and load again.") from error
    except OSError as error:
        raise DataError(f"{archive} cannot be unpacked into {base / FOLDER}: {error}.") from error
    return base / FOLDER


def _first(count: int | None, folder: Path, batches: dict[str, str], part: str) -> Pixels:
    """Read as many batches as the first `count` images need; all if it is None."""
    images = [np.empty((0, 3, 32, 32), np.uint8)]
    labels = [np.empty(0, np.int64)]
    have = 0
    for name, md5 in batches.items():
        if count is not None and have >= count:
            break
        batch = _read_batch(folder / name, md5)
        images.append(batch.images)
        labels.append(batch.labels)
        have += len(batch.labels)
    if count is not None and have < count:
        raise DataError(f"CIFAR-10 in {folder} has {have:,} {part} images; you asked for {count:,}.")
    return Pixels(np.concatenate(images)[:count], np.concatenate(labels)[:count])


def _read_batch(path: Path, md5: str) -> Pixels:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise DataError(f"{path} cannot be read ({error.strerror}). Unpack the archive again.") from error
    if hashlib.md5(content, usedforsecurity=False).hexdigest() != md5:
        warnings.warn(f"{path} is not the official file (its md5 is not {md5}).", stacklevel=2)
    try:
        batch = read_pickle(content)
        images, labels = batch[b"data"], np.array(batch[b"labels"], np.int64)
        images = images.reshape(-1, 3, 32, 32)
    except (pickle.UnpicklingError, KeyError, AttributeError, TypeError, ValueError) as error:
        raise DataError(f"{path} is not a CIFAR-10 batch: {error}. Unpack the archive again.") from error
    if labels.shape != images.shape[:1] or not np.isin(labels, np.arange(len(CLASS_NAMES))).all():
        raise DataError(f"{path} is not a CIFAR-10 batch: it needs one label from 0 to 9 for each image.")
    return Pixels(images, labels)
