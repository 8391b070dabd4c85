# %% [markdown]
# # Foundations
#
# What can a network express, what should its last layer predict, and how large should its first weights be? These
# questions come before any training. Chapters 2 to 7 of Prince's *Understanding Deep Learning* (2023) treat them at
# length; here you write each answer as a short function on tensors. Use float64 wherever the inputs are.
#
# <!-- parts -->

# %%
import itertools
import math

import torch
from torch import Tensor

# %% tags=["active-ipynb"]
# from autograder import check, hint
# from common.plots import curves
# from common.plots.figure import new_figure
# from common.training.seed import seed_everything
#
# seed_everything(0)

# %% [markdown]
# ## 1 The simplest model
#
# Linear regression predicts $Xw + b$ and minimises $\sum_n (x_n^\top w + b - y_n)^2 + \lambda \lVert w \rVert^2$. The
# minimum is a formula: where the gradient vanishes. The bias is not penalised, because the cost should not depend on
# the origin of $y$. So subtract the means of $X$ and $y$ first: the best bias makes the mean residual 0, and what
# remains is $(\tilde X^\top \tilde X + \lambda I) w = \tilde X^\top \tilde y$.


# %% task="linear_regression" minutes=15 difficulty="easy"
def linear_regression(X: Tensor, y: Tensor, ridge: float = 0.0) -> tuple[Tensor, Tensor]:
    """The weights and the bias that minimise the sum of squares plus ridge times the squared length of the weights.

    Shapes:
        X      (N, D)  with more rows than columns, and columns that do not depend on one another
        y      (N,)
        ridge  float   at least 0; the bias is not penalised
        out    the weights (D,), the bias ()
    """
    ### BEGIN SOLUTION
    X_mean, y_mean = X.mean(dim=0), y.mean()
    centred = X - X_mean
    normal = centred.T @ centred + ridge * torch.eye(X.shape[1], dtype=X.dtype, device=X.device)
    w = torch.linalg.solve(normal, centred.T @ (y - y_mean))
    return w, y_mean - X_mean @ w
    ### END SOLUTION


# %% [markdown] hint="linear_regression"
# 1. Subtract the mean of each column of X, and the mean of y.
# 2. `torch.linalg.solve(A, c)` solves $Aw = c$ for the A above.
# 3. The bias is the mean of y minus the means of X times w. With a column of ones instead, the matrix of the ridge
#    must have a 0 where the bias is.

# %% tags=["active-ipynb"]
# x = torch.linspace(0, 2, 12, dtype=torch.float64)
# y = 0.4 + 0.6 * x + 0.15 * torch.randn(12, dtype=torch.float64)
# w, b = linear_regression(x[:, None], y)
# offsets, slopes = torch.linspace(-0.6, 1.6, 60), torch.linspace(-0.4, 1.6, 60)
# losses = ((offsets[:, None, None] + slopes[None, :, None] * x - y) ** 2).sum(dim=2)
# figure = new_figure(8, 3.2, "Twelve points with their line, and the sum of squares over bias and slope: a valley.")
# axes = figure.add_subplot(1, 2, 1, xlabel="x", ylabel="y")
# axes.plot(x, y, "o")
# axes.plot(x, b + w * x)
# axes = figure.add_subplot(1, 2, 2, xlabel="slope", ylabel="bias")
# axes.contourf(slopes, offsets, losses.log(), 20)
# axes.plot(w, b, "w+")
# figure

# %% [markdown]
# ## 2 How many pieces?
#
# A layer of $D$ ReLUs cuts its input space by $D$ hyperplanes; between them the network is linear. In $D_i$ dimensions
# there are at most (Zaslavsky 1975)
#
# $$\sum_{j=0}^{D_i} \binom{D}{j}$$
#
# pieces. One input and three units: 4. Two inputs and three units: 7. Ten inputs and fifty units: 13,432,735,556, with
# 601 parameters.


# %% task="count_regions" minutes=5 difficulty="easy"
def count_regions(D_in: int, D: int) -> int:
    """The largest number of linear pieces of one layer.

    Shapes:
        D_in  int  inputs, at least 1
        D     int  ReLUs, at least 0; also fewer than inputs
        out   Python int, exact
    """
    ### BEGIN SOLUTION
    return sum(math.comb(D, j) for j in range(D_in + 1))
    ### END SOLUTION


# %% [markdown] hint="count_regions"
# 1. `math.comb(n, k)` is exact, and 0 where k is above n. The sum goes from 0 to `D_in`, inclusive.


