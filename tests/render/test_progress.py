"""A log of grading a class has lines that people can read."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from autograder.render import progress


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.043, "0.043 s each"), (9.84, "9.8 s each"), (9.99, "10 s each"), (1627.0, "1,627 s each")]
)
def test_seconds_are_written_without_powers_of_ten(monkeypatch, seconds, text):
    clock = iter([0.0, seconds])
    monkeypatch.setattr(progress.time, "monotonic", lambda: next(clock, seconds))
    out = io.StringIO()
    bar = progress.Bar(Console(file=out, width=200), disable=False)
    bar.start(1, 1)
    bar.step(None)
    assert f"1 of 1 graded, {text}, about 0 s left." in out.getvalue()
