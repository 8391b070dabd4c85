"""A small net, its data, and a Solver for them."""

import torch

from common.fallbacks.fully_connected_networks import Dropout, Linear, adam
from common.training.losses import softmax_loss
from common.training.solver import Solver


class Net:
    """One linear layer after dropout, so that a resumed run must continue with the same random numbers."""

    def __init__(self, features=6, classes=3, dropout=0.3):
        self.params = {"W": 0.1 * torch.randn(features, classes), "b": torch.zeros(classes)}
        self.dropout, self.batches = dropout, []

    def loss(self, X, y=None):
        X, _ = Dropout.forward(X, {"p": self.dropout, "mode": "test" if y is None else "train"})
        scores, cache = Linear.forward(X, self.params["W"], self.params["b"])
        if y is None:
            return scores
        self.batches.append(len(X))
        loss, dscores = softmax_loss(scores, y)
        _, dW, db = Linear.backward(dscores, cache)
        return loss, {"W": dW, "b": db}


def make_data():
    generator = torch.Generator().manual_seed(1)
    y = torch.randint(3, (90,), generator=generator)
    X = 2 * torch.nn.functional.one_hot(y, 6) + torch.randn(90, 6, generator=generator)
    return {"X_train": X[:70], "y_train": y[:70], "X_val": X[70:], "y_val": y[70:]}


def make(data, **options):
    torch.manual_seed(0)
    settings = {"optim_config": {"learning_rate": 0.05}, "batch_size": 20, "num_epochs": 4, "verbose": False} | options
    return Solver(Net(), data, update_rule=adam, **settings)
