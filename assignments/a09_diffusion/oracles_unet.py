"""What the checks of the U-Net share: helpers that run in the student's process."""

HELPERS = """
import torch
from torch import nn
from autograder.probes.layers import tables
from common.training.seed import deterministic

def randomise(module, seed):
    '''Draw weights with which every part affects the output.'''
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for value in module.parameters():
            fresh = torch.randn(value.shape, generator=generator).to(value)
            value.copy_(fresh * (value[0].numel() ** -0.5 if value.ndim > 1 else 0.5))
    return module.eval()

def run(module, *inputs):
    with torch.no_grad(), deterministic():
        return module(*inputs)
"""
