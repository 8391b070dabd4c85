"""What the checks of a03 that train nets share: searches over a grid, and overfitting."""

import torch
from oracles import STEPS, forward
from torch import Tensor
from torch.nn import functional as F

from autograder import Message, expect, expect_close, expect_shape, is_sequence


def clusters(rng, classes: int, features: int, count: int) -> tuple[Tensor, Tensor]:
    """Draw points around one centre for each class; every class is present."""
    labels = torch.cat([torch.arange(classes, device=rng.device), rng.integers(0, classes, count - classes)])
    centres = 4 * F.normalize(rng.normal(classes, features), dim=1)
    return (centres[labels] + 0.3 * rng.normal(count, features)).float(), labels


def judge_search(student, rng, classes: int, grid: tuple[list, list, list, list], absent: int = -1) -> object:
    """Only one combination can learn: the search must return its net and accuracy. No image is of the class absent."""
    X, y = clusters(rng, classes, 8, 300)
    y[y == absent] = absent + 1
    X_val, y_val = X[200:][y[200:] < classes - 1], y[200:][y[200:] < classes - 1]  # not all classes
    data = {"X_train": X[:200], "y_train": y[:200], "X_val": X_val, "y_val": y_val}
    grid_of = student.define(f"def grid():\n    return {grid!r}\n").grid
    result = student.find_best_net(data, grid_of)

    expect(is_sequence(result) and len(result) == 3, "The result is not a tuple: net, history, accuracy.")
    net, history, accuracy = result
    scores, _ = forward({name: value.float() for name, value in net.params.items()}, data["X_val"])
    expect(
        scores.shape[1] == classes,
        Message(
            "The net has {scores} scores for each image; there are {classes} classes.",
            scores=scores.shape[1],
            classes=classes,
        ),
        hint="There are as many classes as the largest training label plus 1: int(y.max()) + 1.",
    )
    measured = float((scores.argmax(dim=1) == data["y_val"]).double().mean())
    expect_close(accuracy, measured, atol=1e-6, name="the returned accuracy, compared with the net's", mistakes={
        "The accuracy is a percentage; return the fraction.": 100 * measured,
    })  # fmt: skip
    expect(
        measured >= 0.85,
        Message(
            "The best net has a validation accuracy of {measured:.2f}; one combination reaches nearly 1.",
            measured=measured,
        ),
        hint="Try every combination of the four lists, train long enough, and keep the net with the best validation.",
    )
    return history


SCRIPTED = """
import torch
from autograder.probes.lend import lend

calls = []

# Training that sets the weights by a table: with the settings (rate, size, strength, decay) as many classes are
# recognised as the table says. Training images, batches and earlier epochs say the opposite.
def scripted(table, regularised, best_class):
    def train(params, loss_func, pred_func, X, y, X_val, y_val, learning_rate=1e-3, learning_rate_decay=0.95,
              reg=5e-6, num_iters=100, batch_size=200, verbose=False):
        settings = (learning_rate, len(params["b1"]), reg, learning_rate_decay)
        calls.append(settings)
        classes, right = X.shape[1], table.get(settings, 0)
        target = [c if c < right else (c + 1) % classes for c in range(classes)]
        for name in params:
            params[name] = torch.zeros_like(params[name])
        for c in range(classes):
            params["W1"][c, c] = params["W2"][c, target[c]] = 1
        accuracy = float((X_val.argmax(dim=1) < right).double().mean())
        return {"loss_history": [2.0, float(right)], "train_acc_history": [1 - right / classes] * 2,
                "val_acc_history": [1 - right / 1000, accuracy]}
    return lambda function: lend(function, nn_train=train, nn_forward_backward=regularised, nn_predict=best_class)
"""


