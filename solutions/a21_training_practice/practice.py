# %% [markdown]
# # Practice
#
# Which way, how far, how long? When to stop, what to change in the data, what to average, and what to keep of a trained
# network? Here you write what practice answers, each answer as a short function. Sources are named where a rule comes
# from; the frame is Prince's *Understanding Deep Learning* (2023), chapters 6, 8 and 9.
#
# No function changes its inputs, unless its docstring says so.
#
# <!-- parts -->

# %%
import copy
import math
from collections.abc import Callable

import torch
from torch import Tensor, nn

# %% tags=["active-ipynb"]
# from autograder import check, hint
# from common.data import signals
# from common.plots import curves
# from common.plots.figure import new_figure
# from common.training.seed import seed_everything
#
# seed_everything(0)

# %% [markdown]
# ## 1 Steps downhill
#
# A **line search** finds the best step along a direction $d$. Between 0 and $b$, let $f(x + td)$ fall and then rise.
# Compare two inner places: the minimum is not beyond the worse one, so that part is cut off. With the golden section,
# one of the two places serves again in the next round.


# %% task="line_search" minutes=25 difficulty="medium"
def line_search(f: Callable[[Tensor], Tensor], x: Tensor, d: Tensor, b: float, tol: float = 1e-4) -> float:
    """The step t in [0, b] at which f(x + t d) is least, by comparing values of f. No derivatives are used.

    Shapes:
        f    function from (D,) to (); along d it falls, and then rises
        x, d (D,)   float64
        b    float  the largest step
        tol  float  the result is at most so far from the best step
        out  Python float
    """
    ### BEGIN SOLUTION
    low, high, golden = 0.0, float(b), (math.sqrt(5) - 1) / 2
    left, right = high - golden * (high - low), low + golden * (high - low)
    f_left, f_right = float(f(x + left * d)), float(f(x + right * d))
    while high - low > tol:
        if f_left <= f_right:
            high, right, f_right = right, left, f_left
            left = high - golden * (high - low)
            f_left = float(f(x + left * d))
        else:
            low, left, f_left = left, right, f_right
            right = low + golden * (high - low)
            f_right = float(f(x + right * d))
    return (low + high) / 2
    ### END SOLUTION


# %% [markdown] hint="line_search"
# 1. Keep a bracket from `low` to `high`. Compute f at two places inside; if the left value is smaller, the minimum is
#    not right of the right place: that becomes `high`. Otherwise the left place becomes `low`.
# 2. Thirds work, and the golden section needs one value less in each round. Return the middle of the last bracket.

# %% [markdown]
# **Newton's step** goes to where the quadratic approximation is stationary: solve $H s = -g$. In a quadratic bowl, one
# step is enough; near a saddle, it climbs *to* the saddle. Which kind of place is it? Look at the eigenvalues of $H$:
# all positive is a minimum, all negative a maximum, both signs a saddle. If one is 0, and the others agree, the second
# derivatives cannot tell: call it flat.


# %% task="newton_step" minutes=5 difficulty="easy"
def newton_step(g: Tensor, H: Tensor) -> Tensor:
    """The step to the stationary point of the quadratic approximation.

    Shapes:
        g    (D,)    gradient
        H    (D, D)  Hessian, symmetric, invertible
        out  (D,)    what is added to x
    """
    ### BEGIN SOLUTION
    return torch.linalg.solve(H, -g)
    ### END SOLUTION


# %% [markdown] hint="newton_step"
# 1. `torch.linalg.solve(H, g)` solves for one right side; the sign is negative.


# %% task="classify_critical" minutes=10 difficulty="easy"
def classify_critical(H: Tensor) -> str:
    """What kind of place a vanishing gradient is.

    An eigenvalue counts as 0 if its absolute value is at most 1e-8 times the largest one. Two signs make a saddle,
    whatever the others are.

    Shapes:
        H    (D, D)  Hessian, symmetric
        out  "minimum", "maximum", "saddle" or "flat"
    """
    ### BEGIN SOLUTION
    values = torch.linalg.eigvalsh(H)
    small = 1e-8 * values.abs().max()
    up, down = bool((values > small).any()), bool((values < -small).any())
    if up and down:
        return "saddle"
    if bool((values.abs() <= small).any()):
        return "flat"
    return "minimum" if up else "maximum"
    ### END SOLUTION


# %% [markdown] hint="classify_critical"
# 1. `torch.linalg.eigvalsh(H)` returns the eigenvalues of a symmetric matrix. Its diagonal alone says nothing.
# 2. Ask in this order: are there two signs? Is one 0? Which sign?

# %% [markdown]
# A loss with only two parameters can be hard. The **Gabor model** of Prince (chapter 6) is
#
# $$f(x) = \sin(u) \, e^{-u^2 / 32}, \qquad u = \varphi_0 + 0.06 \, \varphi_1 x.$$
#
# $\varphi_0$ shifts the wave, $\varphi_1$ stretches it, and $\sum_n (f(x_n) - y_n)^2$ has many minima.


