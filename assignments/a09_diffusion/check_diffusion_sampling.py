"""Public checks of the loss and of sampling, with a linear model, for which everything has a closed form."""

from itertools import pairwise

import torch
from oracles import TOY, ddim, ddpm, implied, left_after, per_image, posterior
from oracles_loans import LOANS_OF_PREDICTIONS, LOANS_OF_PROCESS, LOANS_OF_STEPS
from torch import Tensor

from autograder import Message, expect, expect_close, expect_equal, expect_shape, expect_unchanged, explain_errors, task


def toy(student, rng, timesteps: int, scale: float = 1.0, dtype: torch.dtype = torch.float64):
    """Make a linear model with random coefficients; return its handle, and the same model as a function here."""
    slope, offset = (scale * rng.normal(timesteps, dtype=dtype) for _ in range(2))

    def model(x: Tensor, t: Tensor) -> Tensor:
        return slope[t].reshape(-1, 1, 1, 1) * x + offset[t].reshape(-1, 1, 1, 1)

    return student.define(TOY).Linear(slope, offset, 2), model


SHAPED = {
    "must match the size": "Every image has its own t and weight: extract(table, t, x) shapes the entries so that they "
    "multiply images, (N, 1, 1, 1)."
}
TIMES = {"'int' object": "The methods want one time for each image: torch.full((len(x_t),), t, device=x_t.device)."}


@task("loss_weight", share=50, any_dtype=True)
def check_weights_make_both_objectives_the_same(student, rng):
    """Without gamma the weight is 1 for predicted noise, and the signal-to-noise ratio for predicted images."""
    left = rng.uniform(9, low=0.001, high=0.999)
    ratio = torch.stack([share / (1 - share) for share in left])
    expect_close(student.loss_weight(left, "pred_noise"), torch.ones_like(left), name="pred_noise", mistakes={
        "This is the weight for predicted images; for predicted noise it is divided by the SNR.": ratio,
    })  # fmt: skip
    expect_close(student.loss_weight(left, "pred_x_start"), ratio, name="pred_x_start", mistakes={
        "This is 1 / SNR.": 1 / ratio,
        "This is alpha bar / sqrt(1 - alpha bar).": left / (1 - left).sqrt(),
    })  # fmt: skip


@task("DDPM.p_losses", share="3/8", any_dtype=True, loans=LOANS_OF_PROCESS)
def check_loss_of_predicted_noise(student, rng):
    """With given t and noise, the loss is the mean squared error of the noise for images in [-1, 1]; t may be drawn."""
    betas = rng.uniform(8, low=0.02, high=0.4)
    handle, model = toy(student, rng, 8)
    for batch in (5, 1):
        images, noise, t = rng.uniform(batch, 2, 3, 4), rng.normal(batch, 2, 3, 4), rng.permutation(8)[:batch]
        with explain_errors(SHAPED):
            loss = ddpm(student, handle, betas).p_losses(images, model_kwargs={"extra": 0.25}, t=t, noise=noise)

        left, x = per_image(left_after(betas), t, noise), 2 * images - 1
        mixed, plain = (left.sqrt() * start + (1 - left).sqrt() * noise for start in (x, images))
        error, unmapped = (model(mixed, t) + 0.25 - noise) ** 2, (model(plain, t) + 0.25 - noise) ** 2
        expect_close(loss, error.mean(), mistakes={
            "Images in [0, 1] must be mapped to [-1, 1] before noise is added.": unmapped.mean(),
            "model_kwargs did not reach the model.": ((model(mixed, t) - noise) ** 2).mean(),
            "This is a sum; take the mean over all pixels.": error.sum(),
            "This sums over the pixels of an image; take the mean over all pixels and images.": error.sum() / batch,
            "The error is not squared.": error.sqrt().mean(),
            "The prediction was compared with the image; the objective is pred_noise.":
                ((model(mixed, t) + 0.25 - x) ** 2).mean(),
        })  # fmt: skip
    with explain_errors(SHAPED):
        ddpm(student, handle, betas).p_losses(rng.uniform(40, 2, 3, 4))
    expect(
        len(set(handle.times[-1])) > 1,
        "No t was given, and all 40 images have the same time.",
        "Draw a time for each image: torch.randint(self.num_timesteps, (len(x_start),)).",
    )


