"""What a check asked of the student's module, in order: enough to write its last call as code."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

CALLS = ("call", "hold", "inspect", "measure")
UNSHOWN = "a call that the report does not show"
RECORDED = (*CALLS, "getattr", "getitem", "setattr", "list", "define", "seed")


@dataclass
class Step:
    """One request: its verb, its arguments as the check gave them, and the answer, with handles for objects."""

    verb: str
    fields: dict[str, Any]
    value: Any = None
    text: str = ""  # of a call, as the report shows it; empty where a check only wraps a function


@dataclass
class CallLog:
    """The requests of one check."""

    steps: list[Step] = field(default_factory=list)
    root: int = -1  # the reference of the student's module
    text: str = ""  # of the call that is about to be made

    def add(self, verb: str, fields: dict[str, Any]) -> Step:
        """Record a request before it is sent, so that one that fails is there, too."""
        step = Step(verb, fields, text=self.text if verb in CALLS else "")
        self.text = ""
        if verb in RECORDED:
            self.steps.append(step)
        return step

    def last_call(self, shown: str) -> Step | None:
        """Return the call that a report shows as ``shown``: the last one with this text."""
        calls = [step for step in self.steps if step.verb in CALLS and step.text]
        return next((step for step in reversed(calls) if (shown or UNSHOWN).startswith(step.text)), None)
