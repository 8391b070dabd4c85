"""Find out when a hand-in was handed in: from the file's own time, from digits in its name, or from nbgrader's file."""

from __future__ import annotations

import os
import re
import stat
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

MAX_FILES = 2_000  # files of one folder whose times are read
UNKNOWN = 0.0  # the modification time of an unpacked file whose time the zip does not state


def known_time(path: Path) -> datetime | None:
    """Return when a hand-in was last changed, or None if its files come from a zip that does not state it."""
    time = modification_time(path)
    return time if time.timestamp() != UNKNOWN else None


def modification_time(path: Path) -> datetime:
    """Return when a file was last changed; for a folder, when the newest file in it was. Links are not followed."""
    newest, left, folders = (
        os.lstat(path).st_mtime,
        MAX_FILES,
        [path] if path.is_dir() and not path.is_symlink() else [],
    )
    times = []
    while folders and left > 0:
        try:
            with os.scandir(folders.pop()) as entries:
                for entry in entries:
                    left -= 1
                    if entry.is_dir(follow_symlinks=False):
                        folders.append(Path(entry.path))
                    else:
                        times.append(entry.stat(follow_symlinks=False).st_mtime)
        except OSError:
            continue  # opening the hand-in will report it
    return datetime.fromtimestamp(min(max(times, default=newest), 253_000_000_000), UTC)


def parse_time(date: str, time: str, *, utc: bool) -> datetime | None:
    """Return the time that digits in a name mean, in this machine's zone unless ``utc``; None if they mean none."""
    digits = re.sub(r"\D", "", date + time)
    try:
        found = datetime.strptime(digits, "%Y%m%d%H%M%S" if len(digits) == 14 else "%Y%m%d%H%M")
    except ValueError:
        return None
    return found.replace(tzinfo=UTC) if utc else found.astimezone(UTC)


def read_nbgrader_time(path: Path) -> datetime | None:
    """Read nbgrader's timestamp.txt: ``2026-11-20 14:05:00.123456 UTC``, or with the name of another zone."""
    try:
        if not stat.S_ISREG(os.lstat(path).st_mode):
            return None
        with open(path, "rb") as file:
            day, clock, *zone = file.read(100).decode("utf-8", "replace").split()
        found = datetime.fromisoformat(f"{day} {clock}")
        return (found if found.tzinfo else found.replace(tzinfo=ZoneInfo(*zone or ["UTC"]))).astimezone(UTC)
    except (ValueError, OSError, KeyError, TypeError):
        return None
