"""Plain scenes: one orange object in front of a grey wall, as a classification set whose class is shape x texture.

For learning without labels, where a network must find the two crops of one image among all other crops. In ordinary
scenes the background and the colour are enough for that; here only shape and texture of the object differ.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from common.data import render, scenes
from common.data.registry import generated_count
from common.data.split import Pixels

CLASS_NAMES = scenes.CLASS_NAMES
TRAIN, TEST = 4000, 1000
SIZE = 32
WALL = (128, 128, 128)
LIGHT, DARK = (255, 225, 160), (120, 45, 10)  # the two tones of every object's texture
RECIPE = scenes.Recipe(slope=0)


def read(
    num_train: int | None, num_test: int | None, *, root: str | Path | None = None, seed: int = 0
) -> tuple[Pixels, Pixels]:
    """Draw the first images of the training and the test stream, which never end; nothing is stored in ``root``."""
    return draw("train", generated_count(num_train, TRAIN), seed), draw("test", generated_count(num_test, TEST), seed)


def draw(stream: str, count: int, seed: int) -> Pixels:
    """Draw images and labels; every ten consecutive images show each class once."""
    described = [_plain(scene) for scene in scenes.describe(seed, range(count), stream=stream, recipe=RECIPE)]
    labels = np.array([scene.objects[0].label for scene in described], np.int64)
    return Pixels(render.render(described, SIZE), labels)


def _plain(scene: scenes.Scene) -> scenes.Scene:
    things = tuple(replace(thing, colour="orange", light=LIGHT, dark=DARK) for thing in scene.objects)
    return replace(scene, objects=things, background=replace(scene.background, texture="plain", light=WALL))
