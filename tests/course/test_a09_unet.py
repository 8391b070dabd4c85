"""The reference's U-Net works in the dtype of the images, as its handout promises."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest
import torch

UNET = Path(__file__).resolve().parents[2] / "solutions" / "a09_diffusion" / "unet.py"


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_the_network_keeps_the_dtype_of_the_images(dtype: torch.dtype) -> None:
    spec = importlib.util.spec_from_file_location("unet", UNET)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    model = module.Unet(8, 3, dim_mults=(1,), channels=1).to(dtype)

    out = model(torch.rand(2, 1, 4, 4, dtype=dtype), torch.tensor([1, 5]), {"text_emb": torch.rand(2, 3, dtype=dtype)})

    assert out.dtype == dtype
    assert out.shape == (2, 1, 4, 4)
