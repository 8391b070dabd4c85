"""What the checks of graph_layers share: parameters, random graphs, and each layer node by node."""

import torch
import torch.nn.functional as F

LOOPS_OVER = "nodes, edges or groups"
KINDS = ("sum", "mean", "diagonal", "residual", "kipf", "max")
LOANS_OF_SUM = """
import torch

def grouped(x, index, N, how):
    rows = [x[index == n] for n in range(N)]
    return torch.stack([how(some) if len(some) else x.new_zeros(x.shape[1:]) for some in rows])

LOANS = {"scatter_sum": lambda x, index, N: grouped(x, index, N, lambda rows: rows.sum(0))}
"""

LOANS_OF_GROUPS = (
    LOANS_OF_SUM
    + """
LOANS["scatter_mean"] = lambda x, index, N: grouped(x, index, N, lambda rows: rows.mean(0))
LOANS["scatter_max"] = lambda x, index, N: grouped(x, index, N, lambda rows: rows.amax(0))
"""
)

LOANS_OF_ATTENTION = (
    LOANS_OF_GROUPS
    + """

def weights(h, edge_index, a_src, a_dst, slope=0.2):
    ends = edge_index.T.tolist() + [[n, n] for n in range(len(h))]
    scores = [torch.nn.functional.leaky_relu(h[j] @ a_src + h[i] @ a_dst, slope) for j, i in ends]
    out = []
    for (_, i), score in zip(ends, scores, strict=True):
        rivals = torch.stack([other for (_, t), other in zip(ends, scores, strict=True) if t == i])
        out.append((score - rivals.logsumexp(0)).exp())
    return torch.stack(out)

LOANS |= {"attention_coefficients": weights}
"""
)


def simple(rng, N, count):
    """Draw a directed graph without loops in which no edge is listed twice. (2, E)"""
    source = rng.integers(0, N, count)
    edges = torch.stack([source, (source + rng.integers(1, N, count)) % N])
    return edges.unique(dim=1)[:, rng.permutation(edges.unique(dim=1).shape[1])]


def near(edges, i):
    """Return the sources of the edges that arrive at node i."""
    return [j for j, target in edges.T.tolist() if target == i]


def grouped(x, index, N, how):
    """Return the sum, mean or max of each group, one after the other."""
    out = []
    for n in range(N):
        rows = [x[e] for e, group in enumerate(index.tolist()) if group == n]
        if not rows:
            out.append(0 * x[:1].sum(dim=0))
        elif how == "max":
            out.append(torch.stack(rows).amax(dim=0))
        else:
            out.append(sum(rows) / (len(rows) if how == "mean" else 1))
    return torch.stack(out)


def spatial(kind, X, edges, p):
    """Return one of the six kinds, node by node; p are the parameters by name."""
    N, rows = len(X), []
    degree = [len(near(edges, i)) + 1 for i in range(N)]
    for i in range(N):
        others = near(edges, i)
        total = sum((X[j] for j in others), torch.zeros_like(X[i]))
        weight, bias = p["linear.weight"], p["linear.bias"]
        if kind == "sum":
            rows.append(torch.relu(bias + weight @ (X[i] + total)))
        elif kind == "diagonal":
            rows.append(torch.relu(bias + weight @ ((1 + p["eps"]) * X[i] + total)))
        elif kind == "residual":
            rows.append(X[i] + torch.relu(bias + weight @ total))
        elif kind == "mean":
            rows.append(torch.relu(bias + p["own.weight"] @ X[i] + weight @ (total / max(len(others), 1))))
        elif kind == "kipf":
            scaled = sum(X[j] / (degree[i] * degree[j]) ** 0.5 for j in [*others, i])
            rows.append(torch.relu(bias + weight @ scaled))
        else:
            ready = [torch.relu(p["pool.bias"] + p["pool.weight"] @ X[j]) for j in others]
            top = torch.stack(ready).amax(dim=0) if ready else torch.zeros_like(X[i])
            rows.append(torch.relu(bias + weight @ torch.cat([X[i], top])))
    return torch.stack(rows)


