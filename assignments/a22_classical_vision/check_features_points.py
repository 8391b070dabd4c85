"""Public checks of the points of features: corners, scales, extrema and their refinement."""

import numpy as np
from oracles_features import differences, extrema, levels, responses, smoothed, spot

from autograder import Message, expect, expect_close, expect_equal, expect_shape, expect_type, is_sequence, task


@task("harris_corners", share=50, any_dtype=True)
def check_responses_of_a_small_picture(student, rng):
    """The response agrees with the eigenvalues of the summed products."""
    img = rng.uniform(7, 9)
    right = responses(img, 3, 0.04)
    expect_close(student.harris_corners(img), right, mistakes={
        "The products are summed over the window.": responses(img, 1, 0.04),
        "Take the sum over the window, not the mean.": right / 81,
        "k is 0.04 by default.": responses(img, 3, 0.4),
        "k is 0.04 by default, not 0.06.": responses(img, 3, 0.06),
        "Subtract k times the *squared* trace.": lambda: unsquared(img),
        "Subtract k times the squared trace, do not add it.": responses(img, 3, -0.04),
        "Products outside of the picture count as 0; here those at the border were repeated.":
            summed(img, lambda product: around(np.pad(product, 1, mode="edge"))[1:-1, 1:-1]),
        "Sum the products of derivatives, not the derivatives.": summed(img, around, early=True),
        "The determinant is the product of the diagonal, less the square of the mixed sum.":
            summed(img, around, mixed=1),
    })  # fmt: skip


def around(product):
    """Return the sums of 3 x 3 windows."""
    H, W = product.shape
    padded = np.pad(product, 1)
    return sum(padded[i : i + H, j : j + W] for i, j in np.ndindex(3, 3))


def summed(img, total, *, early=False, mixed=-1):
    """Return the response with sums of windows by a function; early: of derivatives; mixed: the sign of that part."""
    dx, dy = differences(img)
    xx, xy, yy = total(dx * dx), total(dx * dy), total(dy * dy)
    if early:
        dx, dy = total(dx), total(dy)
        xx, xy, yy = dx * dx, dx * dy, dy * dy
    return xx * yy + mixed * xy * xy - 0.04 * (xx + yy) ** 2


def unsquared(img):
    """Return the response with a trace that was not squared."""
    without, one = responses(img, 3, 0.0), responses(img, 3, 1.0)
    return without - 0.04 * np.sqrt(without - one)


@task("gaussian_pyramid", share=50, any_dtype=True)
def check_two_octaves(student, rng):
    """Each octave has scales + 3 levels, and its first level twice the smoothing of the octave before."""
    img = spot(rng, 40, 49)
    right = levels(img, 2)
    found = student.gaussian_pyramid(img, 2)
    expect(is_sequence(found) and len(found) == 2, "gaussian_pyramid returns a list with an array per octave.")
    for octave in range(2):
        expect_shape(found[octave], right[octave].shape, name=Message("octave {n}", n=octave))
    expect_close(found[0], right[0], atol=3e-3, name="octave 0", mistakes=nearest(found[0], {
        "To come from sigma to sigma_s, smooth with the root of the difference of squares.":
            one_octave(img, lambda first, s: smoothed(first, sigma(s))),
        "To come from one sigma to the next, smooth with the root of the difference of squares.":
            chain(img, lambda s: sigma(s)),
        "Variances add, not sigmas: smooth with the root of the difference of squares.":
            chain(img, lambda s: sigma(s) - sigma(s - 1)),
        "Variances add, not sigmas: from sigma to sigma_s, take the root of the difference of squares.":
            one_octave(img, lambda first, s: smoothed(first, sigma(s) - 1.6)),
        "Level 0 is smoothed with sigma.": one_octave(img, lambda first, s: smoothed(img, sigma(s)), first=img),
        "Level 0 is smoothed with sigma, and the others go on from there.":
            one_octave(img, lambda first, s: smoothed(img, (sigma(s) ** 2 - 1.6**2) ** 0.5), first=img),
    }))  # fmt: skip
    low = right[0][3]
    corners = [np.pad(low, ((0, 0), (0, 1)), mode="edge")[i::2, j::2] for i, j in np.ndindex(2, 2)]
    first, name = found[1][0], "the first level of octave 1"
    expect_close(first, right[1][0], atol=3e-3, name=name, mistakes=nearest(first, {
        "An octave begins with the level that has twice the sigma, number `scales`, not with the last one.":
            right[0][-1][::2, ::2],
        "Do not smooth the first level again.": smoothed(low[::2, ::2], 1.6),
        "An octave begins with the level that has twice the sigma, not with the picture.": img[::2, ::2],
        "An octave begins with the level that has twice the sigma, not with the first one.": right[0][0][::2, ::2],
        "Keep every second row and column; do not take means of four pixels.": sum(corners) / 4,
    }))  # fmt: skip
    expect_close(found[1], right[1], atol=3e-3, name="octave 1")


def nearest(found, mistakes):
    """Return the mistake whose value is nearest, because those of smooth pictures are near one another."""
    same = {hint: wrong for hint, wrong in mistakes.items() if wrong.shape == found.shape}
    best = min(same, key=lambda hint: float(np.abs(found - same[hint]).mean()), default="")
    return {best: same[best]} if best else {}


def sigma(s):
    """Return the smoothing of level s."""
    return 1.6 * 2 ** (s / 3)


def one_octave(img, level, first=None):
    """Return an octave whose levels are made from the first one."""
    first = smoothed(img, 1.6) if first is None else first
    return np.stack([first] + [level(first, s) for s in range(1, 6)])


