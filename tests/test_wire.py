"""Every kind of value crosses whole, and nothing that arrives does harm."""

from __future__ import annotations

import itertools
import json
import os
import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from autograder import wire
from autograder.frames import MAGIC, PREFIX, Closed, Deadline, Late, receive, send
from autograder.wire import DTYPES, MAX_DEPTH, MAX_HEADER, Ref, WireError, decode, encode
from tests.anything import values as anything

quick = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)


def keep(value: Any) -> Ref:
    return Ref(7, type(value).__name__)


def cross(value: Any, **options: Any) -> Any:
    header, body = encode(value, keep=keep)
    return decode(header, b"".join(body), resolve=lambda ref: ref, **options)


def equal(a: Any, b: Any) -> bool:
    """Of one type, with the same bytes."""
    if isinstance(a, torch.Tensor):
        same = type(b) is torch.Tensor and (a.dtype, a.shape) == (b.dtype, b.shape)
        return same and bytes(a.reshape(-1).view(torch.uint8).numpy()) == bytes(b.reshape(-1).view(torch.uint8).numpy())
    if isinstance(a, np.ndarray):
        return type(b) is np.ndarray and (a.dtype, a.shape, a.tobytes()) == (b.dtype, b.shape, b.tobytes())
    if type(a) is not type(b):
        return False
    if isinstance(a, list | tuple):
        return len(a) == len(b) and all(map(equal, a, b))
    if isinstance(a, dict):
        return equal(list(a.items()), list(b.items()))
    return repr(a) == repr(b) if isinstance(a, float) else a == b


def tensor_of(dtype: torch.dtype, *shape: int) -> torch.Tensor:
    raw = torch.randn(shape, dtype=torch.float64, generator=torch.Generator().manual_seed(3)) * 5
    return raw.abs().to(dtype) if dtype is torch.uint8 else raw.to(dtype)


shapes = st.lists(st.integers(0, 4), max_size=4)
plain = (
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats() | st.text(max_size=9)
    | st.sampled_from([slice(None), slice(1, None, -2), ..., torch.float16, torch.int64, torch.device("cpu"), "\ud800"])
    | st.builds(lambda name, shape: tensor_of(DTYPES[name], *shape), st.sampled_from([*DTYPES]), shapes)
    | st.builds(lambda code, shape: np.ones(shape).astype(code), st.sampled_from("?bhilqBHILQefdFD"), shapes)
)  # fmt: skip
keys = st.none() | st.booleans() | st.integers(-9, 2**63 - 1) | st.floats(allow_nan=False) | st.text(max_size=3)
values = st.recursive(
    plain,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.lists(inner, max_size=3).map(tuple)
        | st.dictionaries(keys | st.tuples(keys, keys), inner, max_size=3)
    ),
    max_leaves=12,
)


@quick
@given(values)
def test_a_value_arrives_as_it_was_sent(value: Any) -> None:
    assert equal(value, cross(value))


@pytest.mark.parametrize("name", DTYPES)
@pytest.mark.parametrize("shape", [(), (0,), (3, 0, 2), (1,), (3, 5), (1, 1, 1, 1, 1, 7)])
def test_tensors_of_every_dtype_arrive_whole(name: str, shape: tuple[int, ...]) -> None:
    sent = tensor_of(DTYPES[name], *shape)
    arrived = cross(sent)
    assert arrived.dtype == sent.dtype
    assert arrived.shape == sent.shape
    assert torch.equal(arrived, sent)
    arrived += 1 if sent.dtype is not torch.bool else True  # it owns its memory


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf"), -0.0, 5e-324, 1e308])
def test_special_numbers_arrive_in_every_form(value: float) -> None:
    for sent in (value, torch.tensor(value, dtype=torch.float64), np.array([value])):
        assert equal(sent, cross(sent))


