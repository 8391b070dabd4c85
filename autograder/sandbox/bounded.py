"""A limit on what code prints while it runs in this process: an endless loop must not fill a notebook."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from typing import Any, TextIO

from autograder.core.language import say

PRINTED = 10_000  # characters that a check may print


class Bounded:
    """A text stream that writes to another one up to a limit. Under a debugger, there is no limit."""

    def __init__(self, stream: TextIO, room: list[int]) -> None:
        self._stream, self._room = stream, room
        self.over = False  # once the call has ended: who kept this stream, such as a logger, writes without a limit

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def write(self, text: str) -> int:
        room = self._room[0]
        if self.over or sys.gettrace() is not None or len(text) <= room:
            self._stream.write(text)
        elif room >= 0:
            limit = say("A check shows {limit:,} characters of what your code prints.", limit=PRINTED)
            self._stream.write(f"{text[:room]}\n[{limit}]\n")
        self._room[0] = room - len(text) if len(text) <= room else -1
        return len(text)

    def writelines(self, lines: Any) -> None:
        for line in lines:
            self.write(line)


class PrintLimit:
    """How much the student's code may still print in a check; None: no limit."""

    def __init__(self, limit: int | None) -> None:
        self.limit = limit
        self._room = [limit or 0]

    def begin(self) -> None:
        """Allow the whole limit again."""
        self._room[0] = self.limit or 0

    @contextmanager
    def watch(self) -> Iterator[None]:
        """Limit what is printed inside."""
        if self.limit is None:
            yield
            return
        out, err = Bounded(sys.stdout, self._room), Bounded(sys.stderr, self._room)
        try:
            with redirect_stdout(out), redirect_stderr(err):
                yield
        finally:
            out.over = err.over = True
