"""What the hidden checks of foundations share: counts and densities by their definitions."""

import itertools
import math


def pieces(D_in, D):
    """Count the pieces of D hyperplanes in general position: a new one cuts as many as it has pieces itself."""
    if D_in == 0 or D == 0:
        return 1
    return pieces(D_in, D - 1) + pieces(D_in - 1, D - 1)


def orders_of(scores, order):
    """Return minus the logarithm of the probability of an order, by its product."""
    left, probability = list(range(len(scores))), 1.0
    for item in order:
        weights = [math.exp(scores[n]) for n in left]
        probability *= math.exp(scores[item]) / math.fsum(weights)
        left.remove(item)
    return -math.log(probability)


def all_orders(K):
    """Return all orders of K items."""
    return list(itertools.permutations(range(K)))


def gaussian(y, mean, variance):
    """Return the density of a normal distribution."""
    return math.exp(-((y - mean) ** 2) / (2 * variance)) / math.sqrt(2 * math.pi * variance)


def bessel(kappa):
    """Return I_0, by its series."""
    total, term = 0.0, 1.0
    for n in range(1, 200):
        total, term = total + term, term * (kappa / 2 / n) ** 2
    return total
