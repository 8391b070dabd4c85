"""Files next to the notebooks of an nbgrader assignment: pictures and tables, which students get from nbgrader."""

from __future__ import annotations

import json
from collections.abc import Collection
from pathlib import Path

from autograder.core.assignment import MANIFEST, MAX_DATA_BYTES
from autograder.core.copies import public_files

_OURS = (MANIFEST, "README.md")  # gradlab writes files of these names


def other_files(folder: Path) -> tuple[dict[str, Path], list[tuple[str, str]]]:
    """Return the files to copy, by their paths below the folder, and those to leave out, each with the reason."""
    found: dict[str, Path] = {}
    left: list[tuple[str, str]] = []
    size = 0
    for path in public_files(folder):
        name = path.relative_to(folder).as_posix()
        if path.suffix == ".py":
            left.append((name, "a module was left out: if notebooks import it, put it into a package that is `shared`"))
        elif path.suffix == ".ipynb":
            if path.parent != folder:
                left.append((name, "a notebook in a folder of its own was left out"))
        elif name in _OURS:
            left.append((name, "gradlab writes a file of this name, so it was left out"))
        elif not path.resolve().is_relative_to(folder.resolve()):
            left.append((name, "it is a link to another place, so it was left out"))
        elif size + path.stat().st_size > MAX_DATA_BYTES:
            left.append((name, f"all files together have more than {MAX_DATA_BYTES // 10**6} MB, so it was left out"))
        else:
            found[name] = path
            size += path.stat().st_size
    return found, left


def data_line(names: Collection[str]) -> str:
    """Return the line of the manifest that lists these files, which are patterns there."""
    quoted = ["".join(f"[{letter}]" if letter in "*?[" else letter for letter in name) for name in names]
    return f"data = {json.dumps(quoted, ensure_ascii=False)}"
