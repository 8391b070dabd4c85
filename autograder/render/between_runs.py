"""Print what changed between two runs of the same checks: for a student who just saved a file."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from autograder.core.language import say, translate
from autograder.core.report import CheckResult, Outcome, Report
from autograder.render.terminal import print_check, print_notes, print_verdict
from autograder.render.view import one_reason
from autograder.render.words import ONE_REASON, count

if TYPE_CHECKING:
    from rich.console import Console


def print_difference(before: Report, after: Report, console: Console) -> None:
    """Print new notes, the checks whose outcome or message changed, how many others still fail, and the points."""
    print_notes(after, console, before)
    earlier = {check.id: check for check in before.checks}
    changed = [check for check in after.checks if _said(check) != _said(earlier.get(check.id))]
    one = one_reason(after)
    for check in [one] if one and changed else changed:
        print_check(check, console)
    if one and changed:
        console.print(translate(ONE_REASON), highlight=False)
    same = sum(check.outcome is not Outcome.PASSED for check in after.checks if check not in changed)
    if not changed:
        console.print(say("Nothing changed."), highlight=False)
    elif same:
        console.print(say("{checks} failed as before.", checks=count(same, "check")), highlight=False)
    print_verdict(after, console)


def _said(check: CheckResult | None) -> object:
    """Return what the student read of a check, without numbers of lines: they change with every line above."""
    return check and (check.outcome, re.sub(r"\bline \d+", "line", check.message), check.hint)
