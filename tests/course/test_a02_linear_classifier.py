"""Tests of a02 that a check cannot make: how pytest treats its names, and how its given classes work."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import torch

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
SOLUTION = ROOT / "solutions" / "a02_linear_classifier"


@pytest.fixture
def linear_classifier(monkeypatch):
    monkeypatch.syspath_prepend(str(SOLUTION))
    monkeypatch.delitem(sys.modules, "linear_classifier", raising=False)  # a stub that another test imported
    import linear_classifier

    yield linear_classifier
    sys.modules.pop("linear_classifier", None)


def test_pytest_does_not_collect_test_one_param_set(tmp_path):
    """Not even from a test module that imports all names of the handout."""
    folder = ROOT / "assignments" / "a02_linear_classifier"
    imports = f"import sys\nsys.path.insert(0, {str(folder)!r})\nfrom linear_classifier import *\n"
    (tmp_path / "test_mine.py").write_text(imports + "\ndef test_of_mine(): pass\n")
    command = [sys.executable, "-m", "pytest", "-q", "--collect-only", "-p", "no:cacheprovider", str(tmp_path)]
    seen = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, check=True).stdout
    assert "test_of_mine" in seen
    assert "test_one_param_set" not in seen


def test_a_loaded_classifier_predicts_the_same_as_the_saved_one(linear_classifier, tmp_path):
    torch.manual_seed(0)
    X, y = torch.randn(20, 5), torch.randint(0, 3, (20,))
    trained, loaded = linear_classifier.Softmax(), linear_classifier.Softmax()
    trained.train(X, y, learning_rate=0.1, num_iters=5)
    trained.save(tmp_path / "weights.pt")
    loaded.load(tmp_path / "weights.pt")
    assert torch.equal(trained.W, loaded.W)
    assert torch.equal(trained.predict(X), loaded.predict(X))


def test_training_continues_from_the_current_weights(linear_classifier):
    X, y = torch.randn(20, 5), torch.randint(0, 3, (20,))
    classifier = linear_classifier.LinearSVM()
    classifier.train(X, y, num_iters=5)
    first = classifier.W
    classifier.train(X, y, learning_rate=0.0, num_iters=5)
    assert torch.equal(classifier.W, first)


def test_errors_of_an_untrained_classifier_and_of_one_without_a_loss_name_the_remedy(linear_classifier):
    with pytest.raises(ValueError, match="call train or load first"):
        linear_classifier.Softmax().predict(torch.ones(2, 3))
    with pytest.raises(TypeError, match="use LinearSVM or Softmax"):
        linear_classifier.LinearClassifier().train(torch.ones(2, 3), torch.tensor([0, 1]))


@pytest.mark.parametrize(
    "name", ["svm_loss_naive", "svm_loss_vectorized", "softmax_loss_naive", "softmax_loss_vectorized"]
)
def test_wrong_inputs_get_a_clear_error(linear_classifier, name):
    loss, W, X, y = getattr(linear_classifier, name), torch.zeros(4, 3), torch.ones(2, 4), torch.tensor([0, 2])
    for X_wrong, y_wrong, sentence in [
        (X, y.float(), r"The labels y are torch\.float32, but a label is a class's number"),
        (X, y + 1, r"A label is 3, but W has 3 classes: 0 to 2\."),
        (X[:0], y[:0], r"The batch is empty"),
        (X, y[:1], r"X holds 2 images and y holds 1 labels"),
    ]:
        with pytest.raises(ValueError, match=sentence):
            loss(W, X_wrong, y_wrong, 0.1)


def test_the_fallback_draws_batches_without_the_students_file():
    from common.fallbacks.linear_classifier import sample_batch

    torch.manual_seed(0)
    X, y = torch.arange(10.0)[:, None], torch.arange(10)
    X_batch, y_batch = sample_batch(X, y, 7, 200)
    assert torch.equal(X_batch[:, 0].long(), y_batch)
    assert set(y_batch.tolist()) == set(range(7))