def chain(img, width):
    """Return an octave whose levels are smoothed one after the other."""
    out = [smoothed(img, 1.6)]
    for s in range(1, 6):
        out.append(smoothed(out[-1], width(s)))
    return np.stack(out)


@task("difference_of_gaussians", share=50, any_dtype=True)
def check_differences_of_levels(student, rng):
    """Each level less the one before."""
    pyramid = [rng.normal(4, 5, 6), rng.normal(4, 3, 3)]
    found = student.difference_of_gaussians(pyramid)
    right = [np.array([level[n + 1] - level[n] for n in range(3)]) for level in pyramid]
    expect_close(found, right, mistakes={
        "The sign is wrong: the level with more smoothing, less the one before.": [-part for part in right],
        "Take the level before, not the first one of the octave.": [level[1:] - level[0] for level in pyramid],
        "Differences have a sign: take no absolute values.": [np.abs(part) for part in right],
    })  # fmt: skip


@task("scale_extrema", share=50)
def check_extrema_of_a_small_stack(student, rng):
    """Extrema of 26 neighbours, above and below, sorted."""
    dog, right = stack_with_both(rng)
    found = student.scale_extrema(dog, 2.0)
    expect_equal(found, right, check_dtype=False, mistakes=wrong_extrema(dog, 2.0, right))


def stack_with_both(rng):
    """Return a stack with maxima and minima that count, and all its extrema."""
    while True:
        dog = np.round(rng.normal(5, 9, 11), 1)
        right = extrema(dog, 2.0)
        if len({*np.sign(dog[tuple(right.T)])}) == 2:
            return dog, right


def wrong_extrema(dog, threshold, right):
    """Return wrong extrema, with hints."""
    return {
        "Compare with the levels above and below, too: 26 neighbours.": extrema(dog, threshold, flat=True),
        "Compare with all 26 neighbours, not only with six.": extrema(dog, threshold, cross=True),
        "Equal is not larger: an extremum differs from all its neighbours.": extrema(dog, threshold, ties=True),
        "The absolute value must be above the threshold; here one that equals it counts.":
            extrema(dog, threshold, least=True),
        "np.argwhere numbers the inner array: add 1.": right - 1,
        "Only points whose absolute value is above the threshold count.": extrema(dog, -1.0),
        "Minima count, too.": right[dog[tuple(right.T)] > 0],
        "Maxima count, too.": right[dog[tuple(right.T)] < 0],
    }  # fmt: skip


def bowl(rng, centre, shape=(5, 7, 8)):
    """Return a stack with the values of a quadratic function, its top's place and value, and its curvatures."""
    A = rng.normal(3, 3)
    H, top = -(A @ A.T + np.eye(3)), rng.int(1, 9) / 2
    away = np.stack(np.indices(shape), axis=-1) - centre
    return top + 0.5 * np.einsum("...i,ij,...j->...", away, H, away), top, H


@task("refine", share=50, any_dtype=True)
def check_refinement_of_a_quadratic_function(student, rng):
    """For a quadratic function, one step leads to the top, and the value there is exact."""
    p = (2, 3, 4)
    true = np.array([0.3, -0.2, 0.4])
    dog, top, H = bowl(rng, np.array(p) + true)
    offset, value = student.refine(dog, p)
    g = -H @ true
    expect_close(offset, true, name="the offset", mistakes={
        "The sign is wrong: the offset is -H^-1 g.": -true,
        "The order is level, row, column.": true[::-1],
        "The mixed derivatives count, too: H is not diagonal.": -np.linalg.solve(np.diag(np.diag(H)), g),
        "The mixed derivatives have a 4 below, of four values.":
            -np.linalg.solve(4 * H - 3 * np.diag(np.diag(H)), g),
        "The mixed derivatives have a 4 below, not a 2.": -np.linalg.solve(2 * H - np.diag(np.diag(H)), g),
        "All three directions count, also the level.": np.array([0.0, *-np.linalg.solve(H[1:, 1:], g[1:])]),
        "The level has an offset, too.": np.array([0.0, *true[1:]]),
        "The gradient is half of the difference of both neighbours.": 2 * true,
    })  # fmt: skip
    expect_close(float(value), top, name="the value", mistakes={
        "Add *half* of the product of gradient and offset.": top + float(g @ true) / 2,
        "This is the value at the pixel; add half of the product of gradient and offset.": float(dog[p]),
    })  # fmt: skip


@task("edge_like", share=50, keeps=True)
def check_edges_by_their_curvatures(student):
    """A round top is not like an edge; a ridge and a saddle are."""
    for name, (a, b), right in (
        (Message("a round top"), (-2.0, -1.0), False),
        (Message("a round valley"), (3.0, 2.0), False),
        (Message("a ridge"), (-30.0, -1.0), True),
        (Message("a saddle"), (2.0, -1.0), True),
        (Message("curvatures of 9 and 1"), (9.0, 1.0), False),
        (Message("curvatures of 1 and 11"), (1.0, 11.0), True),
    ):
        found = student.edge_like(curved(a, b, 0.6), (1, 3, 4))
        expect_type(found, bool, name="the answer")
        expect(
            found is right,
            Message("For {name} the answer is {found}.", name=name, found=found),
            "An edge has a determinant that is not positive, or tr^2 / det of at least (r + 1)^2 / r.",
        )


def curved(a, b, angle):
    """Return a stack with the principal curvatures a and b at (1, 3, 4), turned by an angle in radians."""
    rows, columns = np.indices((7, 9))
    y, x = rows - 3, columns - 4
    along, across = np.cos(angle) * x + np.sin(angle) * y, np.cos(angle) * y - np.sin(angle) * x
    level = 0.5 * (a * along**2 + b * across**2)
    return np.stack([level * 0 + 7, level, level * 0 - 3])
