"""Checkpoints that survive a kill: a file is the old one or the new one, whole, at every moment."""

from __future__ import annotations

import os
import pickle
from pathlib import Path
from typing import Any

import torch


class BadCheckpoint(ValueError):
    """A checkpoint cannot be used: the message says which file, why, and what to do."""


def save(path: str | Path, state: dict[str, Any]) -> None:
    """Write tensors, numbers, strings, and lists and dicts of them, beside `path` first and into its place at once."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(path.name + ".part")
    try:
        with beside.open("wb") as file:
            torch.save(state, file)
            file.flush()
            os.fsync(file.fileno())
        os.replace(beside, path)
    finally:
        beside.unlink(missing_ok=True)


def load(path: str | Path, *, device: str | torch.device = "cpu") -> dict[str, Any]:
    """Read what `save` wrote; only plain values, never code. Raises BadCheckpoint."""
    try:
        state = torch.load(path, map_location=device, weights_only=True)
    except FileNotFoundError:
        raise BadCheckpoint(f"There is no checkpoint {path}.") from None
    except (RuntimeError, pickle.UnpicklingError, EOFError, OSError) as error:
        raise BadCheckpoint(
            f"{path} is not a checkpoint that can be read ({error}); delete it and train anew."
        ) from None
    if not isinstance(state, dict):
        raise BadCheckpoint(f"{path} holds no checkpoint of a solver; delete it and train anew.")
    return state
