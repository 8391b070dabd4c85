"""Public checks of graph_layers: groups, graph convolutions, the six kinds, isomorphism layers, colours, readouts."""

import torch
from oracles_layers import (
    LOANS_OF_GROUPS,
    LOANS_OF_SUM,
    LOOPS_OVER,
    grouped,
    near,
    simple,
    spatial,
    spatial_shapes,
)
from oracles_parameters import filled

from autograder import Message, expect_close, expect_equal, expect_shape, explain_errors, forbid, task


def groups(student, rng, name, how, mistakes, hint):
    """Compare one of the three functions with a loop; group 2 is empty."""
    forbid(student, name, loops=LOOPS_OVER, apart=("scatter_sum",))
    x, index = rng.normal(9, 3), rng.permutation(9) % 5
    index = torch.where(index == 2, 4, index)
    right = grouped(x, index, 6, how)
    expect_close(getattr(student, name)(x, index, 6), right, mistakes=mistakes(x, index), hint=hint)


@task("scatter_sum", share=50, any_dtype=True)
def check_sums_of_groups(student, rng):
    """Sums of the rows of each group agree with a loop; groups without rows have 0."""
    groups(student, rng, "scatter_sum", "sum", lambda x, index: {
        "Rows of one group are added up; out[index] = x and out[index] += x keep only the last one: index_add_ adds.":
            x.new_zeros(6, 3).index_copy(0, index, x),
        "These are means.": grouped(x, index, 6, "mean"),
    }, "The result has N rows: row n is the sum of the rows whose index is n.")  # fmt: skip


@task("scatter_mean", share=50, any_dtype=True, loans=LOANS_OF_SUM)
def check_means_of_groups(student, rng):
    """Means of the rows of each group agree with a loop; groups without rows have 0."""
    groups(student, rng, "scatter_mean", "mean", lambda x, index: {
        "These are sums: divide by the number of rows of each group.": grouped(x, index, 6, "sum"),
        "Groups without rows have 0: divide by at least 1.":
            grouped(x, index, 6, "sum") / index.bincount(minlength=6)[:, None],
        "The zeros do not count as a row.": grouped(x, index, 6, "sum") / (index.bincount(minlength=6)[:, None] + 1),
    }, "Divide the sum of each group by the number of its own rows.")  # fmt: skip


@task("scatter_max", share=50, any_dtype=True)
def check_maxima_of_groups(student, rng):
    """Maxima of the rows of each group agree with a loop, negative ones too; groups without rows have 0."""
    groups(student, rng, "scatter_max", "max", lambda x, index: {
        "Negative numbers may be the maximum: the zeros must not take part.": grouped(x, index, 6, "max").clamp(min=0),
        "Groups without rows have 0, not minus infinity.":
            torch.where(index.bincount(minlength=6)[:, None] > 0, grouped(x, index, 6, "max"), -torch.inf),
        "This is the minimum.": -grouped(-x, index, 6, "max"),
    }, "The largest number counts, with its sign.")  # fmt: skip


@task("GCNLayer", share=50, any_dtype=True, keeps=True)
def check_graph_convolution(student, rng):
    """The layer is A_hat X W + b, with a bias and without."""
    X, A = rng.normal(5, 4), rng.normal(5, 5)
    layer = student.GCNLayer(4, 3)
    p = filled(student, layer, rng, weight=(4, 3), bias=(3,))
    right = torch.einsum("ij,jd,dk->ik", A, X, p["weight"])
    with explain_errors({"cannot be multiplied": "The order matters: A_hat @ X @ weight, (N, N) times (N, d_in) times "
                         "(d_in, d_out)."}):  # fmt: skip
        found = layer(X, A)
    expect_close(found, right + p["bias"], mistakes={
        "The bias is missing.": right,
        "Add the bias after the product with A_hat.": A @ (X @ p["weight"] + p["bias"]),
        "Row i of A_hat has the weights of what arrives at node i: A_hat @ X, not its transpose.":
            A.T @ X @ p["weight"] + p["bias"],
        "The layer is linear: the nonlinearity follows outside.": torch.relu(right + p["bias"]),
    })  # fmt: skip
    layer = student.GCNLayer(4, 2, bias=False)
    p = filled(student, layer, rng, weight=(4, 2))
    expect_close(layer(X, A), torch.einsum("ij,jd,dk->ik", A, X, p["weight"]), name="without bias")


