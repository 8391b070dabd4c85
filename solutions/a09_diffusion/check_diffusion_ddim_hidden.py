"""Hidden checks of DDIM: with eta = 1 it is DDPM, in between the formula holds, and samples are distributed right."""

import math
from itertools import pairwise

import torch
from oracles import TOY, ddim, expect_modes_kept, implied, left_at, posterior
from oracles_law import ideal, judge_bfloat16, judge_fresh, judge_normal
from oracles_loans import LOANS_OF_PREDICTIONS, LOANS_OF_STEPS
from torch import Tensor

from autograder import Message, expect, expect_close, expect_device, expect_equal, expect_shape, expect_unchanged, task

LAST = "The step to -1 ends at the image: alpha bar is 1 there. The table's entry -1 is its last one."


def strided(left: float, after: float, eta: float) -> tuple[float, float, float]:
    """Return the factors of the predicted image and noise, and the standard deviation of the added noise."""
    deviation = eta * math.sqrt((1 - after) / (1 - left)) * math.sqrt(1 - left / after)
    return math.sqrt(after), math.sqrt(max(1 - after - deviation**2, 0.0)), deviation


def strided_with(left: float, after: float, eta: float, image: Tensor, guess: Tensor, noise: Tensor) -> Tensor:
    """Compute a step by the formula with these numbers."""
    a, b, deviation = strided(left, after, eta) if after >= left else (after**0.5, (1 - after) ** 0.5, 0.0)
    return a * image + b * guess + deviation * noise.double()


def mixed(after: float, variance: float, image: Tensor, guess: Tensor) -> Tensor:
    """Compute a step without added noise, with this variance under the root."""
    return after**0.5 * image + max(1 - after - variance, 0.0) ** 0.5 * guess


@task("GaussianDiffusion.ddim_step", share="2/7", any_dtype=True, loans=LOANS_OF_PREDICTIONS)
def check_ddim_with_eta_one_is_ddpm(student, rng):
    """With eta = 1, a step from t to t - 1 is drawn from the posterior: same mean, same standard deviation."""
    betas = rng.uniform(8, low=0.05, high=0.4)
    x_t, noise, zero = rng.normal(4, 2, 5, 5), rng.normal(4, 2, 5, 5), torch.zeros(4, 2, 5, 5).to(betas)
    for objective in ("pred_noise", "pred_x_start"):
        slope, offset = rng.normal(8), rng.normal(8)
        made = ddim(student, student.define(TOY).Linear(slope, offset, 2), betas, objective=objective)
        for time in (7, 3, 1, 0):
            left = left_at(betas, time)
            _, image = implied(slope[time] * x_t + offset[time], x_t, left, objective)
            of_image, of_x_t, std = posterior(betas, time)
            mean = of_image * image + of_x_t * x_t
            what = Message(
                "with {objective}, from {time} to {earlier}", objective=objective, time=time, earlier=time - 1
            )
            guess, _ = implied(slope[time] * x_t + offset[time], x_t, left, objective)
            after = left_at(betas, time - 1)
            without = after**0.5 * image + (1 - after) ** 0.5 * guess
            stepped, again = (made.ddim_step(x_t, time, time - 1, eta=1.0, noise=zero) for _ in range(2))
            drawn = isinstance(stepped, Tensor) and isinstance(again, Tensor) and not torch.equal(stepped, again)
            expect_close(stepped, mean, name=Message("mean {what}", what=what), atol=1e-4, mistakes={
                LAST: stepped if time == 0 and stepped.isnan().any() else mean,
                "sigma squared is missing under the root of the predicted noise's factor.": without,
                "The given noise was not used: it is z.": stepped if drawn else None,
                "The root has sigma squared, not sigma.":
                    lambda left=left, after=after, image=image, guess=guess:
                        mixed(after, strided(left, after, 1.0)[2], image, guess),
                "The first root of sigma has 1 - alpha bar of t_next over 1 - alpha bar of t.":
                    lambda left=left, after=after, image=image, guess=guess:
                        mixed(after, (1 - left) / max(1 - after, 1e-9) * (1 - left / after), image, guess),
                "The first root of sigma is missing.":
                    lambda left=left, after=after, image=image, guess=guess:
                        mixed(after, 1 - left / after, image, guess),
            })  # fmt: skip
            stepped = made.ddim_step(x_t, time, time - 1, eta=1.0, noise=noise)
            expect_close(stepped, mean + std * noise, name=Message("step {what}", what=what), atol=1e-4, mistakes={
                "This uses DDPM's forward step, sqrt(beta).": mean + float(betas[time]) ** 0.5 * noise,
                "The noise is multiplied by the variance.": mean + std**2 * noise,
            })  # fmt: skip


