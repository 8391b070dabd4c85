"""A table of 1,024 small architectures with their accuracies on `common.data.signals`: the search space of a21.

A cell has the nodes 0 (its input), 1, 2 and 3 (its output) and five edges. A node is the sum of what its edges bring.
A choice for each edge is a number in [0, 4): nothing, the input itself, ReLU - convolution of width 3 - batch
normalisation, or the mean of three neighbours. Cells that compute the same function share one row of the table. The
table architectures.json was made by `python -m tools.train_architectures`; its head says how.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from itertools import product
from pathlib import Path

FILE = Path(__file__).with_name("architectures.json")
EDGES = ((0, 1), (0, 2), (1, 2), (1, 3), (2, 3))
OPERATIONS = ("none", "skip", "conv3", "pool3")
EPOCHS = (1, 4, 12)
Cell = tuple[int, ...]
CELLS: tuple[Cell, ...] = tuple(product(range(len(OPERATIONS)), repeat=len(EDGES)))


@dataclass(frozen=True)
class Row:
    """What is known of a cell: weights, multiplications per signal, and accuracies in [0, 1] after EPOCHS epochs."""

    parameters: int
    macs: int
    accuracies: tuple[tuple[float, ...], ...]  # one tuple for each seed, one number for each of EPOCHS


def accuracy(cell: Cell, epochs: int = EPOCHS[-1], *, seed: int | None = None) -> float:
    """Return the accuracy on validation signals after ``epochs`` epochs: of one training, or the mean over seeds.

    ValueError for other numbers of epochs, and KeyError for what is not a cell.
    """
    if epochs not in EPOCHS:
        raise ValueError(f"epochs is one of {EPOCHS}, not {epochs}.")
    runs = [run[EPOCHS.index(epochs)] for run in row(cell).accuracies]
    return sum(runs) / len(runs) if seed is None else runs[seed]


def row(cell: Cell) -> Row:
    """Return the row of a cell, given as five numbers in [0, 4). KeyError for what is not a cell."""
    return table()[representative(tuple(cell))]


@cache
def table() -> dict[Cell, Row]:
    """Read the rows of all cells that stand for themselves."""
    rows = json.loads(FILE.read_text(encoding="utf-8"))["cells"]
    return {
        tuple(map(int, name)): Row(parameters, macs, tuple(tuple(n / 1000 for n in run) for run in runs))
        for name, (parameters, macs, runs) in rows.items()
    }


@cache
def representative(cell: Cell) -> Cell:
    """Return the cell without edges that lead nowhere; the smaller of two mirrored ones. KeyError for no cell."""
    if len(cell) != len(EDGES) or not all(choice in range(len(OPERATIONS)) for choice in cell):
        raise KeyError(cell)
    choices = dict(zip(EDGES, cell, strict=True))
    reached, useful = {0}, {3}
    for start, end in EDGES:  # edges are in the order of their ends, so one pass is enough
        if choices[start, end] and start in reached:
            reached.add(end)
    for start, end in reversed(EDGES):
        if choices[start, end] and end in useful:
            useful.add(start)
    alive = {edge: kind if edge[0] in reached and edge[1] in useful else 0 for edge, kind in choices.items()}
    kept = tuple(alive[edge] for edge in EDGES)
    mirrored = (kept[1], kept[0], 0, kept[4], kept[3])
    return kept if kept[2] else min(kept, mirrored)
