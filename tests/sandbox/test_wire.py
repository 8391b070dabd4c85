"""Every kind of value is sent unchanged, and a value that is too large is refused with a sentence."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings

from autograder.sandbox.inside import wire
from autograder.sandbox.inside.wire import DTYPES, MAX_DEPTH, MAX_HEADER, Ref, WireError, decode, encode
from tests.support.anything import values as anything
from tests.support.wires import cross, equal, keep, quick, tensor_of, values

pytestmark = pytest.mark.slow


@quick
@given(values)
def test_a_value_arrives_unchanged(value: Any) -> None:
    assert equal(value, cross(value))


@pytest.mark.parametrize("name", DTYPES)
@pytest.mark.parametrize("shape", [(), (0,), (3, 0, 2), (1,), (3, 5), (1, 1, 1, 1, 1, 7)])
def test_tensors_of_every_dtype_arrive_unchanged(name: str, shape: tuple[int, ...]) -> None:
    sent = tensor_of(getattr(torch, name), *shape)
    arrived = cross(sent)
    assert arrived.dtype == sent.dtype
    assert arrived.shape == sent.shape
    assert torch.equal(arrived, sent)
    arrived += 1 if sent.dtype is not torch.bool else True  # the tensor owns its memory


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
    column = torch.arange(10).reshape(2, 5)[:1, 2]  # contiguous() does not change its meaningless stride of 5
    assert column.stride() == (5,)
    assert equal(cross(column), torch.tensor([2]))


@pytest.mark.parametrize("name", VIEWS)
def test_a_view_arrives_as_values_without_its_history(name: str) -> None:
    arrived = cross(VIEWS[name])
    assert torch.equal(arrived, VIEWS[name].detach())
    assert arrived.is_contiguous()
    assert not arrived.requires_grad
    assert type(arrived) is torch.Tensor


def test_only_the_trusted_side_may_choose_the_memory_layout() -> None:
    sent = torch.arange(12.0).reshape(3, 4).T.requires_grad_()
    trusted, other = cross(sent, trusted=True), cross(sent)
    assert (trusted.stride(), trusted.requires_grad) == ((1, 4), True)
    assert (other.stride(), other.requires_grad) == ((3, 1), False)


def test_strides_from_the_untrusted_side_are_ignored() -> None:
    header = json.dumps({"tensor": ["float32", [1], 4, "cpu", [10**30, "x"], True]}).encode()
    assert decode(header, b"\0\0\0\0", resolve=keep).tolist() == [0.0]


def test_numpy_scalars_arrive_as_pythons() -> None:
    arrived = cross([np.float32(0.5), np.int64(3), np.bool_(True), np.float64("nan"), np.str_("a"), np.bytes_(b"a")])
    assert [type(value) for value in arrived] == [float, int, bool, float, str, bytes]


class Point(tuple):
    """A type that the wire does not know."""


@pytest.mark.parametrize(
    "value",
    [Point((1, 2)), object(), np.longdouble(2), np.zeros(2, ">f4"), np.zeros(2, "f16"), len, torch.Size([1]),
     range(3), torch.zeros(2, dtype=torch.uint16)],
)  # fmt: skip
def test_any_other_object_is_sent_as_a_reference(value: Any) -> None:
    assert cross([value]) == [Ref(7, type(value).__name__)]


def test_an_object_cannot_be_sent_without_keep() -> None:
    with pytest.raises(WireError, match="a value of type object cannot be sent"):
        encode(object())


def nested(depth: int) -> Any:
    value: Any = 1
    for _ in range(depth):
        value = [value]
    return value


TOO_MUCH = {
    "deep": (nested(MAX_DEPTH + 1), "nested deeper than 32 levels"),
    "in parts": ([0] * wire.MAX_NODES, "more than 200000 parts"),
    "long": ("x" * MAX_HEADER, "bytes of structure"),
    "an int": (1 << (1 << 20), "more than 1,048,576 bits"),
    "in odd keys": ({(n,) for n in range(1001)}, "more than 1000 keys or items of sets"),
    "bytes": (bytes(2 << 20), "more than 1 MiB"),
    "a tensor": (torch.zeros(1 << 19), "more than 1 MiB"),
    "many tensors": ([np.zeros(1 << 16)] * 3, "more than 1 MiB"),
}


@pytest.mark.parametrize("name", TOO_MUCH)
def test_a_value_that_is_too_large_is_refused_with_a_sentence(name: str) -> None:
    value, sentence = TOO_MUCH[name]
    with pytest.raises(WireError, match=sentence):
        encode(value, limit=(1 << 20) + (1 << 18) * (name == "long"))


def test_a_value_just_below_the_limit_is_sent() -> None:
    for value in (nested(MAX_DEPTH), 2**63 - 1, -(2**63), [0] * (wire.MAX_NODES - 1)):
        assert cross(value) == value


@settings(quick, max_examples=80)
@given(anything)
def test_any_value_of_a_student_is_encoded_or_refused(value: Any) -> None:
    try:
        header, body = encode(value, keep=keep, limit=1 << 20)
    except (WireError, RuntimeError, TypeError):  # hostile objects and odd tensors raise errors of their own
        return
    decode(header, b"".join(body), resolve=lambda ref: ref)


@pytest.mark.parametrize("dtype", [torch.float32, torch.int64, torch.bool])
def test_a_large_tensor_is_not_copied_on_arrival(dtype: torch.dtype) -> None:
    header, chunks = encode(torch.ones(1000).to(dtype), keep=keep)
    body = bytearray(b"".join(chunks))
    value = decode(header, body, resolve=keep)
    assert value.equal(torch.ones(1000).to(dtype))
    assert value.data_ptr() == torch.frombuffer(body, dtype=torch.uint8).data_ptr()


def test_bytes_that_are_no_bool_are_true() -> None:
    header, _ = encode(torch.zeros(4, dtype=torch.bool), keep=keep)
    value = decode(header, bytearray([0, 1, 2, 255]), resolve=keep)
    assert value.tolist() == [False, True, True, True]
    assert value.view(torch.uint8).tolist() == [0, 1, 1, 1]
