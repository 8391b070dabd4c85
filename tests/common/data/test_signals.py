"""Signals: drawn again alike, balanced, normalised, and to be told apart only by their form."""

import pytest
import torch

from common.data import signals


def test_signals_are_drawn_again_alike_and_streams_differ() -> None:
    one = signals.draw(60, seed=3)
    assert one.x.shape == (60, 1, signals.LENGTH)
    assert one.x.dtype == torch.float32
    assert sorted(one.y.tolist()) == sorted(list(range(10)) * 6)
    assert torch.equal(signals.draw(60, seed=3).x, one.x)
    assert not torch.equal(signals.draw(60, seed=4).x, one.x)
    assert not torch.equal(signals.draw(60, stream="test", seed=3).x, one.x)
    assert signals.draw(0).x.shape == (0, 1, signals.LENGTH)
    with pytest.raises(ValueError, match="train, test"):
        signals.draw(3, stream="validation")


def test_signals_have_mean_zero_and_variance_one() -> None:
    x = signals.draw(100, seed=1).x
    torch.testing.assert_close(x.mean(dim=2), torch.zeros(100, 1), atol=1e-5, rtol=0)
    torch.testing.assert_close(x.var(dim=2, correction=0), torch.ones(100, 1), atol=1e-4, rtol=0)


def test_the_mean_signal_of_a_class_does_not_tell_it() -> None:
    train, test = signals.draw(2000, seed=1), signals.draw(500, stream="test", seed=1)
    means = torch.stack([train.x[train.y == kind, 0].mean(dim=0) for kind in range(signals.NUM_CLASSES)])
    nearest = torch.cdist(test.x[:, 0], means).argmin(dim=1)
    right = float((nearest == test.y).double().mean())
    assert right < 0.4  # far below what a convolution reaches


def test_templates_differ_when_shifted() -> None:
    curves = torch.tensor(signals.TEMPLATES, dtype=torch.float64)
    curves = torch.nn.functional.pad(curves, (12, 12))
    curves = (curves - curves.mean(dim=1, keepdim=True)) / curves.std(dim=1, keepdim=True)
    for a in range(signals.NUM_CLASSES):
        for b in range(a):
            likeness = max(float((curves[a] * curves[b].roll(k)).mean()) for k in range(-8, 9))
            assert likeness < 0.95, (a, b)
