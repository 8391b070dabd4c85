"""Public checks of graph_tasks: pairs of nodes, energies, and parts of a graph."""

import torch
from oracles_tasks import area, energies, table, undirected

from autograder import Message, expect, expect_close, expect_equal, expect_shape, expect_type, is_sequence, task

DRAWS = """
import torch

def negatives(edge_index, N, n, seed):
    generator = torch.Generator(device=edge_index.device).manual_seed(seed)
    return student.negative_samples(edge_index, N, n, generator)

def batches(edge_index, parts, per_batch, seed):
    generator = torch.Generator(device=edge_index.device).manual_seed(seed)
    return student.partition_batches(edge_index, parts, per_batch, generator)
"""


NO_LOOPS = Message("Take out the edges and the diagonal, then draw from what is left.")


@task("link_scores", share=50, any_dtype=True)
def check_scores_are_products(student, rng):
    """The score of a pair is the dot product of its vectors."""
    h, pairs = rng.normal(6, 4), rng.integers(0, 6, 2, 7)
    right = torch.stack([torch.dot(h[a], h[b]) for a, b in pairs.T.tolist()])
    expect_close(student.link_scores(h, pairs), right, mistakes={
        "One number for each pair, not for all pairs of rows.": h[pairs[0]] @ h[pairs[1]].T,
        "Sum over the coordinates.": h[pairs[0]] * h[pairs[1]],
        "The dot product, not the mean of the products.": right / 4,
    }, hint="Multiply coordinate by coordinate, and add up.")  # fmt: skip


@task("negative_samples", share=50, keeps=True)
def check_samples_are_not_edges(student, rng):
    """No sample is an edge or joins a node to itself; the same seed gives the same samples."""
    edges, seed = undirected(rng, 7, 10), rng.int(0, 2**31)
    draw = student.define(DRAWS).negatives
    found = draw(edges, 7, 60, seed)
    expect_shape(found, (2, 60), name="the samples", hint="A sample is a column.")
    expect(found.dtype == torch.int64, "Samples are int64.")
    expect(bool(((found >= 0) & (found < 7)).all()), "Samples are nodes from 0 to N - 1.")
    expect(not bool((found[0] == found[1]).any()), "A sample joins a node to itself.", NO_LOOPS)
    taken = set(map(tuple, edges.T.tolist()))
    expect(not taken & set(map(tuple, found.T.tolist())), "A sample is an edge.", "Both directions are edges.")
    expect_equal(draw(edges, 7, 60, seed), found, name="the samples with the same seed again",
                 hint="The generator that is given draws all random numbers.")  # fmt: skip


@task("link_auc", share=50)
def check_area_of_a_few_scores(student, rng):
    """The share of pairs that are ranked rightly; ties count half."""
    positive, negative = rng.integers(0, 5, 7).double(), rng.integers(0, 4, 9).double()
    negative[0] = positive[0]
    right = area(positive, negative)
    ties = float((positive[:, None] == negative[None]).double().mean())
    found = student.link_auc(positive, negative)
    expect_type(found, float, name="the area")
    expect_close(found, right, mistakes={
        "A tie counts half, not nothing.": right - ties / 2,
        "A tie counts half, not fully.": right + ties / 2,
        "Edges have the larger scores: this is one minus the area.": 1 - right,
    }, hint="Compare each positive score with each negative one.")  # fmt: skip


ENERGY = Message("K + 1 numbers: E of X, A_hat X, A_hat A_hat X and so on; E adds squared lengths, along edges only.")


@task("oversmoothing", share=50, any_dtype=True)
def check_energy_of_two_nodes(student, rng):
    """Two joined nodes with 1 and 0 have the energies 1/2, 0, 0; a path agrees with loops."""
    A, X = table(undirected(rng, 6, 7), 6), rng.normal(6, 3)
    right = energies(A, X, 4)
    expect_close(student.oversmoothing(A, X, 4), right, name="six nodes", mistakes={
        "The first energy is that of X itself.": energies(A, X, 5)[1:],
        "Each pair is counted twice in the sum: take the half.": 2 * right,
        "Divide by the degrees with loops.": lambda: energies(A, X, 4, loops=0),
    }, hint=ENERGY)  # fmt: skip
    A = torch.tensor([[0.0, 1.0], [1.0, 0.0]], dtype=torch.float64, device=rng.device)
    X = torch.tensor([[1.0], [0.0]], dtype=torch.float64, device=rng.device)
    right = torch.tensor([0.5, 0.0, 0.0], dtype=torch.float64, device=rng.device)
    expect_close(student.oversmoothing(A, X, 2), right, name="two nodes", hint=ENERGY)


INSIDE = Message("Those edges whose ends are both in the batch, in their order.")


def expect_batches(found, edges, parts, per_batch):
    """Require batches of whole parts, with their inner edges."""
    count = int(parts.max()) + 1
    expect(is_sequence(found) and len(found) == -(-count // per_batch), Message("There are {n} batches.",
           n=-(-count // per_batch)), "A batch has per_batch parts; the last one may have fewer.")  # fmt: skip
    seen = []
    for number, batch in enumerate(found):
        expect(is_sequence(batch) and len(batch) == 2, "A batch is a pair: nodes, and their edge_index.")
        nodes, inner = batch
        expect_shape(nodes, (None,), name="nodes")
        expect_shape(inner, (2, None), name="the edges of a batch")
        expect(nodes.dtype == torch.int64 and inner.dtype == torch.int64, "Nodes and edges are int64.")
        expect(
            nodes.numel() > 0 and bool(((nodes >= 0) & (nodes < len(parts))).all()), "A batch has nodes of the graph."
        )
        chosen = parts[nodes].unique()
        expect_equal(nodes, torch.isin(parts, chosen).nonzero()[:, 0], name=Message("the nodes of batch {n}", n=number),
                     hint="All nodes of the chosen parts, sorted.")  # fmt: skip
        whole = per_batch if number + 1 < len(found) else count - per_batch * (len(found) - 1)
        expect(len(chosen) == whole, Message("Batch {n} has {got} parts; it should have {right}.", n=number,
               got=len(chosen), right=whole))  # fmt: skip
        seen.append(chosen)
        place = {node: n for n, node in enumerate(nodes.tolist())}
        kept = [(place[a], place[b]) for a, b in edges.T.tolist() if a in place and b in place]
        right = torch.tensor(kept, dtype=torch.int64, device=nodes.device).reshape(-1, 2).T
        old = torch.tensor([(a, b) for a, b in edges.T.tolist() if a in place and b in place], dtype=torch.int64,
                           device=nodes.device).reshape(-1, 2).T  # fmt: skip
        expect(inner.shape == right.shape, Message("Batch {n} has {got} edges; it should have {right}.", n=number,
               got=inner.shape[1], right=right.shape[1]), INSIDE)  # fmt: skip
        expect_equal(inner, right, name=Message("the edges of batch {n}", n=number), mistakes={
            "Edges have new numbers: node n of the batch is nodes[n].": old,
        }, hint=INSIDE)  # fmt: skip
    expect_equal(
        torch.cat(seen).sort().values, torch.arange(count, device=parts.device), name="the parts of all batches"
    )


@task("partition_batches", share=50, keeps=True)
def check_batches_have_their_inner_edges(student, rng):
    """Each part is in one batch; edges inside of a batch have new numbers, others are dropped."""
    edges, parts = undirected(rng, 12, 20), rng.permutation(12) % 5
    expect_batches(student.define(DRAWS).batches(edges, parts, 2, rng.int(0, 2**31)), edges, parts, 2)
