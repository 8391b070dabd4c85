"""Hidden checks of similarity and loss: the definition in loops, its gradient, one pair, extreme numbers."""

import torch
from oracles_loans_hidden import LOANS_OF_MATRIX, LOANS_OF_SIM
from torch import Tensor

from autograder import (
    Message,
    expect,
    expect_close,
    expect_device,
    expect_equal,
    expect_same_gradients,
    expect_shape,
    expect_unchanged,
    forbid,
    task,
)

FAINT = "A partner that is far away has a probability near 0: take the logarithm of the softmax in one step."


def plain_cosine(a: Tensor, b: Tensor) -> Tensor:
    """Compute the cosine of two vectors."""
    return (a * b).sum() / (a.square().sum() * b.square().sum()).sqrt()


def plain_loss(left: Tensor, right: Tensor, tau: float) -> Tensor:
    """Compute equation 1 of the paper, view by view, in float64; differentiable."""
    views = [*left.double(), *right.double()]
    total = torch.zeros((), dtype=torch.float64, device=left.device)
    for i, view in enumerate(views):
        logits = torch.stack([plain_cosine(view, other) for other in views]) / tau
        others = torch.cat([logits[:i], logits[i + 1 :]])
        top = others.max()
        total = total + top + (others - top).exp().sum().log() - logits[(i + len(left)) % len(views)]
    return total / len(views)


def projections(rng, n: int, dims: int, dtype: torch.dtype = torch.float64) -> tuple[Tensor, Tensor]:
    """Draw views whose pairs resemble each other more than the rest, as after some training; lengths differ."""
    left = rng.normal(n, dims)
    right = left + 0.8 * rng.normal(n, dims)
    lengths = rng.uniform(2 * n, 1, low=0.1, high=4.0)
    return (left * lengths[:n]).to(dtype), (right * lengths[n:]).to(dtype)


def judge_loops(student, rng, loss: str, taus, **options) -> None:
    """Compare the loss with the definition at several temperatures and on views."""
    for n, dims, tau in zip((3, 8, 2), (5, 3, 9), taus, strict=True):
        left, right = projections(rng, n, dims)
        seen = student.inspect(getattr(student, loss), left, right, tau, **options)
        expect_shape(seen.value, ())
        expect_close(
            seen.value,
            plain_loss(left, right, tau),
            name=Message("loss of {n} pairs at temperature {tau}", n=n, tau=tau),
        )
        expect_unchanged(seen, left, right, tau)
    views = [x.permute(1, 0).contiguous().permute(1, 0) for x in projections(rng, 4, 6)]
    out = getattr(student, loss)(*views, 0.3, **options)
    expect_close(out, plain_loss(*views, 0.3), name="loss of views that are not contiguous")


def judge_one_pair(student, rng, loss: str, **options) -> None:
    """Expect a loss of 0 for one pair."""
    left, right = projections(rng, 1, 6)
    out = getattr(student, loss)(left, right, 0.5, **options)
    expect_shape(out, ())
    expect_close(out, 0.0, name="loss of one pair: its partner is the only other view")


def judge_lengths(student, rng, loss: str, **options) -> None:
    """Expect the same loss after each row is stretched."""
    left, right = projections(rng, 4, 5)
    lengths = 10 ** rng.uniform(8, 1, low=-0.5, high=8.0)
    expected = plain_loss(left, right, 0.2)
    out = getattr(student, loss)(left * lengths[:4], right * lengths[4:], 0.2, **options)
    expect_close(out, expected, name="loss after stretching each row by 1/3 to 100,000,000")


@task("sim", share="1/3")
def check_cosine_of_any_vectors(student, rng):
    """The cosine agrees with its formula for float32, long vectors, views, large and small numbers."""
    for dims, scale, dtype in [(1, 1.0, torch.float64), (300, 1e6, torch.float32), (20, 0.01, torch.float64)]:
        a, b = (scale * rng.normal(dims, 2)[:, 0] for _ in range(2))
        a, b = a.to(dtype), (b + a).to(dtype)
        expected = plain_cosine(a.double(), b.double()).to(dtype)
        expect_close(student.sim(a, b), expected,
                     name=Message("sim of {dims} numbers around {scale:g}", dims=dims, scale=scale), mistakes={
            "The number that was added to the denominator is too large; 1e-8 is enough.":
                lambda a=a, b=b: (a @ b) / (a.norm() * b.norm() + 1e-3),
            "The lower limit of the denominator is too large; 1e-8 is enough.":
                lambda a=a, b=b: (a @ b) / (a.norm() * b.norm()).clamp(min=1e-2),
        })  # fmt: skip
    expect_same_gradients(student, rng, student.sim, plain_cosine, rng.normal(5), rng.normal(5), names=("z_i", "z_j"))


