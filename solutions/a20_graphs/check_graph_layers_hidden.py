"""Hidden checks of graph_layers: gradients, shapes and dtypes, lonely nodes, sparse matrices, inputs that stay."""

import torch
from check_graph_layers import MLP, expect_colours, gin, refined
from oracles_layers import (
    KINDS,
    LOANS_OF_GROUPS,
    LOANS_OF_SUM,
    grouped,
    simple,
    spatial,
    spatial_shapes,
)
from oracles_parameters import filled

from autograder import (
    Message,
    expect,
    expect_close,
    expect_equal,
    expect_raises,
    expect_same_gradients,
    expect_state_kept,
    expect_unchanged,
    task,
)


def other_groups(student, rng, name, how):
    """Compare one of the three functions for other shapes and dtypes, and its gradients."""
    f = getattr(student, name)
    for E, rest, N, dtype in ((12, (2,), 5, torch.float64), (7, (), 4, torch.float64), (5, (2, 3), 9, torch.float64),
                              (10, (3,), 3, torch.float32), (1, (1,), 2, torch.float64)):  # fmt: skip
        x, index = rng.normal(E, *rest, dtype=dtype) - 3, rng.integers(0, N, E)
        seen = student.inspect(f, x, index, N)
        expect_close(seen.value, grouped(x, index, N, how), name=Message("rows of shape {rest}, {N} groups",
                     rest=str(rest), N=N))  # fmt: skip
        expect_unchanged(seen, x, index, N)
    small, index = -1e30 * (1 + rng.uniform(8, 3)), rng.integers(0, 4, 8)
    expect_close(f(small, index, 5), grouped(small, index, 5, how), name="numbers below -1e30",
                 hint="No number is small enough to stand for a group without rows.")  # fmt: skip
    x = rng.normal(8, 3)
    expect_same_gradients(student, rng, f, lambda x, index, N: grouped(x, index, N, how), x, index, 5)


@task("scatter_sum", share=50)
def check_sums_of_other_groups(student, rng):
    """Numbers, rows, tables of numbers, both dtypes, gradients; the inputs stay."""
    other_groups(student, rng, "scatter_sum", "sum")


@task("scatter_mean", share=50, loans=LOANS_OF_SUM)
def check_means_of_other_groups(student, rng):
    """Numbers, rows, tables of numbers, both dtypes, gradients; the inputs stay."""
    other_groups(student, rng, "scatter_mean", "mean")


@task("scatter_max", share=50)
def check_maxima_of_other_groups(student, rng):
    """Numbers, rows, tables of numbers, both dtypes, gradients; the inputs stay."""
    other_groups(student, rng, "scatter_max", "max")


@task("GCNLayer", share=50)
def check_graph_convolution_has_right_gradients(student, rng):
    """Gradients in the input, the matrix and the parameters; sparse matrices; other sizes; float32."""
    for N, d_in, d_out in ((6, 2, 5), (1, 3, 1)):
        X, A = rng.normal(N, d_in), rng.normal(N, N)
        layer = student.GCNLayer(d_in, d_out)
        p = filled(student, layer, rng, weight=(d_in, d_out), bias=(d_out,))

        def oracle(X, A, p=p):
            return torch.einsum("ij,jd,dk->ik", A, X, p["weight"]) + p["bias"]

        expect_same_gradients(student, rng, layer, oracle, X, A, weights=p, names=("X", "A_hat"))
        thin = torch.where(A > 0, A, torch.zeros_like(A))
        expect_close(layer(X, thin.to_sparse()), oracle(X, thin), name="a sparse matrix")
    X, A = rng.normal(4, 3, dtype=torch.float32), rng.normal(4, 4, dtype=torch.float32)
    layer = student.GCNLayer(3, 2, bias=False).eval()
    p = filled(student, layer, rng, weight=(3, 2))
    student.define("def to_float(layer):\n    layer.float()\n").to_float(layer)
    with expect_state_kept(student, layer=layer):
        found = layer(X, A)
    expect_close(found, A @ X @ p["weight"].float(), name="float32")


def other_kinds(student, rng, kinds):
    """Compare some kinds on other graphs, with their gradients, and under a permutation."""
    for kind in kinds:
        for N, d, count in ((7, 2, 12), (4, 3, 1)):
            X, edges = rng.normal(N, d), simple(rng, N - 1, count)
            width = d if kind == "residual" else 5
            layer = student.SpatialLayer(d, width, kind).eval()
            p = filled(student, layer, rng, **spatial_shapes(kind, d, width))

            def oracle(X, edges, p=p, kind=kind):
                return spatial(kind, X, edges, p)

            name = Message("the kind {kind}", kind=kind)
            expect_same_gradients(student, rng, layer, oracle, X, edges, weights=p, name=name)
            seen = student.inspect(layer, X, edges)
            expect_unchanged(seen, X, edges)
            other = simple(rng, N - 1, count + 1)
            expect_close(layer(X, other), oracle(X, other), name="a second call, with another graph",
                         hint="A call does not depend on the calls before.")  # fmt: skip


