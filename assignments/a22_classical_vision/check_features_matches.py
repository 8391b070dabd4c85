"""Public checks of features: directions, descriptions, matches and the motion that most of them agree with."""

import math

import numpy as np
from oracles_features import LOANS_OF_SHIFTS, affine, description, directions

from autograder import (
    Message,
    expect,
    expect_close,
    expect_equal,
    expect_shape,
    expect_type,
    explain_errors,
    is_sequence,
    task,
)


@task("orientation", share=50, any_dtype=True)
def check_directions_of_a_point(student, rng):
    """The directions agree with counted votes, the highest peak first."""
    img = rng.normal(20, 23)
    p, sigma = (9, 12), 1.3
    right = directions(img, p, sigma, share=0.8)
    expect_close(student.orientation(img, p, sigma), right, mistakes=wrong_directions(img, p, sigma, right))


def wrong_directions(img, p, sigma, right):
    """Return wrong directions, with hints."""
    return {
        "A parabola through the peak and its neighbours gives the fine angle.": directions(img, p, sigma, fine=0.0),
        "The shift of the parabola has the wrong sign.": directions(img, p, sigma, fine=-1.0),
        "Votes have less weight far from the point.": directions(img, p, sigma, width=1e6),
        "The weights fall off with 1.5 sigma, not with sigma.": directions(img, p, sigma, width=1.0),
        "Pixels vote up to round(4.5 * sigma) away.": directions(img, p, sigma, reach=3.0),
        "Return peaks of at least 80 % of the highest, too.": right[:1],
        "Only peaks of at least 80 % of the highest count.": directions(img, p, sigma, share=0.0),
        "Only peaks count: bins that are higher than both neighbours.": directions(img, p, sigma, peaked=False),
        "Bins are on a circle: 0 is the neighbour of 35.": directions(img, p, sigma, circle=False),
        "The middle of bin b is 10 (b + 0.5).": (right - 5) % 360,
        "Return degrees.": np.deg2rad(right),
        "The highest peak comes first.": np.sort(right),
    }


@task("sift_descriptor", share=50, any_dtype=True)
def check_description_of_a_point(student, rng):
    """The 128 numbers agree with a loop over the samples."""
    img, p, angle = rng.normal(30, 33), (14, 15), 50.0
    found = student.sift_descriptor(img, p, angle)
    expect_shape(found, (128,))
    right = description(img, p, angle)
    expect_close(found, right, mistakes={
        "The samples turn with the angle.": description(img, p, angle, turn=0.0),
        "Directions are counted from the angle.": description(img, p, angle, counted=False),
        "Each sample is shared between neighbouring cells and directions.": description(img, p, angle, shared=""),
        "Each sample is shared between neighbouring directions, too.": description(img, p, angle, shared="cells"),
        "Cut at 0.2 and normalise again.": description(img, p, angle, cut=1.0),
        "Divide by the length before you cut at 0.2.": description(img, p, angle, early=True),
        "Weigh the samples by a Gaussian.": description(img, p, angle, width=1e6),
        "The Gaussian of the samples has a sigma of 8.": description(img, p, angle, width=4.0),
        "The samples turn the other way.": description(img, p, -angle),
        "The samples turn the other way: look at the signs of the sines.": description(img, p, angle, turn=-1.0),
        "A point is (row, column).": description(img, p[::-1], angle),
        "Order the cells by rows first.": right.reshape(4, 4, 8).swapaxes(0, 1).ravel(),
    })  # fmt: skip


@task("match_descriptors", share=50)
def check_matches_by_the_ratio(student, rng):
    """A match is clearly nearer than the second nearest."""
    desc2 = rng.normal(6, 5) + 40 * np.concatenate([np.eye(5), -np.eye(1, 5)])  # far from one another
    between = [(1 - share) * desc2[1] + share * desc2[2] for share in (0.5, 0.375)]  # the ratios are 1 and 0.6
    desc1 = np.concatenate([desc2[[3, 0, 5]] + 0.1 * rng.normal(3, 5), between])
    right = np.array([[0, 3], [1, 0], [2, 5]])
    found = student.match_descriptors(desc1, desc2, 0.5)
    expect_equal(found, right, check_dtype=False, mistakes={
        "The ratio is inverted: the nearest must be much nearer than the second.": right[:0],
        "Each row has the number in desc1 and the one in desc2.": right[:, ::-1],
        "Use the ratio test: the last two have no neighbour that is much nearer than the second.":
            np.array([[0, 3], [1, 0], [2, 5], [3, 1], [4, 1]]),
        "Compare distances, not their squares.": np.array([[0, 3], [1, 0], [2, 5], [4, 1]]),
    }, hint="For each row of desc1, compare the distances of the two nearest rows of desc2.")  # fmt: skip


