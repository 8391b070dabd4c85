"""Hidden checks of sampling: first steps, clamping, and the distribution of the samples, step by step."""

import torch
from oracles import TOY, ddpm, expect_modes_kept, implied, left_at, posterior
from oracles_law import ideal, judge_bfloat16, judge_fresh, judge_normal
from oracles_loans import LOANS_OF_PREDICTIONS, LOANS_OF_PROCESS, LOANS_OF_STEPS
from torch import Tensor

from autograder import Message, expect, expect_close, expect_device, expect_equal, expect_shape, expect_unchanged, task

HELPERS = (
    TOY
    + """
class Fixed(torch.nn.Module):
    def __init__(self, answer):
        super().__init__()
        self.register_buffer("answer", answer)

    def forward(self, x, time, model_kwargs=None):
        return self.answer

def tracked(f, *args, **rest):
    return f(*args, **rest).requires_grad
"""
)


@task("DDPM.model_predictions", share="1/3", loans=LOANS_OF_PROCESS)
def check_predictions_for_mixed_times(student, rng):
    """Predictions for first and last times in one batch of float32: in [-1, 1], consistent, from unchanged inputs."""
    betas = rng.uniform(6, low=0.05, high=0.3)
    x_t, t = rng.normal(6, 2, 3, 5, dtype=torch.float32), torch.tensor([0, 5, 3, 0, 1, 5], device=rng.device)
    slope, offset = rng.normal(6), rng.normal(6)
    helper = student.define(HELPERS)
    for objective in ("pred_noise", "pred_x_start"):
        model = helper.Linear(slope, offset, 2)
        made = ddpm(student, model, betas, objective=objective)
        noise, image = made.model_predictions(x_t, t, model_kwargs={"extra": 0.5})
        expect(not any(model.graphs), "model_predictions builds a graph: keep the @torch.no_grad() above it.")
        for n, time in enumerate(t.tolist()):
            left, x = left_at(betas, time), x_t[n].double()
            rest, guess = implied(slope[time] * x + offset[time] + 0.5, x, left, objective)
            _, without = implied(slope[time] * x + offset[time], x, left, objective)
            name = Message("x_start with {objective}, image {n}", objective=objective, n=n)
            expect_close(image[n], guess.float(), atol=1e-4, name=name, mistakes={
                "model_kwargs did not reach the model.": without.float(),
            })  # fmt: skip
            expect_close(
                noise[n],
                rest.float(),
                atol=1e-3,
                name=Message("noise with {objective}, image {n}", objective=objective, n=n),
            )
        seen = student.inspect(made.model_predictions, x_t, t, {"extra": 0.5})
        expect_unchanged(seen, x_t, t, {"extra": 0.5})
        expect_device(student, made.model_predictions, x_t, t)
        expect_modes_kept(student, made, made.model_predictions, x_t, t)
    answer = 3 * rng.normal(6, 2, 3, 5, dtype=torch.float32)
    fixed = helper.Fixed(answer)
    ddpm(student, fixed, betas, objective="pred_x_start").model_predictions(x_t, t)
    expect_equal(fixed.answer, answer, name="the tensor that the model returned, afterwards", mistakes={
        "The model's answer was clamped in place; the tensor belongs to the model. Use clamp, not clamp_.":
            answer.clamp(-1, 1),
    })  # fmt: skip


@task("DDPM.p_sample", share="2/7", loans=LOANS_OF_PREDICTIONS)
def check_the_last_step_back_adds_no_noise(student, rng):
    """At t = 0 the result is the clamped predicted image, for any noise; inputs are unchanged."""
    betas, x_t, noise = rng.uniform(4, low=0.05, high=0.3), rng.normal(3, 2, 3, 4), 50 * rng.normal(3, 2, 3, 4)
    slope, offset = 2 * rng.normal(4), rng.normal(4)
    helper = student.define(HELPERS)
    made = ddpm(student, helper.Linear(slope, offset, 2), betas, objective="pred_x_start")
    expected = (slope[0] * x_t + offset[0]).clamp(-1, 1)
    last = "At t = 0 the posterior's standard deviation is 0, so that std * noise adds nothing: use it as it is."
    expect_close(made.p_sample(x_t, 0, noise=noise), expected, atol=1e-5, name="with noise", hint=last)
    expect_close(made.p_sample(x_t, 0), expected, atol=1e-5, name="without noise", hint=last)
    of_image, of_x_t, _ = posterior(betas, 2)
    mean = of_image * (slope[2] * x_t + offset[2]).clamp(-1, 1) + of_x_t * x_t
    zeros = "Noise of zeros is used like any other: draw noise only if it is None."
    expect_close(made.p_sample(x_t, 2, noise=0 * x_t), mean, atol=1e-5, name="with noise", hint=zeros)
    seen = student.inspect(made.p_sample, x_t, 2, {"extra": 0.5}, noise)
    expect_unchanged(seen, x_t, 2, {"extra": 0.5}, noise)
    expect_equal(helper.tracked(made.p_sample, x_t, 2), False, name="requires_grad of the result")
    judge_bfloat16(made.p_sample(x_t.bfloat16(), 2), x_t.shape, Message("a step back"))
    expect_device(student, made.p_sample, x_t, 2)
    expect_modes_kept(student, made, made.p_sample, x_t, 2)


