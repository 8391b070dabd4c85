"""Right answers to practice.py in other styles. No check may take a point from them."""

from autograder.authoring.variants import body, variants_of

variant = variants_of("practice.py")

# fmt: off
VARIANTS = [
    variant("steps by thirds, by inverses and by parts",
        body("line_search", """
            lo, hi = 0.0, b
            while hi - lo > tol:
                third = (hi - lo) / 3
                if f(x + (lo + third) * d).item() < f(x + (hi - third) * d).item():
                    hi = hi - third
                else:
                    lo = lo + third
            return float(0.5 * (lo + hi))
        """),
        body("newton_step", "return -torch.linalg.inv(H) @ g"),
        body("classify_critical", """
            e = torch.linalg.eigh(H)[0]
            e = e / e.abs().max().clamp(min=1e-300)
            signs = {0 if abs(v) <= 1e-8 else (1 if v > 0 else -1) for v in e.tolist()}
            if {1, -1} <= signs:
                return "saddle"
            return "flat" if 0 in signs else {1: "minimum", -1: "maximum"}[signs.pop()]
        """),
        body("gabor_loss", """
            loss, g0, g1 = 0, 0, 0
            for xi, yi in zip(x, y):
                u = phi[0] + 0.06 * phi[1] * xi
                s, c, e = torch.sin(u), torch.cos(u), torch.exp(-u ** 2 / 32)
                r = s * e - yi
                du = c * e - s * e * 2 * u / 32
                loss, g0, g1 = loss + r ** 2, g0 + 2 * r * du, g1 + 2 * r * du * 0.06 * xi
            return loss, torch.stack([g0, g1])
        """),
        body("schedule", """
            if kind == "step":
                for place, factor in ((0.9, 0.001), (0.6, 0.01), (0.3, 0.1)):
                    if t >= round(place * 10) * T / 10:
                        return base * factor
                return base
            rates = {
                "constant": lambda: base, "linear": lambda: base - base * t / T,
                "cosine": lambda: base / 2 + base / 2 * math.cos(t / T * math.pi),
                "inverse root": lambda: base * (1 + t) ** -0.5,
            }
            if kind not in rates:
                raise ValueError(kind)
            return rates[kind]()
        """),
        body("warmup", """
            def f(t):
                r = rate(t)
                if t < steps:
                    r = r * (1 + t) / steps
                return r
            return f
        """),
        body("snapshot_lrs", """
            L = -(-T // cycles)
            rates = []
            while len(rates) < T:
                rates += [base / 2 * (1 + math.cos(math.pi * n / L)) for n in range(L)]
            return rates[:T]
        """),
        body("l1_prox", "return torch.where(w > t, w - t, torch.where(w < -t, w + t, torch.zeros_like(w)))")),
    variant("a stopper that keeps a list, Adam with sums of a list",
        body("EarlyStopping.__init__", """
            self.p, self.d = patience, min_delta
            self.kept, self.since = None, 0
        """),
        body("EarlyStopping.update", """
            self.since += 1
            if self.kept is None or self.kept[0] - loss > self.d:
                self.kept = (loss, {name: value.detach().clone() for name, value in model.state_dict().items()})
                self.since = 0
            return True if self.since >= self.p else False
        """),
        body("EarlyStopping.restore", """
            with torch.no_grad():
                for name, value in model.state_dict().items():
                    value.copy_(self.kept[1][name])
        """),
        body("adam_step", """
            m, v, t = state["all"] if state else (torch.zeros_like(w), torch.zeros_like(w), 0)
            t += 1
            b1, b2 = betas
            grad = g if decoupled else g + weight_decay * w
            m = torch.lerp(m, grad, 1 - b1)
            v = b2 * v + (1 - b2) * grad.pow(2)
            m_hat, v_hat = m / (1 - b1 ** t), v / (1 - b2 ** t)
            new = w * (1 - lr * weight_decay) if decoupled else w
            return new - lr * m_hat / (torch.sqrt(v_hat) + eps), {"all": (m, v, t)}
        """)),
    variant("models by names, masks by bernoulli, loops",
        body("mixup", """
            t = targets.clone()
            mixed = torch.empty_like(x)
            for n in range(len(x)):
                mixed[n] = lam * x[n] + (1 - lam) * x[order[n]]
                t[n] = lam * targets[n] + (1 - lam) * targets[order[n]]
            return mixed, t
        """),
        body("cutout", """
            N, C, H, W = x.shape
            i = torch.arange(H, device=x.device).view(1, H, 1)
            j = torch.arange(W, device=x.device).view(1, 1, W)
            top, left = rows.view(N, 1, 1) - size // 2, columns.view(N, 1, 1) - size // 2
            hidden = (i >= top) & (i < top + size) & (j >= left) & (j < left + size)
            return torch.where(hidden[:, None], torch.zeros_like(x), x)
        """),
        body("drop_connect", """
            if train:
                keep = torch.bernoulli(torch.full_like(W, 1 - p), generator=generator)
                return torch.nn.functional.linear(x, W * keep)
            return torch.nn.functional.linear(x, W * (1 - p))
        """),
        body("stochastic_depth", """
            if not train:
                return x + branch - p * branch
            shape = [x.shape[0]] + [1] * (x.ndim - 1)
            keep = torch.empty(shape, dtype=x.dtype, device=x.device).bernoulli_(1 - p, generator=generator)
            return x + keep * branch
        """),
        body("swa_update", "return [(a * n + w) / (n + 1) for a, w in zip(average, new)]"),
        body("mc_dropout", """
            was = [(m, m.training) for m in model.modules()]
            try:
                for m in model.modules():
                    m.training = "Dropout" in type(m).__name__
                total, squares = 0, 0
                outs = []
                for _ in range(S):
                    outs.append(model(x))
                total = sum(outs) / S
                squares = sum((o - total) ** 2 for o in outs) / S
            finally:
                for m, mode in was:
                    m.training = mode
            return total, squares
        """),
        body("freeze", """
            for name, module in model.named_modules():
                if any(name == n or name.startswith(n + ".") for n in names):
                    module.training = False
                    for p in module.parameters():
                        p.requires_grad = False
            return sum([p.nelement() for p in model.parameters() if p.requires_grad])
        """),
        body("parameter_groups", """
            rest, mine = [], []
            for name, p in model.named_parameters():
                if p.requires_grad:
                    (mine if name.startswith(head + ".") else rest).append(p)
            return [dict(params=rest, lr=head_lr * factor), dict(params=mine, lr=head_lr)]
        """)),
    variant("gradients by autograd.grad, folds by the identity, fits by SVD",
        body("accumulate", """
            params = list(model.parameters())
            total = [torch.zeros_like(p) for p in params]
            N, value = 0, 0.0
            for x, y in parts:
                l = loss(model(x), y) * len(y)
                for t, g in zip(total, torch.autograd.grad(l, params)):
                    t += g
                N, value = N + len(y), value + l.item()
            for p, t in zip(params, total):
                p.grad = t / N
            return value / N
        """),
        body("update_ratio", """
            old = torch.cat([t.reshape(-1) for t in before])
            new = torch.cat([t.reshape(-1) for t in after])
            return (torch.linalg.norm(new - old) / torch.linalg.norm(old)).item()
        """),
        body("fold_batchnorm", """
            s = bn.weight / torch.sqrt(bn.running_var + bn.eps)
            if isinstance(layer, nn.Conv2d):
                new = nn.Conv2d(layer.in_channels, layer.out_channels, layer.kernel_size, layer.stride, layer.padding,
                                layer.dilation, layer.groups, True, layer.padding_mode)
                new.weight = nn.Parameter(layer.weight * s[:, None, None, None])
            else:
                new = nn.Linear(layer.in_features, layer.out_features)
                new.weight = nn.Parameter(torch.diag(s) @ layer.weight)
            b = -bn.running_mean * s + bn.bias
            if layer.bias is not None:
                b = b + layer.bias * s
            new.bias = nn.Parameter(b)
            return new
        """),
        body("bias_variance", """
            S, N = predictions.shape
            mu = predictions.sum(0) / S
            b = torch.sum((mu - truth).square()) / N
            v = torch.sum((predictions - mu[None]).square()) / (N * S)
            return b, v, b + v + noise * noise
        """),
        body("min_norm_fit", """
            U, s, Vt = torch.linalg.svd(Phi, full_matrices=False)
            big = s > 1e-10 * s.max()
            return Vt[big].T @ ((U[:, big].T @ y) / s[big])
        """)),
    variant("the shortest fit by lstsq with the SVD, and partial sums",
        body("min_norm_fit", """
            found = torch.linalg.lstsq(Phi.cpu(), y.cpu()[:, None], driver="gelsd").solution
            return found[:, 0].to(y.device)
        """),
        body("bias_variance", """
            b = (predictions.mean(0) - truth).pow(2).mean()
            v = predictions.var(0, unbiased=False).mean()
            return b, v, (predictions - truth).pow(2).mean() + noise ** 2
        """)),
]
