# %% [markdown]
# # Graphs as numbers
#
# Friends, citations, atoms and their bonds, points on a mesh: a **graph** has nodes, and edges between some of them.
# Images are graphs, too, whose nodes are pixels in a grid. But a general graph has no rows and columns, no left and
# right, and its nodes come in no order. Before networks can compute on it, it has to become numbers: here you write
# how. The formulas follow chapter 13 of Prince, *Understanding Deep Learning* (2023).
#
# **One convention for the whole assignment.** An edge leads from a *source* $j$ to a *target* $i$, and messages travel
# along it. `edge_index`, shape (2, E), int64, has the sources in row 0 and the targets in row 1. An undirected edge is
# listed twice, once in each direction. The **adjacency matrix** $A$ has $A_{ij} = 1$ if there is an edge from $j$ to
# $i$: *rows are targets*. So row $i$ of $A X$ is the sum of what arrives at node $i$.
#
# <!-- parts -->

# %%
from collections.abc import Callable

import torch
from torch import Tensor

# %% tags=["active-ipynb"]
# from autograder import check, hint
# from common.data import graphs
# from common.plots.curves import curves
# from common.plots.figure import new_figure
# from common.plots.networks import draw_network, spring_layout
#
# path = torch.tensor([[0, 1, 1, 2], [1, 0, 2, 1]])  # 0 - 1 - 2, each edge in both directions
# club = graphs.karate()
# club_places = spring_layout(club.edge_index, 34, seed=4)
# figure = new_figure(5, 4, "Zachary's karate club: two groups around nodes 0 and 33.")
# draw_network(figure.add_subplot(), club.edge_index, club_places, values=club.y, names=[str(n) for n in range(34)],
#              size=170, vmax=9)
# figure

# %% [markdown]
# ## 1 A list and a table
#
# The list of edges is short; the table $A$ is convenient. For the path 0 - 1 - 2:
#
# $$A = \begin{pmatrix} 0 & 1 & 0 \\ 1 & 0 & 1 \\ 0 & 1 & 0 \end{pmatrix}$$


# %% task="adjacency" minutes=10 difficulty="easy"
def adjacency(edge_index: Tensor, N: int) -> Tensor:
    """The adjacency matrix: 1 at [target, source] of each edge, else 0. There must be no loop over the edges.

    An edge that is listed several times counts once. An edge from a node to itself is on the diagonal.

    Shapes:
        edge_index  (2, E)  int64, sources and targets, in [0, N)
        N           int     the number of nodes; some may have no edges
        out         (N, N)  float32
    """
    ### BEGIN SOLUTION
    A = torch.zeros(N, N, device=edge_index.device)
    A[edge_index[1], edge_index[0]] = 1.0
    return A
    ### END SOLUTION


# %% [markdown] hint="adjacency"
# 1. Begin with `torch.zeros(N, N)`. `A[rows, columns] = 1.0` sets many entries at once.
# 2. Rows are the targets, `edge_index[1]`; columns are the sources, `edge_index[0]`.


# %% task="edge_index_of" minutes=10 difficulty="easy"
def edge_index_of(A: Tensor) -> Tensor:
    """The list of edges of an adjacency matrix, in any order. There must be no loop over nodes or edges.

    Shapes:
        A    (N, N)  any dtype; an edge is where it is not 0
        out  (2, E)  int64, sources and targets
    """
    ### BEGIN SOLUTION
    target, source = A.nonzero(as_tuple=True)
    return torch.stack([source, target])
    ### END SOLUTION


# %% [markdown] hint="edge_index_of"
# 1. `A.nonzero(as_tuple=True)` returns the rows and the columns of all entries that are not 0.
# 2. Rows are targets, so they become the second row of the result: `torch.stack([columns, rows])`.

