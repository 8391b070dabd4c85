"""Hidden checks of search: distributions, ties and rests, ages, expectations; inputs stay."""

import itertools
import math

import torch
from check_search import same_steps
from oracles_search import DRIVERS, halving, tau

from autograder import (
    Message,
    expect,
    expect_close,
    expect_equal,
    expect_same_gradients,
    expect_type,
    expect_unchanged,
    forbid,
    task,
)
from common.data import architectures

DEEP = torch.float64


@task("random_points", share=50)
def check_distribution_of_points(student, rng):
    """The quarters of each range are equally likely, parameters are independent, numbers are floats."""
    make = student.define(DRIVERS).generator
    space = {"a": (1e-5, 1e-1, "log"), "b": (-3.0, 1.0, "linear"), "c": (2.0, 32.0, "log")}
    found = student.random_points(space, 1600, make(rng.int(0, 10**6), rng.normal(1)))
    shares = []
    for name, (low, high, scale) in space.items():
        for point in found:
            expect_type(point[name], float, name="a number")
        if scale == "log":
            parts = [math.log(point[name] / low) / math.log(high / low) for point in found]
        else:
            parts = [(point[name] - low) / (high - low) for point in found]
        expect(all(-1e-9 <= part <= 1 + 1e-9 for part in parts), Message("A number of {name} is out of range.",
                     name=name))  # fmt: skip
        for quarter in range(4):
            count = sum(quarter <= 4 * part < quarter + 1 for part in parts)
            expect(abs(count - 400) < 5 * math.sqrt(300), Message("{name}: {n} of 1,600 in quarter {q}.",
                         name=name, n=count, q=quarter + 1))  # fmt: skip
        shares.append(torch.tensor(parts, dtype=DEEP))
    for x, y in itertools.combinations(shares, 2):
        r = float(torch.corrcoef(torch.stack([x, y]))[0, 1])
        expect(abs(r) < 0.15, Message("Two parameters have the correlation {r:.2f}.", r=r))
    expect_equal(student.random_points(space, 0, make(1, rng.normal(1))), [], name="no point", hint="n may be 0.")
    shared = make(2, rng.normal(1))
    first, second = (student.random_points(space, 3, shared) for _ in range(2))
    expect(first != second, "A second call with the same generator gave the same points.",
           "Draw from the generator as it is.")  # fmt: skip


@task("successive_halving", share=50)
def check_halving_of_other_numbers(student, rng):
    """Numbers that leave rests, ties, one configuration, other first epochs and eta."""
    helper = student.define(DRIVERS)
    for n, epochs, eta, ties in (
        (10, 1, 3, False),
        (8, 2, 2, True),
        (5, 4, 10, False),
        (1, 3, 2, False),
        (13, 1, 2, True),
        (27, 5, 3, True),
    ):
        table = {}
        for config in range(n):
            at, table[config] = epochs, {}
            for _ in range(8):
                table[config][at] = rng.int(0, 3) if ties else float(rng.numpy.uniform())
                at *= eta
        best, cost, calls, kept = helper.halved(student.successive_halving, table, epochs, eta)
        right = halving(table, epochs, eta)
        name = Message("{n} configurations, eta {eta}", n=n, eta=eta)
        expect_equal(best, right[0], name=Message("{name}: the last one", name=name),
                     hint="max(1, n // eta) stay; of equal scores, those that are earlier in configs.")  # fmt: skip
        expect_equal(cost, right[1], name=Message("{name}: the epochs", name=name),
                     hint="max(1, n // eta) stay; of equal scores, those that are earlier in configs.")  # fmt: skip
        expect_equal(sorted(map(tuple, calls)), sorted(right[2]), name=Message("{name}: the trainings", name=name),
                     hint="max(1, n // eta) stay; of equal scores, those that are earlier in configs.")  # fmt: skip
        expect(kept is True, "The list of configurations has changed.")
    table = {"a": {1: 1, 2: 0}, "b": {1: 2, 2: 0}, "c": {1: 3, 2: 5}, "d": {1: 4, 2: 5}}
    best, cost = helper.of_records(student.successive_halving, [0.1, 0.4, 0.2, 0.3])
    expect_equal((best, cost), (0.4, 6), name="configurations that are dictionaries",
                 hint="A configuration may be anything: keep places, not configurations, as keys.")  # fmt: skip
    best = helper.halved(student.successive_halving, table, 1, 2)[0]
    expect_equal(best, "c", name="the last one, where two are equal in the last round",
                 hint="max(1, n // eta) stay; of equal scores, those that are earlier in configs.")  # fmt: skip


SEARCHES = """
import torch
from common.data import architectures

def found(evolution, P, S, cycles, seeds, like):
    out = []
    for seed in seeds:
        generator = torch.Generator(device=like.device).manual_seed(seed)
        run = int(seed % 2)
        history = evolution(lambda cell: architectures.accuracy(cell, seed=run), 5, 4, P, S, cycles, generator)
        out.append([[int(o) for o in cell] for cell, _ in history])
    return out
"""


@task("regularised_evolution", share=50, any_dtype=True, seconds=60)
def check_evolution_beats_chance(student, rng, score):
    """In the table of 1,024 trained cells, the last cells of evolution are better than those that chance finds."""
    seeds = [rng.int(0, 2**40) for _ in range(40)]
    runs = student.define(SEARCHES).found(student.regularised_evolution, 16, 6, 84, seeds, rng.normal(1))
    expect(type(runs) is list and len(runs) == 40, "There is not one history for each seed.")
    means = []
    for run in runs:
        expect(type(run) is list and len(run) == 100, "A history does not have P + cycles cells.")
        last = [tuple(cell) for cell in run[-40:]]
        expect(all(cell in architectures.CELLS for cell in last), "A cell is not in the space.")
        means.append(sum(architectures.accuracy(cell) for cell in last) / 40)
    score(sum(means) / len(means), "mean accuracy of the last cells")


