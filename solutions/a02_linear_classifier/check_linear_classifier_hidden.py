"""Hidden checks of a02: other sizes, dtypes and strides, extreme scores, what training draws, and scores on scenes."""

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from autograder import expect, expect_close, expect_equal, expect_gradient, expect_shape, forbid, task

READY_MADE = [
    "F.multi_margin_loss", "F.multilabel_margin_loss", "F.cross_entropy", "F.nll_loss", "F.softmax", "F.log_softmax",
    "F.softmin", "F.gumbel_softmax", "torch.logsumexp", "torch.special.*softmax", "torch.special.logsumexp",
    "torch.logaddexp*", "torch.logcumsumexp", "nn.*Loss", "nn.*Softmax*", "torch.autograd", "torch.func.*",
    "Tensor.backward", "Tensor.requires_grad_", "scipy.*",
]  # fmt: skip
SIZES = [(9, 4, 3), (2, 7, 5), (1, 3, 4), (6, 1, 2), (5, 6, 11)]  # images, entries, classes


def torch_svm(W: Tensor, X: Tensor, y: Tensor, reg: float) -> Tensor:
    """torch's own, which also divides by the number of classes."""
    return W.shape[1] * F.multi_margin_loss(X @ W, y) + reg * (W**2).sum()


def torch_softmax(W: Tensor, X: Tensor, y: Tensor, reg: float) -> Tensor:
    """torch's own."""
    return F.cross_entropy(X @ W, y) + reg * (W**2).sum()


def derivative(formula, W: Tensor, X: Tensor, y: Tensor, reg: float) -> Tensor:
    """By autograd. (D, C)"""
    W = W.detach().clone().requires_grad_()
    return torch.autograd.grad(formula(W, X, y, reg), W)[0]


def batch(rng, num_images: int, dim: int, num_classes: int, dtype=torch.float64) -> tuple[Tensor, Tensor, Tensor]:
    """Weights, images and labels. (D, C), (N, D), (N,)"""
    W, X = rng.normal(dim, num_classes, dtype=dtype), rng.normal(num_images, dim, dtype=dtype)
    return W, X, rng.integers(0, num_classes, num_images)


def judge(student, name, W, X, y, reg, **tolerance):
    """Loss and gradient are right, and the inputs are as they were."""
    forbid(student, name, calls=READY_MADE, loops=name.endswith("vectorized"))
    formula = torch_svm if name.startswith("svm") else torch_softmax
    exact = W.double(), X.double(), y
    seen = student.inspect(getattr(student, name), W, X, y, reg)
    loss, dW = seen.value
    infinite = {"A probability rounded to 0, and its logarithm is infinite: find log p from the scores.": math.inf}
    expect_close(loss, formula(*exact, reg).to(W.dtype), name="the loss", mistakes=infinite, **tolerance)
    expect_close(dW, derivative(formula, *exact, reg).to(W.dtype), name="dW", **tolerance)
    expect_equal(seen.args[:3], (W, X, y), name="the inputs after the call")


def judge_sizes(student, rng, name):
    """Batches of several sizes, one image among them, with and without regulariser."""
    for size in SIZES:
        for reg in (0.0, 0.7):
            judge(student, name, *batch(rng, *size), reg)


def judge_float32(student, rng, name):
    """float32 stays float32, for weights and images whose memory is not contiguous."""
    W, X, y = batch(rng, 12, 5, 4, torch.float32)
    judge(student, name, W, X, y, 0.1)
    judge(student, name, W.T.contiguous().T, X.repeat(2, 2)[::2, ::2], y, 0.1)


def judge_far_behind(student, rng, name):
    """Scores thousands apart: the true class may be far ahead or far behind."""
    W, X, y = batch(rng, 8, 3, 5)
    judge(student, name, 1000 * W, X, y, 0.0)
    # A float32 score near 3000 is known to 2e-4, and where two classes are level a probability no better.
    judge(student, name, 1000 * W.float(), X.float(), y, 0.0, rtol=1e-3, atol=1e-3)


