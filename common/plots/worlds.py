"""Values and policies on a grid of states, curves of several runs with bands, and moving pictures."""

from __future__ import annotations

import base64
import html
import io
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from common.plots.curves import STYLES
from common.plots.figure import new_figure, pixels_of

if TYPE_CHECKING:
    from matplotlib.figure import Figure

ARROWS = ((0.0, 1.0), (1.0, 0.0), (0.0, -1.0), (-1.0, 0.0))  # up, right, down, left
NAMES = ("up", "right", "down", "left")


def _compared(values: Mapping[str, Tensor]) -> tuple[list[Tensor], float, float, str]:
    """Return the tables as float64, their least and greatest number, and the range of each in words."""
    tables = [value.detach().cpu().double() for value in values.values()]
    ranges = [(float(t.min()), float(t.max())) for t in tables]
    spoken = [f"{title}: from {a:.3g} to {b:.3g}" for title, (a, b) in zip(values, ranges, strict=True)]
    return tables, min(a for a, _ in ranges), max(b for _, b in ranges), "; ".join(spoken)


def value_grid(
    values: Mapping[str, Tensor], actions: Sequence[Tensor | None] | None = None, *, names: Mapping[int, str] | None
) -> Figure:
    """Draw values of the states of a square as colours and numbers, with an arrow for the action in each state.

    Shapes:
        values   title: (S,)   states row by row; S is a square number
        actions  (S,) or None  for each title: 0 up, 1 right, 2 down, 3 left
        names    state: text   marks for some states, such as a hole; they get no arrow if the text ends with a star
    """
    names = names or {}
    side = round(len(next(iter(values.values()))) ** 0.5)
    if any(len(value) != side * side for value in values.values()):
        raise ValueError("value_grid needs the values of a square of states.")
    tables, low, high, spoken = _compared(values)
    figure = new_figure(2.5 * len(tables), 2.8, f"Values of {side * side} states. {spoken}.")
    for number, (title, table) in enumerate(zip(values, tables, strict=True)):
        axes = figure.add_subplot(1, len(tables), number + 1, xticks=[], yticks=[])
        axes.set_title(title, fontsize=9)
        axes.imshow(table.reshape(side, side).numpy(), cmap="coolwarm", vmin=low, vmax=high, alpha=0.7)
        arrows = actions[number] if actions is not None else None
        for state in range(side * side):
            row, column = divmod(state, side)
            mark = names.get(state, "")
            axes.text(column, row - 0.33, f"{float(table[state]):.2f}", ha="center", va="center", fontsize=8)
            axes.text(column, row + 0.36, mark.rstrip("*"), ha="center", va="center", fontsize=7)
            if arrows is not None and not mark.endswith("*"):
                right, up = ARROWS[int(arrows[state])]
                start, end = (column - 0.2 * right, row + 0.2 * up), (column + 0.2 * right, row - 0.2 * up)
                axes.annotate("", xy=end, xytext=start, arrowprops={"arrowstyle": "-|>", "color": "black"})
    return figure


