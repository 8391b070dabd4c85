"""Labelled data can be generated in the sandbox, but they are not those by which networks are judged."""

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
from tests.attacks.generating import ATTACKS

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("story", ATTACKS)
def test_generated_data_earn_nothing(story: str, isolated_pool: WorkerPool) -> None:
    attack = ATTACKS[story]
    assignment = find_assignment(attack.assignment)
    files = read_reference(assignment)

    def graded(checks: Checks) -> CheckResult:
        code = code_of_scripts({**files, attack.file: files[attack.file] + attack.source}, assignment)
        with open_link(isolated_pool, code, assignment) as link:
            (result,) = checks.judge(link, code, only=lambda check: check.name == attack.check)
        return result

    result = with_checks(assignment, Options(), graded)
    assert (result.outcome, result.points) == (Outcome.FAILED, 0), result
    assert result.cause in (Cause.WRONG, None), result  # judged by its answers, not stopped before
