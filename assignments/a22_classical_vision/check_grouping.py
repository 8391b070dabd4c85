"""Public checks of grouping: k-means, hierarchies, mean shift and compression, against loops."""

import math
import statistics

import numpy as np
from oracles_grouping import climbed, joined, lloyd, numbered

from autograder import Message, expect, expect_close, expect_equal, expect_shape, is_sequence, task


def pair(result, text):
    """Return the two parts of a result."""
    expect(is_sequence(result) and len(result) == 2, text)
    return result


@task("kmeans", share=50, any_dtype=True)
def check_groups_of_a_few_points(student, rng):
    """Groups and centres agree with a loop, after one iteration and at the end."""
    features = rng.normal(25, 3)
    start = features[:4].copy()
    for iterations in (1, 100):
        groups, centres = pair(student.kmeans(features, start, iterations), "kmeans returns groups and centres.")
        right, middle = lloyd(features, start, iterations)
        name = Message("the groups, {n} iterations", n=iterations)
        expect_equal(groups, right, check_dtype=False, name=name, mistakes={
            "Points belong to the nearest centre by Euclid's distance, not by the sum of differences.":
                lambda n=iterations: lloyd(features, start, n, far=taxi)[0],
            "Stop after num_iters iterations.": lambda: lloyd(features, start, 100)[0],
            "Go on until no assignment changes, or num_iters is reached.": lloyd(features, start, 1)[0],
        })  # fmt: skip
        expect_close(centres, middle, name=Message("the centres, {n} iterations", n=iterations), mistakes={
            "The mean of a group is taken for each coordinate, axis=0.":
                np.array([[features[right == g].mean()] * 3 for g in range(4)]),
            "Move the centres after the last assignment, too.": start,
            "A centre moves to the mean of its points, not to the median.":
                lambda n=iterations: lloyd(features, start, n, middle=statistics.median)[1],
            "Move the centres after each assignment, also the last one.":
                lambda n=iterations: lloyd(features, start, n - 1)[1],
        })  # fmt: skip


def taxi(a, b):
    """Return the sum of absolute differences."""
    return math.fsum(abs(x - y) for x, y in zip(a, b, strict=True))


@task("kmeans_pp", share=50, any_dtype=True)
def check_start_has_points_of_each_blob(student, rng):
    """Each of five blobs that are far apart gets a centre, and centres are points."""
    middles = 1000.0 * np.array([[0, 0], [1, 0], [0, 1], [1, 1], [3, 3]])
    features = np.concatenate([middle + rng.normal(8, 2) for middle in middles])
    for _ in range(4):
        student.seed(rng.int(0, 2**31))
        start = student.kmeans_pp(features, 5)
        expect(np.ndim(start) != 1, "The answer has one dimension.", "Return the points themselves, not their numbers.")
        expect_shape(start, (5, 2))
        expect(all((features == row).all(axis=1).any() for row in start), "A centre is not one of the points.")
        blobs = np.round(start / 1000)
        expect(len(np.unique(blobs, axis=0)) == 5, "Two centres are in one blob, although others are far away.",
               "The probability is in proportion to the squared distance to the nearest centre so far.")  # fmt: skip


KINDS = ("centroid", "single", "complete", "average")


TELLING = 6678  # of numpy's generator: the first seed of twelve points whose groups all differ below


def telling_points(rng):
    """Return points whose three groups differ from linkage to linkage and from those of mistakes, and these groups.

    They are the same points each time, turned, moved, larger and in another order, which changes no group.
    """
    points = np.random.default_rng(TELLING).normal(size=(12, 2))[rng.permutation(12)]
    angle, scale = (float(rng.uniform(low=low, high=high)) for low, high in ((0, 2 * math.pi), (1, 2)))
    turn = np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
    features = scale * points @ turn + rng.normal(2)
    right = {how: numbered(joined(features, 3, how)) for how in KINDS}
    right["squares"] = numbered(joined(features, 3, "average", power=2))
    right["medians"] = numbered(joined(features, 3, "average", medians=True))
    right["halves"] = numbered(joined(features, 3, "centroid", halves=True))
    return features, right


