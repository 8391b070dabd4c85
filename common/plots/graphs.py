"""Computational graphs: a box for each node, inputs at the left, the result at the right."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from torch import Tensor

from common.plots.figure import new_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Row = tuple[str, Tensor, Tensor | None, tuple[int, ...]]
INPUT, GATE = "#fbe3c0", "#d9e8f6"


def graph(rows: Sequence[Row]) -> Figure:
    """Draw a graph: values above the names of nodes, gradients below them, arrows from parents to children.

    Shapes:
        rows  a row (name, value, gradient or None, numbers of the parents' rows) for each node, parents first
    """
    for number, row in enumerate(rows):
        if not all(0 <= parent < number for parent in row[3]):
            raise ValueError(f"Row {number} has the parents {row[3]}: they must be numbers of rows before it.")
    if not 0 < len(rows) <= 60:
        raise ValueError(f"graph draws 1 to 60 nodes, not {len(rows)}.")
    columns = _columns(rows)
    places = _places(rows, columns)
    tallest = max(sum(c == column for c in columns) for column in columns)
    spoken = [f"{name or 'input'}: value {_short(value)}, gradient {_short(grad)}" for name, value, grad, _ in rows]
    alt = f"A graph of {len(rows)} nodes. {'; '.join(spoken)}."
    figure = new_figure(1.5 * (max(columns) + 1) + 0.4, 1.05 * tallest + 0.4, alt)
    axes = figure.add_subplot()
    axes.set_axis_off()
    for number, (name, value, grad, parents) in enumerate(rows):
        x, y = places[number]
        for slot, parent in enumerate(parents):
            twice = parent in parents[:slot]  # as in x * x: two arrows
            bend = 0.3 if twice else -0.55 if columns[number] - columns[parent] > 1 else 0.0  # around what is between
            around = {"shrinkA": _half_width(rows[parent][0]), "shrinkB": _half_width(name) + 2}
            curve = {"arrowstyle": "-|>", "color": "black", "connectionstyle": f"arc3,rad={bend}", **around}
            axes.annotate("", xy=(x, y), xytext=places[parent], arrowprops=curve, zorder=1)
        box = {"boxstyle": "round,pad=0.35", "facecolor": GATE if parents else INPUT, "edgecolor": "black"}
        axes.text(x, y, name or "input", ha="center", va="center", fontsize=10, bbox=box, zorder=3)
        axes.text(x, y + 0.3, _short(value), ha="center", va="bottom", fontsize=9, color="tab:blue", zorder=4)
        axes.text(x, y - 0.3, _short(grad), ha="center", va="top", fontsize=9, color="tab:red", zorder=4)
    heights = [y for _, y in places]
    long = any(columns[number] - columns[parent] > 1 for number, row in enumerate(rows) for parent in row[3])
    axes.set(xlim=(-0.6, max(columns) + 0.6), ylim=(min(heights) - 0.62, max(heights) + (0.9 if long else 0.62)))
    return figure


def _columns(rows: Sequence[Row]) -> list[int]:
    """Return for each node a column right of its parents; inputs move next to the first node that uses them."""
    columns: list[int] = []
    for row in rows:
        columns.append(1 + max((columns[parent] for parent in row[3]), default=-1))
    for number, row in enumerate(rows):
        if not row[3]:
            users = [columns[other] for other, each in enumerate(rows) if number in each[3]]
            columns[number] = min(users) - 1 if users else 0
    return columns


def _places(rows: Sequence[Row], columns: Sequence[int]) -> list[tuple[float, float]]:
    """Return x and y of each node; in each column, nodes are in the order of the mean height of their parents."""
    heights: dict[int, float] = {}
    for column in range(max(columns) + 1):
        here = [number for number, c in enumerate(columns) if c == column]

        def wish(number: int) -> float:
            parents = [heights[parent] for parent in rows[number][3]]
            return sum(parents) / len(parents) if parents else -number / 1000  # inputs from the top, in their order

        here.sort(key=wish, reverse=True)
        for place, number in enumerate(here):
            heights[number] = (len(here) - 1) / 2 - place
    return [(float(column), heights[number]) for number, column in enumerate(columns)]


def _half_width(name: str) -> float:
    """Return about how many points an arrow must end before the middle of a node's box."""
    return 8 + 3.2 * len(name or "input")


def _short(x: Tensor | None) -> str:
    """Return a number with three digits, a shape for several numbers, or an empty text."""
    if x is None:
        return ""
    return f"{x.item():.3g}" if x.numel() == 1 else "x".join(map(str, x.shape))
