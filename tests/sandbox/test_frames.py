"""A frame arrives complete and in time, or an error says what is wrong."""

from __future__ import annotations

import os
import select
import socket
import threading
import time
from collections.abc import Iterator

import pytest
import torch

from autograder.sandbox.inside.frames import MAGIC, PREFIX, Closed, Deadline, Late, receive, send
from autograder.sandbox.inside.wire import MAX_HEADER, WireError, decode, encode
from tests.support.wires import equal, keep


@pytest.fixture
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.setblocking(False)
        yield ours, theirs


def soon(seconds: float = 0.05) -> Deadline:
    return Deadline(time.monotonic() + seconds)


def prefix(header: int, body: int, magic: bytes = MAGIC) -> bytes:
    return PREFIX.pack(magic, header, body)


def test_a_frame_larger_than_any_buffer_arrives_complete(pair: tuple[socket.socket, socket.socket]) -> None:
    ours, theirs = pair
    value = {"x": torch.arange(1 << 19), "y": "text"}
    writer = threading.Thread(target=lambda: send(theirs.fileno(), *encode(value)))
    writer.start()
    header, body = receive(ours.fileno(), limit=1 << 23, deadline=soon(20))
    writer.join()
    assert equal(value, decode(header, body, resolve=keep))


@pytest.mark.parametrize("part", [b"", b"GL", prefix(5, 0), prefix(5, 0) + b"123", prefix(1, 9) + b"1" + b"12345678"])
def test_half_a_message_without_more_raises_late(part: bytes, pair: tuple[socket.socket, socket.socket]) -> None:
    ours, theirs = pair
    theirs.send(part)
    with pytest.raises(Late):
        receive(ours.fileno(), limit=100, deadline=soon())


@pytest.mark.parametrize("part", [b"", b"GL", prefix(5, 0) + b"123"])
def test_half_a_message_before_the_end_raises_closed(part: bytes, pair: tuple[socket.socket, socket.socket]) -> None:
    ours, theirs = pair
    theirs.send(part)
    theirs.close()
    with pytest.raises(Closed):
        receive(ours.fileno(), limit=100, deadline=soon(5))


def test_a_slow_sender_does_not_move_the_deadline(pair: tuple[socket.socket, socket.socket]) -> None:
    ours, theirs = pair
    stop = threading.Event()

    def trickle() -> None:
        theirs.send(prefix(1000, 0))
        while not stop.wait(0.02):
            theirs.send(b"1")

    writer = threading.Thread(target=trickle)
    writer.start()
    begun = time.monotonic()
    with pytest.raises(Late):
        receive(ours.fileno(), limit=100, deadline=soon(0.2))
    stop.set()
    writer.join()
    assert time.monotonic() - begun < 5


@pytest.mark.parametrize("spec", [prefix(MAX_HEADER + 1, 0), prefix(1, 101), prefix(2**32 - 1, 2**64 - 1)])
def test_claimed_sizes_are_refused_before_memory_is_allocated(
    spec: bytes, pair: tuple[socket.socket, socket.socket]
) -> None:
    ours, theirs = pair
    theirs.send(spec)
    with pytest.raises(WireError, match="the limit is 100"):
        receive(ours.fileno(), limit=100, deadline=soon(5))


def test_a_message_with_another_magic_is_refused(pair: tuple[socket.socket, socket.socket]) -> None:
    ours, theirs = pair
    theirs.send(prefix(1, 0, b"EVIL") + b"1")
    with pytest.raises(WireError, match="unknown format"):
        receive(ours.fileno(), limit=100, deadline=soon(5))


def test_a_receiver_that_does_not_read_makes_the_sender_late(pair: tuple[socket.socket, socket.socket]) -> None:
    ours, _ = pair
    with pytest.raises(Late):
        send(ours.fileno(), b"1", [memoryview(bytes(1 << 23))], deadline=soon(0.1))


def test_sending_to_a_closed_connection_raises_closed(pair: tuple[socket.socket, socket.socket]) -> None:
    ours, theirs = pair
    theirs.close()
    with pytest.raises(Closed):
        send(ours.fileno(), b"1", [], deadline=soon(5))


