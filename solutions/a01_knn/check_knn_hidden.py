"""Hidden checks of a01: other sizes, dtypes and strides, costs, and the classifier's accuracy on fresh images."""

from collections import Counter

import torch
from torch import Tensor

from autograder import expect, expect_close, expect_equal, expect_shape, expect_unchanged, forbid, task

READY_MADE = [
    "torch.cdist", "torch.pdist", "torch.dist", "torch.norm", "torch.linalg.*norm", "F.pairwise_distance", "F.pdist",
    "nn.PairwiseDistance", "np.linalg.norm", "math.dist", "scipy.spatial.*",
]  # fmt: skip


def distances(x_train: Tensor, x_test: Tensor) -> Tensor:
    """torch's own, subtracting before squaring, in the dtype given. (Ntr, Nte)"""
    rows, columns = x_train.flatten(1).double(), x_test.flatten(1).double()
    return torch.cdist(rows, columns, compute_mode="donot_use_mm_for_euclid_dist").to(x_train.dtype)


def judge_distances(student, name, x_train, x_test):
    """The distances are right, in dtype too, and the inputs are as they were."""
    forbid(student, name, calls=READY_MADE, loops=name.endswith("no_loops"))
    seen = student.inspect(getattr(student, name), x_train, x_test)
    expect_close(seen.value, distances(x_train, x_test))
    expect_unchanged(seen, x_train, x_test)


def judge_float32(student, rng, name):
    """float32 stays float32, and is exact to float32's digits."""
    x_train, x_test = rng.normal(5, 3, 4, 3, dtype=torch.float32), rng.normal(8, 3, 4, 3, dtype=torch.float32)
    judge_distances(student, name, x_train, x_test)


def judge_views(student, rng, name):
    """Images whose axes were permuted, so that their memory is not contiguous."""
    x_train, x_test = rng.normal(3, 4, 5, 6).permute(3, 1, 0, 2), rng.normal(3, 4, 5, 7).permute(3, 1, 0, 2)
    judge_distances(student, name, x_train, x_test)


def judge_single_images(student, rng, name):
    """One training image, one test image, one number in each image; inputs unchanged."""
    for num_train, num_test, shape in [(1, 4, (3, 5)), (6, 1, (2, 2, 3)), (1, 1, (7,)), (3, 2, (1,))]:
        judge_distances(student, name, rng.normal(num_train, *shape), rng.normal(num_test, *shape))


@task("compute_distances_two_loops", points=2)
def check_two_loops_keeps_float32(student, rng):
    """Distances with two loops keep the dtype float32."""
    judge_float32(student, rng, "compute_distances_two_loops")


@task("compute_distances_two_loops", points=1)
def check_two_loops_takes_views(student, rng):
    """Distances with two loops are right for images that are not contiguous in memory."""
    judge_views(student, rng, "compute_distances_two_loops")


@task("compute_distances_two_loops", points=1)
def check_two_loops_takes_single_images(student, rng):
    """Distances with two loops are right for one image, and leave the images unchanged."""
    judge_single_images(student, rng, "compute_distances_two_loops")


@task("compute_distances_one_loop", points=2)
def check_one_loop_keeps_float32(student, rng):
    """Distances with one loop keep the dtype float32."""
    judge_float32(student, rng, "compute_distances_one_loop")


@task("compute_distances_one_loop", points=1)
def check_one_loop_takes_views(student, rng):
    """Distances with one loop are right for images that are not contiguous in memory."""
    judge_views(student, rng, "compute_distances_one_loop")


@task("compute_distances_one_loop", points=1)
def check_one_loop_takes_single_images(student, rng):
    """Distances with one loop are right for one image, and leave the images unchanged."""
    judge_single_images(student, rng, "compute_distances_one_loop")


