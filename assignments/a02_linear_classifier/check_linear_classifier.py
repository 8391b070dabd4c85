"""Public checks of a02: every expected value comes from a plain loop, its derivative, or a formula."""

import math
from collections.abc import Callable

import torch
from torch import Tensor

from autograder import expect, expect_close, expect_equal, expect_shape, forbid, task

READY_MADE = [
    "F.multi_margin_loss", "F.multilabel_margin_loss", "F.cross_entropy", "F.nll_loss", "F.softmax", "F.log_softmax",
    "F.softmin", "F.gumbel_softmax", "torch.logsumexp", "torch.special.*softmax", "torch.special.logsumexp",
    "torch.logaddexp*", "torch.logcumsumexp", "nn.*Loss", "nn.*Softmax*", "torch.autograd", "torch.func.*",
    "Tensor.backward", "Tensor.requires_grad_", "scipy.*",
]  # fmt: skip


def batch(rng, num_images: int, dim: int, num_classes: int) -> tuple[Tensor, Tensor, Tensor]:
    """Weights, images and labels. (D, C), (N, D), (N,)"""
    return rng.normal(dim, num_classes), rng.normal(num_images, dim), rng.integers(0, num_classes, num_images)


def plain_svm(W: Tensor, X: Tensor, y: Tensor, reg: float, *, margin: float = 1.0, own_class: bool = False) -> Tensor:
    """The definition, one image and one class after the other; ``own_class`` wrongly counts the true class too."""
    total = W.new_zeros(())
    for image, label in zip(X, y.tolist(), strict=True):
        scores = image @ W
        for other, score in enumerate(scores):
            if other != label or own_class:
                total = total + (score - scores[label] + margin).clamp(min=0)
    return total / len(X) + reg * W.pow(2).sum()


def plain_softmax(W: Tensor, X: Tensor, y: Tensor, reg: float) -> Tensor:
    """The definition, one image after the other, from the largest score downwards."""
    total = W.new_zeros(())
    for image, label in zip(X, y.tolist(), strict=True):
        scores = image @ W
        below = scores - scores.max()
        total = total + below.exp().sum().log() - below[label]
    return total / len(X) + reg * W.pow(2).sum()


def slope(loss_of: Callable[[Tensor], Tensor], W: Tensor) -> Tensor:
    """The derivative of a formula in W, by autograd. (D, C)"""
    W = W.clone().requires_grad_()
    return torch.autograd.grad(loss_of(W), W)[0]


def wrong_losses(formula, W, X, y, reg) -> dict[str, Callable[[], Tensor]]:
    """Hint -> the loss that this mistake gives."""
    data = formula(W, X, y, 0.0)
    hints = {
        "The regulariser is missing.": lambda: data,
        "The regulariser is half of what it should be: reg * sum(W * W), without 1/2.": (
            lambda: formula(W, X, y, reg / 2)
        ),
        "The regulariser was added once for each image.": lambda: formula(W, X, y, reg * len(X)),
        "The regulariser was divided by the number of images too.": lambda: formula(W, X, y, reg / len(X)),
        "The regulariser must sum the squares of W; this is their root.": lambda: data + reg * W.pow(2).sum().sqrt(),
        "This is the sum over the images; the loss is their mean.": lambda: formula(W, X, y, reg / len(X)) * len(X),
        "The data part was not divided by the number of images.": lambda: data * len(X) + reg * W.pow(2).sum(),
        "The data part was divided by the number of classes; only the images are averaged.": (
            lambda: data / W.shape[1] + reg * W.pow(2).sum()
        ),
    }
    if formula is plain_svm:
        hints |= {
            "The true class counts as well; leave it out. It adds the margin 1 for each image.": (
                lambda: formula(W, X, y, reg, own_class=True)
            ),
            "The margin of 1 is missing.": lambda: formula(W, X, y, reg, margin=0.0),
        }
    return hints


