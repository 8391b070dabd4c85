"""Hidden checks of features: turned patches, other light, ties, exact columns, and many wrong matches."""

import itertools
import math

import numpy as np
from check_features_matches import expect_most, wrong_directions
from oracles_features import affine, description, directions
from oracles_grouping import LATER, UNSEEDED

from autograder import Message, expect, expect_close, expect_equal, expect_unchanged, task


@task("orientation", share=50)
def check_directions_of_other_points(student, rng):
    """Points at the border, other sizes, and planes that rise in a known direction; the input stays."""
    for p, sigma in (((0, 0), 1.1), ((7, 17), 2.2), ((14, 3), 0.8)):
        img = rng.normal(15, 18)
        img[p[0], abs(p[1] - 12)] += 1e5 if sigma < 1 else 0.0
        seen = student.inspect(student.orientation, img, p, sigma)
        right = directions(img, p, sigma)
        mistakes = wrong_directions(img, p, sigma, right)
        expect_close(seen.value, right, name=Message("the point {p}", p=p), mistakes=mistakes)
        expect_unchanged(seen, img, p)
    rows, columns = np.indices((21, 25))
    for degrees in (12.0, 97.0, 355.5):
        plane = columns * math.cos(math.radians(degrees)) + rows * math.sin(math.radians(degrees))
        found = student.orientation(plane, (10, 12), 1.5)
        near = len(found) == 1 and abs((float(found[0]) - degrees + 180) % 360 - 180) <= 5.01
        expect(near, Message("A plane that rises at {n} degrees has another direction.", n=degrees))

    both = np.where(rows <= 10, columns * 1.0, 1.3 * (rows - 10) + 12)
    right = directions(both, (10, 12), 1.5)
    expect_close(student.orientation(both, (10, 12), 1.5), right, name="two directions",
                 mistakes=wrong_directions(both, (10, 12), 1.5, right))  # fmt: skip
    right = directions(roof(), (10, 12), 1.5)
    expect_close(student.orientation(roof(), (10, 12), 1.5), right, name="three directions",
                 mistakes=wrong_directions(roof(), (10, 12), 1.5, right),
                 hint="All peaks of at least 0.8 times the highest, however many.")  # fmt: skip
    for name, img in ((Message("a direction below 360"), fan()), (Message("a direction above 0"), fan()[::-1].copy())):
        right = directions(img, (10, 12), 1.5)
        expect_close(student.orientation(img, (10, 12), 1.5), right, name=name,
                     mistakes=wrong_directions(img, (10, 12), 1.5, right))  # fmt: skip


def roof():
    """Return a picture that rises in four directions, from 35 to 305 degrees; three of them are at least 0.8."""
    rows, columns = np.indices((21, 25))
    turn, x, y = math.radians(35.0), columns - 12, rows - 10
    along, across = math.cos(turn) * x + math.sin(turn) * y, math.cos(turn) * y - math.sin(turn) * x
    steep = np.where(along > 0, 1.0, 0.94), np.where(across > 0, 0.97, 0.91)
    return np.where(abs(along) > abs(across), steep[0] * abs(along), steep[1] * abs(across))


def fan():
    """Return a picture that rises about to the right: bin 35 is the highest, and bin 0 has more than 80 % of it."""
    rows, columns = np.indices((21, 25))
    turn, x, y = math.radians(-0.8), columns - 12, rows - 10
    along, across = math.cos(turn) * x + math.sin(turn) * y, math.cos(turn) * y - math.sin(turn) * x
    return 20 * along + 0.5 * along * across + 0.21 * across**2


@task("sift_descriptor", share=50)
def check_descriptions_do_not_depend_on_light_or_turns(student, rng):
    """Points at the border and between pixels, light, a turn by 90 degrees, and a flat picture; the input stays."""
    for p, angle in (((3, 2), 0.0), ((10.5, 12.25), 200.0), ((19, 20), 333.0)):
        img = rng.normal(22, 25)
        seen = student.inspect(student.sift_descriptor, img, p, angle)
        whole = description(img, p, angle, cut=1.0)
        expect_close(seen.value, description(img, p, angle), name=Message("the point {p}", p=p), mistakes={
            "Cut at 0.2 and normalise again.": whole,
            "Normalise again after the cut at 0.2.": np.minimum(whole, 0.2),
        })  # fmt: skip
        expect_unchanged(seen, img, p, angle)
        expect_close(student.sift_descriptor(0.2 * img + 3, p, angle), seen.value, name="with other light")
        expect_close(student.sift_descriptor(1e-3 * img, p, angle), seen.value, name="of a faint picture",
                     hint="The answer is 0 only where all gradients are 0.")  # fmt: skip
    img = rng.normal(31, 31)
    turned = np.rot90(img, -1).copy()
    expect_close(student.sift_descriptor(turned, (15, 15), 90.0 + 25.0), student.sift_descriptor(img, (15, 15), 25.0),
                 name="turned by 90 degrees")  # fmt: skip
    expect_close(student.sift_descriptor(np.full((20, 20), 0.5), (10, 10), 30.0), np.zeros(128), name="a flat picture")


