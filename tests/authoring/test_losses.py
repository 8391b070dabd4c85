"""Where a solution loses points, said once for each cause."""

from __future__ import annotations

from autograder.authoring.losses import by_cause, show_group
from autograder.core.report import Cause, CheckResult, Outcome


def lost(name: str, message: str, cause: Cause = Cause.ERROR) -> CheckResult:
    return CheckResult(f"check_x.py::{name}", "f", f"{name} holds.", False, 0, 5, Outcome.FAILED, cause, message)


def test_checks_that_meet_one_error_are_one_group() -> None:
    error = "NameError: name 'w' is not defined\n  x.py, line 3, in f: w"
    results = [lost("check_a", f"f(1)\n{error}"), lost("check_b", f"f(2)\n{error}"), lost("check_c", "f(3)\nKeyError")]
    groups = by_cause([*results, lost("check_a", f"f(9)\n{error}")])
    assert [[result.id.partition("::")[2] for result in group] for group in groups] == [
        ["check_a", "check_b"],
        ["check_c"],
    ]
    assert show_group(groups[0]).splitlines() == [
        "FAILED 0/5  check_a holds.",
        "    f(1)",
        "    NameError: name 'w' is not defined",
        "      x.py, line 3, in f: w",
        "    The same happens in 1 other check: check_b.",
    ]


def test_wrong_answers_of_two_checks_are_two_causes() -> None:
    results = [lost(name, "f(1) returned 2\nexpected 3", Cause.WRONG) for name in ("check_a", "check_b")]
    assert len(by_cause(results)) == 2
