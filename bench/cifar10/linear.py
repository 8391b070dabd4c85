"""a02: softmax and support vector machine on raw pixels, softmax on features."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from cifar10.entry import Entry, read_solution
from common.data import Split

ASSIGNMENT = "a02_linear_classifier"


def train_in_stages(
    classifier: Any, x_train: Tensor, y_train: Tensor, *, rates: Sequence[float], reg: float, num_iters: int
) -> None:
    """Call `train` once for each learning rate; each call continues from the last weights. Batches of 200."""
    for rate in rates:
        classifier.train(x_train, y_train, learning_rate=rate, reg=reg, num_iters=num_iters, batch_size=200)


def accuracy(classifier: Any, x_test: Tensor, y_test: Tensor) -> float:
    return float((classifier.predict(x_test) == y_test).double().mean())


def with_ones(rows: Tensor) -> Tensor:
    return torch.cat([rows, rows.new_ones(len(rows), 1)], dim=1)


def centred(split: Split) -> tuple[Tensor, Tensor]:
    """Subtract the mean training image from pixels in [0, 1], and append a 1: (N, 3073)."""
    mean = split.x_train.mean(dim=0)
    return with_ones((split.x_train - mean).flatten(1)), with_ones((split.x_test - mean).flatten(1))


def softmax_on_pixels(split: Split, seed: int) -> float:
    x_train, x_test = centred(split)
    classifier = read_solution(ASSIGNMENT, "linear_classifier").Softmax()
    train_in_stages(classifier, x_train, split.y_train, rates=PIXEL_RATES["softmax"], reg=3e-4, num_iters=1500)
    return accuracy(classifier, x_test, split.y_test)


def svm_on_pixels(split: Split, seed: int) -> float:
    x_train, x_test = centred(split)
    classifier = read_solution(ASSIGNMENT, "linear_classifier").LinearSVM()
    train_in_stages(classifier, x_train, split.y_train, rates=PIXEL_RATES["svm"], reg=1e-3, num_iters=1500)
    return accuracy(classifier, x_test, split.y_test)


def softmax_on_features(split: Split, seed: int) -> float:
    module = read_solution(ASSIGNMENT, "linear_classifier")
    functions = [module.color_histogram, module.hog_features, lambda images: module.hog_features(images, cell=4)]
    train, test = (module.extract_features(images, functions) for images in (split.x_train, split.x_test))
    mean, deviation = train.mean(dim=0), train.std(dim=0) + 1e-3
    x_train, x_test = with_ones((train - mean) / deviation), with_ones((test - mean) / deviation)
    classifier = module.Softmax()
    train_in_stages(classifier, x_train, split.y_train, rates=FEATURE_RATES, reg=1e-3, num_iters=1500)
    return accuracy(classifier, x_test, split.y_test)


PIXEL_RATES = {"softmax": [0.02 * 0.5**stage for stage in range(5)], "svm": [0.003 * 0.5**stage for stage in range(5)]}
FEATURE_RATES = [0.01, 0.005, 0.0025, 0.00125]

ENTRIES = [
    Entry(
        name="softmax on raw pixels",
        assignment=ASSIGNMENT,
        goal=40.5,
        published="40.1 (median), 40.7 (best)",
        settings="mean image subtracted, bias as a column of ones; batches of 200, reg 3e-4, "
        "learning rate 0.02 halved four times, 5 x 1,500 iterations",
        train=softmax_on_pixels,
    ),
    Entry(
        name="SVM on raw pixels",
        assignment=ASSIGNMENT,
        goal=39.0,
        published="38.75, 39.5",
        settings="as softmax, reg 1e-3, learning rate 0.003 halved four times, 5 x 1,500 iterations",
        train=svm_on_pixels,
    ),
    Entry(
        name="softmax on features",
        assignment=ASSIGNMENT,
        goal=50.0,
        published="none for these features",
        settings="25 colours per channel and HOG of cells of 8 and 4 pixels, 796 features standardised; "
        "batches of 200, reg 1e-3, learning rate 0.01 halved three times, 4 x 1,500 iterations",
        train=softmax_on_features,
    ),
]
