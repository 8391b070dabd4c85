"""Make architectures.json: `python -m tools.train_architectures` (about 20 minutes on one core).

Each cell of common.data.architectures is trained as two networks with different first weights, side by side in one
grouped convolution. A run that is stopped goes on where it was: rows are kept in architectures.partial.json.
"""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from common.data import signals
from common.data.architectures import CELLS, EDGES, EPOCHS, FILE, Cell, representative

SEEDS, CHANNELS, BATCH = 2, 12, 100
TRAIN, VALIDATION = 1500, 1000
PARTIAL = FILE.with_name("architectures.partial.json")
COMMAND = "python -m tools.train_architectures"


class Convolution(nn.Module):
    """ReLU, a convolution of width 3, batch normalisation: for SEEDS networks side by side."""

    def __init__(self) -> None:
        super().__init__()
        wide = SEEDS * CHANNELS
        self.conv = nn.Conv1d(wide, wide, 3, padding=1, bias=False, groups=SEEDS)
        self.norm = nn.BatchNorm1d(wide)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.norm(self.conv(x.relu()))
        return out


class Cells(nn.Module):
    """One cell."""

    def __init__(self, cell: Cell) -> None:
        super().__init__()
        self.cell = cell
        self.convs = nn.ModuleDict({str(n): Convolution() for n, kind in enumerate(cell) if kind == 2})

    def forward(self, x: Tensor) -> Tensor:
        nodes = [x, *(torch.zeros_like(x) for _ in range(3))]
        for number, ((start, end), kind) in enumerate(zip(EDGES, self.cell, strict=True)):
            if kind == 1:
                nodes[end] = nodes[end] + nodes[start]
            elif kind == 2:
                nodes[end] = nodes[end] + self.convs[str(number)](nodes[start])
            elif kind == 3:
                pooled = F.avg_pool1d(nodes[start], 3, stride=1, padding=1, count_include_pad=False)
                nodes[end] = nodes[end] + pooled
        return nodes[3]


class Network(nn.Module):
    """A stem, two cells with a pooling between them, the mean over places, and a linear layer."""

    def __init__(self, cell: Cell) -> None:
        super().__init__()
        wide = SEEDS * CHANNELS
        self.stem = nn.Conv1d(SEEDS, wide, 5, stride=2, padding=2, bias=False, groups=SEEDS)
        self.norm = nn.BatchNorm1d(wide)
        self.first, self.second = Cells(cell), Cells(cell)
        self.head = nn.Conv1d(wide, SEEDS * signals.NUM_CLASSES, 1, groups=SEEDS)

    def forward(self, x: Tensor) -> Tensor:
        x = self.first(self.norm(self.stem(x.expand(-1, SEEDS, -1))))
        x = self.second(F.max_pool1d(x, 2)).relu().amax(dim=2, keepdim=True)
        out: Tensor = self.head(x)
        return out.reshape(len(x), SEEDS, signals.NUM_CLASSES)


def train(cell: Cell, data: tuple[Tensor, Tensor, Tensor, Tensor]) -> list[list[int]]:
    """Train both networks of a cell; return for each its accuracies in thousandths after each of EPOCHS."""
    x, y, x_val, y_val = data
    torch.manual_seed(int("1" + "".join(map(str, cell))))
    model = Network(cell)
    steps = EPOCHS[-1] * (len(x) // BATCH)
    optimiser = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9, weight_decay=1e-4)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, steps)
    found = []
    for epoch in range(1, EPOCHS[-1] + 1):
        model.train()
        for part in torch.randperm(len(x)).split(BATCH):
            scores = model(x[part])
            loss = torch.stack([F.cross_entropy(scores[:, n], y[part]) for n in range(SEEDS)]).sum()
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
        if epoch in EPOCHS:
            model.eval()
            with torch.no_grad():
                right = model(x_val).argmax(dim=2) == y_val[:, None]
            found.append([round(1000 * float(share)) for share in right.double().mean(dim=0)])
    return [list(run) for run in zip(*found, strict=True)]


def sizes(cell: Cell) -> tuple[int, int]:
    """Count the weights of one network and its multiplications for one signal."""
    convs = cell.count(2)
    conv = 3 * CHANNELS * CHANNELS
    parameters = 5 * CHANNELS + 2 * CHANNELS + 2 * convs * (conv + 2 * CHANNELS) + (CHANNELS + 1) * signals.NUM_CLASSES
    return parameters, 20 * 5 * CHANNELS + convs * conv * (20 + 10) + CHANNELS * signals.NUM_CLASSES


def main() -> None:
    """Train what is missing, and write the table when all is there."""
    torch.set_num_threads(1)
    done: dict[str, Any] = {"seconds": 0.0, "cells": {}}
    if PARTIAL.exists():
        done = json.loads(PARTIAL.read_text(encoding="utf-8"))
    train_set = signals.draw(TRAIN, stream="train", seed=21)
    validation = signals.draw(VALIDATION, stream="test", seed=21)
    data = (train_set.x, train_set.y, validation.x, validation.y)
    todo = sorted({representative(cell) for cell in CELLS})
    for count, cell in enumerate(todo):
        name = "".join(map(str, cell))
        if name in done["cells"]:
            continue
        begun = time.process_time()
        done["cells"][name] = [*sizes(cell), train(cell, data)]
        done["seconds"] += time.process_time() - begun
        if count % 20 == 0:
            PARTIAL.write_text(json.dumps(done), encoding="utf-8")
            print(count, "of", len(todo), round(done["seconds"]), "s", name, done["cells"][name], flush=True)
    write(done, FILE)
    PARTIAL.unlink(missing_ok=True)


def write(done: dict[str, Any], path: Path) -> None:
    """Write the table with its head, one cell in a line."""
    head = {
        "command": COMMAND, "torch": torch.__version__, "seeds": SEEDS, "epochs": EPOCHS, "train": TRAIN,
        "validation": VALIDATION, "seconds": round(done["seconds"]),
        "columns": "parameters, multiplications, for each seed the accuracies in thousandths after each of epochs",
    }  # fmt: skip
    rows = ",\n".join(
        f'"{name}":{json.dumps(row, separators=(",", ":"))}' for name, row in sorted(done["cells"].items())
    )
    path.write_text(f'{{"made with":{json.dumps(head)},\n"cells":{{\n{rows}\n}}}}\n', encoding="utf-8")


if __name__ == "__main__":
    main()
