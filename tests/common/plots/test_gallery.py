"""Galleries of arrays."""

from __future__ import annotations

import numpy as np
import pytest

from common.plots.gallery import gallery


def test_each_picture_has_axes_with_its_title() -> None:
    pictures = {name: np.zeros((4, 6)) for name in ("one", "two", "three")}
    figure = gallery({**pictures, "colours": np.zeros((4, 6, 3))}, "Four pictures.", columns=3)
    assert [axes.get_title() for axes in figure.axes] == ["one", "two", "three", "colours"]
    assert figure.get_size_inches()[0] == 9


def test_pictures_of_one_row_have_one_scale() -> None:
    wide, narrow = np.zeros((10, 30)), np.zeros((10, 15))
    figure = gallery({"wide": wide, "narrow": narrow}, "Two pictures.")
    figure.draw_without_rendering()
    one, other = (axes.get_window_extent() for axes in figure.axes)
    assert abs(one.height / other.height - 1) < 0.02
    assert abs(one.width / other.width - 2) < 0.05


def test_a_gallery_without_pictures_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one"):
        gallery({}, "Nothing.")
