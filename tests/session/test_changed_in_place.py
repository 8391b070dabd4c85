"""A call that changed its input in place: the report says so, also where a wrong value is noticed first."""

from __future__ import annotations

import numpy as np
import pytest
import torch

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


SETTINGS = """
import torch

def seeds(x):
    torch.manual_seed(0)
    return x + torch.rand(())

def doubles(x):
    torch.set_default_dtype(torch.float64)
    return x

def stops(x):
    torch.set_grad_enabled(False)
    return x

def draws(x):
    with torch.no_grad():
        return x + torch.rand(()) + torch.rand((), generator=torch.Generator().manual_seed(0))
"""


@pytest.mark.parametrize(
    ("name", "text"), [("seeds", "it was seeded"), ("doubles", "default dtype"), ("stops", "records gradients")]
)
def test_torchs_settings_count_as_well(name: str, text: str) -> None:
    x = torch.zeros(2)
    with local_student(SETTINGS, seed=7) as student:
        with pytest.raises(Mismatch, match=text):
            expect_unchanged(student.inspect(getattr(student, name), x), x)
        expect_unchanged(student.inspect(student.draws, x), x)


def test_a_task_may_be_to_seed() -> None:
    x = torch.zeros(2)
    with local_student(SETTINGS, seed=7) as student:
        expect_unchanged(student.inspect(student.seeds, x), x, may_seed=True)
        with pytest.raises(Mismatch, match="default dtype"):
            expect_unchanged(student.inspect(student.doubles, x), x, may_seed=True)
