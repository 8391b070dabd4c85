"""Unpack a bulk download, the zip that a platform makes of all hand-ins, next to the results.

Opens no hand-in: a student's own zip stays zipped. Nothing is written outside of the folder, whatever the zip contains.
"""

from __future__ import annotations

import errno
import hashlib
import os
import re
import shutil
import stat
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from autograder.core.errors import GradlabError
from autograder.core.message import Message
from autograder.intake.times import UNKNOWN
from autograder.submissions.find import MAX_ZIP, saved_time
from autograder.submissions.source import printable

MAX_MEMBERS = 500_000
MAX_DEPTH = 20
SPARE = 200_000_000  # bytes of the disk that are left free
_DRIVE = re.compile(r"[A-Za-z]:")
_OURS = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EFBIG)  # the disk's fault, not the member's


class BadHandins(GradlabError):
    """Hand-ins that cannot be used. Written for staff."""


def unpack_download(path: Path, store: Path) -> tuple[Path, list[tuple[str, str]]]:
    """Return the folder with the contents of the zip ``path``, and the members left out as (name, reason).

    A zip that was unpacked before is not unpacked again. Raises BadHandins.
    """
    status = path.stat()
    stamp = hashlib.sha256(f"{path.resolve()}\0{status.st_size}\0{status.st_mtime_ns}".encode("utf-8", "replace"))
    folder = store / f"{re.sub(r'[^0-9A-Za-z_-]', '_', path.stem)[:60]}-{stamp.hexdigest()[:8]}"
    left_out = folder.with_suffix(".txt")  # written first, so that it exists whenever the folder does
    if not folder.exists():
        with _temporary_folder(store) as temporary:
            problems = _unpack(path, temporary / "all", free=shutil.disk_usage(store).free)
            left_out.write_text("".join(f"{name}\t{reason}\n" for name, reason in problems), encoding="utf-8")
            (temporary / "all").rename(folder)
    lines = left_out.read_text(encoding="utf-8").splitlines() if left_out.exists() else []
    return folder, [(name, reason) for name, _, reason in (line.partition("\t") for line in lines)]


def gather_files(parts: Mapping[str, Path], name: str, store: Path) -> Path:
    """Put files of one student, by the names in ``parts``, into a folder ``name`` of their own and return it.

    They keep their times.
    """
    facts = [(part, str(path), os.lstat(path).st_size, os.lstat(path).st_mtime_ns) for part, path in parts.items()]
    stamp = hashlib.sha256(repr((name, sorted(facts))).encode("utf-8", "replace")).hexdigest()[:16]
    folder = store / f"gathered-{stamp}"
    if not folder.exists():
        with _temporary_folder(store) as temporary:
            copies = temporary / "all" / name
            copies.mkdir(parents=True)
            for part, path in parts.items():
                _copy(path, copies / part)
            copies.parent.rename(folder)
    return folder / name


def _copy(source: Path, target: Path) -> None:
    """Copy a regular file, without using space where the disk allows it."""
    status = os.lstat(source)
    if not stat.S_ISREG(status.st_mode):
        os.symlink(os.devnull, target)  # opening the hand-in will report that it is a link
    elif status.st_size > MAX_ZIP:
        with open(target, "wb") as file:
            file.truncate(MAX_ZIP + 1)  # opening the hand-in will report that it is too large
    else:
        try:
            os.link(source, target, follow_symlinks=False)
        except OSError:  # another disk, or a system without hard links
            shutil.copy2(source, target, follow_symlinks=False)


@contextmanager
def _temporary_folder(store: Path) -> Iterator[Path]:
    """Provide a folder in ``store`` for unfinished work; one that an interrupted run left is removed first."""
    store.mkdir(parents=True, exist_ok=True)
    folder = store / ".unfinished"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _unpack(path: Path, folder: Path, *, free: int) -> list[tuple[str, str]]:
    problems: list[tuple[str, str]] = []
    folder.mkdir()
    try:
        archive = zipfile.ZipFile(path)
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise BadHandins(
            Message(
                "{path} is damaged or not a zip ({error}). Download it again.",
                path=path,
                error=printable(str(error)),
            )
        ) from None
    with archive:
        members = [member for member in archive.infolist() if not member.is_dir()]
        if len(members) > MAX_MEMBERS:
            raise BadHandins(
                Message(
                    "{path} contains {members:,} files; the limit is {limit:,}. Unpack it yourself and "
                    "give that folder.",
                    path=path,
                    members=len(members),
                    limit=MAX_MEMBERS,
                )
            )
        needed = sum(member.file_size for member in members if member.file_size <= MAX_ZIP)
        if needed > free - SPARE:
            raise BadHandins(
                Message(
                    "{path} unpacks to {needed:.1f} GB; only {free:.1f} GB is free in {parent}. Free some "
                    "space, or unpack it elsewhere and give that folder.",
                    path=path,
                    needed=needed / 1e9,
                    free=free / 1e9,
                    parent=folder.parent.parent,
                )
            )
        seen: set[str] = set()
        for member in members:
            reason = _refusal(member, seen) or _write(archive, member, folder)
            seen.add(member.filename)
            if reason:
                problems.append((printable(member.filename), reason))
    return problems


def _refusal(member: zipfile.ZipInfo, seen: set[str]) -> str:
    """Return why a member must not be unpacked, or an empty string."""
    parts = PurePosixPath(member.filename.replace("\\", "/")).parts
    if member.filename.startswith(("/", "\\")) or ".." in parts or _DRIVE.match(member.filename) or not parts:
        return "Its path is outside of the download, so it was left out."
    if len(parts) > MAX_DEPTH:
        return Message("It is more than {limit} folders deep, so it was left out.", limit=MAX_DEPTH)
    if stat.S_IFMT(member.external_attr >> 16) not in (0, stat.S_IFREG):
        return "It is a link or a special file, so it was left out."
    if member.flag_bits & 1:
        return "It is encrypted, so it was left out. Download it again without a password."
    return "It is in the download twice; the first one was taken." if member.filename in seen else ""


def _write(archive: zipfile.ZipFile, member: zipfile.ZipInfo, folder: Path) -> str:
    """Write one member and return why that was not possible, or an empty string."""
    target = folder.joinpath(*PurePosixPath(member.filename.replace("\\", "/")).parts)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with open(target, "xb") as file:
            _fill(file, archive, member)
    except FileExistsError:
        return "Another file of the download has that name; the first one was taken."
    except OSError as error:
        if error.errno in _OURS:
            raise
        return Message(
            "It could not be unpacked ({error}), so it was left out.",
            error=error.strerror or printable(str(error)),
        )
    except Exception as error:  # the library raises many types for damaged data
        target.unlink(missing_ok=True)
        return Message("It is damaged in the download ({error}). Download it again.", error=printable(str(error)))
    modified = saved_time(member)
    modified = UNKNOWN if modified is None else modified  # not the time of unpacking, which says nothing
    os.utime(target, (modified, modified))
    return ""


def _fill(file: BinaryIO, archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> None:
    if member.file_size > MAX_ZIP:
        file.truncate(MAX_ZIP + 1)  # takes no space; opening the hand-in will report that it is too large
        return
    with archive.open(member) as source:
        shutil.copyfileobj(source, file, 1 << 20)
