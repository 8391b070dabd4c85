"""How many hand-ins this machine's memory allows to grade at the same time."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

OWN_MB = 700  # of a grader process and its fork server, which both contain torch

_MEMINFO = Path("/proc/meminfo")
_CGROUPS = (  # limit and use of this container, in versions 2 and 1
    (Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory.current")),
    (Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"), Path("/sys/fs/cgroup/memory/memory.usage_in_bytes")),
)


def workers_that_fit(memory_mb: float) -> int | None:
    """Return how many workers fit if each one's code uses ``memory_mb``, at least 1; None if the system cannot tell."""
    free = [number for number in (_available(), *(_left(*files) for files in _CGROUPS)) if number is not None]
    return max(1, min(free) // (int(memory_mb + OWN_MB) << 20)) if free else None


def _available() -> int | None:
    with suppress(OSError, ValueError, IndexError):
        for line in _MEMINFO.read_text().splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) << 10
    return None


def _left(limit: Path, used: Path) -> int | None:
    with suppress(OSError, ValueError):  # "max": no limit
        return max(0, int(limit.read_text()) - int(used.read_text()))
    return None
