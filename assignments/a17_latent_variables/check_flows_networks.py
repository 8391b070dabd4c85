"""Public checks of flows, part 2: autoregressive and residual layers, and flows of images."""

import torch
from oracles_flows import DRAW, HELPERS, LOANS_OF_MAF, LOANS_OF_MASKS, LOANS_OF_NORMAL, judge_layer, squeezed, truncated

from autograder import (
    Message,
    expect,
    expect_close,
    expect_equal,
    expect_shape,
    expect_vectorised,
    explain_errors,
    forbid,
    task,
)

SPECTRAL = ["torch.linalg.svd*", "torch.svd", "torch.linalg.norm", "torch.linalg.matrix_norm", "torch.linalg.eig*",
            "torch.nn.utils.*", "torch.svd_lowrank", "torch.pca_lowrank", "torch.linalg.cond"]  # fmt: skip
JACOBIANS = ["torch.autograd.functional", "torch.func", "torch.linalg.slogdet", "torch.slogdet", "torch.logdet",
             "torch.linalg.det", "torch.det"]  # fmt: skip


@task("made_masks", share=50, any_dtype=True)
def check_masks_of_a_small_network(student, rng):
    """Connections follow the degrees, without a loop over them."""
    forbid(student, "made_masks", loops="connections")
    into, out_of = student.made_masks(3, 4)
    numbers = all(getattr(mask, "dtype", torch.float32).is_floating_point for mask in (into, out_of))
    expect(numbers, "The masks are not of floats.", "Masks are multiplied by weights: 1.0 and 0.0, by .float().")
    # degrees of inputs 1 2 3, of the units 1 2 1 2
    right = torch.tensor([[1.0, 0, 0], [1, 1, 0], [1, 0, 0], [1, 1, 0]])
    from_0 = torch.tensor([[0.0, 0, 0], [1, 0, 0], [0, 0, 0], [1, 0, 0]]), torch.tensor(
        [[1.0, 0, 1, 0], [1, 1, 1, 1], [1, 1, 1, 1]])  # fmt: skip

    def differs():
        return not (torch.equal(into.cpu().float(), from_0[0]) and torch.equal(out_of.cpu().float(), from_0[1]))

    expect_close(into, right, name="the first mask", mistakes={
        "The degrees of units begin at 1: unit k has 1 + k % (D - 1).": lambda: right if differs() else from_0[0],
        "Into a unit: degree(hidden) >= degree(input); equality counts.": torch.tensor(
            [[0.0, 0, 0], [1, 0, 0], [0, 0, 0], [1, 0, 0]]),
        "The shape is (hidden, D).": right.T,
        "Units have the degrees 1 to D - 1 in turn.": torch.tensor([[1.0, 0, 0], [1, 1, 0], [1, 1, 1], [1, 0, 0]]),
        "Unit k has the degree 1 + k % (D - 1): 1 2 1 2, not 1 1 2 2.": torch.tensor(
            [[1.0, 0, 0], [1, 0, 0], [1, 1, 0], [1, 1, 0]]),
    })  # fmt: skip
    right = torch.tensor([[0.0, 0, 0, 0], [1, 0, 1, 0], [1, 1, 1, 1]])
    expect_close(out_of, right, name="the second mask", mistakes={
        "Out of a unit: degree(output) > degree(hidden), strictly.": torch.tensor(
            [[1.0, 0, 1, 0], [1, 1, 1, 1], [1, 1, 1, 1]]),
        "The shape is (D, hidden).": right.T,
    })  # fmt: skip


TRIANGULAR = "The Jacobian is triangular only if both weights are multiplied by masks. sigma is exp(log sigma)."
STEP_BY_STEP = "Start with zeros. In step i, find m_i and sigma_i from the x so far, and set x_i = z_i sigma_i + m_i."
AT_Z = "The log-determinant is minus that of the other direction, at the z that belongs to x."
ONE_PASS = "x_i = z_i sigma_i(z) + m_i(z), for all i at once."
CALL = "\ndef forward(layer, x):\n    return layer(x)\n\ndef inverse(layer, z):\n    return layer.inverse(z)\n"


