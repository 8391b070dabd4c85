"""Hidden checks of flows, part 2: other sizes, gradients, generators and edges."""

import torch
from check_flows_networks import AT_Z, ONE_PASS, STEP_BY_STEP, TRIANGULAR
from oracles_flows import HELPERS, LOANS_OF_MAF, LOANS_OF_MASKS, LOANS_OF_NORMAL, judge_layer, squeezed, truncated
from oracles_state import judge_state

from autograder import (
    Message,
    expect,
    expect_close,
    expect_draws,
    expect_equal,
    expect_own_gradients,
    expect_same_gradients,
    expect_unchanged,
    explain_errors,
    task,
)

DOUBLE = torch.zeros(1, dtype=torch.float64)


@task("made_masks", share=50)
def check_masks_keep_the_order(student, rng):
    """Masks of other sizes are right; their product connects outputs with all inputs before, and no other."""
    for D, hidden in ((1, 3), (2, 5), (5, 4), (4, 11)):
        with explain_errors({"ZeroDivisionError": "For D = 1, hidden units have the degree 1."}):
            into, out_of = student.made_masks(D, hidden)
        degree = [1 + k % max(D - 1, 1) for k in range(hidden)]
        right = torch.tensor([[float(m >= i) for i in range(1, D + 1)] for m in degree])
        expect_equal(into, right, name=Message("the first mask of D = {D}", D=D))
        right = torch.tensor([[float(i > m) for m in degree] for i in range(1, D + 1)])
        expect_equal(out_of, right, name=Message("the second mask of D = {D}", D=D))


NO_RELU = "m_2 of one hidden unit is not m + w relu(a x_1 + b)."
HIDDEN = "The hidden layer has a ReLU, and nothing else."


def judge_hidden_unit(student, rng):
    """Require that m_2 of one hidden unit is flat on one side of a kink and rises or falls on the other: a ReLU."""
    helper = student.define(HELPERS)
    t = torch.linspace(-20, 20, 81, dtype=torch.float64, device=rng.device)
    x = torch.stack([t.repeat(2), torch.cat([0 * t, 0 * t + 1])], dim=1)
    bent = 0
    for _ in range(8):
        layer = helper.shaken(student.MaskedAutoregressive(2, 1), DOUBLE, rng.int(0, 2**31))
        first, second = helper.answer(layer, x)[0][:, 1].reshape(2, 81)
        m = -first / (second - first)  # z_2 = (x_2 - m_2) / sigma_2
        left, right = 2 * float(m[1] - m[0]), 2 * float(m[-1] - m[-2])
        steep = max(abs(left), abs(right))
        if steep < 1e-3 or abs(left - right) < 1e-3 * steep:
            continue  # the kink is not within these points
        edge, slope, flat = (0, left, m[-1]) if abs(left) > abs(right) else (-1, right, m[0])
        line = m[edge] + slope * (t - t[edge])
        wanted = torch.maximum(line, flat) if m[edge] > flat else torch.minimum(line, flat)
        expect(torch.allclose(m, wanted, rtol=1e-4, atol=1e-4 * steep), NO_RELU, HIDDEN)
        bent += 1
    expect(bent > 0, NO_RELU, HIDDEN)


@task("MaskedAutoregressive", share=50, loans=LOANS_OF_MASKS, keeps=True)
def check_maf_of_other_sizes(student, rng):
    """One coordinate and six, gradients, a new layer of float32, and points of a batch by themselves are right."""
    helper = student.define(HELPERS)
    for D, hidden in ((1, 4), (2, 3), (6, 20)):
        layer = helper.shaken(student.MaskedAutoregressive(D, hidden), DOUBLE, rng.int(0, 2**31))
        x = rng.normal(3, D)
        name = Message("MaskedAutoregressive({D}, {hidden})", D=D, hidden=hidden)
        z, J = judge_layer(helper, layer, x, name, TRIANGULAR, STEP_BY_STEP)
        expect(D == 1 or float(J.triu(1).abs().max()) < 1e-9, "z_i depends on coordinates after i.")
        expect(z.dtype == torch.float64, "z has another dtype than x.", "Do not convert to another dtype.")
        expect_own_gradients(student, rng, layer, x)
    points = rng.normal(4, 3, dtype=torch.float32)
    judge_state(student, helper.back, lambda: student.MaskedAutoregressive(3, 8), points)
    single = student.MaskedAutoregressive(3, 8)
    judge_layer(helper, single, rng.normal(4, 3, dtype=torch.float32), "MaskedAutoregressive of float32")
    judge_hidden_unit(student, rng)
    back = student.define("def back(layer):\n    return lambda z: layer.inverse(z)\n").back(layer)
    expect_own_gradients(student, rng, back, rng.normal(2, 6))


