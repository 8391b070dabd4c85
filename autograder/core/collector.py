"""Python's garbage collector while a process starts: it would search the imported modules for garbage again and again.

Importing torch with the usual thresholds spends a tenth of its time on that.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

USUAL = gc.get_threshold()
RARE = (50_000, *USUAL[1:])  # objects that are made between two searches


@contextmanager
def collecting_rarely() -> Iterator[None]:
    """Search for garbage rarely, until `collect_as_usual` or the end of the block."""
    gc.set_threshold(*RARE)
    try:
        yield
    finally:
        collect_as_usual()


def collect_as_usual() -> None:
    """Search for garbage as usual: from now on code runs that may make much of it."""
    gc.set_threshold(*USUAL)