# %% tags=["active-ipynb"]
# A = adjacency(club.edge_index, 34)
# by_club = club.y.argsort(stable=True)
# figure = new_figure(7, 3.4, "The club's adjacency matrix as given, and sorted by club: two dense blocks.")
# for number, (title, table) in enumerate({"as given": A, "sorted by club": A[by_club][:, by_club]}.items()):
#     figure.add_subplot(1, 2, number + 1, title=title, xlabel="source", ylabel="target").imshow(table, cmap="Greys")
# figure

# %% [markdown]
# ## 2 Walks
#
# A **walk** of length $k$ is a sequence of $k$ edges, each beginning where the last one ended. How many walks of length
# 2 lead from $j$ to $i$? One for each node $l$ with edges $j \to l \to i$, so $\sum_l A_{il} A_{lj} = (A^2)_{ij}$. In
# the same way, $(A^k)_{ij}$ counts the walks of length $k$. For the path,
#
# $$A^2 = \begin{pmatrix} 1 & 0 & 1 \\ 0 & 2 & 0 \\ 1 & 0 & 1 \end{pmatrix}, \qquad
# A^3 = \begin{pmatrix} 0 & 2 & 0 \\ 2 & 0 & 2 \\ 0 & 2 & 0 \end{pmatrix}$$
#
# A network of $k$ layers, in which each node hears from its neighbours once per layer, sees the nodes at a distance of
# at most $k$: the **receptive field** of graphs.


# %% task="walks" minutes=10 difficulty="easy"
def walks(A: Tensor, k: int) -> Tensor:
    """The number of walks of length k from each source to each target.

    Shapes:
        A    (N, N)  float, 0 or 1; it is not changed
        k    int     0 or more; the walk of length 0 stays where it is
        out  (N, N)  the dtype of A, [target, source]
    """
    ### BEGIN SOLUTION
    return torch.linalg.matrix_power(A, k)
    ### END SOLUTION


# %% [markdown] hint="walks"
# 1. Begin with the identity, which counts walks of length 0, and multiply by `A` k times.
# 2. It is a product of matrices, `@`. `A**k` raises each entry to a power, and changes nothing.


# %% task="k_hop" minutes=20 difficulty="medium"
def k_hop(A: Tensor, k: int) -> Tensor:
    """Whether a walk of at most k edges leads from each source to each target.

    k may be large: numbers of walks overflow, but reachability does not.

    Shapes:
        A    (N, N)  float, 0 or 1; it is not changed
        k    int     0 or more; each node reaches itself
        out  (N, N)  bool, [target, source]
    """
    ### BEGIN SOLUTION
    reached = torch.eye(len(A), dtype=torch.bool, device=A.device)
    for _ in range(k):
        reached = reached | (A @ reached.to(A.dtype) > 0)
    return reached
    ### END SOLUTION


# %% [markdown] hint="k_hop"
# 1. At most k edges, not exactly k: in the path 0 - 1, node 0 reaches node 1 with k = 2, though no walk of length 2
#    does.
# 2. Keep a table of 0 and 1. In each step, who is reached already, or is a neighbour of someone who is:
#    `reached | (A @ reached.float() > 0)`.
# 3. Powers of A become infinite, and infinity times 0 is nan. Make it 0 or 1 again after each product.

# %% tags=["active-ipynb"]
# figure = new_figure(11, 2.6, "Nodes that hear from member 16 after 0 to 4 layers: 1, 3, 6, 18 and 26 of 34.")
# for k in range(5):
#     seen = k_hop(A, k)[:, 16]
#     draw_network(figure.add_subplot(1, 5, k + 1), club.edge_index, club_places, values=seen.float(), cmap="Blues",
#                  vmin=0, vmax=1, size=40, title=f"k = {k}; nodes: {int(seen.sum())}")
# figure

# %% [markdown] question="graph_basics-q1"
# **Question 1.** What does the diagonal of $A^2$ say about an undirected graph, and what does that of $A^3$? How many
# triangles does a graph have, in terms of $\operatorname{tr}(A^3)$? Why?

