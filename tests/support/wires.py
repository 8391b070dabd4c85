"""Random values to send, and functions that send and compare them."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from autograder.sandbox.inside.wire import DTYPES, Ref, decode, encode

quick = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)


def keep(value: Any) -> Ref:
    """Return the same reference for every object."""
    return Ref(7, type(value).__name__)


def cross(value: Any, **options: Any) -> Any:
    """Encode a value and decode it again."""
    header, body = encode(value, keep=keep)
    return decode(header, b"".join(body), resolve=lambda ref: ref, **options)


def equal(a: Any, b: Any) -> bool:
    """Return whether two values have the same type and the same bytes."""
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
    | st.builds(lambda name, shape: tensor_of(getattr(torch, name), *shape), st.sampled_from([*DTYPES]), shapes)
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
