"""Embeddings in two dimensions: PCA against its definition, t-SNE by what it keeps together."""

import pytest
import torch

from common.plots.embedding import _neighbours, pca, tsne


def clusters(count=40, dims=10):
    generator = torch.Generator().manual_seed(0)
    centres = 6 * torch.randn(3, dims, generator=generator)
    labels = torch.arange(3).repeat(count)
    return centres[labels] + torch.randn(3 * count, dims, generator=generator), labels


def test_pca_finds_the_directions_of_largest_variance():
    points, _ = clusters()
    flat = pca(points.double())
    variances = torch.linalg.eigvalsh(torch.cov(points.double().T)).flip(0)
    assert torch.allclose(flat.var(dim=0), variances[:2])
    assert torch.allclose(flat.mean(dim=0), torch.zeros(2, dtype=torch.float64), atol=1e-9)


def test_each_point_has_as_many_neighbours_as_the_perplexity_says():
    points, _ = clusters()
    p = _neighbours(points.double(), 10.0)
    assert p.sum().item() == pytest.approx(1)
    assert torch.equal(p, p.T)
    entropy = -torch.xlogy(p, p).sum() - torch.log(torch.tensor(float(len(p))))
    assert 9 < entropy.exp().item() < 14  # symmetric p is a mean of distributions, so a little wider


def test_tsne_keeps_clusters_together_and_apart():
    points, labels = clusters()
    flat = tsne(points, perplexity=15)
    distances = torch.cdist(flat, flat).fill_diagonal_(float("inf"))
    assert torch.equal(labels[distances.argmin(dim=1)], labels)
    assert torch.equal(flat, tsne(points, perplexity=15))


def test_too_few_points_are_refused():
    with pytest.raises(ValueError, match="choose a perplexity below 7"):
        tsne(torch.randn(20, 3), perplexity=30)
