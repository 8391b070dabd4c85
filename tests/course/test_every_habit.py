"""The course itself: `gradlab verify` of all habits, with the checks that may notice them, without those that train."""

from __future__ import annotations

import os
from dataclasses import replace

import pytest

from autograder.authoring.verify import verify_all
from autograder.session.options import Options
from tests.support.verifying import ASSIGNMENTS, SHORT, problems

pytestmark = pytest.mark.slow


def test_a_habit_costs_half_of_its_task_at_most_and_nothing_of_others() -> None:
    plan = replace(SHORT, fork=False, narrow=True, parts=("habits",))
    found = verify_all(ASSIGNMENTS, Options(), plan, jobs=min(2, os.cpu_count() or 1))
    assert not problems(found), problems(found)
