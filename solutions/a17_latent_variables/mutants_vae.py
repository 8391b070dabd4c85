"""Wrong answers to vae.py, each with the check that must notice it."""
# ruff: noqa: E501 - quotes lines of the reference

from autograder.authoring.mutants import first, mutants_of
from autograder.authoring.variants import body

mutant = mutants_of("vae.py")
AUTO, AXES = "check_autoencoder_computes_its_layers", "check_linear_autoencoder_finds_principal_axes"
MOMENTS, NOISE = "check_samples_have_mean_and_variance", "check_noise_and_gradients_of_samples"
VAE, FIFTEEN, SIZES, NEW = (
    "check_vae_computes_its_layers",
    "check_vae_has_fifteen_numbers",
    "check_vae_of_other_sizes",
    "check_vae_explains_new_images",
)
CVAE, CLASS, ASKED = (
    "check_cvae_computes_its_layers",
    "check_class_changes_images_and_codes",
    "check_cvae_draws_what_is_asked",
)
LOSS, LOSSES = "check_loss_of_some_images", "check_losses_and_their_gradient"
BETA, BETAS = "check_beta_counts_the_divergence", "check_beta_losses_and_their_gradient"
ALL, ALLS = "check_aggregated_divergence_of_some_codes", "check_aggregated_divergences_and_their_gradient"
WALK, ANGLE = "check_walks_between_codes", "check_walks_without_an_angle"
WEIGHTS, DRAWS = "check_equal_weights_need_one_sample", "check_estimates_follow_their_generator"
SAMPLE = "return mu + (0.5 * logvar).exp() * torch.randn_like(mu)"
DECODE = "return self.decoder(reparametrize(mu, logvar)), mu, logvar"
JOINED = "return self.decoder(torch.cat([reparametrize(mu, logvar), c], dim=1)), mu, logvar"
INTO = "hidden = self.encoder(torch.cat([x.flatten(1), c], dim=1))"
ONE = "return beta_loss(x_hat, x, mu, logvar, 1.0)"
DIVERGENCE = "divergence = -0.5 * (1 + logvar - mu.square() - logvar.exp()).sum()"
WEIGHED = "return (pixels + beta * divergence) / len(x)"
CLOSED = "return 0.5 * (v + m.square() - 1 - v.log()).sum()"
VARIANCE = "v = (logvar.exp() + mu.square()).mean(dim=0) - m.square()"
ARC = "return (((1 - t) * omega).sin() * z0 + (t * omega).sin() * z1) / omega.sin()"
LINE = "return z0 + t * (z1 - z0)"
EVIDENCE = "return torch.logsumexp(torch.stack(rows), dim=0) - math.log(S)"
ROW = "rows.append(log_likelihood(x, z) + prior - q)"
CODES = "prior, q = -0.5 * z.square().sum(dim=1), -0.5 * (noise.square() + logvar).sum(dim=1)"
LOSS_BY_HAND = '    pixels = F.binary_cross_entropy(x_hat, x, reduction="sum")\n    kl = -0.5 * (1 + logvar - mu.square() - logvar.exp()).sum()\n    return '


def loss(story, result, noticed_by=LOSS, **options):
    """Return a mutant of the loss that is written out."""
    return mutant("loss: " + story, noticed_by, ONE, LOSS_BY_HAND.strip() + " " + result, **options)


