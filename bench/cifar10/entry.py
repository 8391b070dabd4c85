"""What a module beside this one gives: `ENTRIES`, one for each reference that is measured."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

from common.data import Split

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Entry:
    """One reference, how it is trained, and what it is compared with.

    ``train(split, seed)`` seeds nothing: the runner has done so. It returns the share of test images classified
    correctly. The test images choose nothing: settings were chosen on training images set aside.
    """

    name: str  # "softmax on raw pixels"
    assignment: str  # "a02_linear_classifier"
    goal: float  # percent of the test images, to be exceeded
    published: str  # "40.1 (median), 40.7 (best)": what others report for this classifier
    settings: str  # everything that somebody needs to repeat it
    train: Callable[[Split, int], float]


def read_solution(assignment: str, module: str) -> ModuleType:
    """A reference, imported by its flat name. What it imports of earlier assignments comes from common/earlier."""
    earlier = str(ROOT / "common" / "earlier")
    if earlier not in sys.path:
        sys.path.append(earlier)
    spec = importlib.util.spec_from_file_location(module, ROOT / "solutions" / assignment / f"{module}.py")
    if spec is None or spec.loader is None:
        raise ImportError(f"There is no solution {module} of {assignment}.")
    loaded = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(loaded)
    return loaded
