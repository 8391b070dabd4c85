"""Hidden checks of vae: gradients, other sizes and dtypes, classes, generators, and PCA."""

import math

import torch
from check_vae import CLASS_TWICE, FIFTEEN, IMAGES, LINEAR, judge_model, linear_model, log_evidence
from oracles_state import judge_state
from oracles_vae import (
    HELPERS,
    LOANS_FOR_BETA,
    LOANS_FOR_LOSS,
    LOANS_OF_SAMPLES,
    affine,
    aggregated,
    arc,
    decoding,
    encoding,
    weighted_loss,
)

from autograder import (
    Message,
    expect,
    expect_close,
    expect_draws,
    expect_equal,
    expect_same_gradients,
    expect_shape,
    expect_unchanged,
    task,
)

TRAIN = """
import torch

def span(model, x, steps):
    optimizer = torch.optim.LBFGS(model.parameters(), max_iter=steps, line_search_fn="strong_wolfe")

    def loss():
        optimizer.zero_grad()
        value = (model(x)[0] - x).square().mean()
        value.backward()
        return value

    optimizer.step(loss)
    with torch.no_grad():
        z = torch.eye(2, dtype=x.dtype)
        return (model.decoder(z) - model.decoder(torch.zeros_like(z))).flatten(1)
"""


PARTS = """
def results(*inputs):
    *inputs, model = inputs
    return tuple(model(*inputs))

def gaussians(*inputs):
    *inputs, model = inputs
    return tuple(model(*inputs)[1:])
"""


def judge_gaussians(student, rng, model, latent: int, *inputs):
    """Compare the gradients of mu and logvar, in the inputs and in the layers, with those of the formulas."""
    helper, rows = student.define(HELPERS + PARTS), torch.cat([x.flatten(1) for x in inputs], dim=1)
    z = torch.cat([rng.normal(len(rows), latent), *inputs[1:]], dim=1)
    enc, _, mus, logvars = helper.shaken(model.double(), rows, z)

    def formula(*given):
        features = encoding(enc, torch.cat([x.flatten(1) for x in given[:-1]], dim=1))
        return affine(mus, features, latent), affine(logvars, features, latent)

    expect_same_gradients(
        student, rng, helper.gaussians, formula, *inputs, model, weights=(enc, mus, logvars), names=("x", "c")
    )


@task("Autoencoder", share=50, any_dtype=True, keeps=True)
def check_linear_autoencoder_finds_principal_axes(student, rng):
    """Trained on squared errors, the linear kind spans the plane of the first two principal axes."""
    scale = torch.tensor([3.0, 2.0, 0.4, 0.3, 0.2, 0.2, 0.1, 0.1, 0.1], dtype=torch.float64, device=rng.device)
    turn = torch.linalg.qr(rng.normal(9, 9)).Q
    rows = ((rng.normal(80, 9) * scale) @ turn + rng.normal(9)).float()
    student.seed(rng.int(0, 2**31))
    plane = student.define(TRAIN).span(student.Autoencoder(9, 2, linear=True), rows.reshape(80, 1, 3, 3), 120)
    expect_shape(plane, (2, 9), name="the images of unit codes, flat")
    axes = torch.linalg.svd(rows - rows.mean(dim=0), full_matrices=False).Vh[:2]
    own = torch.linalg.qr(plane.T).Q.T
    cosine = float(torch.linalg.svdvals(own @ axes.T).min())
    angle = math.degrees(math.acos(min(cosine, 1.0)))
    expect(angle < 5, Message("The largest angle to the principal plane is {angle} degrees.", angle=round(angle, 1)),
           "The linear kind has one linear layer each, with biases, and nothing else.")  # fmt: skip
    helper, x = student.define(HELPERS + PARTS), rng.uniform(3, 1, 4, 4)
    model = student.Autoencoder(16, 3).double().eval()
    enc, dec = helper.shaken(model, x, rng.normal(3, 3))[:2]
    helper.answer(model, x)  # in evaluation mode

    def both(x, model):
        z = affine(enc[-1:], encoding(enc[:-1], x.flatten(1)), 3)
        return decoding(dec, z, 4), z

    expect_same_gradients(student, rng, helper.results, both, x, model, weights=(enc, dec), names=("x",))
    linear = student.Autoencoder(16, 3, linear=True).double().eval()
    enc, dec = helper.shaken(linear, x, rng.normal(3, 3))[:2]

    def both_of_the_linear_kind(x, model):
        z = affine(enc, x.flatten(1), 3)
        return affine(dec, z, 16).reshape(x.shape), z

    expect_same_gradients(
        student, rng, helper.results, both_of_the_linear_kind, x, linear, weights=(enc, dec), names=("x",)
    )


