"""Solids on a plane, drawn by casting rays: images with the depth, normal, number and class of every pixel.

The camera looks along +z; x goes to the right and y down. The depth of a pixel is the z of what it shows. Every pixel
shows something, the plane or a solid, so every depth is positive. What a single solid is, formulas say:
`signed_distance`, in the solid's own coordinates, whose third axis is up.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from common.data.draws import key, words

if TYPE_CHECKING:
    from torch import Tensor

Array = NDArray[np.float64]
KINDS = ("sphere", "box", "cylinder", "cone", "torus")
MOST = 3  # solids in an image
_CHUNK = 32  # images at a time
_COLUMNS = 8 + 8 * MOST  # random words for one image
_AMBIENT = 0.35  # light in the shadow


@dataclass(frozen=True)
class Solids:
    """Images of 1 to 3 solids and all that is known about them. Numbers of missing solids are -1.

    A point p of solid m is rotation[m] @ p + translation[m] in the camera's coordinates. The pixel in row v and column
    u shows the point depth * K^-1 (u, v, 1).

    Shapes:
        images       (N, 3, S, S)   float32 in [0, 1], with shadows
        depth        (N, S, S)      float32, positive
        normals      (N, 3, S, S)   float32, of length 1, in the camera's coordinates, towards the camera
        masks        (N, S, S)      int64, 0 for the plane, m + 1 for solid m
        classes      (N, S, S)      int64, 0 for the plane, else 1 + the index in KINDS
        kinds        (N, 3)         int64, index in KINDS, or -1
        sizes        (N, 3, 3)      float32, half of the extent along the solid's own axes
        rotation     (N, 3, 3, 3)   float32
        translation  (N, 3, 3)      float32
        K            (3, 3)         float32, the camera
    """

    images: Tensor
    depth: Tensor
    normals: Tensor
    masks: Tensor
    classes: Tensor
    kinds: Tensor
    sizes: Tensor
    rotation: Tensor
    translation: Tensor
    K: Tensor


@dataclass(frozen=True)
class _Scenes:
    """Descriptions of n images in the camera's coordinates."""

    kinds: NDArray[np.int64]  # (n, MOST), -1 for none
    sizes: Array  # (n, MOST, 3)
    rotation: Array  # (n, MOST, 3, 3)
    translation: Array  # (n, MOST, 3)
    up: Array  # (n, 3), the plane's normal
    height: Array  # (n,), of the camera above the plane
    light: Array  # (n, 3), towards the light
    colours: Array  # (n, 1 + MOST, 3), the plane's first


def draw(count: int, *, stream: str = "train", seed: int = 0, size: int = 64, most: int = MOST) -> Solids:
    """Draw images of size x size pixels with 1 to ``most`` solids each. Image i depends on seed, stream and i alone.

    Raises ValueError for a count or a size below 1, and unless ``most`` is 1, 2 or 3.
    """
    if count < 1 or size < 1 or not 1 <= most <= MOST:
        raise ValueError(f"draw needs a count and a size of at least 1, and most from 1 to {MOST}.")
    import torch

    focal = np.array([[size, 0, (size - 1) / 2], [0, size, (size - 1) / 2], [0, 0, 1.0]])
    random = words(key("solids", stream, seed), range(count), _COLUMNS)
    fractions = (random >> np.uint64(11)).astype(np.float64) * 2.0**-53
    scenes = _describe(fractions, most)
    parts = [_render(_rows(scenes, slice(n, n + _CHUNK)), focal, size) for n in range(0, count, _CHUNK)]
    images, depth, normals, masks = (np.concatenate(arrays) for arrays in zip(*parts, strict=True))
    padded = np.concatenate([np.full((count, 1), -1), scenes.kinds], axis=1)
    classes = 1 + np.take_along_axis(padded, masks.reshape(count, -1), axis=1).reshape(masks.shape)
    floats = (scenes.sizes, scenes.rotation, scenes.translation, focal)
    sizes, rotation, translation, K = (torch.from_numpy(array).float() for array in floats)
    return Solids(
        torch.from_numpy(images).float().permute(0, 3, 1, 2).contiguous(),
        torch.from_numpy(depth).float(),
        torch.from_numpy(normals).float().permute(0, 3, 1, 2).contiguous(),
        torch.from_numpy(masks),
        torch.from_numpy(classes),
        torch.from_numpy(scenes.kinds),
        sizes,
        rotation,
        translation,
        K,
    )