def judge_gradient(student, rng, name):
    """The gradient agrees with central differences of torch's loss."""
    forbid(student, name, calls=READY_MADE, loops=True)
    formula = torch_svm if name.startswith("svm") else torch_softmax
    W, X, y = batch(rng, 30, 7, 6)
    _, dW = getattr(student, name)(W, X, y, 0.05)
    expect_gradient(lambda V: formula(V, X, y, 0.05), W, dW, name="dW")


@task("svm_loss_naive", points=3)
def check_svm_naive_on_other_sizes(student, rng):
    """The hinge loss with loops is right for any sizes, one image and two classes too; inputs stay."""
    judge_sizes(student, rng, "svm_loss_naive")


@task("svm_loss_naive", points=1)
def check_svm_naive_keeps_float32(student, rng):
    """The hinge loss with loops keeps float32, and takes views."""
    judge_float32(student, rng, "svm_loss_naive")


@task("svm_loss_vectorized", points=3)
def check_svm_vectorized_on_other_sizes(student, rng):
    """The hinge loss without loops is right for any sizes, one image and two classes too; inputs stay."""
    judge_sizes(student, rng, "svm_loss_vectorized")


@task("svm_loss_vectorized", points=1)
def check_svm_vectorized_keeps_float32(student, rng):
    """The hinge loss without loops keeps float32, and takes views."""
    judge_float32(student, rng, "svm_loss_vectorized")


@task("svm_loss_vectorized", points=2)
def check_svm_vectorized_gradient_by_differences(student, rng):
    """The gradient of the hinge loss without loops agrees with central differences on 30 images."""
    judge_gradient(student, rng, "svm_loss_vectorized")


@task("softmax_loss_naive", points=1)
def check_softmax_naive_on_other_sizes(student, rng):
    """The cross-entropy with loops is right for any sizes, one image and two classes too; inputs stay."""
    judge_sizes(student, rng, "softmax_loss_naive")


@task("softmax_loss_naive", points=1)
def check_softmax_naive_keeps_float32(student, rng):
    """The cross-entropy with loops keeps float32, and takes views."""
    judge_float32(student, rng, "softmax_loss_naive")


@task("softmax_loss_naive", points=1)
def check_softmax_naive_far_behind(student, rng):
    """The cross-entropy with loops is finite and right when scores are thousands apart."""
    judge_far_behind(student, rng, "softmax_loss_naive")


@task("softmax_loss_vectorized", points=2)
def check_softmax_vectorized_on_other_sizes(student, rng):
    """The cross-entropy without loops is right for any sizes, one image and two classes too; inputs stay."""
    judge_sizes(student, rng, "softmax_loss_vectorized")


@task("softmax_loss_vectorized", points=1)
def check_softmax_vectorized_keeps_float32(student, rng):
    """The cross-entropy without loops keeps float32, and takes views."""
    judge_float32(student, rng, "softmax_loss_vectorized")


@task("softmax_loss_vectorized", points=2)
def check_softmax_vectorized_far_behind(student, rng):
    """The cross-entropy without loops is finite and right when scores are thousands apart."""
    judge_far_behind(student, rng, "softmax_loss_vectorized")


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


def expect_refusal(student, f, args, story: str):
    """A ValueError that says something."""
    kind, message = student.define(REFUSAL).refusal(f, *args)
    expect(kind != "", f"It raised nothing for {story}.", hint="Call validate_batch in the first line.")
    expect(kind == "ValueError" and len(message) >= 10, f"For {story} it raised {kind}: {message}")


@task("validate_batch", points=1)
def check_validate_batch_accepts_sound_batches(student, rng):
    """Batches that make sense pass, whatever their size and dtype, and the class that W lacks by one does not."""
    for size in SIZES:
        W, X, y = batch(rng, *size, dtype=rng.choice([torch.float32, torch.float64]))
        for label in (0, size[2] - 1):
            y[rng.int(0, size[0])] = label
            expect_equal(student.validate_batch(W, X, y), None)
        for label in (-1, size[2]):
            y[rng.int(0, size[0])] = label
            expect_refusal(student, student.validate_batch, (W, X, y), f"the label {label} among {size[2]} classes")