NOISE = "Draw the noise with torch.randn_like(mu): it has mu's dtype and uses torch's global generator."


@task("reparametrize", share=50)
def check_noise_and_gradients_of_samples(student, rng):
    """Equal seeds give equal noise, others differ; the gradient is 1 in mu and sigma noise / 2 in logvar."""
    for shape in ((4, 3), (1, 6)):
        mu, logvar = rng.normal(*shape), rng.normal(*shape)
        student.seed(11)
        seen = student.inspect(student.reparametrize, mu, logvar)
        expect_unchanged(seen, mu, logvar)
        expect(seen.value.dtype == mu.dtype, "The sample has another dtype than mu.", NOISE)
        student.seed(11)
        expect_equal(student.reparametrize(mu, logvar), seen.value, name="the sample of the same seed")
        expect(bool((student.reparametrize(mu, logvar) != seen.value).any()), "Two calls gave the same noise.", NOISE)
        student.seed(12)
        noise = (seen.value - mu) / (0.5 * logvar).exp()
        fixed = student.define(
            "import torch\n\ndef fixed(f):\n    def run(mu, logvar):\n        torch.manual_seed(11)\n"
            "        return f(mu, logvar)\n    return run\n"
        ).fixed(student.reparametrize)
        expect_same_gradients(
            student, rng, fixed, lambda mu, logvar, noise=noise: mu + torch.sqrt(logvar.exp()) * noise, mu, logvar
        )


GRADS = """
import torch

def reached(model, *inputs):
    with torch.enable_grad():
        x_hat, mu, logvar = model(*inputs)
        (x_hat ** 2).sum().backward()
    parts = ("encoder", "mu_layer", "logvar_layer", "decoder")  # any other layer is not used
    named = [(name, p) for name, p in model.named_parameters() if name.partition(".")[0] in parts]
    return {name: bool(p.grad is not None and p.grad.abs().sum() > 0) for name, p in named}
"""


@task("VAE", share=25, loans=LOANS_OF_SAMPLES, keeps=True)
def check_vae_of_other_sizes(student, rng):
    """Other sizes of images and codes work, and the image's gradient reaches every layer."""
    for side, latent in ((3, 2), (8, 20)):
        x = rng.uniform(2, 1, side, side, dtype=torch.float32)
        judge_model(student, rng, student.VAE(side * side, latent), (x, x), lambda z: z, side, latent)
    helper = student.define(HELPERS)
    judge_state(student, helper.answer, lambda: student.VAE(16, 3), rng.uniform(5, 1, 4, 4, dtype=torch.float32))
    model = student.VAE(25, 4).eval()
    a, b = (helper.answer(model, rng.uniform(1, 1, 5, 5, dtype=torch.float32).fill_(0.5))[0] for _ in range(2))
    expect(bool((a != b).any()), "In evaluation mode two calls gave the same x_hat.", "Decode a sample in every mode.")
    for model, inputs in (
        (student.VAE(16, 3), [rng.uniform(5, 1, 4, 4, dtype=torch.float32)]),
        (student.VAE(16, 1), [rng.uniform(1, 1, 4, 4, dtype=torch.float32)]),
    ):
        reached = student.define(GRADS).reached(model, *inputs)
        expect(len(reached) == 18, Message("The model has {n} weights and biases, not 18.", n=len(reached)))
        missing = [name for name, there in reached.items() if there is not True]
        expect(not missing, Message("No gradient reaches {names}.", names=", ".join(map(str, missing))[:200]),
               "Do not detach anything between the encoder and the decoder.")  # fmt: skip
    judge_gaussians(student, rng, student.VAE(9, 2), 2, rng.uniform(4, 1, 3, 3))


