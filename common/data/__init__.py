"""Data sets by name: some are generated here, the others come from their official archives. For students."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from common.data.registry import Registry, check_count
from common.data.split import DataError, Split, to_split

if TYPE_CHECKING:
    import torch

__all__ = ["DATASETS", "DataError", "Split", "load"]

# Each module has CLASS_NAMES and read(num_train, num_test, *, root, seed) -> (Pixels, Pixels).
IMAGES = Registry(
    kind="labels",
    modules={
        "scenes": "common.data.labelled_scenes",
        "cifar10": "common.data.cifar10",
        "glyphs": "common.data.glyphs",
        "mnist": "common.data.mnist",
        "plain_scenes": "common.data.plain_scenes",
    },
)
DATASETS = IMAGES.modules


def load(
    name: str = "scenes",
    *,
    num_train: int | None = None,
    num_test: int | None = None,
    device: str | torch.device = "cpu",
    root: str | Path | None = None,
    seed: int = 0,
) -> Split:
    """Load a data set; `num_train` and `num_test` take the first so many images, None takes the usual number.

    `root` is the folder for its files, instead of $GRADLAB_DATA (official sets) or $GRADLAB_CACHE (generated ones).
    `seed` chooses among generated sets; official ones have none. Raises DataError, whose message says what to do.
    """
    source = IMAGES.find(name)
    check_count("num_train", num_train)
    check_count("num_test", num_test)
    train, test = source.read(num_train, num_test, root=root, seed=seed)
    return to_split(train, test, class_names=source.CLASS_NAMES, name=name, device=device)
