"""Hidden checks of the schedules and of the forward process: other settings, first and last times, any rank."""

import math

import torch
from oracles import from_curve, left_after, noised, per_image, posterior, process
from torch import Tensor

from autograder import Message, expect, expect_close, expect_device, expect_equal, expect_shape, expect_unchanged, task


def in_double(betas) -> Tensor:
    """Return the betas; the check fails if they are floats of another width than float64."""
    other = isinstance(betas, Tensor) and betas.is_floating_point() and betas.dtype != torch.float64
    expect(
        not other,
        Message("The betas are {dtype}; they must be float64.", dtype=betas.dtype if other else ""),
        "A product of a thousand factors near 1 needs all digits: begin with dtype=torch.float64, as in "
        "torch.arange(..., dtype=torch.float64).",
    )
    return betas


@task("linear_beta_schedule", share="1/3")
def check_linear_schedule_of_few_steps(student):
    """The linear schedule works for few steps, with no beta above 0.999, and for more than 1000."""
    for timesteps in (3, 10, 21, 1600):
        steps = [i / (timesteps - 1) for i in range(timesteps)]
        plain = [1000 / timesteps * (1e-4 * (1 - step) + 0.02 * step) for step in steps]
        expected = torch.tensor([min(value, 0.999) for value in plain], dtype=torch.float64)
        expect_close(in_double(student.linear_beta_schedule(timesteps)), expected, rtol=1e-10, mistakes={
            "A beta above 0.999 becomes 0.999.": torch.tensor(plain, dtype=torch.float64),
            "The factor 1000 / T is for more than 1000 steps, too.":
                torch.tensor([timesteps / 1000 * value for value in plain], dtype=torch.float64),
        })  # fmt: skip


@task("cosine_beta_schedule", share=40)
def check_cosine_schedule_takes_any_settings(student):
    """The cosine schedule agrees with a loop for other s and T, and is at most 0.999."""
    for timesteps, s in ((1, 0.008), (2, 0.2), (11, 0.05), (400, 0.0), (1000, 0.008)):
        angles = [(i / timesteps + s) / (1 + s) * math.pi / 2 for i in range(timesteps + 1)]
        expected = from_curve([math.cos(angle) ** 2 for angle in angles])
        found = in_double(student.cosine_beta_schedule(timesteps, s=s))
        expect_close(found, expected, rtol=1e-6, atol=1e-9, hint="s is an argument: use it, not its default value.")


@task("sigmoid_beta_schedule", share=40)
def check_sigmoid_schedule_takes_any_settings(student):
    """The sigmoid schedule agrees with a loop for other start, end, tau, clamp_min and T, and is at most 0.999."""
    settings = [
        (1, -3, 3, 1, 1e-5),
        (12, -2, 4, 1, 1e-3),
        (50, 0, 3, 0.5, 1e-9),
        (300, -3, 3, 1.7, 0.01),
        (7, -1, 1, 1, 0),
    ]
    for timesteps, start, end, tau, low in settings:
        points = [start + (end - start) * i / timesteps for i in range(timesteps + 1)]
        curve = [1 / (1 + math.exp(-point / tau)) for point in points]
        left = [max((curve[-1] - value) / (curve[-1] - curve[0]), low) for value in curve]
        betas = in_double(student.sigmoid_beta_schedule(timesteps, start=start, end=end, tau=tau, clamp_min=low))
        own = "start, end, tau and clamp_min are arguments: use them, not their default values."
        expect_close(betas, from_curve(left), rtol=1e-3, atol=1e-6, hint=own)  # the ends of the curve may be float32


SHAPES = ((1, 3, 2, 5), (4, 7), (3, 2, 2, 3, 2))


