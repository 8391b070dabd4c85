"""Hidden checks of graph_basics: nodes without edges, loops, many steps, directed graphs, and inputs that stay."""

import torch
from oracles_basics import (
    LOANS_OF_ADJACENCY,
    directed,
    divided,
    expect_edges,
    in_order,
    reached,
    table,
    undirected,
    walked,
    with_loops,
)

from autograder import Message, expect, expect_close, expect_equal, expect_raises, expect_unchanged, task


def with_some_loops(rng, edges, N):
    """Return edges with two loops among them."""
    nodes = rng.permutation(N)[:2]
    return torch.cat([edges, torch.stack([nodes, nodes])], dim=1)


@task("adjacency", share=50)
def check_adjacency_of_other_graphs(student, rng):
    """Loops, nodes without edges, no edges at all, one node; float32; the list stays."""
    for N, count, loops in ((9, 14, True), (4, 0, False), (1, 0, False), (30, 60, True)):
        edges = directed(rng, N, count) if count else torch.zeros(2, 0, dtype=torch.int64, device=rng.device)
        edges = with_some_loops(rng, edges, N) if loops else edges
        seen = student.inspect(student.adjacency, edges, N)
        expect_close(seen.value, table(edges, N), name=Message("{N} nodes, {E} edges", N=N, E=edges.shape[1]),
                     hint="The matrix is N x N. An edge from a node to itself is on the diagonal.")  # fmt: skip
        expect_unchanged(seen, edges, N)


@task("edge_index_of", share=50)
def check_edges_of_other_matrices(student, rng):
    """Weights, bools, whole numbers, loops, an empty matrix; the matrix stays."""
    for N, count, dtype in ((7, 12, torch.float64), (5, 9, torch.bool), (6, 8, torch.int64), (3, 0, torch.float32)):
        edges = directed(rng, N, count) if count else torch.zeros(2, 0, dtype=torch.int64, device=rng.device)
        edges = with_some_loops(rng, edges, N) if count else edges
        A = table(edges, N).to(dtype)
        A = -0.25 * A if dtype.is_floating_point else A
        seen = student.inspect(student.edge_index_of, A)
        expect_edges(seen.value, set(in_order(edges)), name=Message("the edges of {N} nodes", N=N),
                     hint="Each entry that is not 0 is an edge, negative ones and the diagonal, too.")  # fmt: skip
        expect_unchanged(seen, A)


@task("walks", share=50)
def check_walks_of_other_lengths(student, rng):
    """Lengths 0 to 5 by following each walk, in float64 and float32; the matrix stays."""
    for N, count, k, dtype in ((6, 11, 0, torch.float64), (5, 9, 1, torch.float64), (7, 15, 5, torch.float64),
                               (6, 12, 4, torch.float32)):  # fmt: skip
        edges = with_some_loops(rng, directed(rng, N, count), N)
        A = table(edges, N, dtype)
        seen = student.inspect(student.walks, A, k)
        expect_close(seen.value, walked(edges, N, k).to(dtype), name=Message("length {k}", k=k), mistakes={
            "One walk of length 0 leads from each node to itself.": 0 * A,
        } if k == 0 else None)  # fmt: skip
        expect_unchanged(seen, A, k)


@task("k_hop", share=50)
def check_who_is_reached_after_many_steps(student, rng):
    """No step, one, and so many that numbers of walks overflow; parts that are not connected; the matrix stays."""
    for N, count, k in ((8, 9, 0), (8, 9, 1), (9, 10, 4), (30, 45, 5)):
        edges = directed(rng, N, count)
        A = table(edges, N, torch.float64)
        seen = student.inspect(student.k_hop, A, k)
        expect_equal(seen.value, reached(edges, N, k), name=Message("{k} hops in {N} nodes", k=k, N=N),
                     hint="At most k edges; with k = 0, each node reaches itself.")  # fmt: skip
        expect_unchanged(seen, A, k)
    A = torch.zeros(24, 24, device=rng.device)
    A[:12, :12], A[12:, 12:] = 1.0, 1.0
    right = A > 0
    expect_equal(student.k_hop(A, 150), right, name="150 hops in two parts", mistakes={
        "Numbers of walks overflow. Make the table 0 or 1 again after each product.": torch.zeros_like(right),
    })  # fmt: skip
    line = torch.diag(torch.ones(39, dtype=torch.float64, device=rng.device), 1)
    places = torch.arange(40, device=rng.device)
    expect_equal(student.k_hop(line + line.T, 30), (places[:, None] - places).abs() <= 30,
                 name="30 hops along a line of 40", hint="Up to k products, however large k is.")  # fmt: skip
    pair = torch.tensor([[0.0, 1.0], [1.0, 0.0]], dtype=torch.float64, device=rng.device)
    everyone = torch.ones(2, 2, dtype=torch.bool, device=rng.device)
    expect_equal(student.k_hop(pair, 70), everyone, name="70 hops between two nodes", mistakes={
        "Numbers of walks overflow: in int64, 2^64 becomes 0.": torch.zeros_like(everyone),
    })  # fmt: skip


