"""Public checks of search: points, halving, evolution, controller, mixtures, rankings."""

import itertools
import math

import torch
from oracles_search import DRIVERS, halving, one_change

from autograder import Message, expect, expect_close, expect_draws, expect_equal, is_sequence, task

DEEP = torch.float64


@task("random_points", share=50, any_dtype=True)
def check_points_of_a_space(student, rng):
    """The points are in their ranges, the generator draws them, and logarithms are even."""
    make = student.define(DRIVERS).generator
    space = {"rate": (1e-4, 1.0, "log"), "width": (1.0, 101.0, "linear")}
    like = rng.normal(1)
    found = student.random_points(space, 300, make(3, like))
    expect(is_sequence(found) and len(found) == 300, "There are not n points.")
    for point in found:
        expect(type(point) is dict and set(point) == {"rate", "width"}, "A point is not a dictionary of all names.")
        expect(1e-4 <= point["rate"] <= 1 and 1 <= point["width"] <= 101, "A number is outside of its range.")
    small = sum(point["rate"] < 0.01 for point in found) / 300
    expect(0.35 < small < 0.65, Message("{s} of the rates are below 0.01.", s=f"{small:.0%}"),
           "Draw the logarithm evenly.")  # fmt: skip
    low = sum(point["width"] < 51 for point in found) / 300
    expect(0.35 < low < 0.65, Message("{s} of the widths are in the lower half.", s=f"{low:.0%}"))
    expect_equal(student.random_points(space, 300, make(3, like)), found, name="the same seed again",
                 hint="The generator that is given draws all random numbers.")  # fmt: skip
    expect(len({point["rate"] for point in found}) == 300, "Some points share a rate: this is a grid.")


@task("successive_halving", share=50, any_dtype=True)
def check_halving_of_nine(student):
    """Nine configurations become three, then one; only new epochs cost."""
    order = [5, 1, 8, 2, 9, 3, 7, 4, 6]
    table = {f"c{n}": {1: order[n], 3: 10 - order[n], 9: 0} for n in range(9)}
    best, cost, calls, kept = student.define(DRIVERS).halved(student.successive_halving, table, 1, 3)
    right = halving(table, 1, 3)
    expect_equal(best, right[0], name="the last one", mistakes={
        "The best ones stay, not the worst.": "c1",
        "This is the best of the first round; the next ones train longer.": "c4",
    },
                 hint="Of n configurations, max(1, n // eta) with the highest scores stay, "
                      "and train eta times as long in all.")  # fmt: skip
    expect_equal(cost, right[1], name="the epochs", mistakes={
        "Trainings are continued: only new epochs cost.": 9 + 9,
        "The last one is not trained on.": 9 + 6 + 6,
        "Count all configurations of a round.": 1 + 2,
    },
                 hint="Of n configurations, max(1, n // eta) with the highest scores stay, "
                      "and train eta times as long in all.")  # fmt: skip
    expect_equal(sorted(map(tuple, calls)), sorted(right[2]), name="the trainings",
                 hint="Of n configurations, max(1, n // eta) with the highest scores stay, "
                      "and train eta times as long in all.")  # fmt: skip
    expect(kept is True, "The list of configurations has changed.")


@task("regularised_evolution", share=50, any_dtype=True)
def check_parents_of_children(student, rng):
    """Children are copies, with one change, of the best of S among the last P: the oldest is removed; seeds repeat."""
    weights = [[float(v) for v in row] for row in rng.uniform(5, 4)]
    history, calls = student.define(DRIVERS).evolved(
        student.regularised_evolution, weights, 5, 4, 6, 6, 40, 11, rng.normal(1)
    )
    same_history(history, calls, weights, 6, 40)
    for n in range(6, 46):
        parent = max(history[n - 6 : n], key=lambda member: member[1])[0]
        changed = one_change(history[n][0], parent)
        expect(changed, Message("Child {n} is not the best of the last 6 with one change.", n=n - 5),
               "Draw S members, copy the best, change one edge to another operation; the oldest goes.")  # fmt: skip
    ages_and_tournaments(student, rng)


