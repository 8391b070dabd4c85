"""What the checks of graph_tasks share: parameters, graphs, and right answers by loops."""

import math

import torch
import torch.nn.functional as F
from oracles_parameters import SETTERS

LOSSES = [
    "F.binary_cross_entropy*",
    "F.cross_entropy",
    "F.multilabel*",
    "F.soft_margin_loss",
    "nn.BCELoss",
    "nn.BCEWithLogitsLoss",
    "nn.CrossEntropyLoss",
    "nn.MultiLabel*",
    "nn.SoftMarginLoss",
]


def set_mode(student, module, *, train):
    """Put a module into training mode or eval mode."""
    student.define(SETTERS).mode(module, train)


def undirected(rng, N, count):
    """Draw edges in both directions, none twice, in random order. (2, E)"""
    source = rng.integers(0, N, count)
    drawn = torch.stack([source, (source + rng.integers(1, N, count)) % N])
    both = torch.cat([drawn, drawn.flip(0)], dim=1).unique(dim=1)
    return both[:, rng.permutation(both.shape[1])]


def table(edges, N, dtype=torch.float64):
    """Return the adjacency matrix. (N, N)"""
    A = torch.zeros(N, N, dtype=dtype, device=edges.device)
    for j, i in edges.T.tolist():
        A[i, j] = 1
    return A


def smooth(A):
    """Return the normalised matrix with loops, entry by entry."""
    degree = [1 + sum(row) for row in A.tolist()]
    out = torch.zeros_like(A)
    for i in range(len(A)):
        for j in range(len(A)):
            out[i, j] = (float(A[i, j]) + (i == j)) / math.sqrt(degree[i] * degree[j])
    return out


def convolutions(X, A, p):
    """Return two graph convolutions without dropout."""
    hidden = torch.einsum("ij,jd,kd->ik", A, X, p["first.weight"]).relu()
    return torch.einsum("ij,jd,kd->ik", A, hidden, p["second.weight"])


def trained(X, A, y, mask, weights, steps, lr, decay, *, all_nodes=False, all_layers=False):
    """Return the losses and weights of Adam by its formulas (Kingma and Ba 2015), with a penalty on the first layer."""
    p = [w.clone().requires_grad_() for w in weights]
    moments, losses = [(torch.zeros_like(w), torch.zeros_like(w)) for w in p], []
    for step in range(1, steps + 1):
        logits = convolutions(X, A, {"first.weight": p[0], "second.weight": p[1]})
        rows = range(len(y)) if all_nodes else [n for n, known in enumerate(mask.tolist()) if known]
        loss = torch.stack([logits[n].logsumexp(dim=0) - logits[n, int(y[n])] for n in rows]).mean()
        losses.append(float(loss.detach()))
        penalty = p[0].square().sum() + (p[1].square().sum() if all_layers else 0)
        grads = torch.autograd.grad(loss + decay / 2 * penalty, p)
        with torch.no_grad():
            for n, (w, g) in enumerate(zip(p, grads, strict=True)):
                m, v = 0.9 * moments[n][0] + 0.1 * g, 0.999 * moments[n][1] + 0.001 * g * g
                moments[n] = m, v
                w -= lr * (m / (1 - 0.9**step)) / ((v / (1 - 0.999**step)).sqrt() + 1e-8)
    return losses, [w.detach() for w in p]


def classified(X, edges, batch, p, *, readout="mean", own=True):
    """Return the logits of whole graphs, node by node."""
    for name in ("first", "second"):
        rows = []
        for i in range(len(X)):
            total = X[i] if own else torch.zeros_like(X[i])
            for j, target in edges.T.tolist():
                if target == i:
                    total = total + X[j]
            rows.append(torch.relu(p[f"{name}.weight"] @ total + p[f"{name}.bias"]))
        X = torch.stack(rows)
    out = []
    for g in range(int(batch.max()) + 1):
        nodes = X[batch == g]
        vector = {"mean": nodes.mean(dim=0), "sum": nodes.sum(dim=0), "all": X.mean(dim=0)}[readout]
        out.append((p["last.weight"] @ vector + p["last.bias"])[0])
    return torch.stack(out)


def classifier_shapes(d_in, hidden):
    """Return the shapes of the parameters of GraphClassifier."""
    return {"first__weight": (hidden, d_in), "first__bias": (hidden,), "second__weight": (hidden, hidden),
            "second__bias": (hidden,), "last__weight": (1, hidden), "last__bias": (1,)}  # fmt: skip


def bce(z, y, mask):
    """Return the mean of -log of the probability of what is true, over known entries."""
    known = mask.flatten().nonzero()[:, 0].tolist()
    flat, labels = z.flatten(), y.flatten()
    losses = [-F.logsigmoid(flat[n] if float(labels[n]) == 1.0 else -flat[n]) for n in known]
    return torch.stack(losses).mean() if losses else 0 * z.sum()


def area(positive, negative):
    """Return the share of pairs in which the first has the larger score, one after the other; ties count half."""
    points = sum((p > q) + 0.5 * (p == q) for p in positive.tolist() for q in negative.tolist())
    return points / (len(positive) * len(negative))


def energies(A, X, K, loops=1):
    """Return the Dirichlet energies, edge by edge, with degrees that count so many loops."""
    degree, out, H = [(loops + sum(row)) or 1 for row in A.tolist()], [], X
    for _ in range(K + 1):
        total = 0.0
        for i in range(len(A)):
            for j in range(len(A)):
                if A[i, j] > 0:
                    total = total + (H[i] / math.sqrt(degree[i]) - H[j] / math.sqrt(degree[j])).square().sum() / 2
        out.append(total if isinstance(total, torch.Tensor) else torch.zeros((), dtype=X.dtype, device=X.device))
        H = smooth(A) @ H
    return torch.stack(out)
