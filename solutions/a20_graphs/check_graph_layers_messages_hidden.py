"""Hidden checks of graph_layers: frequencies of samples, gradients, sizes of samples, large scores, and trust."""

import torch
import torch.nn.functional as F
from check_graph_layers_messages import DRAWS, SMALL_LAYERS, everywhere, regular
from oracles_layers import (
    LOANS_OF_ATTENTION,
    LOANS_OF_GROUPS,
    attention,
    gat,
    in_list,
    lively,
    sage,
    sage_shapes,
    simple,
)
from oracles_parameters import filled

from autograder import (
    Message,
    expect,
    expect_close,
    expect_draws,
    expect_same_gradients,
    expect_shape,
    expect_unchanged,
    task,
)


@task("sample_neighbours", share=50)
def check_frequencies_of_samples(student, rng):
    """All choices and orders are equally likely; equal nodes have draws of their own; the generator alone decides."""
    star = torch.tensor([[1, 2, 3, 4, 5, 6], [0, 0, 0, 0, 7, 7]], device=rng.device)
    draw, seed = student.define(DRAWS).draw, rng.int(0, 2**31)
    many = torch.zeros(4000, dtype=torch.int64, device=rng.device)
    found = draw(star, many, 2, seed)
    expect_shape(found, (4000, 2), name="the samples")
    expect(len(found.unique(dim=0)) > 1, "A node that is listed 4000 times has equal samples each time.",
           "In random order, and drawn for each row again, also where a node is listed several times.")  # fmt: skip
    pairs = (4 * (found[:, 0].clamp(1, 4) - 1) + found[:, 1].clamp(1, 4) - 1).bincount(minlength=16) / 4000
    for first in range(4):
        for second in range(4):
            share, right = float(pairs[4 * first + second]), 0.0 if first == second else 1 / 12
            expect(abs(share - right) < 0.022, Message("The samples {a}, {b} are {share} of all; it should be {right}.",
                   a=first + 1, b=second + 1, share=round(share, 3), right=round(right, 3)),
                   "Without replacement, in random order.")  # fmt: skip
    both = draw(star, torch.full((4000,), 7, device=rng.device), 2, seed)
    expect_shape(both, (4000, 2), name="samples of all neighbours")
    expect(bool((both.sum(dim=1) == 11).all()), "Two samples of two neighbours are not different.",
           "Without replacement, in random order.")  # fmt: skip
    share = float((both[:, 0] == 5).double().mean())
    expect(abs(share - 0.5) < 0.045, Message("Of two neighbours, the first sample is the first one in {share} of all.",
           share=round(share, 3)), "Without replacement, in random order.")  # fmt: skip
    few = draw(star, torch.full((4000,), 7, device=rng.device), 3, seed)
    expect_shape(few, (4000, 3), name="samples of two neighbours")
    codes = ((few.clamp(5, 6) - 5) * torch.tensor([4, 2, 1], device=few.device)).sum(dim=1).bincount(minlength=8) / 4000
    for code, share in enumerate(codes.tolist()):
        expect(abs(share - 1 / 8) < 0.028, Message("Draws of 3 from 2 neighbours: case {c} is {share} of all.", c=code,
               share=round(share, 3)), "With replacement: each draw is any neighbour.")  # fmt: skip
    expect_draws(student, lambda generator: student.sample_neighbours(star, many[:50], 2, generator), rng.device)


def other_sage(student, rng, aggregator):
    """Compare one aggregator for other sizes, with gradients; rows that are 0 stay 0."""
    for M, k, d_in, d_out in ((4, 1, 2, 9), (5, 5, 4, 8)):
        own, samples = rng.normal(M, d_in), rng.normal(M, k, d_in)
        layer = student.SAGELayer(d_in, d_out, aggregator).eval()
        shapes = sage_shapes(aggregator, d_in, d_out)
        p = filled(student, layer, rng, fits=lively(aggregator, own, samples), **shapes)

        def oracle(own, samples, p=p):
            return sage(aggregator, own, samples, p)

        expect_same_gradients(student, rng, layer, oracle, own, samples, weights=p, names=("own", "near"))
        expect_unchanged(student.inspect(layer, own, samples), own, samples)
        other = rng.normal(1, d_in), rng.normal(1, k, d_in)
        expect_close(layer(*other), oracle(*other), name="a second call, with one node",
                     hint="A call does not depend on the calls before.")  # fmt: skip
    layer = student.SAGELayer(2, 3, aggregator)
    zeros = {name.replace(".", "__"): shape for name, shape in sage_shapes(aggregator, 2, 3).items()}
    p = filled(student, layer, rng, **zeros)
    student.define("def off(layer):\n    layer.linear.weight.data.fill_(-1.0)\n").off(layer)
    out = layer(rng.uniform(3, 2) + 5, rng.uniform(3, 4, 2) + 5)
    expect_close(out, torch.zeros_like(out), name="rows that are 0")


