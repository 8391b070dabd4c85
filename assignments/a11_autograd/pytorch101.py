# %% [markdown]
# # PyTorch 101
#
# A tensor is a block of numbers and a way to look at it. Nearly all that goes wrong in the first weeks of deep
# learning goes wrong here: a view that was thought to be a copy, an axis that was swapped, a shape that fitted by
# accident, a loop that takes a minute instead of a millisecond. Nineteen small functions, most of them one or two
# lines long, show what there is. The names are those of the University of Michigan's EECS 498-007.
#
# | part | you write | points | minutes |
# |---|---|---|---|
# | 1 Tensors | `create_sample_tensor`, `mutate_tensor`, `count_tensor_elements`, `create_tensor_of_pi`, `multiples_of_ten` | 10 | 35 |
# | 2 Slices are views | `slice_indexing_practice`, `slice_assignment_practice` | 7 | 30 |
# | 3 Lists of indices, and masks | `shuffle_cols`, `reverse_rows`, `take_one_elem_per_col`, `make_one_hot`, `sum_positive_entries` | 11 | 40 |
# | 4 The same numbers in another shape | `reshape_practice` | 4 | 20 |
# | 5 Reductions and products | `zero_row_min`, `batched_matrix_multiply_loop`, `batched_matrix_multiply_noloop`, `normalize_columns` | 11 | 45 |
# | 6 Two puzzles without loops | `challenge_mean_tensors`, `challenge_get_uniques` | 4 | 50 |
#
# Replace each `raise NotImplementedError()` by your code, then run the cell below it: it runs the checks of that one
# task. The documentation of torch is your friend, and so is `hint("name of the task")`.

# %%
import math

import torch
from torch import Tensor


# %% tags=["active-ipynb"]
# import time
#
# from autograder import check, hint
# from common.plots import broadcast_blocks, storage_strip

# %% [markdown]
# ## 1 Tensors
#
# A tensor has a **rank** (how many axes), a **shape** (how long each is), a **dtype** (what the numbers are) and a
# **device** (where they are). A tensor of rank 0 is a single number with the shape `()`; `x.item()` makes a Python
# number of it.

# %% tags=["active-ipynb"]
# for x in (torch.tensor(7), torch.tensor([1.0, 2.0]), torch.zeros(2, 3, dtype=torch.int64), torch.ones(0, 3)):
#     print(f"rank {x.ndim}, shape {tuple(x.shape)}, {x.numel()} elements, {x.dtype}, on {x.device}")

# %% [markdown]
# Make the tensor below. Then write into a tensor that you are given: `x[index] = value`, where the index has one
# number per axis. Writing changes `x` itself, **in place**; whoever else holds it sees the change.

# %% task="create_sample_tensor"
# About 5 minutes, easy. Stuck? hint("create_sample_tensor") shows a first step.
def create_sample_tensor() -> Tensor:
    """Zeros, but 10 in row 0, column 1, and 100 in row 1, column 0.

    Shapes:
        out  (3, 2)  float32
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="create_sample_tensor"
# check("pytorch101", task="create_sample_tensor")

# %% task="mutate_tensor"
# About 10 minutes, easy. Stuck? hint("mutate_tensor") shows a first step.
def mutate_tensor(x: Tensor, indices: list[tuple[int, ...]], values: list[float]) -> Tensor:
    """Write values[i] at indices[i] into x, in place, and return x. If an index occurs twice, the last value stays.

    Shapes:
        x        any shape of rank 1 or more; it is changed
        indices  list of K indices into x, each a tuple with a number for each axis
        values   list of K numbers
        out      x itself
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="mutate_tensor"
# check("pytorch101", task="mutate_tensor")