def wrong_gradients(formula, W, X, y, reg) -> dict[str, Callable[[], Tensor]]:
    """Hint -> the gradient that this mistake gives."""
    data, size = slope(lambda V: formula(V, X, y, 0.0), W), len(X)
    lead = (X @ W)[torch.arange(size, device=X.device), y][:, None] - X @ W
    violations = (lead < 1).sum(dim=1) - 1.0  # of each image; its own class, with a lead of 0, is one too many

    def own(weights: Tensor) -> Tensor:
        """The images times their weights, added up in the columns of their classes. (D, C)"""
        return torch.zeros_like(W).index_add_(1, y, (weights[:, None] * X).T)

    missing = own(violations if formula is plain_svm else torch.ones_like(violations))
    hints = {
        "The regulariser's gradient is missing.": lambda: data,
        "The gradient of reg * sum(W * W) is 2 * reg * W: the 2 is missing.": lambda: data + reg * W,
        "The data part was not divided by the number of images.": lambda: data * size + 2 * reg * W,
        "All of it was divided by the number of images; the regulariser must not be.": lambda: data + 2 * reg * W / size,
        "The regulariser was added once for each image.": lambda: data + 2 * reg * W * size,
        "The part of the true class is missing, which takes x away from column y.": (
            lambda: data + missing / size + 2 * reg * W
        ),
        "The data part has the wrong sign.": lambda: 2 * reg * W - data,
    }
    if formula is plain_svm:
        hints["Column y loses x once for each violation of the margin, not once for each image."] = (
            lambda: data + (missing - own((violations > 0).to(W.dtype))) / size + 2 * reg * W
        )
    return hints


def judge_loss(student, name, formula, W, X, y, reg):
    """The loss alone."""
    forbid(student, name, calls=READY_MADE, loops=name.endswith("vectorized"))
    loss, _ = getattr(student, name)(W, X, y, reg)
    expected = formula(W, X, y, reg)
    expect_close(loss, expected, mistakes=wrong_losses(formula, W, X, y, reg), name="the loss")


def judge_gradient(student, name, formula, W, X, y, reg):
    """The gradient alone."""
    forbid(student, name, calls=READY_MADE, loops=name.endswith("vectorized"))
    _, dW = getattr(student, name)(W, X, y, reg)
    expected = slope(lambda V: formula(V, X, y, reg), W)
    expect_close(dW, expected, mistakes=wrong_gradients(formula, W, X, y, reg), name="dW")


def judge_large_scores(student, name, rng):
    """Scores near 1000 and near -1000, a few apart."""
    forbid(student, name, calls=READY_MADE, loops=name.endswith("vectorized"))
    W, X, y = batch(rng, 6, 4, 5)
    for level in (1000.0, -1000.0):
        W[-1], X[:, -1] = level, 1.0  # every class of every image gets this much
        loss, dW = getattr(student, name)(W, X, y, 0.0)
        expect_close(loss, plain_softmax(W, X, y, 0.0), name=f"the loss, scores near {level:g}")
        expected = slope(lambda V: plain_softmax(V, X, y, 0.0), W)  # noqa: B023
        expect_close(dW, expected, name=f"dW, scores near {level:g}")


def judge_operations(student, name, rng):
    """The same work for small and large batches, as torch sees it."""
    forbid(student, name, calls=READY_MADE, loops=True)
    formula = plain_svm if name.startswith("svm") else plain_softmax
    W, X, y = batch(rng, 41, 6, 13)
    few = student.inspect(getattr(student, name), W[:, :3].contiguous(), X[:4], y[:4] % 3, 0.1)
    many = student.inspect(getattr(student, name), W, X, y, 0.1)

    loss, dW = many.value
    expect_close(loss, formula(W, X, y, 0.1), name="the loss")
    expect_close(dW, slope(lambda V: formula(V, X, y, 0.1), W), name="dW")
    expect(
        many.ops <= 2 * few.ops + 20,
        f"4 images and 3 classes took {few.ops} torch operations, 41 images and 13 classes took {many.ops}.",
        hint="Something still runs once for each image or class. Work on (N, C) matrices.",
    )


