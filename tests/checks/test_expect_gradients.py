"""Values and gradients of a student's module are compared with an oracle's, whatever the names and layouts."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from autograder.checks.expect import Mismatch
from autograder.checks.expect_gradients import expect_same_gradients
from autograder.checks.rng import Rng
from autograder.checks.task import BadCheck
from tests.support.local import local_student

SOURCE = """
import torch
from torch import nn

class Block(nn.Module):
    '''x + linear(x), with a gradient that may stop at one place.'''
    def __init__(self, cut=""):
        super().__init__()
        self.linear, self.cut = nn.Linear(4, 4), cut
        self.unused = nn.Linear(9, 2)

    def at(self, place, x):
        return x.detach() if self.cut == place else x

    def forward(self, x):
        with torch.set_grad_enabled(self.cut != "everything"):
            return self.at("shortcut", x) + self.at("after", self.linear(self.at("before", x)))

    def twice(self, x):
        return self(x) * 2, "something else"

class Transposed(nn.Module):
    def __init__(self):
        super().__init__()
        self.matrix = nn.Parameter(torch.randn(9, 4))  # the weights transposed, the bias, four rows that play no role

    def forward(self, x):
        return x + x @ self.matrix[:4] + self.matrix[4]

class Tied(nn.Module):
    def __init__(self):
        super().__init__()
        self.table = nn.Parameter(torch.randn(5, 4))

    def forward(self, rows):
        return self.table[rows] @ self.table.T

class InPlace(Block):
    def forward(self, x):
        y = self.linear(1 * x)
        x += y
        return x

class Frozen(Block):
    def __init__(self):
        super().__init__()
        self.linear.bias.requires_grad_(False)

class Norm(nn.Module):
    def __init__(self):
        super().__init__()
        self.norm, self.drop = nn.BatchNorm1d(4), nn.Dropout(0.5)

    def forward(self, x):
        return self.drop(self.norm(x))

def attend(q, k, extra=1.0):
    return (q @ k.T * extra).softmax(1), "weights"

def attend_to_detached(q, k):
    return (q @ k.detach().T).softmax(1)

def norm_by_where(x, y):
    size = (x ** 2).sum(1).sqrt()
    return torch.where(size > 0, size, 0) + y.sum(1)

def centred(x):
    x = x - x.mean(1, keepdim=True)
    return x / (x.square().mean(1, keepdim=True) + 1e-30).sqrt()

def nearly(x):
    return x + 0.005 * x.detach()

def product(x, y):
    return x * y

def twice_the_positive(x, y):
    return (x * y).relu() * 2

def to_number(x):
    return x.sum().item()

def penalty(critic, x):
    x = x.detach().requires_grad_()
    slope, = torch.autograd.grad(critic(x).sum(), x, create_graph=True)
    return (slope.norm(dim=1) - 1).square().mean()

def anything(*args):
    return [None, {"a": 3}]
"""


@pytest.fixture(scope="module")
def student() -> Iterator:
    with local_student(SOURCE) as student:
        yield student


@pytest.fixture
def rng() -> Rng:
    return Rng("gradients")


def values(student, module) -> dict[str, Tensor]:
    """Return the module's parameters in float64."""
    helper = "def values(m):\n    m.double()\n    return {k: p.detach() for k, p in m.named_parameters()}"
    return student.define(helper).values(module)


def residual(found: dict[str, Tensor], x: Tensor, *, shortcut: float = 1.0) -> Tensor:
    kept = shortcut * x + (1 - shortcut) * x.detach()
    return kept + F.linear(x, found["linear.weight"], found["linear.bias"])


def complaint(student, rng, *args, **options) -> Mismatch:
    with pytest.raises(Mismatch) as info:
        expect_same_gradients(student, rng, *args, **options)
    return info.value


@pytest.mark.parametrize("kind", ["Block", "InPlace"])
def test_right_gradients_pass_and_an_unused_layer_costs_nothing(student, rng, kind):
    block = getattr(student, kind)()
    found = values(student, block)
    expect_same_gradients(student, rng, block, partial(residual, found), rng.normal(3, 4), weights=found)
    assert not found["linear.weight"].requires_grad


@pytest.mark.parametrize(
    ("cut", "message", "hint"),
    [
        (
            "shortcut",
            r"^The values are right, but the gradient in the input is wrong",
            "where the input itself is used",
        ),
        ("before", r"the gradient in the input is wrong.*The other 2 gradients are right", "where the input itself"),
        ("after", r"Also wrong: the parameter linear\.weight, the parameter linear\.bias", "Something on the way"),
        (
            "everything",
            r"^The values are right, but no gradient reaches the input\. Also wrong",
            "Something on the way",
        ),
    ],
)
def test_a_gradient_that_stops_is_noticed_and_named(student, rng, cut, message, hint):
    block = student.Block(cut)
    found = values(student, block)
    error = complaint(student, rng, block, partial(residual, found), rng.normal(3, 4), weights=found)
    assert hint in error.hint
    assert re.search(message, error.message)


