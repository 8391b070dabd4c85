"""Public checks of pytorch101: making tensors, slices, and writing into them."""

import torch
from oracles_tensors import PROBE, four_slices, with_pattern

from autograder import Message, expect, expect_close, expect_equal, expect_type, forbid, task

COUNTING = ["torch.numel", "Tensor.numel", "Tensor.nelement", "np.size", "Tensor.nbytes"]
IN_PLACE = "Write into x itself: no clone, and no new tensor."


@task("create_sample_tensor", share=50)
def check_sample_tensor_has_its_numbers(student, device):
    """The sample tensor has its numbers in the right places."""
    expected = torch.tensor([[0.0, 10.0], [100.0, 0.0], [0.0, 0.0]])
    expect_close(student.create_sample_tensor(), expected, check_dtype=False, mistakes={
        "10 is in row 0, column 1, and 100 in row 1, column 0: x[row, column].": torch.tensor(
            [[0.0, 100.0], [10.0, 0.0], [0.0, 0.0]]
        ),
        "The shape is (3, 2): three rows, two columns.": torch.tensor([[0.0, 10.0, 0.0], [100.0, 0.0, 0.0]]),
        "Only two elements differ from 0.": torch.tensor([[0.0, 10.0], [100.0, 110.0], [0.0, 0.0]]),
    }, hint="10 and 100 are the only elements that differ from 0.")  # fmt: skip


@task("mutate_tensor", share=50)
def check_mutate_tensor_writes_into_the_tensor(student, rng):
    """Values are written into the tensor itself, which is returned."""
    x, values = rng.normal(4, 5), rng.normal(3).tolist()
    indices = [(0, 3), (2, 4), (3, 0)]
    expected = x.clone()
    for (row, column), value in zip(indices, values, strict=True):
        expected[row, column] = value
    after, same = student.define(PROBE).in_place(student.mutate_tensor, x, indices, values)
    expect_close(after, expected, name="x after the call", mistakes={IN_PLACE: x},
                 hint="A value replaces the element that was there.")  # fmt: skip
    expect(same is True, "The tensor that was returned is not x.", hint="Return x: neither a copy nor a view of it.")


ALL_AXES = "Multiply the lengths of all axes, as many as there are: one or none, too."


@task("count_tensor_elements", share=50, keeps=True)
def check_count_of_a_matrix(student, rng):
    """The number of elements of matrices and of larger tensors is right, and a Python int."""
    forbid(student, "count_tensor_elements", calls=COUNTING)
    for shape in ((3, 5), (7,), (2, 3, 2, 5)):
        count = student.count_tensor_elements(rng.normal(*shape))
        mistakes = {
            "This is the length of the first axis; multiply the lengths of all axes.": shape[0],
            "This is the rank, the number of axes.": len(shape),
            "The lengths were added; multiply them.": sum(shape),
        }
        expect_equal(
            count,
            torch.Size(shape).numel(),
            name=Message("the count for the shape {shape}", shape=shape),
            mistakes=mistakes,
            hint=ALL_AXES,
        )
        expect_type(count, int, name="the count")


@task("create_tensor_of_pi", share=50)
def check_tensor_of_pi(student):
    """Each element is 3.14, for any shape."""
    for shape in ((2, 3), (1, 1), (5, 2)):
        out = student.create_tensor_of_pi(*shape)
        mistakes = {"M is the number of rows, N of columns.": torch.full(shape[::-1], 3.14)}
        mistakes["The value is 3.14, rounded."] = torch.full(shape, torch.pi)
        name = Message("the tensor of shape {shape}", shape=shape)
        expect_close(out, torch.full(shape, 3.14), name=name, mistakes=mistakes, check_dtype=False)