# %% [markdown] answer="graph_basics-q1"
# ### BEGIN SOLUTION
# A walk of length 2 from a node to itself goes to a neighbour and back: the diagonal of A^2 has the degrees. A walk of
# length 3 back to its start is a triangle. Each triangle is counted at each of its 3 nodes and in 2 directions, so
# there are tr(A^3) / 6.
# ### END SOLUTION

# %% [markdown]
# ## 3 No order
#
# The numbers of nodes are names, and may be exchanged. Let a permutation matrix $P$ give them new numbers: features
# become $P X$, the adjacency matrix becomes $P A P^\top$. A layer that computes something for each node must be
# **equivariant**: $f(P A P^\top, P X) = P f(A, X)$. One number for the whole graph must be **invariant**. You will test
# your layers with this.


# %% task="permute" minutes=10 difficulty="easy"
def permute(A: Tensor, X: Tensor, p: Tensor) -> tuple[Tensor, Tensor]:
    """The same graph with new numbers: the new node n is the old node p[n].

    Shapes:
        A    (N, N)  it is not changed
        X    (N, D)  it is not changed
        p    (N,)    int64, each number below N once
        out  the new A (N, N) and the new X (N, D)
    """
    ### BEGIN SOLUTION
    return A[p][:, p], X[p]
    ### END SOLUTION


# %% [markdown] hint="permute"
# 1. `X[p]` has the row p[n] of X as its row n. For A, rows *and* columns are exchanged.
# 2. `A[p]` exchanges the rows; `[:, p]` after it the columns. (`A[p, p]` takes N entries only, the diagonal.)

# %% [markdown]
# ## 4 A matrix for layers
#
# The heart of a graph convolution is $A X$: each node adds up what its neighbours have. Two things are missing. The
# node forgets its own features, so every node gets an edge to itself, $A + I$. And nodes with many neighbours get large
# numbers, so the sums are divided. With $\tilde D$, the diagonal matrix of the row sums of $A + I$:
#
# | kind | matrix | row $i$ of $\hat A X$ |
# |---|---|---|
# | row | $\tilde D^{-1} (A + I)$ | the mean of what arrives |
# | sym | $\hat A = \tilde D^{-1/2} (A + I) \tilde D^{-1/2}$ | $\sum_j x_j / \sqrt{\tilde d_i \tilde d_j}$ |
#
# Kipf and Welling (2017) use the second one. It is symmetric for undirected graphs, with eigenvalues in $(-1, 1]$, and
# neighbours with many friends count less. For the path,
#
# $$\hat A = \begin{pmatrix} 0.5 & 0.4082 & 0 \\ 0.4082 & 0.3333 & 0.4082 \\ 0 & 0.4082 & 0.5 \end{pmatrix}$$
#
# (A directed graph has two degrees. Here, $\tilde d$ is always the number of edges that *arrive*.) Most entries are 0.
# A **sparse** tensor stores the others alone: for a million nodes with ten edges each, 10⁷ numbers instead of 10¹².
# `A_hat @ X` works with both kinds.


# %% task="normalised_adjacency" minutes=30 difficulty="medium"
def normalised_adjacency(
    edge_index: Tensor, N: int, self_loops: bool = True, kind: str = "sym", sparse: bool = False
) -> Tensor:
    """The matrix of the table above, "sym" or "row"; ValueError for another kind.

    Without self_loops, A takes the place of A + I. A diagonal entry is 1, also where an edge from the node to itself is
    listed already. An edge that is listed twice counts once. Where a row sum is 0, its inverse counts as 0.

    Shapes:
        edge_index  (2, E)  int64, sources and targets
        N           int     the number of nodes; some may have no edges
        sparse      bool    return a sparse COO tensor
        out         (N, N)  float32, [target, source]
    """
    ### BEGIN SOLUTION
    A = adjacency(edge_index, N)
    if self_loops:
        A.fill_diagonal_(1.0)
    degree = A.sum(dim=1)
    if kind == "row":
        A = A / degree.clamp(min=1)[:, None]
    elif kind == "sym":
        root = torch.where(degree > 0, degree, torch.inf) ** -0.5
        A = root[:, None] * A * root
    else:
        raise ValueError(f"unknown kind {kind!r}")
    return A.to_sparse() if sparse else A
    ### END SOLUTION


