"""Hidden checks of seams: all seams of small tables, both axes, dtypes, and inputs that stay."""

import numpy as np
from oracles_seams import carve, cheapest, costs, doubled, energies, every_seam, inserted, without

from autograder import Message, expect, expect_close, expect_equal, expect_shape, expect_unchanged, task

OURS = """
import numpy as np

def energy(image):
    grey = image @ np.array([0.2125, 0.7154, 0.0721])
    return sum(np.abs(part) for part in np.gradient(grey))

def cost(image, energy):
    out, paths = energy.copy(), np.zeros(energy.shape, dtype=int)
    H, W = energy.shape
    for i in range(1, H):
        for j in range(W):
            low = max(j - 1, 0)
            above = out[i - 1, low : j + 2]
            paths[i, j] = low + int(above.argmin()) - j
            out[i, j] = energy[i, j] + above.min()
    return out, paths

def track(paths, end):
    seam = [end]
    for row in paths[:0:-1]:
        seam.append(seam[-1] + int(row[seam[-1]]))
    return np.array(seam[::-1])

def remove(image, seam):
    return np.stack([np.delete(row, c, axis=0) for row, c in zip(image, seam)])

def enlarge(image, size):
    rows, left = [list(enumerate(row)) for row in image], image
    chosen = [set() for _ in image]
    for _ in range(size - image.shape[1]):
        found, paths = cost(left, energy(left))
        seam = track(paths, int(found[-1].argmin()))
        for r, c in enumerate(seam):
            chosen[r].add(rows[r].pop(int(c))[0])
        left = remove(left, seam)
    times = [[1 + (c in taken) for c in range(image.shape[1])] for taken in chosen]
    return np.stack([np.repeat(row, n, axis=0) for row, n in zip(image, times)])

LOANS = {"energy_function": energy, "compute_cost": cost, "backtrack_seam": track, "remove_seam": remove}
"""
LOANS_OF_ENLARGE = OURS + 'LOANS["enlarge"] = enlarge\n'


@task("energy_function", share=50)
def check_energies_of_other_pictures(student, rng):
    """Pictures of other sizes; the input stays."""
    for shape in ((2, 9, 3), (7, 2, 3), (12, 10, 3)):
        image = rng.uniform(*shape)
        seen = student.inspect(student.energy_function, image)
        expect_close(seen.value, energies(image), name=Message("a picture {shape}", shape=shape))
        expect_unchanged(seen, image)


@task("compute_cost", share=50)
def check_costs_against_all_seams(student, rng):
    """The last row has the cheapest of all seams; tables of other sizes; energies stay, also negative ones."""
    for shape, least in (((4, 4), 0.0), ((5, 3), 6.0), ((1, 6), 0.0), ((7, 1), 0.0), ((30, 40), 0.0), ((6, 5), 1e6)):
        energy = rng.normal(*shape) + least
        image = rng.uniform(*shape, 3)
        seen = student.inspect(student.compute_cost, image, energy)
        right, ways = costs(energy)
        expect_close(seen.value[0], right, name=Message("the costs of a table {shape}", shape=shape), mistakes={
            "Beyond the border the cost is infinite, whatever the energies are.":
                walled(energy, 1000.0 if least > 1000 else 1.0),
        })  # fmt: skip
        expect_equal(seen.value[1], ways, check_dtype=False, name=Message("the paths of a table {shape}", shape=shape))
        if shape[0] < 6:
            expect_close(seen.value[0][-1], every_seam(energy), name="the last row")
        expect_unchanged(seen, image, energy)


def walled(energy, wall):
    """Return the costs with this number, in place of infinity, beyond the border."""
    rows = [energy[0]]
    for row in energy[1:]:
        above = np.pad(rows[-1], 1, constant_values=wall)
        rows.append(row + np.minimum(np.minimum(above[:-2], above[1:-1]), above[2:]))
    return np.stack(rows)


