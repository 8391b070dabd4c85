"""The record of one measured reference; each module of this folder lists its records in `ENTRIES`."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

from common.data import Split
from common.fallbacks import use_fallbacks

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Entry:
    """One reference, its training, and the figures to compare it with.

    ``train(split, seed)`` returns the share of test images that are classified correctly. The runner has seeded every
    generator. All settings were chosen on held-out training images, not on test images.
    """

    name: str  # "softmax on raw pixels"
    assignment: str  # "a02_linear_classifier"
    goal: float  # percent of the test images; the accuracy must be higher
    published: str  # results of others for this classifier: "40.1 (median), 40.7 (best)"
    settings: str  # everything that is needed to repeat it
    train: Callable[[Split, int], float]


def read_solution(assignment: str, module: str) -> ModuleType:
    """Import a reference by its flat name; it gets modules of earlier assignments from common/fallbacks."""
    use_fallbacks()
    spec = importlib.util.spec_from_file_location(module, ROOT / "solutions" / assignment / f"{module}.py")
    if spec is None or spec.loader is None:
        raise ImportError(f"The solution of {assignment} has no module {module!r}.")
    loaded = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(loaded)
    return loaded