@task("DDPM.p_losses", share="1/8", any_dtype=True, loans=LOANS_OF_PROCESS)
def check_loss_of_predicted_images(student, rng):
    """With the objective pred_x_start the prediction is compared with the image, weighted by the SNR."""
    betas, images, noise = rng.uniform(8, low=0.02, high=0.4), rng.uniform(5, 2, 3, 4), rng.normal(5, 2, 3, 4)
    t = rng.permutation(8)[:5]
    handle, model = toy(student, rng, 8)
    loss = ddpm(student, handle, betas, objective="pred_x_start").p_losses(images, model_kwargs={}, t=t, noise=noise)

    left = per_image(left_after(betas), t, noise)
    x = 2 * images - 1
    error = (model(left.sqrt() * x + (1 - left).sqrt() * noise, t) - x) ** 2
    expect_close(loss, (left / (1 - left) * error).mean(), mistakes={
        "The weight is missing.": error.mean(),
        "Take the plain mean: do not divide by the weights.":
            (left / (1 - left) * error).mean() / (left / (1 - left)).mean(),
        "The prediction was compared with the noise; the objective is pred_x_start.":
            lambda: (left / (1 - left) * (model(left.sqrt() * x + (1 - left).sqrt() * noise, t) - noise) ** 2).mean(),
    })  # fmt: skip


def judge_predictions(student, rng, scale: float):
    """Compare the predictions for both objectives."""
    betas, x_t = rng.uniform(8, low=0.05, high=0.3), scale * rng.normal(5, 2, 3, 4)
    t = rng.permutation(8)[:5]
    left = per_image(left_after(betas), t, x_t)
    for objective in ("pred_noise", "pred_x_start"):
        handle, model = toy(student, rng, 8, scale)
        made = ddpm(student, handle, betas, objective=objective)
        noise, image = made.model_predictions(x_t, t)
        right, free = (implied(model(x_t, t), x_t, left, objective, most) for most in (1.0, 1e9))
        expect_close(image, right[1],
                     name=Message("x_start with {objective}", objective=objective), atol=1e-5, mistakes={
            "The image is not clamped to [-1, 1].": free[1], 
            "Noise and image are swapped: look at their order, and at the objective.": right[0],
            "The image was clamped to [0, 1]; inside the class, pixels are in [-1, 1].": free[1].clamp(0, 1),
            "The image goes through clamp, not through tanh.": free[1].tanh(),
            "The objective was not looked at: for pred_x_start, the model predicts the image.":
                implied(model(x_t, t), x_t, left, "pred_noise")[1] if objective == "pred_x_start" else None,
        })  # fmt: skip
        expect_close(noise, right[0], name=Message("noise with {objective}", objective=objective), atol=1e-5, mistakes={
            "The noise does not fit the clamped image: compute it again from the clamped image.": free[0],
        }, hint="Both must fit x_t: predict_noise_from_start(x_t, t, x_start) computes the noise.")  # fmt: skip


@task("DDPM.model_predictions", share="1/3", any_dtype=True, loans=LOANS_OF_PROCESS)
def check_predictions_follow_from_each_other(student, rng):
    """For both objectives, noise and image are returned, in this order, and fit x_t."""
    judge_predictions(student, rng, 0.05)


@task("DDPM.model_predictions", share="1/3", any_dtype=True, loans=LOANS_OF_PROCESS)
def check_believed_images_are_clamped(student, rng):
    """A predicted image beyond [-1, 1] is clamped, and the noise is computed again from it."""
    judge_predictions(student, rng, 2.0)