@task("backtrack_seam", share=50)
def check_seams_of_other_paths(student, rng):
    """Each end of random paths; one row; the paths stay."""
    for shape in ((6, 5), (1, 4), (12, 9)):
        paths = costs(rng.uniform(*shape))[1]
        for end in range(shape[1]):
            seen = student.inspect(student.backtrack_seam, paths, end)
            right = [end]
            for r in range(shape[0] - 1, 0, -1):
                right.append(right[-1] + int(paths[r, right[-1]]))
            expect_equal(seen.value, np.array(right[::-1]), check_dtype=False, name=Message("the end {n}", n=end))
            expect_unchanged(seen, paths, end)


@task("remove_seam", share=50)
def check_pictures_without_a_seam(student, rng):
    """Whole numbers, bools, colours and grey; both inputs stay."""
    for image in (rng.integers(0, 256, 5, 4, 3).astype(np.uint8), rng.uniform(3, 6) > 0.5, rng.uniform(6, 2, 3)):
        seam = rng.integers(0, image.shape[1], len(image))
        seen = student.inspect(student.remove_seam, image, seam)
        right = np.stack([np.delete(row, c, axis=0) for row, c in zip(image, seam, strict=True)])
        expect_equal(seen.value, right, name=Message("dtype {dtype}", dtype=str(image.dtype)))
        expect_unchanged(seen, image, seam)


@task("reduce", share=50, loans=OURS)
def check_narrower_and_lower_pictures(student, rng):
    """Both axes, no seam and many; the input stays."""
    for shape, size, axis in (((7, 9, 3), 5, 1), ((8, 5, 3), 4, 0), ((5, 6, 3), 6, 1)):
        image = rng.uniform(*shape)
        seen = student.inspect(student.reduce, image, size, axis)
        count = shape[axis] - size
        right = carve(image, count)[0] if axis else carve(image.swapaxes(0, 1), count)[0].swapaxes(0, 1)
        other = carve(image, count)[0] if count and not axis else right
        turned = np.rot90(carve(np.rot90(image), count)[0]) if count and not axis else right
        expect_close(seen.value, right, name=Message("from {shape} to {n}", shape=shape, n=size), mistakes={
            "With axis 0, rows are taken out.": other,
            "Turn the picture back to where it was.": turned,
            "Compute energy and costs again after each seam.": at_once(image, count) if axis else right,
        })  # fmt: skip
        expect_unchanged(seen, image, size, axis)
    half = rng.uniform(6, 4, 3)
    wall = np.tile([0.0, 4.0], 3)[:, None, None] + np.zeros((1, 1, 3))  # no seam in the middle
    image = np.concatenate([half, wall, half[:, ::-1]], axis=1)  # seams on the left cost as much as those on the right
    both = [carve(np.round(1024 * one) / 1024, 1)[0] for one in (image, image[:, ::-1])]
    expect_close(student.reduce(np.round(1024 * image) / 1024, 8), both[0], name="a symmetric picture", mistakes={
        "Of equal costs in the last row, the first counts.": both[1][:, ::-1],
        "Of equal costs in the last row, argmin takes the first.": (
            lambda: carve(np.round(1024 * image) / 1024, 1, last=True)[0]
        ),
    })  # fmt: skip


def at_once(image, count):
    """Return the picture without seams of the first energy."""
    rows, left = image.tolist(), energies(image).tolist()
    for _ in range(count):
        seam = cheapest(np.array(left))
        rows, left = without(rows, seam), without(left, seam)
    return np.array(rows)


@task("enlarge", share=50, loans=OURS)
def check_wider_and_higher_pictures(student, rng):
    """Both axes, nearly twice the width; the input stays."""
    for shape, size, axis in (((6, 7, 3), 12, 1), ((6, 4, 3), 8, 0), ((3, 5, 3), 5, 1)):
        image = rng.uniform(*shape)
        seen = student.inspect(student.enlarge, image, size, axis)
        count = size - shape[axis]
        right = doubled(image, count) if axis else doubled(image.swapaxes(0, 1), count).swapaxes(0, 1)
        expect_close(seen.value, right, name=Message("from {shape} to {n}", shape=shape, n=size), mistakes={
            "With axis 0, rows are doubled.": right if axis else doubled(image, count),
        })  # fmt: skip
        expect_unchanged(seen, image, size, axis)