@task("match_descriptors", share=50)
def check_matches_of_other_descriptions(student, rng):
    """Other thresholds, ties, exact copies, no match; both inputs stay."""
    for M, N, D, threshold in ((7, 9, 3, 0.8), (4, 2, 6, 0.6), (12, 20, 2, 0.5)):
        desc1, desc2 = rng.normal(M, D), rng.normal(N, D)
        seen = student.inspect(student.match_descriptors, desc1, desc2, threshold)
        right, far = paired(desc1, desc2, threshold), np.linalg.norm(desc1[:, None] - desc2[None], axis=2)
        mutual = [row for row in right.tolist() if far[:, row[1]].argmin() == row[0]]
        expect_equal(seen.value, right, check_dtype=False, name=Message("{M} with {N}", M=M, N=N), mistakes={
            "Compare distances, not their squares.": paired(desc1, desc2, threshold**0.5),
            "The threshold is for the ratio of both distances, not for the distance.":
                paired(desc1, desc2, threshold, alone=True),
            "The pair need not be the nearest the other way round, too.": np.array(mutual).reshape(-1, 2),
            "Distances are Euclid's, not sums of absolute differences.":
                paired(desc1, desc2, threshold, lambda a, b: math.fsum(abs(x - y) for x, y in zip(a, b, strict=True))),
            "Distances are Euclid's, not angles.": paired(desc1, desc2, threshold, cosine),
        })  # fmt: skip
        expect_unchanged(seen, desc1, desc2)
    twins = np.array([[0.0, 0.0], [0.0, 0.0], [5.0, 5.0]])
    expect_equal(student.match_descriptors(np.array([[0.0, 0.0], [5.0, 5.0]]), twins, 0.9), np.array([[1, 2]]),
                 check_dtype=False, name="two that are equally near", mistakes={
        "The nearest distance is below threshold times the second, not equal.": np.array([[0, 0], [1, 2]]),
    })  # fmt: skip


def cosine(a, b):
    """Return one less the cosine of an angle."""
    return 1 - sum(x * y for x, y in zip(a, b, strict=True)) / math.hypot(*a) / math.hypot(*b)


def paired(desc1, desc2, threshold, dist=math.dist, *, alone=False):
    """Return the pairs by loops; alone: without the second nearest."""
    found = []
    for i, a in enumerate(desc1.tolist()):
        near = sorted((dist(a, b), j) for j, b in enumerate(desc2.tolist()))
        if near[0][0] < threshold * (1.0 if alone else near[1][0]):
            found.append((i, near[0][1]))
    return np.array(found, dtype=np.int64).reshape(-1, 2)


@task("fit_affine_matrix", share=50)
def check_maps_of_other_points(student, rng):
    """Three points, many with noise, far from 0; the last column is exact; both inputs stay."""
    for N, noise, far in ((3, 0.0, 0.0), (40, 2.0, 0.0), (12, 0.5, 500.0)):
        p2 = far + rng.uniform(N, 2, high=80.0)
        p1 = p2 @ rng.normal(2, 2) + rng.normal(2) + noise * rng.normal(N, 2)
        seen = student.inspect(student.fit_affine_matrix, p1, p2)
        expect_close(seen.value, affine(p1, p2), rtol=1e-4, atol=1e-4, name=Message("{N} points", N=N))
        exact = bool((seen.value[:, 2] == [0.0, 0.0, 1.0]).all())
        expect(exact, "The last column is not exactly 0, 0, 1.", "Write 0, 0, 1 into the last column at the end.")
        expect_unchanged(seen, p1, p2)


@task("ransac_draws", share=50)
def check_other_numbers_of_draws(student, rng):
    """Random shares, and a small one: the smallest number of draws that is enough."""
    expect_equal(student.ransac_draws(0.9, 0.05, 4), 368413, name="one right match in 20",
                 hint="Compute the formula as it is, without rounding before the end.")  # fmt: skip
    for _ in range(20):
        p, w, n = float(rng.uniform(low=0.5, high=0.995)), float(rng.uniform(low=0.3, high=0.97)), rng.int(1, 5)
        draws, fails = 0, 1.0
        while fails > 1 - p:
            draws, fails = draws + 1, fails * (1 - w**n)
        expect_equal(student.ransac_draws(p, w, n), draws, name=Message("p {p}, w {w}, n {n}", p=p, w=w, n=n))


LOANS_OF_FIT = """
import numpy as np

def fit(p1, p2):
    A = np.concatenate([p2, np.ones((len(p2), 1))], axis=1)
    H = np.eye(3)
    H[:, :2] = np.linalg.pinv(A) @ p1
    return H

LOANS = {"fit_affine_matrix": fit}
"""


