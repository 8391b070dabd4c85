"""Keep a process of `verify` to one core."""

from __future__ import annotations

import os
import sys


def use_one_thread() -> None:
    """Keep a process to one core: all cores already have work, so more threads would only wait for each other."""
    os.environ["OMP_NUM_THREADS"] = "1"  # for the notebook's kernel, and for torch if it is imported later
    if torch := sys.modules.get("torch"):
        torch.set_num_threads(1)
