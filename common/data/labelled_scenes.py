"""Scenes as a classification set: one object in each image, its class is the label."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from common.data import cache, render, scenes
from common.data.split import DataError, Pixels

CLASS_NAMES = scenes.CLASS_NAMES
TRAIN, TEST = 5000, 1000
SIZE = 32
DEFAULT_SEED = 0  # the only one worth keeping on disk: everyone asks for it again and again


def read(
    num_train: int | None, num_test: int | None, *, root: str | Path | None = None, seed: int = DEFAULT_SEED
) -> tuple[Pixels, Pixels]:
    """The first scenes of the training stream and of the test stream; there is no end to either."""
    counts = TRAIN if num_train is None else num_train, TEST if num_test is None else num_test
    if max(counts) > 1_000_000:
        raise DataError(f"{max(counts):,} scenes would not fit in memory; ask for at most a million.")
    train, test = (_stream(stream, count, root, seed) for stream, count in zip(("train", "test"), counts, strict=True))
    return train, test


def _stream(stream: str, count: int, root: str | Path | None, seed: int) -> Pixels:
    if seed != DEFAULT_SEED:
        return draw(stream, count, seed)
    path = cache.cache_folder(root) / f"scenes-v{scenes.VERSION}-{stream}.npz"
    kept = _checked(cache.read_arrays(path))
    if kept is None or len(kept.labels) < count:
        kept = draw(stream, count, seed)
        cache.keep_arrays(path, {"images": kept.images, "labels": kept.labels})
    return Pixels(kept.images[:count], kept.labels[:count])  # the first n of more are the same n


def draw(stream: str, count: int, seed: int) -> Pixels:
    """Make the images and labels anew."""
    described = scenes.describe(seed, range(count), stream=stream)
    labels = np.array([scene.objects[0].label for scene in described], np.int64)
    return Pixels(render.render(described, SIZE), labels)


def _checked(arrays: dict[str, np.ndarray] | None) -> Pixels | None:
    if arrays is None or set(arrays) != {"images", "labels"}:
        return None
    images, labels = arrays["images"], arrays["labels"]
    sound = images.dtype == np.uint8 and images.shape[1:] == (3, SIZE, SIZE) and labels.dtype == np.int64
    return Pixels(images, labels) if sound and labels.shape == images.shape[:1] else None
