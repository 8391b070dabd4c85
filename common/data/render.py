"""Draw scenes at any size, with boxes and masks of their objects.

All arithmetic is on integers (the sine table is rounded to 14 bits, so that no difference between C libraries
remains). Many images are drawn at a time: a layer of objects is one batch of NumPy operations.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from common.data import draws
from common.data.scenes import SIDE, TURN, Background, Scene, Thing

Ints = NDArray[np.int32]
Outline = Callable[[Ints, Ints, Ints], Ints]  # u, v, radius: about the distance to the outline, positive inside

PIXELS = 32 * 32 * 32  # drawn at once: arrays of this size stay in a processor's cache, and malloc keeps their memory
BITS = 8
ONE = 1 << BITS  # full coverage, full weight


@dataclass(frozen=True)
class Annotation:
    """Boxes, labels and masks of one drawn scene, objects from back to front.

    Shapes:
        boxes   (B, 4)     int64, xyxy in pixels, x1 and y1 exclusive, of the whole object inside the image
        labels  (B,)       int64, class of each
        masks   (B, H, W)  bool, visible pixels of the object (nothing is in front of them)
    """

    boxes: NDArray[np.int64]
    labels: NDArray[np.int64]
    masks: NDArray[np.bool_]


def render(
    scenes: Sequence[Scene], size: int = 32, *, outlines: Mapping[str, Outline] | None = None
) -> NDArray[np.uint8]:
    """Draw each scene. ``outlines`` are those of the objects' shapes by name, if they are not `OUTLINES`.

    Shapes:
        out  (N, 3, size, size)  uint8, RGB
    """
    if not 8 <= size <= 1024:
        raise ValueError(f"Scenes are drawn at 8 to 1024 pixels a side, not at {size}.")
    images = np.empty((len(scenes), 3, size, size), np.uint8)
    batch = max(1, PIXELS // size**2)
    for start in range(0, len(scenes), batch):
        images[start : start + batch] = _draw(scenes[start : start + batch], size, outlines or OUTLINES)
    return images


def annotate(scene: Scene, size: int = 32) -> Annotation:
    """Return boxes, labels and masks of one scene drawn at this size, without objects entirely outside the image."""
    boxes: list[tuple[int, int, int, int]] = []
    labels: list[int] = []
    masks: list[NDArray[np.bool_]] = []
    for thing in scene.objects:
        inside = _coverage([thing], *_local([thing], size), size, OUTLINES)[0] >= ONE // 2
        masks = [mask & ~inside for mask in masks]
        rows, columns = np.nonzero(inside.any(1))[0], np.nonzero(inside.any(0))[0]
        if len(rows):
            boxes.append((columns[0], rows[0], columns[-1] + 1, rows[-1] + 1))
            labels.append(thing.label)
            masks.append(inside)
    return Annotation(
        np.array(boxes, np.int64).reshape(-1, 4),
        np.array(labels, np.int64),
        np.array(masks, bool).reshape(-1, size, size),
    )


def _draw(scenes: Sequence[Scene], size: int, outlines: Mapping[str, Outline]) -> NDArray[np.uint8]:
    canvas = _backgrounds([scene.background for scene in scenes], size)  # (N, 3, H, W)
    for layer in range(max(len(scene.objects) for scene in scenes)):
        rows = [row for row, scene in enumerate(scenes) if layer < len(scene.objects)]
        things = [scenes[row].objects[layer] for row in rows]
        u, v = _local(things, size)
        cover = _coverage(things, u, v, size, outlines)[:, None]  # (N, 1, H, W)
        paint = _paint(things, u, v, size)
        below = canvas[rows]
        canvas[rows] = _weighted(below, paint - below, cover)
    pixels = 3 * size * size
    words = draws.first_rows([scene.noise_key for scene in scenes], -(-pixels // 4))
    strength = _column(scenes, lambda scene: scene.noise)[:, None]
    noise = words.view("<i2")[:, :pixels].reshape(canvas.shape) * strength
    noise >>= 15  # uniform in [-strength, strength)
    canvas += noise
    return np.clip(canvas, 0, 255, out=canvas).astype(np.uint8)


def _weighted(start: Ints, change: Ints, weight: Ints) -> Ints:
    """Compute start + change * weight / ONE, rounded."""
    moved: Ints = change * weight
    moved += ONE // 2
    moved >>= BITS
    moved += start
    return moved


def _backgrounds(backgrounds: Sequence[Background], size: int) -> Ints:
    centre = _column(backgrounds, lambda b: SIDE // 2)
    x, y = _pixels(size)
    u, v = _turned(backgrounds, x - centre, y - centre)
    canvas = _paint(backgrounds, u, v, size)
    right = _column(backgrounds, lambda b: b.slope[0])
    down = _column(backgrounds, lambda b: b.slope[1])
    light = ((x - SIDE // 2) * right + (y - SIDE // 2) * down) // SIDE
    lit: Ints = canvas + light[:, None]
    return lit


def _paint(things: Sequence[Thing] | Sequence[Background], u: Ints, v: Ints, size: int) -> Ints:
    """Draw the texture of each over the whole image: (N, 3, H, W)."""
    weight = _texture(things, u, v, size)[:, None]  # (N, 1, H, W)
    light = np.array([thing.light for thing in things], np.int32)[:, :, None, None]
    dark = np.array([thing.dark for thing in things], np.int32)[:, :, None, None]
    return _weighted(dark, light - dark, weight)


def _texture(things: Sequence[Thing] | Sequence[Background], u: Ints, v: Ints, size: int) -> Ints:
    """Compute the weight of the light colour, 0..ONE: (N, H, W)."""
    period = _column(things, lambda t: t.period)
    phase = _column(things, lambda t: t.phase)
    pixel = SIDE // size

    def wave(along: Ints) -> Ints:  # a square wave with edges one pixel wide, -128..128
        distance: Ints = along + phase
        distance %= period
        distance -= period // 2
        np.abs(distance, out=distance)
        distance -= period // 4
        distance <<= BITS
        distance //= pixel
        return np.clip(distance, -ONE // 2, ONE // 2, out=distance)

    names = np.array([thing.texture for thing in things])
    first, second = wave(u), wave(v)
    weight = np.full(first.shape, ONE, np.int32)  # "plain" is the light colour alone
    for name, pattern in PATTERNS.items():
        rows = np.nonzero(names == name)[0]
        if len(rows):
            weight[rows] = ONE // 2 + pattern(first[rows], second[rows])
    return weight


PATTERNS: dict[str, Callable[[Ints, Ints], Ints]] = {  # of two waves across each other, -ONE / 2 .. ONE / 2
    "striped": lambda first, second: first,
    "checked": lambda first, second: (first * second) >> (BITS - 1),
    "tiled": np.minimum,
}


def _coverage(things: Sequence[Thing], u: Ints, v: Ints, size: int, outlines: Mapping[str, Outline]) -> Ints:
    """Compute the share of each pixel that each object covers, 0..ONE: (N, H, W)."""
    r = _column(things, lambda t: t.radius)
    names = np.array([thing.shape for thing in things])
    inside = np.empty(u.shape, np.int32)
    for name, distance in outlines.items():
        rows = np.nonzero(names == name)[0]
        if len(rows):
            inside[rows] = distance(u[rows], v[rows], r[rows])
    return np.clip(ONE // 2 + inside * ONE // (SIDE // size), 0, ONE)


def _disc(u: Ints, v: Ints, r: Ints) -> Ints:
    inside: Ints = (r * r - u * u - v * v) // (2 * r)
    return inside


def _square(u: Ints, v: Ints, r: Ints) -> Ints:
    return r * 7 // 8 - np.maximum(abs(u), abs(v))


def _triangle(u: Ints, v: Ints, r: Ints) -> Ints:
    inradius = r * 5 // 8
    side = abs(u) * 887 // 1024 - v // 2  # cos 30 = 887 / 1024
    inside: Ints = np.minimum(inradius - v, inradius - side)
    return inside


def _ring(u: Ints, v: Ints, r: Ints) -> Ints:
    return np.minimum(_disc(u, v, r), -_disc(u, v, r // 2))


def _cross(u: Ints, v: Ints, r: Ints) -> Ints:
    along, across = np.maximum(abs(u), abs(v)), np.minimum(abs(u), abs(v))
    return np.minimum(r - along, r * 3 // 8 - across)


OUTLINES: dict[str, Outline] = {
    "disc": _disc,
    "square": _square,
    "triangle": _triangle,
    "ring": _ring,
    "cross": _cross,
}


def _local(things: Sequence[Thing], size: int) -> tuple[Ints, Ints]:
    """Compute the pixels' centres in the coordinates of each object: two of (N, H, W)."""
    x, y = _pixels(size)
    return _turned(things, x - _column(things, lambda t: t.x), y - _column(things, lambda t: t.y))


def _turned(things: Sequence[Thing] | Sequence[Background], dx: Ints, dy: Ints) -> tuple[Ints, Ints]:
    sine = _column(things, lambda t: sines()[t.angle % TURN])
    cosine = _column(things, lambda t: sines()[(t.angle + TURN // 4) % TURN])
    return (dx * cosine + dy * sine) >> 14, (dy * cosine - dx * sine) >> 14


@functools.cache
def sines() -> tuple[int, ...]:
    """Return the sine of every angle in 14-bit fixed point."""
    return tuple(round(math.sin(2 * math.pi * angle / TURN) * (1 << 14)) for angle in range(TURN))


def _pixels(size: int) -> tuple[Ints, Ints]:
    """Return the centres of the pixels, in units: x (1, 1, W) and y (1, H, 1)."""
    centres = ((2 * np.arange(size) + 1) * SIDE // (2 * size)).astype(np.int32)
    return centres.reshape(1, 1, -1), centres.reshape(1, -1, 1)


def _column(items: Sequence[Any], value: Callable[[Any], int]) -> Ints:
    """Return one number for each item, in a shape that broadcasts over (N, H, W)."""
    return np.array([value(item) for item in items], np.int32).reshape(-1, 1, 1)
