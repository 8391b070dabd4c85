"""Hidden checks of foundations: probabilities that sum to 1, gradients, extreme predictions."""

import math

import torch
import torch.nn.functional as F
from oracles_likelihoods import all_orders, bessel, gaussian, orders_of

from autograder import Message, expect_close, expect_same_gradients, expect_unchanged, task

DEEP = torch.float64
BOUND = """
def bound(f, *rest):
    return lambda x: f(x, *rest)

def second(f, first, *rest):
    return lambda x: f(first, x, *rest)
"""


def gradients(student, rng, f, oracle, x, *rest, first=None, name=""):
    """Compare values and gradients in one argument; the others are given."""
    helper = student.define(BOUND)
    held = helper.bound(f, *rest) if first is None else helper.second(f, first, *rest)
    expect_same_gradients(student, rng, held, oracle, x, name=name)


def each_alone(f, prediction, ys):
    """Return the probability or density of each answer, for one row of a prediction."""
    return [math.exp(-float(f(prediction, torch.tensor([y], dtype=DEEP, device=prediction.device)))) for y in ys]


@task("nll", share=50)
def check_likelihoods_sum_to_one(student, rng):
    """Densities and probabilities sum to 1; values and gradients agree with torch's; extreme logits stay finite."""
    for kind, ys in (("bernoulli", [0.0, 1.0]), ("poisson", [float(n) for n in range(30)])):
        row = 0.5 * rng.normal(1, 1)
        found = each_alone(lambda p, y, kind=kind: student.nll(kind, p, y), row, ys)
        expect_close(math.fsum(found), 1.0, atol=1e-6, name=Message("{kind}: the sum of all probabilities", kind=kind))
    for kind, last in (("gaussian", 0.7), ("laplace", 0.2)):
        row = torch.tensor([[float(rng.normal()), last]], dtype=DEEP, device=rng.device)
        ys = [float(row[0, 0]) + 0.5 * n for n in range(-20, 21)]
        found = each_alone(lambda p, y, kind=kind: student.nll(kind, p, y), row, ys)
        expect_close(
            found[::4],
            [_density(kind, row)(y) for y in ys[::4]],
            rtol=1e-4,
            name=Message("{kind}: densities", kind=kind),
        )
        expect_close(0.5 * math.fsum(found), 1.0, atol=0.05, name=Message("{kind}: the integral", kind=kind))
    y = {
        "gaussian": rng.normal(6), "laplace": rng.normal(6), "bernoulli": rng.integers(0, 2, 6).to(DEEP),
        "categorical": rng.integers(0, 4, 6), "poisson": rng.integers(0, 9, 6).to(DEEP),
    }  # fmt: skip
    for kind, P in (("gaussian", 2), ("laplace", 2), ("bernoulli", 1), ("categorical", 4), ("poisson", 1)):
        prediction = rng.normal(6, P)
        gradients(student, rng, student.nll, lambda p, kind=kind: _ready(kind, p, y[kind]), prediction, y[kind],
                  first=kind, name=Message(kind))  # fmt: skip
        seen = student.inspect(student.nll, kind, prediction, y[kind])
        expect_unchanged(seen, kind, prediction, y[kind])
    wide = torch.tensor([[1.0, 9.0], [-2.0, -9.0]], dtype=DEEP, device=rng.device)
    near = torch.tensor([60.0, -2.01], dtype=DEEP, device=rng.device)
    for kind in ("gaussian", "laplace"):
        expect_close(student.nll(kind, wide, near), _ready(kind, wide, near),
                     name=Message("{kind}, wide and narrow", kind=kind), hint="Do not cut the logarithm.")  # fmt: skip
    big = torch.tensor([[1000.0], [-1000.0]], dtype=DEEP, device=rng.device)
    target = torch.tensor([0.0, 1.0], dtype=DEEP, device=rng.device)
    expect_close(student.nll("bernoulli", big, target), torch.tensor(1000.0, dtype=DEEP, device=rng.device),
                 name="bernoulli, logits of 1000",
                 hint="Take log(1 + exp(z)) or the logarithm of a sum of exponentials without overflow.")  # fmt: skip
    wide = torch.tensor([[1000.0, 0.0]], dtype=DEEP, device=rng.device)
    expect_close(student.nll("categorical", wide, torch.tensor([1], device=rng.device)),
                 torch.tensor(1000.0, dtype=DEEP, device=rng.device), name="categorical, logits of 1000",
                 hint="Take log(1 + exp(z)) or the logarithm of a sum of exponentials without overflow.")  # fmt: skip


def _density(kind, row):
    """Return the density of one row of a prediction."""
    mean, size = float(row[0, 0]), math.exp(float(row[0, 1]))
    if kind == "gaussian":
        return lambda y: gaussian(y, mean, size)
    return lambda y: math.exp(-abs(y - mean) / size) / (2 * size)


