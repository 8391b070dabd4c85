"""Public checks of foundations: likelihoods and losses, against worked numbers and torch's own."""

import math

import torch
import torch.nn.functional as F
from oracles_foundations import LOSSES

from autograder import Message, expect_close, expect_raises, forbid, task

LOG2 = math.log(2)


def tensor(rng, *values):
    """Return a tensor of these numbers."""
    return torch.tensor(values, device=rng.device)


@task("nll", share=50, any_dtype=True)
def check_worked_likelihoods(student, rng):
    """The worked numbers of the table, and the mean over two rows, are right; an unknown kind is an error."""
    forbid(student, "nll", calls=LOSSES)
    zero = tensor(rng, [0.0, 2 * LOG2])
    half = 0.5 * math.log(2 * math.pi)
    found = student.nll("gaussian", zero, tensor(rng, 1.0))
    expect_close(found, torch.tensor(1.7371, device=rng.device), atol=1e-4, name="gaussian", mistakes={
        "The constant, half of log 2 pi, is missing.": 1.7371 - half,
        "The second column is the logarithm of the variance, not the variance.": half + LOG2 / 2 + 0.5 / (2 * LOG2),
        "The second column is the logarithm of the variance, not of the deviation.": half + 2 * LOG2 + 1 / 32,
        "The logarithm of the variance is halved, too.": 1.7371 + LOG2,
        "The square is divided by exp of the second column, the logarithm of the variance; here by its square.": (
            half + LOG2 + 0.5 / (2 * LOG2) ** 2
        ),
    })  # fmt: skip
    found = student.nll("laplace", tensor(rng, [0.0, LOG2]), tensor(rng, 1.0))
    expect_close(found, torch.tensor(1.8863, device=rng.device), atol=1e-4, name="laplace", mistakes={
        "The constant log 2 is missing.": 1.8863 - LOG2,
        "The second column is the logarithm of b.": LOG2 + math.log(LOG2) + 1 / LOG2,
    })  # fmt: skip
    found = student.nll("poisson", tensor(rng, [math.log(3)]), tensor(rng, 2.0))
    expect_close(found, torch.tensor(1.4959, device=rng.device), atol=1e-4, name="poisson", mistakes={
        "The term log y! is missing.": 1.4959 - LOG2,
        "log y! is lgamma(y + 1).": 1.4959 - LOG2 + math.lgamma(2),
        "The prediction is the logarithm of the rate.": math.log(3) - 2 * math.log(math.log(3)) + LOG2,
    })  # fmt: skip
    z, y = rng.normal(2, 1, dtype=torch.float32), tensor(rng, 1.0, 0.0)
    right = F.binary_cross_entropy_with_logits(z[:, 0], y)
    expect_close(student.nll("bernoulli", z, y), right, name="bernoulli", mistakes={
        "Take the mean over the rows, not the sum.": 2 * right,
        "The prediction is a logit.": -(y * z[:, 0]).mean(),
    })  # fmt: skip
    z, y = rng.normal(2, 4, dtype=torch.float32), torch.tensor([3, 0], device=rng.device)
    right = F.cross_entropy(z, y)
    expect_close(student.nll("categorical", z, y), right, name="categorical", mistakes={
        "Take the mean over the rows, not the sum.": 2 * right,
        "The logarithm of the sum is missing.": -z.gather(1, y[:, None]).mean(),
    })  # fmt: skip
    with expect_raises(ValueError):
        student.nll("uniform", z, y)


@task("nll_von_mises", share=50, any_dtype=True)
def check_worked_direction(student, rng):
    """The worked number is right, and a full turn changes nothing."""
    forbid(student, "nll_von_mises", calls=LOSSES)
    right = torch.tensor(0.9067, device=rng.device)
    constant = math.log(2 * math.pi)
    i0 = float(torch.special.i0(torch.tensor(2.0)))
    for turn in (0.0, 2 * math.pi):
        found = student.nll_von_mises(tensor(rng, [0.0, LOG2]), tensor(rng, 0.5 + turn))
        expect_close(found, right, atol=1e-4, name=Message("an angle of {a:.2f}", a=0.5 + turn), mistakes={
            "The normalisation by the Bessel function is missing.": constant - 2 * math.cos(0.5),
            "i0e is scaled: add kappa.": 0.9067 - 2,
            "The constant, log 2 pi, is missing.": 0.9067 - constant,
            "The second column is the logarithm of kappa.":
                constant + math.log(float(torch.special.i0(torch.tensor(LOG2)))) - LOG2 * math.cos(0.5),
            "The logarithm of the Bessel function is added.": constant + i0 - 2 * math.cos(0.5),
        }, hint="Only the cosine of the angle from the mean to y counts.")  # fmt: skip


