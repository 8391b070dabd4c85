"""Operations that a task forbids, and that ran in checks that passed although the source does not show them.

They cost no points: the student's process says what ran, and code of a library may have needed an operation. Staff read
a note.
"""

from __future__ import annotations

from collections.abc import Callable

from autograder.core.message import Message, first_of
from autograder.core.report import Remark
from autograder.sandbox.recorded import Recorded, RecordingLink
from autograder.source_rules.analysis import Rules, Violation
from autograder.source_rules.operations import forbidden_operations

MOST = 6  # operations in one note
Analyse = Callable[[str, Rules], list[Violation]]


class RanOperations:
    """What was found in one hand-in."""

    def __init__(self) -> None:
        self._link: RecordingLink | None = None
        self._rules: list[Rules] = []  # of the current check
        self._found: dict[tuple[str, str], Message] = {}

    def recording(self, link: RecordingLink, analyse: Analyse) -> Analyse:
        """Return an analysis of sources for one check that also has the operations of each function recorded."""
        self._link, self._rules = link, []

        def analyse_and_record(source: str, rules: Rules) -> list[Violation]:
            found = analyse(source, rules)
            if rules.calls:
                self._rules.append(rules)
                link.record(rules.function, rules.apart)
            return found

        return analyse_and_record

    def read(self) -> None:
        """Ask what ran in the check that just passed."""
        recorded = self._link.recorded() if self._link and self._rules else []
        for rules in self._rules:
            ran = [(one.operation, one.via) for one in recorded if one.function == rules.function]
            forbidden = forbidden_operations(ran, rules.calls)
            for one in recorded:
                function = forbidden.get((one.operation, one.via))
                if one.function == rules.function and function:
                    self._found.setdefault((rules.function, function), _described(one, function))

    def remarks(self) -> tuple[Remark, ...]:
        """Return a remark about what was found, or none."""
        if not self._found:
            return ()
        shown = first_of(list(self._found.values()), MOST)
        text = Message(
            "While it was graded, the code ran operations that its tasks do not allow: {shown}.", shown=shown
        )
        return (Remark("unusual", text),)


def _described(one: Recorded, function: str) -> Message:
    if not one.line:
        return Message("{task} ran {function}", task=one.function, function=function)
    place = Message("{file}, line {line}", file=one.file[:100], line=one.line)
    return Message("{task} ran {function} ({place})", task=one.function, function=function, place=place)
