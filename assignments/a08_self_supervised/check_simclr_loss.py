"""Public checks of similarity and loss, on vectors whose loss can be computed on paper."""

import math

import torch
from oracles_loans import LOANS_OF_MATRIX, LOANS_OF_SIM
from torch import Tensor

from autograder import Message, expect, expect_close, expect_shape, expect_unchanged, forbid, task


def orthonormal(rng, count: int, dims: int) -> Tensor:
    """Draw orthogonal rows of length 1."""
    return torch.linalg.qr(rng.normal(dims, count).cpu())[0].T.to(rng.device)


def stretched(rng, rows: Tensor) -> Tensor:
    """Give the rows other lengths, in the same directions."""
    return rows * rng.uniform(len(rows), 1, low=0.2, high=5.0)


@task("sim", share="2/3", any_dtype=True)
def check_cosine_of_known_angles(student, rng):
    """Vectors at 0, 60, 90 and 180 degrees have similarity 1, 0.5, 0 and -1, for any lengths."""
    first, second = orthonormal(rng, 2, 5)
    for degrees in (0, 60, 90, 180):
        angle = math.radians(degrees)
        other = 3 * (math.cos(angle) * first + math.sin(angle) * second)
        seen = student.inspect(student.sim, 0.5 * first, other)
        expect_shape(seen.value, ())
        expect_close(seen.value, math.cos(angle), name=Message("at {degrees} degrees", degrees=degrees), mistakes={
            "This is the dot product: divide by both lengths.": 1.5 * math.cos(angle),
            "The lengths lack their roots: divide by the lengths, not by their squares.": math.cos(angle) / 1.5,
            "This is the angle; return its cosine.": angle,
        })  # fmt: skip
        expect_unchanged(seen, 0.5 * first, other)


def judge_apart(student, rng, loss: str, **options) -> None:
    """Compare the loss where positive pairs agree and all else is orthogonal: log(1 + (2N - 2) exp(-1 / tau))."""
    n, tau = 4, 0.5
    rows = orthonormal(rng, n, 6)
    left, right = stretched(rng, rows), stretched(rng, rows)
    seen = student.inspect(getattr(student, loss), left, right, tau, **options)
    rest = (2 * n - 2) * math.exp(-1 / tau)
    expect_shape(seen.value, ())
    both = torch.cat([left, right])
    logits = (both @ both.T / tau).fill_diagonal_(-math.inf)
    by_products = logits.logsumexp(dim=1).mean() - 1 / tau
    a_little_more = seen.value if 0 < float(seen.value) - math.log(1 + rest) < 0.01 else None
    expect_close(seen.value, math.log(1 + rest), mistakes={
        "The denominator contains the view itself: omit k = i.": math.log(2 + rest),
        "The denominator lacks the positive pair: omit only k = i.": math.log(rest),
        "The denominator lacks the views of the same side: they are negatives too.": math.log(1 + rest / 2),
        "The similarity of the pair itself is divided by the temperature, too.": math.log(1 + rest) + 1 / tau - 1,
        "The similarities of the pairs were summed; take their mean.": math.log(1 + rest) - (n - 1) / tau,
        "The similarity of the pair is not in the numerator. The partner of view k is view k + N, not its neighbour.":
            math.log(1 + rest) + 1 / tau,
        "This is the sum over the views: divide by 2N.": 2 * n * math.log(1 + rest),
        "This is divided by N; there are 2N views.": 2 * math.log(1 + rest),
        "The temperature is missing.": math.log(1 + (2 * n - 2) * math.exp(-1)),
        "The similarity is multiplied by the temperature; divide by it.": math.log(1 + (2 * n - 2) * math.exp(-tau)),
        "In the denominator the similarities are not divided by the temperature.":
            math.log(math.e + 2 * n - 2) - 1 / tau,
        "In the denominator the similarities are multiplied by the temperature; divide by it.":
            math.log(math.exp(tau) + 2 * n - 2) - 1 / tau,
        "The denominator is missing: the other views are the negatives.": -1 / tau,
        "The denominator has dot products: divide by the lengths there, too.": by_products,
        "Add nothing inside the logarithm: the denominator is never 0.": a_little_more,
        "The sign is wrong: the loss is minus the log probability.": -math.log(1 + rest),
        "On the diagonal, -inf leaves the view itself out; 0 adds exp(0) to the denominator.":
            math.log(1 + rest + math.exp(-1 / tau)),
    })  # fmt: skip
    expect_unchanged(seen, left, right, tau)


