"""Public checks of graph_layers: sampled neighbours, GraphSAGE, and attention along edges."""

import torch
import torch.nn.functional as F
from oracles_layers import (
    LOANS_OF_ATTENTION,
    LOANS_OF_GROUPS,
    LOOPS_OVER,
    attention,
    gat,
    in_list,
    lively,
    near,
    sage,
    sage_shapes,
    simple,
)
from oracles_parameters import filled

from autograder import Message, expect, expect_close, expect_equal, expect_shape, explain_errors, forbid, task

GENERATOR_ONLY = Message("The generator that is given draws all random numbers.")

DRAWS = """
import torch

def draw(edge_index, nodes, k, seed):
    generator = torch.Generator(device=edge_index.device).manual_seed(seed)
    return student.sample_neighbours(edge_index, nodes, k, generator)
"""


@task("sample_neighbours", share=50, keeps=True)
def check_samples_are_neighbours(student, rng):
    """k different neighbours where there are enough, repeated ones where not, the node itself where there are none."""
    five_and_two = torch.tensor([[0, 1, 2, 3, 4, 0, 1], [6, 6, 6, 6, 6, 8, 8]], device=rng.device)
    edges = torch.cat([simple(rng, 6, 14), five_and_two], dim=1)
    nodes = torch.tensor([6, 0, 1, 7, 6, 8], device=rng.device)
    draw, seed = student.define(DRAWS).draw, rng.int(0, 2**31)
    found = draw(edges, nodes, 3, seed)
    expect_shape(found, (6, 3), name="the samples")
    expect_equal(found[3], torch.tensor([7, 7, 7], device=rng.device), name="the samples of a node without neighbours",
                 hint="The node itself, k times.")  # fmt: skip
    for node, row in zip(nodes.tolist(), found.tolist(), strict=True):
        others = near(edges, node) or [node]
        expect(set(row) <= set(others), Message("A sample of node {n} is not a neighbour of it.", n=node),
               "Neighbours are the sources of the edges that arrive at the node.")  # fmt: skip
        expect(len(others) < 3 or len(set(row)) == 3, "Of 3 or more neighbours, 3 different ones are drawn.",
               "torch.randperm draws without replacement.")  # fmt: skip
    expect_equal(draw(edges, nodes, 3, seed), found, name="the samples with the same seed again", hint=GENERATOR_ONLY)


STEPS_OF_SAGE = {
    "mean": Message("The mean of the samples; [own, collected]; `linear`; ReLU; only then each row gets the length 1."),
    "pool": Message("The maximum over the samples of ReLU(`pool`(sample)); then as with means."),
    "lstm": Message("The hidden state after the last sample, which the LSTM reads one after the other."),
}


def compare_sage(student, rng, aggregator, mistakes):
    """Compare one aggregator with a loop over nodes."""
    own, samples = rng.normal(5, 3), rng.normal(5, 4, 3)
    layer = student.SAGELayer(3, 6, aggregator)
    p = filled(student, layer, rng, fits=lively(aggregator, own, samples), **sage_shapes(aggregator, 3, 6))
    right = sage(aggregator, own, samples, p)
    bare = sage(aggregator, own, samples, p, length=False)
    swapped = p | {"linear.weight": p["linear.weight"].roll(3, dims=1)}
    turned = sage(aggregator, own, samples.flip(1), p)
    expect_close(layer(own, samples), right, mistakes={
        "Each row gets the length 1 at the end.": bare,
        "Each row gets the length 1, not each column.": F.normalize(bare, dim=0),
        "The node's own vector comes first, then the samples.": sage(aggregator, own, samples, swapped),
        **mistakes(own, samples, p),
        **({"The last hidden state is that after the last sample.": turned} if aggregator == "lstm" else {}),
    }, hint=STEPS_OF_SAGE[aggregator])  # fmt: skip


