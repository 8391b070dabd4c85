"""Hidden checks of sampling: first steps, clamping, and the law of what is drawn, step by step."""

import torch
from oracles import TOY, believed, ddpm, left_at, posterior
from oracles_law import judge_fresh, judge_normal
from torch import Tensor

from autograder import expect, expect_close, expect_device, expect_equal, expect_shape, expect_unchanged, task

HELPERS = (
    TOY
    + """
def tracked(f, *args, **rest):
    return f(*args, **rest).requires_grad
"""
)


def ideal(betas: Tensor, mean: float, spread: float) -> tuple[Tensor, Tensor]:
    """The best prediction of the image, slope and offset, where pixels are normal with this mean and deviation."""
    slope, offset = [], []
    for t in range(len(betas)):
        left = left_at(betas, t)
        slope.append(left**0.5 * spread**2 / (left * spread**2 + 1 - left))
        offset.append(mean - slope[-1] * left**0.5 * mean)
    return torch.tensor(slope).to(betas), torch.tensor(offset).to(betas)


@task("DDPM.model_predictions", points=2)
def check_predictions_for_mixed_times(student, rng):
    """Predictions for first and last times in one batch of float32: in [-1, 1], consistent, from unchanged inputs."""
    betas = rng.uniform(6, low=0.05, high=0.3)
    x_t, t = rng.normal(6, 2, 3, 5, dtype=torch.float32), torch.tensor([0, 5, 3, 0, 1, 5], device=rng.device)
    slope, offset = rng.normal(6), rng.normal(6)
    helper = student.define(HELPERS)
    for objective in ("pred_noise", "pred_x_start"):
        made = ddpm(student, helper.Linear(slope, offset, 2), betas, objective=objective)
        noise, image = made.model_predictions(x_t, t, model_kwargs={"extra": 0.5})
        for n, time in enumerate(t.tolist()):
            left, x = left_at(betas, time), x_t[n].double()
            rest, guess = believed(slope[time] * x + offset[time] + 0.5, x, left, objective)
            expect_close(image[n], guess.float(), atol=1e-4, name=f"x_start with {objective}, image {n}")
            expect_close(noise[n], rest.float(), atol=1e-3, name=f"noise with {objective}, image {n}")
        seen = student.inspect(made.model_predictions, x_t, t, {"extra": 0.5})
        expect_unchanged(seen, x_t, t, {"extra": 0.5})
        expect_device(student, made.model_predictions, x_t, t)


@task("DDPM.p_sample", points=2)
def check_the_last_step_back_adds_no_noise(student, rng):
    """At t = 0 the believed image itself comes out, clamped, whatever the noise; nothing given is changed."""
    betas, x_t, noise = rng.uniform(4, low=0.05, high=0.3), rng.normal(3, 2, 3, 4), 50 * rng.normal(3, 2, 3, 4)
    slope, offset = 2 * rng.normal(4), rng.normal(4)
    helper = student.define(HELPERS)
    made = ddpm(student, helper.Linear(slope, offset, 2), betas, objective="pred_x_start")
    expected = (slope[0] * x_t + offset[0]).clamp(-1, 1)
    expect_close(made.p_sample(x_t, 0, noise=noise), expected, atol=1e-5, name="with noise")
    expect_close(made.p_sample(x_t, 0), expected, atol=1e-5, name="without")
    seen = student.inspect(made.p_sample, x_t, 2, {"extra": 0.5}, noise)
    expect_unchanged(seen, x_t, 2, {"extra": 0.5}, noise)
    expect_equal(helper.tracked(made.p_sample, x_t, 2), False, name="whether the result has a graph")
    coarse = made.p_sample(x_t.bfloat16(), 2)
    expect_shape(coarse, x_t.shape)
    expect_equal(str(coarse.dtype), "torch.bfloat16", name="the dtype of a step back of such images", mistakes={
        "Draw the noise with torch.randn_like(x_t).": "torch.float32",
    })  # fmt: skip
    expect_device(student, made.p_sample, x_t, 2)


@task("DDPM.p_sample", points=2)
def check_noise_of_a_step_back_is_fresh(student, rng):
    """Without noise given, a step adds fresh normal noise of the posterior's deviation, to each pixel its own."""
    betas, x_t = rng.uniform(9, low=0.05, high=0.4), rng.normal(400, 2, 5, 5)
    slope, offset = ideal(betas, 0.1, 0.15)
    made = ddpm(student, student.define(HELPERS).Linear(slope, offset, 2), betas, objective="pred_x_start")
    drawn: dict[str, Tensor] = {}
    for call, time in enumerate((8, 4, 1, 1), start=1):
        of_image, of_x_t, std = posterior(betas, time)
        stepped = made.p_sample(x_t, time)
        expect_shape(stepped, x_t.shape)
        mean = of_image * (slope[time] * x_t + offset[time]).clamp(-1, 1) + of_x_t * x_t
        drawn[f"the noise of call {call}"] = z = (stepped - mean) / std
        judge_normal(z, f"the noise at t = {time}")
    judge_fresh(drawn)


@task("DDPM.sample", points=2)
def check_law_of_what_is_sampled(student, rng):
    """With an ideal model, start and steps have noise of their own, and samples the right mean and variance."""
    betas, mean, spread = rng.uniform(9, low=0.1, high=0.5), 0.1, 0.15
    slope, offset = ideal(betas, mean, spread)
    helper = student.define(HELPERS)
    model = helper.Linear(slope, offset, 3)
    made = ddpm(student, model, betas, size=5, objective="pred_x_start")
    way = made.sample(600, return_all_timesteps=True)
    expect_shape(way, (600, 10, 3, 5, 5))
    way = 2 * way.double() - 1
    drawn = {"the noise at the beginning": way[:, 0]}

    centre, variance = 0.0, 1.0  # of x_t, followed down
    for step, t in enumerate(range(8, -1, -1)):
        of_image, of_x_t, std = posterior(betas, t)
        x_t, a, b = way[:, step], float(slope[t]), float(offset[t])
        rest = way[:, step + 1] - of_image * (a * x_t + b).clamp(-1, 1) - of_x_t * x_t
        if t:
            drawn[f"the noise of step t = {t}"] = rest / std
        else:
            expect(float(rest.abs().max()) < 1e-4, "The last step adds noise.")
        centre = (of_image * a + of_x_t) * centre + of_image * b
        variance = (of_image * a + of_x_t) ** 2 * variance + std**2
    for what, z in drawn.items():
        judge_normal(z, what)
    judge_fresh(drawn)
    images, count = way[:, -1], way[:, -1].numel()
    found = float(images.var())
    near = abs(found / variance - 1) < 6 * (2 / count) ** 0.5
    expect(near, f"The variance of the samples is {found:.5f}; it must be {variance:.5f}.")
    near = abs(float(images.mean()) - centre) < 6 * (variance / count) ** 0.5
    expect(near, f"The mean of the samples is {float(images.mean()):.5f}; it must be {centre:.5f}.")
    expect(not any(model.graphs), "Sampling keeps a graph of all steps: use torch.no_grad.")
    expect_device(student, made.sample, 2)
