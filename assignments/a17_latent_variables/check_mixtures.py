"""Public checks of mixtures: densities, EM and the lower bound, against torch.distributions and loops."""

import torch
from oracles_mixtures import (
    COVARIANCES,
    DISTRIBUTIONS,
    INVERSES,
    LOANS_OF_DENSITY,
    LOANS_OF_STEPS,
    bounds,
    densities,
    divergence,
    em,
    evidence,
    fitted,
    mixture,
    posterior,
)

from autograder import Message, expect, expect_close, expect_shape, expect_vectorised, forbid, is_sequence, task

BY_FACTOR = "log N is -(D log(2 pi) + log |Sigma| + |y|^2) / 2, where L y = x - mu and L L^T = Sigma; nothing is added."
SUMS = "Sigma_k: the sum of r_nk (x_n - mu_k) (x_n - mu_k)^T over points, divided by N_k, plus eps on the diagonal."
START = "Start: pi is 1 / K, each Sigma is the covariance of all points plus eps, the means are K different points."
ITERATE = "An iteration: responsibilities of the present parameters, then m_step with them and with eps."
NOTES = (
    "Note the log-likelihood of the start, and after each M step that of the new parameters: iterations + 1 entries."
)
AT_ONCE = "Work on all points at once; a loop over groups is fine."


def parts(result, count: int, text: str):
    """Return the parts of a result."""
    expect(is_sequence(result) and len(result) == count, text)
    return result


@task("gaussian_log_prob", share=50, any_dtype=True)
def check_density_of_some_gaussians(student, rng):
    """The worked example and random Gaussians agree with torch.distributions; no inverse is used."""
    forbid(student, "gaussian_log_prob", calls=[*DISTRIBUTIONS, *INVERSES])
    x, (_, mu, Sigma) = rng.normal(5, 3, dtype=torch.float32), mixture(rng, 2, 3, torch.float32)
    right = densities(x, mu, Sigma)
    constant = 0.5 * 3 * torch.log(torch.tensor(2 * torch.pi))
    log_det = torch.logdet(Sigma.double()).float()
    squares = -2 * (right + constant + log_det / 2)
    expect_close(student.gaussian_log_prob(x, mu, Sigma), right, rtol=1e-3, atol=1e-3, mistakes={
        "The shape is (N, K): a row for each point.": right.T,
        "The factor 1/2 is missing.": 2 * right,
        "The constant D log(2 pi) / 2 is missing.": right + constant,
        "The constant log(2 pi) counts D times.": right + constant - constant / 3,
        "The log-determinant of Sigma is missing.": right + log_det / 2,
        "The log-determinant is *twice* the sum of the logarithms of the factor's diagonal.": right + log_det / 4,
        "The log-determinant counts with a half.": right - log_det / 2,
        "Subtract half of the log-determinant: in -(...) / 2 it has a plus.": right + log_det,
        "Return the logarithm of the density.": right.exp(),
        "Divide by Sigma in both directions: solve L y = x - mu.":
            -0.5 * ((x[:, None] - mu[None]).square().sum(dim=2) + log_det) - constant,
        "The root of the quadratic form was taken.": -0.5 * (squares.sqrt() + log_det) - constant,
    }, hint=BY_FACTOR)  # fmt: skip
    example = [torch.tensor(v, device=rng.device) for v in ([[1.0, 2.0]], [[1.0, 0.0]], [[[1.0, 0.0], [0.0, 4.0]]])]
    expect_close(student.gaussian_log_prob(*example), torch.tensor([[-3.0310]], device=rng.device), atol=1e-3,
                 name="the worked example")  # fmt: skip


