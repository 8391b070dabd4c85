"""Wrong answers to mixtures.py, each with the check that must notice it."""
# ruff: noqa: E501 - quotes lines of the reference

from autograder.authoring.mutants import first, mutants_of
from autograder.authoring.variants import body

mutant = mutants_of("mixtures.py")
DENSITY, DENSITIES = "check_density_of_some_gaussians", "check_densities_and_their_gradient"
BAYES, FAR = "check_responsibilities_follow_bayes", "check_responsibilities_of_far_points"
M, MS = "check_m_step_of_some_points", "check_m_steps_of_other_points"
RISES, POINTS, SEEDS = (
    "check_em_never_lowers_the_likelihood",
    "check_em_from_every_point",
    "check_em_follows_its_generator",
)
KL, KLS = "check_divergence_of_two_gaussians", "check_divergences_and_their_gradient"
FORMS, TOUCHES = "check_bound_has_three_equal_forms", "check_bounds_and_their_gradient"
LOG = "return -0.5 * (x.shape[1] * math.log(2 * math.pi) + log_det + squares.T)"
SQUARES = "squares = torch.linalg.solve_triangular(L, apart, upper=False).square().sum(dim=1)"
SOFTMAX = "return torch.softmax(pi.log() + gaussian_log_prob(x, mu, Sigma), dim=1)"
OUTER = "Sigma = (apart * r.T[:, :, None]).mT @ apart / safe[:, None, None]"
MU = "mu = r.T @ x / safe[:, None]"
RESULT = "return counts / len(x), mu, Sigma + eps * torch.eye(x.shape[1], dtype=x.dtype, device=x.device)"
STEP = "pi, mu, Sigma = m_step(x, responsibilities(x, pi, mu, Sigma), eps)"
NOTED = "history.append(torch.logsumexp(pi.log() + gaussian_log_prob(x, mu, Sigma), dim=1).mean())"
DRAWN = "torch.randperm(len(x), generator=generator, device=device)[:K]"
HALF = "return 0.5 * (spread + apart - len(m0) + log_dets)"
FIRST = "first = evidence - (minus_entropy - expected(joint - evidence[:, None]))"
SECOND = "second = expected(joint) - minus_entropy"
THIRD = "third = expected(given) - (minus_entropy - expected(pi.log()))"

