"""A call that changed its input in place: the report says so, also where a wrong value is noticed first."""

from __future__ import annotations

import numpy as np
import pytest

from autograder.checks.expect import IN_PLACE_HINT, Mismatch, expect_close, expect_equal, expect_unchanged
from autograder.session.verdict import verdict_on
from tests.support.local import local_student

SOURCE = """
def centre(x, f=None):
    x -= x.mean()
    return x + 1

def shift(x):
    return x + 1

def apply(f, x):
    x[0] = 9.0
    return f(x)
"""
CHANGED = "The call changed its argument 1 in place."


def message(name: str, *, first: bool) -> str:
    """Return what a check says that compares the value, and before or after it the argument."""
    x = np.array([1.0, 2.0, 6.0])
    with local_student(SOURCE) as student:
        seen = student.inspect(getattr(student, name), x)
        with pytest.raises(Mismatch) as caught:
            expect_unchanged(seen, x) if first else expect_close(seen.value, x - 3.0)
        return verdict_on(caught.value, student.trail).message


def test_a_wrong_value_does_not_hide_that_the_input_was_changed() -> None:
    text = message("centre", first=False)
    assert "3 of 3 values differ" in text
    assert text.splitlines()[-1] == CHANGED


def test_inputs_that_were_multiplied_are_not_explained_by_the_factor() -> None:
    x = np.array([1.0, 2.0, 6.0])
    with local_student("def scale(x):\n    x *= 2\n    return x\n") as student:
        seen = student.inspect(student.scale, x)
        with pytest.raises(Mismatch) as caught:
            expect_equal(seen.args, (x,), name="the inputs after the call")
        assert "2 times" in caught.value.hint
        assert verdict_on(caught.value, student.trail).hint == IN_PLACE_HINT


def test_the_sentence_is_said_once() -> None:
    assert message("centre", first=True).count("in place") == 1


def test_a_wrong_value_alone_says_nothing_of_the_input() -> None:
    assert "in place" not in message("shift", first=False)


def test_the_number_of_the_argument_counts_objects_that_stay_in_the_students_process() -> None:
    x = np.array([1.0, 2.0])
    with local_student(SOURCE) as student:
        seen = student.inspect(student.apply, student.shift, x)
        with pytest.raises(Mismatch) as caught:
            expect_close(seen.value, x)
        assert verdict_on(caught.value, student.trail).message.splitlines()[-1] == CHANGED.replace("1", "2")


def test_a_tensor_that_stayed_in_the_students_process_is_not_called_changed() -> None:
    x = np.array([1.0, 2.0])
    with local_student(SOURCE) as student:
        seen = student.inspect(student.shift, student.hold(student.shift, x))
        with pytest.raises(Mismatch) as caught:
            expect_close(seen.value, x)
        assert "in place" not in verdict_on(caught.value, student.trail).message


def test_a_later_call_is_not_blamed() -> None:
    x = np.array([1.0, 2.0])
    with local_student(SOURCE) as student:
        student.inspect(student.centre, x)
        with pytest.raises(Mismatch) as caught:
            expect_close(student.shift(x), x)
        assert "in place" not in verdict_on(caught.value, student.trail).message


DESCEND = """
def descend(params, rate):
    for name in params:
        params[name] = params[name] - rate * {rate}
"""


@pytest.mark.parametrize("rate", ["params[name]", "0.0"])
def test_an_argument_that_should_change_may_change(rate: str) -> None:
    params = {"W": np.array([1.0, 2.0, 6.0]), "b": np.array([4.0])}
    with local_student(DESCEND.replace("{rate}", rate)) as student:
        seen = student.inspect(student.descend, params, 0.1)
        wanted = {name: value - 0.5 * value**2 for name, value in params.items()}
        with pytest.raises(Mismatch) as caught:
            expect_close(seen.args[0], wanted, name="params after the call")
        verdict = verdict_on(caught.value, student.trail)
        assert verdict.hint != IN_PLACE_HINT
        assert "in place" not in verdict.message


def test_an_argument_of_a_dict_that_should_stay_is_blamed() -> None:
    params = {"W": np.array([1.0, 2.0, 6.0])}
    with local_student(DESCEND.replace("{rate}", "params[name] ** 2")) as student:
        seen = student.inspect(student.descend, params, 0.1)
        with pytest.raises(Mismatch) as caught:
            expect_close(seen.args[0], params, name="params after the call")
        assert verdict_on(caught.value, student.trail).hint == IN_PLACE_HINT
