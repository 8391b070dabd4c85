"""Right answers to foundations.py in other styles. No check may take a point from them."""

from autograder.authoring.variants import body, variants_of

variant = variants_of("foundations.py")

# fmt: off
VARIANTS = [
    variant("a column of ones, recursion, loops over units",
        body("linear_regression", """
            A = torch.cat([torch.ones(len(X), 1, dtype=X.dtype, device=X.device), X], 1)
            penalty = ridge * torch.eye(A.shape[1], dtype=X.dtype, device=X.device)
            penalty[0, 0] = 0
            w = torch.linalg.inv(A.T @ A + penalty) @ A.T @ y
            return w[1:], w[0]
        """),
        body("count_regions", """
            if D == 0 or D_in == 0:
                return 1
            if D_in >= D:
                return 2 ** D
            total, term = 1, 1
            for j in range(1, D_in + 1):
                term = term * (D - j + 1) // j
                total += term
            return total
        """),
        body("count_parameters", """
            if K == 0:
                return D_in * D_out + D_out
            total = D_in * D + D
            for _ in range(K - 1):
                total += D * D + D
            return total + D * D_out + D_out
        """),
        body("activation_patterns", """
            table = torch.einsum("nd,kd->nk", X, W) + b > 0
            seen, which = {}, []
            for row in table.tolist():
                which.append(seen.setdefault(tuple(row), len(seen)))
            return torch.tensor(list(seen), device=X.device), torch.tensor(which, device=X.device)
        """),
        body("relu_interpolant", """
            K = len(x_knots)
            w = torch.zeros(K - 1, dtype=x_knots.dtype, device=x_knots.device)
            before = 0.0
            for n in range(K - 1):
                slope = (y_knots[n + 1] - y_knots[n]) / (x_knots[n + 1] - x_knots[n])
                w[n] = slope - before
                before = slope
            return y_knots[0], w, x_knots[:-1]
        """),
        body("maxout", """
            D = x.shape[1] // k
            out = x[:, :D]
            for n in range(1, k):
                out = torch.maximum(out, x[:, n * D:(n + 1) * D])
            return out
        """)),
    variant("activations in a dictionary",
        body("activation", """
            table = {
                "sigmoid": lambda: torch.sigmoid(x), "tanh": lambda: torch.tanh(x), "relu": lambda: torch.relu(x),
                "leaky": lambda: torch.maximum(x, x / 10),
                "elu": lambda: torch.relu(x) + torch.exp(torch.minimum(x, torch.zeros_like(x))) - 1,
                "selu": lambda: SELU_SCALE * (x.clamp(min=0) + SELU_ALPHA * (x.clamp(max=0).exp() - 1)),
                "gelu": lambda: x * torch.special.ndtr(x), "swish": lambda: x / (1 + torch.exp(-x)),
            }
            if name not in table:
                raise ValueError(name)
            return table[name]()
        """),
        body("activation_grad", """
            if name not in NAMES:
                raise ValueError("no such activation")
            s = torch.sigmoid(x)
            phi = torch.exp(-x ** 2 / 2) / (2 * math.pi) ** 0.5
            on = (x > 0).to(x.dtype)
            low = torch.exp(torch.clamp(x, max=0.0)) * (1 - on)
            return {
                "sigmoid": s - s ** 2, "tanh": 1 - torch.tanh(x).square(), "relu": on, "leaky": on + 0.1 * (1 - on),
                "elu": on + low, "selu": SELU_SCALE * (on + SELU_ALPHA * low),
                "gelu": torch.special.ndtr(x) + x * phi, "swish": s * (1 + x * (1 - s)),
            }[name]
        """)),
    variant("likelihoods by softplus, log_softmax and loops over rows",
        body("nll", """
            F = torch.nn.functional
            if kind == "gaussian":
                mu, v = prediction.unbind(1)
                return (0.5 * math.log(2 * math.pi) + v / 2 + (y - mu).square() / (2 * v.exp())).mean()
            if kind == "laplace":
                mu, s = prediction.unbind(1)
                return (torch.log(2 * s.exp()) + torch.abs(y - mu) / torch.exp(s)).mean()
            if kind == "bernoulli":
                z = prediction.squeeze(1)
                return (F.softplus(-z) * y + F.softplus(z) * (1 - y)).mean()
            if kind == "categorical":
                return -torch.log_softmax(prediction, 1)[torch.arange(len(y)), y].mean()
            if kind == "poisson":
                z = prediction.squeeze(1)
                return sum((z[n].exp() - y[n] * z[n] + torch.lgamma(y[n] + 1) for n in range(len(y)))) / len(y)
            raise ValueError(kind)
        """),
        body("nll_von_mises", """
            mu, k = prediction[:, 0], torch.exp(prediction[:, 1])
            return torch.mean(torch.log(2 * math.pi * torch.special.i0e(k)) + k * (1 - torch.cos(mu - y)))
        """),
        body("nll_mixture", """
            K = prediction.shape[1] // 3
            pi = torch.softmax(prediction[:, :K], dim=1)
            sigma = torch.exp(prediction[:, 2 * K:] / 2)
            z = (y.reshape(-1, 1) - prediction[:, K:2 * K]) / sigma
            logs = torch.log(pi) - torch.log(sigma * (2 * math.pi) ** 0.5) - z ** 2 / 2
            top = logs.amax(dim=1, keepdim=True)
            return -(top[:, 0] + (logs - top).exp().sum(1).log()).mean()
        """),
        body("nll_plackett_luce", """
            total = 0
            N, K = scores.shape
            for n in range(N):
                s = scores[n, order[n]]
                for i in range(K):
                    total = total - s[i] + torch.logsumexp(s[i:], dim=0)
            return total / N
        """),
        body("margin_loss", """
            if kind == "hinge":
                return torch.relu(1 - torch.where(y > 0, score, -score)).mean()
            elif kind == "exponential":
                return torch.mean(torch.exp(torch.where(y > 0, -score, score)))
            raise ValueError(kind)
        """),
        body("contrastive_loss", """
            near = torch.maximum(m - d, torch.zeros_like(d))
            return torch.where(y == 1, d * d, near * near).sum() / (2 * len(d))
        """),
        body("label_smoothing", """
            N, K = logits.shape
            target = torch.full_like(logits, a / K)
            target[torch.arange(N), y] += 1 - a
            return -(target * torch.log_softmax(logits, dim=-1)).sum(dim=1).mean()
        """),
        body("init_std", """
            if kind == "xavier":
                return (2.0 / (fan_in + fan_out)) ** 0.5
            if kind == "he":
                return (2.0 / fan_in) ** 0.5
            if kind == "lecun":
                return fan_in ** -0.5
            raise ValueError("kind")
        """)),
    variant("weights by the power of logarithms, and classes as one-hot rows",
        body("init_std", """
            if kind not in ("xavier", "he", "lecun"):
                raise ValueError(kind)
            n = (fan_in + fan_out) / 2 if kind == "xavier" else fan_in / 2 if kind == "he" else fan_in
            return math.exp(-0.5 * math.log(n))
        """),
        body("label_smoothing", """
            one_hot = torch.nn.functional.one_hot(y, logits.shape[1]).to(logits.dtype)
            smooth = one_hot * (1 - a) + a / logits.shape[1]
            return (smooth * (logits.logsumexp(1, keepdim=True) - logits)).sum() / len(y)
        """),
        body("linear_regression", """
            mean, middle = X.mean(0, keepdim=True), y.mean()
            U, S, Vt = torch.linalg.svd(X - mean, full_matrices=False)
            w = Vt.T @ (S / (S ** 2 + ridge) * (U.T @ (y - middle)))
            return w, middle - (mean @ w)[0]
        """)),
]
