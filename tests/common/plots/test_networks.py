"""Drawings of graphs have a disc for each node and a line for each edge."""

import torch

from common.plots.figure import new_figure
from common.plots.networks import draw_network, spring_layout


def test_a_graph_is_drawn_with_its_nodes_edges_and_names() -> None:
    edges = torch.tensor([[0, 1, 2, 1], [1, 0, 1, 2]])
    places = spring_layout(edges, 4, seed=1)
    assert places.shape == (4, 2)
    assert torch.equal(places, spring_layout(edges, 4, seed=1))
    figure = new_figure(3, 3, "Four nodes.")
    axes = figure.add_subplot()
    draw_network(axes, edges, places, values=torch.arange(4), names="abcd", widths=torch.ones(4), title="Four")
    assert len(axes.collections[0].get_offsets()) == 4
    assert len(axes.texts) == 4 + 4  # arrows are annotations, too
    draw_network(figure.add_subplot(), edges, places, arrows=True)
    figure.canvas.draw()


def test_names_are_readable_on_light_and_on_dark_discs() -> None:
    axes = new_figure(3, 3, "Two nodes.").add_subplot()
    edges, places = torch.tensor([[0], [1]]), torch.tensor([[0.0, 0.0], [1.0, 1.0]])
    draw_network(axes, edges, places, values=torch.tensor([0.0, 1.0]), names="ab", cmap="Blues", vmin=0, vmax=1)
    assert {text.get_text(): text.get_color() for text in axes.texts if text.get_text()} == {"a": "black", "b": "white"}
    draw_network(axes, edges, places, names="c")
    assert axes.texts[-1].get_color() == "white"
