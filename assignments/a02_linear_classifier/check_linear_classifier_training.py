"""Public checks of a02, training: batches, steps, the prediction, one setting, and the grid of a search."""

import math

import torch
from oracles import LOANS_OF_SETTINGS, LOANS_OF_TRAINING, RECORD, TOY, batch
from torch import Tensor

from autograder import (
    Message,
    expect,
    expect_close,
    expect_equal,
    expect_shape,
    explain_errors,
    forbid,
    is_sequence,
    task,
)


@task("sample_batch", share=40, keeps=True)
def check_batch_keeps_images_and_labels_together(student, rng):
    """A batch has the right size, and every image in it comes with its own label."""
    X, y = rng.normal(50, 4), rng.permutation(50)
    _, labels = student.sample_batch(X, y, 20, 40)
    first = type(labels) is Tensor and bool(torch.isin(labels, y[:20]).all())
    expect(first, "With num_train=20, rows beyond the first 20 were drawn.", "Draw from the first num_train rows only.")
    X_batch, y_batch = student.sample_batch(X, y, 50, 17)

    expect_shape(X_batch, (17, 4), name="X_batch")
    rows = (X[None] == X_batch[:, None]).all(dim=2)  # (17, 50)
    expect(bool(rows.any(dim=1).all()), "Some row of X_batch is not a row of X.")
    expect_shape(y_batch, (17,), name="y_batch")
    own = y[rows.int().argmax(dim=1)]
    expect(
        torch.equal(y_batch, own),
        Message(
            "Image 0 of the batch has the label {expected}, y_batch says {got}.",
            expected=int(own[0]),
            got=int(y_batch[0]),
        ),
        hint="The labels belong to other images: draw the rows once, and index X and y with the same rows.",
    )
    forbid(student, "sample_batch", calls=["common.fallbacks.*"])


@task("sample_batch", share=20)
def check_batch_is_drawn_with_replacement(student, rng):
    """Images are drawn with replacement: one may come twice, and a batch may be larger than the training set."""
    X, y = rng.normal(40, 2), rng.permutation(40)
    hint = "Images are drawn with replacement: torch.randint draws each row by itself, torch.randperm each row once."
    with explain_errors({"Error": hint}):
        X_batch, labels_of_many = student.sample_batch(X[:9], y[:9], 9, 400)
    expect(type(X_batch) is Tensor and len(X_batch) == 400, "A batch of 400 from 9 images has another size.", hint=hint)
    expect_shape(X_batch, (400, 2), name="X_batch")
    expect_shape(labels_of_many, (400,), name="y_batch")
    _, labels = student.sample_batch(X, y, 40, 40)
    expect_shape(labels, (40,), name="y_batch")
    seen = set(labels_of_many.tolist())  # each of 9 rows is missing among 400 draws with the probability 3e-20
    expect(seen == set(y[:9].tolist()), "Some of 9 images never came in 400 draws.",
           "torch.randint excludes its upper limit: torch.randint(num_train, (batch_size,)).")  # fmt: skip
    different = len(labels.unique())  # 40 different ones have the probability 40! / 40^40, about 1e-16
    expect(different < 40, "A batch of 40 from 40 images contains each image once.", hint=hint)


FRESH = "In every iteration, draw a batch with sample_batch(X, y, len(X), batch_size) and ask for its loss."

PULL = """
seen = []

def pull(W, X, y, reg):
    seen.append((X.clone(), y.clone()))
    return (1 + reg) * (W - 1).pow(2).sum() / 2, (1 + reg) * (W - 1)

def flat(W, X, y, reg):
    return W.sum() * 0 + 2.5, W * 0
"""


@task("train_linear_classifier", share="3/12", any_dtype=True, loans=LOANS_OF_TRAINING)
def check_training_steps_against_the_gradient(student, rng):
    """Each iteration steps against the gradient of the given loss, and records the loss before the step."""
    W, X, y = batch(rng, 30, 4, 3)
    helper = student.define(PULL)
    options = {"learning_rate": 0.2, "reg": 0.5, "num_iters": 7, "batch_size": 5}
    trained, history = student.train_linear_classifier(helper.pull, W, X, y, **options)

    sizes = {len(batch) for batch, _ in helper.seen}
    expect(
        sizes == {5},
        Message("The loss was asked about {number} images, not about batches of 5.", number=max(sizes, default=0)),
        FRESH,
    )

    drawn = torch.cat([images for images, _ in helper.seen])
    different = len(drawn.unique(dim=0))  # 35 draws of 30 rows; 5 or fewer different ones have no chance
    expect(
        different > 5,
        Message("In 7 iterations only {different} different images were drawn.", different=different),
        FRESH,
    )

    def after(steps: int, shrink: float = 1 - 0.2 * 1.5) -> Tensor:
        return 1 + shrink**steps * (W - 1)  # the loss pulls every weight towards 1

    def again(W: Tensor, steps: int) -> Tensor:
        for _ in range(steps):
            W = W - 0.2 * (1.5 * (W - 1) + 2 * 0.5 * W)
        return W

    losses = [float(1.5 * (after(step) - 1).pow(2).sum() / 2) for step in range(8)]
    expect_close(trained, after(7), name="W", mistakes={
        "W did not change.": W,
        "The step went up the gradient; subtract the gradient.": after(7, 1 + 0.2 * 1.5),
        "The learning rate was not used.": after(7, 1 - 1.5),
        "reg did not reach the loss function.": after(7, 1 - 0.2),
        "One step too few.": after(6),
        "One step too many.": after(8),
        "Only the last step counts: every step starts from the W of the step before.": after(1),
        "The step was divided by the batch size; the loss is a mean already.": after(7, 1 - 0.2 * 1.5 / 5),
        "The regulariser's gradient was added again; it is in dW already.": lambda: again(W, 7),
    })  # fmt: skip
    expect(
        len(history) == 7,
        Message("loss_history has {count} numbers after 7 iterations.", count=len(history)),
        "Append one for each.",
    )
    expect_close([float(loss) for loss in history], losses[:7], name="loss_history", mistakes={
        "These are the losses after the steps; record the loss that belongs to the gradient.": losses[1:],
        "These are means of the losses so far; record the loss of each batch.": (
            [sum(losses[: n + 1]) / (n + 1) for n in range(7)]
        ),
    })  # fmt: skip


