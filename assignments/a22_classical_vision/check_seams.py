"""Public checks of seams: energy, costs, seams, and pictures that become narrower and wider."""

import numpy as np
from oracles_seams import LOANS_OF_STAGES, LOANS_OF_WIDTH, carve, costs, doubled, energies, grey, inserted

from autograder import Message, expect, expect_close, expect_equal, expect_shape, explain_errors, is_sequence, task


@task("energy_function", share=50, any_dtype=True)
def check_energy_of_a_small_picture(student, rng):
    """The energy agrees with a loop."""
    image = rng.uniform(6, 8, 3)
    right = energies(image)
    (down, across), mean = np.gradient(grey(image)), image.mean(axis=2, keepdims=True)
    expect_close(student.energy_function(image), right, mistakes={
        "Take absolute values before you add.": np.abs(down + across),
        "Add the absolute values; this is the length of the gradient.": np.hypot(down, across),
        "Both directions count.": np.abs(across),
        "Both directions count, also the one to the right.": np.abs(down),
        "Take the luma, rgb2gray, not the mean of the colours.": energies(np.repeat(mean, 3, axis=2)),
        "Take the derivatives of the grey picture, not of each colour.":
            sum(energies(np.repeat(image[..., n : n + 1], 3, axis=2)) for n in range(3)),
    })  # fmt: skip


def steps(result):
    """Return the two arrays of a result."""
    expect(is_sequence(result) and len(result) == 2, "The costs and the paths are returned.")
    return result


@task("compute_cost", share=50, any_dtype=True)
def check_costs_of_a_small_table(student, rng):
    """The worked example, ties, and a random table."""
    image = np.zeros((3, 3, 3))
    example = np.array([[1.0, 4.0, 3.0], [5.0, 2.0, 6.0], [7.0, 1.0, 2.0]])
    cost, paths = steps(student.compute_cost(image, example))
    right = np.array([[1.0, 4.0, 3.0], [6.0, 3.0, 9.0], [10.0, 4.0, 5.0]])
    free = np.array([[1.0, 4.0, 3.0], [5.0, 3.0, 6.0], [7.0, 4.0, 2.0]])
    expect_close(cost, right, name="the costs of the example", mistakes={
        "Beyond the border the cost is infinite, not 0.": free,
        "Beyond the border the cost is infinite; here the table goes on at its other side.":
            np.array([[1.0, 4.0, 3.0], [6.0, 3.0, 7.0], [10.0, 4.0, 5.0]]),
        "Add the smallest cost of the row above, not the smallest energy.":
            np.array([[1.0, 4.0, 3.0], [6.0, 3.0, 9.0], [9.0, 3.0, 4.0]]),
    })  # fmt: skip
    ways = np.array([[0, -1, 0], [1, 0, -1]])
    expect_equal(paths[1:], ways, check_dtype=False, name="the paths of the example", mistakes={
        "The paths are -1, 0 and 1.": ways + 1,
        "A path is the column above, less this one.": -ways,
        "The paths are steps, not the columns above.": np.arange(3) + ways,
    })  # fmt: skip
    energy = rng.integers(0, 4, 6, 7).astype(float)
    cost, paths = steps(student.compute_cost(np.zeros((6, 7, 3)), energy))
    expect_close(cost, costs(energy)[0], name="the costs", mistakes={
        "In the first column, the index -1 is the last column: leave it out.": costs(energy, round=True)[0],
    })  # fmt: skip
    expect_equal(paths, costs(energy)[1], check_dtype=False, name="the paths", mistakes={
        "Of equal ways, the one more to the left counts.": -costs(energy[:, ::-1])[1][:, ::-1],
        "Of equal ways, the one more to the left counts, not the one straight above.":
            costs(energy, order=(0, -1, 1))[1],
    })  # fmt: skip


@task("backtrack_seam", share=50)
def check_seam_of_small_paths(student):
    """The seam goes up step by step."""
    paths = np.array([[0, 0, 0, 0], [1, 0, -1, 0], [0, 1, 1, -1], [1, -1, 0, -1]])
    with explain_errors({"IndexError": "Add the path to the column: a path is the column above, less this one."}):
        found = student.backtrack_seam(paths, 3)
    expect_equal(found, np.array([3, 3, 2, 3]), check_dtype=False, mistakes={
        "Use the path of the pixel of the seam, before you move.": np.array([1, 1, 2, 3]),
        "From the first row to the last.": np.array([3, 2, 3, 3]),
    })  # fmt: skip


