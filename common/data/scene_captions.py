"""Generated scenes of two objects with captions: "a red striped disc left of a green checked square".

Either object may come first, so each scene has two captions, and both are true. `parts` takes a caption apart, and
`slot_accuracy` measures which of its parts are right.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import torch

from common.data import render, scenes
from common.data.caption_examples import CaptionData, CaptionExample
from common.data.split import DataError

RECIPE = scenes.Recipe(objects=(2, 2), colour_hint=0, inverted=0, radius=(1200, 1700), period=(700, 900))
COUNT, SIZE = 2000, 48
SIDES = (32, 112)  # shortest and longest side of an image
SLOTS = ("colour", "texture", "shape", "relation", "other colour", "other texture", "other shape")
DIRECTIONS = {(-1, 0): "left of", (1, 0): "right of", (0, -1): "above", (0, 1): "below"}
RELATIONS = (*DIRECTIONS.values(), *(f"{v} and {h}" for v in ("above", "below") for h in ("left of", "right of")))

_OBJECT = f"an? ({'|'.join(scenes.COLOURS)}) ({'|'.join(scenes.TEXTURES)}) ({'|'.join(scenes.SHAPES)})"
_CAPTION = re.compile(f"{_OBJECT} ({'|'.join(sorted(RELATIONS, key=len, reverse=True))}) {_OBJECT}")


class SceneCaptions(CaptionData):
    """Scenes of two objects. Example i depends on seed, stream, size and i alone."""

    def __init__(self, count: int, *, size: int = SIZE, seed: int = 0, stream: str = "captions") -> None:
        if not SIDES[0] <= size <= SIDES[1]:
            raise DataError(f"Scenes with captions have sides of {SIDES[0]} to {SIDES[1]} pixels, not {size}.")
        self.scenes = scenes.describe(seed, range(count), stream=stream, recipe=RECIPE)
        self.captions = [describe(scene) for scene in self.scenes]
        self.pixels = render.render(self.scenes, size)

    def __getitem__(self, index: int) -> CaptionExample:
        return CaptionExample(torch.from_numpy(self.pixels[index]).float() / 255, self.captions[index])


def read_captions(part: str, *, count: int | None, size: int | None, root: str | Path | None, seed: int) -> CaptionData:
    """Generate the first scenes of a part. They are generated each time, so ``root`` is not used."""
    return SceneCaptions(COUNT if count is None else count, size=size or SIZE, seed=seed, stream=f"captions {part}")


def describe(scene: scenes.Scene) -> tuple[str, str]:
    """Return both captions of a scene of two objects; the first begins with the first object in reading order."""
    first, second = scene.objects
    both = [_sentence(first, second), _sentence(second, first)]
    if _steps(first, second) > (0, 0):
        both.reverse()
    return both[0], both[1]


def parts(caption: str) -> tuple[str, ...] | None:
    """Return the caption's word for each of SLOTS, or None if it is not a caption of two objects."""
    found = _CAPTION.fullmatch(caption)
    return found.groups() if found else None


def slot_accuracy(captions: Sequence[str], truths: Sequence[Sequence[str]]) -> dict[str, float]:
    """Return the share of captions that are right in each of SLOTS and, under "all", in every slot.

    A caption is compared with the true caption that agrees with it most. If `parts` cannot read a caption, none of its
    slots is right.
    """
    right = dict.fromkeys((*SLOTS, "all"), 0)
    for caption, references in zip(captions, truths, strict=True):
        found = parts(caption)
        if found is None:
            continue
        agreements = [
            [a == b for a, b in zip(found, wanted, strict=True)] for wanted in map(parts, references) if wanted
        ]
        best = max(agreements, key=sum, default=[False] * len(SLOTS))
        for slot, agrees in zip((*SLOTS, "all"), [*best, all(best)], strict=True):
            right[slot] += agrees
    return {slot: count / max(len(captions), 1) for slot, count in right.items()}


def _sentence(first: scenes.Thing, second: scenes.Thing) -> str:
    down, right = _steps(first, second)
    words = [DIRECTIONS[side] for side in ((0, down), (right, 0)) if side != (0, 0)]
    return f"{_phrase(first)} {' and '.join(words)} {_phrase(second)}"


def _steps(first: scenes.Thing, second: scenes.Thing) -> tuple[int, int]:
    """Return the direction from the second object to the first: (-1, 0) is above, (0, 1) is right of.

    The centres of neighbouring cells are at least 1448 units apart, and those in one row or column differ by at most
    600.
    """
    return _sign(first.y - second.y), _sign(first.x - second.x)


def _sign(difference: int) -> int:
    return (difference > scenes.SIDE // 4) - (difference < -scenes.SIDE // 4)


def _phrase(thing: scenes.Thing) -> str:
    article = "an" if thing.colour[0] in "aeiou" else "a"
    return f"{article} {thing.colour} {thing.texture} {thing.shape}"
