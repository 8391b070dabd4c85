"""Show the progress of grading a class."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from autograder.core.language import say
from autograder.render.words import count

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import TaskID

EVERY = 30.0  # seconds between two lines, if the output is not a terminal


class Bar:
    """A bar with the rate and the time left; in a pipe or a log file, a line every 30 seconds."""

    def __init__(self, console: Console, *, disable: bool) -> None:
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

        rate = TextColumn("{task.fields[rate]}")
        columns = (TextColumn(say("grading")), BarColumn(), MofNCompleteColumn(), rate, TimeRemainingColumn())
        self._bar = Progress(*columns, console=console, disable=disable or not console.is_terminal)
        self._log = None if disable or console.is_terminal else console
        self._task: TaskID
        self._jobs = self._done = 0
        self._began = self._last_line = 0.0

    def __enter__(self) -> Bar:
        self._bar.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._bar.stop()

    def pause(self) -> None:
        """Release the terminal, for a question."""
        self._bar.stop()

    def start(self, students: int, jobs: int) -> None:
        """Set the number of students and of jobs, and start the clock."""
        self._task = self._bar.add_task("", total=jobs, rate="")
        self._jobs, self._began = jobs, time.monotonic()
        self._last_line = self._began
        self._print(say("{handins}, {jobs:,} to grade.", handins=count(students, "hand-in"), jobs=jobs))

    def step(self, report: object) -> None:
        """Count one more report."""
        self._done += 1
        self._bar.advance(self._task)
        speed = self._bar.tasks[0].speed
        self._bar.update(self._task, rate=f"{speed:.1f}/s" if speed else "")
        now = time.monotonic()
        if self._log and (now >= self._last_line + EVERY or self._done == self._jobs):
            self._last_line = now
            each = (now - self._began) / self._done
            left = (self._jobs - self._done) * each
            seconds = f"{each:,.0f}" if each >= 9.95 else f"{each:.2g}"
            self._print(
                say(
                    "{done:,} of {jobs:,} graded, {seconds} s each, about {left:,.0f} s left.",
                    done=self._done,
                    jobs=self._jobs,
                    seconds=seconds,
                    left=left,
                )
            )

    def _print(self, text: str) -> None:
        if self._log:
            self._log.print(text, markup=False, highlight=False, soft_wrap=True)