@task("train_linear_classifier", share="2/12", any_dtype=True, loans=LOANS_OF_TRAINING)
def check_training_makes_its_own_weights(student, rng):
    """Without a W, training starts from 1e-6 * randn, with a column for each label up to the largest."""
    X, y = rng.normal(40, 60), rng.integers(0, 6, 40)
    y[17] = 8
    flat = student.define(PULL).flat
    W, history = student.train_linear_classifier(flat, None, X, y, num_iters=3, batch_size=10)

    columns = W.shape[-1] if type(W) is Tensor and W.ndim else 9
    expect(
        columns == 9,
        Message("W has {columns} columns, but the largest label is 8.", columns=columns),
        hint="There are as many classes as the largest label plus 1: int(y.max()) + 1. Some may not occur.",
    )
    expect_shape(W, (60, 9), name="W")
    deviation = float(W.std())
    expect(
        0.7e-6 < deviation < 1.4e-6,
        Message("The standard deviation of W is {deviation:.2g}; it should be about 1e-6.", deviation=deviation),
        hint="rand is uniform on [0, 1), randn is normal." if 1e-7 < deviation < 1e-6 else "W starts at 1e-6 * randn.",
    )
    expect_close(W, torch.zeros_like(W, dtype=X.dtype), atol=1e-5, name="W")  # ten standard deviations
    mean = float(W.mean())
    expect(
        abs(mean) < 3e-7,
        Message("The mean of W is {mean:.2g}; it should be about 0.", mean=mean),
        hint="randn is normal, rand is uniform on [0, 1).",
    )
    expect_close([float(loss) for loss in history], [2.5] * 3, name="loss_history")


@task("train_linear_classifier", share="1/12", loans=LOANS_OF_TRAINING)
def check_training_leaves_its_inputs(student, rng):
    """Training does not change its arguments W, X and y, returns another tensor, and W has the dtype of X."""
    W, X, y = batch(rng, 20, 5, 3, torch.float32)
    recorder = student.define(RECORD).Recorder()
    seen = student.inspect(
        student.train_linear_classifier, recorder.loss, W, X, y, learning_rate=0.5, num_iters=4, batch_size=6
    )
    in_place = "`W -= ...` changes the caller's tensor; `W = W - ...` makes a new one."
    trained, history = seen.value
    expect_close(trained, W + 2, name="W")  # the gradient is -1 everywhere
    expect_close([float(loss) for loss in history], [1.0, 2.0, 3.0, 4.0], name="loss_history")
    expect_close(seen.args[1], W, rtol=0, atol=1e-5, name="the argument W after the call", mistakes={in_place: W + 2})
    expect_equal(seen.args[2:], (X, y), name="X and y after the call")
    for dtype in (torch.float32, torch.float64):
        made, _ = student.train_linear_classifier(recorder.loss, None, X.to(dtype), y, num_iters=1, batch_size=6)
        found = made.dtype if type(made) is Tensor else type(made).__name__
        hint = "Create W with the dtype of the images: torch.randn(..., dtype=X.dtype, device=X.device)."
        expect(found == dtype, Message("With images of {dtype} the new W has {found}.", dtype=dtype, found=found), hint)


@task("predict_linear_classifier", share=50)
def check_prediction_is_the_highest_score(student, rng):
    """The prediction for each image is the class with the highest score."""
    W, X, _ = batch(rng, 23, 6, 5)
    table = [[sum(float(a) * float(b) for a, b in zip(image, W[:, c], strict=True)) for c in range(5)] for image in X]
    expected = torch.tensor([row.index(max(row)) for row in table], device=rng.device)
    with explain_errors({"cannot be multiplied": "The scores are X @ W, (N, D) times (D, C): a row for each image."}):
        found = student.predict_linear_classifier(W, X)
    expect_close(found, expected, rtol=0, atol=0, check_dtype=False, mistakes={
        "These are the classes with the lowest scores.": torch.tensor([row.index(min(row)) for row in table]),
        "These are scores, not classes.": torch.tensor([max(row) for row in table], dtype=torch.float64),
        "This is the best image of each class; look for the best class of each image: dim=1.": (
            torch.tensor([column.index(max(column)) for column in zip(*table, strict=True)])
        ),
        "This is a list; return a tensor of int64.": expected.tolist(),
        "These are the classes with the largest absolute scores.": (X @ W).abs().argmax(dim=1),
    })  # fmt: skip


