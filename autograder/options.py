"""What a run may be asked for, looked up where it is there: devices and data sets."""

from __future__ import annotations

from autograder.checks.claims import BadCheck


def pick_device(wanted: str) -> str:
    """ "auto" means CUDA where there is one."""
    if wanted == "cpu":
        return wanted
    import torch

    if wanted == "cuda" and not torch.cuda.is_available():
        raise BadCheck("This machine has no GPU that torch can use: leave --device cuda away, or say --device auto.")
    return "cuda" if torch.cuda.is_available() else "cpu"


def known_data(name: str) -> str:
    """``name``, if it is a data set. Raises BadCheck with the names there are."""
    from common.data import DATASETS

    if name not in DATASETS:
        raise BadCheck(f"There is no data set {name!r}; --data takes one of: {', '.join(sorted(DATASETS))}.")
    return name