@task("validate_batch", points=2)
def check_losses_refuse_nonsense(student, rng):
    """Each of the four losses raises ValueError for an empty batch, for float labels and for labels out of range."""
    for name in ("svm_loss_naive", "svm_loss_vectorized", "softmax_loss_naive", "softmax_loss_vectorized"):
        W, X, y = batch(rng, 6, 4, 3)
        f = getattr(student, name)
        expect_refusal(student, f, (W, X[:0], y[:0], 0.1), f"an empty batch in {name}")
        expect_refusal(student, f, (W, X, y.double(), 0.1), f"float labels in {name}")
        expect_refusal(student, f, (W, X, y - 3, 0.1), f"negative labels in {name}")
        expect_refusal(student, f, (W, X, y[:4], 0.1), f"6 images with 4 labels in {name}")


@task("sample_batch", points=2)
def check_batches_are_uniform_and_fresh(student, rng):
    """Each of the first num_train rows is equally likely, in any order, anew at each call, repeatable by the seed."""
    X, y = torch.arange(40.0, device=rng.device)[:, None], torch.arange(40, device=rng.device)
    student.seed(rng.int(0, 2**31))
    _, drawn = student.sample_batch(X, y, 25, 10_000)
    expect_shape(drawn, (10_000,))
    expect(bool((drawn < 25).all()), "With num_train = 25 it drew rows beyond the first 25.")
    counts = torch.bincount(drawn, minlength=25)
    # chi-square with 24 degrees of freedom exceeds 100 once in 10^11 runs
    uneven = float(((counts - 400.0) ** 2 / 400).sum())
    expect(
        uneven < 100,
        f"Of 10,000 draws the rarest of 25 rows came {int(counts.min())} times, another {int(counts.max())} times.",
    )
    neighbours = int((drawn.diff() == 1).sum())  # 384 are expected, with a deviation of 19
    expect(neighbours < 600, f"{neighbours} of 10,000 draws are followed by the next row: this is no random order.")

    runs = []
    for seed in (5, 5, 6):
        student.seed(seed)
        runs.append([student.sample_batch(X, y, 40, 30)[1] for _ in range(2)])
    expect_equal(runs[0], runs[1], name="two runs with the same torch.manual_seed")
    expect(not bool((runs[0][0] == runs[0][1]).all()), "Two calls one after the other drew the same batch.")
    expect(not bool((runs[0][0] == runs[2][0]).all()), "Two different seeds drew the same batch.")


RECORD = """
class Recorder:
    def __init__(self):
        self.seen = []

    def loss(self, W, X, y, reg):
        self.seen.append([X.clone(), y.clone()])
        return W.sum() * 0 + float(len(self.seen)), W * 0 - 1
"""


@task("train_linear_classifier", points=2)
def check_training_draws_fresh_batches(student, rng):
    """Every iteration sees a fresh batch of the size asked for, drawn from all images, each with its own label."""
    X, y = rng.normal(31, 4), rng.permutation(31)
    recorder = student.define(RECORD).Recorder()
    student.train_linear_classifier(
        recorder.loss, rng.normal(4, 31), X, y, learning_rate=0.1, reg=0.0, num_iters=60, batch_size=11
    )
    seen = list(recorder.seen)

    expect_equal(len(seen), 60, name="how often the loss was computed")
    position = torch.empty_like(y)
    position[y] = torch.arange(31, device=y.device)  # of the image with this label
    for X_batch, y_batch in seen:
        expect_shape(X_batch, (11, 4), name="X_batch")
        expect_shape(y_batch, (11,), name="y_batch")
        expect_equal(X_batch, X[position[y_batch]], name="the images of the labels in y_batch")
    drawn = torch.stack([y_batch for _, y_batch in seen])  # (60, 11)
    expect_equal(len(drawn.unique()), 31, name="how many of the 31 images were drawn in 660 draws")
    expect(
        len({tuple(row.tolist()) for row in drawn}) == 60, "Some batches are the same: draw anew in every iteration."
    )


