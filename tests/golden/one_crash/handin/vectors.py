import os
import torch


def double(x):
    return x * 2


def total(x):
    os.abort()


class Counter:
    def __init__(self, start):
        self.value = start

    def add(self, n):
        self.value += n
        return self.value
