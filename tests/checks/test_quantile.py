"""Normal quantiles agree with the standard library, and do not depend on a processor's logarithm."""

from __future__ import annotations

from statistics import NormalDist

import numpy as np
import pytest

from autograder.checks.quantile import normal_quantile

WITHIN = np.linspace(1e-6, 1 - 1e-6, 4001)
TAILS = 10.0 ** -np.arange(2, 11)


@pytest.mark.parametrize("p", [WITHIN, TAILS, 1 - TAILS], ids=["within", "lower tail", "upper tail"])
def test_quantiles_agree_with_the_standard_library(p):
    expected = np.array([NormalDist().inv_cdf(value) for value in p.tolist()])
    np.testing.assert_allclose(normal_quantile(p), expected, rtol=1e-14, atol=1e-15)


def test_values_in_the_far_tail_are_bounded():
    assert normal_quantile(np.array([2.0**-53, 1 - 2.0**-53])) == pytest.approx([-6.6, 6.6], abs=0.1)


def test_only_operations_that_ieee_754_defines_are_used(monkeypatch):
    expected = normal_quantile(WITHIN)
    for name in ("log", "exp", "log1p", "power", "sin", "cos", "matmul", "dot", "einsum"):
        monkeypatch.setattr(np, name, lambda *arguments, name=name: pytest.fail(f"np.{name} differs between machines"))
    assert (normal_quantile(WITHIN) == expected).all()
