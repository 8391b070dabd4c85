"""When something was handed in: by a file's own time, by digits in a name, by nbgrader's stamp."""

from __future__ import annotations

import os
import re
import stat
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

MAX_FILES = 2_000  # whose times are looked at in one folder


def modified(path: Path) -> datetime:
    """When a file was last changed; of a folder, the newest file in it. Links are not followed."""
    newest, left, folders = os.lstat(path).st_mtime, MAX_FILES, [path] if path.is_dir() else []
    times = []
    while folders and left > 0:
        try:
            with os.scandir(folders.pop()) as found:
                for entry in found:
                    left -= 1
                    if entry.is_dir(follow_symlinks=False):
                        folders.append(Path(entry.path))
                    else:
                        times.append(entry.stat(follow_symlinks=False).st_mtime)
        except OSError:
            continue  # opening the hand-in says so
    return datetime.fromtimestamp(min(max(times, default=newest), 253_000_000_000), UTC)


def moment(date: str, time: str, *, utc: bool) -> datetime | None:
    """The moment that digits in a name say, in this machine's zone unless it is in UTC; None if there is none."""
    digits = re.sub(r"\D", "", date + time)
    try:
        found = datetime.strptime(digits, "%Y%m%d%H%M%S" if len(digits) == 14 else "%Y%m%d%H%M")
    except ValueError:
        return None
    return found.replace(tzinfo=UTC) if utc else found.astimezone(UTC)


def timestamp(path: Path) -> datetime | None:
    """What nbgrader writes: ``2026-11-20 14:05:00.123456 UTC``, or a zone's name."""
    try:
        if not stat.S_ISREG(os.lstat(path).st_mode):
            return None
        with open(path, "rb") as file:
            day, clock, *zone = file.read(100).decode("utf-8", "replace").split()
        found = datetime.fromisoformat(f"{day} {clock}")
        return (found if found.tzinfo else found.replace(tzinfo=ZoneInfo(*zone or ["UTC"]))).astimezone(UTC)
    except (ValueError, OSError, KeyError, TypeError):
        return None