@task("responsibilities", share=50, any_dtype=True, loans=LOANS_OF_DENSITY)
def check_responsibilities_follow_bayes(student, rng):
    """Responsibilities are joint probabilities divided by their sum over groups."""
    x, (pi, mu, Sigma) = rng.normal(6, 2, dtype=torch.float32), mixture(rng, 3, 2, torch.float32)
    right, joint = posterior(x, pi, mu, Sigma), (densities(x, mu, Sigma) + pi.log()).exp()
    given = densities(x, mu, Sigma)
    expect_close(student.responsibilities(x, pi, mu, Sigma), right, rtol=1e-3, atol=1e-4, mistakes={
        "The mixing weights are missing.": torch.softmax(given, dim=1),
        "Normalise over the groups of each point, not over the points.": joint / joint.sum(dim=0),
        "Divide by the sum over groups.": joint,
        "The weights enter as logarithms: log pi + log N.": torch.softmax(given + pi, dim=1),
        "Multiply the density, not the log-density, by the weights.": torch.softmax(given * pi, dim=1),
        "Return probabilities, not their logarithms.": right.log(),
        "Divide by the sum of all entries of the row, not of the table.": joint / joint.sum(),
        "Return probabilities of each group; the largest was rounded to 1.":
            lambda: torch.nn.functional.one_hot(right.argmax(dim=1), 3).float(),
    })  # fmt: skip
    few, many = (student.measure(student.responsibilities, x[:1].repeat(n, 1), pi, mu, Sigma) for n in (3, 90))
    expect_vectorised(few, many, few_inputs="3 points", many_inputs="90 points", hint=AT_ONCE)


@task("m_step", share=50, any_dtype=True)
def check_m_step_of_some_points(student, rng):
    """Weights, means and covariances are weighted sums over points, without operations for each point."""
    forbid(student, "m_step", calls=COVARIANCES)
    x = rng.normal(9, 2, dtype=torch.float32) + 1
    r = torch.softmax(2 * rng.normal(9, 3, dtype=torch.float32), dim=1)
    found = parts(student.m_step(x, r, 0.01), 3, "m_step returns pi, mu and Sigma.")
    pi, mu, Sigma = fitted(x, r, 0.01)
    counts = r.sum(dim=0)
    eye = 0.01 * torch.eye(2, device=rng.device)
    expect_close(found[0], pi, name="pi", mistakes={
        "Divide the counts by the number of points.": counts,
        "Divide by the number of points, not of groups.": counts / 3,
        "All weights are equal here: they are N_k / N.": torch.full_like(pi, 1 / 3),
    })  # fmt: skip
    expect_close(found[1], mu, rtol=1e-3, atol=1e-4, name="mu", mistakes={
        "Divide the weighted sums by N_k, not by N.": mu * (counts / 9)[:, None],
        "Divide the weighted sums by N_k.": mu * counts[:, None],
    })  # fmt: skip
    around_all = torch.stack(
        [
            sum(w * torch.outer(p - x.mean(0), p - x.mean(0)) for w, p in zip(ws, x, strict=True)) / ws.sum()
            for ws in r.T
        ]
    )
    plain = torch.stack([(x - m).T @ (x - m) / 9 for m in mu])
    expect_close(found[2], Sigma, rtol=1e-3, atol=1e-4, name="Sigma", mistakes={
        "Add eps to the diagonal.": Sigma - eye,
        "Add eps to the diagonal only.": Sigma - eye + 0.01,
        "Weigh the products by the responsibilities.": plain + eye,
        "Divide by N_k, not by N.": (Sigma - eye) * (counts / 9)[:, None, None] + eye,
        "Divide by N_k.": (Sigma - eye) * counts[:, None, None] + eye,
        "Divide by N_k, not by N_k - 1.": (Sigma - eye) * (counts / (counts - 1))[:, None, None] + eye,
        "Subtract the group's own new mean.": around_all + eye,
        "Subtract the mean of the group first.": Sigma + mu[:, :, None] * mu[:, None],
        "All entries count, not the variances alone.": torch.diag_embed(Sigma.diagonal(dim1=1, dim2=2)),
    }, hint=SUMS)  # fmt: skip
    few, many = (student.measure(student.m_step, x[:1].repeat(n, 1), r[:1].repeat(n, 1), 0.01) for n in (3, 90))
    expect_vectorised(few, many, few_inputs="3 points", many_inputs="90 points", hint=AT_ONCE)


