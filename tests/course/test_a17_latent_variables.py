"""a17: what the public checks say about natural mistakes."""

from __future__ import annotations

import pytest

from tests.course.test_messages_a01_a05 import Mistake, not_named

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
        ("kl_gaussians", ("0.5 * ", ""), "1/2 is missing"),
        ("kl_gaussians", (" - len(m0)", ""), "D is subtracted"),
        ("elbo", ("second = expected(joint) - ", "second = expected(joint) + "), "The entropy is added"),
        ("elbo", ("first = evidence - (minus", "first = evidence + (minus"), "The divergence is subtracted"),
    ],
    "vae.py": [
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
    ],
}


@pytest.mark.parametrize("file", MISTAKES)
def test_the_first_failed_check_names_the_mistake(file: str) -> None:
    assert not_named("a17_latent_variables", file, MISTAKES[file]) == []
