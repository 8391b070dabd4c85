"""Hidden checks of losses, optimiser and interpolation: large logits, batches of two sizes, gradients, dtypes."""

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from autograder import (
    Message,
    expect,
    expect_close,
    expect_device,
    expect_equal,
    expect_same_gradients,
    expect_shape,
    expect_state_kept,
    explain_errors,
    task,
)

GRADIENT = """
import torch

def gradients(loss, *scores):
    leaves = [x.clone().requires_grad_() for x in scores]
    value = loss(*leaves)
    value.backward()
    return [value.detach(), *[torch.zeros_like(x) if x.grad is None else x.grad for x in leaves]]
"""


def softplus(s: Tensor) -> Tensor:
    """Compute log(1 + e^s) stably, in float64, with the standard library."""
    return torch.tensor(
        [max(v, 0.0) + math.log1p(math.exp(-abs(v))) for v in s.double().flatten().tolist()],
        dtype=torch.float64,
        device=s.device,
    )


CUT_OFF = "The logarithm of a rounded sigmoid was cut off: use F.softplus, or the loss 'with logits'."
LARGE = [-1e4, -100.0, -90.0, -3.0, 0.25, 2.0, 90.0, 100.0, 1e4]  # without 0, a kink of max(s, 0)


@task("discriminator_loss", share="2/6", any_dtype=True)
def check_discriminator_loss_of_large_logits(student, rng):
    """The discriminator's loss is finite and right for logits of 100 and of 10,000, and so is its gradient."""
    helper = student.define(GRADIENT)
    for real, fake in [(LARGE, LARGE[::-1]), ([100.0], [-100.0]), ([-100.0], [100.0])]:
        real, fake = (torch.tensor(v, dtype=torch.float32, device=rng.device)[:, None] for v in (real, fake))
        loss, for_real, for_fake = helper.gradients(student.discriminator_loss, real, fake)
        expected = softplus(-real).mean() + softplus(fake).mean()
        expect_close(loss, expected.float(), mistakes={CUT_OFF: torch.full_like(loss, 100.0)})
        cut = {"The loss must not cut the gradient: look for detach(), .data or torch.no_grad().": 0 * real}
        expect_close(for_real, (real.sigmoid() - 1) / len(real), name="the gradient of logits_real", mistakes=cut)
        expect_close(for_fake, fake.sigmoid() / len(fake), name="the gradient of logits_fake", mistakes=cut)


NAMES = "logits_real", "logits_fake"
SIZES = {"must match the size": "Take the mean of each batch by itself: their sizes may differ."}


def both_losses(real: Tensor, fake: Tensor) -> Tensor:
    """Compute the discriminator's loss by torch's operator, under autograd."""
    return F.softplus(-real).mean() + F.softplus(fake).mean()


@task("discriminator_loss", share="1/6")
def check_discriminator_loss_of_batches_of_two_sizes(student, rng):
    """Real and fake are averaged separately, for any number, shape, memory layout and device."""
    for sizes in [((3, 1), (11, 1)), ((8,), (5,)), ((1, 1), (4, 1))]:
        real, fake = (2 * rng.normal(*size) for size in sizes)
        with explain_errors(SIZES):
            loss = student.discriminator_loss(real, fake)
        expect_close(loss, softplus(-real).mean() + softplus(fake).mean(), mistakes={
            "This is the mean over both batches together; take the mean of each.":
                2 * torch.cat([softplus(-real), softplus(fake)]).mean(),
        })  # fmt: skip
        expect_same_gradients(student, rng, student.discriminator_loss, both_losses, real, fake, names=NAMES, mistakes={
            "The fakes are detached here; the loss itself must not cut anything.": (
                lambda real, fake: both_losses(real, fake.detach())
            ),
        })  # fmt: skip
    table = rng.normal(6, 4)
    views = table[:, :1], table[::2, 3:]
    seen = student.inspect(student.discriminator_loss, *views)
    expect_close(seen.value, softplus(-views[0]).mean() + softplus(views[1]).mean(), name="the loss of views")
    expect_equal(seen.args, views, name="the logits after the call")
    expect_device(student, student.discriminator_loss, rng.normal(3, 1), rng.normal(2, 1))


@task("generator_loss", share="1/6", any_dtype=True)
def check_generator_loss_of_large_logits(student, rng):
    """The generator's loss is finite and right for logits of 100 and of 10,000, and so is its gradient."""
    helper = student.define(GRADIENT)
    for values in (LARGE, [-100.0], [100.0]):
        fake = torch.tensor(values, dtype=torch.float32, device=rng.device)[:, None]
        loss, slope = helper.gradients(student.generator_loss, fake)
        expect_close(loss, softplus(-fake).mean().float())
        expect_close(slope, (fake.sigmoid() - 1) / len(fake), name="the gradient of logits_fake")


@task("generator_loss", share="1/6")
def check_generator_loss_of_other_shapes(student, rng):
    """The generator's loss is a tensor without axes, in the logits' dtype and on their device, for any shape."""
    for fake in (rng.normal(1, 1), rng.normal(7), rng.normal(9, 2, dtype=torch.float32)[:, 1:]):
        seen = student.inspect(student.generator_loss, fake)
        expect_shape(seen.value, ())
        expect_close(seen.value, softplus(-fake).mean().to(fake.dtype))
        expect_equal(seen.args, (fake,), name="the logits after the call")
    expect_device(student, student.generator_loss, rng.normal(3, 1))


