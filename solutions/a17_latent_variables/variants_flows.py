"""Right answers to flows.py in other styles. No check may take a point from them."""

from autograder.authoring.variants import body, variants_of

variant = variants_of("flows.py")

# fmt: off
VARIANTS = [
    variant("layers that are not used",
        ("        self.L, self.U = nn.Parameter(0.1",
         "        self.spare = nn.Linear(D, D)\n        self.L, self.U = nn.Parameter(0.1"),
        ('        self.register_buffer("order", order)\n        ### END',
         '        self.scale = nn.Linear(2, 2)\n        self.register_buffer("order", order)\n        ### END')),
    variant("a list of log-determinants, W as one matrix, halves by index",
        body("flow_log_prob", """
            dets = []
            z = x
            for f in layers:
                z, d = f(z)
                dets.append(d)
            out = base(z)
            return out + sum(dets) if dets else out
        """),
        body("LinearPLU.__init__", """
            super().__init__()
            self.register_buffer("P", torch.eye(D)[torch.randperm(D)])
            self.L = nn.Parameter(torch.randn(D, D) * 0.01)
            self.U = nn.Parameter(torch.randn(D, D) * 0.01)
            self.s = nn.Parameter(torch.ones(D))
        """),
        body("LinearPLU.forward", """
            L, U = self.factors()
            W = self.P @ L @ U
            log_det = torch.log(torch.abs(self.s)).sum()
            return x @ W.T, log_det * torch.ones(x.shape[0], dtype=x.dtype)
        """),
        body("LinearPLU.inverse", """
            L, U = self.factors()
            y = self.P.T @ z.T
            y = torch.linalg.solve_triangular(L, y, upper=False)
            return torch.linalg.solve_triangular(U, y, upper=True).T
        """),
        body("LinearPLU.factors", """
            D = self.s.shape[0]
            return self.L.tril(-1) + torch.eye(D).to(self.L), self.U.triu(1) + self.s.diag()
        """),
        body("AffineCoupling.forward", """
            change = self.mask == 0
            s, t = self.scale_and_shift(x)
            z = torch.where(change, x * torch.exp(s) + t, x)
            return z, torch.where(change, s, torch.zeros_like(s)).sum(-1)
        """),
        body("AffineCoupling.inverse", """
            s, t = self.scale_and_shift(z)
            return torch.where(self.mask == 0, (z - t) / torch.exp(s), z)
        """),
        body("AffineCoupling.scale_and_shift", """
            out = self.net(x * self.mask)
            D = x.shape[1]
            return torch.tanh(out[:, :D]), out[:, D:]
        """)),
    variant("a mask of truth values under another name, halves by index",
        body("AffineCoupling.__init__", """
            super().__init__()
            self.register_buffer("stays", mask.bool())
            self.net = net
        """),
        body("AffineCoupling.forward", """
            s, t = self.scale_and_shift(x)
            b = ~self.stays
            z = x.clone()
            z[:, b] = x[:, b] * s[:, b].exp() + t[:, b]
            return z, s[:, b].sum(dim=-1)
        """),
        body("AffineCoupling.inverse", """
            s, t = self.scale_and_shift(z)
            b = ~self.stays
            x = z.clone()
            x[:, b] = (z[:, b] - t[:, b]) / s[:, b].exp()
            return x
        """),
        body("AffineCoupling.scale_and_shift", """
            out = self.net.forward(torch.where(self.stays, x, torch.zeros_like(x)))
            return torch.tanh(out[:, : x.shape[1]]), out[:, x.shape[1] :]
        """)),
    variant("pieces by searchsorted, a permutation by gather",
        body("PiecewiseLinear.forward", """
            D, K = self.logits.shape
            phi = self.logits.softmax(-1)
            c = torch.cat([torch.zeros_like(phi[:, :1]), phi.cumsum(-1)], -1)
            b = torch.floor(K * x.detach()).clamp(0, K - 1).long()
            p = phi.expand(x.shape[0], D, K).gather(2, b.unsqueeze(-1)).squeeze(-1)
            start = c.expand(x.shape[0], D, K + 1).gather(2, b.unsqueeze(-1)).squeeze(-1)
            ok = (x >= 0) * (x <= 1)
            h = start + (K * x - b) * p
            return torch.where(ok, h, x), (torch.log(K * p) * ok).sum(1)
        """),
        body("PiecewiseLinear.inverse", """
            D, K = self.logits.shape
            phi = self.logits.softmax(-1)
            c = torch.cat([torch.zeros_like(phi[:, :1]), phi.cumsum(-1)], -1)
            columns = []
            for d in range(D):
                b = (torch.searchsorted(c[d].contiguous(), z[:, d].contiguous(), right=True) - 1).clamp(0, K - 1)
                x = (b + (z[:, d] - c[d][b]) / phi[d][b]) / K
                columns.append(torch.where((z[:, d] < 0) | (z[:, d] > 1), z[:, d], x))
            return torch.stack(columns, 1)
        """),
        body("Permutation.__init__", """
            super().__init__()
            back = torch.empty_like(order)
            back[order] = torch.arange(len(order), device=order.device)
            self.register_buffer("order", order.clone())
            self.register_buffer("back", back)
        """),
        body("Permutation.forward", """
            return x.index_select(1, self.order), x.new_zeros(x.shape[0])
        """),
        body("Permutation.inverse", """
            return torch.index_select(z, 1, self.back)
        """),
        body("ActNorm.__init__", """
            super().__init__()
            self.mean = nn.Parameter(torch.zeros(1, D))
            self.scale = nn.Parameter(torch.ones(1, D))
            self.register_buffer("seen", torch.zeros((), dtype=torch.long))
        """),
        body("ActNorm.forward", """
            if self.training and int(self.seen) == 0:
                self.mean.data = x.detach().mean(0, keepdim=True)
                self.scale.data = x.detach().var(0, unbiased=False, keepdim=True).sqrt()
                self.seen += 1
            log_det = -torch.log(torch.abs(self.scale)).sum()
            return (x - self.mean) / self.scale, log_det.repeat(x.shape[0])
        """),
        body("ActNorm.inverse", """
            return z * self.scale + self.mean
        """)),
    variant("MADE with registered masks in one weight for m and one for sigma",
        body("made_masks", """
            degrees = torch.arange(hidden).remainder(max(1, D - 1)) + 1
            d = torch.arange(D) + 1
            into = (degrees.view(-1, 1) >= d.view(1, -1)).to(torch.float32)
            out = (d.view(-1, 1) > degrees.view(1, -1)).to(torch.float32)
            return into, out
        """),
        body("MaskedAutoregressive.__init__", """
            super().__init__()
            self.D = D
            a, b = made_masks(D, hidden)
            self.register_buffer("a", a)
            self.register_buffer("b", b)
            self.l1 = nn.Linear(D, hidden)
            self.lm = nn.Linear(hidden, D)
            self.ls = nn.Linear(hidden, D)
        """),
        body("MaskedAutoregressive.conditionals", """
            h = torch.relu(x @ (self.l1.weight * self.a).T + self.l1.bias)
            m = h @ (self.lm.weight * self.b).T + self.lm.bias
            a = h @ (self.ls.weight * self.b).T + self.ls.bias
            return m, torch.tanh(a)
        """),
        body("MaskedAutoregressive.forward", """
            m, a = self.conditionals(x)
            return (x - m) / torch.exp(a), -torch.sum(a, -1)
        """),
        body("MaskedAutoregressive.inverse", """
            x = torch.zeros_like(z)
            for _ in range(self.D):
                m, a = self.conditionals(x)
                x = z * a.exp() + m
            return x
        """),
        body("InverseAutoregressive.forward", """
            z = self.mirror.inverse(x)
            _, log_det = self.mirror.forward(z)
            return z, log_det * -1
        """)),
    variant("norms by division, the series with powers collected",
        body("spectral_scale", """
            M, D = W.shape
            v = torch.linspace(0.5, 1.5, D, dtype=W.dtype, device=W.device)
            A = W.detach()
            for _ in range(iterations):
                v = A.T @ (A @ v)
                v = v / (v.square().sum().sqrt() + 1e-30)
            sigma = (A @ v).square().sum().sqrt()
            if sigma <= c:
                return W * 1.0
            return W * (c / sigma)
        """),
        body("residual_inverse", """
            x = y.clone()
            i = 0
            while i < iterations:
                x = y - g(x)
                i += 1
            return x
        """),
        body("residual_log_det", """
            v = torch.randint(2, x.shape, generator=generator).to(x) * 2 - 1
            with torch.enable_grad():
                xs = x.detach().clone().requires_grad_(True)
                out = g(xs)
                w, parts = v, []
                for k in range(terms):
                    w = torch.autograd.grad(out, xs, grad_outputs=w, retain_graph=True)[0]
                    parts.append((w * v).sum(-1) / (k + 1) * (1 if k % 2 == 0 else -1))
            return torch.stack(parts).sum(0).detach()
        """)),
    variant("squares by slices and by permuted axes, densities written out",
        body("dequantize", """
            u = torch.empty(x.shape, device=x.device).uniform_(generator=generator)
            return (x.float() + u) / float(L)
        """),
        body("bits_per_dim", """
            return (nll / D + math.log(L)) / math.log(2)
        """),
        body("squeeze2x2", """
            N, C, H, W = x.shape
            if inverse:
                y = x.reshape(N, C // 4, 2, 2, H, W).permute(0, 1, 4, 2, 5, 3)
                return y.reshape(N, C // 4, 2 * H, 2 * W)
            y = x.reshape(N, C, H // 2, 2, W // 2, 2).permute(0, 1, 3, 5, 2, 4)
            return y.reshape(N, C * 4, H // 2, W // 2)
        """),
        body("split_prior", """
            C = x.shape[1] // 2
            out = x[:, C:]
            log_p = (-0.5 * out ** 2 - 0.5 * math.log(2 * math.pi)).sum(dim=(1, 2, 3))
            return x[:, :C], log_p
        """)),
]
