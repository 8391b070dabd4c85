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


def test_a_gallery_without_pictures_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one"):
        gallery({}, "Nothing.")