def signed_distance(kind: str, points: Array, size: Array) -> Array:
    """Return the distance of points to the surface of a solid around 0: negative inside.

    Raises ValueError for a kind that is not in KINDS.

    Shapes:
        points  (..., 3)  in the solid's own coordinates
        size    (..., 3)  half of its extent along its own axes
        out     (...)
    """
    if kind not in KINDS:
        raise ValueError(f"There is no solid {kind!r}; choose one of: {', '.join(KINDS)}.")
    z, h = points[..., 2], size[..., 2]
    if kind == "sphere":
        return np.asarray(np.linalg.norm(points, axis=-1) - size[..., 0])
    if kind == "box":
        beyond = np.abs(points) - size
        return np.asarray(np.linalg.norm(beyond.clip(min=0), axis=-1) + beyond.max(axis=-1).clip(max=0))
    q = np.hypot(points[..., 0], points[..., 1])
    if kind == "torus":
        return np.asarray(np.hypot(q - (size[..., 0] - h), z) - h)
    r = size[..., 0]
    if kind == "cylinder":
        beyond = np.stack(np.broadcast_arrays(q - r, np.abs(z) - h), axis=-1)
        return np.asarray(np.linalg.norm(beyond.clip(min=0), axis=-1) + beyond.max(axis=-1).clip(max=0))
    base = np.hypot((q - r).clip(min=0), z + h)
    along = (((q - r) * -r + (z + h) * 2 * h) / (r**2 + 4 * h**2)).clip(0, 1)  # from the base's rim to the tip
    away = np.minimum(base, np.hypot(q - r * (1 - along), z + h - 2 * h * along))
    inside = (z > -h) & (q < r * (h - z) / (2 * h))
    return np.asarray(np.where(inside, -away, away))


def _rows(scenes: _Scenes, rows: slice) -> _Scenes:
    return _Scenes(**{name: array[rows] for name, array in vars(scenes).items()})


def _describe(random: Array, most: int) -> _Scenes:
    """Turn fractions into descriptions: the camera, the light, and solids in sectors around what it looks at."""
    n = len(random)
    counts = 1 + (random[:, 0] * most).astype(np.int64)
    pitch, far = np.deg2rad(40 + 20 * random[:, 1]), 3.8 + 1.4 * random[:, 2]
    sine, cosine, nil = np.sin(pitch), np.cos(pitch), np.zeros(n)
    axes = np.stack([nil + 1, nil, nil, nil, -sine, -cosine, nil, cosine, -sine], axis=1).reshape(n, 3, 3)
    place = far[:, None] * np.stack([nil, -cosine, sine], axis=1)
    high, around = np.deg2rad(40 + 30 * random[:, 3]), 2 * np.pi * random[:, 4]
    light = np.stack([np.cos(high) * np.cos(around), np.cos(high) * np.sin(around), np.sin(high)], axis=1)
    first = 2 * np.pi * random[:, 5]
    own = random[:, 8:].reshape(n, MOST, 8)
    kinds = (own[..., 0] * len(KINDS)).astype(np.int64)
    sizes = np.select([kinds[..., None] == k for k in range(len(KINDS))], _sizes(own[..., 1:4]))
    angle = first[:, None] + 2 * np.pi * np.arange(MOST) / counts[:, None]
    off = np.where(counts == 1, 0.4, np.where(counts == 2, 0.8, 0.92))[:, None]
    off = np.where(counts[:, None] == 1, off * own[..., 4], off)
    centre = np.stack([off * np.cos(angle), off * np.sin(angle), sizes[..., 2]], axis=2)
    turn, zero = 2 * np.pi * own[..., 5], np.zeros((n, MOST))
    yaw = np.stack(
        [np.cos(turn), -np.sin(turn), zero, np.sin(turn), np.cos(turn), zero, zero, zero, zero + 1], axis=2
    ).reshape(n, MOST, 3, 3)
    hue = np.concatenate([np.full((n, 1), np.nan), own[..., 6]], axis=1)[..., None] + np.array([0, 1 / 3, 2 / 3])
    colours = 0.55 + 0.4 * np.cos(2 * np.pi * hue)
    colours[:, 0] = 0.5 + 0.4 * random[:, 6, None]
    return _Scenes(
        np.where(np.arange(MOST) < counts[:, None], kinds, -1),
        sizes,
        axes[:, None] @ yaw,
        ((centre - place[:, None])[:, :, None] @ axes.transpose(0, 2, 1)[:, None])[:, :, 0],
        axes[:, :, 2],
        far * sine,
        (axes @ light[..., None])[..., 0],
        colours,
    )


