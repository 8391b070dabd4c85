"""Hidden checks of pytorch101: indices, masks, shapes, reductions and products on other sizes and dtypes."""

import torch
from check_pytorch101_computing import EACH_MEAN, FLIPS
from oracles_tensors import (
    PROBE,
    expect_two_columns,
    first_places,
    normalised,
    products,
    random_means,
    rearranged,
    without_minima,
)
from torch.nn import functional as F

from autograder import (
    Message,
    expect,
    expect_close,
    expect_equal,
    expect_type,
    expect_unchanged,
    expect_vectorised,
    forbid,
    task,
)


def judge_copies(student, name, x, expected):
    """Compare values, and require a storage of its own."""
    out, shared = student.define(PROBE).shared(getattr(student, name), x)
    expect_equal(out, expected)
    expect(shared == [False], "The result shares the memory of x.", hint="A list of indices makes a copy.")


@task("shuffle_cols", share=50)
def check_shuffled_columns_are_a_copy(student, rng):
    """Whole numbers, a single row, exactly three columns, and a view; the result is a copy."""
    for x in (rng.integers(0, 99, 3, 3), rng.normal(1, 6), rng.normal(5, 4).T, rng.normal(2, 3, dtype=torch.float32)):
        judge_copies(student, "shuffle_cols", x, torch.stack([x[:, 0], x[:, 0], x[:, 2], x[:, 1]], dim=1))


@task("reverse_rows", share=50)
def check_reversed_rows_are_a_copy(student, rng):
    """Whole numbers, one row, and a view; the result is a copy."""
    forbid(student, "reverse_rows", calls=FLIPS)
    for x in (rng.integers(0, 99, 5, 3), rng.normal(1, 4), rng.normal(3, 6).T, rng.normal(4, 2, dtype=torch.float32)):
        judge_copies(student, "reverse_rows", x, torch.stack([x[i] for i in reversed(range(len(x)))]))


@task("take_one_elem_per_col", share=50)
def check_elements_of_columns_are_a_copy(student, rng):
    """Whole numbers, the smallest matrix, and a view; the result is a copy."""
    for x in (rng.integers(0, 99, 4, 3), rng.normal(6, 9), rng.normal(5, 8).T, rng.normal(4, 4, dtype=torch.float32)):
        judge_copies(student, "take_one_elem_per_col", x, torch.stack([x[1, 0], x[0, 1], x[3, 2]]))


@task("make_one_hot", share="1/3")
def check_one_hot_of_few_numbers(student, rng):
    """One number, equal numbers, only zeros, and the dtype float32; the list is not changed."""
    for x in ([4], [0], [2, 2, 2], [0, 0], [7, 0, 3, 7], [12]):
        seen = student.inspect(student.make_one_hot, x)
        expect_close(seen.value, F.one_hot(torch.tensor(x)).float(), name=Message("the rows of {x}", x=x),
                     hint="There are max(x) + 1 columns, also if that is 1.")  # fmt: skip
        expect_unchanged(seen, x)


@task("sum_positive_entries", share=50)
def check_sum_where_nothing_is_positive(student, rng):
    """No positive element, no element, rank 0 and rank 3, large numbers; a Python int; x is not changed."""
    large = torch.tensor([2**40 + 1, -5, 2**41 + 3], device=rng.device)
    for x in (-rng.integers(0, 9, 3, 4), torch.zeros(0, dtype=torch.int64), rng.integers(-9, 9, 2, 3, 4), large,
              torch.tensor(7), torch.tensor(-7)):  # fmt: skip
        seen = student.inspect(student.sum_positive_entries, x)
        expect_equal(seen.value, sum(value for value in x.flatten().tolist() if value > 0),
                     hint="Add whole numbers, not floats; if nothing is positive, the sum is 0.")  # fmt: skip
        expect_type(seen.value, int, name="the sum")
        expect_unchanged(seen, x)


@task("reshape_practice", share=50)
def check_reshape_of_other_tensors(student, rng):
    """float32 numbers, whole numbers and a view are rearranged; x is not changed."""
    forbid(student, "reshape_practice", loops="elements")
    for x in (rng.normal(24, dtype=torch.float32), rng.integers(0, 999, 24), rng.normal(24, 3)[:, 1]):
        seen = student.inspect(student.reshape_practice, x)
        expect_equal(seen.value, rearranged(x))
        expect_unchanged(seen, x)


@task("zero_row_min", share="1/3")
def check_zero_row_min_of_other_tensors(student, rng):
    """Whole numbers, only positive and only negative rows, one row, one column, and views; the dtype stays."""
    whole = rng.permutation(30).reshape(5, 6)
    for x in (whole + 3, whole - 99, rng.normal(1, 4), rng.normal(3, 1), rng.normal(4, 6).T,
              rng.normal(4, 5, dtype=torch.float32) + 9):  # fmt: skip
        seen = student.inspect(student.zero_row_min, x)
        expect_equal(seen.value, without_minima(x), name=Message("for the shape {shape}", shape=tuple(x.shape)))
        expect_unchanged(seen, x)


