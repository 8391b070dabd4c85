"""Public checks of a01, distances: values by the definition, operations and memory."""

from collections.abc import Callable

from oracles import READY_MADE, plain_distances
from torch import Tensor

from autograder import expect, expect_close, forbid, task


def wrong_distances(x_train: Tensor, x_test: Tensor) -> dict[str, Callable[[], Tensor]]:
    """Return the matrix that each mistake gives, by its hint."""
    difference = x_train.flatten(1)[:, None] - x_test.flatten(1)[None]  # (Ntr, Nte, D)
    squares = difference**2
    return {
        "These are squared distances: the root is missing.": lambda: squares.sum(2),
        "Rows are test images; rows must be training images and columns test images.": (
            lambda: squares.sum(2).sqrt().T
        ),
        "These are sums of absolute differences (L1). Euclidean distances square the differences.": (
            lambda: difference.abs().sum(2)
        ),
        "The squares were averaged; the definition adds them up.": lambda: squares.mean(2).sqrt(),
        "The differences were added up before they were squared; square each one first.": (
            lambda: difference.sum(2).abs()
        ),
        "The term 2ab seems to be missing its factor 2.": (
            lambda: (squares.sum(2) + x_train.flatten(1) @ x_test.flatten(1).T).sqrt()
        ),
        "The product term was added; it must be subtracted.": (
            lambda: (squares.sum(2) + 4 * x_train.flatten(1) @ x_test.flatten(1).T).sqrt()
        ),
    }


def judge_distances(student, name, x_train, x_test, loops=False):
    """Compare the student's function ``name`` with the definition."""
    forbid(student, name, calls=READY_MADE, loops=loops)
    dists = getattr(student, name)(x_train, x_test)
    expect_close(dists, plain_distances(x_train, x_test), mistakes=wrong_distances(x_train, x_test))


@task("compute_distances_two_loops", points=4)
def check_two_loops_agrees_with_the_definition(student, rng):
    """Distances with two loops agree with the definition."""
    judge_distances(student, "compute_distances_two_loops", rng.normal(7, 2, 3, 5), rng.normal(4, 2, 3, 5))


@task("compute_distances_two_loops", points=2)
def check_two_loops_takes_any_rank(student, rng):
    """Distances with two loops are right for vectors and for images with any number of axes."""
    for shape in [(6,), (3, 2), (2, 1, 3, 2)]:
        judge_distances(student, "compute_distances_two_loops", rng.normal(3, *shape), rng.normal(5, *shape))


@task("compute_distances_one_loop", points=5)
def check_one_loop_agrees_with_the_definition(student, rng):
    """Distances with one loop agree with the definition."""
    judge_distances(student, "compute_distances_one_loop", rng.normal(6, 3, 2, 5), rng.normal(9, 3, 2, 5))


@task("compute_distances_one_loop", points=3)
def check_one_loop_takes_any_rank(student, rng):
    """Distances with one loop are right for vectors and for images with any number of axes."""
    for shape in [(6,), (3, 2), (2, 1, 3, 2)]:
        judge_distances(student, "compute_distances_one_loop", rng.normal(5, *shape), rng.normal(3, *shape))


@task("compute_distances_one_loop", points=3)
def check_one_loop_does_not_visit_every_pair(student, rng):
    """With three times as many training and test images, one loop runs about three times as many operations."""
    forbid(student, "compute_distances_one_loop", calls=READY_MADE)
    x, y = rng.normal(18, 4, 3), rng.normal(18, 4, 3)
    few = student.inspect(student.compute_distances_one_loop, x[:6], y[:6])
    many = student.inspect(student.compute_distances_one_loop, x, y)

    expect_close(many.value, plain_distances(x, y), mistakes=wrong_distances(x, y))
    expect(
        many.ops <= 5 * few.ops,
        f"6 x 6 images took {few.ops} torch operations, 18 x 18 images took {many.ops}.",
        hint="The loop runs over every pair of images. Compute a row at a time: x_test - x_train[i] broadcasts.",
    )


@task("compute_distances_no_loops", points=4)
def check_no_loops_agrees_with_the_definition(student, rng):
    """Distances without loops agree with the definition."""
    judge_distances(student, "compute_distances_no_loops", rng.normal(8, 2, 5, 3), rng.normal(5, 2, 5, 3), loops=True)


@task("compute_distances_no_loops", points=2)
def check_no_loops_takes_any_rank(student, rng):
    """Distances without loops are right for vectors and for images with any number of axes."""
    for shape in [(6,), (3, 2), (2, 1, 3, 2)]:
        x_train, x_test = rng.normal(4, *shape), rng.normal(7, *shape)
        judge_distances(student, "compute_distances_no_loops", x_train, x_test, loops=True)


@task("compute_distances_no_loops", points=6)
def check_no_loops_needs_little_memory(student, rng):
    """Distances without loops need no tensor that is much larger than the images or the result."""
    forbid(student, "compute_distances_no_loops", calls=READY_MADE, loops=True)
    x_train, x_test = rng.normal(40, 3, 8, 7), rng.normal(30, 3, 8, 7)
    seen = student.inspect(student.compute_distances_no_loops, x_train, x_test)

    expect_close(seen.value, plain_distances(x_train, x_test), mistakes=wrong_distances(x_train, x_test))
    expect(
        seen.largest <= 4 * x_train.nbytes,
        f"The images take {x_train.nbytes:,} bytes; the largest intermediate tensor took {seen.largest:,}.",
        hint="A tensor of (Ntr, Nte, D) numbers does not fit in memory for real data. Use |a|^2 - 2ab + |b|^2.",
    )


@task("compute_distances_no_loops", points=4)
def check_no_loops_gives_copies_distance_zero(student, rng):
    """The distance of an image to its exact copy is 0 up to rounding, never nan."""
    forbid(student, "compute_distances_no_loops", calls=READY_MADE, loops=True)
    x_train = rng.normal(64, 3, 5, 7)
    x_test = x_train[rng.permutation(64)]
    dists = student.compute_distances_no_loops(x_train, x_test)

    expected = plain_distances(x_train, x_test)
    expect(
        not (isinstance(dists, Tensor) and bool(dists.isnan().any())),
        "Some distances are nan: their images are copies of each other, or nearly equal.",
        hint="Rounding leaves |a|^2 - 2ab + |b|^2 slightly below 0 for copies. Raise it to 0 before you take the root.",
    )
    expect_close(dists, expected, atol=1e-5, mistakes=wrong_distances(x_train, x_test))
