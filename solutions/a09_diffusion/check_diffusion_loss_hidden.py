"""Hidden checks of the loss: weights with gamma, gradients, and the times and noise that are drawn."""

import math

import torch
from oracles import TOY, ddpm, expect_modes_kept, left_after
from oracles_law import expect_standard, expect_uncorrelated
from oracles_loans import LOANS_OF_PROCESS
from torch import Tensor

from autograder import (
    Message,
    expect,
    expect_close,
    expect_device,
    expect_equal,
    expect_shape,
    expect_unchanged,
    explain_errors,
    task,
)

HELPERS = (
    TOY
    + """
def gradients(diffusion, model, images, t, noise):
    model.zero_grad()
    loss = diffusion.p_losses(images, t=t, noise=noise)
    loss.backward()
    return loss.detach(), model.slope.grad, model.offset.grad

def draw(diffusion, model, images, calls, given):
    model.seen, model.times = [], []
    for _ in range(calls):
        diffusion.p_losses(images, **given)
    return torch.stack(model.seen), torch.tensor(model.times, device=images.device)
"""
)


@task("loss_weight", share=50)
def check_weights_with_gamma(student, rng):
    """With gamma, the signal-to-noise ratio is at most gamma, for both objectives."""
    left = torch.cat([rng.uniform(9, low=0.001, high=0.999), torch.tensor([1e-5, 0.9999]).to(rng.device)]).double()
    for gamma in (5.0, 0.5, 1):
        ratio = [share / (1 - share) for share in left.tolist()]
        cut = [min(value, gamma) for value in ratio]
        expected = torch.tensor([a / b for a, b in zip(cut, ratio, strict=True)]).to(left)
        expect_close(student.loss_weight(left, "pred_noise", gamma=gamma), expected, name="pred_noise", mistakes={
            "Divide by the SNR: this is a loss of the noise.": torch.tensor(cut).to(left),
            "Take the smaller of SNR and gamma.":
                torch.tensor([max(value, gamma) / value for value in ratio]).to(left),
            "gamma was not used.": torch.ones_like(left),
        })  # fmt: skip
        images = student.loss_weight(left, "pred_x_start", gamma=gamma)
        expect_close(images, torch.tensor(cut).to(left), name="pred_x_start", mistakes={
            "Take the smaller of SNR and gamma.": torch.tensor([max(value, gamma) for value in ratio]).to(left),
        })  # fmt: skip
    seen = student.inspect(student.loss_weight, left, "pred_x_start", 5.0)
    expect_unchanged(seen, left, "pred_x_start", 5.0)
    expect_device(student, student.loss_weight, left, "pred_noise")
    expect_device(student, student.loss_weight, left, "pred_x_start", 5.0)


@task("DDPM.p_losses", share="2/8", loans=LOANS_OF_PROCESS)
def check_gradient_of_the_loss(student, rng):
    """Loss and gradient agree with the formula, for both objectives, with gamma and any batch; inputs are unchanged."""
    betas = rng.uniform(8, low=0.02, high=0.3)
    for batch, objective, gamma in ((1, "pred_noise", 2.0), (6, "pred_x_start", 2.0), (5, "pred_x_start", None)):
        images, noise, t = rng.uniform(batch, 2, 5, 3), rng.normal(batch, 2, 5, 3), rng.integers(0, 8, batch)
        t[0] = 0  # where the weight is certainly limited by gamma
        slope, offset = rng.normal(8), rng.normal(8)
        helper = student.define(HELPERS)
        model = helper.Linear(slope, offset)
        made = ddpm(student, model, betas, objective=objective, min_snr_gamma=gamma)
        found = helper.gradients(made, model, images, t, noise)
        expect_modes_kept(student, made, made.p_losses, images, t=t, noise=noise)
        coarse = [images.float(), {"extra": 0.0}, t, noise.float()]
        seen = student.inspect(made.p_losses, *coarse)
        expect_unchanged(seen, *coarse)

        slope, offset = slope.clone().requires_grad_(), offset.clone().requires_grad_()
        left, total, free = left_after(betas), torch.zeros((), dtype=torch.float64, device=rng.device), 0.0
        for n, time in enumerate(t.tolist()):
            share, x = left[time], 2 * images[n] - 1
            error = slope[time] * (share**0.5 * x + (1 - share) ** 0.5 * noise[n]) + offset[time]
            error = error - (noise[n] if objective == "pred_noise" else x)
            ratio = share / (1 - share)
            cut = min(ratio, math.inf if gamma is None else gamma)
            total = total + (cut / ratio if objective == "pred_noise" else cut) * (error**2).mean() / batch
            free += (1 if objective == "pred_noise" else ratio) * float((error.detach() ** 2).mean()) / batch
        total.backward()
        what = Message("with {objective} and min_snr_gamma={gamma}", objective=objective, gamma=gamma)
        name = Message("loss of float32 images {what}", what=what)
        expect_close(seen.value, total.detach().float(), rtol=1e-3, name=name, mistakes={
            "min_snr_gamma was not used: loss_weight(self.alphas_cumprod, self.objective, self.min_snr_gamma).":
                torch.full_like(seen.value, free) if isinstance(seen.value, Tensor) else None,
        })  # fmt: skip
        for value, expected, name in zip(
            found,
            (total.detach(), slope.grad, offset.grad),
            (Message("loss"), Message("gradient of slope"), Message("gradient of offset")),
            strict=True,
        ):
            expect_close(value, expected, name=Message("{name} {what}", name=name, what=what), atol=1e-5, rtol=1e-4)


