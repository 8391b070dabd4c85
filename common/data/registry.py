"""Data sets by name: one design for images, boxes and captions.

Knows names and parts, and nothing of what a data set contains.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from dataclasses import dataclass
from types import ModuleType

from common.data.split import DataError

MOST = 1_000_000  # generated images at once: more would not fit in memory


@dataclass(frozen=True)
class Registry:
    """The data sets of one kind. The module of a data set is imported when the data set is loaded."""

    kind: str  # what comes with its images, for messages: "boxes"
    modules: Mapping[str, str]  # name of a data set -> the module that reads it
    parts: tuple[str, ...] = ("train", "test")

    def find(self, name: str) -> ModuleType:
        """Import the module that reads a data set. Raises DataError if there is no such data set."""
        if name not in self.modules:
            raise DataError(
                f"There is no data set {name!r} with {self.kind}; choose one of: {', '.join(sorted(self.modules))}."
            )
        return importlib.import_module(self.modules[name])

    def check_part(self, part: str) -> None:
        """Raise DataError unless data sets of this kind have this part."""
        if part not in self.parts:
            known = f"{', '.join(map(repr, self.parts[:-1]))} and {self.parts[-1]!r}"
            raise DataError(f"Data sets with {self.kind} have the parts {known}; there is no part {part!r}.")


def check_count(argument: str, count: int | None) -> None:
    """Raise DataError unless ``count`` can be a number of images; None means the usual number."""
    if count is not None and (isinstance(count, bool) or not isinstance(count, int) or count < 0):
        raise DataError(f"{argument} is a number of images: a whole number from 0 up, or None; not {count!r}.")


def generated_count(count: int | None, default: int) -> int:
    """Return how many images to generate. Raises DataError if they would not fit in memory."""
    number = default if count is None else count
    if number > MOST:
        raise DataError(f"{number:,} generated images would not fit in memory; ask for at most {MOST:,}.")
    return number