def judge_star(student, rng, loss: str, **options) -> None:
    """Compare the loss where left views are orthogonal and all right views equal the first left view."""
    n, tau = 5, 0.4
    rows = orthonormal(rng, n, 7)
    left, right = stretched(rng, rows), stretched(rng, rows[:1].expand(n, -1))
    gain = math.exp(1 / tau)
    near, far = math.log(n + (n - 1) / gain), math.log(2 * n - 1)  # of the first pair; of the other left views
    back = math.log(n * gain + n - 1)  # of the other right views: all resemble each other, not their partners
    expected = (2 * near + (n - 1) * (far + back)) / (2 * n)
    out = getattr(student, loss)(left, right, tau, **options)
    expect_close(out, expected, mistakes={
        "Only left views are compared with their partners; compare right views too.": (near + (n - 1) * far) / n,
        "Only right views are compared with their partners; compare left views too.": (near + (n - 1) * back) / n,
    })  # fmt: skip


@task("simclr_loss_naive", share="2/8", any_dtype=True, loans=LOANS_OF_SIM)
def check_naive_loss_of_pairs_far_apart(student, rng):
    """If pairs agree and all else is orthogonal, the loss with loops is log(1 + (2N - 2) exp(-1 / tau))."""
    judge_apart(student, rng, "simclr_loss_naive")


@task("simclr_loss_naive", share="2/8", any_dtype=True, loans=LOANS_OF_SIM)
def check_naive_loss_of_a_star(student, rng):
    """The loss with loops is right where left and right views have different roles."""
    judge_star(student, rng, "simclr_loss_naive")


@task("simclr_loss_vectorized", share="2/11", any_dtype=True, loans=LOANS_OF_MATRIX)
def check_loss_of_pairs_far_apart(student, rng):
    """If pairs agree and all else is orthogonal, the loss without loops is log(1 + (2N - 2) exp(-1 / tau))."""
    judge_apart(student, rng, "simclr_loss_vectorized", device=rng.device)


@task("simclr_loss_vectorized", share="2/11", any_dtype=True, loans=LOANS_OF_MATRIX)
def check_loss_of_a_star(student, rng):
    """The loss without loops is right where left and right views have different roles."""
    judge_star(student, rng, "simclr_loss_vectorized", device=rng.device)


@task("simclr_loss_vectorized", share="1/11", loans=LOANS_OF_MATRIX)
def check_loss_takes_no_loop(student, rng):
    """The vectorised loss has no Python loop, and needs as many operations for 40 pairs as for 4."""
    forbid(student, "simclr_loss_vectorized", loops="images", apart=["sim_positive_pairs", "compute_sim_matrix"])
    counts = []
    for n in (4, 40):
        left, right = rng.normal(n, 6), rng.normal(n, 6)
        counts.append(student.measure(student.simclr_loss_vectorized, left, right, 0.5, device=rng.device).ops)
    expect(
        counts[1] <= counts[0],
        Message("4 pairs took {few} torch operations, 40 pairs took {many}.", few=counts[0], many=counts[1]),
    )


@task("sim_positive_pairs", share="2/3", any_dtype=True)
def check_positive_pairs_at_known_angles(student, rng):
    """Row k of the column is the cosine between the two views of pair k, for any lengths."""
    forbid(student, "sim_positive_pairs", loops=True)
    angles = rng.uniform(5, 1, low=0.1, high=3.0)
    first, second = orthonormal(rng, 2, 4)
    left, right = stretched(rng, first.expand(5, -1)), stretched(rng, angles.cos() * first + angles.sin() * second)
    seen = student.inspect(student.sim_positive_pairs, left, right)
    expect_close(seen.value, angles.cos(), mistakes={
        "Return a column: (N, 1).": angles.cos()[:, 0],
        "These are dot products: divide by the lengths.": lambda: (left * right).sum(1, keepdim=True),
        "These are all pairs; compare only rows with the same number.": angles.cos().T.expand(5, 5),
    })  # fmt: skip
    expect_unchanged(seen, left, right)


@task("compute_sim_matrix", share=50, any_dtype=True)
def check_matrix_of_known_angles(student, rng):
    """In a plane, entry [i, j] is the cosine of the angle between i and j; the diagonal is 1."""
    forbid(student, "compute_sim_matrix", loops=True)
    angles = rng.uniform(6, 1, low=0.0, high=2 * math.pi)
    first, second = orthonormal(rng, 2, 4)
    rows = stretched(rng, angles.cos() * first + angles.sin() * second)
    seen = student.inspect(student.compute_sim_matrix, rows)
    expected = (angles - angles.T).cos()
    expect_close(seen.value, expected, mistakes={
        "These are dot products: divide by the lengths of both rows.": lambda: torch.einsum("id,jd->ij", rows, rows),
        "Each entry was divided by the length of one row; divide by the lengths of both.": (
            lambda: torch.einsum("id,jd->ij", rows / rows.norm(dim=1, keepdim=True), rows)
        ),
        "The diagonal should be 1: mask it in the loss.": expected - torch.eye(6, device=rng.device),
        "Rows are vectors: divide by the length of each row, not of each column.":
            lambda: torch.einsum("id,jd->ij", *[rows / rows.norm(dim=0)] * 2),
    })  # fmt: skip
    expect_unchanged(seen, rows)
