"""The course itself: `gradlab verify` with one seed and each fifteenth variant, without training and notebooks.

Mutants and blank stubs have a file of their own, test_every_mutant.py, so that another process can run them.
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
def test_the_reference_and_variants_get_all_points(
    assignment: Assignment, isolated_pool: WorkerPool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("autograder.authoring.verify.open_pool", lambda isolation, **rest: nullcontext(isolated_pool))
    found = verify(assignment, Options(), replace(SHORT, parts=("reference", "variants", "files")))
    assert not problems([found]), problems([found])
