import torch

from helpers import twice


def double(x):
    return twice(x)


def total(x):
    return x.sum(dim=1)


class Counter:
    def __init__(self, start):
        self.value = start

    def add(self, n):
        self.value += n
        return self.value