@task("SAGELayer", share="1/6", any_dtype=True, keeps=True)
def check_sage_with_means(student, rng):
    """The aggregator "mean" agrees with a loop over nodes; rows have length 1."""
    compare_sage(student, rng, "mean", lambda own, samples, p: {
        "Divide by the number of samples.": sage("mean", own, 4 * samples, p),
    })  # fmt: skip


@task("SAGELayer", share="1/6", any_dtype=True)
def check_sage_with_maxima(student, rng):
    """The aggregator "pool" agrees with a loop over nodes."""

    def linear(samples, p):
        return samples @ p["pool.weight"].T + p["pool.bias"]

    compare_sage(student, rng, "pool", lambda own, samples, p: {
        "A ReLU comes before the maximum.":
            sage("mean", own, linear(samples, p).amax(dim=1)[:, None], p),
        "The maximum is taken over the samples, not the mean.":
            sage("mean", own, torch.relu(linear(samples, p)), p),
    })  # fmt: skip


@task("SAGELayer", share="1/6", any_dtype=True, keeps=True)
def check_sage_with_lstm(student, rng):
    """The aggregator "lstm" agrees with an LSTM written out, which reads the samples in their order."""
    compare_sage(student, rng, "lstm", lambda own, samples, p: {})


SMALL_LAYERS = """
import torch
from torch import nn

class Plain(nn.Module):
    def __init__(self, own, other):
        super().__init__()
        self.own, self.other, self.seen = own, other, []

    def forward(self, own, near):
        self.seen.append(tuple(near.shape[:2]))
        return torch.tanh(own @ self.own + near.mean(dim=1) @ self.other)

def made(weights):
    return [Plain(*pair) for pair in weights]

def run(weights, sizes, X, edge_index, nodes, seed):
    layers = made(weights)
    generator = torch.Generator(device=X.device).manual_seed(seed)
    out = student.sage_embed(layers, list(sizes), X, edge_index, nodes, generator)
    return out, [layer.seen for layer in layers]
"""

EXACTLY_K = """
import torch

def only(edge_index, nodes, k, generator):
    rows = []
    for n in nodes.tolist():
        rows.append(edge_index[0, edge_index[1] == n])
        assert len(rows[-1]) == k, "these samples are lent for graphs in which each node has k neighbours"
    return torch.stack(rows)

LOANS = {"sample_neighbours": only}
"""


def regular(rng, N, k):
    """Draw a directed graph in which k edges arrive at each node. (2, N k)"""
    rows = [torch.stack([(i + 1 + rng.permutation(N - 1)[:k]) % N, torch.full((k,), i, device=rng.device)], dim=0)
            for i in range(N)]  # fmt: skip
    return torch.cat(rows, dim=1)[:, rng.permutation(N * k)]


def everywhere(weights, X, edges):
    """Return the vectors of all nodes after all layers, with all neighbours."""
    for own, other in weights:
        means = torch.stack([X[near(edges, i)].mean(dim=0) for i in range(len(X))])
        X = torch.tanh(X @ own + means @ other)
    return X


ORDER = (
    "The first layer takes rows of X, and each layer what the layer before it made: layers[-1] acts last, on what "
    "`layers[:-1]` make of the nodes and of their samples."
)


@task("sage_embed", share=50, any_dtype=True, loans=EXACTLY_K)
def check_sampled_neighbourhoods_of_a_regular_graph(student, rng):
    """If each layer samples as many neighbours as there are, the result is that with all neighbours."""
    X, edges, nodes = rng.normal(9, 3), regular(rng, 9, 3), torch.tensor([4, 0, 4], device=rng.device)
    weights = [(rng.normal(3, 4), rng.normal(3, 4)), (rng.normal(4, 2), rng.normal(4, 2))]
    with explain_errors({"cannot be multiplied": ORDER}):
        out, _ = student.define(SMALL_LAYERS).run(weights, (3, 3), X, edges, nodes, rng.int(0, 2**31))
    after = everywhere(weights[:1], X, edges)
    raw = torch.stack([X[near(edges, i)].mean(dim=0) for i in range(9)])
    expect_close(out, everywhere(weights, X, edges)[nodes], mistakes={
        "The samples need the vectors after the layers below, too.":
            torch.tanh(after @ weights[1][0] + (torch.tanh(raw @ weights[0][0])) @ weights[1][1])[nodes],
        "All nodes were computed; only those in `nodes` are asked for.": everywhere(weights, X, edges),
    }, hint="For each layer, the nodes and their samples of that layer need vectors of the layer below.")  # fmt: skip


