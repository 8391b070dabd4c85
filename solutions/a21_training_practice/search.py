# %% [markdown]
# # Search
#
# Which architecture, which rate, which penalty? A person tries some; a program tries many. It must choose what to try
# next, and how much to spend on each. Here you write the usual strategies. They are compared on a table in which all
# 1,024 cells of a small space were trained already (`common.data.architectures`), so a "training" takes no time, as in
# NAS-Bench-101 (Ying et al. 2019).
#
# <!-- parts -->

# %%
import math
from collections.abc import Callable, Sequence

import torch
from torch import Tensor

Cell = tuple[int, ...]

# %% tags=["active-ipynb"]
# from autograder import check, hint
# from common.data import architectures
# from common.plots import curves
# from common.plots.figure import new_figure
#
# finals = torch.tensor([architectures.accuracy(cell) for cell in architectures.CELLS])
# print(f"{len(finals)} cells, {len(architectures.table())} different ones; accuracies from {finals.min():.3f} to "
#       f"{finals.max():.3f}, half of them below {finals.median():.3f}")

# %% [markdown]
# ## 1 Random instead of a grid
#
# Nine trainings on a grid of two parameters try three values of each. If only one of them matters, six trainings were
# for nothing; nine random points try nine values (Bergstra and Bengio 2012). Rates and penalties range over powers of
# ten, so their *logarithm* is drawn evenly.


# %% task="random_points" minutes=15 difficulty="easy"
def random_points(
    space: dict[str, tuple[float, float, str]], n: int, generator: torch.Generator
) -> list[dict[str, float]]:
    """Draw n points.

    Shapes:
        space  name -> (low, high, "linear" or "log"); with "log", low is above 0 and the logarithm is uniform
        out    n dictionaries name -> Python float from low to high, all drawn by the generator
    """
    ### BEGIN SOLUTION
    points = []
    for _ in range(n):
        point = {}
        for name, (low, high, scale) in space.items():
            u = float(torch.rand((), generator=generator, dtype=torch.float64, device=generator.device))
            point[name] = low * (high / low) ** u if scale == "log" else low + (high - low) * u
        points.append(point)
    return points
    ### END SOLUTION


# %% [markdown] hint="random_points"
# 1. `torch.rand((), generator=generator)` is uniform from 0 to 1: u. Linear: low + u (high - low).
# 2. Log: the same with logarithms, $\exp(\log a + u (\log b - \log a)) = a (b/a)^u$.

# %% tags=["active-ipynb"]
# generator = torch.Generator().manual_seed(2)
# drawn = random_points({"rate": (1e-4, 1, "log"), "width": (10, 100, "linear")}, 9, generator)
# figure = new_figure(7, 3, "Nine points of a grid try three rates; nine random points try nine.")
# for place, (title, rates, widths) in enumerate((
#     ("grid", [r for r in (1e-3, 1e-2, 1e-1) for _ in range(3)], [25, 55, 85] * 3),
#     ("random", [p["rate"] for p in drawn], [p["width"] for p in drawn]),
# )):
#     axes = figure.add_subplot(1, 2, place + 1, xscale="log", xlabel="rate", ylabel="width", title=title,
#                               xlim=(8e-5, 1.2), ylim=(0, 105))
#     axes.plot(rates, widths, "o")
#     axes.plot(rates, [5] * 9, "r|", markersize=12)
# figure

# %% [markdown]
# ## 2 Stop bad ones early
#
# **Successive halving** (Jamieson and Talwalkar 2016): train all $n$ for $r$ epochs, keep the best of them, train those
# on for $\eta$ times as long, and so on until one is left. Trainings are *continued*, so only new epochs cost.
# Hyperband runs it with several $r$.


