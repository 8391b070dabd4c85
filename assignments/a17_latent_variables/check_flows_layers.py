"""Public checks of flows, part 1: the change of variables, linear, bent and coupling layers, against Jacobians."""

import math

import torch
from oracles_flows import HELPERS, bent, judge_layer

from autograder import expect, expect_close, forbid, task

GENERAL = ["torch.linalg.inv*", "torch.inverse", "torch.linalg.solve", "torch.linalg.solve_ex", "torch.linalg.det",
           "torch.det", "torch.linalg.slogdet", "torch.slogdet", "torch.logdet", "torch.linalg.pinv",
           "torch.linalg.lu_solve", "torch.lu_solve"]  # fmt: skip


UNDO_PLU = "Undo the steps in the opposite order: first the permutation, by order.argsort(), then L, then U + diag s."
UNDO_BENT = "Find the piece by the ends of the shares, then solve z = start + (K x - b) phi_b for x."
UNDO_COUPLING = "z_a is x_a: ask the network with it again, then x_b = (z_b - t) exp(-s)."


@task("flow_log_prob", share=50, any_dtype=True, keeps=True)
def check_density_of_a_banana(student, rng):
    """The log-densities of a bent and stretched Gaussian are right, layer by layer."""
    helper = student.define(HELPERS)
    x = 0.5 * rng.normal(5, 2, dtype=torch.float32)
    a = torch.tensor([0.5, 1.5], device=rng.device)
    chain = helper.layers(["bend", "stretch"], a)
    z = torch.stack([x[:, 0], 2 * x[:, 1] - x[:, 0] ** 2 + 1], dim=1)
    first, second = torch.full_like(x[:, 0], 2.0).log(), (a * z + a.log()).sum(dim=1)
    end = (a * z).exp()
    base = -0.5 * end.square().sum(dim=1) - torch.log(torch.tensor(2 * torch.pi))
    right = base + first + second
    early = (a * x).exp()
    turned = torch.stack([early[:, 0], 2 * early[:, 1] - early[:, 0] ** 2 + 1], dim=1)
    other = first + (a * x + a.log()).sum(dim=1) - 0.5 * turned.square().sum(dim=1)
    expect_close(student.flow_log_prob(x, chain, helper.normal), right, rtol=1e-3, mistakes={
        "Add the log-determinants.": base,
        "Log-determinants are added, not subtracted.": base - first - second,
        "The log-determinants of all layers count.": base + second,
        "The log-determinants of all layers count, the last one, too.": base + first,
        "The base belongs to what the last layer returns.":
            first + second - 0.5 * x.square().sum(dim=1) - torch.log(torch.tensor(2 * torch.pi)),
        "Return one number for each point.": right.sum(),
        "Return one number for each point, not their mean.": right.mean(),
        "The density of the base is missing.": first + second,
        "Apply the layers in their order, the first one first.": other - torch.log(torch.tensor(2 * torch.pi)),
        "Log-determinants stay one number for each point: do not add up the batch.":
            base + first.sum() + second.sum(),
    })  # fmt: skip


FACTORS = "Keep L below the diagonal and add ones; keep U above it and add diag s."


def same_rows(W, product) -> bool:
    """Say whether each row of W is one of the product."""
    return all(any(torch.allclose(row, other, atol=1e-5) for other in product) for row in W)


@task("LinearPLU", share=50, any_dtype=True, keeps=True)
def check_linear_layer_has_its_determinant(student, rng):
    """W = P L (U + diag s), the log-determinant is the sum of log |s|, and inverse undoes forward."""
    forbid(student, "LinearPLU", calls=GENERAL)
    helper = student.define(HELPERS)
    layer = helper.shaken(student.LinearPLU(4), torch.zeros(1, dtype=torch.float64), rng.int(0, 2**31))
    helper.flip(layer)
    x = rng.normal(3, 4)
    L, U, s = (helper.parameter(layer, name) for name in ("L", "U", "s"))
    z, log_det, _ = helper.answer(layer, x)
    eye = torch.eye(4, dtype=torch.float64, device=rng.device)
    right = s.abs().log().sum().expand(3)
    expect_close(log_det, right, name="the log-determinant", mistakes={
        "Take the absolute value of s: |det W| counts.": s.log().sum().expand(3),
        "The log-determinant is the same for each point: (N,).": right[0],
        "One number for each point; it does not depend on their count.": 3 * right,
        "The sign is wrong: W multiplies by s.": -right,
        "Take logarithms before the sum.": s.abs().prod().expand(3),
        "L has ones on its diagonal.": right + L.diagonal().abs().log().sum(),
        "The diagonal of U does not count: W has diag s there.": U.diagonal().abs().log().sum().expand(3),
    })  # fmt: skip
    W = helper.answer(layer, eye)[0].T.double()
    lower, upper = L.tril(-1) + eye, U.triu(1) + s.diag()
    product = lower @ upper
    factor = W.norm() / product.norm()
    wrong = {
        "z = W x: for rows, multiply by W.T.": (W.T, product),
        "U + diag s comes first, then L, then P: for rows, x @ upper.T @ lower.T.": (W, upper @ lower),
        "W is P L (U + diag s) alone: no other factor is multiplied.": (W, factor * product),
        "W is P L (U + diag s) alone: no other factor, and no minus.": (W, -factor * product),
    }
    hint = next((text for text, pair in wrong.items() if same_rows(*pair)), FACTORS)
    expect(
        same_rows(W, product), "W = P L (U + diag s) does not hold: a row of W is not a row of L (U + diag s).", hint
    )
    expect_close(z, x @ W.T, name="z", mistakes={"z = W x: for rows, multiply by W.T.": x @ W})
    judge_layer(helper, layer, x, "LinearPLU", undo=UNDO_PLU)


