"""Each task has a check that may cost points where its code changes torch's settings: at most half of the task."""

from __future__ import annotations

from fractions import Fraction

import pytest

from autograder.core.assignment import Assignment
from autograder.session.options import Options
from autograder.session.session import Checks, with_checks
from tests.support.verifying import ASSIGNMENTS

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("assignment", ASSIGNMENTS, ids=lambda assignment: assignment.name)
def test_each_task_has_a_check_that_pays_at_most_half_and_does_not_train(assignment: Assignment) -> None:
    def judged(checks: Checks) -> set[str]:
        return {item.spec.task for item in checks.items if item.spec.share <= Fraction(1, 2) and not item.scored}

    assert {task.name for task in assignment.tasks} - with_checks(assignment, Options(), judged) == set()
