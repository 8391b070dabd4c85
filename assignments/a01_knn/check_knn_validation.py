"""Public checks of a01, cross-validation: the accuracies of plain folds, and the best k."""

from collections.abc import Callable

from oracles import LOANS, clusters, validate

from autograder import expect, expect_close, expect_equal, task


def change(result: dict, f: Callable[[float], float]) -> dict:
    """Apply ``f`` to every accuracy."""
    return {k: [f(accuracy) for accuracy in accuracies] for k, accuracies in result.items()}


FOLDS = (
    "A fold is a run of neighbouring images, in their order, without shuffling. The images of all other folds vote, "
    "and the accuracy is the percentage of the fold's labels that are right."
)


@task("knn_cross_validate", share="6/15", loans=LOANS)
def check_cross_validation_agrees_with_plain_folds(student, rng):
    """Each fold's accuracy is that of its images, by the votes of all other images, in percent."""
    x_train, y_train = clusters(rng, 3, 30, 2, 3)
    folds, choices = 6, [1, 3, 4, 5]
    expected = validate(x_train, y_train, folds, choices)

    result = student.knn_cross_validate(x_train, y_train, num_folds=folds, k_choices=choices)

    def of(**wrong: bool) -> Callable[[], dict]:
        return lambda: validate(x_train, y_train, folds, choices, **wrong)

    expect_close(result, expected, mistakes={
        "These are fractions; accuracies are in percent.": lambda: change(expected, lambda a: a / 100),
        "These are percentages of wrong answers, not of right ones.": lambda: change(expected, lambda a: 100 - a),
        "These are numbers of right answers; return percentages.": lambda: change(expected, lambda a: a * 5 / 100),
        "Divide by the number of images in the validation fold, not by that of all images.": (
            lambda: change(expected, lambda a: a / folds)
        ),
        "The images of the validation fold also voted.": of(leaking=True),
        "One fold voted and the others were validated; it should be the opposite.": of(swapped=True),
        "The images that vote were validated; validate the fold that was left out.": of(training=True),
        "Only the folds before the validation fold voted; all other folds do.": of(earlier=True),
        "Every sixth image went into a fold; a fold is a run of neighbouring images.": of(strided=True),
        "The accuracies are in the wrong order: the first one belongs to the first fold.": (
            lambda: {k: accuracies[::-1] for k, accuracies in expected.items()}
        ),
        "The accuracies were sorted; they are in the order of the folds.": (
            lambda: {k: sorted(accuracies) for k, accuracies in expected.items()}
        ),
        "Every k has the accuracies of k = 1: hand k on to the vote.": lambda: dict.fromkeys(choices, expected[1]),
        "Every k has only the last fold's accuracy: make its list before the loop over the folds.": (
            lambda: {k: accuracies[-1:] for k, accuracies in expected.items()}
        ),
        "Every k has only the first fold's accuracy: `return` ends the loop.": (
            lambda: {k: accuracies[:1] for k, accuracies in expected.items()}
        ),
        "There is one mean for each k; return the list of the folds' accuracies.": (
            lambda: {k: sum(accuracies) / folds for k, accuracies in expected.items()}
        ),
        "This is a list; return a dict from k to the list of its accuracies.": lambda: list(expected.items()),
        "Only five folds were validated; there are num_folds of them, not always five.": (
            lambda: {k: accuracies[:5] for k, accuracies in expected.items()}
        ),
    }, hint=FOLDS)  # fmt: skip


@task("knn_cross_validate", share="2/15", loans=LOANS)
def check_cross_validation_has_default_choices(student, rng):
    """Without k_choices it tries 1, 3, 5, 8, 10, 12, 15, 20, 50 and 100, with five folds."""
    x_train, y_train = clusters(rng, 3, 125, 4)
    result = student.value(student.knn_cross_validate(x_train, y_train))  # a defaultdict becomes a dict

    expect(isinstance(result, dict), "knn_cross_validate did not return a dict.")
    choices = "k_choices is an argument with a default: keep the whole list of the handout."
    expect_equal(sorted(result), [1, 3, 5, 8, 10, 12, 15, 20, 50, 100], name="the keys, sorted", hint=choices)
    expect_equal([len(result[k]) for k in sorted(result)], [5] * 10, name="the numbers of accuracies for each k")


@task("knn_get_best_k", share=40)
def check_best_k_has_the_highest_mean(student, rng):
    """The best k is the one whose accuracies have the highest mean."""
    table = {
        1: [20.0, 90.0, 22.0], 4: [30.0, 58.0, 57.0], 5: [9.0, 45.0, 70.0], 8: [45.0, 55.0, 62.0],
        10: [66.0, 44.0, 40.0], 12: [30.0, 31.0, 32.0], 15: [46.0, 47.0, 46.0],
    }  # fmt: skip
    expect_equal(student.knn_get_best_k(table), 8, mistakes={
        "This k has the best single fold; return the k with the best mean over the folds.": 1,
        "This k has the best first fold; return the k with the best mean over the folds.": 10,
        "This k has the best last fold; return the k with the best mean over the folds.": 5,
        "This k has the best median; return the k with the best mean over the folds.": 4,
        "This k has the best worst fold; return the k with the best mean over the folds.": 15,
        "This k has the lowest mean.": 12,
        "This is the highest mean; return its k.": 54.0,
        "This is a position in the list of the k; return the k itself.": 3,
    })  # fmt: skip


@task("knn_get_best_k", share=20)
def check_best_k_is_the_smallest_on_ties(student):
    """If several k share the highest mean, the smallest of them is returned."""
    table = {12: [40.0, 40.0], 3: [25.0, 25.0], 5: [50.0, 30.0], 20: [30.0, 50.0]}
    expect_equal(student.knn_get_best_k(table), 5, mistakes={
        "Ties go to the smallest k, not to the largest.": 20,
        "Ties go to the smallest k, not to the first in the dict: its keys may be in any order.": 12,
        "Ties go to the smallest k, not to the last in the dict.": 20,
    })  # fmt: skip
