"""Hidden checks of grouping: other points, empty groups, probabilities, the spanning tree, and inputs that stay."""

import math

import networkx
import numpy as np
from check_grouping import features_of, wrong_modes
from oracles_grouping import LATER, UNSEEDED, climbed, joined, lloyd, numbered

from autograder import Message, expect, expect_close, expect_equal, expect_unchanged, task

EMPTY = "A centre without points stays where it is."


@task("kmeans", share=50)
def check_groups_of_other_points(student, rng):
    """Empty groups keep their centre; ties; one group; few iterations; both inputs stay."""
    for N, D, k, iterations in ((30, 2, 5, 3), (12, 1, 3, 100), (9, 4, 1, 2)):
        features, start = rng.normal(N, D), rng.normal(k, D)
        if k > 1:
            start[1] = 50.0
        seen = student.inspect(student.kmeans, features, start, iterations)
        right, middle = lloyd(features, start, iterations)
        expect_equal(seen.value[0], right, check_dtype=False, name=Message("the groups of {N} points", N=N), mistakes={
            EMPTY: lloyd(features, start, iterations, empty=0.0)[0],
        })  # fmt: skip
        expect_close(seen.value[1], middle, name=Message("the centres of {N} points", N=N), mistakes={
            EMPTY: lloyd(features, start, iterations, empty=0.0)[1],
        })  # fmt: skip
        expect_unchanged(seen, features, start, iterations)
    features = np.array([[0.0], [1.0], [2.0]])
    ended, _ = student.kmeans(features, features[:2].copy(), 10**8)
    expect_equal(ended, np.array([0, 1, 1]), check_dtype=False, name="the groups, where 10^8 iterations are allowed",
                 hint="Stop when no assignment changes.")  # fmt: skip
    groups, _ = student.kmeans(features, np.array([[2.0], [0.0]]), 1)
    expect_equal(groups, np.array([1, 0, 0]), check_dtype=False, name="a point in the middle", mistakes={
        "Of centres that are equally near, the first counts.": np.array([1, 1, 0]),
    })  # fmt: skip


SHARES = """
import numpy as np

def run(features, draws):
    pairs = np.array([student.kmeans_pp(features, 2)[:, 0] for _ in range(draws)])
    return pairs
"""


@task("kmeans_pp", share=50, any_dtype=True)
def check_probabilities_of_the_start(student, rng):
    """The first centre is any point; the second one has probabilities like squared distances."""
    student.seed(rng.int(0, 2**31))
    features = np.array([[0.0], [1.0], [3.0]])
    pairs = student.define(SHARES).run(features, 3000)
    first = [float((pairs[:, 0] == place).mean()) for place in (0.0, 1.0, 3.0)]
    for share in first:
        expect(
            abs(share - 1 / 3) < 0.06,
            Message("A point is the first centre in {p} of draws, not in a third.", p=share),
            "Draw the first centre from all points alike.",
        )
    for place, far, right in ((0.0, 3.0, 0.9), (1.0, 3.0, 0.8), (3.0, 0.0, 9 / 13)):
        mine = pairs[pairs[:, 0] == place, 1]
        share = float((mine == far).mean())
        expect(abs(share - right) < 0.07, Message("After {a}, {b} is drawn in {p} of draws.", a=place, b=far, p=share),
               "Probabilities are in proportion to *squared* distances.")  # fmt: skip
    later, start = student.define(LATER).later, student.define(LATER).seeded
    args = (rng.normal(40, 2), 5)
    expect_close(start("kmeans_pp", args, 3), start("kmeans_pp", args, 3), name="the start with an equal seed",
                 hint="Draw with functions of np.random, not with a generator of your own.")  # fmt: skip
    expect(later("kmeans_pp", args, 1) != later("kmeans_pp", args, 2), "The call seeds numpy's random numbers.",
           UNSEEDED)  # fmt: skip
    seen = student.inspect(student.kmeans_pp, features, 3)
    expect_equal(np.sort(seen.value[:, 0]), features[:, 0], name="three of three points")
    expect_unchanged(seen, features)


@task("hierarchical_clustering", share=50)
def check_hierarchies_of_other_points(student, rng):
    """Single linkage is the spanning tree without its longest edges; others agree with loops; the input stays."""
    for N, D, k in ((20, 3, 5), (9, 1, 2), (6, 2, 6), (7, 2, 1)):
        features = rng.normal(N, D)
        tree = networkx.Graph()
        tree.add_weighted_edges_from((i, j, math.dist(features[i], features[j])) for i in range(N) for j in range(i))
        tree = networkx.minimum_spanning_tree(tree)
        for i, j, _ in sorted(tree.edges(data="weight"), key=lambda edge: -edge[2])[: k - 1]:
            tree.remove_edge(i, j)
        parts = np.zeros(N, dtype=int)
        for number, part in enumerate(networkx.connected_components(tree)):
            parts[list(part)] = number
        seen = student.inspect(student.hierarchical_clustering, features, k, "single")
        expect_equal(numbered(seen.value), numbered(parts), check_dtype=False, name="single linkage")
        expect(
            np.array_equal(np.unique(seen.value), np.arange(k)),
            Message("The numbers of groups are not 0 to {n}.", n=k - 1),
            "At the end, give the groups the numbers from 0 to k - 1.",
        )
        expect_unchanged(seen, features, k)
        found = student.hierarchical_clustering(features, k)
        expect_equal(numbered(found), numbered(joined(features, k, "centroid")), check_dtype=False, name="by default",
                     hint="By default, groups are joined by their centroids.")  # fmt: skip
        for linkage in ("centroid", "complete", "average"):
            found = student.hierarchical_clustering(features, k, linkage)
            expect_equal(numbered(found), numbered(joined(features, k, linkage)), check_dtype=False,
                         name=Message("{how} linkage", how=linkage))  # fmt: skip