@task("PiecewiseLinear", share=50, any_dtype=True, keeps=True)
def check_bent_axes_of_some_points(student, rng):
    """Values, log-determinants and inverses agree with a loop, inside of [0, 1] and outside."""
    helper = student.define(HELPERS + SET)
    layer = student.PiecewiseLinear(2, 3)
    phi = torch.tensor([[0.25, 0.25, 0.5], [0.6, 0.1, 0.3]], dtype=torch.float64, device=rng.device)
    layer = helper.set_logits(layer, phi.log() + 2)
    x = torch.tensor([[0.5, 0.9], [0.1, 0.4], [-0.7, 0.2], [1.6, 3.0]], dtype=torch.float64, device=rng.device)
    rows = [[bent(value, p) for value, p in zip(row, phi.tolist(), strict=True)] for row in x.tolist()]
    table = x.new_tensor(rows)
    z, log_det, _ = helper.answer(layer, x)
    outside = (x < 0) | (x > 1)

    def bend(change):
        return x.new_tensor(
            [[change(v, p) if 0 <= v <= 1 else v for v, p in zip(row, phi.tolist(), strict=True)] for row in x.tolist()]
        )

    def nearest(v, p):
        b = min(round(3 * v), 2)
        return sum(p[:b]) + (3 * v - b) * p[b]

    expect_close(z, table[..., 0], name="z", mistakes={
        "The shares are softmax(logits).": bend(lambda v, p: bent(v, torch.tensor(p).softmax(0).tolist())[0]),
        "The shares have the sum 1: softmax(logits), not their exponentials.":
            bend(lambda v, p: bent(v, [math.exp(2) * share for share in p])[0]),
        "Outside of [0, 1], z = x.": torch.where((x < 0) | (x > 1), x.clamp(0, 1), table[..., 0]),
        "K x - b is the position within the piece, from 0 to 1.": bend(lambda v, p: sum(p[: int(3 * v)])),
        "A piece starts at the sum of the shares before it.": bend(lambda v, p: bent(v, p)[0] + p[int(3 * v)]),
        "Each coordinate has shares of its own: a row of logits.": bend(lambda v, p: bent(v, phi[0].tolist())[0]),
        "The number of the piece is floor(K x), not the nearest one.": bend(nearest),
    })  # fmt: skip
    right = table[..., 1].sum(dim=1)
    slopes = [[bent(min(max(v, 0), 1), p)[1] for v, p in zip(row, phi.tolist(), strict=True)] for row in x.tolist()]
    expect_close(log_det, right, name="the log-determinant", mistakes={
        "The slope is K phi: K is missing.":
            right - torch.tensor([2, 2, 1, 0], device=rng.device) * torch.tensor(3.0).log(),
        "Add up over the coordinates of a point.": table[..., 1],
        "One number for each point.": right.sum(),
        "The sign is wrong.": -right,
        "Take the logarithm of the slope.": torch.where(outside, 0.0, table[..., 1].exp()).sum(dim=1),
        "Outside of [0, 1], h(x) = x, and the logarithm of the slope is 0.": x.new_tensor(slopes).sum(dim=1),
    })  # fmt: skip
    expect_close(helper.back(layer, z), x, name="inverse(forward(x))", hint=UNDO_BENT)


SET = """
def set_logits(layer, logits):
    layer = layer.to(logits.dtype)
    with torch.no_grad():
        layer.logits.copy_(logits)
    return layer
"""


def coupled(x, mask, A, B):
    """Compute a coupling layer with the helper's network: z and s."""
    held = mask * x
    s, t = torch.tanh((held @ A.T) ** 2 - 0.5), torch.sin(3 * held @ B.T)
    return torch.where(mask == 1, x, x * s.exp() + t), torch.where(mask == 1, 0.0, s)


