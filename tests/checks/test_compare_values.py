"""Comparisons of what Python's standard library and table libraries offer as values."""

from __future__ import annotations

import datetime
import math
import tracemalloc
from collections import Counter, namedtuple
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
import pytest
import torch

from autograder.checks.compare import compare
from autograder.checks.expect import Mismatch, expect_close, expect_equal
from autograder.checks.values import EXACT, Tolerance


@dataclass
class Point:
    x: int
    y: list[float]


Pair = namedtuple("Pair", "left right")
DAY = datetime.date(2024, 2, 29)


def message(actual: Any, expected: Any, **options: Any) -> str:
    with pytest.raises(Mismatch) as caught:
        expect_close(actual, expected, **options)
    return caught.value.message


EQUAL: list[tuple[Any, Any]] = [
    (b"ab", b"ab"),
    (1 + 2j, 1 + 2j),
    (2**100, 2**100),
    (Decimal("1.50"), Decimal("1.5")),
    (Fraction(1, 3), Fraction(1, 3)),
    ({DAY: [1]}, {DAY: [1]}),
    ({float("nan"), complex(0, float("nan"))}, {float("nan"), complex(0, float("nan"))}),
    ({frozenset({1}), Decimal("2.0")}, {frozenset({1}), Decimal("2")}),
    (PurePosixPath("a/b"), Path("a/b")),
    (Counter("abca"), {"a": 2, "b": 1, "c": 1}),
    (Pair(1, [2.0]), (1, [2.0])),
    (Point(1, [2.0]), Point(1, [2.0])),
    (np.array(["a", "bc"]), np.array(["a", "bc"])),
    (np.array(["2024-02-29"], "M8[D]"), np.array(["2024-02-29"], "M8[D]")),
    (np.array([1, "a", None], object), np.array([1, "a", None], object)),
]


@pytest.mark.parametrize(("actual", "expected"), EQUAL)
def test_equal_values_agree(actual: Any, expected: Any) -> None:
    expect_equal(actual, expected)
    expect_close(actual, expected)


DIFFERENT: list[tuple[Any, Any, str]] = [
    (b"ab", b"ac", "expected b'ac', got b'ab'"),
    ("ab", b"ab", "expected b'ab', got 'ab'"),
    (Decimal("1.5"), Decimal("1.6"), "expected 1.6, got 1.5"),
    (1.5, Decimal("1.5"), "expected Decimal('1.5'), got 1.5"),
    (DAY, datetime.date(2024, 3, 1), "expected datetime.date(2024, 3, 1), got datetime.date(2024, 2, 29)"),
    (Path("a"), Path("b"), "expected PurePosixPath('b'), got PurePosixPath('a')"),
    ({1: 2}, Counter({1: 2}), "expected a Counter with key 1, got {1: 2}"),
    (Pair(1, 2), Pair(1, 3), "item .right: expected 3, got 2"),
    (Point(1, [2.0]), Point(1, [2.5]), "item .y[0]: expected 2.5, got 2; they differ by 0.5, more than 1e-06"),
    ((1, 2), Pair(1, 2), "expected a Pair with the fields left, right, got (1, 2)"),
    (None, Point(1, []), "expected a Point with the fields x, y, got None (is there a `return`?)"),
    ([Pair(1, 2)], [], "expected a list of length 0, got one of length 1: [Pair(left=1, right=2)]"),
    ({*range(9)}, {*range(1, 10)}, "the set has no 9 and has unexpected 0"),
    (np.array(["a", "b"]), np.array(["a", "c"]), "1 of 2 values differs; first at [1]: expected 'c', got 'b'"),
    (np.array(["a"]), np.array(["a", "c"]), "expected shape [2], got [1]"),
    (np.array([1.0]), np.array(["a"]), "expected an array of text, got one of dtype float64"),
]


@pytest.mark.parametrize(("actual", "expected", "sentence"), DIFFERENT)
def test_a_different_value_has_a_sentence(actual: Any, expected: Any, sentence: str) -> None:
    assert message(actual, expected).startswith(sentence)


def test_a_tolerance_for_decimals_is_the_checks() -> None:
    expect_close(Decimal("1.50"), Decimal("1.505"), atol=0.01)
    assert message(Decimal("1.50"), Decimal("1.52"), atol=0.01) == "expected 1.52, got 1.50"


def test_sparse_tensors_are_compared_without_making_them_dense() -> None:
    wide = torch.sparse_coo_tensor(
        torch.tensor([[0], [10**9]]), torch.tensor([2.0]), (3, 10**10), check_invariants=True
    )
    other = torch.sparse_coo_tensor(
        torch.tensor([[0], [10**9]]), torch.tensor([2.5]), (3, 10**10), check_invariants=True
    )
    expect_equal(wide, wide.clone())
    assert message(other, wide) == "1 values differ; first at [0,1000000000]: expected 2, got 2.5"
    assert message(torch.ones(2), wide) == "expected a sparse tensor, got f32[2]"


def test_sparse_matrices_of_scipy() -> None:
    sparse = pytest.importorskip("scipy.sparse")
    one = sparse.csr_array(np.eye(3))
    expect_equal(one, sparse.coo_matrix(np.eye(3)))
    assert message(sparse.csr_array(np.diag([1.0, 1, 2])), one) == "1 values differ; first at [2,2]: expected 1, got 2"
    assert message(np.eye(3), one) == "expected a sparse float64 matrix [3,3] with 3 values, got array f64[3,3]"


LARGE = 4 << 20  # values; in float32, 16 MiB


@pytest.mark.parametrize("wrong", [None, slice(-3, None), slice(None)])
def test_comparing_large_arrays_takes_little_memory(wrong: slice | None) -> None:
    """The answer of a student may have 256 MB; widened at once, two of them took 3 GB."""
    expected = np.ones((2, LARGE // 2), np.float32)
    actual = expected.copy()
    if wrong:
        actual.reshape(-1)[wrong] = 2
    tracemalloc.start()
    try:
        if wrong is None:
            expect_close(actual, expected)
        else:
            count = len(range(LARGE)[wrong])
            with pytest.raises(Mismatch, match=rf"{count} of {LARGE} values differ .* largest difference is 1 at \["):
                expect_close(actual, expected)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 32 << 20


def test_parts_of_a_comparison_are_told_as_one(monkeypatch: pytest.MonkeyPatch) -> None:
    expected = torch.arange(35, dtype=torch.float32).reshape(5, 7).T
    actual = expected.clone()
    actual[2, 1], actual[3, 3], actual[6, 4] = 90, -90, math.nan
    whole = compare(actual, expected, Tolerance())
    monkeypatch.setattr("autograder.checks.values.CHUNK", 4)
    parts = compare(actual, expected, Tolerance())
    assert whole is not None
    assert parts is not None
    assert parts.message == whole.message
    assert "first at [2,1]: expected 9, got 90; the largest difference is 114 at [3,3]; 1 value is nan" in parts.message


def test_a_list_in_place_of_a_set_is_said_with_both_types() -> None:
    found = compare(["blue", "you"], {"you", "blue"}, EXACT)
    assert found is not None
    assert found.message == "expected the set {'blue', 'you'}, got the list ['blue', 'you']"


def test_what_a_set_lacks_is_named_in_one_order() -> None:
    words = {f"w{number}" for number in range(1, 9)}
    found = compare(words - {"w8", "w3", "w5"} | {"b", "a"}, words, EXACT)
    assert found is not None
    assert found.message == "the set has no 'w3', 'w5', 'w8' and has unexpected 'a', 'b'"
