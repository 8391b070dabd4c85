"""Hidden check of a trained generator: recognised and varied samples, near the real images but not copies of them."""

import math
from functools import lru_cache

import torch
from oracles import expect_built_as, upwards
from torch import Tensor

from autograder import expect, task
from autograder.probes.layers import replay
from common.data import Split, load
from common.nets.classifier import Classifier, frechet_distance, train_classifier

SAMPLES = 1000
ITERATIONS, BATCH = 250, 32

TRAIN = """
import torch
from autograder.probes.layers import tables

def train(images, steps, batch):
    D, G = student.build_dc_classifier().to(images), student.build_dc_generator().to(images)
    optimizers = student.get_optimizer(D), student.get_optimizer(G)

    def noise(rows):
        return student.sample_noise(rows, 96, dtype=images.dtype, device=images.device)

    for _ in range(steps):
        real = images[torch.randint(len(images), (batch,), device=images.device)]
        student.discriminator_step(D, G, optimizers[0], student.discriminator_loss, real, noise(batch))
        student.generator_step(D, G, optimizers[1], student.generator_loss, noise(batch))
    return tables(G, noise(batch))
"""


@lru_cache(maxsize=2)
def classifier(name: str) -> Classifier:
    """Train the same classifier in every run, on generated images that no check uses."""
    known = load(name, num_train=3000, num_test=0, seed=7)
    return train_classifier(known.x_train, known.y_train)


def draw_samples(student, rng, split: Split) -> Tensor:
    """Train a convolutional pair on the training images, and draw samples. (SAMPLES, 1, 28, 28) in [0, 1]

    The grader's own network draws them, with the trained weights and its own noise: a student's code cannot return
    images from elsewhere.
    """
    weights = student.define(TRAIN).train(2 * split.x_train.flatten(1) - 1, ITERATIONS, BATCH)
    batches = (2 * rng.uniform(SAMPLES, 96) - 1).float().split(100)
    expect_built_as(upwards, weights, batches[0], train=True)
    painted = [replay(upwards, weights, noise, train=True) for noise in batches]
    samples = torch.cat(painted).tanh()
    expect(bool(torch.isfinite(samples).all()), "The samples are not all numbers.")
    return (samples.reshape(-1, 1, 28, 28) + 1) / 2


def inception_score(p: Tensor) -> float:
    """Return exp of the mean KL(p(y | x) || p(y)), Salimans et al. 2016: from 1 to the number of classes."""
    return float((p * (p / p.mean(dim=0)).clamp(min=1e-12).log()).sum(dim=1).mean().exp())


def nearest(images: Tensor, known: Tensor) -> float:
    """Return the median distance of the images to their nearest known image."""
    return float(torch.cdist(images.flatten(1), known.flatten(1)).min(dim=1).values.median())


@task("generator_step", points=3, seconds=600)
def check_samples_are_recognised_and_varied(student, rng, data, score):
    """After 250 iterations, samples are recognised, vary, resemble real images, and copy no training image."""
    split = data(num_train=2000, num_test=1000, name="glyphs")
    samples = draw_samples(student, rng, split)
    model = classifier(split.name).to(samples.device)
    probabilities = model.logits(samples).double().softmax(dim=1)
    shares = probabilities.mean(dim=0)
    score(inception_score(probabilities), "inception score")
    score(math.exp(-float((shares * shares.clamp(min=1e-12).log()).sum())), "number of classes seen")
    distance = frechet_distance(model.features(samples), model.features(split.x_test))
    score(distance, "Fréchet distance", higher_is_better=False)
    apart = nearest(samples, split.x_train) / nearest(split.x_test, split.x_train)
    expect(
        apart > 0.5,
        f"Samples are copies: they are {apart:.2f} times as far from training images as real test images are.",
    )
