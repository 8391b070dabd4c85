"""Scenes of two objects, and what can be said of them: "a red striped disc left of a green checked square".

Either object may come first, so each scene has two captions, and both are true. `parts` reads a caption back, and
`slot_accuracy` tells which parts of it are right.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import torch

from common.data import render, scenes
from common.data.captions import CaptionData, CaptionExample
from common.data.split import DataError

RECIPE = scenes.Recipe(objects=(2, 2), colour_hint=0, inverted=0, radius=(1200, 1700), period=(700, 900))
SIZES = (32, 112)  # of generated images
SLOTS = ("colour", "texture", "shape", "relation", "other colour", "other texture", "other shape")
SIDES = {(-1, 0): "left of", (1, 0): "right of", (0, -1): "above", (0, 1): "below"}
RELATIONS = (*SIDES.values(), *(f"{v} and {h}" for v in ("above", "below") for h in ("left of", "right of")))

_OBJECT = f"an? ({'|'.join(scenes.COLOURS)}) ({'|'.join(scenes.TEXTURES)}) ({'|'.join(scenes.SHAPES)})"
_CAPTION = re.compile(f"{_OBJECT} ({'|'.join(sorted(RELATIONS, key=len, reverse=True))}) {_OBJECT}")


class SceneCaptions(CaptionData):
    """Scenes of two objects. Example i depends on seed, stream, size and i alone."""

    def __init__(self, count: int, *, size: int = 48, seed: int = 0, stream: str = "captions") -> None:
        if not SIZES[0] <= size <= SIZES[1]:
            raise DataError(f"Scenes with captions have sides of {SIZES[0]} to {SIZES[1]} pixels, not {size}.")
        self.scenes = scenes.describe(seed, range(count), stream=stream, recipe=RECIPE)
        self.captions = [describe(scene) for scene in self.scenes]
        self.pixels = render.render(self.scenes, size)

    def __getitem__(self, index: int) -> CaptionExample:
        return CaptionExample(torch.from_numpy(self.pixels[index]).float() / 255, self.captions[index])


def describe(scene: scenes.Scene) -> tuple[str, str]:
    """The two captions of a scene of two objects; the first begins with what comes first in reading order."""
    first, second = scene.objects
    both = [_sentence(first, second), _sentence(second, first)]
    if _steps(first, second) > (0, 0):
        both.reverse()
    return both[0], both[1]


def parts(caption: str) -> tuple[str, ...] | None:
    """What a caption says in each of SLOTS, or None if it is no caption of two objects."""
    found = _CAPTION.fullmatch(caption)
    return found.groups() if found else None


def slot_accuracy(said: Sequence[str], truths: Sequence[Sequence[str]]) -> dict[str, float]:
    """For each of SLOTS, the share of captions that have it right; under "all", the share that is right altogether.

    A caption is compared with that true one it agrees with most. One that `parts` cannot read has nothing right.
    """
    right = dict.fromkeys((*SLOTS, "all"), 0)
    for caption, references in zip(said, truths, strict=True):
        found = parts(caption)
        if found is None:
            continue
        agreements = [
            [a == b for a, b in zip(found, wanted, strict=True)] for wanted in map(parts, references) if wanted
        ]
        best = max(agreements, key=sum, default=[False] * len(SLOTS))
        for slot, agrees in zip((*SLOTS, "all"), [*best, all(best)], strict=True):
            right[slot] += agrees
    return {slot: count / max(len(said), 1) for slot, count in right.items()}


def _sentence(first: scenes.Thing, second: scenes.Thing) -> str:
    down, right = _steps(first, second)
    words = [SIDES[side] for side in ((0, down), (right, 0)) if side != (0, 0)]
    return f"{_phrase(first)} {' and '.join(words)} {_phrase(second)}"


def _steps(first: scenes.Thing, second: scenes.Thing) -> tuple[int, int]:
    """Where the first object is, seen from the second: (-1, 0) is above, (0, 1) is right of.

    The centres of neighbouring cells are at least 1448 units apart, and those in one row or column differ by at most
    600.
    """
    return _sign(first.y - second.y), _sign(first.x - second.x)


def _sign(difference: int) -> int:
    return (difference > scenes.SIDE // 4) - (difference < -scenes.SIDE // 4)


def _phrase(thing: scenes.Thing) -> str:
    article = "an" if thing.colour[0] in "aeiou" else "a"
    return f"{article} {thing.colour} {thing.texture} {thing.shape}"
