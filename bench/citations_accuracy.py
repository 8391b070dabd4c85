"""Measure the accuracy of a20's references on citations, next to published figures.

    GRADLAB_DATA=DATA python bench/citations_accuracy.py --data cora     # DATA holds cora/ind.cora.*, of Planetoid
    python bench/citations_accuracy.py                                   # a generated block model: no download
    python bench/citations_accuracy.py --seeds 0 1 2

Each network is trained on 20 labels per class. The step with the best accuracy on the validation nodes is tested; no
setting was chosen on the test nodes. Without the files of Cora, the script says so and ends.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from cifar10.entry import read_solution
from torch import Tensor, nn

from common.data import DataError, cora, graphs
from common.training.seed import seed_everything


@dataclass(frozen=True)
class Entry:
    """One network: `make(d_in, classes)` returns a module that is called with X, A_hat and edge_index."""

    name: str
    settings: str
    published: str  # on Cora
    make: Callable[[int, int], nn.Module]
    lr: float
    steps: int


class Convolutions(nn.Module):
    """a20's GCN, with the graph or without it."""

    def __init__(self, d_in: int, classes: int, *, use_graph: bool) -> None:
        super().__init__()
        tasks = read_solution("a20_graphs", "graph_tasks")
        self.gcn, self.use_graph = tasks.GCN(d_in, 16, classes), use_graph
        self.first = self.gcn.first
        for layer in (self.gcn.first, self.gcn.second):
            nn.init.xavier_uniform_(layer.weight)

    def forward(self, X: Tensor, A_hat: Tensor, edge_index: Tensor) -> Tensor:
        """Return logits (N, classes)."""
        identity = torch.eye(len(X), device=X.device).to_sparse()
        out: Tensor = self.gcn(X, A_hat if self.use_graph else identity)
        return out


class Attention(nn.Module):
    """Two of a20's GAT layers, with dropout on their inputs."""

    def __init__(self, d_in: int, classes: int) -> None:
        super().__init__()
        layers = read_solution("a20_graphs", "graph_layers")
        self.first, self.second = layers.GATLayer(d_in, 8, 8), layers.GATLayer(64, classes, 1, concat=False)
        self.dropout = nn.Dropout(0.6)

    def forward(self, X: Tensor, A_hat: Tensor, edge_index: Tensor) -> Tensor:
        """Return logits (N, classes)."""
        out: Tensor = self.second(self.dropout(self.first(self.dropout(X), edge_index)), edge_index)
        return out


ENTRIES = [
    Entry("no graph", "the same network with A_hat = I", "55.1 % (Kipf and Welling 2017)",
          lambda d, c: Convolutions(d, c, use_graph=False), 0.01, 200),
    Entry("GCN", "16 hidden, dropout 0.5, Adam 0.01, weight decay 5e-4 on the first layer",
          "81.5 % (Kipf and Welling 2017)", lambda d, c: Convolutions(d, c, use_graph=True), 0.01, 200),
    Entry("GAT", "8 heads of 8, dropout 0.6 on inputs, Adam 0.005, weight decay 5e-4",
          "83.0 % (Velickovic et al. 2018)", Attention, 0.005, 400),
]  # fmt: skip


def citations(name: str) -> cora.Citations:
    """Return Cora, or a block model with a split like that of Cora."""
    if name == "cora":
        return cora.read()
    world = graphs.blocks()
    order = torch.arange(len(world.y))  # node n has the class n % 7
    parts = order < 140, (order >= 140) & (order < 340), order >= 340
    return cora.Citations(world.edge_index, world.x, world.y, *parts)


def train(entry: Entry, data: cora.Citations) -> float:
    """Train one network; return its accuracy on the test nodes, in percent."""
    X, y, classes = F.normalize(data.x, p=1, dim=1), data.y, int(data.y.max()) + 1
    basics = read_solution("a20_graphs", "graph_basics")
    A_hat = basics.normalised_adjacency(data.edge_index, len(X), sparse=True)
    model = entry.make(X.shape[1], classes)
    first = {id(p) for p in model.first.parameters()} if isinstance(model, Convolutions) else None
    decayed = [p for p in model.parameters() if first is None or id(p) in first]
    others = [p for p in model.parameters() if first is not None and id(p) not in first]
    groups = [{"params": decayed, "weight_decay": 5e-4}, *([{"params": others}] if others else [])]
    optimizer = torch.optim.Adam(groups, lr=entry.lr)
    best = (0.0, 0.0)
    for _ in range(entry.steps):
        model.train()
        loss = F.cross_entropy(model(X, A_hat, data.edge_index)[data.train], y[data.train])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        model.eval()
        with torch.no_grad():
            right = (model(X, A_hat, data.edge_index).argmax(dim=1) == y).double()
        best = max(best, (float(right[data.validation].mean()), float(right[data.test].mean())), key=lambda two: two[0])
    return 100 * best[1]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", choices=["blocks", "cora"], default="blocks")
    parser.add_argument("--only", default="", metavar="WORD", help="only entries with this word in their name")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0], metavar="N")
    options = parser.parse_args()
    try:
        data = citations(options.data)
    except DataError as error:
        print(f"skipped: {error}")
        return 0
    print(f"torch {torch.__version__}, {options.data}: {len(data.y):,} nodes, {data.edge_index.shape[1] // 2:,} edges")
    for entry in ENTRIES:
        if options.only.lower() not in entry.name.lower():
            continue
        print(f"\n{entry.name}: {entry.settings}")
        for seed in options.seeds:
            seed_everything(seed)
            begun = time.process_time()
            accuracy = train(entry, data)
            beside = f"; published on Cora {entry.published}" if options.data == "cora" else ""
            seconds = f"{time.process_time() - begun:.0f} s of processor time"
            print(f"  seed {seed}: test {accuracy:.1f} %{beside}; {seconds}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