@task("nll_mixture", share=50, any_dtype=True)
def check_mixture_of_two(student, rng):
    """Two normal distributions, one of them far away, agree with the sum of their densities."""
    forbid(student, "nll_mixture", calls=LOSSES)
    y = tensor(rng, 0.5, -1.0)
    row = tensor(rng, [0.4, -0.6, 0.0, 1.0, 0.0, 2 * LOG2], [1.0, 1.0, -1.0, 2.0, -1.0, 0.5])

    def density(values):
        out = []
        for (a, b, m, n, s, t), at in zip(row.tolist(), y.tolist(), strict=True):
            p = math.exp(a) / (math.exp(a) + math.exp(b))
            out.append(values(p, m, math.exp(s), at) + values(1 - p, n, math.exp(t), at))
        return -sum(map(math.log, out)) / 2

    def normal(p, m, v, at):
        return p * math.exp(-((at - m) ** 2) / (2 * v)) / math.sqrt(2 * math.pi * v)

    expect_close(student.nll_mixture(row, y), torch.tensor(density(normal), device=rng.device), rtol=1e-4, mistakes={
        "The weights are the softmax of the logits.": density(lambda p, *rest: normal(0.5, *rest)),
        "The third part has logarithms of variances, not of deviations.":
            density(lambda p, m, v, at: normal(p, m, v * v, at)),
        "The normalisation of each density is missing.":
            density(lambda p, m, v, at: normal(p, m, v, at) * math.sqrt(2 * math.pi * v)),
        "Take the mean over the rows.": 2 * density(normal),
    },
                 hint="The logarithm of a sum over the parts; a row has K logits, "
                      "then K means, then K log variances.")  # fmt: skip


@task("nll_plackett_luce", share=50, any_dtype=True)
def check_worked_order(student, rng):
    """The worked number is right, and that of the opposite order."""
    forbid(student, "nll_plackett_luce", calls=LOSSES)
    scores = tensor(rng, [2.0, 1.0, 0.0])
    for order, right, wrong in (([0, 1, 2], 0.7209, 3.7209), ([2, 1, 0], 3.7209, 0.7209), ([1, 2, 0], 3.5344, 1.5344)):
        found = student.nll_plackett_luce(scores, torch.tensor([order], device=rng.device))
        expect_close(found, torch.tensor(right, device=rng.device), atol=1e-4,
                     name=Message("{order}", order=order), mistakes={
            "The order is best first.": wrong,
            "Each step chooses among those that are left: this is the softmax of all, each time.": 3 * 2.4076 - 3,
            "`order` has the numbers of items; their scores are gathered by it.": 0.7209,
        },
                     hint="Add over the places: the logarithm of the share of the item "
                          "there among those from there on.")  # fmt: skip


@task("margin_loss", share=50, any_dtype=True)
def check_margins_of_some_scores(student, rng):
    """Both losses agree with a loop; an unknown kind is an error."""
    score, y = tensor(rng, 0.3, -2.0, 1.4, 0.4), tensor(rng, 1.0, -1.0, 1.0, -1.0)
    products = [0.3, 2.0, 1.4, -0.4]
    hinge, exponential = sum(max(0.0, 1 - p) for p in products) / 4, sum(math.exp(-p) for p in products) / 4
    expect_close(student.margin_loss("hinge", score, y), torch.tensor(hinge, device=rng.device),
                 name="hinge", mistakes={
        "The margin of 1 is missing.": sum(max(0.0, -p) for p in products) / 4,
        "Cut at 0.": sum(1 - p for p in products) / 4,
        "Take the mean.": 4 * hinge,
        "This is the squared hinge.": sum(max(0.0, 1 - p) ** 2 for p in products) / 4,
    })  # fmt: skip
    expect_close(student.margin_loss("exponential", score, y), torch.tensor(exponential, device=rng.device),
                 name="exponential", mistakes={
        "The sign is wrong.": sum(math.exp(p) for p in products) / 4,
        "Take the mean.": 4 * exponential,
    })  # fmt: skip
    with expect_raises(ValueError):
        student.margin_loss("square", score, y)


@task("contrastive_loss", share=50, any_dtype=True)
def check_pairs_at_some_distances(student, rng):
    """Pairs inside and outside of the margin agree with a loop."""
    d, y, m = tensor(rng, 0.4, 0.5, 3.0, 1.4), tensor(rng, 1.0, 0.0, 0.0, 1.0), 2.0
    right = (0.4**2 + 1.5**2 + 1.4**2) / 8
    expect_close(student.contrastive_loss(d, y, m), torch.tensor(right, device=rng.device), mistakes={
        "The half is missing.": 2 * right,
        "Cut m - d at 0 before you square it.": (0.4**2 + 1.5**2 + 1.4**2 + 1.0) / 8,
        "y = 1 is a pair of one kind: the two terms are exchanged.": (1.6**2 + 0.5**2 + 3.0**2 + 0.6**2) / 8,
        "Square the distances.": (0.4 + 1.5 + 1.4) / 8,
        "Take the mean.": 4 * right,
    })  # fmt: skip


@task("label_smoothing", share=50, any_dtype=True)
def check_worked_smoothing(student, rng):
    """The worked number, and no smoothing at all, are right."""
    forbid(student, "label_smoothing", calls=LOSSES)
    logits, y = tensor(rng, [2.0, 0.0, 0.0]), torch.tensor([0], device=rng.device)
    expect_close(student.label_smoothing(logits, y, 0.1), torch.tensor(0.3729, device=rng.device), atol=1e-4, mistakes={
        "The class itself gets a / K, too.": 0.9 * 0.2395 + 0.1 / 3 * 4.479,
        "The other classes share a: each gets a / K, not a / (K - 1).": 0.9 * 0.2395 + 0.1 * 2.2395,
        "Without the factor 1 - a for the class.": 0.2395 + 0.1 * 1.5728,
        "This is not smoothed.": 0.2395,
    }, hint="The target has a / K everywhere, and 1 - a more at the class.")  # fmt: skip
    expect_close(
        student.label_smoothing(logits, y, 0.0), torch.tensor(0.2395, device=rng.device), atol=1e-4, name="with a = 0"
    )
