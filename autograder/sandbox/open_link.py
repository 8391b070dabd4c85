"""Open the link to one submission: to a worker in the box, or to code that runs in this process."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from autograder.core.assignment import Limits
from autograder.sandbox.box_link import BoxLink
from autograder.sandbox.local_link import LocalLink
from autograder.sandbox.pool import WorkerPool
from autograder.sandbox.proxy import NO_CELLS, Cells, Link


@contextmanager
def open_link(
    pool: WorkerPool | None, files: Mapping[str, str], limits: Limits, *, cells: Cells = NO_CELLS
) -> Iterator[Link]:
    """Yield a link to a submission's ``files`` and close it afterwards.

    Without a pool (see ``open_pool``) the submission runs in this process, and only its deadlines are enforced.
    """
    link = BoxLink(pool, files, limits, cells=cells) if pool else LocalLink(files, cells=cells)
    try:
        yield link
    finally:
        link.close()
