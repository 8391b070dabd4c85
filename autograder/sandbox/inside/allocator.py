"""The C library's memory of workers: it comes in large pages, and what is freed is used again.

Otherwise tensors of some hundred kilobytes return to the system each time, and the next ones are new pages. Each costs
3 to 15 µs, and the checks of one assignment met 44,000.
"""

from __future__ import annotations

import ctypes
import sys
from typing import Any

READY = 64 << 20  # bytes of address space at the end of the heap, for each worker; they take no memory before their use
LARGE = 16 << 20  # bytes; larger blocks are outside of the heap, and return to the system at once
PAGE = 2 << 20  # bytes of a large page
_TRIM_THRESHOLD, _TOP_PAD, _MMAP_THRESHOLD = -1, -2, -3  # of glibc's malloc.h
_MADV_HUGEPAGE = 14


def prepare() -> None:
    """Set glibc's limits for this process and its children, and let the heap grow. Does nothing without glibc."""
    library: Any = ctypes.CDLL(None) if sys.platform == "linux" else None
    if not hasattr(library, "mallopt") or not hasattr(library, "sbrk"):
        return
    library.mallopt(_TRIM_THRESHOLD, 2 * READY)
    library.mallopt(_MMAP_THRESHOLD, LARGE)
    library.sbrk.restype = library.malloc.restype = ctypes.c_void_p
    library.free.argtypes = (ctypes.c_void_p,)
    library.madvise.argtypes = (ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int)
    library.mallopt(_TOP_PAD, READY)
    before = library.sbrk(0)
    library.free(library.malloc(LARGE // 2))  # the heap grows by this and by READY
    start, end = -(-before // PAGE) * PAGE, library.sbrk(0) // PAGE * PAGE
    if end > start:
        library.madvise(start, end - start, _MADV_HUGEPAGE)
    library.mallopt(_TOP_PAD, 1 << 20)
