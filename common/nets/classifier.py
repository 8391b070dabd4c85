"""A small classifier of 28x28 grey images, to evaluate generated ones: recognisable, varied, close to real images?

Knows nothing about points or thresholds. It is trained from a seed, in a few seconds on one thread.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

FEATURES = 32
BATCH = 64
LEARNING_RATE = 4e-3


class Classifier(nn.Module):
    """A modern LeNet: two convolutions with pooling, a layer of features, a linear layer.

    Without batch normalisation: the scores of an image do not depend on the other images in its batch.
    """

    def __init__(self, num_classes: int = 10) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(1, 12, 5, stride=2, padding=2),
            nn.ReLU(),
            nn.Conv2d(12, 24, 3, stride=1, padding=1),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Flatten(),
            nn.Linear(24 * 7 * 7, FEATURES),
        )
        self.head = nn.Linear(FEATURES, num_classes)

    def features(self, x: Tensor) -> Tensor:
        """Compute the input of the last layer.

        Shapes:
            x    (N, 1, 28, 28)  in [0, 1]
            out  (N, FEATURES)   before the last ReLU, where they are roughly Gaussian
        """
        out: Tensor = self.body(2 * x - 1)
        return out

    def logits(self, x: Tensor) -> Tensor:
        """Compute the scores of the classes.

        Shapes:
            x    (N, 1, 28, 28)  in [0, 1]
            out  (N, L)
        """
        out: Tensor = self.head(F.relu(self.features(x)))
        return out

    def forward(self, x: Tensor) -> Tensor:
        """Return the logits."""
        return self.logits(x)


def train_classifier(x: Tensor, y: Tensor, *, seed: int = 0, epochs: int = 6) -> Classifier:
    """Train a classifier on these images; return it frozen. torch's global generator is not changed.

    Shapes:
        x  (N, 1, 28, 28)  in [0, 1]
        y  (N,)            int64
    """
    if x.ndim != 4 or x.shape[1:] != (1, 28, 28) or y.shape != x.shape[:1] or len(x) < BATCH:
        raise ValueError(
            f"train_classifier needs at least {BATCH} images of shape (N, 1, 28, 28) and labels of shape (N,), "
            f"not {tuple(x.shape)} and {tuple(y.shape)}."
        )
    with torch.random.fork_rng(devices=[]), torch.enable_grad():
        torch.manual_seed(seed)
        model = Classifier(int(y.max()) + 1)
        model.to(x.device)
        optimizer = torch.optim.AdamW(model.parameters(), weight_decay=0.01)
        steps = epochs * (len(x) // BATCH)
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, LEARNING_RATE, total_steps=steps)
        for _ in range(epochs):
            order = torch.randperm(len(x)).to(x.device)
            for rows in order[: len(x) // BATCH * BATCH].split(BATCH):
                optimizer.zero_grad()
                F.cross_entropy(model(x[rows]), y[rows]).backward()
                optimizer.step()
                schedule.step()
    return model.eval().requires_grad_(False)


def frechet_distance(a: Tensor, b: Tensor) -> float:
    """Compute the squared Fréchet distance between two sets of features, as Gaussians with their mean and covariance.

    |m_a - m_b|^2 + trace(C_a + C_b - 2 (C_a C_b)^(1/2)): Dowson and Landau, "The Fréchet distance between multivariate
    normal distributions" (1982); with an Inception network's features it is the FID of Heusel et al. (2017).

    Shapes:
        a  (N, D)   features, N at least 2
        b  (N', D)  other features
    """
    if a.ndim != 2 or b.ndim != 2 or a.shape[1] != b.shape[1] or min(len(a), len(b)) < 2:
        raise ValueError(f"frechet_distance compares (N, D) with (N', D), not {tuple(a.shape)} with {tuple(b.shape)}.")
    a, b = a.detach().double().cpu(), b.detach().double().cpu()
    cov_a, cov_b = torch.cov(a.T).reshape(a.shape[1], -1), torch.cov(b.T).reshape(a.shape[1], -1)
    root = _root(cov_a)
    # C_a C_b has the eigenvalues of the symmetric root C_b root, whose square root is stable.
    cross = torch.linalg.eigvalsh(root @ cov_b @ root).clamp(min=0).sqrt().sum()
    squared = (a.mean(dim=0) - b.mean(dim=0)).square().sum() + cov_a.trace() + cov_b.trace() - 2 * cross
    return max(float(squared), 0.0)


def _root(covariance: Tensor) -> Tensor:
    """Compute the symmetric square root of a matrix without negative eigenvalues, apart from rounding errors."""
    values, vectors = torch.linalg.eigh(covariance)
    root: Tensor = (vectors * values.clamp(min=0).sqrt()) @ vectors.T
    return root


# The names in hand-ins written before version 0.2.
Recogniser, train_recogniser = Classifier, train_classifier