@task("SpatialLayer", share="1/6", loans=LOANS_OF_GROUPS, keeps=True)
def check_gradients_of_sums_and_means(student, rng):
    """Gradients of the kinds "sum" and "mean", on graphs with lonely nodes; the inputs stay."""
    other_kinds(student, rng, KINDS[:2])


@task("SpatialLayer", share="1/6", loans=LOANS_OF_GROUPS)
def check_gradients_of_own_vectors(student, rng):
    """Gradients of the kinds "diagonal" and "residual", on graphs with lonely nodes; the inputs stay."""
    other_kinds(student, rng, KINDS[2:4])


@task("SpatialLayer", share="1/6", loans=LOANS_OF_GROUPS)
def check_gradients_of_degrees_and_maxima(student, rng):
    """Gradients of the kinds "kipf" and "max", on graphs with lonely nodes; the inputs stay."""
    other_kinds(student, rng, KINDS[4:])


@task("GINLayer", share=50, loans=LOANS_OF_SUM, keeps=True)
def check_isomorphism_layer_learns(student, rng):
    """Gradients in the input, in the network on top, and in eps; a node without neighbours; the inputs stay."""
    X, edges = rng.normal(7, 3), simple(rng, 6, 11)
    weights = rng.normal(5, 3), rng.normal(5), rng.normal(2, 5)
    layer = student.GINLayer(student.define(MLP).mlp(*weights)).eval()
    p = filled(student, layer, rng, eps=(), mlp__0__weight=(5, 3), mlp__0__bias=(5,), mlp__2__weight=(2, 5))

    def oracle(X, edges):
        return gin(X, edges, p["mlp.0.weight"], p["mlp.0.bias"], p["mlp.2.weight"], p["eps"])

    expect_same_gradients(student, rng, layer, oracle, X, edges, weights=p)
    expect_unchanged(student.inspect(layer, X, edges), X, edges)
    other = simple(rng, 6, 5)
    expect_close(layer(X, other), oracle(X, other), name="a second call, with another graph",
                 hint="A call does not depend on the calls before.")  # fmt: skip


@task("wl_colours", share=50)
def check_colours_tell_multisets_apart(student, rng):
    """Numbers of equal neighbours count, and colours of one round come from the round before; no round, no edges."""
    for N, count, rounds in ((9, 14, 1), (12, 16, 3), (7, 9, 0), (30, 45, 2)):
        edges = simple(rng, N, count)
        seen = student.inspect(student.wl_colours, edges, N, rounds)
        expect_colours(seen.value, refined(edges, N, rounds), Message("{N} nodes, {r} rounds", N=N, r=rounds))
        expect(seen.value.dtype == torch.int64, "Colours are int64.")
        expect_unchanged(seen, edges, N, rounds)
    mirrored = torch.tensor([[2, 3, 5, 4, 6, 7], [0, 0, 1, 1, 3, 5]], device=rng.device)
    expect_colours(student.wl_colours(mirrored, 8, 2), refined(mirrored, 8, 2), "neighbours in another order")
    none = torch.zeros(2, 0, dtype=torch.int64, device=rng.device)
    expect_colours(student.wl_colours(none, 3, 2), ["o"] * 3, "three nodes without edges")


@task("readout", share=50, loans=LOANS_OF_GROUPS)
def check_readouts_of_other_graphs(student, rng):
    """Nodes in any order, one graph, negative numbers, float32, gradients; another kind is an error; inputs stay."""
    for N, D, G, dtype in ((11, 2, 4, torch.float64), (5, 3, 1, torch.float64), (8, 1, 3, torch.float32)):
        x = rng.normal(N, D, dtype=dtype) - 2
        batch = torch.cat([torch.arange(G, device=rng.device), rng.integers(0, G, N - G)])[rng.permutation(N)]
        for kind in ("mean", "max", "sum"):
            seen = student.inspect(student.readout, x, batch, kind)
            expect_close(
                seen.value, grouped(x, batch, G, kind), name=Message("the {kind} of {G} graphs", kind=kind, G=G)
            )
            expect_unchanged(seen, x, batch, kind)
            if dtype == torch.float64:
                expect_same_gradients(student, rng, student.readout,
                                      lambda x, batch, kind: grouped(x, batch, int(batch.max()) + 1, kind),
                                      x, batch, kind)  # fmt: skip
    expect_close(student.readout(x, batch), grouped(x, batch, G, "mean"), name="the kind by default",
                 hint="Without a kind, it is the mean.")  # fmt: skip
    order = rng.permutation(N)
    expect_equal(student.readout(x, batch, "max"), student.readout(x[order], batch[order], "max"), name="another order")
    with expect_raises(ValueError):
        student.readout(x, batch, "median")
