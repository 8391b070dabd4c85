"""Where the course is that came with gradlab, and the Python that runs it."""

from __future__ import annotations

import sys
from pathlib import Path

_IN_WHEEL = Path(__file__).resolve().parents[1] / "_course"  # authoring/wheel.py puts it there
_CHECKOUT = Path(__file__).resolve().parents[2]


def installed_course() -> Path:
    """Return the folder that contains the `assignments/` of this gradlab: inside the wheel, or the checkout."""
    return _IN_WHEEL if from_wheel() else _CHECKOUT


def interpreter() -> Path:
    """Return the Python that runs this, by a path that holds in every working folder and has no ``..``.

    ``sys.executable`` may be relative, where a folder on PATH is, and may lead through folders that the box does not
    have. Only the folder is resolved: in a virtual environment, the last part is a link that must remain.
    """
    path = Path(sys.executable)
    return path if path.is_absolute() and ".." not in path.parts else path.parent.resolve() / path.name


def from_wheel() -> bool:
    """Return whether this gradlab was installed from a wheel, without a checkout."""
    return _IN_WHEEL.is_dir()