def judge_scores(student, rng, name, formula, *scores: Tensor):
    """Compare the loss and its gradient with a formula under autograd; check unchanged inputs and the device."""
    loss = getattr(student, name)
    seen = student.inspect(loss, *scores)
    expect_shape(seen.value, ())
    expect_close(seen.value, formula(*scores))
    expect_equal(seen.args, scores, name="the scores after the call")
    if scores[0].dtype == torch.float64:
        expect_same_gradients(student, rng, loss, formula, *scores)
    expect_device(student, loss, *scores)


@task("ls_discriminator_loss", share=50)
def check_ls_discriminator_loss_of_batches_of_two_sizes(student, rng):
    """Real and fake are averaged separately, large scores are not squashed, and gradients are right."""

    def formula(real: Tensor, fake: Tensor) -> Tensor:
        return torch.dot(real.flatten() - 1, real.flatten() - 1) / real.numel() / 2 + (fake * fake).mean() / 2

    for sizes in [((3, 1), (8, 1)), ((5,), (1,))]:
        with explain_errors(SIZES):
            judge_scores(student, rng, "ls_discriminator_loss", formula, *(30 * rng.normal(*size) for size in sizes))
    judge_scores(student, rng, "ls_discriminator_loss", formula, *rng.normal(2, 6, 1, dtype=torch.float32).unbind())


@task("ls_generator_loss", share=50)
def check_ls_generator_loss_of_other_shapes(student, rng):
    """The least-squares loss of the generator and its gradient are right for any shape, size and dtype."""
    for fake in (30 * rng.normal(9, 1), rng.normal(1), rng.normal(6, 3, dtype=torch.float32)[:, 2:]):
        judge_scores(
            student, rng, "ls_generator_loss", lambda s: torch.dot(s.flatten() - 1, s.flatten() - 1) / len(s) / 2, fake
        )


@task("wgan_critic_loss", share=50)
def check_critic_loss_of_batches_of_two_sizes(student, rng):
    """Real and fake are averaged separately, and the gradient is the same for every score."""

    def formula(real: Tensor, fake: Tensor) -> Tensor:
        return fake.sum() / fake.numel() - real.sum() / real.numel()

    for sizes in [((3, 1), (8, 1)), ((5,), (1,))]:
        with explain_errors(SIZES):
            judge_scores(student, rng, "wgan_critic_loss", formula, *(100 * rng.normal(*size) for size in sizes))
    judge_scores(student, rng, "wgan_critic_loss", formula, *rng.normal(2, 6, 1, dtype=torch.float32).unbind())


MODEL = """
import torch

def parameters(model):
    return [p.detach().clone() for p in model.parameters()]

def step(model, optimizer, gradients):
    for p, g in zip(model.parameters(), gradients):
        p.grad = g.clone()
    optimizer.step()
"""


@task("get_optimizer", share=50)
def check_optimizer_moves_every_parameter_as_adam_does(student, rng):
    """Three steps change every weight and bias as in Adam's formula."""
    helper = student.define(MODEL)
    model = student.define(
        "import torch\nmodel = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.Linear(4, 1)).double()"
    ).model
    with expect_state_kept(student, model=model):
        optimizer = student.hold(student.get_optimizer, model)
    values = [p.clone() for p in helper.parameters(model)]
    moments = [(torch.zeros_like(p), torch.zeros_like(p)) for p in values]
    start = values
    for t in (1, 2, 3):
        gradients = [rng.normal(*p.shape).to(p) for p in values]
        helper.step(model, optimizer, gradients)
        moments = [(0.5 * m + 0.5 * g, 0.999 * v + 0.001 * g * g) for (m, v), g in zip(moments, gradients, strict=True)]
        values = [
            p - 1e-3 * (m / (1 - 0.5**t)) / ((v / (1 - 0.999**t)).sqrt() + 1e-8)
            for p, (m, v) in zip(values, moments, strict=True)
        ]
    for before, after, right in zip(start, helper.parameters(model), values, strict=True):
        expect_close(after, right, name=Message("a parameter of shape {right}", right=tuple(right.shape)), mistakes={
            "This parameter did not move: give Adam all of model.parameters().": before,
        })  # fmt: skip


@task("interpolate", share=50)
def check_interpolation_of_other_shapes(student, rng):
    """Interpolation preserves dtype and device, takes any shape, starts and ends exactly; one step is z0."""
    cases = [
        ((2, 3), 4, torch.float32),
        ((), 5, torch.float64),
        ((4, 1, 2), 2, torch.float64),
        ((7,), 4, torch.float64),
    ]
    for shape, steps, dtype in cases:
        z0, z1 = rng.normal(*shape, dtype=dtype), rng.normal(*shape, dtype=dtype)
        seen = student.inspect(student.interpolate, z0, z1, steps)
        again = "Keep nothing for the next call: make the shares in each call, for its z0 and z1."
        expect_shape(seen.value, (steps, *shape), hint=again if shape == (7,) else "")
        right = torch.stack([z0.double() + (z1.double() - z0.double()) * i / (steps - 1) for i in range(steps)])
        expect_close(seen.value, right.to(dtype))
        expect_close(torch.stack([seen.value[0], seen.value[-1]]), torch.stack([z0, z1]), rtol=1e-6, atol=1e-6)
        expect_equal(seen.args[:2], (z0, z1), name="z0 and z1 after the call")
    z0 = rng.normal(6)
    expect_close(student.interpolate(z0, rng.normal(6), 1), z0[None], name="one step")
    expect_device(student, student.interpolate, rng.normal(2, 3), rng.normal(2, 3), 4)
    expect(
        bool(torch.isfinite(student.interpolate(z0, z0, 9)).all()), "Between a noise vector and itself there is nan."
    )
