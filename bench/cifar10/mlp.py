"""a03: the two-layer net, and a deeper net with dropout, on raw pixels with random flips."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from cifar10.entry import Entry, read_solution
from common.data import Split
from common.training.solver import Solver

ASSIGNMENT = "a03_mlp"
HELD_OUT = 2000  # training images for the choice of the best epoch
BATCH, EPOCHS, DECAY = 128, 30, 0.9


def standardised(split: Split) -> tuple[Tensor, Tensor]:
    """Subtract the mean training image and divide by the standard deviation of all pixels: (N, 3, 32, 32)."""
    mean, deviation = split.x_train.mean(dim=0), split.x_train.std()
    return (split.x_train - mean) / deviation, (split.x_test - mean) / deviation


def flipped(X: Tensor) -> Tensor:
    """Mirror each image with a probability of one half."""
    rows = torch.rand(len(X)) < 0.5
    images = X.reshape(-1, 3, 32, 32)
    return torch.where(rows[:, None, None, None], images.flip(3), images).flatten(1)


def share_correct(net: Any, X: Tensor, y: Tensor) -> float:
    """Classify by the sum of the scores of an image and of its mirror image."""
    mirrored = X.reshape(-1, 3, 32, 32).flip(3).reshape(X.shape)
    parts = zip(X.split(1000), mirrored.split(1000), y.split(1000), strict=True)
    return sum(int(((net.loss(a) + net.loss(b)).argmax(dim=1) == labels).sum()) for a, b, labels in parts) / len(X)


def two_layer_net(split: Split, seed: int) -> float:
    module = read_solution(ASSIGNMENT, "two_layer_net")
    x_train, x_test = standardised(split)
    X, y = x_train.flatten(1), split.y_train

    def loss(params: Any, X: Tensor, y: Tensor | None = None, reg: float = 0.0) -> Any:
        return module.nn_forward_backward(params, X if y is None else flipped(X), y, reg)

    net = module.TwoLayerNet(3072, 500, 10, std=0.02)
    module.nn_train(
        net.params, loss, module.nn_predict, X, y, X[:100], y[:100],
        learning_rate=0.1, learning_rate_decay=DECAY, reg=2e-4, num_iters=EPOCHS * (len(X) // BATCH), batch_size=BATCH,
    )  # fmt: skip
    return share_correct(net, x_test.flatten(1), split.y_test)


class Flipping:
    """A net whose training batches are flipped at random, for the Solver."""

    def __init__(self, net: Any) -> None:
        self.net = net

    @property
    def params(self) -> dict[str, Tensor]:
        return self.net.params

    @params.setter
    def params(self, values: dict[str, Tensor]) -> None:
        self.net.params = values

    def loss(self, X: Tensor, y: Tensor | None = None) -> Any:
        return self.net.loss(X if y is None else flipped(X), y)


def net_with_dropout(split: Split, seed: int) -> float:
    module = read_solution(ASSIGNMENT, "fully_connected_networks")
    x_train, x_test = standardised(split)
    order = torch.randperm(len(x_train))
    used, held = order[HELD_OUT:], order[:HELD_OUT]
    data = {"X_train": x_train[used], "y_train": split.y_train[used]}
    data |= {"X_val": x_train[held], "y_val": split.y_train[held]}
    net = module.FullyConnectedNet([800, 400], dropout=0.2, weight_scale=0.03)
    solver = Solver(
        Flipping(net), data, update_rule=module.sgd_momentum, optim_config={"learning_rate": 0.04, "momentum": 0.9},
        lr_decay=DECAY, batch_size=BATCH, num_epochs=EPOCHS, num_train_samples=100, verbose=False,
    )  # fmt: skip
    solver.train()
    return share_correct(net, x_test, split.y_test)


ENTRIES = [
    Entry(
        name="two-layer net",
        assignment=ASSIGNMENT,
        goal=56.0,
        published="53.6, 55.96",
        settings="mean image subtracted, over one standard deviation; random horizontal flips, at the end the mirror "
        "image's scores added; 500 hidden units, std 0.02; batches of 128, reg 2e-4, learning rate 0.1 x 0.9 each "
        "epoch, 30 epochs",
        train=two_layer_net,
    ),
    Entry(
        name="fully connected net with dropout",
        assignment=ASSIGNMENT,
        goal=58.0,
        published="none with these settings",
        settings="pixels, flips and scores as above; hidden layers 800 and 400, dropout 0.2, weight scale 0.03; "
        "batches of 128, momentum 0.9, learning rate 0.04 x 0.9 each epoch; the best of 30 epochs on 2,000 held-out "
        "training images",
        train=net_with_dropout,
    ),
]
