"""Public checks of losses, optimiser and interpolation: formulas written out, and properties."""

import math
from typing import Any

import torch
from torch import Tensor

from autograder import Message, expect, expect_close, expect_equal, expect_gradient, task

GRADIENT = """
import torch

def gradients(loss, *logits):
    leaves = [x.clone().requires_grad_() for x in logits]
    loss(*leaves).backward()
    return [torch.zeros_like(x) if x.grad is None else x.grad for x in leaves]
"""


def log_sigmoid(s: Tensor) -> Tensor:
    """Compute log sigmoid by its formula, for logits that are not large."""
    return torch.log(1 / (1 + torch.exp(-s)))


def loss_of_both(real: Tensor, fake: Tensor) -> Tensor:
    """Compute -mean log D(x) - mean log(1 - D(G(z)))."""
    return -log_sigmoid(real).mean() - torch.log(1 - 1 / (1 + torch.exp(-fake))).mean()


@task("discriminator_loss", share="2/6", any_dtype=True)
def check_discriminator_loss_agrees_with_the_formula(student, rng):
    """The discriminator's loss is -mean(log D(real)) - mean(log(1 - D(fake)))."""
    real, fake = rng.normal(7, 1, dtype=torch.float32), rng.normal(7, 1, dtype=torch.float32) + 0.5
    right = loss_of_both(real, fake)
    expect_close(student.discriminator_loss(real, fake), right, mistakes={
        "Real and fake are swapped.": loss_of_both(fake, real),
        "The sign is wrong: D maximises this, and a loss is minimised.": -right,
        "This is half of the loss: add the two means, do not average them.": right / 2,
        "This is the sum over the batch instead of the mean.": 7 * right,
        "The loss of the fakes is missing.": -log_sigmoid(real).mean(),
        "The loss of the real images is missing.": right + log_sigmoid(real).mean(),
        "The target of the fakes is 0; here it is 1, that of real images.": (
            -log_sigmoid(real).mean() - log_sigmoid(fake).mean()
        ),
        "The target of real images is 1; here it is 0, that of the fakes.": (
            -log_sigmoid(-real).mean() - log_sigmoid(-fake).mean()
        ),
        "Real images have the target 1; here it is 0.9.": right + 0.1 * real.mean(),
    })  # fmt: skip


ROUNDED = (
    "Use F.softplus, F.logsigmoid or F.binary_cross_entropy_with_logits: a sigmoid of such logits is exactly 0 or 1."
)
CUT_OFF = (
    "A clamp, a small number inside the logarithm, or torch's binary_cross_entropy keeps the loss small: use "
    "F.softplus, or the loss 'with logits'."
)


def judge_large(loss: Any, expected: float, device: torch.device) -> None:
    """Compare the loss of logits of 150 with the expected one."""
    if type(loss) is Tensor and loss.numel() == 1:
        value = float(loss)
        expect(
            math.isfinite(value),
            Message("The loss of a logit of 150 on the wrong side is {value}.", value=value),
            hint=ROUNDED,
        )
        expect(
            value > expected - 1,
            Message("The loss is {value:.4g}; it should be {expected:g}.", value=value, expected=expected),
            hint=CUT_OFF,
        )
    expect_close(loss, torch.tensor(expected, device=device))


@task("discriminator_loss", share="1/6", any_dtype=True)
def check_discriminator_loss_is_finite(student, rng):
    """The discriminator's loss of logits of 150 is not infinite and not nan."""
    large, small = (torch.tensor([[value]], dtype=torch.float32, device=rng.device) for value in (150.0, -150.0))
    for real, fake, expected in [(small, small, 150.0), (large, large, 150.0), (large, small, 0.0)]:
        judge_large(student.discriminator_loss(real, fake), expected, rng.device)


@task("generator_loss", share="2/6", any_dtype=True)
def check_generator_loss_agrees_with_the_formula(student, rng):
    """The generator's loss is -mean(log D(fake))."""
    fake = rng.normal(6, 1, dtype=torch.float32) + 0.3
    right = -log_sigmoid(fake).mean()
    expect_close(student.generator_loss(fake), right, mistakes={
        "This is mean(log(1 - D(fake))), which is flat while the generator is bad.":
            torch.log(1 - 1 / (1 + torch.exp(-fake))).mean(),
        "This is the discriminator's loss of fakes; the generator wants the opposite.": -log_sigmoid(-fake).mean(),
        "The sign is wrong.": -right,
        "This is the sum over the batch instead of the mean.": 6 * right,
        "These are the losses of the single fakes; take their mean.": -log_sigmoid(fake),
    })  # fmt: skip


@task("generator_loss", share="1/6", any_dtype=True)
def check_generator_loss_is_finite(student, rng):
    """The generator's loss of a logit of -150 is not infinite and not nan."""
    for value, expected in ((-150.0, 150.0), (150.0, 0.0)):
        fake = torch.tensor([[value]], dtype=torch.float32, device=rng.device)
        judge_large(student.generator_loss(fake), expected, rng.device)


@task("generator_loss", share="1/6", any_dtype=True)
def check_generator_loss_pushes_its_fakes_up(student, rng):
    """The gradient of the generator's loss raises every fake's logit, most of all where D rejects the fake."""
    fake = torch.linspace(-6, 6, 10, dtype=torch.float64, device=rng.device)[:, None]  # not 0, a kink of max(s, 0)
    (slope,) = student.define(GRADIENT).gradients(student.generator_loss, fake)
    expect(
        bool((slope < 0).all()),
        Message("The slopes at logits from -6 to 6 are {slopes}.", slopes=[round(v, 4) for v in slope[:, 0].tolist()]),
    )
    expect(
        bool((slope[1:] > slope[:-1]).all()),
        "A fake that D rejects is pushed less than one that it accepts.",
        hint="Minimise -log D(fake), not log(1 - D(fake)).",
    )
    expect_gradient(lambda x: -log_sigmoid(x).mean(), fake, slope)


