"""Files of official data sets that are unpacked on this machine: find them, read an image, report damage."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from common.data.split import DataError


def find_file(name: str, base: Path, folders: Iterable[str], *, title: str, instead: str) -> Path:
    """Return the path of a file in the first of the folders below ``base`` that has it.

    Raises DataError that names all these folders and the ``title`` of the data set, and offers a generated data set
    ``instead``.
    """
    tried = [base / folder for folder in dict.fromkeys(folders)]
    for folder in tried:
        if (folder / name).is_file():
            return folder / name
    raise DataError(
        f"{name} is in none of {', '.join(map(str, tried))}. Unpack the official archives of {title} into {base}, or "
        f"set GRADLAB_DATA to their folder. Generated data need no download: {instead}."
    )


def damaged(path: Path, error: Exception) -> DataError:
    """Return the error for a file that cannot be read."""
    return DataError(
        f"{path} cannot be read ({type(error).__name__}: {error}). Unpack it again from the official archive."
    )


def read_image(path: Path) -> Tensor:
    """Read an image file into a tensor. Raises DataError.

    Shapes:
        out  (3, H, W)  float32 in [0, 1], RGB
    """
    from PIL import Image

    try:
        with Image.open(path) as image:
            pixels = np.asarray(image.convert("RGB"))
    except (OSError, ValueError, Image.DecompressionBombError) as error:
        raise damaged(path, error) from error
    return torch.from_numpy(pixels.copy()).movedim(-1, 0).float() / 255
