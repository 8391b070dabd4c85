# %% [markdown]
# # Mixtures of Gaussians and EM
#
# Where does a point come from? A **mixture** says: first somebody draws a group $z$ in secret, then the point $x$ from
# that group's Gaussian. You see only $x$. The group is a **latent variable**, and this notebook has the three ideas
# that every model with latent variables needs: infer $z$ from $x$ (the posterior), learn although $z$ is hidden (EM),
# and a bound that holds when the posterior is not exact (the ELBO). The variational autoencoder of the second notebook
# is the same with networks.
#
# | part | you write | points | minutes |
# |---|---|---|---|
# | 1 The density of a Gaussian | `gaussian_log_prob` | 4 | 20 |
# | 2 Which group? The posterior | `responsibilities` | 2 | 10 |
# | 3 EM | `m_step`, `fit_gmm` | 8 | 35 |
# | 4 The distance between two Gaussians | `kl_gaussians` | 2 | 20 |
# | 5 A lower bound: the ELBO | `elbo` | 2 | 25 |

# %%
import math

import torch
from torch import Tensor


# %% tags=["active-ipynb"]
# from autograder import check, hint
# from common.data import planes
# from common.plots import curves
# from common.plots.figure import new_figure
# from common.training.seed import seed_everything
#
# seed_everything(0)
# points = planes.draw("ring", 600, seed=1).double()
# print("points", tuple(points.shape))

# %% [markdown]
# ## 1 The density of a Gaussian
#
# In $D$ dimensions, with mean $\mu$ and covariance $\Sigma$,
#
# $$\log N(x; \mu, \Sigma) = -\tfrac{1}{2} \big( D \log 2\pi + \log\det\Sigma + (x-\mu)^\top \Sigma^{-1} (x-\mu) \big)$$
#
# Never invert $\Sigma$. Its **Cholesky factor** $L$ is lower triangular with $L L^\top = \Sigma$. Then $\log\det\Sigma
# = 2 \sum_i \log L_{ii}$, and $(x-\mu)^\top \Sigma^{-1} (x-\mu) = \lVert y \rVert^2$ where $y$ solves the triangular
# system $L y = x - \mu$. This is fast, and exact even when the ellipse is a thousand times longer than wide.
#
# **By hand.** $\mu = (1, 0)$, $\Sigma = \text{diag}(1, 4)$, $x = (1, 2)$: $\log\det\Sigma = \log 4$, $y = (0, 1)$, so
# the value is $-\tfrac{1}{2}(2 \log 2\pi + \log 4 + 1) = -3.0310$.

# %% task="gaussian_log_prob"
# About 20 minutes, easy. Stuck? hint("gaussian_log_prob") shows a first step.
def gaussian_log_prob(x: Tensor, mu: Tensor, Sigma: Tensor) -> Tensor:
    """The log-density of each point under each Gaussian. torch.distributions and inverses are not allowed.

    Shapes:
        x      (N, D)
        mu     (K, D)
        Sigma  (K, D, D)  symmetric and positive definite
        out    (N, K)     in nats
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="gaussian_log_prob"
# check("mixtures", task="gaussian_log_prob")

# %% [markdown]
# ## 2 Which group? The posterior
#
# A mixture has weights $\pi_k$ (positive, sum 1) for the groups: $p(x) = \sum_k \pi_k N(x; \mu_k, \Sigma_k)$. Bayes'
# rule turns it round. The **responsibility** of group $k$ for point $n$ is the probability that $x_n$ came from it:
#
# $$r_{nk} = p(z = k \mid x_n) = \frac{\pi_k N(x_n; \mu_k, \Sigma_k)}{\sum_j \pi_j N(x_n; \mu_j, \Sigma_j)}$$
#
# For a point that is far from all groups, each density is below $10^{-308}$ and the fraction is 0/0. Stay with
# logarithms: $\log r_{nk} = \log \pi_k + \log N_{nk} - \text{logsumexp}_j (\log \pi_j + \log N_{nj})$. That last term
# is $\log p(x_n)$, which you need again and again.

# %% task="responsibilities"
# About 10 minutes, easy. Stuck? hint("responsibilities") shows a first step.
def responsibilities(x: Tensor, pi: Tensor, mu: Tensor, Sigma: Tensor) -> Tensor:
    """The posterior probabilities of the groups of each point. Points that are far from all groups get no nan.

    Shapes:
        x      (N, D)
        pi     (K,)       not negative, sum 1
        mu     (K, D)
        Sigma  (K, D, D)
        out    (N, K)     each row has the sum 1
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="responsibilities"
# check("mixtures", task="responsibilities")