def spatial_mistakes(kind, X, edges, p):
    """Return the results of usual mistakes, by hint."""
    none = edges[:, :0]
    wrong = {
        "Messages go from the source, row 0, to the target, row 1.": spatial(kind, X, edges.flip(0), p),
        "Neighbours have no influence.": spatial(kind, X, none, p),
    }
    total = torch.stack([sum((X[j] for j in near(edges, i)), 0 * X[i]) for i in range(len(X))])
    after = total @ p["linear.weight"].T if kind != "max" else None
    if kind == "sum":
        wrong["The node's own vector belongs to the sum."] = torch.relu(after + p["linear.bias"])
    if kind == "diagonal":
        wrong["1 + eps multiplies the node's own vector."] = spatial("sum", X, edges, p)
    if kind == "residual":
        wrong["The node's own vector is added after the ReLU."] = torch.relu(after + p["linear.bias"])
        wrong["The sum is that of the neighbours alone."] = X + spatial("sum", X, edges, p)
        wrong["The ReLU comes before the node's own vector is added."] = torch.relu(X + after + p["linear.bias"])
    if kind == "mean":
        wrong["Divide by the number of neighbours."] = torch.relu(p["linear.bias"] + X @ p["own.weight"].T + after)
        around = torch.stack([(X[i] + total[i]) / (1 + len(near(edges, i))) for i in range(len(X))])
        wrong["The mean is that of the neighbours alone."] = torch.relu(
            p["linear.bias"] + X @ p["own.weight"].T + around @ p["linear.weight"].T
        )
    if kind == "kipf":
        wrong["Divide by the roots of both degrees."] = spatial("sum", X, edges, p)
    return wrong


FORMULAS = {
    "sum": Message("One ReLU at the end, and in it `linear` of h_i plus the sum of the neighbours."),
    "diagonal": Message("One ReLU at the end, and in it `linear` of (1 + eps) h_i plus the sum of the neighbours."),
    "residual": Message("h_i plus the ReLU of `linear` of the sum of the neighbours."),
    "mean": Message("One ReLU at the end, and in it `own` of h_i plus `linear` of the mean of the neighbours."),
    "kipf": Message(
        "Each h_j, also h_i itself, is divided by the root of both degrees; a degree counts the loop, too."
    ),
    "max": Message("`linear` of h_i followed by the maximum of ReLU(`pool`(h_j)) over the neighbours; then a ReLU."),
}


def compare_kinds(student, rng, kinds):
    """Compare some kinds with loops over nodes, on a directed graph with a node that nobody reaches."""
    for kind in kinds:
        X, edges = rng.normal(6, 3), simple(rng, 5, 9)
        width = 3 if kind == "residual" else 4
        layer = student.SpatialLayer(3, width, kind)
        p = filled(student, layer, rng, **spatial_shapes(kind, 3, width))
        right = spatial(kind, X, edges, p)
        mistakes = spatial_mistakes(kind, X, edges, p)
        expect_close(layer(X, edges), right, name=Message("the kind {kind}", kind=kind), mistakes=mistakes,
                     hint=FORMULAS[kind])  # fmt: skip


@task("SpatialLayer", share="1/6", any_dtype=True, loans=LOANS_OF_GROUPS, keeps=True)
def check_sums_and_means_of_neighbours(student, rng):
    """The kinds "sum" and "mean" agree with loops over nodes."""
    compare_kinds(student, rng, ("sum", "mean"))


@task("SpatialLayer", share="1/6", any_dtype=True, loans=LOANS_OF_GROUPS)
def check_own_vectors_and_neighbours(student, rng):
    """The kinds "diagonal" and "residual" agree with loops over nodes."""
    compare_kinds(student, rng, ("diagonal", "residual"))


@task("SpatialLayer", share="1/6", any_dtype=True, loans=LOANS_OF_GROUPS)
def check_degrees_and_maxima(student, rng):
    """The kinds "kipf" and "max" agree with loops over nodes."""
    compare_kinds(student, rng, ("kipf", "max"))


MLP = """
import torch
from torch import nn

def mlp(weight, bias, last):
    first, second = nn.Linear(3, 5), nn.Linear(5, 2, bias=False)
    with torch.no_grad():
        first.weight, first.bias, second.weight = (nn.Parameter(x.clone()) for x in (weight, bias, last))
    return nn.Sequential(first, nn.Tanh(), second)
"""