def test_a_known_mistake_explains_the_wrong_gradient(student, rng):
    block = student.Block("shortcut")
    found = values(student, block)
    mistakes = {
        "The layer is detached.": lambda x: x + residual(found, x).detach() - x.detach(),
        "The shortcut is detached.": partial(residual, found, shortcut=0.0),
    }
    x = rng.normal(3, 4)
    error = complaint(student, rng, block, partial(residual, found), x, weights=found, mistakes=mistakes)
    assert error.hint == "The shortcut is detached."


def test_weights_in_another_layout_are_matched_by_value(student, rng):
    module = student.Transposed()
    matrix = values(student, module)["matrix"]
    pair = [matrix[:4].T.contiguous(), matrix[4].clone()]
    expect_same_gradients(student, rng, module, lambda x: x + F.linear(x, *pair), rng.normal(3, 4), weights=pair)

    def doubled(x: Tensor) -> Tensor:
        return x + F.linear(x, 2 * pair[0] - pair[0].detach(), pair[1])

    error = complaint(student, rng, module, doubled, rng.normal(3, 4), weights=pair)
    assert "the gradient in the parameter matrix is wrong: 16 of 36 values differ" in error.message


def test_the_gradients_of_tied_weights_are_added(student, rng):
    module = student.Tied()
    found = values(student, module)["table"]
    embedding, output = found.clone(), found.clone()
    rows = torch.tensor([3, 0, 3])

    def by_torch(rows: Tensor) -> Tensor:
        return F.linear(F.embedding(rows, embedding), output)

    helper = student.define("def to64(m):\n    m.double()")
    helper.to64(module)
    expect_same_gradients(student, rng, module, by_torch, rows, weights=[embedding, output])


def test_a_frozen_parameter_gets_no_gradient(student, rng):
    block = student.Frozen()
    found = values(student, block)
    error = complaint(student, rng, block, partial(residual, found), rng.normal(3, 4), weights=found)
    assert "no gradient reaches the parameter linear.bias" in error.message


def test_a_method_options_and_further_results_are_accepted(student, rng):
    block = student.Block()
    found = values(student, block)
    x = rng.normal(3, 4)
    expect_same_gradients(student, rng, block.twice, lambda x: 2 * residual(found, x), x, weights=found)
    q, k = rng.normal(2, 3), rng.normal(5, 3)
    expect_same_gradients(
        student, rng, student.attend, lambda q, k: (q @ k.T / 2).softmax(1), q, k, options={"extra": 0.5}
    )


def test_functions_name_their_inputs(student, rng):
    q, k = rng.normal(2, 3), rng.normal(5, 3)
    error = complaint(student, rng, student.attend_to_detached, lambda q, k: (q @ k.T).softmax(1), q, k)
    assert "no gradient reaches argument 2" in error.message
    error = complaint(
        student, rng, student.attend_to_detached, lambda q, k: (q @ k.T).softmax(1), q, k, names=("query", "key")
    )
    assert "no gradient reaches key" in error.message


def test_parameters_of_a_module_among_the_inputs_count(student, rng):
    critic, x = student.Block(), rng.normal(3, 4)
    found = values(student, critic)

    def by_formula(critic: object, x: Tensor) -> Tensor:
        slope = 1 + found["linear.weight"].sum(dim=0).expand(3, -1)
        return (slope.norm(dim=1) - 1).square().mean() + 0 * x.sum()

    expect_same_gradients(student, rng, student.penalty, by_formula, critic, x, weights=found)


def test_mode_and_running_statistics_are_as_before(student, rng):
    module, x = student.Norm(), rng.normal(6, 4)
    found = values(student, module)
    state = student.define(
        "def state(m):\n    return m.training, m.norm.training, {k: b.clone() for k, b in m.named_buffers()}"
    )
    before = state.state(module)
    pair = found["norm.weight"], found["norm.bias"]
    zeros, ones = torch.zeros(4).double(), torch.ones(4).double()
    expect_same_gradients(
        student, rng, module, lambda x: F.batch_norm(x, zeros, ones, *pair), x, weights=pair, train=False
    )
    after = state.state(module)
    assert before[:2] == after[:2] == (True, True)
    assert all(torch.equal(before[2][name], after[2][name]) for name in before[2])


