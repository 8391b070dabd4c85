"""The course itself: `gradlab verify` of each fifteenth variant and all habits, with the checks that may notice them.

Checks that train are left out. What each check executes is found once for both.
"""

from __future__ import annotations

import os
from dataclasses import replace

import pytest

from autograder.authoring.verify import verify_all
from autograder.session.options import Options
from tests.support.verifying import ASSIGNMENTS, SHORT, problems

pytestmark = pytest.mark.slow


def test_no_variant_loses_points_and_a_habit_costs_half_of_its_task_at_most() -> None:
    plan = replace(SHORT, fork=False, narrow=True, parts=("variants", "habits"))
    found = verify_all(ASSIGNMENTS, Options(), plan, jobs=min(2, os.cpu_count() or 1))
    assert not problems(found), problems(found)
