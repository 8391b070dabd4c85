import random

import numpy as np
import torch


def double(x):
    torch.set_default_dtype(torch.float16)
    torch.set_grad_enabled(False)
    torch.manual_seed(0)
    np.random.seed(0)
    random.seed(0)
    np.seterr(all='raise')
    return x * 2


def total(x):
    w = torch.ones(x.shape[1], requires_grad=True)
    assert w.dtype is torch.float32
    assert (w * 2).requires_grad
    return (x * w.detach()).sum(dim=1)


class Counter:
    def __init__(self, start):
        self.value = start

    def add(self, n):
        self.value += n
        return self.value
