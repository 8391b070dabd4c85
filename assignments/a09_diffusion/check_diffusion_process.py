"""Public checks of the schedules and of the forward process, against plain loops in float64 and Bayes' rule."""

import math
from itertools import pairwise

import torch
from oracles import from_curve, left_after, noised, per_image, posterior, process
from torch import Tensor

from autograder import Message, expect, expect_close, expect_shape, explain_errors, task


def table(rng, timesteps: int) -> Tensor:
    """Draw betas at random."""
    return rng.uniform(timesteps, low=0.02, high=0.4)


def vector(values: list[float]) -> Tensor:
    """Return the values as a float64 vector."""
    return torch.tensor(values, dtype=torch.float64)


def nearly(found, expected: Tensor) -> bool:
    """Say whether only the last digits differ, as after a computation in float32."""
    same = isinstance(found, Tensor) and found.shape == expected.shape and found.is_floating_point()
    return same and bool(torch.allclose(found.double(), expected, rtol=1e-5, atol=0))


@task("linear_beta_schedule", share="2/3", any_dtype=True)
def check_linear_schedule_agrees_with_a_loop(student):
    """The linear schedule grows evenly from 1e-4 to 0.02, both times 1000 / T."""
    for timesteps in (1000, 250):
        scale = 1000 / timesteps
        steps = [i / (timesteps - 1) for i in range(timesteps)]
        expected = [scale * (1e-4 + (0.02 - 1e-4) * step) for step in steps]
        found = student.linear_beta_schedule(timesteps)
        expect_close(found, vector(expected), rtol=1e-10, atol=0, mistakes={
            "The factor 1000 / T is missing.": vector([value / scale for value in expected]),
            "The betas decrease; they must increase.": vector(expected[::-1]),
            "The last beta is missing: the step is a share of T - 1, so that both ends are reached.":
                vector([scale * (1e-4 + (0.02 - 1e-4) * i / timesteps) for i in range(timesteps)]),
            "Both ends are multiplied by 1000 / T, the lower one too.":
                vector([1e-4 + (0.02 * scale - 1e-4) * step for step in steps]),
            "Both ends are multiplied by 1000 / T, the upper one too.":
                vector([scale * 1e-4 + (0.02 - scale * 1e-4) * step for step in steps]),
            "The betas are evenly spaced, not their roots.":
                vector([scale * (0.01 + (0.02**0.5 - 0.01) * step) ** 2 for step in steps]),
            "The last digits are wrong, as from float32: give torch.linspace dtype=torch.float64.":
                found if nearly(found, vector(expected)) else None,
        })  # fmt: skip


@task("cosine_beta_schedule", share=60, any_dtype=True)
def check_cosine_schedule_agrees_with_a_loop(student):
    """With the cosine schedule, alpha bar is the squared cosine."""
    for timesteps in (100, 37):

        def left(power: int = 2, s: float = 0.008, count: int = timesteps, turn: float = 0.5) -> list[float]:
            angles = [(i / count + s) / (1 + s) * math.pi * turn for i in range(count + 1)]
            return [math.cos(angle) ** power for angle in angles]

        def curve(power: int, s: float = 0.008) -> Tensor:
            return from_curve(left(power, s))

        expect_close(student.cosine_beta_schedule(timesteps), curve(2), rtol=1e-6, atol=1e-9, mistakes={
            "The cosine is not squared.": curve(1),
            "The offset s is missing.": curve(2, s=0.0),
            "T + 1 points from 0 to 1 give T betas; these are T points.":
                lambda left=left, count=timesteps - 1: from_curve([*left(count=count), left(count=count)[-1]]),
            "T + 1 points give T betas, one for each pair of neighbours; T points give one too few.":
                lambda left=left: from_curve(left()[:-1]),
            "These are the alphas; the betas are 1 minus them.":
                lambda left=left: vector([min(b / a, 0.999) for a, b in pairwise(left())]),
            "This is alpha bar; return the betas, 1 - the ratio of neighbours.":
                lambda left=left: vector([value / left()[0] for value in left()[1:]]),
            "The largest beta is 0.999.": lambda left=left: from_curve(left(), most=0.9999),
            "The largest beta is 0.999, not more.": lambda left=left: from_curve(left(), most=1.0),
            "No beta is raised to a least value; the largest is 0.999.":
                lambda curve=curve: curve(2).clamp(min=1e-4),
            "The angle ends at pi / 2, where nothing of the image is left.":
                lambda left=left: from_curve(left(turn=1.0)),
            "Divide alpha bar by the one before it, not the other way round.":
                lambda left=left: vector([min(1 - a / b, 0.999) for a, b in pairwise(left())]),
        })  # fmt: skip


