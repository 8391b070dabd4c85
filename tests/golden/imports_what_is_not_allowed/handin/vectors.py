import pandas as pd
import seaborn
import torch


def double(x):
    return pd.Series([x * 2])[0]


def total(x):
    return x.sum(dim=1)


class Counter:
    def __init__(self, start):
        self.value = start

    def add(self, n):
        self.value += n
        return self.value