@task("permute", share=50)
def check_permutations_of_other_graphs(student, rng):
    """The product P A P^T, for other sizes and dtypes; there and back; inputs stay."""
    for N, D, dtype in ((7, 1, torch.float64), (1, 3, torch.float64), (11, 4, torch.float32)):
        A, X, p = rng.normal(N, N, dtype=dtype), rng.normal(N, D, dtype=dtype), rng.permutation(N)
        P = torch.zeros(N, N, dtype=dtype, device=rng.device)
        for new, old in enumerate(p.tolist()):
            P[new, old] = 1
        seen = student.inspect(student.permute, A, X, p)
        expect_close(seen.value[0], P @ A @ P.T, name=Message("A of {N} nodes", N=N))
        expect_close(seen.value[1], P @ X, name=Message("X of {N} nodes", N=N))
        expect_unchanged(seen, A, X, p)


@task("normalised_adjacency", share=25, loans=LOANS_OF_ADJACENCY)
def check_normalised_graphs_with_lonely_nodes(student, rng):
    """Nodes without edges, loops and edges that are listed twice, with and without self_loops; the list stays."""
    for N, count in ((8, 9), (3, 1)):
        edges = with_some_loops(rng, undirected(rng, N - 1, count), N - 1)
        edges = torch.cat([edges, edges[:, :2]], dim=1)
        for self_loops in (True, False):
            A = with_loops(table(edges, N)) if self_loops else table(edges, N)
            twice = table(edges, N) + torch.eye(N, device=rng.device)
            for kind in ("sym", "row"):
                seen = student.inspect(student.normalised_adjacency, edges, N, self_loops, kind)
                expect_close(seen.value, divided(A, kind), name=Message("{kind}, self_loops={loops}",
                             kind=kind, loops=self_loops), mistakes={
                    "A diagonal entry is 1, also where a loop is listed already.": divided(twice, kind),
                } if self_loops else {
                    "Without self_loops, A takes the place of A + I.": divided(with_loops(A), kind),
                })  # fmt: skip
                expect_unchanged(seen, edges, N, self_loops, kind)
    with expect_raises(ValueError):
        student.normalised_adjacency(edges, N, True, "column")


@task("normalised_adjacency", share=25, any_dtype=True, loans=LOANS_OF_ADJACENCY)
def check_normalised_directed_graphs_and_sparse_ones(student, rng):
    """Directed graphs, whose degrees count what arrives; sparse results that agree with dense ones."""
    edges = directed(rng, 7, 10)
    alone = torch.cat([edges[:, edges[1] > 0], torch.tensor([[0, 1], [2, 2]], device=rng.device)], dim=1)
    for kind in ("sym", "row"):  # nothing arrives at node 0, but edges leave from it
        expect_close(student.normalised_adjacency(alone, 7, False, kind), divided(table(alone, 7), kind),
                     name=Message("directed, {kind}, without loops", kind=kind),
                     hint="The degree is the row sum, on both sides; if it is 0, its inverse counts as 0.")  # fmt: skip
    A = with_loops(table(edges, 7))
    for kind in ("sym", "row"):
        found = student.normalised_adjacency(edges, 7, kind=kind)
        expect_close(found, divided(A, kind), name=Message("directed, {kind}", kind=kind), mistakes={
            "The degree is the number of edges that arrive: row sums.": divided(A.T.contiguous(), kind).T,
            "Rows are targets.": divided(A.T.contiguous(), kind),
        }, hint="The degree of a node is its row sum, on both sides.")  # fmt: skip
        thin = student.normalised_adjacency(edges, 7, kind=kind, sparse=True)
        sparse = type(thin) is torch.Tensor and thin.layout == torch.sparse_coo
        expect(sparse, "sparse=True returns a sparse COO tensor.",
               "A.to_sparse() makes one of a dense tensor.")  # fmt: skip
        expect_close(thin.to_dense(), divided(A, kind), name=Message("sparse, {kind}", kind=kind))
        thin = student.normalised_adjacency(alone, 7, False, kind, True)
        sparse = type(thin) is torch.Tensor and thin.layout == torch.sparse_coo
        expect(sparse, "sparse=True returns a sparse COO tensor.",
               "A.to_sparse() makes one of a dense tensor.")  # fmt: skip
        expect_close(thin.to_dense(), divided(table(alone, 7), kind), name=Message("sparse, {kind}, without loops",
                     kind=kind))  # fmt: skip
        expect_close(student.normalised_adjacency(edges[:, :0], 3, kind=kind), torch.eye(3, device=rng.device),
                     name="a graph without edges", hint="With self_loops, the diagonal is 1.")  # fmt: skip
