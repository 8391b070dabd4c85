"""Public checks of grouping: k-means, hierarchies, mean shift and compression, against loops."""

import numpy as np
from oracles_grouping import climbed, joined, lloyd, numbered

from autograder import Message, expect, expect_close, expect_equal, expect_shape, task


def pair(result, text):
    """Return the two parts of a result."""
    expect(type(result) in (tuple, list) and len(result) == 2, text)
    return result


@task("kmeans", share=50, any_dtype=True)
def check_groups_of_a_few_points(student, rng):
    """Groups and centres agree with a loop, after one iteration and at the end."""
    features = rng.normal(25, 3)
    start = features[:4].copy()
    for iterations in (1, 100):
        groups, centres = pair(student.kmeans(features, start, iterations), "kmeans returns groups and centres.")
        right, middle = lloyd(features, start, iterations)
        expect_equal(groups, right, check_dtype=False, name=Message("the groups, {n} iterations", n=iterations))
        expect_close(centres, middle, name=Message("the centres, {n} iterations", n=iterations), mistakes={
            "The mean of a group is taken for each coordinate, axis=0.":
                np.array([[features[right == g].mean()] * 3 for g in range(4)]),
            "Move the centres after the last assignment, too.": start,
        })  # fmt: skip


@task("kmeans_pp", share=50, any_dtype=True)
def check_start_has_points_of_each_blob(student, rng):
    """Each of five blobs that are far apart gets a centre, and centres are points."""
    middles = 1000.0 * np.array([[0, 0], [1, 0], [0, 1], [1, 1], [3, 3]])
    features = np.concatenate([middle + rng.normal(8, 2) for middle in middles])
    for _ in range(4):
        student.seed(rng.int(0, 2**31))
        start = student.kmeans_pp(features, 5)
        expect_shape(start, (5, 2))
        expect(all((features == row).all(axis=1).any() for row in start), "A centre is not one of the points.")
        blobs = np.round(start / 1000)
        expect(len(np.unique(blobs, axis=0)) == 5, "Two centres are in one blob, although others are far away.",
               "The probability is in proportion to the squared distance to the nearest centre so far.")  # fmt: skip


KINDS = ("centroid", "single", "complete", "average")


@task("hierarchical_clustering", share=50)
def check_hierarchies_of_a_few_points(student, rng):
    """The groups of all four linkages agree with a table that is updated."""
    for linkage in KINDS:
        features = rng.normal(24, 2)
        right = {how: numbered(joined(features, 3, how)) for how in KINDS}
        found = student.hierarchical_clustering(features, 3, linkage)
        expect_shape(found, (24,))
        others = {"single": "complete", "complete": "single", "average": "centroid", "centroid": "average"}
        hint = Message("This is {other} linkage.", other=others[linkage])
        expect_equal(numbered(found), right[linkage], check_dtype=False, name=Message("{how} linkage", how=linkage),
                     mistakes={hint: right[others[linkage]]})  # fmt: skip


@task("mean_shift", share=50, any_dtype=True)
def check_modes_of_a_few_points(student, rng):
    """Groups and modes agree with a loop."""
    features = np.concatenate([rng.normal(9, 2), rng.normal(7, 2) + 7.0])
    groups, modes = pair(student.mean_shift(features, 2.5), "mean_shift returns groups and modes.")
    right, tops = climbed(features, 2.5)
    expect_close(modes, tops, atol=1e-4, name="the modes", mistakes={
        "Windows that rest at the same place belong to one mode.": climbed(features, 2.5, merge=False)[1],
    })  # fmt: skip
    expect_equal(groups, right, check_dtype=False, name="the groups")


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
        "Normalise each feature alone: axis=0.": (raw - raw.mean()) / raw.std(),
    })  # fmt: skip


@task("compression_svd", share=50, any_dtype=True)
def check_compression_of_a_small_picture(student, rng):
    """The error is the sum of squares of the dropped singular values, and the size is k (H + W + 1)."""
    image = rng.uniform(7, 9)
    found, size = pair(student.compression_svd(image, 3), "compression_svd returns the picture and its size.")
    expect_shape(found, (7, 9), name="the picture")
    expect_equal(size, 3 * (7 + 9 + 1), name="the size")
    values = np.sqrt(np.maximum(np.linalg.eigvalsh(image @ image.T), 0))[::-1]
    expect_close(np.linalg.svd(found, compute_uv=False)[:3], values[:3], name="the singular values", mistakes={
        "Keep the largest singular values, which come first.": values[-3:],
    })  # fmt: skip
    expect_close(float(((found - image) ** 2).sum()), float((values[3:] ** 2).sum()), name="the squared error")
