# %% [markdown]
# # Normalising flows
#
# A variational autoencoder only bounds the likelihood. A **flow** computes it exactly: it bends the density of the
# data, step by step, into a Gaussian, by functions that can be inverted. Where a step stretches space, the density
# gets thinner, and the determinant of its Jacobian says by how much. The art is to build functions that are flexible,
# can be inverted, and have a determinant that costs next to nothing.
#
# <!-- parts -->
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


# %% task="flow_log_prob" minutes=10 difficulty="easy"
def flow_log_prob(x: Tensor, layers: Sequence[nn.Module], base: Callable[[Tensor], Tensor]) -> Tensor:
    """The log-density of points under a flow.

    Shapes:
        x       (N, D)
        layers  none or more, applied in this order; each returns z (N, D) and its log-determinant (N,)
        base    z (N, D) -> log-density (N,) of what the last layer returns
        out     (N,)      in nats
    """
    ### BEGIN SOLUTION
    total = torch.zeros_like(x[:, 0])
    for layer in layers:
        x, log_det = layer(x)
        total = total + log_det
    return total + base(x)
    ### END SOLUTION


# %% [markdown] hint="flow_log_prob"
# 1. Start with a sum of zeros (N,). Each layer takes what the one before returned.
# 2. At the end, add `base` of the last z. Log-determinants are added, and stay one number for each point.

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


# %% task="LinearPLU" minutes=30 difficulty="medium"
class LinearPLU(nn.Module):
    """z = W x. No inverse, no general determinant: torch.linalg.inv, solve, det, slogdet are not allowed."""

    def __init__(self, D: int) -> None:
        """Build the layer with a random permutation, which is in its state; W may start anywhere with |det W| > 0.

        The parameters are `L` (D, D), `U` (D, D) and `s` (D,); entries of s may become negative.
        """
        ### BEGIN SOLUTION
        super().__init__()
        self.register_buffer("order", torch.randperm(D))
        self.L, self.U = nn.Parameter(0.1 * torch.randn(D, D)), nn.Parameter(0.1 * torch.randn(D, D))
        self.s = nn.Parameter(torch.ones(D))
        ### END SOLUTION

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Multiply each row by W.

        Shapes:
            x    (N, D)
            out  z (N, D), log-determinant (N,)
        """
        ### BEGIN SOLUTION
        lower, upper = self.factors()
        z = (x @ upper.T @ lower.T)[:, self.order]
        return z, self.s.abs().log().sum().expand(len(x))
        ### END SOLUTION

    def inverse(self, z: Tensor) -> Tensor:
        """Undo forward.

        Shapes:
            z    (N, D)
            out  (N, D)
        """
        ### BEGIN SOLUTION
        lower, upper = self.factors()
        y = torch.linalg.solve_triangular(lower, z[:, self.order.argsort()].T, upper=False, unitriangular=True)
        return torch.linalg.solve_triangular(upper, y, upper=True).T
        ### END SOLUTION

    def factors(self) -> tuple[Tensor, Tensor]:
        """Return L with its ones, and U + diag s; use it or not."""
        ### BEGIN SOLUTION
        eye = torch.eye(len(self.s), dtype=self.s.dtype, device=self.s.device)
        return torch.tril(self.L, -1) + eye, torch.triu(self.U, 1) + torch.diag(self.s)
        ### END SOLUTION


# %% [markdown] hint="LinearPLU"
# 1. Points are rows, so W x becomes `x @ W.T`: first `x @ upper.T`, then `@ lower.T`, then columns in the order of the
#    permutation, which is a buffer: `register_buffer("order", torch.randperm(D))`.
# 2. The log-determinant is `self.s.abs().log().sum()`, repeated for each point with `expand(len(x))`.
# 3. Back: columns in the order `self.order.argsort()`, then `torch.linalg.solve_triangular` with L, then with U + diag
#    s.

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


# %% task="PiecewiseLinear" minutes=30 difficulty="medium"
class PiecewiseLinear(nn.Module):
    """Each coordinate is bent by a piecewise linear function with K pieces. The parameter is `logits` (D, K)."""

    def __init__(self, D: int, K: int) -> None:
        """Start with equal shares, so that h(x) = x."""
        ### BEGIN SOLUTION
        super().__init__()
        self.logits = nn.Parameter(torch.zeros(D, K))
        ### END SOLUTION

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Bend each coordinate; x = 1 belongs to the last piece.

        Shapes:
            x    (N, D)
            out  z (N, D), log-determinant (N,)
        """
        ### BEGIN SOLUTION
        D, K = self.logits.shape
        phi = torch.softmax(self.logits, dim=1)
        starts = phi.cumsum(dim=1) - phi
        piece = (K * x.detach()).floor().clamp(0, K - 1).long()
        column = torch.arange(D, device=x.device)
        own = phi[column, piece]
        inside = (x >= 0) & (x <= 1)
        z = torch.where(inside, starts[column, piece] + (K * x - piece) * own, x)
        return z, torch.where(inside, (K * own).log(), 0.0).sum(dim=1)
        ### END SOLUTION

    def inverse(self, z: Tensor) -> Tensor:
        """Undo forward.

        Shapes:
            z    (N, D)
            out  (N, D)
        """
        ### BEGIN SOLUTION
        D, K = self.logits.shape
        phi = torch.softmax(self.logits, dim=1)
        ends = phi.cumsum(dim=1)
        piece = (z.detach()[:, :, None] >= ends[None, :, :-1]).sum(dim=2)
        column = torch.arange(D, device=z.device)
        own = phi[column, piece]
        x = (piece + (z - ends[column, piece] + own) / own) / K
        return torch.where((z >= 0) & (z <= 1), x, z)
        ### END SOLUTION


