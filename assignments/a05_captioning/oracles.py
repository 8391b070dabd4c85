"""What the checks of a05 share: weights, and recurrent networks by torch's cells."""

from typing import Any

import torch
from torch import Tensor

from autograder.probes.aliases import AUTOGRAD
from autograder.probes.recurrent import READY_MADE, over_time, rnn_step

BY_HAND = [*READY_MADE, *AUTOGRAD, "common.fallbacks.*"]

HELPERS = """
import torch

def make(cls, inputs, state, values):
    module = cls(inputs, state).to(values["Wx"].device, values["Wx"].dtype)
    with torch.no_grad():
        for name, value in values.items():
            getattr(module, name).copy_(value)
    return module

def make_embedding(cls, words, size, table):
    module = cls(words, size).to(table.device, table.dtype)
    with torch.no_grad():
        module.W_embed.copy_(table)
    return module

def first(f):
    return lambda *inputs: f(*inputs)[0]

def through(f, dout, *inputs):
    '''The gradients of sum(f(*inputs) * dout).'''
    leaves = [x.clone().requires_grad_() for x in inputs]
    out = f(*leaves)
    out = out[0] if isinstance(out, tuple) else out
    (out * dout).sum().backward()
    return [leaf.grad for leaf in leaves]
"""


def weights(
    rng, inputs: int, state: int, *, gates: int = 1, dtype: torch.dtype = torch.float64
) -> tuple[Tensor, Tensor, Tensor]:
    """Draw Wx, Wh and b of a recurrent network, of a size with which tanh is neither flat nor saturated."""
    wide = gates * state
    values = rng.normal(inputs, wide) / inputs**0.5, rng.normal(state, wide) / state**0.5, 0.5 * rng.normal(wide)
    wx, wh, b = (value.to(dtype) for value in values)
    return wx, wh, b


def make(student, kind: str, inputs: int, state: int, values: tuple[Tensor, ...]) -> Any:
    """Build a recurrent network of the student's with the weights Wx, Wh and b."""
    named = dict(zip(("Wx", "Wh", "b"), values, strict=True))
    return student.define(HELPERS).make(getattr(student, kind), inputs, state, named)


def sequence(x: Tensor, h0: Tensor, wx: Tensor, wh: Tensor, b: Tensor) -> Tensor:
    """Run torch's RNN cell step by step."""
    return over_time(lambda now, state: rnn_step(now, state, wx, wh, b), x, h0)
