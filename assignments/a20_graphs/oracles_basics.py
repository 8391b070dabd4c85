"""What the checks of graph_basics share: random graphs, and right answers by loops and by networkx."""

import itertools

import networkx
import numpy as np
import torch

from autograder import Message, expect_equal, expect_shape

LOOPS_OVER = "nodes or edges"
ROWS = "Rows are targets: set A[edge_index[1], edge_index[0]]."

LOANS_OF_ADJACENCY = """
import torch

def adjacency(edge_index, N):
    rows = [[0.0] * N for _ in range(N)]
    for source, target in edge_index.T.tolist():
        rows[target][source] = 1.0
    return torch.tensor(rows, device=edge_index.device).reshape(N, N)

LOANS = {"adjacency": adjacency}
"""


def directed(rng, N, count):
    """Draw edges between different nodes; some may be drawn twice. (2, count)"""
    source = rng.integers(0, N, count)
    return torch.stack([source, (source + rng.integers(1, N, count)) % N])


def undirected(rng, N, count):
    """Draw edges in both directions, none twice, in random order. (2, E)"""
    pairs = sorted({tuple(sorted(pair)) for pair in directed(rng, N, count).T.tolist()})
    both = torch.tensor([*pairs, *((b, a) for a, b in pairs)], device=rng.device).T
    return both[:, rng.permutation(both.shape[1])]


def network(edge_index, N):
    """Return the directed graph as networkx has it."""
    graph = networkx.DiGraph()
    graph.add_nodes_from(range(N))
    graph.add_edges_from(edge_index.T.tolist())
    return graph


def table(edge_index, N, dtype=torch.float32):
    """Return the adjacency matrix, whose rows are targets, by networkx."""
    found = networkx.to_numpy_array(network(edge_index, N), nodelist=range(N)).T
    return torch.tensor(found, dtype=dtype, device=edge_index.device)


def counted(edge_index, N):
    """Return the adjacency matrix in which an edge counts as often as it is listed."""
    counts = torch.zeros(N, N, device=edge_index.device)
    for source, target in edge_index.T.tolist():
        counts[target, source] += 1
    return counts


def walked(edge_index, N, k):
    """Return the numbers of walks, by following each of them."""
    following = [[t for s, t in set(map(tuple, edge_index.T.tolist())) if s == n] for n in range(N)]
    counts = torch.zeros(N, N, dtype=torch.float64, device=edge_index.device)
    for start in range(N):
        ends = [start]
        for _ in range(k):
            ends = list(itertools.chain.from_iterable(following[n] for n in ends))
        for end in ends:
            counts[end, start] += 1
    return counts


def reached(edge_index, N, k):
    """Return what is reached in at most k edges, by breadth-first search of networkx."""
    out = torch.zeros(N, N, dtype=torch.bool, device=edge_index.device)
    for start, ends in networkx.all_pairs_shortest_path_length(network(edge_index, N), cutoff=k):
        for end in ends:
            out[end, start] = True
    return out


def divided(A, kind, degree=None):
    """Return a matrix divided by degrees, entry by entry."""
    degree = [sum(row) for row in A.tolist()] if degree is None else degree
    out = torch.zeros_like(A)
    for i, j in A.nonzero().tolist():
        size = degree[i] if kind == "row" else (degree[i] * degree[j]) ** 0.5
        out[i, j] = A[i, j] / size if size > 0 else 0.0
    return out


def with_loops(A):
    """Return a copy with ones on the diagonal."""
    out = A.clone()
    for n in range(len(A)):
        out[n, n] = 1.0
    return out


def laplace(A, kind):
    """Return the Laplacian, entry by entry."""
    degree = [sum(row) for row in A.tolist()]
    out = -(A if kind == "plain" else divided(A, "sym"))
    for n, value in enumerate(degree):
        out[n, n] = value if kind == "plain" else float(value > 0)
    return out


def polynomial(L, x, theta, lam_max):
    """Return the Chebyshev filter by cosines of eigenvalues: T_k(cos t) = cos(k t)."""
    values, U = torch.linalg.eigh(L)
    angles = torch.arccos((2 / lam_max * values - 1).clamp(-1, 1))
    response = sum(factor * torch.cos(k * angles) for k, factor in enumerate(theta))
    return U @ (response[:, None] * (U.T @ x))


def lines(edge_index, N):
    """Return the sorted edges, and which of them share an end, by networkx."""
    graph = networkx.line_graph(network(edge_index, N).to_undirected())
    ends = sorted(tuple(sorted(edge)) for edge in graph)
    number = {edge: n for n, edge in enumerate(ends)}
    joined = sorted({tuple(number[tuple(sorted(edge))] for edge in pair) for pair in graph.edges()})
    return ends, sorted({*joined, *((b, a) for a, b in joined)})


def in_order(edge_index):
    """Return the columns of an edge_index of ours, sorted."""
    return sorted(map(tuple, edge_index.T.tolist()))


def expect_edges(found, right, name="the edges", mistakes=None, hint=""):
    """Require these pairs (source, target), in any order. Mistakes are lists of pairs, by hint."""
    expect_shape(found, (2, None), name=name, hint="One edge is one column: sources in row 0, targets in row 1.")
    places = torch.from_numpy(np.lexsort((found[1].cpu().numpy(), found[0].cpu().numpy()))).to(found.device)

    def columns(pairs):
        return torch.tensor(sorted(pairs), dtype=torch.int64, device=found.device).reshape(-1, 2).T

    expect_equal(found[:, places], columns(right), name=Message("{what}, sorted", what=name), hint=hint,
                 mistakes={hint: columns(pairs) for hint, pairs in (mistakes or {}).items()})  # fmt: skip