# %% [markdown] hint="PiecewiseLinear"
# 1. `phi = torch.softmax(self.logits, dim=1)`; a piece starts at `phi.cumsum(dim=1) - phi`. The number of the piece is
#    `(K * x).floor()`, clamped to 0 and K - 1, as long.
# 2. `phi[torch.arange(D), piece]` has the share of each entry's piece, (N, D).
# 3. Back: the piece is the number of inner ends that are at most z; then solve h for x. Outside, `torch.where` keeps
#    the input, and the log-determinant is 0.

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


# %% task="AffineCoupling" minutes=25 difficulty="medium"
class AffineCoupling(nn.Module):
    """An affine coupling layer."""

    def __init__(self, mask: Tensor, net: nn.Module) -> None:
        """Keep the mask as a buffer, and the network.

        Shapes:
            mask  (D,)  1.0 where a coordinate stays (half a), 0.0 where it changes (half b)
            net   (N, D) -> (N, 2 D): takes x with zeros in half b; s is the tanh of the first D numbers, t the others
        """
        ### BEGIN SOLUTION
        super().__init__()
        self.register_buffer("mask", mask)
        self.net = net
        ### END SOLUTION

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Scale and shift half b.

        Shapes:
            x    (N, D)
            out  z (N, D), log-determinant (N,)
        """
        ### BEGIN SOLUTION
        s, t = self.scale_and_shift(x)
        return self.mask * x + (1 - self.mask) * (x * s.exp() + t), ((1 - self.mask) * s).sum(dim=1)
        ### END SOLUTION

    def inverse(self, z: Tensor) -> Tensor:
        """Undo forward.

        Shapes:
            z    (N, D)
            out  (N, D)
        """
        ### BEGIN SOLUTION
        s, t = self.scale_and_shift(z)
        return self.mask * z + (1 - self.mask) * (z - t) * (-s).exp()
        ### END SOLUTION

    def scale_and_shift(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Return s and t, both (N, D); use it or not."""
        ### BEGIN SOLUTION
        raw, t = self.net(self.mask * x).chunk(2, dim=1)
        return raw.tanh(), t
        ### END SOLUTION


# %% [markdown] hint="AffineCoupling"
# 1. The network sees `self.mask * x`; `chunk(2, dim=1)` cuts its result into two, and s is the tanh of the first part.
# 2. Half b becomes `x * s.exp() + t`; `self.mask` and `1 - self.mask` choose. Only s of half b counts in the sum.
# 3. `inverse` computes s and t from z: half a is the same in x and z.

# %% [markdown]
# Exchanging roles is a **permutation**, whose log-determinant is 0. And a deep chain needs numbers of ordinary size:
# **ActNorm** shifts and scales each coordinate by learned numbers that start so that the *first batch* has mean 0 and
# standard deviation 1 (divided by N). After that they are parameters like others. Loading stored weights counts as a
# start: whether the layer has started is a buffer, which `state_dict` stores.


