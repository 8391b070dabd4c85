"""Compare the generators of scenes with their arithmetic alone: `python bench/data.py [--images 1280] [--repeats 5]`.

"arithmetic" is the drawing itself, on numbers that are in arrays already, by the same operations of NumPy. The rest is
random numbers, Python objects that describe each scene, and their way into arrays. Processor time, the fastest of
several runs. The goal is that all takes at most twice the arithmetic. The last column is the second load of the same
images from the cache, where there is one. Solids are drawn by casting rays, all of it arithmetic: their time alone.
"""

from __future__ import annotations

import argparse
import math
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from common.data import draws, labelled_scenes, plain_scenes, render, scene_boxes, scene_captions, solids

MOST = 2.0  # times the arithmetic


def main() -> int:
    """Print a line for each generator."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", type=int, default=1280)
    parser.add_argument("--repeats", type=int, default=5)
    options = parser.parse_args()
    count, slow = options.images, []
    generators: dict[str, Callable[[], object]] = {
        "scenes": lambda: labelled_scenes.draw("train", count, seed=1),
        "plain scenes": lambda: plain_scenes.draw("train", count, seed=1),
        "boxes": lambda: scene_boxes.SceneBoxes(count, seed=1),
        "captions": lambda: scene_captions.read_captions("train", count=count, size=None, root=None, seed=1),
    }
    print(f"{'':14} {'all':>9} {'arithmetic':>11} {'ratio':>6}   {count} images")
    for name, generate in generators.items():
        whole, part = seconds(generate, options.repeats), arithmetic(generate, options.repeats)
        print(f"{name:14} {whole:7.3f} s {part:9.3f} s {whole / part:6.2f}", flush=True)
        if whole > MOST * part:
            slow.append(name)
    with tempfile.TemporaryDirectory() as folder:
        first, again = (seconds(lambda: labelled_scenes.read(count, 100, root=Path(folder)), 1) for _ in range(2))
    print(f"scenes, stored {first:7.3f} s, read again from the cache {again:.3f} s")
    for size in (32, 64):
        spent = seconds(lambda size=size: solids.draw(100, size=size, seed=1), options.repeats)
        print(f"solids, {size} x {size}: {1000 * spent / 100:.2f} ms for an image")
    return len(slow)


def seconds(work: Callable[[], object], repeats: int) -> float:
    """Return the processor time of the fastest run."""
    best = math.inf
    for _ in range(repeats):
        begun = time.process_time()
        work()
        best = min(best, time.process_time() - begun)
    return best


def arithmetic(generate: Callable[[], object], repeats: int) -> float:
    """Return the processor time of the drawing alone: what comes before it is recorded in one run and replayed."""
    calls: list[tuple[Any, ...]] = []
    drawn = render.render
    try:
        render.render = lambda scenes, size=32: calls.append((scenes, size)) or drawn(scenes, size)
        generate()
    finally:
        render.render = drawn
    with_records = Recorded()
    with_records.record(lambda: [drawn(*call) for call in calls])
    return min(with_records.replay(lambda: [drawn(*call) for call in calls]) for _ in range(repeats))


class Recorded:
    """The arrays that the drawing gets from Python objects and random numbers."""

    def __init__(self) -> None:
        self.arrays: list[Any] = []

    def record(self, work: Callable[[], object]) -> None:
        """Do the work and keep the arrays."""
        column, rows = render._column, draws.first_rows
        try:
            render._column = lambda *given: self._keep(column(*given))
            draws.first_rows = lambda *given: self._keep(rows(*given))
            work()
        finally:
            render._column, draws.first_rows = column, rows

    def _keep(self, array: Any) -> Any:
        self.arrays.append(array)
        return array

    def replay(self, work: Callable[[], object]) -> float:
        """Do the work with the same arrays, and return its processor time."""
        column, rows = render._column, draws.first_rows
        stored: Iterator[Any] = iter(self.arrays)
        try:
            render._column = draws.first_rows = lambda *given: next(stored)
            return seconds(work, 1)
        finally:
            render._column, draws.first_rows = column, rows


if __name__ == "__main__":
    sys.exit(main())
