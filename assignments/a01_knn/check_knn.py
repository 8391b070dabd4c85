"""Public checks of a01: every expected value comes from a plain loop, a formula or a count."""

from collections import Counter
from collections.abc import Callable

import torch
from torch import Tensor

from autograder import expect, expect_close, expect_equal, forbid, task

READY_MADE = [
    "torch.cdist", "torch.pdist", "torch.dist", "torch.norm", "torch.linalg.*norm", "F.pairwise_distance", "F.pdist",
    "nn.PairwiseDistance", "np.linalg.norm", "math.dist", "scipy.spatial.*",
]  # fmt: skip


def plain_distances(x_train: Tensor, x_test: Tensor) -> Tensor:
    """The definition. (Ntr, Nte)"""
    rows = [[((a - b) ** 2).sum() ** 0.5 for b in x_test] for a in x_train]
    return torch.stack([torch.stack(row) for row in rows])


def wrong_distances(x_train: Tensor, x_test: Tensor) -> dict[str, Callable[[], Tensor]]:
    """Hint -> the matrix that this mistake gives."""
    difference = x_train.flatten(1)[:, None] - x_test.flatten(1)[None]  # (Ntr, Nte, D)
    squares = difference**2
    return {
        "These are squared distances: the root is missing.": lambda: squares.sum(2),
        "Rows are test images here; rows must be training images and columns test images.": (
            lambda: squares.sum(2).sqrt().T
        ),
        "These are sums of absolute differences (L1). Euclidean distances square the differences.": (
            lambda: difference.abs().sum(2)
        ),
        "The squares were averaged; the definition adds them up.": lambda: squares.mean(2).sqrt(),
        "The differences were added up before they were squared; square each one first.": (
            lambda: difference.sum(2).abs()
        ),
        "The term 2ab seems to be missing its factor 2.": (
            lambda: (squares.sum(2) + x_train.flatten(1) @ x_test.flatten(1).T).sqrt()
        ),
        "The product term was added; it must be subtracted.": (
            lambda: (squares.sum(2) + 4 * x_train.flatten(1) @ x_test.flatten(1).T).sqrt()
        ),
    }


def judge_distances(student, name, x_train, x_test, loops=False):
    """Call the student's function ``name`` and compare with the definition."""
    forbid(student, name, calls=READY_MADE, loops=loops)
    dists = getattr(student, name)(x_train, x_test)
    expect_close(dists, plain_distances(x_train, x_test), mistakes=wrong_distances(x_train, x_test))


@task("compute_distances_two_loops", points=4)
def check_two_loops_agrees_with_the_definition(student, rng):
    """Distances with two loops agree with the definition."""
    judge_distances(student, "compute_distances_two_loops", rng.normal(7, 2, 3, 5), rng.normal(4, 2, 3, 5))


@task("compute_distances_two_loops", points=2)
def check_two_loops_takes_any_rank(student, rng):
    """Distances with two loops are right for vectors and for images with any number of axes."""
    for shape in [(6,), (3, 2), (2, 1, 3, 2)]:
        judge_distances(student, "compute_distances_two_loops", rng.normal(3, *shape), rng.normal(5, *shape))


@task("compute_distances_one_loop", points=5)
def check_one_loop_agrees_with_the_definition(student, rng):
    """Distances with one loop agree with the definition."""
    judge_distances(student, "compute_distances_one_loop", rng.normal(6, 3, 2, 5), rng.normal(9, 3, 2, 5))


@task("compute_distances_one_loop", points=3)
def check_one_loop_takes_any_rank(student, rng):
    """Distances with one loop are right for vectors and for images with any number of axes."""
    for shape in [(6,), (3, 2), (2, 1, 3, 2)]:
        judge_distances(student, "compute_distances_one_loop", rng.normal(5, *shape), rng.normal(3, *shape))


@task("compute_distances_one_loop", points=3)
def check_one_loop_does_not_visit_every_pair(student, rng):
    """With three times as many training and test images, one loop runs about three times as many operations."""
    forbid(student, "compute_distances_one_loop", calls=READY_MADE)
    x, y = rng.normal(18, 4, 3), rng.normal(18, 4, 3)
    few = student.inspect(student.compute_distances_one_loop, x[:6], y[:6])
    many = student.inspect(student.compute_distances_one_loop, x, y)

    expect_close(many.value, plain_distances(x, y), mistakes=wrong_distances(x, y))
    expect(
        many.ops <= 5 * few.ops,
        f"6 x 6 images took {few.ops} torch operations, 18 x 18 images took {many.ops}.",
        hint="It looks at each pair of images by itself. Compute a row at a time: x_test - x_train[i] broadcasts.",
    )


@task("compute_distances_no_loops", points=4)
def check_no_loops_agrees_with_the_definition(student, rng):
    """Distances without loops agree with the definition."""
    judge_distances(student, "compute_distances_no_loops", rng.normal(8, 2, 5, 3), rng.normal(5, 2, 5, 3), loops=True)


