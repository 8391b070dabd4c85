"""What a proxy (proxy.py) needs of the process in which the student's code runs."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass, fields
from typing import Any, Protocol, Self, runtime_checkable

from autograder.sandbox.faults import unexpected_message
from autograder.sandbox.inside.wire import Ref
from autograder.sandbox.known import Known


class Link(Protocol):
    """Sends requests (see worker.py) to the process in which the student's code runs."""

    printed: str  # the output of the student's code since the check began
    left: set[str]  # what calls left changed since then: "dtype", "recording", "seeded", "inputs", ... (meter.py)

    def begin(self, *, seed: int, seconds: float, memory_mb: int, keeps: bool = False) -> None:
        """Begin a check: start its deadline and set its limits. ``keeps``: calls leave their arguments as they were."""

    def load(self, module: str) -> Ref:
        """Import a module of the submission. Raises StudentFault."""

    def request(self, request: dict[str, Any]) -> Any:
        """Send one request and return its answer, with a Ref for each object that stays there. Raises StudentFault."""

    def apart(self) -> AbstractContextManager[None]:
        """Answer the requests of the block from another process, which ends with it; drop what is printed there.

        No answer after the block comes from a process that saw what the block sent.
        """

    def close(self) -> None:
        """Free what the submission uses."""


@runtime_checkable
class NamingLink(Protocol):
    """A link that can tell the names of a module that it loaded."""

    def names(self, module: str, target: Ref) -> Known:
        """Return the names of a loaded module. They are forgotten when one of them means something else."""


@dataclass(frozen=True)
class Inspection:
    """The result of a call and its arguments afterwards."""

    value: Any
    args: tuple[Any, ...]  # the positional arguments as they were after the call

    @classmethod
    def read(cls, answer: Any, given: int) -> Self:
        """Return what an answer says of a call with ``given`` arguments. Raises StudentFault if it cannot say that."""
        kinds = {"args": tuple, "ops": int, "largest": int}
        names = [field.name for field in fields(cls)]
        if type(answer) is not dict or set(answer) != set(names):
            raise unexpected_message()
        if any(type(answer[name]) is not kinds[name] for name in names if name in kinds):
            raise unexpected_message()
        if len(answer["args"]) != given:
            raise unexpected_message()
        return cls(**answer)


@dataclass(frozen=True)
class Measurement(Inspection):
    """What an inspected call cost, too."""

    ops: int  # number of operations that torch ran
    largest: int  # bytes of the largest tensor that one of them made