# %% task="count_tensor_elements"
# About 5 minutes, easy. Stuck? hint("count_tensor_elements") shows a first step.
def count_tensor_elements(x: Tensor) -> int:
    """The number of elements, for example from the shape. `numel` and its relatives are not allowed.

    Shapes:
        x    any shape; a tensor of rank 0 has one element, and one with an axis of length 0 has none
        out  int, a Python number
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="count_tensor_elements"
# check("pytorch101", task="count_tensor_elements")

# %% task="create_tensor_of_pi"
# About 5 minutes, easy. Stuck? hint("create_tensor_of_pi") shows a first step.
def create_tensor_of_pi(M: int, N: int) -> Tensor:
    """A matrix of 3.14.

    Shapes:
        out  (M, N)  float32
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="create_tensor_of_pi"
# check("pytorch101", task="create_tensor_of_pi")

# %% [markdown]
# The **dtype** is a choice with consequences. float32 has 7 digits, float64 has 16, integers have no fractions, and
# `torch.arange(0, 50, 10)` makes int64 while `torch.zeros(5)` makes float32. Ask for what you need:
# `torch.arange(0, 50, 10, dtype=torch.float64)`. As in Python's `range`, the end is left out.

# %% task="multiples_of_ten"
# About 10 minutes, easy. Stuck? hint("multiples_of_ten") shows a first step.
def multiples_of_ten(start: int, stop: int) -> Tensor:
    """All multiples of ten from start to stop, both included if they are multiples, in ascending order.

    Shapes:
        start, stop  int, start <= stop, of any sign
        out          (K,)  float64; K may be 0
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="multiples_of_ten"
# check("pytorch101", task="multiples_of_ten")

# %% [markdown]
# ## 2 Slices are views
#
# The numbers of a tensor are in one row in memory, its **storage**. The shape and the **strides** say how to find an
# element: `x[i, j]` is number `offset + i * stride[0] + j * stride[1]`. A slice such as `x[:, 2]` needs no new
# numbers, only another offset, shape and strides. It is a **view**: the same storage, seen in another way. Write into
# the view, and the tensor changes.

# %% tags=["active-ipynb"]
# x = torch.arange(12).reshape(3, 4)
# storage_strip(x, x[:, 2], title="x[:, 2]: every fourth number, starting at 2")

# %% tags=["active-ipynb"]
# storage_strip(x, x.T[1:3], title="x.T[1:3]: a transposed view; only the strides were swapped")

# %% [markdown]
# A number as an index removes its axis, a slice keeps it: `x[:, 2]` has the shape (3,), `x[:, 2:3]` has the shape
# (3, 1). Both are views. `start:stop:step` takes every `step`-th; negative numbers count from the end.

# %% task="slice_indexing_practice"
# About 15 minutes, easy. Stuck? hint("slice_indexing_practice") shows a first step.
def slice_indexing_practice(x: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Four views of a matrix; none of them is a copy.

    Shapes:
        x                          (M, N)  M >= 2, N >= 3; it may be a view itself
        last_row                   (N,)    the last row
        third_col                  (M, 1)  the third column, as a matrix
        first_two_rows_three_cols  (2, 3)  the upper left corner
        even_rows_odd_cols         ((M + 1) // 2, N // 2)  rows 0, 2, 4, ... and columns 1, 3, 5, ...
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="slice_indexing_practice"
# check("pytorch101", task="slice_indexing_practice")

# %% task="slice_assignment_practice"
# About 15 minutes, medium. Stuck? hint("slice_assignment_practice") shows a first step.
def slice_assignment_practice(x: Tensor) -> Tensor:
    """Write this pattern into the upper left corner of x, in place, and return x. The rest of x stays as it is.

        0 1 2 2 2 2
        0 1 2 2 2 2
        3 4 3 4 5 5
        3 4 3 4 5 5

    Use at most six assignments of the form `slice = integer`.

    Shapes:
        x    (M, N)  M >= 4, N >= 6, any dtype of numbers; it is changed
        out  x itself
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="slice_assignment_practice"
# check("pytorch101", task="slice_assignment_practice")

