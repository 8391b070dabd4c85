"""Wrong answers to graph_basics.py, each with the check that must notice it."""
# ruff: noqa: E501 - quotes lines of the reference

from autograder.authoring.mutants import first, mutants_of
from autograder.authoring.variants import body

mutant = mutants_of("graph_basics.py")
ADJ, ADJ2 = "check_adjacency_of_a_directed_graph", "check_adjacency_of_other_graphs"
LIST, LIST2 = "check_edges_of_a_small_matrix", "check_edges_of_other_matrices"
WALKS, WALKS2 = "check_walks_on_a_path", "check_walks_of_other_lengths"
HOP, HOP2 = "check_who_is_reached_in_two_steps", "check_who_is_reached_after_many_steps"
PERM, PERM2 = "check_new_numbers", "check_permutations_of_other_graphs"
NORM = "check_normalised_path"
NORM2 = "check_normalised_graphs_with_lonely_nodes"
NORM3 = "check_normalised_directed_graphs_and_sparse_ones"
LAP, LAP2 = "check_laplacian_of_small_graphs", "check_laplacian_has_a_zero_for_each_part"
SPEC, SPEC2 = "check_filter_is_a_matrix_exponential", "check_other_filters"
CHEB, CHEB2 = "check_chebyshev_agrees_with_cosines", "check_chebyshev_with_other_bounds"
BATCH, BATCH2 = "check_batch_of_three_graphs", "check_batches_of_other_graphs"
BACK, BACK2 = "check_three_graphs_come_back", "check_other_batches_come_back"
EDGES, EDGES2 = "check_edges_of_a_small_graph_are_joined", "check_other_edge_graphs"
SET = "    A[edge_index[1], edge_index[0]] = 1.0\n    return A\n"
REACHED = "reached = reached | (A @ reached.to(A.dtype) > 0)"
PERMUTED = "return A[p][:, p], X[p]"
DEGREE = '    degree = A.sum(dim=1)\n    if kind == "row":'
ROOT = "        A = root[:, None] * A * root\n"
LAPLACIAN = "return torch.diag((degree > 0).to(A.dtype)) - root[:, None] * A * root"
SPECTRAL = "return U @ (g(values)[:, None] * (U.T @ x))"
NEXT = "2 * (2 / lam_max * (L @ now) - now) - before"
FIRST = "before, now = x, 2 / lam_max * (L @ x) - x"
OWN = "(edge_index[:, owner == g] - starts[g], X[batch == g])"
LINES = "return ends, torch.stack(shared.nonzero(as_tuple=True))"

