"""Attacks on tasks of all assignments earn nothing and break nothing; their honest neighbours earn everything."""

from __future__ import annotations

import pytest

from autograder.authoring.reference import read_reference
from autograder.core.course import find_assignment
from autograder.core.report import Cause, CheckResult, Outcome
from autograder.sandbox.open_link import open_link
from autograder.sandbox.pool import WorkerPool
from autograder.session.options import Options
from autograder.session.session import Checks, with_checks
from autograder.submissions.submission import code_of_scripts
from tests.attacks.assignments import KINDS, SEEN, TARGETS, hand_ins

pytestmark = pytest.mark.slow


def test_there_are_at_least_forty() -> None:
    assert len(TARGETS) == 10
    assert len(TARGETS) * len(KINDS) >= 40


@pytest.mark.parametrize("name", TARGETS)
def test_attacks_on_an_assignment_earn_nothing(name: str, isolated_pool: WorkerPool) -> None:
    assignment, target = find_assignment(name), TARGETS[name]
    files = read_reference(assignment)

    def graded(checks: Checks, source: str) -> CheckResult:
        code = code_of_scripts({**files, target.file: source}, assignment)
        with open_link(isolated_pool, code, assignment) as link:
            (result,) = checks.judge(link, code, only=lambda check: check.name == target.check)
        return result

    def both(checks: Checks) -> dict[str, tuple[CheckResult, CheckResult]]:
        pairs = hand_ins(name, files[target.file])
        return {story: (graded(checks, attack), graded(checks, honest)) for story, (attack, honest) in pairs.items()}

    for story, (attack, honest) in with_checks(assignment, Options(), both).items():
        assert (attack.outcome, attack.points) == (Outcome.FAILED, 0), (story, attack)
        assert attack.cause is not Cause.FORBIDDEN, (story, attack.message)
        assert SEEN not in attack.message, story
        assert honest.outcome is Outcome.PASSED, (story, honest.message)
