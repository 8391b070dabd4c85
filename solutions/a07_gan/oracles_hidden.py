"""What the hidden checks of a07 share."""

# A network of one layer that depends on its mode, for the student's process.
TOY = """
import torch

class Net(torch.nn.Module):
    def __init__(self, weight):
        super().__init__()
        self.weight = torch.nn.Parameter(weight.clone())

    def forward(self, x):
        return torch.tanh(x @ self.weight * (1.0 if self.training else 0.5))
"""