@task("fit_affine_matrix", share=50, any_dtype=True)
def check_map_of_points(student, rng):
    """The map from p2 to p1 with the smallest squares."""
    p2 = 5 + rng.uniform(9, 2, high=50.0)
    p1 = p2 @ np.array([[0.9, 0.2], [-0.3, 1.1]]) + np.array([5.0, -7.0]) + 0.1 * rng.normal(9, 2)
    right, unshifted = affine(p1, p2), np.eye(3)
    unshifted[:2, :2] = np.linalg.solve(p2.T @ p2, p2.T @ p1)
    expect_close(student.fit_affine_matrix(p1, p2), right, mistakes={
        "The map leads from p2 to p1: p2 H = p1.": affine(p2, p1),
        "Points are rows, p2 H = p1; this is the transpose.": right.T,
        "Points have a third coordinate of 1, which gives the shift.": unshifted,
        "Use all points, not only three.": affine(p1[:3], p2[:3]),
    })  # fmt: skip


@task("ransac_draws", share=50)
def check_number_of_draws(student):
    """Worked examples, and matches that are all right."""
    for (p, w, n), right in {(0.99, 0.5, 2): 17, (0.99, 0.5, 4): 72, (0.99, 0.3, 4): 567, (0.9, 1.0, 3): 1}.items():
        with explain_errors(dict.fromkeys(("ZeroDivisionError", "ValueError"), "If w is 1, one draw is enough.")):
            found = student.ransac_draws(p, w, n)
        expect_type(found, int, name="the number of draws")
        expect_equal(found, right, mistakes=({"If w is 1, one draw is enough.": 0} if w == 1 else {}) | {
            "Round up, not down.": right - 1,
            "w is the share of right matches, not of wrong ones.": lambda p=p, w=w, n=n: draws(p, (1 - w) ** n),
            "All n matches are right with probability w^n, not w n.": lambda p=p, w=w, n=n: draws(p, w * n),
            "All n matches are right with probability w^n, not w.": lambda p=p, w=w: draws(p, w),
            "1 - p is the probability of no right draw: its logarithm is above.":
                lambda p=p, w=w, n=n: draws(1 - p, w**n),
        })  # fmt: skip


def draws(p, good):
    """Return the number of draws, each of which is good with a probability."""
    return math.ceil(math.log(1 - p) / math.log(1 - good))


def expect_most(agreed):
    """Require that some draw had a group."""
    expect(
        np.ndim(agreed) != 2 or len(agreed) > 3,
        Message("{n} matches agree.", n=len(agreed)),
        "A draw takes three matches; keep the largest group of all draws.",
    )


@task("ransac", share=50, any_dtype=True, loans=LOANS_OF_SHIFTS)
def check_motion_with_wrong_matches(student, rng):
    """With 40 % wrong matches of a shifted picture, the shift is found, and the matches that agree with it."""
    student.seed(rng.int(0, 2**31))
    k2 = rng.uniform(30, 2, high=200.0)
    order = rng.permutation(30)
    k1 = np.zeros((30, 2))
    k1[order] = k2 + np.array([11.0, -6.0])
    matches = np.stack([order, np.arange(30)], axis=1)
    wrong = np.arange(30) % 5 < 2
    k1[order[wrong]] = 400 + rng.uniform(int(wrong.sum()), 2, high=900.0)
    found = student.ransac(k1, k2, matches)
    expect(is_sequence(found) and len(found) == 2, "ransac returns H and the matches that agree.")
    expect_most(found[1])
    p1, p2 = k1[matches[:, 0]], k2[matches[:, 1]]
    right = affine(p1[~wrong], p2[~wrong])
    expect_close(found[0], right, atol=1e-3, name="H", mistakes={
        "Wrong matches took part in the fit.": affine(p1, p2),
        "H leads from the second picture to the first.": affine(p2[~wrong], p1[~wrong]),
    })  # fmt: skip
    expect_equal(found[1], matches[~wrong], check_dtype=False, name="the matches", mistakes={
        "Return the rows of matches, not their numbers.": np.flatnonzero(~wrong),
    })  # fmt: skip
