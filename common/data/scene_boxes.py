"""Generated scenes with boxes and masks."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from common.data import render, scenes
from common.data.box_examples import BoxData, Example, Size, crop, sides
from common.data.split import DataError

RECIPE = scenes.Recipe(objects=(1, 5), radius=(900, 1900))  # drawn at a third of it: objects are in a grid of 3 x 3
EMPTY = 12  # every twelfth scene has no object
COUNT, SIZE = 1000, 64
SIDES = (64, 112)  # shortest and longest side of an image


class SceneBoxes(BoxData):
    """Scenes of 1 to 5 objects; every twelfth has none. Example i depends on seed, stream, size and i alone."""

    class_names = scenes.CLASS_NAMES

    def __init__(self, count: int, *, size: Size = SIZE, seed: int = 0, stream: str = "boxes") -> None:
        height, width = sides(size)
        low, high = SIDES
        if not (low <= height <= high and low <= width <= high):
            raise DataError(f"Scenes with boxes have sides of {low} to {high} pixels, not {height} x {width}.")
        described = scenes.describe(seed, range(count), stream=stream, recipe=RECIPE)
        self.scenes = [replace(s, objects=()) if i % EMPTY == EMPTY - 1 else s for i, s in enumerate(described)]
        self.height, self.width = height, width
        self._pixels = render.render(self.scenes, max(height, width)) if count else np.empty((0, 3, height, width))

    def __len__(self) -> int:
        return len(self.scenes)

    def __getitem__(self, index: int) -> Example:
        side = max(self.height, self.width)
        seen = render.annotate(self.scenes[index], side)
        example = Example(
            torch.from_numpy(self._pixels[index]).float() / 255,
            torch.from_numpy(seen.boxes).float(),
            torch.from_numpy(seen.labels),
            torch.from_numpy(seen.masks),
        )
        top, left = (side - self.height) // 2, (side - self.width) // 2
        return example if top == left == 0 else crop(example, top, left, self.height, self.width)


def read_boxes(part: str, *, count: int | None, size: Size | None, root: str | Path | None, seed: int) -> BoxData:
    """Generate the first scenes of a part. They are generated each time, so ``root`` is not used."""
    return SceneBoxes(COUNT if count is None else count, size=SIZE if size is None else size, seed=seed, stream=part)
