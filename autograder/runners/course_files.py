"""What of a course travels to a machine that grades an assignment: listed and packed here, unpacked there.

Knows nothing about how it travels.
"""

from __future__ import annotations

import hashlib
import io
import re
import shutil
import sys
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from autograder.core.assignment import MANIFEST, Assignment
from autograder.core.copies import public_files
from autograder.core.course_file import COURSE_FILE, Course
from autograder.core.errors import GradlabError
from autograder.core.language import LOCALE, catalogue_path, languages_in
from autograder.core.zips import make_zip

MAX_BYTES = 400_000_000  # of all files together; twice what the data files of an assignment may have
MAX_FILES = 20_000
_FOR_AUTHORS = re.compile(r"(mutants|variants)(_\w+)?\.py|equivalent\.toml")  # files that no check reads


class CannotTravel(GradlabError):
    """The files of a course are too many or too large to be sent, or arrived damaged. Written for staff."""


@dataclass(frozen=True)
class PackedCourse:
    """A zip with the files that grading an assignment needs. It contains the hidden checks."""

    content: bytes
    digest: str  # the sha256 of the content


def course_files(assignment: Assignment, *, hidden: bool = True) -> Iterator[tuple[str, Path]]:
    """Yield what grading needs, each file with its path in a course; with ``hidden``, the hidden checks, too.

    That is course.toml, the shared packages and fallbacks, the assignment with its data files, the manifests of the
    others, which say what hand-ins may contain besides, and the catalogues. Raises BadCourse.
    """
    course = assignment.course
    if course.root and (course.root / COURSE_FILE).is_file():
        yield COURSE_FILE, course.root / COURSE_FILE
    folders = shared_with_hand_ins(course)
    folders[f"assignments/{assignment.name}"] = assignment.folder
    if hidden:
        folders[f"solutions/{assignment.name}"] = assignment.solutions
    for path in sorted(assignment.folder.parent.glob(f"*/{MANIFEST}")):
        if path.parent != assignment.folder:
            yield f"assignments/{path.parent.name}/{MANIFEST}", path
    yield from _catalogues(assignment, hidden=hidden)
    for name, folder in folders.items():
        for path in public_files(folder):
            if not (folder == assignment.solutions and _FOR_AUTHORS.fullmatch(path.name)):
                yield f"{name}/{path.relative_to(folder).as_posix()}", path


def shared_with_hand_ins(course: Course) -> dict[str, Path]:
    """Return the folders that hand-ins can read, by their paths in the course, fallbacks included. Raises BadCourse."""
    folders = course.shared_folders()
    fallbacks = course.fallbacks
    if fallbacks is None or any(fallbacks.is_relative_to(folder) for folder in folders.values()):
        return folders
    places = [course.root, *map(Path, sys.path)]  # they may be installed
    place = next((place for place in places if place and fallbacks.is_relative_to(place)), fallbacks.parent)
    return {**folders, fallbacks.relative_to(place).as_posix(): fallbacks}


def _catalogues(assignment: Assignment, *, hidden: bool) -> Iterator[tuple[str, Path]]:
    """Yield the compiled catalogues of the assignment; those of gradlab are in its own folder."""
    root = assignment.folder.parent.parent
    for place in (LOCALE, *([f"solutions/{LOCALE}"] if hidden else [])):
        for language in languages_in(root / place):
            path = catalogue_path(root / place, language, assignment.name)
            if path.is_file():
                yield path.relative_to(root).as_posix(), path


def pack_course(assignment: Assignment, *, hidden: bool = True) -> PackedCourse:
    """Return a zip of the files. Equal files give an equal zip. Raises CannotTravel if they are too large."""
    paths = dict(course_files(assignment, hidden=hidden))
    size = sum(path.stat().st_size for path in paths.values())
    if size > MAX_BYTES or len(paths) > MAX_FILES:
        raise CannotTravel(
            f"The course's files for {assignment.name} are too large to be sent: {len(paths):,} files with "
            f"{size / 1e6:,.0f} MB. At most {MAX_FILES:,} files with {MAX_BYTES / 1e6:.0f} MB travel."
        )
    root = assignment.course.root or assignment.folder.parent.parent
    name = root.name or "course"  # a course without course.toml is called like its folder
    content = make_zip({f"{name}/{inside}": path.read_bytes() for inside, path in paths.items()})
    return PackedCourse(content, hashlib.sha256(content).hexdigest())


def unpack_course(packed: PackedCourse, folder: Path) -> Path:
    """Write the files below the new folder ``folder``, which only this user can enter, and return the course's root.

    Raises CannotTravel if it is not what was packed, and then leaves nothing.
    """
    if hashlib.sha256(packed.content).hexdigest() != packed.digest:
        raise CannotTravel("The course's files arrived damaged.")
    folder.mkdir(mode=0o700)
    try:
        with zipfile.ZipFile(io.BytesIO(packed.content)) as archive:
            return _unpack(archive, folder)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise


def _unpack(archive: zipfile.ZipFile, folder: Path) -> Path:
    members = archive.infolist()
    if len(members) > MAX_FILES or sum(member.file_size for member in members) > MAX_BYTES:
        raise CannotTravel("The course's files are too large.")
    roots = set()
    for member in members:
        parts = PurePosixPath(member.filename).parts
        if member.is_dir() or len(parts) < 2 or ".." in parts or parts[0] == "/":
            raise CannotTravel(f"The course's files contain {member.filename!r}, which is not a path in a course.")
        place = folder.joinpath(*parts)
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(archive.read(member))
        place.chmod(0o644)  # hand-ins run as another user, and read what is shared
        roots.add(folder / parts[0])
    for path in folder.rglob("*"):
        if path.is_dir():
            path.chmod(0o755)
    if len(roots) != 1:
        raise CannotTravel("The course's files are not of one course.")
    return roots.pop()
