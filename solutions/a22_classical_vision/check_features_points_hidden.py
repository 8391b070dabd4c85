"""Hidden checks of the points of features: other sizes, windows and curvatures, blobs that are known."""

import math

import numpy as np
from check_features_points import bowl, curved, wrong_extrema
from oracles_features import extrema, levels, responses, spot

from autograder import Message, expect, expect_close, expect_equal, expect_shape, expect_unchanged, task


@task("harris_corners", share=50)
def check_responses_of_other_pictures(student, rng):
    """Other windows and k; an edge, a corner and a flat part; the input stays."""
    for shape, size, k in (((6, 8), 5, 0.06), ((9, 4), 1, 0.05), ((5, 5), 7, 0.04)):
        img = rng.uniform(*shape)
        seen = student.inspect(student.harris_corners, img, size, k)
        expect_close(
            seen.value,
            responses(img, size, k),
            name=Message("a window of {size}, k = {k}", size=size, k=k),
            mistakes={
                "Use the window_size that was given.": responses(img, 3, k),
                "Use the k that was given.": responses(img, size, 0.04),
            },
        )
        expect_unchanged(seen, img)
    corner = np.zeros((20, 20))
    corner[8:, 8:] = 1.0
    found = student.harris_corners(corner)
    expect(bool(found[8, 8] > 0), "The response at a corner is not positive.")
    expect(bool(found[15, 8] < 0), "The response at an edge is not negative.")
    expect(float(abs(found[3, 3])) < 1e-12, "The response in a flat part is not 0.")


@task("gaussian_pyramid", share=50)
def check_other_octaves(student, rng):
    """Other numbers of octaves and scales, another sigma, odd sizes; the input stays."""
    for shape, octaves, scales, sigma in (((37, 50), 3, 2, 1.6), ((25, 32), 1, 4, 1.2), ((61, 46), 2, 3, 2.0)):
        img = spot(rng, *shape)
        seen = student.inspect(student.gaussian_pyramid, img, octaves, scales, sigma)
        right = levels(img, octaves, scales, sigma)
        expect(len(seen.value) == octaves, Message("There are {n} octaves.", n=len(seen.value)))
        for number, (found, level) in enumerate(zip(seen.value, right, strict=True)):
            expect_shape(found, level.shape, name=Message("octave {n}", n=number))
            expect_close(found, level, atol=4e-3, name=Message("octave {n}", n=number))
        expect_unchanged(seen, img)


@task("difference_of_gaussians", share=50)
def check_differences_of_other_levels(student, rng):
    """Other numbers of octaves and levels; the pyramid stays."""
    for shapes in (((2, 3, 4),), ((6, 8, 7), (6, 4, 4), (6, 2, 2))):
        pyramid = [rng.normal(*shape) for shape in shapes]
        seen = student.inspect(student.difference_of_gaussians, pyramid)
        expect_close(seen.value, [np.diff(level, axis=0) for level in pyramid])
        expect_unchanged(seen, pyramid)


@task("scale_extrema", share=50)
def check_extrema_of_other_stacks(student, rng):
    """Plateaus, an empty answer, the border; and a blob is found at its place and scale; the input stays."""
    for shape, threshold in (((3, 6, 5), 0.0), ((6, 8, 7), 1.0), ((4, 5, 5), 99.0)):
        dog = rng.integers(-4, 5, *shape).astype(float)
        seen = student.inspect(student.scale_extrema, dog, threshold)
        right, name = extrema(dog, threshold), Message("{shape}", shape=shape)
        expect_equal(seen.value, right, check_dtype=False, name=name,
                     mistakes=wrong_extrema(dog, threshold, right))  # fmt: skip
        expect_unchanged(seen, dog)
    corners = np.zeros((4, 6, 7))
    corners[1, 1::3, 1::4], corners[2, 1::3, 1::4] = 2.0, -2.0
    expect_equal(student.scale_extrema(corners, 1.0), extrema(corners, 1.0), check_dtype=False,
                 name="the corners of all points that have 26 neighbours",
                 hint="Without the first and the last level, row and column, and no others.")  # fmt: skip
    rows, columns = np.indices((41, 45))
    for level in (1, 2, 3):
        size = 1.6 * 2 ** ((level + 0.5) / 3)
        stack = np.stack([
            blob(rows, columns, size, 1.6 * 2 ** ((s + 1) / 3)) - blob(rows, columns, size, 1.6 * 2 ** (s / 3))
            for s in range(6)
        ])  # fmt: skip
        expect_equal(student.scale_extrema(stack, 0.05), np.array([[level, 20, 23]]), check_dtype=False,
                     name=Message("a blob with sigma {s}", s=round(size, 2)))  # fmt: skip


def blob(rows, columns, size, sigma):
    """Return a Gaussian blob of height 1, after smoothing: variances add."""
    total = size**2 + sigma**2
    return size**2 / total * np.exp(-((rows - 20) ** 2 + (columns - 23) ** 2) / (2 * total))


@task("refine", share=50)
def check_refinement_of_other_points(student, rng):
    """Other quadratic functions and points, offsets above one half; the input stays."""
    for p in ((1, 1, 1), (3, 5, 2), (2, 4, 6)):
        true = rng.uniform(3, low=-0.9, high=0.9)
        dog, top, _ = bowl(rng, np.array(p) + true)
        seen = student.inspect(student.refine, dog, p)
        expect_close(seen.value[0], true, name="the offset")
        expect_close(float(seen.value[1]), top, name="the value")
        expect_unchanged(seen, dog, p)


@task("edge_like", share=50)
def check_curvatures_of_all_kinds(student, rng):
    """Random curvatures in all directions, and other limits."""
    for (a, b), r, right in (((5.0, 1.0), 2.0, True), ((-1.0, -15.0), 25.0, False), ((3.0, 2.0), 2.0, False)):
        found = student.edge_like(curved(a, b, 0.3), (1, 3, 4), r)
        wrong = Message("For curvatures of {both} with r = {r}: {found}.", both=f"{a}, {b}", r=r, found=found)
        expect(found is right, wrong, "Use the r that was given.")
    for r in (2.0, 10.0, 25.0):
        for _ in range(12):
            a, b = math.exp(2 * rng.normal()), math.exp(2 * rng.normal())
            sign, other = rng.choice([-1.0, 1.0]), rng.choice([-1.0, 1.0, 1.0])
            ratio = max(a / b, b / a)
            if abs(ratio - r) < 0.05 * r:
                continue
            right = other < 0 or ratio >= r
            found = student.edge_like(curved(sign * a, sign * other * b, float(rng.uniform(high=3.1))), (1, 3, 4), r)
            both = f"{sign * a:.3f}, {sign * other * b:.3f}"
            usual = other > 0 and found is (ratio >= 10)
            expect(
                found is right,
                Message("For curvatures of {both} with r = {r}: {found}.", both=both, r=r, found=found),
                "Use the r that was given." if usual else "",
            )