@task("attention_coefficients", share="3/6", any_dtype=True, loans=LOANS_OF_GROUPS)
def check_weights_of_edges(student, rng):
    """Weights of edges and loops agree with a dense softmax; those of each target sum to 1."""
    forbid(student, "attention_coefficients", loops=LOOPS_OVER, apart=("scatter_sum", "scatter_max", "scatter_mean"))
    h, edges, a_src, a_dst = rng.normal(6, 3), simple(rng, 6, 11), rng.normal(3), rng.normal(3)
    dense = attention(h, edges, a_src, a_dst)
    right = in_list(dense, edges)
    scores = (h @ a_src)[None, :] + (h @ a_dst)[:, None]
    late = F.leaky_relu(attention(h, edges, a_src, a_dst, 1.0), 0.2)
    one = torch.stack([F.leaky_relu(scores, 0.2)[i, j] for j, i in [*edges.T.tolist(), *((n, n) for n in range(6))]])
    expect_close(student.attention_coefficients(h, edges, a_src, a_dst), right, mistakes={
        "The softmax runs over the edges that arrive at a target, not over those that leave a source.":
            in_list(attention(h, edges, a_src, a_dst, axis=0), edges),
        "Each target has a softmax of its own; this is one over all edges.": one.softmax(dim=0),
        "LeakyReLU comes before the softmax.": in_list(late, edges),
        "The slope of LeakyReLU is 0.2.": in_list(attention(h, edges, a_src, a_dst, 0.01), edges),
        "a_src belongs to the source, a_dst to the target.": in_list(attention(h, edges, a_dst, a_src), edges),
        "The loops are missing: append one for each node.": right[: edges.shape[1]],
        "First come the edges, then the loops.": torch.cat([right[edges.shape[1]:], right[: edges.shape[1]]]),
    }, hint="The weights of all edges that arrive at a node and of its loop sum to 1.")  # fmt: skip


@task("GATLayer", share=50, any_dtype=True, loans=LOANS_OF_ATTENTION, keeps=True)
def check_two_heads(student, rng):
    """Heads one after the other with ELU, and the mean of heads without, agree with dense tables."""
    X, edges = rng.normal(6, 4), simple(rng, 6, 10)
    for concat in (True, False):
        layer = student.GATLayer(4, 3, 2, concat)
        p = filled(student, layer, rng, weight=(2, 4, 3), a_src=(2, 3), a_dst=(2, 3))
        right = gat(X, edges, p, concat)
        first = p | {"a_src": p["a_src"][:1].expand(2, 3), "a_dst": p["a_dst"][:1].expand(2, 3)}
        tables = [attention(X @ W, edges, a, b) @ (X @ W)
                  for W, a, b in zip(p["weight"], p["a_src"], p["a_dst"], strict=True)]  # fmt: skip
        wrong = {
            "Each head has vectors a of its own.": gat(X, edges, first, concat),
            "ELU follows if heads are put one after the other, and only then.":
                torch.cat(tables, dim=1) if concat else F.elu(right),
            "Heads are averaged if concat is False.": gat(X, edges, p, not concat),
            "Heads are added up; take their mean.": sum(tables),
        }  # fmt: skip
        expect_close(layer(X, edges), right, name=Message("concat={concat}", concat=concat), mistakes=wrong,
                     hint="A head adds up alpha_ij h_j over what arrives, and the loop; then ELU or mean.")  # fmt: skip
