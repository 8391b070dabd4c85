"""A student's copy of a small course, and pytest run on its checks."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np  # noqa: F401 (pytester forgets modules that are imported inside it, and numpy loads only once)
import pytest
import torch  # noqa: F401

from tests.support.vectors import TORCH_HONEST, make_vectors

CHECKS = "assignments/t02_vectors"
QUICK = ["-p", "no:cacheprovider", "-p", "no:hypothesispytest"]

Run = Callable[..., pytest.RunResult]


def make_copy(pytester: pytest.Pytester) -> Path:
    """Create public checks and a correct answer in the working directory and return the assignment's folder."""
    make_vectors(pytester.path / "made", torch=True)
    os.rename(pytester.path / "made" / "assignments", pytester.path / "assignments")
    folder = pytester.path / CHECKS
    (folder / "vectors.py").write_text(TORCH_HONEST)
    return folder


def pytest_in(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Return a function that runs pytest in this process."""
    for variable in ("CI", "BUILD_NUMBER"):
        monkeypatch.delenv(variable, raising=False)  # with them, pytest's summary repeats whole messages
    return lambda *arguments: pytester.runpytest_inprocess(*QUICK, *arguments)


def change(course: Path, old: str, new: str) -> None:
    """Replace the only ``old`` in the public checks."""
    text = (course / "check_vectors.py").read_text()
    assert text.count(old) == 1
    (course / "check_vectors.py").write_text(text.replace(old, new))