@task("CVAE", share=25, any_dtype=True, loans=LOANS_OF_SAMPLES, keeps=True)
def check_class_changes_images_and_codes(student, rng):
    """With z fixed, another class gives another image; with x fixed, another code; other sizes work."""
    helper = student.define(HELPERS)
    for side, classes, latent in ((3, 2, 4), (6, 10, 1)):
        x = rng.uniform(classes, 1, side, side, dtype=torch.float32)
        c = torch.eye(classes, device=rng.device)
        rows = torch.cat([x.flatten(1), c], dim=1)
        model = student.CVAE(side * side, classes, latent)
        judge_model(
            student, rng, model, (rows, x, c), lambda z, c=c: torch.cat([z, c], dim=1), side, latent, CLASS_TWICE
        )
        same = x[:1].repeat(classes, 1, 1, 1)
        x_hat, mu, _ = helper.answer(model, same, c)
        expect(float(mu.std(dim=0).max()) > 1e-4, "The class does not change mu.", "Join c to the encoder's input.")
        z = torch.cat([mu[:1].repeat(classes, 1), c], dim=1)
        images = helper.decoded(model, z)
        expect(float(images.std(dim=0).max()) > 1e-4, "The class does not change x_hat.", "Join c to z.")
        expect_shape(x_hat, x.shape, name="x_hat", hint=IMAGES)
        judge_state(student, helper.answer, lambda side=side, n=classes: student.CVAE(side * side, n), x, c)
    model = student.CVAE(16).eval()
    x, c = rng.uniform(2, 1, 4, 4, dtype=torch.float32), torch.eye(10, device=rng.device)[:2]
    (a, mu, _), (b, _, _) = helper.answer(model, x, c), helper.answer(model, x, c)
    expect_shape(mu, (2, 15), name="mu by default", hint=FIFTEEN)
    expect(bool((a != b).any()), "In evaluation mode two calls gave the same x_hat.", "Decode a sample in every mode.")
    judge_gaussians(student, rng, student.CVAE(9, 4, 2), 2, rng.uniform(3, 1, 3, 3), rng.normal(3, 4))


def some_batch(rng, N: int, side: int, Z: int):
    """Draw images, answers and codes."""
    x, x_hat = rng.uniform(N, 1, side, side), rng.uniform(N, 1, side, side, low=0.02, high=0.98)
    return x_hat, x, rng.normal(N, Z), rng.normal(N, Z)


CLAMPED = "F.binary_cross_entropy clamps logarithms at -100; add nothing inside of them."


@task("loss_function", share=50, loans=LOANS_FOR_LOSS)
def check_losses_and_their_gradient(student, rng):
    """Values and gradients are right for one image and seven; answers of exactly 0 and 1 stay finite."""
    for N, side, Z in ((1, 3, 2), (7, 2, 5)):
        batch = some_batch(rng, N, side, Z)
        seen = student.inspect(student.loss_function, *batch)
        expect_shape(seen.value, ())
        expect_close(seen.value, weighted_loss(*batch), name=Message("{N} images", N=N))
        expect_unchanged(seen, *batch)
        expect_same_gradients(student, rng, student.loss_function, weighted_loss, *batch)
    x_hat, x, mu, logvar = some_batch(rng, 2, 4, 3)
    x_hat[0, 0, 0, :3] = torch.tensor([0.0, 1.0, 0.0], dtype=x_hat.dtype, device=x_hat.device)
    x[0, 0, 0, :3] = torch.tensor([0.0, 1.0, 0.5], dtype=x.dtype, device=x.device)
    found = student.loss_function(x_hat, x, mu, logvar)
    expect(bool(found.isfinite()), "The loss of answers of exactly 0 and 1 is not finite.", CLAMPED)
    expect_close(found, weighted_loss(x_hat, x, mu, logvar), name="answers of exactly 0 and 1", hint=CLAMPED)


@task("beta_loss", share=50, loans=LOANS_FOR_BETA)
def check_beta_losses_and_their_gradient(student, rng):
    """Values and gradients are right for small and large weights."""
    helper = student.define("def with_beta(f, beta):\n    return lambda *batch: f(*batch, beta)\n")
    for N, beta in ((1, 0.1), (5, 8.0)):
        batch = some_batch(rng, N, 3, 4)
        expect_close(student.beta_loss(*batch, beta), weighted_loss(*batch, beta))
        expect_same_gradients(student, rng, helper.with_beta(student.beta_loss, beta),
                              lambda *batch, beta=beta: weighted_loss(*batch, beta), *batch)  # fmt: skip