def judge_choice(student, rng, grid: tuple[list, list, list, list], table: dict[tuple, int]) -> None:
    """Let training recognise as many of eight classes as ``table`` says: the search must return the best net."""
    each = torch.arange(8, device=rng.device).repeat(3)
    labels = torch.cat([each, each[rng.permutation(24)]])
    X = F.one_hot(labels, 8).float() * rng.uniform(48, 1, low=0.5, high=2).float()
    # A class that is not recognised is taken for the next one: with these labels the worst net is best in training.
    data = {"X_train": X[:24], "y_train": (labels[:24] + 1) % 8, "X_val": X[24:], "y_val": labels[24:]}
    steps, helper = student.define(STEPS), student.define(SCRIPTED)
    search = student.wrap(helper.scripted(table, steps.regularised, steps.best_class), student.find_best_net)
    result = search(data, student.define(f"def grid():\n    return {grid!r}\n").grid)

    expect(is_sequence(result) and len(result) == 3, "The result is not a tuple: net, history, accuracy.")
    net, history, accuracy = result
    tried = {tuple(call) for call in helper.calls}
    missing = [settings for settings in table if settings not in tried]
    expect(
        not missing or not tried,
        Message(
            "{count} of {all} combinations were not tried, such as {missing} (learning rate, hidden size, "
            "strength, decay).",
            count=len(missing),
            all=len(table),
            missing=missing[0] if missing else "",
        ),
        hint="Hand all four settings on to train, and try every combination of the four lists: itertools.product.",
    )
    scores, _ = forward({name: value.float() for name, value in net.params.items()}, data["X_val"])
    measured = float((scores.argmax(dim=1) == data["y_val"]).double().mean())
    accuracies = [float((data["y_val"] < right).double().mean()) for right in table.values()]
    expect(
        measured >= max(accuracies) - 1e-6,
        Message(
            "The net returned recognises {measured:.2f} of the validation images, the best one {best:.2f}.",
            measured=measured,
            best=max(accuracies),
        ),
        hint="Keep the net with the highest accuracy on all of X_val after training: neither that of a training batch, "
        "nor the best of an earlier epoch.",
    )
    expect_close(accuracy, measured, atol=1e-6, name="the returned accuracy, compared with the net's", mistakes={
        "The accuracy is a percentage; return the fraction.": 100 * measured,
    })  # fmt: skip
    own = type(history) is dict and len(history.get("loss_history", [])) == 2
    expect(not own or history["loss_history"][1] == max(table.values()), "The history is that of another net.")


OVERFIT = """
import torch
from torch.nn import functional as F
from common.training.solver import Solver

class Net:
    def __init__(self, sizes, weight_scale, device):
        self.params = {}
        for layer, (inputs, outputs) in enumerate(zip(sizes[:-1], sizes[1:]), start=1):
            self.params[f"W{layer}"] = weight_scale * torch.randn(inputs, outputs, device=device)
            self.params[f"b{layer}"] = torch.zeros(outputs, device=device)

    def loss(self, X, y=None):
        leaves = {name: value.detach().requires_grad_() for name, value in self.params.items()}
        with torch.enable_grad():
            out, depth = X.flatten(1), len(leaves) // 2
            for layer in range(1, depth + 1):
                out = F.linear(out, leaves[f"W{layer}"].T, leaves[f"b{layer}"])
                out = out.relu() if layer < depth else out
            if y is None:
                return out.detach()
            loss = F.cross_entropy(out, y)
            found = torch.autograd.grad(loss, list(leaves.values()))
        return loss.detach(), dict(zip(leaves, found))

def overfit(sizes, weight_scale, learning_rate, X, y):
    net = Net(sizes, weight_scale, X.device)
    data = {"X_train": X, "y_train": y, "X_val": X, "y_val": y}
    config = {"learning_rate": learning_rate}
    Solver(net, data, optim_config=config, num_epochs=20, batch_size=25, verbose=False).train()
    return net.loss(X)
"""


def judge_overfitting(student, hidden: list[int], settings: object, X: Tensor, y: Tensor) -> None:
    """Plain gradient descent memorises (overfits) the images in 20 epochs, in a net of the course's own."""
    number = (int, float)
    pair = is_sequence(settings) and len(settings) == 2 and all(type(value) in number for value in settings)
    expect(pair, "The result is not a pair of numbers: weight_scale, learning_rate.")
    scale, rate = float(settings[0]), float(settings[1])
    scores = student.define(OVERFIT).overfit([X[0].numel(), *hidden, 10], scale, rate, X, y)
    expect_shape(scores, (len(X), 10), name="scores")
    right = int((scores.argmax(dim=1) == y).sum())
    expect(
        right == len(X),
        Message(
            "After 20 epochs {right} of {count} training images are classified correctly.", right=right, count=len(X)
        ),
        hint="Try weight scales near (2 / inputs)**0.5 and learning rates from 0.01 to 0.3, a factor of 3 apart.",
    )