@task("ransac", share=50, loans=LOANS_OF_FIT)
def check_motion_with_many_wrong_matches(student, rng):
    """With 60 % wrong matches of a turned and noisy picture, H is that of all right matches; inputs stay."""
    student.seed(rng.int(0, 2**31))
    for K, threshold in ((50, 20), (35, 4.0)):
        angle = float(rng.uniform(high=6.0))
        turn = 1.3 * np.array([[math.cos(angle), math.sin(angle)], [-math.sin(angle), math.cos(angle)]])
        k2 = np.stack([np.arange(K) * 37 % 101, np.arange(K) * 53 % 97], axis=1) * 2.0 + rng.uniform(K, 2)
        k1 = k2 @ turn + np.array([30.0, -12.0]) + 0.2 * rng.uniform(K, 2, low=-1.0)
        wrong = np.arange(K) % 5 < 3
        k1[wrong] = 3000 * rng.normal(int(wrong.sum()), 2)
        matches = np.stack([np.arange(K), np.arange(K)], axis=1)
        seen = student.inspect(student.ransac, k1, k2, matches, n_iters=400, threshold=threshold)
        expect_most(seen.value[1])
        expect_equal(seen.value[1], matches[~wrong], check_dtype=False, name="the matches")
        expect_close(seen.value[0], affine(k1[~wrong], k2[~wrong]), name="H", mistakes={
            "H leads from the second picture to the first.": affine(k2[~wrong], k1[~wrong]),
            "At the end, fit H to all matches that agree.": seen.value[0],
        })  # fmt: skip
        expect_unchanged(seen, k1, k2, matches)
    three = np.array([[0.0, 0.0], [50.0, 3.0], [7.0, 60.0]])
    found = [len(student.ransac(three + 5.0, three, np.stack([range(3)] * 2, axis=1), n_iters=1)[1]) for _ in range(6)]
    expect_equal(found, [3] * 6, name="how many of three right matches one draw finds",
                 hint="A draw has three different matches: without replacement.")  # fmt: skip
    found = [len(student.ransac(k1, k2, matches, n_iters=1, threshold=4.0)[1]) for _ in range(12)]
    expect(min(found) < 14, "With one draw, the motion is found each time.", "Make n_iters draws.")
    later = student.define(LATER).later
    args = (three, three, np.stack([range(3)] * 2, axis=1))
    expect(later("ransac", args, 1) != later("ransac", args, 2), "The call seeds numpy's random numbers.", UNSEEDED)
    for _ in range(2):
        k1, k2, threshold, rows = few_points(rng)
        matches = np.stack([np.arange(len(k1)), np.arange(len(k1))], axis=1)
        found = student.ransac(k1, k2, matches, n_iters=1000, threshold=threshold)
        again = regrouped(k1, k2, threshold, rows)
        expect_equal(found[1], matches[rows], check_dtype=False, name="the largest group of all draws", mistakes={
            "The threshold is for the *squared* distance.": matches[largest(k1, k2, threshold**2)],
            "Return the group that agreed with a draw; do not ask again after the last fit.": matches[again],
        })  # fmt: skip
        expect_close(found[0], affine(k1[rows], k2[rows]), atol=1e-4, name="H of a small group", mistakes={
            "At the end, fit H to all matches that agree.": found[0],
        })  # fmt: skip


def agreeing(k1, k2, H, threshold):
    """Return the numbers of points whose squared distance is below the threshold."""
    away = k2 @ H[:2, :2] + H[2, :2] - k1
    return np.flatnonzero((away**2).sum(axis=1) < threshold).tolist()


def groups(k1, k2, threshold):
    """Return what agrees with each of all draws of three points, largest first."""
    draws = list(itertools.combinations(range(len(k1)), 3))
    rows = np.concatenate([k2, np.ones((len(k2), 1))], axis=1)
    maps = np.linalg.solve(rows[np.array(draws)], k1[np.array(draws)])  # three points fit exactly
    near = ((rows @ maps - k1) ** 2).sum(axis=2) < threshold
    return sorted((np.flatnonzero(one).tolist() for one in near), key=len, reverse=True)


def largest(k1, k2, threshold):
    """Return a largest group."""
    return groups(k1, k2, threshold)[0]


def regrouped(k1, k2, threshold, rows):
    """Return what agrees after a fit to a group."""
    return agreeing(k1, k2, affine(k1[rows], k2[rows]), threshold)


def few_points(rng):
    """Return eight noisy points, a threshold below 1, and the only largest group, which is another one after a fit.

    There are 56 draws of three points, so 1000 draws miss one with a probability below 1e-7.
    """
    while True:
        k2 = 40 * rng.uniform(8, 2)
        k1 = k2 + 0.6 * rng.normal(8, 2)
        found = groups(k1, k2, 0.5)
        rows, threshold = found[0], 0.5
        alone = len(rows) > max((len(group) for group in found if group != rows), default=0)
        margins = [agreeing(k1, k2, affine(k1[rows], k2[rows]), t) for t in (0.48, 0.52)]
        if alone and margins[0] == margins[1] != rows and largest(k1, k2, threshold**2) != rows:
            return k1, k2, threshold, rows
