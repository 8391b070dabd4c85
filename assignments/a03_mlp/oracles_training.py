"""What the checks of a03 that train nets share: searches over a grid, and overfitting."""

import torch
from torch import Tensor
from torch.nn import functional as F

from autograder import expect, expect_close, expect_shape


def clusters(rng, classes: int, features: int, count: int) -> tuple[Tensor, Tensor]:
    """Draw points around one centre for each class; every class is present."""
    labels = torch.cat([torch.arange(classes, device=rng.device), rng.integers(0, classes, count - classes)])
    centres = 4 * F.normalize(rng.normal(classes, features), dim=1)
    return (centres[labels] + 0.3 * rng.normal(count, features)).float(), labels


def judge_search(student, rng, classes: int, grid: tuple[list, list, list, list]) -> object:
    """Only one combination of the grid can learn: the search must return its net and its accuracy."""
    X, y = clusters(rng, classes, 8, 300)
    data = {"X_train": X[:200], "y_train": y[:200], "X_val": X[200:], "y_val": y[200:]}
    search = student.define(f"def grid():\n    return {grid!r}\n")
    result = student.find_best_net(data, search.grid)

    expect(type(result) is tuple and len(result) == 3, "The result is not a tuple: net, history, accuracy.")
    net, history, accuracy = result
    measured = float((net.predict(data["X_val"]) == data["y_val"]).double().mean())
    expect_close(accuracy, measured, atol=1e-6, name="the returned accuracy, compared with the net's", mistakes={
        "The accuracy is a percentage; return the fraction.": 100 * measured,
    })  # fmt: skip
    expect(
        measured >= 0.85,
        f"The best net has a validation accuracy of {measured:.2f}; one combination reaches nearly 1.",
        hint="Try every combination of the four lists, train long enough, and keep the net with the best validation.",
    )
    return history


OVERFIT = """
from common.training.solver import Solver

def overfit(net, X, y, learning_rate):
    data = {"X_train": X, "y_train": y, "X_val": X, "y_val": y}
    config = {"learning_rate": learning_rate}
    Solver(net, data, optim_config=config, num_epochs=20, batch_size=25, verbose=False).train()
    return net.loss(X)
"""


def judge_overfitting(student, device, hidden: list[int], settings: object, X: Tensor, y: Tensor) -> None:
    """Plain gradient descent memorises (overfits) the images in 20 epochs."""
    number = (int, float)
    pair = type(settings) in (tuple, list) and len(settings) == 2 and all(type(value) in number for value in settings)
    expect(pair, "The result is not a pair of numbers: weight_scale, learning_rate.")
    options = {"weight_scale": float(settings[0]), "reg": 0.0, "dtype": torch.float32, "device": device}
    net = student.FullyConnectedNet(hidden, X[0].numel(), 10, **options)
    scores = student.define(OVERFIT).overfit(net, X, y, float(settings[1]))
    expect_shape(scores, (len(X), 10), name="scores")
    right = int((scores.argmax(dim=1) == y).sum())
    expect(right == len(X), f"After 20 epochs {right} of {len(X)} training images are classified correctly.")
