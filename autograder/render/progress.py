"""The progress of a run over a class."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from autograder.render.words import count

if TYPE_CHECKING:
    from rich.console import Console

EVERY = 30.0  # seconds between two lines, where there is no terminal


class Bar:
    """A bar with the rate and the time left; in a pipe or a log file, a line now and then."""

    def __init__(self, console: Console, *, disable: bool) -> None:
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

        rate = TextColumn("{task.fields[rate]}")
        columns = (TextColumn("grading"), BarColumn(), MofNCompleteColumn(), rate, TimeRemainingColumn())
        self._bar = Progress(*columns, console=console, disable=disable or not console.is_terminal)
        self._lines = None if disable or console.is_terminal else console
        self._line: Any = None
        self._jobs = self._done = 0
        self._began = self._said = 0.0

    def __enter__(self) -> Bar:
        self._bar.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._bar.stop()

    def pause(self) -> None:
        """Let go of the terminal, for a question."""
        self._bar.stop()

    def start(self, students: int, jobs: int) -> None:
        """There are so many to run."""
        self._line = self._bar.add_task("grading", total=jobs, rate="")
        self._jobs, self._began = jobs, time.monotonic()
        self._said = self._began
        self._tell(f"{count(students, 'hand-in')}, {jobs:,} to grade.")

    def step(self, report: object) -> None:
        """One more is done."""
        self._done += 1
        self._bar.advance(self._line)
        speed = self._bar.tasks[0].speed
        self._bar.update(self._line, rate=f"{speed:.1f}/s" if speed else "")
        now = time.monotonic()
        if self._lines and (now >= self._said + EVERY or self._done == self._jobs):
            self._said = now
            each = (now - self._began) / self._done
            left = (self._jobs - self._done) * each
            self._tell(f"{self._done:,} of {self._jobs:,} graded, {each:.2g} s each, about {left:,.0f} s left.")

    def _tell(self, text: str) -> None:
        if self._lines:
            self._lines.print(text, markup=False, highlight=False, soft_wrap=True)