@task("compute_distances_no_loops", points=2)
def check_no_loops_finds_copies_in_float32(student, rng):
    """Of 80 bright float32 images, the nearest to a copy of one of them is the image itself."""
    forbid(student, "compute_distances_no_loops", calls=READY_MADE, loops=True)
    x_train = rng.uniform(80, 3, 9, 7, dtype=torch.float32) + 2
    chosen = rng.permutation(80)[:37]
    dists = student.compute_distances_no_loops(x_train, x_train[chosen])

    expect_shape(dists, (80, 37))
    expect(
        not bool(dists.isnan().any()),
        f"{int(dists.isnan().sum())} of {dists.numel()} distances are nan.",
        hint="Rounding leaves |a|^2 - 2ab + |b|^2 slightly below 0 for copies. Raise it to 0 before you take the root.",
    )
    # |a|^2 is about 1,200, which float32 rounds by 1e-4: an honest copy is at distance 1e-2, a stranger at 5.
    expect_close(dists, distances(x_train, x_train[chosen]), atol=0.1, rtol=1e-3)
    expect_equal(dists.argmin(dim=0), chosen, name="the nearest images")


@task("compute_distances_no_loops", points=1)
def check_no_loops_takes_views(student, rng):
    """Distances without loops are right for float32 images that are not contiguous in memory."""
    x_train = rng.normal(3, 4, 5, 6, dtype=torch.float32).permute(3, 1, 0, 2)
    x_test = rng.normal(3, 4, 5, 7, dtype=torch.float32).permute(3, 1, 0, 2)
    judge_distances(student, "compute_distances_no_loops", x_train, x_test)


@task("compute_distances_no_loops", points=1)
def check_no_loops_takes_single_images(student, rng):
    """Distances without loops are right for one image, and leave the images unchanged."""
    judge_single_images(student, rng, "compute_distances_no_loops")


@task("compute_distances_no_loops", points=3)
def check_no_loops_runs_as_many_operations_on_more_images(student, rng):
    """Distances without loops take as many operations for 60 x 50 images as for 5 x 4."""
    forbid(student, "compute_distances_no_loops", calls=READY_MADE, loops=True)
    x_train, x_test = rng.normal(60, 5, 3), rng.normal(50, 5, 3)
    few = student.inspect(student.compute_distances_no_loops, x_train[:5], x_test[:4])
    many = student.inspect(student.compute_distances_no_loops, x_train, x_test)

    expect_close(many.value, distances(x_train, x_test))
    expect(
        many.ops <= 2 * few.ops + 20,
        f"5 x 4 images took {few.ops} torch operations, 60 x 50 images took {many.ops}.",
        hint="Something still runs once for each image. One matrix product serves all pairs.",
    )


@task("compute_distances_no_loops", points=2)
def check_no_loops_fits_in_memory(student, rng):
    """Distances of 700 x 500 images of 3 x 32 x 32 fit in memory, where all their differences would take 4 GB."""
    forbid(student, "compute_distances_no_loops", calls=READY_MADE, loops=True)
    x_train, x_test = rng.uniform(700, 3, 32, 32, dtype=torch.float32), rng.uniform(500, 3, 32, 32, dtype=torch.float32)
    seen = student.inspect(student.compute_distances_no_loops, x_train, x_test)

    expect_shape(seen.value, (700, 500))
    some = rng.permutation(500)[:40]
    expect_close(seen.value[some[:30]][:, some], distances(x_train[some[:30]], x_test[some]), rtol=1e-3)
    expect(
        seen.largest <= 4 * x_train.nbytes,
        f"The training images take {x_train.nbytes:,} bytes; the largest tensor on the way took {seen.largest:,}.",
        hint="No tensor may hold more than the images or the result. Use |a|^2 - 2ab + |b|^2.",
    )


def vote(dists: Tensor, y_train: Tensor, k: int) -> Tensor:
    """Count the labels of the k nearest, one test image after the other; the smallest label wins a tie."""
    winners = []
    for column in dists.T:
        counts = Counter(y_train[column.argsort()[:k]].tolist())
        winners.append(min(label for label, count in counts.items() if count == max(counts.values())))
    return torch.tensor(winners, dtype=torch.int64, device=y_train.device)


