"""The code of a submission: the result of opening a hand-in, and the input of the sandbox."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from autograder.core.notebooks import CellStarts


@dataclass(frozen=True)
class SetAside:
    """A part of a file that was left out because Python cannot read it."""

    line: int  # from 1
    names: tuple[str, ...]  # names that it would have defined; "Conv.forward" for a method
    reason: str  # "Python cannot read this: ..."


@dataclass(frozen=True)
class Code:
    """The modules of a submission, including the student's own modules by their paths: "tools/plots.py"."""

    files: Mapping[str, str] = field(default_factory=dict)  # "knn.py" -> source text
    cells: Mapping[str, CellStarts] = field(default_factory=dict)  # of modules that came from a notebook
    aside: Mapping[str, Sequence[SetAside]] = field(default_factory=dict)  # by file
    unreadable: Mapping[str, str] = field(default_factory=dict)  # wanted files that could not be read, and why
    data: Mapping[str, Path] = field(default_factory=dict)  # the assignment's data files, by their paths in its folder
    packages: frozenset[str] | None = None  # what the modules may import besides Python's own; None: anything
    allowed: tuple[str, ...] = ()  # those of them that the assignment lists