def split(rng, num_train: int, num_val: int) -> dict[str, Tensor]:
    """Draw a data_dict with four features and three classes."""
    names = {"train": num_train, "val": num_val}
    table = {f"X_{name}": rng.normal(size, 4) for name, size in names.items()}
    return table | {f"y_{name}": rng.integers(0, 3, size) for name, size in names.items()}


@task("test_one_param_set", share=60, loans=LOANS_OF_SETTINGS)
def check_one_param_set_trains_and_measures(student, rng):
    """The classifier is trained with the settings given, and both accuracies are fractions of right predictions."""
    data, weights = split(rng, 37, 23), rng.normal(4, 3)
    toy = student.define(TOY).Toy(weights)
    with explain_errors({"KeyError": Message("The keys of data_dict are {keys}.", keys=", ".join(data))}):
        result = student.test_one_param_set(toy, data, 0.25, 0.125, num_iters=11)

    calls = list(toy.calls)
    expect(
        len(calls) == 1,
        Message("cls.train was called {count} times.", count=len(calls)),
        hint="Train the given classifier cls, once.",
    )
    expect_equal(calls[0][:2], [data["X_train"], data["y_train"]], name="the first two arguments of train", mistakes={
        "The classifier was trained on the validation images.": [data["X_val"], data["y_val"]],
    })  # fmt: skip
    expect_equal(calls[0][2:], [0.25, 0.125, 11, 200], name="the settings of the training", mistakes={
        "lr and reg are swapped.": [0.125, 0.25, 11, 200],
        "num_iters was not handed on: train has a default of its own.": [0.25, 0.125, 100, 200],
        "num_iters was not handed on; 2000 is only its default.": [0.25, 0.125, 2000, 200],
        "reg was not handed on.": [0.25, 1e-5, 11, 200],
        "lr was not handed on.": [1e-3, 0.125, 11, 200],
        "Batches have 200 images.": [0.25, 0.125, 11, calls[0][5]],
    })  # fmt: skip
    train, val = (
        int(((data[f"X_{name}"] @ weights).argmax(dim=1) == data[f"y_{name}"]).sum()) / len(data[f"y_{name}"])
        for name in ("train", "val")
    )
    expect(is_sequence(result) and len(result) == 3, "The result is not a tuple: classifier, train_acc, val_acc.")
    expect_close([float(result[1]), float(result[2])], [train, val], name="train_acc, val_acc", mistakes={
        "These are percentages; return fractions in [0, 1].": [100 * train, 100 * val],
        "These are fractions of wrong predictions.": [1 - train, 1 - val],
        "The two accuracies are swapped.": [val, train],
        "These are numbers of right predictions; divide by the number of images.": [37 * train, 23 * val],
        "The right validation images were divided by the number of training images.": [train, 23 * val / 37],
        "Both accuracies are those of the training images.": [train, train],
        "Both accuracies are those of the validation images.": [val, val],
    }, rtol=1e-5)  # fmt: skip


def judge_search_params(params):
    """Expect two lists of numbers that give 5 to 25 pairs."""
    expect(is_sequence(params) and len(params) == 2, "The result is not two lists.")
    for name, values, low in zip(("learning_rates", "regularization_strengths"), params, (1e-300, 0.0), strict=True):
        numbers = is_sequence(values) and all(type(value) in (int, float) for value in values)
        expect(numbers, Message("{name} is not a list of Python numbers.", name=name))
        good = all(low <= value < math.inf for value in values) and len(set(values)) == len(values)
        if low:
            message = Message("{name} must be distinct numbers, above 0: {values}.", name=name, values=values)
        else:
            message = Message("{name} must be distinct numbers, 0 or more: {values}.", name=name, values=values)
        expect(good, message)
    pairs = len(params[0]) * len(params[1])
    expect(
        5 <= pairs <= 25,
        Message(
            "{rates} x {strengths} are {pairs} pairs; there should be 5 to 25.",
            rates=len(params[0]),
            strengths=len(params[1]),
            pairs=pairs,
        ),
        "Each learning rate meets each strength: 4 of the one and 4 of the other are 16 pairs.",
    )


@task("svm_get_search_params", share="1/3")
def check_svm_search_has_5_to_25_pairs(student):
    """The search for the SVM is a list of learning rates and a list of strengths, 5 to 25 pairs."""
    judge_search_params(student.svm_get_search_params())


@task("softmax_get_search_params", share="1/3")
def check_softmax_search_has_5_to_25_pairs(student):
    """The search for softmax is a list of learning rates and a list of strengths, 5 to 25 pairs."""
    judge_search_params(student.softmax_get_search_params())
