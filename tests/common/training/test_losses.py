"""Losses with gradients, and sentences for labels that are wrong."""

import pytest
import torch

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
def test_a_loss_has_the_dtype_of_its_input_which_does_not_change(loss):
    x, y = torch.randn(3, 4), torch.tensor([0, 3, 1])
    before = x.clone()
    with torch.no_grad():
        value, dx = loss(x.requires_grad_(), y)
    assert (value.dtype, value.shape, dx.dtype, dx.shape) == (torch.float32, (), torch.float32, (3, 4))
    assert not value.requires_grad
    assert not dx.requires_grad
    assert torch.equal(x, before)


def test_softmax_is_exact_for_scores_of_thousands():
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
def test_wrong_labels_are_explained(loss, y, sentence):
    with pytest.raises(ValueError, match=sentence):
        loss(torch.randn(2, 3), y)


@pytest.mark.parametrize("loss", [softmax_loss, svm_loss])
def test_empty_batches_and_integer_scores_are_explained(loss):
    with pytest.raises(ValueError, match="The batch is empty"):
        loss(torch.randn(0, 3), torch.zeros(0, dtype=torch.int64))
    with pytest.raises(ValueError, match=r"Scores are a float tensor of shape \(N, C\), not torch.int64"):
        loss(torch.ones(2, 3, dtype=torch.int64), torch.tensor([0, 1]))
    with pytest.raises(ValueError, match=r"not torch.float32 of shape \(3,\)"):
        loss(torch.randn(3), torch.tensor([0, 1, 2]))
