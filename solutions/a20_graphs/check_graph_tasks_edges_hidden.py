"""Hidden checks of graph_tasks: frequencies of samples, ties, energies of other graphs, and whole epochs."""

import torch
from check_graph_tasks_edges import DRAWS, expect_batches
from oracles_tasks import area, energies, table, undirected

from autograder import (
    Message,
    expect,
    expect_close,
    expect_draws,
    expect_equal,
    expect_same_gradients,
    expect_shape,
    expect_type,
    expect_unchanged,
    task,
)


@task("link_scores", share=50)
def check_scores_of_other_pairs(student, rng):
    """One pair, equal nodes, one coordinate, float32; gradients; the inputs stay."""
    for N, D, P, dtype in ((5, 3, 1, torch.float64), (4, 1, 9, torch.float64), (7, 2, 5, torch.float32)):
        h, pairs = rng.normal(N, D, dtype=dtype), rng.integers(0, N, 2, P)
        pairs[1, 0] = pairs[0, 0]
        seen = student.inspect(student.link_scores, h, pairs)
        right = torch.stack([(h[a] * h[b]).sum() for a, b in pairs.T.tolist()])
        expect_close(seen.value, right, name=Message("{P} pairs", P=P))
        expect_unchanged(seen, h, pairs)

    def oracle(h, pairs):
        return torch.stack([torch.dot(h[a], h[b]) for a, b in pairs.T.tolist()])

    expect_same_gradients(student, rng, student.link_scores, oracle, rng.normal(6, 3), rng.integers(0, 6, 2, 8))


@task("negative_samples", share=50)
def check_frequencies_of_other_pairs(student, rng):
    """Each pair that is free is equally likely, in both directions; nearly full graphs; the generator alone decides."""
    draw, seed = student.define(DRAWS).negatives, rng.int(0, 2**31)
    middle, *ends = rng.permutation(5).tolist()[:4]  # a star: its nodes differ most in how many pairs are free
    star = [pair for end in ends for pair in ((middle, end), (end, middle))]
    edges = torch.tensor([*star, (0, 0)], device=rng.device).T
    taken = set(map(tuple, edges.T.tolist()))
    free = [(a, b) for a in range(5) for b in range(5) if a != b and (a, b) not in taken]
    found = draw(edges, 5, 6000, seed)
    expect_shape(found, (2, 6000), name="the samples")
    counts = (5 * found[0].clamp(0, 4) + found[1].clamp(0, 4)).bincount(minlength=25) / 6000
    for a, b in free:
        share, right = float(counts[5 * a + b]), 1 / len(free)
        text = Message("The pair {a}, {b} is {share} of all samples; it should be {right}.", a=a, b=b,
                       share=round(share, 4), right=round(right, 4))  # fmt: skip
        expect(
            abs(share - right) < 5 * (right / 6000) ** 0.5,
            text,
            "Draw from the list of all pairs that are free, in both directions.",
        )
    full = torch.tensor(
        [(a, b) for a in range(6) for b in range(6) if a != b and (a, b) != (4, 2)], device=rng.device
    ).T
    expect_equal(draw(full, 6, 5, seed), torch.tensor([[4] * 5, [2] * 5], device=rng.device), name="one free pair")
    expect_draws(student, lambda generator: student.negative_samples(edges, 5, 40, generator), rng.device)


