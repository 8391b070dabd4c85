"""Public checks of a01, votes: labels and predictions by counting."""

from collections import Counter
from collections.abc import Callable

import torch
from oracles import clusters, plain_distances, vote
from torch import Tensor

from autograder import expect_equal, task


def wrong_votes(dists: Tensor, y_train: Tensor, k: int) -> dict[str, Callable[[], Tensor]]:
    """Return the labels that each mistake gives, by its hint."""
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
        "This is the smallest label among the neighbours; the most frequent label wins.": lambda: tie_to(min),
        "One neighbour too many voted.": lambda: vote(dists, y_train, k + 1),
        "One neighbour too few voted.": lambda: vote(dists, y_train, k - 1),
    }


def judge_votes(student, dists, y_train, k):
    """Compare predict_labels with the count."""
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


@task("KnnClassifier.predict", points=4)
def check_classifier_predicts_by_vote(student, rng):
    """The classifier predicts the label with the most votes of its training images."""
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
