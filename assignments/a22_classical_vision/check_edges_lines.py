"""Public checks of edges: thinning, thresholds, links, Canny's composition, and lines by votes."""

import math

import numpy as np
from oracles_edges import STAGES, correlated, counted, crests, derivatives, reached, reached_around, tops

from autograder import expect, expect_close, expect_equal, expect_shape, is_sequence, task


def inner(picture, width=1):
    """Return the picture without its border."""
    return picture[width:-width, width:-width]


@task("non_maximum_suppression", share=50, any_dtype=True)
def check_crests_of_a_small_picture(student, rng):
    """A pixel stays if no neighbour along its gradient is larger."""
    G, theta = rng.uniform(8, 9, low=0.1), rng.uniform(8, 9, high=360.0)
    G[3] = np.round(G[3], 1)
    found = student.non_maximum_suppression(G, theta)
    expect_shape(found, (8, 9))
    along = {0: (1, 0), 1: (1, -1), 2: (0, 1), 3: (1, 1)}
    upwards = {0: (0, 1), 1: (1, -1), 2: (1, 0), 3: (1, 1)}
    right = crests(G, theta)
    expect_close(inner(found), inner(right), name="inside", mistakes={
        "Compare across the edge, so along the gradient; at an angle of 0 with the left and the right neighbour.":
            inner(crests(G, theta, steps=along)),
        "Rows grow downwards: at 45 degrees the neighbours are below right and above left.":
            inner(crests(G, theta, steps=upwards)),
        "Round the angle to the nearest multiple of 45 degrees, do not cut.":
            inner(crests(G, np.floor(theta / 45) * 45)),
        "Angles are in degrees.": inner(crests(G, np.rad2deg(theta) % 360)),
        "Return G at the crests, not a mark.": inner(right > 0).astype(float),
        "Compare with both neighbours: a pixel that is smaller than one of them goes.":
            inner(crests(G, theta, rule=min)),
        "Compare with the two neighbours along the gradient, not with all eight.": inner(tops(G)),
    })  # fmt: skip


@task("double_thresholding", share=50)
def check_two_thresholds(student):
    """Strong is above high; weak is above low, up to high."""
    img = np.array([[0.0, 1.0, 2.0, 3.0], [2.0, 4.0, 5.0, 2.5], [3.0, 3.5, 6.0, 1.5]])
    high, low = 3.0, 2.0
    found = student.double_thresholding(img, high, low)
    expect(is_sequence(found) and len(found) == 2, "double_thresholding returns two arrays: strong and weak.")
    expect_equal(found[0], img > high, name="strong", mistakes={
        "Strong pixels are *above* the high threshold; one that equals it is weak.": img >= high,
    })  # fmt: skip
    expect_equal(found[1], (img > low) & (img <= high), name="weak", mistakes={
        "Strong pixels are not weak.": img > low,
        "Weak pixels are above the low threshold.": img <= high,
        "Weak pixels are *above* the low threshold; one that equals it does not count.": (img >= low) & (img <= high),
        "A pixel that equals the high threshold is weak.": (img > low) & (img < high),
    })  # fmt: skip


AROUND = {  # mistakes, by the axes that go on at the other border
    (0,): "The picture ends at its border: a row -1 is the last row of numpy, which does not touch the first.",
    (1,): "The picture ends at its border: a column -1 is the last one of numpy, which does not touch the first.",
    (0, 1): "The picture ends at its border: an index of -1 is the last row or column, which is far away.",
}


@task("link_edges", share=50)
def check_links_of_a_small_picture(student, rng):
    """Weak pixels stay if a chain links them with a strong one; chains may step to eight neighbours."""
    for _ in range(4):
        draws = rng.uniform(9, 11)
        strong, weak = draws > 0.93, (draws > 0.62) & (draws <= 0.93)
        right = reached(strong, weak)
        grown = np.pad(strong, 1)
        near = sum(grown[1 + i : 10 + i, 1 + j : 12 + j] for i in (-1, 0, 1) for j in (-1, 0, 1)) > 0
        expect_equal(student.link_edges(strong, weak), right, mistakes={
            **{hint: reached_around(strong, weak, axes) for axes, hint in AROUND.items()},
            "Pixels have eight neighbours, with those at the corners.": reached(strong, weak, corners=False),
            "Chains may be long: also neighbours of linked weak pixels are linked.": strong | (weak & near),
            "Strong pixels are edges, too.": right & weak,
            "Weak pixels without a link to a strong one do not count.": strong | weak,
            "Weak pixels that are linked with strong ones are edges.": strong,
        })  # fmt: skip


