"""How alike two textures are, without a network: their autocorrelation at small lags."""

import torch
from torch import Tensor

LAGS = [(i, j) for i in range(4) for j in range(-3, 4) if (i, j) > (0, 0)]


def autocorrelation(x: Tensor) -> Tensor:
    """Compute the mean product of the colours of pixels at each lag, divided by their variance.

    Shapes:
        x    (1, 3, H, W)
        out  (len(LAGS),)
    """
    colours = x[0].double() - x[0].double().mean(dim=(1, 2), keepdim=True)
    H, W = colours.shape[1:]
    found = []
    for i, j in LAGS:
        below = colours[:, i:, max(j, 0) : W + min(j, 0)]
        above = colours[:, : H - i, max(-j, 0) : W + min(-j, 0)]
        found.append((below * above).mean())
    return torch.stack(found) / colours.square().mean().clamp(min=1e-12)


def likeness(made: Tensor, original: Tensor) -> float:
    """Return 1 for equal autocorrelations; white noise, which has none, is at 0."""
    a, b = autocorrelation(made), autocorrelation(original)
    return 1 - float((a - b).square().sum() / b.square().sum())
