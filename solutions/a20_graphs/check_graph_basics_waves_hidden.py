"""Hidden checks of graph_basics: lonely nodes, zero eigenvalues, bounds, one term, and graphs without edges."""

import torch
from check_graph_basics_waves import FILTERS
from oracles_basics import (
    directed,
    expect_edges,
    in_order,
    laplace,
    lines,
    network,
    polynomial,
    reached,
    table,
    undirected,
)

from autograder import (
    Message,
    expect,
    expect_close,
    expect_equal,
    expect_raises,
    expect_same_gradients,
    expect_unchanged,
    explain_errors,
    is_sequence,
    task,
)

MORE_FILTERS = (
    FILTERS
    + """
def half(values):
    return (values < 1).to(values)

def same(values):
    return torch.ones_like(values)

def three(values):
    return (values <= values.sort().values[2]).to(values)
"""
)

# How many products of the student's filter are tables with a row and a column for each node.
SQUARES = """
import torch
from torch.overrides import TorchFunctionMode

PRODUCTS = ("matmul", "__matmul__", "__rmatmul__", "mm", "bmm", "addmm", "baddbmm", "einsum", "linear", "tensordot")

class Watch(TorchFunctionMode):
    def __init__(self, N):
        super().__init__()
        self.N, self.squares = N, 0

    def __torch_function__(self, func, types, args=(), kwargs=None):
        out = func(*args, **(kwargs or {}))
        if getattr(func, "__name__", "") in PRODUCTS and isinstance(out, torch.Tensor):
            self.squares += tuple(out.shape[-2:]) == (self.N, self.N)
        return out

def squares(L, x, theta):
    with Watch(len(L)) as watch:
        student.chebyshev(L, x, theta)
    return watch.squares
"""


@task("laplacian", share=50)
def check_laplacian_has_a_zero_for_each_part(student, rng):
    """Nodes without edges, weights of 1, both dtypes; there are as many zeros as parts; the matrix stays."""
    for N, count, dtype in ((9, 4, torch.float64), (6, 9, torch.float32), (1, 0, torch.float64)):
        edges = undirected(rng, max(N - 1, 2), count) if count else torch.zeros(2, 0, dtype=torch.int64)
        A = table(edges.to(rng.device), N, dtype)
        parts = len(reached(edges, N, N).unique(dim=0))
        for kind in ("plain", "sym"):
            seen = student.inspect(student.laplacian, A, kind)
            expect_close(seen.value, laplace(A, kind), name=Message("{N} nodes, {kind}", N=N, kind=kind),
                         hint="The row and the column of a node without edges are 0.")  # fmt: skip
            values = torch.linalg.eigvalsh(seen.value.double())
            zeros = int((values.abs() < 1e-5).sum())
            expect(zeros == parts, Message("There are {zeros} zeros and {parts} parts.", zeros=zeros, parts=parts))
            expect_unchanged(seen, A, kind)
    with expect_raises(ValueError):
        student.laplacian(A, "random")


@task("spectral_filter", share=50)
def check_other_filters(student, rng):
    """The filter of ones changes nothing; a cut-off is a projection; one signal; gradients; inputs stay."""
    filters = student.define(MORE_FILTERS)
    L = laplace(table(undirected(rng, 9, 12), 9, torch.float64), "sym")
    for D in (1, 4):
        x = rng.normal(9, D)
        seen = student.inspect(student.spectral_filter, L, x, filters.same)
        expect_close(seen.value, x, name="the filter of ones")
        expect_equal((seen.args[0], seen.args[1]), (L, x), name="the arguments after the call")
        values, U = torch.linalg.eigh(L)
        low = U[:, values < 1]
        expect_close(student.spectral_filter(L, x, filters.half), low @ (low.T @ x), name="a cut-off at 1")
    M = rng.normal(9, 9)
    values, U = torch.linalg.eigh(M + M.T)  # half of them are negative
    with explain_errors({"IndexError": "g gets all eigenvalues at once, as they are."}):
        found = student.spectral_filter(M + M.T, x, filters.three)
    expect_close(found, U[:, :3] @ (U[:, :3].T @ x), rtol=1e-4,
                 name="the smallest eigenvalues", hint="g gets all eigenvalues at once, as they are.")  # fmt: skip
    small = laplace(table(undirected(rng, 5, 6), 5), "sym")
    x = rng.normal(5, 2, dtype=torch.float32)
    expect_close(student.spectral_filter(small, x, filters.decay), torch.matrix_exp(-2 * small) @ x, name="float32")


def by_tables(L, x, theta):
    """Return the filter with polynomials that are matrices."""
    eye = torch.eye(len(L), dtype=L.dtype, device=L.device)
    tables = [eye, L - eye]
    for _ in theta[2:]:
        tables.append(2 * (L - eye) @ tables[-1] - tables[-2])
    return sum(factor * one for factor, one in zip(theta, tables, strict=False)) @ x