@task("ls_discriminator_loss", share=50, any_dtype=True)
def check_ls_discriminator_loss_agrees_with_the_formula(student, rng):
    """The least-squares loss of the discriminator is half of mean((real - 1)^2) + mean(fake^2)."""
    real, fake = rng.normal(5, 1), rng.normal(5, 1) + 0.5
    right = (((real - 1) ** 2).sum() + (fake**2).sum()) / 10
    expect_close(student.ls_discriminator_loss(real, fake), right, mistakes={
        "The factor 1/2 is missing.": 2 * right,
        "Real and fake are swapped.": (((fake - 1) ** 2).sum() + (real**2).sum()) / 10,
        "Square the scores themselves, without a sigmoid.":
            (((real.sigmoid() - 1) ** 2).sum() + (fake.sigmoid() ** 2).sum()) / 10,
        "This is the sum over the batch instead of the mean.": 5 * right,
        "The differences are not squared.": ((real - 1).abs().sum() + fake.abs().sum()) / 10,
        "Fakes should get the score 0, not -1.": (((real - 1) ** 2).sum() + ((fake + 1) ** 2).sum()) / 10,
    })  # fmt: skip


@task("ls_generator_loss", share=50, any_dtype=True)
def check_ls_generator_loss_agrees_with_the_formula(student, rng):
    """The least-squares loss of the generator is half of mean((fake - 1)^2)."""
    fake = rng.normal(8, 1) + 0.5
    right = ((fake - 1) ** 2).sum() / 16
    expect_close(student.ls_generator_loss(fake), right, mistakes={
        "The factor 1/2 is missing.": 2 * right,
        "The generator wants scores of 1 for its fakes, not 0.": (fake**2).sum() / 16,
        "Square the scores themselves, without a sigmoid.": ((fake.sigmoid() - 1) ** 2).sum() / 16,
        "This is the sum over the batch instead of the mean.": 8 * right,
    })  # fmt: skip


@task("wgan_critic_loss", share=50, any_dtype=True)
def check_critic_loss_agrees_with_the_formula(student, rng):
    """The critic's loss is mean(fake) - mean(real)."""
    real, fake = rng.normal(5, 1) + 1, rng.normal(5, 1)
    right = (fake - real).sum() / 5
    expect_close(student.wgan_critic_loss(real, fake), right, mistakes={
        "The sign is wrong: the critic maximises mean(real) - mean(fake), and a loss is minimised.": -right,
        "This is the sum over the batch instead of the mean.": 5 * right,
        "This is half of the loss; there is no factor.": right / 2,
        "The sign of the loss is lost: it may be negative.": right.abs(),
    })  # fmt: skip


OPTIMIZER = """
def settings(optimizer):
    known = ("eps", "weight_decay", "amsgrad", "maximize")

    def numbers(group):
        betas = [float(beta) for beta in group.get("betas", [])]
        return [float(group["lr"]), betas, [float(group.get(name, 0)) for name in known]]

    return [type(optimizer).__name__, [numbers(group) for group in optimizer.param_groups]]
"""


@task("get_optimizer", share=50)
def check_optimizer_is_adam_with_little_momentum(student, rng):
    """The optimiser is Adam with learning rate 1e-3 and betas (0.5, 0.999)."""
    model = student.define("import torch\nmodel = torch.nn.Linear(3, 2)").model
    kind, groups = student.define(OPTIMIZER).settings(student.hold(student.get_optimizer, model))
    expect(kind == "Adam", Message("The optimiser is {kind}.", kind=kind), hint="It should be torch.optim.Adam.")
    expect(type(groups) is list and len(groups) >= 1, "The optimiser has no parameters.")
    for rate, betas, rest in groups:
        expect_equal([rate, betas], [1e-3, [0.5, 0.999]], name="learning rate and betas", mistakes={
            "These are Adam's own betas; the first should be 0.5.": [1e-3, [0.9, 0.999]],
            "The betas are swapped.": [1e-3, [0.999, 0.5]],
            "The second beta should be 0.999.": [1e-3, [0.5, 0.9]],
            "This is the learning rate of Radford et al.; here it is 1e-3.": [2e-4, [0.5, 0.999]],
            "The betas are right; the learning rate should be 1e-3.": [rate, [0.5, 0.999]],
        })  # fmt: skip
        expect(
            rest == [1e-8, 0.0, 0.0, 0.0],
            Message("Adam's options eps, weight_decay, amsgrad and maximize are {rest}.", rest=rest),
            hint="Give Adam the parameters, the learning rate and the betas, and nothing else.",
        )


@task("interpolate", share=50, any_dtype=True)
def check_interpolation_is_a_straight_line(student, rng):
    """Interpolation gives equally spaced points from z0 to z1, both included."""
    z0, z1 = rng.uniform(5, low=-1.0), rng.uniform(5, low=-1.0)
    line = [z0 + (z1 - z0) * i / 6 for i in range(7)]
    open_end = torch.stack([z0 + (z1 - z0) * i / 7 for i in range(7)])
    expect_close(student.interpolate(z0, z1, 7), torch.stack(line), mistakes={
        "The points run from z1 to z0.": torch.stack(line[::-1]),
        "The last point should be z1.": open_end,
        "There is one point too many: `steps` is the number of points.": (
            torch.stack([z0 + (z1 - z0) * i / 7 for i in range(8)])
        ),
        "Both ends are missing; they belong to the points.": torch.stack([z0 + (z1 - z0) * i / 8 for i in range(1, 8)]),
    })  # fmt: skip