@task("remove_seam", share=50, any_dtype=True)
def check_picture_without_a_seam(student, rng):
    """One pixel of each row is missing, in colour and in grey."""
    image, seam = rng.uniform(4, 5, 3), np.array([2, 1, 0, 4])
    right = np.stack([np.delete(row, c, axis=0) for row, c in zip(image, seam, strict=True)])
    expect_close(student.remove_seam(image, seam), right, name="a colour picture", mistakes={
        "Each row has a column of its own in the seam.": np.delete(image, seam[0], axis=1),
        "np.delete takes these columns out of every row; each row loses one pixel only, that of its own column.":
            np.delete(image, seam, axis=1),
        "The first number of the seam belongs to the first row.":
            np.stack([np.delete(row, c, axis=0) for row, c in zip(image, seam[::-1], strict=True)]),
    })  # fmt: skip
    with explain_errors(dict.fromkeys(("ValueError", "IndexError"), "A grey picture has no third axis.")):
        bare = student.remove_seam(image[..., 0].copy(), seam)
    expect_close(bare, right[..., 0], name="a grey picture")


def red(image, count):
    """Return the picture without the columns of least red, and their numbers: what the stages of the loan do."""
    left, columns = image, list(range(image.shape[1]))
    for _ in range(count):
        worst = least(left)
        left, _ = np.delete(left, worst, axis=1), columns.pop(worst)
    return left, [c for c in range(image.shape[1]) if c not in columns]


def least(image):
    """Return the column of least red, with that of the column before it."""
    return int((image[..., 0] + np.roll(image[..., 0], 1, axis=1)).sum(axis=0).argmin())


@task("reduce", share=50, any_dtype=True, loans=LOANS_OF_STAGES)
def check_narrower_pictures(student, rng):
    """The cheapest seams go, one after the other, along both axes."""
    image = rng.uniform(6, 9, 3)
    found = student.reduce(image, 6)
    stages = red if student.lent else carve
    expect_close(found, stages(image, 3)[0], mistakes={
        "size is the number of columns to reach, not how many are taken out.": lambda: np.array(stages(image, 6)[0]),
        "Compute energy and costs again after each seam.": lambda: np.delete(image, energy_once(image), axis=1),
        "Take out one seam after the other, until the size is reached.": stages(image, 1)[0],
    })  # fmt: skip
    expect_shape(found, (6, 6, 3))
    wanted = stages(image.swapaxes(0, 1), 2)[0].swapaxes(0, 1)
    expect_close(student.reduce(image, 4, axis=0), wanted, name="with axis 0", mistakes={
        "With axis 0, rows are taken out: exchange the first two axes before, and again after.": stages(image, 5)[0],
        "The rows were taken out; exchange the axes back.": wanted.swapaxes(0, 1),
    })  # fmt: skip


def energy_once(image):
    """Return the three columns of least red at the first look."""
    reds = image[..., 0] + np.roll(image[..., 0], 1, axis=1)
    return reds.sum(axis=0).argsort()[:3]


@task("enlarge", share=50, any_dtype=True, loans=LOANS_OF_STAGES)
def check_wider_pictures(student, rng):
    """Pixels of different seams are doubled, each once, in the order of the original."""
    while True:
        image = rng.uniform(5, 8, 3)
        columns, places = red(image, 3)[1], [least(red(image, n)[0]) for n in range(3)]
        if len({*places}) == 3 and sorted(places) != columns:
            break
    found = student.enlarge(image, 11)
    if student.lent:
        times = np.array([1 + (c in columns) for c in range(8)])
        rows = np.repeat(image, times, axis=1)
        again = np.array([1 + 3 * (c == places[0]) for c in range(8)])
        means = [c for c in range(8) for _ in range(times[c])]
        expect_close(found, rows, mistakes={
            "Find k different seams of the original first; here the cheapest one was doubled again and again.":
                np.repeat(image, again, axis=1),
            "Take out each seam before you look for the next one; here the same one was found again.":
                np.repeat(image, again.clip(max=2), axis=1),
            "A table of the original columns must lose its seams together with the picture.":
                np.repeat(image, [1 + (c in places) for c in range(8)], axis=1),
            "Repeat the pixels of the seams, not means of two pixels.": lambda: blended(image, means),
        })  # fmt: skip
        expect_shape(found, (5, 11, 3))
        return
    expect_close(found, doubled(image, 3))