@task("train_linear_classifier", points=1)
def check_training_leaves_its_inputs(student, rng):
    """Training does not write into the W, X and y that it was given, and returns another tensor; float32 stays."""
    W, X, y = batch(rng, 20, 5, 3, torch.float32)
    recorder = student.define(RECORD).Recorder()
    seen = student.inspect(
        student.train_linear_classifier, recorder.loss, W, X, y, learning_rate=0.5, num_iters=4, batch_size=6
    )
    trained, history = seen.value
    expect_close(trained, W + 2, name="W")  # the gradient is -1 everywhere
    expect_close([float(loss) for loss in history], [1.0, 2.0, 3.0, 4.0], name="loss_history")
    wrote = "`W -= ...` writes into the tensor that belongs to the caller; `W = W - ...` makes a new one."
    expect_equal(seen.args[1], W, name="the W it was given, after the call", mistakes={wrote: W + 2})
    expect_equal(seen.args[2:], (X, y), name="X and y after the call")


def prepare(split) -> tuple[Tensor, Tensor]:
    """Rows of pixels less their mean, with a 1 behind them: the notebook's, at half the resolution. (N, 769)

    Twice the mean of 2 x 2 pixels is a projection: learning rates and strengths mean the same as at full resolution.
    """
    mean = split.x_train.mean(dim=0)
    rows = [2 * F.avg_pool2d(images - mean, 2).flatten(1) for images in (split.x_train, split.x_test)]
    x_train, x_test = (torch.cat([row, row.new_ones(len(row), 1)], dim=1) for row in rows)
    return x_train, x_test


def judge_learning(student, data, score, name, learning_rate):
    """Train on scenes; the accuracy on images whose labels stay here."""
    split = data(num_train=2500, num_test=2000)
    x_train, x_test = prepare(split)
    classifier = getattr(student, name)()
    options = {"learning_rate": learning_rate, "reg": 0.01, "num_iters": 200, "batch_size": 200}
    history = classifier.train(x_train, split.y_train, **options)

    expect_equal(len(history), 200, name="the length of loss_history")
    predicted = classifier.predict(x_test)
    expect_shape(predicted, (2000,))
    score(float((predicted == split.y_test).double().mean()))


@task("train_linear_classifier", points=2, seconds=30)
def check_svm_scores_on_scenes(student, data, score):
    """A trained support vector machine recognises new images as well as a linear classifier can."""
    judge_learning(student, data, score, "LinearSVM", 2e-3)


@task("train_linear_classifier", points=2, seconds=30)
def check_softmax_scores_on_scenes(student, data, score):
    """A trained softmax classifier recognises new images as well as a linear classifier can."""
    judge_learning(student, data, score, "Softmax", 2e-2)


@task("predict_linear_classifier", points=2)
def check_prediction_on_other_sizes(student, rng):
    """Predictions are int64 and right for one image, two classes, 30 classes, float32, and negative scores only."""
    for num_images, dim, num_classes in [(1, 4, 6), (9, 3, 2), (17, 5, 30), (33, 2, 4)]:
        for dtype in (torch.float64, torch.float32):
            W, X, _ = batch(rng, num_images, dim, num_classes, dtype)
            W, X = torch.cat([W, W.new_full((1, num_classes), -50)]), torch.cat([X, X.new_ones(num_images, 1)], dim=1)
            seen = student.inspect(student.predict_linear_classifier, W, X)
            expect_equal(seen.value, torch.einsum("nd,dc->nc", X, W).max(dim=1).indices)
            expect_equal(seen.args, (W, X), name="the inputs after the call")


