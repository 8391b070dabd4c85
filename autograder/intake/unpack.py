"""Bulk downloads: the zip a learning platform makes of all hand-ins, unpacked beside the results.

Opens no hand-in: what a student zipped stays zipped. Nothing is written outside of the folder, whatever the zip says.
"""

from __future__ import annotations

import errno
import hashlib
import os
import re
import shutil
import stat
import time
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from autograder.core.errors import GradlabError
from autograder.submissions.find import MAX_ZIP
from autograder.submissions.source import printable

MAX_MEMBERS = 500_000
MAX_DEPTH = 20
SPARE = 200_000_000  # bytes of the disk that stay free
_DRIVE = re.compile(r"[A-Za-z]:")
_OURS = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EFBIG)  # the disk's fault, not the member's


class BadHandins(GradlabError):
    """The hand-ins cannot be used. Speaks to staff."""


def unpack(path: Path, store: Path) -> tuple[Path, list[tuple[str, str]]]:
    """The folder that holds what is in the zip ``path``, and members left out as (name, why).

    A zip that was unpacked before is not unpacked again. Raises BadHandins.
    """
    facts = path.stat()
    stamp = hashlib.sha256(f"{path.resolve()}\0{facts.st_size}\0{facts.st_mtime_ns}".encode("utf-8", "replace"))
    folder = store / f"{re.sub(r'[^0-9A-Za-z_-]', '_', path.stem)[:60]}-{stamp.hexdigest()[:8]}"
    left_out = folder.with_suffix(".txt")  # written first: it is there when the folder is
    if not folder.exists():
        with _workplace(store) as temporary:
            problems = _unpack(path, temporary / "all", free=shutil.disk_usage(store).free)
            left_out.write_text("".join(f"{name}\t{why}\n" for name, why in problems), encoding="utf-8")
            (temporary / "all").rename(folder)
    lines = left_out.read_text(encoding="utf-8").splitlines() if left_out.exists() else []
    return folder, [(name, why) for name, _, why in (line.partition("\t") for line in lines)]


def gather(parts: Mapping[str, Path], store: Path) -> Path:
    """A folder with copies of several files that one student handed in side by side; ``parts`` names them."""
    facts = [(name, str(path), os.lstat(path).st_size, os.lstat(path).st_mtime_ns) for name, path in parts.items()]
    stamp = hashlib.sha256(repr(sorted(facts)).encode("utf-8", "replace")).hexdigest()[:16]
    folder = store / f"gathered-{stamp}"
    if not folder.exists():
        with _workplace(store) as temporary:
            made = temporary / "all"
            made.mkdir()
            for name, path in parts.items():
                facts_of = os.lstat(path)
                if not stat.S_ISREG(facts_of.st_mode):
                    os.symlink(os.devnull, made / name)  # opening the hand-in will say that it is a link
                elif facts_of.st_size > MAX_ZIP:
                    with open(made / name, "wb") as file:
                        file.truncate(MAX_ZIP + 1)
                else:
                    shutil.copy2(path, made / name)
            made.rename(folder)
    return folder


@contextmanager
def _workplace(store: Path) -> Iterator[Path]:
    """A folder in ``store`` for work that a kill may cut short; what an earlier one left is removed."""
    store.mkdir(parents=True, exist_ok=True)
    place = store / ".unfinished"
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir()
    try:
        yield place
    finally:
        shutil.rmtree(place, ignore_errors=True)


def _unpack(path: Path, folder: Path, *, free: int) -> list[tuple[str, str]]:
    problems: list[tuple[str, str]] = []
    folder.mkdir()
    try:
        archive = zipfile.ZipFile(path)
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise BadHandins(f"{path} is not a zip, or it is damaged ({printable(str(error))}). Download it again.") from None
    with archive:
        members = [member for member in archive.infolist() if not member.is_dir()]
        if len(members) > MAX_MEMBERS:
            raise BadHandins(f"{path} holds {len(members):,} files; at most {MAX_MEMBERS:,} are unpacked.")
        needed = sum(member.file_size for member in members if member.file_size <= MAX_ZIP)
        if needed > free - SPARE:
            raise BadHandins(
                f"{path} unpacks to {needed / 1e9:.1f} GB; {folder.parent.parent} has {free / 1e9:.1f} GB free. "
                "Make room, or unpack it elsewhere and give that folder."
            )
        seen: set[str] = set()
        for member in members:
            why = _refusal(member, seen) or _write(archive, member, folder)
            seen.add(member.filename)
            if why:
                problems.append((printable(member.filename), why))
    return problems


def _refusal(member: zipfile.ZipInfo, seen: set[str]) -> str:
    parts = PurePosixPath(member.filename.replace("\\", "/")).parts
    if member.filename.startswith(("/", "\\")) or ".." in parts or _DRIVE.match(member.filename) or not parts:
        return "It names a place outside of the download, so it was left out."
    if len(parts) > MAX_DEPTH:
        return f"It lies more than {MAX_DEPTH} folders deep, so it was left out."
    if stat.S_IFMT(member.external_attr >> 16) not in (0, stat.S_IFREG):
        return "It is a link or no plain file, so it was left out."
    if member.flag_bits & 1:
        return "It is encrypted, so it was left out. Make the download anew without a password."
    return "It is in the download twice; the first one was taken." if member.filename in seen else ""


def _write(archive: zipfile.ZipFile, member: zipfile.ZipInfo, folder: Path) -> str:
    """Write one member; why that was not possible, or ''. One too large becomes an empty file of that size."""
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
        return f"It could not be unpacked ({error.strerror or printable(str(error))}), so it was left out."
    except Exception as error:  # damage shows in many ways, by the library's choice
        target.unlink(missing_ok=True)
        return f"It is damaged in the download ({printable(str(error))}). Download it again."
    try:
        moment = time.mktime((*member.date_time, 0, 0, -1))
        os.utime(target, (moment, moment))
    except (ValueError, OverflowError):
        pass  # an impossible date: the file keeps the time of unpacking
    return ""


def _fill(file: BinaryIO, archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> None:
    if member.file_size > MAX_ZIP:
        file.truncate(MAX_ZIP + 1)  # takes no room; opening the hand-in says that it is too large
        return
    with archive.open(member) as source:
        shutil.copyfileobj(source, file, 1 << 20)
