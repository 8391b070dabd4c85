"""Checkpoints that survive a kill: at every moment the file is complete, the old one or the new one."""

from __future__ import annotations

import os
import pickle
from pathlib import Path
from typing import Any

import torch


class BadCheckpoint(ValueError):
    """A checkpoint cannot be used. The message says which file, why, and what to do."""


def save(path: str | Path, state: dict[str, Any]) -> None:
    """Write tensors, numbers, strings, and lists and dicts of them: first to another file, then rename it to `path`."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    try:
        with part.open("wb") as file:
            torch.save(state, file)
            file.flush()
            os.fsync(file.fileno())
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)


def load(path: str | Path, *, device: str | torch.device = "cpu") -> dict[str, Any]:
    """Read a checkpoint that `save` wrote: plain values, never code. Raises BadCheckpoint."""
    try:
        state = torch.load(path, map_location=device, weights_only=True)
    except FileNotFoundError:
        raise BadCheckpoint(f"The checkpoint {path} does not exist.") from None
    except (RuntimeError, pickle.UnpicklingError, EOFError, OSError) as error:
        raise BadCheckpoint(
            f"{path} is not a checkpoint that can be read ({error}). Delete it and train again."
        ) from None
    if not isinstance(state, dict):
        raise BadCheckpoint(f"{path} is not a checkpoint of a Solver. Delete it and train again.")
    return state
