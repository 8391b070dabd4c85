"""Hidden checks of DDIM: with eta = 1 it is DDPM, in between the formula holds, and samples have the right law."""

import math
from itertools import pairwise

import torch
from oracles import TOY, believed, ddim, left_at, posterior
from torch import Tensor

from autograder import expect, expect_close, expect_equal, expect_shape, task

HELPERS = (
    TOY
    + """
def after(f, model_kwargs):
    f(2, 3, eta=1.0, model_kwargs=model_kwargs)
    return model_kwargs
"""
)


def strided(left: float, after: float, eta: float) -> tuple[float, float, float]:
    """Factors of the believed image and the believed noise, and the deviation of the noise added."""
    deviation = eta * math.sqrt((1 - after) / (1 - left)) * math.sqrt(1 - left / after)
    return math.sqrt(after), math.sqrt(max(1 - after - deviation**2, 0.0)), deviation


@task("GaussianDiffusion.ddim_step", points=2)
def check_ddim_with_eta_one_is_ddpm(student, rng):
    """With eta = 1, a step from t to t - 1 is drawn from the posterior: same mean, same deviation."""
    betas = rng.uniform(8, low=0.05, high=0.4)
    x_t, noise, zero = rng.normal(4, 2, 5, 5), rng.normal(4, 2, 5, 5), torch.zeros(4, 2, 5, 5).to(betas)
    for objective in ("pred_noise", "pred_x_start"):
        slope, offset = rng.normal(8), rng.normal(8)
        made = ddim(student, student.define(HELPERS).Linear(slope, offset, 2), betas, objective=objective)
        for time in (7, 3, 1, 0):
            left = left_at(betas, time)
            _, image = believed(slope[time] * x_t + offset[time], x_t, left, objective)
            of_image, of_x_t, std = posterior(betas, time)
            mean = of_image * image + of_x_t * x_t
            what = f"with {objective}, from {time} to {time - 1}"
            expect_close(made.ddim_step(x_t, time, time - 1, eta=1.0, noise=zero), mean, name=f"mean {what}", atol=1e-4)
            stepped = made.ddim_step(x_t, time, time - 1, eta=1.0, noise=noise)
            expect_close(stepped, mean + std * noise, name=f"step {what}", atol=1e-4, mistakes={
                "The deviation is that of DDPM's forward step, sqrt(beta).": mean + float(betas[time]) ** 0.5 * noise,
                "The noise is multiplied by the variance.": mean + std**2 * noise,
            })  # fmt: skip


@task("GaussianDiffusion.ddim_step", points=2)
def check_ddim_steps_of_any_length(student, rng):
    """Any eta and any stride agree with the formula; the step to -1 gives the believed image, clamped."""
    betas = rng.uniform(12, low=0.02, high=0.3)
    slope, offset = rng.normal(12), rng.normal(12)
    made = ddim(student, student.define(HELPERS).Linear(slope, offset, 2), betas, objective="pred_x_start")
    for shape, time, earlier, eta in (
        ((1, 2, 5, 3), 11, 4, 0.5), ((3, 2, 4, 4), 6, 5, 0.25), ((2, 2, 3, 6), 9, 0, 1.0), ((3, 2, 4, 4), 5, -1, 0.7)
    ):  # fmt: skip
        x_t, noise = rng.normal(*shape), rng.normal(*shape)
        left = left_at(betas, time)
        guess, image = believed(slope[time] * x_t + offset[time] + 0.25, x_t, left, "pred_x_start")
        a, b, deviation = strided(left, left_at(betas, earlier), eta)
        found = made.ddim_step(x_t, time, earlier, eta=eta, model_kwargs={"extra": 0.25}, noise=noise)
        whole = (b**2 + deviation**2) ** 0.5
        expect_close(found, a * image + b * guess + deviation * noise, atol=1e-4, mistakes={
            "sigma squared is missing under the root.": a * image + whole * guess + deviation * noise,
        }, name=f"from {time} to {earlier} with eta={eta}")  # fmt: skip


