"""What a student sent, on disk: the wanted files in a zip, a folder or a single file, read into memory.

Nothing is unpacked to disk, no link is followed, nothing that is not a plain file is opened, and every size is bounded.
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

from autograder.submissions.source import BadSubmission, shown

MAX_FILE = 8_000_000  # bytes of one wanted file
MAX_ZIP = 100_000_000
MAX_CLAIMED = 1_000_000_000  # bytes that the files of a zip claim together
MAX_RATIO = 200  # of that to the zip's own size, once it claims more than MAX_FILE
MAX_ENTRIES = 5_000
MAX_FOLDERS = 6  # levels
MAX_ZIPS = 3  # a zip in a zip in a zip

_JUNK = ("__MACOSX", "__pycache__", "node_modules")
_DAMAGE = (zipfile.BadZipFile, zlib.error, struct.error, EOFError, OSError, ValueError, RuntimeError, IndexError)

_COPY = re.compile(r"( ?\(\d+\)|-\d+)(?=\.[^.]+$)")  # knn (1).py, knn-1.py: what browsers and Canvas call a second one
_DRIVE = re.compile(r"[A-Za-z]:[\\/]")

Reader = Callable[[], bytes]


@dataclass(frozen=True)
class Found:
    """The wanted files of a hand-in by name, and the names of some others for messages."""

    files: dict[str, bytes]
    others: tuple[str, ...] = ()


def find_files(path: Path, wanted: Collection[str], *, optional: Collection[str] = ()) -> Found:
    """Read the files named in ``wanted``: from the outermost folder that holds any of them.

    Those named in ``optional`` are taken along where they lie in that same folder.
    Raises BadSubmission with the reason when the hand-in cannot or must not be read.
    """
    name = shown(path.name)
    try:
        mode = os.lstat(path).st_mode
        if stat.S_ISDIR(mode):
            return _choose(_folder_levels(path, wanted), wanted, optional, name, zips=MAX_ZIPS)
        data = _read_plain(path, limit=MAX_ZIP if path.suffix.lower() == ".zip" else MAX_FILE)
    except FileNotFoundError:
        raise BadSubmission(f"{name} does not exist.") from None
    except OSError as error:
        raise BadSubmission(f"{name} cannot be read: {error.strerror}.") from None
    if path.suffix.lower() == ".zip":
        return _choose(_zip_levels(data, name), wanted, optional, name, zips=MAX_ZIPS - 1)
    return _single(path.name, data, wanted)


def _single(name: str, data: bytes, wanted: Collection[str]) -> Found:
    """One file handed in by itself; learning platforms put names before the file's own, and numbers on both sides."""
    plain = _COPY.sub("", name.lower())
    meant = [want for want in wanted if plain.endswith(want.lower())]
    if not meant:
        alike = [want for want in wanted if want.rpartition(".")[2] == name.rpartition(".")[2]]
        meant = alike if len(alike) == 1 else []
    return Found({max(meant, key=len): data}) if meant else Found({}, (name,))


def _choose(
    levels: Iterator[Mapping[str, Reader]], wanted: Collection[str], optional: Collection[str], name: str, *, zips: int
) -> Found:
    """Take the wanted files from the first level of folders that has any; else from the only zip inside."""
    others: dict[str, Reader] = {}
    for level in levels:
        homes = sorted({str(PurePosixPath(path).parent) for path in level if PurePosixPath(path).name in wanted})
        if len(homes) > 1:
            first, second = (shown(home) for home in homes[:2])
            raise BadSubmission(f"{name} holds the same work in {first} and in {second}. Hand in one of them.")
        if homes:
            files = {PurePosixPath(path): read for path, read in level.items()}
            here = {path.name: read for path, read in files.items() if str(path.parent) == homes[0]}
            taken = sorted({*wanted, *optional} & {*here})
            return Found({want: here[want]() for want in taken}, tuple(sorted({*here} - {*taken})))
        others.update(level)
    inner = [path for path in others if path.lower().endswith(".zip")]
    if len(inner) == 1 and zips:
        inside = shown(f"{name}/{inner[0]}")
        return _choose(_zip_levels(others[inner[0]](), inside), wanted, optional, inside, zips=zips - 1)
    return Found({}, tuple(sorted(others)))


def _hidden(part: str) -> bool:
    return part.startswith(".") or part in _JUNK


