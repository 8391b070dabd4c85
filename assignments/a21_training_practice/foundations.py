# %% [markdown]
# # Foundations
#
# What can a network express, what should its last layer predict, and how large should its first weights be? These
# questions come before any training. Chapters 2 to 7 of Prince's *Understanding Deep Learning* (2023) treat them at
# length; here you write each answer as a short function on tensors. Use float64 wherever the inputs are.
#
# | part | you write | points | minutes |
# |---|---|---|---|
# | 1 The simplest model | `linear_regression` | 2 | 15 |
# | 2 How many pieces? | `count_regions`, `count_parameters`, `activation_patterns`, `relu_interpolant` | 8 | 55 |
# | 3 Activations | `activation`, `activation_grad`, `maxout` | 6 | 55 |
# | 4 What the last layer predicts | `nll`, `nll_von_mises`, `nll_mixture`, `nll_plackett_luce` | 8 | 90 |
# | 5 Losses of other kinds | `margin_loss`, `contrastive_loss`, `label_smoothing` | 6 | 20 |
# | 6 The first weights | `init_std` | 2 | 5 |

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

# %% task="linear_regression"
# About 15 minutes, easy. Stuck? hint("linear_regression") shows a first step.
def linear_regression(X: Tensor, y: Tensor, ridge: float = 0.0) -> tuple[Tensor, Tensor]:
    """The weights and the bias that minimise the sum of squares plus ridge times the squared length of the weights.

    Shapes:
        X      (N, D)  with more rows than columns, and columns that do not depend on one another
        y      (N,)
        ridge  float   at least 0; the bias is not penalised
        out    the weights (D,), the bias ()
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="linear_regression"
# check("foundations", task="linear_regression")

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

# %% task="count_regions"
# About 5 minutes, easy. Stuck? hint("count_regions") shows a first step.
def count_regions(D_in: int, D: int) -> int:
    """The largest number of linear pieces of one layer.

    Shapes:
        D_in  int  inputs, at least 1
        D     int  ReLUs, at least 0; also fewer than inputs
        out   Python int, exact
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="count_regions"
# check("foundations", task="count_regions")

# %% task="count_parameters"
# About 10 minutes, easy. Stuck? hint("count_parameters") shows a first step.
def count_parameters(D_in: int, D: int, K: int, D_out: int) -> int:
    """The number of weights and biases of a network with K hidden layers of D units, fully connected.

    Shapes:
        D_in, D, D_out  int  inputs, hidden units of each layer, outputs
        K               int  hidden layers, at least 0; with none, inputs are connected with outputs
        out             Python int
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="count_parameters"
# check("foundations", task="count_parameters")

# %% [markdown]
# How many pieces are *there*? In each, the same units are on. The rows of $Wx + b > 0$ for many points $x$ are the
# patterns that occur.

# %% task="activation_patterns"
# About 15 minutes, easy. Stuck? hint("activation_patterns") shows a first step.
def activation_patterns(W: Tensor, b: Tensor, X: Tensor) -> tuple[Tensor, Tensor]:
    """The different patterns of units that are on, and which of them each point has.

    Shapes:
        W    (D, D_in)   weights
        b    (D,)
        X    (N, D_in)   points
        out  the patterns (P, D), bool, each once, in any order; the number of each point's pattern (N,), int64
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="activation_patterns"
# check("foundations", task="activation_patterns")

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

