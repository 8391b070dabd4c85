# %% [markdown]
# # Normalising flows
#
# A variational autoencoder only bounds the likelihood. A **flow** computes it exactly: it bends the density of the
# data, step by step, into a Gaussian, by functions that can be inverted. Where a step stretches space, the density
# gets thinner, and the determinant of its Jacobian says by how much. The art is to build functions that are flexible,
# can be inverted, and have a determinant that costs next to nothing.
#
# | part | you write | points | minutes |
# |---|---|---|---|
# | 1 The change of variables | `flow_log_prob` | 2 | 10 |
# | 2 A linear layer | `LinearPLU` | 2 | 30 |
# | 3 Bending one axis | `PiecewiseLinear` | 2 | 30 |
# | 4 Coupling | `AffineCoupling`, `Permutation`, `ActNorm` | 8 | 55 |
# | 5 Autoregressive flows | `made_masks`, `MaskedAutoregressive`, `InverseAutoregressive` | 8 | 70 |
# | 6 Invertible residual layers | `spectral_scale`, `residual_inverse`, `residual_log_det` | 8 | 45 |
# | 7 Images: counting bits, and many scales | `dequantize`, `bits_per_dim`, `squeeze2x2`, `split_prior` | 8 | 30 |
#
# Every layer here has `forward(x)`, which returns `z` (N, D) and the logarithm of $|\det \partial z / \partial x|$
# (N,), one number for each point, and `inverse(z)`, which returns `x`.

# %%
import math
from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn


# %% tags=["active-ipynb"]
# from autograder import check, hint
# from common.data import load, planes
# from common.plots import curves
# from common.plots.figure import new_figure
# from common.training.seed import seed_everything
#
# seed_everything(0)
# points = planes.draw("moons", 2000, seed=1)

# %% [markdown]
# ## 1 The change of variables
#
# If $z = f(x)$ is invertible and $z$ has the density $p_z$, then
#
# $$\log p_x(x) = \log p_z(f(x)) + \log \left| \det \frac{\partial f}{\partial x} \right|$$
#
# For a chain of layers, determinants multiply, so their logarithms add up: one for each layer and each point. Sampling
# goes the other way: draw $z$, and apply the inverses from the last layer to the first.
#
# **By hand.** $z = 2x$ in one dimension: $\log p_x(x) = \log N(2x; 0, 1) + \log 2$. Forget the last term, and the
# "density" of the doubled axis integrates to one half.

# %% task="flow_log_prob"
# About 10 minutes, easy. Stuck? hint("flow_log_prob") shows a first step.
def flow_log_prob(x: Tensor, layers: Sequence[nn.Module], base: Callable[[Tensor], Tensor]) -> Tensor:
    """The log-density of points under a flow.

    Shapes:
        x       (N, D)
        layers  none or more, applied in this order; each returns z (N, D) and its log-determinant (N,)
        base    z (N, D) -> log-density (N,) of what the last layer returns
        out     (N,)      in nats
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="flow_log_prob"
# check("flows", task="flow_log_prob")

# %% [markdown]
# This is given: the standard Gaussian, and sampling.

# %%
def standard_normal(z: Tensor) -> Tensor:
    """The log-density of N(0, I): (N, D) -> (N,)."""
    return -0.5 * (z.square().sum(dim=1) + z.shape[1] * math.log(2 * math.pi))


def flow_sample(z: Tensor, layers: Sequence[nn.Module]) -> Tensor:
    """Points of the data for noise of the base: (N, D) -> (N, D)."""
    for layer in reversed(layers):
        z = layer.inverse(z)
    return z


# %% [markdown]
# ## 2 A linear layer
#
# $z = W x$ mixes all coordinates, and $\log |\det W|$ costs $D^3$ operations, unless $W$ is built from factors (Kingma
# and Dhariwal 2018):
#
# $$W = P \, L \, (U + \text{diag}\, s)$$
#
# with a fixed permutation $P$, a lower triangular $L$ with ones on its diagonal, and a strictly upper triangular $U$.
# Then $\log |\det W| = \sum_i \log |s_i|$, for every $x$, and the inverse is a permutation and two triangular systems.
# Learn full matrices and keep only their triangles: `torch.tril(self.L, -1)` plus the identity, `torch.triu(self.U,
# 1)`.

# %% task="LinearPLU"
# About 30 minutes, medium. Stuck? hint("LinearPLU") shows a first step.
class LinearPLU(nn.Module):
    """z = W x. No inverse, no general determinant: torch.linalg.inv, solve, det, slogdet are not allowed."""

    def __init__(self, D: int) -> None:
        """Build the layer with a random permutation, which is in its state; W may start anywhere with |det W| > 0.

        The parameters are `L` (D, D), `U` (D, D) and `s` (D,); entries of s may become negative.
        """
        # YOUR CODE HERE
        raise NotImplementedError()

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Multiply each row by W.

        Shapes:
            x    (N, D)
            out  z (N, D), log-determinant (N,)
        """
        # YOUR CODE HERE
        raise NotImplementedError()

    def inverse(self, z: Tensor) -> Tensor:
        """Undo forward.

        Shapes:
            z    (N, D)
            out  (N, D)
        """
        # YOUR CODE HERE
        raise NotImplementedError()

    def factors(self) -> tuple[Tensor, Tensor]:
        """Return L with its ones, and U + diag s; use it or not."""
        # YOUR CODE HERE
        raise NotImplementedError()


