"""Find the wanted files of a hand-in, whether it is a zip, a folder or a single file, and read them into memory.

Nothing is unpacked to disk, no link is followed, only regular files are opened, and every size is bounded.
Knows nothing about what the files mean.
"""

from __future__ import annotations

import io
import os
import re
import stat
import struct
import zipfile
import zlib
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath

from autograder.submissions.source import BadSubmission, printable

MAX_FILE = 8_000_000  # bytes of one wanted file
MAX_ZIP = 100_000_000
MAX_DECLARED = 1_000_000_000  # bytes that the table of contents of a zip declares for all its files
MAX_RATIO = 200  # declared bytes per byte of the zip, once it declares more than MAX_FILE
MAX_ENTRIES = 5_000
MAX_FOLDERS = 6  # levels
MAX_ZIPS = 3  # a zip in a zip in a zip

_JUNK = ("__MACOSX", "__pycache__", "node_modules")
_DAMAGE = (zipfile.BadZipFile, zlib.error, struct.error, EOFError, OSError, ValueError, RuntimeError, IndexError)

_COPY = re.compile(r"( ?\(\d+\)|-\d+)(?=\.[^.]+$)")  # knn (1).py, knn-1.py: how browsers and Canvas name a second copy
_DRIVE = re.compile(r"[A-Za-z]:[\\/]")
_MAKE_AGAIN = "Please create the zip again."

Reader = Callable[[], bytes]


@dataclass(frozen=True)
class Found:
    """The wanted files of a hand-in by name, and the names of some others for messages."""

    files: dict[str, bytes]
    others: tuple[str, ...] = ()


def find_files(path: Path, wanted: Collection[str], *, optional: Collection[str] = ()) -> Found:
    """Read the files named in ``wanted`` from the outermost folder that contains any of them.

    Files named in ``optional`` are added when they are in that same folder.
    Raises BadSubmission with the reason when the hand-in cannot be read or is not safe to read.
    """
    name = printable(path.name)
    try:
        mode = os.lstat(path).st_mode
        if stat.S_ISDIR(mode):
            return _choose(_folder_levels(path), wanted, optional, name, zips=MAX_ZIPS)
        data = _read_regular(path, limit=MAX_ZIP if path.suffix.lower() == ".zip" else MAX_FILE)
    except FileNotFoundError:
        raise BadSubmission(f"{name} does not exist.") from None
    except OSError as error:
        raise BadSubmission(f"{name} cannot be read: {error.strerror}.") from None
    if path.suffix.lower() == ".zip":
        return _choose(_zip_levels(data, name), wanted, optional, name, zips=MAX_ZIPS - 1)
    return _single(path.name, data, wanted)


def _single(name: str, data: bytes, wanted: Collection[str]) -> Found:
    """Match a file that was handed in by itself: platforms put the student before its name and numbers around it."""
    plain = _COPY.sub("", name.lower())
    matches = [want for want in wanted if plain.endswith(want.lower())]
    if not matches:
        same_type = [want for want in wanted if want.rpartition(".")[2] == name.rpartition(".")[2]]
        matches = same_type if len(same_type) == 1 else []
    return Found({max(matches, key=len): data}) if matches else Found({}, (name,))


def _choose(
    levels: Iterator[Mapping[str, Reader]], wanted: Collection[str], optional: Collection[str], name: str, *, zips: int
) -> Found:
    """Read the wanted files from the first level of folders that has any, else from the only zip inside."""
    others: dict[str, Reader] = {}
    for level in levels:
        homes = sorted({str(PurePosixPath(path).parent) for path in level if PurePosixPath(path).name in wanted})
        if len(homes) > 1:
            first, second = (printable(home) for home in homes[:2])
            raise BadSubmission(f"{name} contains the same work in {first} and in {second}. Hand in only one of them.")
        if homes:
            files = {PurePosixPath(path): read for path, read in level.items()}
            here = {path.name: read for path, read in files.items() if str(path.parent) == homes[0]}
            taken = sorted({*wanted, *optional} & {*here})
            return Found({want: here[want]() for want in taken}, tuple(sorted({*here} - {*taken})))
        others.update(level)
    inner = [path for path in others if path.lower().endswith(".zip")]
    if len(inner) == 1 and zips:
        inside = printable(f"{name}/{inner[0]}")
        return _choose(_zip_levels(others[inner[0]](), inside), wanted, optional, inside, zips=zips - 1)
    return Found({}, tuple(sorted(others)))


def _hidden(part: str) -> bool:
    return part.startswith(".") or part in _JUNK


def _folder_levels(folder: Path) -> Iterator[dict[str, Reader]]:
    """Yield the files of a folder, level by level, without following links."""
    seen, level = 0, [folder]
    for _ in range(MAX_FOLDERS):
        files: dict[str, Reader] = {}
        below = []
        for parent in level:
            with os.scandir(parent) as entries:
                for entry in entries:
                    seen += 1
                    if seen > MAX_ENTRIES:
                        raise BadSubmission(
                            f"{printable(folder.name)} contains more than {MAX_ENTRIES:,} files. "
                            "Hand in only the files you edited."
                        )
                    if _hidden(entry.name):
                        continue
                    if entry.is_dir(follow_symlinks=False):
                        below.append(Path(entry.path))
                    else:
                        limit = MAX_ZIP if entry.name.lower().endswith(".zip") else MAX_FILE
                        name = Path(entry.path).relative_to(folder).as_posix()
                        files[name] = partial(_read_regular, Path(entry.path), limit=limit)
        yield files
        level = below


