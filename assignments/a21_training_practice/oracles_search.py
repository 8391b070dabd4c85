"""What the checks of search share: strategies in the student's process, and loops."""

import math

DRIVERS = """
import torch

def generator(seed, like):
    return torch.Generator(device=like.device).manual_seed(seed)

def halved(halving, table, epochs, eta):
    calls = []
    def train(config, n):
        calls.append((config, n))
        return table[config][n]
    configs = list(table)
    best, cost = halving(configs, train, epochs, eta)
    return best, cost, calls, configs == list(table)

def of_records(halving, rates):
    configs = [{"rate": rate} for rate in rates]
    best, cost = halving(configs, lambda config, n: config["rate"] * n, 1, 2)
    return best["rate"], cost

def flags(darts_step, w, alpha):
    darts_step(w, alpha, lambda w, alpha: (w * w).sum() + alpha.sum(), lambda w, alpha: (alpha * alpha).sum(), 0.1, 0.1)
    return w.requires_grad or alpha.requires_grad

def evolved(evolution, weights, edges, ops, P, S, cycles, seed, like):
    return evolved_by(evolution, weights, edges, ops, P, S, cycles, generator(seed, like))

def evolved_by(evolution, weights, edges, ops, P, S, cycles, random):
    calls = []
    def evaluate(cell):
        calls.append(cell)
        return sum(weights[e][o] for e, o in enumerate(cell))
    history = evolution(evaluate, edges, ops, P, S, cycles, random)
    return [(tuple(int(o) for o in cell), float(score)) for cell, score in history], calls

def losses(A, B, c):
    def train(w, alpha):
        return 0.5 * ((A @ w - alpha) ** 2).sum() + (w * c).sum()
    def val(w, alpha):
        return ((B @ alpha) * w).sum() + 0.25 * (alpha ** 4).sum()
    return train, val

def stepped(darts_step, w, alpha, A, B, c, lr_w, lr_alpha):
    train, val = losses(A, B, c)
    new = darts_step(w, alpha, train, val, lr_w, lr_alpha)
    return new[0], new[1], new[0].requires_grad or new[1].requires_grad
"""


def tau(a, b):
    """Return Kendall's tau-b, by a loop over pairs."""
    above, below, in_a, in_b = 0, 0, 0, 0
    for i in range(len(a)):
        for j in range(i):
            x, y = a[i] - a[j], b[i] - b[j]
            above, below = above + (x * y > 0), below + (x * y < 0)
            in_a, in_b = in_a + (x == 0), in_b + (y == 0)
    pairs = len(a) * (len(a) - 1) // 2
    return (above - below) / math.sqrt((pairs - in_a) * (pairs - in_b))


def halving(table, epochs, eta):
    """Return the winner, the cost and the calls of successive halving, by a list that shrinks."""
    left, cost, before, calls = list(table), 0, 0, []
    while len(left) > 1:
        ranked = []
        for place, config in enumerate(left):
            calls.append((config, epochs))
            cost += epochs - before
            ranked.append((-table[config][epochs], place))
        keep = max(len(left) // eta, 1)
        places = {place for _, place in sorted(ranked)[:keep]}
        left = [config for place, config in enumerate(left) if place in places]
        before, epochs = epochs, epochs * eta
    return left[0], cost, calls


def one_change(child, parent):
    """Say whether two cells differ at exactly one edge."""
    return sum(a != b for a, b in zip(child, parent, strict=True)) == 1
