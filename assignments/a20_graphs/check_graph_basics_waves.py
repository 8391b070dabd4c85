"""Public checks of graph_basics: Laplacians, filters, batches of graphs and edge graphs."""

import torch
from oracles_basics import expect_edges, in_order, laplace, lines, polynomial, table, undirected

from autograder import Message, expect, expect_close, expect_equal, forbid, is_sequence, task

FILTERS = """
import torch

def decay(values):
    return torch.exp(-2 * values)
"""


@task("laplacian", share=50, any_dtype=True)
def check_laplacian_of_small_graphs(student, rng):
    """Both Laplacians of the path and of another graph; those of the path have the eigenvalues in the text."""
    path = torch.tensor([[0, 1, 1, 2], [1, 0, 2, 1]], device=rng.device)
    for name, edges, N in (("the path", path, 3), ("a graph of 6 nodes", undirected(rng, 6, 9), 6)):
        A = table(edges, N, torch.float64)
        for kind in ("plain", "sym"):
            right = laplace(A, kind)
            expect_close(student.laplacian(A, kind), right, name=Message("{graph}, {kind}", graph=Message(name),
                         kind=kind), mistakes={
                "D - A, not A - D.": -right,
                "The sign of A is wrong.": torch.diag(2 * right.diagonal()) - right,
                "Without loops: the degrees are the row sums of A.": laplace(A + torch.eye(N).to(A), kind),
                "The row and the column of a node without edges are 0.":
                    right + torch.diag((A.sum(dim=1) == 0).to(A)),
                "This is the other kind.": laplace(A, "plain" if kind == "sym" else "sym"),
            }, hint="An entry of the kind \"sym\" is divided by the roots of both degrees.")  # fmt: skip
    values = torch.linalg.eigvalsh(student.laplacian(table(path, 3, torch.float64)).double())
    expect_close(values, torch.tensor([0.0, 1.0, 2.0], device=values.device), check_dtype=False,
                 name="the eigenvalues of the path")  # fmt: skip


@task("spectral_filter", share=50, any_dtype=True)
def check_filter_is_a_matrix_exponential(student, rng):
    """The filter exp(-2 v) is the exponential of -2 L."""
    L = laplace(table(undirected(rng, 7, 9), 7, torch.float64), "sym")
    x = rng.normal(7, 3)
    values, U = torch.linalg.eigh(L)
    g = torch.exp(-2 * values)[:, None]
    found = student.spectral_filter(L, x, student.define(FILTERS).decay)
    expect_close(found, torch.linalg.matrix_exp(-2 * L) @ x, mistakes={
        "U and its transpose are exchanged: U is on the left.": U.T @ (g * (U @ x)),
        "The filtered coefficients must be transformed back, by U.": g * (U.T @ x),
        "The signal must be transformed first, by U transposed.": U @ (g * x),
        "g acts on the eigenvalues, not on the entries of L.": torch.exp(-2 * L) @ x,
    }, hint="Row n of U.T @ x is multiplied by the factor of eigenvalue n.")  # fmt: skip


@task("chebyshev", share=50, any_dtype=True)
def check_chebyshev_agrees_with_cosines(student, rng):
    """Three and five terms agree with cosines of the eigenvalues."""
    forbid(
        student, "chebyshev", calls=["torch.linalg", "torch.matrix_power", "torch.linalg.eigh", "Tensor.matrix_power"]
    )
    L = laplace(table(undirected(rng, 8, 11), 8, torch.float64), "sym")
    x = rng.normal(8, 2)
    for terms in (3, 5):
        theta = rng.normal(terms)
        plain, before, now = theta[0] * x, x, L @ x
        once = theta[0] * x
        for k, factor in enumerate(theta[1:], start=1):
            plain = plain + factor * now
            once = once + factor * torch.linalg.matrix_power(L - torch.eye(8).to(L), k) @ x
            before, now = now, 2 * L @ now - before
        expect_close(student.chebyshev(L, x, theta), polynomial(L, x, theta, 2.0),
                     name=Message("{count} terms", count=terms), mistakes={
            "The eigenvalues must be in [-1, 1]: 2 / lam_max L - I.": plain,
            "These are powers. T_k = 2 L T_{k-1} - T_{k-2}, with the rescaled L.": once,
        },
        hint="Add theta[k] T_k x: T_0 x = x, T_1 x = L x, T_k = 2 L T_{k-1} - T_{k-2}, with L rescaled.")  # fmt: skip


