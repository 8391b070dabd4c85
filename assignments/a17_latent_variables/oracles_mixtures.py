"""What the checks of mixtures share: torch's distributions, and sums point by point."""

import torch
from torch import Tensor
from torch.distributions import MultivariateNormal, kl_divergence

DISTRIBUTIONS = ["torch.distributions"]
COVARIANCES = ["torch.cov", "torch.corrcoef"]
INVERSES = ["torch.inverse", "torch.linalg.inv*", "torch.linalg.pinv", "torch.pinverse", "torch.cholesky_inverse"]

# Loans by what the tasks forbid: torch.distributions, torch.cov, and operations for each point.
LOANS_OF_DENSITY = """
import torch
from torch.distributions import MultivariateNormal

def gaussian_log_prob(x, mu, Sigma):
    return torch.stack([MultivariateNormal(m, S).log_prob(x) for m, S in zip(mu, Sigma)], dim=1)

LOANS = {"gaussian_log_prob": gaussian_log_prob}
"""
LOANS_OF_STEPS = (
    LOANS_OF_DENSITY
    + """
def responsibilities(x, pi, mu, Sigma):
    table = torch.stack([p.log() + MultivariateNormal(m, S).log_prob(x) for p, m, S in zip(pi, mu, Sigma)], dim=1)
    return torch.stack([torch.softmax(row, dim=0) for row in table])

def m_step(x, r, eps=1e-6):
    mu = torch.stack([(w @ x) / w.sum() for w in r.T])
    ridge = eps * torch.eye(x.shape[1], dtype=x.dtype, device=x.device)
    Sigma = torch.stack([torch.cov(x.T, correction=0, aweights=w).reshape(ridge.shape) + ridge for w in r.T])
    return r.mean(dim=0), mu, Sigma

LOANS |= {"responsibilities": responsibilities, "m_step": m_step}
"""
)


def covariances(rng, K: int, D: int) -> Tensor:
    """Draw covariances whose axes are slanted."""
    A = rng.normal(K, D, D)
    return A @ A.mT + 0.3 * torch.eye(D, dtype=A.dtype, device=A.device)


def mixture(rng, K: int, D: int, dtype=torch.float64) -> tuple[Tensor, Tensor, Tensor]:
    """Draw weights that differ, means and covariances."""
    pi = rng.uniform(K, low=0.2, high=1.0)
    return (pi / pi.sum()).to(dtype), rng.normal(K, D).to(dtype), covariances(rng, K, D).to(dtype)


def densities(x: Tensor, mu: Tensor, Sigma: Tensor) -> Tensor:
    """Compute log-densities by torch.distributions, group by group."""
    return torch.stack([MultivariateNormal(m, S).log_prob(x) for m, S in zip(mu, Sigma, strict=True)], dim=1)


def posterior(x: Tensor, pi: Tensor, mu: Tensor, Sigma: Tensor) -> Tensor:
    """Compute responsibilities by Bayes' rule in logarithms."""
    return torch.log_softmax(densities(x, mu, Sigma) + pi.log(), dim=1).exp()


def fitted(x: Tensor, r: Tensor, eps: float) -> tuple[Tensor, Tensor, Tensor]:
    """Compute the M step as weighted sums over points."""
    mus, Sigmas = [], []
    eye = eps * torch.eye(x.shape[1], dtype=x.dtype, device=x.device)
    for weights in r.T:
        total = sum(weights)
        mu = sum(w * p for w, p in zip(weights, x, strict=True)) / total
        parts = (w * torch.outer(p - mu, p - mu) for w, p in zip(weights, x, strict=True))
        mus.append(mu)
        Sigmas.append(sum(parts) / total + eye)
    return sum(r) / len(x), torch.stack(mus), torch.stack(Sigmas)


def evidence(x: Tensor, pi: Tensor, mu: Tensor, Sigma: Tensor) -> Tensor:
    """Compute log p(x) of each point."""
    return torch.logsumexp(densities(x, mu, Sigma) + pi.log(), dim=1)


def em(x: Tensor, mu: Tensor, iterations: int, eps: float) -> tuple[tuple[Tensor, Tensor, Tensor], Tensor]:
    """Run EM from given means."""
    K = len(mu)
    pi = torch.ones_like(mu[:, 0]) / K
    Sigma = fitted(x, torch.ones_like(x[:, :1]), eps)[2].repeat(K, 1, 1)
    history = [float(evidence(x, pi, mu, Sigma).mean())]
    for _ in range(iterations):
        pi, mu, Sigma = fitted(x, posterior(x, pi, mu, Sigma), eps)
        history.append(float(evidence(x, pi, mu, Sigma).mean()))
    return (pi, mu, Sigma), x.new_tensor(history)


def bounds(x: Tensor, q: Tensor, pi: Tensor, mu: Tensor, Sigma: Tensor) -> Tensor:
    """Compute the ELBO as a sum over groups with q > 0."""
    joint = densities(x, mu, Sigma) + pi.log()
    rows = [sum(q[n, k] * (joint[n, k] - q[n, k].log()) for k in range(len(pi)) if q[n, k] > 0) for n in range(len(x))]
    return torch.stack(rows)


def divergence(m0: Tensor, S0: Tensor, m1: Tensor, S1: Tensor) -> Tensor:
    """Compute the KL divergence of two Gaussians by torch.distributions."""
    if S0.ndim == 1:
        S0, S1 = torch.diag(S0), torch.diag(S1)
    return kl_divergence(MultivariateNormal(m0, S0), MultivariateNormal(m1, S1))
