"""Right answers to graph_basics.py in other styles. No check may take a point from them."""

from autograder.authoring.variants import body, variants_of

variant = variants_of("graph_basics.py")

# fmt: off
VARIANTS = [
    variant("sparse tensors and one-hot matrices",
        body("adjacency", """
            ones = torch.ones(edge_index.size(1), device=edge_index.device)
            return torch.sparse_coo_tensor(edge_index.flip(0), ones, (N, N)).to_dense().clamp(max=1)
        """),
        body("edge_index_of", """
            return torch.nonzero(A).t().flip(0).contiguous()
        """),
        body("walks", """
            out = torch.eye(A.shape[0], dtype=A.dtype, device=A.device)
            for _ in range(k):
                out = A @ out
            return out
        """),
        body("permute", """
            P = torch.eye(len(p), dtype=A.dtype, device=A.device)[p]
            return P @ A @ P.T, P.to(X.dtype) @ X
        """),
        body("normalised_adjacency", """
            loops = torch.arange(N, device=edge_index.device)
            edges = edge_index
            if self_loops:
                edges = torch.cat([edges, torch.stack([loops, loops])], dim=1)
            edges = torch.unique(edges, dim=1)
            source, target = edges
            degree = torch.bincount(target, minlength=N).float()
            if kind == "sym":
                inv = degree.pow(-0.5)
                inv[torch.isinf(inv)] = 0
                weights = inv[source] * inv[target]
            elif kind == "row":
                weights = 1 / degree[target]
            else:
                raise ValueError(kind)
            A = torch.sparse_coo_tensor(edges.flip(0), weights, (N, N))
            return A.coalesce() if sparse else A.to_dense()
        """)),
    variant("loops over nodes",
        body("k_hop", """
            N = A.shape[0]
            out = torch.zeros(N, N, dtype=torch.bool, device=A.device)
            neighbours = [torch.nonzero(A[:, n]).flatten().tolist() for n in range(N)]
            for start in range(N):
                seen, frontier = {start}, [start]
                for _ in range(k):
                    frontier = [m for n in frontier for m in neighbours[n] if m not in seen]
                    seen.update(frontier)
                    frontier = list(set(frontier))
                    if not frontier:
                        break
                out[list(seen), start] = True
            return out
        """),
        body("permute", """
            N = len(p)
            B, Y = torch.empty_like(A), torch.empty_like(X)
            for i in range(N):
                Y[i] = X[p[i]]
                for j in range(N):
                    B[i, j] = A[p[i], p[j]]
            return B, Y
        """),
        body("batch_graphs", """
            edges, features, owner, total = [], [], [], 0
            for g, (e, X) in enumerate(graphs):
                edges.append(e + total)
                features.append(X)
                owner += [g] * X.shape[0]
                total += X.shape[0]
            return torch.cat(edges, 1), torch.cat(features, 0), torch.tensor(owner, device=X.device)
        """),
        body("unbatch", """
            out = []
            for g in range(int(batch.max()) + 1):
                nodes = torch.where(batch == g)[0]
                inside = torch.isin(edge_index[0], nodes)
                out.append((torch.searchsorted(nodes, edge_index[:, inside]), X[nodes]))
            return out
        """),
        body("edge_graph", """
            pairs = sorted({(min(a, b), max(a, b)) for a, b in edge_index.t().tolist()})
            new = [(m, n) for m, e in enumerate(pairs) for n, f in enumerate(pairs) if m != n and set(e) & set(f)]
            new = torch.tensor(new, dtype=torch.long, device=edge_index.device).reshape(-1, 2).t()
            return torch.tensor(pairs, device=edge_index.device).t(), new
        """)),
    variant("matrices with the identity",
        body("k_hop", """
            reached = torch.eye(len(A), device=A.device)
            step = ((A + torch.eye(len(A), dtype=A.dtype, device=A.device)) > 0).float()
            for _ in range(k):
                reached = (step @ reached).clamp(max=1)
            return reached.bool()
        """),
        body("laplacian", """
            d = A.sum(1)
            if kind == "plain":
                return d.diag() - A
            if kind != "sym":
                raise ValueError("kind must be plain or sym")
            inverse = d.rsqrt()
            inverse[d == 0] = 0
            D = inverse.diag()
            return D @ (d.diag() - A) @ D
        """),
        body("normalised_adjacency", """
            if kind not in ("sym", "row"):
                raise ValueError(kind)
            A = adjacency(edge_index, N)
            if self_loops:
                A = torch.maximum(A, torch.eye(N, device=A.device))
            d = A.sum(1)
            if kind == "sym":
                D = torch.diag(torch.where(d > 0, d.rsqrt(), torch.zeros_like(d)))
                A = D @ A @ D
            else:
                A = torch.nan_to_num(A / d.unsqueeze(1))
            if sparse:
                A = A.to_sparse_coo()
            return A
        """),
        body("edge_graph", """
            u, v = edge_index
            ends = torch.unique(torch.stack([torch.minimum(u, v), torch.maximum(u, v)]), dim=1)
            M = ends.shape[1]
            B = torch.zeros(int(ends.max()) + 1, M, device=ends.device)
            B[ends[0], torch.arange(M)] = 1
            B[ends[1], torch.arange(M)] = 1
            line = B.T @ B - 2 * torch.eye(M, device=ends.device)
            return ends, torch.nonzero(line).T
        """),
        body("edge_index_of", """
            rows, columns = torch.where(A != 0)
            return torch.vstack((columns, rows))
        """)),
    variant("filters term by term",
        body("spectral_filter", """
            lam, U = torch.linalg.eigh(L)
            return torch.einsum("ni,i,mi,md->nd", U, g(lam), U, x)
        """),
        body("chebyshev", """
            def scaled(v):
                return 2 * (L @ v) / lam_max - v

            terms = [x]
            if len(theta) > 1:
                terms.append(scaled(x))
            while len(terms) < len(theta):
                terms.append(2 * scaled(terms[-1]) - terms[-2])
            return (theta[:, None, None] * torch.stack(terms)).sum(dim=0)
        """),
        body("unbatch", """
            sizes = torch.bincount(batch).tolist()
            owner, graphs, start = batch[edge_index[0]], [], 0
            for g, (size, X_g) in enumerate(zip(sizes, X.split(sizes), strict=True)):
                graphs.append([edge_index[:, owner == g] - start, X_g])
                start += size
            return graphs
        """)),
    variant("Chebyshev's sum from the last term (Clenshaw)",
        body("chebyshev", """
            one, two = torch.zeros_like(x), torch.zeros_like(x)
            for factor in theta.flip(0)[:-1]:
                one, two = factor * x + 2 * (2 / lam_max * (L @ one) - one) - two, one
            return theta[0] * x + (2 / lam_max * (L @ one) - one) - two
        """)),
    variant("the rescaled matrix once",
        body("chebyshev", """
            scaled = 2 * L / lam_max - torch.eye(L.shape[0], dtype=L.dtype, device=L.device)
            T = [x, scaled @ x]
            for _ in range(2, theta.shape[0]):
                T.append(2 * scaled @ T[-1] - T[-2])
            return sum(theta[k] * T[k] for k in range(theta.shape[0]))
        """)),
]
