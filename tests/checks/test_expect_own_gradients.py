"""Without an oracle, gradients are compared with differences of the student's own function."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from autograder.checks.expect import Mismatch
from autograder.checks.expect_own_gradients import expect_own_gradients
from autograder.checks.rng import Rng
from autograder.checks.task import BadCheck
from tests.support.local import local_student

SOURCE = """
import torch
from torch import nn

class Net(nn.Module):
    '''Convolutions, a norm, dropout, a skip and a context; the gradient may stop at one place.'''

    def __init__(self, cut=""):
        super().__init__()
        self.cut = cut
        self.down, self.up = nn.Conv2d(2, 3, 3, padding=1), nn.Conv2d(6, 2, 3, padding=1)
        self.norm, self.drop, self.context = nn.BatchNorm2d(3), nn.Dropout(0.3), nn.Linear(4, 3)
        self.unused = nn.Linear(4, 4)

    def at(self, place, x):
        return x.detach() if self.cut == place else x

    def forward(self, x, condition):
        skip = self.drop(self.norm(self.down(x)).relu())
        low = skip + self.at("context", self.context(condition))[:, :, None, None]
        return {"image": self.up(torch.cat([self.at("skip", skip), low], dim=1)) + self.at("input", x), "count": 3}

def loss(net, x, y):
    return ((net(x, y)["image"] - x) ** 2).mean()

def norm_by_where(x):
    size = (x ** 2).sum(1).sqrt()
    return torch.where(size > 0, size, 0)

def frozen(x):
    with torch.no_grad():
        return x * 2
"""


@pytest.fixture(scope="module")
def student() -> Iterator:
    with local_student(SOURCE) as student:
        yield student


@pytest.fixture
def rng() -> Rng:
    return Rng("own gradients")


@pytest.mark.parametrize("train", [True, False, None])
def test_right_gradients_pass_with_dropout_and_an_unused_layer(student, rng, train):
    expect_own_gradients(student, rng, student.Net(), rng.normal(3, 2, 4, 4), rng.normal(3, 4), train=train)
    expect_own_gradients(
        student, rng, student.loss, student.Net(), rng.normal(3, 2, 4, 4), rng.normal(3, 4), train=train
    )


@pytest.mark.parametrize(
    ("cut", "wrong", "fine"),
    [
        ("input", ["argument 1"], ["argument 2", "down.weight", "up.weight"]),
        ("skip", ["argument 1", "the parameter down.weight"], ["argument 2", "up.weight", "context"]),
        ("context", ["argument 2", "the parameter context.weight"], ["argument 1", "down.weight"]),
    ],
)
def test_a_gradient_that_stops_is_noticed_and_named(student, rng, cut, wrong, fine):
    with pytest.raises(Mismatch) as info:
        expect_own_gradients(student, rng, student.Net(cut), rng.normal(3, 2, 4, 4), rng.normal(3, 4), train=False)
    message = info.value.message
    assert message.startswith("The gradients do not fit the values: the gradient in argument ")
    assert "detach()" in info.value.hint
    assert all(name in message for name in wrong)
    assert not any(name in message for name in fine)


def test_no_gradient_at_all_is_noticed(student, rng):
    with pytest.raises(Mismatch, match="the gradient says 0"):
        expect_own_gradients(student, rng, student.frozen, rng.normal(3))


def test_a_gradient_that_is_nan_does_not_stop(student, rng):
    x = rng.normal(3, 2)
    x[1] = 0
    with pytest.raises(Mismatch) as info:
        expect_own_gradients(student, rng, student.norm_by_where, x)
    assert info.value.hint.startswith("The gradient is nan or infinite.")
    assert "detach" not in info.value.hint


def test_parameters_are_as_before(student, rng):
    net = student.Net("skip")
    state = student.define("def state(m):\n    return {k: v.clone() for k, v in m.double().state_dict().items()}").state
    before = state(net)
    with pytest.raises(Mismatch):
        expect_own_gradients(student, rng, net, rng.normal(3, 2, 4, 4), rng.normal(3, 4), train=True)
    after = state(net)
    assert all(bool((before[name] == after[name]).all()) for name in before)


def test_float32_is_an_error_of_the_check(student, rng):
    with pytest.raises(BadCheck, match="float64"):
        expect_own_gradients(student, rng, student.frozen, rng.normal(3).float())


@pytest.mark.parametrize("answer", [None, [3], [[]], [["a", 1.0]], [["a", 1, 2]]])
def test_any_answer_of_the_students_process_is_a_mismatch(answer, rng):
    class Tampered:
        def define(self, source):
            return self

        def wrong_slopes(self, *args):
            return answer

    with pytest.raises(Mismatch):
        expect_own_gradients(Tampered(), rng, None, rng.normal(3))
