"""Where a solution loses points, said once for each cause.

One statement that fails may cost the points of many checks, on many seeds.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from autograder.core.report import Cause, CheckResult
from autograder.render.words import count
from autograder.session.verdict import show

_SAME_CAUSE = (Cause.ERROR, Cause.NOT_LOADED, Cause.NOT_WRITTEN)  # whose message says after the call what went wrong


def check_name(result: CheckResult) -> str:
    """Return the name of a check's function."""
    return result.id.partition("::")[2]


def by_cause(results: Iterable[CheckResult]) -> list[tuple[CheckResult, ...]]:
    """Return the results in groups that have one cause; of each check, only the first result."""
    first = {result.id: result for result in reversed(list(results))}
    groups: dict[str, list[CheckResult]] = {}
    for result in sorted(first.values(), key=lambda result: result.id):
        groups.setdefault(_cause(result), []).append(result)
    return [tuple(group) for group in groups.values()]


def show_group(group: Sequence[CheckResult]) -> str:
    """Return what one check says, and the names of the others that say the same."""
    first, *others = group
    if not others:
        return show(first)
    names = ", ".join(map(check_name, others))
    return f"{show(first)}\n    The same happens in {count(len(others), 'other check')}: {names}."


def follows(what: str, checks: Iterable[str]) -> str:
    """Say that something follows from a reference that fails these checks."""
    names = ", ".join(sorted(checks))
    return (
        f"{what} cannot be judged by {names}, which the reference fails, too. Correct the reference or the check first."
    )


def _cause(result: CheckResult) -> str:
    if result.cause not in _SAME_CAUSE:
        return result.id
    call, _, rest = result.message.partition("\n")
    statements = [line.strip() for line in rest.splitlines() if " did not run: " in line]
    return statements[-1] if statements else rest or call
