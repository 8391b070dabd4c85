"""Public checks of phenomena: tickets, distillation, autocorrelation, subspaces."""

import math

import torch
from oracles_phenomena import GENERATOR, ticket

from autograder import Message, expect, expect_close, expect_equal, expect_shape, is_sequence, task


@task("lottery_round", share=50, any_dtype=True)
def check_one_round_of_the_lottery(student, rng):
    """The smallest third of all weights goes, the rest begins with its initial values, biases stay."""
    initial = [
        rng.normal(3, 4, dtype=torch.float32),
        rng.normal(3, dtype=torch.float32),
        rng.normal(2, 3, dtype=torch.float32),
    ]
    trained = [p + rng.normal(*p.shape, dtype=torch.float32) for p in initial]
    trained[0] = 3 * trained[0]
    masks = [torch.ones_like(p, dtype=torch.bool) for p in initial]
    found = student.lottery_round(initial, trained, masks, 1 / 3)
    expect(is_sequence(found) and len(found) == 2, "lottery_round returns weights and masks.")
    new = ticket(trained, masks, 1 / 3)
    alone = [ticket([p], [m], 1 / 3)[0] for p, m in zip(trained, masks, strict=True)]
    expect_equal(list(found[1]), new, name="the masks", mistakes={
        "The weights of all layers are compared together.": alone,
        "The smallest go, not the largest.": ticket([1 / p for p in trained], masks, 1 / 3),
        "The values after training decide.": ticket(initial, masks, 1 / 3),
        "Compare absolute values.": ticket([p.exp() for p in trained], masks, 1 / 3),
    }, hint="Biases keep their masks; of all other weights, the smallest absolute values go.")  # fmt: skip
    expect_close(list(found[0]), [p * m for p, m in zip(initial, new, strict=True)], name="the weights", mistakes={
        "Begin with the initial values, not with the trained ones.": [p * m for p, m in zip(trained, new, strict=True)],
        "Weights that were removed are 0.": initial,
    }, hint="The initial values where the new mask is True, else 0.")  # fmt: skip


@task("distillation_loss", share=50, any_dtype=True)
def check_worked_distillation(student, rng):
    """The worked number, and the two ends a = 0 and a = 1, are right."""
    s, t = (torch.tensor([row], device=rng.device) for row in ([1.0, 0.0], [3.0, 0.0]))
    y = torch.tensor([1], device=rng.device)
    hard = math.log(1 + math.e)
    soft = 0.3610
    for a in (1.0, 0.0, 0.25):
        right = torch.tensor(a * soft + (1 - a) * hard, device=rng.device)
        expect_close(student.distillation_loss(s, t, y, 2.0, a), right, atol=2e-4, rtol=0,
                     name=Message("a = {a}", a=a), mistakes={
            "The factor T^2 is missing.": a * soft / 4 + (1 - a) * hard,
            "The teacher comes first in the divergence.": a * 0.4195 + (1 - a) * hard,
            "This is the cross-entropy of the two; subtract the teacher's entropy.": a * 2.2612 + (1 - a) * hard,
            "a is the share of the teacher.": (1 - a) * soft + a * hard,
            "The labels' part has no temperature.": a * soft + (1 - a) * math.log(1 + math.exp(0.5)),
        }, hint="Both softened by T; the sum over the classes, the mean over the rows; times T^2.")  # fmt: skip


@task("gradient_autocorrelation", share=50, any_dtype=True)
def check_autocorrelation_of_some_numbers(student, rng):
    """The autocorrelation agrees with a loop."""
    g = rng.normal(9, dtype=torch.float32) + 2
    c = (g - g.mean()).tolist()
    total = sum(v * v for v in c)
    right = [sum(c[i] * c[i + k] for i in range(9 - k)) / total for k in range(5)]
    raw = g.tolist()
    found = student.gradient_autocorrelation(g, 4)
    expect_close(found, torch.tensor(right, device=g.device), rtol=1e-3, atol=1e-5, mistakes={
        "Subtract the mean.":
            torch.tensor([sum(raw[i] * raw[i + k] for i in range(9 - k)) / sum(v * v for v in raw) for k in range(5)]),
        "The sum over all squares is the same for every lag: do not divide by N - k.":
            torch.tensor([r * 9 / (9 - k) for k, r in enumerate(right)]),
        "The end does not go on with the beginning.":
            torch.tensor([sum(c[i] * c[(i + k) % 9] for i in range(9)) / total for k in range(5)]),
        "The lags begin with 0, and include the last.": torch.tensor(right[1:]),
    }, hint="One number for each lag from 0 to lags, all divided by the same sum of squares.")  # fmt: skip


@task("random_subspace", share=50, any_dtype=True)
def check_columns_are_orthonormal(student, rng):
    """The columns have length 1 and right angles; the generator draws them."""
    make, like = student.define(GENERATOR).generator, rng.normal(1)
    found = student.random_subspace(20, 6, make(4, like))
    expect_shape(found, (20, 6))
    expect_close(found.T @ found, torch.eye(6, dtype=torch.float64, device=like.device), atol=1e-5,
                 name="the products of columns",
                 hint="torch.linalg.qr makes columns of length 1 with right angles.")  # fmt: skip
    expect_close(student.random_subspace(20, 6, make(4, like)), found, name="the same seed again",
                 hint="The generator that is given draws all random numbers.")  # fmt: skip
    other = student.random_subspace(20, 6, make(5, like))
    expect(float((other - found).abs().max()) > 1e-3, "Another seed gives the same matrix.")