def spatial_shapes(kind, d_in, d_out):
    """Return the shapes of the parameters of one of the six kinds."""
    shapes = {"linear__weight": (d_out, 2 * d_in if kind == "max" else d_in), "linear__bias": (d_out,)}
    if kind == "mean":
        shapes["own__weight"] = (d_out, d_in)
    if kind == "max":
        shapes |= {"pool__weight": (d_in, d_in), "pool__bias": (d_in,)}
    if kind == "diagonal":
        shapes["eps"] = ()
    return shapes


def sage(aggregator, own, samples, p, *, length=True):
    """Return a SAGE layer, node by node, with an LSTM written out."""
    rows = []
    for h, others in zip(own, samples, strict=True):
        if aggregator == "mean":
            collected = sum(others) / len(others)
        elif aggregator == "pool":
            collected = torch.stack([torch.relu(p["pool.weight"] @ x + p["pool.bias"]) for x in others]).amax(dim=0)
        else:
            collected = cell = torch.zeros_like(h)
            for x in others:
                gates = p["lstm.weight_ih_l0"] @ x + p["lstm.bias_ih_l0"]
                gates = gates + p["lstm.weight_hh_l0"] @ collected + p["lstm.bias_hh_l0"]
                let_in, keep, new, let_out = gates.chunk(4)
                cell = torch.sigmoid(keep) * cell + torch.sigmoid(let_in) * torch.tanh(new)
                collected = torch.sigmoid(let_out) * torch.tanh(cell)
        row = torch.relu(p["linear.weight"] @ torch.cat([h, collected]))
        size = row.square().sum().sqrt()
        rows.append(row / size if length and bool(size.detach() > 0) else row)
    return torch.stack(rows)


def lively(aggregator, own, samples):
    """Return whether a SAGE layer with given parameters has three positive numbers in each row, as a function."""
    return lambda p: int((sage(aggregator, own, samples, p) > 0).sum(dim=1).min()) > 2


def sage_shapes(aggregator, d_in, d_out):
    """Return the shapes of the parameters of a SAGE layer."""
    shapes = {"linear__weight": (d_out, 2 * d_in)}
    if aggregator == "pool":
        shapes |= {"pool__weight": (d_in, d_in), "pool__bias": (d_in,)}
    if aggregator == "lstm":
        shapes |= {"lstm__weight_ih_l0": (4 * d_in, d_in), "lstm__weight_hh_l0": (4 * d_in, d_in)}
        shapes |= {"lstm__bias_ih_l0": (4 * d_in,), "lstm__bias_hh_l0": (4 * d_in,)}
    return shapes


def attention(h, edges, a_src, a_dst, slope=0.2, *, axis=1, loops=True):
    """Return the table of attention weights (N, N), [target, source], by a dense masked softmax."""
    N = len(h)
    mask = torch.eye(N, dtype=torch.bool, device=h.device) if loops else torch.zeros(N, N, dtype=torch.bool)
    for j, i in edges.T.tolist():
        mask[i, j] = True
    scores = F.leaky_relu((h @ a_src)[None, :] + (h @ a_dst)[:, None], slope)
    return scores.masked_fill(~mask, -torch.inf).softmax(dim=axis)


def in_list(weights, edges):
    """Return the numbers of a table at the edges, and then its diagonal."""
    return torch.stack([weights[i, j] for j, i in edges.T.tolist()] + [weights[n, n] for n in range(len(weights))])


def gat(X, edges, p, concat):
    """Return a GAT layer by dense tables."""
    heads = []
    for weight, a_src, a_dst in zip(p["weight"], p["a_src"], p["a_dst"], strict=True):
        h = X @ weight
        heads.append(attention(h, edges, a_src, a_dst) @ h)
    return F.elu(torch.cat(heads, dim=1)) if concat else sum(heads) / len(heads)
