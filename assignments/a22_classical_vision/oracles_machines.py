"""What the checks of machines share: kernels and objectives by loops."""

import math

import numpy as np

INVERSES = ["np.linalg.pinv", "np.linalg.lstsq"]


def products(A, B, kind, degree=3, gamma=1.0):
    """Return a kernel, by loops."""

    def one(a, b):
        dot = math.fsum(x * y for x, y in zip(a, b, strict=True))
        if kind == "rbf":
            return math.exp(-gamma * math.fsum((x - y) ** 2 for x, y in zip(a, b, strict=True)))
        return dot if kind == "linear" else (1 + dot) ** degree

    return np.array([[one(a, b) for b in B.tolist()] for a in A.tolist()])


def learned(X, y, epochs, *, strict=False, late=False, plain=False):
    """Return the perceptron's weights and mistakes, by loops.

    Wrong ones: strict, 0 is not a mistake; late, w of the epoch's start decides; plain, the label is left out.
    """
    w, mistakes = [0.0] * X.shape[1], 0
    for _ in range(epochs):
        clean, before = True, w
        for x, label in zip(X.tolist(), y.tolist(), strict=True):
            value = label * sum(a * b for a, b in zip(before if late else w, x, strict=True))
            if value < 0 or (value == 0 and not strict):
                w = [a + (1 if plain else label) * b for a, b in zip(w, x, strict=True)]
                mistakes, clean = mistakes + 1, False
        if clean:
            break
    return np.array(w), mistakes


def objective(alpha, K, y):
    """Return the dual objective, by loops."""
    N = len(alpha)
    pairs = (alpha[i] * alpha[j] * y[i] * y[j] * K[i, j] for i in range(N) for j in range(N))
    return math.fsum(alpha) - math.fsum(pairs) / 2


def violation(alpha, b, K, y, C):
    """Return by how much the conditions of Karush, Kuhn and Tucker are violated."""
    margin = y * ((alpha * y) @ K + b)
    low, high = alpha < 1e-8, alpha > C - 1e-8
    return float(np.where(low, 1 - margin, np.where(high, margin - 1, np.abs(margin - 1))).max())