def judge_votes(student, dists, y_train, k):
    """The votes are right, and the inputs are as they were."""
    seen = student.inspect(student.predict_labels, dists, y_train, k=k)
    expected = vote(dists, y_train, k)
    numbered = torch.searchsorted(y_train.unique(), expected)
    expect_equal(
        seen.value, expected, mistakes={"These number the labels that occur; wanted are the labels.": numbered}
    )
    expect_unchanged(seen, dists, y_train)


@task("predict_labels", points=2)
def check_predict_labels_on_other_sizes(student, rng):
    """Votes are right for float32 distances, for more test than training images, and for several k; inputs stay."""
    y_train = rng.integers(0, 5, 19)
    for k in (1, 2, 7, 12):
        judge_votes(student, rng.uniform(19, 43, dtype=torch.float32), y_train, k)


@task("predict_labels", points=3)
def check_predict_labels_with_any_labels(student, rng):
    """Labels need not be 0 to 9: few of them, large ones, more of them than there are test images."""
    few = torch.tensor([250, 3, 17, 90_001], device=rng.device)
    judge_votes(student, rng.uniform(23, 5), few[rng.integers(0, 4, 23)], k=6)
    judge_votes(student, rng.uniform(90, 4), rng.permutation(1000)[:90], k=3)
    judge_votes(student, rng.uniform(9, 14), torch.full((9,), 42, device=rng.device), k=4)


@task("predict_labels", points=2)
def check_predict_labels_when_all_vote(student, rng):
    """With k equal to the number of training images, all of them vote."""
    y_train = torch.tensor([5, 1, 1, 5, 0, 5, 1, 2], device=rng.device)  # 1 and 5 tie
    judge_votes(student, rng.uniform(8, 6), y_train, k=8)
    judge_votes(student, rng.uniform(7, 6), y_train[:7], k=7)


@task("predict_labels", points=2)
def check_predict_labels_for_one_image(student, rng):
    """For one test image the result is a tensor of one label."""
    for num_train, k in [(12, 1), (12, 5), (1, 1)]:
        judge_votes(student, rng.uniform(num_train, 1), rng.integers(0, 3, num_train), k)


def clusters(rng, classes: int, num_images: int, *shape: int) -> tuple[Tensor, Tensor]:
    """Images that lie around one centre for each class, loosely enough for neighbours to disagree."""
    labels = rng.integers(0, classes, num_images)
    return rng.normal(classes, *shape)[labels] + 2 * rng.normal(num_images, *shape), labels


@task("KnnClassifier.predict", points=2)
def check_classifier_on_other_images(student, rng):
    """The classifier is right for vectors and float32 images, with k = 1 by default."""
    for shape, dtype in [((6,), torch.float64), ((2, 3, 2), torch.float32)]:
        images, labels = clusters(rng, 5, 60, *shape)
        images, labels = images.to(dtype), 3 * labels + 1
        classifier = student.KnnClassifier(images[:47], labels[:47])
        dists = distances(images[:47], images[47:])
        expect_equal(classifier.predict(images[47:]), vote(dists, labels[:47], 1), name="without k")
        expect_equal(classifier.predict(images[47:], k=7), vote(dists, labels[:47], 7), name="k = 7")


@task("KnnClassifier.predict", points=1)
def check_classifier_predicts_each_image_by_itself(student, rng):
    """A prediction does not depend on the other test images, nor on what was predicted before."""
    images, labels = clusters(rng, 4, 50, 7)
    classifier = student.KnnClassifier(images[:38], labels[:38])
    expected = vote(distances(images[:38], images[38:]), labels[:38], 3)

    for rows in [slice(0, 5), slice(5, 6), slice(6, 12), slice(0, 12)]:
        expect_equal(classifier.predict(images[38:][rows], k=3), expected[rows])


