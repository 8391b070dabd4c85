"""Scenes: textured shapes on textured backgrounds, each from one description.

A `Scene` describes an image completely, except its size in pixels: `common.data.render` draws it at 32 or 112 pixels,
with boxes and masks, and `caption` describes it in words. Lengths are in units of 1/4096 of the image's side, angles in
1/256 of a turn, colours 0..255: integers only, so that the same seed gives the same bytes on every machine.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from common.data import draws

VERSION = 2  # in the names of cached files: raise it when the same seed gives other images
SIDE = 4096  # units along the image's side
TURN = 256  # units of a full turn

SHAPES = ("disc", "square", "triangle", "ring", "cross")
TEXTURES = ("striped", "checked")  # of objects
BACKDROPS = ("plain", "striped", "checked", "tiled")  # of backgrounds
CLASS_NAMES = tuple(f"{texture} {shape}" for shape in SHAPES for texture in TEXTURES)
COLOURS = {
    "red": (215, 50, 45),
    "orange": (230, 130, 30),
    "yellow": (215, 200, 40),
    "green": (60, 170, 60),
    "cyan": (50, 185, 190),
    "blue": (45, 90, 215),
    "purple": (130, 60, 190),
    "pink": (225, 100, 170),
    "brown": (120, 80, 50),
    "grey": (135, 135, 135),
}

RGB = tuple[int, int, int]


@dataclass(frozen=True)
class Thing:
    """One object."""

    shape: str
    texture: str
    colour: str  # a name in COLOURS
    light: RGB  # the two tones of its texture
    dark: RGB
    x: int  # centre, from the left
    y: int  # centre, from the top
    radius: int
    angle: int
    period: int  # of the texture
    phase: int

    @property
    def label(self) -> int:
        """The class: an index into CLASS_NAMES."""
        return SHAPES.index(self.shape) * len(TEXTURES) + TEXTURES.index(self.texture)


@dataclass(frozen=True)
class Background:
    """The background: a texture of two tones, and a gradient of brightness across the image."""

    texture: str
    light: RGB
    dark: RGB
    angle: int
    period: int
    phase: int
    slope: tuple[int, int]  # brightness gained from left to right, from top to bottom


@dataclass(frozen=True)
class Scene:
    """One image: objects from back to front, a background, and the key and strength of its pixel noise."""

    objects: tuple[Thing, ...]
    background: Background
    noise_key: bytes
    noise: int


@dataclass(frozen=True)
class Recipe:
    """How scenes are drawn at random. The defaults put kNN, linear, MLP and CNN in the order of docs/data.md."""

    objects: tuple[int, int] = (1, 1)  # fewest and most in one scene
    colour_hint: int = 55  # percent of objects in the colour of their class: the part a linear classifier can use
    inverted: int = 15  # percent of objects in dark tones: a linear template fails on them, two hidden units do not
    jitter: int = 600  # of the centre, each way: what convolution gains over a fixed template
    turn: int = 24  # most rotation, each way
    radius: tuple[int, int] = (1000, 1500)
    period: tuple[int, int] = (700, 900)  # of the texture: 5 to 7 pixels of 32
    slope: int = 180  # brightness across the background: it misleads nearest neighbours
    noise: int = 24  # of each pixel, each way


def describe(seed: int, indices: Iterable[int], *, stream: str = "train", recipe: Recipe | None = None) -> list[Scene]:
    """Draw the scenes with these indices; scene i depends on seed, stream, recipe and i alone.

    Scenes 10 k .. 10 k + 9 show, as their first object, each class once in random order. Streams share no scene.
    """
    recipe = recipe or Recipe()
    numbers = np.asarray(list(indices), np.uint64)
    base = draws.key(seed, stream)
    fewest, most = recipe.objects
    if not 1 <= fewest <= most:
        raise ValueError(f"Recipe.objects is (fewest, most) with 1 <= fewest <= most, not {recipe.objects}.")
    scenery = draws.Columns(draws.key(base, "scenery"), numbers, 16)
    counts = scenery.between(fewest, most).tolist()
    places = draws.words(draws.key(base, "places"), numbers, _grid(recipe) ** 2)
    cells = places.argsort(axis=1, kind="stable")  # (N, places): the cells of objects
    backgrounds = _backgrounds(scenery, recipe)
    layers = [
        _things(draws.Columns(draws.key(base, "layer", layer), numbers, 16), recipe, cells[:, layer], labels)
        for layer, labels in enumerate([_balanced_labels(base, numbers)] + [None] * (most - 1))
    ]
    return [
        Scene(tuple(layer[row] for layer in layers[:count]), backgrounds[row], draws.key(base, number), recipe.noise)
        for row, (number, count) in enumerate(zip(numbers.tolist(), counts, strict=True))
    ]


def caption(scene: Scene) -> str:
    """Describe the objects in words, from left to right: "a red striped disc and an orange checked ring"."""
    things = sorted(scene.objects, key=lambda thing: (thing.x, thing.y))
    phrases = [f"{_article(thing.colour)} {thing.colour} {thing.texture} {thing.shape}" for thing in things]
    return " and ".join(filter(None, [", ".join(phrases[:-1]), phrases[-1]]))


def _article(word: str) -> str:
    return "an" if word[0] in "aeiou" else "a"


def _grid(recipe: Recipe) -> int:
    """Return the number of cells on a side of the grid in which objects are placed; objects shrink with the cells."""
    return next(side for side in range(1, recipe.objects[1] + 1) if side * side >= recipe.objects[1])


def _balanced_labels(base: bytes, numbers: draws.Words) -> NDArray[np.int64]:
    classes = np.uint64(len(CLASS_NAMES))
    order = draws.words(draws.key(base, "labels"), numbers // classes, len(CLASS_NAMES))
    return order.argsort(axis=1, kind="stable")[np.arange(len(numbers)), (numbers % classes).astype(np.int64)]


def _backgrounds(draw: draws.Columns, recipe: Recipe) -> list[Background]:
    textures, angles = draw.below(len(BACKDROPS)), draw.below(TURN)
    periods, phases = draw.between(600, 1800), draw.below(1800)
    light = np.stack([draw.between(60, 200) for _ in range(3)], axis=1)
    dark = light - draw.below(60)[:, None]
    slopes = np.stack([draw.between(-recipe.slope, recipe.slope) for _ in range(2)], axis=1)
    columns = zip(*(c.tolist() for c in (textures, light, dark, angles, periods, phases, slopes)), strict=True)
    return [
        Background(BACKDROPS[texture], tuple(light), tuple(dark), angle, period, phase, tuple(slope))
        for texture, light, dark, angle, period, phase, slope in columns
    ]


def _things(
    draw: draws.Columns, recipe: Recipe, cells: NDArray[np.int64], labels: NDArray[np.int64] | None
) -> list[Thing]:
    """Draw one object for each scene, in the given cell of its grid; of a random class if no labels are given."""
    grid, names = _grid(recipe), tuple(COLOURS)
    free = draw.below(len(CLASS_NAMES))
    labels = free if labels is None else labels
    own = draw.below(100) < recipe.colour_hint
    colours = np.where(own, labels, draw.below(len(names)))
    inverted = (draw.below(100) < recipe.inverted)[:, None]
    tone = np.array(list(COLOURS.values()))[colours]  # (N, 3)
    light = np.where(inverted, tone * 5 // 8, tone // 2 + 127)
    dark = np.where(inverted, tone // 8, tone)
    x = (2 * (cells % grid) + 1) * SIDE // (2 * grid) + draw.between(-recipe.jitter, recipe.jitter) // grid
    y = (2 * (cells // grid) + 1) * SIDE // (2 * grid) + draw.between(-recipe.jitter, recipe.jitter) // grid
    radii, angles = draw.between(*recipe.radius) // grid, draw.between(-recipe.turn, recipe.turn) % TURN
    periods, phases = draw.between(*recipe.period) // grid, draw.below(recipe.period[1])
    columns = zip(
        *(c.tolist() for c in (labels, colours, light, dark, x, y, radii, angles, periods, phases)), strict=True
    )
    return [
        Thing(SHAPES[label // 2], TEXTURES[label % 2], names[colour], tuple(light), tuple(dark), *place)
        for label, colour, light, dark, *place in columns
    ]
