"""The processor time of another process, as the system counts it. Zeros where it cannot tell or the process ended."""

from __future__ import annotations

import time

_CPUCLOCK_SCHED = 2  # with a process's number, the clock of its processor time (clock_getcpuclockid(3))


def ran(pid: int) -> float:
    """Return the seconds of processor time that all threads of a process have used together."""
    try:
        return time.clock_gettime(~pid << 3 | _CPUCLOCK_SCHED)
    except OSError:
        return 0.0


def waited(pid: int) -> float:
    """Return the seconds in which a process's main thread was ready but had no core.

    Source: Linux, Documentation/scheduler/sched-stats.
    """
    try:
        with open(f"/proc/{pid}/schedstat") as counts:
            return int(counts.read().split()[1]) / 1e9
    except (OSError, ValueError, IndexError):
        return 0.0


def number_of(pidfd: int) -> int | None:
    """Return the number that a process has here, from a descriptor of it; None if its times cannot be read here."""
    try:
        with open(f"/proc/self/fdinfo/{pidfd}") as lines:
            number = next(int(line.split()[1]) for line in lines if line.startswith("Pid:"))
        with open(f"/proc/{number}/schedstat"):
            return number
    except (OSError, ValueError, IndexError, StopIteration):  # -1 if the process has ended
        return None
