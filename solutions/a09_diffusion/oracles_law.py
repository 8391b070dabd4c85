"""What the hidden checks of sampled noise share: the distribution of noise, within six standard deviations."""

from itertools import combinations
from typing import Any

import torch
from oracles import left_at
from torch import Tensor

from autograder import Message, expect, expect_equal, expect_shape

EACH = "torch.randn_like(x_t) draws a number for each value of each image."


def expect_standard(z: Tensor, what: str, hint: str = "") -> None:
    """Fail unless the mean of the values is 0, their variance 1 and their fourth moment 3."""
    count = z.numel()
    mean, variance = float(z.mean()), float(z.var())
    expect(
        abs(mean) < 6 / count**0.5,
        Message(
            "{what}: over {count:,} values the mean is {mean:.4f}; it must be 0.", what=what, count=count, mean=mean
        ),
        "torch.rand is uniform between 0 and 1; torch.randn and randn_like draw normal numbers."
        if abs(mean - 0.5) < 0.02
        else "",
    )
    near = abs(variance - 1) < 6 * (2 / count) ** 0.5
    expect(
        near,
        Message(
            "{what}: over {count:,} values the variance is {variance:.4f} times the right one.",
            what=what,
            count=count,
            variance=variance,
        ),
        hint,
    )
    fourth, error = float((z.double() ** 4).mean()), (96 / count) ** 0.5  # 3 for normal numbers, 1.8 for uniform ones
    expect(
        3 - 6 * error < fourth < 3 + 12 * error,
        Message(
            "{what}: over {count:,} values the mean fourth power is {fourth:.2f}; of normal numbers it is 3.",
            what=what,
            count=count,
            fourth=fourth,
        ),
        "Mean and variance are right, but the numbers are not normal: torch.randn and randn_like draw normal ones.",
    )


def expect_uncorrelated(a: Tensor, b: Tensor, message: str, hint: str = "") -> None:
    """Fail unless two standard normal tensors are uncorrelated."""
    correlation = float((a * b).mean())
    expect(
        abs(correlation) < 6 / a.numel() ** 0.5,
        Message("{message} (correlation {correlation:.3f}).", message=message, correlation=correlation),
        hint,
    )


def judge_normal(z: Tensor, what: str) -> None:
    """Fail unless noise is standard normal, with other values in each image and in neighbouring pixels.

    Shapes:
        z  (N, ..., W)
    """
    images = Message("{what}: different images have the same noise", what=what)
    half, pixels = len(z) // 2, z.shape[-1]
    one, other = z[:half], z[half : 2 * half]
    if torch.allclose(one, other, atol=0.05):  # said first: the mean of a single noise is not near 0
        expect_uncorrelated(one, other, images, EACH)
    expect_standard(z, what)
    expect_uncorrelated(one, other, images, EACH)
    expect_uncorrelated(
        z[..., 1:], z[..., : pixels - 1], Message("{what}: different pixels have the same noise", what=what)
    )


def judge_fresh(drawn: dict[str, Tensor]) -> None:
    """Fail unless each of these noises, all of one shape, was drawn independently."""
    hint = "Draw new noise every time; the given noise is for the beginning only."
    for (one, a), (other, b) in combinations(drawn.items(), 2):
        expect_uncorrelated(a, b, Message("{one} and {other} are the same", one=one, other=other), hint)


def judge_bfloat16(stepped: Any, shape: torch.Size, what: str) -> None:
    """Fail unless a step from bfloat16 images gives bfloat16 images."""
    expect_shape(stepped, tuple(shape))
    expect_equal(str(stepped.dtype), "torch.bfloat16",
                 name=Message("the dtype of {what} from bfloat16 images", what=what), mistakes={
        "Draw the noise with torch.randn_like(x_t).": "torch.float32",
    })  # fmt: skip


def ideal(betas: Tensor, mean: float, spread: float) -> tuple[Tensor, Tensor]:
    """Return slope and offset of the best prediction of normal pixels with this mean and standard deviation."""
    slope, offset = [], []
    for t in range(len(betas)):
        left = left_at(betas, t)
        slope.append(left**0.5 * spread**2 / (left * spread**2 + 1 - left))
        offset.append(mean - slope[-1] * left**0.5 * mean)
    return torch.tensor(slope).to(betas), torch.tensor(offset).to(betas)
