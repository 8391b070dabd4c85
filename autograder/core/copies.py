"""A copy of files that people edit: a new version replaces what nobody changed, and nothing else."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from autograder.core.course_file import COURSE_FILE, Course
from autograder.core.editions import catalogue_files
from autograder.core.files import write_atomically
from autograder.core.installed import installed_course


@dataclass
class Changes:
    """What an update did, by the names of files."""

    new: list[str] = field(default_factory=list)
    updated: list[str] = field(default_factory=list)
    edited: list[str] = field(default_factory=list)  # by its owner, so it was not updated
    removed: list[str] = field(default_factory=list)


def update_copy(destination: Path, files: Mapping[str, bytes], record: Path, *, remove: bool = False) -> Changes:
    """Write ``files`` ("a01_knn/knn.py" -> content) into ``destination``, except over files that were edited there.

    ``record`` stores what was written, so that a later update knows what was edited. With ``remove``, files of an
    earlier version that are not in ``files`` any more are deleted, unless they were edited.
    """
    written, changes = read_record(record), Changes()
    for name, content in files.items():
        target = destination / name
        if not target.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            write_atomically(target, content, durable=False)  # it can be made again
            changes.new.append(name)
        elif (present := target.read_bytes()) != content:
            if written.get(name) != digest(present):
                changes.edited.append(name)
                continue
            write_atomically(target, content, durable=False)  # it can be made again
            changes.updated.append(name)
        written[name] = digest(content)
    for name in sorted(set(written) - set(files)) if remove else []:
        target = destination / name
        if target.is_file() and digest(target.read_bytes()) != written[name]:
            changes.edited.append(name)
            continue
        if target.is_file():
            target.unlink()
            _remove_empty(target.parent, destination)
            changes.removed.append(name)
        del written[name]
    write_atomically(record, json.dumps(written, indent=1, sort_keys=True) + "\n")
    return changes


def _remove_empty(folder: Path, top: Path) -> None:
    """Remove a folder and those around it, below ``top``, as far as nothing is in them."""
    while folder != top and not any(folder.iterdir()):
        folder.rmdir()
        folder = folder.parent


def read_record(path: Path) -> dict[str, str]:
    """Return the digest of each written file by its name; empty if there is no valid record."""
    try:
        table = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return table if isinstance(table, dict) else {}


def digest(content: bytes) -> str:
    """Return the digest of a file's content, as a record stores it."""
    return hashlib.sha256(content).hexdigest()


def public_files(folder: Path) -> list[Path]:
    """Return the files below a folder, without hidden ones and Python's caches."""
    inside = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return [path for path in inside if not any(_is_junk(part) for part in path.relative_to(folder).parts)]


def shared_files(course: Course) -> dict[str, bytes]:
    """Return course.toml, the shared packages and the public catalogues, by their paths in the course.

    Nothing if they come with gradlab.
    """
    if course.root is None or course.root == installed_course() or not (course.root / COURSE_FILE).is_file():
        return {}
    files = {COURSE_FILE: (course.root / COURSE_FILE).read_bytes()} | catalogue_files(course.root)
    for name, folder in course.shared_folders().items():
        for path in public_files(folder):
            files[f"{name}/{path.relative_to(folder).as_posix()}"] = path.read_bytes()
    return files


def _is_junk(part: str) -> bool:
    return part.startswith(".") or part == "__pycache__"
