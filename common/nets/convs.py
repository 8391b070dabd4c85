"""Convolution and max pooling with torch's own operators, behind the forward/backward interface of the course.

The layers of the notebook compute the same values; these are fast enough to train deep networks.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from common.training.seed import deterministic


class FastConv:
    """Convolution: cross-correlation of each image with each filter."""

    @staticmethod
    def forward(x: Tensor, w: Tensor, b: Tensor, conv_param: dict[str, int]) -> tuple[Tensor, Any]:
        """Convolve; conv_param holds "stride" and "pad".

        Shapes:
            x    (N, C, H, W)    images, float
            w    (F, C, KH, KW)  filters
            b    (F,)            added to every position of its channel
            out  (N, F, H', W')  H' = 1 + (H + 2*pad - KH) // stride, W' alike; and the cache
        """
        with torch.no_grad(), deterministic():
            out = F.conv2d(x, w, b, stride=conv_param["stride"], padding=conv_param["pad"])
        return out, (x, w, conv_param)

    @staticmethod
    def backward(dout: Tensor, cache: Any) -> tuple[Tensor, Tensor, Tensor]:
        """Compute the gradients with respect to x, w and b.

        Shapes:
            dout  (N, F, H', W')  gradient with respect to out
            out   three           shaped as x, w, b
        """
        x, w, conv_param = cache
        stride, pad = (conv_param["stride"],) * 2, (conv_param["pad"],) * 2
        with torch.no_grad(), deterministic():
            dx, dw, db = torch.ops.aten.convolution_backward(
                dout, x, w, [len(w)], stride, pad, (1, 1), False, (0, 0), 1, (True, True, True)
            )
        return dx, dw, db


class FastMaxPool:
    """The maximum of each window."""

    @staticmethod
    def forward(x: Tensor, pool_param: dict[str, int]) -> tuple[Tensor, Any]:
        """Pool; pool_param holds "pool_height", "pool_width" and "stride".

        Shapes:
            x    (N, C, H, W)    images, float
            out  (N, C, H', W')  H' = 1 + (H - pool_height) // stride, W' alike; and the cache
        """
        window = (pool_param["pool_height"], pool_param["pool_width"])
        with torch.no_grad():
            out, where = F.max_pool2d(x, window, pool_param["stride"], return_indices=True)
        return out, (x.shape, where)

    @staticmethod
    def backward(dout: Tensor, cache: Any) -> Tensor:
        """Compute the gradient with respect to x.

        Shapes:
            dout  (N, C, H', W')  gradient with respect to out
            out   (N, C, H, W)
        """
        shape, where = cache
        dx = dout.new_zeros(shape[0], shape[1], shape[2] * shape[3])
        return dx.scatter_add_(2, where.flatten(2), dout.flatten(2)).reshape(shape)