@task("sigmoid_beta_schedule", share=60, any_dtype=True)
def check_sigmoid_schedule_agrees_with_a_loop(student):
    """With the sigmoid schedule, alpha bar is a falling logistic curve, clamped to at least 1e-5."""
    for timesteps in (100, 37):
        curve = [1 / (1 + math.exp(3 - 6 * i / timesteps)) for i in range(timesteps + 1)]
        whole = [(curve[-1] - value) / (curve[-1] - curve[0]) for value in curve]
        expected = from_curve([max(value, 1e-5) for value in whole])
        expect_close(student.sigmoid_beta_schedule(timesteps), expected, rtol=1e-5, atol=1e-9, mistakes={
            "alpha bar is not clamped; it must be at least clamp_min.": from_curve(whole),
            "clamp_min is for alpha bar, not for the betas.": from_curve(whole).clamp(min=1e-5),
            "alpha bar must begin at 1 and end at 0 (before it is clamped): subtract and divide as in the formula.":
                from_curve([max(1 - value, 1e-5) for value in curve]),
            "This is alpha bar; return the betas, 1 - the ratio of neighbours.":
                vector([max(value, 1e-5) for value in whole[1:]]),
            "The largest beta is 0.999.": from_curve([max(value, 1e-5) for value in whole], most=1.0),
            "alpha bar increases here; it must fall from 1 to 0: the last value minus each.":
                from_curve([max(1 - value, 1e-5) for value in whole]),
        })  # fmt: skip
    steep, flat = ([1 / (1 + math.exp(step * (3 - 6 * i / 20))) for i in range(21)] for step in (2, 0.5))
    right, wrong = (
        from_curve([max((curve[-1] - value) / (curve[-1] - curve[0]), 1e-5) for value in curve])
        for curve in (steep, flat)
    )
    found = student.sigmoid_beta_schedule(20, tau=0.5)
    expect_close(found, right, rtol=1e-5, atol=1e-9, name="with tau = 0.5", mistakes={
        "tau divides what is inside the sigmoid: a small tau makes a steep curve.": wrong,
    }, hint="start, end, tau and clamp_min are arguments: use them, not their default values.")  # fmt: skip


SHAPED = {
    "must match the size": "Every image has its own t: extract(table, t, x) shapes the entries so that they multiply "
    "images, (N, 1, 1, 1)."
}


@task("Process.q_sample", share="3/6", any_dtype=True, keeps=True)
def check_noise_is_added_as_the_formula_says(student, rng):
    """x_t is sqrt(alpha bar) * image + sqrt(1 - alpha bar) * noise, with a t for every image."""
    betas = table(rng, 9)
    x, noise, t = rng.normal(5, 2, 3, 4), rng.normal(5, 2, 3, 4), rng.permutation(9)[:5]
    left = left_after(betas)
    share = per_image(left, t, x)
    with explain_errors(SHAPED):
        x_t = process(student, betas).q_sample(x, t, noise)
    expect_close(x_t, noised(left, t, x, noise), mistakes={
        "The square roots are missing.": share * x + (1 - share) * noise,
        "Use alpha bar, the product of all alphas up to t, not alpha.": noised((1 - betas).tolist(), t, x, noise),
        "One step too few: alpha bar of t includes the step t.": noised([1.0, *left[:-1]], t, x, noise),
        "1 - alpha bar is the variance of the noise; multiply by its root.": share**0.5 * x + (1 - share) * noise,
        "The factors of image and noise are swapped.": (1 - share) ** 0.5 * x + share**0.5 * noise,
        "All images got the first image's t.": noised(left, t[:1].expand(5), x, noise),
        "alpha bar is the variance that is left of the image; multiply by its root.":
            share * x + (1 - share) ** 0.5 * noise,
    })  # fmt: skip


@task("Process.predict_start_from_noise", share=50, any_dtype=True, keeps=True)
def check_the_image_follows_from_the_noise(student, rng):
    """The image follows from x_t and its noise, with a time for every image."""
    betas = table(rng, 9)
    x, noise, t = rng.normal(5, 2, 3, 4), rng.normal(5, 2, 3, 4), rng.permutation(9)[:5]
    share = per_image(left_after(betas), t, x)
    x_t = noised(left_after(betas), t, x, noise)
    expect_close(process(student, betas).predict_start_from_noise(x_t, t, noise), x, atol=1e-5, mistakes={
        "Divide by sqrt(alpha bar) at the end.": share**0.5 * x,
        "Divide by the root of alpha bar.": x / share**0.5,
        "Subtract the noise; do not add it.": x + 2 * ((1 - share) / share) ** 0.5 * noise,
        "The image is clamped in model_predictions, not here.": x.clamp(-1, 1),
    })  # fmt: skip