# fmt: off
MUTANTS = [
    mutant("reach: ten steps at most", HOP2, "    for _ in range(k):\n        " + REACHED, "    for _ in range(min(k, 10)):\n        " + REACHED),
    mutant("norm: sym, where nothing arrives the inverse is 1", NORM3, "torch.where(degree > 0, degree, torch.inf) ** -0.5\n" + ROOT, "degree.clamp(min=1) ** -0.5\n" + ROOT),
    mutant("norm: compressed rows", NORM3, "A.to_sparse()", "A.to_sparse_csr()"),
    mutant("filter: g of one eigenvalue at a time", SPEC2, SPECTRAL, SPECTRAL.replace("g(values)", "torch.stack([g(value) for value in values])")),
    mutant("chebyshev: polynomials as tables", CHEB2, body("chebyshev", """
        eye = torch.eye(len(L), dtype=L.dtype, device=L.device)
        scaled, out = 2 / lam_max * L - eye, theta[0] * x
        before, now = eye, scaled
        for factor in theta[1:]:
            out = out + factor * (now @ x)
            before, now = now, 2 * scaled @ now - before
        return out
    """)),
    mutant("adjacency: rows are sources", ADJ, SET, SET.replace("[1], edge_index[0]", "[0], edge_index[1]")),
    mutant("adjacency: an edge counts as often as it is listed", ADJ, SET, "    A.index_put_((edge_index[1], edge_index[0]), torch.ones(edge_index.shape[1], device=A.device), accumulate=True)\n    return A\n"),
    mutant("adjacency: both directions", ADJ, SET, SET.replace("return A", "return ((A + A.T) > 0).float()")),
    mutant("adjacency: a loop over the edges", ADJ, SET, "    for source, target in edge_index.T.tolist():\n        A[target, source] = 1.0\n    return A\n"),
    mutant("adjacency: float64", ADJ2, SET, SET.replace("return A", "return A.double()"), habit="dtype"),
    mutant("adjacency: the diagonal is 0", ADJ2, SET, SET.replace("return A", "return A.fill_diagonal_(0)")),
    mutant("adjacency: the number of nodes from the edges", ADJ2, SET, SET.replace("    return A", "    M = int(edge_index.max()) + 1 if edge_index.numel() else 0\n    return A[:M, :M]")),
    mutant("edges: sources and targets exchanged", LIST, "torch.stack([source, target])", "torch.stack([target, source])"),
    mutant("edges: one row per edge", LIST, "return torch.stack([source, target])", "return torch.stack([source, target], dim=1)"),
    mutant("edges: positive entries only", LIST2, "A.nonzero(as_tuple=True)", "(A > 0).nonzero(as_tuple=True)"),
    mutant("edges: loops are dropped", LIST2, "return torch.stack([source, target])", "return torch.stack([source, target])[:, source != target]"),
    mutant("edges: each undirected edge once", LIST, "return torch.stack([source, target])", "return torch.stack([source, target])[:, source <= target]"),
    mutant("edges: float numbers", LIST, "return torch.stack([source, target])", "return torch.stack([source, target]).float()"),
    mutant("walks: powers of entries", WALKS, "torch.linalg.matrix_power(A, k)", "A**k"),
    mutant("walks: one step more", WALKS, "torch.linalg.matrix_power(A, k)", "torch.linalg.matrix_power(A, k + 1)"),
    mutant("walks: transposed", WALKS, "torch.linalg.matrix_power(A, k)", "torch.linalg.matrix_power(A, k).T"),
    mutant("walks: none of length 0", WALKS2, "torch.linalg.matrix_power(A, k)", "torch.linalg.matrix_power(A, k) * (k > 0)"),
    mutant("walks: 0 or 1", WALKS, "return torch.linalg.matrix_power(A, k)", "return (torch.linalg.matrix_power(A, k) > 0).to(A.dtype)"),
    mutant("walks: float32", WALKS2, "return torch.linalg.matrix_power(A, k)", "return torch.linalg.matrix_power(A.float(), k)", habit="dtype"),
    mutant("hops: exactly k", HOP, REACHED, "reached = A @ reached.to(A.dtype) > 0"),
    mutant("hops: not the node itself", HOP, "    for _ in range(k):\n        " + REACHED + "\n    return reached\n", "    for _ in range(k):\n        " + REACHED + "\n    return reached.fill_diagonal_(False)\n"),
    mutant("hops: transposed", HOP, REACHED, REACHED.replace("A @", "A.T @")),
    mutant("hops: powers overflow", HOP2, body("k_hop", "return sum(torch.linalg.matrix_power(A, m) for m in range(k + 1)) > 0")),
    mutant("hops: whole numbers overflow", HOP2, body("k_hop", "table = (A + torch.eye(len(A), device=A.device)).long()\nfound = torch.eye(len(A), dtype=torch.int64, device=A.device)\nfor _ in range(k):\n    found = (table[:, :, None] * found[None]).sum(dim=1)\nreturn found != 0")),
    mutant("hops: one hop less", HOP, "for _ in range(k):\n        reached", "for _ in range(k - 1):\n        reached"),
    mutant("hops: numbers instead of bools", HOP, "    return reached\n", "    return reached.to(A.dtype)\n"),
    mutant("permute: the inverse", PERM, PERMUTED, "q = p.argsort()\n    return A[q][:, q], X[q]"),
    mutant("permute: rows only", PERM, PERMUTED, "return A[p], X[p]"),
    mutant("permute: columns only", PERM, PERMUTED, "return A[:, p], X[p]"),
    mutant("permute: X stays", PERM, PERMUTED, "return A[p][:, p], X"),
    mutant("permute: in place", PERM2, PERMUTED, "A.copy_(A[p][:, p])\n    return A, X[p]"),
    mutant("permute: float64", PERM2, PERMUTED, "return A[p][:, p].double(), X[p].double()", habit="dtype"),
    mutant("normalised: no loops", NORM, "    if self_loops:\n", "    if False:\n"),
    mutant("normalised: row instead of sym", NORM, ROOT, "        A = root[:, None] ** 2 * A\n"),
    mutant("normalised: columns instead of rows", NORM, "degree.clamp(min=1)[:, None]", "degree.clamp(min=1)"),
    mutant("normalised: degrees without the loops", NORM, DEGREE, DEGREE.replace("A.sum(dim=1)", "A.sum(dim=1) - float(self_loops)")),
    mutant("normalised: no root", NORM, "** -0.5\n        A = root", "** -1.0\n        A = root"),
    mutant("normalised: not at all", NORM, ROOT, "        A = A * 1.0\n"),
    mutant("normalised: loops are doubled", NORM2, "A.fill_diagonal_(1.0)", "A = A + torch.eye(N, device=A.device)"),
    mutant("normalised: nan at lonely nodes", NORM2, "torch.where(degree > 0, degree, torch.inf) ** -0.5\n        A = root", "degree ** -0.5\n        A = root"),
    mutant("normalised: nan in means", NORM2, "A / degree.clamp(min=1)[:, None]", "A / degree[:, None]"),
    mutant("normalised: loops, whatever is asked", NORM2, "    if self_loops:\n", "    if True:\n"),
    mutant("normalised: accepts any kind", NORM2, "        raise ValueError(f\"unknown kind {kind!r}\")\n    return A.to", "        pass\n    return A.to"),
    mutant("normalised: the degree of what leaves", NORM3, DEGREE, DEGREE.replace("dim=1", "dim=0")),
    mutant("normalised: never sparse", NORM3, "A.to_sparse() if sparse else A", "A"),
    mutant("normalised: both degrees", NORM3, ROOT, "        out = A.sum(dim=0)\n        A = root[:, None] * A * torch.where(out > 0, out, torch.inf) ** -0.5\n"),
    mutant("normalised: float64", NORM2, "A.to_sparse() if sparse else A", "A.double().to_sparse() if sparse else A.double()", habit="dtype"),
    mutant("laplacian: A - D", LAP, "torch.diag(degree) - A", "A - torch.diag(degree)"),
    mutant("laplacian: D + A", LAP, "torch.diag(degree) - A", "torch.diag(degree) + A"),
    mutant("laplacian: always sym", LAP, 'if kind == "plain":', "if False:"),
    mutant("laplacian: no root", LAP, LAPLACIAN, LAPLACIAN.replace("root[:, None] * A * root", "root[:, None] ** 2 * A")),
    mutant("laplacian: 1 at lonely nodes", LAP2, "(degree > 0).to(A.dtype)", "torch.ones_like(degree)"),
    mutant("laplacian: nan at lonely nodes", LAP2, LAPLACIAN, LAPLACIAN.replace("root", "(degree**-0.5)")),
    mutant("laplacian: accepts any kind", LAP2, '    if kind == "sym":\n        root', "    if True:\n        root"),
    mutant("laplacian: float64", LAP2, LAPLACIAN, "return (torch.diag((degree > 0).to(A.dtype)) - root[:, None] * A * root).double()", habit="dtype"),
    mutant("filter: U on the wrong side", SPEC, SPECTRAL, "return U.T @ (g(values)[:, None] * (U @ x))"),
    mutant("filter: not transformed back", SPEC, SPECTRAL, "return g(values)[:, None] * (U.T @ x)"),
    mutant("filter: g of the entries of L", SPEC, SPECTRAL, "return g(L) @ x"),
    mutant("filter: two columns at most", SPEC2, SPECTRAL, SPECTRAL + "[:, :3]"),
    mutant("filter: factors along the columns", SPEC, SPECTRAL, "return U @ (g(values[: x.shape[1]]) * (U.T @ x))"),
    mutant("filter: float64", SPEC2, SPECTRAL, SPECTRAL.replace("return ", "return (").replace("@ x))", "@ x))).double()"), habit="dtype"),
    mutant("filter: changes the signal", SPEC2, SPECTRAL, "x.copy_(U @ (g(values)[:, None] * (U.T @ x)))\n    return x"),
    mutant("chebyshev: not rescaled", CHEB, FIRST, "before, now = x, L @ x", also=((NEXT, "2 * (L @ now) - before"),)),
    mutant("chebyshev: powers", CHEB, NEXT, "2 / lam_max * (L @ now) - now"),
    mutant("chebyshev: plus the one before", CHEB, NEXT, NEXT.replace("- before", "+ before")),
    mutant("chebyshev: rescaled without the identity", CHEB, FIRST, "before, now = x, 2 / lam_max * (L @ x)", also=((NEXT, "2 * (2 / lam_max * (L @ now)) - before"),)),
    mutant("chebyshev: the bound is 2", CHEB2, FIRST, FIRST.replace("lam_max", "2.0"), also=((NEXT, NEXT.replace("lam_max", "2.0")),)),
    mutant("chebyshev: the first factor twice", CHEB, "for factor in theta[1:]:\n        out", "for factor in theta[:-1]:\n        out"),
    mutant("chebyshev: at least two terms", CHEB2, "out = theta[0] * x", "out = theta[0] * x + (theta[1] * 0 if True else 0)"),
    mutant("chebyshev: eigenvectors", CHEB, body("chebyshev", "values, U = torch.linalg.eigh(L)\nangles = torch.arccos((2 / lam_max * values - 1).clamp(-1, 1))\nreply = sum(t * torch.cos(k * angles) for k, t in enumerate(theta))\nreturn U @ (reply[:, None] * (U.T @ x))")),
    mutant("chebyshev: detached", CHEB2, "out = out + factor * now", "out = out + float(factor) * now"),
    mutant("batch: no offsets", BATCH, "edge_index + start for", "edge_index for"),
    mutant("batch: offsets of edges", BATCH, "len(X) for _, X in graphs", "e.shape[1] for e, _ in graphs", also=(("numbers.repeat_interleave(sizes)", "numbers.repeat_interleave(torch.tensor([len(X) for _, X in graphs], device=sizes.device))"),)),
    mutant("batch: numbers from 1", BATCH, "torch.arange(len(graphs), device=sizes.device)", "1 + torch.arange(len(graphs), device=sizes.device)"),
    mutant("batch: offsets from the largest number", BATCH2, "len(X) for _, X in graphs]", "int(e.max()) + 1 if e.numel() else 0 for e, X in graphs]", also=(("numbers.repeat_interleave(sizes)", "numbers.repeat_interleave(torch.tensor([len(X) for _, X in graphs], device=sizes.device))"),)),
    mutant("batch: in place", BATCH2, "edge_index + start for", "edge_index.add_(start) for"),
    mutant("unbatch: numbers stay large", BACK, OWN, "(edge_index[:, owner == g], X[batch == g])"),
    mutant("unbatch: all edges everywhere", BACK, OWN, "(edge_index - starts[g], X[batch == g])"),
    mutant("unbatch: graphs without edges are lost", BACK2, "for g in range(len(sizes))]", "for g in range(len(sizes)) if (owner == g).any()]"),
    mutant("unbatch: the smallest number is subtracted", BACK2, OWN, "(edge_index[:, owner == g] - (edge_index[:, owner == g].min() if (owner == g).any() else 0), X[batch == g])"),
    mutant("unbatch: edges change in place", BACK2, "    sizes = batch.bincount()\n", "    sizes = batch.bincount()\n    edge_index[:] = edge_index.flip(1)\n"),
    mutant("edge graph: both directions are nodes", EDGES, "edge_index[:, edge_index[0] < edge_index[1]].unique(dim=1)", "edge_index.unique(dim=1)"),
    mutant("edge graph: not sorted", EDGES, ".unique(dim=1)", ""),
    mutant("edge graph: joined to itself", EDGES, "    shared.fill_diagonal_(False)\n", ""),
    mutant("edge graph: first ends only", EDGES, "(ends[:, None, :, None] == ends[None, :, None, :]).any(dim=0).any(dim=0)", "ends[0][:, None] == ends[0][None]"),
    mutant("edge graph: end to beginning only", EDGES2, "(ends[:, None, :, None] == ends[None, :, None, :]).any(dim=0).any(dim=0)", "(ends[0][:, None] == ends[1][None]) | (ends[1][:, None] == ends[0][None])"),
    mutant("edge graph: each pair once", EDGES, LINES, LINES.replace("shared.nonzero", "shared.triu().nonzero")),
    mutant("normalised: sparse with loops only", "check_normalised_directed_graphs_and_sparse_ones", "return A.to_sparse() if sparse else A", "return A.to_sparse() if sparse and self_loops else A"),
    mutant("normalised: no loops without edges", "check_normalised_directed_graphs_and_sparse_ones", first("normalised_adjacency", "if edge_index.shape[1] == 0:\n    return torch.zeros(N, N, device=edge_index.device)")),
]
