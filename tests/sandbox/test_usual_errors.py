"""Exceptions whose reason is usually the same have a hint; torch is asked for each of them."""

from __future__ import annotations

import bdb
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from autograder.core.report import Cause
from autograder.sandbox.proxy import StudentFault
from autograder.sandbox.usual_errors import usual_reason
from autograder.session.verdict import verdict_on

ones, double = torch.ones, torch.float64


def changed_in_place() -> None:
    x = ones(3, requires_grad=True)
    y = x.exp()
    y += 1
    y.sum().backward()


def twice() -> None:
    loss = ones(3, requires_grad=True).exp().sum()
    loss.backward()
    loss.backward()


class Headless(torch.nn.Module):
    def __init__(self) -> None:
        self.layer = torch.nn.Linear(2, 2)


def unpacked(value: Any) -> object:
    a, b = value
    return a, b


def late() -> object:
    for _ in []:
        z = 1
    return z


def endless() -> object:
    return endless()


def quit_debugger() -> None:
    raise bdb.BdbQuit


CASES: list[tuple[Callable[[], object], str]] = [
    (lambda: torch.nn.functional.linear(ones(2, 4, 3), ones(5, 12)), "x.flatten(1)"),
    (lambda: ones(2, 3) @ ones(4, 5), "The rows have the length 3, but 4 is expected."),
    (lambda: ones(2, 3) + ones(2, 4), "Along axis 1 one tensor has the size 3 and the other 4."),
    (lambda: torch.bmm(ones(2, 3, 4), ones(2, 5, 4)), "must have the shape (2, 4, ...); it begins with (2, 5)"),
    (lambda: ones(2, 3) @ ones(3, 2, dtype=double), "Tensors of two dtypes meet"),
    (lambda: torch.nn.functional.linear(ones(2, 3), ones(4, 3, dtype=double)), "Tensors of two dtypes meet"),
    (lambda: ones(3)[ones(2)], "convert them with .long()"),
    (lambda: torch.stack([]), "The list of tensors is empty here"),
    (lambda: torch.cat([]), "The list of tensors is empty here"),
    (lambda: ones(3).sum().backward(), "The graph is cut"),
    (lambda: torch.autograd.grad(ones(3, requires_grad=True).sum(), ones(3)), "The graph is cut"),
    (lambda: (1.0).backward(), "cut the graph"),  # type: ignore[attr-defined]
    (changed_in_place, "changed in place"),
    (twice, "backward() ran twice"),
    (lambda: None + ones(2), "is there a `return`"),  # type: ignore[operator]
    (lambda: len(None), "An argument that may be left out is None, too"),  # type: ignore[arg-type]
    (lambda: torch.nn.Linear(3, 4 / 2), "divide with //"),  # type: ignore[arg-type]
    (lambda: torch.dropout((ones(2), 1), 0.5, True), "Unpack it"),  # type: ignore[arg-type]
    (lambda: ones(2, 3)[0, 3], "Axis 1 has the size 3"),
    (lambda: bool(ones(2) > 0), "where one is needed"),
    (lambda: ones(2, 3).T.view(6), "use reshape"),
    (lambda: ones(2, 3).reshape(4, 2), "A tensor of the size 6 cannot be given the shape (4, 2)"),
    (lambda: torch.stack([ones(2), ones(3)]), "Print their shapes"),
    (lambda: torch.stack([1, 2]), "torch.tensor makes a tensor of numbers"),  # type: ignore[list-item]
    (lambda: torch.conv2d(ones(2, 9), ones(1, 1, 3, 3)), "(N, C, H, W)"),
    (
        lambda: torch.conv2d(ones(1, 3, 5, 5), ones(1, 2, 3, 3)),
        "The number of channels is 3; the convolution expects 2. Each layer takes",
    ),
    (lambda: ones(3, 2)[ones(1, 2) > 0], "masked_fill and torch.where broadcast it"),
    (lambda: ones(0)[0], "This axis is empty. Either there are no entries"),
    (lambda: ones(2, 0).max(dim=1), "This axis is empty. Either there are no entries"),
    (lambda: ones(2, 3)[:, 3:5].amax(dim=1), "an earlier line selects none, for example because height and width"),
    (lambda: ones(2).sum(dim=1), "fewer axes"),
    (lambda: ones(2, 3)[0, 0, 0], "fewer axes"),
    (lambda: np.ones(3).sum(axis=1), "fewer axes"),
    (lambda: ones(2, 3) - ones(2, 3).max(dim=1, keepdim=True), "x.max(dim=...) returns two things"),  # type: ignore[operator]
    (lambda: torch.exp(ones(2, 3).max(dim=1)), "x.max(dim=...) returns two things"),  # type: ignore[arg-type]
    (lambda: np.maximum(ones(3, requires_grad=True), 0), "numpy cannot follow gradients"),
    (lambda: np.ones(3) * ones(3, requires_grad=True), "one of the two libraries"),
    (lambda: torch.matmul(ones(3, 4), np.ones((4, 2))), "one of the two libraries"),  # type: ignore[arg-type]
    (lambda: ones(3)[::-1], "cannot go backwards"),
    (lambda: ones(3).astype("float32"), "x.to(dtype)"),  # type: ignore[operator]
    (lambda: ones(3).copy(), "x.clone()"),  # type: ignore[operator]
    (lambda: np.ones(3).clone(), "x.copy()"),  # type: ignore[attr-defined]
    (lambda: ones(3).shape(0), "x.shape[0]"),  # type: ignore[operator]
    (lambda: torch.zeros(3, 4 / 2), "divide with //"),  # type: ignore[arg-type]
    (lambda: range(3 / 2), "divide with //"),  # type: ignore[arg-type]
    (lambda: ones(3)[: 3 / 2], "divide with //"),  # type: ignore[misc]
    (lambda: np.ones(3)[1.0], "divide with //"),  # type: ignore[index]
    (lambda: range(torch.tensor(1.5)), "int(x)"),  # type: ignore[arg-type]
    (lambda: ones(2, 3).gather(1, ones(2, 1)), "convert them with .long()"),
    (lambda: ones(2, 3).gather(1, torch.tensor([0, 1])), "index[:, None]"),
    (lambda: torch.nn.functional.cross_entropy(ones(3, 4), ones(3)), "convert them with .long()"),
    (lambda: torch.nn.functional.cross_entropy(ones(3, 4), torch.tensor([0, 1])), "is 3, and that of labels 2"),
    (lambda: torch.nn.functional.cross_entropy(ones(1, 4), torch.tensor([7])), "The label 7 is not a class"),
    (lambda: torch.nn.functional.cross_entropy(ones(1, 4), torch.tensor([9])), "Are there too few columns"),
    (lambda: torch.nn.functional.binary_cross_entropy(ones(3, 1), ones(3)), "must have the same shape"),
    (lambda: torch.nn.functional.binary_cross_entropy(2 * ones(3), ones(3)), "takes probabilities"),
    (lambda: torch.arange(3).mean(), "x.float().mean()"),
    (lambda: torch.exp(1.0), "takes tensors"),  # type: ignore[arg-type]
    (lambda: math.log(0), "Only numbers above 0"),
    (lambda: torch.tensor([[1, 2], [3]]), "different lengths"),
    (lambda: torch.cat(ones(2), ones(2)), "torch.cat([a, b], dim=0)"),  # type: ignore[call-overload]
    (lambda: torch.stack(ones(2) for _ in range(3)), "torch.cat([a, b], dim=0)"),  # type: ignore[arg-type]
    (lambda: np.concatenate(np.ones(3), np.ones(3)), "np.concatenate([a, b])"),  # type: ignore[call-overload]
    (lambda: torch.cat([torch.tensor(1.0)]), "use torch.stack"),
    (lambda: ones(2)(1), "is a * missing"),  # type: ignore[operator]
    (lambda: (lambda x: x)(1, 2), "the first parameter of a method is self"),  # type: ignore[call-arg]
    (lambda: unpacked(ones(3)), "more parts than names"),
    (lambda: unpacked(ones(1)), "fewer parts than names"),
    (lambda: unpacked(1), "does the function return only one?"),
    (lambda: ones(2, 3) @ ones(2), "rows of length 3, and the vector has the length 2"),
    (lambda: ones(3) @ ones(4), "lengths are 3 and 4"),
    (lambda: torch.dot(ones(2, 2), ones(2, 2)), "a @ b"),
    (lambda: torch.bmm(ones(2, 2), ones(2, 2)), "a @ b"),
    (lambda: setattr(torch.nn.Linear(2, 2), "weight", ones(2, 2)), "assign nn.Parameter(...)"),
    (lambda: Headless(), "Begin __init__ with super().__init__()."),
    (lambda: torch.nn.ModuleList()(1), "in a loop"),
    (
        lambda: ones(2, 4).__setitem__(0, ones(3)),
        "the place has the size 4, and what is written or expanded there has 3",
    ),
    (lambda: ones(2).__setitem__(0, ones(2)), "more axes than the place"),
    (lambda: torch.arange(3).div_(2), "x /= 2 does not"),
    (lambda: np.ones(3, int).__itruediv__(2), "x /= 2 does not"),
    (lambda: ones(3).item(), "where one is needed"),
    (lambda: f"{ones(3):.3f}", "x.item():.3f"),
    (lambda: torch.conv2d(ones(1, 1, 2, 2), ones(1, 1, 3, 3)), "The window is larger"),
    (lambda: torch.nn.BatchNorm2d(3)(ones(2, 4, 5, 5)), "is 4; the batch normalisation was made for 3"),
    (lambda: torch.nn.BatchNorm1d(3)(ones(1, 3)), "more than one value for each channel"),
    (lambda: torch.nn.Embedding(3, 2)(ones(2)), "convert them with .long()"),
    (lambda: torch.nn.Embedding(3, 2)(torch.tensor([3])), "An embedding has a row"),
    (lambda: ones(3).masked_fill(ones(3), 0), "mask.bool()"),
    (lambda: ones(3) @ torch.arange(3), "convert the whole numbers"),
    (lambda: torch.ones(2, 3).long() @ ones(3, 2), "convert the whole numbers"),
    (
        lambda: torch.einsum("ij,jk->ik", ones(2, 3), ones(4, 5)),
        "The letter j of einsum stands for axes of the sizes 3 and 4",
    ),
    (lambda: torch.einsum("ijk,jk->ik", ones(2, 3), ones(4, 5)), "is 3 for operand 0"),
    (lambda: np.ones((3, 4)) @ np.ones((3, 4)), "have the length 4; those of the second factor are 3"),
    (lambda: np.ones((3, 4)) + np.ones(3), "The shapes (3,4) and (3,) do not go together"),
    (lambda: np.ones((3, 4)).__setitem__(0, np.ones(3)), "The value has the shape (3,)"),
    (lambda: np.ones(3)[5], "Axis 0 has the size 3"),
    (lambda: np.ones(3).sum(dim=0), "axis and keepdims"),  # type: ignore[call-overload]
    (lambda: bool(np.ones(3) > 0), "np.where"),
    (lambda: np.stack([np.ones(3), np.ones(2)]), "Print their shapes"),
    (lambda: np.zeros(3, 4), "the shape as one tuple"),  # type: ignore[call-overload]
    (lambda: np.ones(6).reshape(4, 2), "An array of the size 6 cannot be given the shape (4,2)"),
    (lambda: list(3.0), "This is a single number"),  # type: ignore[call-overload]
    (lambda: len(torch.tensor(3)), "fewer axes"),
    (lambda: (3.0).sum(), "Here is a number of Python (float)"),  # type: ignore[attr-defined]
    (lambda: [1].sum(), "This is a list."),  # type: ignore[attr-defined]
    (lambda: [1.0] * 0.5, "This is a list."),  # type: ignore[operator]
    (lambda: "W" + 1, "f'W{i}'"),  # type: ignore[operator]
    (lambda: 1 / 0, "The divisor is 0 here"),
    (lambda: (2 * ones(3, requires_grad=True)).backward(), "a single number: take the sum"),
    (
        lambda: torch.autograd.grad(ones(1, requires_grad=True), ones(1, requires_grad=True)),
        "The result was not computed from this tensor.",
    ),
    (lambda: late(), "z gets its value further down"),
    (lambda: endless(), "without an end"),
    (lambda: torch.reduce_sum(ones(2)), "torch has nothing called reduce_sum"),  # type: ignore[attr-defined]
    (lambda: ones(2).topk(9), "min(k, x.shape[-1])"),
    (lambda: torch.nn.functional.pad(ones(3), 1), "(left, right, top, bottom)"),  # type: ignore[arg-type]
    (lambda: torch.nn.Sequential([torch.nn.Linear(2, 2)]), "nn.Sequential(*layers)"),  # type: ignore[call-overload]
    (lambda: torch.linspace(0, 1), "linspace(...) takes other arguments"),  # type: ignore[call-overload]
    (lambda: eval("np.zeros(2)", {}), "torch has torch.zeros"),
    (lambda: eval("zeros(2)", {}), "Nothing is called zeros here"),
    (lambda: quit_debugger(), "gradlab check --pdb"),
    (lambda: ones(2, 3)[:, torch.tensor([3])], "3 is one too many. Is the size that of the largest index plus 1?"),
    (lambda: ones(2, 3)[0, 7], "Axis 1 has the size 3, and indices count from 0."),
    (lambda: ones(2, 3)[9], "fixed, or that of another axis or of another input?"),
    (lambda: torch.cat([ones(2, 3), ones(2, 4)]), "joined along axis 0 and differ along another one"),
    (lambda: torch.cat([ones(2, 3), ones(2, 5)]), "is one of them from another layer or step?"),
    (lambda: torch.nn.functional.cross_entropy(ones(2, 3, 5), torch.zeros(2, 3).long()), "the classes on axis 1"),
]
BY_LINE = [
    ("ValueError: not enough values to unpack (expected 4, got 3)", "a, b, c, d = x.chunk(4)", "x.chunk(4, dim=1)"),
    ("ValueError: not enough values to unpack (expected 4, got 3)", "a, b, c, d = x.chunk(4, dim=1)", "Print it."),
    (
        "TypeError: unsupported operand type(s) for +: 'Tensor' and 'NoneType'",
        "return x @ self.weight + self.bias",
        "Is self.bias None here?",
    ),
    ("TypeError: unsupported operand type(s) for +: 'Tensor' and 'NoneType'", "return x + y", "is there a `return`"),
]