def test_without_a_deadline_a_large_frame_is_waited_for(pair: tuple[socket.socket, socket.socket]) -> None:
    """As a worker waits for the next request."""
    ours, theirs = pair
    sender = threading.Thread(target=lambda: send(theirs.fileno(), b"1", [memoryview(bytes(1 << 23))]))
    sender.start()
    header, body = receive(ours.fileno(), limit=1 << 23)
    sender.join()
    assert (bytes(header), len(body)) == (b"1", 1 << 23)


def test_what_is_there_when_the_deadline_is_extended_arrived_in_time(
    pair: tuple[socket.socket, socket.socket],
) -> None:
    ours, theirs = pair
    theirs.send(b"1")
    poll = select.poll()
    poll.register(ours.fileno(), select.POLLIN)
    deadline = Deadline(time.monotonic() - 1, more=lambda: 20.0)
    deadline.wait(poll)
    assert deadline.at > time.monotonic()
    with pytest.raises(Late):
        Deadline(time.monotonic() - 1).wait(poll)


def test_a_pipe_carries_frames_too() -> None:
    reader, writer = os.pipe()
    try:
        send(writer, *encode((1, "two")))
        assert decode(*receive(reader, limit=100, deadline=soon(5)), resolve=keep) == (1, "two")
    finally:
        os.close(reader)
        os.close(writer)


class Machine:
    """A clock and a poll object that a test controls: each wait lasts as long as asked, and as long as the pause."""

    def __init__(self, *, arrives: float = 1e9, pauses: dict[int, float] | None = None) -> None:
        self.now, self.arrives, self.pauses, self.waits = 100.0, arrives, pauses or {}, 0

    def poll(self, milliseconds: float) -> list[tuple[int, int]]:
        self.waits += 1
        end = self.now + milliseconds / 1000
        paused = self.pauses.get(self.waits, 0.0)
        if self.arrives <= end:
            self.now = max(self.now, self.arrives) + paused
            return [(0, 1)]
        self.now = end + paused
        return [(0, 1)] if self.arrives <= self.now and paused else []

    def wait(self, monkeypatch: pytest.MonkeyPatch, seconds: float) -> float:
        """Return when a wait of at most ``seconds`` ended. Raises Late."""
        monkeypatch.setattr("autograder.sandbox.inside.frames.time.monotonic", lambda: self.now)
        Deadline(self.now + seconds).wait(self)  # type: ignore[arg-type]
        return self.now


def test_a_pause_of_the_grader_is_not_time_of_the_student(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-Z and fg, or a paused machine: four times 14 seconds, and an answer after 3 seconds of work."""
    pauses = {2: 14.0, 3: 14.0, 4: 14.0, 5: 14.0}
    machine = Machine(arrives=100.0 + 3 + sum(pauses.values()), pauses=pauses)
    assert machine.wait(monkeypatch, 4.0) <= 100.0 + 4 + sum(pauses.values())


def test_what_arrived_during_a_pause_is_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    machine = Machine(arrives=100.3, pauses={1: 60.0})
    assert machine.wait(monkeypatch, 2.0) == 160.3


def test_a_pause_between_two_waits_is_not_time_of_the_student_either(monkeypatch: pytest.MonkeyPatch) -> None:
    machine = Machine(arrives=190.5)
    monkeypatch.setattr("autograder.sandbox.inside.frames.time.monotonic", lambda: machine.now)
    deadline = Deadline(machine.now + 1.0)
    machine.now += 90.0
    deadline.wait(machine)  # type: ignore[arg-type]
    assert machine.now == 190.5


def test_without_a_pause_nothing_is_added(monkeypatch: pytest.MonkeyPatch) -> None:
    machine = Machine()
    with pytest.raises(Late):
        machine.wait(monkeypatch, 2.0)
    assert machine.now == pytest.approx(102.0)


def test_what_is_sent_after_the_deadline_is_late_although_it_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    machine = Machine(arrives=100.0)
    monkeypatch.setattr("autograder.sandbox.inside.frames.time.monotonic", lambda: machine.now)
    deadline = Deadline(machine.now + 1.0)
    machine.now += 1.2  # busy with earlier parts of the message
    deadline._seen = machine.now
    with pytest.raises(Late):
        deadline.wait(machine)  # type: ignore[arg-type]
