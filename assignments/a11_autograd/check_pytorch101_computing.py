"""Public checks of pytorch101: indices, masks, shapes, reductions and products."""

import torch
from oracles_tensors import (
    expect_two_columns,
    first_places,
    normalised,
    products,
    random_means,
    rearranged,
    without_minima,
)
from torch.nn import functional as F

from autograder import Message, expect, expect_close, expect_equal, expect_type, expect_unchanged, forbid, task

STATISTICS = [
    "torch.mean", "torch.std", "torch.var", "torch.std_mean", "torch.var_mean", "torch.norm", "torch.linalg.*",
    "torch.nanmean", "torch.cov", "torch.nn.*", "F.*", "np.mean", "np.std", "np.var", "statistics.*",
]  # fmt: skip
FLIPS = ["torch.flip", "torch.flipud", "torch.fliplr", "torch.rot90", "np.flip*"]
BATCHED = ["torch.bmm", "torch.baddbmm", "torch.einsum", "torch.tensordot", "torch.vmap", "torch.func.*"]


@task("shuffle_cols", share=50, keeps=True)
def check_shuffled_columns(student, rng):
    """The columns are 0, 0, 2 and 1 of the matrix."""
    x = rng.normal(4, 5)
    expected = torch.stack([x[:, 0], x[:, 0], x[:, 2], x[:, 1]], dim=1)
    mistakes = {"These are rows 0, 0, 2, 1; columns are the second index: x[:, ...].": x[[0, 0, 2, 1]]}
    expect_equal(
        student.shuffle_cols(x), expected, mistakes=mistakes, hint="The columns are 0, 0, 2 and 1, in this order."
    )


@task("reverse_rows", share=50)
def check_reversed_rows(student, rng):
    """The rows are in reverse order, without flip, and x is not changed."""
    forbid(student, "reverse_rows", calls=FLIPS)
    for x in (rng.normal(6, 3), rng.normal(1, 2), rng.integers(0, 99, 7, 4), rng.normal(4, 5, dtype=torch.float32).T):
        expected = torch.stack([x[i] for i in range(len(x) - 1, -1, -1)])
        seen = student.inspect(student.reverse_rows, x)
        mistakes = {"The columns were reversed; reverse the rows, the first index.": torch.fliplr(x)}
        expect_equal(seen.value, expected, mistakes=mistakes, hint="All rows are there, the first one, too.")
        expect_unchanged(seen, x)


@task("take_one_elem_per_col", share=50, keeps=True)
def check_one_element_of_each_column(student, rng):
    """The three elements are x[1, 0], x[0, 1] and x[3, 2]."""
    x = rng.normal(6, 4)
    expected = torch.stack([x[1, 0], x[0, 1], x[3, 2]])
    expect_equal(student.take_one_elem_per_col(x), expected, mistakes={
        "Row and column are swapped: x[rows, columns].": torch.stack([x[0, 1], x[1, 0], x[2, 3]]),
        "These are whole rows or a grid; two lists in one index are read in pairs.": x[[1, 0, 3]][:, [0, 1, 2]],
    })  # fmt: skip


@task("make_one_hot", share="1/3")
def check_one_hot_rows(student, rng):
    """Each row has a 1 in the column of its number."""
    x = rng.integers(0, 6, 8).tolist()
    expected = F.one_hot(torch.tensor(x)).float()
    expect_close(student.make_one_hot(x), expected, check_dtype=False, mistakes={
        "There are max(x) + 1 columns: the numbers start at 0.": expected[:, :-1],
        "A row is a number of x, a column its value.": expected.T,
        "There are max(x) + 1 columns, not always 10.": F.one_hot(torch.tensor(x), 10).float(),
        "There are max(x) + 1 columns, not as many as rows.": F.one_hot(torch.tensor(x), len(x)).float(),
    }, hint="Row i has a 1 in the column x[i] only: row numbers and columns are read in pairs.")  # fmt: skip


