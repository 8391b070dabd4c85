"""The C library's memory of a worker: what is freed stays with the process, up to a limit, and is used again.

Otherwise tensors of some hundred kilobytes return to the system each time, and the next ones are new pages: 28,000 in
the checks of one assignment, at 3 µs each.
"""

from __future__ import annotations

import ctypes

KEPT = 64 << 20  # bytes that may stay at the end of the heap
LARGE = 16 << 20  # bytes; larger blocks return to the system at once
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3  # of glibc's malloc.h


def keep_what_is_freed() -> None:
    """Set both limits of glibc. Does nothing where the C library is another one."""
    if mallopt := getattr(ctypes.CDLL(None), "mallopt", None):
        mallopt(_M_TRIM_THRESHOLD, KEPT)
        mallopt(_M_MMAP_THRESHOLD, LARGE)
