"""Checks that cannot judge their task, because they use what another task returns and that is not right yet.

The manifest lists such tasks: `needs = ["Linear.forward"]`. A right `Linear.backward` gets the cache that a wrong
forward stored, so its failed checks say nothing about it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from autograder.core.assignment import Assignment
from autograder.core.message import Message, joined
from autograder.core.report import Cause, CheckResult, Outcome

# causes that do not depend on another task's values; the last two name the task that is missing
_JUDGED = (Cause.FORBIDDEN, Cause.NOT_WRITTEN, Cause.NOT_LOADED)


def unless_needed_is_wrong(result: CheckResult, assignment: Assignment, others: Iterable[CheckResult]) -> CheckResult:
    """Return the result of a check; if it failed and a task that it needs did, too, as one that judged nothing.

    ``others`` are results of the same hand-in. Those of the tasks that a check needs come first in every run.
    """
    if result.outcome is not Outcome.FAILED or result.cause in _JUDGED:
        return result
    needed = assignment.needed_by(result.task)
    failed = {other.task for other in others if other.outcome is Outcome.FAILED}
    wrong = next((name for name in needed if name in failed), "")
    if not wrong:
        return result
    sentence = Message(
        "This check needs {needed}, which is not right yet. So it cannot judge {task}.", needed=wrong, task=result.task
    )
    return replace(
        result,
        cause=Cause.NEEDS,
        message=joined("\n", [sentence, result.message]),
        hint=Message("Correct {needed} first.", needed=wrong),
    )
