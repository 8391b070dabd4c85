"""Public checks of a01, distances: values by the definition, dtypes, operations and memory."""

from collections.abc import Callable

import torch
from oracles import READY_MADE, plain_distances
from torch import Tensor

from autograder import Message, expect, expect_close, explain_errors, forbid, task

ROWS = "Images may have any number of axes. Make each one a row first: x.reshape(len(x), -1) has the shape (N, D)."
SHAPE_ERRORS = {
    "view size is not compatible": "`view` needs images that are contiguous in memory; `reshape` copies if it must.",
    "out of bounds": "dists has a row for each training image and a column for each test image: (Ntr, Nte).",
    "RuntimeError": ROWS,
    "IndexError": ROWS,
    "to unpack": ROWS,
}
VECTORS = {  # where images are rows already
    "expanded size": "A row of dists has a number for each test image: sum over the numbers of an image, the last "
    "axis, with dim=1.",
    "cannot be multiplied": "x_train @ x_test.T multiplies all training images, (Ntr, D), with all test images, "
    "(D, Nte).",
}
BROADCAST = {
    "must match the size of tensor": "|a|^2 of the training images is a column, (Ntr, 1), and |b|^2 of the test images "
    "a row, (1, Nte): .sum(dim=1, keepdim=True) keeps the axis.",
}


def wrong_distances(x_train: Tensor, x_test: Tensor, dists: object = None) -> dict[str, Callable[[], object]]:
    """Return the matrix that each mistake gives, by its hint; ``dists`` is what the student returned."""
    a, b = x_train.flatten(1), x_test.flatten(1)
    difference = a[:, None] - b[None]  # (Ntr, Nte, D)
    squares, right = difference**2, plain_distances(x_train, x_test)
    return {
        "These are squared distances: the root is missing.": lambda: squares.sum(2),
        "Rows are test images; rows must be training images and columns test images.": lambda: right.T,
        "These are sums of absolute differences (L1). Euclidean distances square the differences.": (
            lambda: difference.abs().sum(2)
        ),
        "The squares were averaged; the definition adds them up.": lambda: squares.mean(2).sqrt(),
        "The differences were added up before they were squared; square each one first.": (
            lambda: difference.sum(2).abs()
        ),
        "The term 2ab seems to be missing its factor 2.": lambda: (squares.sum(2) + a @ b.T).sqrt(),
        "The product term was added; it must be subtracted.": lambda: (squares.sum(2) + 4 * a @ b.T).sqrt(),
        "The squares of one set of images are missing: add |a|^2 to each row and |b|^2 to each column.": (
            lambda: (right.square() - (b**2).sum(1)).clamp(min=0).sqrt()
        ),
        "The squares of the training images are missing: add |a|^2 to each row.": (
            lambda: (right.square() - (a**2).sum(1)[:, None]).clamp(min=0).sqrt()
        ),
        "The squares were added up over all images; add them up for each image: .sum(dim=1).": (
            lambda: ((a**2).sum() + (b**2).sum() - 2 * a @ b.T).clamp(min=0).sqrt()
        ),
        "These are products of the images, not distances.": lambda: a @ b.T,
        "This is the largest difference of each pair; the definition adds up the squares of all differences.": (
            lambda: difference.abs().amax(2)
        ),
        "The images were squared before they were subtracted; subtract first.": (
            lambda: (a[:, None] ** 2 - b[None] ** 2).sum(2).abs().sqrt()
        ),
        "These are cosine distances.": (lambda: 1 - a @ b.T / ((a**2).sum(1).sqrt()[:, None] * (b**2).sum(1).sqrt())),
        "Some rows or columns are 0 everywhere: the loops do not reach them, or end too early.": (
            lambda: unfilled(right, dists)
        ),
        "This is a list of lists; return a tensor of shape (Ntr, Nte).": lambda: right.tolist(),
    }


