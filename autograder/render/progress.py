"""The progress of a run over a class."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console


class Bar:
    """A bar with the rate and the time left."""

    def __init__(self, console: Console, *, disable: bool) -> None:
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

        rate = TextColumn("{task.fields[rate]}")
        columns = (TextColumn("grading"), BarColumn(), MofNCompleteColumn(), rate, TimeRemainingColumn())
        self._bar = Progress(*columns, console=console, disable=disable)
        self._line: Any = None

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

    def step(self, report: object) -> None:
        """One more is done."""
        self._bar.advance(self._line)
        speed = self._bar.tasks[0].speed
        self._bar.update(self._line, rate=f"{speed:.1f}/s" if speed else "")
