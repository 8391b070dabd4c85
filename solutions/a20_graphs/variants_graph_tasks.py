"""Right answers to graph_tasks.py in other styles. No check may take a point from them."""

from autograder.authoring.variants import body, variants_of

variant = variants_of("graph_tasks.py")

# fmt: off
VARIANTS = [
    variant("a penalty instead of weight decay, loops",
        body("GCN.forward", """
            X = self.dropout(X)
            X = torch.relu((A_hat @ X) @ self.first.weight.T)
            X = self.dropout(X)
            return (A_hat @ X) @ self.second.weight.T
        """),
        body("train_node_classifier", """
            optimizer = torch.optim.Adam(model.parameters(), lr=lr)
            index = mask.nonzero().flatten()
            history = []
            model.train()
            for step in range(steps):
                optimizer.zero_grad()
                logits = model(X, A_hat)
                loss = -F.log_softmax(logits[index], dim=1).gather(1, y[index][:, None]).mean()
                penalty = 0.5 * weight_decay * sum((p ** 2).sum() for p in model.first.parameters())
                (loss + penalty).backward()
                optimizer.step()
                history.append(float(loss))
            model.eval()
            return history
        """),
        body("masked_bce", """
            if not mask.any():
                return (z * 0).sum()
            signed = (2 * y[mask] - 1) * z[mask]
            return F.softplus(-signed).mean()
        """),
        body("link_scores", """
            return torch.einsum("pd,pd->p", h[pairs[0]], h[pairs[1]])
        """),
        body("link_auc", """
            wins = 0.0
            for p in positive.tolist():
                for q in negative.tolist():
                    wins += 1.0 if p > q else 0.5 if p == q else 0.0
            return wins / (len(positive) * len(negative))
        """),
        body("oversmoothing", """
            N = len(A)
            d = A.sum(1) + 1
            S = torch.diag(d.rsqrt())
            H, out = X, []
            P = S @ (A + torch.eye(N, dtype=A.dtype, device=A.device)) @ S
            rows, columns = torch.nonzero(A, as_tuple=True)
            for k in range(K + 1):
                if k > 0:
                    H = P @ H
                Z = S @ H
                out.append(0.5 * ((Z[rows] - Z[columns]) ** 2).sum())
            return torch.stack(out)
        """)),
    variant("names of parameters, rejection, ranks",
        body("train_node_classifier", """
            decay = [p for name, p in model.named_parameters() if name.startswith("first.")]
            rest = [p for name, p in model.named_parameters() if not name.startswith("first.")]
            opt = torch.optim.Adam([dict(params=decay, weight_decay=weight_decay), dict(params=rest)], lr=lr)
            model.train()
            losses = []
            for _ in range(steps):
                out = model(X, A_hat)
                loss = torch.nn.CrossEntropyLoss()(out[mask], y[mask])
                opt.zero_grad(set_to_none=True)
                loss.backward()
                opt.step()
                losses.append(loss.detach().item())
            model.eval()
            return losses
        """),
        body("negative_samples", """
            taken = set((edge_index[0] * N + edge_index[1]).tolist())
            found = []
            while len(found) < n:
                codes = torch.randint(N * N, (2 * n + 20,), generator=generator, device=generator.device).tolist()
                found += [c for c in codes if c not in taken and c // N != c % N]
            found = torch.tensor(found[:n], device=edge_index.device)
            return torch.stack([found // N, found % N])
        """),
        body("link_auc", """
            scores = torch.cat([positive, negative]).double()
            values, place, count = torch.unique(scores, return_inverse=True, return_counts=True)
            upper = torch.cumsum(count, 0).double()
            rank = (upper - (count - 1) / 2)[place]
            P, Q = len(positive), len(negative)
            return ((rank[:P].sum() - P * (P + 1) / 2) / (P * Q)).item()
        """),
        body("partition_batches", """
            P = parts.unique().numel()
            shuffled = torch.randperm(P, generator=generator, device=parts.device)
            result = []
            for start in range(0, P, per_batch):
                members = set(shuffled[start : start + per_batch].tolist())
                nodes = [n for n, part in enumerate(parts.tolist()) if part in members]
                new = {old: k for k, old in enumerate(nodes)}
                inner = [(new[a], new[b]) for a, b in edge_index.t().tolist() if a in new and b in new]
                inner = torch.tensor(inner, dtype=torch.long, device=parts.device).view(-1, 2).t()
                result.append((torch.tensor(nodes, device=parts.device), inner))
            return result
        """),
        body("untrained_embedding", """
            if len(weights) == 0:
                return X
            return untrained_embedding(A_hat, (A_hat @ (X @ weights[0])).tanh(), weights[1:])
        """)),
    variant("dense tables and loops over graphs",
        body("GraphClassifier.forward", """
            N = len(X)
            A = torch.eye(N, dtype=X.dtype, device=X.device)
            A[edge_index[1], edge_index[0]] += 1
            H = torch.relu(self.first(A @ X))
            H = torch.relu(self.second(A @ H))
            means = torch.stack([H[batch == g].mean(0) for g in range(int(batch.max()) + 1)])
            return self.last(means).squeeze(-1)
        """),
        body("masked_bce", """
            count = mask.sum().clamp(min=1)
            safe_y = torch.where(mask, y, torch.zeros_like(y))
            safe_z = torch.where(mask, z, torch.zeros_like(z))
            losses = -safe_y * F.logsigmoid(safe_z) - (1 - safe_y) * F.logsigmoid(-safe_z)
            return (losses * mask).sum() / count
        """),
        body("negative_samples", """
            A = torch.eye(N, device=edge_index.device)
            A[edge_index[0], edge_index[1]] = 1
            weights = (1 - A).flatten()
            codes = torch.multinomial(weights, n, replacement=True, generator=generator)
            return torch.stack([torch.div(codes, N, rounding_mode="floor"), codes % N])
        """),
        body("link_auc", """
            difference = positive.unsqueeze(1) - negative.unsqueeze(0)
            return (torch.sign(difference).double().mean().item() + 1) / 2
        """),
        body("oversmoothing", """
            d = 1 + A.sum(1)
            A_hat = (A + torch.eye(len(A)).to(A)) / torch.sqrt(d[:, None] * d[None])
            L = torch.diag(A.sum(1)) - A
            values, H = [], X
            for _ in range(K + 1):
                Z = H / d.sqrt().unsqueeze(1)
                values.append(torch.trace(Z.T @ L @ Z))
                H = A_hat @ H
            return torch.stack(values)
        """)),
    variant("scatter and cumulative numbers",
        body("GraphClassifier.forward", """
            h = X
            for layer in [self.first, self.second]:
                messages = torch.zeros_like(h)
                messages.index_add_(0, edge_index[1], h[edge_index[0]])
                h = F.relu(layer(h + messages))
            member = F.one_hot(batch).to(h.dtype)
            pooled = member.t() @ h / member.sum(0).unsqueeze(1)
            return self.last(pooled).flatten()
        """),
        body("partition_batches", """
            order = torch.randperm(int(parts.max()) + 1, generator=generator, device=parts.device)
            rank = torch.empty_like(order)
            rank[order] = torch.arange(len(order), device=order.device)
            owner = rank[parts] // per_batch
            out = []
            for b in range(int(owner.max()) + 1):
                nodes = torch.where(owner == b)[0]
                keep = (owner[edge_index[0]] == b) & (owner[edge_index[1]] == b)
                out.append([nodes, torch.searchsorted(nodes, edge_index[:, keep].contiguous())])
            return out
        """),
        body("GCN.forward", """
            H = F.dropout(X, self.dropout.p, self.training)
            H = F.relu(A_hat @ self.first(H))
            H = F.dropout(H, p=self.dropout.p, training=self.training)
            return A_hat @ self.second(H)
        """)),
]
