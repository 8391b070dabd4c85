"""Secret scenes: like plain scenes, with outlines, textures and colours that no code in the sandbox knows.

So nobody can generate images of these classes with their labels.
"""

from dataclasses import dataclass, replace

import numpy as np
import torch

from common.data import render, scenes
from common.data.split import Pixels, Split

SIZE, SHAPES, CANDIDATES = 32, len(scenes.SHAPES), 200
WAVES = 4  # of an outline: 2, 3, 4 and 5 bumps on the way around
ALONG, ACROSS, CHECKED = ("striped", False), ("striped", True), ("checked", False)  # and whether by a quarter turn
PAIRS = ((ALONG, ACROSS), (ALONG, CHECKED), (ACROSS, CHECKED))  # of textures with the same mean colour
TURNED = "turned "  # before the name of an outline
FARTHEST = 0.45  # most height of all waves together, as a part of the radius


@dataclass(frozen=True)
class Look:
    """What all images of a secret have in common: the outline of each shape, and textures and colours of objects."""

    outlines: dict[str, render.Outline]
    textures: tuple[tuple[str, bool], tuple[str, bool]]
    light: scenes.RGB
    dark: scenes.RGB
    wall: scenes.RGB
    recipe: scenes.Recipe


def look(rng) -> Look:
    """Draw the look: of random outlines, those that differ most, however they are turned or mirrored."""
    rng = rng.numpy
    drawn = rng.uniform(CANDIDATES, WAVES)
    heights = drawn * drawn * drawn  # mostly small ones, so that outlines differ in kind
    heights /= heights.sum(axis=1, keepdims=True)
    angles = rng.integers(0, render.TURN, CANDIDATES, WAVES)
    holes = rng.integers(0, 2, CANDIDATES)
    features = np.concatenate([heights, 0.5 * holes[:, None]], axis=1)
    chosen = [0]
    while len(chosen) < SHAPES:
        gaps = np.abs(features[:, None] - features[chosen]).sum(axis=2).min(axis=1)
        chosen.append(int(gaps.argmax()))
    outlines = {}
    for name, at in zip(scenes.SHAPES, chosen, strict=True):
        outlines[name] = outline((FARTHEST * heights[at]).tolist(), angles[at].tolist(), bool(holes[at]))
        outlines[TURNED + name] = turned(outlines[name])
    period = rng.int(620, 800)
    return Look(
        outlines,
        rng.choice(PAIRS),
        light=tuple((255 - rng.permutation(3) * 45).tolist()),
        dark=tuple((10 + rng.permutation(3) * 45).tolist()),
        wall=tuple(rng.integers(118, 139, 3).tolist()),
        recipe=scenes.Recipe(slope=0, period=(period, period + 150)),
    )


def outline(heights: list[float], angles: list[int], hole: bool) -> render.Outline:
    """Return an outline whose distance from the centre is the radius with waves on it."""
    sines = render.sines()
    waves = [  # the height of the cosine and of the sine of each
        (height * sines[(angle + render.TURN // 4) % render.TURN] / 16384, height * sines[angle] / 16384)
        for height, angle in zip(heights, angles, strict=True)
    ]

    def distance(u: render.Ints, v: render.Ints, r: render.Ints) -> render.Ints:
        far = np.maximum(np.sqrt((u * u + v * v).astype(np.float64)), 1.0)  # exact on every machine, like * and /
        cosine, sine = u / far, v / far
        c, s, edge = cosine, sine, np.ones_like(far)
        for along, across in waves:  # (c, s): of 2, 3, 4 and 5 times the angle
            c, s = c * cosine - s * sine, s * cosine + c * sine
            edge = edge + along * c + across * s
        inside = edge * (0.85 * r) - far
        if hole:
            inside = np.minimum(inside, far - 0.4 * r)
        return np.floor(inside).astype(np.int32)

    return distance


def turned(outline: render.Outline) -> render.Outline:
    """Return the outline in coordinates that are turned by a quarter: for objects whose texture alone is turned."""
    return lambda u, v, r: outline(-v, u, r)


def secret_split(rng, split: Split, num_train: int, num_test: int) -> Split:
    """Return the split with other images, which only the rng's secret can draw, of ten classes: outline x texture.

    Shapes:
        out  a Split of images (N, 3, 32, 32) in [0, 1]
    """
    drawn = look(rng)
    parts = {}
    for name, count in (("train", num_train), ("test", num_test)):
        pixels = draw(drawn, rng.key(), count)
        parts[f"x_{name}"] = torch.tensor(pixels.images, device=rng.device).float() / 255
        parts[f"y_{name}"] = torch.tensor(pixels.labels, device=rng.device)
    return replace(split, **parts)


def draw(drawn: Look, seed: int, count: int) -> Pixels:
    """Draw images and labels; every ten consecutive images show each class once."""
    described = scenes.describe(seed, range(count), recipe=drawn.recipe)
    labels = np.array([scene.objects[0].label for scene in described], np.int64)
    images = render.render([_shown(drawn, scene) for scene in described], SIZE, outlines=drawn.outlines)
    return Pixels(images, labels)


def _shown(drawn: Look, scene: scenes.Scene) -> scenes.Scene:
    (thing,) = scene.objects
    texture, across = drawn.textures[scenes.TEXTURES.index(thing.texture)]
    thing = replace(thing, texture=texture, light=drawn.light, dark=drawn.dark)
    if across:
        thing = replace(thing, shape=TURNED + thing.shape, angle=thing.angle + render.TURN // 4)
    return replace(scene, objects=(thing,), background=replace(scene.background, texture="plain", light=drawn.wall))