# %% [markdown]
# ## 3 Lists of indices, and masks
#
# An index may also be a list or a tensor of whole numbers: `x[[0, 2, 2]]` takes rows 0, 2 and 2. These are not at
# equal distances in memory, so no strides can describe the result: it is a **copy**, with a storage of its own. If
# there is a list for each axis, they are read in pairs: `x[[1, 0], [0, 2]]` takes `x[1, 0]` and `x[0, 2]`.
#
# Write each of these with **one** index.

# %% task="shuffle_cols reverse_rows take_one_elem_per_col"
# About 20 minutes, easy. Stuck? hint("shuffle_cols"), or of another task, shows a first step.
def shuffle_cols(x: Tensor) -> Tensor:
    """A copy with the columns 0, 0, 2, 1 of x.

    Shapes:
        x    (M, N)  N >= 3
        out  (M, 4)
    """
    # YOUR CODE HERE
    raise NotImplementedError()


def reverse_rows(x: Tensor) -> Tensor:
    """A copy with the rows in reverse order. torch.flip and its relatives are not allowed.

    Shapes:
        x    (M, N)
        out  (M, N)
    """
    # YOUR CODE HERE
    raise NotImplementedError()


def take_one_elem_per_col(x: Tensor) -> Tensor:
    """The elements x[1, 0], x[0, 1] and x[3, 2], as a copy.

    Shapes:
        x    (M, N)  M >= 4, N >= 3
        out  (3,)
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="shuffle_cols"
# check("pytorch101", task="shuffle_cols")

# %% tags=["active-ipynb"] grade="reverse_rows"
# check("pytorch101", task="reverse_rows")

# %% tags=["active-ipynb"] grade="take_one_elem_per_col"
# check("pytorch101", task="take_one_elem_per_col")

# %% task="make_one_hot"
# About 15 minutes, medium. Stuck? hint("make_one_hot") shows a first step.
def make_one_hot(x: list[int]) -> Tensor:
    """A row for each number, with 1 in the column of that number and 0 elsewhere. No loop, no comprehension.

    F.one_hot and torch.eye are not allowed.

    Shapes:
        x    list of N integers >= 0, N >= 1
        out  (N, max(x) + 1)  float32
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="make_one_hot"
# check("pytorch101", task="make_one_hot")

# %% [markdown]
# A comparison gives a tensor of True and False, a **mask**. `x[mask]` takes the elements where it is True, as a new
# tensor of rank 1; `x[mask] = 0` writes there.

# %% task="sum_positive_entries"
# About 5 minutes, easy. Stuck? hint("sum_positive_entries") shows a first step.
def sum_positive_entries(x: Tensor) -> int:
    """The sum of all elements above 0, for example by one comparison and one index, without a loop.

    Shapes:
        x    any shape, int64
        out  int, a Python number; 0 if no element is positive
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="sum_positive_entries"
# check("pytorch101", task="sum_positive_entries")

# %% [markdown]
# ## 4 The same numbers in another shape
#
# `x.view(3, 8)` reads the storage in rows of eight. The order of the numbers stays, so a view can merge neighbouring
# axes and split one axis, but it cannot swap axes: for this there are `transpose` and `permute`, which swap the
# strides. After a swap, the numbers are no longer in the order in which they are read, `x.is_contiguous()` is False,
# and `view` refuses. `reshape` then copies.
#
# To take a tensor apart and put it together in another order, split an axis with `view`, swap with `permute`, and
# merge with `reshape`. `reshape` merges neighbouring axes only: bring the axes that you want to merge next to each
# other first.

# %% task="reshape_practice"
# About 20 minutes, medium. Stuck? hint("reshape_practice") shows a first step.
def reshape_practice(x: Tensor) -> Tensor:
    """Rearrange 24 elements, without a loop. If x is 0, 1, 2, ..., 23, the result is

        0  1  2  3 12 13 14 15
        4  5  6  7 16 17 18 19
        8  9 10 11 20 21 22 23

    Shapes:
        x    (24,)
        out  (3, 8)
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="reshape_practice"
# check("pytorch101", task="reshape_practice")