@task("Process.q_sample", share="2/6")
def check_noise_is_added_to_images_of_any_rank(student, rng):
    """q_sample works for any rank, batch and dtype, and for the first and the last time."""
    betas = rng.uniform(31, low=0.02, high=0.3)
    left, made = left_after(betas), process(student, betas)
    for shape, dtype in zip(SHAPES, (torch.float64, torch.float32, torch.float32), strict=True):
        x, noise = rng.normal(*shape, dtype=dtype), rng.normal(*shape, dtype=dtype)
        t = torch.tensor([30, 0, 30, 17][: shape[0]], device=x.device)
        expected = noised(left, t, x.double(), noise.double())
        expect_close(made.q_sample(x, t, noise), expected.to(dtype))
    expected = noised(left, t, 9 * x.double(), noise.double()).to(x.dtype)
    wide = "Nothing is clamped in q_sample: x_t may lie outside [-1, 1]."
    expect_close(made.q_sample(9 * x, t, noise), expected, name="x_t of images outside [-1, 1]", hint=wide)
    expect_device(student, made.q_sample, x, t, noise)


GRADIENT = """
def gradient(process, x, t, noise, weight):
    x.requires_grad_()
    (process.q_sample(x, t, noise) * weight).sum().backward()
    return x.grad
"""


@task("Process.q_sample", share="1/6", any_dtype=True)
def check_adding_noise_leaves_its_inputs_and_passes_gradients(student, rng):
    """q_sample changes neither images nor noise in place, and gradients pass through it."""
    betas = rng.uniform(12, low=0.02, high=0.3)
    x, noise, weight, t = rng.normal(3, 1, 2, 2), rng.normal(3, 1, 2, 2), rng.normal(3, 1, 2, 2), rng.integers(0, 12, 3)
    made = process(student, betas)
    expect_unchanged(student.inspect(made.q_sample, x, t, noise), x, t, noise)
    found = student.define(GRADIENT).gradient(made, x, t, noise, weight)
    expect(found is not None, "No gradient reaches x_start.", "detach(), torch.no_grad() and new tensors cut it off.")
    expect_close(found, per_image(left_after(betas), t, x).sqrt() * weight, name="the gradient with respect to x_start")


def changed(found, wanted: Tensor, t: Tensor, left: list[float], name: str) -> Tensor | None:
    """Return what was found if it is wrong only by a smaller factor of those images whose denominator is smallest."""
    if not isinstance(found, Tensor) or found.shape != wanted.shape:
        return None
    flat, right = found.double().flatten(1), wanted.double().flatten(1)
    factor = (flat * right).sum(dim=1) / right.square().sum(dim=1)
    scaled = bool(torch.allclose(flat, factor[:, None] * right, rtol=1e-3, atol=1e-3))
    return found if scaled and bool((factor < 1 + 1e-6).all()) else None


def judge_recovery(student, rng, betas: Tensor, name: str, times: list[int], times_32: list[int]) -> None:
    """Compare the image (or the noise) that follows from x_t and the noise (or the image); ``name``: the function."""
    left, recover = left_after(betas), getattr(process(student, betas), name)
    for shape in SHAPES:
        x, noise = rng.normal(*shape), rng.normal(*shape)
        t = torch.tensor(times[: shape[0]], device=x.device)
        x_t = noised(left, t, x, noise)
        given, wanted = (noise, x) if name == "predict_start_from_noise" else (x, noise)
        seen = student.inspect(recover, x_t, t, given)
        expect_close(seen.value, wanted, atol=1e-4, mistakes={
            "The image is clamped in model_predictions, not here.": lambda wanted=wanted: wanted.clamp(-1, 1),
            "The denominator was changed (clamped, or a small number was added); divide by the plain root, which is "
            "small at the first or last times.": changed(seen.value, wanted, t, left, name),
        })  # fmt: skip
        expect_unchanged(seen, x_t, t, given)
    x, noise, t = x[:, 0].float(), noise[:, 0].float(), torch.tensor(times_32, device=x.device)
    x_t = noised(left, t, x, noise)
    given, wanted = (noise, x) if name == "predict_start_from_noise" else (x, noise)
    expect_close(recover(x_t, t, given), wanted, atol=1e-4)
    expect_device(student, recover, x_t, t, given)


@task("Process.predict_start_from_noise", share=50)
def check_image_from_noise_for_any_rank(student, rng):
    """The image follows from the noise for any rank and dtype, also when little of it is left; inputs are unchanged."""
    betas = torch.cat([rng.uniform(20, low=0.02, high=0.2), rng.uniform(2, low=0.99, high=0.995)])
    judge_recovery(student, rng, betas, "predict_start_from_noise", [21, 0, 20, 3], [5, 0, 6])


