"""Maps of numbers become colours, and darken images."""

import pytest
import torch

from common.plots.maps import heat, overlay


def test_heat_goes_from_black_over_red_to_white() -> None:
    maps = torch.tensor([[[0.0, 1.0], [2.0, 3.0]], [[5.0, 5.0], [5.0, 5.0]]])
    out = heat(maps)
    assert out.shape == (2, 3, 2, 2)
    assert out[0, :, 0, 0].tolist() == [0, 0, 0]
    assert out[0, :, 0, 1].tolist() == [1, 0, 0]
    assert out[0, :, 1, 1].tolist() == [1, 1, 1]
    assert out[1].abs().max() == 0  # a map of equal numbers is black
    assert heat(maps, 8).shape == (2, 3, 8, 8)
    with pytest.raises(ValueError, match="shape"):
        heat(maps[0])


def test_an_overlay_is_dark_where_the_map_is_small() -> None:
    images, maps = torch.full((1, 3, 4, 4), 0.8), torch.tensor([[[0.0, 0.0], [0.0, 2.0]]])
    out = overlay(images, maps)
    assert out[0, 0, 3, 3] == pytest.approx(0.8)
    assert out[0, 0, 0, 0] == pytest.approx(0.12)
    with pytest.raises(ValueError, match="overlay needs"):
        overlay(images, maps[0])
