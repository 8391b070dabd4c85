"""What the hidden checks of a01 share."""

import torch
from torch import Tensor


def distances(x_train: Tensor, x_test: Tensor) -> Tensor:
    """Compute torch's own distances, subtracting before squaring, in the dtype given. (Ntr, Nte)"""
    rows, columns = x_train.flatten(1).double(), x_test.flatten(1).double()
    return torch.cdist(rows, columns, compute_mode="donot_use_mm_for_euclid_dist").to(x_train.dtype)