@task("SAGELayer", share="1/6")
def check_gradients_of_sage_with_means(student, rng):
    """Gradients of the aggregator "mean"; rows that are 0 stay 0; the inputs stay."""
    other_sage(student, rng, "mean")


@task("SAGELayer", share="1/6")
def check_gradients_of_sage_with_maxima(student, rng):
    """Gradients of the aggregator "pool"; rows that are 0 stay 0; the inputs stay."""
    other_sage(student, rng, "pool")


@task("SAGELayer", share="1/6", keeps=True)
def check_gradients_of_sage_with_lstm(student, rng):
    """Gradients of the aggregator "lstm"; rows that are 0 stay 0; the inputs stay."""
    other_sage(student, rng, "lstm")


LOANS_OF_SAMPLES = """
import torch

def samples(edge_index, nodes, k, generator):
    rows = []
    for n in nodes.tolist():
        found = edge_index[0, edge_index[1] == n]
        found = found if len(found) else torch.full((1,), n, device=found.device)
        weights = torch.ones(len(found), device=found.device)
        rows.append(found[torch.multinomial(weights, k, len(found) < k, generator=generator)])
    return torch.stack(rows)

LOANS = {"sample_neighbours": samples}
"""


# The sum of a result that is linear in X and in a factor of each layer; its slope along each is the sum itself.
SLOPES = """
import torch

class Scaled(torch.nn.Module):
    def __init__(self, like):
        super().__init__()
        self.factor = torch.nn.Parameter(like.new_tensor(1.5))

    def forward(self, own, near):
        return self.factor * (own + near.mean(dim=1))

def slopes(X, edge_index, nodes, seed):
    X, layers = X.clone().requires_grad_(), [Scaled(X), Scaled(X)]
    generator = torch.Generator(device=X.device).manual_seed(seed)
    total = student.sage_embed(layers, [2, 2], X, edge_index, nodes, generator).sum()
    if not total.requires_grad:
        return [total]
    inputs = [layer.factor for layer in layers] + [X]
    found = torch.autograd.grad(total, inputs, allow_unused=True, materialize_grads=True)
    return [total.detach(), *((slope * x).sum().detach() for slope, x in zip(found, inputs))]
"""
KEEPS = Message("Compute the vectors without torch.no_grad() and detach(): the layers are trained.")


