"""Public checks of vae: networks against formulas with their own weights, losses against torch.distributions."""

import torch
from oracles_vae import (
    DISTRIBUTIONS,
    HELPERS,
    LOANS_FOR_BETA,
    LOANS_FOR_LOSS,
    LOANS_OF_SAMPLES,
    affine,
    aggregated,
    arc,
    decoding,
    encoding,
    pixel_loss,
    to_prior,
    weighted_loss,
)

from autograder import Message, expect, expect_close, expect_shape, explain_errors, forbid, is_sequence, task

WANTED_LAYERS = (
    "The encoder has three linear layers to 400 numbers with ReLUs; the decoder three, one to the pixels and a sigmoid."
)
LINEAR_LAYERS = "With linear=True, encoder and decoder have one linear layer with a bias each, and nothing else."
IMAGES = "x_hat has the shape of the images: (N, 1, H, W)."
SIZES = "All sizes follow from the arguments: H and W are the root of input_size."


def built(formula, hint: str = WANTED_LAYERS):
    """Return what a formula computes with a model's own weights, or say which layers are wrong, with the hint."""
    try:
        return formula()
    except LookupError as problem:
        expect(False, Message("The layers do not fit: {problem}.", problem=str(problem.args[0])), hint)


def fields(result, count: int, text: str):
    """Return the parts of a result."""
    expect(is_sequence(result) and len(result) == count, text)
    return result


@task("Autoencoder", share=50, any_dtype=True, keeps=True)
def check_autoencoder_computes_its_layers(student, rng):
    """Codes and images are what the layers' own weights give, for both kinds."""
    helper = student.define(HELPERS)
    x = rng.uniform(3, 1, 6, 6, dtype=torch.float32)
    model = student.Autoencoder(36, 4)
    enc, dec = helper.shaken(model, x, rng.normal(3, 4, dtype=torch.float32))[:2]
    x_hat, z = fields(helper.answer(model, x), 2, "forward returns x_hat and z.")
    expect_shape(z, (3, 4), name="z", hint="z is the code, one row for each image; forward returns x_hat first.")
    expect_shape(x_hat, (3, 1, 6, 6), name="x_hat", hint=IMAGES)
    right = built(lambda: affine(enc[-1:], encoding(enc[:-1], x.flatten(1)), 4))
    expect_close(z, right, rtol=1e-3, atol=1e-4, name="z", mistakes={
        "No activation follows the layer of the code.": right.clamp(min=0),
    })  # fmt: skip
    expect_close(x_hat, built(lambda: decoding(dec, z, 6)), rtol=1e-3, atol=1e-4, name="x_hat", hint=WANTED_LAYERS)
    plain = student.Autoencoder(36, 4, linear=True)
    enc, dec = helper.shaken(plain, x, z)[:2]
    x_hat, z = fields(helper.answer(plain, x), 2, "forward returns x_hat and z.")
    right = built(lambda: affine(enc, x.flatten(1), 4), LINEAR_LAYERS)
    expect_close(z, right, rtol=1e-3, atol=1e-4, name="z of the linear kind", hint=LINEAR_LAYERS)
    right = built(lambda: affine(dec, z, 36), LINEAR_LAYERS).reshape(3, 1, 6, 6)
    expect_close(x_hat, right, rtol=1e-3, atol=1e-4, name="x_hat of the linear kind", mistakes={
        "The linear kind has no sigmoid.": right.sigmoid(),
    }, hint=LINEAR_LAYERS)  # fmt: skip


