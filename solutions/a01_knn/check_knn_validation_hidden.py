"""Hidden checks of a01, cross-validation: other sizes and folds, uneven folds, unchanged inputs, any order."""

import torch
from check_knn_validation import FOLDS
from oracles import LOANS, clusters, validate
from oracles_hidden import distances

from autograder import Message, expect, expect_close, expect_equal, expect_unchanged, explain_errors, task


@task("knn_cross_validate", share="3/15", loans=LOANS)
def check_cross_validation_on_other_sizes(student, rng):
    """Cross-validation is right for vectors and images, for 2, 3 and 7 folds, and for any choices of k."""
    cases = [(22, 2, [5, 1], (4,)), (27, 3, [2, 9, 18], (2, 3)), (28, 7, [4], (2, 1, 3))]
    for num_images, num_folds, choices, shape in cases:
        x_train, y_train = clusters(rng, 4, num_images, *shape)
        result = student.knn_cross_validate(x_train, y_train, num_folds=num_folds, k_choices=choices)
        expect_close(result, validate(x_train, y_train, num_folds, choices, distances), hint=FOLDS)


@task("knn_cross_validate", share="2/15", loans=LOANS)
def check_cross_validation_when_folds_are_uneven(student, rng):
    """If the images do not divide evenly, there is still one accuracy in [0, 100] for each fold."""
    x_train, y_train = clusters(rng, 3, 22, 5)  # torch.chunk: 5, 5, 5, 5, 2; tensor_split: 5, 5, 4, 4, 4
    uneven = "22 images in 5 folds: some folds are smaller. torch.chunk and torch.tensor_split cut like this."
    with explain_errors({"RuntimeError": uneven}):
        result = student.value(student.knn_cross_validate(x_train, y_train, num_folds=5, k_choices=[1, 4]))

    expect(isinstance(result, dict) and sorted(result) == [1, 4], "The result is not a dict with the keys 1 and 4.")
    for k in (1, 4):
        expect_equal(len(result[k]), 5, name=Message("the number of accuracies for k = {k}", k=k))
        in_range = all(0 <= float(accuracy) <= 100 for accuracy in result[k])
        expect(
            in_range, Message("k = {k}: not all accuracies are in [0, 100]: {accuracies}.", k=k, accuracies=result[k])
        )

    x_train[-1] += 1000  # nobody's neighbour, and the only image with its label: wrong wherever it is validated
    y_train = torch.zeros_like(y_train)
    y_train[-1] = 1
    last = student.knn_cross_validate(x_train, y_train, num_folds=5, k_choices=[1])[1][-1]
    expect(float(last) < 100, "The last of 22 images was in none of 5 folds.", uneven)


@task("knn_cross_validate", share="2/15", loans=LOANS)
def check_cross_validation_leaves_its_inputs(student, rng):
    """Cross-validation changes neither images, labels nor choices of k, and gives the same answer twice."""
    x_train, y_train = clusters(rng, 3, 24, 3, 2)
    expected = validate(x_train, y_train, 4, [3, 1], distances)
    for _ in range(2):
        seen = student.inspect(student.knn_cross_validate, x_train, y_train, 4, [3, 1])
        expect_close(seen.value, expected)
        expect_unchanged(seen, x_train, y_train, 4, [3, 1])


@task("knn_get_best_k", share=40)
def check_best_k_whatever_the_order(student, rng):
    """The best k does not depend on the order of the keys or on the number of folds, and the dict stays as it is."""
    expect_equal(student.knn_get_best_k({50: [30.0, 32.0], 7: [40.0, 44.0], 2: [42.0, 42.0], 1: [90.0, -10.0]}), 2)
    table = {100: [12.5], 9: [12.5], 30: [12.5]}
    seen = student.inspect(student.knn_get_best_k, table)
    expect_equal(seen.value, 9)
    expect_unchanged(seen, table)
    expect_equal(student.knn_get_best_k({6: [10.0, 20.0, 30.0, 40.0]}), 6)
    close = {8: [50.0, 50.02], 3: [50.02, 50.04], 1: [50.0, 50.0]}
    expect_equal(student.knn_get_best_k(close), 3, mistakes={
        "Different means do not tie, however close they are: compare them without rounding or tolerance.": 1,
    })  # fmt: skip
