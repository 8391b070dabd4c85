"""Hidden checks of mixtures: gradients, far points, empty groups, other sizes and dtypes, and seeds."""

import torch
from check_mixtures import GENERATOR
from oracles_mixtures import (
    LOANS_OF_DENSITY,
    LOANS_OF_STEPS,
    bounds,
    covariances,
    densities,
    divergence,
    evidence,
    fitted,
    mixture,
    posterior,
)

from autograder import (
    Message,
    expect,
    expect_close,
    expect_draws,
    expect_same_gradients,
    expect_shape,
    expect_unchanged,
    task,
)

DRAW = "Draw with the generator that is given: generator=generator."
DIFFERENT = "The first means are K different points: take the first K of a random permutation of all."

# Covariances are made of any matrix A, so that a gradient in them need not be symmetric in one way.
FROM_FACTORS = """
import torch

def covariance(A):
    return A @ A.mT + 0.3 * torch.eye(A.shape[-1], dtype=A.dtype, device=A.device)

def densities(f):
    return lambda x, mu, A: f(x, mu, covariance(A))

def with_weights(f):
    return lambda x, scores, mu, A: f(x, torch.softmax(scores, 0), mu, covariance(A))

def bound(f):
    return lambda x, free, scores, mu, A: f(x, torch.softmax(free, 1), torch.softmax(scores, 0), mu, covariance(A))

def pair(f):
    return lambda m0, A0, m1, A1: f(m0, covariance(A0), m1, covariance(A1))
"""


def made(A):
    """Return the covariance of a factor, as the helper does."""
    return A @ A.mT + 0.3 * torch.eye(A.shape[-1], dtype=A.dtype, device=A.device)


@task("gaussian_log_prob", share=50)
def check_densities_and_their_gradient(student, rng):
    """Values and gradients are right for other sizes, for one dimension, and for a very thin ellipse."""
    helper = student.define(FROM_FACTORS)
    for N, K, D in ((4, 2, 3), (1, 3, 1), (3, 1, 2)):
        x, mu, A = rng.normal(N, D), rng.normal(K, D), rng.normal(K, D, D)
        seen = student.inspect(student.gaussian_log_prob, x, mu, made(A))
        expect_close(seen.value, densities(x, mu, made(A)), name=Message("{N} points, {K} groups", N=N, K=K))
        expect_unchanged(seen, x, mu, made(A))
        expect_same_gradients(student, rng, helper.densities(student.gaussian_log_prob),
                              lambda x, mu, A: densities(x, mu, made(A)), x, mu, A)  # fmt: skip
    turn = torch.linalg.qr(rng.normal(2, 2)).Q
    thin = (turn * torch.tensor([1e4, 1e-2], dtype=turn.dtype, device=turn.device)) @ turn.T
    x, mu = rng.normal(3, 2), rng.normal(1, 2)
    expect_close(student.gaussian_log_prob(x, mu, thin[None]), densities(x, mu, thin[None]), name="a thin ellipse")


@task("responsibilities", share=50, loans=LOANS_OF_DENSITY)
def check_responsibilities_of_far_points(student, rng):
    """Points a million units away have no nan; a group of weight 0 gets nothing; gradients are right."""
    pi, mu, Sigma = mixture(rng, 3, 2)
    x = torch.cat([rng.normal(3, 2), 1e6 * rng.normal(2, 2), 60 * rng.normal(3, 2)])
    seen = student.inspect(student.responsibilities, x, pi, mu, Sigma)
    expect(bool(seen.value.isfinite().all()), "Far points have nan.", "Subtract logsumexp before you take exp.")
    expect_close(seen.value, posterior(x, pi, mu, Sigma),
                 hint="Subtract logsumexp from log pi + log N; clamp nothing and add nothing.")  # fmt: skip
    expect_unchanged(seen, x, pi, mu, Sigma)
    without = torch.stack([pi[0] + pi[1], torch.zeros_like(pi[0]), pi[2]])
    found = student.responsibilities(x[:3], without, mu, Sigma)
    expect_close(found, posterior(x[:3], without, mu, Sigma), name="a group of weight 0")
    helper = student.define(FROM_FACTORS)
    expect_same_gradients(
        student, rng, helper.with_weights(student.responsibilities),
        lambda x, scores, mu, A: posterior(x, torch.softmax(scores, 0), mu, made(A)),
        rng.normal(4, 2), rng.normal(3), rng.normal(3, 2), rng.normal(3, 2, 2),
    )  # fmt: skip


@task("m_step", share=50)
def check_m_steps_of_other_points(student, rng):
    """Values are right for one dimension, one group, and groups with less than one point or none."""
    for N, K, D in ((7, 2, 1), (5, 1, 3), (12, 4, 2)):
        x, r = rng.normal(N, D), torch.softmax(rng.normal(N, K), dim=1)
        seen = student.inspect(student.m_step, x, r, 1e-3)
        expect_close(seen.value, fitted(x, r, 1e-3), name=Message("{N} points, {K} groups", N=N, K=K))
        expect_unchanged(seen, x, r, 1e-3)
    hard = torch.zeros(12, 3, dtype=x.dtype, device=x.device)
    hard[:5, 0], hard[5:, 2] = 1, 1
    pi, mu, Sigma = student.m_step(x, hard, 1e-3)
    right = fitted(x, hard[:, [0, 2]], 1e-3)
    expect(all(bool(v.isfinite().all()) for v in (pi, mu, Sigma)), "A group without points has nan.",
           "Clamp N_k to a tiny number before you divide.")  # fmt: skip
    expect_close([pi[[0, 2]], mu[[0, 2]], Sigma[[0, 2]]], list(right), name="the groups that have points")
    little = rng.uniform(12, low=0.02, high=0.06)
    soft = torch.stack([little, 1 - little], dim=1)
    expect_close(student.m_step(x, soft, 1e-3), fitted(x, soft, 1e-3), name="a group with less than one point",
                 hint="N_k may be less than 1: clamp it to a tiny number only.")  # fmt: skip
    far = x + 1e7
    expect_close(student.m_step(far, hard, 1e-3)[2][[0, 2]], fitted(far, hard[:, [0, 2]], 1e-3)[2], rtol=1e-4,
                 atol=1e-4, name="covariances of points far from 0",
                 hint="Subtract the mean before you multiply: large squares lose digits.")  # fmt: skip


