"""Hidden checks of trained generators: are samples recognised, varied, near the real images, and not copies of them?"""

import math
from functools import lru_cache

import torch
from torch import Tensor

from autograder import expect, expect_shape, task
from common.data import Split, load
from common.recogniser import Recogniser, frechet_distance, train_recogniser

SAMPLES = 1000

TRAIN = """
import torch
import gan

def train(images, steps, batch, count, discriminator_loss, generator_loss):
    D, G = gan.build_dc_classifier().to(images), gan.build_dc_generator().to(images)
    optimizers = gan.get_optimizer(D), gan.get_optimizer(G)

    def noise(rows):
        return gan.sample_noise(rows, 96, dtype=images.dtype, device=images.device)

    for _ in range(steps):
        real = images[torch.randint(len(images), (batch,), device=images.device)]
        gan.discriminator_step(D, G, optimizers[0], discriminator_loss, real, noise(batch))
        gan.generator_step(D, G, optimizers[1], generator_loss, noise(batch))
    with torch.no_grad():
        return torch.cat([G(noise(100)) for _ in range(count // 100)])
"""


@lru_cache(maxsize=2)
def recogniser(name: str) -> Recogniser:
    """The same in every run: it has seen neither the training nor the test images of a check."""
    known = load(name, num_train=3000, num_test=0, seed=7)
    return train_recogniser(known.x_train, known.y_train)


def draw_samples(student, split: Split, losses: tuple) -> Tensor:
    """Train a convolutional pair on the training images and let it paint. (SAMPLES, 1, 28, 28) in [0, 1]"""
    images = 2 * split.x_train.flatten(1) - 1
    samples = student.define(TRAIN).train(images, 100, 20, SAMPLES, *losses)
    expect_shape(samples, (SAMPLES, 784), name="samples")
    expect(bool(torch.isfinite(samples).all()), "The samples are not all numbers.")
    return (samples.float().clamp(-1, 1).reshape(-1, 1, 28, 28) + 1) / 2


@task("generator_step", points=3, seconds=600)
def check_samples_are_recognised(student, data, score):
    """After 100 turns of the convolutional pair, samples are recognised with confidence, and near real images."""
    split = data(num_train=2000, num_test=1000, name="glyphs")
    samples = draw_samples(student, split, (student.discriminator_loss, student.generator_loss))
    model = recogniser(split.name).to(samples.device)
    confidence = model.logits(samples).softmax(dim=1).max(dim=1).values
    score(float((confidence > 0.9).double().mean()), "share recognised with confidence")
    distance = frechet_distance(model.features(samples), model.features(split.x_test))
    score(distance, "Fréchet distance", higher_is_better=False)


def nearest(images: Tensor, known: Tensor) -> float:
    """The median distance of images to their nearest known one."""
    return float(torch.cdist(images.flatten(1), known.flatten(1)).min(dim=1).values.median())


@task("discriminator_step", points=3, seconds=600)
def check_samples_are_varied(student, data, score):
    """After 100 turns with the least-squares losses, samples cover the classes and are no copies of training images."""
    split = data(num_train=2000, num_test=1000, name="glyphs")
    samples = draw_samples(student, split, (student.ls_discriminator_loss, student.ls_generator_loss))
    model = recogniser(split.name).to(samples.device)
    shares = model.logits(samples).softmax(dim=1).mean(dim=0).double()
    entropy = -float((shares * shares.clamp(min=1e-12).log()).sum())
    score(entropy / math.log(len(shares)), "entropy of the classes seen, of 1")
    distance = nearest(samples, split.x_train) / nearest(split.x_test, split.x_train)
    score(distance, "distance from the training images, of 1 for new real images")