@pytest.mark.parametrize(("call", "hint"), CASES, ids=[hint[:30] for _, hint in CASES])
def test_the_usual_reason_is_named(call: Callable[[], object], hint: str) -> None:
    with pytest.raises(Exception) as caught:  # noqa: PT011
        call()
    assert hint in usual_reason(f"{type(caught.value).__name__}: {caught.value}")


@pytest.mark.parametrize(("error", "code", "hint"), BY_LINE)
def test_the_line_shows_the_reason(error: str, code: str, hint: str) -> None:
    assert hint in usual_reason(f"{error}\n  layers.py, line 3, in f: f()\n  layers.py, line 7, in f: {code}")


def test_other_exceptions_have_no_hint() -> None:
    assert usual_reason("KeyError: 'W1'\n  in a line about NoneType") == ""


def test_the_hint_of_the_check_comes_first() -> None:
    text = "RuntimeError: Dimension out of range (expected to be in range of [-1, 0], but got 1)"
    assert verdict_on(StudentFault(Cause.ERROR, text), None).hint.startswith("The tensor has fewer axes")
    assert verdict_on(StudentFault(Cause.ERROR, text, "Keep the axis."), None).hint == "Keep the axis."
    assert verdict_on(StudentFault(Cause.TIMEOUT, text), None).hint == ""
