"""Fallbacks for earlier assignments: layers, update rules and batches."""

import pytest
import torch
from torch.nn import functional as F

from common.fallbacks import fully_connected_networks as layers
from common.fallbacks.linear_classifier import sample_batch


@pytest.mark.parametrize(
    ("rule", "make", "options"),
    [
        (layers.sgd, lambda p: torch.optim.SGD(p, 1e-2), {}),
        (
            layers.sgd_momentum,
            lambda p: torch.optim.SGD(p, 0.1, momentum=0.7),
            {"learning_rate": 0.1, "momentum": 0.7},
        ),
        (layers.rmsprop, lambda p: torch.optim.RMSprop(p, 1e-2, alpha=0.9), {"decay_rate": 0.9}),
        (
            layers.adam,
            lambda p: torch.optim.Adam(p, 1e-2, betas=(0.8, 0.9)),
            {"learning_rate": 1e-2, "beta1": 0.8, "beta2": 0.9},
        ),
    ],
)
def test_update_rules_take_the_same_steps_as_torch(rule, make, options):
    w, config = torch.randn(3, 4), dict(options)
    parameter = torch.nn.Parameter(w.clone())
    optimizer = make([parameter])
    for _ in range(5):
        dw, before = torch.randn(3, 4), w.clone()
        parameter.grad = dw.clone()
        optimizer.step()
        next_w, config = rule(w, dw, config)
        assert torch.equal(w, before)
        w = next_w
        torch.testing.assert_close(w, parameter.detach())


def test_layers_have_the_gradients_of_autograd():
    x, w, b, dout = torch.randn(4, 2, 3).transpose(1, 2), torch.randn(6, 5), torch.randn(5), torch.randn(4, 5)
    leaves = [value.clone().requires_grad_() for value in (x, w, b)]
    expected = F.linear(leaves[0].flatten(1), leaves[1].T, leaves[2]).relu()
    out, cache = layers.Linear_ReLU.forward(x, w, b)
    torch.testing.assert_close(out, expected.detach())
    for _ in range(2):
        found = layers.Linear_ReLU.backward(dout, cache)
        for mine, torchs in zip(found, torch.autograd.grad(expected, leaves, dout, retain_graph=True), strict=True):
            torch.testing.assert_close(mine, torchs)
    out, cache = layers.Linear.forward(x, w, b)
    torch.testing.assert_close(layers.ReLU.forward(out)[0], expected.detach())
    assert [g.shape for g in layers.Linear.backward(dout, cache)] == [x.shape, w.shape, b.shape]


def test_dropout_with_a_seed_repeats_its_mask_and_does_not_change_other_random_numbers():
    x, param = torch.ones(50, 40), {"p": 0.25, "mode": "train", "seed": 3}
    torch.manual_seed(0)
    undisturbed = torch.rand(2)
    torch.manual_seed(0)
    out, cache = layers.Dropout.forward(x, param)
    assert torch.equal(torch.rand(2), undisturbed)
    assert torch.equal(layers.Dropout.forward(x, param)[0], out)
    assert torch.equal(layers.Dropout.backward(x, cache), out)
    assert abs(float((out == 0).float().mean()) - 0.25) < 0.05
    assert torch.equal(layers.Dropout.forward(x, param | {"mode": "test"})[0], x)


def test_a_batch_is_sampled_with_replacement_and_images_have_their_labels():
    torch.manual_seed(0)
    X, y = torch.arange(20.0).reshape(10, 2), torch.arange(10)
    X_batch, y_batch = sample_batch(X, y, 5, 200)
    assert torch.equal(X_batch, X[y_batch])
    assert set(y_batch.tolist()) == set(range(5))
