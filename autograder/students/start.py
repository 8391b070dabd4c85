"""`gradlab start`: make or update a student's copy of the assignments, without changing files that were edited."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from autograder.core.assignment import MANIFEST, BadManifest, read_assignment
from autograder.core.files import write_atomically
from autograder.render.words import count
from autograder.students.handout import RECORD, digest, read_record


def start(destination: Path, course_root: Path, names: Sequence[str] | None = None) -> list[str]:
    """Copy the named assignments (default: all) into ``destination``. Returns a line for each update and each folder.

    A file that differs from the one copied before was edited, and is not changed. Raises BadManifest for an unknown
    name.
    """
    source = course_root / "assignments"
    folders = [source / name for name in names or sorted(path.parent.name for path in source.glob(f"*/{MANIFEST}"))]
    for folder in folders:
        if folder.parent != source or not (folder / MANIFEST).is_file():
            known = ", ".join(sorted(path.parent.name for path in source.glob(f"*/{MANIFEST}")))
            raise BadManifest(f"There is no assignment {folder.name!r} in {source}. Available: {known or 'none'}.")
        read_assignment(folder)
    if destination.resolve() == source.resolve():
        raise BadManifest(f"{destination} is the course itself. Choose a folder of your own: gradlab start my-work.")

    copied = read_record(destination / RECORD)
    lines = []
    for folder in folders:
        new = edited = 0
        for path in _public(folder):
            name = path.relative_to(source).as_posix()
            content, target = path.read_bytes(), destination / name
            if not target.exists():
                target.parent.mkdir(parents=True, exist_ok=True)
                write_atomically(target, content)
                new += 1
            elif target.read_bytes() != content:
                if copied.get(name) != digest(target.read_bytes()):
                    lines.append(f"Not updated: {target}, because you edited it.")
                    edited += 1
                    continue
                write_atomically(target, content)
                lines.append(f"Updated {target}.")
            copied[name] = digest(content)
        unchanged = f", {count(edited, 'edited file')} not updated" if edited else ""
        lines.append(f"{destination / folder.name}: {count(new, 'new file')}{unchanged}.")
    write_atomically(destination / RECORD, (json.dumps(copied, indent=1, sort_keys=True) + "\n").encode())
    return lines


def _public(folder: Path) -> list[Path]:
    """Return the files of an assignment that students receive."""
    inside = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return [path for path in inside if not any(_is_junk(part) for part in path.relative_to(folder).parts)]


def _is_junk(part: str) -> bool:
    return part.startswith(".") or part == "__pycache__"