VIEWS = {
    "transposed": torch.arange(12.0).reshape(3, 4).T,
    "permuted": torch.arange(24).reshape(2, 3, 4).permute(2, 0, 1),
    "every other": torch.arange(10.0)[::2],
    "expanded": torch.arange(3.0)[:, None].expand(3, 4),
    "conjugated": torch.randn(2, 3, dtype=torch.complex64).conj(),
    "negated": torch.randn(2, 3, dtype=torch.complex64).conj().imag,
    "a parameter": torch.nn.Parameter(torch.ones(2, 3)),
    "a result with history": torch.ones(2, 3, requires_grad=True) * 2,
}


def test_one_element_cut_from_a_column_arrives() -> None:
    column = torch.arange(10).reshape(2, 5)[:1, 2]  # its stride of 5 says nothing, and is kept by contiguous()
    assert column.stride() == (5,)
    assert equal(cross(column), torch.tensor([2]))


@pytest.mark.parametrize("name", VIEWS)
def test_a_view_arrives_as_values_without_its_history(name: str) -> None:
    arrived = cross(VIEWS[name])
    assert torch.equal(arrived, VIEWS[name].detach())
    assert arrived.is_contiguous()
    assert not arrived.requires_grad
    assert type(arrived) is torch.Tensor


def test_only_who_is_trusted_may_choose_the_memory_layout() -> None:
    sent = torch.arange(12.0).reshape(3, 4).T.requires_grad_()
    trusted, other = cross(sent, strides=True), cross(sent)
    assert (trusted.stride(), trusted.requires_grad) == ((1, 4), True)
    assert (other.stride(), other.requires_grad) == ((3, 1), False)


def test_strides_of_the_untrusted_side_are_not_even_looked_at() -> None:
    header = json.dumps({"tensor": ["float32", [1], 4, "cpu", [10**30, "x"], True]}).encode()
    assert decode(header, b"\0\0\0\0", resolve=keep).tolist() == [0.0]


def test_numpy_scalars_arrive_as_numbers() -> None:
    arrived = cross([np.float32(0.5), np.int64(3), np.bool_(True), np.float64("nan")])
    assert [type(value) for value in arrived] == [float, int, bool, float]


class Point(tuple):
    """A type of its own, which no wire knows."""


@pytest.mark.parametrize(
    "value",
    [Point((1, 2)), object(), 1j, {1}, b"bytes", np.longdouble(2), np.zeros(2, ">f4"), np.zeros(2, "f16"), len,
     torch.Size([1]), torch.ones(2).to_sparse(), np.array(["a"]), torch.zeros(2, dtype=torch.uint16)],
)  # fmt: skip
def test_anything_else_stays_behind_a_reference(value: Any) -> None:
    assert cross([value]) == [Ref(7, type(value).__name__)]


def test_without_a_place_to_keep_it_an_object_cannot_be_sent() -> None:
    with pytest.raises(WireError, match="a value of type object cannot be sent"):
        encode(object())


def nested(depth: int) -> Any:
    value: Any = 1
    for _ in range(depth):
        value = [value]
    return value


TOO_MUCH = {
    "deep": (nested(MAX_DEPTH + 1), "nested deeper than 32"),
    "in parts": ([0] * wire.MAX_NODES, "more than 200000 parts"),
    "long": ("x" * MAX_HEADER, "bytes of structure"),
    "an int": (2**63, "more than 64 bits"),
    "a negative int": (-(2**63) - 1, "more than 64 bits"),
    "a tensor": (torch.zeros(1 << 19), "more than 1 MiB"),
    "many tensors": ([np.zeros(1 << 16)] * 3, "more than 1 MiB"),
}


@pytest.mark.parametrize("name", TOO_MUCH)
def test_what_is_too_much_is_refused_with_a_sentence(name: str) -> None:
    value, sentence = TOO_MUCH[name]
    with pytest.raises(WireError, match=sentence):
        encode(value, limit=(1 << 20) + (1 << 18) * (name == "long"))


def test_what_is_just_small_enough_crosses() -> None:
    for value in (nested(MAX_DEPTH), 2**63 - 1, -(2**63), [0] * (wire.MAX_NODES - 1)):
        assert cross(value) == value


