"""Open the link to one submission: to a worker in the box, or to code that runs in this process."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from autograder.core.assignment import Assignment
from autograder.core.code import Code
from autograder.sandbox.box_link import BoxLink, imports_later
from autograder.sandbox.link import Link
from autograder.sandbox.local_link import LocalLink
from autograder.sandbox.pool import WorkerPool


@contextmanager
def open_link(pool: WorkerPool | None, code: Code, assignment: Assignment) -> Iterator[Link]:
    """Yield a link to a submission's code and close it afterwards.

    Without a pool (see ``open_pool``) the submission runs in this process, and only its deadlines are enforced.
    """
    link: Link
    if pool:
        link = BoxLink(pool, code, assignment.limits, later=_later_in_checks(assignment.folder))
    else:
        link = LocalLink(code, course=assignment.course)
    try:
        yield link
    finally:
        link.close()


@cache
def _later_in_checks(folder: Path) -> frozenset[str]:
    """Return what an assignment's public checks and its handout import when they run."""
    return frozenset().union(*(imports_later(path.read_text("utf-8", "replace")) for path in folder.glob("*.py")))
