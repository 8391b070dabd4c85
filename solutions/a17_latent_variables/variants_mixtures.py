"""Right answers to mixtures.py in other styles. No check may take a point from them."""

from autograder.authoring.variants import body, variants_of

variant = variants_of("mixtures.py")

# fmt: off
VARIANTS = [
    variant("a loop over groups, cholesky_solve, logdet",
        body("gaussian_log_prob", """
            out = []
            for k in range(mu.shape[0]):
                d = x - mu[k]
                L = torch.linalg.cholesky(Sigma[k])
                m = (d * torch.cholesky_solve(d.T, L).T).sum(1)
                out.append(-0.5 * (m + torch.logdet(Sigma[k]) + x.shape[1] * math.log(2 * math.pi)))
            return torch.stack(out, -1)
        """),
        body("responsibilities", """
            log_joint = torch.log(pi)[None, :] + gaussian_log_prob(x, mu, Sigma)
            log_r = log_joint - torch.logsumexp(log_joint, dim=1, keepdim=True)
            return torch.exp(log_r)
        """),
        body("m_step", """
            N, D = x.shape
            Nk = r.sum(0)
            safe = torch.where(Nk > 0, Nk, torch.ones_like(Nk))
            mu = (r[:, :, None] * x[:, None, :]).sum(0) / safe[:, None]
            d = x[:, None, :] - mu[None]
            Sigma = torch.einsum("nk,nki,nkj->kij", r, d, d) / safe[:, None, None]
            return Nk / N, mu, Sigma + torch.diag(torch.full((D,), eps, dtype=x.dtype, device=x.device))
        """)),
    variant("solve and slogdet, a stable softmax by hand",
        body("gaussian_log_prob", """
            D = x.shape[-1]
            diff = x.unsqueeze(1) - mu.unsqueeze(0)
            solved = torch.linalg.solve(Sigma, diff.permute(1, 2, 0)).permute(2, 0, 1)
            maha = (diff * solved).sum(-1)
            return -(maha + torch.linalg.slogdet(Sigma)[1] + D * math.log(2 * math.pi)) / 2
        """),
        body("responsibilities", """
            scores = gaussian_log_prob(x, mu, Sigma) + torch.log(pi)
            scores = scores - scores.max(dim=1, keepdim=True).values
            scores = scores.exp()
            return scores / scores.sum(dim=1, keepdim=True)
        """),
        body("kl_gaussians", """
            D = m0.shape[0]
            d = m1 - m0
            if S0.dim() == 1:
                return 0.5 * ((S0 / S1).sum() + (d * d / S1).sum() - D + torch.log(S1).sum() - torch.log(S0).sum())
            trace = torch.trace(torch.linalg.solve(S1, S0))
            return 0.5 * (trace + d @ torch.linalg.solve(S1, d) - D + torch.logdet(S1) - torch.logdet(S0))
        """)),
    variant("inverses in the divergence, log_softmax in the bound",
        body("kl_gaussians", """
            if S0.ndim == 1:
                S0 = torch.diag_embed(S0)
                S1 = torch.diag_embed(S1)
            precision = torch.linalg.inv(S1)
            delta = (m1 - m0).reshape(-1, 1)
            terms = torch.trace(precision @ S0) + (delta.T @ precision @ delta).squeeze() - m0.numel()
            return (terms + torch.linalg.slogdet(S1).logabsdet - torch.linalg.slogdet(S0).logabsdet) / 2
        """),
        body("elbo", """
            lik = gaussian_log_prob(x, mu, Sigma)
            log_prior = torch.log(pi).expand_as(lik)
            log_joint = lik + log_prior
            log_post = torch.log_softmax(log_joint, 1)
            log_q = torch.where(q > 0, q, torch.ones_like(q)).log()
            log_px = log_joint.logsumexp(1)
            a = log_px - (q * (log_q - log_post)).sum(1)
            b = (q * log_joint).sum(1) - (q * log_q).sum(1)
            c = (q * lik).sum(1) - (q * (log_q - log_prior)).sum(1)
            return torch.stack((a, b, c), -1)
        """)),
    variant("EM with a list of numbers, multinomial draws",
        body("fit_gmm", """
            N, D = x.shape
            picks = torch.multinomial(torch.ones(N), K, replacement=False, generator=generator)
            mu = x[picks].clone()
            centred = x - x.mean(dim=0)
            cov = centred.T @ centred / N + eps * torch.eye(D, dtype=x.dtype)
            Sigma = torch.stack([cov] * K)
            pi = torch.ones(K, dtype=x.dtype) / K
            history = torch.zeros(iterations + 1, dtype=x.dtype)
            history[0] = (pi.log() + gaussian_log_prob(x, mu, Sigma)).logsumexp(dim=1).mean()
            for i in range(iterations):
                r = responsibilities(x, pi, mu, Sigma)
                pi, mu, Sigma = m_step(x, r, eps)
                history[i + 1] = (pi.log() + gaussian_log_prob(x, mu, Sigma)).logsumexp(dim=1).mean()
            return (pi, mu, Sigma), history
        """)),
    variant("groups one by one, covariances by torch.cov",
        body("m_step", """
            N, D = x.shape
            K = r.shape[1]
            pi = r.mean(dim=0)
            means, covs = [], []
            for k in range(K):
                w = r[:, k]
                total = w.sum() + 1e-30
                m = (w[:, None] * x).sum(dim=0) / total
                d = x - m
                means.append(m)
                covs.append((w[:, None] * d).T @ d / total + eps * torch.eye(D, dtype=x.dtype, device=x.device))
            return pi, torch.stack(means), torch.stack(covs)
        """),
        body("elbo", """
            log_lik = gaussian_log_prob(x, mu, Sigma)
            r = responsibilities(x, pi, mu, Sigma)
            log_joint = log_lik + pi.log()
            log_p = torch.logsumexp(log_joint, 1)
            H = torch.special.entr(q).sum(1)
            kl_post = -H - (q * (log_joint - log_p[:, None])).sum(1)
            kl_prior = -H - q @ pi.log()
            return torch.stack([log_p - kl_post, (q * log_joint).sum(1) + H, (q * log_lik).sum(1) - kl_prior], 1)
        """)),
]