@task("DDPM.p_sample", share="3/7", any_dtype=True, loans=LOANS_OF_PREDICTIONS)
def check_a_step_back_is_drawn_from_the_posterior(student, rng):
    """With given noise, a step back is the posterior's mean plus its standard deviation times the noise."""
    betas, x_t, noise = rng.uniform(8, low=0.05, high=0.3), rng.normal(3, 2, 4, 4), rng.normal(3, 2, 4, 4)
    for objective, time, kwargs, dtype in (
        ("pred_noise", 5, {"extra": 0.25}, torch.float64), ("pred_x_start", 3, {}, torch.float32)
    ):  # fmt: skip
        handle, model = toy(student, rng, 8, 0.5)
        made = ddpm(student, handle, betas, objective=objective)
        with explain_errors(TIMES):
            stepped, again = (
                made.p_sample(x_t.to(dtype), time, model_kwargs=kwargs, noise=noise.to(dtype)) for _ in range(2)
            )
        drawn = isinstance(stepped, Tensor) and isinstance(again, Tensor) and not torch.equal(stepped, again)

        of_image, of_x_t, std = posterior(betas, time)
        answer, left = model(x_t, torch.full((3,), time, device=rng.device)), left_after(betas)[time]
        with_extra = answer + kwargs.get("extra", 0.0)
        clamped, free = (implied(with_extra, x_t, left, objective, most)[1] for most in (1.0, 1e9))
        mean = of_image * clamped + of_x_t * x_t
        without_extra = of_image * implied(answer, x_t, left, objective)[1]
        expect_close(stepped, (mean + std * noise).to(dtype), name=objective, atol=1e-5, mistakes={
            "The predicted image is not clamped to [-1, 1].": of_image * free + of_x_t * x_t + std * noise,
            "model_kwargs did not reach the model.": without_extra + of_x_t * x_t + std * noise,
            "The noise is multiplied by the variance; multiply by the standard deviation.": mean + std**2 * noise,
            "The standard deviation is sqrt(beta); use the posterior's.": mean + float(betas[time]) ** 0.5 * noise,
            "No noise is added.": mean,
            "Nothing is mapped to [0, 1] here: sample does this at the end.": (mean + std * noise + 1) / 2,
            "The mean is mapped to [0, 1] here; sample does this at the end.": (mean + 1) / 2 + std * noise,
            "The given noise was not used.": stepped if drawn else None,
            "model_predictions returns the noise first, then x_start: the posterior needs x_start.":
                of_image * implied(with_extra, x_t, left, objective)[0] + of_x_t * x_t + std * noise,
            "x_start and x_t are swapped in the posterior.": of_image * x_t + of_x_t * clamped + std * noise,
        })  # fmt: skip


def expect_images(images, shape: tuple[int, ...]) -> None:
    """Expect images of this shape, in the dtype of a model with float32 weights."""
    expect_shape(images, shape)
    expect_equal(str(images.dtype), "torch.float32", name="the dtype of the images", mistakes={
        "The tables are float64, networks are not: draw the first noise in float32.": "torch.float64",
    })  # fmt: skip


def is_clamped(images: Tensor) -> bool:
    """Say whether all pixels are in [0, 1]."""
    return bool(((images >= 0) & (images <= 1)).all())


