"""Public checks of losses, optimiser and interpolation: formulas written out, and properties."""

import torch
from torch import Tensor

from autograder import expect, expect_close, expect_equal, expect_gradient, task

GRADIENT = """
import torch

def gradients(loss, *logits):
    leaves = [x.clone().requires_grad_() for x in logits]
    loss(*leaves).backward()
    return [x.grad for x in leaves]
"""


def log_sigmoid(s: Tensor) -> Tensor:
    """Compute log sigmoid by its formula, for logits that are not large."""
    return torch.log(1 / (1 + torch.exp(-s)))


def loss_of_both(real: Tensor, fake: Tensor) -> Tensor:
    """Compute -mean log D(x) - mean log(1 - D(G(z)))."""
    return -log_sigmoid(real).mean() - torch.log(1 - 1 / (1 + torch.exp(-fake))).mean()


@task("discriminator_loss", points=3)
def check_discriminator_loss_agrees_with_the_formula(student, rng):
    """The discriminator's loss is -mean(log D(real)) - mean(log(1 - D(fake)))."""
    real, fake = rng.normal(7, 1), rng.normal(7, 1) + 0.5
    right = loss_of_both(real, fake)
    expect_close(student.discriminator_loss(real, fake), right, mistakes={
        "Real and fake are swapped.": loss_of_both(fake, real),
        "The sign is wrong: D maximises this, and a loss is minimised.": -right,
        "This is half of the loss: add the two means, do not average them.": right / 2,
        "This is the sum over the batch instead of the mean.": 7 * right,
    })  # fmt: skip


@task("generator_loss", points=2)
def check_generator_loss_agrees_with_the_formula(student, rng):
    """The generator's loss is -mean(log D(fake))."""
    fake = rng.normal(6, 1) + 0.3
    right = -log_sigmoid(fake).mean()
    expect_close(student.generator_loss(fake), right, mistakes={
        "This is mean(log(1 - D(fake))), which is flat while the generator is bad.":
            torch.log(1 - 1 / (1 + torch.exp(-fake))).mean(),
        "This is the discriminator's loss of fakes; the generator wants the opposite.": -log_sigmoid(-fake).mean(),
        "The sign is wrong.": -right,
        "This is the sum over the batch instead of the mean.": 6 * right,
    })  # fmt: skip


@task("generator_loss", points=1)
def check_generator_loss_pushes_its_fakes_up(student, rng):
    """The gradient of the generator's loss raises every fake's logit, most of all where D rejects the fake."""
    fake = torch.linspace(-6, 6, 10, dtype=torch.float64, device=rng.device)[:, None]  # not 0, a kink of max(s, 0)
    (slope,) = student.define(GRADIENT).gradients(student.generator_loss, fake)
    expect(
        bool((slope < 0).all()), f"The slopes at logits from -6 to 6 are {[round(v, 4) for v in slope[:, 0].tolist()]}."
    )
    expect(
        bool((slope[1:] > slope[:-1]).all()),
        "A fake that D rejects is pushed less than one that it accepts.",
        hint="Minimise -log D(fake), not log(1 - D(fake)).",
    )
    expect_gradient(lambda x: -log_sigmoid(x).mean(), fake, slope)


@task("ls_discriminator_loss", points=2)
def check_ls_discriminator_loss_agrees_with_the_formula(student, rng):
    """The least-squares loss of the discriminator is half of mean((real - 1)^2) + mean(fake^2)."""
    real, fake = rng.normal(5, 1), rng.normal(5, 1) + 0.5
    right = (((real - 1) ** 2).sum() + (fake**2).sum()) / 10
    expect_close(student.ls_discriminator_loss(real, fake), right, mistakes={
        "The factor 1/2 is missing.": 2 * right,
        "Real and fake are swapped.": (((fake - 1) ** 2).sum() + (real**2).sum()) / 10,
        "Square the scores themselves, without a sigmoid.":
            (((real.sigmoid() - 1) ** 2).sum() + (fake.sigmoid() ** 2).sum()) / 10,
    })  # fmt: skip


@task("ls_generator_loss", points=2)
def check_ls_generator_loss_agrees_with_the_formula(student, rng):
    """The least-squares loss of the generator is half of mean((fake - 1)^2)."""
    fake = rng.normal(8, 1) + 0.5
    right = ((fake - 1) ** 2).sum() / 16
    expect_close(student.ls_generator_loss(fake), right, mistakes={
        "The factor 1/2 is missing.": 2 * right,
        "The generator wants scores of 1 for its fakes, not 0.": (fake**2).sum() / 16,
        "Square the scores themselves, without a sigmoid.": ((fake.sigmoid() - 1) ** 2).sum() / 16,
    })  # fmt: skip


@task("wgan_critic_loss", points=2)
def check_critic_loss_agrees_with_the_formula(student, rng):
    """The critic's loss is mean(fake) - mean(real)."""
    real, fake = rng.normal(5, 1) + 1, rng.normal(5, 1)
    right = (fake - real).sum() / 5
    expect_close(student.wgan_critic_loss(real, fake), right, mistakes={
        "The sign is wrong: the critic maximises mean(real) - mean(fake), and a loss is minimised.": -right,
        "This is the sum over the batch instead of the mean.": 5 * right,
    })  # fmt: skip


OPTIMIZER = """
import torch

def options(optimizer):
    groups = optimizer.param_groups
    return [[type(optimizer).__name__, float(g["lr"]), [float(b) for b in g["betas"]]] for g in groups]
"""


@task("get_optimizer", points=2)
def check_optimizer_is_adam_with_little_momentum(student, rng):
    """The optimiser is Adam with learning rate 1e-3 and betas (0.5, 0.999)."""
    model = student.define("import torch\nmodel = torch.nn.Linear(3, 2)").model
    groups = student.define(OPTIMIZER).options(student.hold(student.get_optimizer, model))
    expect(type(groups) is list and len(groups) >= 1, "The optimiser has no parameters.")
    for group in groups:
        expect(group[0] == "Adam", f"The optimiser is {group[0]}, not Adam.")
        expect_equal(group[1:], [1e-3, [0.5, 0.999]], name="learning rate and betas", mistakes={
            "These are Adam's own betas; the first should be 0.5.": [1e-3, [0.9, 0.999]],
        })  # fmt: skip


@task("interpolate", points=2)
def check_interpolation_is_a_straight_line(student, rng):
    """Interpolation gives equally spaced points from z0 to z1, both included."""
    z0, z1 = rng.uniform(5, low=-1.0), rng.uniform(5, low=-1.0)
    line = [z0 + (z1 - z0) * i / 6 for i in range(7)]
    open_end = torch.stack([z0 + (z1 - z0) * i / 7 for i in range(7)])
    expect_close(student.interpolate(z0, z1, 7), torch.stack(line), mistakes={
        "The points run from z1 to z0.": torch.stack(line[::-1]),
        "The last point should be z1.": open_end,
    })  # fmt: skip
