"""Where the course is that came with gradlab."""

from __future__ import annotations

from pathlib import Path

_IN_WHEEL = Path(__file__).resolve().parents[1] / "_course"  # authoring/wheel.py puts it there
_CHECKOUT = Path(__file__).resolve().parents[2]


def installed_course() -> Path:
    """Return the folder that contains the `assignments/` of this gradlab: inside the wheel, or the checkout."""
    return _IN_WHEEL if from_wheel() else _CHECKOUT


def from_wheel() -> bool:
    """Return whether this gradlab was installed from a wheel, without a checkout."""
    return _IN_WHEEL.is_dir()