@task("batch_graphs", share=50, any_dtype=True)
def check_batch_of_three_graphs(student, rng):
    """Three graphs become one; nodes of later graphs have larger numbers."""
    sizes = (4, 3, 5)
    given = [(undirected(rng, N, 4), rng.normal(N, 2)) for N in sizes]
    found = student.batch_graphs(given)
    expect(is_sequence(found) and len(found) == 3, "batch_graphs returns edge_index, X and batch.")
    expect_equal(found[2], torch.tensor([0] * 4 + [1] * 3 + [2] * 5, device=rng.device), name="batch",
                 hint="The number of each node's graph, from 0.")  # fmt: skip
    expect_close(found[1], torch.cat([X for _, X in given]), name="X")
    right, starts = [], (0, 4, 7)
    for start, (edges, _) in zip(starts, given, strict=True):
        right += [(a + start, b + start) for a, b in in_order(edges)]
    expect_edges(found[0], right, mistakes={
        "Add to the numbers of nodes how many nodes come before.": [pair for e, _ in given for pair in in_order(e)],
    }, hint="Add to the numbers of nodes how many nodes come before.")  # fmt: skip


@task("unbatch", share=50, any_dtype=True)
def check_three_graphs_come_back(student, rng):
    """A graph of three parts becomes three graphs, whose nodes count from 0."""
    given = [(undirected(rng, N, 4), rng.normal(N, 2)) for N in (3, 6, 4)]
    edges = torch.cat([given[0][0], given[1][0] + 3, given[2][0] + 9], dim=1)
    batch = torch.tensor([0] * 3 + [1] * 6 + [2] * 4, device=rng.device)
    found = student.unbatch(edges, torch.cat([X for _, X in given]), batch)
    expect(is_sequence(found) and len(found) == 3, "There are three graphs.")
    for number, (one, right) in enumerate(zip(found, given, strict=True)):
        expect(is_sequence(one) and len(one) == 2, "Each graph is a pair of edge_index and X.")
        expect_close(one[1], right[1], name=Message("X of graph {n}", n=number))
        expect_edges(one[0], in_order(right[0]), name=Message("the edges of graph {n}", n=number), mistakes={
            "The nodes of each graph count from 0.": in_order(right[0] + (0, 3, 9)[number]),
        }, hint="A graph has the edges between its own nodes.")  # fmt: skip


@task("edge_graph", share=50)
def check_edges_of_a_small_graph_are_joined(student, rng):
    """Edges are sorted, and those that share an end are joined, as networkx does."""
    edges = undirected(rng, 6, 8)
    found = student.edge_graph(edges)
    expect(is_sequence(found) and len(found) == 2, "edge_graph returns ends and edges.")
    ends, joined = lines(edges, 6)
    expect_equal(found[0], torch.tensor(ends, device=rng.device).T, name="ends", mistakes={
        "Each undirected edge is listed once, with its smaller end first.":
            torch.tensor(in_order(edges), device=rng.device).T,
    }, hint="The edges are sorted: by their first end, then by the second.")  # fmt: skip
    expect_edges(found[1], joined, name="the edges of the new graph", mistakes={
        "An edge is not joined to itself.": [*joined, *((n, n) for n in range(len(ends)))],
        "List each pair in both directions.": [pair for pair in joined if pair[0] < pair[1]],
    }, hint="Two edges are joined if they have an end in common, the first or the second.")  # fmt: skip