def _read_regular(path: Path, *, limit: int) -> bytes:
    """Read a regular file without following a link and without waiting on a pipe."""
    name = printable(path.name)
    if stat.S_ISLNK(os.lstat(path).st_mode):
        raise BadSubmission(f"{name} is a link. Hand in the file itself.")
    if not stat.S_ISREG(os.lstat(path).st_mode):
        raise BadSubmission(f"{name} is a special file. Hand in a zip, a folder, a notebook or a script.")
    flags = os.O_RDONLY
    for flag in ("O_NOFOLLOW", "O_NONBLOCK", "O_CLOEXEC", "O_BINARY"):  # Windows has only the last, others the rest
        flags |= getattr(os, flag, 0)
    with os.fdopen(os.open(path, flags), "rb") as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):  # it was replaced since the first look
            raise BadSubmission(f"{name} is a special file. Hand in a zip, a folder, a notebook or a script.")
        data = file.read(limit + 1)
    if len(data) > limit:
        raise BadSubmission(_too_large(name, limit))
    return data


def _too_large(name: str, limit: int) -> str:
    return (
        f"{name} has more than {limit / 1e6:.0f} MB. Clear the notebook's outputs, remove data and models, "
        "and hand it in again."
    )


class _BoundedBytes(io.BytesIO):
    """The bytes of a zip; a table of contents that asks for an unreasonable amount at once is refused."""

    def read(self, size: int | None = -1, /) -> bytes:
        if size is not None and size > 200 * MAX_ENTRIES:
            raise zipfile.BadZipFile("its table of contents is too long")
        return super().read(size)


def _zip_levels(data: bytes, name: str) -> Iterator[dict[str, Reader]]:
    """Yield the files of a zip, level by level, after its declared sizes and names were found plausible."""
    try:
        archive = zipfile.ZipFile(_BoundedBytes(data))
        members = archive.infolist()
    except _DAMAGE as error:
        raise BadSubmission(f"{name} is damaged or not a zip ({printable(str(error))}). {_MAKE_AGAIN}") from None
    if len(members) > MAX_ENTRIES:
        raise BadSubmission(
            f"{name} contains {len(members):,} files; the limit is {MAX_ENTRIES:,}. Hand in only the files you edited."
        )
    declared = sum(member.file_size for member in members)
    if declared > MAX_DECLARED or declared > max(MAX_FILE, MAX_RATIO * len(data)):
        raise BadSubmission(f"{name} would unpack to {declared / 1e6:,.0f} MB. Hand in only the files you edited.")
    levels: list[dict[str, Reader]] = [{} for _ in range(MAX_FOLDERS)]
    for member in members:
        path = PurePosixPath(member.filename.replace("\\", "/"))
        if path.is_absolute() or ".." in path.parts or _DRIVE.match(member.filename):
            raise BadSubmission(f"{name} names a file outside of itself: {printable(member.filename)}. {_MAKE_AGAIN}")
        if member.is_dir() or any(_hidden(part) for part in path.parts) or not 0 < len(path.parts) <= MAX_FOLDERS:
            continue
        level = levels[len(path.parts) - 1]
        if str(path) in level:
            raise BadSubmission(f"{name} contains {printable(str(path))} twice. {_MAKE_AGAIN}")
        level[str(path)] = partial(_read_member, archive, member, name)
    yield from levels


def _read_member(archive: zipfile.ZipFile, member: zipfile.ZipInfo, name: str) -> bytes:
    inside = f"{printable(member.filename)} in {name}"
    limit = MAX_ZIP if member.filename.lower().endswith(".zip") else MAX_FILE
    kind = stat.S_IFMT(member.external_attr >> 16)
    if kind not in (0, stat.S_IFREG):
        raise BadSubmission(f"{inside} is a link or a special file. Hand in the file itself.")
    if member.flag_bits & 1:
        raise BadSubmission(f"{inside} is encrypted. Please create the zip again without a password.")
    if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise BadSubmission(f"{inside} is compressed in an unusual way. Please create an ordinary zip.")
    if member.file_size > limit:
        raise BadSubmission(_too_large(inside, limit))
    try:
        with archive.open(member) as file:
            data = file.read(limit + 1)
    except _DAMAGE as error:
        raise BadSubmission(f"{inside} is damaged ({printable(str(error))}). {_MAKE_AGAIN}") from None
    if len(data) != member.file_size:
        raise BadSubmission(
            f"{inside} is damaged: it has {len(data):,} bytes instead of {member.file_size:,}. {_MAKE_AGAIN}"
        )
    return data