# %% [markdown] hint="normalised_adjacency"
# 1. Begin with `adjacency(edge_index, N)`, and set its diagonal to 1 (`A.fill_diagonal_(1.0)`). Adding the identity
#    would make it 2 where a loop is there already.
# 2. The degrees are the row sums, `A.sum(dim=1)`, of the matrix *with* loops. No row sum is between 0 and 1, so for
#    "row" `clamp(min=1)` avoids a division by 0.
# 3. "sym": multiply rows by `root[:, None]` and columns by `root[None]`, where `root` is `degree ** -0.5`, and 0
#    where the degree is 0. At the end, `A.to_sparse()`.

# %% tags=["active-ipynb"]
# print(normalised_adjacency(path, 3))
# A_hat = normalised_adjacency(club.edge_index, 34)
# spread = torch.stack([walks(A_hat, k)[:, 16] for k in (1, 2, 4, 16)])
# figure = new_figure(11, 2.8, "A number that begins at member 16 spreads, at last towards members with many friends.")
# for number, k in enumerate((1, 2, 4, 16)):
#     draw_network(figure.add_subplot(1, 4, number + 1), club.edge_index, club_places, values=spread[number],
#                  cmap="Blues", vmin=0, size=50, title=f"number of products: {k}")
# figure

# %% [markdown]
# ## 5 Waves on graphs
#
# On a line or a grid, a convolution is a product after Fourier's transform. What are the sines and cosines of a graph?
# They are the eigenvectors of its **Laplacian**
#
# $$L = D - A, \qquad L_{\text{sym}} = I - D^{-1/2} A D^{-1/2}$$
#
# where $D$ has the degrees, without loops. $x^\top L x = \frac{1}{2} \sum_{ij} A_{ij} (x_i - x_j)^2$: an eigenvector
# with a small eigenvalue changes little along edges (a low frequency), one with a large eigenvalue changes sign at
# nearly every edge. Constant vectors on a connected part have eigenvalue 0, so there are as many zeros as parts. The
# eigenvalues of $L_{\text{sym}}$ are in $[0, 2]$: for the path they are 0, 1, 2.


# %% task="laplacian" minutes=15 difficulty="easy"
def laplacian(A: Tensor, kind: str = "sym") -> Tensor:
    """The Laplacian "plain", D - A, or "sym", I - D^(-1/2) A D^(-1/2); ValueError for another kind.

    The row and the column of a node without edges are 0, in both kinds.

    Shapes:
        A    (N, N)  float, symmetric, its diagonal is 0; it is not changed
        out  (N, N)  the dtype of A
    """
    ### BEGIN SOLUTION
    degree = A.sum(dim=1)
    if kind == "plain":
        return torch.diag(degree) - A
    if kind == "sym":
        root = torch.where(degree > 0, degree, torch.inf) ** -0.5
        return torch.diag((degree > 0).to(A.dtype)) - root[:, None] * A * root
    raise ValueError(f"unknown kind {kind!r}")
    ### END SOLUTION


# %% [markdown] hint="laplacian"
# 1. `torch.diag(degree)` is the diagonal matrix D.
# 2. "sym": as in `normalised_adjacency`, but without loops. A node without edges has 0 on the diagonal, not 1.

# %% [markdown]
# With $L = U \Lambda U^\top$, the coefficients of a signal $x$ are $U^\top x$. A **spectral filter** multiplies each
# by a number $g(\lambda)$ that depends on its frequency, and goes back: $y = U g(\Lambda) U^\top x$ (Bruna and
# others 2014).