@task("chebyshev", share=50)
def check_chebyshev_with_other_bounds(student, rng):
    """One and two terms, other bounds, float32; gradients in x and theta; inputs stay."""
    for terms, kind, bound in ((1, "sym", 2.0), (2, "sym", 2.0), (4, "plain", 17.0), (7, "sym", 2.5)):
        L = laplace(table(undirected(rng, 7, 10), 7, torch.float64), kind)
        x, theta = rng.normal(7, 3), rng.normal(terms)
        seen = student.inspect(student.chebyshev, L, x, theta, bound)
        expect_close(seen.value, polynomial(L, x, theta, bound), name=Message("{count} terms, bound {bound}",
                     count=terms, bound=bound),
                     hint="The rescaled L is 2 / lam_max L - I, with the lam_max that is given.")  # fmt: skip
        expect_unchanged(seen, L, x, theta, bound)
    count = student.define(SQUARES).squares(L, x, theta)
    expect(count == 0, Message("{n} products of the filter are as large as L.", n=count),
           "Keep the signals T_k x, not the tables T_k: each term costs one product of L with (N, D).")  # fmt: skip
    inputs = (L / 8, x, theta)
    expect_same_gradients(student, rng, student.chebyshev, by_tables, *inputs, names=("L", "x", "theta"))
    L, x, theta = (value.float() for value in (L, x, theta))
    expect_close(student.chebyshev(L, x, theta), polynomial(L, x, theta, 2.0), name="float32")


@task("batch_graphs", share=50)
def check_batches_of_other_graphs(student, rng):
    """One graph, graphs without edges, nodes without edges, directed edges; all inputs stay."""
    for sizes, counts in (((5,), (6,)), ((3, 1, 4, 2), (3, 0, 5, 0)), ((2, 2), (0, 2))):
        none = torch.zeros(2, 0, dtype=torch.int64, device=rng.device)
        drawn = [directed(rng, N, count) if count else none for N, count in zip(sizes, counts, strict=True)]
        given = [(edges, rng.normal(N, 3)) for edges, N in zip(drawn, sizes, strict=True)]
        seen = student.inspect(student.batch_graphs, given)
        edges, X, batch = seen.value
        expect_equal(
            batch, torch.tensor([g for g, N in enumerate(sizes) for _ in range(N)], device=rng.device), name="batch"
        )
        expect_close(X, torch.cat([X for _, X in given]), name="X")
        starts = [sum(sizes[:g]) for g in range(len(sizes))]
        pairs = zip(starts, given, strict=True)
        expect_edges(edges, [(a + start, b + start) for start, (e, _) in pairs for a, b in in_order(e)],
                     hint="Add to the numbers of nodes how many nodes come before, also lonely ones.")  # fmt: skip
        expect_unchanged(seen, given)


@task("unbatch", share=50)
def check_other_batches_come_back(student, rng):
    """Graphs without edges, edges in any order, one graph; the inputs stay."""
    for sizes, counts in (((5,), (6,)), ((3, 1, 4, 2), (3, 0, 5, 0)), ((6, 3), (8, 2))):
        starts = [sum(sizes[:g]) for g in range(len(sizes))]
        lonely = int(len(sizes) > 1)  # the first node of each graph has no edges then
        parts = [
            directed(rng, N - lonely, count) + lonely if count else None for N, count in zip(sizes, counts, strict=True)
        ]
        pairs = zip(parts, starts, strict=True)
        edges = torch.cat([part + start for part, start in pairs if part is not None], dim=1)
        edges = edges[:, rng.permutation(edges.shape[1])]
        X = rng.normal(sum(sizes), 2)
        batch = torch.tensor([g for g, N in enumerate(sizes) for _ in range(N)], device=rng.device)
        seen = student.inspect(student.unbatch, edges, X, batch)
        expect(
            is_sequence(seen.value) and len(seen.value) == len(sizes),
            Message("The list has a pair for each graph, so its length is {n}.", n=len(sizes)),
        )
        for g, (found, own) in enumerate(seen.value):
            expect_close(own, X[starts[g] : starts[g] + sizes[g]], name=Message("X of graph {n}", n=g))
            edges_of = in_order(parts[g]) if parts[g] is not None else []
            least = min((min(pair) for pair in edges_of), default=0)
            expect_edges(found, edges_of, name=Message("the edges of graph {n}", n=g), mistakes={
                "Subtract how many nodes come before: the first node of a graph may have no edges.":
                    [(a - least, b - least) for a, b in edges_of],
            } if least else None)  # fmt: skip
        expect_unchanged(seen, edges, X, batch)


@task("edge_graph", share=50)
def check_other_edge_graphs(student, rng):
    """A star, a triangle, one edge, and random graphs; degrees of the new graph follow from the old; the list stays."""
    star = torch.tensor([[0, 0, 0, 1, 2, 3], [1, 2, 3, 0, 0, 0]], device=rng.device)
    triangle = torch.tensor([[0, 1, 2, 1, 2, 0], [1, 2, 0, 0, 1, 2]], device=rng.device)
    one = torch.tensor([[4, 2], [2, 4]], device=rng.device)
    for name, edges, N in (("a star", star, 4), ("a triangle", triangle, 3), ("one edge", one, 5),
                           ("15 edges", undirected(rng, 9, 15), 9)):  # fmt: skip
        seen = student.inspect(student.edge_graph, edges)
        ends, joined = lines(edges, N)
        expect_equal(
            seen.value[0], torch.tensor(ends, device=rng.device).T, name=Message("ends of {graph}", graph=Message(name))
        )
        expect_edges(seen.value[1], joined, name=Message("the edges of {graph}", graph=Message(name)), mistakes={
            "Two edges are joined also where both begin or both end at one node.":
                [(i, j) for i, j in joined if ends[i][0] == ends[j][1] or ends[i][1] == ends[j][0]],
        })  # fmt: skip
        degree = network(edges, N).to_undirected().degree
        size = sum(degree[a] + degree[b] - 2 for a, b in ends)
        expect(seen.value[1].shape[1] == size, "A new node has as many edges as its two ends have others.")
        expect_unchanged(seen, edges)
