"""Right answers to embedding_steps.py in other styles. No check may take a point from them."""

from autograder.authoring.variants import body, variants_of

variant = variants_of("embedding_steps.py")

# fmt: off
VARIANTS = [
    variant("power iteration with deflation, einsum, loops",
        body("covariance", """
            mean = X.sum(0, keepdim=True) / X.shape[0]
            return torch.einsum("ni,nj->ij", X - mean, X - mean) / X.shape[0]
        """),
        body("principal_axes", """
            sigma = covariance(X)
            out = []
            for _ in range(k):
                u = torch.arange(1, X.shape[1] + 1, dtype=X.dtype, device=X.device)
                for _ in range(2000):
                    u = sigma @ u
                    u = u / u.norm()
                value = u @ sigma @ u
                sigma = sigma - value * torch.outer(u, u)
                if u[u.abs().argmax()] < 0:
                    u = -u
                out.append(u)
            return torch.stack(out)
        """),
        body("trustworthiness", """
            N = X.shape[0]
            dx, dy = torch.cdist(X, X), torch.cdist(Y, Y)
            total = 0
            for i in range(N):
                nearest_x = [j for j in torch.argsort(dx[i]).tolist() if j != i]
                nearest_y = [j for j in torch.argsort(dy[i]).tolist() if j != i]
                for j in nearest_y[:k]:
                    if j not in nearest_x[:k]:
                        total += nearest_x.index(j) + 1 - k
            return 1 - 2.0 / (N * k * (2 * N - 3 * k - 1)) * total
        """)),
    variant("the singular values of the centred points",
        body("principal_axes", """
            U, S, Vh = torch.linalg.svd(X - X.mean(0), full_matrices=False)
            axes = Vh[:k].clone()
            for row in axes:
                if row[torch.argmax(torch.abs(row))] < 0:
                    row *= -1
            return axes
        """),
        body("whiten", """
            centred = X - X.mean(dim=0, keepdim=True)
            U, S, Vh = torch.linalg.svd(centred, full_matrices=False)
            scale = 1 / torch.sqrt(S ** 2 / X.shape[0] + eps)
            rotated = centred @ Vh.T
            return rotated * scale @ Vh if zca else rotated * scale
        """),
        body("reconstruct", """
            codes = torch.einsum("nd,kd->nk", X - mean, axes)
            return torch.einsum("nk,kd->nd", codes, axes) + mean
        """)),
    variant("matrices written out, the power -0.5, outer sums",
        body("covariance", """
            N = len(X)
            centred = X - torch.mean(X, 0)
            return torch.matmul(centred.transpose(0, 1), centred).div(N)
        """),
        body("whiten", """
            centred = X - X.mean(0)
            L, U = torch.linalg.eigh(centred.T @ centred / X.shape[0])
            order = torch.argsort(L, descending=True)
            L, U = L[order], U[:, order]
            W = U @ torch.diag((L + eps) ** -0.5)
            if zca:
                W = W @ U.T
            return centred @ W
        """),
        body("reconstruct", """
            projection = axes.T @ axes
            return X @ projection + mean - mean @ projection
        """),
        body("tsne_gradient", """
            squared = Y.pow(2).sum(1)
            kernel = 1 / (1 + squared[:, None] + squared[None, :] - 2 * Y @ Y.T)
            kernel.fill_diagonal_(0)
            force = (P - kernel / kernel.sum()) * kernel
            return 4 * (force.sum(dim=1, keepdim=True) * Y - force @ Y)
        """)),
    variant("precisions and natural logarithms, a growing interval on both sides",
        body("sigma_for_perplexity", """
            d = d2_row.to(torch.float64)
            d = d - d.min()
            scale = float(d.mean())
            target = math.log(perplexity)
            beta, low, high = 1.0 / scale, 0.0, math.inf
            for _ in range(500):
                w = torch.exp(-d * beta)
                total = w.sum()
                H = float(torch.log(total) + beta * (d * w).sum() / total)
                if abs(math.exp(H) - perplexity) <= tol:
                    break
                if H > target:
                    low = beta
                    beta = 2 * beta if high == math.inf else (beta + high) / 2
                else:
                    high = beta
                    beta = (beta + low) / 2
            return float(1 / math.sqrt(2 * beta))
        """),
        body("tsne_gradient", """
            distance = torch.cdist(Y, Y, compute_mode="donot_use_mm_for_euclid_dist")
            kernel = (1 + distance ** 2).reciprocal()
            kernel = kernel.masked_fill(torch.eye(len(Y), dtype=torch.bool, device=Y.device), 0)
            q = kernel / torch.sum(kernel)
            weights = (P - q) * kernel
            return 4 * torch.einsum("ij,ijd->id", weights, Y.unsqueeze(1) - Y.unsqueeze(0))
        """),
        body("trustworthiness", """
            N = X.shape[0]

            def order(points):
                far = torch.cdist(points.double(), points.double())
                far.fill_diagonal_(float("inf"))
                return far.argsort(dim=1)

            rank = torch.zeros(N, N, dtype=torch.int64, device=X.device)
            rank.scatter_(1, order(X), torch.arange(1, N + 1, device=X.device).expand(N, N).contiguous())
            found = rank.gather(1, order(Y)[:, :k])
            return 1.0 - 2.0 * (found - k).clamp(min=0).sum().item() / (N * k * (2 * N - 3 * k - 1))
        """)),
    variant("log2 and powers of 2, geometric means",
        body("sigma_for_perplexity", """
            d = d2_row.double() - d2_row.min().double()

            def perplexity_of(sigma):
                p = torch.softmax(-d / (2 * sigma ** 2), dim=0)
                p = p[p > 0]
                return 2 ** float(-(p * p.log2()).sum())

            low = high = 1.0
            while perplexity_of(low) > perplexity:
                low /= 2
            while perplexity_of(high) < perplexity:
                high *= 2
            for _ in range(300):
                middle = math.sqrt(low * high)
                value = perplexity_of(middle)
                if abs(value - perplexity) < tol:
                    return middle
                if value > perplexity:
                    high = middle
                else:
                    low = middle
            return middle
        """)),
    variant("squared covariances, projectors, and whitening by singular values",
        body("principal_axes", """
            A = covariance(X).double()
            axes = []
            for _ in range(k):
                M = A / A.norm()
                for _ in range(60):
                    M = M @ M
                    M = M / M.norm()
                u = M[:, M.diagonal().argmax()]
                u = u / u.norm()
                for _ in range(3):
                    u = A @ u
                    u = u / u.norm()
                A = A - (u @ A @ u) * torch.outer(u, u)
                axes.append(u if u[u.abs().argmax()] > 0 else -u)
            return torch.stack(axes).to(X.dtype)
        """),
        body("reconstruct", """
            projector = torch.einsum("kd,ke->de", axes, axes)
            return X @ projector + (mean - mean @ projector)
        """),
        body("whiten", """
            Xc = X - X.mean(dim=0, keepdim=True)
            U, S, Vh = torch.linalg.svd(Xc.T @ Xc / X.shape[0])
            W = torch.diag((S + eps) ** -0.5) @ Vh
            if zca:
                W = Vh.T @ W
            return torch.matmul(W, Xc.T).T
        """),
        body("tsne_gradient", """
            kernel = 1 / (1 + torch.cdist(Y, Y, compute_mode="donot_use_mm_for_euclid_dist") ** 2)
            kernel = kernel * (1 - torch.eye(len(Y), dtype=Y.dtype, device=Y.device))
            force = (P - kernel / kernel.sum()) * kernel
            return 4 * (force.sum(1, keepdim=True) * Y - force @ Y)
        """),
        body("trustworthiness", """
            N = len(X)
            diagonal = torch.eye(N, dtype=torch.bool, device=X.device)

            def order(points):
                d = (points[:, None] - points[None]).square().sum(-1)
                return d.masked_fill(diagonal, math.inf).argsort(dim=1, stable=True)

            ranks = torch.empty(N, N, dtype=torch.long, device=X.device)
            ranks.scatter_(1, order(X), torch.arange(1, N + 1, device=X.device).expand(N, N))
            shown = ranks.gather(1, order(Y)[:, :k])
            return 1 - 2 / (N * k * (2 * N - 3 * k - 1)) * int((shown - k).clamp(min=0).sum())
        """)),
]
