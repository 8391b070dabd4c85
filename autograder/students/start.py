"""`gradlab start`: make or update a student's copy of the assignments, without changing files that were edited."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from autograder.core.assignment import MANIFEST, BadManifest, read_assignment
from autograder.core.copies import public_files, shared_files, update_copy
from autograder.core.course_file import course_around
from autograder.render.words import count
from autograder.students.handout import RECORD


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
            raise BadManifest(f"No assignment {folder.name!r} was found in {source}. Available: {known or 'none'}.")
        read_assignment(folder)
    if destination.resolve() == source.resolve():
        raise BadManifest(f"{destination} is the course itself. Choose a folder of your own: gradlab start my-work.")

    files = {
        path.relative_to(source).as_posix(): path.read_bytes() for folder in folders for path in public_files(folder)
    }
    files |= shared_files(course_around(folders[0])) if folders else {}
    changes = update_copy(destination, files, destination / RECORD)
    lines = [f"Updated {destination / name}." for name in changes.updated]
    lines += [f"Not updated: {destination / name}, because you edited it." for name in changes.edited]
    for folder in folders:
        new, edited = (
            sum(name.startswith(f"{folder.name}/") for name in names) for names in (changes.new, changes.edited)
        )
        unchanged = f", {count(edited, 'edited file')} not updated" if edited else ""
        lines.append(f"{destination / folder.name}: {count(new, 'new file')}{unchanged}.")
    return lines
