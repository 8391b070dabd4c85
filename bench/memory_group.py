"""A control group that limits the memory of a command, in version 1 or 2 of Linux's control groups."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

ROOT = Path("/sys/fs/cgroup")


class NoMemoryGroup(Exception):
    """No such group can be made on this machine."""


@dataclass(frozen=True)
class MemoryGroup:
    """A group of processes that share a limit of memory."""

    folder: Path

    @property
    def processes(self) -> Path:
        """The file to which a process writes its number to join."""
        return self.folder / "cgroup.procs"

    def killed(self) -> int:
        """Return how many of its processes the kernel has ended because the memory was used up."""
        for name in ("memory.oom_control", "memory.events"):
            if (self.folder / name).exists():
                for line in (self.folder / name).read_text().splitlines():
                    if line.startswith("oom_kill "):
                        return int(line.split()[1])
        raise NoMemoryGroup("This kernel does not count the processes that it ends (Linux 4.13 does).")


@contextmanager
def memory_group(megabytes: int) -> Iterator[MemoryGroup]:
    """Make a group with a limit, and remove it. Raises NoMemoryGroup."""
    old = (ROOT / "memory" / "memory.limit_in_bytes").exists()
    folder = (ROOT / "memory" if old else ROOT) / f"gradlab-{os.getpid()}"
    limits = ("memory.limit_in_bytes", "memory.memsw.limit_in_bytes") if old else ("memory.max", "memory.swap.max")
    try:
        if not old:
            (ROOT / "cgroup.subtree_control").write_text("+memory")
        folder.mkdir()
    except OSError as error:
        raise NoMemoryGroup(f"This user cannot make a control group with a limit of memory: {error}.") from None
    try:
        (folder / limits[0]).write_text(str(megabytes << 20))
        with suppress(OSError):  # a kernel that does not count swapped memory
            (folder / limits[1]).write_text(str((megabytes << 20) if old else 0))
        group = MemoryGroup(folder)
        group.killed()
        yield group
    except OSError as error:
        raise NoMemoryGroup(f"This user cannot limit a control group's memory: {error}.") from None
    finally:
        for _ in range(100):
            with suppress(OSError):  # its last processes are ending
                folder.rmdir()
            if not folder.exists():
                break
            time.sleep(0.1)
