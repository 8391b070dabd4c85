"""`gradlab start`: a student's own copy of the assignments, brought up to date without touching what was edited."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from autograder.core.assignment import MANIFEST, BadManifest, read_assignment
from autograder.core.files import write_atomically
from autograder.render.words import count
from autograder.students.handout import RECORD, digest, read_record


def start(destination: Path, course_root: Path, names: Sequence[str] | None = None) -> list[str]:
    """Copy the named assignments (default: all) below ``destination``. Returns a line about each file that matters.

    A file that differs from what was copied before was edited, and is kept. Raises BadManifest for an unknown name.
    """
    source = course_root / "assignments"
    folders = [source / name for name in names or sorted(path.parent.name for path in source.glob(f"*/{MANIFEST}"))]
    for folder in folders:
        if folder.parent != source or not (folder / MANIFEST).is_file():
            known = ", ".join(sorted(path.parent.name for path in source.glob(f"*/{MANIFEST}")))
            raise BadManifest(f"There is no assignment {folder.name!r} in {source}. There is: {known or 'none'}.")
        read_assignment(folder)
    if destination.resolve() == source.resolve():
        raise BadManifest(f"{destination} is the course itself. Name a folder of your own: gradlab start my-work.")

    copied = read_record(destination / RECORD)
    lines = []
    for folder in folders:
        new = kept = 0
        for path in _public(folder):
            name = path.relative_to(source).as_posix()
            content, target = path.read_bytes(), destination / name
            if not target.exists():
                target.parent.mkdir(parents=True, exist_ok=True)
                write_atomically(target, content)
                new += 1
            elif target.read_bytes() != content:
                if copied.get(name) != digest(target.read_bytes()):
                    lines.append(f"Kept {target}: you edited it.")
                    kept += 1
                    continue
                write_atomically(target, content)
                lines.append(f"Updated {target}.")
            copied[name] = digest(content)
        lines.append(f"{destination / folder.name}: {count(new, 'new file')}, {kept} kept.")
    write_atomically(destination / RECORD, (json.dumps(copied, indent=1, sort_keys=True) + "\n").encode())
    return lines


def _public(folder: Path) -> list[Path]:
    """The files of an assignment that students receive."""
    inside = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return [path for path in inside if not any(_is_junk(part) for part in path.relative_to(folder).parts)]


def _is_junk(part: str) -> bool:
    return part.startswith(".") or part == "__pycache__"
