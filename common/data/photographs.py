"""Six kinds of rendered photographs with known edges, corners, sides and views, for vision before networks.

A photograph shows flat shapes with a weak texture in front of a smooth sky. The shapes are formulas, so the same scene
can be seen through another view exactly, without sampling a picture again.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Random = np.random.Generator
SIZE = (144, 176)
FINE = 3  # a pixel is the mean of FINE x FINE samples


@dataclass(frozen=True)
class Photograph:
    """A picture and what is known about it. Points are (row, column); the middle of the first pixel is (0, 0).

    Shapes:
        image    (H, W, 3)  float64 in [0, 1]
        edges    (H, W)     bool, pixels next to one that shows another shape
        mask     (H, W)     bool, the shape in front
        corners  (K, 2)     float64, corners of the shape in front; none if it is round
    """

    image: Array
    edges: NDArray[np.bool_]
    mask: NDArray[np.bool_]
    corners: Array


@dataclass(frozen=True)
class _Shape:
    """A convex polygon, or a disc if there is one corner. Coordinates are shares of the picture's size."""

    corners: Array  # (K, 2), or the middle as (1, 2)
    colour: Array
    radius: float = 0.0
    waves: float = 0.0  # waves of the texture across the picture


def draw(kind: str, *, seed: int = 0, size: tuple[int, int] = SIZE, view: Array | None = None) -> Photograph:
    """Draw a photograph of a kind in KINDS. The same seed gives the same scene.

    ``view`` is a matrix of shape (3, 3) that maps points (row, column, 1) of the usual picture to points of this one.
    Raises ValueError for another kind.
    """
    if kind not in _SCENES:
        raise ValueError(f"There is no photograph {kind!r}; choose one of: {', '.join(KINDS)}.")
    random = np.random.default_rng([abs(seed), KINDS.index(kind)])
    sky, shapes = random.uniform(0.55, 0.85, 3), _SCENES[kind](random)
    matrix = np.eye(3) if view is None else view
    points = _points(size, FINE, matrix)
    colours = sky - 0.25 * points[..., :1] * np.array([1.0, 0.7, 0.4])
    for shape in shapes:
        inside = _inside(shape, points, size)
        texture = 0.03 * np.sin(shape.waves * (points[..., 0] + 0.5 * points[..., 1])) if shape.waves else 0.0
        colours = np.where(
            inside[..., None], shape.colour + np.expand_dims(texture * np.ones(inside.shape), 2), colours
        )
    image = colours.reshape(size[0], FINE, size[1], FINE, 3).mean(axis=(1, 3)).clip(0, 1)
    labels = np.zeros(size, np.int64)
    middles = _points(size, 1, matrix)
    for number, shape in enumerate(shapes):
        labels[_inside(shape, middles, size)] = number + 1
    front = shapes[-1]
    corners = front.corners * np.array(size) if len(front.corners) > 1 else np.zeros((0, 2))
    moved = np.concatenate([corners, np.ones((len(corners), 1))], axis=1) @ matrix.T
    return Photograph(image, _borders(labels), labels == len(shapes), moved[:, :2] / moved[:, 2:])


def _points(size: tuple[int, int], fine: int, matrix: Array) -> Array:
    """Return where samples of the picture are in the scene, as shares of its size."""
    rows, columns = ((np.arange(n * fine) + 0.5) / fine - 0.5 for n in size)
    grid = np.stack([*np.meshgrid(rows, columns, indexing="ij"), np.ones((len(rows), len(columns)))], axis=-1)
    back = grid @ np.linalg.inv(matrix).T
    return np.asarray(back[..., :2] / back[..., 2:] / np.array(size))


def _inside(shape: _Shape, points: Array, size: tuple[int, int]) -> NDArray[np.bool_]:
    if len(shape.corners) == 1:
        away = (points - shape.corners[0]) * np.array(size) / min(size)
        return np.asarray((away**2).sum(axis=-1) < shape.radius**2)
    inside = np.ones(points.shape[:2], bool)
    for start, end in zip(shape.corners, np.roll(shape.corners, -1, axis=0), strict=True):
        side, to = end - start, points - start
        inside &= side[0] * to[..., 1] - side[1] * to[..., 0] > 0
    return inside


