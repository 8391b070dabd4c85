import torch


def double(x):
    return x * 2


def total(x):
    # YOUR CODE HERE
    raise NotImplementedError()


class Counter:
    def __init__(self, start):
        self.value = start

    def add(self, n):
        raise NotImplementedError()