# fmt: off
MUTANTS = [
    mutant("autoencoder: the code passes no gradient", AXES, "self.decoder(z), z", "self.decoder(z), z.detach()"),
    mutant("vae: logvar passes no gradient to the encoder", SIZES, body("VAE.forward", """
        hidden = self.encoder(x)
        mu, logvar = self.mu_layer(hidden), self.logvar_layer(hidden.detach())
        return self.decoder(reparametrize(mu, logvar)), mu, logvar
    """)),
    mutant("cvae: the image gets no gradient", CLASS, INTO, INTO.replace("x.flatten(1)", "x.detach().flatten(1)")),
    mutant("autoencoder: an activation at the code", AUTO, "nn.Linear(400, latent_size)]\n            out", "nn.Linear(400, latent_size), nn.ReLU()]\n            out"),
    mutant("autoencoder: no sigmoid", AUTO, "nn.Linear(400, input_size), nn.Sigmoid()]", "nn.Linear(400, input_size)]"),
    mutant("autoencoder: the linear kind has a sigmoid", (AUTO, AXES), "[nn.Linear(latent_size, input_size)]", "[nn.Linear(latent_size, input_size), nn.Sigmoid()]"),
    mutant("autoencoder: the linear kind has ReLUs", (AUTO, AXES), "[nn.Linear(input_size, latent_size)], ", "[nn.Linear(input_size, latent_size), nn.ReLU()], "),
    mutant("autoencoder: the linear kind has two layers", AUTO, "[nn.Linear(input_size, latent_size)], ", "[nn.Linear(input_size, 2 * latent_size), nn.Linear(2 * latent_size, latent_size)], "),
    mutant("autoencoder: never linear", AUTO, "        if linear:\n", "        if False:\n"),
    mutant("autoencoder: z is the image", AUTO, "return self.decoder(z), z", "return self.decoder(z), x"),
    mutant("autoencoder: the other order", AUTO, "return self.decoder(z), z", "return z, self.decoder(z)"),
    mutant("autoencoder: no biases", AXES, "[nn.Linear(input_size, latent_size)], [nn.Linear(latent_size, input_size)]", "[nn.Linear(input_size, latent_size, bias=False)], [nn.Linear(latent_size, input_size, bias=False)]"),
    mutant("sample: the variance for the deviation", MOMENTS, SAMPLE, SAMPLE.replace("0.5 * logvar", "logvar")),
    mutant("sample: logvar is taken for sigma", MOMENTS, SAMPLE, SAMPLE.replace("(0.5 * logvar).exp()", "logvar")),
    mutant("sample: no noise", MOMENTS, SAMPLE, "return mu"),
    mutant("sample: noise of one row", MOMENTS, SAMPLE, SAMPLE.replace("torch.randn_like(mu)", "torch.randn_like(mu[:1])")),
    mutant("sample: one number for each row", MOMENTS, SAMPLE, SAMPLE.replace("torch.randn_like(mu)", "torch.randn_like(mu[:, :1])")),
    mutant("sample: uniform noise", MOMENTS, SAMPLE, SAMPLE.replace("randn_like", "rand_like")),
    mutant("sample: uniform noise of variance 1", MOMENTS, SAMPLE, SAMPLE.replace("torch.randn_like(mu)", "(2 * torch.rand_like(mu) - 1) * 3**0.5")),
    mutant("sample: torch.distributions", MOMENTS, SAMPLE, "return torch.distributions.Normal(mu, (0.5 * logvar).exp()).rsample()"),
    mutant("sample: no_grad", NOISE, SAMPLE, "with torch.no_grad():\n        z = " + SAMPLE.removeprefix("return ") + "\n    return z"),
    mutant("sample: sigma is detached", NOISE, SAMPLE, SAMPLE.replace(".exp()", ".exp().detach()")),
    mutant("sample: a fixed seed", NOISE, SAMPLE, "g = torch.Generator().manual_seed(0)\n    return mu + (0.5 * logvar).exp() * torch.randn(mu.shape, generator=g, dtype=mu.dtype)"),
    mutant("sample: writes into mu", NOISE, SAMPLE, SAMPLE.replace("mu + (0.5", "mu.add_((0.5") + ")"),
    mutant("sample: float32", NOISE, SAMPLE, SAMPLE.replace("return ", "return (") + ").float()", habit="dtype"),
    mutant("VAE: decodes mu", (VAE, NEW), DECODE, DECODE.replace("reparametrize(mu, logvar)", "mu + 0 * reparametrize(mu, logvar)"), calibrates=True),
    mutant("VAE: the sample is detached", (SIZES, NEW), DECODE, DECODE.replace("reparametrize(mu, logvar)", "reparametrize(mu, logvar).detach()"), calibrates=True),
    mutant("VAE: pixels are never dark or bright", VAE, DECODE, DECODE.replace("(mu, logvar)),", "(mu, logvar)).clamp(0.1, 0.9),")),
    mutant("VAE: samples in training mode only", SIZES, DECODE, DECODE.replace("reparametrize(mu, logvar)", "reparametrize(mu, logvar) if self.training else mu")),
    mutant("VAE: mu and logvar exchanged", VAE, DECODE, DECODE.replace(", mu, logvar", ", logvar, mu").replace("(mu, logvar)", "(mu, logvar)")),
    mutant("VAE: a ReLU after logvar", VAE, DECODE, "logvar = logvar.relu()\n        " + DECODE),
    mutant("VAE: a tanh after mu", VAE, DECODE, "mu = mu.tanh()\n        " + DECODE),
    mutant("VAE: the variance is returned", VAE, DECODE, DECODE + ".exp()"),
    mutant("VAE: the layers of mu and logvar are one", VAE, "        mu, logvar = self.mu_layer(hidden), self.logvar_layer(hidden)\n        " + DECODE, "        mu, logvar = self.mu_layer(hidden), self.mu_layer(hidden)\n        " + DECODE),
    mutant("VAE: a flat image", VAE, DECODE, DECODE.replace("self.decoder(reparametrize(mu, logvar))", "self.decoder(reparametrize(mu, logvar)).flatten(1)")),
    mutant("VAE: codes of 20 numbers", FIFTEEN, "def __init__(self, input_size: int, latent_size: int = 15) -> None:", "def __init__(self, input_size: int, latent_size: int = 20) -> None:"),
    mutant("VAE: images of 28 x 28 only", SIZES, "*hidden_layers(latent_size), nn.Linear(400, input_size), nn.Sigmoid(), nn.Unflatten(1, (1, side, side))\n        )\n        ### END", "*hidden_layers(latent_size), nn.Linear(400, input_size), nn.Sigmoid(), nn.Unflatten(1, (1, 28, 28))\n        )\n        ### END"),
    mutant("VAE: the decoder's z has no gradient in logvar", SIZES, DECODE, DECODE.replace("(mu, logvar)),", "(mu, logvar.detach())),")),
    mutant("CVAE: the class goes to the encoder only", (CVAE, ASKED), JOINED, JOINED.replace("logvar), c]", "logvar), 0 * c]"), calibrates=True),
    mutant("CVAE: the class goes to the decoder only", (CVAE, CLASS), INTO, INTO.replace(", c]", ", 0 * c]")),
    mutant("CVAE: the class comes first in the encoder", CVAE, INTO, INTO.replace("[x.flatten(1), c]", "[c, x.flatten(1)]")),
    mutant("CVAE: the class comes first in the decoder", CVAE, JOINED, JOINED.replace("[reparametrize(mu, logvar), c]", "[c, reparametrize(mu, logvar)]")),
    mutant("CVAE: decodes mu", CVAE, JOINED, JOINED.replace("reparametrize(mu, logvar)", "mu")),
    mutant("CVAE: samples in training mode only", CLASS, JOINED, JOINED.replace("reparametrize(mu, logvar)", "(reparametrize(mu, logvar) if self.training else mu)")),
    mutant("CVAE: the code is detached", ASKED, JOINED, JOINED.replace("reparametrize(mu, logvar)", "reparametrize(mu, logvar).detach()")),
    mutant("CVAE: codes of 12 numbers", CLASS, "def __init__(self, input_size: int, num_classes: int = 10, latent_size: int = 15) -> None:", "def __init__(self, input_size: int, num_classes: int = 10, latent_size: int = 12) -> None:"),
    loss("a mean over pixels", "pixels / x.numel() + kl / len(x)"),
    loss("everything divided by all pixels", "(pixels + kl) / x.numel()"),
    loss("not divided by N", "pixels + kl"),
    loss("the divergence is not divided", "pixels / len(x) + kl"),
    loss("the divergence is subtracted", "(pixels - kl) / len(x)"),
    loss("no half", "(pixels + 2 * kl) / len(x)"),
    loss("no divergence", "pixels / len(x)"),
    loss("divided by N times Z", "pixels / len(x) + kl / mu.numel()"),
    mutant("loss: squared differences", LOSS, ONE, "kl = -0.5 * (1 + logvar - mu.square() - logvar.exp()).sum()\n    return ((x_hat - x).square().sum() + kl) / len(x)"),
    mutant("loss: x and x_hat exchanged", LOSS, ONE, ONE.replace("x_hat, x,", "x, x_hat,")),
    mutant("loss: logvar as the logarithm of sigma", LOSS, ONE, ONE.replace("logvar, 1.0", "2 * logvar, 1.0")),
    mutant("loss: logarithms of 0", LOSSES, ONE, "pixels = -(x * x_hat.log() + (1 - x) * (1 - x_hat).log()).sum()\n    return (pixels - 0.5 * (1 + logvar - mu.square() - logvar.exp()).sum()) / len(x)"),
    mutant("loss: logarithms from 1e-8", LOSSES, ONE, "pixels = -(x * (x_hat + 1e-8).log() + (1 - x) * (1 - x_hat + 1e-8).log()).sum()\n    return (pixels - 0.5 * (1 + logvar - mu.square() - logvar.exp()).sum()) / len(x)"),
    loss("a number without a gradient", "((pixels + kl) / len(x)).detach()", noticed_by=LOSSES),
    loss("float32", "((pixels + kl) / len(x)).float()", noticed_by=LOSSES, habit="dtype"),
    mutant("beta: beta is ignored", BETA, WEIGHED, WEIGHED.replace("beta * ", "")),
    mutant("beta: at the pixels", BETA, WEIGHED, "return (beta * pixels + divergence) / len(x)"),
    mutant("beta: at both", BETA, WEIGHED, "return beta * (pixels + divergence) / len(x)"),
    mutant("beta: not divided", BETA, WEIGHED, WEIGHED.replace(" / len(x)", "")),
    mutant("beta: the divergence has no gradient", BETAS, WEIGHED, WEIGHED.replace("divergence)", "divergence.detach())")),
    mutant("beta: float32", BETAS, WEIGHED, "return ((pixels + beta * divergence) / len(x)).float()", habit="dtype"),
    mutant("aggregated: a mean of divergences", ALL, CLOSED, "return 0.5 * (logvar.exp() + mu.square() - 1 - logvar).sum() / len(mu)"),
    mutant("aggregated: only the means vary", ALL, VARIANCE, "v = mu.square().mean(dim=0) - m.square() + 1e-9"),
    mutant("aggregated: only mean variances", ALL, VARIANCE, "v = logvar.exp().mean(dim=0)"),
    mutant("aggregated: second moments", ALL, VARIANCE, "v = (logvar.exp() + mu.square()).mean(dim=0)"),
    mutant("aggregated: N - 1", ALL, VARIANCE, "v = logvar.exp().mean(dim=0) + (mu - m).square().sum(dim=0) / max(len(mu) - 1, 1)"),
    mutant("aggregated: no half", ALL, CLOSED, CLOSED.replace("0.5 * ", "")),
    mutant("aggregated: a mean over coordinates", ALL, CLOSED, CLOSED.replace(".sum()", ".mean()")),
    mutant("aggregated: no gradient in logvar", ALLS, VARIANCE, VARIANCE.replace("logvar.exp()", "logvar.exp().detach()")),
    mutant("aggregated: float32", ALLS, CLOSED, CLOSED + ".float()", habit="dtype"),
    mutant("walk: backwards", WALK, "t = torch.linspace(0, 1, n", "t = torch.linspace(1, 0, n"),
    mutant("walk: without the end", WALK, "t = torch.linspace(0, 1, n, dtype=z0.dtype, device=z0.device)", "t = torch.linspace(0, 1, n + 1, dtype=z0.dtype, device=z0.device)[:-1]"),
    mutant("walk: slerp is a line", WALK, 'if kind == "slerp":', "if False:"),
    mutant("walk: always slerp", WALK, 'if kind == "slerp":', "if True:"),
    mutant("walk: not divided by the sine", WALK, ARC, ARC.replace(" / omega.sin()", "")),
    mutant("walk: of unit codes", WALK, ARC, ARC.replace("* z0", "* z0 / z0.norm()").replace("* z1", "* z1 / z1.norm()")),
    mutant("walk: the angle of codes that are not normalised", WALK, "omega = (z0 @ z1 / lengths).clamp(-1, 1).acos()", "omega = (z0 @ z1).clamp(-1, 1).acos()"),
    mutant("walk: opposite codes are nan", ANGLE, " and omega.sin() >= 1e-6", ""),
    mutant("walk: a code of 0", ANGLE, "lengths = (z0.norm() * z1.norm()).clamp(min=torch.finfo(z0.dtype).tiny)", "lengths = z0.norm() * z1.norm()", also=(("if z0.any() and z1.any() and omega", "if not omega"), (".sin() >= 1e-6:", ".sin() < 1e-6:"))),
    mutant("walk: small angles take the line", ANGLE, ">= 1e-6", ">= 0.5"),
    mutant("walk: the cosine stays away from -1", ANGLE, "omega = (z0 @ z1 / lengths).clamp(-1, 1).acos()", "cosine = z0 @ z1 / lengths\n        omega = cosine.clamp(-1 + 1e-7, 1 - 1e-7).acos()", also=((" and omega.sin() >= 1e-6", " and cosine.abs() < 1 - 1e-13"),)),
    mutant("walk: the line from a cosine of 0.9995", ANGLE, " and omega.sin() >= 1e-6", " and omega.cos().abs() < 0.9995"),
    mutant("walk: float32", ANGLE, LINE, LINE.replace("return ", "return (") + ").float()", also=((ARC, ARC.replace("return ", "return (") + ").float()"),), habit="dtype"),
    mutant("evidence: a mean of logarithms", WEIGHTS, EVIDENCE, "return torch.stack(rows).mean(dim=0)"),
    mutant("evidence: a sum of weights", WEIGHTS, EVIDENCE, EVIDENCE.replace(" - math.log(S)", "")),
    mutant("evidence: half of the samples", WEIGHTS, "    for _ in range(S):\n        noise", "    S = (S + 1) // 2\n    for _ in range(S):\n        noise"),
    mutant("evidence: log(S + 1)", WEIGHTS, EVIDENCE, EVIDENCE.replace("math.log(S)", "math.log(S + 1)")),
    mutant("evidence: no prior", WEIGHTS, ROW, ROW.replace(" + prior", "")),
    mutant("evidence: not divided by q", WEIGHTS, ROW, ROW.replace(" - q", "")),
    mutant("evidence: q without its variance", WEIGHTS, CODES, CODES.replace("noise.square() + logvar", "noise.square()")),
    mutant("evidence: q with the variance for the deviation", WEIGHTS, CODES, CODES.replace("+ logvar", "+ 2 * logvar")),
    mutant("evidence: sigma is the variance", WEIGHTS, "z = mu + (0.5 * logvar).exp() * noise", "z = mu + logvar.exp() * noise"),
    mutant("evidence: decodes mu", WEIGHTS, ROW, ROW.replace("(x, z)", "(x, mu)")),
    mutant("evidence: exp before the sum", DRAWS, EVIDENCE, "return torch.stack(rows).exp().mean(dim=0).log()"),
    mutant("evidence: the largest weight", WEIGHTS, EVIDENCE, "return torch.stack(rows).max(dim=0).values"),
    mutant("evidence: the global generator", DRAWS, "torch.randn(mu.shape, generator=generator, ", "torch.randn(mu.shape, "),
    mutant("evidence: equal noise for all points", DRAWS, "noise = torch.randn(mu.shape, generator=generator, dtype=mu.dtype, device=mu.device)", "noise = torch.randn(mu[:1].shape, generator=generator, dtype=mu.dtype, device=mu.device).expand(mu.shape)"),
    mutant("evidence: equal noise for all samples", DRAWS, "    for _ in range(S):\n        noise = torch.randn(mu.shape, generator=generator, dtype=mu.dtype, device=mu.device)", "    noise = torch.randn(mu.shape, generator=generator, dtype=mu.dtype, device=mu.device)\n    for _ in range(S):"),
    mutant("evidence: float32", DRAWS, EVIDENCE, EVIDENCE.replace("return ", "return (") + ").float()", habit="dtype"),
    mutant("evidence: a mean over points", WEIGHTS, EVIDENCE, EVIDENCE.replace("return ", "return (") + ").mean()"),
    mutant("loss: torch.distributions", LOSS, body("loss_function", """
        q = torch.distributions.Normal(mu, (0.5 * logvar).exp())
        kl = torch.distributions.kl_divergence(q, torch.distributions.Normal(0.0, 1.0)).sum()
        return (F.binary_cross_entropy(x_hat, x, reduction="sum") + kl) / len(x)
    """)),
    mutant("VAE: leaves evaluation mode on", SIZES, DECODE, "self.eval()\n        " + DECODE),
    mutant("CVAE: leaves evaluation mode on", CLASS, JOINED, "self.eval()\n        " + JOINED),
    mutant("importance: moves its images", "check_equal_weights_need_one_sample", first("importance_log_likelihood", "x.mul_(1 + 1e-6)")),
    mutant("CVAE: moves its images", "check_cvae_computes_its_layers", first("CVAE.forward", "x.mul_(1 - 1e-6)")),
    mutant("autoencoder: leaves training mode on", AXES, first("Autoencoder.forward", "self.train()")),
    mutant("VAE: leaves training mode on", SIZES, DECODE, "self.train()\n        " + DECODE),
    mutant("CVAE: leaves training mode on", CLASS, JOINED, "self.train()\n        " + JOINED),
    mutant("autoencoder: leaves evaluation mode on", "check_autoencoder_computes_its_layers", first("Autoencoder.forward", "self.eval()")),
    mutant("evidence: the generator begins again", DRAWS, first("importance_log_likelihood", "if generator is not None:\n    generator.manual_seed(generator.initial_seed())")),
]
