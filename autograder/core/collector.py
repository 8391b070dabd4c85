"""Python's garbage collector while a process starts: it would search the imported modules for garbage again and again.

Importing torch with the usual thresholds spends a tenth of its time on that. Afterwards each search of everything would
look at all objects of torch, which takes a tenth of a second; reading sources causes such a search every few files.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

USUAL = gc.get_threshold()
RARE = (50_000, *USUAL[1:])  # objects that are made between two searches


def collect_rarely() -> None:
    """Search for garbage rarely, until `collect_as_usual`. Only for processes of ours, of which it exempts modules."""
    gc.set_threshold(*RARE)


@contextmanager
def collecting_rarely() -> Iterator[None]:
    """Search for garbage rarely, until `collect_as_usual` or the end of the block."""
    collect_rarely()
    try:
        yield
    finally:
        gc.set_threshold(*USUAL)


def collect_as_usual() -> None:
    """Search for garbage as usual: from now on code runs that may make much of it.

    What exists by now is exempted for good if this process started with `collect_rarely`. In a process of others, such
    as a notebook's kernel, it is not: garbage among it would never be freed.
    """
    if gc.get_threshold() == RARE:
        gc.freeze()
    gc.set_threshold(*USUAL)