def judge_products(student, name, rng):
    """Compare on a batch of one, on vectors, and in float32; the inputs must be unchanged."""
    for sizes, dtype in (((1, 3, 4, 5), torch.float64), ((6, 1, 4, 1), torch.float64), ((4, 2, 1, 3), torch.float32)):
        batch, n, m, p = sizes
        x, y = rng.normal(batch, n, m, dtype=dtype), rng.normal(batch, m, p, dtype=dtype)
        seen = student.inspect(getattr(student, name), x, y)
        expect_close(seen.value, products(x, y))
        expect_unchanged(seen, x, y)


@task("batched_matrix_multiply_loop", share=50)
def check_products_with_a_loop_on_other_sizes(student, rng):
    """A batch of one, vectors, and float32; the dtype stays."""
    judge_products(student, "batched_matrix_multiply_loop", rng)


@task("batched_matrix_multiply_noloop", share=50)
def check_products_of_a_large_batch(student, rng):
    """A batch of one, vectors, and float32; a larger batch takes no more operations."""
    judge_products(student, "batched_matrix_multiply_noloop", rng)
    x, y = rng.normal(60, 3, 2), rng.normal(60, 2, 4)
    few = student.measure(student.batched_matrix_multiply_noloop, x[:3], y[:3])
    many = student.measure(student.batched_matrix_multiply_noloop, x, y)
    expect_close(many.value, products(x, y), check_dtype=False)
    hint = "Multiply the whole batch at once."
    expect_vectorised(few, many, few_inputs="3 products", many_inputs="60 products", hint=hint)


@task("normalize_columns", share=25, any_dtype=True)
def check_normalised_columns_of_other_matrices(student, rng):
    """Two rows, one column, columns of very different size, and a view."""
    scales = torch.tensor([1e-3, 1.0, 1e4], dtype=torch.float64, device=rng.device)
    for x in (rng.normal(2, 5), rng.normal(6, 1), 5 * scales + scales * rng.normal(8, 3), rng.normal(3, 7).T):
        expect_close(
            student.normalize_columns(x),
            normalised(x),
            name=Message("for the shape {shape}", shape=tuple(x.shape)),
            hint="Add nothing to the deviation.",
        )


@task("normalize_columns", share=25)
def check_normalised_columns_leave_x(student, rng):
    """x is not changed, and the dtype stays."""
    for dtype in (torch.float32, torch.float64):
        x = rng.normal(5, 3, dtype=dtype) + 2
        seen = student.inspect(student.normalize_columns, x)
        expect_close(seen.value, normalised(x))
        expect_unchanged(seen, x)


@task("challenge_mean_tensors", share=50)
def check_means_of_many_tensors(student, rng):
    """Many tensors, one tensor, lengths of 1, and float32; the inputs are not changed."""
    forbid(student, "challenge_mean_tensors", loops="tensors")
    many = [rng.int(1, 9) for _ in range(80)]
    for lengths, dtype in ((many, torch.float64), ([6], torch.float64), ([1, 1, 1], torch.float64),
                           ([40, 1, 3], torch.float32)):  # fmt: skip
        xs, ls, means = random_means(rng, lengths, dtype)
        seen = student.inspect(student.challenge_mean_tensors, xs, ls)
        expect_close(seen.value, means, name=Message("for {count} tensors", count=len(lengths)), hint=EACH_MEAN)
        expect_unchanged(seen, xs, ls)


@task("challenge_get_uniques", share=50)
def check_uniques_by_a_sort_of_your_own(student, rng):
    """Large and negative numbers, one number, equal numbers; int64; without torch.unique, in little memory."""
    forbid(student, "challenge_get_uniques", loops="elements", calls=["torch.unique*", "np.unique", "Tensor.unique*"])
    wide = rng.integers(-(10**6), 10**6, 200)
    for x in (
        rng.integers(-300, 300, 3000),
        wide,
        torch.tensor([5]),
        torch.full((9,), -2),
        rng.permutation(50) - 10**12,
    ):
        seen = student.measure(student.challenge_get_uniques, x.to(rng.device))
        uniques, indices = expect_two_columns(seen.value, kinds=(torch.int64,))
        expected = first_places(x)
        places = dict(zip(uniques.tolist(), indices.tolist(), strict=True))
        expect_equal(places, expected, name="the first index of each value")
        expect_equal(len(uniques), len(expected), name="the number of values")
        expect_unchanged(seen, x.to(rng.device))
        largest = 64 * len(x) + 4096
        expect(
            seen.largest <= largest,
            Message("{count} numbers took a tensor of {size:,} bytes.", count=len(x), size=seen.largest),
            hint="Sort them.",
        )
