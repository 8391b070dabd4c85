"""Losses with gradients, what labels must be, and the layers and rules that later assignments import."""

import pytest
import torch
from torch.nn import functional as F

from common.fallbacks import fully_connected_networks as earlier
from common.training.losses import softmax_loss, svm_loss


def numeric(loss, x, y, step=1e-6):
    """Central differences of every element."""
    grad = torch.zeros_like(x)
    for index in range(x.numel()):
        nudge = torch.zeros_like(x)
        nudge.view(-1)[index] = step
        grad.view(-1)[index] = (loss(x + nudge, y)[0] - loss(x - nudge, y)[0]) / (2 * step)
    return grad


def plain_softmax(x, y):
    return -torch.stack([row.softmax(0)[label].log() for row, label in zip(x, y, strict=True)]).mean()


def plain_svm(x, y):
    margins = [max(0.0, float(x[i, j] - x[i, y[i]] + 1)) for i in range(len(x)) for j in range(x.shape[1]) if j != y[i]]
    return torch.tensor(sum(margins) / len(x), dtype=x.dtype)


@pytest.mark.parametrize(("loss", "plain"), [(softmax_loss, plain_softmax), (svm_loss, plain_svm)])
def test_a_loss_agrees_with_its_definition_and_its_gradient_with_differences(loss, plain):
    x, y = torch.randn(5, 4, dtype=torch.float64), torch.tensor([0, 3, 1, 1, 2])
    value, dx = loss(x, y)
    torch.testing.assert_close(value, plain(x, y))
    torch.testing.assert_close(dx, numeric(loss, x, y), atol=1e-6, rtol=1e-5)


@pytest.mark.parametrize("loss", [softmax_loss, svm_loss])
def test_a_loss_keeps_dtype_leaves_its_input_and_needs_no_gradient_mode(loss):
    x, y = torch.randn(3, 4), torch.tensor([0, 3, 1])
    before = x.clone()
    with torch.no_grad():
        value, dx = loss(x.requires_grad_(), y)
    assert (value.dtype, value.shape, dx.dtype, dx.shape) == (torch.float32, (), torch.float32, (3, 4))
    assert not value.requires_grad
    assert not dx.requires_grad
    assert torch.equal(x, before)


def test_softmax_survives_scores_of_thousands():
    value, dx = softmax_loss(torch.tensor([[1000.0, -1000.0]]), torch.tensor([1]))
    assert value == 2000
    assert dx.tolist() == [[1.0, -1.0]]


@pytest.mark.parametrize("loss", [softmax_loss, svm_loss])
@pytest.mark.parametrize(
    ("y", "sentence"),
    [
        (torch.tensor([0.0, 1.0]), "dtype int64, not torch.float32: convert them with y.long()"),
        ([0, 1], "dtype int64, not list"),
        (torch.tensor([0, 3]), "Labels run from 0 to 3, but there are 3 classes: labels must be 0 to 2"),
        (torch.tensor([-1, 2]), "Labels run from -1 to 2"),
        (torch.tensor([0, 1, 2]), r"2 images need labels of shape \(2,\), one for each; got \(3,\)"),
        (torch.tensor([[0], [1]]), r"got \(2, 1\)"),
    ],
)
def test_labels_that_cannot_be_meant_get_a_sentence(loss, y, sentence):
    with pytest.raises(ValueError, match=sentence):
        loss(torch.randn(2, 3), y)


@pytest.mark.parametrize("loss", [softmax_loss, svm_loss])
def test_an_empty_batch_and_scores_of_whole_numbers_get_a_sentence(loss):
    with pytest.raises(ValueError, match="The batch is empty"):
        loss(torch.randn(0, 3), torch.zeros(0, dtype=torch.int64))
    with pytest.raises(ValueError, match=r"Scores are a float tensor of shape \(N, C\), not torch.int64"):
        loss(torch.ones(2, 3, dtype=torch.int64), torch.tensor([0, 1]))
    with pytest.raises(ValueError, match=r"not torch.float32 of shape \(3,\)"):
        loss(torch.randn(3), torch.tensor([0, 1, 2]))


@pytest.mark.parametrize(
    ("rule", "make", "options"),
    [
        (earlier.sgd, lambda p: torch.optim.SGD(p, 1e-2), {}),
        (
            earlier.sgd_momentum,
            lambda p: torch.optim.SGD(p, 0.1, momentum=0.7),
            {"learning_rate": 0.1, "momentum": 0.7},
        ),
        (earlier.rmsprop, lambda p: torch.optim.RMSprop(p, 1e-2, alpha=0.9), {"decay_rate": 0.9}),
        (
            earlier.adam,
            lambda p: torch.optim.Adam(p, 1e-2, betas=(0.8, 0.9)),
            {"learning_rate": 1e-2, "beta1": 0.8, "beta2": 0.9},
        ),
    ],
)
def test_update_rules_for_later_assignments_walk_as_torch_does(rule, make, options):
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


def test_layers_for_later_assignments_have_autograds_gradients():
    x, w, b, dout = torch.randn(4, 2, 3).transpose(1, 2), torch.randn(6, 5), torch.randn(5), torch.randn(4, 5)
    leaves = [value.clone().requires_grad_() for value in (x, w, b)]
    expected = F.linear(leaves[0].flatten(1), leaves[1].T, leaves[2]).relu()
    out, cache = earlier.Linear_ReLU.forward(x, w, b)
    torch.testing.assert_close(out, expected.detach())
    for _ in range(2):
        found = earlier.Linear_ReLU.backward(dout, cache)
        for mine, torchs in zip(found, torch.autograd.grad(expected, leaves, dout, retain_graph=True), strict=True):
            torch.testing.assert_close(mine, torchs)
    out, cache = earlier.Linear.forward(x, w, b)
    torch.testing.assert_close(earlier.ReLU.forward(out)[0], expected.detach())
    assert [g.shape for g in earlier.Linear.backward(dout, cache)] == [x.shape, w.shape, b.shape]


def test_dropout_for_later_assignments_repeats_its_mask_with_a_seed_and_disturbs_no_other_randomness():
    x, param = torch.ones(50, 40), {"p": 0.25, "mode": "train", "seed": 3}
    torch.manual_seed(0)
    undisturbed = torch.rand(2)
    torch.manual_seed(0)
    out, cache = earlier.Dropout.forward(x, param)
    assert torch.equal(torch.rand(2), undisturbed)
    assert torch.equal(earlier.Dropout.forward(x, param)[0], out)
    assert torch.equal(earlier.Dropout.backward(x, cache), out)
    assert abs(float((out == 0).float().mean()) - 0.25) < 0.05
    assert torch.equal(earlier.Dropout.forward(x, param | {"mode": "test"})[0], x)
