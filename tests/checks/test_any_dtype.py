"""In a check with any_dtype, floats of every width are accepted; in all others the dtype counts."""

from __future__ import annotations

import inspect
from fractions import Fraction

import pytest
import torch

from autograder.checks.expect import Mismatch, expect_close
from autograder.checks.gradients import expect_gradient
from autograder.checks.task import spec_of, task

X = torch.arange(1.0, 7.0, dtype=torch.float64) / 3


@task("f", share="2/3", any_dtype=True)
def check_f(student, rng):
    """It agrees."""
    expect_close(student, X, **rng)


def test_the_tolerance_is_that_of_the_coarser_dtype():
    check_f(X.float(), {})
    check_f(X.float(), {"rtol": 1e-9, "atol": 0.0})
    check_f(X.half(), {})
    with pytest.raises(Mismatch, match="6 of 6 values differ"):
        check_f(X.float() + 0.01, {})
    with pytest.raises(Mismatch, match="6 of 6 values differ"):
        check_f(X + 1e-4, {})  # float64 is judged as such
    with pytest.raises(Mismatch, match="6 of 6 values differ"):
        check_f(X + 1e-7, {"rtol": 0.0, "atol": 1e-9})


def test_whole_numbers_are_no_floats():
    with pytest.raises(Mismatch, match="expected dtype float64, got int64"):
        check_f(X.long(), {})


def test_other_checks_judge_the_dtype_even_after_a_failure():
    with pytest.raises(Mismatch):
        check_f(X + 1, {})
    with pytest.raises(Mismatch, match="expected dtype float64, got float32"):
        expect_close(X.float(), X)


def test_gradients_too():
    @task("g", any_dtype=True)
    def check_g(grad):
        expect_gradient(lambda x: (x**2).sum(), X, grad)

    check_g(2 * X.float())
    with pytest.raises(Mismatch, match="value"):
        check_g(2.1 * X.float())
    with pytest.raises(Mismatch, match="dtype"):
        expect_gradient(lambda x: (x**2).sum(), X, 2 * X.float())


def test_the_mark_the_arguments_and_the_docstring_remain():
    spec = spec_of(check_f)
    assert spec is not None
    assert (spec.task, spec.share) == ("f", Fraction(2, 3))
    assert list(inspect.signature(check_f).parameters) == ["student", "rng"]
    assert inspect.getdoc(check_f) == "It agrees."


def test_a_complaint_about_the_check_names_its_own_line():
    assert inspect.unwrap(check_f).__code__.co_filename == __file__
