"""Hidden checks of edges: plateaus, long chains, Canny on photographs, and lines that are known."""

import math

import numpy as np
from check_edges_lines import edges_of, inner
from oracles_edges import FILTERS, counted, crests, reached

from autograder import Message, expect, expect_close, expect_equal, expect_shape, expect_unchanged, explain_errors, task
from common.data import photographs

GREY = np.array([0.2125, 0.7154, 0.0721])


@task("non_maximum_suppression", share=50)
def check_crests_of_other_pictures(student, rng):
    """Each of the eight directions, plateaus, and one line of a smooth edge; both inputs stay."""
    for degrees in range(0, 360, 45):
        G, theta = rng.uniform(7, 6, low=0.1), degrees + rng.uniform(7, 6, low=-20.0, high=20.0)
        seen = student.inspect(student.non_maximum_suppression, G, theta % 360)
        expect_close(inner(seen.value), inner(crests(G, theta % 360)), name=Message("about {n} degrees", n=degrees))
        expect_unchanged(seen, G, theta % 360)
    G, theta = rng.uniform(25, 24, low=0.1), 22.5 * rng.integers(0, 16, 25, 24).astype(float)
    expect_close(inner(student.non_maximum_suppression(G, theta)), inner(crests(G, theta)), name="half-way angles",
                 hint="np.round(0.5) is 0; take np.floor((theta + 22.5) / 45).")  # fmt: skip
    flat, theta = np.full((6, 9), 2.5), rng.uniform(6, 9, high=360.0)
    expect_close(inner(student.non_maximum_suppression(flat, theta)), inner(flat), name="a plateau", mistakes={
        "A pixel that equals its neighbours stays: compare with at least, not with above.": inner(0 * flat),
    })  # fmt: skip
    ridge = np.tile(np.array([0.0, 1.0, 3.0, 7.0, 3.0, 1.0, 0.0]), (9, 1))
    right = np.where(ridge == 7, ridge, 0.0)
    expect_close(inner(student.non_maximum_suppression(ridge, np.zeros((9, 7)))), inner(right), name="a ridge")
    expect_close(inner(student.non_maximum_suppression(ridge.T.copy(), np.full((7, 9), 270.0))), inner(right.T),
                 name="a ridge that lies")  # fmt: skip


@task("double_thresholding", share=50)
def check_thresholds_of_random_pictures(student, rng):
    """Random pictures, also with equal thresholds; the input stays."""
    for high, low in ((0.7, 0.4), (0.5, 0.5), (2.0, -1.0)):
        img = np.round(rng.uniform(9, 7), 1)
        seen = student.inspect(student.double_thresholding, img, high, low)
        expect_equal(seen.value[0], img > high, name="strong")
        expect_equal(seen.value[1], np.logical_and(img > low, np.logical_not(img > high)), name="weak")
        expect_unchanged(seen, img)


@task("link_edges", share=50)
def check_long_chains(student, rng):
    """A chain of ten thousand pixels, chains at the border, and nothing strong; both inputs stay."""
    strong, weak = np.zeros((201, 101), bool), np.zeros((201, 101), bool)
    weak[::2] = True
    weak[1::4, -1], weak[3::4, 0] = True, True
    strong[0, 0] = True
    with explain_errors({"RecursionError": "Do not call the function from itself; keep a list of pixels to visit."}):
        seen = student.inspect(student.link_edges, strong, weak)
    expect_equal(seen.value, strong | weak, name="a chain of ten thousand pixels")
    expect_unchanged(seen, strong, weak)
    expect_equal(
        student.link_edges(np.zeros((201, 101), bool), weak), np.zeros((201, 101), bool), name="none is strong"
    )
    edge = np.zeros((5, 7), bool)
    edge[0], edge[-1], start = True, True, np.zeros((5, 7), bool)
    start[0, 3] = True
    expect_equal(student.link_edges(start, edge), reached(start, edge), name="the upper and the lower border")
    expect_equal(student.link_edges(start.T.copy(), edge.T.copy()), reached(start, edge).T, name="left and right")
    for density in (0.2, 0.45):
        draws = rng.uniform(30, 17)
        strong, weak = draws > 0.98, (draws > 1 - density) & (draws <= 0.98)
        expect_equal(student.link_edges(strong, weak), reached(strong, weak), name="random pixels")


