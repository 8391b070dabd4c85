"""What a check did last, for the report on it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from autograder.checks.describe import describe
from autograder.core.message import Message

PNG = b"\x89PNG\r\n\x1a\n"  # the first bytes of every PNG
MAX_PICTURE = 60_000  # bytes
MAX_PICTURES = 3  # of one check


class Trail:
    """The last call of a check, as text for the report."""

    def __init__(self) -> None:
        self.call = ""
        self.received = False  # has the student's code returned any value?
        self.pictures: tuple[bytes, ...] = ()  # PNGs of figures that the student's code drew
        self.inspected: tuple[tuple[Any, ...], ...] = ((), ())  # the last call's arguments: before and after it

    def returned(self, call: str, value: Any) -> None:
        """Record a finished call and its value."""
        self.inspected = ((), ())
        self.call = Message("{call} returned {value}", call=call, value=describe(value))

    @contextmanager
    def aside(self) -> Iterator[None]:
        """Forget the calls of this block: they are the grader's own. If it raises, they stay."""
        before = self.call, self.inspected
        yield
        self.call, self.inspected = before

    def add_picture(self, png: bytes) -> None:
        """Store a picture for staff, if it is one and small enough."""
        if png.startswith(PNG) and len(png) <= MAX_PICTURE and len(self.pictures) < MAX_PICTURES:
            self.pictures += (png,)
