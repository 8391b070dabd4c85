"""Glyphs: ten symbols drawn by an unsteady hand, grey on black at 28x28: MNIST's shapes without its download.

A symbol is a few strokes between points. Each image moves the points a little; bends, slants, stretches and shifts the
symbol; and draws the width and the brightness of the pen at random. Lengths are in 1/128 of a pixel. All arithmetic is
on integers (the one square root is rounded down, and IEEE 754 makes it the same everywhere), so the same seed gives the
same bytes on every machine.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from common.data import draws
from common.data.registry import generated_count
from common.data.split import Pixels

Ints = NDArray[np.int64]
Strokes = tuple[tuple[tuple[int, int], ...], ...]  # of one symbol: the points of each stroke

SIZE = 28
UNIT = 128  # units of a pixel's side
TRAIN, TEST = 5000, 1000
BATCH = 64  # images drawn at once: their pixels fit a processor's cache
STEP = 700  # a longer stroke is cut in pieces, so that it can bend
ONE = 255  # full ink

# Points of each stroke in units, from the centre; y points down.
STROKES: dict[str, Strokes] = {
    "ring": (
        ((0, -980), (560, -690), (780, 0), (560, 690), (0, 980), (-560, 690), (-780, 0), (-560, -690), (0, -980)),
    ),
    "plus": (((-900, 0), (900, 0)), ((0, -950), (0, 950))),
    "saltire": (((-760, -900), (760, 900)), ((760, -900), (-760, 900))),
    "triangle": (((0, -950), (870, 820), (-870, 820), (0, -950)),),
    "square": (((-780, -820), (780, -820), (780, 820), (-780, 820), (-780, -820)),),
    "zigzag": (((-750, -880), (750, -880), (-750, 880), (750, 880)),),
    "arrow": (((0, 980), (0, -950)), ((-640, -330), (0, -950), (640, -330))),
    "hook": (((600, -950), (600, 420), (380, 830), (0, 960), (-380, 830), (-600, 420)),),
    "fork": (((-720, -930), (-680, -200), (0, 120), (680, -200), (720, -930)), ((0, -930), (0, 980))),
    "gate": (((-680, -930), (-680, 930)), ((680, -930), (680, 930)), ((-680, 0), (680, 0))),
}
CLASS_NAMES = tuple(STROKES)


@dataclass(frozen=True)
class Template:
    """A symbol as straight pieces: piece s is the at[s]-th of the cuts[s] equal pieces of the edge edges[s].

    Shapes:
        points  (P, 2)  x, y in units from the centre
        edges   (S, 2)  for each piece, the two points of the edge it is cut from
        cuts    (S,)    pieces of that edge
        at      (S,)    which of them
    """

    points: Ints
    edges: Ints
    cuts: Ints
    at: Ints


def read(
    num_train: int | None, num_test: int | None, *, root: str | Path | None = None, seed: int = 0
) -> tuple[Pixels, Pixels]:
    """Draw the first glyphs of the training and the test stream, which never end; nothing is stored in ``root``."""
    num_train, num_test = generated_count(num_train, TRAIN), generated_count(num_test, TEST)
    return draw(range(num_train), seed=seed, stream="train"), draw(range(num_test), seed=seed, stream="test")


def draw(indices: range, *, seed: int = 0, stream: str = "train", strokes: Sequence[Strokes] = ()) -> Pixels:
    """Draw the glyphs with these indices; glyph i depends on seed, stream and i alone; no two streams share a glyph.

    Glyphs 10 k .. 10 k + 9 show each class once, in random order. ``strokes`` are ten other symbols to draw.

    Shapes:
        out  (N, 1, 28, 28) uint8 images, (N,) int64 labels
    """
    numbers = np.asarray(indices, np.uint64)
    base = draws.key(seed, "glyphs", stream)
    labels = _balanced_labels(base, numbers)
    images = np.empty((len(numbers), 1, SIZE, SIZE), np.uint8)
    for label, symbol in enumerate(strokes or STROKES.values()):
        template = _template(symbol)
        rows = np.nonzero(labels == label)[0]
        for start in range(0, len(rows), BATCH):
            some = rows[start : start + BATCH]
            images[some, 0] = _draw(template, draws.key(base, "strokes"), numbers[some])
    return Pixels(images, labels)


def _balanced_labels(base: bytes, numbers: draws.Words) -> Ints:
    classes = np.uint64(len(CLASS_NAMES))
    order = draws.words(draws.key(base, "labels"), numbers // classes, len(CLASS_NAMES))
    return order.argsort(axis=1, kind="stable")[np.arange(len(numbers)), (numbers % classes).astype(np.int64)]


def _template(strokes: Strokes) -> Template:
    points: list[tuple[int, int]] = []
    pieces: list[tuple[int, int, int, int]] = []
    for stroke in strokes:
        indices = []
        for point in stroke:  # a point that occurs twice is one point: closed outlines stay closed
            if point not in points:
                points.append(point)
            indices.append(points.index(point))
        for first, last in itertools.pairwise(indices):
            length = max(abs(points[first][0] - points[last][0]), abs(points[first][1] - points[last][1]))
            cuts = -(-length // STEP)
            pieces += [(first, last, cuts, at) for at in range(cuts)]
    table = np.array(pieces, np.int64)
    return Template(np.array(points, np.int64), table[:, :2], table[:, 2], table[:, 3])


def _draw(template: Template, key: bytes, numbers: draws.Words) -> NDArray[np.uint8]:
    """Draw one image of the template for each row of the key: (N, 28, 28)."""
    draw = draws.Columns(key, numbers, 16 + template.points.size)

    def each(low: int, high: int) -> Ints:  # one number for each image, to broadcast over its points
        return draw.between(low, high)[:, None]

    width, height = each(205, 275), each(205, 275)  # in 1/256
    slant, tilt = each(-75, 75), each(-35, 35)  # x per y, y per x, in 1/256
    bend_x, bend_y = each(-200, 200), each(-140, 140)  # units at the ends of a stroke
    right, down = each(-260, 260), each(-260, 260)
    pen, ink = each(95, 185)[..., None], each(190, ONE)[..., None]
    wobble = np.stack([draw.between(-110, 110) for _ in range(template.points.size)], axis=1)  # (N, 2 P)

    points = template.points + wobble.reshape(len(numbers), -1, 2)  # (N, P, 2)
    first, last = points[:, template.edges[:, 0]], points[:, template.edges[:, 1]]  # (N, S, 2)
    cuts, at = template.cuts[:, None], template.at[:, None]
    ends = np.stack([first + (last - first) * at // cuts, first + (last - first) * (at + 1) // cuts])
    x, y = ends[..., 0], ends[..., 1]  # (2, N, S)
    x, y = x + bend_x * (y * y - 400_000) // 600_000, y + bend_y * (x * x - 400_000) // 600_000
    x, y = (x * width + y * slant) // 256 + right, (y * height + x * tilt) // 256 + down
    squared = _squared_distance(x.astype(np.int32), y.astype(np.int32))  # (N, 28, 28)
    inside = (pen * pen - squared) // (2 * pen)  # about the distance to the outline, positive inside
    cover = np.clip(UNIT // 2 + inside, 0, UNIT)
    images: NDArray[np.uint8] = ((cover * ink + UNIT // 2) // UNIT).astype(np.uint8)
    return images


def _squared_distance(x: NDArray[np.int32], y: NDArray[np.int32]) -> NDArray[np.int32]:
    """Compute the squared distance, in units, from each pixel's centre to the nearest piece: (N, 28, 28)."""
    (x0, x1), (y0, y1) = x, y  # (N, S)
    dx, dy = (x1 - x0).astype(np.int64), (y1 - y0).astype(np.int64)
    length = np.maximum(np.sqrt((dx * dx + dy * dy).astype(np.float64)).astype(np.int64), 1)
    ux, uy = (dx * 1024 // length).astype(np.int32), (dy * 1024 // length).astype(np.int32)  # the direction, in 1/1024
    half = (length // 2).astype(np.int32)
    centres = ((2 * np.arange(SIZE, dtype=np.int32) + 1 - SIZE) * (UNIT // 2)).astype(np.int32)
    px = centres - ((x0 + x1) // 2)[..., None]  # (N, S, 28): from the middle of the piece
    py = centres - ((y0 + y1) // 2)[..., None]
    along_x, along_y = px * ux[..., None] // 1024, py * uy[..., None] // 1024
    across_x, across_y = px * uy[..., None] // 1024, py * ux[..., None] // 1024
    nearest = np.full((len(x0), SIZE, SIZE), 1 << 30, np.int32)
    for piece in range(x0.shape[1]):
        along = along_x[:, piece, None, :] + along_y[:, piece, :, None]
        beyond = np.maximum(np.abs(along) - half[:, piece, None, None], 0)
        across = across_x[:, piece, None, :] - across_y[:, piece, :, None]
        np.minimum(nearest, beyond * beyond + across * across, out=nearest)
    return nearest