def _folder_levels(folder: Path, wanted: Collection[str]) -> Iterator[dict[str, Reader]]:
    """The files of a folder, level by level; links are never followed."""
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
                            f"{shown(folder.name)} holds more than {MAX_ENTRIES:,} files. Hand in only what you edited."
                        )
                    if _hidden(entry.name):
                        continue
                    if entry.is_dir(follow_symlinks=False):
                        below.append(Path(entry.path))
                    else:
                        limit = MAX_ZIP if entry.name.lower().endswith(".zip") else MAX_FILE
                        name = Path(entry.path).relative_to(folder).as_posix()
                        files[name] = partial(_read_plain, Path(entry.path), limit=limit)
        yield files
        level = below


def _read_plain(path: Path, *, limit: int) -> bytes:
    """Read a regular file without waiting on pipes or following a link."""
    name = shown(path.name)
    if stat.S_ISLNK(os.lstat(path).st_mode):
        raise BadSubmission(f"{name} is a link. Hand in the file itself.")
    if not stat.S_ISREG(os.lstat(path).st_mode):
        raise BadSubmission(f"{name} is not a plain file. Hand in a zip, a folder, a notebook or a script.")
    flags = os.O_RDONLY
    for flag in ("O_NOFOLLOW", "O_NONBLOCK", "O_CLOEXEC", "O_BINARY"):  # Windows has the last, others the first three
        flags |= getattr(os, flag, 0)
    with os.fdopen(os.open(path, flags), "rb") as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise BadSubmission(f"{name} is not a plain file.")
        data = file.read(limit + 1)
    if len(data) > limit:
        raise BadSubmission(_too_large(name, limit))
    return data


def _too_large(name: str, limit: int) -> str:
    return (
        f"{name} has more than {limit / 1e6:.0f} MB. Clear the notebook's outputs, leave data and models out, "
        "and hand it in again."
    )


class _Bounded(io.BytesIO):
    """Bytes of a zip, whose table of contents cannot ask for more than is sensible at once."""

    def read(self, size: int | None = -1, /) -> bytes:
        if size is not None and size > 200 * MAX_ENTRIES:
            raise zipfile.BadZipFile("its table of contents is too long")
        return super().read(size)


def _zip_levels(data: bytes, name: str) -> Iterator[dict[str, Reader]]:
    """The files of a zip, level by level, after its claims were found sensible."""
    try:
        archive = zipfile.ZipFile(_Bounded(data))
        members = archive.infolist()
    except _DAMAGE as error:
        raise BadSubmission(f"{name} is not a zip, or it is damaged ({shown(str(error))}). Make it anew.") from None
    if len(members) > MAX_ENTRIES:
        raise BadSubmission(f"{name} holds {len(members):,} files; at most {MAX_ENTRIES:,} are read.")
    claimed = sum(member.file_size for member in members)
    if claimed > MAX_CLAIMED or claimed > max(MAX_FILE, MAX_RATIO * len(data)):
        raise BadSubmission(f"{name} would unpack to {claimed / 1e6:,.0f} MB. Hand in only the files you edited.")
    levels: list[dict[str, Reader]] = [{} for _ in range(MAX_FOLDERS)]
    for member in members:
        path = PurePosixPath(member.filename.replace("\\", "/"))
        if path.is_absolute() or ".." in path.parts or _DRIVE.match(member.filename):
            raise BadSubmission(f"{name} names a file outside of itself: {shown(member.filename)}. Make it anew.")
        if member.is_dir() or any(_hidden(part) for part in path.parts) or not 0 < len(path.parts) <= MAX_FOLDERS:
            continue
        level = levels[len(path.parts) - 1]
        if str(path) in level:
            raise BadSubmission(f"{name} holds {shown(str(path))} twice. Make it anew.")
        level[str(path)] = partial(_read_member, archive, member, name)
    yield from levels


def _read_member(archive: zipfile.ZipFile, member: zipfile.ZipInfo, name: str) -> bytes:
    inside = f"{shown(member.filename)} in {name}"
    limit = MAX_ZIP if member.filename.lower().endswith(".zip") else MAX_FILE
    kind = stat.S_IFMT(member.external_attr >> 16)
    if kind not in (0, stat.S_IFREG):
        raise BadSubmission(f"{inside} is a link or no plain file. Hand in the file itself.")
    if member.flag_bits & 1:
        raise BadSubmission(f"{inside} is encrypted. Make the zip anew without a password.")
    if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise BadSubmission(f"{inside} is compressed in an unusual way. Make a plain zip.")
    if member.file_size > limit:
        raise BadSubmission(_too_large(inside, limit))
    try:
        with archive.open(member) as file:
            data = file.read(limit + 1)
    except _DAMAGE as error:
        raise BadSubmission(f"{inside} is damaged ({shown(str(error))}). Make the zip anew.") from None
    if len(data) != member.file_size:
        raise BadSubmission(f"{inside} is damaged: it has {len(data):,} bytes, not {member.file_size:,}.")
    return data
