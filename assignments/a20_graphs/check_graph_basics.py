"""Public checks of graph_basics: adjacency, walks, permutations and normalisation, on the path and on small graphs."""

import torch
from oracles_basics import (
    LOANS_OF_ADJACENCY,
    LOOPS_OVER,
    ROWS,
    counted,
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

from autograder import Message, expect, expect_close, expect_equal, forbid, is_sequence, task

PATH = ((0, 1, 1, 2), (1, 0, 2, 1))


@task("adjacency", share=50, any_dtype=True)
def check_adjacency_of_a_directed_graph(student, rng):
    """The matrix of a directed graph agrees with networkx; an edge that is listed twice counts once."""
    forbid(student, "adjacency", loops=LOOPS_OVER)
    edges = directed(rng, 6, 9)
    edges = torch.cat([edges, edges[:, :2]], dim=1)
    right = table(edges, 6)
    expect_close(student.adjacency(edges, 6), right, check_dtype=False, mistakes={
        ROWS: right.T,
        "An edge that is listed twice counts once.": counted(edges, 6),
        "This graph is directed: an edge has one direction.": ((right + right.T) > 0).float(),
    })  # fmt: skip


@task("edge_index_of", share=50)
def check_edges_of_a_small_matrix(student, rng):
    """Each entry that is not 0 becomes an edge from its column to its row."""
    forbid(student, "edge_index_of", loops=LOOPS_OVER)
    edges = directed(rng, 5, 8)
    found = student.edge_index_of(table(edges, 5))
    right = set(in_order(edges))
    expect_edges(found, right, mistakes={
        "Rows are targets: the column of an entry is the source.": {(b, a) for a, b in right},
    }, hint="Each entry that is not 0 is an edge.")  # fmt: skip


@task("walks", share=50, any_dtype=True)
def check_walks_on_a_path(student, rng):
    """On the path 0 - 1 - 2 there are two walks of length 3 between neighbours; one more graph by counting."""
    A = table(torch.tensor(PATH, device=rng.device), 3, torch.float64)
    right = torch.tensor([[0.0, 2.0, 0.0], [2.0, 0.0, 2.0], [0.0, 2.0, 0.0]], dtype=A.dtype, device=rng.device)
    expect_close(student.walks(A, 3), right, name="length 3 on the path", mistakes={
        "Ones and zeros: `A**3` raises each entry to a power, and `> 0` forgets how many. Multiply the matrices.": A,
        "This is the number of walks of length 2.": A @ A,
        "This is the number of walks of length 4.": A @ A @ A @ A,
    })  # fmt: skip
    edges = directed(rng, 5, 9)
    right = walked(edges, 5, 2)
    expect_close(student.walks(table(edges, 5, torch.float64), 2), right, name="length 2 in a directed graph",
                 mistakes={"Rows are targets and columns are sources, as in A.": right.T})  # fmt: skip


@task("k_hop", share=50)
def check_who_is_reached_in_two_steps(student, rng):
    """At most two edges, agreed with a breadth-first search."""
    edges = directed(rng, 9, 12)
    A, right = table(edges, 9), reached(edges, 9, 2)
    expect_equal(student.k_hop(A, 2), right, mistakes={
        "At most k edges, not exactly k: shorter walks count.": A @ A > 0,
        "A node reaches itself, with no edge.": (A + A @ A) > 0,
        "Rows are targets and columns are sources.": right.T,
        "One step is missing.": reached(edges, 9, 1),
    })  # fmt: skip


@task("permute", share=50, any_dtype=True)
def check_new_numbers(student, rng):
    """The new node n is the old node p[n], in A and in X."""
    A, X, p = rng.normal(5, 5), rng.normal(5, 3), rng.permutation(5)
    while p[p].equal(torch.arange(5, device=p.device)):
        p = rng.permutation(5)
    found = student.permute(A, X, p)
    expect(is_sequence(found) and len(found) == 2, "permute returns A and X.")
    old, order = p.argsort(), p.tolist()
    right = torch.stack([torch.stack([A[i, j] for j in order]) for i in order])
    expect_close(found[0], right, name="A", mistakes={
        "This is the inverse permutation: the new node n is the old node p[n].": A[old][:, old],
        "Only the rows have new numbers.": A[p],
        "Only the columns have new numbers.": A[:, p],
    })  # fmt: skip
    expect_close(found[1], torch.stack([X[i] for i in order]), name="X", mistakes={
        "This is the inverse permutation: the new node n is the old node p[n].": X[old],
        "The rows of X have new numbers, too.": X,
    })  # fmt: skip


@task("normalised_adjacency", share=50, any_dtype=True, loans=LOANS_OF_ADJACENCY)
def check_normalised_path(student, rng):
    """The path gives the matrix in the text; another graph agrees with loops, in both kinds."""
    for name, edges, N in (("the path", torch.tensor(PATH, device=rng.device), 3),
                           ("a graph of 7 nodes", undirected(rng, 7, 9), 7)):  # fmt: skip
        plain = table(edges, N)
        A = with_loops(plain)
        few, many = [[sum(row) for row in x.tolist()] for x in (plain, A)]
        expect_close(student.normalised_adjacency(edges, N), divided(A, "sym"), name=Message(name), mistakes={
            "The loops are missing: A + I.": divided(plain, "sym"),
            "The degrees are those of A + I, with the loops.": divided(A, "sym", few),
            "This is the mean, kind \"row\".": divided(A, "row"),
            "It is not divided by degrees.": A,
            "Divide by the roots of both degrees, not by their product.": divided(A, "sym", [d * d for d in many]),
        })  # fmt: skip
        right = divided(A, "row")
        expect_close(student.normalised_adjacency(edges, N, kind="row"), right, name=Message("{graph}, row",
                     graph=Message(name)), mistakes={
            "Divide each row by its sum: the degree of the target.": divided(A, "row").T,
            "This is the kind \"sym\".": divided(A, "sym"),
        })  # fmt: skip