@task("compute_distances_no_loops", points=2)
def check_no_loops_takes_any_rank(student, rng):
    """Distances without loops are right for vectors and for images with any number of axes."""
    for shape in [(6,), (3, 2), (2, 1, 3, 2)]:
        x_train, x_test = rng.normal(4, *shape), rng.normal(7, *shape)
        judge_distances(student, "compute_distances_no_loops", x_train, x_test, loops=True)


@task("compute_distances_no_loops", points=6)
def check_no_loops_needs_little_memory(student, rng):
    """Distances without loops make no tensor much larger than the images or the result."""
    forbid(student, "compute_distances_no_loops", calls=READY_MADE, loops=True)
    x_train, x_test = rng.normal(40, 3, 8, 7), rng.normal(30, 3, 8, 7)
    seen = student.inspect(student.compute_distances_no_loops, x_train, x_test)

    expect_close(seen.value, plain_distances(x_train, x_test), mistakes=wrong_distances(x_train, x_test))
    expect(
        seen.largest <= 4 * x_train.nbytes,
        f"The images take {x_train.nbytes:,} bytes; the largest tensor on the way took {seen.largest:,}.",
        hint="A tensor of (Ntr, Nte, D) numbers does not fit in memory for real data. Use |a|^2 - 2ab + |b|^2.",
    )


@task("compute_distances_no_loops", points=4)
def check_no_loops_gives_copies_distance_zero(student, rng):
    """The distance of an image to its exact copy is 0 up to rounding, never nan."""
    forbid(student, "compute_distances_no_loops", calls=READY_MADE, loops=True)
    x_train = rng.normal(64, 3, 5, 7)
    x_test = x_train[rng.permutation(64)]
    dists = student.compute_distances_no_loops(x_train, x_test)

    expected = plain_distances(x_train, x_test)
    expect(
        not (isinstance(dists, Tensor) and bool(dists.isnan().any())),
        "Some distances are nan: their images are copies of each other, or nearly so.",
        hint="Rounding leaves |a|^2 - 2ab + |b|^2 slightly below 0 for copies. Raise it to 0 before you take the root.",
    )
    expect_close(dists, expected, atol=1e-5, mistakes=wrong_distances(x_train, x_test))


def vote(dists: Tensor, y_train: Tensor, k: int) -> Tensor:
    """Count the labels of the k nearest, one test image after the other; the smallest label wins a tie."""
    winners = []
    for column in dists.T:
        counts = Counter(y_train[column.argsort()[:k]].tolist())
        winners.append(min(label for label, count in counts.items() if count == max(counts.values())))
    return torch.tensor(winners, dtype=torch.int64, device=y_train.device)


def wrong_votes(dists: Tensor, y_train: Tensor, k: int) -> dict[str, Callable[[], Tensor]]:
    """Hint -> the labels that this mistake gives."""
    order = dists.argsort(dim=0)

    def tie_to(choose: Callable[[Counter], int]) -> Tensor:
        ballots = [Counter(y_train[column].tolist()) for column in order[:k].T]
        return torch.tensor([choose(counts) for counts in ballots], dtype=torch.int64, device=y_train.device)

    def largest(counts: Counter) -> int:
        return max(label for label, count in counts.items() if count == max(counts.values()))

    return {
        "This is the label of the nearest image alone; k images vote.": lambda: y_train[order[0]],
        "These are positions in the training set, not labels.": lambda: order[0],
        "The farthest images voted instead of the nearest.": lambda: vote(-dists, y_train, k),
        "Ties went to the largest label; they go to the smallest.": lambda: tie_to(largest),
        "Ties went to the label seen first; they go to the smallest label.": (
            lambda: tie_to(lambda counts: counts.most_common(1)[0][0])
        ),
        "This is the smallest label of all that the neighbours have; the most frequent one wins.": lambda: tie_to(min),
        "One neighbour too many voted.": lambda: vote(dists, y_train, k + 1),
        "One neighbour too few voted.": lambda: vote(dists, y_train, k - 1),
    }


def judge_votes(student, dists, y_train, k):
    """Call predict_labels and compare with the count."""
    labels = student.predict_labels(dists, y_train, k=k)
    expect_equal(labels, vote(dists, y_train, k), mistakes=wrong_votes(dists, y_train, k))


@task("predict_labels", points=3)
def check_predict_labels_copies_the_nearest_label(student, rng):
    """With k = 1 each test image gets the label of the nearest training image."""
    judge_votes(student, rng.uniform(17, 11), rng.integers(0, 10, 17), k=1)


@task("predict_labels", points=4)
def check_predict_labels_counts_votes(student, rng):
    """With k > 1 each test image gets the most frequent label among its k nearest training images."""
    y_train = rng.integers(0, 3, 31)
    for k in (5, 8, 11):
        judge_votes(student, rng.uniform(31, 23), y_train, k=k)


@task("predict_labels", points=4)
def check_predict_labels_breaks_ties(student, rng):
    """If several labels have equally many votes, the smallest of them wins."""
    y_train = torch.tensor([8, 3, 6, 3, 1, 8, 6], device=rng.device)
    for k in (4, 5):
        judge_votes(student, rng.uniform(7, 40), y_train, k=k)