def unfilled(right: Tensor, dists: object) -> Tensor:
    """Return the right distances, but 0 in the rows and columns that are 0 in ``dists``."""
    assert isinstance(dists, Tensor)
    filled = dists != 0
    return right * filled.any(dim=1, keepdim=True) * filled.any(dim=0)


def judge_distances(student, name, x_train, x_test, loops=False):
    """Compare the student's function ``name`` with the definition. The dtype has a check of its own."""
    forbid(student, name, calls=READY_MADE, loops=loops)
    vectors = VECTORS if x_train.ndim == 2 else {}
    with explain_errors(vectors | (BROADCAST if loops else {}) | SHAPE_ERRORS):
        dists = getattr(student, name)(x_train, x_test)
    mistakes = wrong_distances(x_train, x_test, dists)
    expect_close(dists, plain_distances(x_train, x_test), mistakes=mistakes, check_dtype=False)


def judge_definition(student, rng, name, loops=False):
    """Compare on float32 vectors, where only the definition can go wrong."""
    x_train, x_test = rng.normal(7, 30, dtype=torch.float32), rng.normal(4, 30, dtype=torch.float32)
    judge_distances(student, name, x_train, x_test, loops=loops)


def judge_rank(student, rng, name, loops=False):
    """Compare on images with several axes, some of which are views: not contiguous in memory."""
    for shape in [(3, 2), (2, 3, 5), (2, 1, 3, 2)]:
        judge_distances(student, name, rng.normal(4, *shape), rng.normal(7, *shape), loops=loops)
    x_train, x_test = (rng.normal(2, 3, number).permute(2, 0, 1) for number in (5, 3))
    judge_distances(student, name, x_train, x_test, loops=loops)


def judge_dtype(student, rng, name, loops=False):
    """Compare the dtype too, for float32 and for float64 images."""
    forbid(student, name, calls=READY_MADE, loops=loops)
    for dtype in (torch.float32, torch.float64):
        x_train, x_test = rng.normal(5, 12, dtype=dtype), rng.normal(8, 12, dtype=dtype)
        with explain_errors(BROADCAST | SHAPE_ERRORS if loops else SHAPE_ERRORS):
            dists = getattr(student, name)(x_train, x_test)
        mistakes = wrong_distances(x_train, x_test, dists)
        expect_close(dists, plain_distances(x_train, x_test), mistakes=mistakes)


@task("compute_distances_two_loops", share=40)
def check_two_loops_agrees_with_the_definition(student, rng):
    """Distances with two loops agree with the definition."""
    judge_definition(student, rng, "compute_distances_two_loops")


@task("compute_distances_two_loops", share=20)
def check_two_loops_takes_any_rank(student, rng):
    """Distances with two loops are right for images with any number of axes."""
    judge_rank(student, rng, "compute_distances_two_loops")


@task("compute_distances_two_loops", share=20)
def check_two_loops_keeps_the_dtype(student, rng):
    """Distances with two loops have the dtype of the images."""
    judge_dtype(student, rng, "compute_distances_two_loops")


@task("compute_distances_one_loop", share="5/15")
def check_one_loop_agrees_with_the_definition(student, rng):
    """Distances with one loop agree with the definition."""
    judge_definition(student, rng, "compute_distances_one_loop")


@task("compute_distances_one_loop", share="3/15")
def check_one_loop_takes_any_rank(student, rng):
    """Distances with one loop are right for images with any number of axes."""
    judge_rank(student, rng, "compute_distances_one_loop")


@task("compute_distances_one_loop", share="2/15")
def check_one_loop_keeps_the_dtype(student, rng):
    """Distances with one loop have the dtype of the images."""
    judge_dtype(student, rng, "compute_distances_one_loop")