# %% task="relu_interpolant"
# About 25 minutes, medium. Stuck? hint("relu_interpolant") shows a first step.
def relu_interpolant(x_knots: Tensor, y_knots: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """The network $b + \\sum_j w_j \\max(0, x - t_j)$ through all knots, linear between them.

    Left of the first knot it is constant; right of the last knot it goes on with the last slope.

    Shapes:
        x_knots  (K,)    K at least 2, ascending
        y_knots  (K,)
        out      b (), the weights w (K - 1,), the joints t (K - 1,): the first K - 1 knots
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="relu_interpolant"
# check("foundations", task="relu_interpolant")

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


# %% task="activation"
# About 20 minutes, easy. Stuck? hint("activation") shows a first step.
def activation(name: str, x: Tensor) -> Tensor:
    """The activation of each number. torch.nn is not allowed; torch.sigmoid, exp, erf and where are.

    Shapes:
        name  str    one of NAMES; ValueError for another
        x     float  any shape, from -100 to 100; it is not changed
        out   like x, finite
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="activation"
# check("foundations", task="activation")

# %% [markdown]
# Training uses the slopes. The sigmoid's is at most a quarter, so ten layers shrink a gradient to a millionth;
# ReLU's is 1 or 0. Derive each by hand: with $s$ for the sigmoid of $x$, swish has $s + x s (1 - s)$; GELU has
# $\Phi(x) + x \varphi(x)$ with the density $\varphi(x) = e^{-x^2 / 2} / \sqrt{2 \pi}$.

# %% task="activation_grad"
# About 25 minutes, medium. Stuck? hint("activation_grad") shows a first step.
def activation_grad(name: str, x: Tensor) -> Tensor:
    """The derivative of each activation, by its formula. Automatic differentiation is not allowed.

    At 0, relu and leaky have the slope of the left side.

    Shapes:
        name  str    one of NAMES; ValueError for another
        x     float  any shape, from -100 to 100; it is not changed
        out   like x, finite
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="activation_grad"
# check("foundations", task="activation_grad")

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

# %% task="maxout"
# About 10 minutes, easy. Stuck? hint("maxout") shows a first step.
def maxout(x: Tensor, k: int) -> Tensor:
    """The largest of k pieces for each output.

    Shapes:
        x    (N, k * D)  D outputs of the first piece, D of the second, ...
        out  (N, D)
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="maxout"
# check("foundations", task="maxout")

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

# %% task="nll"
# About 35 minutes, medium. Stuck? hint("nll") shows a first step.
def nll(kind: str, prediction: Tensor, y: Tensor) -> Tensor:
    """The mean negative log-likelihood. torch.distributions and ready losses are not allowed.

    Shapes:
        kind        str     "gaussian", "laplace", "bernoulli", "categorical" or "poisson"; ValueError for another
        prediction  (N, P)  P is 2, 2, 1, the number of classes, 1; see the table
        y           (N,)    float; for "categorical" int64; for "bernoulli" 0.0 or 1.0; for "poisson" 0.0, 1.0, 2.0, ...
        out         ()      finite also for logits of 1000
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="nll"
# check("foundations", task="nll")

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

# %% task="nll_von_mises"
# About 15 minutes, medium. Stuck? hint("nll_von_mises") shows a first step.
def nll_von_mises(prediction: Tensor, y: Tensor) -> Tensor:
    """The mean negative log-likelihood of angles.

    Shapes:
        prediction  (N, 2)  the angle mu in radians, and log kappa, up to 12
        y           (N,)    radians, any real numbers
        out         ()      finite
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="nll_von_mises"
# check("foundations", task="nll_von_mises")

# %% [markdown]
# **Several answers.** If one question has two right answers, their mean is wrong. A **mixture density
# network** (Bishop 1994) predicts $K$ normal distributions with weights $\pi_k$, the softmax of $K$ logits:
#
# $$-\log \sum_k \pi_k \, \mathcal N(y; \mu_k, \sigma_k^2) =
# -\operatorname{logsumexp}_k \left(\log \pi_k - \tfrac12 \log 2 \pi \sigma_k^2
# - \frac{(y - \mu_k)^2}{2 \sigma_k^2}\right)$$

# %% task="nll_mixture"
# About 20 minutes, medium. Stuck? hint("nll_mixture") shows a first step.
def nll_mixture(prediction: Tensor, y: Tensor) -> Tensor:
    """The mean negative log-likelihood of a mixture of K normal distributions.

    Shapes:
        prediction  (N, 3 * K)  K logits of the weights, then K means, then K logarithms of variances
        y           (N,)
        out         ()          finite also where all K densities are below 1e-300
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="nll_mixture"
# check("foundations", task="nll_mixture")

# %% [markdown]
# **Orders.** Someone puts $K$ items into an order $o_1, o_2, \dots$, best first. By Plackett (1975) and Luce (1959),
# the first is chosen by the softmax of all scores, the second by the softmax of those that are left, and so on:
# $-\sum_i (s_{o_i} - \operatorname{logsumexp}_{j \geq i} s_{o_j})$. For the scores 2, 1, 0 in this order: 0.7209.

# %% task="nll_plackett_luce"
# About 20 minutes, medium. Stuck? hint("nll_plackett_luce") shows a first step.
def nll_plackett_luce(scores: Tensor, order: Tensor) -> Tensor:
    """The mean negative log-likelihood of orders.

    Shapes:
        scores  (N, K)  a score for each item
        order   (N, K)  int64, in each row the numbers of all items, best first
        out     ()      finite also for scores of 1000
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="nll_plackett_luce"
# check("foundations", task="nll_plackett_luce")

# %% [markdown]
# ## 5 Losses of other kinds
#
# A **margin loss** takes a score $s$ and a label $y$ of $-1$ or $1$. The hinge $\max(0, 1 - ys)$ makes the SVM, and the
# exponential $e^{-ys}$ makes AdaBoost: one outlier can rule it.

# %% task="margin_loss"
# About 5 minutes, easy. Stuck? hint("margin_loss") shows a first step.
def margin_loss(kind: str, score: Tensor, y: Tensor) -> Tensor:
    """The mean margin loss.

    Shapes:
        kind   str   "hinge" or "exponential"; ValueError for another
        score  (N,)
        y      (N,)  -1.0 or 1.0
        out    ()
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="margin_loss"
# check("foundations", task="margin_loss")

# %% [markdown]
# The **contrastive loss** (Hadsell, Chopra and LeCun 2006) takes the distance $d$ of two embeddings: pairs of one kind
# ($y = 1$) are pulled together, others ($y = 0$) pushed apart until they are a margin $m$ away:
# $\frac{1}{2} \left(y d^2 + (1 - y) \max(0, m - d)^2\right)$.

# %% task="contrastive_loss"
# About 5 minutes, easy. Stuck? hint("contrastive_loss") shows a first step.
def contrastive_loss(d: Tensor, y: Tensor, m: float) -> Tensor:
    """The mean contrastive loss.

    Shapes:
        d    (N,)   distances, at least 0
        y    (N,)   1.0 for pairs of one kind, 0.0 for others
        m    float  the margin
        out  ()
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="contrastive_loss"
# check("foundations", task="contrastive_loss")

# %% [markdown]
# **Label smoothing** (Szegedy et al. 2016) replaces the target 1 by $1 - a + a / K$ and each 0 by $a / K$, so that the
# logits need not grow for ever. For $a = 0.1$, logits $(2, 0, 0)$ and class 0 the loss is 0.3729.

# %% task="label_smoothing"
# About 10 minutes, easy. Stuck? hint("label_smoothing") shows a first step.
def label_smoothing(logits: Tensor, y: Tensor, a: float) -> Tensor:
    """The mean cross-entropy with smoothed targets. F.cross_entropy is not allowed.

    Shapes:
        logits  (N, K)
        y       (N,)   int64
        a       float  from 0 to 1
        out     ()
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="label_smoothing"
# check("foundations", task="label_smoothing")

# %% [markdown] question="foundations-q1"
# **Question 1.** Given $x = (1, 1, 1, 1)$, the weights $(1, 0, 0, 0)$ and $(¼, ¼, ¼, ¼)$ predict the same. Which of
# them does an L2 penalty choose, and which does an L1 penalty choose? What does each say about the inputs?

# %% [markdown] answer="foundations-q1"
# YOUR ANSWER HERE

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

# %% task="init_std"
# About 5 minutes, easy. Stuck? hint("init_std") shows a first step.
def init_std(fan_in: int, fan_out: int, kind: str) -> float:
    """The standard deviation of the first weights.

    Shapes:
        fan_in, fan_out  int  inputs and outputs of the layer
        kind             str  "xavier", "he" or "lecun"; ValueError for another
        out              Python float
    """
    # YOUR CODE HERE
    raise NotImplementedError()

# %% tags=["active-ipynb"] grade="init_std"
# check("foundations", task="init_std")

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
# YOUR ANSWER HERE

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
