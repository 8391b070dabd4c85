"""The progress of grading a class: a bar in a terminal, and lines that people can read in a log."""

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


@pytest.fixture
def clock(monkeypatch):
    """The time that the bar sees: a list of one number."""
    now = [0.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: now[0])
    return now


def test_a_log_gets_a_line_every_thirty_seconds_and_one_at_the_end(clock):
    out = io.StringIO()
    with progress.Bar(Console(file=out, width=200), disable=False) as bar:
        bar.start(6, 6)
        for _ in range(6):
            clock[0] += 13
            bar.step(None)
    assert out.getvalue().splitlines() == [
        "6 hand-ins, 6 to grade.",
        "3 of 6 graded, 13 s each, about 39 s left.",
        "6 of 6 graded, 13 s each, about 0 s left.",
    ]


def test_a_terminal_gets_a_bar_which_gives_way_to_a_question():
    out = io.StringIO()
    with progress.Bar(Console(file=out, width=80, force_terminal=True), disable=False) as bar:
        bar.start(2, 3)
        bar.step(None)
        bar.step(None)
        bar.pause()
        paused = out.getvalue()
        assert "grading" in paused
        assert "2/3" in paused
        assert "graded," not in paused  # lines are for logs
        bar.step(None)
        assert "3/3" not in out.getvalue()[len(paused) :]  # nothing is drawn over a question


@pytest.mark.parametrize("terminal", [False, True])
def test_nothing_is_shown_where_another_program_reads_the_output(terminal):
    out = io.StringIO()
    with progress.Bar(Console(file=out, force_terminal=terminal), disable=True) as bar:
        bar.start(1, 1)
        bar.step(None)
    assert out.getvalue() == ""
