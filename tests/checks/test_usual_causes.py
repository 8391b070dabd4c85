"""A wrong type, shape or value that no check explains has a hint about its usual cause, if there is one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from autograder.checks.expect import Mismatch, expect_close, expect_equal, expect_shape, expect_type

X = torch.tensor([[2.0, -1.0, 4.0, 8.0], [5.0, 0.5, -3.0, 7.0], [6.0, 9.0, 1.5, -2.0]])
ARRAY = X.numpy()
POSITIVE = X.abs()
SQUARE = torch.arange(1.0, 17).reshape(4, 4)


def hint_of(call: Callable[..., None], *args: Any, **kwargs: Any) -> str:
    with pytest.raises(Mismatch) as caught:
        call(*args, **kwargs)
    return caught.value.hint


@pytest.mark.parametrize(
    ("actual", "expected", "hint"),
    [
        (ARRAY, X, "This is a numpy array"),
        (list(X), X, "This is a list: torch.stack joins"),
        (3.5, torch.tensor([3.5]), "This is a number of Python"),
        (3, torch.tensor([3]), "This is a number of Python"),
        (tuple(X.max(dim=1)), X.max(dim=1).values, "take .values or .indices"),
        (X, ARRAY, "This is a tensor of torch"),
        ([1.0, 2.0], np.ones(2), "np.array(...)"),
        (X, (X, X), "Return all 2 parts: return a, b, ..."),
        (torch.tensor([2.5]), 2.5, "Axis 0, of size 1, is too much"),
        (X, 2.5, "Here are several numbers, but one is expected"),
    ],
)
def test_a_wrong_type_has_its_usual_cause(actual: Any, expected: Any, hint: str) -> None:
    assert hint in hint_of(expect_close, actual, expected)


def test_fractions_where_whole_numbers_are_expected() -> None:
    assert "come from argmax" in hint_of(expect_equal, torch.tensor([0.5, 1.0]), torch.tensor([0, 1]))
    assert "come from argmax" in hint_of(expect_equal, np.array([0.5, 1.0]), np.array([0, 1]))
    for found in (torch.tensor([0.0, 1.0]), torch.tensor([float("nan"), 1.0]), torch.ones(2, dtype=torch.int32)):
        assert "convert it with .to(torch.int64)" in hint_of(expect_equal, found, torch.tensor([0, 1]))


def test_whole_numbers_where_a_float_dtype_is_expected() -> None:
    assert "write dtype=torch.float32" in hint_of(expect_close, torch.tensor([1, 2]), torch.tensor([1.0, 2.0]))
    assert "write dtype=np.float64" in hint_of(expect_close, np.array([1, 2]), np.array([1.0, 2.0]))


def test_a_number_where_a_whole_number_is_expected() -> None:
    assert "divide with //" in hint_of(expect_equal, 4.0, 4)
    assert "x.item()" in hint_of(expect_type, torch.tensor(3), int)
    assert hint_of(expect_type, torch.tensor(3), str) == ""
    assert hint_of(expect_equal, 4.5, 4) == ""


@pytest.mark.parametrize(
    ("found", "wanted", "hint"),
    [
        ((), (3,), "A single number came out"),
        ((3, 4), (3, 1, 4), "Axis 1, of size 1, is missing"),
        ((2, 4), (2, 3, 4), "Axis 1 is missing: was it summed"),
        ((3, 1), (3,), "Axis 1, of size 1, is too much: remove it with squeeze(1)."),
        ((3, 2), (3,), "Axis 1 is too much"),
        ((5, 5), (5,), "Each of the 5 met each of the 5. x[:, i] takes all of i"),
        ((2, 4, 3), (3, 2, 4), "The sizes are right, but the axes are in another order"),
        ((3, 4), (3, 3, 4), ""),  # which of two axes is missing, nobody knows
        ((3, 3, 5), (3, 6, 5), "The size of axis 1 is that of axis 0"),
        ((3, 3, 5), (3, 6, 3), ""),
        ((3, 7, 6), (3, 6, 7), "The sizes are right"),
        ((6, 7, 7), (6, 6, 7), "The size of axis 1 is that of axis 2, one too many"),  # though axis 2 is as long
        ((5, 5), (6, 5), "The size of axis 0 is that of axis 1, one too few"),
        ((5,), (6,), ""),
        ((2, 2), (2, 9), ""),  # where something is left out, 2 may be left by chance
    ],
)
def test_a_wrong_shape_has_its_usual_cause(found: tuple[int, ...], wanted: tuple[int, ...], hint: str) -> None:
    said = hint_of(expect_shape, torch.zeros(found), wanted)
    assert said.startswith(hint)
    assert bool(said) == bool(hint)
    assert said == hint_of(expect_close, torch.rand(found) + 5, torch.zeros(wanted))
    assert hint_of(expect_shape, torch.zeros(found), wanted, hint="Of the check.") == "Of the check."


def test_a_shape_with_an_open_size_has_no_guess() -> None:
    assert hint_of(expect_shape, torch.zeros(3), (3, None)) == ""


@pytest.mark.parametrize(
    ("actual", "expected", "hint"),
    [
        (X.flip(1), X, "The order along axis 1 is reversed."),
        (X.roll(1, 1), X, "Along axis 1, every value is one place away"),
        (X[:, [1, 0, 3, 2]], X, "The values are right, but they are in other places."),
        (X**2, X, "These are the squares"),
        (POSITIVE.sqrt(), POSITIVE, "These are the square roots"),
        (X.exp(), X, "These are the exponentials"),
        (POSITIVE.log(), POSITIVE, "These are the logarithms"),
        (1 / X, X, "These are 1 divided by"),
        (1 - X, X, "These are 1 minus"),
        (X.clamp(min=0), X, "Negative values became 0"),
        ((X + 0.25).clamp(max=5), X, "Several values are exactly 5, and none is beyond it: does a clamp"),
        (X.abs(), X, "These are the absolute values"),
        (X * torch.tensor([1, -1, 1, 1]), X, "The absolute values are right, but some signs are wrong."),
        (X - 2.5, X, "Every value is too small by 2.5."),
        (X > 0, X <= 0, "Every 0 should be 1, and every 1 should be 0."),
        (X.cos(), X, ""),
    ],
)
def test_wrong_values_may_be_a_function_of_the_right_ones(actual: Any, expected: Any, hint: str) -> None:
    said = hint_of(expect_close, actual, expected)
    assert said.startswith(hint)
    assert bool(said) == bool(hint)
    assert hint_of(expect_close, actual, expected, hint="Of the check.") == "Of the check."


@pytest.mark.parametrize(
    ("actual", "expected", "hint"),
    [
        (-2.5, 2.5, "The value has the wrong sign."),
        (torch.tensor(0.75), torch.tensor(2.25), "The value is 1/3 of the expected one."),
        (np.float64(5.0), 2.5, "The value is 2 times the expected one."),
        (torch.tensor(6.25), 2.5, "These are the squares"),
        (4.0, 2.0, ""),  # of small whole numbers everything may be said
        (2.7, 2.5, ""),
        (2.502, 2.5, "This is nearly right"),
        (0.9995, 1.0, "This is nearly right"),
        (1.0, 1.0005, ""),  # a whole number is no result of a formula with eps
        (float("nan"), 2.5, ""),
        (10**30, 2.5, ""),
    ],
)
def test_a_single_number_may_be_a_function_of_the_right_one(actual: Any, expected: Any, hint: str) -> None:
    said = hint_of(expect_close, actual, expected)
    assert said.startswith(hint)
    assert bool(said) == bool(hint)


FACTORS = torch.tensor([0.5, 2.0, -3.0, 4.0])


def wrong_at(*place: Any) -> torch.Tensor:
    wrong = SQUARE.clone()
    wrong[place] += SQUARE.cos()[place]
    return wrong


@pytest.mark.parametrize(
    ("actual", "hint"),
    [
        (SQUARE + torch.diag(SQUARE.diag().cos()), "Only values on the diagonal are wrong."),
        (
            wrong_at(slice(None), [0, 3]),
            "Only the first and the last place along axis 1 are wrong: look at the border.",
        ),
        (wrong_at(0), "Only the first place along axis 0 is wrong."),
        (wrong_at(slice(None), 3), "Only the last place along axis 1 is wrong."),
        (wrong_at(slice(1, None)), "Along axis 0, the first place is right, and what comes after it is wrong."),
        (wrong_at(2, 0), ""),  # one value: chance
        (SQUARE * (1 + 0.005 * SQUARE.cos().abs()), "This is nearly right"),
        (SQUARE * torch.tensor([[1, 0, 1, 1], [0, 1, 1, 1], [1, 1, 1, 0], [1, 1, 1, 1]]), "All wrong values are 0"),
        (SQUARE.cos().mean(0).expand(4, 4), "All values along axis 0 are equal"),
        (wrong_at([1, 2]), "Along axis 0, only these places are wrong: 1, 2."),
        (SQUARE * FACTORS, "Each place along axis 1 has a factor of its own, which is too much: 0.5, 2, -3, ..."),
        (SQUARE * FACTORS[:, None], "Each place along axis 0 has a factor of its own"),
        (SQUARE + FACTORS, "Each place along axis 1 is off by a number of its own"),
    ],
)
def test_wrong_values_may_be_together(actual: torch.Tensor, hint: str) -> None:
    said = hint_of(expect_close, actual, SQUARE)
    assert said.startswith(hint)
    assert bool(said) == bool(hint)
    assert hint_of(expect_close, actual, SQUARE, hint="Of the check.") == "Of the check."


def test_wrong_values_may_be_those_of_one_sign() -> None:
    wrong = torch.where(X < 0, X.cos(), X)
    assert hint_of(expect_close, wrong, X) == "Exactly those values are wrong that should be below 0."
    cut = X.clamp(min=0)
    assert "Exactly those" not in hint_of(expect_close, torch.where(cut > 0, X.cos() - 3, cut), cut)
    assert hint_of(expect_close, cut + (cut == 0) * X.cos(), cut).endswith("wrong that should be 0.")


@pytest.mark.parametrize(
    ("bounds", "hint"),
    [
        ((-2, 7), "The values are right, but none is below -2 or above 7:"),
        ((-3, 7), "The values are right, but none is above 7:"),
        ((1, 9), "The values are right, but none is below 1:"),
        ((-3, 8), ""),  # of one value, anything may be the reason
    ],
)
def test_values_may_be_cut_off(bounds: tuple[float, float], hint: str) -> None:
    assert hint_of(expect_close, X.clamp(*bounds), X).startswith(hint)
    assert "none is" in hint_of(expect_close, X.clamp(*bounds), X) or not hint