@task("DDPM.sample", share=50, loans=LOANS_OF_STEPS)
def check_sampling_walks_all_steps(student, rng):
    """Sampling begins with new noise, visits every time from T - 1 to 0 and returns images in [0, 1]."""
    betas = rng.uniform(7, low=0.05, high=0.3)
    handle, model = toy(student, rng, 7, dtype=torch.float32)
    made = ddpm(student, handle, betas, objective="pred_x_start")
    steps = made.sample(3, return_all_timesteps=True, model_kwargs={"extra": 0.5})
    if isinstance(steps, Tensor):
        expect(
            tuple(steps.shape) != (8, 3, 2, 4, 4),
            "The steps are the first axis.",
            hint="Stack them with dim=1: (N, T + 1, C, S, S).",
        )
        expect(
            tuple(steps.shape) != (3, 7, 2, 4, 4),
            "There are 7 images on the way; for 7 steps there should be 8.",
            hint="The noise at the beginning is the first of them, and the step at t = 0 gives the last.",
        )
        expect(
            tuple(steps.shape) != (3, 8, 3, 4, 4),
            "The images have three channels; they must have self.channels, here 2.",
            hint="The first noise has the shape (N, self.channels, S, S).",
        )
    expect_images(steps, (3, 8, 2, 4, 4))
    times = list(handle.times)
    expect_equal(times, [[t] * 3 for t in range(6, -1, -1)], name="the times of the model's calls", mistakes={
        "Begin with the last time, T - 1, and go down to 0.": [[t] * 3 for t in range(7)],
        "The step at t = 0 is missing.": [[t] * 3 for t in range(6, 0, -1)],
    })  # fmt: skip
    expect_equal(list(handle.extras), [0.5] * 7, name='model_kwargs["extra"] in the model\'s calls, step by step')
    seen = torch.stack(list(handle.seen), dim=1)  # (3, 7, 2, 4, 4), in [-1, 1]
    frames = (seen + 1) / 2  # noisy images lie outside [0, 1], and may be clamped
    frames = frames.clamp(0, 1) if is_clamped(steps) else frames
    expect_close(steps[:, :7], frames, atol=1e-5, name="the images of all steps", mistakes={
        "They must be mapped from [-1, 1] to [0, 1].": seen,
        "They must be in the order from the noise to the images.":
            torch.cat([steps[:, :1], frames.flip(1)[:, :6]], dim=1),
        "They were mapped to [0, 1] twice.": ((seen + 1) / 2 + 1) / 2,
    })  # fmt: skip
    image = (model(seen[:, 6], torch.zeros(3, dtype=torch.int64, device=rng.device)) + 0.5).clamp(-1, 1)
    expect_close(steps[:, 7], (image + 1) / 2, atol=1e-5, name="the images of the last step")

    plain = [made.sample(2, model_kwargs={}), made.sample(2)]
    expect_equal(len(list(handle.seen)), 21, name="the number of calls of the model in 3 x 7 steps")
    for images, (first, *_, last) in zip(plain, (handle.seen[7:14], handle.seen[14:]), strict=True):
        expect_images(images, (2, 2, 4, 4))
        image = model(last, torch.zeros(2, dtype=torch.int64, device=rng.device)).clamp(-1, 1)
        expect_close(images, (image + 1) / 2, atol=1e-5, name="the images, without all steps", mistakes={
            "They must be mapped from [-1, 1] to [0, 1].": image,
            "This is the noise at the beginning.": (first + 1) / 2,
        })  # fmt: skip
    expect(
        bool((handle.seen[7] != handle.seen[14]).any()), "Two calls begin with the same noise; draw new noise in each."
    )


@task("GaussianDiffusion.ddim_step", share="3/7", any_dtype=True, loans=LOANS_OF_PREDICTIONS)
def check_ddim_step_without_noise(student, rng):
    """With eta = 0, a step mixes the predicted image and noise by the weights of the earlier time."""
    betas, x_t = rng.uniform(9, low=0.05, high=0.3), rng.normal(3, 2, 4, 4)
    handle, model = toy(student, rng, 9)
    made = ddim(student, handle, betas)
    for time, earlier in ((7, 6), (8, 2), (4, 0), (3, -1)):
        left, last = left_after(betas)[time], left_after(betas)[-1]
        after = left_after(betas)[earlier] if earlier >= 0 else 1.0
        answer = model(x_t, torch.full((3,), time, device=rng.device))
        noise, image = implied(answer, x_t, left, "pred_noise")
        expect_close(made.ddim_step(x_t, time, earlier), after**0.5 * image + (1 - after) ** 0.5 * noise, mistakes={
            "Use alpha bar of t_next, not of t.": x_t,
            "The factor of the image is the root of alpha bar of t_next.":
                left**0.5 * image + (1 - after) ** 0.5 * noise,
            "The factor of the noise has alpha bar of t_next, not of t.":
                after**0.5 * image + (1 - left) ** 0.5 * noise,
            "The square roots are missing.": after * image + (1 - after) * noise,
            "The step ends at t_next, not at t - 1.":
                left_after(betas)[time - 1] ** 0.5 * image + (1 - left_after(betas)[time - 1]) ** 0.5 * noise,
            "The square root of alpha bar is missing.": after * image + (1 - after) ** 0.5 * noise,
            "The image was computed from the noise without the clamp; use both results of model_predictions.":
                after**0.5 * implied(answer, x_t, left, "pred_noise", 1e9)[1] + (1 - after) ** 0.5 * answer,
            "The square root of 1 - alpha bar is missing.": after**0.5 * image + (1 - after) * noise,
            "The step to -1 ends at the image: alpha bar is 1 there. The table's entry -1 is its last one.":
                last**0.5 * image + (1 - last) ** 0.5 * noise,
        }, name=Message("from {time} to {earlier}", time=time, earlier=earlier), atol=1e-5)  # fmt: skip


