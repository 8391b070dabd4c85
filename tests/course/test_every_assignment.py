"""The course itself: `gradlab verify` of references with one seed, without training, and of generated files.

Mutants, variants and habits have files of their own, so that other processes can run them.
"""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import replace

import pytest

from autograder.authoring.verify import verify
from autograder.core.assignment import Assignment
from autograder.sandbox.pool import WorkerPool
from autograder.session.options import Options
from tests.support.verifying import ASSIGNMENTS, SHORT, problems

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("assignment", ASSIGNMENTS, ids=lambda assignment: assignment.name)
def test_the_reference_gets_all_points_and_its_files_are_fresh(
    assignment: Assignment, isolated_pool: WorkerPool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("autograder.authoring.verify.open_pool", lambda isolation, **rest: nullcontext(isolated_pool))
    found = verify(assignment, Options(), replace(SHORT, parts=("reference", "files")))
    assert not problems([found]), problems([found])
