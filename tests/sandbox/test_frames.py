"""A frame arrives complete and in time, or an error says what is wrong."""

from __future__ import annotations

import os
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


def test_a_pipe_carries_frames_too() -> None:
    reader, writer = os.pipe()
    try:
        send(writer, *encode((1, "two")))
        assert decode(*receive(reader, limit=100, deadline=soon(5)), resolve=keep) == (1, "two")
    finally:
        os.close(reader)
        os.close(writer)