@task("compute_forward_cost", share=50)
def check_forward_costs_of_other_pictures(student, rng):
    """Other sizes, energies of 0 and below; both inputs stay."""
    for shape, scale in (((4, 4), 0.0), ((9, 5), 1.0), ((2, 12), -1.0)):
        image, energy = rng.uniform(*shape, 3), scale * rng.uniform(*shape)
        seen = student.inspect(student.compute_forward_cost, image, energy)
        right, ways = costs(energy, lambda r, c, s, image=image: inserted(image, r, c, s))
        expect_close(seen.value[0], right, name=Message("the costs of a picture {shape}", shape=shape))
        expect_equal(
            seen.value[1], ways, check_dtype=False, name=Message("the paths of a picture {shape}", shape=shape)
        )
        expect_unchanged(seen, image, energy)
    plain, none = np.full((4, 5, 3), 0.5), np.zeros((4, 5))
    ways = np.full((4, 5), -1)
    ways[0], ways[:, 0] = 0, 0
    expect_equal(student.compute_forward_cost(plain, none)[1], ways, check_dtype=False, name="the paths of one colour",
                 hint="Of equal costs, the path comes from the left.")  # fmt: skip


@task("remove_object", share=50, loans=LOANS_OF_ENLARGE)
def check_objects_of_other_forms(student, rng):
    """Two objects, one at the border, and none; what is left are pixels of the picture; inputs stay."""
    image = np.repeat(rng.uniform(9, 14, 1, low=0.4, high=0.6), 3, axis=2)
    expect_close(student.remove_object(image, np.zeros((9, 14), bool)), image, name="without an object")
    image[0:2, 0:3], image[5:8, 9:11] = [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]
    mask = image[..., 1] == 0
    seen = student.inspect(student.remove_object, image, mask)
    expect_shape(seen.value, (9, 14, 3))
    expect(bool((seen.value[..., 1] > 0.3).all()), "A part of an object is still there.")
    known = all(np.isin(row, before).all() for row, before in zip(seen.value, image, strict=True))
    expect(known, "A row has pixels that are not in this row of the picture.")
    expect_unchanged(seen, image, mask)
    mask = np.zeros((7, 12), bool)
    mask[2:6, 3:6] = True
    while True:
        image = rng.uniform(7, 12, 3)
        if not np.array_equal(cleared(image, mask), cleared(image, mask, 0.0)):
            break
    found = student.remove_object(image, mask)
    expect_close(found, cleared(image, mask), name="an object in a random picture", mistakes={
        "The energy in the mask is -1000, not 0.": lambda: cleared(image, mask, 0.0),
        "The energy in the mask is -1000, also after the first seam: the mask loses its seams, too.":
            lambda: cleared(image, mask, follow=False),
    })  # fmt: skip
    slanted, image = np.eye(7, 12, 2, dtype=bool), rng.uniform(7, 12, 3)
    expect_close(student.remove_object(image, slanted), cleared(image, slanted), name="a slanted line",
                 hint="Take out seams until no pixel of the mask is left: here one is enough.")  # fmt: skip


def cleared(image, mask, low=-1000.0, *, follow=True):
    """Return the picture without an object, in the old size; follow: the mask loses its seams together with it."""
    rows, marks = image.tolist(), mask.tolist()
    while any(map(any, marks)) and len(rows[0]) > image.shape[1] * 2 // 3:
        energy = energies(np.array(rows))
        energy[np.array(marks)] = low
        seam = cheapest(energy)
        rows, marks = without(rows, seam), without(marks, seam if follow else [len(row) - 1 for row in marks])
    return doubled(np.array(rows), image.shape[1] - len(rows[0]))