# %% task="Permutation" minutes=10 difficulty="easy"
class Permutation(nn.Module):
    """z has the columns of x in another order."""

    def __init__(self, order: Tensor) -> None:
        """Keep the order as a buffer: column i of z is column order[i] of x. (D,), int64"""
        ### BEGIN SOLUTION
        super().__init__()
        self.register_buffer("order", order)
        ### END SOLUTION

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Return z (N, D) and the log-determinant (N,)."""
        ### BEGIN SOLUTION
        return x[:, self.order], torch.zeros_like(x[:, 0])
        ### END SOLUTION

    def inverse(self, z: Tensor) -> Tensor:
        """Undo forward. (N, D) -> (N, D)"""
        ### BEGIN SOLUTION
        return z[:, self.order.argsort()]
        ### END SOLUTION


# %% task="ActNorm" minutes=20 difficulty="medium"
class ActNorm(nn.Module):
    """Shift and scale each coordinate. The first batch that forward sees in training mode sets both."""

    def __init__(self, D: int) -> None:
        """Start as the identity. The state has a buffer that says whether the first batch was seen."""
        ### BEGIN SOLUTION
        super().__init__()
        self.shift, self.log_scale = nn.Parameter(torch.zeros(D)), nn.Parameter(torch.zeros(D))
        self.register_buffer("started", torch.tensor(False))
        ### END SOLUTION

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Return z (N, D) and the log-determinant (N,)."""
        ### BEGIN SOLUTION
        if self.training and not self.started:
            with torch.no_grad():
                self.shift.copy_(-x.mean(dim=0))
                self.log_scale.copy_(-x.std(dim=0, correction=0).log())
                self.started.fill_(True)
        return (x + self.shift) * self.log_scale.exp(), self.log_scale.sum().expand(len(x))
        ### END SOLUTION

    def inverse(self, z: Tensor) -> Tensor:
        """Undo forward. (N, D) -> (N, D)"""
        ### BEGIN SOLUTION
        return z * (-self.log_scale).exp() - self.shift
        ### END SOLUTION


# %% [markdown] hint="Permutation"
# 1. `order.argsort()` is the order that undoes `order`. The log-determinant is a zero for each point.

# %% [markdown] hint="ActNorm"
# 1. Parameters `shift` and `log_scale` of zeros, and `register_buffer("started", torch.tensor(False))`.
# 2. In training mode, if not started: under `torch.no_grad()`, copy the mean and the logarithm of the standard
#    deviation (`correction=0`) into the parameters with `copy_`, and set the buffer.

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
# ### BEGIN SOLUTION
# A continuous invertible map keeps the plane in one piece: the Gaussian is positive everywhere and its image is too,
# so a thin bridge of low density always joins the parts. Without the log-determinants, the loss is only -log
# p_z(f(x)): it is smallest if f maps all points to 0, where the Gaussian is highest, by shrinking space; what was
# maximised is then not a density (its integral over x is far above 1).
# ### END SOLUTION

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


# %% task="made_masks" minutes=20 difficulty="medium"
def made_masks(D: int, hidden: int) -> tuple[Tensor, Tensor]:
    """The masks of MADE's two weight matrices, for D outputs. No loop.

    Shapes:
        out  into (hidden, D), out_of (D, hidden): float32, 1.0 where a connection exists, otherwise 0.0
    """
    ### BEGIN SOLUTION
    inputs = torch.arange(1, D + 1)
    units = 1 + torch.arange(hidden) % max(D - 1, 1)
    return (units[:, None] >= inputs).float(), (inputs[:, None] > units).float()
    ### END SOLUTION


# %% [markdown] hint="made_masks"
# 1. `torch.arange(1, D + 1)` are the degrees of inputs and outputs, `1 + torch.arange(hidden) % (D - 1)` those of the
#    units. A comparison of a column with a row gives the mask.


# %% task="MaskedAutoregressive" minutes=35 difficulty="hard"
class MaskedAutoregressive(nn.Module):
    """A masked autoregressive flow: forward asks its network once, inverse asks it D times."""

    def __init__(self, D: int, hidden: int) -> None:
        """Build a network of D inputs, one hidden layer with a ReLU, and 2 D outputs: the m_i, then the log sigma_i."""
        ### BEGIN SOLUTION
        super().__init__()
        into, out_of = made_masks(D, hidden)
        self.register_buffer("into", into)
        self.register_buffer("out_of", out_of.repeat(2, 1))
        self.first, self.second = nn.Linear(D, hidden), nn.Linear(hidden, 2 * D)
        ### END SOLUTION

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Return z (N, D) and the log-determinant (N,)."""
        ### BEGIN SOLUTION
        m, log_sigma = self.conditionals(x)
        return (x - m) * (-log_sigma).exp(), -log_sigma.sum(dim=1)
        ### END SOLUTION

    def inverse(self, z: Tensor) -> Tensor:
        """Undo forward, one coordinate after the other. (N, D) -> (N, D)"""
        ### BEGIN SOLUTION
        x = torch.zeros_like(z)
        for i in range(z.shape[1]):
            m, log_sigma = self.conditionals(x)
            column = z[:, i] * log_sigma[:, i].exp() + m[:, i]
            x = torch.cat([x[:, :i], column[:, None], x[:, i + 1 :]], dim=1)
        return x
        ### END SOLUTION

    def conditionals(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Return m and log sigma, both (N, D); use it or not."""
        ### BEGIN SOLUTION
        hidden = nn.functional.linear(x, self.into * self.first.weight, self.first.bias).relu()
        out = nn.functional.linear(hidden, self.out_of * self.second.weight, self.second.bias)
        return out[:, : x.shape[1]], out[:, x.shape[1] :]
        ### END SOLUTION