@task("MaskedAutoregressive", share=50, any_dtype=True, loans=LOANS_OF_MASKS, keeps=True)
def check_maf_has_a_triangular_jacobian(student, rng):
    """The Jacobian is lower triangular, its log-determinant and the inverse are right, and forward takes one pass."""
    helper = student.define(HELPERS + CALL)
    layer = helper.shaken(student.MaskedAutoregressive(4, 12), torch.zeros(1, dtype=torch.float64), rng.int(0, 2**31))
    x = rng.normal(3, 4)
    _, J = judge_layer(helper, layer, x, "MaskedAutoregressive", TRIANGULAR, STEP_BY_STEP)
    expect(float(J.triu(1).abs().max()) < 1e-9, "z_i depends on coordinates after i.", "Multiply weights by masks.")
    expect(bool((J.diagonal(dim1=1, dim2=2) > 0).all()), "z_i does not grow with x_i.", "sigma is an exponential.")
    below = J.tril(-1).abs().amax(dim=0)
    there = [float(below[i, j]) > 1e-9 for i in range(4) for j in range(i)]
    expect(all(there), "Some z_i does not depend on a coordinate before i.", "Hidden units have all degrees below D.")
    few, many = (student.measure(helper.forward, student.MaskedAutoregressive(D, 30),
                                 rng.normal(2, D, dtype=torch.float32)) for D in (3, 30))  # fmt: skip
    expect_vectorised(few, many, few_inputs="3 coordinates", many_inputs="30 coordinates",
                      hint="forward asks the network once, for all coordinates.")  # fmt: skip


@task("InverseAutoregressive", share=50, any_dtype=True, loans=LOANS_OF_MAF, keeps=True)
def check_iaf_samples_in_one_pass(student, rng):
    """The Jacobian is lower triangular, its log-determinant and the inverse are right, and inverse takes one pass."""
    helper = student.define(HELPERS + CALL)
    layer = helper.shaken(student.InverseAutoregressive(4, 12), torch.zeros(1, dtype=torch.float64), rng.int(0, 2**31))
    x = rng.normal(3, 4)
    _, J = judge_layer(helper, layer, x, "InverseAutoregressive", AT_Z, ONE_PASS)
    expect(float(J.triu(1).abs().max()) < 1e-9, "z_i depends on coordinates after i.")
    few, many = (student.measure(helper.inverse, student.InverseAutoregressive(D, 30),
                                 rng.normal(2, D, dtype=torch.float32)) for D in (3, 30))  # fmt: skip
    expect_vectorised(few, many, few_inputs="3 coordinates", many_inputs="30 coordinates",
                      hint="inverse asks the network once: x_i is z_i sigma_i(z) + m_i(z).")  # fmt: skip


@task("spectral_scale", share=50, any_dtype=True)
def check_scaled_matrices_are_contractions(student, rng):
    """Large matrices are divided by sigma / c, small ones stay; no decomposition is used."""
    forbid(student, "spectral_scale", calls=SPECTRAL)
    left, right = torch.linalg.qr(rng.normal(4, 3)).Q, torch.linalg.qr(rng.normal(3, 3)).Q
    W = left * torch.tensor([3.0, 1.5, 0.4], dtype=torch.float64, device=rng.device) @ right.T
    found, right = student.spectral_scale(W, 0.9), W * 0.9 / 3
    expect_close(found, right, rtol=1e-3, name="a large matrix", mistakes={
        "Divide by sigma / c, not by sigma.": W / 3,
        "sigma was multiplied by c: divide by sigma / c.": W / 2.7,
        "sigma is the largest singular value, not the norm of all entries.": W * 0.9 / W.norm(),
        "Divide by sigma / c, without a square.": W * 0.9 / 9,
        "This is the matrix itself: divide by sigma / c if that is above 1.": W,
        "sigma is a little too small: do all the iterations that are asked for.": (
            lambda: found if bool(((found / right > 1) & (found / right < 1.5)).all()) else right
        ),
    })  # fmt: skip
    small = 0.2 * W
    expect_close(student.spectral_scale(small, 0.9), small, rtol=1e-3, name="a small matrix", mistakes={
        "A matrix with sigma below c stays: divide by max(1, sigma / c).": small * 0.9 / 0.6,
    })  # fmt: skip


