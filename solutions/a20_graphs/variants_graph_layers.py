"""Right answers to graph_layers.py in other styles. No check may take a point from them."""

from autograder.authoring.variants import body, variants_of

variant = variants_of("graph_layers.py")

# fmt: off
VARIANTS = [
    variant("one-hot matrices for groups",
        body("scatter_sum", """
            member = F.one_hot(index, N).to(x.dtype)
            return torch.tensordot(member.t(), x, dims=1)
        """),
        body("scatter_mean", """
            member = F.one_hot(index, N).to(x.dtype).t()
            weights = member / member.sum(1, keepdim=True).clamp(min=1)
            return (weights @ x.reshape(len(x), -1)).reshape(N, *x.shape[1:])
        """),
        body("scatter_max", """
            member = F.one_hot(index, N).bool().t()
            shape = (N, len(x)) + (1,) * (x.dim() - 1)
            tops = torch.where(member.reshape(shape), x[None], -torch.inf).amax(dim=1)
            return torch.where(torch.isinf(tops), torch.zeros_like(tops), tops)
        """)),
    variant("functions of torch in place",
        body("scatter_sum", """
            out = torch.zeros((N,) + x.shape[1:], dtype=x.dtype, device=x.device)
            out.index_add_(0, index, x)
            return out
        """),
        body("scatter_mean", """
            where = index.view(-1, *([1] * (x.dim() - 1))).expand(x.shape)
            zeros = torch.zeros((N,) + x.shape[1:], dtype=x.dtype, device=x.device)
            return zeros.scatter_reduce(0, where, x, reduce="mean", include_self=False)
        """),
        body("scatter_max", """
            where = index.view(-1, *([1] * (x.dim() - 1))).expand(x.shape)
            low = torch.full((N,) + x.shape[1:], float("-inf"), dtype=x.dtype, device=x.device)
            out = low.scatter_reduce(0, where, x, reduce="amax")
            return out.masked_fill(out == float("-inf"), 0)
        """),
        body("GCNLayer.forward", """
            support = torch.mm(X, self.weight)
            out = torch.sparse.mm(A_hat, support) if A_hat.is_sparse else torch.mm(A_hat, support)
            if self.bias is not None:
                out += self.bias
            return out
        """),
        body("readout", """
            G = int(batch.max().item() + 1)
            if kind == "sum":
                return scatter_sum(x, batch, G)
            elif kind == "mean":
                return scatter_mean(x, batch, G)
            elif kind == "max":
                return scatter_max(x, batch, G)
            raise ValueError(f"kind {kind}")
        """)),
    variant("dense tables for neighbours",
        body("GCNLayer.forward", """
            out = (A_hat @ X) @ self.weight
            return out + (0 if self.bias is None else self.bias)
        """),
        body("SpatialLayer.forward", """
            A = torch.zeros(len(X), len(X), dtype=X.dtype, device=X.device)
            A[edge_index[1], edge_index[0]] = 1
            d = A.sum(1, keepdim=True)
            if self.kind == "sum":
                H = self.linear(X + A @ X)
            elif self.kind == "diagonal":
                H = self.linear((A + torch.eye(len(X), dtype=X.dtype, device=X.device) * (1 + self.eps)) @ X)
            elif self.kind == "residual":
                return F.relu(self.linear(A @ X)) + X
            elif self.kind == "mean":
                H = self.linear(A @ X / torch.clamp(d, min=1)) + self.own(X)
            elif self.kind == "kipf":
                D = torch.diag((d[:, 0] + 1).rsqrt())
                H = self.linear(D @ (A + torch.eye(len(X), dtype=X.dtype, device=X.device)) @ D @ X)
            else:
                Z = F.relu(self.pool(X))
                top = (A[:, :, None] * Z[None]).max(dim=1).values
                H = self.linear(torch.cat((X, top), -1))
            return F.relu(H)
        """),
        body("attention_coefficients", """
            N = h.shape[0]
            mask = torch.eye(N, dtype=torch.bool, device=h.device)
            mask[edge_index[1], edge_index[0]] = True
            scores = F.leaky_relu((h @ a_dst)[:, None] + (h @ a_src)[None, :], negative_slope=slope)
            weights = torch.softmax(scores.masked_fill(~mask, float("-inf")), dim=1)
            return torch.cat([weights[edge_index[1], edge_index[0]], weights.diagonal()])
        """),
        body("GATLayer.forward", """
            N = X.shape[0]
            H = torch.einsum("nd,hde->hne", X, self.weight)
            out = []
            for k in range(H.shape[0]):
                alpha = attention_coefficients(H[k], edge_index, self.a_src[k], self.a_dst[k])
                E = edge_index.shape[1]
                A = torch.diag(alpha[E:])
                A = A.index_put((edge_index[1], edge_index[0]), alpha[:E])
                out.append(A @ H[k])
            out = torch.stack(out, dim=1)
            if self.concat:
                return F.elu(out.reshape(N, -1))
            return out.mean(1)
        """),
        body("GINLayer.forward", """
            A = torch.zeros(len(X), len(X), dtype=X.dtype, device=X.device)
            A[edge_index[1], edge_index[0]] = 1
            return self.mlp(X + self.eps * X + A @ X)
        """)),
    variant("loops over nodes where they are allowed",
        body("SpatialLayer.forward", """
            new = []
            degree = torch.bincount(edge_index[1], minlength=len(X)) + 1
            for i in range(len(X)):
                js = edge_index[0][edge_index[1] == i]
                if self.kind == "max":
                    m = F.relu(self.pool(X[js])).max(dim=0)[0] if len(js) else torch.zeros_like(X[i])
                    new.append(F.relu(self.linear(torch.cat([X[i], m]))))
                elif self.kind == "mean":
                    m = X[js].mean(dim=0) if len(js) else torch.zeros_like(X[i])
                    new.append(F.relu(self.own(X[i]) + self.linear(m)))
                elif self.kind == "kipf":
                    js = torch.cat([js, torch.tensor([i], device=js.device)])
                    m = (X[js] / (degree[js] * degree[i]).to(X.dtype).sqrt()[:, None]).sum(0)
                    new.append(F.relu(self.linear(m)))
                elif self.kind == "residual":
                    new.append(X[i] + F.relu(self.linear(X[js].sum(0))))
                elif self.kind == "sum":
                    new.append(F.relu(self.linear(X[i] + X[js].sum(0))))
                else:
                    new.append(F.relu(self.linear((1 + self.eps) * X[i] + X[js].sum(0))))
            return torch.stack(new)
        """),
        body("sample_neighbours", """
            out = torch.empty(len(nodes), k, dtype=torch.long, device=nodes.device)
            for row, n in enumerate(nodes.tolist()):
                near = edge_index[0][edge_index[1] == n]
                if near.numel() == 0:
                    out[row] = n
                    continue
                weights = torch.ones(near.numel(), device=near.device)
                picked = torch.multinomial(weights, k, replacement=near.numel() < k, generator=generator)
                out[row] = near[picked]
            return out
        """),
        body("SAGELayer.forward", """
            rows = []
            for h, samples in zip(own, near, strict=True):
                if self.aggregator == "mean":
                    a = samples.sum(0) / samples.shape[0]
                elif self.aggregator == "pool":
                    a = torch.max(F.relu(self.pool(samples)), dim=0).values
                else:
                    _, (state, _) = self.lstm(samples[None])
                    a = state[0, 0]
                z = F.relu(self.linear(torch.cat((h, a))))
                rows.append(z / z.norm().clamp(min=1e-12))
            return torch.stack(rows)
        """),
        body("wl_colours", """
            colours = torch.zeros(N, dtype=torch.long)
            for _ in range(rounds):
                signatures = []
                for n in range(N):
                    near = edge_index[0][edge_index[1] == n].cpu()
                    signatures.append(str((int(colours[n]), sorted(colours[near].tolist()))))
                order = sorted(set(signatures))
                colours = torch.tensor([order.index(s) for s in signatures])
            return colours.to(edge_index.device)
        """),
        body("readout", """
            if kind not in ("mean", "max", "sum"):
                raise ValueError
            rows = []
            for g in range(int(batch.max()) + 1):
                part = x[batch == g]
                rows.append(part.mean(0) if kind == "mean" else part.sum(0) if kind == "sum" else part.amax(0))
            return torch.stack(rows)
        """)),
    variant("layer by layer, from the nodes outwards and back",
        body("sage_embed", """
            hops = [nodes]
            for size in reversed(sizes):
                near = sample_neighbours(edge_index, hops[-1], size, generator).reshape(-1)
                hops.append(torch.cat([hops[-1], near]))
            h = X[hops[-1]]
            for layer, size, inner in zip(layers, sizes, reversed(hops[:-1]), strict=True):
                m = len(inner)
                h = layer(h[:m], h[m:].reshape(m, size, h.shape[1]))
            return h
        """),
        body("SAGELayer.forward", """
            if self.aggregator == "mean":
                agg = torch.mean(near, 1)
            elif self.aggregator == "pool":
                M, k, D = near.shape
                agg = F.relu(self.pool(near.reshape(-1, D))).view(M, k, -1).max(1)[0]
            else:
                _, (h_n, _) = self.lstm(near)
                agg = h_n.squeeze(0)
            out = self.linear(torch.hstack([own, agg])).relu()
            length = out.norm(dim=-1, keepdim=True)
            return out / torch.where(length == 0, torch.ones_like(length), length)
        """)),
    variant("each node once per hop, as libraries do",
        body("sage_embed", """
            if len(layers) == 0:
                return X[nodes]
            near = sample_neighbours(edge_index, nodes, sizes[-1], generator)
            every, place = torch.cat([nodes, near.flatten()]).unique(return_inverse=True)
            h = sage_embed(layers[:-1], sizes[:-1], X, edge_index, every, generator)
            h = h[place]
            return layers[-1](h[: len(nodes)], h[len(nodes):].view(len(nodes), sizes[-1], -1))
        """),
        body("attention_coefficients", """
            N, E = len(h), edge_index.shape[1]
            loop = torch.arange(N, device=h.device).repeat(2, 1)
            full = torch.hstack([edge_index, loop])
            logits = torch.where((z := (h[full[0]] * a_src).sum(1) + (h[full[1]] * a_dst).sum(1)) > 0, z, slope * z)
            top = torch.full((N,), -torch.inf, dtype=h.dtype, device=h.device)
            top = top.scatter_reduce(0, full[1], logits.detach(), "amax")
            weight = torch.exp(logits - top[full[1]])
            total = torch.zeros(N, dtype=h.dtype, device=h.device).index_add(0, full[1], weight)
            return weight / total[full[1]]
        """)),
    variant("all heads at once",
        body("GATLayer.forward", """
            H, N = self.weight.shape[0], len(X)
            h = (X @ self.weight).transpose(0, 1)
            alphas = [attention_coefficients(h[:, k], edge_index, self.a_src[k], self.a_dst[k]) for k in range(H)]
            loops = torch.arange(N, device=X.device)
            j, i = torch.cat([edge_index[0], loops]), torch.cat([edge_index[1], loops])
            out = scatter_sum(torch.stack(alphas, 1)[:, :, None] * h[j], i, N)
            return F.elu(out.flatten(1)) if self.concat else out.mean(dim=1)
        """),
        body("wl_colours", """
            labels = [()] * N  # the bag of neighbours says what a node's own colour was: it may be left out
            for _ in range(rounds):
                bags = [[] for _ in range(N)]
                for s, t in edge_index.t().tolist():
                    bags[t].append(labels[s])
                table = {}
                labels = [(table.setdefault(tuple(sorted(bags[n])), len(table)),) for n in range(N)]
            numbers = {label: n for n, label in enumerate(dict.fromkeys(labels))}
            return torch.tensor([numbers[label] for label in labels], device=edge_index.device)
        """)),
]
