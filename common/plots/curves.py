"""Curves over iterations or epochs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from common.plots.figure import new_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure

STYLES = ("-", "--", "-.", ":", (0, (5, 1, 1, 1, 1, 1)), (0, (10, 3)))  # the last ones: dash and two dots; long dashes
MARKERS = ("o", "s", "^", "D", "v")


def curves(
    lines: Mapping[str, Sequence[float] | Tensor],
    *,
    x: Sequence[float] | Tensor | None = None,
    xlabel: str = "iteration",
    ylabel: str = "",
    title: str = "",
) -> Figure:
    """Draw each named sequence over its index: `curves({"train": ..., "validation": ...}, ylabel="accuracy")`.

    With `x`, the lines are drawn over these numbers instead, as many as each line has. Lines differ in their style as
    well as in their colour.
    """
    from matplotlib.ticker import MaxNLocator

    heights = {name: torch.as_tensor(values).detach().cpu().double().numpy() for name, values in lines.items()}
    courses = [f"{name} from {line[0]:.3g} to {line[-1]:.3g}" for name, line in heights.items() if len(line)]
    figure = new_figure(6, 3.5, f"{title or ylabel or 'Curves'} over {xlabel}: {'; '.join(courses)}.")
    axes = figure.add_subplot()
    places = None if x is None else torch.as_tensor(x).detach().cpu().double().numpy()
    for number, (name, line) in enumerate(heights.items()):
        axes.plot(
            range(len(line)) if places is None else places,
            line,
            label=name,
            linestyle=STYLES[number % len(STYLES)],
            marker=MARKERS[number % len(MARKERS)] if len(line) <= 30 else None,
            markersize=3,
        )
    axes.set(xlabel=xlabel, ylabel=ylabel, title=title)
    if places is None or not (places % 1).any():
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.grid(alpha=0.3)
    if len(lines) > 1:
        axes.legend(edgecolor="none", framealpha=0.85)  # its text is readable on top of lines, too
    return figure
