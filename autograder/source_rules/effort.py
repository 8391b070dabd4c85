"""The work that source rules may take. It is counted, not timed, so that every machine decides alike."""

from __future__ import annotations

from autograder.core.errors import GradlabError

STEPS = 1_000_000  # for one module; the longest reference takes 25,000


class TooComplex(GradlabError):
    """A module whose names cannot be followed with a bounded effort. Written for students."""

    def __init__(self) -> None:
        super().__init__(
            "Your module is too complex for the rules of this task: its names lead to too many others. Define each "
            "function once and remove code that the tasks do not need."
        )


class Effort:
    """Counts steps. Raises TooComplex when there are too many."""

    def __init__(self, limit: int = STEPS) -> None:
        self.steps, self.limit = 0, limit

    def spend(self, steps: int = 1) -> None:
        """Count steps before they are taken."""
        self.steps += steps
        if self.steps > self.limit:
            raise TooComplex