@task("GaussianDiffusion.ddim_step", share="2/7", loans=LOANS_OF_PREDICTIONS)
def check_ddim_steps_of_any_length(student, rng):
    """Any eta and any stride agree with the formula, in the images' dtype; the step to -1 gives the predicted image."""
    betas = rng.uniform(12, low=0.02, high=0.3)
    slope, offset = rng.normal(12), rng.normal(12)
    made = ddim(student, student.define(TOY).Linear(slope, offset, 2), betas, objective="pred_x_start")
    for shape, time, earlier, eta, dtype in (
        ((1, 2, 5, 3), 11, 4, 0.5, torch.float64), ((3, 2, 4, 4), 6, 5, 0.25, torch.float32),
        ((2, 2, 3, 6), 9, 0, 1.0, torch.float64), ((3, 2, 4, 4), 5, -1, 0.7, torch.float32),
    ):  # fmt: skip
        x_t, noise = rng.normal(*shape, dtype=dtype), rng.normal(*shape, dtype=dtype)
        left, kwargs = left_at(betas, time), {"extra": 0.25}
        guess, image = implied(slope[time] * x_t.double() + offset[time] + 0.25, x_t.double(), left, "pred_x_start")
        a, b, deviation = strided(left, left_at(betas, earlier), eta)
        seen = student.inspect(made.ddim_step, x_t, time, earlier, eta, kwargs, noise)
        whole = (b**2 + deviation**2) ** 0.5
        rest, start = implied(slope[time] * x_t.double() + offset[time], x_t.double(), left, "pred_x_start")
        without = a * start + b * rest
        right = a * image + b * guess + deviation * noise.double()
        expect_close(seen.value, right.to(dtype), atol=1e-4, mistakes={
            "sigma squared is missing under the root.": a * image + whole * guess + deviation * noise.double(),
            "sigma has the factor eta, not its root.":
                strided_with(left, left_at(betas, earlier), eta**0.5, image, guess, noise),
            "model_kwargs did not reach the model.": (without + deviation * noise.double()).to(dtype),
            "The noise is multiplied by sigma, not by its square.":
                a * image + b * guess + deviation**2 * noise.double(),
            "At t_next = -1 alpha bar is 1; an index of -1 takes the last entry of the table.":
                strided_with(left, left_at(betas, 11), eta, image, guess, noise) if earlier == -1 else None,
        }, name=Message("from {time} to {earlier} with eta={eta}", time=time, earlier=earlier, eta=eta))  # fmt: skip
        expect_unchanged(seen, x_t, time, earlier, eta, kwargs, noise)
    wide, left, kwargs = rng.normal(300, 2, 6, 6), left_at(betas, 9), {"extra": 0.25}
    guess, image = implied(slope[9] * wide + offset[9] + 0.25, wide, left, "pred_x_start")
    a, b, deviation = strided(left, left_at(betas, 4), 0.5)
    drawn = [made.ddim_step(wide, 9, 4, eta=0.5, model_kwargs=kwargs) - a * image - b * guess for _ in range(2)]
    for rest in drawn:
        judge_normal(rest / deviation, Message("the noise of a step, drawn"))
    judge_fresh({Message("the noise of one call"): drawn[0], Message("the noise of the next call"): drawn[1]})
    judge_bfloat16(made.ddim_step(x_t.bfloat16(), 9, 4, eta=0.5, model_kwargs={}), x_t.shape, Message("a step"))
    expect_device(student, made.ddim_step, x_t, 9, 4, eta=0.5)
    expect_modes_kept(student, made, made.ddim_step, x_t, 9, 4, eta=0.5)