@task("aggregated_kl", share=50)
def check_aggregated_divergences_and_their_gradient(student, rng):
    """Values and gradients are right for other sizes; codes that fill the prior have 0."""
    for N, Z in ((1, 3), (9, 1), (4, 6)):
        mu, logvar = rng.normal(N, Z), rng.normal(N, Z)
        seen = student.inspect(student.aggregated_kl, mu, logvar)
        expect_close(seen.value, aggregated(mu, logvar), name=Message("{N} codes", N=N))
        expect_unchanged(seen, mu, logvar)
        expect_same_gradients(student, rng, student.aggregated_kl, aggregated, mu, logvar)
    side = torch.tensor([[0.6], [-0.6]], dtype=torch.float64, device=rng.device)
    filled = student.aggregated_kl(side, torch.full_like(side, math.log(0.64)))
    expect_close(filled, torch.zeros((), dtype=torch.float64), name="codes with mean 0 and variance 1 together")


LINE = "Take the line only if the sine of the angle is below 1e-6; clamp its cosine to [-1, 1] and no further."


@task("interpolate", share=50)
def check_walks_without_an_angle(student, rng):
    """Equal, opposite and zero codes take the line; along an arc of equal lengths the length stays."""
    z = rng.normal(5)
    t = torch.linspace(0, 1, 6, dtype=z.dtype, device=z.device)[:, None]
    for name, z0, z1 in (("equal", z, z), ("parallel", z, 3 * z), ("opposite", z, -2 * z), ("zero", 0 * z, z)):
        found = student.interpolate(z0, z1, 6, "slerp")
        expect_close(found, z0 + t * (z1 - z0), atol=1e-5, name=Message("codes that are {kind}", kind=Message(name)))
    a, b = rng.normal(7), rng.normal(7)
    b = b * a.norm() / b.norm()
    seen = student.inspect(student.interpolate, a, b, 9, "slerp")
    expect_close(seen.value.norm(dim=1), a.norm().expand(9), name="lengths along the arc")
    expect_unchanged(seen, a, b, 9, "slerp")
    for kind in ("line", "slerp"):
        expect_close(student.interpolate(a, b, 2, kind), torch.stack([a, b]), name="two codes")
    near = a + 0.1 * rng.normal(7)
    expect_close(student.interpolate(a, near, 4, "slerp"), arc(a, near, 4), rtol=1e-4, name="a small angle", hint=LINE)
    for size in (1e-2, 1e-4):  # nearly a half turn; the sine is still above 1e-6
        far = size * rng.normal(7) - a
        found = student.interpolate(a, far, 4, "slerp")
        expect_close(found, arc(a, far, 4), rtol=1e-4, name="codes that are nearly opposite", hint=LINE)


DRAW = "Draw with the generator that is given: generator=generator."


@task("importance_log_likelihood", share=50)
def check_estimates_follow_their_generator(student, rng):
    """Equal generators give equal estimates; points have noise of their own; far points stay finite."""
    helper = student.define(LINEAR)
    W, s, V, logvar = linear_model(rng, 4, 2, 0.5)
    x = torch.cat([rng.normal(3, 4), 200 * rng.normal(2, 4)])
    log_p = log_evidence(x, W, s)
    estimate, f = helper.estimate, student.importance_log_likelihood
    expect_close(estimate(f, x, W, s, V, logvar, 3, 1), log_p, name="q = posterior, far points, too",
                 hint="Stay in logarithms: torch.logsumexp.")  # fmt: skip
    wrong = logvar + 0.7
    plain = student.define("def plain(f, model, *a):\n    return f(a[0], *model(*a[1:5]), 2, *a[5:])\n").plain
    expect_draws(student, lambda generator: plain(f, helper.model, x, W, s, V, wrong, generator), rng.device)
    same = estimate(f, x[:1].repeat(40, 1), W, s, V, wrong, 1, 4)
    expect_shape(same, (40,))
    expect(len(same.unique()) == 40, "Equal points have equal noise.", "Draw noise of mu's shape.")
    spread = [float(estimate(f, x[:1].repeat(400, 1), W, s, V, wrong, S, 5).std()) for S in (1, 25)]
    expect(spread[1] < 0.5 * spread[0], "The estimates vary as much with 25 samples as with one.",
           "Draw new noise for each sample.")  # fmt: skip
    student.seed(3)
    expect_shape(plain(f, helper.model, x, W, s, V, logvar), (5,), name="the estimate without a generator")
