"""What a run is asked for: device, data set, seed; each looked up where it is there."""

from __future__ import annotations

from dataclasses import dataclass

from autograder.core.errors import GradlabError


class BadOption(GradlabError):
    """An option asks for something that is not there. Speaks to whoever typed it."""


@dataclass(frozen=True)
class Options:
    """What a run is asked for; part of every report."""

    device: str = "cpu"
    data: str = "scenes"
    seed: int | None = None  # None: from the digest of the checks, which students cannot know
    task: str | None = None  # only this task's checks
    debugging: bool = False


def pick_device(wanted: str) -> str:
    """ "auto" means CUDA where there is one."""
    if wanted == "cpu":
        return wanted
    import torch

    if wanted == "cuda" and not torch.cuda.is_available():
        raise BadOption("This machine has no GPU that torch can use: leave --device cuda away, or say --device auto.")
    return "cuda" if torch.cuda.is_available() else "cpu"


def known_data(name: str) -> str:
    """``name``, if it is a data set. Raises BadOption with the names there are."""
    from common.data import DATASETS

    if name not in DATASETS:
        raise BadOption(f"There is no data set {name!r}; --data takes one of: {', '.join(sorted(DATASETS))}.")
    return name
