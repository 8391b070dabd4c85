"""Rendered photographs: what is known about them is true."""

from __future__ import annotations

import numpy as np
import pytest

from common.data import photographs


@pytest.mark.parametrize("kind", photographs.KINDS)
def test_edges_are_where_the_picture_changes(kind: str) -> None:
    photo = photographs.draw(kind, seed=2**127 + 5)
    assert photo.image.shape == (*photographs.SIZE, 3)
    assert 0 <= photo.image.min() < photo.image.max() <= 1
    down = np.abs(photo.image[1:] - photo.image[:-1]).max(axis=2)
    both = photo.edges[1:] | photo.edges[:-1]
    assert down[~both].mean() < 0.02 < 0.1 < down[both].mean()
    assert 0.02 < photo.edges.mean() < 0.2
    assert 0.01 < photo.mask.mean() < 0.3


def test_a_seed_of_128_bits_gives_the_same_scene_and_another_seed_another() -> None:
    first, again, other = (photographs.draw("house", seed=seed) for seed in (2**128 - 3, 2**128 - 3, 2**128 - 4))
    assert (first.image == again.image).all()
    assert (first.image != other.image).any()


def test_a_view_moves_the_corners_and_the_shape_in_front() -> None:
    view = np.array([[1.0, 0.0, 7.0], [0.0, 1.0, -11.0], [0.0, 0.0, 1.0]])
    plain, moved = photographs.draw("flag", seed=4), photographs.draw("flag", seed=4, view=view)
    np.testing.assert_allclose(moved.corners, plain.corners + np.array([7, -11]), atol=1e-9)
    assert (moved.mask[7:, :-11] == plain.mask[:-7, 11:]).all()
    np.testing.assert_allclose(moved.image[7:, :-11], plain.image[:-7, 11:], atol=1e-9)


def test_a_perspective_keeps_the_corners_at_the_mask() -> None:
    view = np.array([[1.05, 0.1, -8.0], [-0.08, 1.1, 5.0], [3e-4, 0.0, 1.0]])
    photo = photographs.draw("house", seed=3, view=view)
    rows, columns = np.nonzero(photo.mask)
    assert abs(rows.min() - photo.corners[:, 0].min()) < 1.5
    assert abs(columns.max() - photo.corners[:, 1].max()) < 1.5


def test_round_shapes_have_no_corners_and_unknown_kinds_are_refused() -> None:
    assert photographs.draw("fruit").corners.shape == (0, 2)
    with pytest.raises(ValueError, match="no photograph 'dog'"):
        photographs.draw("dog")