# %% [markdown]
# ## 3 EM
#
# If we knew the groups, fitting would be easy: means and covariances of each. **Expectation maximisation** (Dempster,
# Laird and Rubin 1977) uses the responsibilities as soft groups. It repeats two steps:
#
# **E**: compute $r$ with the present parameters. **M**: with $N_k = \sum_n r_{nk}$ (the number of points of group $k$,
# not a whole number),
#
# $$\pi_k = \frac{N_k}{N}, \qquad \mu_k = \frac{1}{N_k} \sum_n r_{nk} x_n, \qquad
# \Sigma_k = \frac{1}{N_k} \sum_n r_{nk} (x_n - \mu_k)(x_n - \mu_k)^\top + \epsilon I$$
#
# The $\epsilon I$ keeps a group that has shrunk to one point from becoming infinitely narrow: there the likelihood
# would grow without bound. A group without any points ($N_k = 0$) keeps finite parameters, too.

# %% task="m_step"
# About 15 minutes, easy. Stuck? hint("m_step") shows a first step.
def m_step(x: Tensor, r: Tensor, eps: float = 1e-6) -> tuple[Tensor, Tensor, Tensor]:
    """Weights, means and covariances for given responsibilities; the covariances are around the *new* means.

    No loop over points; torch.cov is not allowed. If a group has no points, everything must still be finite.

    Shapes:
        x     (N, D)
        r     (N, K)  each row has the sum 1
        eps   float   added to the diagonals of the covariances
        out   pi (K,), mu (K, D), Sigma (K, D, D)
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="m_step"
# check("mixtures", task="m_step")

# %% [markdown]
# The loop. It starts with $\pi_k = 1/K$, with $K$ different data points, drawn at random, as means, and with the
# covariance of all data (divided by $N$, plus $\epsilon I$) for every group. The history has the mean of $\log p(x_n)$
# at the start and after each iteration. **It never falls**: that is the theorem about EM (part 5 shows why), and a
# curve that falls shows a bug. (With a large $\epsilon$ the M step is not exactly the maximum, so it may fall a
# little.)

# %% task="fit_gmm"
# About 20 minutes, medium. Stuck? hint("fit_gmm") shows a first step.
def fit_gmm(
    x: Tensor, K: int, iterations: int, generator: torch.Generator | None = None, eps: float = 1e-6
) -> tuple[tuple[Tensor, Tensor, Tensor], Tensor]:
    """Fit a mixture by EM, and return it with the mean log-likelihood before the first and after each iteration.

    Shapes:
        x          (N, D)
        K          int    at most N
        generator  the K different points that are the first means depend on it alone; None: the global generator
        out        (pi (K,), mu (K, D), Sigma (K, D, D)), history (iterations + 1,) in nats per point
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="fit_gmm"
# check("mixtures", task="fit_gmm")

# %% tags=["active-ipynb"]
# def ellipse(plane, mean, Sigma, color):
#     """Draw the ellipse at two standard deviations."""
#     angle = torch.linspace(0, 2 * math.pi, 60, dtype=mean.dtype)
#     circle = torch.stack([angle.cos(), angle.sin()])
#     plane.plot(*(mean[:, None] + 2 * torch.linalg.cholesky(Sigma) @ circle), color=color)
#
#
# figure = new_figure(12, 3.2, "EM with eight groups on a ring of eight clusters. Wide ellipses at the start shrink "
#                     "within 50 iterations until most of them cover one cluster.")
# for number, steps in enumerate((0, 5, 20, 50)):
#     (pi, mu, Sigma), history = fit_gmm(points, 8, steps, torch.Generator().manual_seed(3))
#     plane = figure.add_subplot(1, 4, number + 1, aspect="equal", title=f"{steps} iterations: {history[-1]:.3f} nats",
#                                xlim=(-7, 7), ylim=(-7, 7))
#     plane.scatter(*points.T, s=3, color="0.6")
#     for k in range(8):
#         ellipse(plane, mu[k], Sigma[k], f"C{k}")
# figure

# %% tags=["active-ipynb"]
# runs = {f"seed {seed}": fit_gmm(points, 8, 60, torch.Generator().manual_seed(seed))[1] for seed in range(4)}
# runs["the true density"] = planes.log_density("ring", points).mean().expand(61)
# curves(runs, ylabel="mean log-likelihood, nats")

# %% [markdown]
# Every curve rises, and not all end at the same height: EM finds a maximum near its start, not the best one. Two
# groups that begin in one cluster may share it for ever while a third has to cover two.

# %% [markdown] question="mixtures-q1"
# **Question 1.** The curves of the best seeds end a little *above* the likelihood of the true density. Is that a bug?
# And what happens to the likelihood if you fit 600 points with 300 groups and a tiny $\epsilon$? How would you choose
# $K$?

# %% [markdown] answer="mixtures-q1"
# YOUR ANSWER HERE

