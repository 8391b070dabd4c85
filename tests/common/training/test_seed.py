"""One seed for every source of randomness."""

import random

import numpy as np
import torch

from common.training.seed import seed_everything


def test_a_seed_repeats_every_source_of_randomness():
    def draw():
        seed_everything(2**40 + 7)
        return random.random(), np.random.rand(), torch.rand(1).item()

    assert draw() == draw()
