"""Right answers to phenomena.py in other styles. No check may take a point from them."""

from autograder.authoring.variants import body, variants_of

variant = variants_of("phenomena.py")

# fmt: off
VARIANTS = [
    variant("a threshold, kl_div, unfolded rows, Gram and Schmidt",
        body("lottery_round", """
            alive = torch.cat([p[m].abs() for p, m in zip(trained, masks) if p.dim() >= 2])
            k = int(len(alive) * fraction)
            threshold = torch.sort(alive).values[k - 1] if k > 0 else -1.0
            new = [m & (p.abs() > threshold) if p.dim() >= 2 else m.clone() for p, m in zip(trained, masks)]
            return [torch.where(m, p, torch.zeros_like(p)) for p, m in zip(initial, new)], new
        """),
        body("distillation_loss", """
            F = torch.nn.functional
            with torch.no_grad():
                p = F.softmax(teacher / T, dim=-1)
            soft = F.kl_div(F.log_softmax(student / T, dim=-1), p, reduction="batchmean")
            return soft * (a * T * T) + F.cross_entropy(student, y) * (1.0 - a)
        """),
        body("gradient_autocorrelation", """
            c = g - torch.mean(g)
            total = torch.sum(c ** 2)
            out = torch.zeros(lags + 1, dtype=g.dtype, device=g.device)
            for k in range(lags + 1):
                out[k] = torch.dot(c[:len(c) - k], c[k:]) / total
            return out
        """),
        body("random_subspace", """
            columns = []
            while len(columns) < d:
                v = torch.randn(D, generator=generator, dtype=torch.float64, device=generator.device)
                for _ in range(2):
                    for u in columns:
                        v = v - (u @ v) * u
                columns.append(v / v.norm())
            return torch.stack(columns, dim=1)
        """)),
    variant("lists of places",
        body("lottery_round", """
            ranked = []
            for layer, (p, m) in enumerate(zip(trained, masks)):
                if p.ndim > 1:
                    for n in m.flatten().nonzero()[:, 0].tolist():
                        ranked.append((float(p.flatten()[n].abs()), layer, n))
            ranked.sort()
            new = [m.clone() for m in masks]
            for _, layer, n in ranked[:math.floor(fraction * len(ranked))]:
                new[layer].view(-1)[n] = False
            return [p * m.to(p.dtype) for p, m in zip(initial, new)], new
        """),
        ("import torch\nfrom torch import Tensor\n", "import math\n\nimport torch\nfrom torch import Tensor\n")),
    variant("the polar factor, sums of products, a transform",
        body("random_subspace", """
            A = torch.empty(D, d, dtype=torch.float64, device=generator.device).normal_(generator=generator)
            U, _, Vt = torch.linalg.svd(A, full_matrices=False)
            return U @ Vt
        """),
        body("distillation_loss", """
            log_p, log_q = torch.log_softmax(teacher.detach() / T, 1), torch.log_softmax(student / T, 1)
            kl = (log_p.exp() * log_p).sum(1) - (log_p.exp() * log_q).sum(1)
            ce = torch.logsumexp(student, 1) - student[torch.arange(len(y)), y]
            return (a * T ** 2 * kl + (1 - a) * ce).mean()
        """),
        body("gradient_autocorrelation", """
            n = g.numel()
            c = torch.cat([g - g.mean(), g.new_zeros(n)])
            f = torch.fft.rfft(c)
            r = torch.fft.irfft(f * f.conj(), n=2 * n)
            return r[:lags + 1] / r[0]
        """)),
]