@task("DDPM.p_sample", share="2/7", any_dtype=True, loans=LOANS_OF_PREDICTIONS)
def check_noise_of_a_step_back_is_fresh(student, rng):
    """Without given noise, a step adds new normal noise with the posterior's standard deviation to each pixel."""
    betas, x_t = rng.uniform(9, low=0.05, high=0.4), rng.normal(400, 2, 5, 5)
    slope, offset = ideal(betas, 0.1, 0.15)
    made = ddpm(student, student.define(HELPERS).Linear(slope, offset, 2), betas, objective="pred_x_start")
    drawn: dict[str, Tensor] = {}
    for call, time in enumerate((8, 4, 1, 1), start=1):
        of_image, of_x_t, std = posterior(betas, time)
        stepped = made.p_sample(x_t, time)
        expect_shape(stepped, x_t.shape)
        mean = of_image * (slope[time] * x_t + offset[time]).clamp(-1, 1) + of_x_t * x_t
        drawn[Message("the noise of call {call}", call=call)] = z = (stepped - mean) / std
        judge_normal(z, Message("the noise at t = {time}", time=time))
    judge_fresh(drawn)


@task("DDPM.sample", share=50, any_dtype=True, loans=LOANS_OF_STEPS)
def check_law_of_what_is_sampled(student, rng):
    """With an ideal model, start and steps have independent noise, and samples the right mean and variance."""
    betas, mean, spread = rng.uniform(9, low=0.1, high=0.5), 0.1, 0.15
    slope, offset = ideal(betas, mean, spread)
    helper = student.define(HELPERS)
    model = helper.Linear(slope, offset, 3)
    made = ddpm(student, model, betas, size=5, objective="pred_x_start")
    path = made.sample(600, return_all_timesteps=True)
    expect_shape(path, (600, 10, 3, 5, 5))
    path = torch.stack([*model.seen, 2 * path[:, -1] - 1], dim=1).double()  # the frames themselves may be clamped
    expect_shape(path, (600, 10, 3, 5, 5), name="the inputs of the model, and the images")
    drawn = {Message("the noise at the beginning"): path[:, 0]}

    centre, variance = 0.0, 1.0  # of x_t, updated step by step
    for step, t in enumerate(range(8, -1, -1)):
        of_image, of_x_t, std = posterior(betas, t)
        x_t, a, b = path[:, step], float(slope[t]), float(offset[t])
        rest = path[:, step + 1] - of_image * (a * x_t + b).clamp(-1, 1) - of_x_t * x_t
        if t:
            drawn[Message("the noise of step t = {t}", t=t)] = rest / std
        else:
            expect(float(rest.abs().max()) < 1e-4, "The last step adds noise.")
        centre = (of_image * a + of_x_t) * centre + of_image * b
        variance = (of_image * a + of_x_t) ** 2 * variance + std**2
    for what, z in drawn.items():
        judge_normal(z, what)
    judge_fresh(drawn)
    images, count = path[:, -1], path[:, -1].numel()
    found = float(images.var())
    near = abs(found / variance - 1) < 6 * (2 / count) ** 0.5
    expect(
        near,
        Message(
            "The variance of the samples is {found:.5f}; it must be {variance:.5f}.", found=found, variance=variance
        ),
    )
    near = abs(float(images.mean()) - centre) < 6 * (variance / count) ** 0.5
    expect(
        near,
        Message(
            "The mean of the samples is {mean:.5f}; it must be {centre:.5f}.",
            mean=float(images.mean()),
            centre=centre,
        ),
    )
    expect(not any(model.graphs), "Sampling builds a graph of all steps: use torch.no_grad.")
    expect_device(student, made.sample, 2)
    expect_modes_kept(student, made, made.sample, 2)
