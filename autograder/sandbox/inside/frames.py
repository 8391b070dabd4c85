"""Frames over a file descriptor, each with one deadline and one size limit.

A frame is 4 bytes of magic, the header's length (u32), the body's length (u64), the header, the body (see wire.py).
The lengths are compared with the limits before any memory is allocated for them.
"""

from __future__ import annotations

import os
import select
import struct
import time
from collections.abc import Callable, Sequence

from autograder.sandbox.inside.wire import MAX_HEADER, WireError

MAGIC = b"GL01"
PREFIX = struct.Struct("<4sIQ")
SLICE_SECONDS = 0.5  # of one wait; a pause lengthens only the wait in which it happens
STALL_SECONDS = 0.5  # between two waits, which take microseconds
MOST_BUFFERS = 64  # in one system call; the system allows 1024
AHEAD = 16 << 10  # bytes of a frame that are read together with its lengths: most frames are smaller


class Closed(Exception):
    """The other side closed the connection before the frame was complete."""


class Late(Exception):
    """The deadline passed before the frame was complete."""


class Deadline:
    """The time by which a frame must be complete, on the clock of time.monotonic().

    When it passes, ``more`` returns the seconds by which to extend it; 0 ends the wait. Time in which this process did
    not run, because it or the whole machine was paused, extends it too: what arrived meanwhile arrived in time.
    """

    def __init__(self, at: float, more: Callable[[], float] = lambda: 0.0) -> None:
        self.at, self.more = at, more
        self._seen = time.monotonic()  # when this process last looked at the clock

    def wait(self, poll: select.poll) -> None:
        """Wait for an event. Raises Late if there is none in time."""
        while True:
            begun = time.monotonic()
            if begun - self._seen > STALL_SECONDS:
                self.at += begun - self._seen
            part = min(SLICE_SECONDS, max(0.0, self.at - begun))
            ready = poll.poll(part * 1000)
            self._seen = now = time.monotonic()
            self.at += max(0.0, now - begun - part)
            if ready and part > 0:
                return
            if now >= self.at:
                self.at += self.more()
            if now >= self.at:
                raise Late
            if ready:
                return


def send(fd: int, header: bytes, body: Sequence[memoryview], *, deadline: Deadline | None = None) -> None:
    """Write one frame. With a deadline, ``fd`` must not block. Raises Late or Closed."""
    size = sum(map(len, body))
    start = PREFIX.pack(MAGIC, len(header), size) + header
    whole = size <= AHEAD
    _transfer(os.writev, fd, [b"".join((start, *body))] if whole else [start, *body], select.POLLOUT, deadline)


def receive(
    fd: int, *, limit: int, deadline: Deadline | None = None, ahead: int = AHEAD
) -> tuple[bytearray, bytearray]:
    """Read one frame: its header and its body. With a deadline, ``fd`` must not block.

    Reads up to ``ahead`` bytes at once, so no other frame may follow before this one is answered, unless it is 0.
    Raises Late, Closed, or WireError if it is not a valid frame.
    """
    start = bytearray(PREFIX.size + ahead)
    if deadline is not None:
        _wait(fd, select.POLLIN, deadline)  # for an answer, which is not there yet
    count = _transfer(os.readv, fd, [start], select.POLLIN, deadline, least=PREFIX.size)
    magic, header, body = PREFIX.unpack_from(start)
    if magic != MAGIC:
        raise WireError("the message has an unknown format")
    if header > MAX_HEADER or body > limit:
        raise WireError(f"the message claims to have {header + body} bytes; the limit is {limit}")
    middle = PREFIX.size + header
    end = middle + body
    if count > end:
        raise WireError(f"{count - end} bytes are left over")
    if count == end:
        return start[PREFIX.size : middle], start[middle:end]
    parts = bytearray(header), bytearray(body)
    rest = memoryview(start)[PREFIX.size : count]
    parts[0][: len(rest)] = rest[:header]
    parts[1][: len(rest[header:])] = rest[header:]
    missing = [memoryview(parts[0])[len(rest) :], memoryview(parts[1])[len(rest[header:]) :]]
    _transfer(os.readv, fd, missing, select.POLLIN, deadline)
    return parts


def _transfer(
    call: Callable[[int, Sequence[memoryview]], int],
    fd: int,
    buffers: Sequence[bytes | bytearray | memoryview],
    event: int,
    deadline: Deadline | None,
    *,
    least: int | None = None,
) -> int:
    """Read into, or write from, all buffers, or at least so many bytes of them. Return how many.

    Most need one call and no wait, and a wait precedes each further call.
    """
    rest = [memoryview(buffer) for buffer in buffers if len(buffer)]
    wanted = sum(map(len, rest)) if least is None else least
    first = done = 0  # buffers and bytes
    while done < wanted:
        try:
            count = call(fd, rest[first : first + MOST_BUFFERS])
        except BlockingIOError:
            _wait(fd, event, deadline)
            continue
        except (BrokenPipeError, ConnectionResetError):
            raise Closed from None
        if count == 0:
            raise Closed
        done += count
        if done < wanted:
            while count >= len(rest[first]):
                count -= len(rest[first])
                first += 1
            rest[first] = rest[first][count:]
            _wait(fd, event, deadline)
    return done


def _wait(fd: int, event: int, deadline: Deadline | None) -> None:
    poll = select.poll()
    poll.register(fd, event)
    if deadline is None:
        poll.poll()
    else:
        deadline.wait(poll)
