"""Values, policies, runs and moving pictures are drawn."""

import io

import pytest
import torch
from PIL import Image

from common.plots.worlds import Film, action_grid, bands, value_grid


def test_a_grid_shows_values_and_arrows_but_none_at_a_star() -> None:
    values = torch.arange(9.0)
    figure = value_grid({"before": values, "after": 2 * values}, [torch.tensor([0, 1, 2, 3] * 2 + [0]), None],
                        names={4: "hole", 8: "fish*"})  # fmt: skip
    first, second = figure.axes
    assert [text.get_text() for text in first.texts if text.get_text()][:2] == ["0.00", "1.00"]
    assert {"hole", "fish"} <= {text.get_text() for text in first.texts}
    assert sum(hasattr(text, "arrow_patch") and text.arrow_patch is not None for text in first.texts) == 8
    assert sum(getattr(text, "arrow_patch", None) is not None for text in second.texts) == 0
    assert "after: from 0 to 16" in figure.alt
    with pytest.raises(ValueError, match="square"):
        value_grid({"five": torch.zeros(5)}, names=None)


def test_each_state_has_four_triangles_but_none_at_a_star() -> None:
    values = torch.arange(16.0).reshape(4, 4)
    values[1] = torch.tensor([9.0, -2.0, 3.0, 4.0])
    figure = action_grid({"learned": values}, names={2: "hole", 3: "fish*"})
    axes = figure.axes[0]
    triangles = axes.collections[0]
    assert triangles.get_array().tolist() == values[:3].flatten().tolist()
    up, right, down, left = (path.vertices[:3].mean(axis=0) for path in triangles.get_paths()[:4])  # of the first state
    assert up[1] < down[1]
    assert left[0] < right[0]
    assert abs(up[0] - down[0]) < 1e-9
    assert axes.yaxis_inverted()
    bold = [text.get_text() for text in axes.texts if text.get_weight() == "bold"]
    assert bold == ["3.0", "9.0", "11.0"]
    assert "learned: from -2 to 15" in figure.alt
    with pytest.raises(ValueError, match="square"):
        action_grid({"three actions": torch.zeros(4, 3)})


def test_bands_reach_from_the_worst_to_the_best_run() -> None:
    runs = torch.tensor([[0.0, 1.0, 2.0], [2.0, 3.0, 10.0]])
    figure = bands({"a": runs, "b": runs + 1}, every=50, ylabel="reward")
    axes = figure.axes[0]
    assert axes.lines[0].get_ydata().tolist() == [1, 2, 6]
    assert axes.lines[0].get_xdata().tolist() == [50, 100, 150]
    heights = axes.collections[0].get_paths()[0].vertices[:, 1]
    assert (heights.min(), heights.max()) == (0, 10)
    assert "a from 1 to 6" in figure.alt


def test_a_film_has_all_images() -> None:
    images = torch.rand(5, 1, 4, 6, generator=torch.Generator().manual_seed(0))
    film = Film(images, "noise", enlarge=3)
    with Image.open(io.BytesIO(film.data)) as gif:
        assert gif.n_frames == 5
        assert gif.size == (18, 12)
    with pytest.raises(ValueError, match="shape"):
        Film(images[0], "noise")
