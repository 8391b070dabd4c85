"""Parts of a04 that later assignments import."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from common.nets.convs import FastConv, FastMaxPool

__all__ = [
    "BatchNorm",
    "Conv",
    "FastConv",
    "FastMaxPool",
    "LayerNorm",
    "MaxPool",
    "SpatialBatchNorm",
    "SpatialGroupNorm",
]
__all__ += ["kaiming_initializer"]

Config = dict[str, Any]
Conv, MaxPool = FastConv, FastMaxPool


class BatchNorm:
    """Batch normalisation of x (N, C) or (N, C, H, W), with one mean and variance per channel."""

    @staticmethod
    def forward(x: Tensor, gamma: Tensor, beta: Tensor, bn_param: Config) -> tuple[Tensor, Any]:
        """Shapes: x any; gamma and beta (C,); out as x, cache. Running statistics are stored in bn_param."""
        training, momentum = bn_param["mode"] == "train", bn_param.get("momentum", 0.9)
        eps = bn_param.get("eps", 1e-5)
        before: tuple[Tensor, ...] = tuple(
            bn_param.setdefault(f"running_{n}", torch.zeros_like(gamma)) for n in ("mean", "var")
        )
        running_mean: Tensor | None = before[0]
        running_var: Tensor | None = before[1]
        if training:
            # torch's own running variance divides by N - 1, so the batch's statistics are computed here instead.
            var, mean = torch.var_mean(x.movedim(1, -1).flatten(0, -2), dim=0, correction=0)
            bn_param["running_mean"] = torch.lerp(mean, before[0], momentum)
            bn_param["running_var"] = torch.lerp(var, before[1], momentum)
            running_mean = running_var = None

        def normalise(x: Tensor, g: Tensor, b: Tensor) -> Tensor:
            return F.batch_norm(x, running_mean, running_var, g, b, training, eps=eps)

        return _forward(normalise, x, gamma, beta)

    @staticmethod
    def backward(dout: Tensor, cache: Any) -> tuple[Tensor, ...]:
        """Shapes: dout as x; out as x, gamma, beta."""
        return _backward(dout, cache)

    backward_alt = backward


SpatialBatchNorm = BatchNorm


class LayerNorm:
    """Layer normalisation of x (N, D)."""

    @staticmethod
    def forward(x: Tensor, gamma: Tensor, beta: Tensor, ln_param: Config) -> tuple[Tensor, Any]:
        """Shapes: x (N, D); gamma and beta (D,); out as x, cache."""
        eps = ln_param.get("eps", 1e-5)
        return _forward(lambda x, g, b: F.layer_norm(x, x.shape[1:], g, b, eps), x, gamma, beta)

    @staticmethod
    def backward(dout: Tensor, cache: Any) -> tuple[Tensor, ...]:
        """Shapes: dout as x; out as x, gamma, beta."""
        return _backward(dout, cache)


class SpatialGroupNorm:
    """Normalisation of x (N, C, H, W) in G groups of channels of each image."""

    @staticmethod
    def forward(x: Tensor, gamma: Tensor, beta: Tensor, G: int, gn_param: Config) -> tuple[Tensor, Any]:
        """Shapes: x (N, C, H, W); gamma and beta (C,); out as x, cache."""
        eps = gn_param.get("eps", 1e-5)
        return _forward(lambda x, g, b: F.group_norm(x, G, g, b, eps), x, gamma, beta)

    @staticmethod
    def backward(dout: Tensor, cache: Any) -> tuple[Tensor, ...]:
        """Shapes: dout as x; out as x, gamma, beta."""
        return _backward(dout, cache)


def kaiming_initializer(
    Din: int,
    Dout: int,
    K: int | None = None,
    relu: bool = True,
    device: str | torch.device = "cpu",
    dtype: torch.dtype = torch.float32,
) -> Tensor:
    """Weights (Din, Dout) of a linear layer, or (Dout, Din, K, K) of a convolution."""
    kind: Literal["relu", "linear"] = "relu" if relu else "linear"
    weight = torch.empty((Dout, Din) if K is None else (Dout, Din, K, K), device=device, dtype=dtype)
    nn.init.kaiming_normal_(weight, nonlinearity=kind)
    return weight.T.contiguous() if K is None else weight


def _forward(function: Callable[..., Tensor], *inputs: Tensor) -> tuple[Tensor, Any]:
    with torch.enable_grad():
        leaves = [x.detach().requires_grad_() for x in inputs]
        out = function(*leaves)
    return out.detach(), (out, leaves)


def _backward(dout: Tensor, cache: Any) -> tuple[Tensor, ...]:
    out, leaves = cache
    gradients: tuple[Tensor, ...] = torch.autograd.grad(out, leaves, dout, retain_graph=True)
    return gradients