@task("InverseAutoregressive", share=50, loans=LOANS_OF_MAF)
def check_iaf_of_other_sizes(student, rng):
    """One coordinate and five, and gradients in both directions, are right."""
    helper = student.define(HELPERS)
    for D in (1, 5):
        layer = helper.shaken(student.InverseAutoregressive(D, 12), DOUBLE, rng.int(0, 2**31))
        x = rng.normal(3, D)
        judge_layer(helper, layer, x, Message("InverseAutoregressive({D})", D=D), AT_Z, ONE_PASS)
        expect_own_gradients(student, rng, layer, x)
    below = helper.jacobians(layer, x).tril(-1).abs().amax(dim=0)
    there = [float(below[i, j]) > 1e-9 for i in range(5) for j in range(i)]
    expect(all(there), "Some z_i does not depend on a coordinate before i.")


@task("spectral_scale", share=50)
def check_scaled_matrices_of_other_shapes(student, rng):
    """Wide, tall, single and zero matrices are right; the gradient reaches W; few iterations are followed."""
    for shape, c in (((2, 6), 0.5), ((5, 2), 0.9), ((1, 1), 0.3)):
        W = with_a_gap(3 * rng.normal(*shape))
        sigma = torch.linalg.svdvals(W)[0]
        seen = student.inspect(student.spectral_scale, W, c, 200)
        expect_close(seen.value, W / (sigma / c).clamp(min=1), rtol=1e-3, name=Message("shape {shape}", shape=shape))
        expect_unchanged(seen, W, c, 200)
    zero = torch.zeros(3, 2, dtype=torch.float64, device=rng.device)
    expect_close(student.spectral_scale(zero, 0.9), zero, name="a matrix of zeros")
    small = 0.1 * torch.eye(3, dtype=torch.float64, device=rng.device)
    helper = student.define("def at(f, c):\n    return lambda W: f(W, c)\n")
    expect_same_gradients(student, rng, helper.at(student.spectral_scale, 0.9), lambda W: 1.0 * W, small)
    expect(bool(student.spectral_scale(5 * small, 0.9).isfinite().all()), "The result is not finite.")
    for _ in range(5):
        W = with_a_gap(3 * rng.normal(4, 4))
        size = float(torch.linalg.svdvals(student.spectral_scale(W, 0.7, 200))[0])
        expect(size < 0.7 * 1.001, Message("The result stretches by {size}, not 0.7.", size=size),
               "Do as many iterations as asked.")  # fmt: skip


def with_a_gap(W):
    """Return the matrix with other singular values at most 0.9 times the largest: 200 iterations find that one."""
    U, S, Vh = torch.linalg.svd(W, full_matrices=False)
    return U @ torch.diag(torch.cat([S[:1], S[1:].clamp(max=0.9 * float(S[0]))])) @ Vh


@task("residual_inverse", share=50)
def check_fixed_points_of_other_functions(student, rng):
    """A linear function has its closed inverse, no iteration gives y, and y stays; gradients pass."""
    helper = student.define(HELPERS)
    W = rng.normal(5, 5)
    W = 0.6 * W / torch.linalg.matrix_norm(W, 2)
    y = rng.normal(3, 5)
    exact = torch.linalg.solve(torch.eye(5, dtype=W.dtype, device=W.device) + W, y.T).T
    seen = student.inspect(student.residual_inverse, helper.linear(W), y, 80)
    expect_close(seen.value, exact, name="a linear function")
    expect_equal(seen.args[1], y, name="y after the call")
    expect_close(student.residual_inverse(helper.linear(W), y, 0), y, name="no iteration", hint="Start from x = y.")
    at = student.define("def at(f, g, n):\n    return lambda y: f(g, y, n)\n").at

    def three(y):
        x = y
        for _ in range(3):
            x = y - 0.5 * torch.tanh(x @ W.T)
        return x

    expect_same_gradients(student, rng, at(student.residual_inverse, helper.gentle(W), 3), three, y)


