"""What a wrong type or a wrong shape usually comes from: a hint for each, for values of exact builtin types only."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from autograder.checks.describe import TENSORS
from autograder.core.message import Message

Shape = tuple[int, ...]

_TENSOR = {  # what came instead of a tensor
    np.ndarray: "This is a numpy array. Work with torch's functions throughout; torch.from_numpy(...) makes a tensor.",
    list: "This is a list: torch.stack joins tensors of one shape, and torch.tensor makes a tensor of numbers.",
    float: "This is a number of Python: .item() and float() take it out of its tensor.",
    int: "This is a number of Python: .item() and int() take it out of its tensor.",
}
_ARRAY = {  # what came instead of an array
    list: "This is a list: np.array(...) and np.stack(...) make an array.",
    float: "This is a number of Python: float() and .item() take it out of its array.",
    int: "This is a number of Python: int() and .item() take it out of its array.",
}

_TOO_LONG = (
    "The size of axis {axis} is that of axis {other}, one too many: does a loop run over the other axis, or does a "
    "range, a slice or a padding go one step too far?"
)
_TOO_SHORT = (
    "The size of axis {axis} is that of axis {other}, one too few: does a loop run over the other axis, or does a "
    "range, a slice or a padding end one step too early?"
)


def other_type(actual: Any, expected: Any) -> str:
    """Return a hint for a value of another type than the expected one, or an empty string."""
    kind, wanted = type(actual), type(expected)
    tensor, array = kind in TENSORS, kind is np.ndarray
    if wanted in TENSORS or wanted is np.ndarray:
        if kind is tuple and len(actual) == 2 and all(type(part) is wanted for part in actual):
            return (
                "These are two things, but one is expected. x.max(dim=...), min, sort and topk return values and "
                "indices: take .values or .indices."
            )
        if tensor and wanted is np.ndarray:
            return "This is a tensor of torch. Work with numpy's functions throughout."
        return (_TENSOR if wanted in TENSORS else _ARRAY).get(kind, "")
    if wanted in (tuple, list) and (tensor or array):
        return Message("Return all {n} parts: return a, b, ...", n=len(expected)) if len(expected) > 1 else ""
    if wanted in (int, float, bool):
        return one_number(actual, wanted)
    return ""


def one_number(actual: Any, wanted: type) -> str:
    """Return a hint for a value where a number of Python is expected, or an empty string."""
    if type(actual) in TENSORS or type(actual) is np.ndarray:
        if math.prod(tuple(actual.shape)) == 1:
            return "x.item() takes the only number out of x."
        return "Here are several numbers, but one is expected: take the sum, the mean, or one of them."
    if wanted is int and type(actual) is float and actual == actual // 1:
        return "A division with / gives a float: divide with //, or use int(...)."
    return ""


def other_shape(found: Shape, wanted: Sequence[int | None]) -> str:
    """Return a hint for another shape than the expected one, in which None is any size, or an empty string."""
    if not found and wanted:
        return (
            "A single number came out: without dim= (axis= in numpy), sum, mean, max and argmax take all axes together."
        )
    exact = tuple(size for size in wanted if size is not None)
    return _axis_hint(found, exact) if len(exact) == len(wanted) else ""


def _axis_hint(found: Shape, wanted: Shape) -> str:
    if len(found) == len(wanted) - 1 and (axis := _left_out(wanted, found)) is not None:
        if wanted[axis] == 1:
            return Message("Axis {axis}, of size 1, is missing: keep it with keepdim=True, or add it.", axis=axis)
        return Message("Axis {axis} is missing: was it summed, averaged or indexed away?", axis=axis)
    if wanted and wanted[-1] > 1 and found == (*wanted, wanted[-1]):
        return Message(
            "Each of the {size} met each of the {size}. x[:, i] takes all of i from each row; x[torch.arange({size}), "
            "i] takes one from each. The shapes ({size}, 1) and ({size},) broadcast to ({size}, {size}); squeeze(-1) "
            "removes an axis of size 1.",
            size=wanted[-1],
        )
    if len(found) == len(wanted) + 1 and (axis := _left_out(found, wanted)) is not None:
        if found[axis] == 1:
            return Message("Axis {axis}, of size 1, is too much: remove it with squeeze({axis}).", axis=axis)
        return Message("Axis {axis} is too much: should it be summed over, or is one entry of it meant?", axis=axis)
    if len(found) != len(wanted):
        return ""
    different = [axis for axis, (f, w) in enumerate(zip(found, wanted, strict=True)) if f != w]
    if len(different) > 1 and sorted(found) == sorted(wanted):
        return "The sizes are right, but the axes are in another order: transpose or permute."
    if len(different) == 1:
        (axis,) = different
        same = [other for other, size in enumerate(wanted) if size == found[axis] > 2]  # 2 is equal by chance
        if len(same) == 1 and abs(found[axis] - wanted[axis]) == 1:
            long = found[axis] > wanted[axis]
            return Message(_TOO_LONG if long else _TOO_SHORT, axis=axis, other=same[0])
        if len(same) == 1:
            return Message(
                "The size of axis {axis} is that of axis {other}: does a loop run over the other axis?",
                axis=axis,
                other=same[0],
            )
    return ""


def _left_out(long: Shape, short: Shape) -> int | None:
    """Return the only axis without which the long shape is the short one, or None."""
    axes = [axis for axis in range(len(long)) if long[:axis] + long[axis + 1 :] == short]
    return axes[0] if len(axes) == 1 else None