EITHER_GIVEN = "Look at t and at noise separately: draw the one that is None, and keep the one that is given."


def noise_in(seen: Tensor, times: Tensor, betas: Tensor, images: Tensor) -> Tensor:
    """Return the noise that was added to the images (N, C, H, W) in each call: (calls, N, C, H, W)."""
    left = torch.tensor(left_after(betas)).to(betas)[times][..., None, None, None]
    return (seen.double() - left.sqrt() * (2 * images - 1)) / (1 - left).sqrt()


def judge_noise(noise: Tensor) -> None:
    """Fail unless noise is standard normal and independent in each call, image and channel."""
    expect_standard(
        noise,
        Message("The noise"),
        "torch.randn_like(x_start) draws a number for each value of each image.",
    )
    for axis, what in enumerate((Message("calls"), Message("images"), Message("channels"))):
        count = noise.shape[axis] - 1
        a, b = noise.narrow(axis, 1, count), noise.narrow(axis, 0, count)
        expect_uncorrelated(a, b, Message("Different {what} have the same noise", what=what))


@task("DDPM.p_losses", share="2/8", any_dtype=True, loans=LOANS_OF_PROCESS)
def check_times_and_noise_are_drawn(student, rng):
    """t and noise are each used if given; else all times are equally likely, and the noise is new."""
    timesteps, batch, calls = 10, 40, 60
    betas = rng.uniform(timesteps, low=0.05, high=0.3)
    helper, images = student.define(HELPERS), rng.uniform(batch, 2, 6, 6)
    model = helper.Linear(rng.normal(timesteps), rng.normal(timesteps))
    made = ddpm(student, model, betas)
    seen, times = helper.draw(made, model, images, calls, {})

    expect_shape(times, (calls, batch), name="the times of the model's calls")
    counts = torch.stack([(times == t).sum() for t in range(timesteps)]).double()
    expect_equal(int(counts.sum()), calls * batch, name="the number of times from 0 to T - 1")
    even = calls * batch / timesteps
    chi_squared = float(((counts - even) ** 2 / even).sum())  # 9 degrees of freedom: above 60 once in 1e9
    expect(
        chi_squared < 60,
        Message("The times are not equally likely: 0 to 9 were drawn {counts} times.", counts=counts.int().tolist()),
        "torch.randint(self.num_timesteps, ...) draws 0 to T - 1, all equally likely.",
    )
    distinct = float(torch.stack([(row == row[0]).double().mean() for row in times]).mean())
    expect(distinct < 0.5, "All images of a batch have the same time; draw one for each.")
    judge_noise(noise_in(seen, times, betas, images))

    t, noise = rng.integers(0, timesteps, batch), rng.normal(batch, 2, 6, 6)
    with explain_errors({"None": EITHER_GIVEN}):
        seen, times = helper.draw(made, model, images, 5, {"t": t})
    expect_equal(
        times, t.expand(5, -1), name="the times of the model's calls, with t and without noise", hint=EITHER_GIVEN
    )
    judge_noise(noise_in(seen, times, betas, images))
    with explain_errors({"None": EITHER_GIVEN}):
        seen, times = helper.draw(made, model, images, 5, {"noise": noise})
    found = noise_in(seen, times, betas, images)
    given = noise.expand(5, -1, -1, -1, -1)
    expect_close(found, given, atol=1e-4, name="the noise in the model's inputs, without t", hint=EITHER_GIVEN)
    expect(
        bool((times[1:] != times[:-1]).any()), "With noise and without t, all calls have the same times.", EITHER_GIVEN
    )
    expect_device(student, made.p_losses, images)