def clusters(rng, classes: int, num_images: int, *shape: int) -> tuple[Tensor, Tensor]:
    """Images that lie around one centre for each class, loosely enough for neighbours to disagree."""
    labels = rng.integers(0, classes, num_images)
    return rng.normal(classes, *shape)[labels] + 2 * rng.normal(num_images, *shape), labels


@task("KnnClassifier.predict", points=4)
def check_classifier_predicts_by_vote(student, rng):
    """The classifier predicts what its training images' votes say."""
    images, labels = clusters(rng, 4, 60, 2, 3, 5)
    x_train, y_train, x_test = images[:37], labels[:37], images[37:]
    classifier = student.KnnClassifier(x_train, y_train)
    dists = plain_distances(x_train, x_test)
    for k in (1, 6):
        expect_equal(
            classifier.predict(x_test, k=k),
            vote(dists, y_train, k),
            mistakes=wrong_votes(dists, y_train, k),
            name=f"k = {k}",
        )


def validate(x_train: Tensor, y_train: Tensor, num_folds: int, k_choices: list[int], **wrong: bool) -> dict:
    """Cross-validation, one fold after the other; ``wrong`` turns on one familiar mistake."""
    folds = torch.arange(len(x_train), device=x_train.device).reshape(num_folds, -1)
    if wrong.get("strided"):
        folds = folds.reshape(-1, num_folds).T
    result = {k: [] for k in k_choices}
    for i in range(num_folds):
        inside, outside = folds[i], torch.cat([fold for j, fold in enumerate(folds) if j != i])
        if wrong.get("swapped"):
            inside, outside = outside, inside
        if wrong.get("leaking"):
            outside = torch.cat([inside, outside])
        dists = plain_distances(x_train[outside], x_train[inside])
        for k in k_choices:
            right = vote(dists, y_train[outside], k) == y_train[inside]
            result[k].append(100.0 * int(right.sum()) / len(inside))
    return result


def change(result: dict, f: Callable[[float], float]) -> dict:
    """Every accuracy through ``f``."""
    return {k: [f(accuracy) for accuracy in accuracies] for k, accuracies in result.items()}


@task("knn_cross_validate", points=6)
def check_cross_validation_agrees_with_plain_folds(student, rng):
    """Each fold is validated on the images of that fold, by the votes of all others, in percent."""
    x_train, y_train = clusters(rng, 3, 30, 2, 3)
    folds, choices = 5, [1, 3, 4, 5]
    expected = validate(x_train, y_train, folds, choices)

    result = student.knn_cross_validate(x_train, y_train, num_folds=folds, k_choices=choices)

    expect_close(result, expected, mistakes={
        "These are fractions; accuracies are in percent.": lambda: change(expected, lambda a: a / 100),
        "These are percentages of wrong answers, not of right ones.": lambda: change(expected, lambda a: 100 - a),
        "The images of the validation fold also voted.": (
            lambda: validate(x_train, y_train, folds, choices, leaking=True)
        ),
        "One fold voted and the others were validated; it is the other way round.": (
            lambda: validate(x_train, y_train, folds, choices, swapped=True)
        ),
        "Every fifth image went into a fold; a fold is a run of neighbouring images.": (
            lambda: validate(x_train, y_train, folds, choices, strided=True)
        ),
        "There is one mean for each k; wanted is the list of the folds' accuracies.": (
            lambda: {k: sum(accuracies) / folds for k, accuracies in expected.items()}
        ),
    })  # fmt: skip


@task("knn_cross_validate", points=2)
def check_cross_validation_has_default_choices(student, rng):
    """Without k_choices it tries 1, 3, 5, 8, 10, 12, 15, 20, 50 and 100, with five folds."""
    x_train, y_train = clusters(rng, 3, 125, 4)
    result = student.knn_cross_validate(x_train, y_train)

    expect(isinstance(result, dict), "knn_cross_validate did not return a dict.")
    expect_equal(sorted(result), [1, 3, 5, 8, 10, 12, 15, 20, 50, 100], name="the keys, sorted")
    expect_equal([len(result[k]) for k in sorted(result)], [5] * 10, name="the numbers of accuracies for each k")


@task("knn_get_best_k", points=2)
def check_best_k_has_the_highest_mean(student, rng):
    """The best k is the one whose accuracies have the highest mean."""
    table = {1: [20.0, 90.0, 10.0], 3: [50.0, 40.0, 60.0], 8: [45.0, 55.0, 62.0], 10: [61.0, 44.0, 40.0]}
    expect_equal(student.knn_get_best_k(table), 8, mistakes={
        "This k has the best single fold; wanted is the best mean over the folds.": 1,
        "This k has the lowest mean.": 1,
        "This is the highest mean; wanted is its k.": 54.0,
    })  # fmt: skip


@task("knn_get_best_k", points=1)
def check_best_k_is_the_smallest_on_ties(student):
    """If several k share the highest mean, the smallest of them is returned."""
    table = {3: [25.0, 25.0], 5: [50.0, 30.0], 12: [40.0, 40.0], 20: [30.0, 50.0]}
    expect_equal(student.knn_get_best_k(table), 5, mistakes={"Ties go to the smallest k, not to the largest.": 20})