# %% task="count_parameters" minutes=10 difficulty="easy"
def count_parameters(D_in: int, D: int, K: int, D_out: int) -> int:
    """The number of weights and biases of a network with K hidden layers of D units, fully connected.

    Shapes:
        D_in, D, D_out  int  inputs, hidden units of each layer, outputs
        K               int  hidden layers, at least 0; with none, inputs are connected with outputs
        out             Python int
    """
    ### BEGIN SOLUTION
    sizes = [D_in, *[D] * K, D_out]
    return sum((a + 1) * b for a, b in itertools.pairwise(sizes))
    ### END SOLUTION


# %% [markdown] hint="count_parameters"
# 1. A layer from a to b units has $ab$ weights and $b$ biases. List the sizes of all layers, and add up neighbours.
# 2. For one input and one output, this is $3D + 1 + (K - 1) D (D + 1)$.

# %% [markdown]
# How many pieces are *there*? In each, the same units are on. The rows of $Wx + b > 0$ for many points $x$ are the
# patterns that occur.


# %% task="activation_patterns" minutes=15 difficulty="easy"
def activation_patterns(W: Tensor, b: Tensor, X: Tensor) -> tuple[Tensor, Tensor]:
    """The different patterns of units that are on, and which of them each point has.

    Shapes:
        W    (D, D_in)   weights
        b    (D,)
        X    (N, D_in)   points
        out  the patterns (P, D), bool, each once, in any order; the number of each point's pattern (N,), int64
    """
    ### BEGIN SOLUTION
    patterns, which = torch.unique(X @ W.T + b > 0, dim=0, return_inverse=True)
    return patterns, which
    ### END SOLUTION


# %% [markdown] hint="activation_patterns"
# 1. `X @ W.T + b > 0` has a row for each point. A unit whose input is exactly 0 is off.
# 2. `torch.unique(table, dim=0, return_inverse=True)` returns the different rows, and the number of each row.

# %% tags=["active-ipynb"]
# grid = torch.cartesian_prod(torch.linspace(-3, 3, 240), torch.linspace(-3, 3, 240))
# figure = new_figure(9, 3, "Lines cut the plane into pieces: the counts that were found, of those that are possible.")
# for place, units in enumerate((3, 6, 12)):
#     W, b = torch.randn(units, 2), torch.randn(units)
#     patterns, which = activation_patterns(W, b, grid)
#     axes = figure.add_subplot(1, 3, place + 1, aspect="equal", xticks=[], yticks=[])
#     axes.imshow(torch.randperm(len(patterns))[which].reshape(240, 240), cmap="Pastel1")
#     for line in (grid @ W.T + b).T:
#         axes.contour(line.reshape(240, 240), levels=[0], colors="k", linewidths=0.8)
#     axes.set_title(f"{units} units: {len(patterns)} of {count_regions(2, units)}")
# figure

# %% [markdown]
# A second layer folds: $1 - |2x - 1|$ takes two ReLUs, and applied $K$ times to itself it has $2^K$ pieces, with
# parameters that grow only in proportion to $K$ (Montufar et al. 2014).

# %% tags=["active-ipynb"]
# x, lines = torch.linspace(0, 1, 800), {}
# folded = x
# for layers in range(1, 5):
#     folded = 1 - (2 * folded - 1).abs()
#     lines[f"layers: {layers}, pieces: {2**layers}"] = folded
# figure = curves(lines, x=x, xlabel="x", ylabel="output", title="Folding")
# figure.axes[0].set_ylim(-0.05, 1.7)  # with room for the legend
# figure

# %% [markdown]
# One input is enough to fit anything: through $K$ points runs a line with $K - 1$ pieces. Each joint changes the slope
# by the weight of its unit.


