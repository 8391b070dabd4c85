"""The code of a submission as it is run: what submissions/ makes of a hand-in, and what sandbox/ executes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from autograder.core.notebooks import CellStarts


@dataclass(frozen=True)
class SetAside:
    """A part of a file that was left out because Python cannot read it."""

    line: int  # from 1
    names: tuple[str, ...]  # what it would have defined; "Conv.forward" for a method
    reason: str  # "Python cannot read this: ..."


@dataclass(frozen=True)
class Code:
    """The modules of a submission. Own modules of the student are among them, by their paths: "tools/plots.py"."""

    files: Mapping[str, str] = field(default_factory=dict)  # "knn.py" -> source text
    cells: Mapping[str, CellStarts] = field(default_factory=dict)  # of modules that came from a notebook
    aside: Mapping[str, Sequence[SetAside]] = field(default_factory=dict)  # by file
    unreadable: Mapping[str, str] = field(default_factory=dict)  # wanted files that could not be read, and why
    packages: frozenset[str] | None = None  # what they may import besides Python's own; None: anything
