# %% [markdown]
# # Search
#
# Which architecture, which rate, which penalty? A person tries some; a program tries many. It must choose what to try
# next, and how much to spend on each. Here you write the usual strategies. They are compared on a table in which all
# 1,024 cells of a small space were trained already (`common.data.architectures`), so a "training" takes no time, as in
# NAS-Bench-101 (Ying et al. 2019).
#
# | part | you write | points | minutes |
# |---|---|---|---|
# | 1 Random instead of a grid | `random_points` | 2 | 15 |
# | 2 Stop bad ones early | `successive_halving` | 2 | 25 |
# | 3 Evolution | `regularised_evolution` | 2 | 35 |
# | 4 A controller that learns | `controller_step` | 2 | 20 |
# | 5 A mixture instead of a choice | `mixed_op`, `darts_step` | 4 | 35 |
# | 6 Cheap estimates | `kendall_tau` | 2 | 20 |

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

# %% task="random_points"
# About 15 minutes, easy. Stuck? hint("random_points") shows a first step.
def random_points(
    space: dict[str, tuple[float, float, str]], n: int, generator: torch.Generator
) -> list[dict[str, float]]:
    """Draw n points.

    Shapes:
        space  name -> (low, high, "linear" or "log"); with "log", low is above 0 and the logarithm is uniform
        out    n dictionaries name -> Python float from low to high, all drawn by the generator
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="random_points"
# check("search", task="random_points")

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

# %% task="successive_halving"
# About 25 minutes, medium. Stuck? hint("successive_halving") shows a first step.
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
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="successive_halving"
# check("search", task="successive_halving")

# %% [markdown]
# ## 3 Evolution
#
# **Regularised evolution** (Real et al. 2019) found AmoebaNet. Keep a population of $P$ cells. In each cycle, draw $S$
# of them, copy the best of these, change *one* edge to another operation, evaluate the child, and add it. Then remove
# the **oldest**, not the worst: a cell that had luck once must not stay for ever; only its descendants may.

# %% task="regularised_evolution"
# About 35 minutes, medium. Stuck? hint("regularised_evolution") shows a first step.
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

    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="regularised_evolution"
# check("search", task="regularised_evolution")

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

# %% task="controller_step"
# About 20 minutes, medium. Stuck? hint("controller_step") shows a first step.
def controller_step(logits: Tensor, choices: Tensor, reward: float, baseline: float, lr: float) -> tuple[Tensor, float]:
    """One step of REINFORCE. Automatic differentiation is not allowed.

    Shapes:
        logits   (E, O)  for each edge and operation
        choices  (E,)    int64, the operations that were drawn
        out      the new logits, the new baseline, a Python float
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="controller_step"
# check("search", task="controller_step")

# %% [markdown]
# ## 5 A mixture instead of a choice
#
# **DARTS** (Liu et al. 2019) computes all operations of an edge and mixes them by a softmax of $\alpha$, which has a
# gradient. Weights and $\alpha$ learn in turns: $w$ on a batch of training data, then $\alpha$ on a batch of
# *validation* data, with the new $w$ (first order). If both used the training batch, $\alpha$ would prefer what
# overfits. At the end, each edge keeps its largest $\alpha$, except "none". **NAO** (Luo et al. 2018) is continuous in
# another way: it learns to encode whole architectures as vectors, and climbs the accuracy that it predicts for them.

# %% task="mixed_op"
# About 10 minutes, easy. Stuck? hint("mixed_op") shows a first step.
def mixed_op(outputs: Tensor, alpha: Tensor) -> Tensor:
    """The mixture of the outputs of all operations.

    Shapes:
        outputs  (O, ...)  of O operations, all of one shape
        alpha    (O,)      logits
        out      (...)
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="mixed_op"
# check("search", task="mixed_op")

# %% task="darts_step"
# About 25 minutes, medium. Stuck? hint("darts_step") shows a first step.
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
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="darts_step"
# check("search", task="darts_step")

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

# %% task="kendall_tau"
# About 20 minutes, easy. Stuck? hint("kendall_tau") shows a first step.
def kendall_tau(a: Tensor, b: Tensor) -> float:
    """Kendall's tau-b of two rankings.

    Shapes:
        a, b  (N,)  scores, N at least 2; neither is constant
        out   Python float from -1 to 1
    """
    # YOUR CODE HERE
    raise NotImplementedError()

# %% tags=["active-ipynb"] grade="kendall_tau"
# check("search", task="kendall_tau")

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
# YOUR ANSWER HERE

# %% [markdown]
# ## What to take home
#
# Compare a strategy with random search at equal cost, over many seeds, and say which estimate ranked the candidates.
#
# **Where to look next.** Li and Talwalkar (*Random search and reproducibility for neural architecture search*, 2020)
# and Yang, Esperança and Carlucci (*NAS evaluation is frustratingly hard*, 2020) ask whether a search beats a random
# choice from the same space. Elsken, Metzen and Hutter (*Neural architecture search: a survey*, 2019) sort the field by
# space, strategy and estimate. Once-for-all (Cai et al., 2020) trains one network that contains all the candidates.