def _ready(kind, prediction, y):
    """Return the loss by torch's distributions."""
    D = torch.distributions
    first, last = prediction[:, 0], prediction[:, -1]
    if kind == "gaussian":
        return -D.Normal(first, (last / 2).exp()).log_prob(y).mean()
    if kind == "laplace":
        return -D.Laplace(first, last.exp()).log_prob(y).mean()
    if kind == "bernoulli":
        return -D.Bernoulli(logits=first).log_prob(y).mean()
    if kind == "poisson":
        return -D.Poisson(first.exp()).log_prob(y).mean()
    return F.cross_entropy(prediction, y)


@task("nll_von_mises", share=50)
def check_directions_of_all_kappas(student, rng):
    """Densities sum to 1 over a turn; large kappas stay finite; gradients agree; inputs stay."""
    for kappa in (0.2, 1.5, 8.0):
        row = torch.tensor([[float(rng.normal()), math.log(kappa)]], dtype=DEEP, device=rng.device)
        steps = [2 * math.pi * n / 60 for n in range(60)]
        found = each_alone(student.nll_von_mises, row, steps)
        expect_close(
            math.fsum(found) * 2 * math.pi / 60, 1.0, atol=1e-4, name=Message("kappa {k}: the integral", k=kappa)
        )
        right = math.exp(kappa * math.cos(steps[7] - float(row[0, 0]))) / (2 * math.pi * bessel(kappa))
        expect_close(found[7], right, name=Message("kappa {k}: a density", k=kappa))
    prediction, y = torch.cat([rng.normal(5, 1), rng.uniform(5, 1, low=-1.0, high=3.0)], dim=1), 3 * rng.normal(5)

    def oracle(p, y):
        kappa = p[:, 1].exp()
        return (math.log(2 * math.pi) + torch.special.i0(kappa).log() - kappa * torch.cos(y - p[:, 0])).mean()

    expect_same_gradients(student, rng, student.nll_von_mises, oracle, prediction, y)
    seen = student.inspect(student.nll_von_mises, prediction, y)
    expect_unchanged(seen, prediction, y)
    even = torch.tensor([[0.3, -30.0]], dtype=DEEP, device=rng.device)
    expect_close(student.nll_von_mises(even, torch.tensor([2.0], dtype=DEEP, device=rng.device)),
                 torch.tensor(math.log(2 * math.pi), dtype=DEEP, device=rng.device), name="log kappa = -30",
                 hint="Do not cut the logarithm.")  # fmt: skip
    huge = torch.tensor([[0.3, 12.0]], dtype=DEEP, device=rng.device)
    kappa = math.exp(12.0)
    right = (
        math.log(2 * math.pi)
        - 0.5 * math.log(2 * math.pi * kappa)
        + math.log1p(1 / (8 * kappa))
        + kappa * (1 - math.cos(0.1))
    )
    expect_close(student.nll_von_mises(huge, torch.tensor([0.4], dtype=DEEP, device=rng.device)),
                 torch.tensor(right, dtype=DEEP, device=rng.device), name="log kappa = 12",
                 hint="log I_0 is log i0e plus kappa: I_0 itself is infinite.")  # fmt: skip


@task("nll_mixture", share=50)
def check_mixtures_far_away(student, rng):
    """One, three and five parts agree with sums of densities, far points stay finite, gradients agree; inputs stay."""
    for N, K in ((4, 1), (5, 3), (3, 5)):
        prediction, y = rng.normal(N, 3 * K), rng.normal(N)
        total = 0.0
        for row, at in zip(prediction.tolist(), y.tolist(), strict=True):
            weights = [math.exp(v) for v in row[:K]]
            parts = [
                w * gaussian(at, m, math.exp(s)) for w, m, s in zip(weights, row[K : 2 * K], row[2 * K :], strict=True)
            ]
            total -= math.log(math.fsum(parts) / math.fsum(weights)) / N
        seen = student.inspect(student.nll_mixture, prediction, y)
        expect_close(seen.value, torch.tensor(total, dtype=DEEP, device=rng.device), name=Message("{K} parts", K=K))
        expect_unchanged(seen, prediction, y)

        def oracle(p, y, K=K):
            D = torch.distributions
            parts = D.Normal(p[:, K : 2 * K], (p[:, 2 * K :] / 2).exp())
            return -D.MixtureSameFamily(D.Categorical(logits=p[:, :K]), parts).log_prob(y).mean()

        expect_same_gradients(student, rng, student.nll_mixture, oracle, prediction, y, name=Message("{K} parts", K=K))
    wide = torch.tensor([[0.3, -0.3, 1.0, -2.0, 9.0, -9.0]], dtype=DEEP, device=rng.device).expand(2, -1).contiguous()
    near = torch.tensor([60.0, -2.01], dtype=DEEP, device=rng.device)
    expect_close(student.nll_mixture(wide, near), oracle(wide, near, 2), name="a wide part and a narrow one",
                 hint="Do not cut the logarithm.")  # fmt: skip
    far = torch.tensor([[0.0, 0.0, 0.0, 1.0, 0.0, 0.0]], dtype=DEEP, device=rng.device)
    right = math.log(2) + 0.5 * math.log(2 * math.pi) + 99.0**2 / 2 - math.log1p(math.exp((99.0**2 - 100.0**2) / 2))
    expect_close(student.nll_mixture(far, torch.tensor([100.0], dtype=DEEP, device=rng.device)),
                 torch.tensor(right, dtype=DEEP, device=rng.device), name="a point that is far away",
                 hint="Far away, all densities are 0: add them by logsumexp of their logarithms.")  # fmt: skip