# %% task="successive_halving" minutes=25 difficulty="medium"
def successive_halving(
    configs: Sequence, train: Callable[[object, int], float], epochs: int, eta: int
) -> tuple[object, int]:
    """Keep the best of each round until one is left.

    In each round all that are left are trained to `epochs` in total. Of them floor(number / eta) stay, at least one:
    those with the highest scores, of equal ones those that are earlier in `configs`. Then epochs is multiplied by eta.
    With one configuration, nothing is trained.

    Shapes:
        configs  at least one
        train    (configuration, epochs in total) -> score; it is called once for each configuration of a round
        eta      int, at least 2
        out      the last configuration, and the number of epochs that were trained: those of earlier rounds count once
    """
    ### BEGIN SOLUTION
    left, done, cost = list(configs), 0, 0
    while len(left) > 1:
        scores = [train(config, epochs) for config in left]
        cost += len(left) * (epochs - done)
        best = sorted(range(len(left)), key=lambda n: -scores[n])[: max(1, len(left) // eta)]
        left = [left[n] for n in sorted(best)]
        done, epochs = epochs, epochs * eta
    return left[0], cost
    ### END SOLUTION


# %% [markdown] hint="successive_halving"
# 1. Python's sort is stable: sorted by falling scores, the earlier of equal ones comes first. Then put those that stay
#    back into the order of `configs`: it decides again in the next round.
# 2. A round costs the number that is left, times the epochs that are *new*.
# 3. Of 10 with eta 3 stay 3, then 1.

# %% [markdown]
# ## 3 Evolution
#
# **Regularised evolution** (Real et al. 2019) found AmoebaNet. Keep a population of $P$ cells. In each cycle, draw $S$
# of them, copy the best of these, change *one* edge to another operation, evaluate the child, and add it. Then remove
# the **oldest**, not the worst: a cell that had luck once must not stay for ever; only its descendants may.


# %% task="regularised_evolution" minutes=35 difficulty="medium"
def regularised_evolution(
    evaluate: Callable[[Cell], float], edges: int, ops: int, P: int, S: int, cycles: int, generator: torch.Generator
) -> list[tuple[Cell, float]]:
    """Evolve cells: tuples of `edges` Python ints from 0 to ops - 1.

    Shapes:
        evaluate  cell -> score, higher is better; called once for each new cell, also if it occurred before
        ops       int, at least 2
        P, S      int, 1 <= S <= P; S *different members* of the population are drawn
        cycles    int
        out       the P first cells, which are random, and the child of each cycle, each with its score, in this order
    """

    ### BEGIN SOLUTION
    def draw(high: int) -> int:
        return int(torch.randint(high, (), generator=generator, device=generator.device))

    history = []
    for _ in range(P):
        cell = tuple(draw(ops) for _ in range(edges))
        history.append((cell, evaluate(cell)))
    for _ in range(cycles):
        population = history[-P:]
        some = torch.randperm(P, generator=generator, device=generator.device)[:S].tolist()
        parent = max((population[n] for n in some), key=lambda member: member[1])[0]
        edge = draw(edges)
        choice = (parent[edge] + 1 + draw(ops - 1)) % ops
        child = (*parent[:edge], choice, *parent[edge + 1 :])
        history.append((child, evaluate(child)))
    return history
    ### END SOLUTION


# %% [markdown] hint="regularised_evolution"
# 1. The population is always the last P of the history: the oldest falls out by itself.
# 2. `torch.randperm(P, generator=generator)[:S]` draws S different places.
# 3. Another operation than before: add 1 to `ops - 1` to the old one, modulo ops.

# %% tags=["active-ipynb"]
# def so_far(history):
#     """Return the best final accuracy among the first 1, 2, ... cells."""
#     return torch.tensor([architectures.accuracy(cell) for cell, _ in history]).cummax(0).values
#
#
# def mean_of_runs(strategy, runs=60):
#     """Return log10 of the distance from the best accuracy to the mean curve of several runs."""
#     found = torch.stack([so_far(strategy(torch.Generator().manual_seed(n))) for n in range(runs)]).mean(dim=0)
#     return (finals.max() - found).clamp(min=1e-4).log10()
#
#
# score = lambda cell: architectures.accuracy(cell, seed=0)
# drawn = lambda g: [(architectures.CELLS[n], 0.0) for n in torch.randint(1024, (150,), generator=g).tolist()]
# evolved = lambda g: regularised_evolution(score, 5, 4, 20, 8, 130, g)
# curves({"random": mean_of_runs(drawn), "evolution": mean_of_runs(evolved)}, xlabel="cells trained",
#        ylabel="log10 of the distance to the best", title="Best accuracy so far, means of 60 runs")

# %% [markdown]
# ## 4 A controller that learns
#
# The first neural architecture search (Zoph and Le 2017) drew cells from a *policy* and improved it by REINFORCE. Here
# the policy has independent logits for each edge. With the reward $R$ of a drawn cell and a baseline $b$,
#
# $$\theta \leftarrow \theta + r (R - b) \sum_e \nabla_\theta \log p_\theta(o_e), \qquad
# b \leftarrow 0.95 \, b + 0.05 \, R.$$
#
# The gradient of $\log p(o)$ in an edge's logits is 1 at the choice, minus the softmax. The baseline changes no
# expectation, only the variance; the step takes the old one.


# %% task="controller_step" minutes=20 difficulty="medium"
def controller_step(logits: Tensor, choices: Tensor, reward: float, baseline: float, lr: float) -> tuple[Tensor, float]:
    """One step of REINFORCE. Automatic differentiation is not allowed.

    Shapes:
        logits   (E, O)  for each edge and operation
        choices  (E,)    int64, the operations that were drawn
        out      the new logits, the new baseline, a Python float
    """
    ### BEGIN SOLUTION
    chosen = torch.zeros_like(logits).scatter(1, choices[:, None], 1.0)
    new = logits + lr * (reward - baseline) * (chosen - logits.softmax(dim=1))
    return new, 0.95 * baseline + 0.05 * reward
    ### END SOLUTION


# %% [markdown] hint="controller_step"
# 1. A one-hot row for each edge: `torch.zeros_like(logits).scatter(1, choices[:, None], 1.0)`.
# 2. The reward is to grow: *add* lr times the advantage times (one-hot minus softmax).

# %% [markdown]
# ## 5 A mixture instead of a choice
#
# **DARTS** (Liu et al. 2019) computes all operations of an edge and mixes them by a softmax of $\alpha$, which has a
# gradient. Weights and $\alpha$ learn in turns: $w$ on a batch of training data, then $\alpha$ on a batch of
# *validation* data, with the new $w$ (first order). If both used the training batch, $\alpha$ would prefer what
# overfits. At the end, each edge keeps its largest $\alpha$, except "none". **NAO** (Luo et al. 2018) is continuous in
# another way: it learns to encode whole architectures as vectors, and climbs the accuracy that it predicts for them.


# %% task="mixed_op" minutes=10 difficulty="easy"
def mixed_op(outputs: Tensor, alpha: Tensor) -> Tensor:
    """The mixture of the outputs of all operations.

    Shapes:
        outputs  (O, ...)  of O operations, all of one shape
        alpha    (O,)      logits
        out      (...)
    """
    ### BEGIN SOLUTION
    return torch.einsum("o,o...->...", alpha.softmax(dim=0), outputs)
    ### END SOLUTION


# %% [markdown] hint="mixed_op"
# 1. `alpha.softmax(dim=0)`, reshaped to (O, 1, ..., 1), times the outputs, summed over the first axis.


# %% task="darts_step" minutes=25 difficulty="medium"
def darts_step(
    w: Tensor,
    alpha: Tensor,
    train_loss: Callable[[Tensor, Tensor], Tensor],
    val_loss: Callable[[Tensor, Tensor], Tensor],
    lr_w: float,
    lr_alpha: float,
) -> tuple[Tensor, Tensor]:
    """A step of gradient descent for the weights, then one for alpha.

    Shapes:
        w, alpha  any shapes, without `requires_grad`
        train_loss, val_loss  (w, alpha) -> (), on a batch of training or validation data
        out       the new weights, the new alpha, without a graph
    """
    ### BEGIN SOLUTION
    leaf = w.detach().clone().requires_grad_()
    (g,) = torch.autograd.grad(train_loss(leaf, alpha), leaf)
    new_w = w - lr_w * g
    leaf = alpha.detach().clone().requires_grad_()
    (g,) = torch.autograd.grad(val_loss(new_w, leaf), leaf)
    return new_w, alpha - lr_alpha * g
    ### END SOLUTION


# %% [markdown] hint="darts_step"
# 1. `torch.autograd.grad(loss, leaf)` returns the gradient of a leaf that requires one: clone, then `requires_grad_()`.
# 2. The second step uses the validation loss, *at the new weights*, and only alpha's gradient.

# %% [markdown]
# ## 6 Cheap estimates
#
# Accuracy after one epoch, with fewer data, on a smaller task, or with weights that all cells share (ENAS, Pham et al.
# 2018): each is a cheap estimate. NASNet (Zoph et al. 2018) searched for a cell on CIFAR-10 and stacked it for
# ImageNet. What counts is the *ranking*. Kendall's $\tau$ compares all pairs: concordant ones (ordered alike) minus
# discordant ones. With ties,
#
# $$\tau_b = \frac{C - D}{\sqrt{(n_0 - n_a)(n_0 - n_b)}},$$
#
# where $n_0$ counts all pairs, and $n_a$, $n_b$ those tied in $a$ and in $b$ (Kendall 1945). For (1, 2, 3, 4) and
# (1, 3, 2, 4): 0.6667.


# %% task="kendall_tau" minutes=20 difficulty="easy"
def kendall_tau(a: Tensor, b: Tensor) -> float:
    """Kendall's tau-b of two rankings.

    Shapes:
        a, b  (N,)  scores, N at least 2; neither is constant
        out   Python float from -1 to 1
    """
    ### BEGIN SOLUTION
    i, j = torch.triu_indices(len(a), len(a), offset=1, device=a.device)
    up_a, up_b = (a[i] - a[j]).sign().double(), (b[i] - b[j]).sign().double()
    return float((up_a * up_b).sum()) / math.sqrt(float((up_a != 0).sum()) * float((up_b != 0).sum()))
    ### END SOLUTION


# %% [markdown] hint="kendall_tau"
# 1. For each pair, the product of the signs of both differences is 1, -1, or 0 for a tie.
# 2. $n_0 - n_a$ is the number of pairs whose difference in a is not 0.

# %% tags=["active-ipynb"]
# cells = sorted(architectures.table())
# last = torch.tensor([architectures.accuracy(cell) for cell in cells])
# figure = new_figure(7.5, 3.2, "Accuracy after one and after four epochs against the accuracy after twelve.")
# for place, epochs in enumerate((1, 4)):
#     early = torch.tensor([architectures.accuracy(cell, epochs) for cell in cells])
#     axes = figure.add_subplot(1, 2, place + 1, xlabel=f"accuracy, epoch {epochs}", ylabel="accuracy, epoch 12")
#     axes.plot(early, last, ".", markersize=3)
#     axes.set_title(f"tau {kendall_tau(early, last):.2f}")
# figure

# %% tags=["active-ipynb"]
# places = torch.randperm(1024, generator=torch.Generator().manual_seed(0))[:64].tolist()
# start = [architectures.CELLS[n] for n in places]
# epochs_of = {1: 1, 4: 4, 16: 12}
# best, cost = successive_halving(start, lambda cell, n: architectures.accuracy(cell, epochs_of.get(n, 12)), 1, 4)
# print(f"halving: {best} with {architectures.accuracy(best):.3f} for {cost} epochs; the best of all 64, trained for "
#       f"{64 * 12} epochs: {max(architectures.accuracy(cell) for cell in start):.3f}")

# %% [markdown] question="search-q1"
# **Question 1.** Bayesian optimisation (TPE, SMAC) fits a model of the scores. Where would it differ from the
# strategies here, and when would you prefer it? What is the danger of ranking by the first epoch?

# %% [markdown] answer="search-q1"
# ### BEGIN SOLUTION
# It predicts score and uncertainty for points that were not tried, and chooses the most promising one; random search
# learns nothing, evolution only from survivors. It pays where one training is expensive, dimensions are few and scores
# smooth. The first epoch prefers what learns fast (small or plain cells, large rates), and the order changes later, so
# a good slow learner is thrown away: tau of the first epoch is far below 1.
# ### END SOLUTION

# %% [markdown]
# ## What to take home
#
# Compare a strategy with random search at equal cost, over many seeds, and say which estimate ranked the candidates.
#
# **Where to look next.** Li and Talwalkar (*Random search and reproducibility for neural architecture search*, 2020)
# and Yang, Esperança and Carlucci (*NAS evaluation is frustratingly hard*, 2020) ask whether a search beats a random
# choice from the same space. Elsken, Metzen and Hutter (*Neural architecture search: a survey*, 2019) sort the field by
# space, strategy and estimate. Once-for-all (Cai et al., 2020) trains one network that contains all the candidates.