@task("residual_inverse", share=50, any_dtype=True)
def check_fixed_point_undoes_a_residual_layer(student, rng):
    """After n iterations the result is the n-th one from x = y; after many it is the inverse."""
    helper = student.define(HELPERS)
    W = 0.5 * torch.linalg.qr(rng.normal(3, 3)).Q
    x, g = rng.normal(4, 3), helper.gentle(W)
    y = x + 0.5 * torch.tanh(x @ W.T)
    rows = [y]
    for _ in range(3):
        rows.append(y - 0.5 * torch.tanh(rows[-1] @ W.T))
    for n in (1, 2):
        expect_close(student.residual_inverse(g, y, n), rows[n], name=Message("{n} iterations", n=n), mistakes={
            "Start from x = y.": y - 0.5 * torch.tanh((y - rows[n]) @ W.T) if n == 2 else y,
            "x = y - g(x): g is subtracted.": y + 0.5 * torch.tanh(y @ W.T),
            "Do as many iterations as asked: this is one more.": rows[n + 1],
            "g takes the x of the last iteration, not y.": rows[1],
            "Subtract g(x) from y, not from x.": rows[1] - 0.5 * torch.tanh(rows[1] @ W.T),
        })  # fmt: skip
    expect_close(student.residual_inverse(g, y, 60), x, name="60 iterations")


@task("residual_log_det", share=50, any_dtype=True)
def check_series_of_a_linear_function(student, rng):
    """The mean of many estimates is the series, cut after n terms; no Jacobian is built."""
    forbid(student, "residual_log_det", calls=JACOBIANS)
    helper = student.define(HELPERS)
    W = rng.normal(3, 3)
    W = 0.7 * W / torch.linalg.matrix_norm(W, 2) + 0.15 * torch.eye(3, dtype=W.dtype, device=W.device)
    x = rng.normal(1, 3).repeat(4000, 1)
    for terms in (1, 2, 5):
        found = student.residual_log_det(helper.linear(W), x, terms, helper.seeded(terms))
        expect_shape(found, (4000,))
        right = truncated(W, terms)
        spread = float(found.double().std()) / 4000**0.5
        mean = float(found.double().mean())
        wrong = {
            "The signs of the terms alternate: (-1)^(k+1) / k.": -truncated(-W, terms),
            "Divide term k by k.": sum((-1) ** (k + 1) * torch.linalg.matrix_power(W, k).trace()
                                           for k in range(1, terms + 1)),
            "The sign is wrong: the first term is positive.": -right,
            "This has one term too few.": truncated(W, terms - 1),
            "This has one term too many.": truncated(W, terms + 1),
            "Term k needs v J^k: multiply the last product by J once more.":
                sum((-1) ** (k + 1) / k for k in range(1, terms + 1)) * W.trace(),
            "The entries of v are 1 and -1, not 1 and 0.": sum((-1) ** (k + 1) / k / 4 * (
                torch.linalg.matrix_power(W, k).sum() + torch.linalg.matrix_power(W, k).trace())
                for k in range(1, terms + 1)),
        }  # fmt: skip
        expect(terms > 1 or bool((found != 0).any()), "With one term, every estimate is 0.", "The first term is v J v: "
               "this has one term too few.")  # fmt: skip
        expect(spread > 1e-6, "Equal points have equal random vectors.", "Draw signs of x's shape.")
        near = [hint for hint, value in wrong.items() if abs(mean - float(value)) < 4 * spread + 1e-4]
        expect(abs(mean - float(right)) < 5 * spread + 1e-3,
               Message("The mean of 4000 estimates with {terms} terms is {mean}; the series is {right}.",
                       terms=terms, mean=round(mean, 4), right=round(float(right), 4)),
               near[0] if near else "")  # fmt: skip