# %% task="gabor_loss" minutes=20 difficulty="medium"
def gabor_loss(phi: Tensor, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    """The sum of squares and its gradient, by formulas. Automatic differentiation is not allowed.

    Shapes:
        phi   (2,)
        x, y  (N,)
        out   the loss (), the gradient (2,)
    """
    ### BEGIN SOLUTION
    u = phi[0] + 0.06 * phi[1] * x
    bell = (-u * u / 32).exp()
    residual = u.sin() * bell - y
    slope = 2 * residual * bell * (u.cos() - u / 16 * u.sin())
    return (residual**2).sum(), torch.stack([slope.sum(), (slope * 0.06 * x).sum()])
    ### END SOLUTION


# %% [markdown] hint="gabor_loss"
# 1. First the derivative in $u$: the product rule gives $e^{-u^2/32} (\cos u - \frac{u}{16} \sin u)$.
# 2. Then $\partial u / \partial \varphi_0 = 1$ and $\partial u / \partial \varphi_1 = 0.06 x$; the chain rule adds the
#    factor 2 times the residual.

# %% tags=["active-ipynb"]
# x = torch.linspace(-15, 15, 28, dtype=torch.float64)
# u = 0.06 * 16.6 * x
# y = u.sin() * (-u * u / 32).exp() + 0.1 * torch.randn(28, dtype=torch.float64)
# offsets, factors = torch.linspace(-10, 10, 90, dtype=torch.float64), torch.linspace(2, 25, 90, dtype=torch.float64)
# heights = torch.stack([torch.stack([gabor_loss(torch.stack([a, b]), x, y)[0] for b in factors]) for a in offsets])
# figure = new_figure(6, 4, "The loss of the Gabor model over both parameters, and paths from twelve starts.")
# axes = figure.add_subplot(xlabel="factor", ylabel="offset")
# axes.contourf(factors, offsets, heights, 20)
# reached = []
# for _ in range(12):
#     phi = torch.tensor([-10.0, 2.0]).double() + torch.tensor([20.0, 23.0]).double() * torch.rand(2).double()
#     path = [phi]
#     for step in range(2000):
#         g = gabor_loss(phi, x, y)[1]
#         phi = phi - 0.02 * (1 - step / 2000) * g
#         path.append(phi)
#     reached.append(float(gabor_loss(phi, x, y)[0]))
#     axes.plot(*torch.stack(path).T.flip(0), "w-", linewidth=1)
#     axes.plot(float(phi[1]), float(phi[0]), "r.")
# axes.set(xlim=(2, 25), ylim=(-10, 10))
# print(f"least loss {min(reached):.3f}; {sum(r < min(reached) + 0.02 for r in reached)} of 12 starts reach it")
# figure

# %% [markdown]
# ## 2 The rate over time
#
# With step $t$ of $T$, and the first rate $r$:
#
# | kind | rate at step $t$ |
# |---|---|
# | constant | $r$ |
# | step | $r$ times 0.1 for each of 30 %, 60 % and 90 % of $T$ that $t$ has reached (He et al. 2016) |
# | linear | $r (1 - t/T)$ |
# | cosine | $\frac{r}{2} (1 + \cos(\pi t / T))$ (Loshchilov and Hutter 2017): 0.8536 r at a quarter |
# | inverse root | $r / \sqrt{t + 1}$ |


# %% task="schedule" minutes=15 difficulty="easy"
def schedule(kind: str, t: int, T: int, base: float) -> float:
    """The rate at step t.

    Shapes:
        kind  str    "constant", "step", "linear", "cosine" or "inverse root"; ValueError for another
        t     int    from 0 to T
        T     int    at least 1
        base  float  the rate at step 0
        out   Python float
    """
    ### BEGIN SOLUTION
    if kind == "constant":
        return base
    if kind == "step":
        return base * 0.1 ** sum(100 * t >= share * T for share in (30, 60, 90))
    if kind == "linear":
        return base * (1 - t / T)
    if kind == "cosine":
        return base * 0.5 * (1 + math.cos(math.pi * t / T))
    if kind == "inverse root":
        return base / math.sqrt(t + 1)
    raise ValueError(f"unknown kind {kind!r}")
    ### END SOLUTION


# %% [markdown] hint="schedule"
# 1. Count how many of the three places t has reached: `t >= 0.3 * T` and so on. At exactly 30 %, the rate has changed.
#    (`100 * t >= 30 * T` compares whole numbers.)
# 2. The cosine goes from 1 to -1; half of one plus it goes from 1 to 0.

# %% [markdown]
# At the start, gradients are large and moments are not yet known. A **warm-up** of $s$ steps multiplies the rate of
# step $t < s$ by $(t + 1) / s$ (Goyal et al. 2017). The schedule itself runs on: nothing starts again after the
# warm-up.


# %% task="warmup" minutes=10 difficulty="easy"
def warmup(rate: Callable[[int], float], steps: int) -> Callable[[int], float]:
    """The schedule with a linear warm-up.

    Shapes:
        rate   function from a step to a rate
        steps  int, at least 0; with 0, the rates are unchanged
        out    function from a step to a rate
    """

    ### BEGIN SOLUTION
    def warmed(t: int) -> float:
        return rate(t) * min(1.0, (t + 1) / steps) if steps else rate(t)

    return warmed
    ### END SOLUTION


# %% [markdown] hint="warmup"
# 1. Write a function inside, and return it. It calls `rate(t)` for the same t.
# 2. The factor is $(t + 1) / s$, but never above 1.

# %% tags=["active-ipynb"]
# T = 200
# lines = {kind: [schedule(kind, t, T, 1.0) for t in range(T)] for kind in ("step", "linear", "cosine", "inverse root")}
# warmed = warmup(lambda t: schedule("cosine", t, T, 1.0), 30)
# curves(lines | {"cosine, warmed up": [warmed(t) for t in range(T)]}, xlabel="step", ylabel="rate", title="Schedules")

# %% [markdown]
# What do they do to the loss? Gradients of batches are noisy. With a constant rate, the loss falls to a floor that the
# noise holds up; a smaller rate has a lower floor, so the loss drops wherever the rate does. Here the loss is
# $\frac12 \lVert w \rVert^2$, and noise is added to each gradient.

# %% tags=["active-ipynb"]
# heights = {}
# for kind in ("constant", "step", "linear", "cosine"):
#     w, heights[kind] = torch.full((1000,), 2.0), []
#     for t in range(T):
#         heights[kind].append(float(w.square().mean().log10()))
#         w = w - schedule(kind, t, T, 0.2) * (w + torch.randn(1000))
# curves(heights, xlabel="step", ylabel="log10 of the mean square of w", title="Noisy descent with four schedules")

# %% [markdown]
# **Snapshots** (Huang et al. 2017) run the cosine several times: at the end of each cycle the rate is near 0, the
# network has settled, and a copy is kept; then the rate jumps up. With $L = \lceil T / M \rceil$ steps in each of $M$
# cycles, the rate of step $t = 0, 1, \dots$ is $\frac{r}{2} (1 + \cos(\pi (t \bmod L) / L))$.


# %% task="snapshot_lrs" minutes=10 difficulty="easy"
def snapshot_lrs(T: int, cycles: int, base: float) -> list[float]:
    """The rates of T steps with restarts.

    Shapes:
        T, cycles  int, 1 <= cycles <= T
        out        list of T Python floats
    """
    ### BEGIN SOLUTION
    length = math.ceil(T / cycles)
    return [base * 0.5 * (1 + math.cos(math.pi * (t % length) / length)) for t in range(T)]
    ### END SOLUTION


# %% [markdown] hint="snapshot_lrs"
# 1. `t % length` is the place inside the cycle. The length is rounded up.

# %% [markdown]
# **Early stopping** (Prince 2023, section 9.3.1) ends when the validation loss has not fallen for some time, and goes
# back to the *best* weights. Keep a copy of them: a reference would change with the next step. A loss counts as better
# if it is below the best one by more than `min_delta`.


# %% task="EarlyStopping" minutes=25 difficulty="medium"
class EarlyStopping:
    """Says when to stop, and keeps the best weights."""

    def __init__(self, patience: int, min_delta: float = 0.0) -> None:
        """Wait for `patience` updates in a row without a better loss."""
        ### BEGIN SOLUTION
        self.patience, self.min_delta = patience, min_delta
        self.best, self.waited, self.state = math.inf, 0, {}
        ### END SOLUTION

    def update(self, loss: float, model: nn.Module) -> bool:
        """Note a validation loss, and the model's weights and buffers if it is better. True if training should stop.

        The first loss is always better. With a patience of 2, the second update in a row that is not better stops.
        """
        ### BEGIN SOLUTION
        if loss < self.best - self.min_delta:
            self.best, self.waited, self.state = loss, 0, copy.deepcopy(model.state_dict())
        else:
            self.waited += 1
        return self.waited >= self.patience
        ### END SOLUTION

    def restore(self, model: nn.Module) -> None:
        """Give the model its best weights and buffers again."""
        ### BEGIN SOLUTION
        model.load_state_dict(self.state)
        ### END SOLUTION


# %% [markdown] hint="EarlyStopping"
# 1. Keep the best loss (infinite at first), the number of updates since then, and a copy of `model.state_dict()`.
# 2. `state_dict()` refers to the tensors of the model: use `copy.deepcopy`, or clone each.
# 3. The count starts again with every better loss.

# %% [markdown]
# ## 3 Penalties that shrink
#
# **Adam** (Kingma and Ba 2015): $m \leftarrow \beta_1 m + (1 - \beta_1) g$, $v \leftarrow \beta_2 v + (1 - \beta_2)
# g^2$, and with $\hat m = m / (1 - \beta_1^t)$, $\hat v = v / (1 - \beta_2^t)$ the step is $-r \, \hat m / (\sqrt{\hat
# v} + \varepsilon)$, where $t$ counts from 1.
#
# Where does the decay $\lambda$ belong? Added to the gradient, $g + \lambda w$, it is divided by $\sqrt{\hat v}$, so
# weights with large gradients hardly shrink. **AdamW** (Loshchilov and Hutter 2019) first shrinks the weights,
# $w \leftarrow w - r \lambda w$, and then does Adam's step with the pure gradient.


# %% task="adam_step" minutes=30 difficulty="medium"
def adam_step(
    w: Tensor,
    g: Tensor,
    state: dict,
    lr: float = 1e-3,
    betas: tuple[float, float] = (0.9, 0.999),
    eps: float = 1e-8,
    weight_decay: float = 0.0,
    decoupled: bool = True,
) -> tuple[Tensor, dict]:
    """One step of AdamW, or of Adam with the penalty in its gradient (`decoupled=False`).

    Shapes:
        w, g   any shape
        state  {} before the first step, then what the last call returned; it is not changed
        out    the new weights, like w; the new state, with whatever keys you need
    """
    ### BEGIN SOLUTION
    t = state.get("t", 0) + 1
    if decoupled:
        w = w - lr * weight_decay * w
    else:
        g = g + weight_decay * w
    m = betas[0] * state.get("m", torch.zeros_like(w)) + (1 - betas[0]) * g
    v = betas[1] * state.get("v", torch.zeros_like(w)) + (1 - betas[1]) * g * g
    step = (m / (1 - betas[0] ** t)) / ((v / (1 - betas[1] ** t)).sqrt() + eps)
    return w - lr * step, {"t": t, "m": m, "v": v}
    ### END SOLUTION


# %% [markdown] hint="adam_step"
# 1. `state.get("t", 0)` works before the first step, too. Count first: the powers use t from 1.
# 2. The decay of AdamW is $r \lambda w$: the rate is in it, the moments are not.
# 3. Return a new dictionary: the caller may need the old one.

# %% [markdown]
# A race away from a saddle: $f(w) = \frac52 w_1^2 + \frac14 (w_2^2 - 1)^2$ has its saddle at 0 and two minima, and all
# begin near $w_2 = 0$, where the slope that leads out is tiny.

# %% tags=["active-ipynb"]
# def race(kind, steps=40):
#     """Return the places of one way to descend."""
#     w, state, velocity = torch.tensor([-1.2, 0.02]).double(), {}, 0.0
#     path = [w]
#     for _ in range(steps):
#         g = torch.stack([5 * w[0], w[1] * (w[1] ** 2 - 1)])
#         if kind == "Newton":
#             w = w + newton_step(g, torch.diag(torch.stack([5 + 0 * w[0], 3 * w[1] ** 2 - 1])))
#         elif kind == "Adam":
#             w, state = adam_step(w, g, state, lr=0.05)
#         else:
#             velocity = g + (0.9 * velocity if kind == "momentum" else 0)
#             w = w - 0.03 * velocity
#         path.append(w)
#     return torch.stack(path)
#
#
# across, along = torch.linspace(-1.4, 1.4, 80).double(), torch.linspace(-0.4, 1.4, 80).double()
# heights = 2.5 * across**2 + 0.25 * (along[:, None] ** 2 - 1) ** 2
# figure = new_figure(7, 4, "From near a saddle: Newton's step ends there, plain descent is slow, Adam is first.")
# axes = figure.add_subplot(xlabel="$w_1$", ylabel="$w_2$", title="40 steps")
# axes.contour(across, along, heights, 25, colors="gray", linewidths=0.5)
# for kind, mark in (("gradient descent", "o-"), ("momentum", "s-"), ("Adam", "^-"), ("Newton", "D--")):
#     path = race(kind)
#     axes.plot(*path.T, mark, markersize=3, linewidth=1, label=f"{kind}: $w_2$ = {float(path[-1, 1]):.2f}")
# axes.plot(0, 1, "k*", markersize=10)
# axes.legend(fontsize=8)
# figure

# %% [markdown]
# An L1 penalty has a corner at 0. Its **proximal step** (soft threshold) minimises
# $\frac12 (u - w)^2 + t \lvert u \rvert$: move each weight towards 0 by $t$, and stop *at* 0. That makes weights that
# are exactly 0.


# %% task="l1_prox" minutes=5 difficulty="easy"
def l1_prox(w: Tensor, t: float) -> Tensor:
    """The soft threshold.

    Shapes:
        w    any shape
        t    float  at least 0
        out  like w
    """
    ### BEGIN SOLUTION
    return w.sign() * (w.abs() - t).clamp(min=0)
    ### END SOLUTION


# %% [markdown] hint="l1_prox"
# 1. The sign of w times what is left of its size, cut at 0.

# %% [markdown]
# What a penalty does to a network can be seen in the plane. Below, the same network learns two classes, of which a
# tenth of the labels is wrong, with the L2 penalty $\lambda \lVert W \rVert^2$ for three values of $\lambda$.

# %% tags=["active-ipynb"]
# random = torch.Generator().manual_seed(0)
# points = torch.randn(80, 2, generator=random).clamp(-2.9, 2.9)
# sides = (points.prod(dim=1) > 0) ^ (torch.rand(80, generator=random) < 0.1)
# grid = torch.cartesian_prod(torch.linspace(-3, 3, 100), torch.linspace(-3, 3, 100))
# figure = new_figure(9, 3, "Regions of a network: with penalty 0.001 arms reach for single points, with 0.01 there "
#                           "are four quarters, with 0.1 the answer is the same everywhere.")
# for place, lam in enumerate((0.001, 0.01, 0.1)):
#     torch.manual_seed(1)
#     model = nn.Sequential(nn.Linear(2, 50), nn.ReLU(), nn.Linear(50, 50), nn.ReLU(), nn.Linear(50, 1))
#     optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
#     for _ in range(300):
#         size = sum(layer.weight.square().sum() for layer in model[::2])
#         loss = nn.functional.binary_cross_entropy_with_logits(model(points)[:, 0], sides.float()) + lam * size
#         optimizer.zero_grad()
#         loss.backward()
#         optimizer.step()
#     with torch.no_grad():
#         regions, right = model(grid).reshape(100, 100) > 0, (model(points)[:, 0] > 0) == sides
#     axes = figure.add_subplot(1, 3, place + 1, aspect="equal", xticks=[], yticks=[])
#     axes.imshow(regions.T, extent=(-3, 3, -3, 3), origin="lower", cmap="coolwarm", alpha=0.4, vmin=0, vmax=1)
#     for side, marker in ((False, "bo"), (True, "r^")):
#         axes.plot(*points[sides == side].T, marker, markersize=3.5)
#     axes.set_title(f"penalty {lam}: {float(right.float().mean()):.0%} of the points right", fontsize=10)
# figure

# %% [markdown]
# ## 4 Noise that helps
#
# **Mixup** (Zhang et al. 2018) trains on mixtures of two examples: $\lambda x_i + (1 - \lambda) x_j$, with the targets
# mixed by the *same* $\lambda$. It is drawn from a Beta distribution, often near 0 or 1. Here $\lambda$ and the
# partners $j$ are given, so that your code has one right answer.


# %% task="mixup" minutes=10 difficulty="easy"
def mixup(x: Tensor, targets: Tensor, lam: float, order: Tensor) -> tuple[Tensor, Tensor]:
    """Mix each example with its partner.

    Shapes:
        x        (N, ...)  examples
        targets  (N, K)    one-hot or other probabilities
        lam      float     from 0 to 1, the share of the example itself
        order    (N,)      int64, the number of each example's partner
        out      like x, like targets
    """
    ### BEGIN SOLUTION
    return lam * x + (1 - lam) * x[order], lam * targets + (1 - lam) * targets[order]
    ### END SOLUTION


# %% [markdown] hint="mixup"
# 1. `x[order]` has the partners. Both results use the same lam and the same order.

# %% [markdown]
# **Cutout** (DeVries and Taylor 2017) covers a square by zeros, so that no single part of the object suffices. The
# square may reach beyond the border; what is outside is cut off, not moved inside.


# %% task="cutout" minutes=20 difficulty="easy"
def cutout(x: Tensor, size: int, rows: Tensor, columns: Tensor) -> Tensor:
    """Cover a square of each image. It begins `size // 2` above and left of its middle, and has `size` pixels a side.

    Shapes:
        x              (N, C, H, W)
        size           int, at least 1
        rows, columns  (N,)  int64, the middle of each square, inside the image
        out            like x
    """
    ### BEGIN SOLUTION
    out = x.clone()
    for n, (row, column) in enumerate(zip(rows.tolist(), columns.tolist(), strict=True)):
        top, left = row - size // 2, column - size // 2
        out[n, :, max(top, 0) : top + size, max(left, 0) : left + size] = 0
    return out
    ### END SOLUTION


# %% [markdown] hint="cutout"
# 1. Work on a clone. For image n the rows go from `row - size // 2` to `size` rows further.
# 2. A negative start of a slice counts from the end: use `max(top, 0)`, and compute the end from `top` before.

# %% tags=["active-ipynb"]
# drawn = signals.draw(6, seed=4)
# mixed, _ = mixup(drawn.x, torch.eye(10)[drawn.y], 0.6, torch.arange(6).roll(1))
# figure = new_figure(10, 2.4, "Three signals, and each of them mixed with another one.")
# for place in range(3):
#     axes = figure.add_subplot(1, 3, place + 1, yticks=[], xlabel="place")
#     axes.plot(drawn.x[place, 0], label=f"class {int(drawn.y[place])}")
#     axes.plot(mixed[place, 0], "--", label="mixed")
#     axes.legend(frameon=False)
# figure

# %% [markdown]
# **DropConnect** (Wan et al. 2013) sets each *weight* to 0 with probability $p$, where dropout sets units to 0.
# **Stochastic depth** (Huang et al. 2016) drops whole residual branches: $x + b F(x)$, where $b$ is 1 with probability
# $1 - p$, for each example on its own. At test time, both take the mean: $(1 - p) W$, and $x + (1 - p) F(x)$.


# %% task="drop_connect" minutes=15 difficulty="easy"
def drop_connect(x: Tensor, W: Tensor, p: float, train: bool, generator: torch.Generator) -> Tensor:
    """A linear layer without bias whose weights are dropped.

    Shapes:
        x    (N, D)
        W    (K, D)
        p    float  from 0 to 1, the probability that a weight is 0; one mask for all rows of x
        out  (N, K)  x W^T; in training with a new mask, drawn by `generator`, and no other factor
    """
    ### BEGIN SOLUTION
    if not train:
        return (1 - p) * x @ W.T
    mask = torch.rand(W.shape, generator=generator, dtype=W.dtype, device=W.device) >= p
    return x @ (W * mask).T
    ### END SOLUTION


# %% [markdown] hint="drop_connect"
# 1. `torch.rand(W.shape, generator=generator, ...) >= p` is True with probability $1 - p$, for each weight.
# 2. The factor $1 - p$ belongs to the test time only.


# %% task="stochastic_depth" minutes=15 difficulty="easy"
def stochastic_depth(x: Tensor, branch: Tensor, p: float, train: bool, generator: torch.Generator) -> Tensor:
    """A residual sum whose branch is dropped.

    Shapes:
        x, branch  (N, ...)  the shortcut and F(x), of the same shape
        p          float     the probability that an example's branch is dropped
        out        like x    in training with one draw of `generator` for each example
    """
    ### BEGIN SOLUTION
    if not train:
        return x + (1 - p) * branch
    kept = torch.rand(len(x), generator=generator, dtype=x.dtype, device=x.device) >= p
    return x + branch * kept.reshape(-1, *[1] * (x.dim() - 1))
    ### END SOLUTION


# %% [markdown] hint="stochastic_depth"
# 1. Draw N numbers, one for each example, and reshape them to (N, 1, ..., 1).
# 2. The shortcut always stays. In training, the branch is kept whole or dropped whole, without a factor.

# %% [markdown]
# ## 5 Averages
#
# The mean of several predictions is seldom worse than one of them; ensembles gain one or two per cent. Averaging
# *weights* along one training is cheaper: **SWA** (Izmailov et al. 2018) keeps a running mean,
# $\bar w \leftarrow \bar w + (w - \bar w) / (n + 1)$, where $n$ networks are in it already. (Running statistics of
# batch normalisation are computed again afterwards.)


# %% task="swa_update" minutes=10 difficulty="easy"
def swa_update(average: list[Tensor], new: list[Tensor], n: int) -> list[Tensor]:
    """The mean of n + 1 networks, from the mean of n and a new one.

    Shapes:
        average, new  lists of tensors, shapes in pairs equal
        n             int  at least 0; with 0, the result equals `new`
        out           list of new tensors
    """
    ### BEGIN SOLUTION
    return [a + (w - a) / (n + 1) for a, w in zip(average, new, strict=True)]
    ### END SOLUTION


# %% [markdown] hint="swa_update"
# 1. The new network has the weight $1 / (n + 1)$, not one half.

# %% [markdown]
# **Monte Carlo dropout** (Gal and Ghahramani 2016) keeps dropout on at test time. The spread of several predictions
# says how uncertain the network is. Everything else, such as batch normalisation, must be in eval mode, and all modes
# must be afterwards what they were.


# %% task="mc_dropout" minutes=25 difficulty="medium"
@torch.no_grad()
def mc_dropout(model: nn.Module, x: Tensor, S: int) -> tuple[Tensor, Tensor]:
    """Mean and variance of S predictions with dropout on.

    Shapes:
        model  contains nn.Dropout; the modes of all its modules are afterwards what they were
        x      (N, ...)
        S      int, at least 1
        out    the mean and the variance (divided by S) over the predictions, like model(x)
    """
    ### BEGIN SOLUTION
    modes = {module: module.training for module in model.modules()}
    model.eval()
    for module in model.modules():
        if isinstance(module, nn.Dropout):
            module.train()
    predictions = torch.stack([model(x) for _ in range(S)])
    for module, training in modes.items():
        module.training = training
    return predictions.mean(dim=0), predictions.var(dim=0, correction=0)
    ### END SOLUTION


# %% [markdown] hint="mc_dropout"
# 1. `model.eval()`, then `module.train()` for each `nn.Dropout` in `model.modules()`.
# 2. Note `module.training` of every module first, and put each back at the end: a part may have been in eval mode while
#    the model was in train mode.
# 3. `.var(dim=0, correction=0)` divides by S.

# %% [markdown]
# An **ensemble** says the same by several networks, which differ in their first weights and, with **bagging**
# (Breiman 1996), in their data: each learns from a resample, drawn with replacement. Where there are examples, they
# agree. A single network with dropout costs less and says less: compare both bands where there are no examples.

# %% tags=["active-ipynb"]
# x = torch.cat([torch.rand(20) - 2, torch.rand(20) + 0.5])[:, None]
# y = (2 * x).sin() + 0.1 * torch.randn(40, 1)
# line = torch.linspace(-3, 3, 200)[:, None]
#
#
# def trained(rows, p, steps=200):
#     """Return a network with dropout p that was trained on these rows."""
#     model = nn.Sequential(nn.Linear(1, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Dropout(p), nn.Linear(64, 1))
#     optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
#     for _ in range(steps):
#         optimizer.zero_grad()
#         (model(x[rows]) - y[rows]).square().mean().backward()
#         optimizer.step()
#     return model
#
#
# ensemble = torch.stack([trained(torch.randint(40, (40,)), 0.0)(line) for _ in range(8)]).detach()
# mean, variance = mc_dropout(trained(torch.arange(40), 0.2), line, 50)
# bands = {"eight networks, each on a resample": (ensemble.mean(dim=0), ensemble.std(dim=0)),
#          "one network with dropout": (mean.detach(), variance.detach().sqrt())}
# figure = new_figure(9, 3, "Bands of two deviations. That of the ensemble is narrow where points are, and wide "
#                           "outside; that of dropout says less about where nothing is known.")
# for place, (title, (middle, deviation)) in enumerate(bands.items()):
#     axes = figure.add_subplot(1, 2, place + 1, ylim=(-3, 3), title=title)
#     axes.plot(x, y, ".")
#     axes.plot(line, middle)
#     axes.fill_between(line[:, 0], *((middle + k * deviation)[:, 0] for k in (-2, 2)), alpha=0.25)
# figure

# %% [markdown]
# ## 6 From one task to another
#
# **Transfer**: take a trained network, replace its head, and train the head alone, or everything at a tenth of the
# rate. To **freeze** layers means two things: their parameters require no gradient, and their batch normalisation does
# not collect statistics of the new data, so it must be in eval mode.


# %% task="freeze" minutes=15 difficulty="easy"
def freeze(model: nn.Module, names: list[str]) -> int:
    """Freeze layers of the model, in place. Other layers keep their modes and `requires_grad`.

    Shapes:
        names  names of submodules, as in `model.named_modules()`; all that they contain is frozen, too
        out    how many numbers of the model still require a gradient, Python int
    """
    ### BEGIN SOLUTION
    for name in names:
        layer = model.get_submodule(name)
        layer.requires_grad_(False)
        layer.eval()
    return sum(p.numel() for p in model.parameters() if p.requires_grad)
    ### END SOLUTION


# %% [markdown] hint="freeze"
# 1. `model.get_submodule(name)` finds also "features.0". `layer.requires_grad_(False)` and `layer.eval()` reach what is
#    inside.
# 2. Count numbers, `p.numel()`, not tensors.


# %% task="parameter_groups" minutes=15 difficulty="easy"
def parameter_groups(model: nn.Module, head: str, head_lr: float, factor: float = 0.1) -> list[dict]:
    """Two groups for a torch optimizer: the rest of the model at factor times the rate of the head, and the head.

    Shapes:
        head  name of a submodule
        out   [{"params": [...], "lr": factor * head_lr}, {"params": [...], "lr": head_lr}]
              each parameter that requires a gradient is in exactly one group, others in none
    """
    ### BEGIN SOLUTION
    last = [p for p in model.get_submodule(head).parameters() if p.requires_grad]
    known = {id(p) for p in last}
    rest = [p for p in model.parameters() if p.requires_grad and id(p) not in known]
    return [{"params": rest, "lr": factor * head_lr}, {"params": last, "lr": head_lr}]
    ### END SOLUTION


# %% [markdown] hint="parameter_groups"
# 1. Tensors are compared by their numbers: `p in list` is not what you want. Compare `id(p)`, or names.
# 2. A head "fc" must not take "fc_old" with it: a name belongs to it if it begins with "fc.".

# %% [markdown]
# ## 7 Large batches
#
# $k$ times the batch takes about $k$ times the rate, after a warm-up of some thousand steps (Goyal et al. 2017). If
# the batch does not fit into memory, **accumulate**: add the gradients of its parts. The loss is a mean over examples,
# so parts of unequal size must count by their size: the mean of means is something else.


# %% task="accumulate" minutes=20 difficulty="medium"
def accumulate(model: nn.Module, loss: Callable[[Tensor, Tensor], Tensor], parts: list[tuple[Tensor, Tensor]]) -> float:
    """Set the gradients of the model to those of the mean loss over all examples of all parts.

    Gradients from before the call are forgotten. No step is made.

    Shapes:
        loss   the mean loss of predictions and targets
        parts  pairs (x, y) of unequal lengths, at least 1 each
        out    Python float, the mean loss over all examples
    """
    ### BEGIN SOLUTION
    model.zero_grad()
    count, total = sum(len(x) for x, _ in parts), 0.0
    for x, y in parts:
        share = loss(model(x), y) * (len(x) / count)
        share.backward()
        total += float(share.detach())
    return total
    ### END SOLUTION


# %% [markdown] hint="accumulate"
# 1. Zero the gradients once, before the first part. `backward()` adds to what is there.
# 2. Multiply each part's loss by its number of examples, divided by the number of all.

# %% [markdown]
# Is the rate right? Compare the length of an update with the length of the weights: a ratio of about 0.001 is healthy.


# %% task="update_ratio" minutes=5 difficulty="easy"
def update_ratio(before: list[Tensor], after: list[Tensor]) -> float:
    """The length of the change of all weights together, divided by their length before.

    Shapes:
        before, after  lists of tensors, shapes in pairs equal; not all are 0
        out            Python float
    """
    ### BEGIN SOLUTION
    change = sum(float(((a - b) ** 2).sum()) for a, b in zip(after, before, strict=True))
    return math.sqrt(change / sum(float((b**2).sum()) for b in before))
    ### END SOLUTION


# %% [markdown] hint="update_ratio"
# 1. The weights of all layers are one long vector: add up squares over all tensors, and take one root at the end.

# %% [markdown]
# ## 8 One layer less
#
# At test time, batch normalisation is a fixed scale and shift, which the layer before can contain:
# $w' = w \gamma / \sqrt{v + \varepsilon}$, $b' = (b - m) \gamma / \sqrt{v + \varepsilon} + \beta$.


# %% task="fold_batchnorm" minutes=25 difficulty="medium"
@torch.no_grad()
def fold_batchnorm(layer: nn.Module, bn: nn.Module) -> nn.Module:
    """A new layer that computes what `layer` and then `bn` in eval mode compute. Neither is changed.

    Shapes:
        layer  nn.Conv2d or nn.Linear, with or without bias
        bn     nn.BatchNorm2d or nn.BatchNorm1d, with weight, bias and running statistics
        out    a layer of the same kind and geometry, with bias
    """
    ### BEGIN SOLUTION
    folded = copy.deepcopy(layer)
    scale = bn.weight / (bn.running_var + bn.eps).sqrt()
    bias = torch.zeros_like(bn.running_mean) if layer.bias is None else layer.bias
    folded.weight = nn.Parameter(layer.weight * scale.reshape(-1, *[1] * (layer.weight.dim() - 1)))
    folded.bias = nn.Parameter((bias - bn.running_mean) * scale + bn.bias)
    return folded
    ### END SOLUTION


# %% [markdown] hint="fold_batchnorm"
# 1. `copy.deepcopy(layer)` keeps stride, padding and groups. The scale multiplies the *first* axis of the weight.
# 2. Where there is no bias, take zeros; assign `folded.bias = nn.Parameter(...)`.
# 3. The root is of the running variance *plus* eps.

# %% [markdown]
# ## 9 Why does it generalise?
#
# Train on many samples of the data, and compare the predictions for the same points. The **bias** is how far their mean
# is from the truth; the **variance** is how much they differ. The expected squared error on new noisy answers is
# bias² + variance + noise².


# %% task="bias_variance" minutes=15 difficulty="easy"
def bias_variance(predictions: Tensor, truth: Tensor, noise: float) -> tuple[Tensor, Tensor, Tensor]:
    """Squared bias, variance, and expected squared error, as means over the points.

    Shapes:
        predictions  (S, N)  of S networks for N points
        truth        (N,)    without noise
        noise        float   the standard deviation of the answers
        out          (), (), ()  the variance divides by S; the third is the sum with the noise's variance
    """
    ### BEGIN SOLUTION
    mean = predictions.mean(dim=0)
    bias = ((mean - truth) ** 2).mean()
    variance = ((predictions - mean) ** 2).mean()
    return bias, variance, bias + variance + noise**2
    ### END SOLUTION


# %% [markdown] hint="bias_variance"
# 1. The mean over the networks, `predictions.mean(dim=0)`, comes first; its distance from the truth is squared.
# 2. The variance is around that mean, not around the truth, and divides by S.

# %% [markdown]
# What if there are more parameters than data? Many weights fit exactly. The **minimum-norm** fit is the shortest of
# them, $\Phi^+ y$ with the pseudoinverse; gradient descent from 0 finds it, too. (Descent has one more preference: its
# steps of size $r$ follow the slope of $L + \frac r4 \lVert \nabla L \rVert^2$ more closely than that of $L$, so they
# avoid steep places; Barrett and Dherin 2021.) Let us see what happens to the test error as the number of random
# features $\max(0, Wx)$ grows past the number of examples (Belkin et al. 2019).


# %% task="min_norm_fit" minutes=10 difficulty="medium"
def min_norm_fit(Phi: Tensor, y: Tensor) -> Tensor:
    """Of all weights with the least sum of squares, those of least length.

    Shapes:
        Phi  (N, P)  float64; N may be smaller or larger than P, and the rank smaller than both
        y    (N,)
        out  (P,)
    """
    ### BEGIN SOLUTION
    return torch.linalg.pinv(Phi) @ y
    ### END SOLUTION


# %% [markdown] hint="min_norm_fit"
# 1. `torch.linalg.pinv` computes the pseudoinverse. The normal equations have no unique solution if P is above N.

# %% tags=["active-ipynb"]
# def hinges(x, D):
#     """Return the basis 1, max(0, x - k / D)."""
#     return torch.cat([torch.ones_like(x)[:, None], (x[:, None] - torch.arange(D) / D).clamp(min=0)], dim=1)
#
#
# places = torch.linspace(0, 1, 200, dtype=torch.float64)
# truth = (2 * math.pi * places).sin().exp()
# figure = new_figure(10, 6, "Thirty fits to 15 noisy points for 2, 4 and 12 joints: stiff, about right, wild; and for "
#                            "4 joints to 6, 10 and 100 points: the more points, the closer they are.")
# for place, (D, points) in enumerate(((2, 15), (4, 15), (12, 15), (4, 6), (4, 10), (4, 100))):
#     fits = []
#     for _ in range(300):
#         x = (torch.arange(points) + torch.rand(points)).double() / points
#         y = (2 * math.pi * x).sin().exp() + 0.3 * torch.randn(points).double()
#         fits.append(hinges(places, D) @ min_norm_fit(hinges(x, D), y))
#     bias, variance, _ = bias_variance(torch.stack(fits), truth, 0.3)
#     axes = figure.add_subplot(2, 3, place + 1, ylim=(-1, 4))
#     axes.set_title(f"joints: {D}, points: {points}; bias² {bias:.3f}, variance {variance:.3f}", fontsize=8)
#     axes.plot(places, torch.stack(fits[:30]).T, color="tab:blue", linewidth=0.5, alpha=0.4)
#     axes.plot(places, truth, "k")
# figure

# %% tags=["active-ipynb"]
# def test_error(p, noise, ridge=0.0, seeds=20, n=60, d=10):
#     """Return the median test error of the fit with p random features."""
#     errors = []
#     for seed in range(seeds):
#         generator = torch.Generator().manual_seed(seed)
#         draw = lambda *shape: torch.randn(*shape, dtype=torch.float64, generator=generator)
#         w, W = draw(d) / d**0.5, draw(p, d)
#         x, x_test = draw(n, d), draw(300, d)
#         y = (2 * x @ w).tanh() + noise * draw(n)
#         Phi, Phi_test = ((at @ W.T).relu() / p**0.5 for at in (x, x_test))
#         if ridge:
#             fit = torch.linalg.solve(Phi.T @ Phi + ridge * torch.eye(p).double(), Phi.T @ y)
#         else:
#             fit = min_norm_fit(Phi, y)
#         errors.append(float(((Phi_test @ fit - (2 * x_test @ w).tanh()) ** 2).mean()))
#     return sorted(errors)[seeds // 2]
#
#
# counts = [10, 20, 30, 40, 50, 55, 60, 65, 70, 80, 100, 150, 250, 400]
# figure = new_figure(6, 3.4, "Test error over the number of features: a peak at 60, the number of examples.")
# axes = figure.add_subplot(xlabel="features", ylabel="median test error", xscale="log", yscale="log")
# for style, label, noise, ridge in (
#     ("o-", "noise 0.3", 0.3, 0.0), ("s--", "no noise", 0.0, 0.0), ("^:", "noise 0.3, ridge 0.1", 0.3, 0.1)
# ):
#     axes.plot(counts, [test_error(p, noise, ridge) for p in counts], style, markersize=3, label=label)
# axes.axvline(60, color="gray", linestyle=":")
# axes.legend(frameon=False)
# figure

# %% [markdown] question="practice-q1"
# **Question 1.** At 60 features the fit is exact, as it is at 400. Why is the test error so much larger at 60? What
# does the ridge change, and what does the picture say about choosing the size of a network?

# %% [markdown] answer="practice-q1"
# ### BEGIN SOLUTION
# At 60 there is one exact fit, and its weights are whatever the nearly singular matrix demands: small singular values
# turn noise into huge weights. With 400 features many fits are exact, and the shortest is smooth. The ridge bounds the
# weights and removes the peak. A network that barely fits the data is the worst choice without regularisation; larger
# ones, or regularised ones, are safe.
# ### END SOLUTION

# %% [markdown] question="practice-q2"
# **Question 2.** Someone reports that Adam with a penalty of $10^{-2}$ in the gradient trains worse than SGD with the
# same penalty. Explain by the formulas above what happens to a weight with large gradients, and to one with small ones.

# %% [markdown] answer="practice-q2"
# ### BEGIN SOLUTION
# The penalty's part of the step is divided by the root of v. Where gradients are large, v is large and the weight
# hardly shrinks; where they are tiny, the penalty itself dominates m and v, and the weight shrinks at the full rate,
# about lr per step, whatever the penalty's size is. SGD shrinks both at the rate lr times the penalty, and AdamW does,
# too.
# ### END SOLUTION

# %% [markdown] question="practice-q3"
# **Question 3.** Design a convolutional network for images of 64 x 64 pixels and 100 classes with about a million
# weights, and count them by layer. GoogLeNet (2014) was trained with two more classifiers in its middle; networks with
# batch normalisation or residual connections no longer have them. Why did they help, and why does nobody need them now?

# %% [markdown] answer="practice-q3"
# ### BEGIN SOLUTION
# One of many: 3 x 3 convolutions with 32, 64, 128, 128, 256 and 256 filters, five of them followed by max pooling, the
# mean over all places, and a linear layer. Weights: 864 + 18,432 + 73,728 + 147,456 + 294,912 + 589,824 = 1,125,216 in
# the convolutions and 25,700 in the last layer. Fully connected layers on maps would cost far more. Gradients faded on
# their way through 22 layers; a classifier in the middle gave the lower half a loss of its own, near enough to be felt,
# and had to make its features useful early. Normalised layers keep gradients at their size, and residual connections
# carry them past the layers in between.
# ### END SOLUTION

# %% [markdown]
# ## What to take home
#
# Most of practice is bookkeeping that must be exact: copies and references, sums and means, training and test time. Now
# you know where it goes wrong silently.
#
# **Where to look next.** Karpathy (*A recipe for training neural networks*, 2019) says in which order to do things.
# Godbole et al. (*Deep learning tuning playbook*, 2023) say how to search when every run is expensive. Wightman,
# Touvron and Jégou (*ResNet strikes back*, 2021) train the network of 2015 with the practice of 2021: 80.4 % on
# ImageNet.