@task("reparametrize", share=50, any_dtype=True)
def check_samples_have_mean_and_variance(student, rng):
    """Over many draws, samples have the mean mu and the variance exp(logvar)."""
    forbid(student, "reparametrize", calls=DISTRIBUTIONS)
    mu = torch.tensor([[2.0, -1.0, 0.0]], device=rng.device)
    logvar = torch.tensor([[0.0, 1.5, -3.0]], device=rng.device)
    z = student.reparametrize(mu.repeat(20000, 1), logvar.repeat(20000, 1))
    expect_shape(z, (20000, 3))
    deviation = (0.5 * logvar[0]).exp()
    expect(
        torch.unique(z[:, 0]).numel() > 1000,
        "Many samples are equal.",
        "Every number has noise of its own, times exp(logvar / 2): torch.randn_like(mu).",
    )
    apart = (z.mean(dim=0) - mu[0]).abs() / deviation
    one_sided = torch.allclose(apart, torch.full_like(apart, 0.5), atol=0.05)
    expect(float(apart.max()) < 0.05, "The mean of many samples is not mu.",
           "The noise is normal, torch.randn, not uniform." if one_sided else "z = mu + sigma * noise.")  # fmt: skip
    found = z.std(dim=0) / deviation
    hints = {
        "logvar is the logarithm of the variance: sigma = exp(logvar / 2).": logvar[0].exp() / deviation,
        "logvar is a logarithm: sigma = exp(logvar / 2).": logvar[0].abs() / deviation,
        "The noise is normal, torch.randn, not uniform.": torch.full_like(deviation, 12**-0.5),
    }
    hint = next((text for text, wrong in hints.items() if torch.allclose(found, wrong, atol=0.05)), "")
    expect(bool(((found - 1).abs() < 0.05).all()),
           Message("The standard deviations are {found} times exp(logvar / 2).",
                   found=[round(v, 2) for v in found.tolist()]), hint)  # fmt: skip
    far = float(((z - mu[0]).abs() > 2 * deviation).double().mean())
    expect(0.04 < far < 0.051,
           Message("{share} % of the numbers are beyond two standard deviations; of normal ones, 4.6 % are.",
                   share=round(100 * far, 1)), "The noise is normal: torch.randn.")  # fmt: skip
    table = torch.corrcoef(z.T)
    expect(float((table - table.diag().diag()).abs().max()) < 0.05, "The numbers of a code have equal noise.",
           "Draw noise of mu's shape.")  # fmt: skip
    row = student.reparametrize(mu.repeat(50, 1), logvar.repeat(50, 1))
    expect(float(row.std(dim=0).min()) > 0.01, "All rows have equal noise.", "Draw noise of mu's shape.")


NEGATIVE = "logvar is the layer's result itself: a logarithm may be negative."
TWO_LAYERS = "mu and logvar are what mu_layer and logvar_layer make of the encoder's result; nothing follows them."
SAMPLED = "x_hat is what the decoder makes of the sample; the decoder ends with a sigmoid, and nothing follows it."


def judge_model(student, rng, model, inputs, codes, side: int, latent: int, hints=(TWO_LAYERS, SAMPLED)):
    """Compare mu, logvar and, for codes without variance, images with formulas. Inputs are rows of numbers.

    ``hints`` are for wrong mu and for wrong images.
    """
    helper = student.define(HELPERS)
    rows, z = inputs[0], codes(rng.normal(len(inputs[-1]), latent, dtype=torch.float32))
    with explain_errors({"RuntimeError": SIZES}):
        enc, dec, mus, logvars = helper.shaken(model, rows, z)
    given = inputs[1:]
    _, mu, logvar = fields(helper.answer(model, *given), 3, "forward returns x_hat, mu and logvar.")
    features = built(lambda: encoding(enc, rows.flatten(1)))
    right, other = built(lambda: affine(mus, features, latent)), built(lambda: affine(logvars, features, latent))
    expect_close(mu, right, rtol=1e-3, atol=1e-4, name="mu", mistakes={
        "mu and logvar are exchanged.": other,
        "No activation follows mu_layer: codes may be negative.": right.clamp(min=0),
    }, hint=hints[0])  # fmt: skip
    expect_close(logvar, other, rtol=1e-3, atol=1e-4, name="logvar", mistakes={
        NEGATIVE: other.clamp(min=0),
        "Return the logarithm of the variance, not the variance.": other.exp(),
        "logvar has a layer of its own, logvar_layer.": mu,
    }, hint=hints[0])  # fmt: skip
    a, b = (helper.answer(model, *given)[0] for _ in range(2))
    expect_shape(a, (len(given[0]), 1, side, side), name="x_hat", hint=IMAGES)
    expect(bool((a != b).any()), "Two calls gave the same x_hat.", "Decode a sample of q, not mu.")
    helper.certain(model)
    x_hat, mu, small = helper.answer(model, *given)
    expect_close(x_hat, built(lambda: decoding(dec, codes(mu), side)), rtol=1e-3, atol=1e-4,
                 name="x_hat without variance", hint=hints[1] if bool((small < -20).all()) else NEGATIVE)  # fmt: skip