def _sizes(u: Array) -> list[Array]:
    """Return sizes of each kind, from fractions of shape (n, MOST, 3)."""
    one = u[..., :1]
    return [
        np.repeat(0.35 + 0.25 * one, 3, axis=2),
        0.3 + 0.2 * u,
        np.concatenate([0.3 + 0.2 * one, 0.3 + 0.2 * one, 0.35 + 0.25 * u[..., 1:2]], axis=2),
        np.concatenate([0.4 + 0.2 * one, 0.4 + 0.2 * one, 0.4 + 0.25 * u[..., 1:2]], axis=2),
        np.concatenate([0.45 + 0.2 * one, 0.45 + 0.2 * one, 0.12 + 0.08 * u[..., 1:2]], axis=2),
    ]


def _render(scenes: _Scenes, focal: Array, size: int) -> tuple[Array, Array, Array, NDArray[np.int64]]:
    """Return images, depth, normals and numbers of solids, channels last."""
    n = len(scenes.up)
    v, u = np.meshgrid(np.arange(size), np.arange(size), indexing="ij")
    rays = np.stack([u, v, np.ones_like(u)], axis=-1).reshape(-1, 3) @ np.linalg.inv(focal).T
    image = np.repeat(np.arange(n), size * size)
    direction = np.tile(rays, (n, 1))
    depth, which, normals = _first(scenes, image, np.zeros_like(direction), direction)
    floor = -scenes.height[image] / (scenes.up[image] * direction).sum(axis=1)
    plane = (which < 0) | (depth > floor)
    depth = np.where(plane, floor, depth)
    normals = np.where(plane[:, None], scenes.up[image], normals)
    masks = np.where(plane, 0, which + 1)
    light = scenes.light[image]
    bright = (normals * light).sum(axis=1).clip(min=0)
    lit = np.nonzero(bright > 0)[0]
    start = depth[lit, None] * direction[lit] + 1e-4 * normals[lit]
    bright[lit[np.isfinite(_first(scenes, image[lit], start, light[lit])[0])]] = 0.0
    colour = scenes.colours[image, masks] * (_AMBIENT + (1 - _AMBIENT) * bright)[:, None]
    square = (n, size, size)
    return (
        colour.clip(0, 1).reshape(*square, 3),
        depth.reshape(square),
        normals.reshape(*square, 3),
        masks.reshape(square),
    )


def _first(
    scenes: _Scenes, image: NDArray[np.int64], start: Array, direction: Array
) -> tuple[Array, NDArray[np.int64], Array]:
    """Return where rays first meet a solid (infinity for never), its number or -1, and its normal there."""
    best = np.full(len(image), np.inf)
    which = np.full(len(image), -1)
    normals = np.zeros_like(start)
    for m in range(MOST):
        middle = scenes.translation[image, m] - start
        radius = np.linalg.norm(scenes.sizes[image, m], axis=1)
        along = (middle * direction).sum(axis=1) / (direction**2).sum(axis=1)
        near = ((middle - along[:, None] * direction) ** 2).sum(axis=1) < radius**2
        for k, kind in enumerate(KINDS):
            rows = np.nonzero(near & (along > -1) & (scenes.kinds[image, m] == k))[0]
            if len(rows) == 0:
                continue
            own, size = scenes.rotation[image[rows], m], scenes.sizes[image[rows], m]
            p = -np.einsum("kij,ki->kj", own, middle[rows])
            d = np.einsum("kij,ki->kj", own, direction[rows])
            with np.errstate(divide="ignore", invalid="ignore"):
                t = _MEET[kind](p, d, size)
            closer = t < best[rows]
            rows, t = rows[closer], t[closer]
            best[rows], which[rows] = t, m
            at = p[closer] + t[:, None] * d[closer]
            normals[rows] = np.einsum("kij,kj->ki", own[closer], _normal(kind, at, size[closer]))
    return best, which, normals


