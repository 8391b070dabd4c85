"""Hidden checks of a02 on scenes: the accuracy of trained classifiers, and of the best settings of a search."""

import math

import torch
import torch.nn.functional as F
from oracles import LOANS_OF_TRAINING
from torch import Tensor

from autograder import expect, expect_equal, expect_shape, is_sequence, task


def prepare(split) -> tuple[Tensor, Tensor]:
    """Return rows of pixels less their mean, with a 1 appended, as in the notebook but at half the resolution. (N, 769)

    Twice the mean of 2 x 2 pixels is a projection: learning rates and strengths have the same effect as at full
    resolution.
    """
    mean = split.x_train.mean(dim=0)
    rows = [2 * F.avg_pool2d(images - mean, 2).flatten(1) for images in (split.x_train, split.x_test)]
    x_train, x_test = (torch.cat([row, row.new_ones(len(row), 1)], dim=1) for row in rows)
    return x_train, x_test


LOSSES = """
from common.training.losses import softmax_loss, svm_loss

def regularised(loss_of_scores, W, X, y, reg):
    loss, dscores = loss_of_scores(X @ W, y)
    return loss + reg * W.square().sum(), X.T @ dscores + 2 * reg * W

def svm(W, X, y, reg):
    return regularised(svm_loss, W, X, y, reg)

def softmax(W, X, y, reg):
    return regularised(softmax_loss, W, X, y, reg)
"""


def judge_learning(student, data, score, loss, learning_rate):
    """Train on scenes with a given loss, and score the accuracy on images whose labels the student never gets."""
    split = data(num_train=2500, num_test=2000)
    x_train, x_test = prepare(split)
    options = {"learning_rate": learning_rate, "reg": 0.01, "num_iters": 200, "batch_size": 200}
    W, history = student.train_linear_classifier(
        getattr(student.define(LOSSES), loss), None, x_train, split.y_train, **options
    )

    expect_equal(len(history), 200, name="the length of loss_history")
    expect_shape(W, (x_train.shape[1], 10), name="W")
    score(float(((x_test @ W.to(x_test.dtype)).argmax(dim=1) == split.y_test).double().mean()))


@task("train_linear_classifier", share="2/12", seconds=30, loans=LOANS_OF_TRAINING)
def check_svm_scores_on_scenes(student, data, score):
    """Trained with the hinge loss, W recognises new images as well as a linear classifier should."""
    judge_learning(student, data, score, "svm", 2e-3)


@task("train_linear_classifier", share="2/12", seconds=30, loans=LOANS_OF_TRAINING)
def check_softmax_scores_on_scenes(student, data, score):
    """Trained with the cross-entropy, W recognises new images as well as a linear classifier should."""
    judge_learning(student, data, score, "softmax", 2e-2)


def best_of(params, dscores_of, data) -> float:
    """Return the best accuracy of all pairs, trained here in parallel: W is (D, P, C)."""
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
    """Return the gradient of the sum of the hinges. (N, P, C)"""
    own = F.one_hot(y, scores.shape[2])[:, None]  # (N, 1, C)
    violated = ((scores - (scores * own).sum(dim=2, keepdim=True) + 1 > 0) & (own == 0)).to(scores.dtype)
    return violated - own * violated.sum(dim=2, keepdim=True)


def softmax_slope(scores: Tensor, y: Tensor) -> Tensor:
    """Return the gradient of the cross-entropy. (N, P, C)"""
    return scores.softmax(dim=2) - F.one_hot(y, scores.shape[2])[:, None]


def judge_search(params, slope, data, score):
    """Check the number of pairs first; then train them all and score the best."""
    lists = is_sequence(params) and len(params) == 2 and all(is_sequence(p) for p in params)
    expect(lists and 5 <= len(params[0]) * len(params[1]) <= 25, "The result is not two lists that give 5 to 25 pairs.")
    numbers = all(type(v) in (int, float) and 0 <= v < math.inf for values in params for v in values)
    expect(numbers, "Some values are not numbers of 0 or more.")
    score(best_of(params, slope, data))


@task("svm_get_search_params", share="2/3", seconds=60)
def check_svm_search_finds_a_good_pair(student, data, score):
    """The best pair of the search for the SVM is nearly as accurate as a linear classifier gets in 300 iterations."""
    judge_search(student.svm_get_search_params(), hinge_slope, data, score)


@task("softmax_get_search_params", share="2/3", seconds=60)
def check_softmax_search_finds_a_good_pair(student, data, score):
    """The best pair of the search for softmax is nearly as accurate as a linear classifier gets in 300 iterations."""
    judge_search(student.softmax_get_search_params(), softmax_slope, data, score)
