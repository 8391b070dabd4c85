"""What the checks of flows share: Jacobians of a student's layers, and formulas by loops."""

import math

import torch
from torch import Tensor

from autograder import Message, expect, expect_close, expect_shape

# Code that runs in the student's process: it shakes a layer, and returns its values and its Jacobian, row by row.
HELPERS = """
import torch

def seeded(seed):
    return torch.Generator().manual_seed(seed)

def shaken(layer, like, seed, size=0.4):
    generator = torch.Generator().manual_seed(seed)
    layer = layer.to(like.dtype)
    with torch.no_grad():
        for p in layer.parameters():
            p.add_(size * torch.randn(p.shape, generator=generator).to(p))
    return layer

def answer(layer, x):
    with torch.no_grad():
        before = x.clone()
        z, log_det = layer(x)
        return z, log_det, bool((x == before).all())

def back(layer, z):
    floats = [v for v in [*layer.parameters(), *layer.buffers()] if v.is_floating_point()]
    with torch.no_grad():
        z = z if z.dtype in [v.dtype for v in floats] or not floats else z.to(floats[0].dtype)
        return layer.inverse(z)

def jacobians(layer, x):
    return torch.stack([
        torch.autograd.functional.jacobian(lambda row: layer(row[None])[0][0], row) for row in x
    ])

def parameter(layer, name):
    return getattr(layer, name).detach()

def flip(layer):
    with torch.no_grad():
        layer.s[0].neg_()

class Bend(torch.nn.Module):
    # the layer of a banana: z1 = x1, z2 = (x2 - (x1^2 - 1) / 2) * 2
    def forward(self, x):
        z = torch.stack([x[:, 0], 2 * x[:, 1] - x[:, 0].square() + 1], dim=1)
        return z, torch.full_like(x[:, 0], 0.6931471805599453)

class Stretch(torch.nn.Module):
    # z = exp(a x), coordinate by coordinate
    def __init__(self, a):
        super().__init__()
        self.a = a

    def forward(self, x):
        return (self.a * x).exp(), (self.a * x + self.a.log()).sum(dim=1)

def layers(kinds, a):
    return torch.nn.ModuleList([Bend() if kind == "bend" else Stretch(a) for kind in kinds])

def normal(z):
    return -0.5 * z.square().sum(dim=1) - z.shape[1] * 0.9189385332046727

def linear(W):
    return lambda x: x @ W.T

def gentle(W):
    return lambda x: 0.5 * torch.tanh(x @ W.T)

class Net(torch.nn.Module):
    # numbers that cannot be undone: a square, and a wave
    def __init__(self, A, B):
        super().__init__()
        self.A, self.B = torch.nn.Parameter(A), torch.nn.Parameter(B)

    def forward(self, x):
        return torch.cat([(x @ self.A.T).square() - 0.5, torch.sin(3 * x @ self.B.T)], dim=1)

def net(A, B):
    return Net(A, B)
"""

# A loan of MADE's masks, by loops, which the task forbids.
LOANS_OF_MASKS = """
import torch

def made_masks(D, hidden):
    degree = [1 + k % max(D - 1, 1) for k in range(hidden)]
    into = [[float(degree[k] >= i) for i in range(1, D + 1)] for k in range(hidden)]
    out_of = [[float(i > degree[k]) for k in range(hidden)] for i in range(1, D + 1)]
    return torch.tensor(into).reshape(hidden, D), torch.tensor(out_of).reshape(D, hidden)

LOANS = {"made_masks": made_masks}
"""
# A loan of a masked autoregressive flow: linear, without a hidden layer.
LOANS_OF_MAF = """
import torch
from torch import nn

class MaskedAutoregressive(nn.Module):
    def __init__(self, D, hidden):
        super().__init__()
        self.A, self.B = nn.Parameter(torch.randn(D, D) / D), nn.Parameter(torch.randn(D, D) / D)

    def pair(self, x):
        return x @ self.A.tril(-1).T, torch.tanh(x @ self.B.tril(-1).T)

    def forward(self, x):
        m, a = self.pair(x)
        return (x - m) * torch.exp(-a), torch.neg(a.sum(1))

    def inverse(self, z):
        x = 0 * z
        for _ in range(len(self.A)):
            m, a = self.pair(x)
            x = m + torch.exp(a) * z
        return x

    def conditionals(self, x):
        return self.pair(x)

LOANS = {"MaskedAutoregressive": MaskedAutoregressive}
"""
DRAW = "Draw with the generator that is given: generator=generator."
LOANS_OF_NORMAL = """
from torch.distributions import Normal

def standard_normal(z):
    return Normal(0.0, 1.0).log_prob(z).sum(dim=1)

LOANS = {"standard_normal": standard_normal}
"""


