"""Choices and numbers as answers: messages do not reveal what is right."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import numpy as np
import pytest

from autograder.checks.expect import Mismatch
from autograder.checks.expect_answer import expect_choice, expect_number
from autograder.checks.task import BadCheck

SEASONS = ["Spring", "Summer", "Autumn", "Winter"]


def mismatch(function: Any, *args: Any, **options: Any) -> Mismatch:
    with pytest.raises(Mismatch) as caught:
        function(*args, **options)
    return caught.value


def test_a_right_choice_is_accepted_as_it_is_written() -> None:
    expect_choice(" summer ", "Summer", SEASONS)
    for answer in (["Winter", "autumn"], {"Autumn", "Winter"}):
        expect_choice(answer, ["Autumn", "Winter"], SEASONS)


def test_a_wrong_choice_has_its_hint_and_not_the_answer() -> None:
    found = mismatch(expect_choice, "Winter", "Summer", SEASONS, hints={"winter": "Look at the axis of months."})
    assert (found.message, found.hint) == ("'Winter' is not the right answer", "Look at the axis of months.")
    assert (
        mismatch(expect_choice, ["Autumn"], ["Autumn", "Winter"], SEASONS).message
        == "this is not exactly what is right"
    )


@pytest.mark.parametrize("answer", [3, None, "July", ["Summer"]])
def test_what_is_no_choice_is_told_the_choices(answer: Any) -> None:
    sentence = "expected one of 'Spring', 'Summer', 'Autumn', 'Winter', got "
    assert mismatch(expect_choice, answer, "Summer", SEASONS).message.startswith(sentence)


def test_the_right_answer_must_be_a_choice() -> None:
    with pytest.raises(BadCheck, match="not among the choices"):
        expect_choice("Summer", "July", SEASONS)


def test_a_public_check_judges_the_form_alone() -> None:
    expect_choice("winter", None, SEASONS)
    expect_number(3, None)
    assert "expected one of" in mismatch(expect_choice, "July", None, SEASONS).message
    assert "expected a number in m" in mismatch(expect_number, "3 m", None, unit="m").message


@pytest.mark.parametrize("answer", [9.81, 9.8, 10 - 0.2, Decimal("9.81"), np.float32(9.81), np.array(9.81)])
def test_a_number_within_the_tolerance_is_accepted(answer: Any) -> None:
    expect_number(answer, 9.81)


def test_a_wrong_number_has_its_hint_and_not_the_answer() -> None:
    found = mismatch(expect_number, 981, 9.81, unit="m/s²", mistakes={"These are centimetres.": 981.0})
    assert (found.message, found.hint) == ("981 m/s² is not the right number", "These are centimetres.")
    assert mismatch(expect_number, float("nan"), 9.81).message == "nan is not the right number"


@pytest.mark.parametrize("answer", [True, "9.81", None, [9.81], np.array([9.81])])
def test_what_is_no_number_is_refused(answer: Any) -> None:
    assert mismatch(expect_number, answer, 9.81, unit="m").message.startswith("expected a number in m, got ")
