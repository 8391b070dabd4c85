"""Hidden checks of a01, distances: views, single images, copies, operations and memory."""

import torch
from oracles import READY_MADE
from oracles_hidden import distances

from autograder import (
    Message,
    expect,
    expect_close,
    expect_equal,
    expect_shape,
    expect_unchanged,
    expect_vectorised,
    explain_errors,
    forbid,
    task,
)

NEARLY = (
    "Nearly equal images have small distances by the same definition: computed in another way, they are still the root "
    "of the sum of squares; rounding alone may change them a little."
)
VIEWS = {"view": "`view` needs images that are contiguous in memory; `reshape` copies if it must."}


def compare_distances(student, name, x_train, x_test):
    """Compare the distances with torch's; the inputs must be unchanged. The dtype has a check of its own."""
    forbid(student, name, calls=READY_MADE, loops=name.endswith("no_loops"))
    with explain_errors(VIEWS):
        seen = student.inspect(getattr(student, name), x_train, x_test)
    expect_close(seen.value, distances(x_train, x_test), check_dtype=False)
    expect_unchanged(seen, x_train, x_test)


def judge_views(student, rng, name, dtype=torch.float64):
    """Compare on images with permuted axes, whose memory is not contiguous."""
    x_train, x_test = (rng.normal(3, 4, 5, num, dtype=dtype).permute(3, 1, 0, 2) for num in (6, 7))
    compare_distances(student, name, x_train, x_test)


def judge_single_images(student, rng, name):
    """Compare on one training image, one test image, and images of one number."""
    for num_train, num_test, shape in [(1, 4, (3, 5)), (6, 1, (2, 2, 3)), (1, 1, (7,)), (3, 2, (1,))]:
        compare_distances(student, name, rng.normal(num_train, *shape), rng.normal(num_test, *shape))


@task("compute_distances_two_loops", share=10)
def check_two_loops_takes_views(student, rng):
    """Distances with two loops are right for images that are not contiguous in memory."""
    judge_views(student, rng, "compute_distances_two_loops")


@task("compute_distances_two_loops", share=10)
def check_two_loops_takes_single_images(student, rng):
    """Distances with two loops are right for one image, and leave the images unchanged."""
    judge_single_images(student, rng, "compute_distances_two_loops")


@task("compute_distances_one_loop", share="1/15")
def check_one_loop_takes_views(student, rng):
    """Distances with one loop are right for images that are not contiguous in memory."""
    judge_views(student, rng, "compute_distances_one_loop")


@task("compute_distances_one_loop", share="1/15")
def check_one_loop_takes_single_images(student, rng):
    """Distances with one loop are right for one image, and leave the images unchanged."""
    judge_single_images(student, rng, "compute_distances_one_loop")


@task("compute_distances_no_loops", share=8)
def check_no_loops_finds_copies_in_float32(student, rng):
    """Of 80 bright float32 images, the nearest to a copy of one of them is the image itself."""
    forbid(student, "compute_distances_no_loops", calls=READY_MADE, loops=True)
    x_train = rng.uniform(80, 3, 9, 7, dtype=torch.float32) + 2
    chosen = rng.permutation(80)[:37]
    dists = student.compute_distances_no_loops(x_train, x_train[chosen])

    expect_shape(dists, (80, 37))
    expect(
        not bool(dists.isnan().any()),
        Message("{number} of {all} distances are nan.", number=int(dists.isnan().sum()), all=dists.numel()),
        hint="Rounding leaves |a|^2 - 2ab + |b|^2 slightly below 0 for copies. Raise it to 0 before you take the root.",
    )
    # |a|^2 is about 1,200, which float32 rounds by 1e-4: a copy is at distance 1e-2, another image at 5.
    expect_close(dists, distances(x_train, x_train[chosen]), atol=0.1, rtol=1e-3, check_dtype=False)
    expect_equal(dists.argmin(dim=0), chosen, name="the nearest images")


@task("compute_distances_no_loops", share=4)
def check_no_loops_takes_views(student, rng):
    """Distances without loops are right for float32 images that are not contiguous in memory."""
    judge_views(student, rng, "compute_distances_no_loops", torch.float32)


@task("compute_distances_no_loops", share=4)
def check_no_loops_takes_single_images(student, rng):
    """Distances without loops are right for one image and for nearly equal ones, and leave the images unchanged."""
    judge_single_images(student, rng, "compute_distances_no_loops")
    x = rng.normal(4, 3, 5)
    near = x + 0.05 * rng.normal(4, 3, 5)
    found = student.compute_distances_no_loops(x, near)
    right = distances(x, near)
    averaged = right.clone()
    averaged.diagonal().div_(x[0].numel() ** 0.5)
    expect_close(found, right, rtol=1e-2, check_dtype=False, name="distances of nearly equal images", mistakes={
        "The squares of nearly equal images were averaged; the definition adds them up.": averaged,
    }, hint=NEARLY)  # fmt: skip


@task("compute_distances_no_loops", share=12)
def check_no_loops_runs_as_many_operations_on_more_images(student, rng):
    """Distances without loops take as many operations for 60 x 50 images as for 5 x 4."""
    forbid(student, "compute_distances_no_loops", calls=READY_MADE, loops=True)
    x_train, x_test = rng.normal(60, 5, 3), rng.normal(50, 5, 3)
    few = student.measure(student.compute_distances_no_loops, x_train[:5], x_test[:4])
    many = student.measure(student.compute_distances_no_loops, x_train, x_test)

    expect_close(many.value, distances(x_train, x_test), check_dtype=False)
    hint = "Some operation still runs once for each image. Use one matrix product for all pairs."
    expect_vectorised(few, many, few_inputs="5 x 4 images", many_inputs="60 x 50 images", hint=hint)


@task("compute_distances_no_loops", share=8)
def check_no_loops_fits_in_memory(student, rng):
    """Distances of 400 x 300 images of 3 x 32 x 32 fit in memory, where all their differences take 1.5 GB."""
    forbid(student, "compute_distances_no_loops", calls=READY_MADE, loops=True)
    x_train, x_test = rng.uniform(400, 3, 32, 32, dtype=torch.float32), rng.uniform(300, 3, 32, 32, dtype=torch.float32)
    seen = student.measure(student.compute_distances_no_loops, x_train, x_test)

    expect_shape(seen.value, (400, 300))
    some = rng.permutation(300)[:40]
    few = distances(x_train[some[:30]], x_test[some])
    expect_close(seen.value[some[:30]][:, some], few, rtol=1e-3, check_dtype=False)
    expect(
        seen.largest <= 4 * x_train.nbytes,
        Message(
            "The training images take {size:,} bytes; the largest intermediate tensor took {largest:,}.",
            size=x_train.nbytes,
            largest=seen.largest,
        ),
        hint="No tensor may hold more than the images or the result. Use |a|^2 - 2ab + |b|^2.",
    )