def judge_layer(helper, layer, x: Tensor, name, stretch: str = "", undo: str = ""):
    """Require that the log-determinant is that of the Jacobian, that inverse undoes forward, and that x stays.

    ``stretch`` and ``undo`` are hints for log-determinants and inverses. Returns z and the Jacobians.
    """
    z, log_det, kept = helper.answer(layer, x)
    expect_shape(z, tuple(x.shape), name=Message("z of {name}", name=name))
    expect_shape(log_det, (len(x),), name=Message("the log-determinant of {name}", name=name),
                 hint="Return a number for each point: (N,).")  # fmt: skip
    alone, _, _ = helper.answer(layer, x[:1])
    expect_close(alone, z[:1], rtol=1e-4, atol=1e-5, name="z of a point by itself",
                 hint="z of a point depends on no other point: take no mean or sum over the batch.")  # fmt: skip
    J = helper.jacobians(layer, x)
    expect_shape(J, (len(x), x.shape[1], x.shape[1]), name="the Jacobian")
    expect(bool((J != 0).any()), "The gradient of z in x is 0.",
           "Something between x and z stops the gradient: look for detach(), .data or torch.no_grad().")  # fmt: skip
    right = torch.linalg.slogdet(J.double())[1].to(x)
    expect_close(log_det, right, rtol=1e-3, atol=1e-4, name=Message("the log-determinant of {name}", name=name),
                 mistakes={
        "The log-determinant has the other sign. Look at z, too: does it divide where it should multiply?": -right,
        "Return the logarithm of the determinant's size.": right.exp(),
        "The log-determinant is missing.": torch.zeros_like(right),
    }, hint=stretch)  # fmt: skip
    found = helper.back(layer, z)
    expect_close(found, x, rtol=1e-3, atol=1e-3, name=Message("inverse(forward(x)) of {name}", name=name), mistakes={
        "inverse returns its input.": z,
    }, hint=undo)  # fmt: skip
    expect(kept is True, "x was changed in place.")
    return z, J


def bent(x: float, phi: list[float]) -> tuple[float, float]:
    """Compute the piecewise linear function and the logarithm of its slope."""
    if not 0 <= x <= 1:
        return x, 0.0
    K = len(phi)
    b = min(int(K * x), K - 1)
    return sum(phi[:b]) + (K * x - b) * phi[b], math.log(K * phi[b])


def truncated(W: Tensor, terms: int) -> Tensor:
    """Compute the first terms of log det(I + W) as traces of powers."""
    total, power = W.new_zeros(()), torch.eye(len(W), dtype=W.dtype, device=W.device)
    for k in range(1, terms + 1):
        power = power @ W
        total = total + (power.trace() / k if k % 2 else -power.trace() / k)
    return total


def squeezed(x: Tensor) -> Tensor:
    """Move 2 x 2 squares into channels, offset by offset."""
    planes = [x[:, c, dy::2, dx::2] for c in range(x.shape[1]) for dy in range(2) for dx in range(2)]
    return torch.stack(planes, dim=1)
