"""List the notebooks and scripts of a hand-in: a file, a folder, a zip, or a zip inside one.

Nothing is unpacked to disk, no link is followed, only regular files are opened, and every size is bounded. Only
notebooks and scripts count towards the limits. Knows nothing about what the files mean.
"""

from __future__ import annotations

import io
import os
import re
import stat
import struct
import time
import zipfile
import zlib
from collections.abc import Callable, Collection, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from autograder.core.files import explain
from autograder.core.message import Message
from autograder.submissions.bounded_zip import BoundedZip
from autograder.submissions.by_name import (
    MAX_INNER_ZIP,
    MAX_SCRIPT,
    is_answer,
    is_hidden,
    is_read,
    may_be_code,
    size_limit,
)
from autograder.submissions.source import BadSubmission, printable

MAX_ZIP = 250_000_000
MAX_MEMBERS = 200_000  # of a zip or a folder, of any kind
MAX_FILES = 2_000  # notebooks and scripts
MAX_DEPTH = 32  # levels of folders
MAX_ZIPS = 3  # a zip in a zip in a zip
MAX_ZIPPED = 250_000_000  # bytes of all zips inside a hand-in together

_DAMAGE = (zipfile.BadZipFile, zlib.error, struct.error, EOFError, OSError, ValueError, RuntimeError, IndexError)
_MAX_MAYBE = 100  # files that may be code by their names; so many are looked at
_DRIVE = re.compile(r"[A-Za-z]:[\\/]")


@dataclass(frozen=True)
class Entry:
    """One notebook, script, zip or answer of a hand-in."""

    path: str  # inside the hand-in, with "/"
    read: Callable[[], bytes]  # raises BadSubmission
    saved: float | None = None  # seconds since 1970
    size: int = 0  # in bytes, as the folder or the zip says

    @property
    def name(self) -> str:
        """The file's name without its folders."""
        return self.path.rpartition("/")[2]

    @property
    def folder(self) -> str:
        """The folder that contains it; empty for the outermost."""
        return self.path.rpartition("/")[0]

    @property
    def depth(self) -> int:
        """The number of folders around it."""
        return self.path.count("/")


@dataclass(frozen=True)
class Listing:
    """The contents of a hand-in."""

    entries: tuple[Entry, ...]  # notebooks and scripts, outermost first
    zips: tuple[Entry, ...] = ()
    others: tuple[str, ...] = ()  # some names of other files, for messages
    problems: tuple[str, ...] = ()  # zips that could not be listed, and why
    answers: tuple[Entry, ...] = ()  # files that answer questions


@contextmanager
def list_files(path: Path, answers: Collection[str] = ()) -> Iterator[Listing]:
    """List a hand-in, whose entries can be read until the context ends.

    ``answers`` are names, or patterns of names, of files that answer questions.
    Raises BadSubmission with the reason when the hand-in cannot be read or is not safe to read.
    """
    name = printable(path.name)
    with ExitStack() as opened:
        try:
            listing = _list(path, name, opened, answers)
        except FileNotFoundError:
            raise BadSubmission(Message("{name} does not exist.", name=name)) from None
        except OSError as error:
            raise BadSubmission(_unreadable(name, error)) from None
        yield listing


def _list(path: Path, name: str, opened: ExitStack, answers: Collection[str]) -> Listing:
    if stat.S_ISDIR(os.lstat(path).st_mode):
        return _sorted(_in_folder(path, answers), name, answers)
    file = opened.enter_context(_open_regular(path))
    if path.suffix.lower() == ".zip":
        return _sorted(_in_zip(file, name, os.path.getsize(path), answers, limit=MAX_ZIP), name, answers)
    return _sorted(iter([_entry_on_disk(path, path.name)]), name)


def list_zips(listing: Listing, answers: Collection[str] = ()) -> Listing:
    """List the zips that are in a hand-in, and the zips inside those, as one listing."""
    entries: list[Entry] = []
    handed_in = list(listing.answers)
    others: list[str] = []
    problems: list[str] = []
    level, left = listing.zips, MAX_ZIPPED
    for _ in range(MAX_ZIPS - 1):
        below: list[Entry] = []
        for entry in level:
            try:
                if entry.size > left:
                    raise BadSubmission(
                        _too_large(Message("{file}, with the zips before it,", file=printable(entry.path)), MAX_ZIPPED)
                    )
                left -= entry.size
                inner = _list_zip(entry, answers)
            except BadSubmission as problem:
                problems.append(str(problem))
                continue
            entries += inner.entries
            handed_in += inner.answers
            others += inner.others
            below += inner.zips
            if len(entries) > MAX_FILES:
                raise BadSubmission(_too_many(entry.path))
        level = tuple(below)
    entries.sort(key=lambda entry: (entry.depth, entry.path))
    others += [entry.path for entry in listing.zips]
    return Listing(tuple(entries), (), (*listing.others, *others), tuple(problems), tuple(handed_in))