@task("multiples_of_ten", share=50, any_dtype=True)
def check_multiples_of_ten_with_both_ends(student):
    """The multiples of ten are right, where the ends are multiples and where they are not."""
    for start, stop in ((5, 25), (10, 50), (31, 60), (20, 99), (0, 10)):
        expected = [float(n) for n in range(start, stop + 1) if n % 10 == 0]
        right = torch.tensor(expected, dtype=torch.float64)
        mistakes = {
            "stop itself counts if it is a multiple: arange leaves its end out.": right[right < stop],
            "start itself counts if it is a multiple.": right[right > start],
            "The first multiple is the one at start or above it.": torch.arange(
                start // 10 * 10, stop + 1, 10, dtype=torch.float64
            ),
            "These are steps of ten from start; the multiples of ten are 0, 10, 20, ...": torch.arange(
                start, stop + 1, 10, dtype=torch.float64
            ),
            "These are the factors; multiply by ten.": right / 10,
        }
        out = student.multiples_of_ten(start, stop)
        expect_close(
            out,
            right,
            name=Message("from {start} to {stop}", start=start, stop=stop),
            mistakes=mistakes,
            check_dtype=False,
        )


@task("slice_indexing_practice", share=25)
def check_slices_have_the_right_elements(student, rng):
    """The four slices have the right shapes and elements."""
    x = rng.normal(5, 6)
    row, column, corner, mixed = four_slices(x)
    expect_equal(student.slice_indexing_practice(x), (row, column, corner, mixed), mistakes={
        "The third column keeps its axis, (M, 1): x[:, 2:3].": (row, column[:, 0], corner, mixed),
        "The last row is a vector, (N,): x[-1].": (row[None], column, corner, mixed),
        "The third column has the number 2: columns are counted from 0.": (row, x[:, 3:4], corner, mixed),
        "Even rows start at 0, odd columns at 1: x[::2, 1::2].": (row, column, corner, x[1::2, ::2]),
    })  # fmt: skip


@task("slice_indexing_practice", share=25)
def check_slices_are_views(student, rng):
    """The four slices share the memory of the matrix."""
    x = rng.normal(5, 7)
    out, shared = student.define(PROBE).shared(student.slice_indexing_practice, x)
    expect_equal(out, four_slices(x))
    names = ("last_row", "third_col", "first_two_rows_three_cols", "even_rows_odd_cols")
    copies = [name for name, is_view in zip(names, shared, strict=True) if is_view is not True]
    hint = "Slices such as x[:, 2:3] are views; lists of indices, masks and clone() make copies."
    expect(not copies, Message("These are copies: {names}.", names=", ".join(copies)), hint=hint)


@task("slice_assignment_practice", share="1/3")
def check_slice_assignment_writes_the_pattern(student, rng):
    """The pattern is in the corner, and the rest of the tensor is as before."""
    x = rng.normal(6, 9)
    after, same = student.define(PROBE).in_place(student.slice_assignment_practice, x)
    corner = torch.zeros_like(x)
    corner[:4, :6] = with_pattern(x)[:4, :6]
    expect_close(after, with_pattern(x), name="x after the call", mistakes={
        IN_PLACE: x,
        "The rest of x must stay as it was.": corner,
    }, hint="Compare with the pattern in the docstring. The end of a slice does not count.")  # fmt: skip
    expect(same is True, "The tensor that was returned is not x.", hint="Return x: neither a copy nor a view of it.")


@task("slice_assignment_practice", share="1/3")
def check_slice_assignment_needs_six(student, rng):
    """At most six assignments write the pattern, each of one integer."""
    ready = ["torch.tensor", "torch.as_tensor", "Tensor.copy_", "torch.Tensor", "np.array", "Tensor.scatter_"]
    forbid(student, "slice_assignment_practice", calls=[*ready, "torch.where", "Tensor.index_put_"])
    x = rng.normal(5, 6)
    after, written = student.define(PROBE).writes(student.slice_assignment_practice, x)
    expect_close(after, with_pattern(x), name="x after the call")
    hint = "A slice such as x[:2, 2:6] may be as large as you like, and may have steps: x[2:4, 0:3:2] = 3."
    expect(len(written) <= 6, Message("There were {count} assignments.", count=len(written)), hint=hint)
    others = sorted({kind for kind in written if kind != "int"})
    expect(
        not others,
        Message("What was assigned is not always an int: {kinds}.", kinds=", ".join(map(str, others))),
        hint=hint,
    )
