"""Public checks of a02, training: batches, steps, the prediction, one setting, and the grid of a search."""

import math

import torch
from oracles import TOY, batch
from torch import Tensor

from autograder import expect, expect_close, expect_equal, expect_shape, forbid, task


@task("sample_batch", points=2)
def check_batch_keeps_images_and_labels_together(student, rng):
    """A batch has the right size, and every image in it comes with its own label."""
    X, y = rng.normal(50, 4), rng.permutation(50)
    X_batch, y_batch = student.sample_batch(X, y, 50, 17)

    expect_shape(X_batch, (17, 4), name="X_batch")
    expect_shape(y_batch, (17,), name="y_batch")
    rows = (X[None] == X_batch[:, None]).all(dim=2)  # (17, 50)
    expect(bool(rows.any(dim=1).all()), "Some row of X_batch is not a row of X.")
    expect_equal(y_batch, y[rows.int().argmax(dim=1)], name="y_batch")
    forbid(student, "sample_batch", calls=["common.fallbacks.*"])


@task("sample_batch", points=1)
def check_batch_is_drawn_with_replacement(student, rng):
    """A batch may be larger than the training set: images are drawn with replacement."""
    X, y = rng.normal(9, 2), rng.integers(0, 4, 9)
    X_batch, y_batch = student.sample_batch(X, y, 9, 400)

    expect_shape(X_batch, (400, 2), name="X_batch")
    expect_shape(y_batch, (400,), name="y_batch")


PULL = """
seen = []

def pull(W, X, y, reg):
    seen.append((X.clone(), y.clone()))
    return (1 + reg) * (W - 1).pow(2).sum() / 2, (1 + reg) * (W - 1)

def flat(W, X, y, reg):
    return W.sum() * 0 + 2.5, W * 0
"""


@task("train_linear_classifier", points=3)
def check_training_steps_against_the_gradient(student, rng):
    """Each iteration steps against the gradient of the given loss, and records the loss before the step."""
    W, X, y = batch(rng, 30, 4, 3)
    pull = student.define(PULL).pull
    options = {"learning_rate": 0.2, "reg": 0.5, "num_iters": 7, "batch_size": 5}
    trained, history = student.train_linear_classifier(pull, W, X, y, **options)

    def after(steps: int, shrink: float = 1 - 0.2 * 1.5) -> Tensor:
        return 1 + shrink**steps * (W - 1)  # the loss pulls every weight towards 1

    losses = [float(1.5 * (after(step) - 1).pow(2).sum() / 2) for step in range(8)]
    expect_close(trained, after(7), name="W", mistakes={
        "W did not change.": W,
        "The step went up the gradient; subtract the gradient.": after(7, 1 + 0.2 * 1.5),
        "The learning rate was not used.": after(7, 1 - 1.5),
        "reg did not reach the loss function.": after(7, 1 - 0.2),
        "One step too few.": after(6),
        "One step too many.": after(8),
    })  # fmt: skip
    expect_equal(len(history), 7, name="the length of loss_history")
    expect_close([float(loss) for loss in history], losses[:7], name="loss_history", mistakes={
        "These are the losses after the steps; record the loss that belongs to the gradient.": losses[1:],
    })  # fmt: skip


@task("train_linear_classifier", points=2)
def check_training_makes_its_own_weights(student, rng):
    """Without a W, training starts from 1e-6 * randn, with a column for each label up to the largest."""
    X, y = rng.normal(40, 60), rng.integers(0, 6, 40)
    y[17] = 8
    flat = student.define(PULL).flat
    W, history = student.train_linear_classifier(flat, None, X, y, num_iters=3, batch_size=10)

    expect_shape(W, (60, 9), name="W")
    expect_close(W, torch.zeros_like(W, dtype=X.dtype), atol=1e-5, name="W")  # ten standard deviations
    expect(
        0.7e-6 < float(W.std()) < 1.4e-6,
        f"The standard deviation of W is {float(W.std()):.2g}; it should be about 1e-6.",
    )
    mean = float(W.mean())
    expect(
        abs(mean) < 3e-7,
        f"The mean of W is {mean:.2g}; it should be about 0.",
        hint="randn is normal, rand is uniform on [0, 1).",
    )
    expect_close([float(loss) for loss in history], [2.5] * 3, name="loss_history")


