"""The hints of an assignment and the time that its tasks take: `hints.json`, which `gradlab release` writes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import msgspec

from autograder.core.errors import GradlabError
from autograder.core.message import Message

HINTS_FILE = "hints.json"

Difficulty = Literal["easy", "medium", "hard"]

_DIFFICULTIES = {"easy": Message("easy"), "medium": Message("medium"), "hard": Message("hard")}


class BadHints(GradlabError):
    """hints.json cannot be read."""


class Effort(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How long the tasks of one cell take together, as its author estimates, and how hard they are."""

    minutes: int
    difficulty: Difficulty
    tasks: tuple[str, ...]

    def message(self) -> Message:
        """Return "10 minutes, easy"."""
        difficulty = _DIFFICULTIES[self.difficulty]
        return Message.counted(
            "{n} minute, {difficulty}", "{n} minutes, {difficulty}", n=self.minutes, difficulty=difficulty
        )

    def __str__(self) -> str:
        return self.message()


class Hints(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What an assignment's sources say about its tasks."""

    efforts: tuple[Effort, ...] = ()
    steps: dict[str, tuple[str, ...]] = {}  # task -> its hints, each more concrete than the one before

    def effort(self, task: str) -> Effort | None:
        """Return how long the cell of a task takes, if its author says so."""
        return next((effort for effort in self.efforts if task in effort.tasks), None)

    def merged(self, other: Hints) -> Hints:
        """Return both."""
        return Hints((*self.efforts, *other.efforts), {**self.steps, **other.steps})

    def minutes(self, tasks: Sequence[str]) -> int | None:
        """Return how long several tasks take; None unless each of them has an estimate."""
        found = [self.effort(task) for task in tasks]
        efforts = [effort for effort in found if effort is not None]
        if len(efforts) < len(found) or not found:
            return None
        return sum(effort.minutes for effort in dict.fromkeys(efforts))

    def to_json(self) -> bytes:
        """Return the file's content, a step per line."""
        return msgspec.json.format(msgspec.json.encode(self), indent=1) + b"\n"


NO_HINTS = Hints()


def read_hints(folder: Path) -> Hints:
    """Return the hints in an assignment's folder; without a file, there are no hints. Raises BadHints."""
    path = folder / HINTS_FILE
    try:
        return msgspec.json.decode(path.read_bytes(), type=Hints)
    except FileNotFoundError:
        return NO_HINTS
    except (OSError, msgspec.MsgspecError) as error:
        raise BadHints(
            Message(
                "{path} cannot be read: {error}. To restore it, delete it and run gradlab start again.",
                path=path,
                error=error,
            )
        ) from None
