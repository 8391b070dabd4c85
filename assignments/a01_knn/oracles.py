"""What the checks of a01 share: distances by the definition, votes by counting, and plain folds."""

import math
from collections import Counter
from collections.abc import Callable

import torch
from torch import Tensor

READY_MADE = [
    "torch.cdist", "torch.pdist", "torch.dist", "torch.norm", "torch.linalg.*norm", "F.pairwise_distance", "F.pdist",
    "nn.PairwiseDistance", "np.linalg.norm", "math.dist", "scipy.spatial.*",
]  # fmt: skip


# A mistake in the distances or the votes costs no points of the tasks that use them: those are judged with these, too.
LOANS = """
import torch

def distances(x_train, x_test, *rest, **options):
    if x_train.dtype != x_test.dtype:
        raise TypeError("Training and test images have different dtypes.")
    rows, columns = x_train.flatten(1).double(), x_test.flatten(1).double()
    return torch.cdist(rows, columns).to(x_train.dtype)

def votes(dists, y_train, k=1, *rest, **options):
    nearest = y_train[dists.argsort(dim=0)[:k]]
    return torch.stack([column.bincount().argmax() for column in nearest.T])

LOANS = {
    "compute_distances_two_loops": distances,
    "compute_distances_one_loop": distances,
    "compute_distances_no_loops": distances,
    "predict_labels": votes,
}
"""


def plain_distances(x_train: Tensor, x_test: Tensor) -> Tensor:
    """Compute distances one by one, with Python's own math.dist. (Ntr, Nte)"""
    train, test = x_train.flatten(1).tolist(), x_test.flatten(1).tolist()
    return x_train.new_tensor([[math.dist(a, b) for b in test] for a in train])


def vote(dists: Tensor, y_train: Tensor, k: int) -> Tensor:
    """Count the labels of the k nearest, one test image at a time; the smallest label wins a tie."""
    winners = []
    for column in dists.T:
        counts = Counter(y_train[column.argsort()[:k]].tolist())
        winners.append(min(label for label, count in counts.items() if count == max(counts.values())))
    return torch.tensor(winners, dtype=torch.int64, device=y_train.device)


def clusters(rng, classes: int, num_images: int, *shape: int) -> tuple[Tensor, Tensor]:
    """Draw images around one centre for each class, spread widely enough for neighbours to disagree."""
    labels = rng.integers(0, classes, num_images)
    return rng.normal(classes, *shape)[labels] + 2 * rng.normal(num_images, *shape), labels


def validate(
    x_train: Tensor,
    y_train: Tensor,
    num_folds: int,
    k_choices: list[int],
    distances: Callable[[Tensor, Tensor], Tensor] = plain_distances,
    **wrong: bool,
) -> dict[int, list[float]]:
    """Cross-validate, one fold at a time; ``wrong`` switches one common mistake on."""
    folds = torch.arange(len(x_train), device=x_train.device).reshape(num_folds, -1)
    if wrong.get("strided"):
        folds = folds.reshape(-1, num_folds).T
    result: dict[int, list[float]] = {k: [] for k in k_choices}
    for i in range(num_folds):
        inside, outside = folds[i], torch.cat([fold for j, fold in enumerate(folds) if j != i])
        if wrong.get("swapped"):
            inside, outside = outside, inside
        if wrong.get("leaking"):
            outside = torch.cat([inside, outside])
        if wrong.get("earlier"):
            outside = torch.cat(list(folds[: max(i, 1)]))
        if wrong.get("training"):
            inside = outside
        dists = distances(x_train[outside], x_train[inside])
        for k in k_choices:
            right = vote(dists, y_train[outside], k) == y_train[inside]
            result[k].append(100.0 * int(right.sum()) / len(inside))
    return result