# %% tags=["active-ipynb"] grade="LinearPLU"
# check("flows", task="LinearPLU")

# %% [markdown]
# ## 3 Bending one axis
#
# On [0, 1], cut the axis into $K$ equal pieces and give piece $b$ the share $\varphi_b$ of the result (the shares are
# positive and have the sum 1: a softmax). In piece $b = \lfloor K x \rfloor$, counted from 0,
#
# $$h(x) = \sum_{j < b} \varphi_j + (K x - b) \, \varphi_b, \qquad \log h'(x) = \log (K \varphi_b)$$
#
# Outside of [0, 1], $h(x) = x$. The layer bends each coordinate by shares of its own. It cannot mix coordinates: no
# chain of such layers can make a slanted ellipse.
#
# **By hand.** $K = 3$, $\varphi = (\tfrac{1}{4}, \tfrac{1}{4}, \tfrac{1}{2})$, $x = 0.5$: $b = 1$,
# $h = 0.25 + 0.5 \cdot 0.25 = 0.375$, and $\log h' = \log 0.75 = -0.2877$.

# %% task="PiecewiseLinear"
# About 30 minutes, medium. Stuck? hint("PiecewiseLinear") shows a first step.
class PiecewiseLinear(nn.Module):
    """Each coordinate is bent by a piecewise linear function with K pieces. The parameter is `logits` (D, K)."""

    def __init__(self, D: int, K: int) -> None:
        """Start with equal shares, so that h(x) = x."""
        # YOUR CODE HERE
        raise NotImplementedError()

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Bend each coordinate; x = 1 belongs to the last piece.

        Shapes:
            x    (N, D)
            out  z (N, D), log-determinant (N,)
        """
        # YOUR CODE HERE
        raise NotImplementedError()

    def inverse(self, z: Tensor) -> Tensor:
        """Undo forward.

        Shapes:
            z    (N, D)
            out  (N, D)
        """
        # YOUR CODE HERE
        raise NotImplementedError()


# %% tags=["active-ipynb"] grade="PiecewiseLinear"
# check("flows", task="PiecewiseLinear")

# %% [markdown]
# ## 4 Coupling
#
# **RealNVP** (Dinh et al. 2017) mixes coordinates: keep one half $x_a$, and let *any* network, which need not be
# invertible, say how to scale and shift the other half:
#
# $$z_a = x_a, \qquad z_b = x_b \cdot e^{s(x_a)} + t(x_a), \qquad \log |\det| = \sum s(x_a)$$
#
# Backwards, $x_a = z_a$ is known, so the network can be asked again: $x_b = (z_b - t(x_a)) \, e^{-s(x_a)}$. A bounded
# $s$ (here by tanh) keeps training stable. One layer leaves half of the coordinates alone, so the next one must
# exchange the roles; without that, the first half stays as it is for ever.

# %% task="AffineCoupling"
# About 25 minutes, medium. Stuck? hint("AffineCoupling") shows a first step.
class AffineCoupling(nn.Module):
    """An affine coupling layer."""

    def __init__(self, mask: Tensor, net: nn.Module) -> None:
        """Keep the mask as a buffer, and the network.

        Shapes:
            mask  (D,)  1.0 where a coordinate stays (half a), 0.0 where it changes (half b)
            net   (N, D) -> (N, 2 D): takes x with zeros in half b; s is the tanh of the first D numbers, t the others
        """
        # YOUR CODE HERE
        raise NotImplementedError()

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Scale and shift half b.

        Shapes:
            x    (N, D)
            out  z (N, D), log-determinant (N,)
        """
        # YOUR CODE HERE
        raise NotImplementedError()

    def inverse(self, z: Tensor) -> Tensor:
        """Undo forward.

        Shapes:
            z    (N, D)
            out  (N, D)
        """
        # YOUR CODE HERE
        raise NotImplementedError()

    def scale_and_shift(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Return s and t, both (N, D); use it or not."""
        # YOUR CODE HERE
        raise NotImplementedError()


# %% tags=["active-ipynb"] grade="AffineCoupling"
# check("flows", task="AffineCoupling")

# %% [markdown]
# Exchanging roles is a **permutation**, whose log-determinant is 0. And a deep chain needs numbers of ordinary size:
# **ActNorm** shifts and scales each coordinate by learned numbers that start so that the *first batch* has mean 0 and
# standard deviation 1 (divided by N). After that they are parameters like others. Loading stored weights counts as a
# start: whether the layer has started is a buffer, which `state_dict` stores.

# %% task="Permutation"
# About 10 minutes, easy. Stuck? hint("Permutation") shows a first step.
class Permutation(nn.Module):
    """z has the columns of x in another order."""

    def __init__(self, order: Tensor) -> None:
        """Keep the order as a buffer: column i of z is column order[i] of x. (D,), int64"""
        # YOUR CODE HERE
        raise NotImplementedError()

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Return z (N, D) and the log-determinant (N,)."""
        # YOUR CODE HERE
        raise NotImplementedError()

    def inverse(self, z: Tensor) -> Tensor:
        """Undo forward. (N, D) -> (N, D)"""
        # YOUR CODE HERE
        raise NotImplementedError()


# %% tags=["active-ipynb"] grade="Permutation"
# check("flows", task="Permutation")

# %% task="ActNorm"
# About 20 minutes, medium. Stuck? hint("ActNorm") shows a first step.
class ActNorm(nn.Module):
    """Shift and scale each coordinate. The first batch that forward sees in training mode sets both."""

    def __init__(self, D: int) -> None:
        """Start as the identity. The state has a buffer that says whether the first batch was seen."""
        # YOUR CODE HERE
        raise NotImplementedError()

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Return z (N, D) and the log-determinant (N,)."""
        # YOUR CODE HERE
        raise NotImplementedError()

    def inverse(self, z: Tensor) -> Tensor:
        """Undo forward. (N, D) -> (N, D)"""
        # YOUR CODE HERE
        raise NotImplementedError()


# %% tags=["active-ipynb"] grade="ActNorm"
# check("flows", task="ActNorm")

# %% tags=["active-ipynb"]
# def coupling_flow(depth, exchange=True):
#     """Build coupling layers with permutations between them."""
#     layers = []
#     for _ in range(depth):
#         net = nn.Sequential(nn.Linear(2, 32), nn.ReLU(), nn.Linear(32, 32), nn.ReLU(), nn.Linear(32, 4))
#         layers += [ActNorm(2), AffineCoupling(torch.tensor([1.0, 0.0]), net)]
#         layers += [Permutation(torch.tensor([1, 0]))] if exchange else []
#     return nn.ModuleList(layers)
#
#
# def fit(layers, x, steps=800):
#     """Maximise the mean log-density by Adam; return its course."""
#     optimizer, history = torch.optim.Adam(layers.parameters(), 5e-3), []
#     for step in range(steps):
#         for group in optimizer.param_groups:
#             group["lr"] = 5e-3 * (1 - step / steps)
#         loss = -flow_log_prob(x[torch.randint(len(x), (256,))], layers, standard_normal).mean()
#         optimizer.zero_grad()
#         loss.backward()
#         optimizer.step()
#         history.append(loss.item())
#     return history
#
#
# flow, fixed = coupling_flow(6), coupling_flow(6, exchange=False)
# lines = {"with permutations": fit(flow, points), "without": fit(fixed, points)}
# truth = -planes.log_density("moons", planes.draw("moons", 5000, seed=2)).mean()
# curves({name: torch.tensor(line).unfold(0, 20, 10).mean(dim=1) for name, line in lines.items()}
#        | {"the true entropy": truth.expand(79)}, x=range(10, 800, 10), xlabel="step, means of 20", ylabel="nats")

# %% tags=["active-ipynb"]
# with torch.no_grad():
#     before = flow[0](points[:300])[0]
#     after = flow[1](before)[0]
#     later = flow[3](flow[2](after)[0])[0]
#     last = flow[4](later)[0]
# figure = new_figure(9, 4, "Points before and after a coupling layer, joined by lines, which are all vertical; and "
#                     "before and after the next one, which moves them horizontally.")
# steps = {"the first coupling moves z2": (before, after), "the next one moves z1": (later.flip(1), last.flip(1))}
# for number, (title, (start, end)) in enumerate(steps.items()):
#     plane = figure.add_subplot(1, 2, number + 1, title=title, xlabel="z1", ylabel="z2")
#     plane.plot(*torch.stack([start, end]).permute(2, 0, 1), color="0.7", linewidth=0.7)
#     plane.scatter(*start.T, s=9, marker="o", label="before")
#     plane.scatter(*end.T, s=14, marker="x", linewidths=1, label="after")
#     plane.legend(loc="lower left")
# figure

# %% tags=["active-ipynb"]
# def density(plane, layers, kind=None):
#     """Draw a density over the plane; return its integral."""
#     axis = torch.linspace(-4, 4, 200)
#     grid = torch.cartesian_prod(axis, axis)
#     with torch.no_grad():
#         log_p = planes.log_density(kind, grid) if kind else flow_log_prob(grid, layers, standard_normal)
#     plane.imshow(log_p.exp().reshape(200, 200).T, origin="lower", extent=(-4, 4, -4, 4), cmap="magma")
#     return float(log_p.exp().sum() * (axis[1] - axis[0]) ** 2)
#
#
# figure = new_figure(12, 4, "The true density of two moons, that of a flow with permutations, which is alike, and "
#                     "that of one without, a smear; and samples of the flow.")
# for number, (title, layers) in enumerate({"truth": None, "flow": flow, "not permuted": fixed}.items()):
#     plane = figure.add_subplot(1, 4, number + 1)
#     total = density(plane, layers, None if layers else "moons")
#     plane.set_title(f"{title}: integral {total:.3f}")
# with torch.no_grad():
#     drawn = flow_sample(torch.randn(1000, 2), flow)
# figure.add_subplot(1, 4, 4, aspect="equal", title="samples", xlim=(-4, 4), ylim=(-4, 4)).scatter(*drawn.T, s=2)
# figure

# %% tags=["active-ipynb"]
# axis = torch.linspace(-2.5, 2.5, 21)
# grid = torch.cartesian_prod(axis, axis).reshape(21, 21, 2)
# stages, z = [grid.reshape(-1, 2)], grid.reshape(-1, 2)
# with torch.no_grad():
#     for layer in flow:
#         z = layer(z)[0]
#         if isinstance(layer, Permutation):
#             stages.append(z)
# figure = new_figure(12, 3.4, "A square grid, and the same grid bent more and more by the first layers of the flow.")
# for number, stage in enumerate(stages[:5]):
#     plane = figure.add_subplot(1, 5, number + 1, aspect="equal", title=f"blocks: {number}", xticks=[], yticks=[])
#     lines = stage.reshape(21, 21, 2)
#     for line in [*lines, *lines.transpose(0, 1)]:
#         plane.plot(*line.T, color="C0", linewidth=0.6)
# figure

# %% [markdown] question="flows-q1"
# **Question 1.** The flow must bend one Gaussian into two separate moons with continuous, invertible functions. Look
# at the density between the moons: why can it never be exactly 0 there? And why does the training loss fall without
# bound if you forget the log-determinants?

# %% [markdown] answer="flows-q1"
# YOUR ANSWER HERE

# %% [markdown]
# ## 5 Autoregressive flows
#
# Any density is a product of conditionals. A **masked autoregressive flow** (Papamakarios et al. 2017) takes
#
# $$z_i = \frac{x_i - m_i(x_1, \dots, x_{i-1})}{\sigma_i(x_1, \dots, x_{i-1})}, \qquad
# \log |\det| = -\sum_i \log \sigma_i$$
#
# The Jacobian is triangular. One network computes all $m_i$ and $\sigma_i$ at once, if its weights are masked so that
# number $i$ sees only inputs before $i$ (MADE, Germain et al. 2015). Inputs have the degrees $1, \dots, D$; hidden
# unit $k$ (from 0) has the degree $1 + (k \bmod (D - 1))$, or 1 if $D = 1$; outputs have the degree of their number. A
# connection exists
#
# - from an input to a hidden unit if degree(hidden) $\geq$ degree(input),
# - from a hidden unit to an output if degree(output) $>$ degree(hidden). This one is strict.

# %% task="made_masks"
# About 20 minutes, medium. Stuck? hint("made_masks") shows a first step.
def made_masks(D: int, hidden: int) -> tuple[Tensor, Tensor]:
    """The masks of MADE's two weight matrices, for D outputs. No loop.

    Shapes:
        out  into (hidden, D), out_of (D, hidden): float32, 1.0 where a connection exists, otherwise 0.0
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="made_masks"
# check("flows", task="made_masks")

# %% task="MaskedAutoregressive"
# About 35 minutes, hard. Stuck? hint("MaskedAutoregressive") shows a first step.
class MaskedAutoregressive(nn.Module):
    """A masked autoregressive flow: forward asks its network once, inverse asks it D times."""

    def __init__(self, D: int, hidden: int) -> None:
        """Build a network of D inputs, one hidden layer with a ReLU, and 2 D outputs: the m_i, then the log sigma_i."""
        # YOUR CODE HERE
        raise NotImplementedError()

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Return z (N, D) and the log-determinant (N,)."""
        # YOUR CODE HERE
        raise NotImplementedError()

    def inverse(self, z: Tensor) -> Tensor:
        """Undo forward, one coordinate after the other. (N, D) -> (N, D)"""
        # YOUR CODE HERE
        raise NotImplementedError()

    def conditionals(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Return m and log sigma, both (N, D); use it or not."""
        # YOUR CODE HERE
        raise NotImplementedError()


# %% tags=["active-ipynb"] grade="MaskedAutoregressive"
# check("flows", task="MaskedAutoregressive")

# %% [markdown]
# MAF computes densities in one pass and samples in $D$ passes. An **inverse autoregressive flow** (Kingma et al. 2016)
# is its mirror: $m_i$ and $\sigma_i$ depend on $z_1, \dots, z_{i-1}$, so sampling takes one pass and a density $D$. A
# fast student of this kind can learn from a teacher of the other kind, which scores its samples.

# %% task="InverseAutoregressive"
# About 15 minutes, medium. Stuck? hint("InverseAutoregressive") shows a first step.
class InverseAutoregressive(nn.Module):
    """x_i = z_i sigma_i(z_1 ... z_(i-1)) + m_i(z_1 ... z_(i-1)): inverse asks the network once, forward D times."""

    def __init__(self, D: int, hidden: int) -> None:
        """Build it; a MaskedAutoregressive inside is fine."""
        # YOUR CODE HERE
        raise NotImplementedError()

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Return z (N, D) and the log-determinant of dz/dx (N,)."""
        # YOUR CODE HERE
        raise NotImplementedError()

    def inverse(self, z: Tensor) -> Tensor:
        """Undo forward in one pass. (N, D) -> (N, D)"""
        # YOUR CODE HERE
        raise NotImplementedError()


# %% tags=["active-ipynb"] grade="InverseAutoregressive"
# check("flows", task="InverseAutoregressive")

# %% [markdown]
# ## 6 Invertible residual layers
#
# $y = x + g(x)$, the block of every residual network, is invertible if $g$ is a **contraction**: with a Lipschitz
# constant of at most $c < 1$ (Behrmann et al. 2019). Three tools are needed.
#
# **A small Lipschitz constant.** That of a linear layer is its largest singular value $\sigma$, and the power
# iteration finds it: $v \leftarrow W^\top u$, $u \leftarrow W v$, both normalised, again and again; then $\sigma =
# u^\top W v$. Divide $W$ by $\max(1, \sigma / c)$. (ReLU and tanh have 1.)
#
# **The inverse.** Start with $x = y$ and repeat $x \leftarrow y - g(x)$. The error shrinks by $c$ each time (Banach).
#
# **The log-determinant.** With $J = \partial g / \partial x$, the power series of the logarithm gives
# $\log \det (I + J) = \sum_{k \geq 1} \frac{(-1)^{k+1}}{k} \text{tr}(J^k)$, and Hutchinson's estimate of a trace is
# $v^\top J^k v$ for a random vector $v$ of signs $\pm 1$. Products $v^\top J$ need no Jacobian: they are what
# `torch.autograd.grad` computes. Cut the series after $n$ terms.

# %% task="spectral_scale residual_inverse residual_log_det"
# About 45 minutes, hard. Stuck? hint("spectral_scale"), or of another task, shows a first step.
def spectral_scale(W: Tensor, c: float, iterations: int = 100) -> Tensor:
    """W / max(1, sigma / c), where sigma is the largest singular value, by power iteration.

    A decomposition and matrix norms of torch are not allowed. W = 0 stays 0.

    Shapes:
        W    (M, D)
        out  (M, D)  differentiable in W (sigma may be treated as a constant or not)
    """
    # YOUR CODE HERE
    raise NotImplementedError()


def residual_inverse(g: Callable[[Tensor], Tensor], y: Tensor, iterations: int) -> Tensor:
    """Solve y = x + g(x) by this many iterations from x = y.

    Shapes:
        g    (N, D) -> (N, D)  a contraction
        y    (N, D)
        out  (N, D)
    """
    # YOUR CODE HERE
    raise NotImplementedError()


def residual_log_det(
    g: Callable[[Tensor], Tensor], x: Tensor, terms: int, generator: torch.Generator | None = None
) -> Tensor:
    """Estimate log det of the Jacobian of x + g(x), with one random vector of signs for each point.

    torch.autograd.functional and torch.func are not allowed: no Jacobian is built. The estimate works under
    torch.no_grad(), too.

    Shapes:
        g          (N, D) -> (N, D)  row by row
        x          (N, D)
        terms      int               of the series, at least 1
        generator  of the signs
        out        (N,)
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="spectral_scale"
# check("flows", task="spectral_scale")

# %% tags=["active-ipynb"] grade="residual_inverse"
# check("flows", task="residual_inverse")

# %% tags=["active-ipynb"] grade="residual_log_det"
# check("flows", task="residual_log_det")

# %% tags=["active-ipynb"]
# W = spectral_scale(torch.randn(6, 6).double(), 0.8)
# exact = torch.linalg.slogdet(torch.eye(6).double() + W)[1]
# same = torch.zeros(20000, 6).double()
# means = [residual_log_det(lambda x: x @ W.T, same, n, torch.Generator().manual_seed(0)).mean() for n in range(1, 13)]
# curves({"series": means, "exact": exact.expand(12)}, x=range(1, 13), xlabel="terms", ylabel="log-determinant")

# %% [markdown]
# With more terms, the series comes closer. What remains is chance: a mean over 20,000 random vectors is off by some
# thousandths.

# %% [markdown]
# ## 7 Images: counting bits, and many scales
#
# Pixels are whole numbers from 0 to 255, and a density could put an infinite peak on each: the likelihood would grow
# without bound. So noise is added, $x' = (x + u) / L$ with $u$ uniform on [0, 1) and $L = 256$ levels. The negative
# log-density of $x'$ in nats becomes **bits per dimension** of the whole numbers:
#
# $$\text{bits} = \frac{\text{nats}}{D \ln 2} + \log_2 L$$
#
# **By hand.** 2,000 nats for 28 x 28 pixels at 256 levels are $3.680 + 8 = 11.680$ bits.
#
# Flows on images also change the scale. **Squeezing** turns each 2 x 2 square into four channels: (C, H, W) becomes
# (4C, H/2, W/2), in which channel $4c + 2\,dy + dx$ holds the pixels at the offset (dy, dx). After some layers, **half
# of the channels leaves**: they are scored under the prior N(0, I) and go no further, which saves work, and makes the
# coarse levels the ones that see most layers.

# %% task="dequantize bits_per_dim squeeze2x2 split_prior"
# About 30 minutes, easy. Stuck? hint("dequantize"), or of another task, shows a first step.
def dequantize(x: Tensor, L: int = 256, generator: torch.Generator | None = None) -> Tensor:
    """(x + u) / L with uniform noise of its own for each number.

    Shapes:
        x    any shape  whole numbers from 0 to L - 1: uint8 or int64
        out  as x       float32 in [0, 1]
    """
    # YOUR CODE HERE
    raise NotImplementedError()


def bits_per_dim(nll: Tensor, D: int, L: int = 256) -> Tensor:
    """Convert negative log-densities of dequantised images in nats to bits per dimension.

    Shapes:
        nll  (N,)  of images with D numbers
        out  (N,)
    """
    # YOUR CODE HERE
    raise NotImplementedError()


def squeeze2x2(x: Tensor, inverse: bool = False) -> Tensor:
    """Move 2 x 2 squares into channels, in the order (c, dy, dx), or back.

    Shapes:
        x    (N, C, H, W)  H and W are even; back: C is a multiple of 4
        out  (N, 4 C, H / 2, W / 2); back: (N, C / 4, 2 H, 2 W)
    """
    # YOUR CODE HERE
    raise NotImplementedError()


def split_prior(x: Tensor) -> tuple[Tensor, Tensor]:
    """Keep the first half of the channels, and score the second half under N(0, I).

    Shapes:
        x    (N, C, H, W)  C is even
        out  kept (N, C / 2, H, W), log-density of the others (N,)
    """
    # YOUR CODE HERE
    raise NotImplementedError()

# %% tags=["active-ipynb"] grade="dequantize"
# check("flows", task="dequantize")

# %% tags=["active-ipynb"] grade="bits_per_dim"
# check("flows", task="bits_per_dim")

# %% tags=["active-ipynb"] grade="squeeze2x2"
# check("flows", task="squeeze2x2")

# %% tags=["active-ipynb"] grade="split_prior"
# check("flows", task="split_prior")

# %% [markdown]
# **Glow** (Kingma and Dhariwal 2018) is made of the parts of this notebook: ActNorm, a linear layer over the channels
# of each pixel (a 1 x 1 convolution) from triangular factors, coupling layers that change half of the channels, and
# several scales. It draws faces of 256 x 256 pixels. They look better if the base is sharpened: z is drawn with a
# standard deviation of about 0.7 instead of 1. And all along the line between the codes of two faces there are faces.
#
# The same image at three scales: squeezed once it is four small images, squeezed twice it is sixteen. Of these, the
# second half (here grey) leaves.

# %% tags=["active-ipynb"]
# image = load("glyphs", num_train=1, num_test=1).x_train
# once = squeeze2x2(image)
# twice = squeeze2x2(once)
# kept, log_p = split_prior(twice)
# stages = {"1 channel": image, "4 channels": once, "16 channels": torch.cat([kept, 0.3 + 0 * twice[:, 8:]], dim=1)}
# figure = new_figure(9, 3.2, "A symbol; four small copies of it; sixteen tiny ones, of which eight are grey.")
# for number, (title, x) in enumerate(stages.items()):
#     side = math.isqrt(x.shape[1])
#     rows = nn.functional.pad(x[0], (0, 1, 0, 1), value=1.0).unflatten(0, (side, side)).permute(0, 2, 1, 3)
#     plane = figure.add_subplot(1, 3, number + 1, title=title, xticks=[], yticks=[])
#     plane.imshow(rows.flatten(2).flatten(0, 1), cmap="gray", vmin=0, vmax=1)
# figure

# %% [markdown] question="flows-q2"
# **Question 2.** You need a model that (a) scores images fast, (b) draws images fast, (c) both. Which of MAF, IAF and
# coupling layers do you take, and what do you pay in (c)? Why can element-wise layers alone not do any of it?

# %% [markdown] answer="flows-q2"
# YOUR ANSWER HERE

# %% [markdown]
# ## What to take home
#
# Densities change by determinants, and logarithms of determinants add up. Triangular Jacobians make them cheap:
# factors of a matrix, coupling, autoregression. What is fast forwards may be slow backwards. A residual layer is
# invertible if it contracts, and its determinant can be estimated without ever building a Jacobian.
#
# **Where to look next.** Papamakarios et al. (*Normalizing flows for probabilistic modeling and inference*, 2021) put
# all of this in order. Nalisnick et al. (*Do deep generative models know what they don't know?*, 2019) find flows that
# give foreign images a higher density than their own. Chen et al. (*Neural ordinary differential equations*, 2018) let
# the layers become infinitely many, and flow matching (Lipman et al., 2023) trains such a flow by regression.