@task("VAE", share=25, any_dtype=True, loans=LOANS_OF_SAMPLES)
def check_vae_computes_its_layers(student, rng):
    """mu, logvar and x_hat are what the layers' own weights give."""
    x = rng.uniform(4, 1, 5, 5, dtype=torch.float32)
    judge_model(student, rng, student.VAE(25, 3), (x, x), lambda z: z, 5, 3)


FIFTEEN = "latent_size is 15 by default."
CLASS_TWICE = (
    "The class enters twice: the encoder's input is the flattened image, then the class.",
    "The class enters twice: the decoder's input is z, then the class.",
)


@task("VAE", share=25, any_dtype=True, loans=LOANS_OF_SAMPLES)
def check_vae_has_fifteen_numbers(student, rng):
    """By default a code has 15 numbers, and x_hat has the images' shape and is in [0, 1]."""
    helper = student.define(HELPERS)
    x_hat, mu, logvar = helper.answer(student.VAE(784), rng.uniform(2, 1, 28, 28, dtype=torch.float32))
    expect_shape(mu, (2, 15), name="mu", hint=FIFTEEN)
    expect_shape(logvar, (2, 15), name="logvar", hint=FIFTEEN)
    expect_shape(x_hat, (2, 1, 28, 28), name="x_hat", hint=IMAGES)
    expect(bool(((x_hat >= 0) & (x_hat <= 1)).all()), "x_hat has values outside of [0, 1].", "End with a sigmoid.")


@task("CVAE", share=50, any_dtype=True, loans=LOANS_OF_SAMPLES, keeps=True)
def check_cvae_computes_its_layers(student, rng):
    """mu, logvar and x_hat are what the layers' own weights give; the class enters twice."""
    x = rng.uniform(4, 1, 5, 5, dtype=torch.float32)
    c = torch.eye(6, device=rng.device)[torch.tensor([2, 0, 5, 2], device=rng.device)]
    rows = torch.cat([x.flatten(1), c], dim=1)
    model = student.CVAE(25, 6, 3)
    judge_model(student, rng, model, (rows, x, c), lambda z: torch.cat([z, c], dim=1), 5, 3, CLASS_TWICE)


@task("loss_function", share=50, any_dtype=True, loans=LOANS_FOR_LOSS)
def check_loss_of_some_images(student, rng):
    """The loss is the cross-entropy plus the divergence, added up and divided by the number of images."""
    forbid(student, "loss_function", calls=DISTRIBUTIONS)
    x, x_hat = rng.uniform(3, 1, 4, 4, dtype=torch.float32), rng.uniform(3, 1, 4, 4, low=0.05, high=0.95)
    x_hat, mu = x_hat.float(), rng.normal(3, 5, dtype=torch.float32)
    logvar = rng.normal(3, 5, dtype=torch.float32)
    pixels, kl = pixel_loss(x_hat, x).sum(), to_prior(mu, logvar).sum()
    variance = -0.5 * (1 + logvar - mu**2 - logvar.exp())
    expect_close(student.loss_function(x_hat, x, mu, logvar), weighted_loss(x_hat, x, mu, logvar), rtol=1e-3, mistakes={
        "Divide by the number of images.": pixels + kl,
        "Add the pixels up; with their mean, the divergence counts too much.": pixels / 48 + kl / 3,
        "Add the divergences up, and divide by N.": pixels / 3 + kl / 15,
        "Divide by N alone.": (pixels + kl) / 48,
        "Divide the divergence by N, too.": pixels / 3 + kl,
        "Divide the pixels by N, too.": pixels + kl / 3,
        "The divergence was subtracted: the loss is the cross-entropy plus the divergence, which is never negative.":
            (pixels - kl) / 3,
        "The divergence has the factor 1/2.": (pixels + 2 * kl) / 3,
        "The divergence is missing.": pixels / 3,
        "The cross-entropy is missing.": kl / 3,
        "In the cross-entropy, x is the target: x_hat and x are exchanged.": (pixel_loss(x, x_hat).sum() + kl) / 3,
        "Use the binary cross-entropy, not squared differences.": ((x_hat - x).square().sum() + kl) / 3,
        "logvar is the logarithm of the variance already: exp(logvar), not exp(2 logvar).":
            (pixels - 0.5 * (1 + 2 * logvar - mu**2 - (2 * logvar).exp()).sum()) / 3,
        "logvar is a logarithm: the last term is its exponential.":
            (pixels - 0.5 * (1 + logvar - mu**2 - logvar).sum()) / 3,
        "The mean counts with its square.": (pixels + (variance + 0.5 * (mu.abs() - mu**2)).sum()) / 3,
        "The 1 in the divergence is missing.": (pixels + (variance + 0.5).sum()) / 3,
    })  # fmt: skip