def _borders(labels: NDArray[np.int64]) -> NDArray[np.bool_]:
    edges = np.zeros(labels.shape, bool)
    down, right = labels[1:] != labels[:-1], labels[:, 1:] != labels[:, :-1]
    edges[1:] |= down
    edges[:-1] |= down
    edges[:, 1:] |= right
    edges[:, :-1] |= right
    return edges


def _colour(random: Random, dark: bool) -> Array:
    return np.asarray(random.uniform(0.05, 0.25, 3) if dark else random.uniform(0.85, 0.97, 3))


def _polygon(random: Random, corners: list[tuple[float, float]], dark: bool) -> _Shape:
    """Return a polygon whose corners are given clockwise as they are seen, moved a little."""
    places = np.array(corners) + random.uniform(-0.02, 0.02, (len(corners), 2))
    return _Shape(places[::-1], _colour(random, dark), waves=random.uniform(60, 120))


def _disc(random: Random, row: float, column: float, radius: float, dark: bool) -> _Shape:
    place = np.array([[row, column]]) + random.uniform(-0.03, 0.03, (1, 2))
    return _Shape(place, _colour(random, dark), radius * random.uniform(0.9, 1.1))


def _box(random: Random, top: float, left: float, bottom: float, right: float, dark: bool) -> _Shape:
    return _polygon(random, [(top, left), (top, right), (bottom, right), (bottom, left)], dark)


def _house(random: Random) -> list[_Shape]:
    return [
        _polygon(random, [(0.15, 0.5), (0.42, 0.85), (0.42, 0.15)], True),
        _box(random, 0.42, 0.22, 0.88, 0.78, False),
        _box(random, 0.55, 0.4, 0.88, 0.58, True),
    ]


def _window(random: Random) -> list[_Shape]:
    panes = [(r, c) for r in (0.18, 0.54) for c in (0.2, 0.53)]
    return [_box(random, 0.1, 0.12, 0.9, 0.88, False)] + [
        _box(random, r, c, r + 0.26, c + 0.25, True) for r, c in panes
    ]


def _blocks(random: Random) -> list[_Shape]:
    return [
        _box(random, 0.2, 0.1, 0.8, 0.45, True),
        _polygon(random, [(0.1, 0.6), (0.3, 0.9), (0.55, 0.7), (0.35, 0.45)], False),
        _polygon(random, [(0.5, 0.5), (0.6, 0.9), (0.9, 0.8), (0.8, 0.35)], True),
    ]


def _fruit(random: Random) -> list[_Shape]:
    return [
        _disc(random, 0.6, 0.3, 0.24, True),
        _disc(random, 0.35, 0.7, 0.16, False),
        _disc(random, 0.65, 0.68, 0.2, True),
    ]


def _road(random: Random) -> list[_Shape]:
    return [
        _polygon(random, [(0.4, 0.46), (0.4, 0.54), (0.97, 0.9), (0.97, 0.1)], True),
        _disc(random, 0.2, 0.2, 0.1, False),
        _polygon(random, [(0.55, 0.49), (0.55, 0.51), (0.93, 0.55), (0.93, 0.45)], False),
    ]


def _flag(random: Random) -> list[_Shape]:
    return [
        _box(random, 0.1, 0.12, 0.95, 0.16, True),
        _box(random, 0.14, 0.16, 0.62, 0.88, True),
        _polygon(random, [(0.22, 0.3), (0.22, 0.7), (0.5, 0.5)], False),
    ]


_SCENES: dict[str, Callable[[Random], list[_Shape]]] = {
    "house": _house,
    "window": _window,
    "blocks": _blocks,
    "fruit": _fruit,
    "road": _road,
    "flag": _flag,
}
KINDS = tuple(_SCENES)
