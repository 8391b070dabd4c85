"""Hidden checks of phenomena: several rounds, gradients, long lags, directions that are equally likely; inputs stay."""

import torch
import torch.nn.functional as F
from oracles_phenomena import GENERATOR, ticket

from autograder import Message, expect, expect_close, expect_equal, expect_same_gradients, expect_unchanged, task

DEEP = torch.float64


@task("lottery_round", share=50)
def check_rounds_of_the_lottery(student, rng):
    """Four rounds are nested, each removes its part of what is left; convolutions, nothing and all; inputs stay."""
    shapes = [(4, 3, 3), (4,), (5, 4), (5,), (2, 5)]
    initial = [rng.normal(*shape) for shape in shapes]
    masks = [torch.ones(shape, dtype=torch.bool, device=rng.device) for shape in shapes]
    for fraction in (0.2, 0.5, 0.0, 0.37, 1.0):
        trained = [rng.normal(*shape) * mask for shape, mask in zip(shapes, masks, strict=True)]
        seen = student.inspect(student.lottery_round, initial, trained, masks, fraction)
        weights, new = seen.value
        right = ticket(trained, masks, fraction)
        expect_equal(list(new), right, name=Message("the masks after a fraction of {f}", f=fraction),
                     hint="Of the weights that are still there, floor(fraction * "
                          "their number) go; none comes back. Only tensors with one axis keep masks.")  # fmt: skip
        expect_close(list(weights), [p * m for p, m in zip(initial, right, strict=True)],
                     name=Message("the weights, {f}", f=fraction))  # fmt: skip
        expect_unchanged(seen, initial, trained, masks, fraction)
        masks = right
    masks = [
        torch.ones(3, dtype=torch.bool, device=rng.device),
        torch.ones((2, 3), dtype=torch.bool, device=rng.device),
    ]
    masks[0][1] = False
    values = [rng.normal(3), rng.normal(2, 3)]
    found = student.lottery_round(values, values, masks, 0.5)
    expect_equal(list(found[1]), ticket(values, masks, 0.5), name="a bias that was removed before",
                 hint="Tensors with one axis keep the masks that were given.")  # fmt: skip
    masks, values = [rng.normal(3, 4) > -0.5], [rng.normal(3, 4)]
    masks[0][0], values[0][0, 1] = torch.tensor([False, True, True, True], device=rng.device), 0.0
    for fraction in (0.0, 0.4):
        found = student.lottery_round([rng.normal(3, 4)], values, masks, fraction)
        expect_equal(list(found[1]), ticket(values, masks, fraction), name="a weight of 0 that is still there",
                     hint="The masks say what is still there, not the values.")  # fmt: skip


@task("distillation_loss", share=50)
def check_gradients_of_distillation(student, rng):
    """Values and gradients agree with torch's; none reaches the teacher; large logits stay finite; inputs stay."""
    bound = student.define("def bound(f, *rest):\n    return lambda s: f(s, *rest)\n").bound
    for N, K, T, a in ((4, 3, 2.0, 0.7), (1, 5, 8.0, 1.0), (6, 2, 0.5, 0.3), (3, 4, 1.0, 0.0)):
        s, t, y = 2 * rng.normal(N, K), 2 * rng.normal(N, K), rng.integers(0, K, N)

        def oracle(s, t=t, y=y, T=T, a=a):
            soft = F.kl_div(F.log_softmax(s / T, dim=1), F.softmax(t / T, dim=1), reduction="batchmean")
            return a * T * T * soft + (1 - a) * F.cross_entropy(s, y)

        name = Message("T = {T}, a = {a}", T=T, a=a)
        expect_same_gradients(student, rng, bound(student.distillation_loss, t, y, T, a), oracle, s, name=name)
        seen = student.inspect(student.distillation_loss, s, t, y, T, a)
        expect_close(seen.value, oracle(s), name=name)
        expect_unchanged(seen, s, t, y, T, a)
    helper = student.define(
        "def reached(f, s, t, y):\n    s, t = s.clone().requires_grad_(), t.clone().requires_grad_()\n"
        "    f(s, t, y, 2.0, 0.5).backward()\n    return t.grad is None or not bool(t.grad.any())\n"
    )
    expect(
        helper.reached(student.distillation_loss, s, t, y) is True,
        "A gradient reaches the teacher.",
        "Detach its logits.",
    )
    large = torch.tensor([[900.0, 0.0]], dtype=DEEP, device=rng.device)
    found = student.distillation_loss(large, -large, torch.tensor([0], device=rng.device), 1.0, 1.0)
    expect_close(found, torch.tensor(900.0, dtype=DEEP, device=rng.device), name="logits of 900",
                 hint="Use the logarithm of the softmax in one step: a probability of 0 has none.")  # fmt: skip


@task("gradient_autocorrelation", share=50)
def check_autocorrelation_at_all_lags(student, rng):
    """Lag 0 alone, all lags, two numbers, waves; the input stays."""
    for N, lags in ((2, 1), (12, 0), (30, 29), (50, 7)):
        g = rng.normal(N) - 5
        seen = student.inspect(student.gradient_autocorrelation, g, lags)
        c = g - g.mean()
        padded = F.conv1d(F.pad(c, (0, N - 1))[None, None], c[None, None])[0, 0]
        expect_close(seen.value, (padded / padded[0])[: lags + 1], name=Message("{N} numbers, {k} lags", N=N, k=lags),
                     hint="One number for each lag from 0 to lags; that of lag 0 is 1.")  # fmt: skip
        expect_unchanged(seen, g, lags)
    wave = torch.arange(400, dtype=DEEP, device=rng.device).mul(2 * torch.pi / 20).sin()
    found = student.gradient_autocorrelation(wave, 20)
    expect(
        abs(float(found[10]) + 0.975) < 0.02 and abs(float(found[20]) - 0.95) < 0.02, "A wave does not repeat itself."
    )


@task("random_subspace", share=50)
def check_directions_are_equally_likely(student, rng):
    """Square and narrow matrices are orthonormal, and over many draws no direction or sign is preferred."""
    make, like = student.define(GENERATOR).generator, rng.normal(1)
    for D, d in ((5, 5), (7, 1), (30, 12)):
        found = student.random_subspace(D, d, make(rng.int(0, 10**6), like))
        expect(found.dtype == DEEP and tuple(found.shape) == (D, d), "The result is not a float64 matrix (D, d).")
        expect_close(found.T @ found, torch.eye(d, dtype=DEEP, device=like.device), atol=1e-9,
                     name=Message("{D} x {d}", D=D, d=d))  # fmt: skip
    shared, draws = make(rng.int(0, 10**6), like), 400
    many = torch.stack([student.random_subspace(4, 2, shared) for _ in range(draws)])
    limit = 5 * (0.25 / draws) ** 0.5
    expect(
        float(many.mean(dim=0).abs().max()) < limit,
        "The mean of many matrices is not near 0.",
        "Begin with normal numbers; in torch.linalg.qr, signs must be random, too.",
    )
    squares = many.square().mean(dim=0)
    expect(
        float((squares - 0.25).abs().max()) < 5 * (0.06 / draws) ** 0.5, "Some directions are more likely than others."
    )
