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

def draw(Unet, GaussianDiffusion, images, condition, wanted, scale):
    torch.manual_seed(0)
    model = Unet(8, 10, dim_mults=(2,), channels=1, uncond_prob=0.15)
    diffusion = GaussianDiffusion(
        model, image_size=8, timesteps=100, objective="pred_x_start", beta_schedule="sigmoid", min_snr_gamma=5.0
    ).to(images.device)
    rows = torch.cat([torch.randperm(len(images)) for _ in range(9)]).to(images.device)
    for n, _ in enumerate(steps(model, len(rows) // BATCH)):
        chosen = rows[BATCH * n : BATCH * (n + 1)]
        diffusion.p_losses(images[chosen], {"text_emb": condition[chosen]}).backward()
    model.eval()
    noise = torch.randn(len(wanted), 1, 8, 8, device=images.device)
    plain = diffusion.ddim_sample(len(wanted), 10, model_kwargs={"text_emb": wanted}, noise=noise)
    guided = diffusion.ddim_sample(len(wanted), 10, model_kwargs={"text_emb": wanted, "cfg_scale": scale}, noise=noise)
    return plain, guided
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
    angle = ((t + 1).double() / 100 * math.pi / 2).reshape(-1, 1, 1, 1)
    noise = rng.normal(*images.shape)
    return (angle.cos() * images + angle.sin() * noise).float(), t, noise.float()


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
    helper = student.define(TRAIN + "\nfrom diffusion import GaussianDiffusion\n")
    plain, guided = helper.draw(student.Unet, helper.GaussianDiffusion, x, one_hot(split.y_train), one_hot(wanted), 3.0)
    classifier = train_classifier(large(x), split.y_train, epochs=4)

    def recognised(images: Tensor) -> float:
        expect_shape(images, (400, 1, 8, 8))
        expect(bool(images.isfinite().all()), "Some sampled pixels are not finite.")
        return float((classifier(large(images.float())).argmax(dim=1) == wanted).double().mean())

    without, with_guidance = recognised(plain), recognised(guided)
    score(with_guidance, "share of guided glyphs that are recognised")
    score(with_guidance - without, "gain by guidance")