@task("mean_shift", share=50)
def check_modes_of_other_points(student, rng):
    """Other radii and dimensions; windows on the radius; one point; the input stays."""
    for N, D, radius in ((24, 1, 0.7), (15, 3, 1.5), (1, 2, 1.0), (18, 2, 9.0)):
        features = clear_points(rng, N, D, radius)
        seen = student.inspect(student.mean_shift, features, radius)
        right, tops = climbed(features, radius)
        expect_close(
            seen.value[1], tops, atol=1e-4, name=Message("the modes for radius {r}", r=radius),
            mistakes=wrong_modes(features, radius),
        )  # fmt: skip
        expect_equal(seen.value[0], right, check_dtype=False, name=Message("the groups for radius {r}", r=radius))
        expect_unchanged(seen, features, radius)
    apart = np.array([[-0.9], [-0.9], [0.0], [0.9], [0.9]])  # windows rest at -0.6, 0 and 0.6
    expect_close(student.mean_shift(apart, 0.95)[1], np.array([[-0.6], [0.0], [0.6]]), atol=1e-4, name="three modes",
                 hint="Nearer than half of the bandwidth is the same mode.")  # fmt: skip
    slow = np.linspace(0.0, 1.0, 150)[:, None] ** 0.7  # windows climb in many small steps
    tops = climbed(slow, 0.1)[1]
    expect_close(student.mean_shift(slow, 0.1)[1], tops, atol=1e-4, name="the modes of a slope",
                 hint="Move the window until it moves by less than 1e-6.")  # fmt: skip
    line = np.array([[0.0], [2.0]])
    expect_close(student.mean_shift(line, 2.0)[1], np.array([[1.0]]), name="a point exactly at the radius", mistakes={
        "A window contains the points at the bandwidth, too.": line,
    })  # fmt: skip


def clear_points(rng, N, D, radius):
    """Return points whose windows rest near one mode at most: of several, the text does not say which counts."""
    while True:
        features = rng.normal(N, D)
        first, other = (climbed(features, radius, nearest=nearest)[0] for nearest in (False, True))
        if (first == other).all():
            return features


@task("color_position_features", share=50)
def check_features_of_other_pictures(student, rng):
    """Grey pictures, one row, equal colours; the input stays."""
    for shape in ((5, 3, 1), (1, 7, 3), (6, 6, 4)):
        img = rng.uniform(*shape)
        img[..., 0] = 200.3
        img[..., -1] *= 0.01 if shape[2] > 1 else 1.0  # faint, but not the same everywhere
        seen = student.inspect(student.color_position_features, img)
        raw = features_of(img)
        columns = []
        for values in raw.T:
            spread = math.sqrt(math.fsum((values - values.mean()) ** 2) / len(values))
            columns.append((values - values.mean()) / spread if spread > 1e-12 else 0 * values)
        expect_close(seen.value, np.stack(columns, axis=1), name=Message("a picture {shape}", shape=shape), mistakes={
            "A feature that is equal everywhere is 0: its deviation may be 0, or tiny.": plain_quotients(raw),
            "A feature that differs a little is normalised, too.":
                np.stack([c * (v.std() > 1e-2) for c, v in zip(columns, raw.T, strict=True)], axis=1),
        })  # fmt: skip
        expect_unchanged(seen, img)


def plain_quotients(raw):
    """Return each column less its mean, by its deviation, without a case for equal numbers."""
    with np.errstate(all="ignore"):
        return (raw - raw.mean(axis=0)) / raw.std(axis=0)


@task("compression_svd", share=50)
def check_compression_of_other_pictures(student, rng):
    """Ranks from 1 to all, by projection on the eigenvectors; the input stays."""
    for shape, k in (((8, 5), 1), ((6, 9), 6), ((20, 12), 4)):
        image = rng.normal(*shape)
        seen = student.inspect(student.compression_svd, image, k)
        top = np.linalg.eigh(image.T @ image)[1][:, ::-1][:, :k]
        expect_close(seen.value[0], image @ top @ top.T, rtol=1e-4, atol=1e-5, name=Message("rank {k}", k=k))
        expect_equal(seen.value[1], k + k * shape[0] + k * shape[1], name="the size")
        expect_unchanged(seen, image, k)
