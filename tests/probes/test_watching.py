"""Layers are found however they are used; what does not affect the result plays no role."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from autograder.probes.layers import load, outputs, tables
from autograder.probes.watching import passes, used_layers


@pytest.fixture(autouse=True)
def same_weights_each_time():
    torch.manual_seed(0)


class Product(torch.autograd.Function):
    """A linear layer by hand."""

    @staticmethod
    def forward(context, x, weight, bias):
        context.save_for_backward(x, weight)
        return x @ weight.T + bias

    @staticmethod
    def backward(context, dout):
        x, weight = context.saved_tensors
        return dout @ weight, dout.T @ x, dout.sum(0)


class ByHand(nn.Linear):
    def forward(self, x):
        return Product.apply(x, self.weight, self.bias)


class Net(nn.Module):
    """Two layers and a norm, defined in another order than they are used, and layers without effect."""

    def __init__(self, how: str) -> None:
        super().__init__()
        self.how = how
        self.last, self.norm, self.first = nn.Linear(4, 2), nn.BatchNorm1d(4), nn.Linear(3, 4)
        self.never, self.dropped = nn.Linear(3, 4), nn.Linear(3, 4)

    def forward(self, x):
        self.dropped(x)
        return getattr(self, self.how)(x)

    def call(self, x):
        return self.last(self.norm(self.first(x)).relu())

    def forwards(self, x):
        return self.last.forward(self.norm.forward(self.first.forward(x)).relu())

    def classes(self, x):
        x = nn.BatchNorm1d.forward(self.norm, nn.Linear.forward(self.first, x))
        return nn.Linear.forward(self.last, x.relu())

    def functions(self, x):
        x = F.linear(x, self.first.weight, self.first.bias)
        norm = self.norm
        x = F.batch_norm(x, norm.running_mean, norm.running_var, norm.weight, norm.bias, self.training)
        return F.linear(x.relu(), self.last.weight, self.last.bias)

    def products(self, x):
        x = self.norm(x @ self.first.weight.T + self.first.bias).relu()
        return torch.einsum("oi,ni->no", self.last.weight, x) + self.last.bias

    def data(self, x):
        return self.last(self.norm(x @ self.first.weight.data.T + self.first.bias.detach()).relu())

    def frozen(self, x):
        with torch.no_grad():
            return self.call(x)


HOWS = ["call", "forwards", "classes", "functions", "products", "data", "frozen"]


@pytest.mark.parametrize("how", HOWS)
def test_layers_are_found_in_the_order_of_use(how):
    net, x = Net(how), torch.randn(5, 3)
    net.norm.running_mean -= 1  # so that ReLU lets something through
    assert used_layers(net, x) == [net.first, net.norm, net.last]
    assert [list(table) for table in tables(net, x)] == [
        ["weight", "bias"],
        ["weight", "bias", "running_mean", "running_var", "num_batches_tracked"],
        ["weight", "bias"],
    ]


def test_layers_with_a_function_of_their_own_are_found_when_called():
    net, x = Net("call"), torch.randn(5, 3)
    net.first = ByHand(3, 4)
    assert used_layers(net, x) == [net.first, net.norm, net.last]


@pytest.mark.parametrize("how", HOWS[1:])
def test_weights_move_between_modules_of_different_styles(how):
    net, other, x = Net("call"), Net(how), torch.randn(5, 3)
    load(other, tables(net, x), x)
    torch.testing.assert_close(outputs(other, x, train=False), outputs(net, x, train=False))


def test_the_module_is_as_before():
    net = Net("call")
    net.first.weight.requires_grad_(False)
    net.norm.eval()
    before = {name: value.clone() for name, value in net.state_dict().items()}
    torch.manual_seed(3)
    used_layers(net, torch.zeros(5, 3))
    drawn = torch.rand(2)
    torch.manual_seed(3)
    assert torch.equal(drawn, torch.rand(2))
    assert all(torch.equal(value, before[name]) for name, value in net.state_dict().items())
    assert (net.training, net.norm.training, net.last.training) == (True, False, True)
    assert (net.first.weight.requires_grad, net.last.weight.requires_grad) == (False, True)
    assert all(p.grad is None for p in net.parameters())


def test_asking_for_a_dtype_or_a_shape_is_no_use():
    class Asking(Net):
        def call(self, x):
            x = x.to(self.never.weight.dtype).to(self.never.weight)
            assert self.never.weight.shape == (4, 3)
            return super().call(x) + 0 * torch.zeros_like(self.never.bias).sum()

    net = Asking("call")
    assert used_layers(net, torch.randn(5, 3)) == [net.first, net.norm, net.last]


def test_a_module_that_returns_no_floats_uses_all_that_it_calls():
    class Choice(Net):
        def forward(self, x):
            return self.call(x).argmax(dim=1)

    net = Choice("call")
    assert used_layers(net, torch.randn(5, 3)) == [net.first, net.norm, net.last]


def test_parts_are_seen_when_called_and_through_forward():
    class Outer(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.a, self.b = Net("call").eval(), Net("forwards").eval()
            self.widen = nn.Linear(2, 3)

        def forward(self, x):
            return self.b.forward(x=self.widen(self.a(x)))

    net, x = Outer(), torch.randn(5, 3)
    seen = passes(net, [x], [Net])
    assert [tuple(given.shape) for given, _ in seen] == [(5, 3), (5, 3)]
    torch.testing.assert_close(seen[0][0], x)
    torch.testing.assert_close(seen[1][0], net.widen(seen[0][1]))
    torch.testing.assert_close(seen[1][1], net(x))
    assert "forward" not in vars(net.a)
