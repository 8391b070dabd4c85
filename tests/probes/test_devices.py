"""Code that works on any device passes; for other code the failing function is reported."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from autograder.probes.devices import strays

X = torch.arange(6.0).reshape(2, 3)
LAYER = nn.Linear(3, 3)


@pytest.mark.parametrize(
    "f",
    [
        lambda x: x + torch.randn(x.shape, device=x.device),
        lambda x: x + torch.randn(x.shape).to(x),
        lambda x: x * torch.zeros(3).to(x.device, torch.float32),
        lambda x: torch.empty_like(x).copy_(torch.ones(2, 3)),
        lambda x: x[torch.arange(2), torch.tensor([0, 1])],
        lambda x: x[torch.rand(2) < 0.5],
        lambda x: x * torch.tensor(2.0) + torch.ones(()),
        lambda x: x.new_zeros(3) + x.sum(),
        lambda x: nn.functional.one_hot(x.long(), 9),
        lambda x: LAYER(x) + float(x.mean()),
        lambda x: (x > 1).nonzero(),
        lambda x: x.sum().item(),
    ],
)
def test_code_that_works_on_any_device_passes(f):
    assert strays(f, X) == ""


@pytest.mark.parametrize(
    ("f", "message"),
    [
        (lambda x: x + torch.randn(2, 3), "add would get tensors of both devices"),
        (lambda x: torch.cat([x, torch.zeros(1, 3)]), "cat would get"),
        (lambda x: torch.where(x > 0, x, torch.zeros(2, 3)), "where would get"),
        (lambda x: torch.zeros(2).index_add(0, torch.arange(2), x[:, 0]), "index_add would get"),
        (lambda x: LAYER(torch.randn(2, 3)), "linear would get"),
        (lambda x: torch.zeros(3), "the result would stay on the CPU"),
        (lambda x: [x, torch.eye(3) * 2], "the result would stay on the CPU"),
        (lambda x: torch.zeros(3).to(torch.float64), "the result would stay on the CPU"),
    ],
)
def test_tensors_that_stay_on_the_cpu_are_reported(f, message):
    assert message in strays(f, X)


def test_a_device_argument_must_be_used():
    assert strays(lambda n, device: torch.rand(n, device=device), 3, device="cpu") == ""
    assert strays(lambda n, device: torch.rand(n), 3, device="cpu") == "the result would stay on the CPU"