@settings(quick, max_examples=80)
@given(anything)
def test_whatever_a_student_returns_is_encoded_or_refused(value: Any) -> None:
    try:
        header, body = encode(value, keep=keep, limit=1 << 20)
    except (WireError, RuntimeError, TypeError):  # hostile objects and odd tensors raise what they like
        return
    decode(header, b"".join(body), resolve=lambda ref: ref)


# what arrives

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats()
    | st.sampled_from([*DTYPES, "<f4", "|b1", ",", "(,i", "O", "cpu", "cuda", "cuda:99", "a1", "\ud800"]),
    lambda inner: st.lists(inner, max_size=6)
    | st.dictionaries(st.sampled_from([*wire._TAGS, "pickle"]), inner, min_size=1, max_size=2),
    max_leaves=20,
)  # fmt: skip


def decodes(header: bytes, body: bytes) -> None:
    """Or raises WireError, and nothing else."""
    try:
        decode(header, body, resolve=lambda ref: ref)
    except WireError:
        return


@quick
@given(st.binary(max_size=60), st.binary(max_size=20))
def test_noise_is_refused(header: bytes, body: bytes) -> None:
    decodes(header, body)


@settings(quick, max_examples=300)
@given(json_values, st.binary(max_size=16))
def test_a_header_of_any_shape_is_a_value_or_refused(tree: Any, body: bytes) -> None:
    decodes(json.dumps(tree).encode(), body)


@settings(quick, max_examples=300)
@given(values, st.data())
def test_a_changed_message_is_a_value_or_refused(value: Any, data: st.DataObject) -> None:
    header, body = encode(value, keep=keep)
    whole = bytearray(header)
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, max(0, len(whole) - 1)))
        whole[at : at + data.draw(st.integers(0, 2))] = data.draw(
            st.sampled_from([b"", b"9", b'"', b"[", b"}", b"-1", b"\xff", b"1e9"])
        )
    decodes(bytes(whole), b"".join(body)[data.draw(st.integers(0, 3)) :])


CLAIMS: dict[str, tuple[Any, bytes]] = {
    "more bytes than there are": ({"tensor": ["float32", [1000], 4000, "cpu", None, False]}, bytes(4)),
    "fewer bytes than there are": ({"tensor": ["float32", [1], 4, "cpu", None, False]}, bytes(8)),
    "a size that its shape has not": ({"tensor": ["float32", [3], 4, "cpu", None, False]}, bytes(4)),
    "a negative size": ({"tensor": ["float32", [-1], -4, "cpu", None, False]}, b""),
    "negative sides whose product is right": ({"tensor": ["uint8", [-2, -2], 4, "cpu", None, False]}, bytes(4)),
    "a size that is true": ({"tensor": ["uint8", [1], True, "cpu", None, False]}, bytes(1)),
    "an astronomical side": ({"array": ["<f4", [0, 1 << 41], 0]}, b""),
    "a hundred axes": ({"tensor": ["uint8", [1] * 100, 1, "cpu", None, False]}, bytes(1)),
    "an unknown dtype": ({"tensor": ["float31", [1], 4, "cpu", None, False]}, bytes(4)),
    "objects": ({"array": ["|O", [1], 8]}, bytes(8)),
    "a dtype that numpy evaluates": ({"array": [",", [1], 8]}, bytes(8)),
    "a structured dtype": ({"array": ["i4,", [1], 4]}, bytes(4)),
    "dates": ({"array": ["<M8", [1], 8]}, bytes(8)),
    "a device of another kind": ({"device": "meta"}, b""),
    "a device that is not there": ({"tensor": ["uint8", [1], 1, "cuda:99", None, False]}, bytes(1)),
    "a list as a key": ({"dict": [[[], 1]]}, b""),
    "two tags": ({"tuple": [], "dict": []}, b""),
    "an unknown tag": ({"pickle": "gASVAAAA"}, b""),
    "a number of 65 bits": (2**64, b""),
    "a reference by name": ({"ref": ["0", "Tensor"]}, b""),
    "a reference with a long name": ({"ref": [0, "x" * 201]}, b""),
    "a slice of two": ({"slice": [1, 2]}, b""),
}  # fmt: skip