# %% task="spectral_filter" minutes=15 difficulty="easy"
def spectral_filter(L: Tensor, x: Tensor, g: Callable[[Tensor], Tensor]) -> Tensor:
    """The signals x after the filter g.

    Shapes:
        L    (N, N)  float, symmetric
        x    (N, D)  float, one signal in each column; it is not changed
        g    a function that maps the eigenvalues (N,) to their factors (N,)
        out  (N, D)
    """
    ### BEGIN SOLUTION
    values, U = torch.linalg.eigh(L)
    return U @ (g(values)[:, None] * (U.T @ x))
    ### END SOLUTION


# %% [markdown] hint="spectral_filter"
# 1. `torch.linalg.eigh(L)` returns the eigenvalues and the matrix U, with an eigenvector in each column.
# 2. From right to left: `U.T @ x` (N, D), then each *row* times its factor, `g(values)[:, None]`, then `U @`.

# %% [markdown]
# Eigenvectors of a million nodes are out of reach, and a filter $g$ with a free number for each eigenvalue fits one
# graph only. If $g$ is a **polynomial** of degree $K$, no eigenvector is needed: $y = \sum_k c_k L^k x$, and it
# reaches $K$ hops. Chebyshev's polynomials are a better basis than powers; they want eigenvalues in $[-1, 1]$, so
# rescale first (Defferrard, Bresson and Vandergheynst 2016):
#
# $$\tilde L = \frac{2}{\lambda_{\max}} L - I, \qquad T_0 = x, \quad T_1 = \tilde L x, \quad
# T_k = 2 \tilde L T_{k-1} - T_{k-2}, \qquad y = \sum_k \theta_k T_k$$


# %% task="chebyshev" minutes=25 difficulty="medium"
def chebyshev(L: Tensor, x: Tensor, theta: Tensor, lam_max: float = 2.0) -> Tensor:
    """The signals x after a filter of Chebyshev's polynomials, by products of L with signals only.

    torch.linalg and powers of L are not allowed: each term costs one product of L with (N, D).

    Shapes:
        L        (N, N)  float, dense
        x        (N, D)  float; it is not changed
        theta    (M,)    float, the factors of T_0 to T_{M-1}; M is 1 or more; gradients flow back to x and theta
        lam_max  float   an upper bound of the eigenvalues: 2 for the symmetric Laplacian
        out      (N, D)
    """
    ### BEGIN SOLUTION
    before, now = x, 2 / lam_max * (L @ x) - x
    out = theta[0] * x
    for factor in theta[1:]:
        out = out + factor * now
        before, now = now, 2 * (2 / lam_max * (L @ now) - now) - before
    return out
    ### END SOLUTION


# %% [markdown] hint="chebyshev"
# 1. Write a helper `scaled(v) = 2 / lam_max * (L @ v) - v`, which is the product of the rescaled L with v.
# 2. Keep the last two terms. The first is x, the second `scaled(x)`, each further one `2 * scaled(now) - before`.
# 3. If theta has one number only, the result is `theta[0] * x`.

# %% tags=["active-ipynb"]
# side = 9
# grid = [(r * side + c, r * side + c + step) for r in range(side) for c in range(side)
#         for step in (1, side) if (c + 1 < side or step == side) and (r + 1 < side or step == 1)]
# grid = torch.tensor(grid).T
# grid = torch.cat([grid, grid.flip(0)], dim=1)
# grid_places = torch.stack([torch.arange(81.) % side, -(torch.arange(81) // side).float()], dim=1)
# L = laplacian(adjacency(grid, 81).double())
# values, waves = torch.linalg.eigh(L)
# noise = torch.randn(81, 1, generator=torch.Generator().manual_seed(2), dtype=torch.float64)
# signals = {f"eigenvalue {values[n]:.2f}": waves[:, n] for n in (1, 7, 80)} | {
#     "noise": noise[:, 0],
#     "noise times exp(-6 eigenvalue)": spectral_filter(L, noise, lambda v: torch.exp(-6 * v))[:, 0]}
# figure = new_figure(13, 2.9, "Eigenvectors of a grid are waves; the filter leaves slow waves of the noise.")
# for number, (title, signal) in enumerate(signals.items()):
#     draw_network(figure.add_subplot(1, 5, number + 1), grid, grid_places, values=signal, cmap="RdBu", size=30,
#                  title=title)
# figure