def same_history(history, calls, weights, P, cycles):
    """Require a history of the right length with the right scores."""
    edges, ops = len(weights), len(weights[0])
    expect(len(history) == P + cycles, Message("The history has {n} cells, not {m}.", n=len(history), m=P + cycles),
           "The history begins with the P first cells; each cycle adds one.")  # fmt: skip
    for cell, score in history:
        expect(len(cell) == edges and all(0 <= choice < ops for choice in cell), "A cell is not in the space.")
        expect_close(score, sum(weights[e][o] for e, o in enumerate(cell)), name="a score")
    expect(len(calls) == P + cycles, Message("evaluate was called {n} times.", n=len(calls)),
           "Each cell of the history is evaluated once, also one that occurred before.")  # fmt: skip


def ages_and_tournaments(student, rng):
    """Require children of the last P whose parents could win, and changes of all edges and operations."""
    helper, like = student.define(DRIVERS), rng.normal(1)
    weights = [[float(v) for v in row] for row in rng.uniform(4, 3)]
    for P, S in ((8, 1), (5, 5), (10, 3), (1, 1)):
        history, calls = helper.evolved(student.regularised_evolution, weights, 4, 3, P, S, 30, 5, like)
        same_history(history, calls, weights, P, 30)
        expect_equal([tuple(cell) for cell in calls], [cell for cell, _ in history],
                     name="the cells that were evaluated")  # fmt: skip
        for n in range(P, P + 30):
            alive = history[n - P : n]
            fit = [cell for cell, score in alive if sum(other > score for _, other in alive) <= P - S]
            expect(any(one_change(history[n][0], cell) for cell in fit),
                   Message("P = {P}, S = {S}: no parent of child {n} could win.", P=P, S=S, n=n - P + 1))  # fmt: skip
    evolve = student.regularised_evolution
    expect_draws(student, lambda random: helper.evolved_by(evolve, weights, 4, 3, 8, 2, 20, random)[0], rng.device)
    flat = [[0.0] * 3 for _ in range(4)]
    history, _ = helper.evolved(student.regularised_evolution, flat, 4, 3, 1, 1, 300, rng.int(0, 10**6), like)
    changes = {}
    for (old, _), (new, _) in itertools.pairwise(history):
        edge = next(e for e in range(4) if old[e] != new[e])
        changes[edge, (new[edge] - old[edge]) % 3] = changes.get((edge, (new[edge] - old[edge]) % 3), 0) + 1
    expect(len(changes) == 8 and min(changes.values()) >= 10, "Not all edges and operations change equally often.")
    wide = [[0.0] * 9 for _ in range(12)]
    history, _ = helper.evolved(student.regularised_evolution, wide, 12, 9, 8, 1, 400, rng.int(0, 10**6), like)
    ages = [[a for a in range(1, 9) if one_change(history[n][0], history[n - a][0])] for n in range(8, 408)]
    known = [found[0] for found in ages if len(found) == 1]
    young = sum(age <= 4 for age in known) / max(len(known), 1)
    expect(0.2 < young < 0.8, Message("{p:.0%} of the parents are among the younger half.", p=young),
           "Each tournament draws its members again, each as often.")  # fmt: skip
    first, _ = helper.evolved(student.regularised_evolution, flat, 4, 3, 300, 1, 0, rng.int(0, 10**6), like)
    for e in range(4):
        counts = [sum(cell[e] == o for cell, _ in first) for o in range(3)]
        expect(min(counts) > 55, Message("First cells: the operations of edge {e} occur {c} times.", e=e, c=counts),
               "Each first cell is drawn by itself, all operations alike.")  # fmt: skip


@task("controller_step", share=50, any_dtype=True)
def check_controller_of_two_edges(student, rng):
    """The logits move as the formula says, and the baseline follows."""
    logits, choices = rng.normal(2, 3, dtype=torch.float32), torch.tensor([2, 0], device=rng.device)
    found = student.controller_step(logits, choices, 0.9, 0.5, 0.3)
    expect(is_sequence(found) and len(found) == 2, "controller_step returns logits and baseline.")
    p = logits.exp() / logits.exp().sum(dim=1, keepdim=True)
    chosen = torch.tensor([[0.0, 0.0, 1.0], [1.0, 0.0, 0.0]], device=rng.device)
    expect_close(found[0], logits + 0.12 * (chosen - p), rtol=1e-3, atol=1e-5, name="the logits", mistakes={
        "The reward is to grow: add.": logits - 0.12 * (chosen - p),
        "The baseline is missing.": logits + 0.27 * (chosen - p),
        "The step takes the old baseline.": logits + 0.3 * (0.9 - 0.52) * (chosen - p),
        "Subtract the softmax.": logits + 0.12 * chosen,
        "The baseline's sign is wrong.": logits + 0.3 * 1.4 * (chosen - p),
    }, hint="Each edge moves by lr (R - b) times (1 at the choice, less the softmax over its operations).")  # fmt: skip
    expect_close(found[1], 0.52, name="the baseline", mistakes={"The old one has the weight 0.95.": 0.88})