@task("svm_loss_naive", points=3)
def check_svm_naive_loss(student, rng):
    """The hinge loss with loops is the mean of the hinges plus the regulariser."""
    judge_loss(student, "svm_loss_naive", plain_svm, *batch(rng, 7, 5, 4), 0.3)


@task("svm_loss_naive", points=3)
def check_svm_naive_gradient(student, rng):
    """The gradient of the hinge loss with loops is its derivative."""
    judge_gradient(student, "svm_loss_naive", plain_svm, *batch(rng, 7, 5, 4), 0.3)


@task("svm_loss_vectorized", points=3)
def check_svm_vectorized_loss(student, rng):
    """The hinge loss without loops is the mean of the hinges plus the regulariser."""
    judge_loss(student, "svm_loss_vectorized", plain_svm, *batch(rng, 8, 3, 5), 0.2)


@task("svm_loss_vectorized", points=3)
def check_svm_vectorized_gradient(student, rng):
    """The gradient of the hinge loss without loops is its derivative."""
    judge_gradient(student, "svm_loss_vectorized", plain_svm, *batch(rng, 8, 3, 5), 0.2)


@task("svm_loss_vectorized", points=2)
def check_svm_vectorized_runs_as_many_operations_on_larger_batches(student, rng):
    """The hinge loss without loops takes as many operations for 41 images as for 4."""
    judge_operations(student, "svm_loss_vectorized", rng)


@task("softmax_loss_naive", points=3)
def check_softmax_naive_loss(student, rng):
    """The cross-entropy with loops is the mean surprise at the labels plus the regulariser."""
    judge_loss(student, "softmax_loss_naive", plain_softmax, *batch(rng, 5, 6, 4), 0.3)


@task("softmax_loss_naive", points=3)
def check_softmax_naive_gradient(student, rng):
    """The gradient of the cross-entropy with loops is its derivative."""
    judge_gradient(student, "softmax_loss_naive", plain_softmax, *batch(rng, 5, 6, 4), 0.3)


@task("softmax_loss_naive", points=1)
def check_softmax_naive_survives_large_scores(student, rng):
    """The cross-entropy with loops is right when all scores are near 1000, or near -1000."""
    judge_large_scores(student, "softmax_loss_naive", rng)


@task("softmax_loss_vectorized", points=3)
def check_softmax_vectorized_loss(student, rng):
    """The cross-entropy without loops is the mean surprise at the labels plus the regulariser."""
    judge_loss(student, "softmax_loss_vectorized", plain_softmax, *batch(rng, 9, 4, 6), 0.2)


@task("softmax_loss_vectorized", points=3)
def check_softmax_vectorized_gradient(student, rng):
    """The gradient of the cross-entropy without loops is its derivative."""
    judge_gradient(student, "softmax_loss_vectorized", plain_softmax, *batch(rng, 9, 4, 6), 0.2)


@task("softmax_loss_vectorized", points=2)
def check_softmax_vectorized_survives_large_scores(student, rng):
    """The cross-entropy without loops is right when all scores are near 1000, or near -1000."""
    judge_large_scores(student, "softmax_loss_vectorized", rng)


@task("softmax_loss_vectorized", points=1)
def check_softmax_vectorized_runs_as_many_operations_on_larger_batches(student, rng):
    """The cross-entropy without loops takes as many operations for 41 images as for 4."""
    judge_operations(student, "softmax_loss_vectorized", rng)


REFUSAL = """
def refusal(f, *args):
    try:
        f(*args)
    except NotImplementedError:
        raise
    except Exception as error:
        return type(error).__name__, str(error)
    return "", ""
"""


