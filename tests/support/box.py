"""A student's module in a box, for tests of the box."""

from __future__ import annotations

import textwrap
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from autograder.core.assignment import Limits
from autograder.core.code import Code
from autograder.sandbox.box_link import BoxLink
from autograder.sandbox.pool import WorkerPool
from autograder.sandbox.proxy import Student, StudentFault

PROCESSES = 4  # of an idle pool: two of bubblewrap, the fork server, and its spare worker
NO_PACKAGES: frozenset[str] = frozenset()  # so that a worker does not import torch, which takes longer than most tests
LIMITS = Limits(memory_mb=512, file_mb=4, message_mb=8, output_kb=4)


def begin(link: BoxLink, *, seconds: float = 20.0, memory_mb: int = LIMITS.memory_mb) -> Student:
    """Begin the next check and return its proxy."""
    link.begin(seed=1, seconds=seconds, memory_mb=memory_mb)
    return Student(link, "work", link.code.files["work.py"])


@contextmanager
def in_box(
    pool: WorkerPool,
    source: str,
    *,
    seconds: float = 20.0,
    memory_mb: int = LIMITS.memory_mb,
    packages: frozenset[str] | None = None,
) -> Iterator[tuple[Student, BoxLink]]:
    """Yield the proxy and the link of a first check, on a work.py with this ``source`` that may import ``packages``."""
    source = textwrap.dedent(source)
    link = BoxLink(pool, Code({"work.py": source}, packages=packages), LIMITS)
    try:
        yield begin(link, seconds=seconds, memory_mb=memory_mb), link
    finally:
        link.close()


def fault(attempt: Any, *args: Any) -> StudentFault:
    """Return the fault that a call raises."""
    with pytest.raises(StudentFault) as caught:
        attempt(*args)
    return caught.value


def settled(pool: WorkerPool) -> bool:
    """Wait until all processes of submissions have ended. Raises AssertionError with those left after 300 attempts."""
    for _ in range(300):  # attempts, not seconds, as the whole machine may pause
        left = descendants(pool.process.pid)
        if len(left) <= PROCESSES:
            return True
        time.sleep(0.05)
    raise AssertionError("\n".join(left))


def descendants(pid: int) -> list[str]:
    """Return ``pid`` and its descendants, each as a line of /proc/<pid>/stat, without those that are ending."""
    parents: dict[int, int] = {}
    lines: dict[int, str] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(FileNotFoundError, ProcessLookupError):  # it may end while its files are read
            text = stat.read_text()
            state, parent, *_ = text.rpartition(")")[2].split()
            if state not in "ZX":
                parents[int(stat.parent.name)] = int(parent)
                lines[int(stat.parent.name)] = text[:200]
    found = {pid}
    while more := {child for child, parent in parents.items() if parent in found} - found:
        found |= more
    return [lines[each] for each in sorted(found) if each in lines]
