"""Data sets by name: scenes and glyphs are generated here, the others come from their official archives."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import TYPE_CHECKING

from common.data.split import DataError, Split, to_split

if TYPE_CHECKING:
    import torch

__all__ = ["DATASETS", "DataError", "Split", "load"]

# A module named here has CLASS_NAMES and read(num_train, num_test, *, root, seed) -> (Pixels, Pixels); it is imported
# when its data are asked for.
DATASETS = {
    "scenes": "common.data.labelled_scenes",
    "cifar10": "common.data.cifar10",
    "glyphs": "common.data.glyphs",
    "mnist": "common.data.mnist",
    "plain_scenes": "common.data.plain_scenes",
}


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
    if name not in DATASETS:
        raise DataError(f"There is no data set {name!r}; choose one of: {', '.join(sorted(DATASETS))}.")
    for argument, count in {"num_train": num_train, "num_test": num_test}.items():
        if count is not None and (isinstance(count, bool) or not isinstance(count, int) or count < 0):
            raise DataError(f"{argument} is how many images to take, a whole number or None, not {count!r}.")
    source = importlib.import_module(DATASETS[name])
    train, test = source.read(num_train, num_test, root=root, seed=seed)
    return to_split(train, test, class_names=source.CLASS_NAMES, name=name, device=device)
