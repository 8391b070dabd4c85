"""Each stage of a comparison has a sentence, and common mistakes have hints."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from autograder.checks.expect import (
    Mismatch,
    expect,
    expect_close,
    expect_equal,
    expect_shape,
    expect_type,
    expect_vectorised,
)
from autograder.core.report import Cause
from autograder.sandbox.link import Measurement

T = torch.arange(1.0, 7.0, dtype=torch.float64).reshape(2, 3)
SQUARE = torch.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0], [7.0, 8.0, 9.0]], dtype=torch.float64)
NAN, INF = float("nan"), float("inf")


def _caught(function, *args, **kwargs) -> Mismatch:
    with pytest.raises(Mismatch) as info:
        function(*args, **kwargs)
    return info.value


def test_a_failed_expectation_has_a_message_a_hint_and_a_cause():
    expect(True, "fine")
    expect(torch.tensor(True), "fine")
    expect(np.bool_(True), "fine")
    found = _caught(expect, False, "x was changed in place", "Work on a copy.")
    assert (found.message, found.hint, found.cause) == ("x was changed in place", "Work on a copy.", Cause.WRONG)


@pytest.mark.parametrize("condition", [False, None, 1, "yes", [True], object(), torch.tensor([True]), torch.tensor(1)])
def test_only_true_counts_as_true(condition):
    _caught(expect, condition, "no")


@pytest.mark.parametrize(
    ("actual", "expected"),
    [
        (T + 1e-7, T),
        (T.float() + 1e-6, T.float()),
        (T.bfloat16() + 0.01, T.bfloat16()),
        (T.to(torch.complex64), T.to(torch.complex64)),
        (T.t().contiguous().t(), T),
        (torch.nn.Parameter(T), T),
        (T.clone().requires_grad_(), T),
        (torch.tensor([NAN, INF, -INF]), torch.tensor([NAN, INF, -INF])),
        (T.numpy()[::-1, ::-1], T.numpy()[::-1, ::-1].copy()),
        (T.numpy().astype(">f8"), T.numpy()),
        (0.5, 0.5 + 1e-7),
        (1, 1.0),
        (1.0, 1),
        (torch.tensor(0.5), 0.5 + 1e-6),
        (0.5, torch.tensor(0.5, dtype=torch.float64)),
        (np.float32(0.1), 0.1),
        (np.array(0.1), torch.tensor(0.1, dtype=torch.float64)),
        (1, 1 + 0j),
        (True, True),
        (10**400, 10**400),
        ([1.0, {"a": T}], [1.0, {"a": T + 1e-8}]),
        (torch.Size([1, 2]), (1, 2)),
        (torch.zeros(0, 3), torch.zeros(0, 3)),
    ],
)
def test_close_values_pass(actual, expected):
    expect_close(actual, expected)


SENTENCES = [
    (None, T, "expected a tensor f64[2,3], got None (is there a `return`?)"),
    (T.numpy(), T, "expected a tensor f64[2,3], got array f64[2,3]"),
    ([1.0], T, "expected a tensor f64[2,3], got [1]"),
    (T.to_sparse(), T, "expected a dense tensor, got a sparse or nested one"),
    (T.to("meta"), T, "expected a tensor of plain numbers, got a quantized one or one without values (device meta)"),
    (T[:, :2], T, "expected shape [2,3], got [2,2]"),
    (T.float(), T, "expected dtype float64, got float32"),
    (np.array([["a"] * 3] * 2), T.numpy(), "expected numbers of dtype float64, got an array of dtype <U1"),
    (
        T + torch.tensor([[0, 0, 1], [2, 0, 0]]),
        T,
        "2 of 6 values differ by more than 1e-06 + 1e-05*|expected|; first at [0,2]: expected 3, got 4; "
        "the largest difference is 2 at [1,0]",
    ),
    (torch.tensor([1, 3]), torch.tensor([1, 2]), "1 of 2 values differs; first at [1]: expected 2, got 3"),
    (
        torch.tensor([1.0, NAN]).double(),
        torch.tensor([1.0, 2.0]).double(),
        "1 of 2 values differs by more than 1e-06 + 1e-05*|expected|; first at [1]: expected 2, got nan; "
        "1 value is nan",
    ),
    (
        torch.tensor([INF]),
        torch.tensor([-INF]),
        "1 of 1 value differs by more than 1e-05 + 0.0001*|expected|; first at [0]: expected -inf, got inf",
    ),
    (0.5, 0.6, "expected 0.6, got 0.5; they differ by 0.1, more than 1e-06 + 1e-05*|expected|"),
    (1.0000001, 1.0, None),
    (True, 1.0, "expected a number, got True"),
    (1, True, "expected a bool, got 1"),
    (torch.tensor([0.5]), 0.5, "expected a single number, got f32[1]"),
    (torch.tensor([0.5]), torch.tensor(0.5), "expected shape [], got [1]"),
    (np.zeros(1), torch.tensor(0.5), "expected a single number (f32[]), got array f64[1]"),
    (10**4000, 1.0, "expected 1, got an int of 13288 bits"),
    (10**4000 + 1, 10**4000, None),
    ((T, None), (T, T), "item [1]: expected a tensor f64[2,3], got None (is there a `return`?)"),
    ([1.0], [1.0, 2.0], "expected a list of length 2, got one of length 1: [1]"),
    ((1.0,), [1.0], "expected a list of length 1, got (1,)"),
    (None, {"b": T}, "expected a dict with key 'b', got None (is there a `return`?)"),
    ({"a": T}, {"b": T, "c": T}, "the dict has no keys 'b', 'c' and has unexpected key 'a'"),
    ({"a": -T}, {"a": T[:1]}, "item ['a']: expected shape [1,3], got [2,3]"),
    ("b", "a", "expected 'a', got 'b'"),
    ("a" * 70, "a" * 65, "character 65 is the first to differ: expected '', got 'aaaaa'"),
    (3, None, "expected None, got 3"),
    ({1, 2}, {1, 3}, "expected {1, 3}, got {1, 2}"),
]


@pytest.mark.parametrize(("actual", "expected", "message"), [row for row in SENTENCES if row[2]])
def test_each_stage_has_a_sentence(actual, expected, message):
    assert _caught(expect_close, actual, expected).message == message


def test_the_device_is_a_separate_stage():
    expected = torch.zeros(2, device="meta")  # represents a GPU: only the stages before the values are reached
    found = _caught(expect_close, torch.zeros(2), expected)
    assert found.message == "expected a tensor on meta, got one on cpu"
    assert "x.new_zeros" in found.hint


def test_the_message_starts_with_the_name_of_the_part():
    assert _caught(expect_close, 1.0, 2.0, name="db").message.startswith("db: expected 2, got 1")
    assert _caught(expect_close, {"W": 1.0}, {"W": 2.0}, name="grads").message.startswith("grads['W']: expected 2")
    assert _caught(expect_equal, [1], [2], name="steps").message == "steps[0]: expected 2, got 1"


def test_without_check_dtype_the_coarser_dtype_sets_the_tolerance():
    expect_close(T.float() + 1e-6, T, check_dtype=False)
    assert "1e-05 + 0.0001*" in _caught(expect_close, T.float() + 1, T, check_dtype=False).message


def test_tolerances_can_be_chosen():
    expect_close(T + 0.4, T, atol=0.5, rtol=0)
    assert "by more than 0.5;" in _caught(expect_close, T + 0.6, T, atol=0.5, rtol=0).message
    expect_close(torch.tensor([10]), torch.tensor([11]), atol=1)
    expect_close(105, 100, rtol=0.1)


def test_differences_of_integers_do_not_overflow():
    far = torch.tensor([2**63 - 1, 5])
    assert "the largest difference is 1.84467e+19" in _caught(expect_close, far, torch.tensor([-(2**63), 6])).message
    _caught(expect_close, far, torch.tensor([-(2**63), 5]), atol=3)


@pytest.mark.parametrize(
    ("actual", "expected", "hint"),
    [
        (SQUARE.t(), SQUARE, "The result is transposed."),
        (T.t(), T, "The result is transposed."),
        (T.reshape(1, 2, 3).transpose(0, 2), T.reshape(1, 2, 3), "Axes 0 and 2 are swapped."),
        (T.reshape(6, 1), T.reshape(6), "The values are right; only the shape is wrong."),
        (-T, T, "Every value has the wrong sign."),
        (2 * T, T, "Every value is 2 times the expected one."),
        (T / 7, T, "Every value is 1/7 of the expected one."),
        (-3 * T, T, "Every value is -3 times the expected one."),
        (3.14159 * T, T, "Every value is 3.14159 times the expected one."),
        (3 * torch.arange(4), torch.arange(4), "Every value is 3 times the expected one."),
        (1.02 * T, T, "Every value is 1.02 times the expected one."),
        (1.00002 * T, T, "This is nearly right: is a small constant such as eps"),
        (0.9993 * T, T, "This is nearly right: is a small constant such as eps"),
        (T * 0, T, "Every value is zero: is nothing written or counted"),
        (T / torch.tensor([0.0, 1, 1]) * 0, T, "nan comes from 0/0 (the mean of nothing, too)"),
        (2 * T[:, :2] * 0 + 2, T[:, :2] * 0 + 1, ""),  # one distinct value proves no factor
        (T + 1, T, "Every value is too large by 1."),
        (1e5 * torch.tensor([1e-9, -1e-9, 2e-9]), torch.tensor([1e-9, 3e-9, 2e-9]), ""),  # noise below the tolerance
        (2j * T, T.to(torch.complex128), ""),
        (T * 2, {"a": T}, ""),
    ],
)
def test_common_mistakes_are_recognised_without_a_list(actual, expected, hint):
    found = _caught(expect_close, actual, expected)
    assert found.hint.startswith(hint)
    assert bool(found.hint) == bool(hint)


def test_a_factor_that_would_be_shown_as_one_is_not_a_hint():
    assert "1 times" not in (hint := _caught(expect_close, 1.0000002 * T, T, rtol=1e-9, atol=1e-9).hint)
    assert hint.startswith("This is nearly right")


def test_a_mistake_from_the_list_comes_before_common_ones():
    mistakes = {"Another.": T + 1, "The mean was forgotten.": 2 * T, "No.": lambda: 1 / 0}
    assert _caught(expect_close, 2 * T, T, mistakes=mistakes).hint == "The mean was forgotten."


def test_a_wrong_value_may_be_a_function_have_another_shape_or_fail():
    assert _caught(expect_close, T.sum(1), T, mistakes={"Do not sum.": lambda: T.sum(1)}).hint == "Do not sum."
    assert _caught(expect_close, T.sin(), T, mistakes={"Broken.": lambda: 1 / 0}).hint == ""
    assert _caught(expect_equal, 4, 5, mistakes={"Off by one.": 4}).hint == "Off by one."
    assert _caught(expect_close, (T, -T), (T, T), mistakes={"Both.": (T, -T)}).hint == "Both."


def test_a_hint_of_the_check_is_said_where_nothing_else_explains_the_value() -> None:
    for expectation in (expect_close, expect_equal):
        assert _caught(expectation, T + T.square(), T, mistakes={"One.": T + 1}, hint="Look.").hint == "Look."
        assert _caught(expectation, T + 1, T, mistakes={"One.": T + 1}, hint="Look.").hint == "One."
        assert _caught(expectation, -T, T, hint="Look.").hint == "Every value has the wrong sign."
        expectation(T, T, hint="Look.")
    assert _caught(expect_shape, T, (9, 9), hint="Look.").hint == "Look."
    assert _caught(expect_shape, None, (9, 9), hint="Look.").hint == "Look."


def test_a_wrong_value_equal_to_the_expected_one_is_ignored():
    assert _caught(expect_close, T.float(), T, mistakes={"Wrong.": T}).hint.startswith("Create tensors")


def test_a_wrong_dtype_of_whole_numbers_is_not_that_of_the_input():
    assert "dtype=torch.int64" in _caught(expect_equal, T.int(), T.long()).hint
    assert ".to(torch.bool)" in _caught(expect_equal, T, T > 1).hint
    assert ".astype(np.int64)" in _caught(expect_equal, T.numpy(), T.long().numpy()).hint
    assert "dtype and device of the input" in _caught(expect_equal, T.float(), T).hint


def test_a_mistake_is_recognised_in_any_dtype():
    assert _caught(expect_close, (T + 1).float(), T, mistakes={"One too many.": T + 1}).hint == "One too many."


@pytest.mark.parametrize(
    ("actual", "expected"),
    [
        (1, 1), (torch.tensor(1), 1), (np.int64(1), 1), (np.bool_(True), True), (NAN, NAN), ("a", "a"), (None, None),
        ({"b": 1, "a": [1.5]}, {"a": [1.5], "b": 1}), ({(1, "a"): 2}, {(1, "a"): 2}), (T.long(), T.long()),
        ([1], (1,)), ({1, "a"}, {"a", 1}), (torch.float32, torch.float32), (slice(1, 2), slice(1, 2)), (b"x", b"x"),
        (10**400, 10**400),
    ],
)  # fmt: skip
def test_equal_values_pass(actual, expected):
    expect_equal(actual, expected)


@pytest.mark.parametrize(
    ("actual", "expected"),
    [
        (True, 1), (1, True), (1, 1.0), (1.0, 1), (torch.tensor(1.0), 1), (torch.tensor([1]), 1), ("1", 1), (None, 0),
        (0, None),
        ((1,), [1]), ({1: 0}, {True: 0}), ({1}, {True}), (T.long(), T.int()), (T + 1e-12, T), (b"a", "a"), ([], None),
        (torch.float64, torch.float32), ("a", "b"), (object(), 1), (10**400 + 1, 10**400),
    ],
)  # fmt: skip
def test_different_values_and_types_are_not_equal(actual, expected):
    _caught(expect_equal, actual, expected)


def test_without_check_dtype_dtypes_may_differ_but_not_their_kind():
    expect_equal(T.long(), T.int(), check_dtype=False)
    found = _caught(expect_equal, T, T.long(), check_dtype=False)
    assert found.message == "expected values of type int, got float"


def test_a_shape_may_leave_sizes_open():
    expect_shape(T, (2, None))
    expect_shape(np.zeros(3), (3,))
    expect_shape(0.5, ())
    assert _caught(expect_shape, T, (3, None), "out").message == "out: expected shape [3,*], got [2,3]"
    assert _caught(expect_shape, T, (2,)).message == "expected shape [2], got [2,3]"
    assert (
        _caught(expect_shape, None, (2,)).message == "expected a tensor of shape [2], got None (is there a `return`?)"
    )


def test_types_are_exact():
    expect_type(torch.nn.Parameter(T), torch.Tensor)
    expect_type(1, (int, float))
    assert _caught(expect_type, True, int).message == "expected a value of type int, got True"
    assert _caught(expect_type, 1, (dict, type(None)), "config").message == (
        "config: expected a value of type dict or None, got 1"
    )


@pytest.mark.parametrize(("few", "many", "passes"), [(30, 80, True), (30, 81, False), (0, 20, True), (0, 21, False)])
def test_a_vectorised_call_runs_about_as_many_operations_on_more_inputs(few, many, passes):
    calls = [Measurement(None, (), ops, 0) for ops in (few, many)]
    options = {"few_inputs": "4 images", "many_inputs": "40 images", "hint": "One operation for all."}
    if passes:
        expect_vectorised(*calls, **options)
        return
    found = _caught(expect_vectorised, *calls, **options)
    assert found.message == f"4 images took {few} torch operations, 40 images took {many}."
    assert found.hint == "One operation for all."
