"""a17: what the public checks say about natural mistakes."""

from __future__ import annotations

import pytest

from tests.course.test_messages_a01_a05 import Mistake, not_named

pytestmark = pytest.mark.slow

MISTAKES: dict[str, list[Mistake]] = {
    "mixtures.py": [
        ("gaussian_log_prob", ("log_det = 2 * L", "log_det = L"), "*twice* the sum"),
        ("gaussian_log_prob", ("+ squares.T)", "+ squares.T).T"), "a row for each point"),
        ("responsibilities", ("pi.log() + ", ""), "mixing weights are missing"),
        ("responsibilities", ("dim=1", "dim=0"), "not over the points"),
        ("m_step", ("mu = r.T @ x / safe[:, None]", "mu = r.T @ x / len(x)"), "not by N"),
        (
            "m_step",
            ("(apart * r.T[:, :, None]).mT @ apart / safe[:, None, None]", "apart.mT @ apart / len(x)"),
            "Weigh",
        ),
        ("fit_gmm", ("dim=1).mean()", "dim=1).sum()"), "the mean over points"),
        ("fit_gmm", ("(pi.log() + gaussian", "(gaussian"), "lacks the weights"),
        ("kl_gaussians", ("0.5 * ", ""), "1/2 is missing"),
        ("kl_gaussians", (" - len(m0)", ""), "D is subtracted"),
        ("elbo", ("second = expected(joint) - ", "second = expected(joint) + "), "Add the entropy"),
        ("elbo", ("first = evidence - (minus", "first = evidence + (minus"), "Subtract the divergence"),
    ],
    "vae.py": [
        ("Autoencoder.__init__", ("if linear:", "if False:"), "With linear=True"),
        (
            "VAE.forward",
            ("return self.decoder", "logvar = logvar.relu()\n        return self.decoder"),
            "may be negative",
        ),
        ("interpolate", (" / lengths", ""), "the *normalised* codes"),
        ("reparametrize", ("(0.5 * logvar)", "logvar"), "the logarithm of the variance"),
        (
            "VAE.forward",
            ("return self.decoder", "mu = mu.relu()\n        return self.decoder"),
            "codes may be negative",
        ),
        ("CVAE.forward", (", mu, logvar", ", logvar, mu"), "exchanged"),
        ("beta_loss", ("beta * divergence", "divergence"), "beta is missing"),
        ("aggregated_kl", ("0.5 * ", ""), "1/2 is missing"),
        ("interpolate", (" / omega.sin()", ""), "Divide by sin"),
        ("importance_log_likelihood", (" - math.log(S)", ""), "Subtract log S"),
        ("importance_log_likelihood", (" - q)", ")"), "The logarithm of a weight"),
        ("CVAE.forward", ("[x.flatten(1), c]", "[c, x.flatten(1)]"), "The class enters twice"),
    ],
    "vq_vae.py": [
        ("VectorQuantizer.forward", ("argmin", "argmax"), "smallest distance"),
        ("VectorQuantizer.forward", ("return z + (e - z).detach()", "return e"), "No gradient goes through"),
        ("code_usage", (".exp()", ""), "its exponential"),
        ("code_usage", ("codes.numel()", "len(codes)"), "the share of all codes"),
        ("reset_dead", ("usage == 0", "usage > 0"), "the words in use"),
    ],
    "flows.py": [
        ("flow_log_prob", ("return total + base(x)", "return base(x)"), "Add the log-determinants"),
        ("flow_log_prob", ("+ log_det", "+ log_det.sum()"), "do not add up the batch"),
        ("LinearPLU.inverse", ("z[:, self.order.argsort()].T", "z.T"), "in the opposite order"),
        ("LinearPLU.forward", ("self.s.abs()", "self.s"), "absolute value"),
        ("LinearPLU.forward", ("x @ upper.T @ lower.T", "x @ lower.T @ upper.T"), "U + diag s comes first"),
        ("LinearPLU.forward", ("x @ upper", "2 * x @ upper"), "no other factor"),
        ("PiecewiseLinear.forward", ("(K * own).log()", "own.log()"), "K is missing"),
        ("AffineCoupling.forward", ("((1 - self.mask) * s)", "s"), "Only half b counts"),
        ("Permutation.inverse", (".argsort()", ""), "the order that undoes it"),
        ("ActNorm.forward", ("correction=0", "correction=1"), "divided by N"),
        ("made_masks", ("> units", ">= units"), "strictly"),
        ("made_masks", (".float()", ""), "1.0 and 0.0"),
        ("made_masks", ("units = 1 + ", "units = "), "begin at 1"),
        ("MaskedAutoregressive.forward", (", -log_sigma.sum", ", log_sigma.sum"), "has the other sign"),
        ("MaskedAutoregressive.conditionals", ("self.into * ", ""), "multiplied by masks"),
        ("MaskedAutoregressive.inverse", ("range(z.shape[1])", "range(1)"), "In step i"),
        ("MaskedAutoregressive.forward", ("(x - m)", "(x - x.mean())"), "depends on no other point"),
        ("InverseAutoregressive.forward", ("inverse(x)", "inverse(x.detach())"), "stops the gradient"),
        ("spectral_scale", (".clamp(min=1)", ""), "max(1, sigma / c)"),
        ("residual_inverse", ("y - g(x)", "y + g(x)"), "g is subtracted"),
        ("residual_log_det", ("(-1) ** (k + 1) / k", "1 / k"), "alternate"),
        ("residual_log_det", ("terms + 1", "terms"), "one term too few"),
        ("dequantize", ("torch.rand(", "torch.randn("), "uniform on [0, 1)"),
        ("dequantize", ("/ L", "/ (L - 1)"), "(x + u) / L"),
        ("bits_per_dim", (" + math.log2(L)", ""), "Add log2(L)"),
        ("split_prior", ("(others.flatten", "(kept.flatten"), "not the first"),
    ],
}


@pytest.mark.parametrize("file", MISTAKES)
def test_the_first_failed_check_names_the_mistake(file: str) -> None:
    assert not_named("a17_latent_variables", file, MISTAKES[file]) == []
