"""Scenes as a classification set: one object in each image; its class is the label."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from common.data import cache, render, scenes
from common.data.registry import generated_count
from common.data.split import Pixels

CLASS_NAMES = scenes.CLASS_NAMES
TRAIN, TEST = 5000, 1000
SIZE = 32
DEFAULT_SEED = 0  # the only one stored on disk, since most runs use it


def read(
    num_train: int | None, num_test: int | None, *, root: str | Path | None = None, seed: int = DEFAULT_SEED
) -> tuple[Pixels, Pixels]:
    """Return the first scenes of the training and the test stream, which never end."""
    num_train, num_test = generated_count(num_train, TRAIN), generated_count(num_test, TEST)
    return _stream("train", num_train, root, seed), _stream("test", num_test, root, seed)


def _stream(stream: str, count: int, root: str | Path | None, seed: int) -> Pixels:
    if seed != DEFAULT_SEED:
        return draw(stream, count, seed)
    path = cache.cache_folder(root) / f"scenes-v{scenes.VERSION}-{stream}.npz"
    stored = _checked(cache.read_arrays(path))
    if stored is None or len(stored.labels) < count:
        stored = draw(stream, count, seed)
        cache.store_arrays(path, {"images": stored.images, "labels": stored.labels})
    return Pixels(stored.images[:count], stored.labels[:count])  # the first n images of a larger set are the same n


def draw(stream: str, count: int, seed: int) -> Pixels:
    """Draw images and labels without the cache."""
    described = scenes.describe(seed, range(count), stream=stream)
    labels = np.array([scene.objects[0].label for scene in described], np.int64)
    return Pixels(render.render(described, SIZE), labels)


def _checked(arrays: dict[str, NDArray[Any]] | None) -> Pixels | None:
    if arrays is None or set(arrays) != {"images", "labels"}:
        return None
    images, labels = arrays["images"], arrays["labels"]
    sound = images.dtype == np.uint8 and images.shape[1:] == (3, SIZE, SIZE) and labels.dtype == np.int64
    return Pixels(images, labels) if sound and labels.shape == images.shape[:1] else None
