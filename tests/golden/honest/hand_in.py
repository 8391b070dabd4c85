"""A messy hand-in and what it costs, and how recipes are written down."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tests.golden.honest.clean import Clean


@dataclass(frozen=True)
class HandIn:
    """The files that a student sends, by path, and what is expected of them."""

    files: Mapping[str, bytes]
    costs: Mapping[str, str] = field(default_factory=dict)  # task -> a part of the message that explains it
    remarks: Mapping[str, str] = field(default_factory=dict)  # kind of each remark -> a part of its text
    saved: Mapping[str, float] = field(default_factory=dict)  # when a file was saved; else all at one moment
    alone: str = ""  # the one file that is handed in by itself; empty: the folder is

    def write(self, folder: Path) -> Path:
        """Write the files, and return what is handed in."""
        for name, data in self.files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
            moment = self.saved.get(name, 1_700_000_000.0)
            os.utime(path, (moment, moment))
        return folder / self.alone


Recipe = Callable[[Clean], HandIn | None]  # None: the assignment has nothing of the kind
Recipes = dict[str, Recipe]


def recipe(table: Recipes, name: str) -> Callable[[Recipe], Recipe]:
    """Put the function that follows into a table of recipes."""

    def put(function: Recipe) -> Recipe:
        assert name not in table, name
        table[name] = function
        return function

    return put
