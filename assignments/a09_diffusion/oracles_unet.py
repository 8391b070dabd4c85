"""What the checks of the U-Net share: helpers that run in the student's process, and the block by torch's operators."""

import math

import torch
from torch import Tensor
from torch.nn import functional as F

from autograder import Message, expect

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


def take(left: list[dict[str, Tensor]], shape: tuple[int, ...], what: str) -> dict[str, Tensor]:
    """Remove the first layer with weights of this shape from the list, and return it."""
    index = next((i for i, table in enumerate(left) if "weight" in table and table["weight"].shape == shape), None)
    needed = "Where dim_in and dim_out differ, x goes through a 1x1 convolution before it is added."
    hint = needed if shape[2:] == (1, 1) else ""
    expect(
        index is not None, Message("There is no {what} with weights of shape {shape}.", what=what, shape=shape), hint
    )
    bare = "The layers have biases, as torch makes them: leave bias=False out."
    expect(
        "bias" in left[index],
        Message("The {what} with weights of shape {shape} has no bias.", what=what, shape=shape),
        bare,
    )
    return left.pop(index)


def conv_of(left: list[dict[str, Tensor]], x: Tensor, after: int, size: int, stride: int = 1) -> Tensor:
    """Convolve with the next layer of this shape."""
    table = take(left, (after, x.shape[1], size, size), Message("convolution"))
    return F.conv2d(x, table["weight"], table["bias"], padding=size // 2, stride=stride)


def block_of(left: list[dict[str, Tensor]], x: Tensor, context: Tensor, after: int, wrong: str = "") -> Tensor:
    """Compute a block with the next layers; ``wrong`` switches one mistake on."""

    def norm(x: Tensor) -> Tensor:
        table = take(left, (after,), Message("normalisation"))
        return F.group_norm(x, math.gcd(4, after), table["weight"], table["bias"])

    linear = take(left, (2 * after, context.shape[1]), Message("linear layer of the context"))
    act = {"no silu": torch.clone, "late silu": torch.clone, "relu": F.relu}.get(wrong, F.silu)
    both = F.linear(act(context), linear["weight"], linear["bias"])
    both = F.silu(both) if wrong == "late silu" else both
    scale, shift = both[:, :after, None, None], both[:, after:, None, None]
    scale, shift = (shift, scale) if wrong == "swapped" else (scale, shift)
    hidden = norm(conv_of(left, x, after, 3))
    if wrong != "second half":
        hidden = hidden * (scale if wrong == "no 1" else 1 + scale) + shift
    hidden = norm(conv_of(left, F.silu(hidden), after, 3))
    if wrong in ("second half", "both"):
        hidden = hidden * (1 + scale) + shift
    shortcut = x if x.shape[1] == after else conv_of(left, x, after, 1)
    return F.silu(hidden) if wrong == "no shortcut" else F.silu(hidden) + shortcut


def plain_block(x: Tensor, context: Tensor, values: list[dict[str, Tensor]], after: int, wrong: str = "") -> Tensor:
    """Compute the block by torch's operators with the weights of `tables`."""
    left = [{name: value.to(x.dtype) for name, value in table.items()} for table in values]
    out = block_of(left, x, context, after, wrong)
    expect(not left, Message("The block has {count} more layers with weights than it should.", count=len(left)))
    return out