# %% [markdown]
# ## 5 Reductions and products
#
# `x.sum(dim=0)` adds up *along* axis 0: this axis disappears. Think of `dim` as the axis that is lost. With
# `keepdim=True` it stays, with length 1, which is what broadcasting wants.

# %% task="zero_row_min"
# About 15 minutes, easy. Stuck? hint("zero_row_min") shows a first step.
def zero_row_min(x: Tensor) -> Tensor:
    """A copy of x in which the smallest element of each row is replaced by 0; the others stay. No loop.

    Shapes:
        x    (M, N)  any dtype of numbers; it is not changed
        out  (M, N)  the dtype of x
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="zero_row_min"
# check("pytorch101", task="zero_row_min")

# %% [markdown]
# `a @ b` multiplies matrices. Three axes are a batch of matrices: `torch.bmm(x, y)`, or simply `x @ y`, multiplies the
# first with the first, the second with the second, and so on, in one call.

# %% task="batched_matrix_multiply_loop batched_matrix_multiply_noloop"
# About 15 minutes, easy. Stuck? hint("batched_matrix_multiply_loop") or hint("batched_matrix_multiply_noloop") shows a first step.
def batched_matrix_multiply_loop(x: Tensor, y: Tensor) -> Tensor:
    """The product of each pair of matrices, with a Python loop over the batch and without torch's batched products.

    Shapes:
        x    (B, N, M)
        y    (B, M, P)
        out  (B, N, P)  the dtype of x
    """
    # YOUR CODE HERE
    raise NotImplementedError()


def batched_matrix_multiply_noloop(x: Tensor, y: Tensor) -> Tensor:
    """The product of each pair of matrices, without a loop.

    Shapes:
        x    (B, N, M)
        y    (B, M, P)
        out  (B, N, P)  the dtype of x
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="batched_matrix_multiply_loop"
# check("pytorch101", task="batched_matrix_multiply_loop")

# %% tags=["active-ipynb"] grade="batched_matrix_multiply_noloop"
# check("pytorch101", task="batched_matrix_multiply_noloop")

# %%
def batched_matrix_multiply(x: Tensor, y: Tensor, use_loop: bool = True) -> Tensor:
    """The product of each pair of matrices, by one of the two functions."""
    return batched_matrix_multiply_loop(x, y) if use_loop else batched_matrix_multiply_noloop(x, y)


# %% tags=["active-ipynb"]
# x, y = torch.randn(500, 16, 24), torch.randn(500, 24, 16)
# for use_loop in (True, False):
#     started = time.perf_counter()
#     for _ in range(10):
#         batched_matrix_multiply(x, y, use_loop=use_loop)
#     print(f"use_loop={use_loop!s:5}  {(time.perf_counter() - started) / 10 * 1000:8.2f} ms")

# %% [markdown]
# ### Broadcasting
#
# Two shapes are compared from the **right**. Axes of equal length fit; an axis of length 1, or one that is missing on
# the left, is stretched to the length of the other. Nothing is copied: a stretched axis has the stride 0. It is how a
# row of means is subtracted from every row of a matrix. It is also how `(N, 1) - (N,)` silently becomes (N, N).

# %% tags=["active-ipynb"]
# broadcast_blocks(torch.arange(3).reshape(3, 1), torch.tensor([0, 10, 20, 30]))

