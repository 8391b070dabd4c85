"""A student's module in this process, as a check sees it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from autograder.core.code import Code
from autograder.sandbox.local_link import LocalLink
from autograder.sandbox.proxy import Student


@contextmanager
def local_student(source: str, seed: int = 0) -> Iterator[Student]:
    """Yield the proxy of a submission with this source."""
    link = LocalLink(Code({"work.py": source}))
    try:
        link.begin(seed=seed, seconds=20, memory_mb=1000)
        yield Student(link, "work", source)
    finally:
        link.close()