def judge_refusal(student, f, args, story: str, wanted: list[str]):
    """A ValueError whose message contains the words."""
    kind, message = student.define(REFUSAL).refusal(f, *args)
    expect(kind != "", f"It raised nothing for {story}.", hint="Raise ValueError, with a sentence.")
    expect(kind == "ValueError", f"For {story} it raised {kind}, not ValueError: {message}")
    missing = [word for word in wanted if word not in message.lower()]
    words = " and ".join(repr(word) for word in missing)
    expect(not missing, f"For {story} the message lacks {words}: {message!r}", hint="See the table above the task.")


@task("validate_batch", points=3)
def check_validate_batch_refuses_nonsense(student, rng):
    """ValueError names what is wrong: an empty batch, float labels, a label too few, a label that is no class."""
    W, X, y = batch(rng, 13, 3, 7)
    f = student.validate_batch
    judge_refusal(student, f, (W, X[:0], y[:0]), "an empty batch", ["empty"])
    judge_refusal(student, f, (W, X, y.float()), "float labels", ["float32"])
    judge_refusal(student, f, (W, X, y[:11]), "13 images with 11 labels", ["13", "11"])
    for label in (-41, 52):
        y[4] = label
        judge_refusal(student, f, (W, X, y), f"the label {label} among 7 classes", [str(label)])


@task("sample_batch", points=2)
def check_batch_keeps_images_and_labels_together(student, rng):
    """A batch has the size asked for, and every image in it has its own label."""
    X, y = rng.normal(50, 4), rng.permutation(50)
    X_batch, y_batch = student.sample_batch(X, y, 50, 17)

    expect_shape(X_batch, (17, 4), name="X_batch")
    expect_shape(y_batch, (17,), name="y_batch")
    rows = (X[None] == X_batch[:, None]).all(dim=2)  # (17, 50)
    expect(bool(rows.any(dim=1).all()), "Some row of X_batch is no row of X.")
    expect_equal(y_batch, y[rows.int().argmax(dim=1)], name="y_batch")


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

def rest(W, X, y, reg):
    return W.sum() * 0 + 2.5, W * 0
"""


@task("train_linear_classifier", points=3)
def check_training_steps_against_the_gradient(student, rng):
    """Each iteration steps against the gradient of the loss that it was given, and notes the loss before its step."""
    W, X, y = batch(rng, 30, 4, 3)
    pull = student.define(PULL).pull
    options = {"learning_rate": 0.2, "reg": 0.5, "num_iters": 7, "batch_size": 5}
    trained, history = student.train_linear_classifier(pull, W, X, y, **options)

    def after(steps: int, shrink: float = 1 - 0.2 * 1.5) -> Tensor:
        return 1 + shrink**steps * (W - 1)  # the loss pulls every weight towards 1

    losses = [float(1.5 * (after(step) - 1).pow(2).sum() / 2) for step in range(8)]
    expect_close(trained, after(7), name="W", mistakes={
        "W did not change.": W,
        "It climbed: subtract the gradient.": after(7, 1 + 0.2 * 1.5),
        "The learning rate was not used.": after(7, 1 - 1.5),
        "reg did not reach the loss function.": after(7, 1 - 0.2),
        "One step too few.": after(6),
        "One step too many.": after(8),
    })  # fmt: skip
    expect_equal(len(history), 7, name="the length of loss_history")
    expect_close([float(loss) for loss in history], losses[:7], name="loss_history", mistakes={
        "These are the losses after the steps; note the loss that came with the gradient.": losses[1:],
    })  # fmt: skip


@task("train_linear_classifier", points=2)
def check_training_makes_its_own_weights(student, rng):
    """Without a W it starts from 1e-6 * randn, with a column for each label up to the largest."""
    X, y = rng.normal(40, 60), rng.integers(0, 6, 40)
    y[17] = 8
    rest = student.define(PULL).rest  # a loss that is flat everywhere
    W, history = student.train_linear_classifier(rest, None, X, y, num_iters=3, batch_size=10)

    expect_shape(W, (60, 9), name="W")
    expect_close(W, torch.zeros_like(W, dtype=X.dtype), atol=1e-5, name="W")  # ten deviations
    expect(0.7e-6 < float(W.std()) < 1.4e-6, f"Its standard deviation is {float(W.std()):.2g}, not about 1e-6.")
    mean = float(W.mean())
    expect(abs(mean) < 3e-7, f"Its mean is {mean:.2g}, not about 0.", hint="randn is normal, rand is uniform on [0, 1).")
    expect_close([float(loss) for loss in history], [2.5] * 3, name="loss_history")


@task("predict_linear_classifier", points=2)
def check_prediction_is_the_highest_score(student, rng):
    """Each image is predicted to be of the class with the highest score."""
    W, X, _ = batch(rng, 23, 6, 5)
    table = [[sum(float(a) * float(b) for a, b in zip(image, W[:, c], strict=True)) for c in range(5)] for image in X]
    expected = torch.tensor([row.index(max(row)) for row in table], device=rng.device)
    expect_equal(student.predict_linear_classifier(W, X), expected, mistakes={
        "These are the classes with the lowest scores.": torch.tensor([row.index(min(row)) for row in table]),
        "These are scores, not classes.": torch.tensor([max(row) for row in table], dtype=torch.float64),
    })  # fmt: skip


TOY = """
class Toy:
    def __init__(self, train, val):
        self.train_labels, self.val_labels, self.calls = train, val, []

    def train(self, X_train, y_train, learning_rate=1e-3, reg=1e-5, num_iters=100, batch_size=200, verbose=False):
        self.calls.append([X_train, y_train, learning_rate, reg, num_iters, batch_size])
        return [1.0]

    def predict(self, X):
        assert self.calls, "predict was called before train"
        return (self.train_labels if len(X) == len(self.train_labels) else self.val_labels).clone()
