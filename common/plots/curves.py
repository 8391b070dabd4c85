"""Curves over iterations or epochs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from common.plots.figure import new_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def curves(
    lines: Mapping[str, Sequence[float] | Tensor], *, xlabel: str = "iteration", ylabel: str = "", title: str = ""
) -> Figure:
    """Draw each named sequence over its index: `curves({"train": ..., "validation": ...}, ylabel="accuracy")`."""
    from matplotlib.ticker import MaxNLocator

    figure = new_figure(6, 3.5)
    axes = figure.add_subplot()
    for name, values in lines.items():
        heights = torch.as_tensor(values).detach().cpu().double().numpy()
        axes.plot(heights, label=name, marker="o" if len(heights) <= 30 else None, markersize=3)
    axes.set(xlabel=xlabel, ylabel=ylabel, title=title)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.grid(alpha=0.3)
    if len(lines) > 1:
        axes.legend(frameon=False)
    return figure