def action_grid(values: Mapping[str, Tensor], *, names: Mapping[int, str] | None = None) -> Figure:
    """Draw values of the actions in each state of a square: a triangle with a colour and a number for each direction.

    The best action of a state has a bold number.

    Shapes:
        values  title: (S, 4)  states row by row, S a square number; actions 0 up, 1 right, 2 down, 3 left
        names   state: text    marks for some states; a state whose text ends with a star has no triangles
    """
    from matplotlib.collections import PolyCollection

    names = names or {}
    side = round(len(next(iter(values.values()))) ** 0.5)
    if any(value.shape != (side * side, len(ARROWS)) for value in values.values()):
        raise ValueError("action_grid needs values (S, 4) of a square of states.")
    tables, low, high, spoken = _compared(values)
    figure = new_figure(4.2 * len(tables), 4.4, f"Values of four actions in {side * side} states. {spoken}.")
    for number, (title, table) in enumerate(zip(values, tables, strict=True)):
        axes = figure.add_subplot(1, len(tables), number + 1, xticks=[], yticks=[], aspect="equal")
        axes.set(xlim=(-0.5, side - 0.5), ylim=(side - 0.5, -0.5))
        axes.set_title(title, fontsize=9)
        corners, colours = [], []
        for state in range(side * side):
            row, column = divmod(state, side)
            mark = names.get(state, "")
            axes.text(column, row, mark.rstrip("*"), ha="center", va="center", fontsize=7, zorder=3)
            if mark.endswith("*"):
                continue
            for action, (right, up) in enumerate(ARROWS):
                middle, along, across = (column, row), (0.5 * right, -0.5 * up), (0.5 * up, 0.5 * right)
                ends = [(column + along[0] + sign * across[0], row + along[1] + sign * across[1]) for sign in (-1, 1)]
                corners.append([middle, *ends])
                colours.append(float(table[state, action]))
                best = action == int(table[state].argmax())
                text = f"{round(colours[-1], 1) + 0.0:.1f}"  # no minus before 0.0
                axes.text(column + 0.33 * right, row - 0.33 * up, text, ha="center", va="center", fontsize=7,
                          weight="bold" if best else "normal")  # fmt: skip
        triangles = PolyCollection(corners, cmap="coolwarm", edgecolors="white", linewidths=0.5, alpha=0.7)
        triangles.set(array=colours, clim=(low, high))
        axes.add_collection(triangles)
    return figure


def bands(
    runs: Mapping[str, Tensor], *, xlabel: str = "update", ylabel: str = "", every: int = 1, title: str = ""
) -> Figure:
    """Draw the mean of several runs as a line, and between the worst and the best run a band.

    Shapes:
        runs   name: (R, T)  R runs of T numbers
        every  int           how many `xlabel` are between two numbers
    """
    tables = {name: table.detach().cpu().double() for name, table in runs.items()}
    spoken = [f"{name} from {float(t[:, 0].mean()):.3g} to {float(t[:, -1].mean()):.3g}" for name, t in tables.items()]
    figure = new_figure(6, 3.5, f"{title or ylabel} over {xlabel}, means of runs: {'; '.join(spoken)}.")
    axes = figure.add_subplot()
    for number, (name, table) in enumerate(tables.items()):
        x = every * torch.arange(1, table.shape[1] + 1).numpy()
        (line,) = axes.plot(x, table.mean(dim=0).numpy(), label=name, linestyle=STYLES[number % len(STYLES)])
        axes.fill_between(x, table.amin(dim=0).numpy(), table.amax(dim=0).numpy(), color=line.get_color(), alpha=0.2)
    axes.set(xlabel=xlabel, ylabel=ylabel, title=title)
    axes.grid(alpha=0.3)
    if len(tables) > 1:
        axes.legend(edgecolor="none", framealpha=0.85)
    return figure


class Film:
    """Images that are shown one after another, again and again, in a notebook.

    Shapes:
        images        (N, C, H, W)  C is 1 or 3; float in [0, 1] or uint8
        alt           str           what it shows, in words
        milliseconds  int           how long each image is shown
        enlarge       int           each pixel becomes a square with so many pixels a side
    """

    def __init__(self, images: Tensor, alt: str, *, milliseconds: int = 60, enlarge: int = 4) -> None:
        if images.ndim != 4 or images.shape[1] not in (1, 3) or not len(images):
            raise ValueError(f"film shows images of shape (N, 1 or 3, H, W), not {tuple(images.shape)}.")
        self.alt = alt
        self.data = _gif(pixels_of(images), milliseconds, enlarge)

    def _ipython_display_(self) -> None:
        from IPython.display import display

        source = base64.b64encode(self.data).decode()
        image = (
            f'<img style="border: 1px solid gray" alt="{html.escape(self.alt)}" src="data:image/gif;base64,{source}">'
        )
        display({"text/html": image, "text/plain": self.alt}, raw=True)  # type: ignore[no-untyped-call]


def _gif(pixels: Any, milliseconds: int, enlarge: int) -> bytes:
    from PIL import Image

    frames = [
        Image.fromarray((255 * frame).round().astype("uint8").repeat(enlarge, 0).repeat(enlarge, 1)) for frame in pixels
    ]
    buffer = io.BytesIO()
    frames[0].save(buffer, "GIF", save_all=True, append_images=frames[1:], duration=milliseconds, loop=0)
    return buffer.getvalue()