LOANS_OF_STAGES = (
    FILTERS
    + """
def kernel(size, sigma):
    line = np.exp(-0.5 * ((np.arange(size) - (size - 1) / 2) / sigma) ** 2)
    return np.outer(line, line) / (2 * np.pi * sigma * sigma)

def gradient(img):
    dx, dy = along(1)(img), along(0)(img)
    return np.hypot(dx, dy), np.degrees(np.arctan2(dy, dx)) % 360

def thin(G, theta):
    out, around = np.zeros(G.shape), np.pad(G, 1)
    steps = [(0, 1), (1, 1), (1, 0), (1, -1)]
    for r in range(G.shape[0]):
        for c in range(G.shape[1]):
            d, e = steps[int((theta[r, c] + 22.5) // 45) % 4]
            if G[r, c] >= max(around[1 + r + d, 1 + c + e], around[1 + r - d, 1 + c - e]):
                out[r, c] = G[r, c]
    return out

def link(strong, weak):
    edges = strong.copy()
    while True:
        around = np.pad(edges, 1)
        near = sum(around[1 + i : 1 + i + weak.shape[0], 1 + j : 1 + j + weak.shape[1]]
                   for i in (-1, 0, 1) for j in (-1, 0, 1)) > 0
        grown = edges | (weak & near)
        if (grown == edges).all():
            return edges
        edges = grown

LOANS = {"conv_fast": conv, "gaussian_kernel": kernel, "gradient": gradient, "non_maximum_suppression": thin,
         "double_thresholding": lambda img, high, low: (img > high, (img > low) & (img <= high)), "link_edges": link}
"""
)


def agreement(found, edges):
    """Return the F1 of edge pixels inside, where a pixel counts if the other picture has one within a pixel."""
    found, edges = inner(found, 3), inner(edges, 3)

    def near(marks):
        around = np.pad(marks, 1)
        return sum(around[1 + i : 1 + i + marks.shape[0], 1 + j : 1 + j + marks.shape[1]]
                   for i in (-1, 0, 1) for j in (-1, 0, 1)) > 0  # fmt: skip

    if not found.any():
        return 0.0
    precision, recall = near(edges)[found].mean(), near(found)[edges].mean()
    return float(2 * precision * recall / (precision + recall)) if precision + recall else 0.0


@task("canny", share=25, loans=LOANS_OF_STAGES)
def check_canny_of_a_small_photograph(student, rng):
    """The edges agree with loops, by default and with other parameters; the input stays."""
    img = 255 * photographs.draw("house", seed=rng.key(), size=(32, 40)).image @ GREY + 6 * rng.normal(32, 40)
    for part in (1.0, 0.9, 0.6):
        scaled = part * img
        seen = student.inspect(student.canny, scaled)
        expect_equal(inner(seen.value, 2), inner(edges_of(scaled, 5, 1.4, 20, 15), 2), name="by default",
                     hint="By default the size is 5, sigma 1.4, and the thresholds are 20 and 15.")  # fmt: skip
        expect_unchanged(seen, scaled)
    found = student.canny(img, kernel_size=7, sigma=2.0, high=12.0, low=0.6)
    expect_equal(inner(found, 2), inner(edges_of(img, 7, 2.0, 12.0, 0.6), 2), name="with other parameters")


@task("canny", share=25, loans=LOANS_OF_STAGES, seconds=60)
def check_canny_finds_the_edges_of_photographs(student, rng, score):
    """The edges of six noisy photographs are those that were drawn, within a pixel."""
    scores = []
    for kind, noise in zip(photographs.KINDS, (0.02, 0.05, 0.1) * 2, strict=True):
        photo = photographs.draw(kind, seed=rng.key())
        noisy = 255 * (photo.image @ GREY + noise * rng.normal(*photo.mask.shape))
        found = student.canny(noisy, kernel_size=9, sigma=2.0, high=12.0, low=6.0)
        expect_shape(found, photo.mask.shape)
        scores.append(agreement(found.astype(bool), photo.edges))
    score(sum(scores) / len(scores), "mean F1 of edge pixels")