# fmt: off
MUTANTS = [
    mutant("density: no constant", DENSITY, LOG, LOG.replace("x.shape[1] * math.log(2 * math.pi) + ", "")),
    mutant("density: the constant counts once", DENSITY, LOG, LOG.replace("x.shape[1] * ", "")),
    mutant("density: no half", DENSITY, LOG, LOG.replace("0.5", "1.0")),
    mutant("density: the factor's log-determinant", DENSITY, "log_det = 2 * L", "log_det = L"),
    mutant("density: the log-determinant is subtracted", DENSITY, LOG, LOG.replace("+ log_det", "- log_det")),
    mutant("density: columns for points", DENSITY, LOG, LOG + ".T"),
    mutant("density: exp", DENSITY, LOG, LOG.replace("return ", "return torch.exp(") + ")"),
    mutant("density: the whole distance is not scaled", DENSITY, SQUARES, "squares = apart.square().sum(dim=1)"),
    mutant("density: the upper factor", DENSITY, SQUARES, SQUARES.replace("(L, apart, upper=False)", "(L.mT, apart, upper=True)")),
    mutant("density: torch.inverse", DENSITY, SQUARES, "squares = ((torch.inverse(Sigma) @ apart) * apart).sum(dim=1)"),
    mutant("density: the covariance has no gradient", DENSITIES, "L = torch.linalg.cholesky(Sigma)\n    apart", "L = torch.linalg.cholesky(Sigma.detach())\n    apart"),
    mutant("density: a ridge makes wide ellipses of thin ones", DENSITIES, "torch.linalg.cholesky(Sigma)\n    apart", "torch.linalg.cholesky(Sigma + 1e-3 * torch.eye(x.shape[1]).to(x))\n    apart"),
    mutant("density: float32", DENSITIES, LOG, LOG.replace("return ", "return (") + ").float()", habit="dtype"),
    mutant("responsibilities: no mixing weights", BAYES, SOFTMAX, SOFTMAX.replace("pi.log() + ", "")),
    mutant("responsibilities: normalised over points", BAYES, SOFTMAX, SOFTMAX.replace("dim=1", "dim=0")),
    mutant("responsibilities: not normalised", BAYES, SOFTMAX, "return pi * gaussian_log_prob(x, mu, Sigma).exp()"),
    mutant("responsibilities: weights without a logarithm", BAYES, SOFTMAX, SOFTMAX.replace("pi.log()", "pi")),
    mutant("responsibilities: log-densities are clamped", FAR, SOFTMAX, "return torch.softmax(pi.log() + gaussian_log_prob(x, mu, Sigma).clamp(min=-500), dim=1)"),
    mutant("responsibilities: hard", BAYES, SOFTMAX, "scores = pi.log() + gaussian_log_prob(x, mu, Sigma)\n    return torch.nn.functional.one_hot(scores.argmax(dim=1), len(pi)).to(x)"),
    mutant("responsibilities: logarithms are returned", BAYES, SOFTMAX, SOFTMAX.replace("softmax", "log_softmax")),
    mutant("responsibilities: exp before the sum", FAR, SOFTMAX, "joint = pi * gaussian_log_prob(x, mu, Sigma).exp()\n    return joint / joint.sum(dim=1, keepdim=True)"),
    mutant("responsibilities: a small number in the denominator", FAR, SOFTMAX, "joint = pi * gaussian_log_prob(x, mu, Sigma).exp()\n    return joint / (joint.sum(dim=1, keepdim=True) + 1e-12)"),
    mutant("responsibilities: a loop over points", BAYES, SOFTMAX, "return torch.stack([torch.softmax(pi.log() + gaussian_log_prob(point[None], mu, Sigma)[0], dim=0) for point in x])"),
    mutant("responsibilities: float32", FAR, SOFTMAX, SOFTMAX + ".float()", habit="dtype"),
    mutant("m step: means divided by N", M, MU, "mu = r.T @ x / len(x)"),
    mutant("m step: covariances not weighted", M, OUTER, "Sigma = apart.mT @ apart / len(x)"),
    mutant("m step: weights that were squared", M, OUTER, "Sigma = (apart * r.T[:, :, None]).mT @ (apart * r.T[:, :, None]) / safe[:, None, None]"),
    mutant("m step: around the mean of all", M, "apart = x[None] - mu[:, None]  # (K, N, D)", "apart = (x - x.mean(dim=0)).expand(len(mu), -1, -1)"),
    mutant("m step: second moments", M, "apart = x[None] - mu[:, None]  # (K, N, D)", "apart = x.expand(len(mu), -1, -1)"),
    mutant("m step: no eps", M, RESULT, RESULT.replace(" + eps * torch.eye(x.shape[1], dtype=x.dtype, device=x.device)", "")),
    mutant("m step: eps everywhere", M, RESULT, RESULT.replace("eps * torch.eye(x.shape[1], dtype=x.dtype, device=x.device)", "eps")),
    mutant("m step: pi are counts", M, RESULT, RESULT.replace("counts / len(x)", "counts")),
    mutant("m step: variances alone", M, OUTER, OUTER + "\n    Sigma = torch.diag_embed(Sigma.diagonal(dim1=1, dim2=2))"),
    mutant("m step: N_k - 1", M, OUTER, OUTER.replace("safe[", "(safe - 1)[")),
    mutant("m step: an empty group has nan", MS, "safe = counts.clamp(min=torch.finfo(x.dtype).tiny)", "safe = counts"),
    mutant("m step: no group has less than one point", MS, "safe = counts.clamp(min=torch.finfo(x.dtype).tiny)", "safe = counts.clamp(min=1)"),
    mutant("m step: mean of squares less square of mean", MS, OUTER, "Sigma = (x * r.T[:, :, None]).mT @ x / safe[:, None, None] - mu[:, :, None] * mu[:, None]"),
    mutant("m step: normalises r itself", MS, "    counts = r.sum(dim=0)\n", "    r /= r.sum(dim=1, keepdim=True) + 1e-9\n    counts = r.sum(dim=0)\n"),
    mutant("m step: torch.cov", M, OUTER, "Sigma = torch.stack([torch.cov(x.T, correction=0, aweights=w).reshape(x.shape[1], -1) for w in r.T])"),
    mutant("m step: a loop over points", M, OUTER, "Sigma = sum(r[n, :, None, None] * apart[:, n, :, None] * apart[:, n, None] for n in range(len(x))) / safe[:, None, None]"),
    mutant("m step: float32", MS, RESULT, "return tuple(v.float() for v in (counts / len(x), mu, Sigma + eps * torch.eye(x.shape[1], dtype=x.dtype, device=x.device)))", habit="dtype"),
    mutant("em: the start is not in the history", (RISES, POINTS), "for step in range(iterations + 1):\n        if step:\n            pi, mu, Sigma", "for step in range(iterations):\n        if True:\n            pi, mu, Sigma"),
    mutant("em: the last iteration is not in the history", RISES, "for step in range(iterations + 1):", "for step in range(iterations):"),
    mutant("em: noted before the step", RISES, "        if step:\n            " + STEP + "\n        " + NOTED, "        " + NOTED + "\n        " + STEP),
    mutant("em: a sum", RISES, NOTED, NOTED.replace(".mean()", ".sum()")),
    mutant("em: the history lacks the weights", RISES, NOTED, NOTED.replace("pi.log() + ", "")),
    mutant("em: no weights in the E step", POINTS, STEP, STEP.replace("(x, pi, mu", "(x, torch.full_like(pi, 1 / K), mu")),
    mutant("em: hard groups", POINTS, STEP, "r = responsibilities(x, pi, mu, Sigma)\n            pi, mu, Sigma = m_step(x, torch.nn.functional.one_hot(r.argmax(dim=1), K).to(x), eps)"),
    mutant("em: the means stay", RISES, STEP, STEP.replace("pi, mu, Sigma =", "pi, _, Sigma =")),
    mutant("em: covariances start as the identity", POINTS, "Sigma = m_step(x, whole, eps)[2].repeat(K, 1, 1)", "Sigma = torch.eye(x.shape[1]).to(x).repeat(K, 1, 1)"),
    mutant("em: eps is fixed", POINTS, STEP, STEP.replace("eps)", "1e-6)")),
    mutant("em: the global generator", SEEDS, DRAWN, "torch.randperm(len(x))[:K]"),
    mutant("em: means drawn with replacement", SEEDS, DRAWN, "torch.randint(len(x), (K,), generator=generator)"),
    mutant("em: the first K points", SEEDS, DRAWN, "torch.arange(K)"),
    mutant("em: means are noise", SEEDS, "mu = x[torch.randperm(len(x), generator=generator, device=device)[:K].to(x.device)]", "mu = torch.randn(K, x.shape[1], generator=generator).to(x)"),
    mutant("kl: the order", KL, "    L0, L1 = torch.linalg", "    m0, S0, m1, S1 = m1, S1, m0, S0\n    L0, L1 = torch.linalg"),
    mutant("kl: no half", KL, HALF, HALF.replace("0.5 * ", "")),
    mutant("kl: D is not subtracted", KL, HALF, HALF.replace(" - len(m0)", "")),
    mutant("kl: log-determinants the other way round", KL, HALF, HALF.replace("+ log_dets", "- log_dets")),
    mutant("kl: no log-determinants", KL, HALF, HALF.replace(" + log_dets", "")),
    mutant("kl: the means do not count", KL, HALF, HALF.replace("+ apart ", "")),
    mutant("kl: variances taken for deviations", KL, "S0, S1 = torch.diag(S0), torch.diag(S1)", "S0, S1 = torch.diag(S0**2), torch.diag(S1**2)"),
    mutant("kl: the transposed factor", KL, "spread = torch.linalg.solve_triangular(L1, L0, upper=False)", "spread = torch.linalg.solve_triangular(L1.T, L0, upper=True)"),
    mutant("kl: S0 has no gradient", KLS, "torch.linalg.cholesky(S0), torch", "torch.linalg.cholesky(S0.detach()), torch"),
    mutant("kl: float32", KLS, HALF, HALF + ".float()", habit="dtype"),
    mutant("elbo: the entropy is subtracted", FORMS, SECOND, "second = expected(joint) + minus_entropy"),
    mutant("elbo: no entropy", FORMS, SECOND, "second = expected(joint)"),
    mutant("elbo: log p instead of a bound", FORMS, FIRST, "first = evidence"),
    mutant("elbo: the divergence is added", FORMS, FIRST, FIRST.replace("evidence - (minus", "evidence + (minus")),
    mutant("elbo: the divergence from the posterior", FORMS, FIRST, "r = torch.softmax(joint, dim=1)\n    first = evidence - (r * (r.log() - q.log())).sum(dim=1)"),
    mutant("elbo: the prior is uniform", FORMS, THIRD, THIRD.replace("expected(pi.log())", "expected(torch.full_like(pi, 1 / len(pi)).log())")),
    mutant("elbo: without the prior", FORMS, THIRD, "third = expected(given) - minus_entropy"),
    mutant("elbo: q log q is nan at 0", TOUCHES, "torch.special.xlogy(q, q).sum(dim=1)", "(q * q.log()).sum(dim=1)"),
    mutant("elbo: a small number in the logarithm", TOUCHES, "torch.special.xlogy(q, q).sum(dim=1)", "(q * (q + 1e-3).log()).sum(dim=1)"),
    mutant("elbo: no gradient in q", TOUCHES, "minus_entropy = torch.special.xlogy(q, q)", "q = q.detach()\n    minus_entropy = torch.special.xlogy(q, q)"),
    mutant("elbo: float32", TOUCHES, "return torch.stack([first, second, third], dim=1)", "return torch.stack([first, second, third], dim=1).float()", habit="dtype"),
    mutant("elbo: one form three times, the wrong one", FORMS, "return torch.stack([first, second, third], dim=1)", "return torch.stack([evidence, evidence, evidence], dim=1)"),
    mutant("elbo: forms as rows", FORMS, "return torch.stack([first, second, third], dim=1)", "return torch.stack([first, second, third])"),
    mutant("kl: torch.distributions", KL, body("kl_gaussians", """
        from torch.distributions import MultivariateNormal, kl_divergence
        if S0.ndim == 1:
            S0, S1 = torch.diag(S0), torch.diag(S1)
        return kl_divergence(MultivariateNormal(m0, S0), MultivariateNormal(m1, S1))
    """)),
    mutant("em: moves its points", "check_em_never_lowers_the_likelihood", first("fit_gmm", "x.mul_(1 + 1e-6)")),
    mutant("em: the generator begins again", SEEDS, first("fit_gmm", "if generator is not None:\n    generator.manual_seed(generator.initial_seed())")),
]
