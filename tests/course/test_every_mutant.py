"""The course itself: `gradlab verify` of blank stubs and mutants, without the checks that train."""

from __future__ import annotations

import os
from dataclasses import replace

import pytest

from autograder.authoring.verify import verify_all
from autograder.session.options import Options
from tests.support.verifying import ASSIGNMENTS, SHORT, problems

pytestmark = pytest.mark.slow


def test_stubs_get_no_points_and_every_mutant_is_noticed() -> None:
    plan = replace(SHORT, fork=False, parts=("mistakes",))
    found = verify_all(ASSIGNMENTS, Options(), plan, jobs=min(2, os.cpu_count() or 1))
    assert not problems(found), problems(found)
