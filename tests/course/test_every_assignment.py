"""The course itself: `gradlab verify` with one seed and each fifteenth variant, without training and notebooks."""

from __future__ import annotations

import os

import pytest

from autograder.authoring.verify import Plan, verify_all
from autograder.core.course import find_assignments
from autograder.session.options import Options

pytestmark = pytest.mark.slow


def test_references_and_variants_get_all_points_stubs_none_and_every_mutant_is_noticed(isolation: str) -> None:
    found = verify_all(
        find_assignments(()),
        Options(),
        Plan(
            seeds=1,
            variants_step=15,
            isolation=isolation,
            notebook=False,
            training=False,
            parts=("reference", "variants", "mistakes", "files"),
        ),
        jobs=min(4, os.cpu_count() or 1),
    )
    problems = [
        f"{each.assignment}, {finding.what}: {problem}"
        for each in found
        for finding in each.findings
        for problem in finding.problems
    ]
    assert not problems, "\n".join(problems)