def blended(image, columns):
    """Return the picture with columns, where a column that is repeated is a mean with the next one."""
    after = image[:, [*range(1, image.shape[1]), -1]]
    first = [c != before for c, before in zip(columns, [-1, *columns[:-1]], strict=True)]
    return np.where(np.array(first)[None, :, None], image[:, columns], (image + after)[:, columns] / 2)


@task("compute_forward_cost", share=50, any_dtype=True)
def check_forward_costs_of_a_small_picture(student, rng):
    """The costs contain what is inserted."""
    image, energy = rng.uniform(5, 6, 3), rng.uniform(5, 6)
    cost, paths = steps(student.compute_forward_cost(image, energy))
    right, ways = costs(energy, lambda r, c, s: inserted(image, r, c, s))
    expect_close(cost, right, name="the costs", mistakes={
        "Add what is inserted: C_L, C_U and C_R.": costs(energy)[0],
        "C_L, C_U and C_R are computed from the grey picture, by rgb2gray.":
            costs(energy, lambda r, c, s: inserted(np.repeat(image[..., :1], 3, axis=2), r, c, s))[0],
        "C_L and C_R contain C_U, too.":
            costs(energy, lambda r, c, s: inserted(image, r, c, s) - (inserted(image, r, c, 0) if s else 0.0))[0],
        "C_L and C_R are exchanged.":
            costs(energy, lambda r, c, s: inserted(image, r, c, -s) if 0 <= c - s < 6 else 0.0)[0],
        "The first row has C_U, too.": costs(energy, lambda r, c, s: inserted(image, r, c, s) if r else 0.0)[0],
        "In the first and the last column C_U is 0.":
            costs(energy, lambda r, c, s: inserted(image, r, c, s) + around(image, r, c))[0],
        "In the first and the last column C_U is 0: do not take the pixel itself for the one that does not exist.":
            costs(energy, lambda r, c, s: inserted(image, r, c, s) + around(image, r, c, repeated=True))[0],
        "The energy of each pixel is added, too.":
            costs(np.where(np.arange(5)[:, None] == 0, energy, 0.0), lambda r, c, s: inserted(image, r, c, s))[0],
        "C_L and C_R are from the pixel above to the left and to the right one of this row.":
            costs(energy, lambda r, c, s: inserted(image, r, c, 0) + crossed(image, r, c, s))[0],
    })  # fmt: skip
    above = np.pad(right, ((1, 0), (1, 1)), constant_values=np.inf)[:-1]
    blind = np.stack([above[:, :-2], above[:, 1:-1], above[:, 2:]]).argmin(axis=0) - 1
    expect_equal(paths[1:], ways[1:], check_dtype=False, name="the paths", mistakes={
        "A path is the one with the smallest sum of cost and C.": blind[1:],
        "A path is the column above, less this one.": -ways[1:],
        "The paths are -1, 0 and 1.": ways[1:] + 1,
    })  # fmt: skip
    expect_equal(paths, ways, check_dtype=False, name="the paths")


def around(image, r, c, *, repeated=False):
    """Return what C_U has too much at the border, if the row is a circle or its ends are repeated."""
    I, last = grey(image), image.shape[1] - 1
    if 0 < c < last:
        return 0.0
    return (
        abs(I[r, max(c - 1, 0)] - I[r, min(c + 1, last)]) if repeated else abs(I[r, c - 1] - I[r, (c + 1) % (last + 1)])
    )


def crossed(image, r, c, step):
    """Return the difference of this pixel and the one above, to the left or right."""
    I = grey(image)
    return abs(I[r, c] - I[r - 1, c + step]) if r and step else 0.0


@task("remove_object", share=50, any_dtype=True, loans=LOANS_OF_WIDTH)
def check_object_in_a_plain_picture(student, rng):
    """A red square in a grey picture vanishes, and the size stays."""
    image = np.repeat(rng.uniform(7, 12, 1, low=0.4, high=0.6), 3, axis=2)
    image[2:5, 4:7] = [1.0, 0.0, 0.0]
    mask = image[..., 1] == 0
    found = student.remove_object(image, mask)
    expect_shape(found, (7, None, 3))
    width = found.shape[1]
    expect(
        width == 12,
        Message("The picture is {width} pixels wide, not 12.", width=width),
        "When the object has vanished, enlarge the picture to its old width.",
    )
    expect(
        bool((found[..., 1] > 0.3).all()), "A part of the object is still there.", "Go on while the mask has pixels."
    )