def test_wrong_values_are_reported_as_such(student, rng):
    block = student.Block()
    found = values(student, block)
    error = complaint(student, rng, block, lambda x: residual(found, x) + 1, rng.normal(3, 4), weights=found)
    assert error.message.startswith("the result: 12 of 12 values differ")
    error = complaint(
        student, rng, block, lambda x: residual(found, x) + 1, rng.normal(3, 4), weights=found, name="the sum"
    )
    assert error.message.startswith("the sum: the result: 12 of 12 values differ")
    german = error.message.translated(lambda text: text.replace("the sum", "die Summe"), lambda one, many, n: many)
    assert german.startswith("die Summe: the result: ")
    error = complaint(student, rng, student.to_number, torch.sum, rng.normal(3))
    assert error.message == "The result has 0 float tensors; it should have 1."
    assert ".item()" in error.hint
    complaint(student, rng, student.anything, torch.sum, rng.normal(3))


def test_a_gradient_that_is_zero_but_for_rounding_needs_no_care(student, rng):
    q, k, bias = rng.normal(2, 3), rng.normal(5, 3), rng.normal(5, 1).squeeze(1)

    def by_torch(q: Tensor, k: Tensor) -> Tensor:
        return (q @ k.T + bias.sum()).softmax(1)  # a constant for all keys of a query changes nothing

    expect_same_gradients(student, rng, student.attend, by_torch, q, k, weights=bias)


def test_an_oracle_that_detaches_is_our_error(student, rng):
    with pytest.raises(BadCheck, match="must not detach"):
        expect_same_gradients(
            student, rng, student.attend, lambda q, k: (q @ k.T).detach(), rng.normal(2, 3), rng.normal(5, 3)
        )


def test_a_gradient_that_is_nan_does_not_stop(student, rng):
    x, y = rng.normal(3, 2), rng.normal(3, 2)
    x[1] = 0

    def by_torch(x: Tensor, y: Tensor) -> Tensor:
        return torch.linalg.vector_norm(x, dim=1) + y.sum(1)

    error = complaint(student, rng, student.norm_by_where, by_torch, x, y)
    assert "the gradient in argument 1 is wrong" in error.message
    assert error.hint.startswith("The gradient is nan or infinite.")
    assert "detach" not in error.hint


def test_a_gradient_that_is_far_too_large_does_not_stop(student, rng):
    x = rng.normal(3, 4)
    x[1] = 0

    def by_torch(x: Tensor) -> Tensor:
        return torch.nn.functional.layer_norm(x, (4,), eps=1e-5)

    error = complaint(student, rng, student.centred, by_torch, x, rtol=1e-3)
    assert "the gradient in the input is wrong" in error.message
    assert error.hint.startswith("The gradient is far too large: something is divided by a number near 0.")


def test_a_gradient_that_is_nearly_right_does_not_stop(student, rng):
    error = complaint(student, rng, student.nearly, lambda x: 1.005 * x, rng.normal(3, 4))
    assert "the gradient in the input is wrong" in error.message
    assert error.hint.startswith("The gradient is nearly right.")


def test_a_gradient_that_flows_into_a_constant_does_not_stop(student, rng):
    error = complaint(
        student, rng, student.product, lambda x, y: x * y.detach(), rng.normal(3, 2), rng.normal(3, 2), names=("x", "y")
    )
    assert "the gradient in y is wrong" in error.message
    assert error.hint.startswith("The right gradient is 0 here")


def test_wrong_values_are_explained_by_a_mistake_or_by_the_hint(student, rng):
    x, y = rng.normal(3, 2), rng.normal(3, 2)
    mistakes = {"Divide.": lambda x, y: 2 * x * y, "Add.": lambda x, y: x * y}
    error = complaint(student, rng, student.product, torch.add, x, y, mistakes=mistakes, hint="Read the formula.")
    assert error.hint == "Add."
    error = complaint(
        student, rng, student.twice_the_positive, torch.add, x, y, mistakes=mistakes, hint="Read the formula."
    )
    assert error.hint == "Read the formula."
    error = complaint(student, rng, student.attend, torch.add, x, y, mistakes=mistakes, hint="Read the formula.")
    assert error.hint.startswith("The size of axis 1 is that of axis 0")  # the hint is about values


@pytest.mark.parametrize(
    "answer",
    [None, {}, {"out": 3, "inputs": [], "parameters": {}}, {"out": [], "inputs": [None], "parameters": {"a": 3}}],
)
def test_any_answer_of_the_students_process_is_a_mismatch(answer, rng):
    class Tampered:
        def define(self, source):
            return self

        def gradients(self, *args):
            return answer

    complaint(Tampered(), rng, None, torch.sum, rng.normal(3))