@task("GaussianDiffusion.ddim_sample", points=1)
def check_ddim_counts_its_steps(student, rng):
    """One step, all steps and any number between: the model is asked so often; model_kwargs stay as they are."""
    betas = rng.uniform(11, low=0.05, high=0.3)
    helper = student.define(HELPERS)
    begin, slope = rng.normal(2, 2, 5, 5), 0.1 * rng.normal(11)
    for steps in (1, 3, 7, 11):
        model = helper.Linear(slope, 0 * slope, 2)
        way = ddim(student, model, betas).ddim_sample(2, steps, return_all_timesteps=True, noise=begin)
        expect_shape(way, (2, steps + 1, 2, 5, 5))
        times = [row[0] for row in model.times]
        expect_equal(len(times), steps, name="how often the model was asked")
        expect_equal(times[0], 10, name="the first time")
        expect(all(a > b for a, b in pairwise([*times, -1])), f"The times {times} do not fall.")
        x = begin
        for step, (time, earlier) in enumerate(pairwise([*times, -1])):
            expect_close(way[:, step], (x + 1) / 2, atol=1e-4, name=f"after {step} of {steps} steps")
            left = left_at(betas, time)
            noise, image = believed(slope[time] * x, x, left, "pred_noise")
            a, b, _ = strided(left, left_at(betas, earlier), 0.0)
            x = a * image + b * noise
        expect_close(way[:, steps], (x + 1) / 2, atol=1e-4, name=f"the images after {steps} steps")
    made = ddim(student, model, betas)
    expect_equal(helper.after(made.ddim_sample, {"extra": 0.5}), {"extra": 0.5}, name="model_kwargs afterwards")


def judge_normal(z: Tensor, what: str) -> None:
    """Standard normal and independent, within six deviations of what so many draws give."""
    count = z.numel()
    mean, variance = float(z.mean()), float(z.var())
    expect(abs(mean) < 6 / count**0.5, f"{what}: over {count:,} values the mean is {mean:.4f}; it must be 0.")
    near = abs(variance - 1) < 6 * (2 / count) ** 0.5
    expect(near, f"{what}: over {count:,} values its variance is {variance:.4f} times what it must be.")
    half = len(z) // 2
    shared = float((z[:half] * z[half : 2 * half]).mean())
    expect(abs(shared) < 6 / (half * z[0].numel()) ** 0.5, f"{what}: images share it (correlation {shared:.3f}).")


@task("GaussianDiffusion.ddim_sample", points=2)
def check_law_of_ddim_samples(student, rng):
    """With eta = 1 and 0.5, start and steps have the noise they must have, in all steps and in fewer."""
    betas, spread = rng.uniform(12, low=0.05, high=0.4), 0.15
    helper = student.define(HELPERS)
    slope = []
    for t in range(12):
        left = left_at(betas, t)
        slope.append(left**0.5 * spread**2 / (left * spread**2 + 1 - left))
    table = torch.tensor(slope).to(betas)
    for steps, eta in ((12, 1.0), (4, 0.5), (5, 0.0)):
        model = helper.Linear(table, 0 * table, 3)
        made = ddim(student, model, betas, size=5, objective="pred_x_start")
        way = made.ddim_sample(600, steps, eta=eta, return_all_timesteps=True)
        expect_shape(way, (600, steps + 1, 3, 5, 5))
        way, times = 2 * way.double() - 1, [row[0] for row in model.times]
        expect_equal(len(times), steps, name="how often the model was asked")
        judge_normal(way[:, 0], "the noise at the beginning")
        variance = 1.0
        for step, (time, earlier) in enumerate(pairwise([*times, -1])):
            left, after = left_at(betas, time), left_at(betas, earlier)
            a, b, deviation = strided(left, after, eta)
            x_t = way[:, step]
            factor = a * slope[time] + b * (1 - left**0.5 * slope[time]) / (1 - left) ** 0.5
            rest = way[:, step + 1] - factor * x_t
            if deviation > 0:
                judge_normal(rest / deviation, f"the noise of step {step + 1} of {steps} with eta={eta}")
            else:
                expect(float(rest.abs().max()) < 1e-3, f"Step {step + 1} of {steps} with eta={eta} adds noise.")
            variance = factor**2 * variance + deviation**2
        found, count = float(way[:, -1].var()), way[:, -1].numel()
        near = abs(found / variance - 1) < 6 * (2 / count) ** 0.5
        expect(near, f"The samples' variance with eta={eta} is {found:.5f}; it must be {variance:.5f}.")