GENERATOR = "import torch\n\ndef seeded(seed):\n    return torch.Generator().manual_seed(seed)\n"


@task("fit_gmm", share=50, any_dtype=True, loans=LOANS_OF_STEPS, keeps=True)
def check_em_never_lowers_the_likelihood(student, rng):
    """The history has iterations + 1 entries, never falls, and ends at the likelihood of the result."""
    x = torch.cat([rng.normal(25, 2) + 3, 0.5 * rng.normal(25, 2) - 2])
    seeded = student.define(GENERATOR).seeded
    fit, history = parts(student.fit_gmm(x, 3, 12, seeded(7), 1e-9), 2, "fit_gmm returns the mixture and the history.")
    pi, mu, Sigma = parts(fit, 3, "The mixture is pi, mu and Sigma.")
    expect_shape(history, (13,), name="the history", hint=NOTES)
    for value, shape in ((pi, (3,)), (mu, (3, 2)), (Sigma, (3, 2, 2))):
        expect_shape(value, shape)
    right = evidence(x, pi, mu, Sigma).mean()
    expect_close(history[-1], right, name="the last entry of the history", mistakes={
        "The history has the mean over points, not the sum.": right * 50,
        "The log-likelihood lacks the weights: log p(x) is logsumexp of log pi + log N.":
            torch.logsumexp(densities(x, mu, Sigma), dim=1).mean(),
    }, hint=NOTES)  # fmt: skip
    falls = float((history[:-1] - history[1:]).max())
    expect(falls < 1e-6, Message("The log-likelihood falls by {fall}.", fall=falls), "It never falls in EM. Does the "
           "M step use responsibilities of the present parameters?")  # fmt: skip
    expect(float(history[-1] - history[0]) > 0.1, "The log-likelihood hardly rises in 12 iterations.", ITERATE)


@task("kl_gaussians", share=50, any_dtype=True)
def check_divergence_of_two_gaussians(student, rng):
    """The worked example, full covariances and vectors of variances agree with torch.distributions."""
    forbid(student, "kl_gaussians", calls=DISTRIBUTIONS)
    (_, mu, Sigma), D = mixture(rng, 2, 3, torch.float32), 3
    for S0, S1 in ((Sigma[0], Sigma[1]), (Sigma[0].diagonal(), Sigma[1].diagonal())):
        args = (mu[0], S0, mu[1], S1)
        right = divergence(*args)
        full = [S if S.ndim == 2 else torch.diag(S) for S in (S0, S1)]
        far = (mu[1] - mu[0]) @ torch.linalg.solve(full[1], mu[1] - mu[0])
        log_dets = torch.logdet(full[1]) - torch.logdet(full[0])
        trace = torch.linalg.solve(full[1], full[0]).trace()
        expect_close(student.kl_gaussians(*args), right, rtol=1e-3, atol=1e-3, mistakes={
            "The order is KL(first || second).": divergence(mu[1], S1, mu[0], S0),
            "The factor 1/2 is missing.": 2 * right,
            "The dimension D is subtracted.": right + D / 2,
            "The log-determinant of S1 counts positively, that of S0 negatively.": right - log_dets,
            "The log-determinants are missing.": right - log_dets / 2,
            "The distance of the means is measured by S1.": right + ((mu[0] - mu[1]).square().sum() - far) / 2,
            "The distance of the means is missing.": right - far / 2,
            "The trace of S1^-1 S0 is missing.": right - trace / 2,
            "Vectors have variances, not standard deviations.": lambda args=args: divergence(
                args[0], args[1].square(), args[2], args[3].square()),
        }, hint="The sum of squares of Y is the trace of S1^-1 S0, where L1 Y = L0 and L L^T = S.")  # fmt: skip
    one = [torch.tensor(v, device=rng.device) for v in ([1.0, 0.0], [1.0, 4.0], [0.0, 0.0], [1.0, 1.0])]
    expect_close(student.kl_gaussians(*one), torch.tensor(1.3069, device=rng.device), atol=1e-3,
                 name="the worked example")  # fmt: skip