@task("beta_loss", share=50, any_dtype=True, loans=LOANS_FOR_BETA)
def check_beta_counts_the_divergence(student, rng):
    """Only the divergence counts beta times."""
    forbid(student, "beta_loss", calls=DISTRIBUTIONS)
    x, x_hat = rng.uniform(3, 1, 4, 4, dtype=torch.float32), rng.uniform(3, 1, 4, 4, low=0.05, high=0.95)
    x_hat, mu = x_hat.float(), rng.normal(3, 5, dtype=torch.float32)
    logvar = rng.normal(3, 5, dtype=torch.float32)
    pixels, kl = pixel_loss(x_hat, x).sum() / 3, to_prior(mu, logvar).sum() / 3
    for beta in (0.0, 1.0, 3.5):
        found = student.beta_loss(x_hat, x, mu, logvar, beta)
        expect_close(found, pixels + beta * kl, rtol=1e-3, name=Message("beta = {beta}", beta=beta), mistakes={
            "beta is missing.": pixels + kl,
            "beta belongs to the divergence, not to the pixels.": beta * pixels + kl,
            "beta belongs to the divergence alone.": beta * (pixels + kl),
            "Divide by the number of images.": 3 * (pixels + beta * kl),
        })  # fmt: skip


@task("aggregated_kl", share=50, any_dtype=True)
def check_aggregated_divergence_of_some_codes(student, rng):
    """The divergence is that of the Gaussian with the mean and variance of all codes together."""
    mu, logvar = rng.normal(6, 3, dtype=torch.float32) + 1, rng.normal(6, 3, dtype=torch.float32)
    right = aggregated(mu, logvar)

    def closed(m, v):
        return 0.5 * (m.square() + v - v.log() - 1).sum()

    spread, m = mu.var(dim=0, correction=0), mu.mean(dim=0)
    expect_close(student.aggregated_kl(mu, logvar), right, rtol=1e-3, mistakes={
        "This is the mean of each image's divergence; take the moments of all codes first.":
            to_prior(mu, logvar).mean(),
        "The variance of the means counts, too.": closed(m, logvar.exp().mean(dim=0)),
        "The mean of the variances counts, too.": closed(m, spread),
        "Subtract the square of the mean.": closed(m, logvar.exp().mean(dim=0) + mu.square().mean(dim=0)),
        "The variance is exp(logvar).": closed(m, (0.5 * logvar).exp().mean(dim=0) + spread),
        "The mean of the variances is not the exponential of the mean.": closed(m, logvar.mean(dim=0).exp() + spread),
        "Divide the squares of mu - m by N, not by N - 1.": closed(m, logvar.exp().mean(dim=0) + mu.var(dim=0)),
        "The factor 1/2 is missing.": 2 * right,
        "Take the sum over coordinates.": right / 3,
    })  # fmt: skip


@task("interpolate", share=50, any_dtype=True)
def check_walks_between_codes(student, rng):
    """Both kinds of walks have n codes, both ends, and the right ones between them; the worked example holds."""
    z0, z1 = rng.normal(6, dtype=torch.float32), 2 * rng.normal(6, dtype=torch.float32)
    t = torch.linspace(0, 1, 5, device=rng.device)[:, None]
    line = (1 - t) * z0 + t * z1
    expect_close(student.interpolate(z0, z1, 5), line, name="the line", mistakes={
        "The walk goes from z0 to z1.": line.flip(0),
        "Both ends count: linspace(0, 1, n).": z0 + 0.8 * t * (z1 - z0),
        "The kind is the line, if no other is asked for.": arc(z0, z1, 5),
    })  # fmt: skip
    right = arc(z0, z1, 5)
    expect_close(student.interpolate(z0, z1, 5, "slerp"), right, rtol=1e-3, atol=1e-4, name="slerp", mistakes={
        'This is the line: for "slerp", walk along the arc, with the angle of the *normalised* codes.': line,
        "Divide by sin(omega).": right * torch.sin(torch.acos(torch.cosine_similarity(z0, z1, dim=0))),
        "Normalise the codes for the angle only, not in the sum.": arc(z0 / z0.norm(), z1 / z1.norm(), 5),
        "The walk goes from z0 to z1.": right.flip(0),
    })  # fmt: skip
    a, b = torch.eye(2, device=rng.device)
    expect_close(student.interpolate(a, b, 3, "slerp")[1], torch.full((2,), 0.5**0.5, device=rng.device),
                 name="the worked example")  # fmt: skip