@task("KnnClassifier.predict", points=3)
def check_classifier_scores_on_scenes(student, data, score):
    """The classifier recognises images whose labels your code has not seen, as well as nearest neighbours can."""
    split = data(num_train=4000, num_test=1000)
    predicted = student.KnnClassifier(split.x_train, split.y_train).predict(split.x_test, k=5)

    expect_shape(predicted, (1000,))
    score(float((predicted == split.y_test).double().mean()))


def validate(x_train: Tensor, y_train: Tensor, num_folds: int, k_choices: list[int]) -> dict[int, list[float]]:
    """Cross-validation, one fold after the other."""
    folds = torch.arange(len(x_train), device=x_train.device).reshape(num_folds, -1)
    result: dict[int, list[float]] = {k: [] for k in k_choices}
    for i, inside in enumerate(folds):
        outside = torch.cat([*folds[:i], *folds[i + 1 :]])
        dists = distances(x_train[outside], x_train[inside])
        for k in k_choices:
            right = vote(dists, y_train[outside], k) == y_train[inside]
            result[k].append(100.0 * int(right.sum()) / len(inside))
    return result


@task("knn_cross_validate", points=3)
def check_cross_validation_on_other_sizes(student, rng):
    """Cross-validation is right for vectors and images, for 2, 3 and 7 folds, and for any choices of k."""
    cases = [(22, 2, [5, 1], (4,)), (27, 3, [2, 9, 18], (2, 3)), (28, 7, [4], (2, 1, 3))]
    for num_images, num_folds, choices, shape in cases:
        x_train, y_train = clusters(rng, 4, num_images, *shape)
        result = student.knn_cross_validate(x_train, y_train, num_folds=num_folds, k_choices=choices)
        expect_close(result, validate(x_train, y_train, num_folds, choices))


@task("knn_cross_validate", points=2)
def check_cross_validation_when_folds_are_uneven(student, rng):
    """If the images do not divide evenly, there is still one accuracy in [0, 100] for each fold."""
    x_train, y_train = clusters(rng, 3, 22, 5)  # torch.chunk: 5, 5, 5, 5, 2; tensor_split: 5, 5, 4, 4, 4
    result = student.knn_cross_validate(x_train, y_train, num_folds=5, k_choices=[1, 4])

    expect(isinstance(result, dict) and sorted(result) == [1, 4], "The result is not a dict with the keys 1 and 4.")
    for k in (1, 4):
        expect_equal(len(result[k]), 5, name=f"the number of accuracies for k = {k}")
        in_range = all(0 <= float(accuracy) <= 100 for accuracy in result[k])
        expect(in_range, f"k = {k}: not all accuracies are in [0, 100]: {result[k]}.")


@task("knn_cross_validate", points=2)
def check_cross_validation_leaves_its_inputs(student, rng):
    """Cross-validation does not change the images and labels, and gives the same answer twice."""
    x_train, y_train = clusters(rng, 3, 24, 3, 2)
    expected = validate(x_train, y_train, 4, [3, 1])
    for _ in range(2):
        seen = student.inspect(student.knn_cross_validate, x_train, y_train, num_folds=4, k_choices=[3, 1])
        expect_close(seen.value, expected)
        expect_unchanged(seen, x_train, y_train)


@task("knn_get_best_k", points=2)
def check_best_k_whatever_the_order(student, rng):
    """The best k does not depend on the order of the keys or on the number of folds."""
    expect_equal(student.knn_get_best_k({50: [30.0, 32.0], 7: [40.0, 44.0], 2: [42.0, 42.0], 1: [90.0, -10.0]}), 2)
    expect_equal(student.knn_get_best_k({100: [12.5], 9: [12.5], 30: [12.5]}), 9)
    expect_equal(student.knn_get_best_k({6: [10.0, 20.0, 30.0, 40.0]}), 6)