@task("elbo", share=50, any_dtype=True, loans=LOANS_OF_STEPS)
def check_bound_has_three_equal_forms(student, rng):
    """The three forms are equal, and agree with a sum over groups."""
    x, (pi, mu, Sigma) = rng.normal(5, 2, dtype=torch.float32), mixture(rng, 3, 2, torch.float32)
    q = torch.softmax(rng.normal(5, 3, dtype=torch.float32), dim=1)
    found = student.elbo(x, q, pi, mu, Sigma)
    expect_shape(found, (5, 3))
    right = bounds(x, q, pi, mu, Sigma)
    entropy, prior = -(q * q.log()).sum(dim=1), (q * pi.log()).sum(dim=1)
    gap = evidence(x, pi, mu, Sigma) - right
    expect_close(found[:, 1], right, rtol=1e-3, atol=1e-3, name="E log p(x, z) + H(q)", mistakes={
        "Add the entropy.": right - 2 * entropy,
        "The entropy is missing.": right - entropy,
        "The joint probability has the weight pi.": right - prior,
    }, hint="This is the sum of q (log pi + log N) plus the entropy, which is minus the sum of q log q.")  # fmt: skip
    expect_close(found[:, 0], right, rtol=1e-3, atol=1e-3, name="log p(x) - KL(q, posterior)", mistakes={
        "This is log p(x): subtract the divergence from q to the posterior.": right + gap,
        "Subtract the divergence.": right + 2 * gap,
        "The divergence goes from q to the posterior, not back.": lambda: backwards(x, q, pi, mu, Sigma),
    })  # fmt: skip
    expect_close(found[:, 2], right, rtol=1e-3, atol=1e-3, name="E log p(x | z) - KL(q, prior)", mistakes={
        "Subtract the divergence.": right + 2 * (-entropy - prior),
        "This is E log p(x | z) alone: subtract the divergence from q to the prior.": right - entropy - prior,
    }, hint="The prior is pi: the divergence from q to it is the sum of q log(q / pi).")  # fmt: skip


def backwards(x, q, pi, mu, Sigma):
    """Return log p(x) less the divergence from the posterior to q."""
    r = posterior(x, pi, mu, Sigma)
    return evidence(x, pi, mu, Sigma) - (r * (r / q).log()).sum(dim=1)


@task("fit_gmm", share=25, any_dtype=True, loans=LOANS_OF_STEPS)
def check_em_from_every_point(student, rng):
    """With as many groups as points, the start is known, and the result agrees with EM by loops."""
    x = rng.normal(4, 2, dtype=torch.float64)
    seeded = student.define(GENERATOR).seeded
    for iterations in (0, 3):
        (pi, mu, Sigma), history = student.fit_gmm(x, 4, iterations, seeded(3), 0.05)
        (own_pi, own_mu, own_Sigma), right = em(x, x, iterations, 0.05)
        expect_close(history, right, name=Message("the history of {n} iterations", n=iterations), mistakes={
            "The history has the mean over points, not the sum.": 4 * right,
            "The history begins before the first iteration.": right.roll(-1),
        }, hint=ITERATE if iterations else START)  # fmt: skip
        order, own = mu[:, 0].argsort(), own_mu[:, 0].argsort()
        expect_close(mu[order], own_mu[own], name=Message("the means after {n} iterations", n=iterations))
        expect_close(Sigma[order], own_Sigma[own], name=Message("the covariances after {n} iterations", n=iterations))
        expect_close(pi[order], own_pi[own], name=Message("the weights after {n} iterations", n=iterations))