# %% task="relu_interpolant" minutes=25 difficulty="medium"
def relu_interpolant(x_knots: Tensor, y_knots: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """The network $b + \\sum_j w_j \\max(0, x - t_j)$ through all knots, linear between them.

    Left of the first knot it is constant; right of the last knot it goes on with the last slope.

    Shapes:
        x_knots  (K,)    K at least 2, ascending
        y_knots  (K,)
        out      b (), the weights w (K - 1,), the joints t (K - 1,): the first K - 1 knots
    """
    ### BEGIN SOLUTION
    slopes = y_knots.diff() / x_knots.diff()
    changes = torch.cat([slopes[:1], slopes.diff()])
    return y_knots[0].clone(), changes, x_knots[:-1].clone()
    ### END SOLUTION


# %% [markdown] hint="relu_interpolant"
# 1. The slope between two knots is the difference of y divided by the difference of x.
# 2. Each weight is the *change* of the slope at its joint: the first is the first slope, the next the second slope
#    minus the first.

# %% tags=["active-ipynb"]
# knots = torch.linspace(0, 1, 9, dtype=torch.float64)
# b, w, t = relu_interpolant(knots, (2 * math.pi * knots).sin())
# x = torch.linspace(-0.1, 1.1, 300, dtype=torch.float64)
# fitted = b + (w * (x[:, None] - t).relu()).sum(dim=1)
# curves({"sine": (2 * math.pi * x).sin(), "eight ReLUs": fitted}, x=x, xlabel="x", ylabel="value",
#        title="Through nine points")

# %% [markdown]
# ## 3 Activations
#
# | name | for $x > 0$ | for $x \leq 0$ | at $-1$, at 2 |
# |---|---|---|---|
# | sigmoid | $1 / (1 + e^{-x})$ | the same | 0.2689, 0.8808 |
# | tanh | $\tanh x$ | the same | -0.7616, 0.9640 |
# | relu | $x$ | 0 | 0, 2 |
# | leaky | $x$ | $x / 10$ | -0.1, 2 |
# | elu (Clevert et al. 2016) | $x$ | $e^x - 1$ | -0.6321, 2 |
# | selu (Klambauer et al. 2017) | $\lambda x$ | $\lambda \alpha (e^x - 1)$ | -1.1113, 2.1014 |
# | gelu (Hendrycks and Gimpel 2016) | $x \Phi(x)$ | the same | -0.1587, 1.9545 |
# | swish (Ramachandran et al. 2017) | $x / (1 + e^{-x})$ | the same | -0.2689, 1.7616 |
#
# $\Phi(x) = \frac{1}{2} (1 + \mathrm{erf}(x / \sqrt{2}))$ is the normal distribution. SELU's constants make mean 0 and
# variance 1 a fixed point of a layer.

# %%
SELU_SCALE, SELU_ALPHA = 1.0507009873554805, 1.6732632423543772
NAMES = ("sigmoid", "tanh", "relu", "leaky", "elu", "selu", "gelu", "swish")


# %% task="activation" minutes=20 difficulty="easy"
def activation(name: str, x: Tensor) -> Tensor:
    """The activation of each number. torch.nn is not allowed; torch.sigmoid, exp, erf and where are.

    Shapes:
        name  str    one of NAMES; ValueError for another
        x     float  any shape, from -100 to 100; it is not changed
        out   like x, finite
    """
    ### BEGIN SOLUTION
    low = x.clamp(max=0)
    if name == "sigmoid":
        return x.sigmoid()
    if name == "tanh":
        return x.tanh()
    if name == "relu":
        return x.clamp(min=0)
    if name == "leaky":
        return torch.where(x > 0, x, 0.1 * x)
    if name == "elu":
        return torch.where(x > 0, x, torch.expm1(low))
    if name == "selu":
        return SELU_SCALE * torch.where(x > 0, x, SELU_ALPHA * torch.expm1(low))
    if name == "gelu":
        return x * 0.5 * (1 + torch.erf(x / math.sqrt(2)))
    if name == "swish":
        return x * x.sigmoid()
    raise ValueError(f"unknown activation {name!r}")
    ### END SOLUTION


# %% [markdown] hint="activation"
# 1. `torch.where(x > 0, a, b)` computes both and chooses. $e^{100}$ is finite in float64, but not in float32: clamp x
#    at 0 before `exp` where only the left side is used.
# 2. The constants are SELU_SCALE and SELU_ALPHA; the scale multiplies both sides.

# %% [markdown]
# Training uses the slopes. The sigmoid's is at most a quarter, so ten layers shrink a gradient to a millionth;
# ReLU's is 1 or 0. Derive each by hand: with $s$ for the sigmoid of $x$, swish has $s + x s (1 - s)$; GELU has
# $\Phi(x) + x \varphi(x)$ with the density $\varphi(x) = e^{-x^2 / 2} / \sqrt{2 \pi}$.


# %% task="activation_grad" minutes=25 difficulty="medium"
def activation_grad(name: str, x: Tensor) -> Tensor:
    """The derivative of each activation, by its formula. Automatic differentiation is not allowed.

    At 0, relu and leaky have the slope of the left side.

    Shapes:
        name  str    one of NAMES; ValueError for another
        x     float  any shape, from -100 to 100; it is not changed
        out   like x, finite
    """
    ### BEGIN SOLUTION
    s, one = x.sigmoid(), torch.ones_like(x)
    left = x.clamp(max=0).exp()
    if name == "sigmoid":
        return s * (1 - s)
    if name == "tanh":
        return 1 - x.tanh() ** 2
    if name == "relu":
        return torch.where(x > 0, one, 0 * one)
    if name == "leaky":
        return torch.where(x > 0, one, 0.1 * one)
    if name == "elu":
        return torch.where(x > 0, one, left)
    if name == "selu":
        return SELU_SCALE * torch.where(x > 0, one, SELU_ALPHA * left)
    if name == "gelu":
        return 0.5 * (1 + torch.erf(x / math.sqrt(2))) + x * (-x * x / 2).exp() / math.sqrt(2 * math.pi)
    if name == "swish":
        return s + x * s * (1 - s)
    raise ValueError(f"unknown activation {name!r}")
    ### END SOLUTION


# %% [markdown] hint="activation_grad"
# 1. $(e^x - 1)' = e^x$: on the left, ELU has the slope $e^x$, and SELU $\lambda \alpha e^x$.
# 2. The derivative of a product has two terms: $x \Phi(x)$ gives $\Phi(x)$ plus x times the density.
# 3. The sigmoid's slope is $s (1 - s)$. A form with $e^{-x}$ in a denominator overflows at -100 in float32.

# %% tags=["active-ipynb"]
# x = torch.linspace(-4, 4, 400, dtype=torch.float64)
# figure = new_figure(10, 4.5, "Eight activations and their slopes from -4 to 4; only ReLU's and its kin's stay at 1.")
# for place, name in enumerate(NAMES):
#     axes = figure.add_subplot(2, 4, place + 1, title=name)
#     axes.plot(x, activation(name, x), label="value")
#     axes.plot(x, activation_grad(name, x), "--", label="slope")
#     axes.grid(alpha=0.3)
# axes.legend(frameon=False)
# figure

# %% [markdown]
# **Maxout** (Goodfellow et al. 2013) learns its shape: each output is the largest of $k$ linear pieces. The layer
# before it computes $kD$ numbers: first all $D$ outputs of piece 1, then those of piece 2, and so on.


# %% task="maxout" minutes=10 difficulty="easy"
def maxout(x: Tensor, k: int) -> Tensor:
    """The largest of k pieces for each output.

    Shapes:
        x    (N, k * D)  D outputs of the first piece, D of the second, ...
        out  (N, D)
    """
    ### BEGIN SOLUTION
    return x.reshape(len(x), k, -1).amax(dim=1)
    ### END SOLUTION


# %% [markdown] hint="maxout"
# 1. Reshape to (N, k, D): a piece is the slower of the two axes. Then take the largest along the axis of the pieces.

# %% [markdown]
# ## 4 What the last layer predicts
#
# Choose a distribution for the answers, let the network predict its parameters, and minimise the negative logarithm of
# the probability of what was observed (Prince 2023, chapter 5). Squared error is the normal distribution with a fixed
# variance; cross-entropy is the categorical one. A parameter that must be positive is predicted as its *logarithm*.
#
# | kind | prediction | minus the log-probability of $y$ | worked number |
# |---|---|---|---|
# | gaussian | $\mu, v = \log \sigma^2$ | $\frac12 (\log 2\pi + v + (y - \mu)^2 e^{-v})$ | (0, log 4; 1): 1.7371 |
# | laplace | $\mu, \log b$ | $\log 2b + \lvert y - \mu \rvert / b$ | (0, log 2; 1): 1.8863 |
# | bernoulli | the logit $z$ | $\log(1 + e^z) - yz$ | (0; 1): 0.6931 |
# | categorical | logits $z$ | $\log \sum_k e^{z_k} - z_y$ | (2, 0, 0; 0): 0.2395 |
# | poisson | $\log r$ | $r - y \log r + \log y!$ | (log 3; 2): 1.4959 |


# %% task="nll" minutes=35 difficulty="medium"
def nll(kind: str, prediction: Tensor, y: Tensor) -> Tensor:
    """The mean negative log-likelihood. torch.distributions and ready losses are not allowed.

    Shapes:
        kind        str     "gaussian", "laplace", "bernoulli", "categorical" or "poisson"; ValueError for another
        prediction  (N, P)  P is 2, 2, 1, the number of classes, 1; see the table
        y           (N,)    float; for "categorical" int64; for "bernoulli" 0.0 or 1.0; for "poisson" 0.0, 1.0, 2.0, ...
        out         ()      finite also for logits of 1000
    """
    ### BEGIN SOLUTION
    first = prediction[:, 0]
    if kind == "gaussian":
        log_var = prediction[:, 1]
        each = 0.5 * (math.log(2 * math.pi) + log_var + (y - first) ** 2 * (-log_var).exp())
    elif kind == "laplace":
        each = math.log(2) + prediction[:, 1] + (y - first).abs() * (-prediction[:, 1]).exp()
    elif kind == "bernoulli":
        each = torch.logaddexp(first, torch.zeros_like(first)) - y * first
    elif kind == "categorical":
        each = prediction.logsumexp(dim=1) - prediction.gather(1, y[:, None])[:, 0]
    elif kind == "poisson":
        each = first.exp() - y * first + torch.lgamma(y + 1)
    else:
        raise ValueError(f"unknown kind {kind!r}")
    return each.mean()
    ### END SOLUTION


# %% [markdown] hint="nll"
# 1. The columns are `prediction[:, 0]` and `prediction[:, 1]`. Divide by the variance by multiplying by
#    `(-log_var).exp()`.
# 2. $\log(1 + e^z)$ is `torch.logaddexp(z, torch.zeros_like(z))`, and $\log \sum e^{z_k}$ is `z.logsumexp(dim=1)`; both
#    are stable.
# 3. $\log y!$ is `torch.lgamma(y + 1)`. `prediction.gather(1, y[:, None])` picks the score of the class.

# %% tags=["active-ipynb"]
# x = torch.linspace(0, 1, 300, dtype=torch.float64)
# y = (4 * x).sin() + (0.05 + 0.5 * x) * torch.randn(300, dtype=torch.float64)
# powers = torch.stack([x**n for n in range(6)], dim=1)
# heads = torch.zeros(6, 2, dtype=torch.float64, requires_grad=True)
# optimizer = torch.optim.Adam([heads], lr=0.05)
# for _ in range(1500):
#     optimizer.zero_grad()
#     nll("gaussian", powers @ heads, y).backward()
#     optimizer.step()
# mean, log_var = (powers @ heads).detach().T
# figure = new_figure(6, 3.2, "Points whose noise grows to the right: the predicted band of two deviations follows it.")
# axes = figure.add_subplot(xlabel="x", ylabel="y")
# axes.plot(x, y, ".", markersize=3)
# axes.plot(x, mean)
# band = 2 * (log_var / 2).exp()
# axes.fill_between(x, mean - band, mean + band, alpha=0.2)
# figure

# %% [markdown]
# **Directions.** An angle is not a number: 359° is near 1°. The distribution of von Mises has the density
# $e^{\kappa \cos(y - \mu)} / (2 \pi I_0(\kappa))$, where $I_0$ is a Bessel function. It grows like $e^\kappa$, so
# compute its logarithm with the scaled one: $\log I_0(\kappa) = \log(e^{-\kappa} I_0(\kappa)) + \kappa$;
# `torch.special.i0e` is the bracket. For $\mu = 0$, $\kappa = 2$, $y = 0.5$ the result is 0.9067.


# %% task="nll_von_mises" minutes=15 difficulty="medium"
def nll_von_mises(prediction: Tensor, y: Tensor) -> Tensor:
    """The mean negative log-likelihood of angles.

    Shapes:
        prediction  (N, 2)  the angle mu in radians, and log kappa, up to 12
        y           (N,)    radians, any real numbers
        out         ()      finite
    """
    ### BEGIN SOLUTION
    kappa = prediction[:, 1].exp()
    log_i0 = torch.special.i0e(kappa).log() + kappa
    return (math.log(2 * math.pi) + log_i0 - kappa * (y - prediction[:, 0]).cos()).mean()
    ### END SOLUTION


# %% [markdown] hint="nll_von_mises"
# 1. The second column is the logarithm of kappa. `torch.special.i0e(kappa).log() + kappa` is $\log I_0(\kappa)$.
# 2. The terms are $\log 2\pi + \log I_0(\kappa) - \kappa \cos(y - \mu)$; take their mean.

# %% [markdown]
# **Several answers.** If one question has two right answers, their mean is wrong. A **mixture density
# network** (Bishop 1994) predicts $K$ normal distributions with weights $\pi_k$, the softmax of $K$ logits:
#
# $$-\log \sum_k \pi_k \, \mathcal N(y; \mu_k, \sigma_k^2) =
# -\operatorname{logsumexp}_k \left(\log \pi_k - \tfrac12 \log 2 \pi \sigma_k^2
# - \frac{(y - \mu_k)^2}{2 \sigma_k^2}\right)$$


# %% task="nll_mixture" minutes=20 difficulty="medium"
def nll_mixture(prediction: Tensor, y: Tensor) -> Tensor:
    """The mean negative log-likelihood of a mixture of K normal distributions.

    Shapes:
        prediction  (N, 3 * K)  K logits of the weights, then K means, then K logarithms of variances
        y           (N,)
        out         ()          finite also where all K densities are below 1e-300
    """
    ### BEGIN SOLUTION
    logits, mean, log_var = prediction.chunk(3, dim=1)
    each = -0.5 * (math.log(2 * math.pi) + log_var + (y[:, None] - mean) ** 2 * (-log_var).exp())
    return -(logits.log_softmax(dim=1) + each).logsumexp(dim=1).mean()
    ### END SOLUTION


# %% [markdown] hint="nll_mixture"
# 1. `prediction.chunk(3, dim=1)` gives logits, means and logarithms of variances. $\log \pi$ is
#    `logits.log_softmax(dim=1)`.
# 2. Add the logarithms, then `logsumexp(dim=1)`. The logarithm of a sum of densities that were computed first is
#    $-\infty$ for far points.

# %% [markdown]
# **Orders.** Someone puts $K$ items into an order $o_1, o_2, \dots$, best first. By Plackett (1975) and Luce (1959),
# the first is chosen by the softmax of all scores, the second by the softmax of those that are left, and so on:
# $-\sum_i (s_{o_i} - \operatorname{logsumexp}_{j \geq i} s_{o_j})$. For the scores 2, 1, 0 in this order: 0.7209.


# %% task="nll_plackett_luce" minutes=20 difficulty="medium"
def nll_plackett_luce(scores: Tensor, order: Tensor) -> Tensor:
    """The mean negative log-likelihood of orders.

    Shapes:
        scores  (N, K)  a score for each item
        order   (N, K)  int64, in each row the numbers of all items, best first
        out     ()      finite also for scores of 1000
    """
    ### BEGIN SOLUTION
    sorted_scores = scores.gather(1, order)
    left = sorted_scores.flip(1).logcumsumexp(dim=1).flip(1)
    return (left - sorted_scores).sum(dim=1).mean()
    ### END SOLUTION


# %% [markdown] hint="nll_plackett_luce"
# 1. `scores.gather(1, order)` has the scores in the order that was chosen.
# 2. From place i on: `logsumexp` of `s[:, i:]` in a loop over i, or `logcumsumexp` of the flipped scores.
# 3. Sum over the places, mean over the rows.

# %% [markdown]
# ## 5 Losses of other kinds
#
# A **margin loss** takes a score $s$ and a label $y$ of $-1$ or $1$. The hinge $\max(0, 1 - ys)$ makes the SVM, and the
# exponential $e^{-ys}$ makes AdaBoost: one outlier can rule it.


# %% task="margin_loss" minutes=5 difficulty="easy"
def margin_loss(kind: str, score: Tensor, y: Tensor) -> Tensor:
    """The mean margin loss.

    Shapes:
        kind   str   "hinge" or "exponential"; ValueError for another
        score  (N,)
        y      (N,)  -1.0 or 1.0
        out    ()
    """
    ### BEGIN SOLUTION
    if kind == "hinge":
        return (1 - y * score).clamp(min=0).mean()
    if kind == "exponential":
        return (-y * score).exp().mean()
    raise ValueError(f"unknown kind {kind!r}")
    ### END SOLUTION


# %% [markdown] hint="margin_loss"
# 1. The product of label and score is positive where the sign is right. `clamp(min=0)` cuts at 0.

# %% [markdown]
# The **contrastive loss** (Hadsell, Chopra and LeCun 2006) takes the distance $d$ of two embeddings: pairs of one kind
# ($y = 1$) are pulled together, others ($y = 0$) pushed apart until they are a margin $m$ away:
# $\frac{1}{2} \left(y d^2 + (1 - y) \max(0, m - d)^2\right)$.


# %% task="contrastive_loss" minutes=5 difficulty="easy"
def contrastive_loss(d: Tensor, y: Tensor, m: float) -> Tensor:
    """The mean contrastive loss.

    Shapes:
        d    (N,)   distances, at least 0
        y    (N,)   1.0 for pairs of one kind, 0.0 for others
        m    float  the margin
        out  ()
    """
    ### BEGIN SOLUTION
    return 0.5 * (y * d**2 + (1 - y) * (m - d).clamp(min=0) ** 2).mean()
    ### END SOLUTION


# %% [markdown] hint="contrastive_loss"
# 1. Cut $m - d$ at 0 *before* you square it. The half multiplies both parts.

# %% [markdown]
# **Label smoothing** (Szegedy et al. 2016) replaces the target 1 by $1 - a + a / K$ and each 0 by $a / K$, so that the
# logits need not grow for ever. For $a = 0.1$, logits $(2, 0, 0)$ and class 0 the loss is 0.3729.


# %% task="label_smoothing" minutes=10 difficulty="easy"
def label_smoothing(logits: Tensor, y: Tensor, a: float) -> Tensor:
    """The mean cross-entropy with smoothed targets. F.cross_entropy is not allowed.

    Shapes:
        logits  (N, K)
        y       (N,)   int64
        a       float  from 0 to 1
        out     ()
    """
    ### BEGIN SOLUTION
    logs = logits.log_softmax(dim=1)
    right = logs.gather(1, y[:, None])[:, 0]
    return -((1 - a) * right + a * logs.mean(dim=1)).mean()
    ### END SOLUTION


# %% [markdown] hint="label_smoothing"
# 1. `logits.log_softmax(dim=1)`; the loss of a row is minus the sum of targets times logarithms.
# 2. The class itself gets $1 - a$ *and* its part $a / K$.

# %% [markdown] question="foundations-q1"
# **Question 1.** Given $x = (1, 1, 1, 1)$, the weights $(1, 0, 0, 0)$ and $(¼, ¼, ¼, ¼)$ predict the same. Which of
# them does an L2 penalty choose, and which does an L1 penalty choose? What does each say about the inputs?

# %% [markdown] answer="foundations-q1"
# ### BEGIN SOLUTION
# The squared lengths are 1 and ¼: L2 chooses the second, which uses all inputs a little. The sums of absolute values
# are both 1: L1 is indifferent here. L1 is content with few weights that are not 0, and prefers them as soon as the
# inputs differ in how useful they are; L2 spreads.
# ### END SOLUTION

# %% [markdown]
# ## 6 The first weights
#
# A layer with $n$ inputs and weights of variance $\sigma^2$ multiplies the variance of its inputs by $n \sigma^2$; a
# ReLU halves the mean square. After fifty layers, $0.9^{50}$ is 0.005 and $1.1^{50}$ is 117. So choose $\sigma$ such
# that the factor is 1:
#
# | kind | standard deviation | for |
# |---|---|---|
# | xavier (Glorot and Bengio 2010) | $\sqrt{2 / (\text{in} + \text{out})}$ | tanh; a compromise of both directions |
# | he (He et al. 2015) | $\sqrt{2 / \text{in}}$ | ReLU |
# | lecun (LeCun et al. 1998) | $\sqrt{1 / \text{in}}$ | SELU, linear layers |


# %% task="init_std" minutes=5 difficulty="easy"
def init_std(fan_in: int, fan_out: int, kind: str) -> float:
    """The standard deviation of the first weights.

    Shapes:
        fan_in, fan_out  int  inputs and outputs of the layer
        kind             str  "xavier", "he" or "lecun"; ValueError for another
        out              Python float
    """
    ### BEGIN SOLUTION
    variance = {"xavier": 2 / (fan_in + fan_out), "he": 2 / fan_in, "lecun": 1 / fan_in}
    if kind not in variance:
        raise ValueError(f"unknown kind {kind!r}")
    return math.sqrt(variance[kind])
    ### END SOLUTION


# %% [markdown] hint="init_std"
# 1. The table has standard deviations: the root of the variance.

# %% tags=["active-ipynb"]
# def spread(sigma, layers=50, width=100):
#     """Return the mean square after each layer of ReLUs with weights of this deviation."""
#     x, sizes = torch.randn(200, width), []
#     for _ in range(layers):
#         x = (x @ (sigma * torch.randn(width, width))).relu()
#         sizes.append(float(x.square().mean().clamp(min=1e-30)))
#     return torch.tensor(sizes).log10()
#
# spreads = {f"variance {v}": spread(math.sqrt(v)) for v in (0.001, 0.01, 0.1, 1.0)}
# figure = curves(spreads | {"He: 0.02": spread(init_std(100, 100, "he"))}, xlabel="layer",
#                 ylabel="log10 of the mean square", title="Fifty layers of ReLUs")
# figure.axes[0].set_ylim(-33, 75)  # with room for the legend
# figure

# %% [markdown]
# The curve of variance 1 ends where float32 does, at $10^{38}$; that of 0.001 is cut off at $10^{-30}$. Below, the
# values of layer 10 themselves, for two standard deviations $\sigma$ and the right one.

# %% tags=["active-ipynb"]
# figure = new_figure(10, 4.2, "Values in layer 10: too small, too large, and well scaled, for tanh and for ReLU.")
# for row, (name, good) in enumerate({"tanh": "xavier", "relu": "he"}.items()):
#     deviations = {"σ = 0.02": 0.02, "σ = 0.5": 0.5, good: init_std(200, 200, good)}
#     for column, (title, sigma) in enumerate(deviations.items()):
#         x = torch.randn(500, 200)
#         for _ in range(10):
#             x = activation(name, x @ (sigma * torch.randn(200, 200)))
#         axes = figure.add_subplot(2, 3, 3 * row + column + 1, yticks=[], title=f"{name}, {title}")
#         axes.hist(x.flatten().numpy(), bins=60)
# figure

# %% [markdown] question="foundations-q2"
# **Question 2.** 95 units in one layer, and ten layers of five units, have about as many parameters with one input and
# one output. Compute both numbers. Which network can have more pieces, and why may the other one still fit better?

# %% [markdown] answer="foundations-q2"
# ### BEGIN SOLUTION
# 3·95 + 1 = 286 parameters; 3·5 + 1 + 9·5·6 = 286 parameters. The shallow one has at most 96 pieces; the deep one has
# at most 6 to the power of 10, about 60 million. Its pieces depend on one another (they are folded copies), so it can
# not place that many joints freely; a function without such symmetries may be fitted better by free joints, and the
# deep network is harder to train.
# ### END SOLUTION

# %% [markdown]
# ## 7 Many dimensions
#
# Pictures of the plane mislead. Ten values for each input are $10^d$ points for $d$ inputs, so no data set fills the
# space: the **curse of dimensionality**. A ball of radius 1 has the volume $\pi^{d/2} / \Gamma(d/2 + 1)$, which is
# 3.1416, 4.1888 and 2.5502 for $d$ = 2, 3, 10; the cube around it has $2^d$. And from a random point, all others are
# nearly equally far away, so "the nearest example" means less and less (Prince 2023, chapter 8).

# %% tags=["active-ipynb"]
# def ball(d):
#     """Return the volume of the ball of radius 1."""
#     return math.pi ** (d / 2) / math.gamma(d / 2 + 1)
#
#
# print("volumes of the ball:", {d: round(ball(d), 4) for d in (2, 3, 10)})
# dims = (2, 3, 10, 30, 100, 300, 1000)
# distances = [(torch.randn(2000, d) - torch.randn(d)).norm(dim=1) for d in dims]
# figure = new_figure(8, 3, "With more dimensions, the ball fills nothing of its cube, and all distances become equal.")
# axes = figure.add_subplot(1, 2, 1, xlabel="dimensions", ylabel="ball / cube around it", yscale="log")
# axes.plot(range(1, 21), [ball(d) / 2**d for d in range(1, 21)], "o-", markersize=3)
# axes = figure.add_subplot(1, 2, 2, xlabel="dimensions", ylabel="farthest / nearest", xscale="log", yscale="log")
# axes.plot(dims, [float(r.max() / r.min()) for r in distances], "o-", markersize=3)
# figure

# %% [markdown]
# ## What to take home
#
# Count the pieces, choose a distribution for the answers, and give the first weights the right size. Each is a formula
# of one line, and each mistake in it trains without an error message.
#
# **Where to look next.** Prince (*Understanding deep learning*, 2023) has a chapter on each of these subjects, and
# exercises. Zhang, Dauphin and Ma (*Fixup initialization*, 2019) train residual networks without any normalisation, by
# their first weights alone. Roberts, Yaida and Hanin (*The principles of deep learning theory*, 2022) compute how
# signals travel through wide networks.