@task("residual_log_det", share=50)
def check_estimates_of_log_determinants(student, rng):
    """Many terms come close to the exact log-determinant; in one dimension nothing is random; generators decide."""
    helper = student.define(HELPERS)
    W = rng.normal(6, 6)
    W = 0.6 * W / torch.linalg.matrix_norm(W, 2)
    exact = torch.linalg.slogdet(torch.eye(6, dtype=W.dtype, device=W.device) + W)[1]
    same = rng.normal(1, 6).repeat(6000, 1)
    found = student.residual_log_det(helper.linear(W), same, 25, helper.seeded(1))
    expect(abs(float(found.mean() - exact)) < 5 * float(found.std()) / 6000**0.5 + 1e-3,
           "The mean of 6000 estimates with 25 terms is not the log-determinant.")  # fmt: skip
    x = rng.normal(5, 6)
    f, g = student.residual_log_det, helper.gentle(W)
    expect_draws(student, lambda generator: f(g, x, 4, generator), rng.device)
    spread = f(helper.linear(W), same[:60], 2, helper.seeded(5))
    expect(len(spread.unique()) > 10, "Equal points have equal random vectors.", "Draw signs of x's shape.")
    line = rng.normal(4, 1)
    W1 = torch.full((1, 1), 0.8, dtype=torch.float64, device=rng.device)
    slope = 0.4 / torch.cosh(0.8 * line[:, 0]) ** 2
    right = torch.stack([truncated(v.reshape(1, 1), 6) for v in slope])
    seen = student.inspect(f, g, x, 3, helper.seeded(1))
    expect_equal(seen.args[1], x, name="x after the call", hint="Do not write into x.")
    expect_close(f(helper.gentle(W1), line, 6, helper.seeded(1)), right, name="one dimension",
                 hint="Random vectors have entries of exactly 1 and -1.")  # fmt: skip
    quiet = student.define("import torch\n\ndef quiet(f, *args):\n    with torch.no_grad():\n        return f(*args)\n")
    first = f(g, x, 4, helper.seeded(2))
    expect_close(quiet.quiet(f, g, x, 4, helper.seeded(2)), first, name="under no_grad")


@task("dequantize", share=50, any_dtype=True)
def check_noise_of_images(student, rng):
    """Images of uint8 stay in [0, 1), are of float32, and do not change; generators and shapes differ."""
    helper = student.define(HELPERS)
    x = rng.integers(0, 256, 2, 1, 9, 8).to(torch.uint8)
    x[0, 0, 0] = 255
    seen = student.inspect(student.dequantize, x, 256, helper.seeded(1))
    found = seen.value
    expect(found.dtype == torch.float32, "The result is not of float32.", "Whole numbers plus torch.rand are float32.")
    left = 256 * found - x.float()
    expect(bool(((left > -1e-3) & (left < 1 + 1e-3)).all()), "256 x' - x is not in [0, 1).",
           "Convert uint8 to floats before you add.")  # fmt: skip
    expect_equal(seen.args[0], x, name="x after the call")
    expect_draws(student, lambda generator: student.dequantize(x, 256, generator), rng.device)
    student.seed(5)
    left = 256 * student.dequantize(x) - x.float()
    expect(bool(((left > -1e-3) & (left < 1 + 1e-3)).all()), "Without a generator, by default, L is 256.")


@task("bits_per_dim", share=50)
def check_bits_and_their_gradient(student, rng):
    """Other sizes, levels and dtypes are right, and gradients pass."""
    helper = student.define("def at(f, D, L):\n    return lambda nll: f(nll, D, L)\n")
    for D, L in ((1, 2), (12, 8)):
        nll = 5 * rng.normal(4)
        ln2 = torch.log(torch.tensor(2.0, dtype=torch.float64))
        levels = torch.log(torch.tensor(float(L), dtype=torch.float64)) / ln2
        seen = student.inspect(student.bits_per_dim, nll, D, L)
        expect_close(seen.value, nll / D / ln2 + levels, mistakes={
            "Add log2(L) of the L that is given.": nll / D / ln2 + 8,
        })  # fmt: skip
        expect_unchanged(seen, nll, D, L)
        expect_same_gradients(student, rng, helper.at(student.bits_per_dim, D, L),
                              lambda nll, D=D, e=levels, l2=ln2: nll / D / l2 + e, nll)  # fmt: skip
    expect_close(student.bits_per_dim(nll, 3), nll / 3 / ln2 + 8, name="256 levels by default")


@task("squeeze2x2", share=50)
def check_squeezing_and_back(student, rng):
    """Other sizes, whole numbers and views are right, and gradients pass in both directions."""
    for shape in ((1, 1, 2, 2), (2, 2, 6, 4)):
        x = rng.normal(*shape)
        expect_same_gradients(student, rng, student.squeeze2x2, squeezed, x)
        expect_equal(student.squeeze2x2(squeezed(x), True), x, name="back")
    x = rng.normal(4, 6, 2, 3).permute(3, 2, 0, 1)
    expect_equal(student.squeeze2x2(x), squeezed(x), name="a view")
    expect_equal(student.squeeze2x2(student.squeeze2x2(x), True), x, name="there and back")


@task("split_prior", share=50, loans=LOANS_OF_NORMAL)
def check_split_of_other_sizes(student, rng):
    """Other sizes and gradients are right."""

    def split(x):
        half = x.shape[1] // 2
        scores = torch.distributions.Normal(torch.zeros_like(x), torch.ones_like(x)).log_prob(x)
        return x[:, :half] + 0.0, scores[:, half:].flatten(1).sum(dim=1)

    for shape in ((1, 2, 1, 3), (3, 6, 2, 2)):
        x = rng.normal(*shape)
        expect_close(list(student.split_prior(x)), list(split(x)))
        expect_same_gradients(student, rng, student.split_prior, split, x)
