"""Public checks of the schedules and of the forward process, against plain loops in float64 and Bayes' rule."""

import math

import torch
from oracles import from_curve, left_after, noised, per_image, posterior, process
from torch import Tensor

from autograder import expect, expect_close, expect_shape, task


def table(rng, timesteps: int) -> Tensor:
    """Draw betas at random."""
    return rng.uniform(timesteps, low=0.02, high=0.4)


def vector(values: list[float]) -> Tensor:
    """Return the values as a float64 vector."""
    return torch.tensor(values, dtype=torch.float64)


@task("linear_beta_schedule", points=2)
def check_linear_schedule_agrees_with_a_loop(student):
    """The linear schedule grows evenly from 1e-4 to 0.02, both times 1000 / T."""
    for timesteps in (1000, 250):
        scale = 1000 / timesteps
        steps = [i / (timesteps - 1) for i in range(timesteps)]
        expected = [scale * (1e-4 + (0.02 - 1e-4) * step) for step in steps]
        expect_close(student.linear_beta_schedule(timesteps), vector(expected), rtol=1e-6, atol=1e-12, mistakes={
            "The factor 1000 / T is missing.": vector([value / scale for value in expected]),
            "The betas decrease; they must increase.": vector(expected[::-1]),
        })  # fmt: skip


@task("cosine_beta_schedule", points=3)
def check_cosine_schedule_agrees_with_a_loop(student):
    """With the cosine schedule, alpha bar is the squared cosine."""
    for timesteps in (100, 37):

        def curve(power: int, s: float = 0.008, timesteps: int = timesteps) -> Tensor:
            angles = [(i / timesteps + s) / (1 + s) * math.pi / 2 for i in range(timesteps + 1)]
            return from_curve([math.cos(angle) ** power for angle in angles])

        expect_close(student.cosine_beta_schedule(timesteps), curve(2), rtol=1e-6, atol=1e-9, mistakes={
            "The cosine is not squared.": curve(1),
            "The offset s is missing.": curve(2, s=0.0),
        })  # fmt: skip


@task("sigmoid_beta_schedule", points=3)
def check_sigmoid_schedule_agrees_with_a_loop(student):
    """With the sigmoid schedule, alpha bar is a falling logistic curve, clamped to at least 1e-5."""
    for timesteps in (100, 37):
        curve = [1 / (1 + math.exp(3 - 6 * i / timesteps)) for i in range(timesteps + 1)]
        whole = [(curve[-1] - value) / (curve[-1] - curve[0]) for value in curve]
        expected = from_curve([max(value, 1e-5) for value in whole])
        expect_close(student.sigmoid_beta_schedule(timesteps), expected, rtol=1e-6, atol=1e-9, mistakes={
            "alpha bar is not clamped; it must be at least clamp_min.": from_curve(whole),
        })  # fmt: skip


@task("Process.q_sample", points=3)
def check_noise_is_added_as_the_formula_says(student, rng):
    """x_t is sqrt(alpha bar) * image + sqrt(1 - alpha bar) * noise, with a t for every image."""
    betas = table(rng, 9)
    x, noise, t = rng.normal(5, 2, 3, 4), rng.normal(5, 2, 3, 4), rng.permutation(9)[:5]
    left = left_after(betas)
    share = per_image(left, t, x)
    expect_close(process(student, betas).q_sample(x, t, noise), noised(left, t, x, noise), mistakes={
        "The square roots are missing.": share * x + (1 - share) * noise,
        "Use alpha bar, the product of all alphas up to t, not alpha.": noised((1 - betas).tolist(), t, x, noise),
        "One step too few: alpha bar of t includes the step t.": noised([1.0, *left[:-1]], t, x, noise),
        "1 - alpha bar is the variance of the noise; multiply by its root.": share**0.5 * x + (1 - share) * noise,
    })  # fmt: skip