def _list_zip(entry: Entry, answers: Collection[str]) -> Listing:
    data = entry.read()
    prefix = f"{entry.path}/"
    inside = _in_zip(io.BytesIO(data), printable(entry.path), len(data), answers, limit=MAX_INNER_ZIP)
    return _sorted(
        (replace(e, path=prefix + e.path) if isinstance(e, Entry) else prefix + e for e in inside), entry.path, answers
    )


def leads_out(name: str, others: Collection[str]) -> str:
    """Return a sentence about a file whose path leads out of its zip; empty if there is none."""
    for other in others:
        parts = other.replace("\\", "/").split("/")
        if ".." in parts or not parts[0]:
            return Message(
                "{name} contains {file}: this path leads out of the zip, so the file was not read. Please create the "
                "zip again.",
                name=name,
                file=printable(other),
            )
    return ""


def list_module(folder: Path, name: str) -> list[Entry]:
    """List the module or the package of that name in a folder of the student's own machine."""
    entries = []
    try:
        if (folder / f"{name}.py").is_file():
            entries.append(_entry_on_disk(folder / f"{name}.py", f"{name}.py"))
        elif (folder / name).is_dir():
            found = _sorted(_in_folder(folder / name), name).entries
            entries += [replace(e, path=f"{name}/{e.path}") for e in found if e.name.endswith(".py")]
    except (OSError, BadSubmission):  # loading the code reports that the module is missing
        return []
    return entries


def _too_many(name: str) -> str:
    return Message(
        "{name} contains more than {limit:,} notebooks and scripts. Hand in only the files you edited.",
        name=name,
        limit=MAX_FILES,
    )


def _sorted(found: Iterator[Entry | str], name: str, answers: Collection[str] = ()) -> Listing:
    entries: list[Entry] = []
    handed_in: list[Entry] = []
    zips: list[Entry] = []
    others: list[str] = []
    maybe = 0
    for number, entry in enumerate(found):
        if number >= MAX_MEMBERS:
            raise BadSubmission(
                Message(
                    "{name} contains more than {limit:,} files. Hand in only the files you edited.",
                    name=name,
                    limit=MAX_MEMBERS,
                )
            )
        if isinstance(entry, Entry) and is_answer(entry.name, answers):
            if len(handed_in) < MAX_FILES:
                handed_in.append(entry)
            continue
        if isinstance(entry, Entry) and may_be_code(entry.name):
            if maybe < _MAX_MAYBE and entry.size <= MAX_SCRIPT:
                maybe += 1
            else:
                entry = entry.path
        if isinstance(entry, str):
            others += [entry] if len(others) < 100 else []
        elif entry.name.lower().endswith(".zip"):
            zips.append(entry)
        else:
            entries.append(entry)
        if len(entries) - maybe > MAX_FILES:
            raise BadSubmission(_too_many(name))
    outermost_first = partial(sorted, key=lambda entry: (entry.depth, entry.path))
    in_order = tuple(sorted(zips, key=lambda entry: entry.path))
    return Listing(
        tuple(outermost_first(entries)), in_order, tuple(sorted(others)), answers=tuple(outermost_first(handed_in))
    )


def _in_folder(folder: Path, answers: Collection[str] = ()) -> Iterator[Entry | str]:
    """Yield the files of a folder, level by level."""
    level = [folder]
    for _ in range(MAX_DEPTH):
        below: list[Path] = []
        for parent in level:
            with os.scandir(parent) as entries:
                for entry in entries:
                    if is_hidden(entry.name):
                        continue
                    path = Path(entry.path)
                    if entry.is_dir(follow_symlinks=False):
                        if not (path / "pyvenv.cfg").exists():  # a virtual environment
                            below.append(path)
                        continue
                    inside = path.relative_to(folder).as_posix()
                    yield _entry_on_disk(path, inside) if is_read(entry.name, answers) else inside
        level = below


def _entry_on_disk(path: Path, inside: str) -> Entry:
    read = partial(_read_regular, path, limit=size_limit(path.name))
    try:
        status = os.lstat(path)
    except OSError:  # reading it will say why
        return Entry(inside, read)
    saved = status.st_mtime if status.st_mtime > 0 else None  # 0: unpacked from a zip that does not state the time
    return Entry(inside, read, saved, status.st_size)