# A linear model with closed posterior and evidence: x = W z + noise of deviation s, in the student's process.
LINEAR = """
import math
import torch

def model(W, s, V, logvar):
    def encode(x):
        return x @ V.T, logvar.repeat(len(x), 1)

    def log_likelihood(x, z):
        assert len(x) == len(z) and x.ndim == 2 and z.ndim == 2
        far = (x - z @ W.T).square().sum(dim=1) / s ** 2
        return -0.5 * far - x.shape[1] * math.log(s * math.sqrt(2 * math.pi))

    return encode, log_likelihood

def estimate(f, x, W, s, V, logvar, S, seed):
    with torch.no_grad():
        return f(x, *model(W, s, V, logvar), S, torch.Generator().manual_seed(seed))
"""


def linear_model(rng, D: int = 5, Z: int = 2, s: float = 0.6):
    """Draw a linear model with orthogonal columns: its posterior is a Gaussian with a diagonal covariance."""
    W = torch.linalg.qr(rng.normal(D, Z)).Q * torch.tensor([1.5, 0.7], dtype=torch.float64, device=rng.device)[:Z]
    precision = 1 + W.square().sum(dim=0) / s**2
    return W, s, (W / s**2 / precision).T, -precision.log()


def log_evidence(x, W, s: float):
    """Compute log p(x) of the linear model."""
    S = W @ W.T + s**2 * torch.eye(len(W), dtype=W.dtype, device=W.device)
    return torch.distributions.MultivariateNormal(torch.zeros_like(W[:, 0]), S).log_prob(x)


ALL_SAMPLES = "Draw new noise for each of the S samples, and average their S weights, not the logarithms of them."
WEIGHT = "The logarithm of a weight is log p(x | z) + log N(z; 0, I) - log N(z; mu, sigma^2); sigma = exp(logvar / 2)."


@task("importance_log_likelihood", share=50, any_dtype=True, keeps=True)
def check_equal_weights_need_one_sample(student, rng):
    """If q is the posterior, the estimate is log p(x) for every S; if it is not, it rises with S and stays below."""
    helper = student.define(LINEAR)
    x = rng.normal(4, 5)
    W, s, V, logvar = linear_model(rng)
    log_p = log_evidence(x, W, s)
    for S in (1, 7):
        found = helper.estimate(student.importance_log_likelihood, x, W, s, V, logvar, S, 3)
        given = log_p - torch.log(torch.tensor(float(S)))
        expect_close(found, log_p, rtol=1e-4, name=Message("q = posterior, S = {S}", S=S), mistakes={
            "Subtract log S: the weights are averaged.": log_p + log_p - given,
            "Subtract log S once.": given,
            "Subtract log S, not log(S + 1).": log_p - torch.log(torch.tensor(1 + 1 / S)),
            "Return the logarithm of the mean weight.": log_p.exp(),
            "Return one number for each point, not their mean.": log_p.mean(),
        }, hint=WEIGHT)  # fmt: skip
    many = x[:1].repeat(3000, 1)
    wide = logvar + 1.0
    estimates = [helper.estimate(student.importance_log_likelihood, many, W, s, V, wide, S, 5) for S in (1, 2, 20)]
    expect(float(estimates[0].std()) > 1e-6, "All points have the same noise.",
           "Draw noise for each sample of each point: torch.randn(N, Z, generator=generator).")  # fmt: skip
    means = [float(estimate.mean()) for estimate in estimates]
    gap = float(log_p[0])
    bound = gap - float((0.5 * (wide.exp() / logvar.exp() - 1 - (wide - logvar))).sum())
    expect(abs(means[0] - bound) < 0.15,
           Message("With S = 1 the mean is {found}; the lower bound is {bound}.", found=means[0], bound=bound),
           "A weight is p(x | z) p(z) / q(z | x).")  # fmt: skip
    expect(means[0] + 0.05 < means[1] < means[2] + 0.02 and means[1] + 0.02 < means[2],
           "The estimate does not rise with S.", ALL_SAMPLES)  # fmt: skip
    expect(abs(means[2] - gap) < 0.1, "The estimate does not come close to log p(x).", ALL_SAMPLES)
