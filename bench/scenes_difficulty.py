"""Measure how difficult the generated scenes are for the four classifiers of the first assignments.

    python bench/scenes_difficulty.py [--seeds 3] [--threads 2] [--data scenes]

prints the table of docs/data.md: accuracy on 1,000 test images after training on 5,000, mean and range over seeds, and
seconds. A seed determines the weights and the order of batches; for generated data it also determines the images.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from common.data import Split, load
from common.training.seed import seed_everything

NEIGHBOURS = (1, 3, 5, 8, 10, 12, 15, 20, 50, 100)


def nearest_neighbours(data: Split) -> float:
    """Return the accuracy of the best k on the test images: an upper bound, as k is chosen on them."""
    distances = torch.cdist(data.x_test.flatten(1), data.x_train.flatten(1))
    nearest = data.y_train[distances.topk(max(NEIGHBOURS), largest=False).indices]  # (N', K)
    votes = F.one_hot(nearest, len(data.class_names)).cumsum(1)  # (N', K, L)
    return max(float((votes[:, k - 1].argmax(1) == data.y_test).float().mean()) for k in NEIGHBOURS)


def linear_softmax(data: Split) -> float:
    """Train softmax regression on raw pixels."""
    model = nn.Sequential(nn.Flatten(), nn.Linear(data.x_train[0].numel(), 10))
    return train(model, data, epochs=15, batch_size=100, learning_rate=1e-3, weight_decay=10.0)


def two_layer_net(data: Split) -> float:
    """Train two layers with 200 hidden units."""
    model = nn.Sequential(nn.Flatten(), nn.Linear(data.x_train[0].numel(), 200), nn.ReLU(), nn.Linear(200, 10))
    return train(model, data, epochs=15, batch_size=100, learning_rate=1e-3, weight_decay=0.1)


def small_cnn(data: Split) -> float:
    """Train three times convolution, batch normalisation, ReLU, pooling; then a linear layer."""
    layers: list[nn.Module] = []
    for before, after in ((data.x_train.shape[1], 16), (16, 32), (32, 64)):
        layers += [
            nn.Conv2d(before, after, 3, padding=1, bias=False),
            nn.BatchNorm2d(after),
            nn.ReLU(),
            nn.MaxPool2d(2),
        ]
    model = nn.Sequential(*layers, nn.Flatten(), nn.LazyLinear(10))
    model(data.x_train[:2])
    return train(model, data, epochs=6, batch_size=50, learning_rate=1e-2, weight_decay=0.05)


def train(
    model: nn.Module, data: Split, *, epochs: int, batch_size: int, learning_rate: float, weight_decay: float
) -> float:
    """Train with AdamW and one cycle of the learning rate on centred pixels; return the accuracy on the test images."""
    centre = data.x_train.mean(0, keepdim=True)
    x, y = data.x_train - centre, data.y_train
    steps = epochs * -(-len(x) // batch_size)
    optimizer = torch.optim.AdamW(model.parameters(), lr=learning_rate, weight_decay=weight_decay)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, learning_rate, total_steps=steps)
    model.train()
    for _ in range(epochs):
        for rows in torch.randperm(len(x)).split(batch_size):
            optimizer.zero_grad()
            F.cross_entropy(model(x[rows]), y[rows]).backward()
            optimizer.step()
            schedule.step()
    return accuracy(model.eval(), data.x_test - centre, data.y_test)


@torch.no_grad()
def accuracy(model: nn.Module, x: Tensor, y: Tensor) -> float:
    """Compute the fraction of images that are classified correctly."""
    return float((model(x).argmax(1) == y).float().mean())


CLASSIFIERS: dict[str, tuple[Callable[[Split], float], str]] = {
    "k nearest neighbours": (nearest_neighbours, "Euclidean, raw pixels, best k"),
    "linear softmax": (linear_softmax, "15 epochs, weight decay 10"),
    "two-layer net": (two_layer_net, "200 hidden units, 15 epochs, weight decay 0.1"),
    "small CNN": (small_cnn, "3 x (conv 3x3, batch norm, ReLU, pool), 16-32-64 filters, 6 epochs"),
}


def main() -> None:
    """Run every classifier on every seed and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--data", default="scenes")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    print(f"{options.data}, 5,000 training and 1,000 test images, seeds 0 to {options.seeds - 1},")
    print(f"torch {torch.__version__}, {options.threads} threads.\n")
    print("| classifier | settings | accuracy, % | range | seconds |\n|---|---|---|---|---|")
    for name, (classify, settings) in CLASSIFIERS.items():
        scores, seconds = [], []
        for seed in range(options.seeds):
            data = load(options.data, num_train=5000, num_test=1000, seed=seed)
            seed_everything(seed)
            start = time.perf_counter()
            scores.append(100 * classify(data))
            seconds.append(time.perf_counter() - start)
        spread = f"{min(scores):.1f} to {max(scores):.1f}"
        print(f"| {name} | {settings} | {statistics.mean(scores):.1f} | {spread} | {max(seconds):.1f} |", flush=True)


if __name__ == "__main__":
    main()
