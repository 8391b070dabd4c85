"""For any value of a student, expectations only raise Mismatch, with a short message."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from autograder.checks.describe import LIMIT as DESCRIPTION
from autograder.checks.describe import describe
from autograder.checks.expect import (
    LIMIT,
    Mismatch,
    expect,
    expect_close,
    expect_equal,
    expect_shape,
    expect_type,
)
from tests.support.anything import Pretender, one_of, values

pytestmark = pytest.mark.slow

T = torch.arange(6.0, dtype=torch.float64).reshape(2, 3)
EXPECTED = [
    T, T.float(), T.long(), T.bool(), T.half(), T.to(torch.complex64), T.numpy(), torch.tensor(0.5), torch.zeros(0),
    np.float32(0.5),
    0.5, 3, True, 1j, float("nan"), float("inf"), 10**400, None, "text", b"b", [1.0, T], (T, None), {"W": T, 1: 2},
    {1, 2}, torch.float32,
    slice(None), ..., [], {}, (),
]  # fmt: skip


def _sentence(attempt) -> str:
    try:
        attempt()
    except Mismatch as mismatch:
        return mismatch.message
    return ""


@settings(max_examples=400, deadline=None, suppress_health_check=list(HealthCheck))
@given(actual=values, expected=one_of(EXPECTED), lenient=st.booleans())
def test_only_mismatch_is_raised_for_any_actual_value(actual, expected, lenient):
    mistakes = {"a": T.t(), "b": lambda: T * 2, "c": None, "d": [T], "e": "x"}
    kwargs = {"check_dtype": not lenient, "mistakes": mistakes, "name": "dw"}
    for attempt in (
        lambda: expect_close(actual, expected, **kwargs),
        lambda: expect_close(actual, expected, rtol=0.1, atol=1),
        lambda: expect_equal(actual, expected, **kwargs),
        lambda: expect_shape(actual, (2, None)),
        lambda: expect_shape(actual, ()),
        lambda: expect_type(actual, (int, dict)),
        lambda: expect(actual, "no"),
    ):
        text = _sentence(attempt)
        assert len(text) <= LIMIT
        text.encode()


@settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
@given(value=values)
def test_a_description_is_short_and_printable(value):
    text = describe(value)
    assert len(text) <= DESCRIPTION
    text.encode()


def test_a_pretender_never_passes():
    pretender = torch.zeros(2, 3).as_subclass(Pretender)
    for expected in EXPECTED:
        for attempt in (expect_close, expect_equal):
            with pytest.raises(Mismatch):
                attempt([pretender], [expected])