@task("GaussianDiffusion.ddim_sample", share=40, loans=LOANS_OF_STEPS)
def check_ddim_without_noise_is_the_same_every_time(student, rng):
    """With eta = 0 and a given x_T, the images are always the same, in the given number of steps; else x_T is drawn."""
    betas, begin = rng.uniform(24, low=0.02, high=0.2), rng.normal(3, 2, 4, 4)
    handle, _ = toy(student, rng, 24, 0.1, torch.float32)
    made, kwargs = ddim(student, handle, betas), {"extra": 0.1}
    steps = made.ddim_sample(3, 6, return_all_timesteps=True, model_kwargs=kwargs, noise=begin)
    expect_shape(steps, (3, 7, 2, 4, 4))
    expect_close(handle.seen[0], begin, name="the first input of the model", mistakes={
        "The given noise is x_T as it is; it was mapped like an image.": 2 * begin - 1,
        "The given noise was not used: it is x_T.": handle.seen[0],
    })  # fmt: skip
    seen = student.inspect(made.ddim_sample, 3, 6, 0.0, False, kwargs, begin)
    expect_close(seen.value, steps[:, 6], name="the images from the same noise, without all steps", mistakes={
        "The images must be mapped from [-1, 1] to [0, 1].": 2 * steps[:, 6] - 1,
        "This is the noise at the beginning.": steps[:, 0],
    })  # fmt: skip
    expect_unchanged(seen, 3, 6, 0.0, False, kwargs, begin)
    times = [row[0] for row in handle.times]
    expect_equal(len(times), 12, name="the number of calls of the model in 2 x 6 steps")
    expect_equal(times[:6], times[6:], name="the times of both runs")
    expect_equal(times[0], 23, name="the first time")
    gaps = [a - b for a, b in pairwise(times[:6])]
    expect(
        max(gaps) - min(gaps) <= 1 and 3 <= min(gaps) <= 5,
        Message("The times {times} are not evenly spaced.", times=times[:6]),
    )
    expect_equal(list(handle.extras), [0.1] * 12, name='model_kwargs["extra"] in the model\'s calls, step by step')

    for images in (made.ddim_sample(2, 3, model_kwargs={}), made.ddim_sample(2, 3)):
        expect_images(images, (2, 2, 4, 4))
    expect_equal(len(list(handle.seen)), 18, name="the number of calls of the model in 2 x 6 and 2 x 3 steps")
    expect(
        bool((handle.seen[12] != handle.seen[15]).any()), "Two calls begin with the same noise; draw new noise in each."
    )
    noisy = made.ddim_sample(3, 6, eta=1.0, return_all_timesteps=True, model_kwargs=kwargs, noise=begin)
    expect_shape(noisy, (3, 7, 2, 4, 4))
    expect(
        not torch.equal(noisy[:, 1], steps[:, 1]),
        "With eta = 1 the first step gives the same images as with eta = 0.",
        "Pass eta on to ddim_step.",
    )