@task("dequantize", share=50, any_dtype=True)
def check_noise_fills_the_levels(student, rng):
    """Each number becomes (x + u) / L with uniform u of its own, and the generator decides."""
    helper = student.define(HELPERS)
    x = rng.integers(0, 8, 50, 40)
    found = student.dequantize(x, 8, helper.seeded(3))
    expect_shape(found, (50, 40))
    u = 8 * found.double() - x
    expect(bool(((u >= -1e-5) & (u < 1 + 1e-5)).all()), "8 x' - x is not in [0, 1).",
           "x' = (x + u) / L, where u is uniform on [0, 1): torch.rand.")  # fmt: skip
    alike = [bool((u.std(dim=axis) < 1e-4).all()) for axis in (0, 1)]
    expect(not any(alike), "Whole rows or columns have the same noise.", "Draw noise of x's shape.")
    expect(bool(((u - u.round()).abs() > 1e-4).any()), "All noise is a whole number, 0 or 1.",
           "Keep the fractions of torch.rand: convert x to floats, not the noise to whole numbers.")  # fmt: skip
    expect(abs(float(u.mean()) - 0.5) < 0.04 and abs(float(u.std()) - 12**-0.5) < 0.03, "The noise is not uniform.",
           "torch.rand is uniform on [0, 1).")  # fmt: skip
    expect(len(u.round(decimals=3).unique()) > 500, "Many numbers have equal noise.", "Draw noise of x's shape.")
    expect_equal(student.dequantize(x, 8, helper.seeded(3)), found, name="the noise of an equal generator", hint=DRAW)


@task("bits_per_dim", share=50, any_dtype=True)
def check_bits_of_some_images(student, rng):
    """The worked example and other sizes are right."""
    nll = torch.tensor([2000.0, -100.0], device=rng.device)
    right = torch.tensor([11.680, 8 - 100 / (784 * 0.693147)], device=rng.device)
    expect_close(student.bits_per_dim(nll, 784, 256), right, atol=1e-3, mistakes={
        "Add log2(L): the density is that of numbers in [0, 1].": right - 8,
        "Add log2(L), not ln(L).": right - 8 + 5.5452,
        "One nat is 1 / ln 2 bits.": nll / 784 + 8,
        "This is in nats: divide all of it by ln 2.": nll / 784 + 5.5452,
        "Divide by ln 2, do not multiply.": nll * 0.693147 / 784 + 8,
        "Divide by the number of dimensions.": nll / 0.693147 + 8,
        "Add log2(L), do not subtract it.": right - 16,
    })  # fmt: skip


@task("squeeze2x2", share=50, any_dtype=True, keeps=True)
def check_squares_become_channels(student, rng):
    """Channels are in the order (c, dy, dx), and back is the inverse."""
    x = rng.normal(2, 3, 4, 6, dtype=torch.float32)
    found, right = student.squeeze2x2(x), squeezed(x)
    expect_equal(found, right, name="squeezed", mistakes={
        "The order of the channels is (c, dy, dx): dx and dy are exchanged.":
            squeezed(x.mT).mT,
        "The order of the channels is (c, dy, dx); here c is last.":
            right.reshape(2, 3, 4, 2, 3).transpose(1, 2).reshape(2, 12, 2, 3),
        "Squares of neighbours become channels; a reshape alone mixes rows.": x.reshape(2, 12, 2, 3),
    }, hint="Channel 4 c + 2 dy + dx holds the pixels of channel c at the offset (dy, dx).")  # fmt: skip
    with explain_errors({"RuntimeError": "inverse=True goes back: channels become 2 x 2 squares."}):
        back = student.squeeze2x2(right, inverse=True)
    expect_equal(back, x, name="back")


@task("split_prior", share=50, any_dtype=True, loans=LOANS_OF_NORMAL)
def check_half_of_the_channels_leaves(student, rng):
    """The first half stays, and the second half is scored under N(0, I), image by image."""
    x = rng.normal(3, 4, 2, 2, dtype=torch.float32)
    kept, log_p = student.split_prior(x)
    expect_equal(kept, x[:, :2], name="what is kept", mistakes={
        "Keep the first half.": x[:, 2:],
        "Keep the first half of the channels, not every second one.": x[:, ::2],
        "Split the channels, dim=1, not the rows.": x[:, :, :1],
    })  # fmt: skip
    scores = torch.distributions.Normal(0.0, 1.0).log_prob(x)
    right = scores[:, 2:].sum(dim=(1, 2, 3))
    expect_close(log_p, right, name="the log-density", mistakes={
        "The second half is scored, not the first.": scores[:, :2].sum(dim=(1, 2, 3)),
        "Take the sum over all numbers of the half, not the mean.": right / 8,
        "The constant log(2 pi) / 2 counts for each number.":
            -0.5 * x[:, 2:].square().sum(dim=(1, 2, 3)),
        "One number for each image.": right.sum(),
        "Return the log-density, not its negative.": -right,
    })  # fmt: skip