@task("controller_step", share=50)
def check_expected_step_is_the_gradient(student, rng):
    """The mean step over all choices, by their probabilities, is the gradient of the expected reward; inputs stay."""
    forbid(student, "controller_step", calls=["torch.autograd.*", "torch.func.*", "Tensor.backward"])
    logits, rewards = rng.normal(2, 3), rng.normal(3, 3)
    leaf = logits.clone().requires_grad_()
    with torch.enable_grad():
        p = leaf.softmax(dim=1)
        expected = (p[0][:, None] * p[1][None] * rewards).sum()
        (right,) = torch.autograd.grad(expected, leaf)
    p = logits.softmax(dim=1)
    for baseline in (0.0, 0.7):
        mean = 0
        for i, j in itertools.product(range(3), range(3)):
            choices = torch.tensor([i, j], device=rng.device)
            seen = student.inspect(student.controller_step, logits, choices, float(rewards[i, j]), baseline, 0.5)
            mean = mean + p[0, i] * p[1, j] * (seen.value[0] - logits) / 0.5
            expect_unchanged(seen, logits, choices, float(rewards[i, j]), baseline, 0.5)
            expect_type(seen.value[1], float, name="the baseline")
            expect_close(seen.value[1], baseline - (baseline - float(rewards[i, j])) / 20, name="the baseline")
        expect_close(mean, right, atol=1e-8, name=Message("the mean step with the baseline {b}", b=baseline),
                     hint="Every reward counts by reward minus baseline, bad ones, too.")  # fmt: skip
    logits, choices = 3 * rng.normal(7, 4), rng.integers(0, 4, 7)
    one = torch.nn.functional.one_hot(choices, 4).to(DEEP)
    found = student.controller_step(logits, choices, -2.0, 1.0, 0.1)[0]
    expect_close(found, logits - 0.3 * (one - logits.softmax(dim=1)),
                 name="seven edges, a bad reward")  # fmt: skip


@task("mixed_op", share=50)
def check_gradients_of_mixtures(student, rng):
    """Values and gradients agree for other shapes, one operation, large logits; inputs stay."""
    for shape in ((4,), (2, 3, 5), ()):
        outputs, alpha = rng.normal(3, *shape), 2 * rng.normal(3)

        def oracle(outputs, alpha):
            return sum(torch.exp(alpha[n] - alpha.logsumexp(0)) * outputs[n] for n in range(3))

        expect_same_gradients(student, rng, student.mixed_op, oracle, outputs, alpha,
                     name=Message("outputs {s}", s=shape))  # fmt: skip
        seen = student.inspect(student.mixed_op, outputs, alpha)
        expect_close(seen.value, oracle(outputs, alpha), name=Message("outputs {s}", s=shape))
        expect_unchanged(seen, outputs, alpha)
    one = rng.normal(1, 4)
    expect_close(student.mixed_op(one, rng.normal(1)), one[0], name="one operation")
    large = torch.tensor([1000.0, 0.0], dtype=DEEP, device=rng.device)
    expect_close(student.mixed_op(rng.normal(2, 3) * 0 + large[:, None], large), 0 * one[0, :3] + 1000.0,
                 name="logits of 1000")  # fmt: skip


@task("darts_step", share=50)
def check_other_turns(student, rng):
    """Other sizes agree with derivatives by hand, and nothing requires gradients or is changed."""
    for D, E in ((1, 1), (4, 3), (2, 5)):
        same_steps(student, rng, D, E, DEEP)
    w, alpha, A, B, c = (rng.normal(*shape) for shape in ((3,), (2,), (2, 3), (3, 2), (3,)))
    helper = student.define(DRIVERS)
    seen = student.inspect(helper.stepped, student.darts_step, w, alpha, A, B, c, 0.0, 0.0)
    expect_close(seen.value[0], w, name="the weights with a rate of 0")
    expect_close(seen.value[1], alpha, name="alpha with a rate of 0")
    seen = student.inspect(helper.stepped, student.darts_step, w, alpha, A, B, c, 0.3, 0.4)
    expect_equal((seen.args[1], seen.args[2]), (w, alpha), name="w and alpha after the call",
                 hint="Neither w nor alpha is changed in place.")  # fmt: skip
    expect(helper.flags(student.darts_step, w, alpha) is False, "The call changed requires_grad of w or alpha.",
           "Compute with copies: w.clone().requires_grad_().")  # fmt: skip


@task("kendall_tau", share=50)
def check_rankings_with_ties(student, rng):
    """Random rankings with and without ties agree with a loop over pairs; inputs stay."""
    for N, values in ((2, 50), (12, 4), (30, 3), (25, 10**6)):
        a, b = rng.integers(0, values, N).to(DEEP), rng.integers(0, values, N).to(DEEP)
        a[0], a[1], b[0], b[1] = 0.0, 1.0, 1.0, 0.0
        seen = student.inspect(student.kendall_tau, a, b)
        expect_type(seen.value, float)
        expect_close(seen.value, tau(a.tolist(), b.tolist()), name=Message("{N} scores", N=N),
                     hint="Each tied pair makes the count of its own ranking smaller.")  # fmt: skip
        expect_unchanged(seen, a, b)
    a = rng.normal(9)
    expect_close(student.kendall_tau(a, a.exp()), 1.0, name="a growing function")
    expect_close(student.kendall_tau(a.float(), -a.float()), -1.0, name="the opposite, float32")
