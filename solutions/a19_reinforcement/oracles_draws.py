"""What hidden checks expect of another generator."""

import torch

from autograder import expect, expect_type


def expect_other_draws(found, before):
    """Expect other numbers from another generator. Both are tensors that have no fixed shape."""
    expect_type(found, torch.Tensor)
    same = found.shape == before.shape and bool((found == before).all())
    expect(
        not same, "Another generator draws the same numbers.", "The generator that is given draws all random numbers."
    )