@task("make_one_hot", share="1/3")
def check_one_hot_has_no_loop(student, rng):
    """The one-hot rows are written without a loop, F.one_hot and torch.eye."""
    forbid(student, "make_one_hot", loops="numbers", calls=["F.one_hot", "torch.eye"])
    x = rng.integers(0, 9, 20).tolist()
    expect_close(student.make_one_hot(x), F.one_hot(torch.tensor(x)).float(), check_dtype=False)


@task("sum_positive_entries", share=50)
def check_sum_of_positive_entries(student, rng):
    """The sum of the positive elements is right, and a Python int."""
    forbid(student, "sum_positive_entries", loops="elements")
    x = rng.integers(-9, 10, 5, 6)
    total = student.sum_positive_entries(x)
    expected = sum(value for value in x.flatten().tolist() if value > 0)
    expect_equal(total, expected, mistakes={
        "This is the number of positive elements; add them up.": int((x > 0).sum()),
        "This is the sum of all elements.": int(x.sum()),
        "This is the sum of the negative elements.": int(x.clamp(max=0).sum()),
    })  # fmt: skip
    expect_type(total, int, name="the sum")


@task("reshape_practice", share=50)
def check_reshape_of_counted_numbers(student, rng):
    """0, 1, 2, ..., 23 are rearranged as the docstring shows, and so are random numbers."""
    forbid(student, "reshape_practice", loops="elements")
    for x in (torch.arange(24, device=rng.device), rng.normal(24)):
        expect_equal(student.reshape_practice(x), rearranged(x), mistakes={
            "The order did not change: view and reshape keep the order of the numbers.": x.reshape(3, 8),
            "The halves are swapped by columns: permute the axes (half, row, place) before the last reshape.": (
                x.reshape(3, 2, 4).permute(1, 0, 2).reshape(3, 8)
            ),
            "This is the transposed matrix.": x.reshape(8, 3).T,
            "These are the numbers of the example; rearrange those of x.": rearranged(torch.arange(24)),
        })  # fmt: skip


@task("zero_row_min", share="1/3", any_dtype=True)
def check_zero_row_min(student, rng):
    """The smallest element of each row becomes 0."""
    x = rng.normal(5, 7)
    by_columns = without_minima(x.T).T
    expect_close(student.zero_row_min(x), without_minima(x), mistakes={
        "These are the minima of the columns: use dim=1.": by_columns,
        "Only the smallest element of the whole matrix became 0.": torch.where(x == x.min(), 0, x),
        "The largest elements became 0.": -without_minima(-x),
        "The minimum was subtracted from its row; only the minimum itself becomes 0.": x - x.amin(dim=1, keepdim=True),
        "Nothing was changed.": x,
    }, hint="In each row one element becomes 0: pair each row with the place of its minimum.")  # fmt: skip


@task("zero_row_min", share="1/3", any_dtype=True)
def check_zero_row_min_leaves_x(student, rng):
    """The result is a copy: x is not changed. There is no loop."""
    forbid(student, "zero_row_min", loops="rows")
    x = rng.normal(4, 3)
    seen = student.inspect(student.zero_row_min, x)
    expect_close(seen.value, without_minima(x))
    expect_unchanged(seen, x)


PAIRS = "Number i of the batch is the product of the matrices x[i] and y[i]."


@task("batched_matrix_multiply_loop", share=50, any_dtype=True)
def check_products_with_a_loop(student, rng):
    """The products with a loop are right; the number of operations grows with the batch."""
    forbid(student, "batched_matrix_multiply_loop", calls=BATCHED)
    x, y = rng.normal(12, 3, 4), rng.normal(12, 4, 2)
    seen = student.measure(student.batched_matrix_multiply_loop, x, y)
    expect_close(seen.value, products(x, y), hint=PAIRS)
    hint = "Loop over the batch and multiply two matrices at a time, x[i] @ y[i]."
    expect(seen.ops >= 12, Message("12 products took only {ops} torch operations.", ops=seen.ops), hint=hint)


