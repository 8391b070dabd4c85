"""Operations of torch that ran in the student's process, as that process says (see inside/recorder.py)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable


@dataclass(frozen=True)
class Recorded:
    """An operation that ran inside a function, and the line of the student's code."""

    function: str
    operation: str  # "aten::mm", or "autograd" for a backward pass
    via: str  # the function of a package that ran it, "common.nets.convs.FastConv.forward"; empty for student's code
    file: str
    line: int


@runtime_checkable
class RecordingLink(Protocol):
    """A link (see proxy.py) that has operations recorded."""

    def record(self, function: str, apart: Sequence[str] = ()) -> None:
        """Record which operations of torch run inside a function from now on, until the check ends.

        What runs inside ``apart``, functions that it uses, is left out.
        """

    def recorded(self) -> list[Recorded]:
        """Return what was recorded: perhaps less, or nothing if the student's process has ended."""


def parse_recorded(answer: Any) -> list[Recorded]:
    """Return what an answer of the student's process lists, without what has another form."""
    rows = answer if type(answer) is list else []
    return [Recorded(*row) for row in rows if type(row) is list and [*map(type, row)] == [str, str, str, str, int]]
