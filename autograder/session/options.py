"""The options of a run: device, data set, seed."""

from __future__ import annotations

from dataclasses import dataclass, field

from autograder.core.errors import GradlabError


class BadOption(GradlabError):
    """An option has a value that is not available here. Written for the user who typed it."""


@dataclass(frozen=True)
class Options:
    """The options of a run, which every report repeats."""

    device: str = "cpu"
    data: str = "scenes"
    seed: int | None = None  # chooses other inputs than the usual ones
    secret: str = field(default="", repr=False)  # of the results; see seeds.py
    task: str | None = None  # only this task's checks
    debugging: bool = False
    skip_scored: bool = False  # leave out the checks that train or evaluate networks


def pick_device(wanted: str) -> str:
    """Return "cpu" or "cuda"; "auto" means CUDA if there is a GPU. Raises BadOption."""
    if wanted == "cpu":
        return wanted
    if wanted not in ("cuda", "auto"):
        raise BadOption(f"There is no device {wanted!r}: use cpu, cuda or auto.")
    import torch

    if wanted == "cuda" and not torch.cuda.is_available():
        raise BadOption("This machine has no GPU that torch can use: omit --device cuda, or use --device auto.")
    return "cuda" if torch.cuda.is_available() else "cpu"


def known_data(name: str) -> str:
    """Return ``name`` if it is a data set. Raises BadOption, which lists the valid names."""
    from common.data import DATASETS

    if name not in DATASETS:
        raise BadOption(f"Unknown data set {name!r}. Allowed: {', '.join(sorted(DATASETS))}.")
    return name