# %% [markdown]
# ## 4 The distance between two Gaussians
#
# The **Kullback-Leibler divergence** $\text{KL}(p \| q) = E_p[\log p - \log q]$ is 0 only if $p = q$, and not
# symmetric. For Gaussians $p = N(m_0, S_0)$ and $q = N(m_1, S_1)$ it is closed:
#
# $$\text{KL} = \tfrac{1}{2} \Big( \text{tr}(S_1^{-1} S_0) + (m_1 - m_0)^\top S_1^{-1} (m_1 - m_0) - D
# + \log\det S_1 - \log\det S_0 \Big)$$
#
# **By hand.** From $N((1, 0), \text{diag}(1, 4))$ to $N(0, I)$: $\tfrac{1}{2}(5 + 1 - 2 + 0 - \log 4) = 1.3069$. If
# both covariances are diagonal, vectors of variances are enough; the VAE uses nothing else.

# %% task="kl_gaussians"
# About 20 minutes, easy. Stuck? hint("kl_gaussians") shows a first step.
def kl_gaussians(m0: Tensor, S0: Tensor, m1: Tensor, S1: Tensor) -> Tensor:
    """KL(N(m0, S0) || N(m1, S1)). torch.distributions is not allowed.

    Shapes:
        m0, m1  (D,)
        S0, S1  (D, D) covariances, or both (D,): the variances of diagonal covariances
        out     ()      in nats
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="kl_gaussians"
# check("mixtures", task="kl_gaussians")

# %% [markdown]
# ## 5 A lower bound: the ELBO
#
# Take *any* distribution $q(z)$ over the groups of one point. Jensen's inequality gives a lower bound of $\log p(x)$,
# the **evidence lower bound**. It can be written in three ways, which are equal:
#
# $$\begin{aligned}
# \text{ELBO} &= \log p(x) - \text{KL}(q(z) \,\|\, p(z \mid x)) && \text{it touches if } q \text{ is the posterior} \\
# &= E_q[\log p(x, z)] + H(q) && \text{EM maximises this} \\
# &= E_q[\log p(x \mid z)] - \text{KL}(q(z) \,\|\, p(z)) && \text{the VAE maximises this}
# \end{aligned}$$
#
# Now EM is one picture: the E step sets $q$ to the posterior, so that the bound touches $\log p(x)$; the M step raises
# the bound, and $\log p(x)$ above it must rise at least as much.
#
# Where $q_k = 0$, the term $q_k \log q_k$ is 0.

# %% task="elbo"
# About 25 minutes, medium. Stuck? hint("elbo") shows a first step.
def elbo(x: Tensor, q: Tensor, pi: Tensor, mu: Tensor, Sigma: Tensor) -> Tensor:
    """The lower bound of log p(x) in three forms, in the order of the text, each computed by its own formula.

    Shapes:
        x      (N, D)
        q      (N, K)  any distribution over groups for each point; entries may be 0
        pi     (K,)    positive
        mu     (K, D)
        Sigma  (K, D, D)
        out    (N, 3)  log p - KL(q, posterior); E log p(x, z) + H(q); E log p(x | z) - KL(q, prior)
    """
    # YOUR CODE HERE
    raise NotImplementedError()

# %% tags=["active-ipynb"] grade="elbo"
# check("mixtures", task="elbo")

# %% tags=["active-ipynb"]
# (pi, mu, Sigma), _ = fit_gmm(points, 8, 3, torch.Generator().manual_seed(1))
# one = points[:1]
# r = responsibilities(one, pi, mu, Sigma)
# t = torch.linspace(0, 1, 41, dtype=r.dtype)
# bounds = torch.cat([elbo(one, (1 - s) * torch.full_like(r, 1 / 8) + s * r, pi, mu, Sigma)[:, 1] for s in t])
# evidence = torch.logsumexp(pi.log() + gaussian_log_prob(one, mu, Sigma), dim=1)
# curves({"ELBO": bounds, "log p(x)": evidence.expand(41)}, x=t, ylabel="nats",
#        xlabel="share of the posterior in q, the rest is 1/8 for each group")

# %% [markdown]
# The bound touches $\log p(x)$ exactly where $q$ is the posterior, and nowhere else.

# %% [markdown] question="mixtures-q2"
# **Question 2.** Use the first form to show that one iteration of EM cannot lower $\log p(x)$, in three sentences.
# Does the proof still work if the M step only improves the bound a little, or if the E step finds the posterior only
# roughly?

# %% [markdown] answer="mixtures-q2"
# YOUR ANSWER HERE

# %% [markdown]
# ## What to take home
#
# A latent variable is summed out: $p(x) = \sum_z p(z)\, p(x \mid z)$. EM alternates between the posterior and weighted
# fitting, and never makes the likelihood worse. The ELBO is a bound for any $q$; how far it is from $\log p(x)$ is the
# KL from $q$ to the posterior. Next: the sum becomes an integral and the posterior a network.
#
# **Where to look next.** Neal and Hinton (1998) found that both steps of EM raise one bound, so that each may be done
# by halves. Bishop (*Pattern recognition and machine learning*, 2006) has a chapter about mixtures. Blei, Kucukelbir
# and McAuliffe (*Variational inference: a review for statisticians*, 2017) go on where no posterior can be computed.
