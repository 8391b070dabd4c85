"""Hidden checks of a03, training: on scenes, with dropout, by your solver, and overfitting."""

from collections.abc import Iterator

import torch
from oracles import LOANS_OF_LAYERS
from oracles_training import judge_overfitting
from torch import Tensor

from autograder import Message, expect, expect_shape, task

TRAIN = """
from common.training.solver import Solver

def train(net, X, y, num_epochs):
    data = {"X_train": X, "y_train": y, "X_val": X[:50], "y_val": y[:50]}
    solver = Solver(net, data, optim_config={"learning_rate": 0.2}, num_epochs=num_epochs, batch_size=100,
                    num_train_samples=50, verbose=False)
    solver.train(return_best_params=False)
    return net.loss(X)
"""


@task("FullyConnectedNet.loss", share="1/9", seconds=120, loans=LOANS_OF_LAYERS)
def check_dropout_narrows_the_gap_on_scenes(student, data, score, device):
    """Trained on 1,000 scenes, dropout brings training accuracy and accuracy on new scenes closer together."""
    split = data(num_train=1000, num_test=1000)
    mean, scale = split.x_train.mean(dim=0), split.x_train.std()
    x_train, x_test = ((x - mean) / scale for x in (split.x_train, split.x_test))
    trainer = student.define(TRAIN)
    gaps = []
    for p in (0.0, 0.5):
        options = {"dropout": p, "reg": 0.0, "weight_scale": 0.05, "dtype": torch.float32, "device": device}
        net = student.FullyConnectedNet([100, 100], x_train[0].numel(), 10, **options)
        scores = trainer.train(net, x_train, split.y_train, 20), net.loss(x_test)
        for part in scores:
            expect_shape(part, (1000, 10), name="scores")
        right = [
            (s.argmax(dim=1) == y).double().mean() for s, y in zip(scores, (split.y_train, split.y_test), strict=True)
        ]
        expect(
            float(right[0]) > 0.3,
            Message("With dropout = {p} the training accuracy is only {right:.2f}.", p=p, right=float(right[0])),
        )
        gaps.append(float(right[0] - right[1]))
    score(gaps[0] - gaps[1], "narrowing of the gap")


@task("create_solver_instance", share=75, seconds=90)
def check_solver_learns_scenes(student, data, score, device):
    """Ten epochs of your solver on 2,000 scenes give a net that recognises scenes it has not seen."""
    split = data(num_train=2200, num_test=1000)
    mean, scale = split.x_train.mean(dim=0), split.x_train.std()
    x_train, x_test = ((x - mean) / scale for x in (split.x_train, split.x_test))
    parts = {
        "X_train": x_train[:2000],
        "y_train": split.y_train[:2000],
        "X_val": x_train[2000:],
        "y_val": split.y_train[2000:],
    }
    solver = student.create_solver_instance(parts, dtype=torch.float32, device=device)
    solver.num_epochs, solver.num_train_samples, solver.verbose = 10, 100, False
    solver.train()
    scores = solver.model.loss(x_test)

    expect_shape(scores, (1000, None), name="scores")
    score(float((scores.argmax(dim=1) == split.y_test).double().mean()))


def other_scenes(data) -> Iterator[tuple[Tensor, Tensor]]:
    """Yield two sets of fifty scenes, each prepared separately."""
    split = data(num_train=150, num_test=10)
    for first in (50, 100):
        X, y = split.x_train[first : first + 50], split.y_train[first : first + 50]
        yield (X - X.mean(dim=0)) / X.std(), y


@task("get_three_layer_network_params", share=50)
def check_three_layers_overfit_other_images(student, data):
    """The settings for three layers work for other scenes and other random weights too."""
    settings = student.get_three_layer_network_params()
    for X, y in other_scenes(data):
        judge_overfitting(student, [100] * 2, settings, X, y)


@task("get_five_layer_network_params", share="2/3")
def check_five_layers_overfit_other_images(student, data):
    """The settings for five layers work for other scenes and other random weights too."""
    settings = student.get_five_layer_network_params()
    for X, y in other_scenes(data):
        judge_overfitting(student, [100] * 4, settings, X, y)