@task("compute_distances_one_loop", share="3/15")
def check_one_loop_does_not_visit_every_pair(student, rng):
    """With three times as many training and test images, one loop runs about three times as many operations."""
    forbid(student, "compute_distances_one_loop", calls=READY_MADE)
    x, y = rng.normal(18, 12), rng.normal(18, 12)
    few = student.measure(student.compute_distances_one_loop, x[:6], y[:6])
    many = student.measure(student.compute_distances_one_loop, x, y)

    mistakes = wrong_distances(x, y, many.value)
    expect_close(many.value, plain_distances(x, y), mistakes=mistakes, check_dtype=False)
    expect(
        many.ops <= 5 * few.ops,
        Message("6 x 6 images took {few} torch operations, 18 x 18 images took {many}.", few=few.ops, many=many.ops),
        hint="The loop runs over every pair of images. Compute a row at a time: x_test - x_train[i] broadcasts.",
    )


@task("compute_distances_no_loops", share=16)
def check_no_loops_agrees_with_the_definition(student, rng):
    """Distances without loops agree with the definition."""
    judge_definition(student, rng, "compute_distances_no_loops", loops=True)


@task("compute_distances_no_loops", share=8)
def check_no_loops_takes_any_rank(student, rng):
    """Distances without loops are right for images with any number of axes."""
    judge_rank(student, rng, "compute_distances_no_loops", loops=True)


@task("compute_distances_no_loops", share=8)
def check_no_loops_keeps_the_dtype(student, rng):
    """Distances without loops have the dtype of the images."""
    judge_dtype(student, rng, "compute_distances_no_loops", loops=True)


@task("compute_distances_no_loops", share=16)
def check_no_loops_needs_little_memory(student, rng):
    """Distances without loops need no tensor that is much larger than the images or the result."""
    forbid(student, "compute_distances_no_loops", calls=READY_MADE, loops=True)
    x_train, x_test = rng.normal(40, 168, dtype=torch.float32), rng.normal(30, 168, dtype=torch.float32)
    with explain_errors(BROADCAST | SHAPE_ERRORS):
        seen = student.measure(student.compute_distances_no_loops, x_train, x_test)

    mistakes = wrong_distances(x_train, x_test, seen.value)
    expect_close(seen.value, plain_distances(x_train, x_test), mistakes=mistakes, check_dtype=False)
    expect(
        seen.largest <= 8 * x_train.nbytes,
        Message(
            "The images take {size:,} bytes; the largest intermediate tensor took {largest:,}.",
            size=x_train.nbytes,
            largest=seen.largest,
        ),
        hint="A tensor of (Ntr, Nte, D) numbers does not fit in memory for real data. Use |a|^2 - 2ab + |b|^2.",
    )


@task("compute_distances_no_loops", share=16)
def check_no_loops_gives_copies_distance_zero(student, rng):
    """The distance of an image to its exact copy is 0 up to rounding, never nan."""
    forbid(student, "compute_distances_no_loops", calls=READY_MADE, loops=True)
    x_train = rng.normal(64, 105)
    order = rng.permutation(64)
    x_test = x_train[order]
    dists = student.compute_distances_no_loops(x_train, x_test)

    expected = plain_distances(x_train, x_test)
    expect(
        not (isinstance(dists, Tensor) and bool(dists.isnan().any())),
        "Some distances are nan: their images are copies of each other, or nearly equal.",
        hint="Rounding leaves |a|^2 - 2ab + |b|^2 slightly below 0 for copies. Raise it to 0 before you take the root.",
    )
    mistakes = wrong_distances(x_train, x_test)
    a, b = x_train.flatten(1), x_test.flatten(1)
    mistakes["|a|^2 of the training images must be a column, (Ntr, 1): .sum(dim=1, keepdim=True) keeps the axis."] = (
        lambda: ((a**2).sum(1) + (b**2).sum(1) - 2 * a @ b.T).clamp(min=0).sqrt()
    )
    mistakes["Copies are not at distance 0: raise what is below 0 to 0, to nothing larger, and add no constant."] = (
        lambda: expected + (expected == 0) * dists[order, torch.arange(64, device=order.device)].max()
    )
    expect_close(dists, expected, atol=1e-5, mistakes=mistakes, check_dtype=False)