"""


def split(rng, num_train: int, num_val: int) -> tuple[dict[str, Tensor], Tensor, Tensor]:
    """A data_dict, and predictions of which some are right."""
    names = {"train": num_train, "val": num_val}
    table = {f"X_{name}": rng.normal(size, 4) for name, size in names.items()}
    table |= {f"y_{name}": rng.integers(0, 3, size) for name, size in names.items()}
    return table, rng.integers(0, 3, num_train), rng.integers(0, 3, num_val)


@task("test_one_param_set", points=3)
def check_one_param_set_trains_and_measures(student, rng):
    """The classifier is trained with the settings given, and both accuracies are fractions of right predictions."""
    data, train_labels, val_labels = split(rng, 37, 23)
    toy = student.define(TOY).Toy(train_labels, val_labels)
    result = student.test_one_param_set(toy, data, 0.25, 0.125, num_iters=11)

    calls = list(toy.calls)
    expect_equal(len(calls), 1, name="how often train was called")
    expect_equal(calls[0][:2], [data["X_train"], data["y_train"]], name="what train was given")
    expect_equal(calls[0][2:5], [0.25, 0.125, 11], name="learning_rate, reg and num_iters of the training")
    train_acc = int((train_labels == data["y_train"]).sum()) / 37
    val_acc = int((val_labels == data["y_val"]).sum()) / 23
    expect_close([float(result[1]), float(result[2])], [train_acc, val_acc], name="train_acc, val_acc", mistakes={
        "These are percentages; fractions in [0, 1] are asked for.": [100 * train_acc, 100 * val_acc],
        "These are fractions of wrong predictions.": [1 - train_acc, 1 - val_acc],
        "The two accuracies are swapped.": [val_acc, train_acc],
    }, rtol=1e-5)  # fmt: skip


def judge_search_params(params):
    """Two lists of numbers, 5 to 25 pairs."""
    expect(isinstance(params, (tuple, list)) and len(params) == 2, "It did not return two lists.")
    for name, values, low in zip(("learning_rates", "regularization_strengths"), params, (1e-300, 0.0), strict=True):
        numbers = isinstance(values, (tuple, list)) and all(type(value) in (int, float) for value in values)
        expect(numbers, f"{name} is not a list of Python numbers.")
        good = all(low <= value < math.inf for value in values) and len(set(values)) == len(values)
        expect(good, f"{name} must be distinct numbers, {'above 0' if low else '0 or more'}: {values}.")
    pairs = len(params[0]) * len(params[1])
    expect(5 <= pairs <= 25, f"{len(params[0])} x {len(params[1])} are {pairs} pairs; 5 to 25 are asked for.")


@task("svm_get_search_params", points=1)
def check_svm_search_has_5_to_25_pairs(student):
    """The search for the SVM is a list of learning rates and a list of strengths, 5 to 25 pairs."""
    judge_search_params(student.svm_get_search_params())


@task("softmax_get_search_params", points=1)
def check_softmax_search_has_5_to_25_pairs(student):
    """The search for softmax is a list of learning rates and a list of strengths, 5 to 25 pairs."""
    judge_search_params(student.softmax_get_search_params())


def plain_histogram(images: Tensor, bins: int) -> Tensor:
    """Count one pixel after the other. (N, C, bins)"""
    counts = torch.zeros(*images.shape[:2], bins, dtype=images.dtype)
    for n, image in enumerate(images.tolist()):
        for c, channel in enumerate(image):
            for value in [value for row in channel for value in row]:
                interval = next(k for k in range(bins) if value < (k + 1) / bins or k == bins - 1)
                counts[n, c, interval] += 1
    return counts.to(images.device) / (images.shape[2] * images.shape[3])


@task("color_histogram", points=2)
def check_color_histogram_counts_pixels(student, rng):
    """The histogram of each channel holds the fractions of its pixels in equal intervals of [0, 1]."""
    images = rng.uniform(4, 3, 5, 7) ** 2
    expected = plain_histogram(images, 6)
    expect_close(student.color_histogram(images, bins=6), expected.flatten(1), mistakes={
        "These are counts; divide by the number of pixels of a channel.": expected.flatten(1) * 35,
        "Divide by the pixels of one channel, not of all three.": expected.flatten(1) / 3,
        "Channel after channel: all intervals of red come before those of green.": expected.mT.flatten(1),
        "The channels were put into one histogram; each has its own.": expected.mean(dim=1),
    })  # fmt: skip


def plain_hog(images: Tensor, cell: int, bins: int, wrong: str = "") -> Tensor:
    """The six steps, one pixel after the other; ``wrong`` turns on one familiar mistake. (N, rows, columns, bins)"""
    height, width = images.shape[2:]
    result = torch.zeros(len(images), height // cell, width // cell, bins, dtype=images.dtype)
    for n, grey in enumerate(images.double().mean(dim=1).tolist()):

        def pixel(h: int, w: int, grey: list[list[float]] = grey) -> float:
            outside = wrong == "zeros" and not (0 <= h < height and 0 <= w < width)
            return 0.0 if outside else grey[min(max(h, 0), height - 1)][min(max(w, 0), width - 1)]

        for h in range(height // cell * cell):
            for w in range(width // cell * cell):
                dx = (pixel(h, w + 1) - pixel(h, w - 1)) / (1 if wrong == "unhalved" else 2)
                dy = (pixel(h + 1, w) - pixel(h - 1, w)) / (1 if wrong == "unhalved" else 2)
                circle = 2 * math.pi if wrong == "signed" else math.pi
                angle = math.atan2(dx, dy) if wrong == "swapped" else math.atan2(dy, dx)
                position = angle % circle * bins / circle
                below = math.floor(position)
                upper = 0.0 if wrong == "unshared" else position - below
                histogram = result[n, h // cell, w // cell]
                histogram[below % bins] += math.hypot(dx, dy) * (1 - upper)
                if below + 1 < bins or wrong != "open":
                    histogram[(below + 1) % bins] += math.hypot(dx, dy) * upper
    result /= 1 if wrong == "summed" else cell * cell
    if wrong != "unscaled":
        result /= (result.pow(2).sum(dim=3, keepdim=True) + (0.0 if wrong == "no floor" else 1e-4)).sqrt()
    return result.to(images.device)


WRONG_HOG = {
    "signed": "Orientations go modulo pi, not modulo 2 pi: opposite gradients share a bin.",
    "swapped": "The orientation is atan2(g_y, g_x), in this order.",
    "unshared": "Each magnitude went into one bin; it is shared by the two bins next to the orientation.",
    "open": "Bins form a ring: behind the last bin comes bin 0.",
    "summed": "Average over the pixels of a cell before you scale it.",
    "unscaled": "The last step is missing: v / sqrt(|v|^2 + 0.01^2).",
    "no floor": "0.01^2 belongs under the root.",
    "unhalved": "Central differences are divided by 2.",
    "zeros": "Outside the image its nearest pixel continues; zeros make a false edge around the image.",
}


def judge_hog(student, images, cell, bins):
    """Compare with the plain loops."""
    expected = plain_hog(images, cell, bins)
    mistakes = {hint: lambda wrong=wrong: plain_hog(images, cell, bins, wrong).flatten(1) for wrong, hint in WRONG_HOG.items()}
    mistakes["Within a cell one bin comes after the other: the bin is the last axis."] = (
        lambda: expected.permute(0, 3, 1, 2).flatten(1)
    )
    expect_close(student.hog_features(images, cell=cell, bins=bins), expected.flatten(1), mistakes=mistakes)


@task("hog_features", points=3)
def check_hog_agrees_with_plain_loops(student, rng):
    """Oriented gradients agree with the six steps, done one pixel after the other."""
    judge_hog(student, rng.uniform(2, 3, 12, 16), 4, 5)


@task("hog_features", points=1)
def check_hog_knows_the_direction_of_a_ramp(student, rng):
    """Brightness that rises in one direction gives one orientation, and its opposite the same."""
    down, right = torch.meshgrid(*[torch.arange(12.0, dtype=torch.float64, device=rng.device)] * 2, indexing="ij")
    for turn in (0, 2, 5, 8.5):
        angle = math.pi * turn / 9
        ramp = 0.5 + 0.02 * (math.cos(angle) * (right - 6) + math.sin(angle) * (down - 6))
        both = torch.stack([ramp, 1 - ramp])[:, None].repeat(1, 3, 1, 1)
        features = student.hog_features(both, cell=4, bins=9)
        expect_shape(features, (2, 81))

        expected = torch.zeros(9, dtype=torch.float64, device=rng.device)
        expected[math.floor(turn)] += 0.02 * (1 - turn % 1)
        expected[math.ceil(turn) % 9] += 0.02 * (turn % 1)
        expected /= (expected.pow(2).sum() + 0.0001).sqrt()
        for row, way in zip(features, ("brighter", "darker"), strict=True):
            name = f"the middle cell, {way} towards {math.degrees(angle):.0f} degrees"
            expect_close(row.reshape(3, 3, 9)[1, 1], expected, name=name)


FEATURES = """
def brightest(images):
    return images.flatten(1).max(dim=1).values[:, None]

def corners(images):
    return images[:, :, [0, 0, -1, -1], [0, -1, 0, -1]].flatten(1)
"""


@task("extract_features", points=1)
def check_features_stand_side_by_side(student, rng):
    """The features of each function stand side by side, in the order of the functions."""
    images = rng.uniform(6, 2, 4, 3)
    helper = student.define(FEATURES)
    brightest = images.amax(dim=(1, 2, 3))[:, None]
    corners = torch.stack([images[:, :, h, w] for h in (0, -1) for w in (0, -1)], dim=2).flatten(1)

    both = student.extract_features(images, [helper.corners, helper.brightest])
    expect_close(both, torch.cat([corners, brightest], dim=1), mistakes={
        "The functions are in the wrong order.": torch.cat([brightest, corners], dim=1),
    })  # fmt: skip
