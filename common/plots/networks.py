"""Drawings of graphs: nodes as discs, edges as lines. For notebooks about graphs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def spring_layout(edge_index: Tensor, num_nodes: int, *, seed: int = 0) -> Tensor:
    """Return places at which neighbours are near one another (Fruchterman and Reingold 1991, by networkx).

    Shapes:
        edge_index  (2, E)          int64
        num_nodes   int             N
        out         (num_nodes, 2)  float64, in [-1, 1]
    """
    import networkx  # comes with torch

    graph = networkx.Graph()
    graph.add_nodes_from(range(num_nodes))
    graph.add_edges_from(edge_index.T.tolist())
    places = networkx.spring_layout(graph, seed=seed)
    return torch.tensor([places[n].tolist() for n in range(num_nodes)], dtype=torch.float64)


def draw_network(
    axes: Axes,
    edge_index: Tensor,
    places: Tensor,
    *,
    values: Tensor | None = None,
    names: Sequence[str] = (),
    widths: Tensor | None = None,
    title: str = "",
    size: float = 120,
    arrows: bool = False,
    **colours: Any,
) -> None:
    """Draw a graph on axes of matplotlib; `colours` are options of `scatter`, such as cmap, vmin and vmax.

    Shapes:
        edge_index  (2, E)  int64; of two opposite edges both are drawn
        places      (N, 2)  x and y of each node
        values      (N,)    one colour each; None: all alike
        names       N texts, white on dark discs and black on light ones
        widths      (E,)    the width of each line in points; None: 1
    """
    axes.set_axis_off()
    axes.set_title(title, fontsize=10)
    x, y = places.T.tolist()
    lines = [1.0] * edge_index.shape[1] if widths is None else widths.tolist()
    for (source, target), width in zip(edge_index.T.tolist(), lines, strict=True):
        style = "-|>" if arrows else "-"
        line = {"arrowstyle": style, "color": "0.55", "linewidth": width, "shrinkA": 6, "shrinkB": 6 if arrows else 0}
        axes.annotate("", xy=(x[target], y[target]), xytext=(x[source], y[source]), arrowprops=line, zorder=1)
    look: dict[str, Any] = (
        {"c": "tab:blue"} if values is None else {"c": values.tolist(), **({"cmap": "tab10"} | colours)}
    )
    discs = axes.scatter(x, y, s=size, edgecolors="black", linewidths=0.7, zorder=2, **look)
    discs.update_scalarmappable()
    faces: Any = discs.get_facecolor()  # (1 or N, 4), from 0 to 1
    for number, name in enumerate(names):
        red, green, blue, _ = faces[number % len(faces)]
        ink = "black" if 0.3 * red + 0.59 * green + 0.11 * blue > 0.5 else "white"
        axes.annotate(
            name, (x[number], y[number]), ha="center", va="center", fontsize=8, color=ink, weight="bold", zorder=3
        )
    axes.margins(0.12)
