import torch


def double(x):
    # YOUR CODE HERE
    raise NotImplementedError()


def total(x):
    # YOUR CODE HERE
    raise NotImplementedError()


class Counter:
    def __init__(self, start):
        # YOUR CODE HERE
        raise NotImplementedError()

    def add(self, n):
        # YOUR CODE HERE
        raise NotImplementedError()