# %% [markdown] hint="MaskedAutoregressive"
# 1. Multiply the weights by the masks: `F.linear(x, self.into * self.first.weight, self.first.bias)`. The second mask
#    is needed twice, `out_of.repeat(2, 1)`, because there are 2 D outputs.
# 2. forward: `(x - m) * (-log_sigma).exp()`, with the log-determinant `-log_sigma.sum(dim=1)`.
# 3. inverse: start with zeros; in step i compute m and log sigma from what is known, and set column i. Do it without
#    writing into a tensor that autograd needs: `torch.cat`.

# %% [markdown]
# MAF computes densities in one pass and samples in $D$ passes. An **inverse autoregressive flow** (Kingma et al. 2016)
# is its mirror: $m_i$ and $\sigma_i$ depend on $z_1, \dots, z_{i-1}$, so sampling takes one pass and a density $D$. A
# fast student of this kind can learn from a teacher of the other kind, which scores its samples.


# %% task="InverseAutoregressive" minutes=15 difficulty="medium"
class InverseAutoregressive(nn.Module):
    """x_i = z_i sigma_i(z_1 ... z_(i-1)) + m_i(z_1 ... z_(i-1)): inverse asks the network once, forward D times."""

    def __init__(self, D: int, hidden: int) -> None:
        """Build it; a MaskedAutoregressive inside is fine."""
        ### BEGIN SOLUTION
        super().__init__()
        self.mirror = MaskedAutoregressive(D, hidden)
        ### END SOLUTION

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Return z (N, D) and the log-determinant of dz/dx (N,)."""
        ### BEGIN SOLUTION
        z = self.mirror.inverse(x)
        return z, -self.mirror(z)[1]
        ### END SOLUTION

    def inverse(self, z: Tensor) -> Tensor:
        """Undo forward in one pass. (N, D) -> (N, D)"""
        ### BEGIN SOLUTION
        return self.mirror(z)[0]
        ### END SOLUTION


# %% [markdown] hint="InverseAutoregressive"
# 1. What MAF calls forward is this layer's inverse, up to the names of m and sigma, and the other way round.
# 2. The log-determinant of the inverse function is minus that of the function, at the point that belongs to it.

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


# %% task="spectral_scale residual_inverse residual_log_det" minutes=45 difficulty="hard"
def spectral_scale(W: Tensor, c: float, iterations: int = 100) -> Tensor:
    """W / max(1, sigma / c), where sigma is the largest singular value, by power iteration.

    A decomposition and matrix norms of torch are not allowed. W = 0 stays 0.

    Shapes:
        W    (M, D)
        out  (M, D)  differentiable in W (sigma may be treated as a constant or not)
    """
    ### BEGIN SOLUTION
    with torch.no_grad():
        generator = torch.Generator(device=W.device).manual_seed(0)
        u = torch.randn(len(W), generator=generator, dtype=W.dtype, device=W.device)
        for _ in range(iterations):
            v = nn.functional.normalize(W.T @ u, dim=0)
            u = nn.functional.normalize(W @ v, dim=0)
        sigma = u @ W @ v
    return W / (sigma / c).clamp(min=1)
    ### END SOLUTION


def residual_inverse(g: Callable[[Tensor], Tensor], y: Tensor, iterations: int) -> Tensor:
    """Solve y = x + g(x) by this many iterations from x = y.

    Shapes:
        g    (N, D) -> (N, D)  a contraction
        y    (N, D)
        out  (N, D)
    """
    ### BEGIN SOLUTION
    x = y
    for _ in range(iterations):
        x = y - g(x)
    return x
    ### END SOLUTION


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
    ### BEGIN SOLUTION
    signs = torch.randint(0, 2, x.shape, generator=generator, device=x.device)
    v = 2.0 * signs.to(x.dtype) - 1
    total, product = torch.zeros_like(x[:, 0]), v
    with torch.enable_grad():
        leaf = x.detach().requires_grad_()
        y = g(leaf)
        for k in range(1, terms + 1):
            (product,) = torch.autograd.grad(y, leaf, product, retain_graph=True)
            total = total + (-1) ** (k + 1) / k * (product * v).sum(dim=1)
    return total
    ### END SOLUTION


# %% [markdown] hint="spectral_scale"
# 1. `torch.nn.functional.normalize(W.T @ u, dim=0)` is v, `normalize(W @ v, dim=0)` the next u. Start with random u.
# 2. `W / (sigma / c).clamp(min=1)`: a matrix that is small enough stays as it is.

# %% [markdown] hint="residual_inverse"
# 1. A loop with one line: `x = y - g(x)`.

# %% [markdown] hint="residual_log_det"
# 1. Draw v once: `2 * torch.randint(0, 2, x.shape, generator=generator) - 1`, as floats.
# 2. With `y = g(leaf)`, `torch.autograd.grad(y, leaf, product, retain_graph=True)` turns the product v J^(k-1) into
#    v J^k. Start with v itself.
# 3. Term k is (-1)^(k+1) / k times the sum over D of product * v.

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


# %% task="dequantize bits_per_dim squeeze2x2 split_prior" minutes=30 difficulty="easy"
def dequantize(x: Tensor, L: int = 256, generator: torch.Generator | None = None) -> Tensor:
    """(x + u) / L with uniform noise of its own for each number.

    Shapes:
        x    any shape  whole numbers from 0 to L - 1: uint8 or int64
        out  as x       float32 in [0, 1]
    """
    ### BEGIN SOLUTION
    noise = torch.rand(x.shape, generator=generator, device=x.device)
    return (x + noise) / L
    ### END SOLUTION


def bits_per_dim(nll: Tensor, D: int, L: int = 256) -> Tensor:
    """Convert negative log-densities of dequantised images in nats to bits per dimension.

    Shapes:
        nll  (N,)  of images with D numbers
        out  (N,)
    """
    ### BEGIN SOLUTION
    return nll / (D * math.log(2)) + math.log2(L)
    ### END SOLUTION


def squeeze2x2(x: Tensor, inverse: bool = False) -> Tensor:
    """Move 2 x 2 squares into channels, in the order (c, dy, dx), or back.

    Shapes:
        x    (N, C, H, W)  H and W are even; back: C is a multiple of 4
        out  (N, 4 C, H / 2, W / 2); back: (N, C / 4, 2 H, 2 W)
    """
    ### BEGIN SOLUTION
    if inverse:
        return nn.functional.pixel_shuffle(x, 2)
    return nn.functional.pixel_unshuffle(x, 2)
    ### END SOLUTION


def split_prior(x: Tensor) -> tuple[Tensor, Tensor]:
    """Keep the first half of the channels, and score the second half under N(0, I).

    Shapes:
        x    (N, C, H, W)  C is even
        out  kept (N, C / 2, H, W), log-density of the others (N,)
    """
    ### BEGIN SOLUTION
    kept, others = x.chunk(2, dim=1)
    return kept, standard_normal(others.flatten(1))
    ### END SOLUTION


# %% [markdown] hint="dequantize"
# 1. `torch.rand(x.shape, generator=generator)` is in [0, 1); whole numbers plus it are floats.

# %% [markdown] hint="bits_per_dim"
# 1. One nat is 1 / ln 2 bits. Divide by D, then add `math.log2(L)`: the noise spreads each whole number over 1 / L.

# %% [markdown] hint="squeeze2x2"
# 1. `reshape(N, C, H // 2, 2, W // 2, 2)`, then `permute` to (N, C, dy, dx, H / 2, W / 2), then `reshape`.
# 2. Back, do the same steps in the opposite order.

# %% [markdown] hint="split_prior"
# 1. `x.chunk(2, dim=1)`; the sum in the log-density goes over all numbers of an image,
#    `standard_normal(y.flatten(1))`.

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
# ### BEGIN SOLUTION
# (a) MAF: one pass for a density, D passes for a sample. (b) IAF: the other way round. (c) Coupling layers: one pass
# in both directions; each layer changes only half of the coordinates and depends on the other half alone, so many
# layers are needed for the same flexibility. Element-wise layers treat each coordinate alone: if the base has
# independent coordinates, so has the model, whatever the layers are; they cannot express any dependence.
# ### END SOLUTION

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
