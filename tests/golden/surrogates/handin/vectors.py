import torch


def double(x):
    print('half a character: \ud83d')
    raise ValueError('\udc80 <b>bold</b> \x1b[31m')


def total(x):
    return x.sum(dim=1)


class Counter:
    def __init__(self, start):
        self.value = start

    def add(self, n):
        self.value += n
        return self.value