def _normal(kind: str, p: Array, size: Array) -> Array:
    """Return the normals of points on a surface, outwards."""
    if kind == "sphere":
        return np.asarray(p / size)
    if kind == "box":
        side = (np.abs(p) - size).argmax(axis=1)
        return np.asarray(np.eye(3)[side] * np.sign(p))
    q = np.hypot(p[:, 0], p[:, 1]).clip(min=1e-12)
    outwards = p * np.array([1, 1, 0]) / q[:, None]
    upwards = np.tile([0.0, 0.0, 1.0], (len(p), 1))
    r, h = size[:, 0], size[:, 2]
    if kind == "torus":
        ring = p - outwards * (r - h)[:, None]
        return np.asarray(ring / h[:, None])
    if kind == "cylinder":
        end = np.abs(p[:, 2]) - h > q - r
        return np.where(end[:, None], upwards * np.sign(p[:, 2:]), outwards)
    slope = outwards * (2 * h)[:, None] + upwards * r[:, None]
    slope /= np.hypot(2 * h, r)[:, None]
    return np.where((np.abs(p[:, 2] + h) < 1e-9)[:, None], -upwards, slope)


def _smallest(*candidates: tuple[Array, NDArray[np.bool_]]) -> Array:
    """Return the smallest positive t that is valid, or infinity."""
    return np.asarray(np.min([np.where(valid & (t > 1e-9), t, np.inf) for t, valid in candidates], axis=0))


def _roots(a: Array, b: Array, c: Array) -> tuple[Array, Array]:
    """Solve a t^2 + 2 b t + c = 0; nan where there is no solution."""
    root = np.sqrt(b**2 - a * c)
    return (-b - root) / a, (-b + root) / a


def _meet_sphere(p: Array, d: Array, size: Array) -> Array:
    roots = _roots((d**2).sum(axis=1), (p * d).sum(axis=1), (p**2).sum(axis=1) - size[:, 0] ** 2)
    return _smallest(*((t, t > 0) for t in roots))


def _meet_box(p: Array, d: Array, size: Array) -> Array:
    one, two = (-size - p) / d, (size - p) / d
    enter, leave = np.fmin(one, two).max(axis=1), np.fmax(one, two).min(axis=1)
    return _smallest((enter, enter < leave))


def _meet_cylinder(p: Array, d: Array, size: Array) -> Array:
    r, h = size[:, 0], size[:, 2]
    roots = _roots((d[:, :2] ** 2).sum(axis=1), (p * d)[:, :2].sum(axis=1), (p[:, :2] ** 2).sum(axis=1) - r**2)
    side = [(t, np.abs(p[:, 2] + t * d[:, 2]) <= h) for t in roots]
    ends = [(end - p[:, 2]) / d[:, 2] for end in (-h, h)]
    return _smallest(*side, *((t, ((p + t[:, None] * d)[:, :2] ** 2).sum(axis=1) <= r**2) for t in ends))


def _meet_cone(p: Array, d: Array, size: Array) -> Array:
    r, h = size[:, 0], size[:, 2]
    k, down = (r / (2 * h)) ** 2, h - p[:, 2]
    roots = _roots(
        (d[:, :2] ** 2).sum(axis=1) - k * d[:, 2] ** 2,
        (p * d)[:, :2].sum(axis=1) + k * down * d[:, 2],
        (p[:, :2] ** 2).sum(axis=1) - k * down**2,
    )
    side = [(t, np.abs(p[:, 2] + t * d[:, 2]) <= h) for t in roots]
    base = (-h - p[:, 2]) / d[:, 2]
    return _smallest(*side, (base, ((p + base[:, None] * d)[:, :2] ** 2).sum(axis=1) <= r**2))


def _meet_torus(p: Array, d: Array, size: Array) -> Array:
    """Walk along rays by the distance to the surface until it is small."""
    length = np.linalg.norm(d, axis=1)
    unit = d / length[:, None]
    limit = np.linalg.norm(p, axis=1) + np.linalg.norm(size, axis=1)
    t, found = np.zeros(len(p)), np.zeros(len(p), bool)
    rows = np.arange(len(p))
    for _ in range(200):
        away = signed_distance("torus", p[rows] + t[rows, None] * unit[rows], size[rows])
        t[rows] += away
        found[rows] = away < 1e-7
        rows = rows[(away >= 1e-7) & (t[rows] < limit[rows])]
        if len(rows) == 0:
            break
    return np.where(found, t / length, np.inf)


_MEET: dict[str, Callable[[Array, Array, Array], Array]] = {
    "sphere": _meet_sphere,
    "box": _meet_box,
    "cylinder": _meet_cylinder,
    "cone": _meet_cone,
    "torus": _meet_torus,
}
