"""What the checks of vae share: networks by their layers' weights, and losses by torch.distributions."""

import torch
from torch import Tensor
from torch.distributions import Bernoulli, Normal, kl_divergence

from autograder.probes.layers import replay

DISTRIBUTIONS = ["torch.distributions"]

# Loans by what the tasks forbid: torch.distributions.
LOANS_OF_SAMPLES = """
import torch
from torch.distributions import Normal

def reparametrize(mu, logvar):
    return Normal(mu, logvar.exp() ** 0.5).rsample()

LOANS = {"reparametrize": reparametrize}
"""
LOANS_OF_LOSSES = """
import torch
from torch.distributions import Normal, kl_divergence

def beta_loss(x_hat, x, mu, logvar, beta):
    logs = torch.log(x_hat).clamp(min=-100), torch.log(1 - x_hat).clamp(min=-100)
    divergence = kl_divergence(Normal(mu, logvar.exp() ** 0.5), Normal(0.0, 1.0)).sum()
    return (beta * divergence - (x * logs[0] + (1 - x) * logs[1]).sum()) / len(x)
"""
LOANS_FOR_LOSS = LOANS_OF_LOSSES + '\nLOANS = {"beta_loss": beta_loss}\n'
LOANS_FOR_BETA = (
    LOANS_OF_LOSSES + '\nimport functools\n\nLOANS = {"loss_function": functools.partial(beta_loss, beta=1.0)}\n'
)

# Weights of the parts of a model, and its results when each Gaussian is a single point.
HELPERS = """
import torch
from autograder.probes.layers import tables

def seeded(seed):
    return torch.Generator().manual_seed(seed)

def shaken(model, x, z):
    with torch.no_grad():
        for p in model.parameters():
            p.copy_(p + (torch.rand_like(p) - 0.5) / p.shape[-1] ** 0.5)
        bias = list(model.decoder.parameters())[-1]
        bias.add_(3 * torch.randn_like(bias))  # pixels from nearly 0 to nearly 1
    hidden = model.encoder(x)
    parts = [tables(model.encoder, x), tables(model.decoder, z)]
    if hasattr(model, "mu_layer"):
        parts += [tables(model.mu_layer, hidden), tables(model.logvar_layer, hidden)]
    return parts

def certain(model):
    with torch.no_grad():
        for name, p in model.logvar_layer.named_parameters():
            p.fill_(-60.0 if p.ndim == 1 else 0.0)

def answer(model, *inputs):
    with torch.no_grad():
        return model(*inputs)

def decoded(model, z):
    with torch.no_grad():
        return model.decoder(z)
"""


def hidden(layers, x: Tensor) -> Tensor:
    """Apply three linear layers to 400 numbers, each with a ReLU."""
    for _ in range(3):
        x = layers.linear(x, 400).clamp(min=0)
    return x


def encoding(values, x: Tensor) -> Tensor:
    """Compute the encoder's result of rows."""
    return replay(hidden, values, x, train=False)


def decoding(values, z: Tensor, side: int) -> Tensor:
    """Compute images of codes."""

    def formula(layers, z):
        return torch.sigmoid(layers.linear(hidden(layers, z), side * side))

    return replay(formula, values, z, train=False).reshape(len(z), 1, side, side)


def affine(values, x: Tensor, after: int) -> Tensor:
    """Apply one linear layer."""
    return replay(lambda layers, x: layers.linear(x, after), values, x, train=False)


def pixel_loss(x_hat: Tensor, x: Tensor) -> Tensor:
    """Compute the binary cross-entropy of each image, with logarithms of at least -100."""
    logs = torch.log(x_hat).clamp(min=-100), torch.log(1 - x_hat).clamp(min=-100)
    return -(x * logs[0] + (1 - x) * logs[1]).flatten(1).sum(dim=1)


def to_prior(mu: Tensor, logvar: Tensor) -> Tensor:
    """Compute the divergence of each row from N(0, I) by torch.distributions."""
    return kl_divergence(Normal(mu, logvar.exp().sqrt()), Normal(torch.zeros_like(mu), torch.ones_like(mu))).sum(dim=1)


def weighted_loss(x_hat: Tensor, x: Tensor, mu: Tensor, logvar: Tensor, beta: float = 1.0) -> Tensor:
    """Compute the loss image by image."""
    return (pixel_loss(x_hat, x) + beta * to_prior(mu, logvar)).mean()


def aggregated(mu: Tensor, logvar: Tensor) -> Tensor:
    """Compute the divergence of the Gaussian with the moments of a mixture of Gaussians from N(0, I)."""
    middle = mu.mean(dim=0)
    variance = logvar.exp().mean(dim=0) + (mu - middle).square().mean(dim=0)
    return kl_divergence(Normal(middle, variance.sqrt()), Normal(torch.zeros_like(middle), 1.0)).sum()


def arc(z0: Tensor, z1: Tensor, n: int) -> Tensor:
    """Walk along the arc in the plane of the two codes, with lengths in the formula's proportion."""
    u = z0 / z0.norm()
    side = z1 - (z1 @ u) * u
    v = side / side.norm()
    omega = torch.atan2(z1 @ v, z1 @ u)
    # sin((1 - t) w) / sin w and sin(t w) / sin w, by the theorem for sin(a - b)
    rows = []
    for step in range(n):
        t = torch.as_tensor(step / (n - 1), dtype=z0.dtype, device=z0.device)
        second = torch.sin(t * omega) / torch.sin(omega)
        first = torch.cos(t * omega) - second * torch.cos(omega)
        rows.append(first * z0 + second * z1)
    return torch.stack(rows)


def bernoulli_nats(x: Tensor) -> Tensor:
    """Compute the entropy of pixels as Bernoulli variables: no loss is below it."""
    return Bernoulli(probs=x).entropy().flatten(1).sum(dim=1)
