"""Public checks of a01, votes: labels and predictions by counting."""

from collections import Counter
from collections.abc import Callable

import torch
from oracles import LOANS, clusters, plain_distances, vote
from torch import Tensor

from autograder import Message, expect, expect_close, expect_equal, explain_errors, task

CENTRED = "The test images were moved by their mean: compute the distances of the images as they are."
LEFT_OUT = "Every test image gets a label, those of an incomplete last part too."
COLUMNS = "Each column of dists belongs to one test image: look for the k smallest values along dim=0."


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
        "Each neighbour has one vote; these votes were weighted by the distances.": lambda: weighted(dists, y_train, k),
        "Each neighbour has one vote; near ones got more here.": lambda: weighted(dists, y_train, k, base=1),
        "These are positions among the labels that occur; return the labels.": (
            lambda: torch.searchsorted(y_train.unique(), vote(dists, y_train, k))
        ),
        "This is the mean of the neighbours' labels; the most frequent label wins.": (
            lambda: y_train[order[:k]].double().mean(dim=0).round().long()
        ),
        "This is the median of the neighbours' labels; the most frequent label wins.": (
            lambda: y_train[order[:k]].median(dim=0).values
        ),
        "These are numbers of votes; return the label that has them.": lambda: most(dists, y_train, k),
        "The nearest image has a vote, too; the votes began at the second.": (
            lambda: tie_to_smallest(order[1 : k + 1], y_train)
        ),
        "One neighbour too many voted.": lambda: vote(dists, y_train, k + 1),
        "One neighbour too few voted.": lambda: vote(dists, y_train, k - 1),
        "There is one label for each neighbour; count the votes of each column, along axis 0.": (
            lambda: y_train[order[:k]].mode(dim=1).values
        ),
        "This is a list; return a tensor of int64.": lambda: vote(dists, y_train, k).tolist(),
    }


def tie_to_smallest(voters: Tensor, y_train: Tensor) -> Tensor:
    """Return the labels by the votes of these training images. (voters, Nte)"""
    return torch.stack([y_train[column].bincount().argmax() for column in voters.T])


def weighted(dists: Tensor, y_train: Tensor, k: int, base: float = 0) -> Tensor:
    """Return the labels if a near neighbour's vote counts more than a far one's: ``base`` and 1 / distance."""
    near, voters = dists.topk(k, dim=0, largest=False)
    counts = dists.new_zeros(int(y_train.max()) + 1, dists.shape[1])
    return counts.scatter_add_(0, y_train[voters], base + 1 / (near + 1e-8)).argmax(dim=0)


def most(dists: Tensor, y_train: Tensor, k: int) -> Tensor:
    """Return the number of votes of the label that has the most."""
    voters = dists.topk(k, dim=0, largest=False).indices
    return torch.stack([y_train[column].bincount().max() for column in voters.T])


def judge_votes(student, dists, y_train, k):
    """Compare predict_labels with the count. The dtype has a check of its own."""
    labels = student.predict_labels(dists, y_train, k=k)
    each_row = isinstance(labels, Tensor) and labels.shape == y_train.shape
    expect(not each_row, Message("There is one label for each of the {count} rows.", count=len(dists)), hint=COLUMNS)
    expected = vote(dists, y_train, k)
    expect_close(labels, expected, rtol=0, atol=0, mistakes=wrong_votes(dists, y_train, k), check_dtype=False)


@task("predict_labels", share=15)
def check_predict_labels_copies_the_nearest_label(student, rng):
    """With k = 1 each test image gets the label of the nearest training image."""
    judge_votes(student, rng.uniform(17, 11), rng.integers(0, 10, 17), k=1)


@task("predict_labels", share=20)
def check_predict_labels_counts_votes(student, rng):
    """With k > 1 each test image gets the most frequent label among its k nearest training images."""
    y_train = rng.integers(0, 3, 31)
    for k in (5, 8, 11):
        judge_votes(student, rng.uniform(31, 23), y_train, k=k)
    labels = torch.tensor([3, 17, 250], device=rng.device)[y_train]
    with explain_errors({"Error": "Labels need not be below 10, nor 0, 1, 2, ...: here they are 3, 17 and 250."}):
        judge_votes(student, rng.uniform(31, 23), labels, k=5)


@task("predict_labels", share=15)
def check_predict_labels_breaks_ties(student, rng):
    """If several labels have equally many votes, the smallest of them wins."""
    y_train = torch.tensor([8, 3, 6, 3, 1, 8, 6], device=rng.device)
    for k in (4, 5):
        judge_votes(student, rng.uniform(7, 40), y_train, k=k)


@task("predict_labels", share=5)
def check_predict_labels_gives_whole_numbers(student, rng):
    """The labels are a tensor of dtype int64."""
    dists, y_train = rng.uniform(9, 12), rng.integers(0, 4, 9)
    labels = student.predict_labels(dists, y_train, k=1)
    found = labels.dtype if isinstance(labels, Tensor) else type(labels).__name__
    expect(
        isinstance(labels, Tensor) and labels.dtype == torch.int64,
        Message("expected a tensor of dtype int64, got {found}.", found=found),
        hint="Labels are numbers of classes: torch.zeros(n, dtype=torch.int64), y_train.new_zeros(n), or x.long().",
    )


@task("KnnClassifier.predict", share=40, loans=LOANS, keeps=True)
def check_classifier_predicts_by_vote(student, rng):
    """The classifier predicts the label with the most votes of its training images."""
    images, labels = clusters(rng, 4, 60, 2, 3, 5)
    x_train, y_train, x_test = images[:37], labels[:37], images[37:]
    predict = student.KnnClassifier(x_train, y_train).predict
    dists = plain_distances(x_train, x_test)
    for k in (1, 6):
        mistakes = wrong_votes(dists, y_train, k)
        mistakes[CENTRED] = lambda k=k: vote(
            plain_distances(*(x - x.mean(dim=0) for x in (x_train, x_test))), y_train, k
        )
        predicted = predict(x_test, k=k)
        size = len(predicted) if type(predicted) is Tensor and predicted.ndim == 1 else 23
        rows = "Training and test images are swapped: compute_distances_no_loops(self.x_train, x_test)."
        expect(
            size == 23,
            Message("predict returned {size} labels for 23 test images.", size=size),
            rows if size == 37 else LEFT_OUT,
        )
        expect_equal(predicted, vote(dists, y_train, k), mistakes=mistakes, name=f"k = {k}")
