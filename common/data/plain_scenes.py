"""Plain scenes: one orange object before a grey wall, as a classification set whose class is shape x texture.

Made for learning without labels, where two crops of one image must be told from all other images. Among scenes with
walls and colours of their own, the wall and the colour alone would do; here nothing is left to look at but the object.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from common.data import render, scenes
from common.data.split import DataError, Pixels

CLASS_NAMES = scenes.CLASS_NAMES
TRAIN, TEST = 4000, 1000
SIZE = 32
WALL = (128, 128, 128)
LIGHT, DARK = (255, 225, 160), (120, 45, 10)  # the two tones of every object's texture
RECIPE = scenes.Recipe(slope=0)


def read(
    num_train: int | None, num_test: int | None, *, root: str | Path | None = None, seed: int = 0
) -> tuple[Pixels, Pixels]:
    """The first images of the training stream and of the test stream; made anew each time, so ``root`` is not used."""
    counts = TRAIN if num_train is None else num_train, TEST if num_test is None else num_test
    if max(counts) > 1_000_000:
        raise DataError(f"{max(counts):,} plain scenes would not fit in memory; ask for at most a million.")
    return draw("train", counts[0], seed), draw("test", counts[1], seed)


def draw(stream: str, count: int, seed: int) -> Pixels:
    """Images and labels; every ten consecutive ones show each class once."""
    described = [_plain(scene) for scene in scenes.describe(seed, range(count), stream=stream, recipe=RECIPE)]
    labels = np.array([scene.objects[0].label for scene in described], np.int64)
    return Pixels(render.render(described, SIZE), labels)


def _plain(scene: scenes.Scene) -> scenes.Scene:
    things = tuple(replace(thing, colour="orange", light=LIGHT, dark=DARK) for thing in scene.objects)
    return replace(scene, objects=things, background=replace(scene.background, texture="plain", light=WALL))