@task("hierarchical_clustering", share=50)
def check_hierarchies_of_a_few_points(student, rng):
    """The groups of all four linkages agree with a table that is updated."""
    features, right = telling_points(rng)
    for linkage in KINDS:
        found = student.hierarchical_clustering(features, 3, linkage)
        expect_shape(found, (12,))
        mistakes = {Message("This is {other} linkage.", other=how): right[how] for how in KINDS if how != linkage}
        mistakes |= {"Join until k groups are left, not one more.": numbered(joined(features, 4, linkage))}
        if linkage == "centroid":
            mistakes |= {"The centroid is the mean of all points of a group, not of two centroids.": right["halves"]}
        if linkage == "average":
            mistakes |= {
                "Take the mean of distances, not of their squares.": right["squares"],
                "Take the mean of the distances, not their median.": right["medians"],
            }
        expect_equal(
            numbered(found), right[linkage], check_dtype=False, name=Message("{how} linkage", how=linkage),
            mistakes=mistakes,
        )  # fmt: skip


@task("mean_shift", share=50, any_dtype=True)
def check_modes_of_a_few_points(student, rng):
    """Groups and modes agree with a loop."""
    while True:
        features = np.concatenate([rng.normal(9, 2), rng.normal(7, 2) + 7.0])
        if len(climbed(features, 2.5, merge=1e-9)[1]) > len(climbed(features, 2.5)[1]):  # not all rest at one place
            break
    groups, modes = pair(student.mean_shift(features, 2.5), "mean_shift returns groups and modes.")
    right, tops = climbed(features, 2.5)
    expect_close(modes, tops, atol=1e-4, name="the modes", mistakes=wrong_modes(features, 2.5))
    expect_equal(groups, right, check_dtype=False, name="the groups")


def wrong_modes(features, radius):
    """Return wrong modes, with hints."""
    return {
        "Windows that rest at the same place belong to one mode.": climbed(features, radius, merge=0.0)[1],
        "Windows that rest nearer than half of the bandwidth to a mode belong to it.":
            climbed(features, radius, merge=1e-9)[1],
        "Move each window until it rests; one step is not enough.": climbed(features, radius, rest=np.inf)[1],
        "A window has the bandwidth as its radius, not half of it.": climbed(features, radius / 2, merge=1.0)[1],
        "Join modes that are nearer than half of the bandwidth, not than the bandwidth.":
            climbed(features, radius, merge=1.0)[1],
        "A window rests when it moves by less than 1e-6.": climbed(features, radius, rest=0.01 * radius)[1],
    }  # fmt: skip


def features_of(img):
    """Return colours and places, not normalised."""
    return np.array([[*img[r, c], r, c] for r, c in np.ndindex(*img.shape[:2])])


@task("color_position_features", share=50, any_dtype=True)
def check_features_of_a_small_picture(student, rng):
    """Colours, rows and columns, each with mean 0 and deviation 1."""
    raw = features_of(rng.uniform(4, 6, 3))
    right = (raw - raw.mean(axis=0)) / raw.std(axis=0)
    swapped = right[:, [0, 1, 2, 4, 3]]
    expect_close(student.color_position_features(raw[:, :3].reshape(4, 6, 3)), right, mistakes={
        "The row comes before the column.": swapped,
        "Subtract the mean and divide by the deviation of each feature.": raw,
        "Divide by the standard deviation.": raw - raw.mean(axis=0),
        "Subtract the mean of each feature.": raw / raw.std(axis=0),
        "Pixels come row by row.": right.reshape(4, 6, 5).swapaxes(0, 1).reshape(24, 5),
        "Normalise each feature alone: axis=0.": (raw - raw.mean()) / raw.std(),
    })  # fmt: skip


@task("compression_svd", share=50, any_dtype=True)
def check_compression_of_a_small_picture(student, rng):
    """The error is the sum of squares of the dropped singular values, and the size is k (H + W + 1)."""
    image = rng.uniform(7, 9)
    found, size = pair(student.compression_svd(image, 3), "compression_svd returns the picture and its size.")
    expect_shape(found, (7, 9), name="the picture")
    expect_equal(size, 3 * (7 + 9 + 1), name="the size", mistakes={
        "The singular values are numbers, too: k of them.": 3 * (7 + 9),
        "Count the numbers of k columns, k rows and k singular values.": 7 * 9,
    })  # fmt: skip
    values = np.sqrt(np.maximum(np.linalg.eigvalsh(image @ image.T), 0))[::-1]
    expect_close(np.linalg.svd(found, compute_uv=False)[:3], values[:3], name="the singular values", mistakes={
        "Keep the largest singular values, which come first.": values[-3:],
    })  # fmt: skip
    expect_close(float(((found - image) ** 2).sum()), float((values[3:] ** 2).sum()), name="the squared error")