@task("simclr_loss_naive", share="2/8", loans=LOANS_OF_SIM)
def check_naive_loss_at_several_temperatures(student, rng):
    """The loss with loops agrees with the definition at several temperatures and sizes, and its gradients do."""
    judge_loops(student, rng, "simclr_loss_naive", (0.5, 0.07, 2.0))
    expect_same_gradients(
        student, rng, student.simclr_loss_naive, lambda left, right, tau: plain_loss(left, right, tau),
        *projections(rng, 3, 4), 0.5, names=("out_left", "out_right"),
    )  # fmt: skip


@task("simclr_loss_naive", share="1/8", any_dtype=True, loans=LOANS_OF_SIM)
def check_naive_loss_of_one_pair(student, rng):
    """The loss with loops of a single pair is 0."""
    judge_one_pair(student, rng, "simclr_loss_naive")


@task("simclr_loss_naive", share="1/8", loans=LOANS_OF_SIM)
def check_naive_loss_ignores_lengths(student, rng):
    """The loss with loops does not depend on the lengths of the projections, and keeps float32."""
    judge_lengths(student, rng, "simclr_loss_naive")
    left, right = projections(rng, 3, 4, torch.float32)
    expect_close(student.simclr_loss_naive(left, right, 0.5), plain_loss(left, right, 0.5).float(), name="float32")


@task("simclr_loss_vectorized", share="1/11", loans=LOANS_OF_MATRIX)
def check_loss_at_several_temperatures(student, rng):
    """The loss without loops agrees with the definition at several temperatures, sizes and on views."""
    judge_loops(student, rng, "simclr_loss_vectorized", (0.5, 0.07, 2.0), device=rng.device)


@task("simclr_loss_vectorized", share="1/11", any_dtype=True, loans=LOANS_OF_MATRIX)
def check_loss_of_one_pair(student, rng):
    """The loss without loops of a single pair is 0."""
    judge_one_pair(student, rng, "simclr_loss_vectorized", device=rng.device)


@task("simclr_loss_vectorized", share="1/11", any_dtype=True, loans=LOANS_OF_MATRIX)
def check_loss_ignores_lengths(student, rng):
    """The loss without loops does not depend on the lengths of the projections."""
    judge_lengths(student, rng, "simclr_loss_vectorized", device=rng.device)


@task("simclr_loss_vectorized", share="1/11", any_dtype=True, loans=LOANS_OF_MATRIX)
def check_loss_at_low_temperature(student, rng):
    """In float32 the loss without loops is right at temperature 0.01, where exp(1 / tau) overflows."""
    for n, tau in [(6, 0.01), (5, 0.003), (4, 100.0)]:
        left, right = projections(rng, n, 8, torch.float32)
        out = student.simclr_loss_vectorized(left, right, tau, device=rng.device)
        expected = plain_loss(left, right, tau).float()
        expect_close(out, expected, name=Message("loss at temperature {tau}", tau=tau), rtol=1e-3, atol=1e-3, mistakes={
            "exp overflows: use logsumexp, or subtract the largest value first.":
                out if isinstance(out, Tensor) and not out.isfinite().any() else None,
        })  # fmt: skip
    left, right = projections(rng, 4, 8, torch.float32)  # partners are the least similar: the loss is large
    out = student.simclr_loss_vectorized(left, -right, 0.01, device=rng.device)
    expect_close(out, plain_loss(left, -right, 0.01).float(), name="loss of opposite views", rtol=1e-3, hint=FAINT)
    left = rng.normal(1, 8, dtype=torch.float32)
    out = student.simclr_loss_vectorized(left, -left, 0.003, device=rng.device)
    none = torch.zeros((), device=rng.device)
    finite = isinstance(out, Tensor) and bool(out.isfinite().all())
    expect_close(out, none, name="loss of one pair of opposite views", atol=1e-3, mistakes={
        "The number on the diagonal is not small enough: the other similarities are -1 / tau. Use -inf.":
            out if finite else None,
    })  # fmt: skip


GRADIENT = """
def gradients(loss, left, right, tau, device):
    left, right = left.clone().requires_grad_(), right.clone().requires_grad_()
    loss(left, right, tau, device=device).backward()
    return left.grad, right.grad
"""