@task("predict_linear_classifier", points=2)
def check_prediction_is_the_highest_score(student, rng):
    """The prediction for each image is the class with the highest score."""
    W, X, _ = batch(rng, 23, 6, 5)
    table = [[sum(float(a) * float(b) for a, b in zip(image, W[:, c], strict=True)) for c in range(5)] for image in X]
    expected = torch.tensor([row.index(max(row)) for row in table], device=rng.device)
    expect_equal(student.predict_linear_classifier(W, X), expected, mistakes={
        "These are the classes with the lowest scores.": torch.tensor([row.index(min(row)) for row in table]),
        "These are scores, not classes.": torch.tensor([max(row) for row in table], dtype=torch.float64),
    })  # fmt: skip


def split(rng, num_train: int, num_val: int) -> tuple[dict[str, Tensor], Tensor, Tensor]:
    """Draw a data_dict, and predictions of which some are right."""
    names = {"train": num_train, "val": num_val}
    table = {f"X_{name}": rng.normal(size, 4) for name, size in names.items()}
    table |= {f"y_{name}": rng.integers(0, 3, size) for name, size in names.items()}
    return table, rng.integers(0, 3, num_train), rng.integers(0, 3, num_val)


@task("test_one_param_set", points=3)
def check_one_param_set_trains_and_measures(student, rng):
    """The classifier is trained with the settings given, and both accuracies are fractions of right predictions."""
    data, train_labels, val_labels = split(rng, 37, 23)
    toy = student.define(TOY).Toy([train_labels, val_labels])
    result = student.test_one_param_set(toy, data, 0.25, 0.125, num_iters=11)

    calls = list(toy.calls)
    expect_equal(len(calls), 1, name="the number of calls of train")
    expect(toy.order[0] == "train", "predict was called before train.")
    expect_equal(calls[0][:2], [data["X_train"], data["y_train"]], name="the first two arguments of train")
    expect_equal(calls[0][2:5], [0.25, 0.125, 11], name="learning_rate, reg and num_iters of the training")
    train_acc = int((train_labels == data["y_train"]).sum()) / 37
    val_acc = int((val_labels == data["y_val"]).sum()) / 23
    expect_close([float(result[1]), float(result[2])], [train_acc, val_acc], name="train_acc, val_acc", mistakes={
        "These are percentages; return fractions in [0, 1].": [100 * train_acc, 100 * val_acc],
        "These are fractions of wrong predictions.": [1 - train_acc, 1 - val_acc],
        "The two accuracies are swapped.": [val_acc, train_acc],
    }, rtol=1e-5)  # fmt: skip


def judge_search_params(params):
    """Expect two lists of numbers that give 5 to 25 pairs."""
    expect(isinstance(params, (tuple, list)) and len(params) == 2, "The result is not two lists.")
    for name, values, low in zip(("learning_rates", "regularization_strengths"), params, (1e-300, 0.0), strict=True):
        numbers = isinstance(values, (tuple, list)) and all(type(value) in (int, float) for value in values)
        expect(numbers, f"{name} is not a list of Python numbers.")
        good = all(low <= value < math.inf for value in values) and len(set(values)) == len(values)
        expect(good, f"{name} must be distinct numbers, {'above 0' if low else '0 or more'}: {values}.")
    pairs = len(params[0]) * len(params[1])
    expect(5 <= pairs <= 25, f"{len(params[0])} x {len(params[1])} are {pairs} pairs; there should be 5 to 25.")


@task("svm_get_search_params", points=1)
def check_svm_search_has_5_to_25_pairs(student):
    """The search for the SVM is a list of learning rates and a list of strengths, 5 to 25 pairs."""
    judge_search_params(student.svm_get_search_params())


@task("softmax_get_search_params", points=1)
def check_softmax_search_has_5_to_25_pairs(student):
    """The search for softmax is a list of learning rates and a list of strengths, 5 to 25 pairs."""
    judge_search_params(student.softmax_get_search_params())