@task("AffineCoupling", share=25, any_dtype=True, keeps=True)
def check_coupling_of_some_points(student, rng):
    """Half a stays, half b is scaled and shifted by the network, and the log-determinant is the sum of s."""
    helper = student.define(HELPERS)
    D = 4
    A, B, x = rng.normal(D, D), rng.normal(D, D), rng.normal(5, D)
    mask = torch.tensor([1.0, 0.0, 0.0, 1.0], dtype=torch.float64, device=rng.device)
    layer = student.AffineCoupling(mask, helper.net(A, B))
    z, s = coupled(x, mask, A, B)
    found, log_det, _ = helper.answer(layer, x)
    other, _ = coupled(x, 1 - mask, A, B)
    raw = ((mask * x) @ A.T) ** 2 - 0.5
    t = torch.sin(3 * (mask * x) @ B.T)
    expect_close(found, z, name="z", mistakes={
        "Where the mask is 1, the coordinate stays.": other,
        "s is the tanh of the network's first numbers.": torch.where(mask == 1, x, x * raw.exp() + t),
        "Scale by exp(s).": torch.where(mask == 1, x, x * raw.tanh() + t),
        "The shift is added after the scaling.": torch.where(mask == 1, x, (x + t) * raw.tanh().exp()),
        "The shift is missing.": torch.where(mask == 1, x, x * raw.tanh().exp()),
        "The first D numbers of the network are s, the others t.":
            torch.where(mask == 1, x, x * t.tanh().exp() + raw),
        "The network sees x with zeros in half b.": lambda: torch.where(
            mask == 1, x, x * torch.tanh((x @ A.T) ** 2 - 0.5).exp() + torch.sin(3 * x @ B.T)),
        "The network sees half a, the half that stays.": lambda: torch.where(
            mask == 1, x,
            x * torch.tanh(((x - mask * x) @ A.T) ** 2 - 0.5).exp() + torch.sin(3 * (x - mask * x) @ B.T)),
    })  # fmt: skip
    right = s.sum(dim=1)
    expect_close(log_det, right, name="the log-determinant", mistakes={
        "Only half b counts.": raw.tanh().sum(dim=1),
        "It is the sum of s over half b, not 0.": 0 * right,
        "The sign is wrong.": -right,
        "One number for each point.": right.sum(),
        "Take the sum over the coordinates, not the mean.": right / D,
        "Take the sum over the coordinates, not the mean of half b.": right / 2,
    })  # fmt: skip
    judge_layer(helper, layer, x, "AffineCoupling", undo=UNDO_COUPLING)


@task("Permutation", share=50, any_dtype=True, keeps=True)
def check_permutation_of_columns(student, rng):
    """Columns are in the order, inverse undoes it, and the log-determinant is 0."""
    helper = student.define(HELPERS)
    order = torch.tensor([2, 0, 3, 1], device=rng.device)
    x = rng.normal(3, 4, dtype=torch.float32)
    layer = student.Permutation(order)
    z, log_det, _ = helper.answer(layer, x)
    right = torch.stack([x[:, j] for j in (2, 0, 3, 1)], dim=1)
    expect_close(z, right, name="z", mistakes={"Column i of z is column order[i] of x.": x[:, order.argsort()]},
                 hint="Columns change places, not rows.")  # fmt: skip
    expect_close(log_det, torch.zeros(3, device=rng.device), name="the log-determinant", mistakes={
        "Return a zero for each point, of shape (N,).": torch.zeros((), device=rng.device),
    }, hint="A permutation stretches nothing: return a zero for each point.")  # fmt: skip
    expect_close(helper.back(layer, z), x, name="inverse(forward(x))", mistakes={
        "The inverse has the order that undoes it: order.argsort().": z[:, order],
    })  # fmt: skip


@task("ActNorm", share=50, any_dtype=True, keeps=True)
def check_first_batch_is_normalised(student, rng):
    """The first batch gets mean 0 and standard deviation 1; the second one the same shift and scale."""
    helper = student.define(HELPERS)
    first, second = 3 * rng.normal(50, 3) + 5, rng.normal(4, 3)
    layer = helper.shaken(student.ActNorm(3), torch.zeros(1, dtype=torch.float64), 0, 0.0)
    mean, deviation = first.mean(dim=0), first.std(dim=0, correction=0)
    z, log_det, _ = helper.answer(layer, first)
    right = (first - mean) / deviation
    expect_close(z, right, name="the first batch", mistakes={
        "Divide by the standard deviation, with a variance divided by N.":
            (first - mean) / first.std(dim=0),
        "The first batch in training mode sets shift and scale.": first,
        "Divide by the standard deviation, not by the variance.": (first - mean) / deviation**2,
        "Subtract the mean.": first / deviation,
        "Divide by the standard deviation.": first - mean,
    })  # fmt: skip
    wanted = -deviation.log().sum().expand(50)
    expect_close(log_det, wanted, name="the log-determinant", mistakes={
        "The sign is wrong: z is x divided by the deviation.": -wanted,
        "One number for each point; it does not depend on their count.": 50 * wanted,
        "Return a number for each point.": wanted[0],
    })  # fmt: skip
    z, log_det, _ = helper.answer(layer, second)
    expect_close(z, (second - mean) / deviation, name="the second batch", mistakes={
        "Only the first batch sets shift and scale.": (second - second.mean(0)) / second.std(dim=0, correction=0),
    })  # fmt: skip
    expect_close(helper.back(layer, z), second, name="inverse(forward(x))")