@task("simclr_loss_vectorized", share="1/11", any_dtype=True, loans=LOANS_OF_MATRIX)
def check_loss_on_the_device_of_the_projections(student, rng):
    """The loss without loops makes its mask on the given device, that of the projections."""
    expect_device(student, student.simclr_loss_vectorized, *projections(rng, 4, 5), 0.5, device=rng.device)


@task("simclr_loss_vectorized", share="1/11", any_dtype=True, loans=LOANS_OF_MATRIX)
def check_gradient_of_the_loss(student, rng):
    """The gradient reaches both sides, and agrees with that of the definition, also for one pair."""
    helper = student.define(GRADIENT)
    for n, tau in [(4, 0.5), (3, 0.1), (1, 0.5)]:
        left, right = (x.requires_grad_() for x in projections(rng, n, 5))
        expected = torch.autograd.grad(plain_loss(left, right, tau), (left, right))
        views = left.detach(), right.detach()
        found = helper.gradients(student.simclr_loss_vectorized, *views, tau, rng.device)
        for name, value, wanted in zip((Message("left"), Message("right")), found, expected, strict=True):
            expect(
                value is not None,
                Message("No gradient reaches the {name} views.", name=name),
                "Is something detached in the loss?",
            )
            expect_close(value, wanted, name=Message("gradient of the {name} views, {n} pairs", name=name, n=n))


@task("sim_positive_pairs", share="1/3")
def check_positive_pairs_agree_with_a_loop(student, rng):
    """Similarities of pairs agree with a loop for one pair, float32, and rows of very different lengths."""
    forbid(student, "sim_positive_pairs", loops=True)
    for n, dims, dtype in [(1, 4, torch.float64), (9, 2, torch.float32), (3, 50, torch.float64)]:
        left, right = projections(rng, n, dims, dtype)
        left = left * 10 ** rng.uniform(n, 1, low=-0.5, high=6.0).to(dtype)
        expected = torch.stack([plain_cosine(a.double(), b.double()) for a, b in zip(left, right, strict=True)])
        expect_close(student.sim_positive_pairs(left, right), expected[:, None].to(dtype),
                     name=Message("{n} pairs", n=n), mistakes={
            "Rows are vectors: divide by the length of each row, not of each column.":
                lambda left=left, right=right: (
                    torch.nn.functional.normalize(left, dim=0) * torch.nn.functional.normalize(right, dim=0)
                ).sum(dim=1, keepdim=True),
        })  # fmt: skip

    def pairs(left: Tensor, right: Tensor) -> Tensor:
        return torch.stack([plain_cosine(a, b) for a, b in zip(left, right, strict=True)])[:, None]

    expect_same_gradients(
        student, rng, student.sim_positive_pairs, pairs, *projections(rng, 4, 3), names=("out_left", "out_right")
    )


@task("compute_sim_matrix", share=50)
def check_matrix_is_right_and_small(student, rng):
    """The matrix agrees with a double loop, is symmetric, and needs no tensor of size 2N x 2N x D."""
    forbid(student, "compute_sim_matrix", loops=True)
    for rows in (
        rng.normal(7, 3) * 10 ** rng.uniform(7, 1, low=-0.5, high=6.0),
        rng.normal(5, 2, dtype=torch.float32).T,
    ):
        expected = torch.stack([torch.stack([plain_cosine(a, b) for b in rows.double()]) for a in rows.double()])
        seen = student.inspect(student.compute_sim_matrix, rows)
        expect_close(seen.value, expected.to(rows.dtype))
        expect_unchanged(seen, rows)

    def table(rows: Tensor) -> Tensor:
        return torch.stack([torch.stack([plain_cosine(a, b) for b in rows]) for a in rows])

    expect_same_gradients(student, rng, student.compute_sim_matrix, table, rng.normal(5, 3), names=("out",))
    many = rng.normal(300, 64)
    seen = student.measure(student.compute_sim_matrix, many)
    expect_equal(tuple(seen.value.shape), (300, 300), name="shape")
    limit = 4 * 300 * 300 * 8
    expect(
        seen.largest <= limit,
        Message(
            "For 300 views of 64 numbers a tensor of {largest:,} bytes was made; the matrix has {limit:,}.",
            largest=seen.largest,
            limit=limit // 4,
        ),
        "Normalise the rows, then take one matrix product; broadcasting to (2N, 2N, D) needs D times the memory.",
    )