@task("canny", share=50, loans=STAGES)
def check_canny_joins_the_stages(student, rng):
    """Smoothing, gradient, thinning, thresholds and links follow one another, with the parameters that were given."""
    img = rng.uniform(14, 13, high=100.0)
    size, sigma, high, low = 3, 1.1, 12.0, 8.0
    found = student.canny(img, kernel_size=size, sigma=sigma, high=high, low=low)
    expect_shape(found, img.shape)
    stages = traces if student.lent else edges_of
    right, given = stages(img, size, sigma, high, low), (size, sigma, high, low)

    def wrong(*parameters, **missing):
        return lambda: inner(stages(img, *parameters, **missing), 2)

    expect_equal(inner(found, 2), inner(right, 2), name="inside", mistakes={
        "Use the high and low thresholds that were given.": wrong(size, sigma, 20, 15),
        "Use the kernel_size and the sigma that were given.": wrong(5, 1.4, high, low),
        "Use the kernel_size that was given.": wrong(5, sigma, high, low),
        "Use the sigma that was given.": wrong(size, 1.4, high, low),
        "Thin the edges before the thresholds.": wrong(*given, thin=False),
        "Smooth the picture first.": wrong(0, sigma, high, low),
        "Link the weak edges with the strong ones at the end; here all weak ones are missing.":
            wrong(*given, linked="strong"),
        "Weak edges count only if they are linked with strong ones; here all count. Is high the first threshold?":
            wrong(*given, linked="all"),
        "The length and the angle are those of gradient, not of sobel.": wrong(*given, by_sobel=True),
    })  # fmt: skip


def traces(img, size, sigma, high, low, *, thin=True, linked="", by_sobel=False):
    """Return what the stages of the loan leave, by their definitions."""
    smooth = correlated(img, np.full((size, size), 1 / (size * size * sigma))) if size else img
    value = (slopes(smooth)[0] if by_sobel else smooth % 20) + (smooth % 3 if thin else 0)
    strong, weak = value > high, (value > low) & (value <= high)
    return strong if linked == "strong" else strong | (weak if linked else weak[::-1])


def slopes(img):
    """Return the length and the angle of the derivatives of Sobel's filter."""
    kernel = np.outer([1.0, 2.0, 1.0], [-1.0, 0.0, 1.0])
    dx, dy = correlated(img, kernel), correlated(img, kernel.T)
    return np.hypot(dx, dy), np.degrees(np.arctan2(dy, dx)) % 360


def edges_of(img, size, sigma, high, low, *, thin=True, linked="", by_sobel=False):
    """Return Canny's edges by loops; without smoothing for size 0."""
    if size:
        away = [k - (size - 1) / 2 for k in range(size)]
        kernel = np.array([[math.exp(-(a * a + b * b) / (2 * sigma**2)) for b in away] for a in away])
        img = correlated(img, kernel / (2 * math.pi * sigma**2))
    dx, dy = derivatives(img)
    G, theta = slopes(img) if by_sobel else (np.hypot(dx, dy), np.degrees(np.arctan2(dy, dx)) % 360)
    value = crests(G, theta) if thin else G
    strong, weak = value > high, (value > low) & (value <= high)
    return strong if linked == "strong" else strong | weak if linked else reached(strong, weak)


@task("hough_transform", share=50)
def check_votes_of_a_few_pixels(student, rng):
    """Each pixel votes once for each angle, at the rounded distance of the line through it."""
    img = np.zeros((9, 14), bool)
    for row, column in zip(rng.integers(1, 9, 7), rng.integers(1, 14, 7), strict=True):
        img[row, column] = True
    D = math.ceil(math.sqrt(9**2 + 14**2))
    found = student.hough_transform(img)
    expect(is_sequence(found) and len(found) == 3, "hough_transform returns votes, rhos and thetas.")
    expect_close(found[1], np.arange(-D, D + 1.0), name="rhos", check_dtype=False)
    angles = np.radians(np.arange(-90.0, 90.0))
    expect_close(found[2], angles, name="thetas", mistakes={
        "The angles are returned in radians.": np.arange(-90.0, 90.0),
    })  # fmt: skip
    expect_close(found[0], counted(img), name="the votes", check_dtype=False, mistakes={
        "x is the column and y is the row; they are exchanged here.": counted(img, swap=True),
        "Round rho to the nearest whole number; astype(int) cuts towards 0.": counted(img, whole=int),
        "Round rho to the nearest whole number, not up.": counted(img, whole=math.ceil),
        "Round rho to the nearest whole number, not down.": counted(img, whole=math.floor),
        "Votes of several pixels for one cell add up; votes[rows, columns] += 1 counts a repeated cell once.":
            np.minimum(counted(img), 1),
        "The row of rho in the table is rho + D.": np.roll(counted(img), -D, axis=0),
        "The row of rho in the table is rho + D; negative rows were counted from the end.":
            np.roll(counted(img), D + 1, axis=0),
        "Two rhos were exchanged: the table is upside down.": counted(img)[::-1],
    })  # fmt: skip


@task("hough_peaks", share=50)
def check_peaks_of_a_small_table(student):
    """The highest cells, each with its surroundings cleared; of equal ones, the first."""
    votes = np.zeros((9, 11), np.int64)
    votes[4, 5], votes[4, 6], votes[5, 7], votes[1, 1], votes[8, 10], votes[0, 9] = 9, 8, 7, 6, 6, 1
    found = student.hough_peaks(votes, 4, 3)
    right = np.array([[4, 5], [5, 7], [1, 1], [8, 10]])
    expect_equal(found, right, check_dtype=False, mistakes={
        "Clear the square around each peak before the next one.": np.array([[4, 5], [4, 6], [5, 7], [1, 1]]),
        "The window is the width of the square; half of it is on each side.":
            np.array([[4, 5], [1, 1], [8, 10], [0, 9]]),
        "Each row has the row and the column of a peak.": right[:, ::-1],
        "Of equal cells, the first counts.": np.array([[4, 5], [5, 7], [8, 10], [1, 1]]),
    })  # fmt: skip