@task("GaussianDiffusion.ddim_sample", share=20, any_dtype=True, loans=LOANS_OF_STEPS)
def check_ddim_counts_its_steps(student, rng):
    """For any number of steps from one to all, the model is called that often; model_kwargs are unchanged."""
    betas = rng.uniform(11, low=0.05, high=0.3)
    begin, slope, kwargs = rng.normal(2, 2, 5, 5), 0.1 * rng.normal(11), {"extra": 0.25}
    model = student.define(TOY).Linear(slope, 0 * slope, 2)
    made, calls = ddim(student, model, betas, size=5), 0
    for steps in (1, 3, 7, 11):
        path = made.ddim_sample(2, steps, return_all_timesteps=True, model_kwargs=kwargs, noise=begin)
        expect_shape(path, (2, steps + 1, 2, 5, 5))
        times = [row[0] for row in model.times][calls:]
        expect_equal(len(times), steps, name="the number of calls of the model")
        expect_equal(times[0], 10, name="the first time")
        expect_equal(times, [11 * i // steps - 1 for i in range(steps, 0, -1)], name="the times of all steps",
                     hint="Visit the times of ddim_times, in their order.")  # fmt: skip
        expect(
            all(a > b for a, b in pairwise([*times, -1])), Message("The times {times} do not decrease.", times=times)
        )
        x, clamped = begin, bool(((path >= 0) & (path <= 1)).all())  # noisy frames may be clamped
        for step, (time, earlier) in enumerate(pairwise([*times, -1])):
            frame = ((x + 1) / 2).clamp(0, 1) if clamped else (x + 1) / 2
            name = Message("after {step} of {steps} steps", step=step, steps=steps)
            expect_close(path[:, step], frame, atol=1e-4, name=name, hint="Each step begins where the last one ended.")
            left = left_at(betas, time)
            noise, image = implied(slope[time] * x + 0.25, x, left, "pred_noise")
            a, b, _ = strided(left, left_at(betas, earlier), 0.0)
            x = a * image + b * noise
        expect_close(
            path[:, steps], (x + 1) / 2, atol=1e-4, name=Message("the images after {steps} steps", steps=steps)
        )
        plain = made.ddim_sample(2, steps, model_kwargs=kwargs, noise=begin)
        expect_close(plain, (x + 1) / 2, atol=1e-4,
                     name=Message("the images alone after {steps} steps", steps=steps), mistakes={
            "They must be mapped from [-1, 1] to [0, 1].": x, "This is the noise at the beginning.": (begin + 1) / 2,
        })  # fmt: skip
        calls += 2 * steps
    expect_unchanged(student.inspect(made.ddim_sample, 2, 3, 1.0, False, kwargs), 2, 3, 1.0, False, kwargs)
    expect(not any(model.graphs), "Sampling builds a graph of all steps: use torch.no_grad.")
    expect_device(student, made.ddim_sample, 2, 3)
    expect_modes_kept(student, made, made.ddim_sample, 2, 3)


@task("GaussianDiffusion.ddim_sample", share=40, any_dtype=True, loans=LOANS_OF_STEPS)
def check_law_of_ddim_samples(student, rng):
    """For any eta and number of steps, the noise of the start (given or not) and of each step is independent."""
    betas, spread = rng.uniform(12, low=0.05, high=0.4), 0.15
    helper = student.define(TOY)
    slope, offset = ideal(betas, 0.0, spread)
    for steps, eta, begin in ((12, 1.0, None), (4, 0.5, rng.normal(600, 3, 5, 5)), (5, 0.0, None)):
        model = helper.Linear(slope, offset, 3)
        made = ddim(student, model, betas, size=5, objective="pred_x_start")
        path = made.ddim_sample(600, steps, eta=eta, return_all_timesteps=True, noise=begin)
        expect_shape(path, (600, steps + 1, 3, 5, 5))
        times = [row[0] for row in model.times]
        expect_equal(len(times), steps, name="the number of calls of the model")
        path = torch.stack([*model.seen, 2 * path[:, -1] - 1], dim=1).double()  # the frames themselves may be clamped
        drawn = {Message("the noise at the beginning"): path[:, 0]}
        variance = 1.0
        for step, (time, earlier) in enumerate(pairwise([*times, -1])):
            left, after = left_at(betas, time), left_at(betas, earlier)
            a, b, deviation = strided(left, after, eta)
            x_t = path[:, step]
            factor = a * float(slope[time]) + b * (1 - left**0.5 * float(slope[time])) / (1 - left) ** 0.5
            rest = path[:, step + 1] - factor * x_t
            if deviation > 0:
                name = Message(
                    "the noise of step {step} of {steps} with eta={eta}", step=step + 1, steps=steps, eta=eta
                )
                drawn[name] = rest / deviation
            else:
                expect(
                    float(rest.abs().max()) < 1e-3,
                    Message("Step {step} of {steps} with eta={eta} adds noise.", step=step + 1, steps=steps, eta=eta),
                )
            variance = factor**2 * variance + deviation**2
        for what, z in drawn.items():
            judge_normal(z, what)
        judge_fresh(drawn)
        found, count = float(path[:, -1].var()), path[:, -1].numel()
        near = abs(found / variance - 1) < 6 * (2 / count) ** 0.5
        expect(
            near,
            Message(
                "The variance of the samples with eta={eta} is {found:.5f}; it must be {variance:.5f}.",
                eta=eta,
                found=found,
                variance=variance,
            ),
        )