@task("fit_gmm", share=25, loans=LOANS_OF_STEPS)
def check_em_follows_its_generator(student, rng):
    """Equal generators give equal fits, others differ; first means are different points; one group has the moments."""
    seeded = student.define(GENERATOR).seeded
    x = torch.cat([rng.normal(20, 2), 4 + rng.normal(20, 2), rng.normal(20, 2) - 4])
    expect_draws(student, lambda generator: student.fit_gmm(x, 4, 2, generator, 1e-6)[0][1], rng.device)
    # Twelve groups are drawn from 13 points: drawn with replacement, they would repeat.
    for seed in range(3):
        (_, mu, _), _ = student.fit_gmm(x[:13], 12, 0, seeded(seed), 1e-6)
        expect_shape(mu, (12, 2))
        same = (mu[:, None] == x[None, :13]).all(dim=2)
        expect(bool(same.any(dim=1).all()), "A first mean is not a data point.", DIFFERENT)
        expect(bool((same.sum(dim=0) <= 1).all()), "A point is the first mean of two groups.", DIFFERENT)
    (pi, mu, Sigma), history = student.fit_gmm(x, 1, 1, seeded(1), 1e-6)
    expect_close([pi, mu, Sigma], list(fitted(x, torch.ones_like(x[:, :1]), 1e-6)), name="one group")
    expect_close(history[1], evidence(x, pi, mu, Sigma).mean(), name="the log-likelihood of one group")
    student.seed(4)
    expect_shape(student.fit_gmm(x, 2, 1)[1], (2,), name="the history without a generator")


@task("kl_gaussians", share=50)
def check_divergences_and_their_gradient(student, rng):
    """Values and gradients are right for other sizes; the divergence of equal Gaussians is 0."""
    helper = student.define(FROM_FACTORS)
    for D in (1, 2, 4):
        m0, m1, A0, A1 = rng.normal(D), rng.normal(D), rng.normal(D, D), rng.normal(D, D)
        seen = student.inspect(student.kl_gaussians, m0, made(A0), m1, made(A1))
        expect_shape(seen.value, ())
        expect_close(seen.value, divergence(m0, made(A0), m1, made(A1)), name=Message("{D} dimensions", D=D))
        expect_unchanged(seen, m0, made(A0), m1, made(A1))
        expect_same_gradients(student, rng, helper.pair(student.kl_gaussians),
                              lambda a, A, b, B: divergence(a, made(A), b, made(B)), m0, A0, m1, A1)  # fmt: skip
        v0, v1 = rng.uniform(D, low=0.1, high=9), rng.uniform(D, low=0.1, high=9)
        expect_close(student.kl_gaussians(m0, v0, m1, v1), divergence(m0, v0, m1, v1), name="variances")
        expect_same_gradients(student, rng, student.kl_gaussians, divergence, m0, v0, m1, v1)
    S = covariances(rng, 1, 3)[0]
    expect_close(student.kl_gaussians(S[0], S, S[0], S), torch.zeros((), dtype=S.dtype), name="equal Gaussians")


ZERO = "0 log 0 is 0, as torch.special.entr and xlogy know; add nothing inside of a logarithm."


def judge_zeros(found, q):
    """Require that no bound is nan where q has zeros."""
    expect(not bool(found[(q == 0).any(dim=1)].isnan().any()), "The bound is nan where q has zeros.", ZERO)


@task("elbo", share=50, loans=LOANS_OF_STEPS)
def check_bounds_and_their_gradient(student, rng):
    """The bound touches log p(x) at the posterior; entries of q may be 0; gradients are right."""
    pi, mu, Sigma = mixture(rng, 3, 2)
    x = torch.cat([rng.normal(4, 2), 40 * rng.normal(1, 2)])
    log_p = evidence(x, pi, mu, Sigma)
    r = posterior(x, pi, mu, Sigma)
    seen = student.inspect(student.elbo, x, r, pi, mu, Sigma)
    judge_zeros(seen.value, r)
    expect_close(seen.value, log_p[:, None].expand(-1, 3), name="q = posterior", hint=ZERO)
    expect_unchanged(seen, x, r, pi, mu, Sigma)
    q = torch.softmax(rng.normal(5, 3), dim=1)
    q[0] = torch.tensor([0.0, 1.0, 0.0], dtype=q.dtype, device=q.device)
    q[1, 2] = 0
    q[1] = q[1] / q[1].sum()
    found = student.elbo(x, q, pi, mu, Sigma)
    judge_zeros(found, q)
    expect_close(found, bounds(x, q, pi, mu, Sigma)[:, None].expand(-1, 3), name="q with zeros", hint=ZERO)
    helper = student.define(FROM_FACTORS)
    expect_same_gradients(
        student, rng, helper.bound(student.elbo),
        lambda x, free, scores, mu, A: bounds(
            x, torch.softmax(free, 1), torch.softmax(scores, 0), mu, made(A))[:, None].expand(-1, 3),
        rng.normal(3, 2), rng.normal(3, 2), rng.normal(2), rng.normal(2, 2), rng.normal(2, 2, 2),
    )  # fmt: skip