@task("sage_embed", share=50, loans=LOANS_OF_SAMPLES, keeps=True)
def check_sampled_neighbourhoods_of_other_depths(student, rng):
    """No layer, one, three with sizes of their own; needed vectors only are computed."""
    helper = student.define(SMALL_LAYERS)
    X, nodes, seed = rng.normal(12, 3), torch.tensor([7, 3], device=rng.device), rng.int(0, 2**31)
    weights = [(rng.normal(a, b), rng.normal(a, b)) for a, b in ((3, 2), (2, 4), (4, 3))]
    edges = regular(rng, 12, 2)
    for depth in (0, 1, 3):
        out, _ = helper.run(weights[:depth], (2,) * depth, X, edges, nodes, seed)
        expect_close(out, everywhere(weights[:depth], X, edges)[nodes], name=Message("{depth} layers", depth=depth))
        one, _ = helper.run(weights[:depth], (1,) * depth, X, edges[:, :24], nodes[:1], seed)
        expect_shape(one, (1, out.shape[1]), name="the result for one node")
    edges = simple(rng, 12, 60)
    out, seen = helper.run(weights, (4, 3, 2), X, edges, nodes, seed)
    expect_shape(out, (2, 3), name="the result")
    for layer, (calls, size, most) in enumerate(zip(seen, (4, 3, 2), (2 * 3 * 4, 2 * 3, 2), strict=True)):
        rows = sum(count for count, _ in calls)
        expect({k for _, k in calls} == {size}, Message("Layer {layer} reads sizes[{layer}] samples.", layer=layer),
               "The first size belongs to the first layer.")  # fmt: skip
        text = Message("Layer {layer} computes {rows} vectors; {most} are needed.", layer=layer, rows=rows, most=most)
        expect(rows <= most, text, "Compute the nodes and their samples only, not the whole graph.")
    layers, every = helper.made(weights), torch.arange(12, device=rng.device)
    expect_draws(
        student, lambda generator: student.sage_embed(layers, [4, 3, 2], X, edges, every, generator), rng.device
    )
    found = student.define(SLOPES).slopes(X, regular(rng, 12, 2), nodes, seed)
    expect(len(found) == 4, "The result has no gradient.", KEEPS)
    parts = (Message("the first layer"), Message("the second layer"), Message("X"))
    for part, slope in zip(parts, found[1:], strict=True):
        expect_close(slope, found[0], name=Message("the gradient in {part}", part=part), hint=KEEPS)


@task("attention_coefficients", share="2/6", loans=LOANS_OF_GROUPS)
def check_gradients_of_weights(student, rng):
    """Values and gradients for other graphs, slopes and dtypes; a node without neighbours; the inputs stay."""
    for N, D, count, slope in ((7, 2, 13, 0.2), (3, 4, 1, 0.2), (7, 3, 14, 0.05), (7, 2, 14, 0.5)):
        h, edges, a_src, a_dst = rng.normal(N, D), simple(rng, N - 1, count), rng.normal(D), rng.normal(D)

        def oracle(h, edges, a_src, a_dst, slope):
            return in_list(attention(h, edges, a_src, a_dst, slope), edges)

        inputs = (h, edges, a_src, a_dst, slope)
        names = ("h", "a_src", "a_dst")
        expect_same_gradients(student, rng, student.attention_coefficients, oracle, *inputs, names=names)
        seen = student.inspect(student.attention_coefficients, *inputs)
        expect_close(seen.value, oracle(*inputs), name="the weights")
        expect_unchanged(seen, *inputs)
    h, a_src, a_dst = (x.float() for x in (h, a_src, a_dst))
    found = student.attention_coefficients(h, edges, a_src, a_dst)
    expect_close(found, in_list(attention(h, edges, a_src, a_dst), edges), name="float32")


@task("attention_coefficients", share="1/6", any_dtype=True, loans=LOANS_OF_GROUPS)
def check_weights_of_large_scores(student, rng):
    """Scores of 1000 and more, of both signs, give finite weights."""
    for scale, shift in ((1000.0, 0.0), (300.0, -2000.0), (1.0, 5000.0), (1.0, -5000.0)):
        h, edges = rng.normal(6, 3), simple(rng, 6, 12)
        h[:, 0] = 1.0
        a_src, a_dst = scale * rng.normal(3), 3 * scale * rng.normal(3)
        a_dst[0] += shift
        right = in_list(attention(h, edges, a_src, a_dst), edges)
        found = student.attention_coefficients(h, edges, a_src, a_dst)
        expect_close(found, right, name=Message("scores of about {size}", size=int(max(scale, abs(shift)))), mistakes={
            "exp of a large number is infinite, and 0/0 is nan: subtract the largest score of each target first, also "
            "a negative one.":
                torch.full_like(right, torch.nan),
        })  # fmt: skip