@task("nll_plackett_luce", share=50)
def check_all_orders_sum_to_one(student, rng):
    """The probabilities of all orders sum to 1; batches agree with products; gradients agree; inputs stay."""
    scores = 2 * rng.normal(1, 4)
    found = []
    for order in all_orders(4):
        loss = student.nll_plackett_luce(scores, torch.tensor([order], device=rng.device))
        found.append(math.exp(-float(loss)))
    expect_close(math.fsum(found), 1.0, atol=1e-6, name="the sum over all orders of 4")
    scores, order = rng.normal(5, 6), torch.stack([rng.permutation(6) for _ in range(5)])
    rows = [orders_of(s, o) for s, o in zip(scores.tolist(), order.tolist(), strict=True)]
    seen = student.inspect(student.nll_plackett_luce, scores, order)
    expect_close(
        seen.value, torch.tensor(math.fsum(rows) / 5, dtype=DEEP, device=rng.device), name="five orders of six"
    )
    expect_unchanged(seen, scores, order)

    def oracle(s, order):
        total = 0.0
        for row, places in zip(s, order, strict=True):
            for i in range(len(places)):
                total = total - row[places[i:]].log_softmax(dim=0)[0]
        return total / len(s)

    expect_same_gradients(student, rng, student.nll_plackett_luce, oracle, scores, order)
    large = torch.tensor([[1000.0, -1000.0, 0.0]], dtype=DEEP, device=rng.device)
    for places, right in (((0, 2, 1), 0.0), ((1, 0, 2), 2000.0), ((0, 1, 2), 1000.0)):
        found = student.nll_plackett_luce(large, torch.tensor([places], device=rng.device))
        expect_close(found, large.new_tensor(right), name="scores of 1000",
                     hint="Take the logarithm of a sum of exponentials without overflow: logcumsumexp.")  # fmt: skip


@task("margin_loss", share=50)
def check_other_margins(student, rng):
    """Values and gradients of random scores agree; inputs stay."""
    for N in (1, 9):
        score, y = 2 * rng.normal(N), 2.0 * rng.integers(0, 2, N).to(DEEP) - 1
        for kind, each in (("hinge", lambda s: F.relu(1 - s)), ("exponential", lambda s: torch.exp(-s))):
            gradients(student, rng, student.margin_loss, lambda s, y=y, each=each: each(y * s).mean(), score, y,
                      first=kind, name=Message(kind))  # fmt: skip
            seen = student.inspect(student.margin_loss, kind, score, y)
            expect_unchanged(seen, kind, score, y)
            expect_close(seen.value, each(y * score).mean(), name=Message(kind))


@task("contrastive_loss", share=50)
def check_other_pairs(student, rng):
    """Values and gradients of random pairs agree, for several margins; inputs stay."""
    for N, m in ((1, 1.0), (12, 0.5), (7, 4.0)):
        d, y = 2 * rng.uniform(N), rng.integers(0, 2, N).to(DEEP)

        def oracle(d, y, m):
            return torch.where(y > 0.5, d.square(), F.relu(m - d).square()).mean() / 2

        gradients(student, rng, student.contrastive_loss, lambda d, y=y, m=m: oracle(d, y, m), d, y, m,
                  name=Message("margin {m}", m=m))  # fmt: skip
        seen = student.inspect(student.contrastive_loss, d, y, m)
        expect_close(seen.value, oracle(d, y, m), name=Message("margin {m}", m=m))
        expect_unchanged(seen, d, y, m)


@task("label_smoothing", share=50)
def check_smoothing_of_other_logits(student, rng):
    """Values and gradients agree with torch's, for every a; large logits stay finite; inputs stay."""
    for N, K, a in ((1, 2, 0.3), (6, 5, 0.1), (4, 10, 1.0)):
        logits, y = 3 * rng.normal(N, K), rng.integers(0, K, N)
        gradients(student, rng, student.label_smoothing,
                  lambda z, y=y, a=a: F.cross_entropy(z, y, label_smoothing=a), logits, y, a,
                  name=Message("a = {a}", a=a))  # fmt: skip
        seen = student.inspect(student.label_smoothing, logits, y, a)
        expect_close(seen.value, F.cross_entropy(logits, y, label_smoothing=a), name=Message("a = {a}", a=a))
        expect_unchanged(seen, logits, y, a)
    large = torch.tensor([[800.0, 0.0]], dtype=DEEP, device=rng.device)
    expect_close(student.label_smoothing(large, torch.tensor([0], device=rng.device), 0.2),
                 torch.tensor(80.0, dtype=DEEP, device=rng.device), name="a logit of 800",
                 hint="Use the logarithm of the softmax in one step: a probability of 0 has none.")  # fmt: skip