def _open_regular(path: Path) -> BinaryIO:
    """Open a regular file without following a link and without waiting on a pipe."""
    name = printable(path.name)
    if stat.S_ISLNK(os.lstat(path).st_mode):
        raise BadSubmission(Message("{name} is a link. Hand in the file itself.", name=name))
    if not stat.S_ISREG(os.lstat(path).st_mode):
        raise BadSubmission(
            Message("{name} is a special file. Hand in a zip, a folder, a notebook or a script.", name=name)
        )
    flags = os.O_RDONLY
    for flag in ("O_NOFOLLOW", "O_NONBLOCK", "O_CLOEXEC", "O_BINARY"):  # Windows has only the last, others the rest
        flags |= getattr(os, flag, 0)
    file = os.fdopen(os.open(path, flags), "rb")
    if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
        file.close()
        raise BadSubmission(
            Message("{name} is a special file. Hand in a zip, a folder, a notebook or a script.", name=name)
        )
    return file


def _unreadable(name: str, error: OSError) -> str:
    if isinstance(error, PermissionError):  # on the machine that grades, so no mistake of the student
        return Message(
            "{name} cannot be read: {reason}. Whoever runs gradlab must be allowed to read it.",
            name=name,
            reason=explain(error),
        )
    return Message("{name} cannot be read: {reason}.", name=name, reason=error.strerror)


def _read_regular(path: Path, *, limit: int) -> bytes:
    try:
        with _open_regular(path) as file:
            data = file.read(limit + 1)
    except OSError as error:
        raise BadSubmission(_unreadable(printable(path.name), error)) from None
    if len(data) > limit:
        raise BadSubmission(_too_large(printable(path.name), limit))
    return data


def _too_large(name: str, limit: int) -> str:
    return Message(
        "{name} has more than {limit:.0f} MB. Clear the notebook's outputs, remove data and models, and hand it in "
        "again.",
        name=name,
        limit=limit / 1e6,
    )


def _in_zip(file: BinaryIO, name: str, size: int, answers: Collection[str], *, limit: int) -> Iterator[Entry | str]:
    """Yield the files of a zip. Names that point outside of it are ignored."""
    if size > limit:
        raise BadSubmission(_too_large(name, limit))
    if not size:
        raise BadSubmission(Message("{name} is empty: it has 0 bytes. Please create the zip again.", name=name))
    try:
        archive = BoundedZip(file)
        members = archive.infolist()
    except _DAMAGE as error:
        raise BadSubmission(
            Message(
                "{name} is damaged or not a zip ({error}). Please create the zip again.",
                name=name,
                error=printable(str(error)),
            )
        ) from None
    latest = {
        member.filename: member for member in members
    }  # of members with the same name the last counts, as in unzip
    for member in latest.values():
        path = PurePosixPath(member.filename.replace("\\", "/"))
        if member.is_dir() or any(is_hidden(part) for part in path.parts if part != ".."):
            continue
        outside = path.is_absolute() or ".." in path.parts or _DRIVE.match(member.filename)
        if outside or not 0 < len(path.parts) <= MAX_DEPTH:
            yield member.filename
            continue
        if is_read(path.name, answers):
            yield Entry(str(path), partial(_read_member, archive, member, name), saved_time(member), member.file_size)
        else:
            yield str(path)


def saved_time(member: zipfile.ZipInfo) -> float | None:
    """Return when the file was saved, in seconds since 1970, or None if the zip does not state it."""
    try:
        return time.mktime((*member.date_time, 0, 0, -1)) if member.date_time > (1980, 1, 1, 0, 0, 0) else None
    except (ValueError, OverflowError):
        return None


def _read_member(archive: zipfile.ZipFile, member: zipfile.ZipInfo, name: str) -> bytes:
    inside = Message("{file} in {archive}", file=printable(member.filename), archive=name)
    limit = size_limit(member.filename)
    kind = stat.S_IFMT(member.external_attr >> 16)
    if kind not in (0, stat.S_IFREG):
        raise BadSubmission(Message("{inside} is a link or a special file. Hand in the file itself.", inside=inside))
    if member.flag_bits & 1:
        raise BadSubmission(
            Message("{inside} is encrypted. Please create the zip again without a password.", inside=inside)
        )
    if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise BadSubmission(
            Message("{inside} is compressed in an unusual way. Please create an ordinary zip.", inside=inside)
        )
    if member.file_size > limit:
        raise BadSubmission(_too_large(inside, limit))
    try:
        with archive.open(member) as file:
            data = file.read(limit + 1)
    except _DAMAGE as error:
        raise BadSubmission(
            Message(
                "{inside} is damaged ({error}). Please create the zip again.",
                inside=inside,
                error=printable(str(error)),
            )
        ) from None
    if len(data) != member.file_size:
        raise BadSubmission(
            Message.counted(
                "{inside} is damaged: it has {n} byte, not {expected:,}. Please create the zip again.",
                "{inside} is damaged: it has {n:,} bytes, not {expected:,}. Please create the zip again.",
                n=len(data),
                inside=inside,
                expected=member.file_size,
            )
        )
    return data
