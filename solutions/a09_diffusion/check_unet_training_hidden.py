"""Hidden checks that train a tiny U-Net on glyphs of 8 x 8 pixels: it must denoise, and guidance must work."""

import math

import torch
from torch import Tensor
from torch.nn import functional as F

from autograder import expect, expect_shape, task
from common.nets.classifier import train_classifier

TRAIN = """
import torch
from torch.nn import functional as F

BATCH, RATE = 64, 6e-3

def steps(model, count):
    optimizer = torch.optim.AdamW(model.parameters(), lr=RATE, fused=True)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, RATE, total_steps=count, pct_start=0.2)
    for _ in range(count):
        optimizer.zero_grad()
        yield
        optimizer.step()
        schedule.step()

def denoise(Unet, noisy, time, condition, noise, held_noisy, held_time, held_condition):
    torch.manual_seed(0)
    model = Unet(8, 10, dim_mults=(1, 1), channels=1, uncond_prob=0.0).to(noisy.device)
    for n, _ in enumerate(steps(model, len(noisy) // BATCH)):
        rows = slice(BATCH * n, BATCH * (n + 1))
        predicted = model(noisy[rows], time[rows], {"text_emb": condition[rows]})
        F.mse_loss(predicted, noise[rows]).backward()
    model.eval()
    with torch.no_grad():
        return model(held_noisy, held_time, {"text_emb": held_condition})

def learn(Unet, noisy, time, condition, images, weights):
    torch.manual_seed(0)
    model = Unet(8, 10, dim_mults=(2,), channels=1, uncond_prob=0.15).to(images.device)
    for n, _ in enumerate(steps(model, len(noisy) // BATCH)):
        rows = slice(BATCH * n, BATCH * (n + 1))
        predicted = model(noisy[rows], time[rows], {"text_emb": condition[rows]})
        (weights[rows, None, None, None] * (predicted - images[rows]) ** 2).mean().backward()
    return model.eval()

def predict(model, x, time, model_kwargs):
    with torch.no_grad():
        return model(x, time, model_kwargs)
"""


def small(images: Tensor) -> Tensor:
    """Shrink 28 x 28 to 8 x 8: a border of 2 pixels, then means of 4 x 4."""
    return F.avg_pool2d(F.pad(images, (2, 2, 2, 2)), 4)


def large(images: Tensor) -> Tensor:
    """Enlarge 8 x 8 to 28 x 28, the size for the classifier."""
    return F.interpolate(images, scale_factor=4)[:, :, 2:-2, 2:-2].clamp(0, 1)


def one_hot(labels: Tensor) -> Tensor:
    """Return one-hot classes, about as large as the embedding of time."""
    return 3 * F.one_hot(labels, 10).float()


def noised(rng, images: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Return noisy images, their times (of 100, on a cosine schedule), and the noise in them."""
    t = rng.integers(0, 100, len(images))
    left, noise = left_at(t).reshape(-1, 1, 1, 1), rng.normal(*images.shape)
    return (left.sqrt() * images + (1 - left).sqrt() * noise).float(), t, noise.float()


def left_at(t: Tensor) -> Tensor:
    """Return alpha bar of a cosine schedule with 100 times; 1 at t = -1."""
    return ((t + 1).double() / 100 * math.pi / 2).cos().square().clamp(min=1e-5)


def draw(predict, model, begin: Tensor, model_kwargs: dict) -> Tensor:
    """Draw images in [-1, 1] from noise in ten steps without new noise; the model predicts images."""
    x = begin
    for t in range(99, -1, -10):
        left, after = left_at(torch.tensor(t)).float(), left_at(torch.tensor(t - 10)).float()
        times = torch.full((len(x),), t, device=x.device)
        image = predict(model, x, times, model_kwargs)
        expect_shape(image, x.shape, name="the prediction of the network")
        image = image.float().clamp(-1, 1)
        x = after.sqrt() * image + (1 - after).sqrt() * (x - left.sqrt() * image) / (1 - left).sqrt()
    return x


@task("Unet.forward", points=2, seconds=600)
def check_unet_learns_to_denoise(student, rng, data, score):
    """Trained for 160 steps on glyphs of 8 x 8 pixels, a U-Net removes noise from new glyphs."""
    split = data(num_train=2048, num_test=500, name="glyphs")
    x, y, held = 2 * small(split.x_train) - 1, split.y_train, 2 * small(split.x_test) - 1
    rows = torch.cat([rng.permutation(len(x)) for _ in range(5)])
    x, y = x[rows], y[rows]
    noisy, t, noise = noised(rng, x)
    held_noisy, held_t, held_noise = noised(rng, held)
    inputs = (noisy, t, one_hot(y), noise, held_noisy, held_t, one_hot(split.y_test))
    predicted = student.define(TRAIN).denoise(student.Unet, *inputs)
    expect_shape(predicted, held.shape)
    score(float((predicted - held_noise).double().square().mean()), "loss", higher_is_better=False)


@task("Unet.cfg_forward", points=2, seconds=600)
def check_guided_glyphs_are_recognised(student, rng, data, score):
    """After 420 training steps, glyphs sampled with guidance are recognised, and more often than without."""
    split = data(num_train=3000, num_test=500, name="glyphs")
    x, wanted = small(split.x_train), rng.permutation(400) % 10
    rows = torch.cat([rng.permutation(len(x)) for _ in range(9)])
    images = 2 * x[rows] - 1
    noisy, t, _ = noised(rng, images)
    weights = (left_at(t) / (1 - left_at(t))).clamp(max=5.0).float()
    helper = student.define(TRAIN)
    model = helper.learn(student.Unet, noisy, t, one_hot(split.y_train[rows]), images, weights)
    begin, kwargs = rng.normal(400, 1, 8, 8, dtype=torch.float32), {"text_emb": one_hot(wanted)}
    plain, guided = (
        draw(helper.predict, model, begin, options) / 2 + 0.5 for options in (kwargs, {**kwargs, "cfg_scale": 3.0})
    )
    classifier = train_classifier(large(x), split.y_train, epochs=4)

    def recognised(images: Tensor) -> float:
        expect_shape(images, (400, 1, 8, 8))
        expect(bool(images.isfinite().all()), "Some sampled pixels are not finite.")
        return float((classifier(large(images.float())).argmax(dim=1) == wanted).double().mean())

    without, with_guidance = recognised(plain), recognised(guided)
    score(with_guidance, "share of guided glyphs that are recognised")
    score(with_guidance - without, "gain by guidance")
