"""The course itself: `gradlab verify` with one seed and each fifteenth variant, without training and notebooks."""

from __future__ import annotations

import os
from typing import Any

import pytest

from autograder.authoring.verify import Plan, verify_all
from autograder.core.course import find_assignments
from autograder.session.options import Options

pytestmark = pytest.mark.slow


def verify_the_course(**plan: Any) -> list[str]:
    """Return the problems of all assignments, verified with one seed and without training and notebooks."""
    found = verify_all(
        find_assignments(()),
        Options(),
        Plan(seeds=1, variants_step=15, notebook=False, training=False, **plan),
        jobs=min(2, os.cpu_count() or 1),
    )
    return [
        f"{each.assignment}, {finding.what}: {problem}"
        for each in found
        for finding in each.findings
        for problem in finding.problems
    ]


def test_references_and_variants_get_all_points(isolation: str) -> None:
    problems = verify_the_course(isolation=isolation, parts=("reference", "variants", "files"))
    assert not problems, "\n".join(problems)


def test_stubs_get_no_points_and_every_mutant_is_noticed() -> None:
    problems = verify_the_course(fork=False, parts=("mistakes",))
    assert not problems, "\n".join(problems)
