"""Solids on a plane: depth, normals, numbers and classes agree with formulas, and nothing hides in front."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor

from common.data import solids


@pytest.fixture(scope="module")
def drawn() -> solids.Solids:
    return solids.draw(40, stream="tests", seed=2**127 + 5, size=40)


def points_of(drawn: solids.Solids, depth: Tensor | None = None) -> Tensor:
    """Return what the pixels show: (N, S, S, 3)."""
    size = drawn.images.shape[-1]
    v, u = torch.meshgrid(torch.arange(size), torch.arange(size), indexing="ij")
    rays = torch.stack([u, v, torch.ones_like(u)], dim=-1).double() @ drawn.K.double().inverse().T
    return rays * (drawn.depth if depth is None else depth)[..., None]


def own(drawn: solids.Solids, image: int, m: int, points: Tensor) -> np.ndarray:
    """Return points in the coordinates of a solid."""
    moved = points.double() - drawn.translation[image, m].double()
    return (moved @ drawn.rotation[image, m].double()).numpy()


def present(drawn: solids.Solids) -> list[tuple[int, int, str, np.ndarray]]:
    """Return the image, number, kind and size of each solid."""
    rows = [(n, m) for n, m in torch.nonzero(drawn.kinds >= 0).tolist()]
    return [(n, m, solids.KINDS[drawn.kinds[n, m]], drawn.sizes[n, m].double().numpy()) for n, m in rows]


def test_shapes_dtypes_and_ranges(drawn: solids.Solids) -> None:
    assert drawn.images.shape == drawn.normals.shape == (40, 3, 40, 40)
    assert drawn.depth.shape == drawn.masks.shape == drawn.classes.shape == (40, 40, 40)
    assert drawn.images.dtype == drawn.depth.dtype == drawn.normals.dtype == torch.float32
    assert drawn.masks.dtype == drawn.classes.dtype == drawn.kinds.dtype == torch.int64
    assert 0 <= drawn.images.min() < drawn.images.max() <= 1
    assert drawn.depth.min() > 0
    assert torch.isfinite(drawn.depth).all()
    assert (drawn.normals.norm(dim=1) - 1).abs().max() < 1e-5
    assert {kind for _, _, kind, _ in present(drawn)} == set(solids.KINDS)
    assert set((drawn.kinds >= 0).sum(dim=1).tolist()) == {1, 2, 3}


def test_pixels_of_a_solid_are_on_its_surface_with_its_normal(drawn: solids.Solids) -> None:
    points, seen, right = points_of(drawn), 0, 0
    for n, m, kind, size in present(drawn):
        where = drawn.masks[n] == m + 1
        p = own(drawn, n, m, points[n][where])
        assert np.abs(solids.signed_distance(kind, p, size)).max(initial=0) < 1e-5
        steps = 1e-4 * np.eye(3)
        slope = np.stack(
            [solids.signed_distance(kind, p + s, size) - solids.signed_distance(kind, p - s, size) for s in steps],
            axis=1,
        )
        normal = drawn.normals[n][:, where].T.double() @ drawn.rotation[n, m].double()
        right += int((np.abs(slope / 2e-4 - normal.numpy()).max(axis=1) < 1e-2).sum())
        seen += len(p)
    assert seen > 2500
    assert right > 0.99 * seen  # at an edge, differences mix two sides


def test_the_plane_is_below_the_solids(drawn: solids.Solids) -> None:
    points = points_of(drawn)
    for n, m, _, size in present(drawn):
        up = drawn.rotation[n, m, :, 2].double()
        foot = drawn.translation[n, m].double() - size[2] * up
        floor = drawn.masks[n] == 0
        assert ((points[n][floor] - foot) @ up).abs().max() < 1e-4
        assert (drawn.normals[n][:, floor].T.double() - up).abs().max() < 1e-5
        assert ((points[n][~floor] - foot) @ up).min() > -1e-4


def test_spheres_have_the_depth_of_the_formula(drawn: solids.Solids) -> None:
    rays, count = points_of(drawn, torch.ones_like(drawn.depth))[0], 0
    for n, m, kind, size in present(drawn):
        if kind != "sphere":
            continue
        t = drawn.translation[n, m].double()
        a, b, c = (rays**2).sum(-1), rays @ t, t @ t - size[0] ** 2
        depth = (b - (b**2 - a * c).sqrt()) / a
        where = drawn.masks[n] == m + 1
        assert (depth[where] - drawn.depth[n][where]).abs().max() < 1e-4
        assert not (depth < drawn.depth[n] - 1e-4).any()
        count += int(where.sum())
    assert count > 300


def test_nothing_is_in_front_of_what_a_pixel_shows(drawn: solids.Solids) -> None:
    for share in np.linspace(0.5, 0.999, 25):
        points = points_of(drawn, share * drawn.depth)
        for n, m, kind, size in present(drawn):
            assert solids.signed_distance(kind, own(drawn, n, m, points[n]), size).min() > -2e-3


def test_classes_and_numbers_agree_and_normals_face_the_camera(drawn: solids.Solids) -> None:
    padded = torch.cat([torch.full((40, 1), -1), drawn.kinds], dim=1)
    assert torch.equal(drawn.classes, 1 + torch.stack([padded[n][drawn.masks[n]] for n in range(40)]))
    towards = (points_of(drawn) * drawn.normals.permute(0, 2, 3, 1)).sum(-1)
    assert towards.max() < 1e-5
    assert 0.03 < (drawn.masks > 0).float().mean() < 0.3
    rotation = drawn.rotation.double()
    assert (rotation @ rotation.transpose(-1, -2) - torch.eye(3)).abs().max() < 1e-5
    assert (torch.linalg.det(rotation) - 1).abs().max() < 1e-5


def test_the_plane_is_bright_or_in_shadow(drawn: solids.Solids) -> None:
    shadows = 0
    for image, mask in zip(drawn.images, drawn.masks, strict=True):
        tones = image[:, mask == 0].mean(dim=0)
        dark = tones < 0.6 * tones.max()
        assert (tones[~dark] - tones.max()).abs().max() < 1e-5
        shadows += int(dark.any())
    assert shadows > 30


def test_an_image_depends_on_seed_stream_and_number_alone() -> None:
    few, more = solids.draw(3, seed=4, size=20), solids.draw(40, seed=4, size=20)
    assert torch.equal(few.images, more.images[:3])
    assert torch.equal(few.depth, more.depth[:3])
    for other in (solids.draw(3, seed=5, size=20), solids.draw(3, stream="test", seed=4, size=20)):
        assert not torch.equal(few.images, other.images)
    large = solids.draw(3, seed=4, size=40)
    assert (large.translation == few.translation).all()
    assert solids.draw(20, size=8, most=1).kinds[:, 1:].max() == -1


@pytest.mark.parametrize("kind", solids.KINDS)
def test_distances_grow_by_the_way_and_are_negative_inside(kind: str) -> None:
    random = np.random.default_rng(3)
    size = np.array([0.5, 0.5, 0.15 if kind == "torus" else 0.5])
    p = random.uniform(-1, 1, (3000, 3))
    away = solids.signed_distance(kind, p, size)
    unit = 1e-5 * np.eye(3)
    slope = np.stack([(solids.signed_distance(kind, p + s, size) - away) / 1e-5 for s in unit], axis=1)
    assert np.quantile(np.abs(np.linalg.norm(slope, axis=1) - 1), 0.99) < 1e-3
    volume = {"sphere": np.pi / 6, "box": 1, "cylinder": np.pi / 4, "cone": np.pi / 12, "torus": 0.155437}[kind]
    assert np.mean(away < 0) * 8 == pytest.approx(volume, abs=0.12)
    foot = p - away[:, None] * slope
    assert np.quantile(np.abs(solids.signed_distance(kind, foot, size)), 0.99) < 1e-3


def test_distances_of_known_points() -> None:
    size = np.array([0.6, 0.6, 0.4])
    at = np.array([[0, 0, 0.4], [0.6, 0, -0.4], [0, 0, -0.9], [0.3, 0, 0]])
    np.testing.assert_allclose(solids.signed_distance("cone", at, size), [0, 0, 0.5, 0], atol=1e-12)
    at = np.array([[0, 0, 0.0], [1, 0, 0], [0.9, 0, 0.8], [0.6, 0, 0.4]])
    np.testing.assert_allclose(solids.signed_distance("cylinder", at, size), [-0.4, 0.4, 0.5, 0], atol=1e-12)
    np.testing.assert_allclose(solids.signed_distance("box", at, size), [-0.4, 0.4, 0.5, 0], atol=1e-12)
    torus = np.array([0.6, 0.6, 0.1])
    at = np.array([[0, 0, 0.0], [0.5, 0, 0], [0, 0.6, 0], [0, 0.5, 0.3]])
    np.testing.assert_allclose(solids.signed_distance("torus", at, torus), [0.4, -0.1, 0, 0.2], atol=1e-12)


def test_wrong_arguments_are_refused() -> None:
    with pytest.raises(ValueError, match="most from 1 to 3"):
        solids.draw(2, most=4)
    with pytest.raises(ValueError, match="at least 1"):
        solids.draw(0)
    with pytest.raises(ValueError, match="no solid 'cube'"):
        solids.signed_distance("cube", np.zeros(3), np.ones(3))
