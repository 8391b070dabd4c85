"""Figures of tensors and graphs: what they draw, what they say, and what they refuse."""

import pytest
import torch

from common.plots import broadcast_blocks, graph, storage_strip


def texts(figure):
    return [text.get_text() for axes in figure.axes for text in axes.texts]


def test_a_strip_has_every_number_and_the_strides_of_the_view():
    x = torch.arange(12).reshape(3, 4)
    figure = storage_strip(x, x[1:, ::2])
    assert texts(figure)[:12] == [str(number) for number in range(12)]
    assert {"axis 0: stride 4", "axis 1: stride 2"} <= set(texts(figure))
    assert figure.alt.endswith("shape (2, 2), strides (4, 2), offset 4: 4, 6, 8, 10.")


def test_a_strip_of_a_copy_or_of_three_axes_is_refused():
    x = torch.arange(12).reshape(3, 4)
    with pytest.raises(ValueError, match="this tensor is a copy"):
        storage_strip(x, x[[0, 2]])
    with pytest.raises(ValueError, match="rank 1 or 2"):
        storage_strip(x, x[None])


def test_blocks_show_both_operands_stretched_and_their_sum():
    figure = broadcast_blocks(torch.arange(2).reshape(2, 1), torch.tensor([10, 20, 30]))
    assert texts(figure)[:6] == ["0", "0", "0", "1", "1", "1"]
    assert {"(2, 1)", "(3,)", "(2, 3)"} <= set(texts(figure))
    assert "21" in texts(figure)
    with pytest.raises(ValueError, match="up to two axes"):
        broadcast_blocks(torch.zeros(2, 2, 2), torch.zeros(2))


def test_a_graph_has_a_box_for_each_node_and_an_arrow_for_each_parent():
    one = torch.tensor(1.5)
    rows = [("x", one, torch.tensor(3.0), ()), ("", torch.ones(2, 3), None, ()), ("*", 2 * one, one, (0, 0)),
            ("+", one, one, (2, 1))]  # fmt: skip
    figure = graph(rows)
    assert {"x", "input", "*", "+", "2x3"} <= set(texts(figure))
    arrows = [text for text in figure.axes[0].texts if getattr(text, "arrow_patch", None) is not None]
    assert len(arrows) == 4
    assert "*: value 3, gradient 1.5" in figure.alt


@pytest.mark.parametrize(("parents", "words"), [((1,), "rows before it"), ((-1,), "rows before it")])
def test_a_graph_whose_rows_are_in_a_wrong_order_is_refused(parents, words):
    with pytest.raises(ValueError, match=words):
        graph([("x", torch.zeros(()), None, ()), ("y", torch.zeros(()), None, parents)])


def test_an_empty_graph_is_refused():
    with pytest.raises(ValueError, match="1 to 60 nodes"):
        graph([])