@pytest.mark.parametrize("name", CLAIMS)
def test_a_false_claim_is_refused(name: str) -> None:
    tree, body = CLAIMS[name]
    with pytest.raises(WireError):
        decode(json.dumps(tree).encode(), body, resolve=keep)


def colliding_tuples() -> list[Any]:
    """Different keys of one hash: a float and the same float times 2**61 have the same."""
    floats = [1.5 * 2.0 ** (61 * power) for power in range(-16, 16)]
    return [{"tuple": list(key)} for key in itertools.product(floats, repeat=3)]


BOMBS = {
    "a million lists": b"[" + b"[]," * 1_390_000 + b"[]]",
    "a hundred thousand levels": b"[" * 100_000,
    "a number of a million digits": b"9" * 1_000_000,
    "keys that collide": json.dumps({"dict": [[key, 1] for key in colliding_tuples()]}).encode(),
    "references that collide": json.dumps(
        {"dict": [[{"ref": [n * (2**61 - 1), ""]}, 1] for n in range(40_000)]}
    ).encode(),
}


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_is_refused_before_it_costs_much(name: str) -> None:
    assert len(BOMBS[name]) <= MAX_HEADER
    begun = time.process_time()
    with pytest.raises(WireError):
        decode(BOMBS[name], b"", resolve=lambda ref: ref)
    assert time.process_time() - begun < 4.0


# frames


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


def test_a_frame_larger_than_any_buffer_arrives_whole(pair: tuple[socket.socket, socket.socket]) -> None:
    ours, theirs = pair
    value = {"x": torch.arange(1 << 19), "y": "text"}
    writer = threading.Thread(target=lambda: send(theirs.fileno(), *encode(value)))
    writer.start()
    header, body = receive(ours.fileno(), limit=1 << 23, deadline=soon(20))
    writer.join()
    assert equal(value, decode(header, body, resolve=keep))


@pytest.mark.parametrize("part", [b"", b"GL", prefix(5, 0), prefix(5, 0) + b"123", prefix(1, 9) + b"1" + b"12345678"])
def test_half_a_message_and_silence_is_late(part: bytes, pair: tuple[socket.socket, socket.socket]) -> None:
    ours, theirs = pair
    theirs.send(part)
    with pytest.raises(Late):
        receive(ours.fileno(), limit=100, deadline=soon())


@pytest.mark.parametrize("part", [b"", b"GL", prefix(5, 0) + b"123"])
def test_half_a_message_and_the_end_is_closed(part: bytes, pair: tuple[socket.socket, socket.socket]) -> None:
    ours, theirs = pair
    theirs.send(part)
    theirs.close()
    with pytest.raises(Closed):
        receive(ours.fileno(), limit=100, deadline=soon(5))


def test_a_trickle_does_not_move_the_deadline(pair: tuple[socket.socket, socket.socket]) -> None:
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


@pytest.mark.parametrize("claim", [prefix(MAX_HEADER + 1, 0), prefix(1, 101), prefix(2**32 - 1, 2**64 - 1)])
def test_claimed_sizes_are_refused_before_memory_is_taken(
    claim: bytes, pair: tuple[socket.socket, socket.socket]
) -> None:
    ours, theirs = pair
    theirs.send(claim)
    with pytest.raises(WireError, match="at most 100 are read"):
        receive(ours.fileno(), limit=100, deadline=soon(5))


def test_another_magic_is_refused(pair: tuple[socket.socket, socket.socket]) -> None:
    ours, theirs = pair
    theirs.send(prefix(1, 0, b"EVIL") + b"1")
    with pytest.raises(WireError, match="does not start as one of ours"):
        receive(ours.fileno(), limit=100, deadline=soon(5))


def test_who_does_not_read_makes_the_sender_late(pair: tuple[socket.socket, socket.socket]) -> None:
    ours, _ = pair
    with pytest.raises(Late):
        send(ours.fileno(), b"1", [memoryview(bytes(1 << 23))], deadline=soon(0.1))


def test_who_hung_up_is_closed_to_the_sender(pair: tuple[socket.socket, socket.socket]) -> None:
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
