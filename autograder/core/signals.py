"""Signals that end a command: Ctrl-C, a request to end, and a closed terminal."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

_ENDING = ("SIGINT", "SIGTERM", "SIGHUP")


@contextmanager
def signals_wait() -> Iterator[None]:
    """Handle the first signal that arrives inside only at the end of the block; a second one at once.

    For imports of packages such as torch, which may crash or stay half imported where an exception interrupts them.
    """
    waiting: list[int] = []

    def wait(number: int, frame: object) -> None:
        waiting.append(number)
        restore()

    def restore() -> None:
        for number, handler in before.items():
            signal.signal(number, handler)

    before = {}
    if threading.current_thread() is threading.main_thread():  # only the main thread may set handlers
        numbers = [getattr(signal, name) for name in _ENDING if hasattr(signal, name)]
        before = {number: handler for number in numbers if callable(handler := signal.getsignal(number))}
    for number in before:
        signal.signal(number, wait)
    try:
        yield
    finally:
        restore()
        if waiting:
            signal.raise_signal(waiting[0])