# %% tags=["active-ipynb"]
# spectra = {"club": laplacian(adjacency(club.edge_index, 34)), "grid 9 x 9": L,
#            "path of 3": laplacian(adjacency(path, 3))}
# curves({name: torch.linalg.eigvalsh(table) for name, table in spectra.items()}, xlabel="number", ylabel="eigenvalue")

# %% [markdown] question="graph_basics-q2"
# **Question 2.** Take $K = 1$, $\lambda_{\max} = 2$ and the symmetric Laplacian. Show that with $\theta_0 = -\theta_1 =
# \theta$ the Chebyshev filter is $y = \theta \, (I + D^{-1/2} A D^{-1/2}) \,
# x$. Which eigenvalues can this matrix
# have, and what happens to a signal after twenty such layers? Kipf and Welling replace it by $\hat A$. What does
# that change?

# %% [markdown] answer="graph_basics-q2"
# ### BEGIN SOLUTION
# With lambda_max = 2, the rescaled L is L - I = -D^(-1/2) A D^(-1/2). So y = theta_0 x - theta_1 D^(-1/2) A D^(-1/2) x,
# which is theta (I + D^(-1/2) A D^(-1/2)) x. Its eigenvalues are 2 - lambda, from 0 to 2: after twenty layers the low
# frequencies have grown by up to 2^20. With loops inside the degrees ("renormalisation trick"), the eigenvalues are in
# (-1, 1], so repeated layers are stable; all but the slowest waves fade.
# ### END SOLUTION

# %% [markdown]
# ## 6 Many graphs as one
#
# A batch of images is a tensor, because all have the same size. Graphs do not. But a set of graphs is again a graph:
# one without edges between its parts. Put the features below one another, and add to the numbers of nodes in each
# `edge_index` how many nodes come before. A vector `batch` says to which graph each node belongs.


# %% task="batch_graphs" minutes=15 difficulty="easy"
def batch_graphs(graphs: list[tuple[Tensor, Tensor]]) -> tuple[Tensor, Tensor, Tensor]:
    """One graph that consists of all of them, in their order.

    Shapes:
        graphs  a list of pairs: edge_index (2, E_g) int64 and X (N_g, D); they are not changed
        out     edge_index (2, E) int64; X (N, D); batch (N,) int64, the number of each node's graph, from 0
    """
    ### BEGIN SOLUTION
    sizes = torch.tensor([len(X) for _, X in graphs], device=graphs[0][1].device)
    starts = sizes.cumsum(dim=0) - sizes
    edges = torch.cat([edge_index + start for (edge_index, _), start in zip(graphs, starts, strict=True)], dim=1)
    numbers = torch.arange(len(graphs), device=sizes.device)
    return edges, torch.cat([X for _, X in graphs]), numbers.repeat_interleave(sizes)
    ### END SOLUTION


# %% [markdown] hint="batch_graphs"
# 1. Keep a counter of the nodes so far. Each `edge_index` is increased by it (as a new tensor: `edge_index + before`).
# 2. `torch.cat(..., dim=1)` for edges, `torch.cat(...)` for features. `batch` repeats g as often as graph g has nodes.