def gin(X, edges, weight, bias, last, eps):
    """Return a GIN layer node by node."""
    rows = [(1 + eps) * X[i] + sum((X[j] for j in near(edges, i)), 0 * X[i]) for i in range(len(X))]
    return torch.stack([last @ torch.tanh(weight @ row + bias) for row in rows])


@task("GINLayer", share=50, any_dtype=True, loans=LOANS_OF_GROUPS, keeps=True)
def check_isomorphism_layer(student, rng):
    """The layer agrees with a loop over nodes."""
    X, edges = rng.normal(6, 3), simple(rng, 5, 9)
    weights = rng.normal(5, 3), rng.normal(5), rng.normal(2, 5)
    layer = student.GINLayer(student.define(MLP).mlp(*weights), 0.5)
    expect_close(layer(X, edges), gin(X, edges, *weights, 0.5), mistakes={
        "1 + eps multiplies the node's own vector.": gin(X, edges, *weights, 0.0),
        "The node's own vector is missing.": gin(X, edges, *weights, -1.0),
        "1 + eps multiplies the node's own vector, not the sum.": gin(1.5 * X, edges, *weights, 0.0),
        "1 + eps multiplies the node's own vector, not those of its neighbours.":
            gin(1.5 * X, edges, *weights, 1 / 1.5 - 1),
        "Messages go from the source, row 0, to the target, row 1.": gin(X, edges.flip(0), *weights, 0.5),
    }, hint="The network is applied to (1 + eps) h_i plus the sum of the neighbours.")  # fmt: skip


def kinds_of(colours):
    """Return colours as numbers in the order in which they first occur."""
    seen = {}
    return torch.tensor([seen.setdefault(colour, len(seen)) for colour in colours])


def refined(edges, N, rounds):
    """Return colours as nested tuples."""
    colours = ["o"] * N
    for _ in range(rounds):
        old = colours
        colours = [(old[i], tuple(sorted(str(old[j]) for j in near(edges, i)))) for i in range(N)]
    return colours


def expect_colours(found, right, name):
    """Require equal numbers where the right colours are equal, and others elsewhere."""
    expect_shape(found, (len(right),), name=name)
    expect_equal(
        kinds_of(found.cpu().tolist()), kinds_of(right), name=name,
        hint="All nodes begin alike. In each of the rounds, equal new colours: equal old colours of the nodes, "
        "and of those whose edges arrive, in any order.",
    )  # fmt: skip


@task("wl_colours", share=50)
def check_colours_of_a_path(student, rng):
    """On a path of five nodes, ends, their neighbours and the middle differ; triangles and a hexagon do not."""
    path = torch.tensor([[0, 1, 2, 3], [1, 2, 3, 4]], device=rng.device)
    path = torch.cat([path, path.flip(0)], dim=1)
    for rounds in (1, 2):
        expect_colours(student.wl_colours(path, 5, rounds), refined(path, 5, rounds), Message("round {r}", r=rounds))
    rings = torch.tensor([[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11], [1, 2, 0, 4, 5, 3, 7, 8, 9, 10, 11, 6]])
    rings = torch.cat([rings, rings.flip(0)], dim=1).to(rng.device)
    expect_colours(student.wl_colours(rings, 12, 4), ["o"] * 12, "two triangles and a hexagon")


@task("readout", share=50, any_dtype=True, loans=LOANS_OF_GROUPS)
def check_one_vector_for_each_graph(student, rng):
    """Mean, maximum and sum of each graph agree with loops."""
    x, batch = rng.normal(9, 3), torch.tensor([0, 0, 0, 0, 1, 2, 2, 2, 2], device=rng.device)
    for kind in ("mean", "max", "sum"):
        right = grouped(x, batch, 3, kind)
        over = grouped(x, 0 * batch, 1, kind)
        expect_close(student.readout(x, batch, kind), right, name=Message("the {kind}", kind=kind), mistakes={
            "Each graph has a row of its own; this is one for all nodes.": over[0],
            "There is a row for each graph, batch.max() + 1 in all, and not for each node.":
                torch.cat([right, right.new_zeros(6, 3)]),
            "All nodes were put into the first graph.": torch.cat([over, 0 * over, 0 * over]),
            "Each graph has a row of its own; this is one for all nodes, in rows.": over.expand(3, 3),
        }, hint="Row g is made of the nodes whose number in batch is g, in the way that is asked for.")  # fmt: skip