@task("batched_matrix_multiply_noloop", share=50, any_dtype=True)
def check_products_without_a_loop(student, rng):
    """The products without a loop are right."""
    forbid(student, "batched_matrix_multiply_noloop", loops="matrices")
    x, y = rng.normal(5, 3, 4), rng.normal(5, 4, 2)
    expect_close(student.batched_matrix_multiply_noloop(x, y), products(x, y), hint=PAIRS)


@task("normalize_columns", share=50, any_dtype=True)
def check_normalised_columns(student, rng):
    """Each column has mean 0 and standard deviation 1, by sums and arithmetic alone."""
    forbid(student, "normalize_columns", calls=STATISTICS, loops="columns")
    x = 3 + 2 * rng.normal(6, 4)
    right = normalised(x)
    expect_close(student.normalize_columns(x), right, mistakes={
        "Divide the sum of squares by M - 1, not by M.": normalised(x, lost=0),
        "These are rows with mean 0; columns are summed along dim=0.": lambda: normalised(x.T).T,
        "The columns were divided by the variance; take its root.": lambda: right / x.std(dim=0),
        "The mean was not subtracted.": lambda: x / x.std(dim=0),
        "The columns were not divided by the deviation.": lambda: x - x.mean(dim=0),
        "The mean and the deviation of the whole matrix were used; each column has its own.": (
            lambda: (x - x.mean()) / x.std()
        ),
        "The squares are those of x; centre x first.": (
            lambda: (x - x.mean(dim=0)) / ((x**2).sum(dim=0) / (len(x) - 1)) ** 0.5
        ),
    })  # fmt: skip


EACH_MEAN = "Add up the numbers of each tensor, those of the last one, too, and divide by its own length."


@task("challenge_mean_tensors", share=50, any_dtype=True)
def check_means_of_unequal_lengths(student, rng):
    """The mean of each tensor is right, without a loop or a comprehension."""
    forbid(student, "challenge_mean_tensors", loops="tensors")
    xs, ls, means = random_means(rng, [3, 1, 5, 2], torch.float64)
    expect_close(student.challenge_mean_tensors(xs, ls), means, mistakes={
        "These are sums; divide by the lengths.": means * ls,
        "This is divided by the longest length; each tensor has its own.": lambda: means * ls / ls.max(),
        "This is the mean of all numbers.": lambda: torch.cat(xs).mean().expand(4),
        "Take the cumulative sum at the ends of the tensors, ls.cumsum(0) - 1, not at their lengths.": (
            lambda: torch.cat(xs).cumsum(0)[ls - 1] / ls
        ),
    }, hint=EACH_MEAN)  # fmt: skip


@task("challenge_get_uniques", share=50)
def check_first_places_of_unique_values(student, rng):
    """The different values and the first index of each are right, in any order."""
    forbid(student, "challenge_get_uniques", loops="elements")
    x = rng.integers(-4, 5, 40)
    uniques, indices = expect_two_columns(student.challenge_get_uniques(x))
    expected = first_places(x)
    expect_equal(sorted(uniques.tolist()), sorted(expected), name="the values, sorted",
                 hint="Each value that occurs is there once, the smallest one, too.")  # fmt: skip
    places = dict(zip(uniques.tolist(), indices.tolist(), strict=True))
    last = {value: place for place, value in enumerate(x.tolist())}
    hint = "Several indices of the same value: the sort must be stable, x.sort(stable=True)."
    expect_equal(
        [places[value] for value in sorted(expected)],
        [expected[value] for value in sorted(expected)],
        name="the first index of each value, from the smallest value",
        mistakes={
            "These are the last occurrences.": [last[value] for value in sorted(expected)],
            "These are places in the sorted tensor; sort also returns where each value came from.": (
                torch.searchsorted(x.sort().values, x.unique()).tolist()
            ),
            hint: None,
        },
    )