# %% task="unbatch" minutes=15 difficulty="easy"
def unbatch(edge_index: Tensor, X: Tensor, batch: Tensor) -> list[tuple[Tensor, Tensor]]:
    """The graphs that batch_graphs has put together.

    Shapes:
        edge_index  (2, E)  int64; no edge joins nodes of two graphs; it is not changed
        X           (N, D)
        batch       (N,)    int64, ascending, from 0; each number occurs
        out         a list of pairs: edge_index (2, E_g), whose nodes count from 0, and X (N_g, D)
    """
    ### BEGIN SOLUTION
    sizes = batch.bincount()
    starts = sizes.cumsum(dim=0) - sizes
    owner = batch[edge_index[0]]
    return [(edge_index[:, owner == g] - starts[g], X[batch == g]) for g in range(len(sizes))]
    ### END SOLUTION


# %% [markdown] hint="unbatch"
# 1. An edge belongs to the graph of its source: `batch[edge_index[0]]`.
# 2. The first node of graph g has a number: subtract it from the numbers in its edges. `batch.bincount()` has the
#    sizes.

# %% [markdown]
# ## 7 Edges as nodes
#
# Sometimes the interesting things are the edges: roads, not crossings. The **edge graph** (or line graph) has a node
# for each edge of the original, and two of them are joined if they share an end. Then anything that works for nodes
# works for edges.


# %% task="edge_graph" minutes=25 difficulty="medium"
def edge_graph(edge_index: Tensor) -> tuple[Tensor, Tensor]:
    """The undirected edges of a graph, and which of them share an end.

    Shapes:
        edge_index  (2, E)  int64, each edge in both directions, no loops
        out         ends (2, M) int64: each undirected edge once, its smaller end first, in ascending order of the
                    smaller end, then of the larger; and the edge_index (2, F) of the new graph, int64, whose nodes are
                    the columns of `ends`: each pair in both directions, in any order, none twice
    """
    ### BEGIN SOLUTION
    ends = edge_index[:, edge_index[0] < edge_index[1]].unique(dim=1)
    shared = (ends[:, None, :, None] == ends[None, :, None, :]).any(dim=0).any(dim=0)
    shared.fill_diagonal_(False)
    return ends, torch.stack(shared.nonzero(as_tuple=True))
    ### END SOLUTION


# %% [markdown] hint="edge_graph"
# 1. Keep the direction in which the source is smaller; `unique(dim=1)` sorts the columns.
# 2. Compare all ends with all ends: a table (M, M) that is true where a column shares a number with another. Its
#    diagonal becomes false.
# 3. The table's positions that are true are the new edges, in both directions.

# %% tags=["active-ipynb"]
# house = torch.tensor([[0, 1, 2, 3, 0, 2, 3], [1, 2, 3, 0, 2, 4, 4]])
# house = torch.cat([house, house.flip(0)], dim=1)
# places = torch.tensor([[0.0, 0.0], [2.0, 0.0], [2.0, 2.0], [0.0, 2.0], [1.0, 3.2]])
# ends, lines = edge_graph(house)
# figure = new_figure(7, 3.2, "A house with a diagonal, and its edge graph: one node in the middle of each edge.")
# draw_network(figure.add_subplot(1, 2, 1), house, places, names="01234", title="a graph")
# draw_network(figure.add_subplot(1, 2, 2), lines, places[ends].mean(dim=0), title="its edge graph", size=250,
#              names=[f"{a}{b}" for a, b in ends.T.tolist()])
# figure

# %% [markdown]
# ## What to take home
#
# Products with the adjacency matrix move numbers along edges; normalised, they can be repeated. The order of nodes
# means nothing, so everything must respect permutations. The Laplacian gives frequencies to graphs, and polynomials
# of it are filters that need no eigenvectors: the first one is the graph convolution of the next notebook.
#
# **Where to look next.** Shuman et al. (*The emerging field of signal processing on graphs*, 2013) carry frequencies,
# filters and sampling over to graphs. Von Luxburg (*A tutorial on spectral clustering*, 2007) explains what
# eigenvectors of the Laplacian know. Bronstein et al. (*Geometric deep learning*, 2021) derive convolutions, graph
# networks and attention from symmetries.
