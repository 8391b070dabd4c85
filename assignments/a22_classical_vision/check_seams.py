"""Public checks of seams: energy, costs, seams, and pictures that become narrower and wider."""

import numpy as np
from oracles_seams import LOANS_OF_STAGES, carve, costs, doubled, energies, grey, inserted

from autograder import expect, expect_close, expect_equal, expect_shape, task


@task("energy_function", share=50, any_dtype=True)
def check_energy_of_a_small_picture(student, rng):
    """The energy agrees with a loop."""
    image = rng.uniform(6, 8, 3)
    right = energies(image)
    down, across = np.gradient(grey(image))
    expect_close(student.energy_function(image), right, mistakes={
        "Take absolute values before you add.": np.abs(down + across),
        "Add the absolute values; this is the length of the gradient.": np.hypot(down, across),
        "Both directions count.": np.abs(across),
    })  # fmt: skip


def steps(result):
    """Return the two arrays of a result."""
    expect(type(result) in (tuple, list) and len(result) == 2, "The costs and the paths are returned.")
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
    })  # fmt: skip
    expect_equal(paths[1:], np.array([[0, -1, 0], [1, 0, -1]]), check_dtype=False, name="the paths of the example")
    energy = rng.integers(0, 4, 6, 7).astype(float)
    cost, paths = steps(student.compute_cost(np.zeros((6, 7, 3)), energy))
    expect_close(cost, costs(energy)[0], name="the costs")
    expect_equal(paths, costs(energy)[1], check_dtype=False, name="the paths", mistakes={
        "Of equal ways, the one more to the left counts.": -costs(energy[:, ::-1])[1][:, ::-1],
        "The paths are -1, 0 and 1.": costs(energy)[1] + 1,
    })  # fmt: skip


@task("backtrack_seam", share=50)
def check_seam_of_small_paths(student):
    """The seam goes up step by step."""
    paths = np.array([[0, 0, 0, 0], [1, 0, -1, 0], [0, 1, 1, -1], [1, -1, 0, -1]])
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
    expect_close(student.remove_seam(image, seam), right, name="a colour picture")
    expect_close(student.remove_seam(image[..., 0].copy(), seam), right[..., 0], name="a grey picture")


def red(image, count):
    """Return the picture without the columns of least red, and their numbers: what the stages of the loan do."""
    left, columns = image, list(range(image.shape[1]))
    for _ in range(count):
        reds = left[..., 0] + np.roll(left[..., 0], 1, axis=1)
        worst = int(reds.sum(axis=0).argmin())
        left, _ = np.delete(left, worst, axis=1), columns.pop(worst)
    return left, [c for c in range(image.shape[1]) if c not in columns]


@task("reduce", share=50, any_dtype=True, loans=LOANS_OF_STAGES)
def check_narrower_pictures(student, rng):
    """The cheapest seams go, one after the other."""
    image = rng.uniform(6, 9, 3)
    found = student.reduce(image, 6)
    expect_shape(found, (6, 6, 3))
    right = red(image, 3)[0] if student.lent else carve(image, 3)[0]
    expect_close(found, right)


@task("enlarge", share=50, any_dtype=True, loans=LOANS_OF_STAGES)
def check_wider_pictures(student, rng):
    """Pixels of different seams are doubled, each once, in the order of the original."""
    image = rng.uniform(5, 8, 3)
    found = student.enlarge(image, 11)
    expect_shape(found, (5, 11, 3))
    if student.lent:
        times = [1 + (c in red(image, 3)[1]) for c in range(8)]
        expect_close(found, np.repeat(image, times, axis=1))
        return
    same = [doubled(image, 1)]
    for _ in range(2):
        same.append(doubled(same[-1], 1))
    expect_close(found, doubled(image, 3), mistakes={
        "Find k different seams of the original first; here the cheapest one was doubled again and again.": same[-1],
    })  # fmt: skip


@task("compute_forward_cost", share=50, any_dtype=True)
def check_forward_costs_of_a_small_picture(student, rng):
    """The costs contain what is inserted."""
    image, energy = rng.uniform(5, 6, 3), rng.uniform(5, 6)
    cost, paths = steps(student.compute_forward_cost(image, energy))
    right, ways = costs(energy, lambda r, c, s: inserted(image, r, c, s))
    expect_close(cost, right, name="the costs", mistakes={
        "Add what is inserted: C_L, C_U and C_R.": costs(energy)[0],
        "C_L and C_R contain C_U, too.":
            costs(energy, lambda r, c, s: inserted(image, r, c, s) - (inserted(image, r, c, 0) if s else 0.0))[0],
        "C_L and C_R are exchanged.":
            costs(energy, lambda r, c, s: inserted(image, r, c, -s) if 0 <= c - s < 6 else 0.0)[0],
        "The first row has C_U, too.": costs(energy, lambda r, c, s: inserted(image, r, c, s) if r else 0.0)[0],
    })  # fmt: skip
    expect_equal(paths, ways, check_dtype=False, name="the paths")


@task("remove_object", share=50, any_dtype=True)
def check_object_in_a_plain_picture(student, rng):
    """A red square in a grey picture vanishes, and the size stays."""
    image = np.repeat(rng.uniform(7, 12, 1, low=0.4, high=0.6), 3, axis=2)
    image[2:5, 4:7] = [1.0, 0.0, 0.0]
    mask = image[..., 1] == 0
    found = student.remove_object(image, mask)
    expect_shape(found, (7, 12, 3))
    expect(
        bool((found[..., 1] > 0.3).all()), "A part of the object is still there.", "Go on while the mask has pixels."
    )
