"""No message that arrives on the wire does harm, whatever its content."""

from __future__ import annotations

import itertools
import json
import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autograder.sandbox.inside import wire
from autograder.sandbox.inside.wire import DTYPES, MAX_HEADER, WireError, decode, encode
from tests.support.wires import keep, quick, values

pytestmark = pytest.mark.slow

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats()
    | st.sampled_from([*DTYPES, "<f4", "|b1", ",", "(,i", "O", "cpu", "cuda", "cuda:99", "a1", "\ud800"]),
    lambda inner: st.lists(inner, max_size=6)
    | st.dictionaries(st.sampled_from([*wire._TAGS, "pickle"]), inner, min_size=1, max_size=2),
    max_leaves=20,
)  # fmt: skip


def decodes(header: bytes, body: bytes) -> None:
    """Decode a message, or see it refused with WireError and no other error."""
    try:
        decode(header, body, resolve=lambda ref: ref)
    except WireError:
        return


@quick
@given(st.binary(max_size=60), st.binary(max_size=20))
def test_random_bytes_are_decoded_or_refused(header: bytes, body: bytes) -> None:
    decodes(header, body)


@settings(quick, max_examples=300)
@given(json_values, st.binary(max_size=16))
def test_a_header_of_any_shape_is_decoded_or_refused(tree: Any, body: bytes) -> None:
    decodes(json.dumps(tree).encode(), body)


@settings(quick, max_examples=300)
@given(values, st.data())
def test_a_changed_message_is_decoded_or_refused(value: Any, data: st.DataObject) -> None:
    header, body = encode(value, keep=keep)
    whole = bytearray(header)
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, max(0, len(whole) - 1)))
        whole[at : at + data.draw(st.integers(0, 2))] = data.draw(
            st.sampled_from([b"", b"9", b'"', b"[", b"}", b"-1", b"\xff", b"1e9"])
        )
    decodes(bytes(whole), b"".join(body)[data.draw(st.integers(0, 3)) :])


FALSE_CLAIMS: dict[str, tuple[Any, bytes]] = {
    "more bytes than arrived": ({"tensor": ["float32", [1000], 4000, "cpu", None, False]}, bytes(4)),
    "fewer bytes than arrived": ({"tensor": ["float32", [1], 4, "cpu", None, False]}, bytes(8)),
    "a size that contradicts the shape": ({"tensor": ["float32", [3], 4, "cpu", None, False]}, bytes(4)),
    "a negative size": ({"tensor": ["float32", [-1], -4, "cpu", None, False]}, b""),
    "negative sizes whose product is right": ({"tensor": ["uint8", [-2, -2], 4, "cpu", None, False]}, bytes(4)),
    "a size that is a bool": ({"tensor": ["uint8", [1], True, "cpu", None, False]}, bytes(1)),
    "an astronomical size": ({"array": ["<f4", [0, 1 << 41], 0]}, b""),
    "a hundred axes": ({"tensor": ["uint8", [1] * 100, 1, "cpu", None, False]}, bytes(1)),
    "an unknown dtype": ({"tensor": ["float31", [1], 4, "cpu", None, False]}, bytes(4)),
    "objects": ({"array": ["|O", [1], 8]}, bytes(8)),
    "a dtype that numpy evaluates": ({"array": [",", [1], 8]}, bytes(8)),
    "a structured dtype": ({"array": ["i4,", [1], 4]}, bytes(4)),
    "dates of an unknown unit": ({"array": ["<M8[eons]", [1], 8]}, bytes(8)),
    "a device of another kind": ({"device": "meta"}, b""),
    "a device that does not exist": ({"tensor": ["uint8", [1], 1, "cuda:99", None, False]}, bytes(1)),
    "a list as a key": ({"dict": [[[], 1]]}, b""),
    "two tags": ({"tuple": [], "dict": []}, b""),
    "an unknown tag": ({"pickle": "gASVAAAA"}, b""),
    "a number of 65 bits": (2**64, b""),
    "a reference by name": ({"ref": ["0", "Tensor"]}, b""),
    "a reference with a long name": ({"ref": [0, "x" * 201]}, b""),
    "a slice of two": ({"slice": [1, 2]}, b""),
}  # fmt: skip


@pytest.mark.parametrize("name", FALSE_CLAIMS)
def test_a_false_claim_is_refused(name: str) -> None:
    tree, body = FALSE_CLAIMS[name]
    with pytest.raises(WireError):
        decode(json.dumps(tree).encode(), body, resolve=keep)


def colliding_tuples() -> list[Any]:
    """Return different keys with the same hash: a float times 2**61 has the hash of the float."""
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
def test_a_bomb_is_refused_before_it_costs_much_time(name: str) -> None:
    assert len(BOMBS[name]) <= MAX_HEADER
    begun = time.process_time()
    with pytest.raises(WireError):
        decode(BOMBS[name], b"", resolve=lambda ref: ref)
    assert time.process_time() - begun < 4.0
