"""What the checks of foundations share: loops and closed forms."""

import math

import torch
import torch.nn.functional as F

LOSSES = ["torch.distributions.*", "F.gaussian_nll_loss", "F.poisson_nll_loss", "F.l1_loss", "F.mse_loss"]
LOSSES += ["F.binary_cross_entropy", "F.binary_cross_entropy_with_logits", "F.cross_entropy", "F.nll_loss", "nn.*Loss"]
NETWORKS = ["torch.nn.*", "torch.selu", "torch.celu", "torch.prelu", "torch.rrelu"]
DERIVATIVES = ["torch.autograd.*", "torch.func.*", "Tensor.backward"]
READY = {
    "sigmoid": torch.sigmoid, "tanh": torch.tanh, "relu": F.relu, "leaky": lambda x: F.leaky_relu(x, 0.1),
    "elu": F.elu, "selu": F.selu, "gelu": F.gelu, "swish": F.silu,
}  # fmt: skip


def slope(f, x):
    """Return the derivative of each number, by automatic differentiation."""
    leaf = x.clone().requires_grad_()
    with torch.enable_grad():
        return torch.autograd.grad(f(leaf).sum(), leaf)[0]


def with_ones(X, y, ridge, *, penalise=False):
    """Return weights and bias from a column of ones, by least squares with rows for the penalty."""
    N, D = X.shape
    A = torch.cat([X, torch.ones(N, 1, dtype=X.dtype, device=X.device)], dim=1)
    rows = math.sqrt(ridge) * torch.eye(D + 1, dtype=X.dtype, device=X.device)[: D + penalise]
    zeros = torch.zeros(len(rows), dtype=y.dtype, device=y.device)
    found = torch.linalg.lstsq(torch.cat([A, rows]), torch.cat([y, zeros])[:, None]).solution[:, 0]
    return found[:-1], found[-1]
