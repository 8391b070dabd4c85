"""Hidden checks of a02, training: uniform batches, new ones in each iteration, unchanged inputs, prediction."""

import torch
from oracles import LOANS_OF_SETTINGS, LOANS_OF_TRAINING, RECORD, TOY, batch

from autograder import Message, expect, expect_close, expect_equal, expect_shape, task

LARGE = "batch_size may be larger than the number of images: they are drawn with replacement."
EVEN = (
    "torch.randint(num_train, (batch_size,)) draws each row 0 to num_train - 1 with the same probability, in random "
    "order: use the rows as they come, without sorting them."
)
SEED = """
import torch

def seed(number):
    torch.manual_seed(number)  # of torch alone: random numbers come from torch
"""


@task("sample_batch", share=40)
def check_batches_are_uniform_and_fresh(student, rng):
    """The first num_train rows are equally likely, in random order, new at each call, and set by the seed."""
    X, y = torch.arange(40.0, device=rng.device)[:, None], torch.arange(40, device=rng.device)
    student.seed(rng.int(0, 2**31))
    _, drawn = student.sample_batch(X, y, 25, 10_000)
    expect_shape(drawn, (10_000,))
    expect(bool((drawn < 25).all()), "With num_train = 25 it drew rows beyond the first 25.")
    counts = torch.bincount(drawn, minlength=25)
    expect(
        int(counts.min()) > 0,
        Message("Row {row} never came in 10,000 draws from 25 rows.", row=int(counts.argmin())),
        EVEN,
    )
    # chi-square with 24 degrees of freedom exceeds 100 once in 10^11 runs
    uneven = float(((counts - 400.0) ** 2 / 400).sum())
    expect(
        uneven < 100,
        Message(
            "In 10,000 draws from 25 rows, one row came {least} times, another {most} times.",
            least=int(counts.min()),
            most=int(counts.max()),
        ),
        EVEN,
    )
    neighbours = int((drawn.diff() == 1).sum())  # 384 are expected, with a standard deviation of 19
    expect(
        neighbours < 600,
        Message(
            "{neighbours} of 10,000 draws are followed by the next row: the order is not random.", neighbours=neighbours
        ),
    )

    descents = int((drawn.diff() < 0).sum())  # 4,800 are expected
    expect(descents > 4000, "The rows come in ascending order; they should be in random order.", EVEN)

    runs, helper = [], student.define(SEED)
    for seed in (5, 5, 6):
        helper.seed(seed)
        runs.append([student.sample_batch(X, y, 40, 30)[1] for _ in range(2)])
    same = all(bool((one == other).all()) for one, other in zip(runs[0], runs[1], strict=True))
    expect(same, "Two runs with the same torch.manual_seed drew other batches.", "Take random numbers from torch.")
    seeded = "Do not seed a generator in sample_batch: whoever calls it decides whether a run repeats another."
    expect(not bool((runs[0][0] == runs[0][1]).all()), "Two calls in a row drew the same batch.", seeded)
    expect(not bool((runs[0][0] == runs[2][0]).all()), "Two different seeds drew the same batch.", seeded)


@task("train_linear_classifier", share="2/12", loans=LOANS_OF_TRAINING)
def check_training_draws_fresh_batches(student, rng):
    """Every iteration uses a new batch of the right size, drawn from all images, each with its own label."""
    X, y = rng.normal(31, 4), rng.permutation(31)
    recorder = student.define(RECORD).Recorder()
    student.train_linear_classifier(
        recorder.loss, rng.normal(4, 31), X, y, learning_rate=0.1, reg=0.0, num_iters=60, batch_size=11
    )
    seen = list(recorder.seen)

    expect_equal(len(seen), 60, name="the number of losses computed")
    position = torch.empty_like(y)
    position[y] = torch.arange(31, device=y.device)  # of the image with this label
    for X_batch, y_batch in seen:
        expect_shape(X_batch, (11, 4), name="X_batch")
        expect_shape(y_batch, (11,), name="y_batch")
        expect_equal(X_batch, X[position[y_batch]], name="the images of the labels in y_batch")
    drawn = torch.stack([y_batch for _, y_batch in seen])  # (60, 11)
    expect_equal(len(drawn.unique()), 31, name="the number of different images among 660 draws from 31")
    expect(
        len({tuple(row.tolist()) for row in drawn}) == 60,
        "Some batches are equal: draw a new batch in every iteration.",
    )

    large = student.define(RECORD).Recorder()
    options = {"learning_rate": 0.1, "reg": 0.0, "num_iters": 1, "batch_size": 40}
    student.train_linear_classifier(large.loss, rng.normal(4, 31), X, y, **options)
    drawn = len(next(iter(large.seen))[1])
    expect(drawn == 40, Message("A batch of 40 from 31 images had {drawn} of them.", drawn=drawn), LARGE)


@task("predict_linear_classifier", share=50)
def check_prediction_on_other_sizes(student, rng):
    """Predictions are int64 and right for one image, two classes, 30 classes, float32, and only negative scores."""
    for num_images, dim, num_classes in [(1, 4, 6), (9, 3, 2), (17, 5, 30), (33, 2, 4)]:
        for dtype in (torch.float64, torch.float32):
            W, X, _ = batch(rng, num_images, dim, num_classes, dtype)
            W, X = torch.cat([W, W.new_full((1, num_classes), -50)]), torch.cat([X, X.new_ones(num_images, 1)], dim=1)
            seen = student.inspect(student.predict_linear_classifier, W, X)
            expect_equal(seen.value, torch.einsum("nd,dc->nc", X, W).max(dim=1).indices)
            expect_equal(seen.args, (W, X), name="the inputs after the call")


@task("test_one_param_set", share=40, loans=LOANS_OF_SETTINGS)
def check_one_param_set_with_other_sizes(student, rng):
    """By default it trains for 2000 iterations with batches of 200; it returns the given classifier, and floats."""
    for num_train, num_val in [(8, 31), (50, 1)]:
        parts = {"train": num_train, "val": num_val}
        data = {f"X_{name}": rng.normal(size, 3) for name, size in parts.items()}
        data |= {f"y_{name}": rng.integers(0, 2, size) for name, size in parts.items()}
        weights = rng.normal(3, 2)
        toy = student.define(TOY).Toy(weights)
        returned, train_acc, val_acc = student.test_one_param_set(toy, data, 0.5, 2.0)

        settings = [list(call[2:]) for call in toy.calls]
        expect_equal(settings, [[0.5, 2.0, 2000, 200]], name="the settings of the training", mistakes={
            "num_iters was not handed on: train has a default of its own.": [[0.5, 2.0, 100, 200]],
        })  # fmt: skip
        expect_equal(returned.bias, 7.5, name="an attribute of the classifier returned")
        right = [
            int(((data[f"X_{name}"] @ weights).argmax(dim=1) == data[f"y_{name}"]).sum()) / size
            for name, size in parts.items()
        ]
        expect_close([float(train_acc), float(val_acc)], right, name="train_acc, val_acc", rtol=1e-5)