@task("link_auc", share=50)
def check_areas_of_other_scores(student, rng):
    """Perfect, useless and inverted rankings, one score, negative scores, float32; the inputs stay."""
    for P, Q, dtype in ((1, 1, torch.float64), (30, 4, torch.float64), (5, 20, torch.float32)):
        positive, negative = rng.normal(P, dtype=dtype) - 1, rng.normal(Q, dtype=dtype) - 2
        seen = student.inspect(student.link_auc, positive, negative)
        expect_type(seen.value, float, name="the area")
        expect_close(seen.value, area(positive, negative), name=Message("{P} and {Q} scores", P=P, Q=Q))
        expect_unchanged(seen, positive, negative)
    ones = torch.ones(4, dtype=torch.float64, device=rng.device)
    for name, first, second, right in (("equal scores", ones, ones, 0.5), ("a perfect ranking", ones, 0 * ones, 1.0),
                                       ("an inverted ranking", -ones, ones, 0.0),
                                       ("large scores", 50 * ones, 40 * ones, 1.0),
                                       ("nearly equal scores", ones + 1e-9, ones, 1.0)):  # fmt: skip
        expect_close(student.link_auc(first, second), right, name=Message(name), hint="Compare the scores as they are.")


@task("oversmoothing", share=50)
def check_energies_of_other_graphs(student, rng):
    """Nodes without edges, several signals, no product, float32; gradients; the inputs stay."""
    for N, D, count, K, dtype in (
        (8, 2, 9, 3, torch.float64),
        (5, 1, 3, 0, torch.float64),
        (6, 3, 8, 5, torch.float32),
    ):
        A, X = table(undirected(rng, N - 1, count), N, dtype), rng.normal(N, D, dtype=dtype)
        seen = student.inspect(student.oversmoothing, A, X, K)
        expect_close(seen.value, energies(A, X, K), name=Message("{N} nodes, {K} products", N=N, K=K))
        expect_unchanged(seen, A, X, K)
    A, X = table(undirected(rng, 6, 8), 6), rng.normal(6, 2)
    make = "def make(A, K):\n    return lambda X: student.oversmoothing(A, X, K)\n"
    f = student.define(make).make(A, 2)
    expect_same_gradients(student, rng, f, lambda X: energies(A, X, 2), X)


EPOCHS = """
import torch

def epochs(edge_index, parts, seed):
    generator = torch.Generator(device=edge_index.device).manual_seed(seed)
    return [student.partition_batches(edge_index, parts, 1, generator) for _ in range(3)]
"""


@task("partition_batches", share=50)
def check_whole_epochs(student, rng):
    """Many parts, one part, directed edges, edges between batches; the order is random, and the generator decides."""
    batches, seed = student.define(DRAWS).batches, rng.int(0, 2**31)
    for N, P, per_batch, count in ((20, 7, 3, 40), (9, 1, 2, 12), (10, 10, 1, 15), (12, 4, 9, 20)):
        parts = torch.cat([torch.arange(P, device=rng.device), rng.integers(0, P, N - P)])[rng.permutation(N)]
        edges = undirected(rng, N, count)
        edges = edges[:, : edges.shape[1] - 3]
        expect_batches(batches(edges, parts, per_batch, seed), edges, parts, per_batch)
    parts = torch.arange(8, device=rng.device)
    edges = undirected(rng, 8, 9)
    firsts = [int(batches(edges, parts, 1, seed + n)[0][0][0]) for n in range(12)]
    expect(len(set(firsts)) > 2, "The order of the parts is not random.",
           "The parts get a new order, drawn from the generator.")  # fmt: skip
    student.seed(rng.int(0, 2**31))
    again = batches(edges, parts, 1, seed)
    expect_batches(again, edges, parts, 1)
    student.seed(rng.int(0, 2**31))
    other = batches(edges, parts, 1, seed)
    expect_batches(other, edges, parts, 1)
    same = all(torch.equal(one[0], two[0]) for one, two in zip(again, other, strict=True))
    expect(same, "The same generator gives another order.",
           "The generator that is given draws all random numbers.")  # fmt: skip
    epochs = student.define(EPOCHS).epochs(edges, parts, seed)
    for epoch in epochs:
        expect_batches(epoch, edges, parts, 1)
    orders = {tuple(int(nodes[0]) for nodes, _ in epoch) for epoch in epochs}
    expect(len(orders) > 1, "Three epochs with one generator have the same order.",
           "Draw from the generator as it comes, without seeding it.")  # fmt: skip