@task("hough_transform", share=50)
def check_votes_of_known_lines(student, rng):
    """Random pixels, numbers instead of bools, also negative ones, no edges, and known lines; the input stays."""
    for shape in ((6, 11), (13, 4)):
        img = np.zeros(shape)
        img[1:, 1:] = np.where(rng.uniform(shape[0] - 1, shape[1] - 1) > 0.8, 0.5, 0.0)
        img[1:3, -1] = -2.0
        seen = student.inspect(student.hough_transform, img)
        expect_close(seen.value[0], counted(img), check_dtype=False, name="the votes", mistakes={
            "All pixels that are not 0 vote, also negative ones.": counted(img.clip(min=0)),
            "All pixels that are not 0 vote, whatever their values.": 0 * counted(img),
            "Each pixel has one vote, whatever its value.": lambda img=img: weighted(img),
        })  # fmt: skip
        expect_unchanged(seen, img)
    row = np.ones((1, 300), bool)
    expect_equal(int(np.max(student.hough_transform(row)[0])), 300, name="the votes of 300 pixels on a line",
                 hint="Votes are whole numbers of any size: int64, not uint8.")  # fmt: skip
    empty = student.hough_transform(np.zeros((5, 8)))
    D = math.ceil(math.hypot(5, 8))
    expect_close(empty[0], np.zeros((2 * D + 1, 180), np.int64), check_dtype=False, name="without an edge")
    for _ in range(4):
        degrees = rng.int(-80, 81)
        angle = math.radians(degrees)
        rho = round(35 * math.cos(angle) + 30 * math.sin(angle))
        rows, columns = np.mgrid[:60, :70]
        line = np.abs(columns * math.cos(angle) + rows * math.sin(angle) - rho) < 0.5
        votes, rhos, thetas = student.hough_transform(line)
        row, column = divmod(int(votes.argmax()), 180)
        near = abs(float(thetas[column]) - angle) < 0.04 and abs(float(rhos[row]) - rho) <= 1.5
        expect(near, Message("The line at rho {rho}, {n} degrees has not the most votes.", rho=rho, n=degrees))


def weighted(img):
    """Return the votes where each pixel counts as much as its value."""
    return sum(value * counted(img == value) for value in np.unique(img) if value)


@task("hough_peaks", share=50)
def check_peaks_of_other_tables(student, rng):
    """Peaks at the border, few cells with votes, large windows, random tables; the input stays."""
    for n, window in ((5, 5), (9, 1), (30, 3), (4, 9)):
        votes = rng.integers(0, 30, 12, 15)
        seen = student.inspect(student.hough_peaks, votes, n, window)
        expect_shape(seen.value, (None, 2))
        expect(
            len(np.unique(seen.value, axis=0)) == len(seen.value),
            "The same peak was found twice.",
            "The square ends at the border: begin it at 0, because a negative start counts from the end.",
        )
        expect_equal(seen.value, peaks(votes, n, window), check_dtype=False, name=Message("a window of {n}", n=window))
        expect_unchanged(seen, votes)
    none = student.hough_peaks(np.zeros((6, 7), np.int64), 3, 3)
    expect_shape(none, (0, 2), name="no peak", hint="An empty table of pairs: np.array([]).reshape(-1, 2).")
    votes = np.zeros((6, 7), np.int64)
    votes[0, 0], votes[5, 6], votes[0, 6] = 3, 2, 1
    right = np.array([[0, 0], [5, 6], [0, 6]])
    found = student.hough_peaks(votes, 8, 5)
    expect_shape(found, (None, 2), name="fewer peaks than asked for")
    expect(
        len(found) <= 3,
        "There are more peaks than cells with votes.",
        "Stop when only cells without votes are left.",
    )
    expect_equal(found, right, check_dtype=False, name="fewer peaks than asked for")


def peaks(votes, n, window):
    """Return the peaks by sorting all cells once and leaving out those near an earlier one."""
    cells = sorted(np.ndindex(*votes.shape), key=lambda cell: (-votes[cell], cell))
    chosen = []
    for cell in cells:
        apart = all(max(abs(cell[0] - r), abs(cell[1] - c)) > window // 2 for r, c in chosen)
        if votes[cell] > 0 and apart and len(chosen) < n:
            chosen.append(cell)
    return np.array(chosen).reshape(-1, 2)