@task("Process.predict_start_from_noise", points=2)
def check_the_image_follows_from_the_noise(student, rng):
    """The image follows from x_t and its noise, with a time for every image."""
    betas = table(rng, 9)
    x, noise, t = rng.normal(5, 2, 3, 4), rng.normal(5, 2, 3, 4), rng.permutation(9)[:5]
    share = per_image(left_after(betas), t, x)
    x_t = noised(left_after(betas), t, x, noise)
    expect_close(process(student, betas).predict_start_from_noise(x_t, t, noise), x, atol=1e-5, mistakes={
        "Divide by sqrt(alpha bar) at the end.": share**0.5 * x,
        "Divide by the root of alpha bar.": x / share**0.5,
    })  # fmt: skip


@task("Process.predict_noise_from_start", points=2)
def check_the_noise_follows_from_the_image(student, rng):
    """The noise follows from x_t and the image, with a time for every image."""
    betas = table(rng, 9)
    x, noise, t = rng.normal(5, 2, 3, 4), rng.normal(5, 2, 3, 4), rng.permutation(9)[:5]
    share = per_image(left_after(betas), t, x)
    x_t = noised(left_after(betas), t, x, noise)
    expect_close(process(student, betas).predict_noise_from_start(x_t, t, x), noise, atol=1e-5, mistakes={
        "Divide by sqrt(1 - alpha bar) at the end.": (1 - share) ** 0.5 * noise,
        "Divide by the root of 1 - alpha bar.": noise / (1 - share) ** 0.5,
    })  # fmt: skip


def same_deviation(std, expected: Tensor, shape: torch.Size, mistakes: dict[str, Tensor]) -> None:
    """Compare a standard deviation per image, as (N, 1, ..., 1) or repeated for each pixel."""
    if isinstance(std, Tensor) and std.shape == shape != expected.shape:
        expected, mistakes = expected.expand(shape), {hint: wrong.expand(shape) for hint, wrong in mistakes.items()}
    expect_close(std, expected, atol=1e-6, name="std", mistakes=mistakes)


@task("Process.q_posterior", points=3)
def check_posterior_agrees_with_bayes_rule(student, rng):
    """Mean and standard deviation of x_{t-1}, given x_t and the image, agree with Bayes' rule."""
    betas = table(rng, 9)
    x, x_t, t = rng.normal(5, 2, 3, 4), rng.normal(5, 2, 3, 4), 1 + rng.permutation(8)[:5]
    mean, std = process(student, betas).q_posterior(x, x_t, t)

    table_of = torch.tensor([posterior(betas, n) for n in range(9)]).T  # (3, T)
    of_image, of_x_t, deviation = (per_image(row.tolist(), t, x) for row in table_of.double())
    expect_close(mean, of_image * x + of_x_t * x_t, atol=1e-6, name="mean", mistakes={
        "x_start and x_t are swapped.": of_image * x_t + of_x_t * x,
    })  # fmt: skip
    beta = per_image(betas.tolist(), t, x)
    same_deviation(std, deviation, x.shape, {
        "This is the variance; return its root.": deviation**2,
        "This is sqrt(beta); with a known image the standard deviation is smaller.": beta.sqrt(),
    })  # fmt: skip


@task("Process.q_posterior", points=1)
def check_posterior_of_the_first_step_is_the_image(student, rng):
    """At t = 0 the mean is the image and the standard deviation is 0."""
    betas = table(rng, 6)
    x, x_t = rng.normal(3, 1, 4, 2), rng.normal(3, 1, 4, 2)
    mean, std = process(student, betas).q_posterior(x, x_t, torch.zeros(3, dtype=torch.int64, device=x.device))
    expect_close(mean, x, atol=1e-6, name="mean")
    expect(isinstance(std, Tensor), "The second value is not a tensor.")
    expect_shape(std, x.shape if std.ndim and std.shape[-1] > 1 else (3, 1, 1, 1), name="std")
    expect(
        bool((std.abs() < 1e-6).all()),
        f"The standard deviation at t = 0 is up to {float(std.abs().max()):.3g}; it must be 0.",
    )