# %% task="normalize_columns"
# About 15 minutes, medium. Stuck? hint("normalize_columns") shows a first step.
def normalize_columns(x: Tensor) -> Tensor:
    """Subtract the mean of each column and divide by its standard deviation, which divides by M - 1.

    Only `sum` and arithmetic: functions for means, variances, standard deviations and norms are not allowed, and
    neither are loops.

    Shapes:
        x    (M, N)  float, M >= 2; it is not changed
        out  (M, N)  the dtype of x
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="normalize_columns"
# check("pytorch101", task="normalize_columns")

# %% [markdown] question="pytorch101-q1"
# **Question 1.** For each of these, say whether it shares its storage with `x`, a contiguous matrix, and why: (a)
# `x[1:3]`, (b) `x[[1, 2]]`, (c) `x[x > 0]`, (d) `x.T`, (e) `x.T.reshape(-1)`, (f) `x.view(-1)`, (g) `x + 0`,
# (h) `x[:, None]`.

# %% [markdown] answer="pytorch101-q1"
# YOUR ANSWER HERE

# %% [markdown]
# ## 6 Two puzzles without loops
#
# **Means of tensors of different lengths.** Such tensors cannot be stacked. But they can be joined to one long
# tensor, if each number remembers where it came from: `torch.repeat_interleave` makes the labels 0 0 0 1 1 2 ..., and
# `index_add_` adds each number to the sum of its label. (Or: pad to a matrix; or take differences of a cumulative
# sum, at the *ends* of the parts, not at their lengths.)

# %% task="challenge_mean_tensors"
# About 25 minutes, hard. Stuck? hint("challenge_mean_tensors") shows a first step.
def challenge_mean_tensors(xs: list[Tensor], ls: Tensor) -> Tensor:
    """The mean of each tensor. No loop, no comprehension, no map.

    Shapes:
        xs   list of K tensors of rank 1, float, of different lengths >= 1
        ls   (K,)  int64, their lengths
        out  (K,)  the dtype of the tensors
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="challenge_mean_tensors"
# check("pytorch101", task="challenge_mean_tensors")

# %% [markdown]
# **Where each value occurs first.** `torch.unique` returns the different values, but not where they were. Sorting
# brings equal values together; in a **stable** sort, equal values stay in their order, so the first of each group is
# the first in `x`, too. With a sort of your own the task earns all its points; with `torch.unique` it earns half of
# them.

# %% task="challenge_get_uniques"
# About 25 minutes, hard. Stuck? hint("challenge_get_uniques") shows a first step.
def challenge_get_uniques(x: Tensor) -> tuple[Tensor, Tensor]:
    """The different values, in any order, and the index of the first occurrence of each. No loop; O(N) memory.

    Shapes:
        x        (N,)  int64, of any sign, N >= 1
        uniques  (K,)  int64
        indices  (K,)  int64: x[indices] == uniques, and no smaller index has that value
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="challenge_get_uniques"
# check("pytorch101", task="challenge_get_uniques")

# %% [markdown]
# ## 7 Other devices
#
# A tensor is on one device, and an operation needs all its tensors on the same one. `to` copies a tensor to another
# device. Make new tensors where the old ones are: `torch.zeros(3, device=x.device)`, or `x.new_zeros(3)`.

# %%
def to_device(x: Tensor, device: str | torch.device) -> Tensor:
    """x on another device; x itself if it is there already."""
    return x.to(device)

# %% tags=["active-ipynb"]
# a = torch.randn(1500, 1500)
# for device in ("cpu", "cuda") if torch.cuda.is_available() else ("cpu",):
#     b = to_device(a, device)
#     b @ b  # the first call also starts the device
#     started = time.perf_counter()
#     c = to_device(b @ b, "cpu")
#     print(f"{device:5} {1000 * (time.perf_counter() - started):8.1f} ms, copy back included")

# %% [markdown]
# ## What to take home
#
# Slices, `view`, `T`, `permute` are views: they cost nothing, and writing into them writes into the tensor. Lists of
# indices, masks and arithmetic make copies. Shapes are compared from the right. And if there is a loop over numbers,
# there is nearly always an operation that does it a hundred times faster.
#
# The second notebook, `autograd.ipynb`, adds the one thing that makes a tensor library a library for deep learning:
# it remembers what you did, and differentiates it.
#
# **Where to look next.** Harris et al. (*Array programming with NumPy*, 2020) describe the arrays that tensors come
# from: strides, views and broadcasting are the same. Paszke et al. (*PyTorch: an imperative style, high-performance
# deep learning library*, 2019) say what was decided, and why. Rogozhnikov (*Einops*, 2022) writes every reshaping as a
# formula that can be read.
