"""The classifier recognises glyphs, and the Fréchet distance agrees with its formula."""

import pytest
import torch

from common.data import load
from common.nets.classifier import FEATURES, Classifier, frechet_distance, train_classifier

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def glyphs():
    return load("glyphs", num_train=2000, num_test=1000, seed=7)


@pytest.fixture(scope="module")
def trained(glyphs) -> Classifier:
    return train_classifier(glyphs.x_train, glyphs.y_train, seed=1)


def test_the_classifier_recognises_new_glyphs(glyphs, trained):
    accuracy = (trained.logits(glyphs.x_test).argmax(1) == glyphs.y_test).double().mean()
    assert accuracy > 0.97
    assert trained.features(glyphs.x_test[:3]).shape == (3, FEATURES)
    assert not trained.training
    assert not any(p.requires_grad for p in trained.parameters())


def test_the_scores_of_an_image_do_not_depend_on_its_batch(glyphs, trained):
    alone = torch.cat([trained.logits(image[None]) for image in glyphs.x_test[:5]])
    torch.testing.assert_close(alone, trained.logits(glyphs.x_test[:5]))


def test_a_seed_gives_one_classifier_and_torchs_generator_does_not_change(glyphs):
    few = glyphs.x_train[:128], glyphs.y_train[:128]
    before = torch.get_rng_state()
    first, again, other = (train_classifier(*few, seed=seed, epochs=1) for seed in (3, 3, 4))
    assert torch.equal(torch.get_rng_state(), before)
    x = glyphs.x_test[:2]
    assert torch.equal(first.logits(x), again.logits(x))
    assert not torch.equal(first.logits(x), other.logits(x))


def test_new_images_are_closer_to_known_ones_than_fewer_classes_or_noise(glyphs, trained):
    known, new = trained.features(glyphs.x_train), trained.features(glyphs.x_test)
    near = frechet_distance(known, new)
    assert frechet_distance(known, new[glyphs.y_test != 3]) > 3 * near
    assert frechet_distance(known, trained.features(torch.rand(500, 1, 28, 28))) > 100 * near


def test_the_distance_to_the_set_itself_is_zero_and_to_a_shifted_set_the_squared_shift():
    a = torch.randn(50, 4, generator=torch.Generator().manual_seed(0))
    assert frechet_distance(a, a) < 1e-9
    assert frechet_distance(a, a + torch.tensor([3.0, 0, -4, 0])) == pytest.approx(25, rel=1e-5)
    assert frechet_distance(a, 3 * a - 2 * a.mean(0)) == pytest.approx(4 * float(a.var(0).sum()), rel=1e-5)


def test_the_distance_agrees_with_the_formula_on_covariances_that_do_not_commute():
    generator = torch.Generator().manual_seed(1)
    a, b = (
        torch.randn(n, 5, generator=generator).double() @ torch.randn(5, 5, generator=generator).double()
        for n in (40, 70)
    )
    covariances = torch.cov(a.T), torch.cov(b.T)
    roots = torch.linalg.eigvals(covariances[0] @ covariances[1]).sqrt().real.sum()
    expected = (a.mean(0) - b.mean(0)).square().sum() + covariances[0].trace() + covariances[1].trace() - 2 * roots
    assert frechet_distance(a, b) == pytest.approx(float(expected), rel=1e-9)
    assert frechet_distance(b, a) == pytest.approx(float(expected), rel=1e-9)
    assert frechet_distance(a[:2], b[:3]) > 0  # covariances of rank 1 and 2


def test_wrong_shapes_are_explained():
    with pytest.raises(ValueError, match="at least 64 images"):
        train_classifier(torch.zeros(10, 1, 28, 28), torch.zeros(10, dtype=torch.int64))
    with pytest.raises(ValueError, match=r"\(N, D\) with \(N', D\)"):
        frechet_distance(torch.zeros(4, 3), torch.zeros(4, 2))
