"""What the checks of layers by hand share: torch's own layers, their gradients, and forbidden functions."""

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from autograder import (
    Inspection,
    Message,
    autograd_gradients,
    expect,
    expect_close,
    expect_equal,
    expect_shape,
    is_sequence,
)
from autograder.probes.aliases import AUTOGRAD

READY_MADE = [
    "torch.nn.*", "!F.pad", "!torch._C._nn.pad", "!F.unfold", "!nn.Unfold", "!torch._C._nn.im2col",
    "torch.*conv*", "torch.*pool*", "torch.*batch_norm*",
    "torch.*layer_norm*", "torch.*group_norm*", "torch.*instance_norm*", "common.fallbacks.*", *AUTOGRAD,
]  # fmt: skip
BY_HAND = [*READY_MADE, "common.nets.convs.*"]  # layers; networks may use the fast ones
APART = {"SpatialBatchNorm": ["BatchNorm"]}  # layers that others use; their own checks judge them by the same rule

Oracle = Callable[..., Tensor]

OWN_BATCH_NORM = """
from common.fallbacks.convolutional_networks import BatchNorm

LOANS = {"BatchNorm": BatchNorm}
"""


def gradients(oracle: Oracle, dout: Tensor, *inputs: Tensor) -> tuple[Tensor, ...]:
    """Compute the gradients of sum(oracle(*inputs) * dout) by autograd in float64, in the dtype of the inputs."""
    found = autograd_gradients(oracle, dout.double(), *(x.double() for x in inputs))
    return tuple(value.to(x.dtype) for value, x in zip(found, inputs, strict=True))


def output_of(seen: Inspection) -> Any:
    """Return the output of an inspected forward pass, which must return (out, cache)."""
    expect(is_sequence(seen.value) and len(seen.value) == 2, "forward should return (out, cache).")
    return seen.value[0]


def expect_parts(
    actual: object, expected: Sequence[Tensor], names: str, mistakes: dict | None = None, **tolerance: float
) -> None:
    """Compare a tuple part by part. ``mistakes`` maps a name to the hints of that part."""
    parts = names.split()
    kind, wanted = type(actual).__name__, {"count": len(parts), "parts": ", ".join(parts)}
    expect(
        is_sequence(actual) and len(actual) == len(parts),
        Message("Expected {count} results, ({parts}); got {got} of them.", **wanted, got=len(actual))
        if is_sequence(actual)
        else Message("Expected {count} results, ({parts}); got one of type {kind}.", **wanted, kind=kind),
    )
    for part, value, right in zip(parts, actual, expected, strict=True):
        expect_close(value, right, name=part, mistakes=(mistakes or {}).get(part), **tolerance)


def conv(stride: int, pad: int) -> Oracle:
    """Return torch's convolution."""
    return lambda x, w, b: F.conv2d(x, w, b, stride=stride, padding=pad)


def pool(height: int, width: int, stride: int) -> Oracle:
    """Return torch's max pooling."""
    return lambda x: F.max_pool2d(x, (height, width), stride)


def pool_param(height: int, width: int, stride: int) -> dict[str, int]:
    """Return the argument pool_param of MaxPool.forward."""
    return {"pool_height": height, "pool_width": width, "stride": stride}


def features(rng, *shape: int, dtype: torch.dtype = torch.float64) -> tuple[Tensor, ...]:
    """Draw x, with another mean and standard deviation in each feature, gamma and beta."""
    view = (-1,) + (1,) * (len(shape) - 2)
    x = rng.normal(*shape) * rng.uniform(shape[1], low=0.5, high=3).view(view) + 4 * rng.normal(shape[1]).view(view)
    return tuple(value.to(dtype) for value in (x, rng.normal(shape[1]) + 2, rng.normal(shape[1])))


def batch_norm(eps: float = 1e-5) -> Oracle:
    """Return torch's batch normalisation in train mode, for any number of axes after (N, C)."""
    return lambda x, gamma, beta: F.batch_norm(x, None, None, gamma, beta, training=True, eps=eps)


def layer_norm(eps: float = 1e-5) -> Oracle:
    """Return torch's layer normalisation of rows."""
    return lambda x, gamma, beta: F.layer_norm(x, x.shape[1:], gamma, beta, eps=eps)


def group_norm(groups: int, eps: float = 1e-5) -> Oracle:
    """Return torch's group normalisation."""
    return lambda x, gamma, beta: F.group_norm(x, groups, gamma, beta, eps=eps)


def judge_ties(student, x: Tensor, rng) -> None:
    """Require that each 2 x 2 window of x, many of whose numbers are equal, sends its gradient to one maximum."""
    dout = rng.normal(*F.max_pool2d(x, 2).shape)
    _, cache = student.hold(student.MaxPool.forward, x, pool_param(2, 2, 2))
    dx = student.MaxPool.backward(dout, cache)
    expect_shape(dx, x.shape, name="dx")
    reached = F.avg_pool2d((dx != 0).double(), 2) * 4  # the number of pixels of each window with a gradient
    expect(
        bool((reached <= 1).all()),
        Message("Up to {reached} pixels of a window got a part of its gradient.", reached=int(reached.max())),
        hint="One of several maxima gets the whole gradient, the others nothing. argmax finds one of them.",
    )
    arrived = F.avg_pool2d(dx, 2) * 4  # the total gradient of each window
    expect_close(arrived, dout, name="the sum of dx over each window")
    elsewhere = dx[x < F.interpolate(F.max_pool2d(x, 2), scale_factor=2)]
    expect_equal(int(elsewhere.count_nonzero()), 0, name="the number of gradients at pixels that are not a maximum")