TOY = """
class Toy:
    def __init__(self, predictions):
        self.predictions, self.calls, self.predicted, self.bias = predictions, [], [], 7.5

    def train(self, X_train, y_train, learning_rate=1e-3, reg=1e-5, num_iters=100, batch_size=200, verbose=False):
        self.calls.append([learning_rate, reg, num_iters, batch_size])
        return [1.0]

    def predict(self, X):
        self.predicted.append(X.clone())
        return self.predictions[len(X)].clone()
"""


@task("test_one_param_set", points=2)
def check_one_param_set_with_other_sizes(student, rng):
    """It trains for 2000 iterations with batches of 200 by default, returns the classifier it was given, and floats."""
    for num_train, num_val in [(8, 31), (50, 1)]:
        parts = {"train": num_train, "val": num_val}
        data = {f"X_{name}": rng.normal(size, 3) for name, size in parts.items()}
        data |= {f"y_{name}": rng.integers(0, 2, size) for name, size in parts.items()}
        predictions = {size: rng.integers(0, 2, size) for size in parts.values()}
        toy = student.define(TOY).Toy(predictions)
        returned, train_acc, val_acc = student.test_one_param_set(toy, data, 0.5, 2.0)

        expect_equal([list(call) for call in toy.calls], [[0.5, 2.0, 2000, 200]], name="what the training was given")
        expect_equal(returned.bias, 7.5, name="an attribute of the classifier returned")
        right = [int((predictions[size] == data[f"y_{name}"]).sum()) / size for name, size in parts.items()]
        expect_close([float(train_acc), float(val_acc)], right, name="train_acc, val_acc", rtol=1e-5)
        asked = [rows for rows in toy.predicted if len(rows) == num_val]
        expect(len(asked) > 0, "predict was not called with X_val.")
        expect_equal(asked[0], data["X_val"], name="what predict was given for the validation images")


def best_of(params, dscores_of, data) -> float:
    """The best accuracy of all pairs, trained here side by side: W is (D, P, C)."""
    split = data(num_train=2500, num_test=2000)
    x_train, x_test = prepare(split)
    pairs = torch.tensor([(float(lr), float(reg)) for lr in params[0] for reg in params[1]], device=x_train.device)
    lr, reg = pairs[:, :1].clamp(max=1e30), pairs[:, 1:].clamp(max=1e30)  # (P, 1)
    generator = torch.Generator().manual_seed(0)
    W = x_train.new_zeros(x_train.shape[1], len(pairs), 10)
    for _ in range(300):
        rows = torch.randint(len(x_train), (200,), generator=generator).to(x_train.device)
        x = x_train[rows]
        dscores = dscores_of((x @ W.flatten(1)).unflatten(1, W.shape[1:]), split.y_train[rows])  # (200, P, C)
        W = W * (1 - 2 * lr * reg) - lr * (x.T @ dscores.flatten(1)).unflatten(1, W.shape[1:]) / 200
    predicted = (x_test @ W.flatten(1)).unflatten(1, W.shape[1:]).argmax(dim=2)  # (2000, P)
    return float((predicted == split.y_test[:, None]).double().mean(dim=0).max())


def hinge_slope(scores: Tensor, y: Tensor) -> Tensor:
    """Of the sum of the hinges. (N, P, C)"""
    own = F.one_hot(y, scores.shape[2])[:, None]  # (N, 1, C)
    violated = ((scores - (scores * own).sum(dim=2, keepdim=True) + 1 > 0) & (own == 0)).to(scores.dtype)
    return violated - own * violated.sum(dim=2, keepdim=True)


def softmax_slope(scores: Tensor, y: Tensor) -> Tensor:
    """Of the cross-entropy. (N, P, C)"""
    return scores.softmax(dim=2) - F.one_hot(y, scores.shape[2])[:, None]


