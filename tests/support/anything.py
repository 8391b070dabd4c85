"""Strategies for anything that a student's code may return: plain, odd and hostile values."""

from __future__ import annotations

import numpy as np
import torch
from hypothesis import strategies as st

DTYPES = [
    torch.float64, torch.float32, torch.float16, torch.bfloat16, torch.int64, torch.int8, torch.uint8, torch.bool,
    torch.complex64, torch.complex128, torch.uint16, torch.uint64, torch.float8_e4m3fn,
]  # fmt: skip


class Hostile:
    """An object whose every special method raises."""

    def _raise(self, *_: object) -> None:
        raise RuntimeError("hostile")

    __eq__ = __ne__ = __len__ = __iter__ = __bool__ = __float__ = __getattr__ = __lt__ = __add__ = _raise  # type: ignore[assignment]
    __repr__ = __str__ = __call__ = __getitem__ = __array__ = _raise  # type: ignore[assignment]

    def __hash__(self) -> int:
        return 1


class Pretender(torch.Tensor):
    """A tensor that claims to agree with everything."""

    @classmethod
    def __torch_function__(cls, func, types, args=(), kwargs=None):
        return torch.tensor(True)


@st.composite
def tensors(draw):
    shape = draw(st.lists(st.integers(0, 3), max_size=4))
    values = (
        torch.randn(shape, dtype=torch.float64, generator=torch.Generator().manual_seed(draw(st.integers(0, 9)))) * 4
    )
    special = draw(st.sampled_from([None, float("nan"), float("inf"), -float("inf"), 1e308, 0.0]))
    if special is not None and values.numel():
        values.view(-1)[0] = special
    tensor = (
        values.nan_to_num(0, 1, -1).clamp(0, 9).to(draw(st.sampled_from(DTYPES))) if draw(st.booleans()) else values
    )
    form = draw(st.sampled_from(["dense", "numpy", "sparse", "meta", "parameter", "expanded", "pretender", "conj"]))
    if form == "numpy" and tensor.dtype not in (torch.bfloat16, torch.float8_e4m3fn):
        return tensor.numpy()
    if form == "sparse" and tensor.dtype in (torch.float64, torch.float32):
        return tensor.to_sparse()
    if form == "parameter" and tensor.is_floating_point():
        return torch.nn.Parameter(tensor)
    if form == "conj" and tensor.is_complex():
        return tensor.conj()
    other = {"meta": lambda: tensor.to("meta"), "expanded": lambda: torch.ones(()).expand(10**6, 10**6),
             "pretender": lambda: torch.zeros(2, 3).as_subclass(Pretender)}  # fmt: skip
    return other.get(form, lambda: tensor)()


QUANTIZED = torch.empty(2, 3, dtype=torch.float8_e5m2)
OBJECTS = [
    Hostile(), object(), Hostile, len, ..., torch.float32, torch.device("cpu"), slice(None), 10**4000, -(10**4000),
    QUANTIZED,
    [0] * 10**5, "x" * 10**5, "\ud800\u202e\0", {Hostile(): 1}, {frozenset(): 1, (1, Hostile()): 2}, torch.Size([2,
    3]), range(9),
    np.full((2, 3), None), np.array("2020", dtype="M8[D]"), np.array(["a", "b"]), np.float16(1),
    np.str_("a"),
    np.zeros(2, dtype=[("a", "i4")]), np.longdouble(2), np.zeros((2, 3), np.longdouble), np.broadcast_to(0.0, (10**6,
    10**6)),
    np.void(b"ab"), np.zeros((2, 3), ">f4"), np.ma.masked, memoryview(b"a"), bytearray(b"a"), {1,
    2}, NotImplemented,
]  # fmt: skip
CYCLE: list[object] = []
CYCLE.append(CYCLE)


def one_of(pool: list) -> st.SearchStrategy:
    """Draw one of the objects, like sampled_from, but without inspecting them."""
    return st.integers(0, len(pool) - 1).map(lambda index: pool[index])


leaves = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.complex_numbers() | st.text(max_size=5)
    | st.binary(max_size=5) | tensors() | one_of([*OBJECTS, CYCLE])
)  # fmt: skip
keys = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3) | st.tuples(st.integers())
values = st.recursive(
    leaves,
    lambda inner: st.lists(inner, max_size=4) | st.tuples(inner, inner) | st.dictionaries(keys, inner, max_size=3),
)
