"""Densities on the plane: points and log-densities belong together."""

from __future__ import annotations

from functools import cache

import pytest
import torch

from common.data import planes

STEP = 14 / 350


@cache
def grid() -> torch.Tensor:
    axis = (torch.arange(350, dtype=torch.float64) + 0.5) * STEP - 6
    return torch.cartesian_prod(axis, axis)


@cache
def probabilities(kind: str) -> torch.Tensor:
    """Of the cells of the grid."""
    return planes.log_density(kind, grid()).exp() * STEP**2


@pytest.mark.parametrize("kind", planes.KINDS)
def test_the_density_integrates_to_one_over_the_plane(kind: str) -> None:
    assert abs(float(probabilities(kind).sum()) - 1) < 2e-3


@pytest.mark.parametrize("kind", planes.KINDS)
def test_points_are_distributed_by_the_density(kind: str) -> None:
    points = planes.draw(kind, 20_000, seed=2**127 + 3).double()
    log_p = planes.log_density(kind, points)
    assert bool(log_p.isfinite().all())
    p = probabilities(kind)
    entropy = -torch.special.xlogy(p, p / STEP**2).sum()
    assert abs(float(-log_p.mean() - entropy)) < 0.03
    means = torch.stack([(p[:, None] * f).sum(dim=0) for f in (grid(), grid().square())])
    assert torch.allclose(torch.stack([points.mean(dim=0), points.square().mean(dim=0)]), means, atol=0.08)


def test_seeds_and_dtypes() -> None:
    first, again, other = (planes.draw("moons", 5, seed=seed) for seed in (3, 3, 4))
    assert first.shape == (5, 2)
    assert first.dtype == torch.float32
    assert bool((first == again).all())
    assert bool((first != other).any())
    assert planes.log_density("board", torch.tensor([[-1.5, -1.5], [-1.5, -0.5], [9.0, 9.0]])).isfinite().tolist() == [
        True,
        False,
        False,
    ]


@pytest.mark.parametrize(
    "call", [lambda: planes.draw("cube", 3), lambda: planes.log_density("cube", torch.zeros(1, 2))]
)
def test_an_unknown_density_is_refused(call: object) -> None:
    with pytest.raises(ValueError, match="no density 'cube'"):
        call()  # type: ignore[operator]
