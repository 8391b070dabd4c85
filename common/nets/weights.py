"""Files of trained weights in the safetensors format: float16 on disk, float32 in memory."""

from __future__ import annotations

from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save_file
from torch import Tensor


def read_tensors(path: Path) -> dict[str, Tensor]:
    """Read the float16 tensors of a file as float32. Raises ValueError if it is not such a file."""
    try:
        tensors = load_file(path)
    except (SafetensorError, OSError) as error:
        raise _unreadable(path, error) from error
    for name, tensor in tensors.items():
        if tensor.dtype != torch.float16:
            raise ValueError(f"{path}: {name!r} has the dtype {tensor.dtype}, not float16. Restore the file from git.")
    return {name: tensor.float() for name, tensor in tensors.items()}


def read_metadata(path: Path) -> dict[str, str]:
    """Read how the weights were made: command, seed, accuracy, version of torch. Raises ValueError."""
    try:
        with safe_open(path, framework="pt") as file:
            return dict(file.metadata() or {})
    except (SafetensorError, OSError) as error:
        raise _unreadable(path, error) from error


def write_tensors(path: Path, tensors: dict[str, Tensor], metadata: dict[str, str]) -> None:
    """Write tensors as float16. The library does not fix the order of metadata, so two equal files may differ there."""
    save_file({name: value.detach().cpu().half().contiguous() for name, value in tensors.items()}, path, metadata)


def _unreadable(path: Path, error: Exception) -> ValueError:
    return ValueError(f"{path} is not a file of weights that can be read ({error}). Restore it from git.")