def judge_search(params, slope, data, score):
    """Count the pairs before anything is done with them; then train them all."""
    lists = isinstance(params, (tuple, list)) and len(params) == 2 and all(isinstance(p, (tuple, list)) for p in params)
    expect(lists and 5 <= len(params[0]) * len(params[1]) <= 25, "These are not two lists that make 5 to 25 pairs.")
    numbers = all(type(v) in (int, float) and 0 <= v < math.inf for values in params for v in values)
    expect(numbers, "Some of these are no numbers of 0 or more.")
    score(best_of(params, slope, data))


@task("svm_get_search_params", points=2, seconds=60)
def check_svm_search_finds_a_good_pair(student, data, score):
    """The best pair of the search for the SVM comes near the best a linear classifier reaches in 300 iterations."""
    judge_search(student.svm_get_search_params(), hinge_slope, data, score)


@task("softmax_get_search_params", points=2, seconds=60)
def check_softmax_search_finds_a_good_pair(student, data, score):
    """The best pair of the search for softmax comes near the best a linear classifier reaches in 300 iterations."""
    judge_search(student.softmax_get_search_params(), softmax_slope, data, score)


def count_colors(images: Tensor, bins: int) -> Tensor:
    """Pixels above each edge, then differences. (N, C * bins)"""
    edges = torch.arange(1, bins, dtype=torch.float64, device=images.device) / bins
    reached = (images.double().flatten(2)[..., None] >= edges).double().mean(dim=2)  # (N, C, bins - 1)
    whole = torch.ones_like(images[:, :, 0, 0], dtype=torch.float64)[..., None]
    return -torch.cat([whole, reached, 0 * whole], dim=2).diff(dim=2).flatten(1)


@task("color_histogram", points=1)
def check_color_histogram_on_the_edges(student, rng):
    """A value on the edge of two intervals belongs to the upper one; 1 belongs to the last; float32 stays float32."""
    eighths = rng.integers(0, 9, 5, 2, 7, 3).float() / 8  # edges that every float format holds exactly
    eighths[0, 0, 0] = torch.tensor([0.0, 0.5, 1.0], device=rng.device)
    for bins in (8, 4, 1):
        expect_close(
            student.color_histogram(eighths, bins=bins), count_colors(eighths, bins).float(), name=f"bins={bins}"
        )


@task("color_histogram", points=1)
def check_color_histogram_on_other_sizes(student, rng):
    """Histograms are right for grey images, one image, 25 bins by default, views; without a loop over images."""
    for shape in [(6, 1, 3, 4), (1, 3, 9, 2), (4, 5, 1, 8)]:
        images = rng.uniform(*shape)
        seen = student.inspect(student.color_histogram, images)
        expect_close(seen.value, count_colors(images, 25))
        expect_equal(seen.args, (images,), name="the images after the call")
        turned = images.permute(0, 1, 3, 2)
        expect_close(student.color_histogram(turned, bins=3), count_colors(turned, 3), name="a view")
    judge_growth(student, "color_histogram", rng.uniform(48, 3, 8, 8))


def judge_growth(student, name, images):
    """48 images take about as many operations as 4."""
    few = student.inspect(getattr(student, name), images[:4])
    many = student.inspect(getattr(student, name), images)
    expect(
        many.ops <= 2 * few.ops + 20,
        f"4 images took {few.ops} torch operations, 48 images took {many.ops}.",
        hint="Something still runs once for each image.",
    )


def gradient_histograms(images: Tensor, cell: int, bins: int) -> Tensor:
    """Another way than a student's: complex numbers, both neighbours of an orientation by index. (N, D)"""
    size, _, height, width = images.shape
    grey = images.double().mean(dim=1)
    right, left = [*range(1, width), width - 1], [0, *range(width - 1)]
    below, above = [*range(1, height), height - 1], [0, *range(height - 1)]
    slope = torch.complex(grey[:, :, right] - grey[:, :, left], grey[:, below] - grey[:, above]) / 2  # (N, H, W)
    position = slope.angle().remainder(math.pi) * (bins / math.pi)
    lower = position.floor()
    histogram = images.new_zeros(size, height, width, bins, dtype=torch.float64)
    for bin_number, share in ((lower, lower + 1 - position), (lower + 1, position - lower)):
        index = (bin_number.long() % bins)[..., None]
        histogram.scatter_add_(3, index, (slope.abs() * share)[..., None])
    rows, columns = height // cell, width // cell
    cells = (
        histogram[:, : rows * cell, : columns * cell].reshape(size, rows, cell, columns, cell, bins).mean(dim=(2, 4))
    )
    return (cells / (cells.square().sum(dim=3, keepdim=True) + 1e-4).sqrt()).flatten(1)


