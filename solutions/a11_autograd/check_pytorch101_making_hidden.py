"""Hidden checks of pytorch101: making tensors, slices and writing, on other ranks, dtypes and sizes."""

import torch
from check_pytorch101_making import ALL_AXES
from oracles_tensors import PROBE, four_slices, with_pattern

from autograder import Message, expect, expect_close, expect_equal, expect_type, explain_errors, task

FLOATS = "torch.zeros makes float32 by itself, and whole numbers alone make int64: write dtype=torch.float32, or 1.0."


@task("create_sample_tensor", share=50)
def check_sample_tensor_is_new_each_time(student):
    """The sample tensor is float32, and each call makes a new one."""
    expected = torch.tensor([[0.0, 10.0], [100.0, 0.0], [0.0, 0.0]])
    again = student.define("def spoil(make):\n    make().fill_(7)\n    return make()\n").spoil
    found = again(student.create_sample_tensor)
    expect_close(found, expected, check_dtype=False, hint="Make a new tensor in each call.")
    expect(found.dtype == torch.float32, "The dtype is not float32.", FLOATS)


@task("mutate_tensor", share=50)
def check_mutate_tensor_of_any_rank(student, rng):
    """Tensors of ranks 1 to 3 and of whole numbers, an index that occurs twice, and no index at all."""
    probe = student.define(PROBE)
    cases = [
        (rng.normal(5), [(4,), (0,), (4,)], [1.5, -2.0, 3.25]),
        (rng.normal(2, 3, 4), [(1, 2, 3), (0, 0, 1), (1, 2, 3)], [8.0, 9.0, -1.0]),
        (rng.integers(0, 9, 3, 4), [(2, 1), (2, 1)], [70, 50]),
        (rng.normal(4, 3).T, [(2, 3)], [5.0]),
        (rng.normal(2, 2), [], []),
    ]
    for x, indices, values in cases:
        expected = x.clone()
        for index, value in zip(indices, values, strict=True):
            expected[index] = value
        with explain_errors(
            {"IndexError": "A tuple of indices has one number for each axis: x[index] takes it whole."}
        ):
            after, same = probe.in_place(student.mutate_tensor, x, indices, values)
        expect_equal(after, expected, name=Message("x of shape {shape} after the call", shape=tuple(x.shape)),
                     hint="If an index occurs twice, the later value counts.")  # fmt: skip
        expect(same is True, "The tensor that was returned is not x.")


@task("count_tensor_elements", share=50)
def check_count_of_unusual_shapes(student, rng):
    """A tensor of rank 0 has one element, one with an axis of length 0 none, and a view counts as it is seen."""
    for x in (torch.tensor(3.5), torch.zeros(3, 0, 2), torch.zeros(0), rng.normal(4, 6)[:, ::2], torch.ones(1, 1, 1)):
        count = student.count_tensor_elements(x.to(rng.device))
        expect_equal(
            count,
            len(x.flatten().tolist()),
            name=Message("the count for the shape {shape}", shape=tuple(x.shape)),
            mistakes={"An axis of length 0 leaves no elements: the product of the lengths is 0.": 1},
            hint=ALL_AXES,
        )
        expect_type(count, int, name="the count")


NO_MULTIPLE = "There may be no multiple, (0,), and ends below 0: // rounds down, int() towards 0."


@task("multiples_of_ten", share=50)
def check_multiples_of_ten_of_any_sign(student):
    """Negative ends, no multiple at all, one number, and the dtype float64."""
    for start, stop in ((-25, 17), (-30, -10), (1, 9), (-9, -1), (40, 40), (41, 41), (11, 20), (-8, 8)):
        right = torch.tensor([float(n) for n in range(start, stop + 1) if n % 10 == 0], dtype=torch.float64)
        with explain_errors({"RuntimeError": NO_MULTIPLE}):
            found = student.multiples_of_ten(start, stop)
        expect_close(found, right, name=Message("from {start} to {stop}", start=start, stop=stop), hint=NO_MULTIPLE)


def matrices(rng):
    """Return matrices of several sizes and kinds; two are views with strides of their own."""
    large = rng.normal(9, 12)
    return [
        rng.normal(2, 3),
        rng.integers(0, 99, 3, 5),
        large.T,
        large[1::2, 2:],
        rng.normal(7, 4, dtype=torch.float32),
    ]


@task("slice_indexing_practice", share=25)
def check_slices_of_other_matrices(student, rng):
    """The slices are right for other sizes and dtypes, and for matrices that are views."""
    for x in matrices(rng):
        with explain_errors({"out of bounds": "x may have any number of rows: x[-1] is the last one."}):
            found = student.slice_indexing_practice(x)
        expect_equal(found, four_slices(x), name=Message("for the shape {shape}", shape=tuple(x.shape)))


@task("slice_indexing_practice", share=25)
def check_slices_of_views_are_views(student, rng):
    """The slices share the memory of matrices that are views themselves."""
    probe = student.define(PROBE + "\ndef strided(f, x):\n    return shared(f, x.T[:, 1:])\n")
    for x in (rng.normal(6, 5), rng.integers(0, 9, 8, 4)):
        out, shared = probe.strided(student.slice_indexing_practice, x)
        expect_equal(out, four_slices(x.T[:, 1:]))
        expect(
            shared == [True] * 4, "Some slices are copies.", hint="Slice x itself; contiguous() and reshape can copy."
        )


@task("create_tensor_of_pi", share=50)
def check_tensor_of_pi_is_float32(student):
    """The dtype is float32, and there may be one element or none."""
    for shape in ((4, 2), (1, 1), (0, 3), (2, 0)):
        out = student.create_tensor_of_pi(*shape)
        expect_close(out, torch.full(shape, 3.14), check_dtype=False, mistakes={
            "M or N may be 0: then the tensor has no elements.": torch.full([max(size, 1) for size in shape], 3.14),
        }, name=Message("the tensor of shape {shape}", shape=shape))  # fmt: skip
        hint = "torch.full makes float32 of 3.14 by itself: give it no other dtype."
        expect(out.dtype == torch.float32, "The dtype is not float32.", hint)


@task("slice_assignment_practice", share="1/3")
def check_slice_assignment_on_other_tensors(student, rng):
    """The pattern is right in the smallest matrix, in whole numbers and in a view; x itself is returned."""
    probe = student.define(PROBE)
    for x in (rng.normal(4, 6), rng.integers(10, 99, 7, 8), rng.normal(9, 5, dtype=torch.float32).T):
        after, same = probe.in_place(student.slice_assignment_practice, x)
        expect_equal(after, with_pattern(x), name=Message("x of shape {shape} after the call", shape=tuple(x.shape)))
        expect(same is True, "The tensor that was returned is not x.")
