"""Measure nearest neighbours on CIFAR-10: accuracy against published figures, speed against a matrix product.

    GRADLAB_DATA=DATA python bench/knn_cifar10.py            # DATA holds cifar-10-batches-py; 50,000 x 10,000 images
    GRADLAB_DATA=DATA python bench/knn_cifar10.py --small    # only the first 5,000 x 500

Prints accuracies (published for raw pixels: 27.4 % and 27.8 % for k = 1 and 5 on the first 5,000 / 500 images, 33.86 %
for k = 10 on all), the time of prediction next to that of the matrix products alone in the same run, and peak memory.
"""

from __future__ import annotations

import argparse
import resource
import time
from collections.abc import Callable
from statistics import median
from typing import TypeVar

from cifar10.entry import read_solution

from common.data import load

T = TypeVar("T")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--small", action="store_true", help="only the first 5,000 training and 500 test images")
    small_only = parser.parse_args().small
    knn, data = read_solution("a01_knn", "knn"), load("cifar10")
    x_train, x_test = data.x_train.flatten(1), data.x_test.flatten(1)

    small = knn.KnnClassifier(x_train[:5000], data.y_train[:5000])
    for k, published in ((1, 27.4), (5, 27.8)):
        accuracy = small.check_accuracy(x_test[:500], data.y_test[:500], k=k, quiet=True)
        print(f"5,000 x 500, k = {k}: {accuracy:.2f} % (published {published} %)")
    if small_only:
        return

    classifier, correct, seconds = knn.KnnClassifier(x_train, data.y_train), 0, []
    for x, y in zip(x_test.split(1000), data.y_test.split(1000), strict=True):
        # Both for each thousand images in turn, so that other work on the machine slows both.
        product, _ = timed(lambda x=x: x_train @ x.T)
        prediction, labels = timed(lambda x=x: classifier.predict(x, k=10))
        correct += int((labels == y).sum())
        seconds.append((prediction, product))
    predictions, products = map(sum, zip(*seconds, strict=True))
    print(f"50,000 x 10,000, k = 10: {100 * correct / len(data.y_test):.2f} % (published 33.86 %)")
    print(f"{predictions:.1f} s, the matrix products alone {products:.1f} s: {predictions / products:.2f} times")
    print(f"median of that ratio over ten times a thousand images: {median(a / b for a, b in seconds):.2f}")
    peak, images = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20, (x_train.nbytes + x_test.nbytes) / 2**30
    print(f"peak memory {peak:.2f} GiB, {images:.2f} GiB of it the images")


def timed(work: Callable[[], T]) -> tuple[float, T]:
    started = time.perf_counter()
    result = work()
    return time.perf_counter() - started, result


if __name__ == "__main__":
    main()
