import torch


def double(tensor):
    return tensor * 2


def total(matrix):
    return matrix.sum(dim=1)


class Counter:
    def __init__(self, first):
        self.value = first

    def add(self, amount):
        self.value += amount
        return self.value