@task("GATLayer", share=25, loans=LOANS_OF_ATTENTION, keeps=True)
def check_gradients_of_heads(student, rng):
    """One head and three, concatenated and averaged: values and gradients in all parameters; the inputs stay."""
    for heads, concat, d_in, d_out in ((1, True, 3, 2), (3, True, 2, 4), (3, False, 4, 3), (1, False, 2, 2)):
        X, edges = rng.normal(6, d_in), simple(rng, 5, 9)
        layer = student.GATLayer(d_in, d_out, heads, concat).eval()
        p = filled(student, layer, rng, weight=(heads, d_in, d_out), a_src=(heads, d_out), a_dst=(heads, d_out))

        def oracle(X, edges, p=p, concat=concat):
            return gat(X, edges, p, concat)

        name = Message("{heads} heads, concat={concat}", heads=heads, concat=concat)
        expect_same_gradients(student, rng, layer, oracle, X, edges, weights=p, name=name)
        expect_unchanged(student.inspect(layer, X, edges), X, edges)
        other = simple(rng, 5, 4)
        expect_close(layer(X, other), oracle(X, other), name="a second call, with another graph",
                     hint="A call does not depend on the calls before.")  # fmt: skip


LOANS_OF_DENSE_TABLES = """
import torch

def weights(h, edge_index, a_src, a_dst, slope=0.2):
    N = len(h)
    mask = torch.eye(N, dtype=torch.bool, device=h.device)
    mask[edge_index[1], edge_index[0]] = True
    scores = torch.nn.functional.leaky_relu((h @ a_dst)[:, None] + (h @ a_src)[None], slope)
    table = scores.masked_fill(~mask, -torch.inf).softmax(dim=1)
    return torch.cat([table[edge_index[1], edge_index[0]], table.diagonal()])

def sums(x, index, N):
    return torch.zeros(N, *x.shape[1:], dtype=x.dtype, device=x.device).index_add(0, index, x)

LOANS = {"attention_coefficients": weights, "scatter_sum": sums}
"""

TRAINING = """
import torch
import torch.nn.functional as F

def train(X, edge_index, y, known, steps, seed):
    torch.manual_seed(seed)
    layer, last = student.GATLayer(X.shape[1], 8, 4), torch.nn.Linear(32, 4)
    model = torch.nn.ModuleList([layer, last]).to(X)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.05)
    for _ in range(steps):
        loss = F.cross_entropy(last(layer(X, edge_index))[known], y[known])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return {name: p.detach() for name, p in layer.named_parameters()}
"""


def marked(rng, N, classes, degree):
    """Draw a graph in which half of the nodes show a wrong class, and a mark. Returns X, edges, y, marks."""
    y = rng.integers(0, classes, N)
    source, target = rng.integers(0, N, 40 * N), rng.integers(0, N, 40 * N)
    fits = (y[source] == y[target]) & (source != target)
    edges = torch.stack([source[fits], target[fits]])[:, : degree * N // 2]
    edges = torch.cat([edges, edges.flip(0)], dim=1).unique(dim=1)
    marks = rng.permutation(N) < N // 2
    shown = torch.where(marks, (y + rng.integers(1, classes, N)) % classes, y)
    noise = 0.3 * rng.normal(N, classes)
    X = torch.cat([F.one_hot(shown, classes) + noise, 2 * marks[:, None].to(torch.float64)], dim=1)
    return X.float(), edges, y, marks


@task("GATLayer", share=25, any_dtype=True, seconds=120, loans=LOANS_OF_DENSE_TABLES)
def check_attention_learns_whom_to_trust(student, rng, score):
    """Trained where half of the nodes carry a false feature and a mark, attention goes to the others."""
    steps, helper, shares = score.budget(150, search=[75, 150, 300]), student.define(TRAINING), []
    for _ in range(3):
        X, edges, y, marks = marked(rng, 300, 4, 6)
        known = rng.permutation(300)[:200]
        p = helper.train(X, edges, torch.where(torch.isin(torch.arange(300), known.cpu()).to(y.device), y, 0), known,
                         steps, rng.int(0, 2**31))  # fmt: skip
        expect(type(p) is dict and {"weight", "a_src", "a_dst"} <= set(p), "The layer has weight, a_src and a_dst.")
        for name, shape in (("weight", (4, 5, 8)), ("a_src", (4, 8)), ("a_dst", (4, 8))):
            expect_shape(p[name], shape, name=Message(name))
        source, target = edges
        for weight, a_src, a_dst in zip(p["weight"], p["a_src"], p["a_dst"], strict=True):
            alpha = attention(X @ weight, edges, a_src, a_dst)[target, source]
            shares.append(float(alpha[~marks[source]].sum() / alpha.sum()))
    score(sum(shares) / len(shares), "share of attention to nodes without a mark")
