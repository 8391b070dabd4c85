"""Exceptions whose reason is usually the same have a hint; torch is asked for each of them."""

from __future__ import annotations

from collections.abc import Callable

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


CASES: list[tuple[Callable[[], object], str]] = [
    (lambda: ones(2, 3) @ ones(4, 5), "The rows have the length 3, but 4 is expected."),
    (lambda: ones(2, 3) + ones(2, 4), "Along axis 1 one tensor has the size 3 and the other 4."),
    (lambda: torch.bmm(ones(2, 3, 4), ones(2, 5, 4)), "must have the shape (2, 4, ...); it begins with (2, 5)"),
    (lambda: ones(2, 3) @ ones(3, 2, dtype=double), "Tensors of two dtypes meet"),
    (lambda: torch.nn.functional.linear(ones(2, 3), ones(4, 3, dtype=double)), "Tensors of two dtypes meet"),
    (lambda: ones(3)[ones(2)], "convert them with .long()"),
    (lambda: torch.stack([]), "The list is empty here"),
    (lambda: torch.cat([]), "The list is empty here"),
    (lambda: ones(3).sum().backward(), "The graph is cut"),
    (lambda: torch.autograd.grad(ones(3, requires_grad=True).sum(), ones(3)), "The graph is cut"),
    (lambda: (1.0).backward(), "cut the graph"),  # type: ignore[attr-defined]
    (changed_in_place, "changed in place"),
    (twice, "backward() ran twice"),
    (lambda: None + ones(2), "is there a `return`"),  # type: ignore[operator]
    (lambda: torch.nn.Linear(3, 4 / 2), "divide with //"),  # type: ignore[arg-type]
    (lambda: torch.dropout((ones(2), 1), 0.5, True), "Unpack it"),  # type: ignore[arg-type]
    (lambda: ones(2, 3)[0, 3], "Axis 1 has the size 3"),
    (lambda: bool(ones(2) > 0), "where one is needed"),
    (lambda: ones(2, 3).T.view(6), "use reshape"),
    (lambda: ones(2, 3).reshape(4, 2), "A tensor of the size 6 cannot be given the shape (4, 2)"),
    (lambda: torch.cat([ones(2, 3), ones(2, 4)]), "Print their shapes"),
    (lambda: torch.stack([ones(2), ones(3)]), "Print their shapes"),
    (lambda: torch.stack([1, 2]), "torch.tensor makes a tensor of numbers"),  # type: ignore[list-item]
    (lambda: torch.conv2d(ones(2, 9), ones(1, 1, 3, 3)), "(N, C, H, W)"),
    (
        lambda: torch.conv2d(ones(1, 3, 5, 5), ones(1, 2, 3, 3)),
        "The number of channels is 3; the convolution expects 2.",
    ),
    (lambda: ones(3, 2)[ones(1, 2) > 0], "masked_fill and torch.where broadcast it"),
    (lambda: ones(0)[0], "This axis is empty. Either there are no entries"),
    (lambda: ones(2, 0).max(dim=1), "This axis is empty. Either there are no entries"),
    (lambda: ones(2, 3)[:, 3:5].amax(dim=1), "an earlier line selects none, for example because height and width"),
    (lambda: ones(2).sum(dim=1), "fewer axes"),
]


@pytest.mark.parametrize(("call", "hint"), CASES, ids=[hint[:30] for _, hint in CASES])
def test_the_usual_reason_is_named(call: Callable[[], object], hint: str) -> None:
    with pytest.raises(Exception) as caught:  # noqa: PT011
        call()
    assert hint in usual_reason(f"{type(caught.value).__name__}: {caught.value}")


def test_other_exceptions_have_no_hint() -> None:
    assert usual_reason("KeyError: 'W1'\n  in a line about NoneType") == ""


def test_the_hint_of_the_check_comes_first() -> None:
    text = "RuntimeError: Dimension out of range (expected to be in range of [-1, 0], but got 1)"
    assert verdict_on(StudentFault(Cause.ERROR, text), None).hint.startswith("The tensor has fewer axes")
    assert verdict_on(StudentFault(Cause.ERROR, text, "Keep the axis."), None).hint == "Keep the axis."
    assert verdict_on(StudentFault(Cause.TIMEOUT, text), None).hint == ""