@task("mixed_op", share=50, any_dtype=True)
def check_mixture_of_operations(student, rng):
    """The mixture is the sum with the weights of the softmax."""
    outputs, alpha = rng.normal(3, 2, 4, dtype=torch.float32), rng.normal(3, dtype=torch.float32)
    e = alpha.exp()
    right = sum(e[n] / e.sum() * outputs[n] for n in range(3))
    expect_close(student.mixed_op(outputs, alpha), right, rtol=1e-3, atol=1e-5, mistakes={
        "The weights are the softmax of alpha.": sum(alpha[n] * outputs[n] for n in range(3)),
        "This is the largest alone.": outputs[int(alpha.argmax())],
        "This is the plain mean.": outputs.mean(dim=0),
    })  # fmt: skip


@task("darts_step", share=50, any_dtype=True)
def check_weights_and_alpha_in_turns(student, rng):
    """The weights follow the training loss, then alpha the validation loss at the new weights."""
    same_steps(student, rng, 3, 2, torch.float32)


def same_steps(student, rng, D, E, dtype):
    """Compare one step with the derivatives by hand."""
    w, alpha, A, B, c = (rng.normal(*shape, dtype=dtype) for shape in ((D,), (E,), (E, D), (D, E), (D,)))
    train_w = A.T @ (A @ w - alpha) + c
    new_w = w - 0.1 * train_w
    found_w, found_alpha, graph = student.define(DRIVERS).stepped(student.darts_step, w, alpha, A, B, c, 0.1, 0.2)
    expect_close(found_w, new_w, rtol=1e-3, atol=1e-5, name="the weights", mistakes={
        "The weights learn from the training loss.": w - 0.1 * (B @ alpha),
        "The weights have the rate lr_w.": w - 0.2 * train_w,
        "The weights have not moved.": w,
    }, hint="w goes down the training loss, with the rate lr_w.")  # fmt: skip
    expect_close(found_alpha, alpha - 0.2 * (B.T @ new_w + alpha**3), rtol=1e-3, atol=1e-5, name="alpha", mistakes={
        "alpha learns from the validation loss.": alpha - 0.2 * (alpha - A @ new_w),
        "alpha learns from the validation loss, at the new weights.": alpha - 0.2 * (alpha - A @ w),
        "The second step is made at the new weights.": alpha - 0.2 * (B.T @ w + alpha**3),
    }, hint="alpha goes down the validation loss, with the rate lr_alpha.")  # fmt: skip
    expect(graph is False, "A result requires gradients.",
           "Detach alpha before its step: the leaf itself requires gradients.")  # fmt: skip


@task("kendall_tau", share=50, any_dtype=True)
def check_worked_rankings(student, rng):
    """The worked number, opposite rankings and a tie are right."""
    for a, b, right, wrong in (
        ([1.0, 2.0, 3.0, 4.0], [1.0, 3.0, 2.0, 4.0], 2 / 3, 0.8), ([1.0, 2.0, 3.0], [3.0, 2.0, 1.0], -1.0, 1.0),
        ([1.0, 1.0, 2.0, 3.0], [1.0, 2.0, 3.0, 3.0], 4 / 5, 4 / 6),
    ):  # fmt: skip
        found = student.kendall_tau(torch.tensor(a, device=rng.device), torch.tensor(b, device=rng.device))
        expect_close(found, right, name=Message("{a} and {b}", a=a, b=b), mistakes={
            "Divide by the root of (pairs without a tie in a) times (pairs without a tie in b), not by all pairs.": (
                wrong if len(set(a)) < len(a) else None
            ),
            "This is Spearman's or Pearson's correlation; count pairs.": wrong if len(set(a)) == len(a) else None,
            "Count each pair once.": right / 2,
        },
                     hint="See the formula: pairs in the same order minus pairs in the opposite "
                          "one; ties count in the denominator.")  # fmt: skip
    expect(math.isfinite(found), "tau is not finite.")
