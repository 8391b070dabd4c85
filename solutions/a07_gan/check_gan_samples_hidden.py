"""Hidden check of a trained generator: recognised and varied samples, near the real images but not copies of them."""

from functools import lru_cache

import torch
from oracles import expect_built_as, upwards
from torch import Tensor

from autograder import Message, expect, task
from autograder.probes.layers import replay
from common.data import load
from common.nets.classifier import Classifier, frechet_distance, train_classifier

SAMPLES, BATCH = 500, 16

TRAIN = """
import torch
from autograder.probes.layers import tables

class Game:
    def __init__(self, images):
        self.images = images
        self.D, self.G = student.build_dc_classifier().to(images), student.build_dc_generator().to(images)
        self.optimizers = student.get_optimizer(self.D), student.get_optimizer(self.G)

    def noise(self, rows):
        return student.sample_noise(rows, 96, dtype=self.images.dtype, device=self.images.device)

    def train(self, steps, batch):
        for _ in range(steps):
            real = self.images[torch.randint(len(self.images), (batch,), device=self.images.device)]
            losses = student.discriminator_loss, student.generator_loss
            student.discriminator_step(self.D, self.G, self.optimizers[0], losses[0], real, self.noise(batch))
            student.generator_step(self.D, self.G, self.optimizers[1], losses[1], self.noise(batch))
        return tables(self.G, self.noise(batch))
"""


@lru_cache(maxsize=2)
def classifier(name: str) -> Classifier:
    """Train the same classifier in every run, on generated images that no check uses."""
    known = load(name, num_train=3000, num_test=0, seed=7)
    return train_classifier(known.x_train, known.y_train)


def draw_samples(rng, weights: object) -> Tensor:
    """Draw samples from a trained generator. (SAMPLES, 1, 28, 28) in [0, 1]

    The grader's own network draws them, with the trained weights and its own noise: a student's code cannot return
    images from elsewhere.
    """
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


@task("generator_step", share="3/8", seconds=600)
def check_samples_are_recognised_and_varied(student, rng, data, score):
    """After at most 60 iterations, samples are recognised, vary, resemble real images, and copy no training image."""
    steps = score.budget(60, search=[20, 40, 60, 120])
    split = data(num_train=2000, num_test=500, name="glyphs")
    game = student.define(TRAIN).Game(2 * split.x_train.flatten(1) - 1)
    model = classifier(split.name).to(split.x_train.device)
    real = model.features(split.x_test)
    for quarter in range(1, 5):
        samples = draw_samples(rng, game.train(steps // 4, BATCH))
        varied = inception_score(model.logits(samples).double().softmax(dim=1))
        distance = frechet_distance(model.features(samples), real)
        measured = [(varied, Message("inception score"), True), (distance, Message("Fréchet distance"), False)]
        if quarter == 4:
            for value, name, higher in measured:
                score(value, name, higher_is_better=higher)
            break
        reached = [score.reached(value, name, higher_is_better=higher) for value, name, higher in measured]
        if all(reached):
            break
    apart = nearest(samples, split.x_train) / nearest(split.x_test, split.x_train)
    expect(
        apart > 0.5,
        Message(
            "Samples are copies: they are {apart:.2f} times as far from training images as real test images are.",
            apart=apart,
        ),
    )
