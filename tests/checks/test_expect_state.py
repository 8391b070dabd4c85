"""What a call leaves behind in modules is noticed, but for what it may change."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch

from autograder.checks.expect import Mismatch
from autograder.checks.expect_state import expect_state_kept
from autograder.checks.task import BadCheck
from autograder.sandbox.proxy import StudentFault
from tests.support.local import local_student

SOURCE = """
import torch
from torch import nn

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.linear, self.norm, self.frozen = nn.Linear(3, 3), nn.BatchNorm1d(3), nn.Dropout().eval()

    def forward(self, x):
        return self.norm(self.linear(x))

class Holder:
    def __init__(self):
        self.model, self.number = Net(), 3

def act(net, what):
    x = torch.randn(4, 3)
    if what == "evaluate and restore":
        modes = {part: part.training for part in net.modules()}
        net.eval()(x)
        for part, mode in modes.items():
            part.training = mode
    elif what == "eval":
        net.eval()
    elif what == "train":
        net.train()  # the frozen part too
    elif what == "forward":
        net(x)
    elif what == "backward":
        net.eval()(x).sum().backward()
        net.train()
        net.frozen.eval()
    elif what == "freeze":
        net.linear.bias.requires_grad_(False)
    elif what == "step":
        with torch.no_grad():
            net.linear.weight -= 1
    elif what == "fail":
        net.eval()
        raise ValueError
"""


@pytest.fixture
def student() -> Iterator:
    with local_student(SOURCE) as student:
        yield student


def left_behind(student, what: str, *may_change: str) -> str:
    net = student.Net()
    try:
        with expect_state_kept(student, may_change=may_change, net=net):
            student.act(net, what)
    except Mismatch as found:
        return f"{found.message} {found.hint}"
    return ""


@pytest.mark.parametrize("what", ["evaluate and restore", "draw"])
def test_a_call_that_leaves_nothing_passes(student, what):
    assert left_behind(student, what) == ""


@pytest.mark.parametrize(
    ("what", "message"),
    [
        ("eval", "The call changed the mode (training or evaluation) of net, net.linear, net.norm."),
        ("train", "The call changed the mode (training or evaluation) of net.frozen."),
        ("freeze", "The call changed requires_grad of net.linear.bias."),
        ("step", "The call changed the values of net.linear.weight."),
        ("forward", "The call changed net.norm.running_mean, net.norm.running_var, net.norm.num_batches_tracked"),
        ("backward", "The call changed .grad of net.linear.weight, net.linear.bias, net.norm.weight and 1 more."),
    ],
)
def test_each_change_is_named(student, what, message):
    assert left_behind(student, what).startswith(message)


def test_what_the_task_changes_is_not_compared(student):
    assert left_behind(student, "forward", "buffers") == ""
    assert left_behind(student, "step", "parameters") == ""
    assert left_behind(student, "eval", "buffers", "parameters", "grads", "requires_grad") != ""


def test_modules_among_the_attributes_of_an_object_count(student):
    holder = student.Holder()
    with pytest.raises(Mismatch, match=r"mode .* of holder\.model, "), expect_state_kept(student, holder=holder):
        student.act(holder.model, "eval")


def test_an_exception_is_reported_instead(student):
    net = student.Net()
    with pytest.raises(StudentFault, match="ValueError"), expect_state_kept(student, net=net):
        student.act(net, "fail")


def test_unknown_words_are_an_error_of_the_check(student):
    with pytest.raises(BadCheck, match="unknown"), expect_state_kept(student, may_change=("modes",)):
        torch.zeros(1)


def test_the_report_shows_the_students_call_and_not_ours(student):
    net = student.Net()
    with expect_state_kept(student, net=net):
        student.act(net, "draw")
    assert student.trail.call.startswith("act(")
    with pytest.raises(Mismatch), expect_state_kept(student, net=net):
        student.act(net, "eval")
    assert student.trail.call.startswith("act(")
