"""Hidden checks that train a tiny U-Net on symbols of 8 x 8 pixels: it must denoise, and guidance must work."""

import math
from functools import partial

import torch
from oracles_symbols import secret_split, small
from torch import Tensor
from torch.nn import functional as F

from autograder import Message, expect, expect_shape, task
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

def denoise(Unet, noisy, time, condition, noise):
    torch.manual_seed(0)
    model = Unet(8, 10, dim_mults=(1, 1), channels=1, uncond_prob=0.0).to(noisy.device)
    for n, _ in enumerate(steps(model, len(noisy) // BATCH)):
        rows = slice(BATCH * n, BATCH * (n + 1))
        predicted = model(noisy[rows], time[rows], {"text_emb": condition[rows]})
        F.mse_loss(predicted, noise[rows]).backward()
    return model.eval()

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

# Demanded next to the scores. Measured: the reference with six secrets (the last line: two), and what answers from
# training images have.
RECOGNISED = 0.4  # of guided samples: 0.74 to 0.93, MNIST 0.51 to 0.58; it depends on the secret as much as on the net
OTHERS, OTHERS_GIVEN = 0.75, 0.85  # error on other symbols, without and with a condition: 0.44 to 0.63; 1 or more
COPIES, SPREAD = 0.2, 0.3  # copies: 0; 1. Spread, as a part of that of real images: 0.95 and 0.97; 0 for their means


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


def expect_denoises_others(rng, predict, known: Tensor, images: Tensor, *, share: float) -> None:
    """Require an error on slightly noisy images of unknown symbols below this share of what needs no network.

    That is the error of the noisy images, or of a mean of the known images that are like the noisy one: a hand-in that
    answers with images of its training fails. ``predict`` maps noisy images and their times to images.
    """
    errors = {"predicted": 0.0, "known": 0.0, "noisy": 0.0}
    for t in (9, 19):
        left = left_at(torch.tensor(t)).float()
        noisy = left.sqrt() * images + (1 - left).sqrt() * rng.normal(*images.shape, dtype=torch.float32)
        answer = predict(noisy, torch.full((len(images),), t, device=images.device))
        squares = torch.cdist(noisy.flatten(1), left.sqrt() * known.flatten(1)).square()
        shares = torch.softmax(-squares / (2 * (1 - left)), dim=1)
        answers = answer.float(), (shares @ known.flatten(1)).reshape(images.shape), noisy / left.sqrt()
        for name, found in zip(errors, answers, strict=True):
            errors[name] += float((found.clamp(-1, 1) - images).square().mean()) / 2
    limit = share * min(errors["known"], errors["noisy"])
    expect(
        errors["predicted"] < limit,
        Message(
            "The mean squared error on slightly noisy images of symbols that were not in the training is {error:.3g}; "
            "it must be below {limit:.3g}.",
            error=errors["predicted"],
            limit=limit,
        ),
        "The network must remove noise, not answer with images that it has seen.",
    )


def distances(images: Tensor, others: Tensor) -> Tensor:
    """Return the distance of each image to the nearest of the others."""
    return torch.cdist(images.flatten(1), others.flatten(1)).min(dim=1).values


def spread(images: Tensor, labels: Tensor) -> float:
    """Return the mean distance of an image to the mean image of its class."""
    parts = [images[labels == label].flatten(1) for label in labels.unique()]
    return float(torch.cat([(part - part.mean(dim=0)).norm(dim=1) for part in parts]).mean())


def expect_new(samples: Tensor, wanted: Tensor, known: Tensor, held: Tensor, labels: Tensor) -> None:
    """Require samples that differ: from the training images, as most ``held`` images do, and from each other.

    Shapes:
        samples, known, held  (N, 1, 8, 8)  each with its own N
        wanted                the classes of the samples
        labels                the classes of the held images
    """
    close = float(distances(held, known).quantile(0.05))
    copies = float((distances(samples, known) < close).double().mean())
    expect(
        copies < COPIES,
        Message("{copies:.0%} of the guided samples are nearly training images.", copies=copies),
        "The network must draw new images, not images that it has seen.",
    )
    found, right = spread(samples, wanted), spread(held, labels)
    expect(
        found > SPREAD * right,
        Message(
            "Guided samples of one class are nearly the same: their mean distance to the mean of their class is "
            "{found:.2g}, that of real images {right:.2g}.",
            found=found,
            right=right,
        ),
        "Each sample starts from noise of its own, and ends as an image of its own.",
    )


@task("Unet.forward", share=20, seconds=600)
def check_unet_learns_to_denoise(student, rng, data, score):
    """Trained for 64 steps on symbols of 8 x 8 pixels, a U-Net removes noise from new images of these and others."""
    split, others = data(num_train=2048, num_test=500, name="glyphs"), None
    if split.name == "glyphs":  # networks that were trained on other images were not measured
        split, others = secret_split(rng, split)
    x, y, held = 2 * small(split.x_train) - 1, split.y_train, 2 * small(split.x_test) - 1
    passes = score.budget(2, search=[2, 3, 5])
    rows = torch.cat([rng.permutation(len(x)) for _ in range(passes)])
    noisy, t, noise = noised(rng, x[rows])
    helper = student.define(TRAIN)
    model = helper.denoise(student.Unet, noisy, t, one_hot(y[rows]), noise)
    noisy, t, noise = noised(rng, held)
    predicted = helper.predict(model, noisy, t, {"text_emb": one_hot(split.y_test)})
    expect_shape(predicted, held.shape)
    score(float((predicted - noise).double().square().mean()), "loss", higher_is_better=False)

    if others is None:
        return
    given = {"text_emb": one_hot(rng.permutation(len(others)) % 10)}

    def image(noisy: Tensor, t: Tensor) -> Tensor:
        noise, left = helper.predict(model, noisy, t, given), left_at(t).float().reshape(-1, 1, 1, 1)
        expect_shape(noise, noisy.shape, name="the prediction of the network")
        return (noisy - (1 - left).sqrt() * noise.float()) / left.sqrt()

    expect_denoises_others(rng, image, x, 2 * small(others) - 1, share=OTHERS_GIVEN)


@task("Unet.cfg_forward", share="2/6", seconds=600)
def check_guided_glyphs_are_recognised(student, rng, data, score):
    """After 420 training steps, symbols sampled with guidance are recognised, and more often than without."""
    split, others = data(num_train=3000, num_test=500, name="glyphs"), None
    if split.name == "glyphs":
        split, others = secret_split(rng, split)
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

    def answer(options: dict, noisy: Tensor, t: Tensor) -> Tensor:
        image = helper.predict(model, noisy, t, options)
        expect_shape(image, noisy.shape, name="the prediction of the network")
        return image

    without, with_guidance = recognised(plain), recognised(guided)
    score(with_guidance - without, "gain by guidance")
    expect(
        with_guidance > RECOGNISED,
        Message(
            "Of the guided samples, {found:.0%} are recognised; it must be more than {least:.0%}.",
            found=with_guidance,
            least=RECOGNISED,
        ),
    )
    if others is not None:
        held, others = small(split.x_test), 2 * small(others) - 1
        expect_new(guided.float().clamp(0, 1), wanted, x, held, split.y_test)
        for given, share in ((None, OTHERS), (one_hot(wanted), OTHERS_GIVEN)):
            expect_denoises_others(rng, partial(answer, {"text_emb": given}), 2 * x - 1, others, share=share)