@task("Process.predict_noise_from_start", share=50)
def check_noise_from_image_for_any_rank(student, rng):
    """The noise follows from the image for any rank and dtype, also for little noise; inputs are unchanged."""
    betas = torch.cat([rng.uniform(1, low=1e-5, high=2e-5), rng.uniform(20, low=0.02, high=0.3)])
    judge_recovery(student, rng, betas, "predict_noise_from_start", [0, 20, 1, 3], [5, 20, 6])


@task("Process.q_posterior", share="2/8", any_dtype=True)
def check_posterior_hits_the_marginals(student, rng):
    """A step forward to t and the posterior's step back give the mean and variance of t - 1 steps."""
    betas = torch.cat([rng.uniform(1, low=1e-5, high=2e-5), rng.uniform(16, low=0.01, high=0.35)])
    left = [1.0, *left_after(betas)]  # of t - 1
    t = torch.arange(17, device=rng.device)
    ones, zeros = torch.ones(17, 1, 1, 1, dtype=torch.float64, device=rng.device), betas.new_zeros(17, 1, 1, 1)
    posterior = process(student, betas).q_posterior
    (of_start, std), (of_x_t, _) = posterior(ones, zeros, t), posterior(zeros, ones, t)
    for part, name in ((of_start, "mean"), (of_x_t, "mean"), (std, "std")):
        expect_shape(part, (17, 1, 1, 1), name=name)
    after, before = per_image(left[1:], t, ones), per_image(left[:-1], t, ones)
    hint = "Compare with the formulas of the handout term by term; alpha bar of t - 1 is 1 where t is 0."
    mean = of_start + of_x_t * after.sqrt()
    expect(
        bool((mean[0] - 1).abs().max() < 1e-5) or bool((mean[1:] - before[1:].sqrt()).abs().max() > 1e-5),
        Message(
            "At t = 0, with beta = {beta:.2g}, the mean is {mean:.4g} times the image.",
            beta=float(betas[0]),
            mean=float(mean[0]),
        ),
        "There it is the image itself. Is the denominator 1 - alpha bar clamped, or was a small number added to it?",
    )
    expect(
        bool((mean - before.sqrt()).abs().max() < 1e-5), "The mean of x_{t-1} is not sqrt(alpha bar_{t-1}) x_0.", hint
    )
    variance = of_x_t**2 * (1 - after) + std**2
    expect(
        bool((variance - (1 - before)).abs().max() < 1e-5), "The variance of x_{t-1} is not 1 - alpha bar_{t-1}.", hint
    )
    expect(bool((std >= 0).all()), "A standard deviation is negative.")


@task("Process.q_posterior", share="2/8")
def check_posterior_for_any_rank(student, rng):
    """The posterior is right for any rank, batch, dtype and mixed times; inputs are unchanged."""
    betas = rng.uniform(23, low=0.02, high=0.3)
    made = process(student, betas)
    for shape, dtype in zip(SHAPES, (torch.float32, torch.float64, torch.float32), strict=True):
        x, x_t = rng.normal(*shape, dtype=dtype), rng.normal(*shape, dtype=dtype)
        t = torch.tensor([22, 0, 9, 1][: shape[0]], device=x.device)
        seen = student.inspect(made.q_posterior, x, x_t, t)
        expect_unchanged(seen, x, x_t, t)
        mean, std = seen.value
        for n, time in enumerate(t.tolist()):
            of_image, of_x_t, deviation = posterior(betas, time)
            expected = of_image * x[n].double() + of_x_t * x_t[n].double()
            expect_close(mean[n], expected.to(dtype), name=Message("mean of image {n}", n=n), atol=1e-5)
            flat = std[n].double().flatten()
            expect(
                bool(((flat - deviation).abs() < 1e-5).all()),
                Message("std of image {n} is {flat:.5g}, not {deviation:.5g}.", n=n, flat=flat[0], deviation=deviation),
            )
        expect_equal(str(std.dtype), str(dtype), name="the dtype of std")
    expect_device(student, made.q_posterior, x, x_t, t)
