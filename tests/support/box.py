"""A student's module in a box, for tests of the box."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from autograder.core.assignment import Limits
from autograder.core.code import Code
from autograder.sandbox.box_link import BoxLink
from autograder.sandbox.pool import WorkerPool
from autograder.sandbox.proxy import Student, StudentFault

LIMITS = Limits(memory_mb=512, file_mb=4, message_mb=8, output_kb=4)


def begin(link: BoxLink, *, seconds: float = 20.0, memory_mb: int = LIMITS.memory_mb) -> Student:
    """Begin the next check and return its proxy."""
    link.begin(seed=1, seconds=seconds, memory_mb=memory_mb)
    return Student(link, "work", link.code.files["work.py"])


@contextmanager
def in_box(pool: WorkerPool, source: str, *, seconds: float = 20.0) -> Iterator[tuple[Student, BoxLink]]:
    """Yield the proxy and the link of a first check, on a work.py with this ``source``."""
    source = textwrap.dedent(source)
    link = BoxLink(pool, Code({"work.py": source}), LIMITS)
    try:
        yield begin(link, seconds=seconds), link
    finally:
        link.close()


def fault(attempt: Any, *args: Any) -> StudentFault:
    """Return the fault that a call raises."""
    with pytest.raises(StudentFault) as caught:
        attempt(*args)
    return caught.value
