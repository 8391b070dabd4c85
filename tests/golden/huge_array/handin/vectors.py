import torch


def double(x):
    return torch.ones(1 << 30)


def total(x):
    return torch.zeros(len(x), 1).expand(len(x), 1 << 40)


class Counter:
    def __init__(self, start):
        self.value = start

    def add(self, n):
        self.value += n
        return self.value