@task("Process.predict_noise_from_start", share=50, any_dtype=True, keeps=True)
def check_the_noise_follows_from_the_image(student, rng):
    """The noise follows from x_t and the image, with a time for every image."""
    betas = table(rng, 9)
    x, noise, t = rng.normal(5, 2, 3, 4), rng.normal(5, 2, 3, 4), rng.permutation(9)[:5]
    share = per_image(left_after(betas), t, x)
    x_t = noised(left_after(betas), t, x, noise)
    expect_close(process(student, betas).predict_noise_from_start(x_t, t, x), noise, atol=1e-5, mistakes={
        "Divide by sqrt(1 - alpha bar) at the end.": (1 - share) ** 0.5 * noise,
        "Divide by the root of 1 - alpha bar.": noise / (1 - share) ** 0.5,
        "Add nothing to the denominator: divide by the plain root of 1 - alpha bar.":
            noise * (1 - share) ** 0.5 / ((1 - share) ** 0.5 + 1e-2),
        "Every value has the wrong sign: subtract the image from x_t.": -noise,
        "Divide by the root of 1 - alpha bar, not of alpha bar.": ((1 - share) / share) ** 0.5 * noise,
        "Divide by the root of 1 - alpha bar, not by 1 - alpha bar.": noise / (1 - share) ** 0.5,
    })  # fmt: skip


def same_deviation(std, expected: Tensor, shape: torch.Size, mistakes: dict[str, Tensor]) -> None:
    """Compare a standard deviation per image, as (N, 1, ..., 1) or repeated for each pixel."""
    if isinstance(std, Tensor) and std.shape == shape != expected.shape:
        expected, mistakes = expected.expand(shape), {hint: wrong.expand(shape) for hint, wrong in mistakes.items()}
    expect_close(std, expected, atol=1e-6, name="std", mistakes=mistakes)


@task("Process.q_posterior", share="3/8", any_dtype=True)
def check_posterior_agrees_with_bayes_rule(student, rng):
    """Mean and standard deviation of x_{t-1}, given x_t and the image, agree with Bayes' rule."""
    betas = table(rng, 9)
    x, x_t, t = rng.normal(5, 2, 3, 4), rng.normal(5, 2, 3, 4), 1 + rng.permutation(8)[:5]
    mean, std = process(student, betas).q_posterior(x, x_t, t)

    table_of = torch.tensor([posterior(betas, n) for n in range(9)]).T  # (3, T)
    of_image, of_x_t, deviation = (per_image(row.tolist(), t, x) for row in table_of.double())
    left, beta = per_image(left_after(betas), t, x), per_image(betas.tolist(), t, x)
    before = left / (1 - beta)
    late = (left.sqrt() * beta * x + (1 - beta).sqrt() * (1 - left) * x_t) / (1 - left)
    expect_close(mean, of_image * x + of_x_t * x_t, atol=1e-6, name="mean", mistakes={
        "Two of the factors need alpha bar of t - 1: take it from alphas_cumprod_prev.": late,
        "x_start and x_t are swapped.": of_image * x_t + of_x_t * x,
        "The factor of x_start has the root of alpha bar of t - 1, not alpha bar itself.":
            of_image * before.sqrt() * x + of_x_t * x_t,
        "The factor of x_start has the root of alpha bar of t - 1, not of t.":
            of_image * (1 - per_image(betas.tolist(), t, x)).sqrt() * x + of_x_t * x_t,
        "The factor of x_t has the root of alpha, not alpha.":
            of_image * x + of_x_t * (1 - per_image(betas.tolist(), t, x)).sqrt() * x_t,
    })  # fmt: skip
    beta = per_image(betas.tolist(), t, x)
    same_deviation(std, deviation, x.shape, {
        "This is the variance; return its root.": deviation**2,
        "This is sqrt(beta); with a known image the standard deviation is smaller.": beta.sqrt(),
        "This is the logarithm of the variance; return the standard deviation.": 2 * deviation.log(),
        "This is the logarithm of the standard deviation.": deviation.log(),
    })  # fmt: skip


@task("Process.q_posterior", share="1/8", any_dtype=True, keeps=True)
def check_posterior_of_the_first_step_is_the_image(student, rng):
    """At t = 0 the mean is the image and the standard deviation is 0."""
    betas = table(rng, 6)
    x, x_t = rng.normal(3, 1, 4, 2), rng.normal(3, 1, 4, 2)
    beta, last = float(betas[0]), left_after(betas)[-1]
    around = (last**0.5 * beta * x + (1 - beta) ** 0.5 * (1 - last) * x_t) / beta
    mean, std = process(student, betas).q_posterior(x, x_t, torch.zeros(3, dtype=torch.int64, device=x.device))
    expect_close(mean, x, atol=1e-6, name="mean", mistakes={
        "Before the first step alpha bar is 1; the table's last entry was taken.": around,
    })  # fmt: skip
    expect(isinstance(std, Tensor), "The second value is not a tensor.")
    expect_shape(std, x.shape if std.ndim and std.shape[-1] > 1 else (3, 1, 1, 1), name="std")
    expect(
        bool((std.abs() < 1e-6).all()),
        Message(
            "The standard deviation at t = 0 is up to {largest:.3g}; it must be 0.", largest=float(std.abs().max())
        ),
    )