def judge_hog(student, images, **options):
    """Compare, and look at the images after the call."""
    seen = student.inspect(student.hog_features, images, **options)
    expected = gradient_histograms(images, options.get("cell", 8), options.get("bins", 9))
    expect_close(seen.value, expected.to(images.dtype))
    expect_equal(seen.args, (images,), name="the images after the call")


@task("hog_features", points=2)
def check_hog_on_other_sizes(student, rng):
    """Oriented gradients are right when cells do not fill the image, for grey images, one image, and by default."""
    judge_hog(student, rng.uniform(3, 3, 17, 26))
    judge_hog(student, rng.uniform(1, 1, 11, 7), cell=3, bins=4)
    judge_hog(student, rng.uniform(2, 4, 5, 9), cell=5, bins=13)
    judge_hog(student, rng.uniform(2, 2, 6, 8).permute(0, 1, 3, 2), cell=2, bins=2)
    judge_hog(student, rng.uniform(2, 3, 3, 4), cell=1, bins=6)


@task("hog_features", points=1)
def check_hog_of_plain_and_faint_images(student, rng):
    """A plain image has features of exactly 0, never nan, and a faint one keeps little ones; float32 stays float32."""
    plain = rng.uniform(3, 1, 1, 1, dtype=torch.float32).expand(3, 3, 8, 8).contiguous()
    expect_equal(student.hog_features(plain, cell=4, bins=5), plain.new_zeros(3, 20))
    # Differences of float32 pixels near 0.5 are known to 6e-8 only, against 1e-3 of the faint edges.
    faint = 0.5 + 0.002 * rng.normal(3, 3, 8, 8, dtype=torch.float32)
    features = student.hog_features(faint, cell=4, bins=5)
    expect_close(features, gradient_histograms(faint, 4, 5).float(), atol=1e-3, rtol=1e-2)
    judge_hog(student, 0.5 + 0.002 * rng.normal(2, 3, 9, 9), cell=3, bins=6)


@task("hog_features", points=1)
def check_hog_takes_many_images_at_once(student, rng):
    """Oriented gradients run about as many operations for 48 images as for 4, and images do not change each other."""
    images = rng.uniform(48, 3, 16, 8)
    judge_growth(student, "hog_features", images)
    expect_close(student.hog_features(images[20:21]), gradient_histograms(images, 8, 9)[20:21])


FEATURES = """
def calm(images):
    return images.mean(dim=(2, 3)).round(decimals=9)

def first_row(images):
    return images[:, :, 0].flatten(1)
"""


@task("extract_features", points=1)
def check_features_of_many_images(student, rng):
    """Features are right for 2,345 images, for one, for one function alone, and for your own histograms."""
    many = rng.uniform(2345, 1, 2, 3)
    helper = student.define(FEATURES)
    calm, row = many.mean(dim=(2, 3)), many[:, :, 0].flatten(1)
    expect_close(
        student.extract_features(many, [helper.calm, helper.first_row, helper.calm]), torch.cat([calm, row, calm], 1)
    )
    expect_close(student.extract_features(many[:1], [helper.first_row]), row[:1])
    few = rng.uniform(5, 3, 8, 16)
    both = student.extract_features(few, [student.color_histogram, student.hog_features])
    expect_close(both, torch.cat([count_colors(few, 25), gradient_histograms(few, 8, 9)], dim=1))
